/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the dispatcher: a unit of work is one part of a store transaction, undone alone when it
 * fails. The units of one turn share the transaction and its commit (a group); nothing that any of
 * them has to say leaves before it. Refuses to know how a request is read. */
#ifndef SIGNALING_PROTO_UNIT_H
#define SIGNALING_PROTO_UNIT_H

#include "signaling/proto/dispatch.h"
#include "signaling/proto/peers.h"
#include "signaling/proto/refused.h"
#include "signaling/store/delivery.h"
#include "signaling/store/store.h"

/* What must not run on the signalling thread (hashing a password). The dispatcher calls `prepare`
 * (signalling thread, no transaction, reads only), `run` on a pool thread (touches nothing but its
 * job), then begins the transaction and calls the handler with call->work = job, and last
 * `discard`. */
struct method_slow {
    int (*prepare)(struct call *call, void **job); /* 0, or an error that is the reply */
    void (*run)(void *job);
    void (*discard)(void *job); /* wipes secrets */
    /* Audit row of a refusal, by prepare or by the handler; inside a transaction. */
    int (*refused)(struct dispatch *d, const struct caller *caller, const json_t *params, int error,
                   time_us utc_us);
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

/* Who hears of it when the unit or its group is undone. */
struct told {
    uint64_t connection;
    char key[65];
    bool unbind; /* the connection then speaks for nobody */
};

struct told_list {
    struct told *items;
    size_t count, capacity;
};

/* dispatch_after */
struct commit_waiter {
    void (*done)(void *user, int error);
    void *user;
};

/* The transaction of this turn, and what waits for its commit, in order. */
struct group {
    bool open;
    int error;   /* it will be undone as a whole */
    bool behind; /* some peer is: caught up after the commit */
    unsigned parts;
    time_us now_us, utc_us; /* of its begin */
    struct outputs sends;
    struct told_list told;
    struct effects after; /* to carry out after the commit */
    struct commit_waiter *waiters;
    size_t waiter_count;
};

struct across_request; /* proto/across.h */

struct dispatch {
    struct dispatch_config config;
    struct service *service;
    struct peers peers;
    struct outputs outputs; /* free to leave */
    struct group group;
    struct pending *pending;
    size_t pending_count;
    struct away *away;
    struct refused refused;
    uint64_t next_ticket;
    time_us sweep_us;   /* monotonic: next look for expired sessions */
    time_us replies_us; /* monotonic: next look for replies that can be forgotten */
    char replies_cursor[ID_MAX];
    time_us deadline_utc_us;       /* earliest of the consultations */
    struct across_request *across; /* of other nodes, that media is at */
    bool mail_due, recover_due, recovering;
    time_us adopt_us; /* now, for rooms that are being taken over */
};

/* Work between begin and end. After unit_end nothing of it is left here. */
struct unit {
    struct dispatch *d;
    struct outputs sends;
    struct told_list told;
    struct effects after; /* effects to carry out after the commit */
    time_us now_us, utc_us;
    struct store_query *asked; /* owned: numbers of the first effects, while they are asked for */
    size_t asked_count;
    bool in_part; /* its part of the transaction is open */
    int error;
};

void outputs_clear(struct outputs *o);
int outputs_add(struct outputs *o,
                const struct dispatch_output *item); /* takes item->text even on failure */

/* Of those that were not let out. */
void outputs_take_numbers_back(struct dispatch *d, const struct outputs *o);

int told_add(struct told_list *list, uint64_t connection, const char *key);

/* group.c. Opens the group when there is none. 0, or the store's error. */
int group_open(struct dispatch *d, time_us now_us, time_us utc_us);
/* The same, and a part in it. 0, or the store's error. */
int group_enter(struct dispatch *d, time_us now_us, time_us utc_us);
/* Ends the part: kept or undone. 0, or the error that dooms the group. */
int group_leave(struct dispatch *d, bool keep);
/* Takes over what a unit wants told and done. 0 or SQ_ERR_NOMEM, which dooms the group. */
int group_take(struct dispatch *d, struct unit *u);
/* A text to a connection outside of any unit: now, or with the group that is open, since it may
 * tell of what that wrote. key: of the request that it answers. Takes over `text`. */
void group_send(struct dispatch *d, uint64_t connection, const char *key, char *text,
                size_t len_bytes);
void group_close(struct dispatch *d, uint64_t connection, uint16_t code);
/* Commits the group, lets out what waited for it, carries out its effects in a group of their own,
 * commits that, and so on until nothing is left. The error that undid the group, 0 when it stands
 * or there was none. */
int group_commit(struct dispatch *d);
/* When it holds enough, or for long enough. */
void group_bound(struct dispatch *d, time_us now_us);
void group_drop(struct dispatch *d); /* undone without a word */

/* Begins a part of the group's transaction; an error is kept in u->error and makes the rest do
 * nothing. */
void unit_begin(struct unit *u, struct dispatch *d, time_us now_us, time_us utc_us);

/* A text to a connection, after the commit. Takes over `text` (NULL: memory is used up). */
void unit_send(struct unit *u, uint64_t connection, char *text, size_t len_bytes);

/* The reply to a request: if the unit is undone, an error goes there instead. Takes over `text`. */
void unit_reply(struct unit *u, uint64_t connection, const char *key, char *text, size_t len_bytes);

/* Keeps the first error: the unit will be undone. Values >= 0 are no error. */
void unit_fail(struct unit *u, int error);

/* A notification into the outbox of a session and, after the commit, to its connection. Borrows. */
void unit_notify_session(struct unit *u, const char *session, const char *method, json_t *params);

/* Begins to ask for the numbers that unit_take_effects needs for the same effects, so that what is
 * asked between shares the way to the store. */
void unit_ask_effects(struct unit *u, const struct effects *effects);
/* Notify effects go to the outboxes now, the others wait for the commit. Empties *effects. */
void unit_take_effects(struct unit *u, struct effects *effects);

/* Drains media_next into replies and notifications. */
void unit_take_media(struct unit *u);

/* Hands all to the group (error 0), or undoes this part and tells those who wait. Returns the error
 * that undid it, 0 when it stands or falls with the group. */
int unit_end(struct unit *u);
/* Undoes the part without a word: the caller answers. */
void unit_drop(struct unit *u);
/* One effect, in a unit after the commit of the one that wants it. */
void unit_carry_out(struct unit *u, const struct effect *e);

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
extern const struct method session_methods[]; /* auth.login, session.resume, auth.confirm */
#define SESSION_METHOD_COUNT 3

#endif
