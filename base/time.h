/* SPDX-License-Identifier: Apache-2.0 */
/* The time type. Protocol code never reads a clock: `now_us` is an argument. Monotonic time and UTC have the
 * same type and are told apart by name: `now_us` is monotonic, `utc_us` counts from 1970-01-01. */
#ifndef BASE_TIME_H
#define BASE_TIME_H

#include <stdint.h>

typedef int64_t time_us; /* microseconds */

#define TIME_US_NEVER  INT64_MAX
#define TIME_US_PER_MS INT64_C(1000)
#define TIME_US_PER_S  INT64_C(1000000)

static inline time_us time_us_min(time_us a, time_us b)
{
    return a < b ? a : b;
}

/* Clock reads: only for relay/worker, signaling/ws, client-lib/io, loadtest, cluster (its process and its boot id) and programs. */
time_us clock_monotonic_us(void);
time_us clock_utc_us(void);

#endif
