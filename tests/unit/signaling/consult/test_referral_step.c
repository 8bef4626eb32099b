/* SPDX-License-Identifier: Apache-2.0 */
/* The referral's side machine: every pair, and the way there and back. */
#include "shanqiao/error.h"
#include "signaling/consult/referral_step.h"
#include <criterion/criterion.h>
#include <string.h>

#define NOW_US (INT64_C(1000000) * TIME_US_PER_S)

TestSuite(consult_referral);

static int step(struct referral *r, enum referral_event_type type, time_us utc_us,
                struct referral_told *told)
{
    struct referral_event e = {.type = type, .direction = REFERRAL_UP};
    struct referral_times times = referral_times_default();
    return referral_step(r, &e, &times, utc_us, told);
}

static int rows_of(enum referral_state from, enum referral_event_type type)
{
    int rows = 0;
    for (int to = 0; to < REFERRAL_STATE_COUNT; to++)
        rows += referral_transition_allowed(from, type, (enum referral_state)to);
    return rows;
}

static bool try_pair(enum referral_state from, enum referral_event_type type)
{
    const char *name = referral_state_name(from), *event = referral_event_name(type);
    struct referral r, before;
    struct referral_told told;
    referral_init(&r);
    r.state = from;
    r.deadline_utc_us = NOW_US;
    memcpy(&before, &r, sizeof(r));
    int status = step(&r, type, NOW_US, &told);
    cr_expect_eq(status, rows_of(from, type) == 1 ? 0 : SQ_ERR_STATE, "%s %s", name, event);
    if (status < 0) {
        cr_expect_eq(memcmp(&r, &before, sizeof(r)), 0, "%s changed by %s", name, event);
        return false;
    }
    cr_expect(referral_transition_allowed(from, type, r.state));
    cr_expect_eq(told.state, r.state != from);
    cr_expect_eq(told.armed, r.deadline_utc_us != before.deadline_utc_us);
    cr_expect(!referral_is_over(r.state) || r.deadline_utc_us == TIME_US_NEVER);
    return true;
}

Test(consult_referral, every_state_and_event)
{
    int pairs = 0, heard = 0;
    for (int state = 0; state < REFERRAL_STATE_COUNT; state++) {
        for (int type = 0; type < REFERRAL_EVENT_COUNT; type++) {
            heard += try_pair((enum referral_state)state, (enum referral_event_type)type);
            pairs++;
        }
    }
    cr_expect_eq(pairs, 9 * 8);
    cr_expect_eq(heard, 15);
}

Test(consult_referral, up_and_back_with_a_plan)
{
    struct referral r;
    struct referral_told told;
    struct referral_times times = referral_times_default();
    referral_init(&r);
    cr_assert_eq(step(&r, REFERRAL_PROPOSE, NOW_US, &told), 0);
    cr_expect_eq(r.deadline_utc_us, NOW_US + times.answer_us);
    cr_expect_eq(r.proposed_utc_us, NOW_US);
    cr_assert_eq(step(&r, REFERRAL_ACCEPT, NOW_US + 1, &told), 0);
    cr_expect_eq(step(&r, REFERRAL_TIMEOUT, NOW_US + 2, &told), SQ_ERR_STATE); /* not yet */
    cr_assert_eq(step(&r, REFERRAL_TIMEOUT, r.deadline_utc_us, &told), 0);
    cr_expect_eq(r.state, REFERRAL_NOT_ARRIVED);
    cr_expect(r.unanswered && referral_is_over(r.state));
    time_us late = NOW_US + 10 * times.arrival_us;
    cr_assert_eq(step(&r, REFERRAL_ARRIVE, late, &told), 0); /* late, but there */
    cr_expect_eq(r.arrived_utc_us, late);
    cr_expect_not(r.unanswered);
    cr_assert_eq(step(&r, REFERRAL_DISCHARGE, late + 1, &told), 0);
    cr_expect_eq(r.closed_utc_us, 0);
    cr_assert_eq(step(&r, REFERRAL_TIMEOUT, r.deadline_utc_us, &told), 0);
    cr_expect(told.remind && !told.state && told.armed);
    cr_assert_eq(step(&r, REFERRAL_CLOSE, late + times.close_us + 2, &told), 0);
    cr_expect_eq(r.deadline_utc_us, TIME_US_NEVER);
    cr_expect_eq(r.closed_utc_us, late + times.close_us + 2);
    cr_expect_eq(step(&r, REFERRAL_PROPOSE, late * 2, &told), SQ_ERR_STATE);
}

Test(consult_referral, no_answer_counts_as_refused_and_may_be_tried_again)
{
    struct referral r;
    struct referral_told told;
    struct referral_times times = referral_times_default();
    struct referral_event wrong = {.type = REFERRAL_PROPOSE, .direction = REFERRAL_DIRECTION_COUNT};
    struct referral_event down = {.type = REFERRAL_PROPOSE, .direction = REFERRAL_DOWN};
    referral_init(&r);
    cr_expect_eq(referral_step(&r, &wrong, &times, NOW_US, &told), SQ_ERR_INVALID);
    cr_assert_eq(step(&r, REFERRAL_PROPOSE, NOW_US, &told), 0);
    cr_assert_eq(step(&r, REFERRAL_TIMEOUT, r.deadline_utc_us, &told), 0);
    cr_expect(r.state == REFERRAL_REFUSED && r.unanswered);
    cr_assert_eq(referral_step(&r, &down, &times, NOW_US, &told), 0);
    cr_expect_eq(r.direction, REFERRAL_DOWN);
    cr_expect_not(r.unanswered);
    cr_assert_eq(step(&r, REFERRAL_REFUSE, NOW_US, &told), 0);
    cr_expect_not(r.unanswered); /* somebody did answer */
}

Test(consult_referral, names_go_there_and_back)
{
    for (int i = 0; i < REFERRAL_STATE_COUNT; i++)
        cr_expect_eq(referral_state_parse(referral_state_name((enum referral_state)i)), i);
    for (int i = 0; i < REFERRAL_DIRECTION_COUNT; i++)
        cr_expect_eq(referral_direction_parse(referral_direction_name((enum referral_direction)i)),
                     i);
    cr_expect_eq(referral_state_parse("?"), REFERRAL_STATE_COUNT);
    cr_expect_eq(referral_direction_parse(NULL), REFERRAL_DIRECTION_COUNT);
}
