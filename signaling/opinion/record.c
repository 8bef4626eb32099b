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
    int status = unseal(s, o, "sealed_draft", q, 2, &text);
    if (status < 0)
        return status;
    o->draft = json_loads(text, 0, NULL);
    free(text);
    return o->draft ? 0 : SQ_ERR_NOMEM;
}

static int read_signed(struct service *s, struct opinion_record *o, const struct store_query *q)
{
    size_t len = 0;
    o->signed_utc_us = store_int(q, 8);
    int status = unseal(s, o, "sealed_canonical", q, 3, &o->canonical);
    if (status < 0)
        return status;
    const void *hash = store_bytes(q, 4, &len);
    if (hash && len == sizeof(o->hash))
        memcpy(o->hash, hash, len);
    store_copy_text(q, 5, o->algorithm, sizeof(o->algorithm));
    const void *signature = store_bytes(q, 6, &len);
    if (signature && len <= sizeof(o->signature.bytes)) {
        memcpy(o->signature.bytes, signature, len);
        o->signature.len_bytes = len;
    }
    store_copy_text(q, 7, o->signature.certificate, sizeof(o->signature.certificate));
    return 0;
}

int opinion_record_load(struct service *s, const char *consultation, struct opinion_record *out)
{
    struct store_query q;
    int status = SQ_ERR_NOT_FOUND;
    memset(out, 0, sizeof(*out));
    snprintf(out->consultation, sizeof(out->consultation), "%s", consultation);
    STORE_QUERY(s->store, &q,
                "SELECT id, author, sealed_draft, sealed_canonical, canonical_hash, algorithm,"
                " signature, certificate, signed_us FROM opinion WHERE consultation = $1",
                sv_text(consultation));
    if (store_next(&q)) {
        store_copy_text(&q, 0, out->id, sizeof(out->id));
        store_copy_text(&q, 1, out->author, sizeof(out->author));
        status = read_draft(s, out, &q);
        if (status == 0 && !store_is_null(&q, 8))
            status = read_signed(s, out, &q);
    }
    int ended = store_query_end(&q);
    if (ended < 0)
        status = ended;
    if (status < 0 && status != SQ_ERR_NOT_FOUND)
        opinion_record_clear(out);
    return status;
}

void opinion_record_clear(struct opinion_record *o)
{
    json_decref(o->draft);
    free(o->canonical);
    o->draft = NULL;
    o->canonical = NULL;
}

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
                           "INSERT INTO opinion (id, consultation, author, sealed_draft, saved_us)"
                           " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (consultation) DO UPDATE"
                           " SET sealed_draft = excluded.sealed_draft,"
                           " saved_us = excluded.saved_us WHERE opinion.signed_us IS NULL",
                           sv_text(o->id), sv_text(o->consultation), sv_text(o->author),
                           sv_bytes(sealed, len), sv_int(utc_us));
    free(sealed);
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
