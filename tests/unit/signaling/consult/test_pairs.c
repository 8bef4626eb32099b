/* SPDX-License-Identifier: Apache-2.0 */
/* Every (kind, state, event): what the table has is heard by some consultation in that state, all
 * else is refused with SQ_ERR_STATE and changes not one byte. */
#include "histories.h"
#include "shanqiao/error.h"
#include <criterion/criterion.h>
#include <string.h>

#define HISTORIES        40000 /* enough to bring samples of each state of each kind */
#define EVENTS_MAX       60
#define SORTS            32 /* of samples: by what runs beside the state */
#define SAMPLES          (SORTS * 2)
#define VARIANTS         24 /* of the fields of an event, per sample */
#define VARIANTS_REFUSED 4

struct sample {
    struct consult c;
    time_us utc_us;
};

static struct sample samples[CONSULT_KIND_COUNT][CONSULT_STATE_COUNT][SAMPLES];
static bool sampled[CONSULT_KIND_COUNT][CONSULT_STATE_COUNT][SAMPLES];

static unsigned sort_of(const struct consult *c)
{
    bool beside = c->critical == CONSULT_CRITICAL_RAISED || c->backfill.left;
    bool sought = c->state == CONSULT_APPROVED || c->state == CONSULT_TRIAGED;
    bool asked =
        (sought && c->member_count > 0) || (c->state != CONSULT_ROUTED && consult_ringing(c));
    return (unsigned)beside | (unsigned)c->room.open << 1 |
           (unsigned)(c->follow_up_days > 0 || c->approvals || c->plan.exhausted) << 2 |
           (c->consent & CONSULT_CONSENT_TEACHING ? 8u : 0u) | (asked ? 16u : 0u);
}

static void keep(struct history *h)
{
    unsigned place = sort_of(&h->c) * 2 + prng_below(&h->random, 2);
    samples[h->c.kind][h->c.state][place] = (struct sample){h->c, h->utc_us};
    sampled[h->c.kind][h->c.state][place] = true;
}

static void collect(void)
{
    for (uint64_t seed = 1; seed <= HISTORIES; seed++) {
        struct history h = history_of(seed ^ UINT64_C(0x70616972));
        for (int i = 0; i < EVENTS_MAX; i++) {
            struct consult_commands out;
            struct consult_event e = history_event(&h);
            if (consult_step(&h.c, &e, &history_times, h.utc_us, &out) == 0)
                keep(&h);
        }
    }
}

/* A kind that can't come to the state: made by hand. */
static struct sample by_hand(enum consult_kind kind, enum consult_state state)
{
    struct sample s = {.utc_us = 1};
    consult_init(&s.c, kind);
    s.c.state = state;
    s.c.member_count = 2;
    s.c.members[0].ring = CONSULT_RING_ON;
    return s;
}

struct tally {
    int pairs, heard, refused;
};

static void try_pair(const struct sample *sample, enum consult_event_type type, bool in_table,
                     uint64_t seed, bool *heard)
{
    struct history h = {.random = prng_of(seed), .utc_us = sample->utc_us, .c = sample->c};
    struct consult_event e = history_fill(&h, type);
    struct consult_commands out;
    int status = consult_step(&h.c, &e, &history_times, h.utc_us, &out);
    const char *wrong =
        history_broken(&sample->c, &e, status, &h.c, &out, &history_times, h.utc_us);
    const char *kind = consult_kind_name(sample->c.kind);
    const char *state = consult_state_name(sample->c.state);
    const char *event = consult_event_name(type);
    bool late = status == SQ_ERR_CONFLICT; /* somebody else accepted before */
    if (in_table)
        cr_expect_null(wrong, "%s %s %s: %s", kind, state, event, wrong);
    else
        cr_expect(status == SQ_ERR_STATE ||
                      (late && (type == CONSULT_ACCEPT || type == CONSULT_CLAIM)),
                  "%s %s hears %s (%d), the table does not say so", kind, state, event, status);
    if (status < 0)
        cr_expect(memcmp(&h.c, &sample->c, sizeof(h.c)) == 0 && out.count == 0,
                  "%s %s changed by refused %s", kind, state, event);
    *heard = *heard || status == 0;
}

static void try_sample(const struct sample *sample, enum consult_event_type type, bool in_table,
                       uint64_t seed, bool *heard)
{
    uint64_t variants = in_table ? VARIANTS : VARIANTS_REFUSED;
    for (uint64_t v = 0; v < variants; v++)
        try_pair(sample, type, in_table, v * 1000003 + seed, heard);
}

static void try_triple(enum consult_kind kind, enum consult_state state,
                       enum consult_event_type type, struct tally *t)
{
    bool in_table = consult_event_heard(kind, state, type), heard = false;
    bool any = false;
    struct sample made = by_hand(kind, state);
    for (int i = 0; i < SAMPLES; i++) {
        if (!sampled[kind][state][i])
            continue;
        try_sample(&samples[kind][state][i], type, in_table, (uint64_t)i, &heard);
        any = true;
    }
    if (!any)
        try_sample(&made, type, in_table, 0, &heard);
    cr_expect_eq(in_table, heard, "%s never hears %s when %s", consult_kind_name(kind),
                 consult_event_name(type), consult_state_name(state));
    t->pairs++;
    *(in_table ? &t->heard : &t->refused) += 1;
}

Test(consult_pairs, every_kind_state_and_event)
{
    struct tally t = {0};
    collect();
    for (int kind = 0; kind < CONSULT_KIND_COUNT; kind++)
        for (int state = 0; state < CONSULT_STATE_COUNT; state++)
            for (int type = 0; type < CONSULT_EVENT_COUNT; type++)
                try_triple((enum consult_kind)kind, (enum consult_state)state,
                           (enum consult_event_type)type, &t);
    cr_expect_eq(t.pairs, 6 * 22 * 39);
    cr_expect_eq(t.heard + t.refused, t.pairs);
    cr_log_info("%d triples of kind, state and event: %d heard, %d refused without a trace",
                t.pairs, t.heard, t.refused);
}

Test(consult_pairs, an_unknown_event_is_invalid)
{
    struct consult c;
    struct consult_commands out;
    struct consult_event e = {.type = CONSULT_EVENT_COUNT};
    consult_init(&c, CONSULT_LIVE);
    cr_expect_eq(consult_step(&c, &e, &history_times, 1, &out), SQ_ERR_INVALID);
}
