/* SPDX-License-Identifier: Apache-2.0 */
/* What every handler of the signalling server may use: store, vault, signer, time limits, and the
 * few questions that only the front can answer. Filled by service_open, then the front sets its own
 * pointers. One thread. Refuses to know: sockets, JSON-RPC, relays. */
#ifndef SIGNALING_SERVICE_H
#define SIGNALING_SERVICE_H

#include "base/time.h"
#include "signaling/proto/method.h"
#include <stdbool.h>

#define SERVICE_PATH_MAX  512
#define SERVICE_ERROR_MAX 512

struct vault;
struct signer;
struct deadlines;
struct media; /* owned by signaling/media; NULL where there is none (ctl, tests) */
struct watch; /* owned by signaling/operator; NULL likewise */
struct front; /* owned by signaling/ws; NULL likewise */

struct service_limits {
    time_us ring_timeout_us;      /* a panel rings this long where no agreement says otherwise */
    time_us start_timeout_us;     /* accepted, but the two never met: no-show */
    time_us abandoned_timeout_us; /* interrupted this long: the call is over, the opinion is due */
    time_us
        presence_grace_us; /* after a restart: who has not come back by then counts as dropped */
    time_us session_lifetime_us; /* from sign-in */
};

struct service_config {
    char database[SERVICE_PATH_MAX]; /* SQLite file or postgresql:// URI */
    char keys[SERVICE_PATH_MAX];     /* directory with master.key (made by `shanqiaoctl init`) */
    struct service_limits limits;    /* a zero member takes its default */
};

struct service {
    struct store *store;   /* owned */
    struct vault *vault;   /* owned; seals clinical text and private keys */
    struct signer *signer; /* owned; signs and verifies opinions */
    struct service_limits limits;
    struct deadlines *deadlines; /* owned by signaling/consult; NULL until first needed */

    /* Set by the front. Has this session a living connection now? NULL: none has. */
    bool (*session_connected)(void *front_user, const char *session);
    void *front_user;
    struct front *front;
    struct media *media;
    struct watch *watch;
    time_us retention_utc_us; /* next look for what was kept long enough (rooms_sweep) */
    struct {                  /* whose shift began joins what rings (rooms_sweep) */
        time_us next_utc_us;
        char panel[ID_MAX]; /* looked at last */
    } shifts;
};

/* Opens database (migrated, checked), master key and installation CA (made at first start).
 * 0, or SQ_ERR_IO / SQ_ERR_INVALID / SQ_ERR_STORE / SQ_ERR_UNSUPPORTED (newer schema) /
 * SQ_ERR_NOMEM with a message for a person in `error`; *out is then closed. */
int service_open(struct service *out, const struct service_config *config,
                 char error[SERVICE_ERROR_MAX]);
void service_close(struct service *s);

#define SERVICE_TIME_MAX 32
/* "2026-01-31T08:15:00.000Z": RFC 3339 in UTC with milliseconds. */
const char *service_time_text(time_us utc_us, char out[SERVICE_TIME_MAX]);
/* The same back: false when it is no such text, or no such time. NULL is fine. */
bool service_time_parse(const char *text, time_us *out);

/* The functions below run INSIDE a transaction of the caller (store_begin ... store_commit), as
 * handlers do; the caller puts the notify effects into the outbox before the commit and carries out
 * the others after it. Audit rows are written by them. Errors: SQ_ERR_STORE, SQ_ERR_NOMEM,
 * SQ_ERR_LIMIT (effects): roll back, try later. */

/* Once at start, before the first connection: rooms of running consultations are opened (and made
 * live) again, and whoever was present has presence_grace_us to come back. */
int service_recover(struct service *s, time_us utc_us, struct effects *effects);

/* Carries out deadlines that are due, at most 16 consultations a call; call again while *more. */
int service_deadlines_due(struct service *s, time_us utc_us, struct effects *effects, bool *more);

/* When to call service_deadlines_due: never later than the earliest deadline (a little earlier when
 * it was moved), TIME_US_NEVER when there is none. Needs no transaction. */
int service_next_deadline(struct service *s, time_us *at_utc_us);

/* Writes the row of a deadline (TIME_US_NEVER: deletes it) and remembers when to look at it. Inside
 * a transaction; one that is rolled back does no harm, since a row is read again before it counts.
 */
int service_deadline_set(struct service *s, const char *object, const char *kind,
                         time_us at_utc_us);

/* The same for who knows what the row says now (TIME_US_NEVER: there is none). */
int service_deadline_move(struct service *s, const char *object, const char *kind, time_us before,
                          time_us at_utc_us);

/* Another node changed deadlines of `object` (NULL: of anything): they are read anew. Needs no
 * transaction. Without it they are noticed after DEADLINES_RELOAD_US. */
int service_deadline_changed(struct service *s, const char *object);

/* The connection of a session has been gone long enough to tell the others (also call it after
 * logout, expiry or takeover ended the session): its participant counts as dropped, a live call as
 * interrupted. */
int service_session_lost(struct service *s, const char *session, time_us utc_us,
                         struct effects *effects);

/* The session resumed: where it was dropped (not left) it is present again. */
int service_session_back(struct service *s, const char *session, time_us utc_us,
                         struct effects *effects);

#endif
