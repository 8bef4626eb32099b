/* SPDX-License-Identifier: Apache-2.0 */
/* The audit log: a row for each act, in one chain for each institution and one for the installation
 * (chain ""), linked by SHA-256 over the former row's hash and this row's canonical bytes. Rows
 * hold ids and acts, never names or clinical text. The verifier names the first bad row; what is
 * cut off together with the head of a chain shows against heads that were noted elsewhere. Refuses
 * to know what an act means. */
#ifndef SIGNALING_AUDIT_AUDIT_H
#define SIGNALING_AUDIT_AUDIT_H

#include "signaling/proto/method.h" /* ID_MAX, time_us */
#include <stdbool.h>
#include <stdint.h>

#define AUDIT_HASH_BYTES 32
#define AUDIT_HEX_SIZE   (2 * AUDIT_HASH_BYTES + 1)
#define AUDIT_BEGIN      "audit.begin" /* in the installation's chain: the chain `object` began */
#define AUDIT_PRUNE      "audit.prune" /* likewise: its rows up to the head in `detail` are gone */

struct store;

struct audit_act {
    time_us utc_us;
    const char *account; /* NULL or "": the system itself */
    const char *session; /* likewise */
    const char *act;     /* "consultation.accept" */
    const char *object;  /* id, or "" */
    const char *detail;  /* code such as "no_answer", or ""; no free text of users */
    const char *chain;   /* NULL: found by audit_chain_of */
};

/* Whose chain an act belongs in: the institution of the account (an operator's: the installation);
 * an act of the system on a consultation: the inviting institution; else the installation, "". 0 or
 * a store error. */
int audit_chain_of(struct store *store, const char *account, const char *object, char out[ID_MAX]);

/* The same for an act of who is signed in, without asking the store: borrowed from `caller`. NULL:
 * not told by it (nobody, or who signs in just now). */
const char *audit_chain_of_caller(const struct caller *caller);

/* Inside the caller's transaction. 0, SQ_ERR_STORE, SQ_ERR_NOMEM. */
int audit_append(struct store *store, const struct audit_act *act);

extern const struct method_table audit_method_table; /* audit.list */

struct audit_head {
    char chain[ID_MAX];
    int64_t number; /* of the last row; 0: none */
    uint8_t hash[AUDIT_HASH_BYTES];
};
/* Likewise; *head is the row that was written, *previous (may be NULL) the hash before it. */
int audit_append_get(struct store *store, const struct audit_act *act, struct audit_head *head,
                     uint8_t previous[AUDIT_HASH_BYTES]);

/* A row as its hash sees it; no text is NULL. */
struct audit_row {
    const char *chain; /* "": installation */
    int64_t number;
    const char *account, *session, *act, *object, *detail;
    time_us utc_us;
};
/* SHA-256 over the hash of the row before it and this row's canonical bytes. */
void audit_row_hash(const struct audit_row *row, const uint8_t previous[AUDIT_HASH_BYTES],
                    uint8_t out[AUDIT_HASH_BYTES]);

int audit_get_head(struct store *store, const char *chain, struct audit_head *out);

#define AUDIT_HEAD_SIZE (20 + 1 + AUDIT_HEX_SIZE) /* decimal number, colon, hash in hex */
/* "NUMBER:HASH", as an operator notes it elsewhere; and back: false when it is none. */
const char *audit_head_text(const struct audit_head *head, char out[AUDIT_HEAD_SIZE]);
bool audit_head_parse(const char *text, struct audit_head *out);

/* Every chain that has rows, a head, or is named by the installation's chain as begun; in the order
 * of their ids, so the installation's first. Stops when `each` returns other than 0, and returns
 * that. */
int audit_each_chain(struct store *store, int (*each)(const char *chain, void *user), void *user);

struct audit_verdict {
    char chain[ID_MAX];
    int64_t rows;      /* rows that are good, counted from the first that is kept */
    int64_t first_bad; /* number of the first bad row; 0: all are good */
    const char
        *reason; /* literal: "ok", "missing_row", "hash_mismatch", "chain_broken", "tail_cut" */
};
/* `expected` (may be NULL) is a head noted before: the chain must still hold that row with that
 * hash. */
int audit_verify_chain(struct store *store, const char *chain, const struct audit_head *expected,
                       struct audit_verdict *out);
/* All chains, until the first that is bad: out->rows counts the good rows of all. */
int audit_verify(struct store *store, struct audit_verdict *out);

/* Inside a transaction: the installation's chain says (again) where this one begins. */
int audit_vouch(struct store *store, const char *chain, time_us utc_us);

/* Inside a transaction: removes the rows of a chain older than `before_utc_us` from its beginning
 * on, at most `limit`, and keeps the last hash of them as the chain's new beginning, which a row
 * "audit.prune" in the installation's chain vouches for. Returns how many went, or an error. */
int audit_prune(struct store *store, const char *chain, time_us before_utc_us, int64_t limit,
                time_us utc_us);

#endif
