/* SPDX-License-Identifier: Apache-2.0 */
/* Loads and saves opinions. Draft and canonical bytes are sealed. No statement here changes a
 * signed row. */
#include "signaling/opinion/record.h"
#include "shanqiao/error.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include "signaling/store/vault.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const kinds[] = {
    [OPINION_OF_EXPERT] = "opinion", [OPINION_CONCLUSION] = "conclusion"};

const char *opinion_kind_name(enum opinion_kind kind)
{
    return kinds[kind];
}

/* ---- load ---- */

enum column {
    COLUMN_ID,
    COLUMN_AUTHOR,
    COLUMN_KIND,
    COLUMN_VERSION,
    COLUMN_SUPERSEDES,
    COLUMN_DRAFT,
    COLUMN_SAVED,
    COLUMN_CANONICAL,
    COLUMN_HASH,
    COLUMN_ALGORITHM,
    COLUMN_SIGNATURE,
    COLUMN_CERTIFICATE,
    COLUMN_SIGNED
};

static int unseal(struct service *s, const struct opinion_record *o, const char *column,
                  const struct store_query *q, int number, char **out)
{
    struct vault_place place = {"opinion", o->id, column};
    size_t len = 0;
    const void *sealed = store_bytes(q, number, &len);
    return vault_unseal(s->vault, &place, sealed, len, (uint8_t **)out, &len);
}

static int read_draft(struct service *s, struct opinion_record *o, const struct store_query *q)
{
    char *text = NULL;
    int status = unseal(s, o, "sealed_draft", q, COLUMN_DRAFT, &text);
    if (status < 0)
        return status;
    o->draft = json_loads(text, 0, NULL);
    free(text);
    return o->draft ? 0 : SQ_ERR_NOMEM;
}

static int read_signed(struct service *s, struct opinion_record *o, const struct store_query *q)
{
    size_t len = 0;
    o->signed_utc_us = store_int(q, COLUMN_SIGNED);
    int status = unseal(s, o, "sealed_canonical", q, COLUMN_CANONICAL, &o->canonical);
    if (status < 0)
        return status;
    const void *hash = store_bytes(q, COLUMN_HASH, &len);
    if (hash && len == sizeof(o->hash))
        memcpy(o->hash, hash, len);
    store_copy_text(q, COLUMN_ALGORITHM, o->algorithm, sizeof(o->algorithm));
    const void *signature = store_bytes(q, COLUMN_SIGNATURE, &len);
    if (signature && len <= sizeof(o->signature.bytes)) {
        memcpy(o->signature.bytes, signature, len);
        o->signature.len_bytes = len;
    }
    store_copy_text(q, COLUMN_CERTIFICATE, o->signature.certificate,
                    sizeof(o->signature.certificate));
    return 0;
}

static int read_row(struct service *s, struct opinion_record *o, const struct store_query *q)
{
    const char *kind = store_text(q, COLUMN_KIND);
    store_copy_text(q, COLUMN_ID, o->id, sizeof(o->id));
    store_copy_text(q, COLUMN_AUTHOR, o->author, sizeof(o->author));
    store_copy_text(q, COLUMN_SUPERSEDES, o->supersedes, sizeof(o->supersedes));
    o->kind = kind && strcmp(kind, kinds[OPINION_CONCLUSION]) == 0 ? OPINION_CONCLUSION
                                                                   : OPINION_OF_EXPERT;
    o->version = store_int(q, COLUMN_VERSION);
    o->saved_utc_us = store_int(q, COLUMN_SAVED);
    int status = read_draft(s, o, q);
    if (status == 0 && !store_is_null(q, COLUMN_SIGNED))
        status = read_signed(s, o, q);
    return status;
}

/* A new, empty place at the end; NULL: no memory. */
static struct opinion_record *grow(struct opinion_list *l, const char *consultation)
{
    struct opinion_record *grown = realloc(l->items, (l->count + 1) * sizeof(*grown));
    if (!grown)
        return NULL;
    l->items = grown;
    struct opinion_record *o = &l->items[l->count++];
    *o = (struct opinion_record){0};
    snprintf(o->consultation, sizeof(o->consultation), "%s", consultation);
    return o;
}

int opinion_list_load(struct service *s, const char *consultation, struct opinion_list *out)
{
    struct store_query q;
    int status = 0;
    *out = (struct opinion_list){0};
    STORE_QUERY(s->store, &q,
                "SELECT id, author, kind, version, supersedes, sealed_draft, saved_us,"
                " sealed_canonical, canonical_hash, algorithm, signature, certificate, signed_us"
                " FROM opinion WHERE consultation = $1 ORDER BY kind DESC, author, version",
                sv_text(consultation));
    while (status == 0 && store_next(&q)) {
        struct opinion_record *o = grow(out, consultation);
        status = o ? read_row(s, o, &q) : SQ_ERR_NOMEM;
    }
    int ended = store_query_end(&q);
    if (ended < 0)
        status = ended;
    if (status < 0)
        opinion_list_clear(out);
    return status;
}

void opinion_record_clear(struct opinion_record *o)
{
    json_decref(o->draft);
    free(o->canonical);
    o->draft = NULL;
    o->canonical = NULL;
}

void opinion_list_clear(struct opinion_list *l)
{
    for (size_t i = 0; i < l->count; i++)
        opinion_record_clear(&l->items[i]);
    free(l->items);
    *l = (struct opinion_list){0};
}

/* ---- look up ---- */

struct opinion_record *opinion_list_by_id(const struct opinion_list *l, const char *id)
{
    for (size_t i = 0; i < l->count; i++)
        if (strcmp(l->items[i].id, id) == 0)
            return &l->items[i];
    return NULL;
}

/* The highest version of an author and kind; NULL for `author`: of anybody, by the time it was
 * signed. */
static struct opinion_record *newest(const struct opinion_list *l, const char *author,
                                     enum opinion_kind kind, bool only_signed)
{
    struct opinion_record *found = NULL;
    for (size_t i = 0; i < l->count; i++) {
        struct opinion_record *o = &l->items[i];
        if (o->kind != kind || (only_signed && !o->signed_utc_us) ||
            (author && strcmp(o->author, author) != 0))
            continue;
        if (!found || author || o->signed_utc_us >= found->signed_utc_us)
            found = o;
    }
    return found;
}

struct opinion_record *opinion_list_latest(const struct opinion_list *l, const char *author,
                                           enum opinion_kind kind)
{
    return newest(l, author, kind, false);
}

struct opinion_record *opinion_list_signed(const struct opinion_list *l, const char *author,
                                           enum opinion_kind kind)
{
    return newest(l, author, kind, true);
}

struct opinion_record *opinion_list_current(const struct opinion_list *l)
{
    struct opinion_record *conclusion = newest(l, NULL, OPINION_CONCLUSION, true);
    return conclusion ? conclusion : newest(l, NULL, OPINION_OF_EXPERT, true);
}

struct opinion_record *opinion_list_successor(const struct opinion_list *l,
                                              const struct opinion_record *o)
{
    for (size_t i = 0; i < l->count; i++)
        if (l->items[i].signed_utc_us && strcmp(l->items[i].supersedes, o->id) == 0)
            return &l->items[i];
    return NULL;
}

/* ---- write ---- */

int opinion_record_save(struct service *s, struct opinion_record *o, time_us utc_us)
{
    uint8_t *sealed = NULL;
    size_t len = 0;
    if (!o->id[0])
        store_new_id(o->id, "opn");
    struct vault_place place = {"opinion", o->id, "sealed_draft"};
    char *text = json_dumps(o->draft, JSON_COMPACT);
    int status =
        text ? vault_seal(s->vault, &place, text, strlen(text), &sealed, &len) : SQ_ERR_NOMEM;
    free(text);
    if (status == 0)
        status = STORE_RUN(s->store,
                           "INSERT INTO opinion (id, consultation, author, kind, version,"
                           " supersedes, sealed_draft, saved_us)"
                           " VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO UPDATE"
                           " SET sealed_draft = excluded.sealed_draft,"
                           " saved_us = excluded.saved_us WHERE opinion.signed_us IS NULL",
                           sv_text(o->id), sv_text(o->consultation), sv_text(o->author),
                           sv_text(kinds[o->kind]), sv_int(o->version), sv_text(o->supersedes),
                           sv_bytes(sealed, len), sv_int(utc_us));
    free(sealed);
    o->saved_utc_us = utc_us;
    return status == 0 ? SQ_ERR_STATE : status < 0 ? status : 0;
}

int opinion_record_sign(struct service *s, const struct opinion_record *o)
{
    struct vault_place place = {"opinion", o->id, "sealed_canonical"};
    uint8_t *sealed = NULL;
    size_t len = 0;
    int status = vault_seal(s->vault, &place, o->canonical, strlen(o->canonical), &sealed, &len);
    if (status == 0)
        status =
            STORE_RUN(s->store,
                      "UPDATE opinion SET sealed_canonical = $1, canonical_hash = $2,"
                      " algorithm = $3, signature = $4, certificate = $5, signed_us = $6"
                      " WHERE id = $7 AND signed_us IS NULL",
                      sv_bytes(sealed, len), sv_bytes(o->hash, sizeof(o->hash)),
                      sv_text(o->algorithm), sv_bytes(o->signature.bytes, o->signature.len_bytes),
                      sv_text(o->signature.certificate), sv_int(o->signed_utc_us), sv_text(o->id));
    free(sealed);
    return status == 0 ? SQ_ERR_STATE : status < 0 ? status : 0;
}
