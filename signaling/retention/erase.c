/* SPDX-License-Identifier: Apache-2.0 */
/* Deletion, and the proof that stays: a manifest with a hash for each table, whose own hash stands
 * in the audit log. */
#include "base/bytes.h"
#include "shanqiao/error.h"
#include "signaling/audit/audit.h"
#include "signaling/retention/parts.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ACT "retention.delete"

static void add_bytes(crypto_hash_sha256_state *hash, const void *data, size_t len)
{
    uint8_t size[4];
    bytes_put_u32(size, (uint32_t)len);
    crypto_hash_sha256_update(hash, size, sizeof(size));
    if (len)
        crypto_hash_sha256_update(hash, data, len);
}

/* Rows of one part and the hash over their columns, each with its length before it. */
static int measure(struct service *s, const struct retention_part *part, const char *object,
                   int64_t *rows, uint8_t out[crypto_hash_sha256_BYTES])
{
    struct store_query q;
    crypto_hash_sha256_state hash;
    crypto_hash_sha256_init(&hash);
    *rows = 0;
    STORE_QUERY(s->store, &q, part->select, sv_text(object));
    while (store_next(&q)) {
        const char *id = store_text(&q, 0);
        add_bytes(&hash, id, id ? strlen(id) : 0);
        for (int i = 1; i < part->columns; i++) {
            size_t len = 0;
            const void *data = store_bytes(&q, i, &len);
            add_bytes(&hash, data, data ? len : 0);
        }
        (*rows)++;
    }
    crypto_hash_sha256_final(&hash, out);
    return store_query_end(&q);
}

/* ---- deletion ---- */

static int note_part(struct service *s, const struct retention_part *part, const char *object,
                     json_t *parts)
{
    uint8_t hash[crypto_hash_sha256_BYTES];
    char hex[2 * sizeof(hash) + 1];
    int64_t rows = 0;
    int status = measure(s, part, object, &rows, hash);
    if (status < 0 || rows == 0)
        return status;
    sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));
    return json_array_append_new(parts, json_pack("{s:s, s:I, s:s}", "table", part->table, "rows",
                                                  (json_int_t)rows, "sha256", hex)) == 0
               ? 0
               : SQ_ERR_NOMEM;
}

static int remove_part(struct service *s, const struct retention_part *part, const char *object)
{
    int status =
        part->remove ? STORE_RUN(s->store, part->remove, sv_text(object)) : part->hook(s, object);
    return status < 0 ? status : 0;
}

/* All is noted before anything goes: one removal may take another part with it. */
static int remove_parts(struct service *s, const struct retention_item *item, json_t *parts)
{
    size_t count = 0;
    const struct retention_part *list = retention_parts(item->class, &count);
    int status = 0;
    for (size_t i = 0; i < count && status == 0; i++)
        status = note_part(s, &list[i], item->object, parts);
    for (size_t i = 0; i < count && status == 0; i++)
        status = remove_part(s, &list[i], item->object);
    return status;
}

static json_t *manifest_of(const struct retention_item *item, const char *account, time_us utc_us,
                           json_t *parts)
{
    char from[SERVICE_TIME_MAX], due[SERVICE_TIME_MAX], now[SERVICE_TIME_MAX];
    const struct retention_rule *rule = retention_rule(item->class);
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:O}", "schema",
                     RETENTION_PROOF_SCHEMA, "object", item->object, "class", rule->name, "rule",
                     rule->source, "from", service_time_text(item->from_utc_us, from), "due",
                     service_time_text(item->due_utc_us, due), "deletedAt",
                     service_time_text(utc_us, now), "by", account[0] ? account : "system", "parts",
                     parts);
}

static void detail_of(const char *class, const char *manifest, char *out, size_t size)
{
    uint8_t hash[crypto_hash_sha256_BYTES];
    char hex[2 * sizeof(hash) + 1];
    crypto_hash_sha256(hash, (const uint8_t *)manifest, strlen(manifest));
    sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));
    snprintf(out, size, "%s:%s", class, hex);
}

/* Into the chain of the institution that had it. */
static int write_proof(struct service *s, const struct retention_item *item, const char *account,
                       time_us utc_us, const char *manifest)
{
    const struct retention_rule *rule = retention_rule(item->class);
    char detail[2 * crypto_hash_sha256_BYTES + 32];
    uint8_t previous[AUDIT_HASH_BYTES];
    struct audit_head head;
    detail_of(rule->name, manifest, detail, sizeof(detail));
    struct audit_act row = {.utc_us = utc_us,
                            .account = account,
                            .act = ACT,
                            .object = item->object,
                            .detail = detail,
                            .chain = item->institution};
    int status = audit_append_get(s->store, &row, &head, previous);
    if (status == 0)
        status = STORE_RUN(s->store,
                           "INSERT INTO deletion (object, class, rule, at_us, account, manifest,"
                           " chain, number, previous, hash)"
                           " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
                           sv_text(item->object), sv_text(rule->name), sv_text(rule->source),
                           sv_int(utc_us), sv_text(account), sv_text(manifest), sv_text(head.chain),
                           sv_int(head.number), sv_bytes(previous, sizeof(previous)),
                           sv_bytes(head.hash, sizeof(head.hash)));
    return status < 0 ? status : 0;
}

/* Only a case that is over may go: some ends can be opened again. */
static int check_ended(struct service *s, const struct retention_item *item)
{
    struct store_query q;
    bool goes_on = false;
    STORE_QUERY(s->store, &q,
                "SELECT 1 FROM consultation WHERE id = $1 AND state NOT IN"
                " ('archived', 'cancelled', 'expired', 'refused', 'no_show')",
                sv_text(item->object));
    goes_on = store_next(&q);
    int status = store_query_end(&q);
    if (status < 0 || !goes_on)
        return status;
    status = STORE_RUN(s->store, "DELETE FROM retention WHERE object = $1", sv_text(item->object));
    return status < 0 ? status : SQ_ERR_STATE;
}

static int delete_item(struct service *s, const struct retention_item *item, const char *account,
                       time_us utc_us)
{
    json_t *parts = json_array();
    int status = parts ? remove_parts(s, item, parts) : SQ_ERR_NOMEM;
    json_t *manifest = status == 0 ? manifest_of(item, account, utc_us, parts) : NULL;
    char *text = manifest ? json_dumps(manifest, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    if (status == 0)
        status = text ? write_proof(s, item, account, utc_us, text) : SQ_ERR_NOMEM;
    if (status == 0)
        status =
            STORE_RUN(s->store, "DELETE FROM retention WHERE object = $1", sv_text(item->object));
    free(text);
    json_decref(manifest);
    json_decref(parts);
    return status < 0 ? status : 0;
}

int retention_delete(struct service *s, const char *object, const char *account, time_us utc_us)
{
    struct retention_item item;
    int status = retention_find(s, object, &item);
    if (status < 0)
        return status;
    if (item.due_utc_us > utc_us || item.held)
        return SQ_ERR_STATE;
    status = check_ended(s, &item);
    return status < 0 ? status : delete_item(s, &item, account ? account : "", utc_us);
}

/* ---- proof ---- */

static bool is_gone(struct service *s, const char *object, const char *class)
{
    enum retention_class which;
    size_t count = 0;
    bool gone = retention_class_parse(class, &which);
    const struct retention_part *list = gone ? retention_parts(which, &count) : NULL;
    for (size_t i = 0; i < count && gone; i++) {
        uint8_t hash[crypto_hash_sha256_BYTES];
        int64_t rows = 0;
        gone = measure(s, &list[i], object, &rows, hash) == 0 && rows == 0;
    }
    return gone;
}

/* Does the log still have this row, or did retention take it with its beginning? */
static bool is_in_log(struct service *s, const struct audit_row *row, const uint8_t *hash)
{
    struct store_query q;
    bool found = false;
    STORE_QUERY(s->store, &q,
                "SELECT 1 FROM audit WHERE chain = $1 AND number = $2 AND hash = $3"
                " UNION SELECT 1 FROM audit_chain WHERE chain = $1 AND base_number >= $2",
                sv_text(row->chain), sv_int(row->number), sv_bytes(hash, AUDIT_HASH_BYTES));
    found = store_next(&q);
    return store_query_end(&q) == 0 && found;
}

static const char *verdict_of(struct service *s, const struct store_query *q,
                              const struct audit_row *row, const char *manifest)
{
    uint8_t hash[AUDIT_HASH_BYTES];
    size_t previous_len = 0, hash_len = 0;
    const uint8_t *previous = store_bytes(q, 6, &previous_len);
    const uint8_t *stored = store_bytes(q, 7, &hash_len);
    char detail[2 * crypto_hash_sha256_BYTES + 32];
    detail_of(store_text(q, 0), manifest, detail, sizeof(detail));
    if (!previous || previous_len != sizeof(hash) || !stored || hash_len != sizeof(hash))
        return "row";
    audit_row_hash(row, previous, hash);
    if (strcmp(detail, row->detail) != 0 || memcmp(hash, stored, sizeof(hash)) != 0)
        return "manifest";
    return is_in_log(s, row, stored) ? "ok" : "not_in_log";
}

static json_t *row_json(const struct store_query *q, const struct audit_row *row)
{
    char previous[AUDIT_HEX_SIZE] = "", hash[AUDIT_HEX_SIZE] = "";
    size_t len = 0;
    const void *bytes = store_bytes(q, 6, &len);
    if (bytes && len == AUDIT_HASH_BYTES)
        sodium_bin2hex(previous, sizeof(previous), bytes, len);
    bytes = store_bytes(q, 7, &len);
    if (bytes && len == AUDIT_HASH_BYTES)
        sodium_bin2hex(hash, sizeof(hash), bytes, len);
    return json_pack("{s:s, s:I, s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "chain", row->chain,
                     "number", (json_int_t)row->number, "atUs", (json_int_t)row->utc_us, "account",
                     row->account, "session", row->session, "act", row->act, "object", row->object,
                     "detail", row->detail, "previous", previous, "hash", hash);
}

/* The row as the manifest says that it must be. */
static int judge(struct service *s, const struct store_query *q, const char *object,
                 struct retention_proof *out)
{
    const char *manifest = store_text(q, 3);
    char detail[2 * crypto_hash_sha256_BYTES + 32];
    detail_of(store_text(q, 0), manifest, detail, sizeof(detail));
    struct audit_row row = {.chain = store_text(q, 4),
                            .number = store_int(q, 5),
                            .account = store_text(q, 2),
                            .session = "",
                            .act = ACT,
                            .object = object,
                            .detail = detail,
                            .utc_us = store_int(q, 1)};
    out->manifest = json_loads(manifest, JSON_REJECT_DUPLICATES, NULL);
    out->row = row_json(q, &row);
    out->verdict = out->manifest ? verdict_of(s, q, &row, manifest) : "manifest";
    return out->row ? 0 : SQ_ERR_NOMEM;
}

int retention_proof(struct service *s, const char *object, struct retention_proof *out)
{
    struct store_query q;
    char class[32] = "";
    int status = SQ_ERR_NOT_FOUND;
    *out = (struct retention_proof){0};
    STORE_QUERY(
        s->store, &q,
        "SELECT class, at_us, account, manifest, chain, number, previous, hash FROM deletion"
        " WHERE object = $1",
        sv_text(object));
    if (store_next(&q)) {
        store_copy_text(&q, 0, class, sizeof(class));
        status = judge(s, &q, object, out);
    }
    int ended = store_query_end(&q);
    if (ended < 0)
        status = ended;
    if (status == 0 && strcmp(out->verdict, "ok") == 0 && !is_gone(s, object, class))
        out->verdict = "remains";
    return status;
}

void retention_proof_clear(struct retention_proof *p)
{
    json_decref(p->manifest);
    json_decref(p->row);
    *p = (struct retention_proof){0};
}
