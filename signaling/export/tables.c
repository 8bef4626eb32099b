/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of a dossier that are rows of tables: audit, materials, words of consents, CAs. */
#include "shanqiao/error.h"
#include "signaling/audit/audit.h"
#include "signaling/export/dossier.h"
#include "signaling/export/trust.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEX_SIZE (2 * AUDIT_HASH_BYTES + 1)

static const char *hex_of(const struct store_query *q, int column, char hex[HEX_SIZE])
{
    size_t len = 0;
    const void *bytes = store_bytes(q, column, &len);
    hex[0] = '\0';
    if (bytes && len == AUDIT_HASH_BYTES)
        sodium_bin2hex(hex, HEX_SIZE, bytes, len);
    return hex;
}

/* ---- audit ---- */

static json_t *row_json(const struct store_query *q)
{
    char previous[HEX_SIZE], hash[HEX_SIZE];
    return json_pack("{s:s, s:I, s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "chain",
                     store_text(q, 9), "number", (json_int_t)store_int(q, 0), "atUs",
                     (json_int_t)store_int(q, 1), "account", store_text(q, 2), "session",
                     store_text(q, 3), "act", store_text(q, 4), "object", store_text(q, 5),
                     "detail", store_text(q, 6), "previous", hex_of(q, 7, previous), "hash",
                     hex_of(q, 8, hash));
}

static int load_rows(struct service *s, struct dossier *d, struct export_problem *problem)
{
    struct store_query q;
    int status = 0;
    STORE_QUERY(s->store, &q,
                "SELECT number, at_us, account, session, act, object, detail, previous, hash, chain"
                " FROM audit WHERE object = $1"
                " OR object IN (SELECT id FROM opinion WHERE consultation = $1)"
                " OR object IN (SELECT id FROM material WHERE consultation = $1)"
                " OR object IN (SELECT id FROM referral WHERE consultation = $1)"
                " ORDER BY chain, number",
                sv_text(d->record.id));
    while (status == 0 && store_next(&q)) {
        if (json_array_size(d->audit) == DOSSIER_AUDIT_ROWS_MAX)
            status = dossier_fault(problem, EXPORT_TOO_LONG, "audit.json", SQ_ERR_LIMIT);
        else if (json_array_append_new(d->audit, row_json(&q)) != 0)
            status = SQ_ERR_NOMEM;
    }
    int ended = store_query_end(&q);
    return ended < 0 ? ended : status;
}

/* Where each chain ended when the package was made: whoever keeps that log can check that it still
 * has that row (audit verify --expect). */
static int append_head(struct service *s, struct dossier *d, const char *chain)
{
    struct audit_head head;
    char hex[HEX_SIZE];
    int status = audit_get_head(s->store, chain, &head);
    if (status < 0)
        return status;
    sodium_bin2hex(hex, sizeof(hex), head.hash, sizeof(head.hash));
    json_t *entry = json_pack("{s:s, s:I, s:s}", "chain", chain, "number", (json_int_t)head.number,
                              "hash", hex);
    return json_array_append_new(d->heads, entry) == 0 ? 0 : SQ_ERR_NOMEM;
}

static int load_heads(struct service *s, struct dossier *d)
{
    const char *last = NULL;
    const json_t *row = NULL;
    size_t i = 0;
    int status = (d->heads = json_array()) ? 0 : SQ_ERR_NOMEM;
    json_array_foreach(d->audit, i, row)
    {
        const char *chain = json_string_value(json_object_get(row, "chain"));
        if (status == 0 && (!last || strcmp(last, chain) != 0))
            status = append_head(s, d, chain);
        last = chain;
    }
    return status;
}

int dossier_load_audit(struct service *s, struct dossier *d, struct export_problem *problem)
{
    if (!(d->audit = json_array()))
        return SQ_ERR_NOMEM;
    int status = load_rows(s, d, problem);
    return status < 0 ? status : load_heads(s, d);
}

/* ---- materials ---- */

static json_t *material_json(const struct store_query *q)
{
    char at[SERVICE_TIME_MAX], hash[HEX_SIZE];
    json_t *material =
        json_pack("{s:s, s:s, s:s, s:s}", "id", store_text(q, 0), "type", store_text(q, 1),
                  "account", store_text(q, 2), "addedAt", service_time_text(store_int(q, 3), at));
    if (material && !store_is_null(q, 4) && /* vitals are values, without a file */
        (json_object_set_new(material, "sha256", json_string(hex_of(q, 4, hash))) != 0 ||
         json_object_set_new(material, "size", json_integer(store_int(q, 5))) != 0 ||
         json_object_set_new(material, "format", json_string(store_text(q, 6))) != 0)) {
        json_decref(material);
        return NULL;
    }
    return material;
}

int dossier_load_materials(struct service *s, struct dossier *d, struct export_problem *problem)
{
    struct store_query q;
    int status = (d->materials = json_array()) ? 0 : SQ_ERR_NOMEM;
    if (status < 0)
        return status;
    STORE_QUERY(s->store, &q,
                "SELECT m.id, m.type, m.account, m.added_us, f.sha256, f.bytes, f.format"
                " FROM material m LEFT JOIN material_file f ON f.id = m.file"
                " WHERE m.consultation = $1 ORDER BY m.added_us, m.id",
                sv_text(d->record.id));
    while (status == 0 && store_next(&q)) {
        if (json_array_size(d->materials) == DOSSIER_MATERIALS_MAX)
            status = dossier_fault(problem, EXPORT_TOO_LONG, "materials.json", SQ_ERR_LIMIT);
        else if (json_array_append_new(d->materials, material_json(&q)) != 0)
            status = SQ_ERR_NOMEM;
    }
    int ended = store_query_end(&q);
    return ended < 0 ? ended : status;
}

/* ---- words of consents ---- */

int dossier_load_texts(struct service *s, struct dossier *d)
{
    struct store_query q;
    int status = (d->texts = json_array()) ? 0 : SQ_ERR_NOMEM;
    if (status < 0)
        return status;
    STORE_QUERY(s->store, &q,
                "SELECT hash, version, language, body FROM consent_text WHERE hash IN"
                " (SELECT text_hash FROM consent WHERE consultation = $1)"
                " ORDER BY version, language",
                sv_text(d->record.id));
    while (status == 0 && store_next(&q)) {
        char hash[HEX_SIZE];
        json_t *text =
            json_pack("{s:s, s:s, s:s, s:s}", "sha256", hex_of(&q, 0, hash), "version",
                      store_text(&q, 1), "language", store_text(&q, 2), "text", store_text(&q, 3));
        if (json_array_append_new(d->texts, text) != 0)
            status = SQ_ERR_NOMEM;
    }
    int ended = store_query_end(&q);
    return ended < 0 ? ended : status;
}

/* ---- CAs ---- */

static int append_text(char **to, const char *more)
{
    size_t len = strlen(*to), added = strlen(more) + 1;
    char *grown = realloc(*to, len + added);
    if (!grown)
        return SQ_ERR_NOMEM;
    memcpy(grown + len, more, added);
    *to = grown;
    return 0;
}

/* The newest that this installation has had: old certificates were issued by old ones. */
int dossier_load_ca(struct service *s, struct dossier *d)
{
    struct store_query q;
    int status = (d->ca = strdup("")) ? 0 : SQ_ERR_NOMEM;
    if (status < 0)
        return status;
    STORE_QUERY(s->store, &q,
                "SELECT certificate FROM signing_key WHERE owner = 'ca' ORDER BY until_us DESC"
                " LIMIT $1",
                sv_int(TRUST_MAX));
    while (status == 0 && store_next(&q))
        status = append_text(&d->ca, store_text(&q, 0));
    int ended = store_query_end(&q);
    return ended < 0 ? ended : status;
}
