/* SPDX-License-Identifier: Apache-2.0 */
/* Writing rows. hash = SHA-256(previous hash || canonical bytes of the row). Canonical bytes are
 * the number and the time as 8 bytes in network order, then each text as its length in 4 bytes and
 * its bytes: no separator that a text could hold. In an institution's chain the chain's name is the
 * first text; the installation's chain has none, so that logs of one chain stay good. The first
 * row's previous hash is 32 zeros. */
#include "signaling/audit/audit.h"
#include "base/bytes.h"
#include "shanqiao/error.h"
#include "signaling/auth/rights.h"
#include "signaling/store/store.h"
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
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
    if (row->chain && row->chain[0])
        add_text(&hash, row->chain);
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

int audit_get_head(struct store *store, const char *chain, struct audit_head *out)
{
    struct store_query q;
    *out = (struct audit_head){0};
    snprintf(out->chain, sizeof(out->chain), "%s", chain);
    STORE_QUERY(store, &q, "SELECT number, hash FROM audit_chain WHERE chain = $1", sv_text(chain));
    if (store_next(&q)) {
        out->number = store_int(&q, 0);
        read_hash(&q, 1, out->hash);
    }
    return store_query_end(&q);
}

const char *audit_head_text(const struct audit_head *head, char out[AUDIT_HEAD_SIZE])
{
    char hex[AUDIT_HEX_SIZE];
    sodium_bin2hex(hex, sizeof(hex), head->hash, sizeof(head->hash));
    snprintf(out, AUDIT_HEAD_SIZE, "%lld:%s", (long long)head->number, hex);
    return out;
}

bool audit_head_parse(const char *text, struct audit_head *out)
{
    char *end = NULL;
    size_t len = 0;
    errno = 0;
    *out = (struct audit_head){.number = strtoll(text, &end, 10)};
    return !errno && end != text && *end == ':' && out->number > 0 &&
           sodium_hex2bin(out->hash, sizeof(out->hash), end + 1, strlen(end + 1), NULL, &len,
                          NULL) == 0 &&
           len == sizeof(out->hash);
}

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

static int chain_of_account(struct store *store, const char *account, char out[ID_MAX])
{
    struct store_query q;
    STORE_QUERY(store, &q, "SELECT institution, roles FROM account WHERE id = $1",
                sv_text(account));
    if (store_next(&q) && !((uint32_t)store_int(&q, 1) & ROLE_OPERATOR))
        store_copy_text(&q, 0, out, ID_MAX);
    return store_query_end(&q);
}

static int chain_of_consultation(struct store *store, const char *object, char out[ID_MAX])
{
    struct store_query q;
    STORE_QUERY(store, &q,
                "SELECT a.institution FROM consultation c JOIN account a ON a.id = c.applicant"
                " WHERE c.id = $1",
                sv_text(object));
    if (store_next(&q))
        store_copy_text(&q, 0, out, ID_MAX);
    return store_query_end(&q);
}

const char *audit_chain_of_caller(const struct caller *caller)
{
    if (!caller->account[0] || !caller->institution[0])
        return NULL;
    return caller->roles & ROLE_OPERATOR ? "" : caller->institution;
}

int audit_chain_of(struct store *store, const char *account, const char *object, char out[ID_MAX])
{
    out[0] = '\0';
    if (account && account[0])
        return chain_of_account(store, account, out);
    return object && object[0] ? chain_of_consultation(store, object, out) : 0;
}

/* The first row of an institution's chain is told to the installation's chain, so that a chain
 * can't vanish as a whole. */
static int begin_chain(struct store *store, const char *chain, time_us utc_us)
{
    int status = STORE_RUN(store,
                           "INSERT INTO audit_chain (chain, number, hash, base_number, base_hash)"
                           " VALUES ($1, 1, $2, 0, $3)",
                           sv_text(chain), sv_null(), sv_null());
    if (status < 0 || !chain[0])
        return status < 0 ? status : 0;
    struct audit_act begun = {.utc_us = utc_us, .act = AUDIT_BEGIN, .object = chain, .chain = ""};
    return audit_append(store, &begun);
}

/* The next number and the hash before it; the transaction holds the writer lock, so nobody else
 * takes it. */
static int next_number(struct store *store, const char *chain, time_us utc_us, int64_t *number,
                       uint8_t previous[AUDIT_HASH_BYTES])
{
    struct store_query q;
    *number = 1;
    memset(previous, 0, AUDIT_HASH_BYTES);
    STORE_QUERY(store, &q, "SELECT number, hash FROM audit_chain WHERE chain = $1", sv_text(chain));
    bool begun = store_next(&q);
    if (begun) {
        *number = store_int(&q, 0) + 1;
        read_hash(&q, 1, previous);
    }
    int status = store_query_end(&q);
    return status == 0 && !begun ? begin_chain(store, chain, utc_us) : status;
}

static int insert(struct store *store, const struct audit_row *row,
                  const uint8_t previous[AUDIT_HASH_BYTES], const uint8_t hash[AUDIT_HASH_BYTES])
{
    int status = STORE_LATER(
        store,
        "INSERT INTO audit (chain, number, at_us, account, session, act, object, detail,"
        " previous, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        sv_text(row->chain), sv_int(row->number), sv_int(row->utc_us), sv_text(row->account),
        sv_text(row->session), sv_text(row->act), sv_text(row->object), sv_text(row->detail),
        sv_bytes(previous, AUDIT_HASH_BYTES), sv_bytes(hash, AUDIT_HASH_BYTES));
    if (status < 0)
        return status;
    return STORE_LATER_ONE(store, "UPDATE audit_chain SET number = $1, hash = $2 WHERE chain = $3",
                           sv_int(row->number), sv_bytes(hash, AUDIT_HASH_BYTES),
                           sv_text(row->chain));
}

int audit_append_get(struct store *store, const struct audit_act *act, struct audit_head *head,
                     uint8_t previous[AUDIT_HASH_BYTES])
{
    uint8_t before[AUDIT_HASH_BYTES];
    *head = (struct audit_head){0};
    int status = 0;
    if (act->chain)
        snprintf(head->chain, sizeof(head->chain), "%s", act->chain);
    else
        status = audit_chain_of(store, act->account, act->object, head->chain);
    if (status == 0)
        status = next_number(store, head->chain, act->utc_us, &head->number, before);
    if (status < 0)
        return status;
    struct audit_row row = {.chain = head->chain,
                            .number = head->number,
                            .account = or_empty(act->account),
                            .session = or_empty(act->session),
                            .act = or_empty(act->act),
                            .object = or_empty(act->object),
                            .detail = or_empty(act->detail),
                            .utc_us = act->utc_us};
    audit_row_hash(&row, before, head->hash);
    if (previous)
        memcpy(previous, before, sizeof(before));
    return insert(store, &row, before, head->hash);
}

int audit_append(struct store *store, const struct audit_act *act)
{
    struct audit_head head;
    return audit_append_get(store, act, &head, NULL);
}
