/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the dispatcher: a unit of work is one store transaction and everything that shall leave
 * the program only after its commit. Refuses to know how a request is read. */
#ifndef SIGNALING_PROTO_UNIT_H
#define SIGNALING_PROTO_UNIT_H

#include "signaling/proto/dispatch.h"
#include "signaling/proto/peers.h"
#include "signaling/proto/refused.h"
#include "signaling/store/delivery.h"

/* What must not run on the signalling thread (hashing a password). The dispatcher calls `prepare`
 * (signalling thread, no transaction, reads only), `run` on a pool thread (touches nothing but its
 * job), then begins the transaction and calls the handler with call->work = job, and last
 * `discard`. */
struct method_slow {
    int (*prepare)(struct call *call, void **job); /* 0, or an error that is the reply */
    void (*run)(void *job);
    void (*discard)(void *job); /* wipes secrets */
    /* Audit row of a refusal, by prepare or by the handler; inside a transaction. */
    int (*refused)(struct dispatch *d, const json_t *params, int error, time_us utc_us);
};

struct outputs {
    struct dispatch_output *items;
    size_t count, capacity, next;
};

/* A request that waits for a relay (deferred) or a pool thread (slow). */
struct pending {
    uint64_t ticket;
    uint64_t connection; /* where the reply goes when the session is elsewhere or none */
    struct caller caller;
    char key[65];
    uint8_t digest[DELIVERY_DIGEST_BYTES];
    const struct method *method;
    json_t *params; /* owned */
    void *job;      /* slow: owned by method->slow->discard */
    struct pending *next;
};

/* A session whose connection went; told to the others after DISPATCH_LOST_US. */
struct away {
    char session[ID_MAX];
    time_us since_us;
    struct away *next;
};

struct dispatch {
    struct dispatch_config config;
    struct service *service;
    struct peers peers;
    struct outputs outputs;
    struct pending *pending;
    size_t pending_count;
    struct away *away;
    struct refused refused;
    uint64_t next_ticket;
    time_us sweep_us;        /* monotonic: next look for expired sessions */
    time_us deadline_utc_us; /* earliest of the consultations */
};

/* Who hears of it when the unit is undone. */
struct told {
    uint64_t connection;
    char key[65];
};

/* Work between begin and commit. After unit_end nothing of it is left. */
struct unit {
    struct dispatch *d;
    struct outputs sends;
    struct told *told;
    size_t told_count;
    struct effects after; /* effects to carry out after the commit */
    time_us now_us, utc_us;
    int error;
};

void outputs_clear(struct outputs *o);
int outputs_add(struct outputs *o,
                const struct dispatch_output *item); /* takes item->text even on failure */

/* Begins the transaction; an error is kept in u->error and makes the rest do nothing. */
void unit_begin(struct unit *u, struct dispatch *d, time_us now_us, time_us utc_us);

/* A text to a connection, after the commit. Takes over `text` (NULL: memory is used up). */
void unit_send(struct unit *u, uint64_t connection, char *text, size_t len_bytes);

/* The reply to a request: if the unit is undone, an error goes there instead. Takes over `text`. */
void unit_reply(struct unit *u, uint64_t connection, const char *key, char *text, size_t len_bytes);

/* Keeps the first error: the unit will be undone. Values >= 0 are no error. */
void unit_fail(struct unit *u, int error);

/* A notification into the outbox of a session and, after the commit, to its connection. Borrows. */
void unit_notify_session(struct unit *u, const char *session, const char *method, json_t *params);

/* Notify effects go to the outboxes now, the others wait for the commit. Empties *effects. */
void unit_take_effects(struct unit *u, struct effects *effects);

/* Drains media_next into replies and notifications. */
void unit_take_media(struct unit *u);

/* Commits (error 0) or rolls back, hands the sends over, and carries out effects, each in a unit of
 * its own. Returns the error that undid it, 0 when it stands. */
int unit_end(struct unit *u);
/* Rolls back without a word: the caller answers. */
void unit_drop(struct unit *u);

/* dispatch.c: the reply to a pending request, with its audit row and idempotency record. Ends `p`.
 */
void dispatch_finish(struct unit *u, struct pending *p, int error, json_t *result,
                     const char *object, const char *en, const char *zh);
struct pending *dispatch_pending_find(struct dispatch *d, uint64_t ticket);
void dispatch_pending_free(struct dispatch *d, struct pending *p);

/* An error reply outside of any unit. */
void dispatch_refuse(struct dispatch *d, uint64_t connection, const char *key, int error,
                     const char *en, const char *zh);
void dispatch_close_peer(struct dispatch *d, struct peer *peer, uint16_t code);

/* session.c: a session has (again) or lost its connection; sign-in and resume. */
void session_arrived(struct dispatch *d, struct peer *peer, const struct caller *caller,
                     int64_t last_seq, time_us now_us, time_us utc_us);
/* After a sign-in: the connection speaks for the new session, and hears what the end of the former
 * one told it already. */
void session_signed_in(struct dispatch *d, struct peer *peer, const char *session, time_us now_us,
                       time_us utc_us);
void session_left(struct dispatch *d, const char *session, time_us now_us, time_us utc_us);
void session_forget_away(struct dispatch *d, const char *session);
void session_step(struct dispatch *d, time_us now_us, time_us utc_us);
void session_resume(struct dispatch *d, struct peer *peer, const char *key, json_t *params,
                    time_us now_us, time_us utc_us);
/* The slow part of a method, NULL: none. */
const struct method_slow *session_slow(const struct method *method);
extern const struct method session_methods[]; /* auth.login, session.resume */
#define SESSION_METHOD_COUNT 2

#endif
