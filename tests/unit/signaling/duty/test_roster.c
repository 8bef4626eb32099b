/* SPDX-License-Identifier: Apache-2.0 */
/* Roster arithmetic minute by minute: midnight, the turn of the week, validity, leave. */
#include "signaling/duty/roster.h"
#include <criterion/criterion.h>

#define DAY(n)   ((n) * (int64_t)ROSTER_DAY_MIN)
#define AT(h, m) ((h)*60 + (m))

/* 2026-06-01 is a Monday. */
static const int64_t monday = 20605;

static bool on(const struct roster_shift *shift, int64_t local_min)
{
    struct roster_state state = {0};
    roster_add_shift(&state, shift, local_min);
    return roster_on_duty(&state);
}

static struct roster_shift every(uint32_t weekdays, int64_t start, int64_t end)
{
    return (struct roster_shift){weekdays, start, end, 0, ROSTER_OPEN_DAY};
}

Test(roster, weekdays_by_the_calendar)
{
    cr_expect_eq(roster_weekday(monday), 0);
    cr_expect_eq(roster_weekday(0), 3); /* 1970-01-01, a Thursday */
    cr_expect_eq(roster_weekday(-1), 2);
    cr_expect_eq(roster_weekday(-4), 6);
    cr_expect_eq(roster_weekday(10957), 5); /* 2000-01-01, a Saturday */
}

Test(roster, a_day_shift_covers_its_minutes_only)
{
    struct roster_shift s = every(1u << 0, AT(8, 0), AT(17, 30));
    cr_expect_not(on(&s, DAY(monday) + AT(7, 59)));
    cr_expect(on(&s, DAY(monday) + AT(8, 0)));
    cr_expect(on(&s, DAY(monday) + AT(17, 29)));
    cr_expect_not(on(&s, DAY(monday) + AT(17, 30)));
    cr_expect_not(on(&s, DAY(monday + 1) + AT(9, 0)));
    cr_expect(on(&s, DAY(monday + 7) + AT(9, 0)));
}

Test(roster, a_night_shift_runs_past_midnight_and_past_the_week)
{
    struct roster_shift s = every(1u << 6, AT(20, 0), AT(8, 0)); /* Sunday night */
    cr_expect_not(on(&s, DAY(monday + 6) + AT(19, 59)));
    cr_expect(on(&s, DAY(monday + 6) + AT(20, 0)));
    cr_expect(on(&s, DAY(monday + 6) + AT(23, 59)));
    cr_expect(on(&s, DAY(monday + 7) + AT(0, 0)));
    cr_expect(on(&s, DAY(monday) + AT(7, 59)), "the night before belongs to last week");
    cr_expect_not(on(&s, DAY(monday) + AT(8, 0)));
    cr_expect_not(on(&s, DAY(monday + 6) + AT(3, 0)), "Saturday night is not Sunday night");
}

Test(roster, equal_start_and_end_are_a_whole_day)
{
    struct roster_shift s = every(1u << 2, AT(8, 0), AT(8, 0));
    int covered = 0;
    for (int64_t t = DAY(monday); t < DAY(monday + 7); t++)
        covered += on(&s, t);
    cr_expect_eq(covered, ROSTER_DAY_MIN);
    cr_expect(on(&s, DAY(monday + 3) + AT(7, 59)));
    s = every(0x7f, 0, 0);
    for (int64_t t = DAY(monday); t < DAY(monday + 7); t++)
        cr_assert(on(&s, t));
}

Test(roster, dates_count_by_the_day_on_which_a_shift_starts)
{
    struct roster_shift s = every(0x7f, AT(20, 0), AT(8, 0));
    s.from_day = monday;
    s.until_day = monday + 1;
    cr_expect_not(on(&s, DAY(monday) + AT(7, 0)), "Sunday's night was before the first day");
    cr_expect_not(on(&s, DAY(monday) + AT(19, 59)));
    cr_expect(on(&s, DAY(monday) + AT(20, 0)));
    cr_expect(on(&s, DAY(monday + 1) + AT(20, 0)));
    cr_expect(on(&s, DAY(monday + 2) + AT(7, 59)), "the last night is worked to its end");
    cr_expect_not(on(&s, DAY(monday + 2) + AT(20, 0)));
}

Test(roster, minutes_in_a_week_are_the_sum_of_shifts)
{
    struct roster_shift week = every(0x1f, AT(8, 0), AT(12, 0));
    struct roster_shift nights = every(1u << 4 | 1u << 5, AT(22, 30), AT(6, 15));
    int covered = 0;
    for (int64_t t = DAY(monday); t < DAY(monday + 7); t++)
        covered += on(&week, t) + on(&nights, t);
    cr_expect_eq(covered, 5 * 240 + 2 * 465);
}

Test(roster, leave_wins_and_extra_duty_adds)
{
    struct roster_shift s = every(0x7f, AT(8, 0), AT(18, 0));
    struct roster_exception leave = {DAY(monday) + AT(10, 0), DAY(monday) + AT(11, 0), false};
    struct roster_exception extra = {DAY(monday) + AT(17, 0), DAY(monday) + AT(20, 0), true};
    struct {
        int64_t at;
        bool on;
        int64_t until;
    } cases[] = {{AT(9, 59), true, AT(18, 0)},   {AT(10, 0), false, AT(18, 0)},
                 {AT(10, 59), false, AT(18, 0)}, {AT(11, 0), true, AT(18, 0)},
                 {AT(17, 30), true, AT(20, 0)},  {AT(19, 59), true, AT(20, 0)},
                 {AT(20, 0), false, 0}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct roster_state state = {0};
        int64_t now = DAY(monday) + cases[i].at;
        roster_add_exception(&state, &leave, now);
        roster_add_shift(&state, &s, now);
        roster_add_exception(&state, &extra, now);
        cr_expect_eq(roster_on_duty(&state), cases[i].on, "case %zu", i);
        if (cases[i].until)
            cr_expect_eq(state.until_min, DAY(monday) + cases[i].until, "case %zu", i);
    }
    struct roster_state both = {0};
    struct roster_exception away = extra;
    away.on_duty = false;
    roster_add_exception(&both, &extra, extra.from_min);
    roster_add_exception(&both, &away, extra.from_min);
    cr_expect_not(roster_on_duty(&both));
}

Test(roster, local_time_by_the_offset)
{
    /* 2026-06-01T00:00 in China is 2026-05-31T16:00Z */
    time_us utc = roster_utc_us(DAY(monday), 480);
    cr_expect_eq(utc, INT64_C(1780243200) * TIME_US_PER_S);
    cr_expect_eq(roster_local_min(utc, 480), DAY(monday));
    cr_expect_eq(roster_local_min(utc - 1, 480), DAY(monday) - 1);
    cr_expect_eq(roster_local_min(utc, -300), DAY(monday) - 780);
    cr_expect_eq(roster_local_min(-1, 0), -1);
}
