/* SPDX-License-Identifier: Apache-2.0 */
/* See clock.h. */
#include "client-lib/io/clock.h"

time_us io_now_us(void)
{
    return clock_monotonic_us();
}

time_us io_utc_us(void)
{
    return clock_utc_us();
}

time_us io_utc_offset_us(void)
{
    return clock_utc_us() - clock_monotonic_us();
}
