/* SPDX-License-Identifier: Apache-2.0 */
/* When does the terminal get a new address? At the end of some of the outages that are longer than
 * a minimum: those of the rate (runs of points marked as outage) and those of `outages`. Which ones
 * depends on the seed and the outage's number alone, so both directions of a terminal tell the
 * same. Times are relative to the link's start. */
#ifndef LOADTEST_LINK_ADDRESS_H
#define LOADTEST_LINK_ADDRESS_H

#include "loadtest/link/profile.h"

struct link_address {
    const struct link_profile *profile;
    uint64_t seed;
    time_us *ends_us; /* ends of the long outages in one loop of the rate */
    size_t count;
    time_us period_us;
    uint64_t rate_number, outage_number; /* of the next one */
};

/* 0 or SQ_ERR_NOMEM. */
int link_address_init(struct link_address *a, const struct link_profile *profile,
                      enum link_direction direction, uint64_t seed);
void link_address_fini(struct link_address *a);

/* End of the next outage that may change the address; TIME_US_NEVER: none ever. */
time_us link_address_next(const struct link_address *a);
/* Goes past it. Whether the address changed. */
bool link_address_pass(struct link_address *a);

#endif
