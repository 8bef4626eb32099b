/* SPDX-License-Identifier: Apache-2.0 */
/* The side machine of a two-way referral: the patient goes up to (or down from) another institution
 * and comes back with a plan. A pure function over one table, like step.h. Refuses to know who may
 * do what, which institutions and what the plan says. */
#ifndef SIGNALING_CONSULT_REFERRAL_STEP_H
#define SIGNALING_CONSULT_REFERRAL_STEP_H

#include "base/time.h"
#include <stdbool.h>

enum referral_state {
    REFERRAL_NONE,
    REFERRAL_PROPOSED,
    REFERRAL_ACCEPTED, /* a bed or a place is kept until the deadline */
    REFERRAL_REFUSED,  /* with a reason that the layer above keeps */
    REFERRAL_WITHDRAWN,
    REFERRAL_ARRIVED,
    REFERRAL_NOT_ARRIVED,
    REFERRAL_DISCHARGED, /* back-referral with a plan */
    REFERRAL_CLOSED,     /* the first institution has taken the patient over again */
    REFERRAL_STATE_COUNT
};

enum referral_event_type {
    REFERRAL_PROPOSE, /* direction */
    REFERRAL_ACCEPT,
    REFERRAL_REFUSE,
    REFERRAL_WITHDRAW,
    REFERRAL_ARRIVE,
    REFERRAL_DISCHARGE,
    REFERRAL_CLOSE,
    REFERRAL_TIMEOUT,
    REFERRAL_EVENT_COUNT
};

enum referral_direction { REFERRAL_UP, REFERRAL_DOWN, REFERRAL_DIRECTION_COUNT };

struct referral {
    enum referral_state state;
    enum referral_direction direction;
    bool unanswered;         /* REFUSED, or NOT_ARRIVED, because the time for it passed */
    time_us deadline_utc_us; /* TIME_US_NEVER: none */
    time_us proposed_utc_us, arrived_utc_us, closed_utc_us; /* 0: not yet */
};

struct referral_event {
    enum referral_event_type type;
    enum referral_direction direction;
};

struct referral_times {
    time_us answer_us;  /* proposed: until accepted or refused; then it counts as refused */
    time_us arrival_us; /* accepted: until the patient arrives */
    time_us close_us;   /* discharged: the first institution is reminded */
};

struct referral_told { /* what the layer above has to do */
    bool state;        /* tell both institutions the new state */
    bool remind;       /* the first institution: take the patient over */
    bool armed;        /* deadline_utc_us changed */
};

void referral_init(struct referral *r);
struct referral_times referral_times_default(void);

/* Like consult_step: 0 and *out, or SQ_ERR_STATE / SQ_ERR_INVALID and nothing changed. */
int referral_step(struct referral *r, const struct referral_event *e,
                  const struct referral_times *times, time_us utc_us, struct referral_told *out);

bool referral_transition_allowed(enum referral_state from, enum referral_event_type event,
                                 enum referral_state to);
bool referral_is_over(enum referral_state state); /* refused, withdrawn, not arrived, closed */

const char *referral_state_name(enum referral_state state); /* "not_arrived" */
enum referral_state referral_state_parse(const char *name); /* REFERRAL_STATE_COUNT when unknown */
const char *referral_event_name(enum referral_event_type type);
const char *referral_direction_name(enum referral_direction direction); /* "up" */
enum referral_direction referral_direction_parse(const char *name);     /* _COUNT when unknown */

#endif
