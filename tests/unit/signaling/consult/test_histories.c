/* SPDX-License-Identifier: Apache-2.0 */
/* Ten thousand random histories: whatever comes in whatever order, the invariants hold after each
 * step. A failing seed prints itself. */
#include "../../../support/prng.h"
#include "shanqiao/error.h"
#include "signaling/consult/step.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define HISTORIES  10000
#define EVENTS_MAX 60

static const struct consult_times times = {.ring_us = 90 * TIME_US_PER_S,
                                           .start_us = 600 * TIME_US_PER_S,
                                           .abandoned_us = 7200 * TIME_US_PER_S};

/* What has been seen of one history besides the consultation itself. */
struct seen {
    int accepted;    /* accepts that succeeded */
    int signatures;  /* signs that succeeded */
    int live;        /* CONSULT_DO_ROOM_LIVE commands */
    bool closed;     /* the room was closed */
    bool call_ended; /* end, cancel, expiry, refusal of all */
};

static bool may_ring(enum consult_state s)
{
    return s == CONSULT_ROUTED;
}

static bool room_states(enum consult_state s)
{
    return s == CONSULT_ROUTED || s == CONSULT_ACCEPTED || s == CONSULT_IN_PROGRESS ||
           s == CONSULT_INTERRUPTED;
}

static const char *broken(const struct consult *c, const struct consult_commands *out,
                          struct seen *seen)
{
    int won = 0, ringing = 0;
    for (int i = 0; i < c->rung_count; i++) {
        won += c->rings[i] == CONSULT_RING_WON;
        ringing += c->rings[i] == CONSULT_RING_ON;
    }
    for (size_t i = 0; i < out->count; i++) {
        seen->live += out->items[i].type == CONSULT_DO_ROOM_LIVE;
        if (out->items[i].type == CONSULT_DO_RING && seen->call_ended)
            return "rings after the end";
        if (out->items[i].type == CONSULT_DO_ROOM_OPEN && seen->closed)
            return "the room opens twice";
        if (out->items[i].type == CONSULT_DO_ROOM_CLOSE) {
            if (seen->closed)
                return "the room closes twice";
            seen->closed = true;
        }
    }
    if (won > 1 || seen->accepted > 1)
        return "two specialists accepted";
    if ((won == 1) != (c->specialist != CONSULT_NOBODY) || won != seen->accepted)
        return "the accepted specialist is not the one who won";
    if (c->room_live && seen->accepted == 0)
        return "live media before accept";
    if (seen->live > 1)
        return "live twice";
    if (ringing && !may_ring(c->state))
        return "somebody is rung outside of routed";
    if (c->room_open != room_states(c->state))
        return "the room is open when it must not be, or not when it must";
    if (c->state == CONSULT_IN_PROGRESS &&
        (c->presence[0] != CONSULT_PRESENT || c->presence[1] != CONSULT_PRESENT))
        return "in progress with somebody missing";
    if (!c->room_open && (c->presence[0] != CONSULT_AWAY || c->presence[1] != CONSULT_AWAY))
        return "present in a closed room";
    if (seen->signatures > 1)
        return "signed twice";
    if (consult_is_over(c->state) && c->deadline_utc_us != TIME_US_NEVER)
        return "a deadline after the end";
    if ((c->state == CONSULT_ROUTED || c->state == CONSULT_ACCEPTED ||
         c->state == CONSULT_INTERRUPTED) &&
        c->deadline_utc_us == TIME_US_NEVER)
        return "could wait for ever";
    return NULL;
}

static struct consult_event random_event(struct prng *r)
{
    struct consult_event e = {.type = (enum consult_event_type)prng_below(r, CONSULT_EVENT_COUNT),
                              .party = (enum consult_party)prng_below(r, CONSULT_PARTIES),
                              .member = (int)prng_below(r, 5) - 1,
                              .rung_count = (int)prng_below(r, 4)};
    if (prng_chance(r, 0.05))
        e.member = (int)prng_u32(r);
    if (prng_chance(r, 0.05))
        e.rung_count = (int)prng_u32(r);
    return e;
}

static bool signed_state(enum consult_state s)
{
    return s == CONSULT_OPINION_SIGNED || s == CONSULT_DELIVERED || s == CONSULT_ACKNOWLEDGED ||
           s == CONSULT_ARCHIVED;
}

static bool ended(enum consult_state s)
{
    return s == CONSULT_OPINION_DRAFTED || signed_state(s) || s == CONSULT_CANCELLED ||
           s == CONSULT_EXPIRED || s == CONSULT_REFUSED || s == CONSULT_NO_SHOW;
}

static const char *one_history(uint64_t seed, unsigned reached[CONSULT_STATE_COUNT])
{
    struct prng r = prng_of(seed);
    struct seen seen = {0};
    struct consult c;
    time_us utc_us = 1000 * TIME_US_PER_S;
    consult_init(&c);
    for (int i = 0; i < EVENTS_MAX; i++) {
        struct consult before = c;
        struct consult_commands out;
        struct consult_event e = random_event(&r);
        utc_us += prng_between(&r, 0, 60 * TIME_US_PER_S);
        if (prng_chance(&r, 0.5) && c.deadline_utc_us != TIME_US_NEVER && e.type == CONSULT_TIMEOUT)
            utc_us = c.deadline_utc_us > utc_us ? c.deadline_utc_us : utc_us;
        int status = consult_step(&c, &e, &times, utc_us, &out);
        if (status < 0 && memcmp(&before, &c, sizeof(c)) != 0)
            return "a refused event changed something";
        seen.accepted += status == 0 && e.type == CONSULT_ACCEPT;
        seen.signatures += status == 0 && e.type == CONSULT_SIGN;
        if (signed_state(before.state) && status == 0 && e.type == CONSULT_SAVE)
            return "a draft was saved after the signature";
        if (signed_state(before.state) && !signed_state(c.state))
            return "a signature was undone";
        const char *wrong = broken(&c, &out, &seen);
        if (wrong)
            return wrong;
        seen.call_ended = seen.call_ended || ended(c.state);
        reached[c.state]++;
    }
    return NULL;
}

Test(consult_histories, invariants_hold)
{
    static const enum consult_state must[] = {
        CONSULT_ROUTED,         CONSULT_ACCEPTED,        CONSULT_REFUSED,   CONSULT_IN_PROGRESS,
        CONSULT_INTERRUPTED,    CONSULT_OPINION_DRAFTED, CONSULT_CANCELLED, CONSULT_EXPIRED,
        CONSULT_OPINION_SIGNED, CONSULT_DELIVERED,       CONSULT_NO_SHOW};
    unsigned reached[CONSULT_STATE_COUNT] = {0};
    for (uint64_t seed = 1; seed <= HISTORIES; seed++) {
        const char *wrong = one_history(seed, reached);
        cr_assert_null(wrong, "seed %llu: %s", (unsigned long long)seed, wrong);
    }
    for (size_t i = 0; i < sizeof(must) / sizeof(must[0]); i++)
        cr_expect_gt(reached[must[i]], 0, "no history came to %s: the test is too weak",
                     consult_state_name(must[i]));
}
