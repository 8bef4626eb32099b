/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks: order and unit, never duration. */
#include "base/time.h"
#include <criterion/criterion.h>
#include <time.h>

Test(time, monotonic_never_goes_back)
{
    time_us last = clock_monotonic_us();
    for (int i = 0; i < 10000; i++) {
        time_us now = clock_monotonic_us();
        cr_assert(now >= last);
        last = now;
    }
}

Test(time, utc_counts_microseconds_from_1970)
{
    time_us before = (time_us)time(NULL) - 1; /* time() may lag by a tick */
    time_us now = clock_utc_us();
    time_us after = (time_us)time(NULL) + 1;
    cr_assert(now >= before * TIME_US_PER_S && now <= after * TIME_US_PER_S);
}

Test(time, min)
{
    cr_assert_eq(time_us_min(1, 2), 1);
    cr_assert_eq(time_us_min(TIME_US_NEVER, -5), -5);
}
