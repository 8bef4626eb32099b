/* SPDX-License-Identifier: Apache-2.0 */
/* The chain: hash = SHA-256(previous hash || canonical bytes of the row). Canonical bytes are the
 * number and the time as 8 bytes in network order, then each text as its length in 4 bytes and its
 * bytes: no separator that a text could hold. The first row's previous hash is 32 zeros. */
#include "signaling/audit/audit.h"
#include "base/bytes.h"
#include "shanqiao/error.h"
#include "signaling/store/store.h"
#include <sodium.h>
#include <stdbool.h>
#include <string.h>

static void add_number(crypto_hash_sha256_state *hash, int64_t v)
{
    uint8_t bytes[8];
    bytes_put_u64(bytes, (uint64_t)v);
    crypto_hash_sha256_update(hash, bytes, sizeof(bytes));
}

static void add_text(crypto_hash_sha256_state *hash, const char *text)
{
    uint8_t len[4];
    bytes_put_u32(len, (uint32_t)strlen(text));
    crypto_hash_sha256_update(hash, len, sizeof(len));
    crypto_hash_sha256_update(hash, (const uint8_t *)text, strlen(text));
}

void audit_row_hash(const struct audit_row *row, const uint8_t previous[AUDIT_HASH_BYTES],
                    uint8_t out[AUDIT_HASH_BYTES])
{
    crypto_hash_sha256_state hash;
    crypto_hash_sha256_init(&hash);
    crypto_hash_sha256_update(&hash, previous, AUDIT_HASH_BYTES);
    add_number(&hash, row->number);
    add_number(&hash, row->utc_us);
    add_text(&hash, row->account);
    add_text(&hash, row->session);
    add_text(&hash, row->act);
    add_text(&hash, row->object);
    add_text(&hash, row->detail);
    crypto_hash_sha256_final(&hash, out);
}

static bool read_hash(const struct store_query *q, int column, uint8_t out[AUDIT_HASH_BYTES])
{
    size_t len = 0;
    const void *bytes = store_bytes(q, column, &len);
    if (!bytes || len != AUDIT_HASH_BYTES)
        return false;
    memcpy(out, bytes, len);
    return true;
}

int audit_get_head(struct store *store, struct audit_head *out)
{
    struct store_query q;
    *out = (struct audit_head){0};
    store_query(store, &q, "SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1", NULL, 0);
    if (store_next(&q)) {
        out->number = store_int(&q, 0);
        read_hash(&q, 1, out->hash);
    }
    return store_query_end(&q);
}

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

int audit_append(struct store *store, const struct audit_act *act)
{
    struct audit_head head;
    uint8_t hash[AUDIT_HASH_BYTES];
    int status = audit_get_head(store, &head);
    if (status < 0)
        return status;
    struct audit_row row = {.number = head.number + 1,
                            .account = or_empty(act->account),
                            .session = or_empty(act->session),
                            .act = or_empty(act->act),
                            .object = or_empty(act->object),
                            .detail = or_empty(act->detail),
                            .utc_us = act->utc_us};
    audit_row_hash(&row, head.hash, hash);
    status =
        STORE_RUN(store,
                  "INSERT INTO audit (number, at_us, account, session, act, object, detail,"
                  " previous, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                  sv_int(row.number), sv_int(row.utc_us), sv_text(row.account),
                  sv_text(row.session), sv_text(row.act), sv_text(row.object), sv_text(row.detail),
                  sv_bytes(head.hash, sizeof(head.hash)), sv_bytes(hash, sizeof(hash)));
    return status < 0 ? status : 0;
}

static const char *text_of(const struct store_query *q, int column)
{
    return or_empty(store_text(q, column));
}

/* One row against the row before it: NULL when it is good, else what is wrong. */
static const char *check_row(const struct store_query *q, struct audit_head *head)
{
    uint8_t previous[AUDIT_HASH_BYTES], stored[AUDIT_HASH_BYTES], hash[AUDIT_HASH_BYTES];
    struct audit_row row = {.number = store_int(q, 0),
                            .account = text_of(q, 2),
                            .session = text_of(q, 3),
                            .act = text_of(q, 4),
                            .object = text_of(q, 5),
                            .detail = text_of(q, 6),
                            .utc_us = store_int(q, 1)};
    if (row.number != head->number + 1)
        return "missing_row";
    if (!read_hash(q, 7, previous) || memcmp(previous, head->hash, sizeof(previous)) != 0)
        return "chain_broken";
    audit_row_hash(&row, previous, hash);
    if (!read_hash(q, 8, stored) || memcmp(stored, hash, sizeof(hash)) != 0)
        return "hash_mismatch";
    head->number = row.number;
    memcpy(head->hash, hash, sizeof(hash));
    return NULL;
}

static bool contradicts(const struct audit_head *head, const struct audit_head *expected)
{
    return expected && expected->number == head->number &&
           memcmp(expected->hash, head->hash, AUDIT_HASH_BYTES) != 0;
}

int audit_verify(struct store *store, const struct audit_head *expected, struct audit_verdict *out)
{
    struct store_query q;
    struct audit_head head = {0};
    const char *wrong = NULL;
    *out = (struct audit_verdict){.reason = "ok"};
    store_query(store, &q,
                "SELECT number, at_us, account, session, act, object, detail, previous, hash"
                " FROM audit ORDER BY number",
                NULL, 0);
    while (!wrong && store_next(&q)) {
        wrong = check_row(&q, &head);
        if (!wrong && contradicts(&head, expected))
            wrong = "chain_broken"; /* a consistent log, but not the one whose head was noted */
        out->rows += wrong == NULL;
    }
    int status = store_query_end(&q);
    if (status < 0)
        return status;
    if (!wrong && expected && expected->number > head.number)
        wrong = "tail_cut";
    if (wrong) {
        out->reason = wrong;
        out->first_bad = out->rows + 1;
    }
    return 0;
}
