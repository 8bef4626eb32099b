/* SPDX-License-Identifier: Apache-2.0 */
/* consult_step against every (state, event) pair, and the rules one by one. */
#include "shanqiao/error.h"
#include "signaling/consult/step.h"
#include <criterion/criterion.h>
#include <string.h>

#define MIN_US (60 * TIME_US_PER_S)
#define NOW_US (1000 * MIN_US)

static const struct consult_times times = {
    .ring_us = MIN_US, .start_us = 10 * MIN_US, .abandoned_us = 60 * MIN_US};

/* A consultation in any state, with three rung members of whom number 1 accepted where somebody
 * did. */
static struct consult consult_in(enum consult_state state)
{
    struct consult c;
    consult_init(&c);
    c.state = state;
    if (state == CONSULT_DRAFT || state == CONSULT_SUBMITTED)
        return c;
    c.rung_count = 3;
    c.room_open = state == CONSULT_ROUTED || state == CONSULT_ACCEPTED ||
                  state == CONSULT_IN_PROGRESS || state == CONSULT_INTERRUPTED;
    if (state == CONSULT_ROUTED) {
        c.deadline_utc_us = NOW_US;
        return c;
    }
    c.room_live = c.room_open;
    c.specialist = 1;
    c.rings[0] = c.rings[2] = CONSULT_RING_STOPPED;
    c.rings[1] = CONSULT_RING_WON;
    if (state == CONSULT_ACCEPTED || state == CONSULT_INTERRUPTED)
        c.deadline_utc_us = NOW_US;
    if (state == CONSULT_IN_PROGRESS)
        c.presence[0] = c.presence[1] = CONSULT_PRESENT;
    if (state == CONSULT_INTERRUPTED)
        c.presence[0] = CONSULT_PRESENT;
    return c;
}

static bool any_transition(enum consult_state from, enum consult_event_type event)
{
    for (int to = 0; to < CONSULT_STATE_COUNT; to++)
        if (consult_transition_allowed(from, event, (enum consult_state)to))
            return true;
    return false;
}

Test(consult_step, every_state_and_event)
{
    int pairs = 0, heard = 0;
    for (int state = 0; state < CONSULT_STATE_COUNT; state++) {
        for (int type = 0; type < CONSULT_EVENT_COUNT; type++) {
            for (int variant = 0; variant < 4; variant++) {
                struct consult before = consult_in((enum consult_state)state), c = before;
                struct consult_commands out;
                struct consult_event e = {.type = (enum consult_event_type)type,
                                          .party = (enum consult_party)(variant & 1),
                                          .member = variant,
                                          .rung_count = variant};
                int status = consult_step(&c, &e, &times, NOW_US, &out);
                bool allowed = any_transition((enum consult_state)state, e.type);
                pairs++;
                if (status < 0) {
                    cr_expect_eq(memcmp(&c, &before, sizeof(c)), 0, "%s changed by refused %s",
                                 consult_state_name((enum consult_state)state),
                                 consult_event_name(e.type));
                    cr_expect_eq(out.count, 0);
                    continue;
                }
                heard++;
                cr_expect(allowed, "%s hears %s, the table does not say so",
                          consult_state_name((enum consult_state)state),
                          consult_event_name(e.type));
                cr_expect(consult_transition_allowed((enum consult_state)state, e.type, c.state));
            }
        }
    }
    cr_expect_eq(pairs, CONSULT_STATE_COUNT * CONSULT_EVENT_COUNT * 4);
    cr_expect_gt(heard, 60);
}

/* Each (state, event) that the table names is really reached by some variant. */
Test(consult_step, every_row_of_the_table_is_heard)
{
    for (int state = 0; state < CONSULT_STATE_COUNT; state++) {
        for (int type = 0; type < CONSULT_EVENT_COUNT; type++) {
            bool ok = false;
            if (!any_transition((enum consult_state)state, (enum consult_event_type)type))
                continue;
            for (int variant = 0; variant < 4 && !ok; variant++) {
                struct consult c = consult_in((enum consult_state)state);
                struct consult_commands out;
                struct consult_event e = {.type = (enum consult_event_type)type,
                                          .party = (enum consult_party)(variant & 1),
                                          .member = variant & 1,
                                          .rung_count = variant};
                ok = consult_step(&c, &e, &times, NOW_US, &out) == 0;
            }
            cr_expect(ok, "%s never hears %s", consult_state_name((enum consult_state)state),
                      consult_event_name((enum consult_event_type)type));
        }
    }
}

static int run(struct consult *c, enum consult_event_type type, int number,
               struct consult_commands *out)
{
    struct consult_event e = {.type = type, .member = number, .rung_count = number};
    e.party = number == 1 ? CONSULT_SPECIALIST : CONSULT_APPLICANT;
    return consult_step(c, &e, &times, NOW_US, out);
}

static bool has(const struct consult_commands *out, enum consult_command_type type)
{
    for (size_t i = 0; i < out->count; i++)
        if (out->items[i].type == type)
            return true;
    return false;
}

static struct consult ringing(int members)
{
    struct consult c;
    struct consult_commands out;
    consult_init(&c);
    cr_assert_eq(run(&c, CONSULT_SUBMIT, 0, &out), 0);
    cr_assert_eq(run(&c, CONSULT_ROUTE, members, &out), 0);
    return c;
}

Test(consult_step, nobody_on_duty_expires_and_opens_no_room)
{
    struct consult_commands out;
    struct consult c;
    consult_init(&c);
    cr_assert_eq(run(&c, CONSULT_SUBMIT, 0, &out), 0);
    cr_assert_eq(run(&c, CONSULT_ROUTE, 0, &out), 0);
    cr_expect_eq(c.state, CONSULT_EXPIRED);
    cr_expect_eq(c.reason, CONSULT_WHY_NOBODY_ON_DUTY);
    cr_expect_not(has(&out, CONSULT_DO_ROOM_OPEN));
    cr_expect_not(has(&out, CONSULT_DO_ROOM_CLOSE));
    cr_expect_not(has(&out, CONSULT_DO_RING));
}

Test(consult_step, first_accept_wins_and_the_others_stop_ringing)
{
    struct consult_commands out;
    struct consult c = ringing(3);
    cr_assert_eq(run(&c, CONSULT_ACCEPT, 1, &out), 0);
    cr_expect_eq(c.state, CONSULT_ACCEPTED);
    cr_expect(c.room_live);
    cr_expect(has(&out, CONSULT_DO_ROOM_LIVE));
    cr_expect(has(&out, CONSULT_DO_STOP_RINGS));
    cr_expect_eq(c.rings[0], CONSULT_RING_STOPPED);
    cr_expect_eq(c.rings[2], CONSULT_RING_STOPPED);
    cr_expect_eq(run(&c, CONSULT_ACCEPT, 0, &out), SQ_ERR_CONFLICT);
    cr_expect_eq(run(&c, CONSULT_ACCEPT, 1, &out), SQ_ERR_STATE);
    cr_expect_eq(run(&c, CONSULT_ACCEPT, 77, &out), SQ_ERR_STATE);
    cr_expect_eq(c.specialist, 1);
}

Test(consult_step, all_refused_ends_it_and_one_refusal_does_not)
{
    struct consult_commands out;
    struct consult c = ringing(2);
    cr_assert_eq(run(&c, CONSULT_REFUSE, 0, &out), 0);
    cr_expect_eq(c.state, CONSULT_ROUTED);
    cr_expect_eq(run(&c, CONSULT_REFUSE, 0, &out), SQ_ERR_STATE);
    cr_expect_eq(run(&c, CONSULT_ACCEPT, 0, &out), SQ_ERR_STATE);
    cr_assert_eq(run(&c, CONSULT_REFUSE, 1, &out), 0);
    cr_expect_eq(c.state, CONSULT_REFUSED);
    cr_expect_eq(c.reason, CONSULT_WHY_ALL_REFUSED);
    cr_expect(has(&out, CONSULT_DO_ROOM_CLOSE));
    cr_expect_eq(c.deadline_utc_us, TIME_US_NEVER);
}

Test(consult_step, leave_is_not_end_and_the_room_outlives_drops)
{
    struct consult_commands out;
    struct consult c = ringing(2);
    cr_assert_eq(run(&c, CONSULT_ENTER, 0, &out), 0);
    cr_expect_eq(c.state, CONSULT_ROUTED);
    cr_expect_eq(run(&c, CONSULT_ENTER, 1, &out), SQ_ERR_STATE); /* no specialist yet */
    cr_assert_eq(run(&c, CONSULT_ACCEPT, 1, &out), 0);
    cr_assert_eq(run(&c, CONSULT_ENTER, 1, &out), 0);
    cr_expect_eq(c.state, CONSULT_IN_PROGRESS);
    cr_expect_eq(c.started_utc_us, NOW_US);
    cr_assert_eq(run(&c, CONSULT_LEAVE, 0, &out), 0);
    cr_expect_eq(c.state, CONSULT_INTERRUPTED);
    cr_assert_eq(run(&c, CONSULT_LEAVE, 0, &out), 0);
    cr_expect_eq(out.count, 0); /* twice: nothing to do */
    cr_assert_eq(run(&c, CONSULT_DROP, 1, &out), 0);
    cr_expect(c.room_open && c.room_live);
    cr_assert_eq(run(&c, CONSULT_ENTER, 1, &out), 0);
    cr_expect_eq(c.state, CONSULT_INTERRUPTED);
    cr_assert_eq(run(&c, CONSULT_ENTER, 0, &out), 0);
    cr_expect_eq(c.state, CONSULT_IN_PROGRESS);
    cr_expect_eq(c.deadline_utc_us, TIME_US_NEVER);
}

Test(consult_step, end_before_the_call_began_cancels)
{
    struct consult_commands out;
    struct consult c = ringing(1);
    cr_expect_eq(run(&c, CONSULT_END, 0, &out), SQ_ERR_STATE);
    cr_assert_eq(run(&c, CONSULT_ACCEPT, 0, &out), 0);
    cr_expect_eq(run(&c, CONSULT_CANCEL, 0, &out), SQ_ERR_STATE);
    cr_assert_eq(run(&c, CONSULT_END, 0, &out), 0);
    cr_expect_eq(c.state, CONSULT_CANCELLED);
    cr_expect_eq(c.reason, CONSULT_WHY_NOT_STARTED);
}

Test(consult_step, a_deadline_before_its_time_is_refused)
{
    struct consult_commands out;
    struct consult c = ringing(1);
    struct consult_event e = {.type = CONSULT_TIMEOUT};
    cr_expect_eq(consult_step(&c, &e, &times, NOW_US + MIN_US - 1, &out), SQ_ERR_STATE);
    cr_assert_eq(consult_step(&c, &e, &times, NOW_US + MIN_US, &out), 0);
    cr_expect_eq(c.state, CONSULT_EXPIRED);
    cr_expect(has(&out, CONSULT_DO_STOP_RINGS));
}

Test(consult_step, names_go_there_and_back)
{
    for (int i = 0; i < CONSULT_STATE_COUNT; i++)
        cr_expect_eq(consult_state_parse(consult_state_name((enum consult_state)i)), i);
    cr_expect_eq(consult_state_parse("no such"), CONSULT_STATE_COUNT);
    cr_expect_eq(consult_reason_parse("abandoned"), CONSULT_WHY_ABANDONED);
    cr_expect_eq(consult_reason_parse("?"), -1);
}

Test(consult_step, states_for_later_are_never_reached)
{
    static const enum consult_state later[] = {
        CONSULT_RETURNED, CONSULT_APPROVED,      CONSULT_TRIAGED,         CONSULT_SCHEDULED,
        CONSULT_READY,    CONSULT_FOLLOW_UP_DUE, CONSULT_OUTCOME_RECORDED};
    for (size_t i = 0; i < sizeof(later) / sizeof(later[0]); i++)
        for (int from = 0; from < CONSULT_STATE_COUNT; from++)
            for (int event = 0; event < CONSULT_EVENT_COUNT; event++)
                cr_expect_not(consult_transition_allowed((enum consult_state)from,
                                                         (enum consult_event_type)event, later[i]));
}
