/* SPDX-License-Identifier: Apache-2.0 */
/* What people wrote in the course of a consultation: reasons, critical values, notes, the outcome.
 * Each is a sealed row that is never changed. Refuses to know who may write or read it. */
#include "shanqiao/error.h"
#include "signaling/consult/record.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include "signaling/store/vault.h"
#include <stdlib.h>
#include <string.h>

#define TABLE  "consultation_entry"
#define COLUMN "sealed_body"

/* The whole is told with each consultation, which has to fit a message of 256 KiB. */
#define BYTES_MAX (64 * 1024)

/* What may be written again and again leaves room for what must not be lost. */
static bool may_repeat(const char *kind)
{
    return strcmp(kind, "note") == 0 || strcmp(kind, "problem") == 0;
}

static int check_room(struct service *s, const char *consultation, const char *kind)
{
    struct store_query q;
    int64_t count = 0, bytes = 0;
    STORE_QUERY(s->store, &q,
                "SELECT COUNT(*), COALESCE(SUM(LENGTH(sealed_body)), 0) FROM consultation_entry"
                " WHERE consultation = $1",
                sv_text(consultation));
    if (store_next(&q)) {
        count = store_int(&q, 0);
        bytes = store_int(&q, 1);
    }
    int status = store_query_end(&q);
    int parts = may_repeat(kind) ? 3 : 4; /* of four */
    bool full = count >= CONSULT_ENTRIES_MAX * parts / 4 || bytes >= BYTES_MAX * parts / 4;
    return status < 0 ? status : full ? SQ_ERR_LIMIT : 0;
}

int consult_entry_add(struct service *s, const char *consultation, const struct consult_entry *e,
                      time_us utc_us)
{
    char id[ID_MAX];
    struct vault_place place = {TABLE, id, COLUMN};
    uint8_t *sealed = NULL;
    size_t len = 0;
    int status = check_room(s, consultation, e->kind);
    if (status < 0)
        return status;
    store_new_id(id, "ent");
    char *text = json_dumps(e->body, JSON_COMPACT);
    status = text ? vault_seal(s->vault, &place, text, strlen(text), &sealed, &len) : SQ_ERR_NOMEM;
    free(text);
    if (status == 0)
        status =
            STORE_LATER(s->store,
                        "INSERT INTO consultation_entry (id, consultation, kind, author, at_us,"
                        " sealed_body) VALUES ($1, $2, $3, $4, $5, $6)",
                        sv_text(id), sv_text(consultation), sv_text(e->kind), sv_text(e->author),
                        sv_int(utc_us), sv_bytes(sealed, len));
    free(sealed);
    return status < 0 ? status : 0;
}

static int read_entry(struct service *s, const struct store_query *q, json_t *into)
{
    char at[SERVICE_TIME_MAX];
    struct vault_place place = {TABLE, store_text(q, 0), COLUMN};
    uint8_t *text = NULL;
    size_t len = 0;
    const void *sealed = store_bytes(q, 4, &len);
    int status = vault_unseal(s->vault, &place, sealed, len, &text, &len);
    if (status < 0)
        return status;
    json_t *body = json_loadb((const char *)text, len, 0, NULL);
    free(text);
    json_t *entry =
        json_pack("{s:s, s:s, s:s, s:s}", "id", store_text(q, 0), "kind", store_text(q, 1), "by",
                  store_text(q, 2), "at", service_time_text(store_int(q, 3), at));
    if (!body || !entry || json_object_update(entry, body) != 0)
        status = SQ_ERR_NOMEM;
    json_decref(body);
    if (status == 0)
        return json_array_append_new(into, entry) == 0 ? 0 : SQ_ERR_NOMEM;
    json_decref(entry);
    return status;
}

void consult_ask_entries(struct service *s, const char *consultation, const char *kind,
                         struct store_query *q)
{
    STORE_QUERY(s->store, q,
                "SELECT id, kind, author, at_us, sealed_body FROM consultation_entry"
                " WHERE consultation = $1 AND ($2 = '' OR kind = $2) ORDER BY at_us, id",
                sv_text(consultation), sv_text(kind ? kind : ""));
}

int consult_entries(struct service *s, const char *consultation, const char *kind, json_t **out)
{
    struct store_query q;
    consult_ask_entries(s, consultation, kind, &q);
    return consult_take_entries(s, &q, out);
}

int consult_take_entries(struct service *s, struct store_query *q, json_t **out)
{
    json_t *entries = json_array();
    int status = entries ? 0 : SQ_ERR_NOMEM;
    *out = NULL;
    while (status == 0 && store_next(q))
        status = read_entry(s, q, entries);
    int ended = store_query_end(q);
    if (status == 0)
        status = ended;
    if (status == 0)
        *out = entries;
    else
        json_decref(entries);
    return status;
}
