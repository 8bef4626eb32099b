/* SPDX-License-Identifier: Apache-2.0 */
/* Statistics of one received RTP stream: sequence validity (RFC 3550 A.1), loss (A.3), interarrival
 * jitter (A.8), and the report block made of them. Refuses to know: payloads, retransmission
 * streams (give their packets to the stream they repair, or not at all). */
#ifndef RTC_RTP_RECEIVE_STATS_H
#define RTC_RTP_RECEIVE_STATS_H

#include "base/time.h"
#include "rtc/rtcp/rtcp.h"

#define RECEIVE_STATS_DROPOUT_MAX 3000 /* A.1 MAX_DROPOUT: a forward gap up to here is loss */
#define RECEIVE_STATS_MISORDER_MAX                                                                 \
    100 /* A.1 MAX_MISORDER: a step back up to here is reordering                                  \
         */

struct receive_stats {
    uint32_t ssrc;
    uint32_t clock_hz;
    bool started;
    uint16_t max_seq16;
    uint32_t cycles; /* A.1: shifted count of sequence number cycles */
    uint32_t base_seq;
    uint32_t bad_seq;  /* A.1: last 'bad' number + 1, or 65537 */
    uint64_t received; /* duplicates included, as A.3 says */
    uint64_t expected_prior, received_prior;
    uint32_t transit;        /* A.8: relative transit time of the previous packet */
    uint32_t jitter_q4;      /* A.8: scaled by 16 */
    uint32_t last_timestamp; /* packets of one frame share it: only the first counts for jitter */
    uint32_t lsr;            /* middle bits of the last SR */
    time_us lsr_us;          /* when it came */
    uint64_t bytes;
};

/* clock_hz: RTP clock of the payload (48000, 90000). */
void receive_stats_init(struct receive_stats *s, uint32_t ssrc, uint32_t clock_hz);
/* One packet that passed authentication, so no probation (MIN_SEQUENTIAL 0). False when the number
 * makes too large a jump to believe: the packet isn't counted; a second packet in sequence with it
 * restarts the stream there. */
bool receive_stats_on_packet(struct receive_stats *s, uint16_t seq16, uint32_t timestamp,
                             size_t len_bytes, time_us now_us);
/* The sender's SR arrived: remembered for LSR and DLSR. */
void receive_stats_on_sr(struct receive_stats *s, uint64_t ntp, time_us now_us);
/* The report block, and the start of a new interval for the fraction lost. False (nothing to
 * report) before the first packet. */
bool receive_stats_report(struct receive_stats *s, struct rtcp_block *out, time_us now_us);
/* Packets expected minus received; negative with duplicates. */
int64_t receive_stats_lost(const struct receive_stats *s);
time_us receive_stats_jitter_us(const struct receive_stats *s);

#endif
