/* SPDX-License-Identifier: Apache-2.0 */
/* What the dispatcher keeps about requests and notifications: replies under their idempotency key,
 * the outbox of each session and its sequence number. Bodies hold clinical text, so they are
 * sealed. All calls that write run inside the caller's transaction. Refuses to know what a body
 * says. */
#ifndef SIGNALING_STORE_DELIVERY_H
#define SIGNALING_STORE_DELIVERY_H

#include "base/time.h"
#include "signaling/proto/method.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DELIVERY_DIGEST_BYTES 32 /* SHA-256 (or BLAKE2b-256) of method and params */
#define OUTBOX_KEPT                                                                                \
    1024 /* notifications kept for a session; older ones are dropped, oldest first */

struct service;
struct store_query;

/* Is the reply to this request known? *reply: new heap text (the caller frees) or NULL when it is
 * not. SQ_ERR_CONFLICT: the id was used with another method or params. SQ_ERR_STORE, SQ_ERR_FORGED,
 * SQ_ERR_NOMEM. */
int delivery_reply_find(struct service *s, const char *session, const char *request,
                        const uint8_t digest[DELIVERY_DIGEST_BYTES], char **reply);
/* The same in two halves, so that what is asked between them shares the way to the store. The query
 * is ended by the second, or by store_query_end. */
void delivery_reply_ask(struct service *s, const char *session, const char *request,
                        struct store_query *q);
int delivery_reply_take(struct service *s, const char *session, const char *request,
                        const uint8_t digest[DELIVERY_DIGEST_BYTES], struct store_query *q,
                        char **reply);
int delivery_reply_put(struct service *s, const char *session, const char *request,
                       const uint8_t digest[DELIVERY_DIGEST_BYTES], const char *reply,
                       time_us utc_us);

/* Next sequence number of a session (from 1), then the finished notification under it.
 * SQ_ERR_NOT_FOUND: no such live session. */
int delivery_next_seq(struct service *s, const char *session, int64_t *seq);
int delivery_outbox_put(struct service *s, const char *session, int64_t seq, const char *body);

/* Calls `each` for notifications with seq > after, in order; a non-zero return ends it and is
 * returned. */
int delivery_outbox_read(struct service *s, const char *session, int64_t after,
                         int (*each)(int64_t seq, const char *body, void *user), void *user);
/* Forgets what the client has seen (seq <= seen). */
int delivery_outbox_trim(struct service *s, const char *session, int64_t seen);

#define DELIVERY_REPLY_KEPT_US (24 * 3600 * TIME_US_PER_S) /* twice the life of a session */
#define DELIVERY_ENDED_KEPT_US                                                                     \
    (600 * TIME_US_PER_S)     /* the reply to a sign-out, asked for again                          \
                               */
#define DELIVERY_SWEEP_MAX 64 /* sessions of one sweep */

/* Inside a transaction: forgets replies that nobody can ask for any more, of at most
 * DELIVERY_SWEEP_MAX sessions after `cursor` (a session's id of ID_MAX bytes, "" at first; it moves
 * on, and starts again at the end). Rows forgotten, or a store error. */
int delivery_sweep(struct service *s, time_us utc_us, char *cursor);

#define DELIVERY_SESSIONS_MAX                                                                      \
    8 /* an account has one live session; more are left-overs of a takeover */

struct delivery_places {
    size_t count;
    struct {
        char session[ID_MAX];
        int64_t seq;
    } items[DELIVERY_SESSIONS_MAX];
};
/* The same for each live session of an account: its next number. In two halves, as above; numbers
 * are given in the order of the first. */
void delivery_ask_seqs(struct service *s, const char *account, time_us utc_us,
                       struct store_query *q);
int delivery_take_seqs(struct store_query *q, struct delivery_places *out);

#endif
