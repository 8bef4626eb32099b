/* SPDX-License-Identifier: Apache-2.0 */
/* The audit log: a row for each act, chained by SHA-256 over the former row's hash and this row's
 * canonical bytes. Rows hold ids and acts, never names or clinical text. The verifier names the
 * first bad row; a cut tail shows against a head that was noted elsewhere. */
#ifndef SIGNALING_AUDIT_AUDIT_H
#define SIGNALING_AUDIT_AUDIT_H

#include "base/time.h"
#include <stdint.h>

#define AUDIT_HASH_BYTES 32

struct store;

struct audit_act {
    time_us utc_us;
    const char *account; /* NULL or "": the system itself */
    const char *session; /* likewise */
    const char *act;     /* "consultation.accept" */
    const char *object;  /* id, or "" */
    const char *detail;  /* code such as "no_answer", or ""; no free text of users */
};

/* Inside the caller's transaction. 0, SQ_ERR_STORE, SQ_ERR_NOMEM. */
int audit_append(struct store *store, const struct audit_act *act);

/* A row as its hash sees it; no text is NULL. */
struct audit_row {
    int64_t number;
    const char *account, *session, *act, *object, *detail;
    time_us utc_us;
};
/* SHA-256 over the hash of the row before it and this row's canonical bytes. */
void audit_row_hash(const struct audit_row *row, const uint8_t previous[AUDIT_HASH_BYTES],
                    uint8_t out[AUDIT_HASH_BYTES]);

struct audit_head {
    int64_t number; /* of the last row; 0: none */
    uint8_t hash[AUDIT_HASH_BYTES];
};
int audit_get_head(struct store *store, struct audit_head *out);

struct audit_verdict {
    int64_t rows;      /* rows that are good, counted from the first */
    int64_t first_bad; /* number of the first bad row; 0: all are good */
    const char
        *reason; /* literal: "ok", "missing_row", "hash_mismatch", "chain_broken", "tail_cut" */
};
/* `expected` (may be NULL) is a head noted before: the log must still hold that row with that hash.
 */
int audit_verify(struct store *store, const struct audit_head *expected, struct audit_verdict *out);

#endif
