/* SPDX-License-Identifier: Apache-2.0 */
/* The server of a link: when has it sent so many bytes? Rate of the profile over time, with outages
 * that stop it. Exact: what a microsecond yields beyond a packet is credited to the next one if
 * that is waiting already, and to nobody else, so an idle or dead link saves nothing up. Times are
 * relative to the link's start. */
#ifndef LOADTEST_LINK_SERVICE_H
#define LOADTEST_LINK_SERVICE_H

#include "loadtest/link/profile.h"

struct link_service {
    const struct link_rate *rate;
    const struct link_outages *outages;
    size_t index;       /* of the rate's point in force */
    time_us loop_us;    /* when its loop began */
    time_us free_at_us; /* when the last packet was sent */
    int64_t credit;     /* bits x 1e6 left over in that microsecond */
};

void link_service_init(struct link_service *s, const struct link_rate *rate,
                       const struct link_outages *outages);

/* When a packet of len_bytes that came at at_us has been sent. Calls in order of time. */
time_us link_service_send(struct link_service *s, time_us at_us, uint64_t len_bytes);

/* Whether t_us lies in an outage of `outages`; *edge_us: when that changes. */
bool link_outage_at(const struct link_outages *outages, time_us t_us, time_us *edge_us);

#endif
