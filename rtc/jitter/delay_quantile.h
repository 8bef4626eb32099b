/* SPDX-License-Identifier: Apache-2.0 */
/* How long packets may take beyond the fastest one: the smallest one-way offset of late, and a
 * histogram of what others take above it, with forgetting (the idea of NetEQ's delay manager). Not
 * learned from outages. Refuses to know: playout, packets. */
#ifndef RTC_JITTER_DELAY_QUANTILE_H
#define RTC_JITTER_DELAY_QUANTILE_H

#include "base/time.h"
#include <stdbool.h>
#include <stddef.h>

#define DELAY_BUCKET_US (5 * TIME_US_PER_MS)
#define DELAY_BUCKETS   400 /* 2 s */
#define DELAY_BASE_SPAN_US                                                                         \
    (5 * TIME_US_PER_S) /* the base is the minimum of this span and the one before */
#define DELAY_STALL_US                                                                             \
    (400 * TIME_US_PER_MS) /* a packet this much later than due ends a stall ... */
#define DELAY_DRAIN_US                                                                             \
    (2 * TIME_US_PER_S) /* ... whose backlog is not learned from, for at most this */

struct delay_quantile {
    double quantile, forget;
    double share[DELAY_BUCKETS];
    unsigned samples;
    bool started;
    time_us base_us, previous_base_us; /* minima of arrival - media time */
    time_us base_since_us;
    time_us last_arrival_us, last_media_us;
    time_us draining_until_us; /* 0: not */
};

void delay_quantile_init(struct delay_quantile *d, double quantile, double forget);
/* A packet whose media was sampled at media_us (its own clock) arrived. */
void delay_quantile_add(struct delay_quantile *d, time_us media_us, time_us now_us);
/* Arrival - media time of the fastest packet. */
time_us delay_quantile_base_us(const struct delay_quantile *d);
/* What the quantile takes above the base; start_us while fewer than 10 packets were seen. */
time_us delay_quantile_us(const struct delay_quantile *d, time_us start_us);

#endif
