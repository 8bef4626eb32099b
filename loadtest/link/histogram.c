/* SPDX-License-Identifier: Apache-2.0 */
/* Log-linear buckets; see histogram.h. */
#include "loadtest/link/histogram.h"
#include "base/check.h"
#include <math.h>

#define SUB (1u << HISTOGRAM_SUB_BITS)

/* Values below 2 SUB have a bucket each; then each octave has SUB. */
static size_t bucket_of(uint64_t v)
{
    if (v < 2 * SUB)
        return (size_t)v;
    unsigned shift = 63u - (unsigned)__builtin_clzll(v) - HISTOGRAM_SUB_BITS;
    return (size_t)shift * SUB + (size_t)(v >> shift);
}

static uint64_t bucket_end(size_t bucket)
{
    if (bucket < 2 * SUB)
        return bucket;
    unsigned shift = (unsigned)(bucket / SUB) - 1;
    uint64_t low = (uint64_t)(bucket % SUB + SUB) << shift;
    return low + (UINT64_C(1) << shift) - 1;
}

void histogram_add(struct histogram *h, time_us value_us)
{
    CHECK(value_us >= 0);
    uint64_t v = (uint64_t)value_us;
    const uint64_t most = (UINT64_C(1) << HISTOGRAM_BITS) - 1;
    h->buckets[bucket_of(v < most ? v : most)]++;
    h->count++;
}

time_us histogram_percentile(const struct histogram *h, double share)
{
    if (h->count == 0)
        return 0;
    double wanted = ceil(share * (double)h->count);
    uint64_t rank = wanted < 1 ? 1 : (uint64_t)wanted;
    if (rank > h->count)
        rank = h->count;
    uint64_t seen = 0;
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        seen += h->buckets[i];
        if (seen >= rank)
            return (time_us)bucket_end(i);
    }
    return 0;
}
