/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 3550 appendices A.1 (update_seq), A.3 (loss) and A.8 (jitter), with probation left out: only
 * authenticated packets come here. */
#include "rtc/rtp/receive_stats.h"

#define SEQ_MOD        65536u
#define CUMULATIVE_MAX 0x7fffff /* 24-bit signed */
#define CUMULATIVE_MIN (-0x800000)

void receive_stats_init(struct receive_stats *s, uint32_t ssrc, uint32_t clock_hz)
{
    *s = (struct receive_stats){.ssrc = ssrc, .clock_hz = clock_hz, .bad_seq = SEQ_MOD + 1};
}

static void restart(struct receive_stats *s, uint16_t seq16)
{
    s->started = true;
    s->base_seq = seq16;
    s->max_seq16 = seq16;
    s->bad_seq = SEQ_MOD + 1;
    s->cycles = 0;
    s->received = 0;
    s->received_prior = 0;
    s->expected_prior = 0;
}

static uint32_t to_units(const struct receive_stats *s, time_us t)
{
    uint64_t seconds = (uint64_t)(t / TIME_US_PER_S);
    uint64_t rest = (uint64_t)(t % TIME_US_PER_S);
    return (uint32_t)(seconds * s->clock_hz + rest * s->clock_hz / (uint64_t)TIME_US_PER_S);
}

/* A.8, integer form. */
static void update_jitter(struct receive_stats *s, uint32_t timestamp, time_us now_us, bool first)
{
    uint32_t transit = to_units(s, now_us) - timestamp;
    if (!first && timestamp != s->last_timestamp) {
        int32_t d = (int32_t)(transit - s->transit);
        uint32_t distance = d < 0 ? 0u - (uint32_t)d : (uint32_t)d;
        if (distance <= s->clock_hz * 60u) /* a new timestamp base is no jitter */
            s->jitter_q4 += distance - ((s->jitter_q4 + 8) >> 4);
    }
    if (first || timestamp != s->last_timestamp)
        s->transit = transit;
    s->last_timestamp = timestamp;
}

bool receive_stats_on_packet(struct receive_stats *s, uint16_t seq16, uint32_t timestamp,
                             size_t len_bytes, time_us now_us)
{
    bool first = !s->started;
    uint16_t delta = (uint16_t)(seq16 - s->max_seq16);
    if (first) {
        restart(s, seq16);
    } else if (delta < RECEIVE_STATS_DROPOUT_MAX) {
        if (seq16 < s->max_seq16)
            s->cycles += SEQ_MOD;
        s->max_seq16 = seq16;
    } else if (delta <= SEQ_MOD - RECEIVE_STATS_MISORDER_MAX) {
        if (seq16 != s->bad_seq) {
            s->bad_seq = (seq16 + 1u) & (SEQ_MOD - 1);
            return false;
        }
        restart(s, seq16); /* two in sequence: the other side restarted */
        first = true;
    }
    s->received++;
    s->bytes += len_bytes;
    update_jitter(s, timestamp, now_us, first);
    return true;
}

void receive_stats_on_sr(struct receive_stats *s, uint64_t ntp, time_us now_us)
{
    s->lsr = rtcp_ntp_middle(ntp);
    s->lsr_us = now_us;
}

static uint64_t expected(const struct receive_stats *s)
{
    return s->started ? (uint64_t)s->cycles + s->max_seq16 - s->base_seq + 1 : 0;
}

int64_t receive_stats_lost(const struct receive_stats *s)
{
    return (int64_t)expected(s) - (int64_t)s->received;
}

time_us receive_stats_jitter_us(const struct receive_stats *s)
{
    return (time_us)(s->jitter_q4 >> 4) * TIME_US_PER_S / s->clock_hz;
}

static uint8_t take_fraction(struct receive_stats *s)
{
    uint64_t all = expected(s);
    int64_t interval = (int64_t)(all - s->expected_prior);
    int64_t lost = interval - (int64_t)(s->received - s->received_prior);
    s->expected_prior = all;
    s->received_prior = s->received;
    if (interval <= 0 || lost <= 0)
        return 0;
    int64_t fraction = lost * 256 / interval;
    return (uint8_t)(fraction > 255 ? 255 : fraction);
}

bool receive_stats_report(struct receive_stats *s, struct rtcp_block *out, time_us now_us)
{
    if (!s->started)
        return false;
    int64_t lost = receive_stats_lost(s);
    if (lost > CUMULATIVE_MAX)
        lost = CUMULATIVE_MAX;
    if (lost < CUMULATIVE_MIN)
        lost = CUMULATIVE_MIN;
    *out = (struct rtcp_block){
        .ssrc = s->ssrc,
        .fraction_lost = take_fraction(s),
        .cumulative_lost = (int32_t)lost,
        .highest_seq32 = s->cycles + s->max_seq16,
        .jitter = s->jitter_q4 >> 4,
    };
    if (s->lsr_us != 0 || s->lsr != 0) {
        out->lsr = s->lsr;
        out->dlsr = (uint32_t)((now_us - s->lsr_us) * 65536 / TIME_US_PER_S);
    }
    return true;
}
