/* SPDX-License-Identifier: Apache-2.0 */
/* A histogram with the largest value beside it: the last bucket's edge would overstate p99 of few
 * samples. */
#include "loadtest/measure/latency.h"

void latency_add(struct latency *l, time_us delay_us)
{
    if (delay_us < 0)
        delay_us = 0;
    histogram_add(&l->histogram, delay_us);
    l->sum_us += delay_us;
    if (delay_us > l->max_us)
        l->max_us = delay_us;
}

double latency_percentile_ms(const struct latency *l, double share)
{
    time_us at_us = histogram_percentile(&l->histogram, share);
    return (double)time_us_min(at_us, l->max_us) / (double)TIME_US_PER_MS;
}

double latency_max_ms(const struct latency *l)
{
    return (double)l->max_us / (double)TIME_US_PER_MS;
}

double latency_mean_ms(const struct latency *l)
{
    uint64_t count = l->histogram.count;
    return count ? (double)l->sum_us / (double)count / (double)TIME_US_PER_MS : 0;
}
