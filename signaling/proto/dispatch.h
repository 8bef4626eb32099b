/* SPDX-License-Identifier: Apache-2.0 */
/* From texts of connections to method calls and back: sign-in state of a connection, schema check,
 * rights to call, transaction, idempotency, audit row, outbox with its sequence numbers, effects
 * after the commit, resume. Sans-IO: the front (ws/) hands in what arrived and drains what to send.
 * Refuses to know sockets, threads, TLS. One owner thread. A connection is a number that the front
 * never uses twice. */
#ifndef SIGNALING_PROTO_DISPATCH_H
#define SIGNALING_PROTO_DISPATCH_H

#include "base/time.h"
#include "signaling/proto/method.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dispatch;
struct media;
struct nodes;
struct schema_set;

/* Requests of one turn share a commit; more, or a longer turn, make another. */
#define DISPATCH_GROUP_MAX 64
#define DISPATCH_GROUP_US  (50 * TIME_US_PER_MS)
#define DISPATCH_REPLAY_MAX                                                                        \
    1000 /* notifications that session.resume replays; older: reload the state */
#define DISPATCH_PENDING_MAX   8    /* requests of one connection that wait for a relay or a hash */
#define DISPATCH_IN_FLIGHT_MAX 4096 /* of all connections */
#define DISPATCH_RATE_PER_S    20   /* messages a second and connection, in the long run */
#define DISPATCH_RATE_BURST    60
#define DISPATCH_REFUSED_MAX   100 /* messages over the rate in a row: the connection is closed */
#define DISPATCH_LOST_US                                                                           \
    (5 * TIME_US_PER_S) /* a session without a connection that long counts as dropped */
#define DISPATCH_SIGN_IN_US                                                                        \
    (10 * TIME_US_PER_S) /* a connection that has not signed in by then is closed */

struct dispatch_config {
    struct service *service;           /* borrowed */
    struct media *media;               /* borrowed; NULL: no media methods (tests) */
    struct nodes *nodes;               /* borrowed; NULL: this one has the store for itself */
    const struct schema_set *schemas;  /* borrowed */
    const struct method_table *tables; /* borrowed */
    size_t table_count;
};

/* 0, SQ_ERR_NOMEM, or SQ_ERR_INVALID when a method has no schema (logged with its name). */
int dispatch_new(struct dispatch **out, const struct dispatch_config *config);
void dispatch_free(struct dispatch *d);

/* Once, before the first connection: what a crash left undone is taken up again (service_recover).
 */
int dispatch_start(struct dispatch *d, time_us now_us, time_us utc_us);

struct service *dispatch_service(const struct dispatch *d); /* borrowed */

/* Has this session a connection now? */
bool dispatch_connected(const struct dispatch *d, const char *session);

/* A connection came up; a text of it arrived; it is gone (the session stays). */
int dispatch_open(struct dispatch *d, uint64_t connection, time_us now_us);
/* The connection came with this token (a cookie): session.resume needs not name it then. Copied. */
void dispatch_keep_token(struct dispatch *d, uint64_t connection, const char *token);
void dispatch_receive(struct dispatch *d, uint64_t connection, const char *text, size_t len_bytes,
                      time_us now_us, time_us utc_us);
void dispatch_closed(struct dispatch *d, uint64_t connection, time_us now_us, time_us utc_us);

/* An act that came another way than over a connection (an HTTP exchange, a timer of a room): runs
 * `handle` as a writing method's handler, inside the transaction of this turn. The caller of this
 * function fills call->caller (a zeroed one: the server itself), call->work and call->params (may
 * be NULL) before, and releases call->result after. 0: done, and on disk when `done` (may be NULL)
 * is called with 0; should the commit fail it is called with that error, and nothing was changed.
 * Otherwise the handler's error: nothing was changed, `done` is not called, call->message_en/zh say
 * more. Leaves an audit row (call->audit_act or `act`), or for a refusal what refused_act leaves;
 * effects are carried out. */
int dispatch_act(struct dispatch *d, const char *act, int (*handle)(struct call *call),
                 struct call *call, void (*done)(void *user, int error), void *user, time_us now_us,
                 time_us utc_us);

/* Calls `done` when the transaction of this turn was committed (0) or undone (error); at once when
 * none is open. What was read or written in this turn may be told from then on. */
void dispatch_after(struct dispatch *d, void (*done)(void *user, int error), void *user);

/* A job of DISPATCH_WORK was run (on whatever thread; this call on the owner's). refused: the pool
 * was full. */
void dispatch_worked(struct dispatch *d, uint64_t ticket, bool refused, time_us now_us,
                     time_us utc_us);

/* Timers, what media has to say, deadlines of consultations. */
void dispatch_step(struct dispatch *d, time_us now_us, time_us utc_us);
time_us dispatch_deadline(const struct dispatch *d, time_us now_us, time_us utc_us); /* monotonic */

/* Readable when other nodes have something to say; -1: there is none now. May change after every
 * call. */
int dispatch_fd(const struct dispatch *d);
/* Another node took over from this one: the process has to end. */
bool dispatch_over(const struct dispatch *d);

enum dispatch_output_type { DISPATCH_SEND, DISPATCH_CLOSE, DISPATCH_WORK };

enum dispatch_close {
    DISPATCH_CLOSE_ENDED = 4001,    /* the session is over: do not resume */
    DISPATCH_CLOSE_REPLACED = 4002, /* the session was resumed on another connection */
    DISPATCH_CLOSE_SIGN_IN = 4003,  /* not signed in within 10 s */
    DISPATCH_CLOSE_RATE = 1008,
    DISPATCH_CLOSE_INTERNAL = 1011
};

struct dispatch_output {
    enum dispatch_output_type type;
    uint64_t connection;
    char *text; /* DISPATCH_SEND: the caller frees it */
    size_t len_bytes;
    int64_t seq;   /* of a notification; 0: another text */
    uint16_t code; /* DISPATCH_CLOSE: enum dispatch_close */
    void (*run)(
        void *job); /* DISPATCH_WORK: call it on a pool thread, then dispatch_worked(ticket) */
    void *job;      /* borrowed: valid until dispatch_worked, or until dispatch_free */
    uint64_t ticket;
};
/* What may leave now. The first call of a turn commits what the turn wrote, so hand in all that has
 * arrived before it. false: nothing is left, and no transaction is open. */
bool dispatch_next(struct dispatch *d, struct dispatch_output *out);

#endif
