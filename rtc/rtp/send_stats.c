/* SPDX-License-Identifier: Apache-2.0 */
/* Counters of a sent stream; the sender report ties its RTP clock to NTP (RFC 3550 section 6.4.1).
 */
#include "rtc/rtp/send_stats.h"

void send_stats_init(struct send_stats *s, uint32_t ssrc, uint32_t clock_hz)
{
    *s = (struct send_stats){.ssrc = ssrc, .clock_hz = clock_hz};
}

void send_stats_on_packet(struct send_stats *s, uint32_t timestamp, size_t payload_len_bytes,
                          time_us captured_us)
{
    s->packets++;
    s->payload_bytes += payload_len_bytes;
    /* Retransmitted or reordered media must not pull the clock back. */
    if (s->started && (int32_t)(timestamp - s->timestamp) <= 0)
        return;
    s->timestamp = timestamp;
    s->timestamp_us = captured_us;
    s->started = true;
}

bool send_stats_report(const struct send_stats *s, struct rtcp_sr *out, time_us utc_us,
                       time_us now_us)
{
    if (!s->started)
        return false;
    int64_t passed = (now_us - s->timestamp_us) * (int64_t)s->clock_hz / TIME_US_PER_S;
    *out = (struct rtcp_sr){
        .ssrc = s->ssrc,
        .ntp = rtcp_ntp_of_utc_us(utc_us),
        .rtp_timestamp = s->timestamp + (uint32_t)(uint64_t)passed,
        .packet_count = (uint32_t)s->packets,
        .octet_count = (uint32_t)s->payload_bytes,
    };
    return true;
}

void send_stats_on_block(struct send_stats *s, const struct rtcp_block *b, time_us utc_us)
{
    if (b->ssrc != s->ssrc)
        return;
    s->fraction_lost = b->fraction_lost;
    s->cumulative_lost = b->cumulative_lost;
    s->remote_jitter = b->jitter;
    time_us rtt_us;
    if (rtcp_round_trip_us(b, utc_us, &rtt_us))
        s->rtt_us = rtt_us;
}
