/* SPDX-License-Identifier: Apache-2.0 */
/* The arithmetic of recurring rosters: is a member on duty at a local minute? Pure. Minutes and
 * days are local wall-clock time of the panel's institution, counted from 1970-01-01 00:00 there.
 * Refuses to know: panels, time zones, the store. */
#ifndef SIGNALING_DUTY_ROSTER_H
#define SIGNALING_DUTY_ROSTER_H

#include "base/time.h"
#include <stdbool.h>
#include <stdint.h>

#define ROSTER_DAY_MIN  1440
#define ROSTER_OPEN_DAY 2932896 /* 9999-12-31: without an end */
#define ROSTER_WEEKDAYS 7

/* Each week on the given weekdays. A shift that ends at or before its start ends on the next day
 * (equal: 24 hours). It belongs to the day on which it starts: that day must be within the dates,
 * and be one of the weekdays. */
struct roster_shift {
    uint32_t weekdays;           /* bit 0 Monday ... bit 6 Sunday */
    int64_t start_min, end_min;  /* of the day, 0 ... 1439; the end is exclusive */
    int64_t from_day, until_day; /* both inclusive */
};

/* Leave (or duty in addition), from inclusive, until exclusive. */
struct roster_exception {
    int64_t from_min, until_min;
    bool on_duty;
};

/* Of one member at one minute; starts zero, then every shift and exception is added. */
struct roster_state {
    bool named, away;
    int64_t until_min; /* end of what names the member, when named */
};
void roster_add_shift(struct roster_state *state, const struct roster_shift *shift,
                      int64_t local_min);
void roster_add_exception(struct roster_state *state, const struct roster_exception *exception,
                          int64_t local_min);
/* Leave wins over everything. */
bool roster_on_duty(const struct roster_state *state);

/* Local minute of an instant, rounded down; and the instant at which a local minute begins. */
int64_t roster_local_min(time_us utc_us, int64_t utc_offset_min);
time_us roster_utc_us(int64_t local_min, int64_t utc_offset_min);

/* 0 Monday ... 6 Sunday. */
int roster_weekday(int64_t day);

#endif
