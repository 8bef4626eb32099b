/* SPDX-License-Identifier: Apache-2.0 */
/* A hundred thousand random lives: whatever comes in whatever order, the invariants hold after each
 * step, and every row of the table is lived through. A failing seed prints itself and its last
 * events. */
#include "histories.h"
#include "shanqiao/error.h"
#include <criterion/criterion.h>
#include <stdio.h>

#define HISTORIES  100000
#define EVENTS_MAX 70

/* [kind][from][event][to]: how often it happened. */
static unsigned lived[CONSULT_KIND_COUNT][CONSULT_STATE_COUNT][CONSULT_EVENT_COUNT]
                     [CONSULT_STATE_COUNT];

struct trail {
    char text[EVENTS_MAX][96];
    int count;
};

static void note(struct trail *t, const struct consult *before, const struct consult_event *e,
                 int status, const struct consult *after)
{
    snprintf(t->text[t->count++], sizeof(t->text[0]), "%s: %s(%d) = %d -> %s",
             consult_state_name(before->state), consult_event_name(e->type), e->member, status,
             consult_state_name(after->state));
}

static const char *one_history(uint64_t seed, struct trail *t)
{
    struct history h = history_of(seed);
    for (int i = 0; i < EVENTS_MAX; i++) {
        struct consult before = h.c;
        struct consult_commands out;
        struct consult_event e = history_event(&h);
        int status = consult_step(&h.c, &e, &history_times, h.utc_us, &out);
        if (t)
            note(t, &before, &e, status, &h.c);
        if (status == 0)
            lived[h.c.kind][before.state][e.type][h.c.state]++;
        const char *wrong =
            history_broken(&before, &e, status, &h.c, &out, &history_times, h.utc_us);
        if (wrong)
            return wrong;
        if (h.c.state == CONSULT_CANCELLED && prng_chance(&h.random, 0.3))
            break;
    }
    return NULL;
}

static void explain(uint64_t seed, const char *wrong)
{
    static struct trail t;
    one_history(seed, &t);
    for (int i = 0; i < t.count; i++)
        fprintf(stderr, "%s\n", t.text[i]);
    cr_assert_fail("seed %llu, %s: %s", (unsigned long long)seed,
                   consult_kind_name(history_of(seed).c.kind), wrong);
}

Test(consult_histories, invariants_hold)
{
    size_t rows = 0, unlived = 0;
    for (uint64_t seed = 1; seed <= HISTORIES; seed++) {
        const char *wrong = one_history(seed, NULL);
        if (wrong)
            explain(seed, wrong);
    }
    for (int kind = 0; kind < CONSULT_KIND_COUNT; kind++)
        for (int from = 0; from < CONSULT_STATE_COUNT; from++)
            for (int type = 0; type < CONSULT_EVENT_COUNT; type++)
                for (int to = 0; to < CONSULT_STATE_COUNT; to++) {
                    if (!consult_transition_allowed(
                            (enum consult_kind)kind, (enum consult_state)from,
                            (enum consult_event_type)type, (enum consult_state)to))
                        continue;
                    rows++;
                    if (lived[kind][from][type][to])
                        continue;
                    unlived++;
                    cr_expect_fail("%s: nobody lived %s -%s-> %s",
                                   consult_kind_name((enum consult_kind)kind),
                                   consult_state_name((enum consult_state)from),
                                   consult_event_name((enum consult_event_type)type),
                                   consult_state_name((enum consult_state)to));
                }
    cr_log_info("%zu transitions of all kinds, %zu not lived", rows, unlived);
}
