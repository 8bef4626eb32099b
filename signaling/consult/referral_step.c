/* SPDX-License-Identifier: Apache-2.0 */
/* The referral's table and its steps. */
#include "signaling/consult/referral_step.h"
#include "base/check.h"
#include "shanqiao/error.h"
#include <stddef.h>
#include <string.h>

#define DAY_US (INT64_C(86400) * TIME_US_PER_S)

static const struct transition {
    enum referral_state from;
    enum referral_event_type event;
    enum referral_state to;
} transitions[] = {
    {REFERRAL_NONE, REFERRAL_PROPOSE, REFERRAL_PROPOSED},
    {REFERRAL_PROPOSED, REFERRAL_ACCEPT, REFERRAL_ACCEPTED},
    {REFERRAL_PROPOSED, REFERRAL_REFUSE, REFERRAL_REFUSED},
    {REFERRAL_PROPOSED, REFERRAL_WITHDRAW, REFERRAL_WITHDRAWN},
    {REFERRAL_PROPOSED, REFERRAL_TIMEOUT, REFERRAL_REFUSED},
    {REFERRAL_ACCEPTED, REFERRAL_WITHDRAW, REFERRAL_WITHDRAWN},
    {REFERRAL_ACCEPTED, REFERRAL_ARRIVE, REFERRAL_ARRIVED},
    {REFERRAL_ACCEPTED, REFERRAL_TIMEOUT, REFERRAL_NOT_ARRIVED},
    {REFERRAL_NOT_ARRIVED, REFERRAL_ARRIVE, REFERRAL_ARRIVED}, /* late, but there */
    {REFERRAL_ARRIVED, REFERRAL_DISCHARGE, REFERRAL_DISCHARGED},
    {REFERRAL_DISCHARGED, REFERRAL_CLOSE, REFERRAL_CLOSED},
    {REFERRAL_DISCHARGED, REFERRAL_TIMEOUT, REFERRAL_DISCHARGED},
    /* Another try, to the same or to another institution. */
    {REFERRAL_REFUSED, REFERRAL_PROPOSE, REFERRAL_PROPOSED},
    {REFERRAL_WITHDRAWN, REFERRAL_PROPOSE, REFERRAL_PROPOSED},
    {REFERRAL_NOT_ARRIVED, REFERRAL_PROPOSE, REFERRAL_PROPOSED},
};
#define TRANSITION_COUNT (sizeof(transitions) / sizeof(transitions[0]))

static const struct transition *find(enum referral_state from, enum referral_event_type event)
{
    for (size_t i = 0; i < TRANSITION_COUNT; i++)
        if (transitions[i].from == from && transitions[i].event == event)
            return &transitions[i];
    return NULL;
}

bool referral_transition_allowed(enum referral_state from, enum referral_event_type event,
                                 enum referral_state to)
{
    const struct transition *t = find(from, event); /* at most one leads on */
    return t && t->to == to;
}

bool referral_is_over(enum referral_state state)
{
    return state == REFERRAL_REFUSED || state == REFERRAL_WITHDRAWN ||
           state == REFERRAL_NOT_ARRIVED || state == REFERRAL_CLOSED;
}

void referral_init(struct referral *r)
{
    *r = (struct referral){.deadline_utc_us = TIME_US_NEVER};
}

struct referral_times referral_times_default(void)
{
    return (struct referral_times){
        .answer_us = DAY_US, .arrival_us = 3 * DAY_US, .close_us = 3 * DAY_US};
}

/* When the state just reached has lasted long enough. */
static time_us deadline_of(const struct referral *r, const struct referral_times *times,
                           time_us utc_us)
{
    switch (r->state) {
    case REFERRAL_PROPOSED:
        return utc_us + times->answer_us;
    case REFERRAL_ACCEPTED:
        return utc_us + times->arrival_us;
    case REFERRAL_DISCHARGED:
        return utc_us + times->close_us;
    default:
        return TIME_US_NEVER;
    }
}

static void note_times(struct referral *r, const struct referral_event *e, time_us utc_us)
{
    if (e->type == REFERRAL_PROPOSE) {
        r->direction = e->direction;
        r->proposed_utc_us = utc_us;
    }
    if (e->type == REFERRAL_ARRIVE)
        r->arrived_utc_us = utc_us;
    if (e->type == REFERRAL_CLOSE)
        r->closed_utc_us = utc_us;
    r->unanswered = e->type == REFERRAL_TIMEOUT && referral_is_over(r->state);
}

int referral_step(struct referral *r, const struct referral_event *e,
                  const struct referral_times *times, time_us utc_us, struct referral_told *out)
{
    *out = (struct referral_told){0};
    if ((unsigned)e->type >= REFERRAL_EVENT_COUNT ||
        (e->type == REFERRAL_PROPOSE && (unsigned)e->direction >= REFERRAL_DIRECTION_COUNT))
        return SQ_ERR_INVALID;
    const struct transition *t = find(r->state, e->type);
    if (!t || (e->type == REFERRAL_TIMEOUT && r->deadline_utc_us > utc_us))
        return SQ_ERR_STATE;
    time_us before = r->deadline_utc_us;
    out->state = r->state != t->to;
    out->remind = !out->state;
    r->state = t->to;
    note_times(r, e, utc_us);
    r->deadline_utc_us = deadline_of(r, times, utc_us);
    out->armed = r->deadline_utc_us != before;
    return 0;
}

/* ---- names ---- */

static const char *const state_names[REFERRAL_STATE_COUNT] = {
    [REFERRAL_NONE] = "none",
    [REFERRAL_PROPOSED] = "proposed",
    [REFERRAL_ACCEPTED] = "accepted",
    [REFERRAL_REFUSED] = "refused",
    [REFERRAL_WITHDRAWN] = "withdrawn",
    [REFERRAL_ARRIVED] = "arrived",
    [REFERRAL_NOT_ARRIVED] = "not_arrived",
    [REFERRAL_DISCHARGED] = "discharged",
    [REFERRAL_CLOSED] = "closed",
};

static const char *const event_names[REFERRAL_EVENT_COUNT] = {
    [REFERRAL_PROPOSE] = "propose", [REFERRAL_ACCEPT] = "accept",
    [REFERRAL_REFUSE] = "refuse",   [REFERRAL_WITHDRAW] = "withdraw",
    [REFERRAL_ARRIVE] = "arrive",   [REFERRAL_DISCHARGE] = "discharge",
    [REFERRAL_CLOSE] = "close",     [REFERRAL_TIMEOUT] = "timeout",
};

static const char *const direction_names[REFERRAL_DIRECTION_COUNT] = {
    [REFERRAL_UP] = "up", [REFERRAL_DOWN] = "down"};

const char *referral_state_name(enum referral_state state)
{
    CHECK((unsigned)state < REFERRAL_STATE_COUNT);
    return state_names[state];
}

enum referral_state referral_state_parse(const char *name)
{
    unsigned i = 0;
    while (i < REFERRAL_STATE_COUNT && (!name || strcmp(state_names[i], name) != 0))
        i++;
    return (enum referral_state)i;
}

const char *referral_event_name(enum referral_event_type type)
{
    CHECK((unsigned)type < REFERRAL_EVENT_COUNT);
    return event_names[type];
}

const char *referral_direction_name(enum referral_direction direction)
{
    CHECK((unsigned)direction < REFERRAL_DIRECTION_COUNT);
    return direction_names[direction];
}

enum referral_direction referral_direction_parse(const char *name)
{
    unsigned i = 0;
    while (i < REFERRAL_DIRECTION_COUNT && (!name || strcmp(direction_names[i], name) != 0))
        i++;
    return (enum referral_direction)i;
}
