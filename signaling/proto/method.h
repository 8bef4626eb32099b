/* SPDX-License-Identifier: Apache-2.0 */
/* The seam between the front (ws, proto: frames, sessions, idempotency, delivery) and the rooms
 * behind it (auth, consult, duty, directory, media ...): a table of methods. A handler is
 * synchronous, runs on the one signalling thread, inside one store transaction when the method
 * writes, and says what shall happen after the commit by adding effects. It never sends anything
 * itself.
 *
 * The dispatcher (proto/dispatch.c) does, for a writing method: begin; known idempotency key -> the
 * stored reply; else handle; audit row; effects of type notify into the outbox; reply stored under
 * the key; commit; then replies, deliveries and the other effects. Any error: rollback, nothing
 * changed, an error reply with code and remedy. */
#ifndef SIGNALING_PROTO_METHOD_H
#define SIGNALING_PROTO_METHOD_H

#include "base/time.h"
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define ID_MAX                                                                                     \
    40 /* bytes of any id, final zero included: "<prefix>_<22 random letters and digits>" */

struct store;
struct effect;
struct service; /* what every handler may use: store, keys, configuration (signaling/service.h) */

/* Who calls. Filled by the dispatcher from the session; zero before sign-in. */
struct caller {
    char account[ID_MAX];
    char session[ID_MAX];
    char institution[ID_MAX];
    uint32_t roles;   /* bits of enum role (signaling/auth/rights.h) */
    char language[8]; /* "zh-CN" or "en" */
};

enum effect_type {
    EFFECT_NOTIFY, /* method + params to every session of `account` (or only `session` when set) */
    EFFECT_DEADLINE,    /* the consultation `object` has a new earliest deadline `at_utc_us` */
    EFFECT_ROOM_OPEN,   /* room `object`: place it on a relay, let transports come up */
    EFFECT_ROOM_LIVE,   /* room `object`: media may now flow between its members (accepted) */
    EFFECT_ROOM_REMOVE, /* room `object`: `account` is no longer a member, close its media at once
                         */
    EFFECT_ROOM_CLOSE,  /* room `object`: over */
    EFFECT_SIGNAL, /* method + params to the session of `account` if it is connected now: stored
                      nowhere, without a number (METHOD_SIGNALS only) */
    EFFECT_SESSION_ENDED /* session `session` is revoked: tell it `reason`, close its socket and
                            media */
};

#define EFFECTS_MAX                                                                                \
    256 /* a handler that needs more is wrong; effects_add then returns SQ_ERR_LIMIT */

struct effect {
    enum effect_type type;
    char account[ID_MAX];
    char session[ID_MAX];
    char object[ID_MAX];
    const char *method; /* literal */
    json_t *params;     /* owned reference */
    const char *reason; /* literal */
    time_us at_utc_us;
};

struct effects {
    struct effect *items;
    size_t count;
};
/* Copies *e; takes over the reference e->params even on failure. 0, SQ_ERR_NOMEM, SQ_ERR_LIMIT. */
int effects_add(struct effects *effects, const struct effect *e);
void effects_clear(struct effects *effects);

struct call {
    struct service *service;
    const struct caller *caller; /* borrowed */
    json_t *params;              /* borrowed; already checked against the method's schema */
    json_t *result;              /* the handler sets a new reference on success; NULL means {} */
    struct effects effects;
    time_us utc_us;
    void *work; /* slow methods: the job that `run` finished; owned by the dispatcher */
    struct caller signed_in;   /* auth.login fills account and session: they are the audit row's */
    const char *audit_act;     /* literal set by the handler, or NULL: the method's name */
    char audit_object[ID_MAX]; /* set by the handler: the object acted on */
    char message_en[256];      /* on error: detail in both languages; empty: sq_error_text */
    char message_zh[256];
};

enum method_flags {
    METHOD_READS = 0,
    METHOD_WRITES = 1, /* runs in a transaction, idempotent by request id, leaves an audit row */
    METHOD_BEFORE_LOGIN = 2, /* callable without a session */
    METHOD_DEFERRED = 4,     /* owned by signaling/media: replies after a relay answered */
    METHOD_SECRET = 16,  /* params hold a secret: no digest or reply of it is kept, so the same id
                            again is done again */
    METHOD_SIGNALS = 32, /* a read whose effects leave at once and are stored nowhere */
    METHOD_VIEWS = 8     /* a read of what is a person's: leaves an audit row too */
};

struct method {
    const char *name; /* "consultation.submit" */
    uint32_t flags;
    int (*handle)(struct call *call); /* 0 or an error of sq_error; NULL when METHOD_DEFERRED */
};

struct method_table {
    const struct method *methods;
    size_t count;
};

/* Sets both messages and returns `error`: return call_fail(call, SQ_ERR_STATE, "…", "…"); */
int call_fail(struct call *call, int error, const char *en, const char *zh);

#endif
