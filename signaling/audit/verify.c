/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the log back: is it the one that was written? */
#include "shanqiao/error.h"
#include "signaling/audit/audit.h"
#include "signaling/store/store.h"
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const uint8_t zeros[AUDIT_HASH_BYTES];

static bool read_hash(const struct store_query *q, int column, uint8_t out[AUDIT_HASH_BYTES])
{
    size_t len = 0;
    const void *bytes = store_bytes(q, column, &len);
    if (!bytes || len != AUDIT_HASH_BYTES)
        return false;
    memcpy(out, bytes, len);
    return true;
}

static const char *text_of(const struct store_query *q, int column)
{
    const char *text = store_text(q, column);
    return text ? text : "";
}

/* What the chain says of itself: where it begins, where it ends. */
struct bounds {
    struct audit_head base, head;
    bool known; /* has a row in audit_chain */
};

static int load_bounds(struct store *store, const char *chain, struct bounds *out)
{
    struct store_query q;
    *out = (struct bounds){0};
    STORE_QUERY(store, &q,
                "SELECT base_number, base_hash, number, hash FROM audit_chain WHERE chain = $1",
                sv_text(chain));
    if (store_next(&q)) {
        out->known = true;
        out->base.number = store_int(&q, 0);
        out->head.number = store_int(&q, 2);
        read_hash(&q, 1, out->base.hash);
        read_hash(&q, 3, out->head.hash);
    }
    return store_query_end(&q);
}

static int count(struct store *store, const char *sql, const char *a, const char *b, int64_t *out)
{
    struct store_query q;
    *out = 0;
    STORE_QUERY(store, &q, sql, sv_text(a), sv_text(b));
    if (store_next(&q))
        *out = store_int(&q, 0);
    return store_query_end(&q);
}

/* Is a chain's beginning, where it isn't row 1, vouched for by a row of the installation? */
static int check_base(struct store *store, const char *chain, const struct bounds *b,
                      const char **wrong)
{
    char detail[AUDIT_HEAD_SIZE];
    int64_t rows = 0;
    if (b->base.number == 0) {
        *wrong = memcmp(b->base.hash, zeros, sizeof(zeros)) == 0 ? NULL : "chain_broken";
        return 0;
    }
    audit_head_text(&b->base, detail);
    int status = count(store,
                       "SELECT COUNT(*) FROM audit WHERE chain = '' AND act = '" AUDIT_PRUNE
                       "' AND object = $1 AND detail = $2",
                       chain, detail, &rows);
    *wrong = rows ? NULL : "missing_row";
    return status;
}

/* One row against the row before it: NULL when it is good, else what is wrong. */
static const char *check_row(const struct store_query *q, struct audit_head *head)
{
    uint8_t previous[AUDIT_HASH_BYTES], stored[AUDIT_HASH_BYTES], hash[AUDIT_HASH_BYTES];
    struct audit_row row = {.chain = head->chain,
                            .number = store_int(q, 0),
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

static int walk(struct store *store, struct audit_head *at, const struct audit_head *expected,
                int64_t *rows, const char **wrong)
{
    struct store_query q;
    STORE_QUERY(store, &q,
                "SELECT number, at_us, account, session, act, object, detail, previous, hash"
                " FROM audit WHERE chain = $1 ORDER BY number",
                sv_text(at->chain));
    while (!*wrong && store_next(&q)) {
        *wrong = check_row(&q, at);
        if (!*wrong && contradicts(at, expected))
            *wrong = "chain_broken"; /* a consistent log, but not the one whose head was noted */
        *rows += *wrong == NULL;
    }
    return store_query_end(&q);
}

/* Rows after the last are gone: against the chain's own head, and against the noted one. */
static bool is_cut(const struct audit_head *at, const struct bounds *b,
                   const struct audit_head *expected)
{
    return (!b->known && at->chain[0]) || b->head.number > at->number ||
           (expected && expected->number > at->number);
}

int audit_verify_chain(struct store *store, const char *chain, const struct audit_head *expected,
                       struct audit_verdict *out)
{
    struct bounds b;
    const char *wrong = NULL;
    *out = (struct audit_verdict){.reason = "ok"};
    snprintf(out->chain, sizeof(out->chain), "%s", chain);
    int status = load_bounds(store, chain, &b);
    if (status == 0)
        status = check_base(store, chain, &b, &wrong);
    struct audit_head at = b.base;
    snprintf(at.chain, sizeof(at.chain), "%s", chain);
    if (status == 0)
        status = walk(store, &at, expected, &out->rows, &wrong);
    if (status < 0)
        return status;
    if (!wrong && is_cut(&at, &b, expected))
        wrong = "tail_cut";
    if (!wrong && (b.head.number != at.number || memcmp(b.head.hash, at.hash, sizeof(at.hash))))
        wrong = "chain_broken"; /* rows beyond the head, or another head */
    if (wrong) {
        out->reason = wrong;
        out->first_bad = b.base.number + out->rows + 1;
    }
    return 0;
}

struct verify_all {
    struct store *store;
    struct audit_verdict *out;
};

static int verify_next(const char *chain, void *user)
{
    struct verify_all *all = user;
    int64_t rows = all->out->rows;
    int status = audit_verify_chain(all->store, chain, NULL, all->out);
    all->out->rows += rows;
    return status < 0 ? status : all->out->first_bad != 0;
}

int audit_verify(struct store *store, struct audit_verdict *out)
{
    struct verify_all all = {store, out};
    *out = (struct audit_verdict){.reason = "ok"};
    int status = audit_each_chain(store, verify_next, &all);
    return status < 0 ? status : 0;
}
