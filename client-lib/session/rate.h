/* SPDX-License-Identifier: Apache-2.0 */
/* Rate over the last two seconds, in 20 buckets of 100 ms. A pure struct; all zeros is the initial
 * state. */
#ifndef CLIENT_LIB_SESSION_RATE_H
#define CLIENT_LIB_SESSION_RATE_H

#include "base/time.h"
#include <stddef.h>
#include <stdint.h>

#define RATE_BUCKETS   20
#define RATE_BUCKET_US (100 * TIME_US_PER_MS)

struct rate_meter {
    uint32_t bytes[RATE_BUCKETS];
    int64_t newest; /* number of the newest bucket: time / RATE_BUCKET_US */
};

static inline void rate_meter_advance(struct rate_meter *m, time_us now_us)
{
    int64_t bucket = now_us / RATE_BUCKET_US;
    if (bucket - m->newest >= RATE_BUCKETS)
        m->newest = bucket - RATE_BUCKETS;
    while (m->newest < bucket) {
        m->newest++;
        m->bytes[m->newest % RATE_BUCKETS] = 0;
    }
}

static inline void rate_meter_add(struct rate_meter *m, size_t bytes, time_us now_us)
{
    rate_meter_advance(m, now_us);
    m->bytes[m->newest % RATE_BUCKETS] += (uint32_t)bytes;
}

static inline uint32_t rate_meter_bps(struct rate_meter *m, time_us now_us)
{
    uint64_t sum = 0;
    rate_meter_advance(m, now_us);
    for (size_t i = 0; i < RATE_BUCKETS; i++)
        sum += m->bytes[i];
    return (uint32_t)(sum * 8 * (uint64_t)TIME_US_PER_S /
                      (RATE_BUCKETS * (uint64_t)RATE_BUCKET_US));
}

#endif
