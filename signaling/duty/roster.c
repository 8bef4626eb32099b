/* SPDX-License-Identifier: Apache-2.0 */
/* See roster.h. A shift can cover a minute from the day itself or from the day before. */
#include "signaling/duty/roster.h"

#define US_PER_MIN (60 * TIME_US_PER_S)
#define THURSDAY   3 /* 1970-01-01 */

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0 ? 1 : 0);
}

int roster_weekday(int64_t day)
{
    int64_t shifted = day + THURSDAY;
    return (int)(shifted - floor_div(shifted, ROSTER_WEEKDAYS) * ROSTER_WEEKDAYS);
}

static void name_until(struct roster_state *state, int64_t until_min)
{
    if (!state->named || until_min > state->until_min)
        state->until_min = until_min;
    state->named = true;
}

static void add_day(struct roster_state *state, const struct roster_shift *shift, int64_t day,
                    int64_t local_min)
{
    if (day < shift->from_day || day > shift->until_day ||
        !(shift->weekdays & 1u << roster_weekday(day)))
        return;
    int64_t midnight = day * ROSTER_DAY_MIN;
    int64_t end = midnight + shift->end_min;
    if (shift->end_min <= shift->start_min)
        end += ROSTER_DAY_MIN;
    if (local_min >= midnight + shift->start_min && local_min < end)
        name_until(state, end);
}

void roster_add_shift(struct roster_state *state, const struct roster_shift *shift,
                      int64_t local_min)
{
    int64_t day = floor_div(local_min, ROSTER_DAY_MIN);
    add_day(state, shift, day, local_min);
    add_day(state, shift, day - 1, local_min);
}

void roster_add_exception(struct roster_state *state, const struct roster_exception *exception,
                          int64_t local_min)
{
    if (local_min < exception->from_min || local_min >= exception->until_min)
        return;
    if (exception->on_duty)
        name_until(state, exception->until_min);
    else
        state->away = true;
}

bool roster_on_duty(const struct roster_state *state)
{
    return state->named && !state->away;
}

int64_t roster_local_min(time_us utc_us, int64_t utc_offset_min)
{
    return floor_div(utc_us, US_PER_MIN) + utc_offset_min;
}

time_us roster_utc_us(int64_t local_min, int64_t utc_offset_min)
{
    return (local_min - utc_offset_min) * US_PER_MIN;
}
