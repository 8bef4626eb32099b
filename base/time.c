/* SPDX-License-Identifier: Apache-2.0 */
/* The two clock reads of the whole tree. Everything else is handed its time. */
#include "base/time.h"
#include <time.h>

static time_us clock_read_us(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t); /* can't fail for these two clocks with a valid pointer */
    return (time_us)t.tv_sec * TIME_US_PER_S + t.tv_nsec / 1000;
}

time_us clock_monotonic_us(void)
{
    return clock_read_us(CLOCK_MONOTONIC);
}

time_us clock_utc_us(void)
{
    return clock_read_us(CLOCK_REALTIME);
}
