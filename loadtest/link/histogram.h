/* SPDX-License-Identifier: Apache-2.0 */
/* Counts of delays in buckets of 1/64 of their size: fixed memory, percentiles within 1.6 %. */
#ifndef LOADTEST_LINK_HISTOGRAM_H
#define LOADTEST_LINK_HISTOGRAM_H

#include "base/time.h"
#include <stddef.h>

#define HISTOGRAM_SUB_BITS 6
#define HISTOGRAM_BITS     37 /* values up to 2^37 us, 38 hours; longer ones count as that */
#define HISTOGRAM_BUCKETS  ((HISTOGRAM_BITS - HISTOGRAM_SUB_BITS + 1) << HISTOGRAM_SUB_BITS)

struct histogram {
    uint64_t count;
    uint32_t buckets[HISTOGRAM_BUCKETS];
};

void histogram_add(struct histogram *h, time_us value_us); /* value_us >= 0 */
/* The upper end of the bucket in which the share (0 to 1) is reached; 0 when empty. */
time_us histogram_percentile(const struct histogram *h, double share);

#endif
