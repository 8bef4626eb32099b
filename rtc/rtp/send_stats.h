/* SPDX-License-Identifier: Apache-2.0 */
/* Counters of one sent RTP stream, and the sender report made of them (RFC 3550 section 6.4.1). */
#ifndef RTC_RTP_SEND_STATS_H
#define RTC_RTP_SEND_STATS_H

#include "base/time.h"
#include "rtc/rtcp/rtcp.h"

struct send_stats {
    uint32_t ssrc;
    uint32_t clock_hz;
    bool started;
    uint64_t packets;       /* the wire carries the low 32 bits */
    uint64_t payload_bytes; /* without headers and padding, as section 6.4.1 says */
    uint32_t timestamp;     /* of the newest packet ... */
    time_us timestamp_us;   /* ... which was sampled at this monotonic time */
    time_us rtt_us;         /* from the newest report block; 0 unknown */
    uint8_t fraction_lost;  /* as the peer reported last */
    int32_t cumulative_lost;
    uint32_t remote_jitter;
};

void send_stats_init(struct send_stats *s, uint32_t ssrc, uint32_t clock_hz);
/* captured_us: monotonic time at which the media with this timestamp was sampled (now for a relay).
 */
void send_stats_on_packet(struct send_stats *s, uint32_t timestamp, size_t payload_len_bytes,
                          time_us captured_us);
/* Fills a report for this moment: the same instant as NTP (from utc_us) and as RTP timestamp. False
 * before the first packet. */
bool send_stats_report(const struct send_stats *s, struct rtcp_sr *out, time_us utc_us,
                       time_us now_us);
/* A peer's report block; ignored unless it is about this SSRC. */
void send_stats_on_block(struct send_stats *s, const struct rtcp_block *b, time_us utc_us);

#endif
