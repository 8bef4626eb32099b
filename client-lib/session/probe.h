/* SPDX-License-Identifier: Apache-2.0 */
/* When to send padding: a sender that holds pictures back for want of rate sends too little for its
 * estimate ever to grow again. It then fills up to most of the estimate, and no further: the link
 * is paid for. A pure struct. */
#ifndef CLIENT_LIB_SESSION_PROBE_H
#define CLIENT_LIB_SESSION_PROBE_H

#include "base/time.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROBE_FILL_PERCENT 95   /* of the estimate, media included */
#define PROBE_PACKET_BYTES 300  /* one packet of padding on the wire */
#define PROBE_DEBT_BYTES   6000 /* a key frame quiets it for a while, not for ever */

struct probe {
    time_us last_us;
    int64_t tokens; /* bytes that may still be filled; negative after bursts of media */
};

static inline void probe_sent(struct probe *p, size_t bytes)
{
    p->tokens -= (int64_t)bytes;
    if (p->tokens < -PROBE_DEBT_BYTES)
        p->tokens = -PROBE_DEBT_BYTES;
}

/* True when a packet of padding is to go out now. */
static inline bool probe_due(struct probe *p, uint32_t estimate_bps, time_us now_us)
{
    time_us passed = time_us_min(now_us - p->last_us, 100 * TIME_US_PER_MS);
    p->last_us = now_us;
    p->tokens += passed * (int64_t)estimate_bps / 100 * PROBE_FILL_PERCENT / 8 / TIME_US_PER_S;
    if (p->tokens > 2 * PROBE_PACKET_BYTES)
        p->tokens = 2 * PROBE_PACKET_BYTES;
    return p->tokens >= PROBE_PACKET_BYTES;
}

#endif
