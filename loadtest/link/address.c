/* SPDX-License-Identifier: Apache-2.0 */
/* Address changes after outages; see address.h. */
#include "loadtest/link/address.h"
#include "loadtest/link/random.h"
#include "shanqiao/error.h"
#include <stdlib.h>

#define SALT_RATE   UINT64_C(0x61646472) /* two kinds of outages, two sequences of decisions */
#define SALT_OUTAGE UINT64_C(0x6f757467)

/* Calls with each outage of a loop that is long enough; returns how many. ends may be NULL. */
static size_t long_outages(const struct link_rate *r, time_us min_us, time_us *ends)
{
    size_t count = 0;
    for (size_t i = 0; i < r->count;) {
        size_t k = i;
        while (k < r->count && r->points[k].outage)
            k++;
        if (k == i) {
            i++;
            continue;
        }
        time_us end = k < r->count ? r->points[k].at_us : r->period_us;
        if (end != TIME_US_NEVER && end - r->points[i].at_us > min_us) {
            if (ends)
                ends[count] = end;
            count++;
        }
        i = k;
    }
    return count;
}

int link_address_init(struct link_address *a, const struct link_profile *profile,
                      enum link_direction direction, uint64_t seed)
{
    const struct link_rate *r = &profile->rate[direction];
    *a = (struct link_address){.profile = profile, .seed = seed, .period_us = r->period_us};
    if (profile->address_share <= 0)
        return 0;
    a->count = long_outages(r, profile->address_min_us, NULL);
    if (a->count == 0)
        return 0;
    a->ends_us = malloc(a->count * sizeof a->ends_us[0]);
    if (!a->ends_us)
        return SQ_ERR_NOMEM;
    long_outages(r, profile->address_min_us, a->ends_us);
    return 0;
}

void link_address_fini(struct link_address *a)
{
    free(a->ends_us);
    a->ends_us = NULL;
}

static time_us next_of_rate(const struct link_address *a)
{
    if (a->count == 0)
        return TIME_US_NEVER;
    return (time_us)(a->rate_number / a->count) * a->period_us +
           a->ends_us[a->rate_number % a->count];
}

static time_us next_of_outages(const struct link_address *a)
{
    const struct link_outages *o = &a->profile->outages;
    if (a->profile->address_share <= 0 || o->every_us == 0 ||
        o->length_us <= a->profile->address_min_us)
        return TIME_US_NEVER;
    return (time_us)(a->outage_number + 1) * o->every_us + o->length_us;
}

time_us link_address_next(const struct link_address *a)
{
    return time_us_min(next_of_rate(a), next_of_outages(a));
}

static bool chosen(const struct link_address *a, uint64_t salt, uint64_t number)
{
    uint64_t draw = link_random_mix(a->seed ^ salt, number);
    return (double)(draw >> 11) * 0x1p-53 < a->profile->address_share;
}

bool link_address_pass(struct link_address *a)
{
    if (next_of_rate(a) <= next_of_outages(a))
        return chosen(a, SALT_RATE, a->rate_number++);
    return chosen(a, SALT_OUTAGE, a->outage_number++);
}
