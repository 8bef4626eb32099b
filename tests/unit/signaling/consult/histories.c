/* SPDX-License-Identifier: Apache-2.0 */
/* Random events. */
#include "histories.h"
#include "shanqiao/error.h"
#include <string.h>

#define MIN_US  (60 * TIME_US_PER_S)
#define HOUR_US (60 * MIN_US)

const struct consult_times history_times = {
    .ring_us = MIN_US / 2,
    .wave_us = MIN_US,
    .invite_us = 48 * HOUR_US,
    .start_us = 10 * MIN_US,
    .early_us = 15 * MIN_US,
    .abandoned_us = 30 * MIN_US,
    .approval_us = 24 * HOUR_US,
    .triage_us = 25 * HOUR_US,
    .schedule_us = 47 * HOUR_US,
    .material_us = 49 * HOUR_US,
    .reading_us = {0, 23 * HOUR_US, MIN_US * 30, MIN_US * 10},
    .claim_us = 20 * MIN_US,
    .critical_us = 2 * MIN_US,
    .backfill_us = 22 * HOUR_US,
    .opinion_us = 21 * HOUR_US,
    .acknowledge_us = 20 * HOUR_US,
    .follow_up_us = 72 * HOUR_US,
    .outcome_us = 30 * HOUR_US,
    .outcome_over_us = 100 * HOUR_US,
};

struct history history_of(uint64_t seed)
{
    static const enum consult_kind kinds[8] = {
        CONSULT_LIVE,    CONSULT_EMERGENCY, CONSULT_GUIDANCE, CONSULT_READING,
        CONSULT_READING, CONSULT_MDT,       CONSULT_MDT,      CONSULT_JOINT_CLINIC};
    struct history h = {.random = prng_of(seed), .utc_us = 1000 * HOUR_US};
    consult_init(&h.c, kinds[prng_below(&h.random, 8)]);
    h.c.urgency = (enum consult_urgency)(1 + prng_below(&h.random, CONSULT_URGENCY_COUNT - 1));
    h.c.needs =
        prng_u32(&h.random) & (CONSULT_NEEDS_LATER | CONSULT_NEEDS_TRIAGE | CONSULT_NEEDS_SCHEDULE);
    if (h.c.kind == CONSULT_READING && prng_chance(&h.random, 0.3))
        h.c.needs |= CONSULT_NEEDS_MATERIAL;
    if (prng_chance(&h.random, 0.9))
        h.c.consent = CONSULT_CONSENT_SHARE;
    h.lazy = prng_chance(&h.random, 0.2);
    h.dramatic = prng_chance(&h.random, 0.2);
    return h;
}

/* ---- events ---- */

static uint64_t with_ring(const struct consult *c, enum consult_ring ring)
{
    uint64_t set = 0;
    for (int i = 0; i < c->member_count; i++)
        if (c->members[i].ring == ring)
            set |= consult_bit(i);
    return set;
}

static uint64_t present(const struct consult *c)
{
    uint64_t set = 0;
    for (int i = 0; i < c->member_count; i++)
        if (c->members[i].presence == CONSULT_PRESENT)
            set |= consult_bit(i);
    return set;
}

static int one_of(struct history *h, uint64_t members)
{
    int skip = members ? (int)prng_below(&h->random, (uint32_t)__builtin_popcountll(members)) : 0;
    for (; skip > 0; skip--)
        members &= members - 1;
    return members ? __builtin_ctzll(members) : CONSULT_NOBODY;
}

/* Mostly somebody who has a part in such an event. */
static int some_person(struct history *h, enum consult_event_type type)
{
    if (prng_chance(&h->random, 0.02))
        return (int)prng_u32(&h->random);
    if (prng_chance(&h->random, 0.1))
        return (int)prng_below(&h->random, (uint32_t)h->c.member_count + 2) - 1;
    switch (type) {
    case CONSULT_ACCEPT:
    case CONSULT_CLAIM:
        return one_of(h, consult_ringing(&h->c));
    case CONSULT_GONE:
        return one_of(h, consult_ringing(&h->c) | with_ring(&h->c, CONSULT_RING_WAITING));
    case CONSULT_REFUSE:
        return one_of(h, consult_ringing(&h->c) | consult_accepted(&h->c));
    case CONSULT_SAVE:
    case CONSULT_SIGN:
    case CONSULT_EXCUSE:
    case CONSULT_SUPERSEDE:
        return one_of(h, consult_accepted(&h->c));
    case CONSULT_ADD:
        if (h->c.kind == CONSULT_MDT && present(&h->c) && prng_chance(&h->random, 0.5))
            return one_of(h, present(&h->c));
        if (h->c.kind == CONSULT_MDT && prng_chance(&h->random, 0.7))
            return one_of(h, consult_accepted(&h->c));
        return (int)prng_below(&h->random, (uint32_t)h->c.member_count + 1);
    case CONSULT_REMOVE:
        if (prng_chance(&h->random, 0.4))
            return h->c.specialist == CONSULT_NOBODY ? one_of(h, consult_ringing(&h->c))
                                                     : h->c.specialist;
        return (int)prng_below(&h->random, (uint32_t)h->c.member_count + 1) - 1;
    default:
        if (prng_chance(&h->random, 0.45))
            return CONSULT_APPLICANT;
        return prng_chance(&h->random, h->c.kind == CONSULT_MDT ? 0.3 : 0.8)
                   ? h->c.specialist
                   : one_of(h, consult_accepted(&h->c) | with_ring(&h->c, CONSULT_RING_NONE));
    }
}

static struct consult_route some_route(struct history *h)
{
    struct consult_route r = {.strategy = (enum consult_strategy)prng_below(&h->random, 3),
                              .added = (int)prng_below(&h->random, 4),
                              .chair = CONSULT_NOBODY};
    if (prng_chance(&h->random, 0.4))
        r.added = 0;
    if (prng_chance(&h->random, 0.01))
        r.added = (int)prng_u32(&h->random);
    for (int i = 0; i < h->c.member_count; i++)
        if (h->c.members[i].ring == CONSULT_RING_STOPPED && prng_chance(&h->random, 0.3))
            r.again |= consult_bit(i);
    if (prng_chance(&h->random, 0.02))
        r.again = prng_u64(&h->random);
    int people = h->c.member_count + (r.added > 0 && r.added < 9 ? r.added : 0);
    if (people > 0 && prng_chance(&h->random, 0.7))
        r.chair = (int)prng_below(&h->random, (uint32_t)people);
    return r;
}

static struct consult_slot some_slot(struct history *h)
{
    time_us start = h->utc_us + prng_between(&h->random, -MIN_US, 30 * HOUR_US);
    return (struct consult_slot){start, start + prng_between(&h->random, -MIN_US, HOUR_US)};
}

static enum consult_deadline some_deadline(struct history *h)
{
    enum consult_deadline d = (enum consult_deadline)prng_below(&h->random, CONSULT_DEADLINE_COUNT);
    if (prng_chance(&h->random, 0.02))
        return (enum consult_deadline)prng_u32(&h->random);
    for (int i = 0; i < CONSULT_DEADLINE_COUNT && h->c.deadlines[d] == TIME_US_NEVER; i++)
        d = (enum consult_deadline)((d + 1) % CONSULT_DEADLINE_COUNT);
    if (prng_chance(&h->random, 0.9) && h->c.deadlines[d] != TIME_US_NEVER &&
        h->c.deadlines[d] > h->utc_us)
        h->utc_us = h->c.deadlines[d];
    return d;
}

static uint32_t some_bits(struct history *h, uint32_t all)
{
    return prng_chance(&h->random, 0.02) ? prng_u32(&h->random) : prng_u32(&h->random) & all;
}

struct consult_event history_fill(struct history *h, enum consult_event_type type)
{
    struct consult_event e = {.type = type, .member = some_person(h, type)};
    e.ready = prng_chance(&h->random, 0.8);
    e.role = (enum consult_role)prng_below(&h->random, 4);
    if (h->c.kind == CONSULT_MDT && prng_chance(&h->random, 0.6))
        e.role = CONSULT_CHAIR;
    e.urgency = (enum consult_urgency)prng_below(&h->random, CONSULT_URGENCY_COUNT + 1);
    e.needs = some_bits(h, type == CONSULT_APPROVE ? CONSULT_NEEDS_APPROVAL : CONSULT_NEEDS_LATER);
    bool moves = type == CONSULT_TRIAGE || type == CONSULT_REROUTE || type == CONSULT_ROUTE;
    if (moves && prng_chance(&h->random, 0.9))
        e.needs = 0;
    e.consent = some_bits(h, CONSULT_CONSENT_ALL);
    if (type == CONSULT_CONSENT_WITHDRAWN && prng_chance(&h->random, 0.4))
        e.consent &= ~(uint32_t)CONSULT_CONSENT_SHARE;
    e.follow_up_days = prng_chance(&h->random, 0.5) ? 0 : (int)prng_below(&h->random, 60) - 1;
    e.slot = some_slot(h);
    e.route = some_route(h);
    e.deadline = type == CONSULT_TIMEOUT ? some_deadline(h) : CONSULT_DUE_STATE;
    bool to_slot = h->c.slot.start_utc_us > h->utc_us && prng_chance(&h->random, 0.5);
    if (type == CONSULT_ENTER && to_slot)
        h->utc_us = h->c.slot.start_utc_us;
    time_us in_vain = h->c.at.signed_utc_us + 60 * 24 * HOUR_US + history_times.outcome_over_us;
    if (type == CONSULT_ARCHIVE && h->utc_us < in_vain && prng_chance(&h->random, 0.5))
        h->utc_us = in_vain;
    return e;
}

/* These end a life early: they come, but seldom. */
static bool is_rare(enum consult_event_type type)
{
    return type == CONSULT_CANCEL || type == CONSULT_CONSENT_WITHDRAWN || type == CONSULT_REMOVE ||
           type == CONSULT_REROUTE || type == CONSULT_RETURN || type == CONSULT_CONSENT;
}

/* The table as a matrix: asked far more often here than in the product. */
static bool hears(const struct consult *c, enum consult_event_type type)
{
    static bool matrix[CONSULT_KIND_COUNT][CONSULT_STATE_COUNT][CONSULT_EVENT_COUNT], made;
    for (int k = 0; !made && k < CONSULT_KIND_COUNT; k++)
        for (int s = 0; s < CONSULT_STATE_COUNT; s++)
            for (int e = 0; e < CONSULT_EVENT_COUNT; e++)
                matrix[k][s][e] = consult_event_heard((enum consult_kind)k, (enum consult_state)s,
                                                      (enum consult_event_type)e);
    made = true;
    return matrix[c->kind][c->state][type];
}

/* What brings a life on in each state; the rest is chance. */
static const enum consult_event_type onwards[CONSULT_STATE_COUNT][4] = {
    [CONSULT_DRAFT] = {CONSULT_SUBMIT, CONSULT_SUBMIT, CONSULT_SUBMIT, CONSULT_SUBMIT},
    [CONSULT_SUBMITTED] = {CONSULT_APPROVE, CONSULT_APPROVE, CONSULT_APPROVE, CONSULT_ROUTE},
    [CONSULT_RETURNED] = {CONSULT_SUBMIT, CONSULT_SUBMIT, CONSULT_SUBMIT, CONSULT_EDIT},
    [CONSULT_APPROVED] = {CONSULT_TRIAGE, CONSULT_TRIAGE, CONSULT_TRIAGE, CONSULT_ADD},
    [CONSULT_TRIAGED] = {CONSULT_ROUTE, CONSULT_ROUTE, CONSULT_ROUTE, CONSULT_ADD},
    [CONSULT_ROUTED] = {CONSULT_ACCEPT, CONSULT_ACCEPT, CONSULT_CLAIM, CONSULT_TIMEOUT},
    [CONSULT_ACCEPTED] = {CONSULT_SCHEDULE, CONSULT_ENTER, CONSULT_ENTER, CONSULT_READY_CHECK},
    [CONSULT_REFUSED] = {CONSULT_REOPEN, CONSULT_REOPEN, CONSULT_REOPEN, CONSULT_REOPEN},
    [CONSULT_SCHEDULED] = {CONSULT_ENTER, CONSULT_ENTER, CONSULT_READY_CHECK, CONSULT_ACCEPT},
    [CONSULT_READY] = {CONSULT_ENTER, CONSULT_READY_CHECK, CONSULT_ADD, CONSULT_ACCEPT},
    [CONSULT_IN_PROGRESS] = {CONSULT_END, CONSULT_ADD, CONSULT_DROP, CONSULT_ENTER},
    [CONSULT_INTERRUPTED] = {CONSULT_ENTER, CONSULT_ENTER, CONSULT_ADD, CONSULT_END},
    [CONSULT_OPINION_DRAFTED] = {CONSULT_SIGN, CONSULT_EXCUSE, CONSULT_CONCLUDE, CONSULT_SIGN},
    [CONSULT_OPINION_SIGNED] = {CONSULT_DELIVER, CONSULT_DELIVER, CONSULT_DELIVER, CONSULT_REMOVE},
    [CONSULT_DELIVERED] = {CONSULT_ACKNOWLEDGE, CONSULT_ACKNOWLEDGE, CONSULT_ACKNOWLEDGE,
                           CONSULT_REMOVE},
    [CONSULT_ACKNOWLEDGED] = {CONSULT_OUTCOME, CONSULT_TIMEOUT, CONSULT_TIMEOUT, CONSULT_REMOVE},
    [CONSULT_FOLLOW_UP_DUE] = {CONSULT_OUTCOME, CONSULT_ARCHIVE, CONSULT_TIMEOUT, CONSULT_REMOVE},
    [CONSULT_OUTCOME_RECORDED] = {CONSULT_ARCHIVE, CONSULT_ARCHIVE, CONSULT_BACKFILL,
                                  CONSULT_CRITICAL_ACK},
    [CONSULT_ARCHIVED] = {CONSULT_SUPERSEDE, CONSULT_SUPERSEDE, CONSULT_CONSENT_WITHDRAWN,
                          CONSULT_CONSENT},
    [CONSULT_CANCELLED] = {CONSULT_BACKFILL, CONSULT_CRITICAL_ACK, CONSULT_TIMEOUT,
                           CONSULT_CONSENT_WITHDRAWN},
    [CONSULT_EXPIRED] = {CONSULT_REOPEN, CONSULT_REOPEN, CONSULT_REOPEN, CONSULT_REOPEN},
    [CONSULT_NO_SHOW] = {CONSULT_REOPEN, CONSULT_REOPEN, CONSULT_REOPEN, CONSULT_REOPEN},
};

/* What meets a side matter that is open, at an unhandy moment. */
static enum consult_event_type beside(struct history *h)
{
    static const enum consult_event_type types[] = {CONSULT_TIMEOUT, CONSULT_REOPEN, CONSULT_RETURN,
                                                    CONSULT_BACKFILL, CONSULT_CRITICAL_ACK};
    bool unseen = h->c.kind == CONSULT_READING && h->c.critical == CONSULT_CRITICAL_NONE;
    return unseen ? CONSULT_CRITICAL : types[prng_below(&h->random, 5)];
}

static enum consult_event_type some_type(struct history *h)
{
    enum consult_event_type type = beside(h);
    if (prng_chance(&h->random, 0.1) && hears(&h->c, type))
        return type;
    if (consult_waits_for_material(&h->c) && prng_chance(&h->random, 0.4))
        return CONSULT_MATERIAL;
    if (h->c.kind == CONSULT_MDT && present(&h->c) && prng_chance(&h->random, 0.05))
        return CONSULT_ADD; /* the chair changes hands among those who are there */
    type = onwards[h->c.state][prng_below(&h->random, 4)];
    if (prng_chance(&h->random, h->dramatic ? 0.4 : 0.6) && hears(&h->c, type))
        return type;
    for (int tries = 0; tries < 40; tries++) {
        type = (enum consult_event_type)prng_below(&h->random, CONSULT_EVENT_COUNT);
        if (is_rare(type) && !h->dramatic && prng_chance(&h->random, 0.75))
            continue;
        if (type == CONSULT_CRITICAL_ACK && prng_chance(&h->random, 0.7))
            continue;
        if (hears(&h->c, type) || prng_chance(&h->random, 0.03))
            break;
    }
    return type;
}

struct consult_event history_event(struct history *h)
{
    h->utc_us += prng_between(&h->random, 0, prng_chance(&h->random, 0.1) ? HOUR_US : MIN_US);
    enum consult_event_type next = consult_next(&h->c);
    if (next == CONSULT_EVENT_COUNT || h->lazy)
        return history_fill(h, some_type(h));
    struct consult_event e = history_fill(h, next);
    e.needs = next == CONSULT_ROUTE ? e.needs : 0;
    e.ready = false;
    return e;
}
