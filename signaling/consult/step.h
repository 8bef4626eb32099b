/* SPDX-License-Identifier: Apache-2.0 */
/* The life cycle of a consultation as a pure function: consult_step(state, event, time) -> state,
 * commands. Knows nothing else: no JSON, SQL, clock, account. People are the applicant and rung
 * members by number. */
#ifndef SIGNALING_CONSULT_STEP_H
#define SIGNALING_CONSULT_STEP_H

#include "base/time.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONSULT_RUNG_MAX     32
#define CONSULT_COMMANDS_MAX 8
#define CONSULT_NOBODY       (-1)

/* DESIGN section 5. Those without an incoming transition in the table are named for later. */
enum consult_state {
    CONSULT_DRAFT,
    CONSULT_SUBMITTED,
    CONSULT_RETURNED,
    CONSULT_APPROVED,
    CONSULT_TRIAGED,
    CONSULT_ROUTED,
    CONSULT_ACCEPTED,
    CONSULT_REFUSED,
    CONSULT_SCHEDULED,
    CONSULT_READY,
    CONSULT_IN_PROGRESS,
    CONSULT_INTERRUPTED,
    CONSULT_OPINION_DRAFTED,
    CONSULT_OPINION_SIGNED,
    CONSULT_DELIVERED,
    CONSULT_ACKNOWLEDGED,
    CONSULT_FOLLOW_UP_DUE,
    CONSULT_OUTCOME_RECORDED,
    CONSULT_ARCHIVED,
    CONSULT_CANCELLED,
    CONSULT_EXPIRED,
    CONSULT_NO_SHOW,
    CONSULT_STATE_COUNT
};

enum consult_event_type {
    CONSULT_SUBMIT,
    CONSULT_ROUTE,  /* rung_count members of the panel are on duty (0: nobody) */
    CONSULT_ACCEPT, /* member */
    CONSULT_REFUSE, /* member */
    CONSULT_ENTER,  /* party */
    CONSULT_LEAVE,  /* party */
    CONSULT_DROP,   /* party: its connection is lost */
    CONSULT_END,    /* by either party */
    CONSULT_CANCEL, /* by the applicant */
    CONSULT_SAVE,   /* a draft of the opinion */
    CONSULT_SIGN,
    CONSULT_DELIVER,
    CONSULT_ACKNOWLEDGE,
    CONSULT_ARCHIVE,
    CONSULT_TIMEOUT, /* the state's deadline passed */
    CONSULT_EVENT_COUNT
};

enum consult_party { CONSULT_APPLICANT, CONSULT_SPECIALIST, CONSULT_PARTIES };

enum consult_presence { CONSULT_AWAY, CONSULT_PRESENT, CONSULT_DROPPED };

enum consult_ring { CONSULT_RING_ON, CONSULT_RING_REFUSED, CONSULT_RING_STOPPED, CONSULT_RING_WON };

/* Why a consultation ended without an opinion, or its call did. */
enum consult_reason {
    CONSULT_WHY_NONE,
    CONSULT_WHY_NOBODY_ON_DUTY,
    CONSULT_WHY_NO_ANSWER,
    CONSULT_WHY_ALL_REFUSED,
    CONSULT_WHY_NOT_STARTED,
    CONSULT_WHY_CANCELLED,
    CONSULT_WHY_ABANDONED
};

struct consult {
    enum consult_state state;
    enum consult_reason reason;
    enum consult_presence presence[CONSULT_PARTIES];
    int specialist; /* number of the rung member who accepted, or CONSULT_NOBODY */
    int rung_count;
    enum consult_ring rings[CONSULT_RUNG_MAX];
    bool room_open;
    bool room_live;
    time_us deadline_utc_us; /* of the present state; TIME_US_NEVER: none */
    time_us submitted_utc_us, accepted_utc_us, started_utc_us, ended_utc_us; /* 0: not yet */
};

struct consult_event {
    enum consult_event_type type;
    enum consult_party party; /* ENTER, LEAVE, DROP, END */
    int member;               /* ACCEPT, REFUSE */
    int rung_count;           /* ROUTE: 0 .. CONSULT_RUNG_MAX */
};

struct consult_times { /* how long a state may last */
    time_us ring_us, start_us, abandoned_us;
};

enum consult_command_type {
    CONSULT_DO_RING,       /* all members with CONSULT_RING_ON */
    CONSULT_DO_STOP_RING,  /* `member`, because `why`; it leaves the room */
    CONSULT_DO_STOP_RINGS, /* all members with CONSULT_RING_STOPPED, because `why`; they leave the
                              room */
    CONSULT_DO_ROOM_OPEN,
    CONSULT_DO_ROOM_LIVE,
    CONSULT_DO_ROOM_CLOSE,
    CONSULT_DO_TELL_STATE,    /* everybody who belongs to it */
    CONSULT_DO_TELL_PRESENCE, /* `party` */
    CONSULT_DO_ARM            /* the deadline changed (TIME_US_NEVER: disarm) */
};

enum consult_ring_end {
    CONSULT_BY_OTHER,
    CONSULT_BY_CANCEL,
    CONSULT_BY_EXPIRY,
    CONSULT_BY_REFUSAL
};

struct consult_command {
    enum consult_command_type type;
    int member;
    enum consult_party party;
    enum consult_ring_end why;
};

struct consult_commands {
    size_t count;
    struct consult_command items[CONSULT_COMMANDS_MAX];
};

/* A new consultation, before submit. */
void consult_init(struct consult *c);

/* Applies `e` to *c at utc_us. On success *c is the next state and *out the commands (may be none:
 * nothing to do, such as leaving twice). On error nothing changed: SQ_ERR_STATE (not now),
 * SQ_ERR_CONFLICT (somebody else accepted before), SQ_ERR_INVALID (a number out of range). */
int consult_step(struct consult *c, const struct consult_event *e,
                 const struct consult_times *times, time_us utc_us, struct consult_commands *out);

/* Is from -> to by this event in the table? (from == to too, where an event is heard but changes no
 * state.) */
bool consult_transition_allowed(enum consult_state from, enum consult_event_type event,
                                enum consult_state to);

/* No further event is heard. */
bool consult_is_over(enum consult_state state);

const char *consult_state_name(enum consult_state state); /* "in_progress" */
/* CONSULT_STATE_COUNT when unknown. */
enum consult_state consult_state_parse(const char *name);
const char *consult_event_name(enum consult_event_type type);
const char *consult_reason_name(enum consult_reason reason); /* "nobody_on_duty"; "" for none */
int consult_reason_parse(const char *name);                  /* the reason, or -1 */

#endif
