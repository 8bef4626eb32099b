/* SPDX-License-Identifier: Apache-2.0 */
/* The sender's clock behind RTP timestamps, from its sender reports (RFC 3550 section 6.4.1), and
 * from it the moment at which a picture is seen so that lips and speech agree. Pure structs; refuse
 * to know streams and codecs. */
#ifndef CLIENT_LIB_SESSION_SYNC_H
#define CLIENT_LIB_SESSION_SYNC_H

#include "base/time.h"
#include "rtc/rtcp/rtcp.h"
#include <stdbool.h>
#include <stdint.h>

#define SYNC_WAIT_MAX_US (800 * TIME_US_PER_MS) /* a picture waits at most this long for speech */

struct sync_clock {
    bool known;
    uint32_t clock_hz;
    uint32_t timestamp; /* at ... */
    time_us utc_us;     /* ... this time of the sender's clock */
};

static inline void sync_clock_on_sr(struct sync_clock *c, uint64_t ntp, uint32_t timestamp)
{
    c->known = true;
    c->timestamp = timestamp;
    c->utc_us = rtcp_utc_us_of_ntp(ntp);
}

/* The sender's time of an RTP timestamp; 0 before the first report. */
static inline time_us sync_clock_utc_us(const struct sync_clock *c, uint32_t timestamp)
{
    if (!c->known)
        return 0;
    int32_t ticks = (int32_t)(timestamp - c->timestamp);
    return c->utc_us + (time_us)ticks * TIME_US_PER_S / (time_us)c->clock_hz;
}

/* What is known about the speech of the same participant. */
struct sync_speech {
    bool playing;
    time_us utc_us; /* sender's time of the sample that sounds ... */
    time_us at_us;  /* ... at this local time */
};

/* When a picture of the sender's time capture_utc_us (0: unknown) is to be seen: never before now,
 * never before the picture in front of it, never later than SYNC_WAIT_MAX_US from now. */
static inline time_us sync_display_us(const struct sync_speech *speech, time_us capture_utc_us,
                                      time_us before_us, time_us now_us)
{
    time_us at = now_us;
    if (speech->playing && capture_utc_us)
        at = speech->at_us + (capture_utc_us - speech->utc_us);
    if (at > now_us + SYNC_WAIT_MAX_US)
        at = now_us + SYNC_WAIT_MAX_US;
    if (at < before_us)
        at = before_us;
    return at < now_us ? now_us : at;
}

#endif
