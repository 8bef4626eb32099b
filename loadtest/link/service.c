/* SPDX-License-Identifier: Apache-2.0 */
/* Rate over time, integrated exactly; see service.h. */
#include "loadtest/link/service.h"
#include "base/check.h"

void link_service_init(struct link_service *s, const struct link_rate *rate,
                       const struct link_outages *outages)
{
    *s = (struct link_service){.rate = rate, .outages = outages};
}

bool link_outage_at(const struct link_outages *outages, time_us t_us, time_us *edge_us)
{
    if (outages->every_us == 0) {
        *edge_us = TIME_US_NEVER;
        return false;
    }
    time_us k = t_us / outages->every_us;
    time_us begin = k * outages->every_us;
    if (k >= 1 && t_us < begin + outages->length_us) {
        *edge_us = begin + outages->length_us;
        return true;
    }
    *edge_us = begin + outages->every_us;
    return false;
}

/* Moves the cursor forward to the point in force at t_us. */
static void seek(struct link_service *s, time_us t_us)
{
    const struct link_rate *r = s->rate;
    if (r->period_us != TIME_US_NEVER && t_us - s->loop_us >= r->period_us) {
        s->loop_us += (t_us - s->loop_us) / r->period_us * r->period_us;
        s->index = 0;
    }
    while (s->index + 1 < r->count && r->points[s->index + 1].at_us <= t_us - s->loop_us)
        s->index++;
}

/* The rate at t_us and until when it holds. */
static int64_t rate_at(struct link_service *s, time_us t_us, time_us *until_us)
{
    const struct link_rate *r = s->rate;
    seek(s, t_us);
    time_us end = TIME_US_NEVER;
    if (s->index + 1 < r->count)
        end = s->loop_us + r->points[s->index + 1].at_us;
    else if (r->period_us != TIME_US_NEVER)
        end = s->loop_us + r->period_us;
    time_us edge;
    bool dead = link_outage_at(s->outages, t_us, &edge) && s->outages->mode == LINK_OUTAGE_QUEUE;
    *until_us = time_us_min(end, edge);
    return dead ? 0 : r->points[s->index].bps;
}

time_us link_service_send(struct link_service *s, time_us at_us, uint64_t len_bytes)
{
    int64_t work = (int64_t)len_bytes * 8 * TIME_US_PER_S;
    time_us t = at_us > s->free_at_us ? at_us : s->free_at_us;
    if (t > s->free_at_us)
        s->credit = 0;
    if (work <= s->credit) {
        s->credit -= work;
        return t;
    }
    work -= s->credit;
    for (;;) {
        time_us until;
        int64_t bps = rate_at(s, t, &until);
        CHECK(until > t);
        time_us need = bps ? (work + bps - 1) / bps : TIME_US_NEVER;
        if (need != TIME_US_NEVER && need <= until - t) {
            s->credit = need * bps - work;
            s->free_at_us = t + need;
            return s->free_at_us;
        }
        CHECK(until != TIME_US_NEVER);
        work -= bps * (until - t);
        t = until;
    }
}
