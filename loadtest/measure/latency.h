/* SPDX-License-Identifier: Apache-2.0 */
/* Delays of one kind: percentiles within 1.6 % (loadtest/link/histogram.h), the largest and the
 * mean exactly. Knows numbers alone, no clock. */
#ifndef LOADTEST_MEASURE_LATENCY_H
#define LOADTEST_MEASURE_LATENCY_H

#include "base/time.h"
#include "loadtest/link/histogram.h"

struct latency {
    struct histogram histogram;
    time_us max_us;
    time_us sum_us;
};

/* Negative delays (a clock that was read before the schedule) count as 0. */
void latency_add(struct latency *l, time_us delay_us);
/* Share from 0 to 1. Never above the largest; 0 when nothing was added. */
double latency_percentile_ms(const struct latency *l, double share);
double latency_max_ms(const struct latency *l);
double latency_mean_ms(const struct latency *l);

#endif
