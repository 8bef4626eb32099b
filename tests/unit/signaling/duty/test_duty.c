/* SPDX-License-Identifier: Apache-2.0 */
/* Duty as the store has it: roster and hand together, who is reachable, the line, what a new
 * session may join. */
#include "people.h"
#include "shanqiao/error.h"
#include "signaling/duty/duty.h"
#include "signaling/duty/roster.h"
#include "signaling/store/store.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct people p;

static void up(void)
{
    people_init(&p);
}

static void down(void)
{
    people_fini(&p);
}

TestSuite(duty, .init = up, .fini = down);

static int set_duty(const char *account, bool on)
{
    return people_call(&p, account, "duty.set",
                       json_pack("{s:s, s:b}", "panelId", PANEL, "onDuty", (int)on));
}

/* Each day, the given hours of the panel's institution. */
static void add_shift(const char *account, int64_t start_min, int64_t end_min)
{
    cr_assert_eq(STORE_RUN(p.service.store,
                           "INSERT INTO roster_shift (panel, account, weekdays, start_min,"
                           " end_min, from_day, until_day) VALUES ($1, $2, 127, $3, $4, 0, $5)",
                           sv_text(PANEL), sv_text(account), sv_int(start_min), sv_int(end_min),
                           sv_int(ROSTER_OPEN_DAY)),
                 1);
}

static void sign_in(const char *account, time_us until_us)
{
    char id[ID_MAX];
    store_new_id(id, "ses");
    cr_assert_eq(STORE_RUN(p.service.store,
                           "INSERT INTO session (id, token_hash, account, device, created_us,"
                           " expires_us) VALUES ($1, $2, $3, '', 0, $4)",
                           sv_text(id), sv_bytes(id, sizeof(id)), sv_text(account),
                           sv_int(until_us)),
                 1);
}

static const char *line(void)
{
    static char out[256];
    struct duty_roster roster;
    out[0] = '\0';
    cr_assert_eq(duty_roster(&p.service, PANEL, VILLAGER, p.utc_us, &roster), 0);
    for (size_t i = 0; i < roster.count; i++)
        snprintf(out + strlen(out), sizeof(out) - strlen(out), "%s%s", i ? " " : "",
                 roster.accounts[i] + strlen("acc_expert_"));
    return out;
}

static void at_local(int64_t hour)
{
    int64_t midnight = roster_local_min(p.utc_us, 480) / ROSTER_DAY_MIN * ROSTER_DAY_MIN;
    p.utc_us = roster_utc_us(midnight + hour * 60, 480);
}

Test(duty, the_roster_counts_only_with_a_live_session)
{
    at_local(9);
    add_shift(EXPERT_1, 8 * 60, 17 * 60);
    cr_expect_str_empty(line());
    sign_in(EXPERT_1, p.utc_us);
    cr_expect_str_empty(line(), "that session is over");
    sign_in(EXPERT_1, TIME_US_NEVER);
    cr_expect_str_eq(line(), "1");
    at_local(17);
    cr_expect_str_empty(line());
    cr_assert_eq(set_duty(EXPERT_1, true), 0);
    cr_expect_str_eq(line(), "1", "by hand beyond the roster");
}

Test(duty, the_institutions_clock_decides)
{
    at_local(9);
    add_shift(EXPERT_1, 8 * 60, 10 * 60);
    sign_in(EXPERT_1, TIME_US_NEVER);
    cr_expect_str_eq(line(), "1");
    STORE_RUN(p.service.store, "UPDATE institution SET utc_offset_min = $1 WHERE id = 'county'",
              sv_int(360));
    cr_expect_str_empty(line(), "it is seven there");
    p.utc_us += 120 * 60 * TIME_US_PER_S;
    cr_expect_str_eq(line(), "1");
}

Test(duty, switched_off_stays_off_until_the_shift_ends)
{
    at_local(9);
    add_shift(EXPERT_1, 8 * 60, 17 * 60);
    sign_in(EXPERT_1, TIME_US_NEVER);
    cr_assert_eq(set_duty(EXPERT_1, false), 0);
    cr_expect_str_empty(line());
    at_local(16);
    cr_expect_str_empty(line());
    cr_assert_eq(set_duty(EXPERT_1, true), 0);
    cr_expect_str_eq(line(), "1", "on again by hand");
    cr_assert_eq(set_duty(EXPERT_1, false), 0);
    at_local(9 + 24);
    cr_expect_str_eq(line(), "1", "the next day's shift is a new one");
}

Test(duty, leave_takes_out_and_the_end_of_a_session_too)
{
    at_local(9);
    add_shift(EXPERT_1, 8 * 60, 17 * 60);
    add_shift(EXPERT_2, 0, 0);
    sign_in(EXPERT_1, TIME_US_NEVER);
    sign_in(EXPERT_2, TIME_US_NEVER);
    cr_expect_str_eq(line(), "1 2");
    int64_t now = roster_local_min(p.utc_us, 480);
    cr_assert_eq(STORE_RUN(p.service.store,
                           "INSERT INTO roster_exception (panel, account, from_min, until_min,"
                           " on_duty, note) VALUES ($1, $2, $3, $4, 0, 'leave')",
                           sv_text(PANEL), sv_text(EXPERT_1), sv_int(now), sv_int(now + 60)),
                 1);
    cr_expect_str_eq(line(), "2");
    STORE_RUN(p.service.store, "UPDATE session SET ended_us = $1 WHERE account = $2", sv_int(1),
              sv_text(EXPERT_2));
    cr_expect_str_empty(line());
}

Test(duty, the_line_turns)
{
    cr_assert_eq(set_duty(EXPERT_1, true), 0);
    cr_assert_eq(set_duty(EXPERT_2, true), 0);
    cr_assert_eq(set_duty(EXPERT_3, true), 0);
    cr_expect_str_eq(line(), "1 2 3");
    cr_assert_eq(duty_turn(&p.service, PANEL, EXPERT_1, ++p.utc_us), 0);
    cr_expect_str_eq(line(), "2 3 1");
    cr_assert_eq(duty_turn(&p.service, PANEL, EXPERT_2, ++p.utc_us), 0);
    cr_assert_eq(duty_turn(&p.service, PANEL, EXPERT_3, ++p.utc_us), 0);
    cr_expect_str_eq(line(), "1 2 3");
    cr_assert_eq(duty_turn(&p.service, PANEL, EXPERT_1, ++p.utc_us), 0);
    cr_assert_eq(set_duty(EXPERT_1, false), 0);
    cr_assert_eq(set_duty(EXPERT_1, true), 0);
    cr_expect_str_eq(line(), "2 3 1", "going off and on does not jump the line");
}

Test(duty, panels_that_a_member_now_joins)
{
    char panels[4][ID_MAX];
    size_t count = 9;
    cr_assert_eq(duty_panels(&p.service, EXPERT_1, p.utc_us, panels, 4, &count), 0);
    cr_expect_eq(count, 0);
    cr_assert_eq(set_duty(EXPERT_1, true), 0);
    cr_assert_eq(duty_panels(&p.service, EXPERT_1, p.utc_us, panels, 4, &count), 0);
    cr_assert_eq(count, 1);
    cr_expect_str_eq(panels[0], PANEL);
    STORE_RUN(p.service.store, "UPDATE panel SET until_day = $1", sv_int(1));
    cr_assert_eq(duty_panels(&p.service, EXPERT_1, p.utc_us, panels, 4, &count), 0);
    cr_expect_eq(count, 0);
}
