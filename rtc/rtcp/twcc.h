/* SPDX-License-Identifier: Apache-2.0 */
/* Transport-wide congestion feedback packets: draft-holmer-rmcat-transport-wide-cc-extensions-01
 * section 3.1. Bytes only; who records arrivals is rtc/bwe/twcc_receiver.h, who consumes results is
 * rtc/bwe/twcc_sender.h. */
#ifndef RTC_RTCP_TWCC_H
#define RTC_RTCP_TWCC_H

#include "rtc/rtcp/rtcp.h"

#define RTCP_TWCC_HEADER_LEN                                                                       \
    20 /* RTCP header, two SSRCs, base, count, reference time, feedback count */
#define RTCP_TWCC_TICK_US      250
#define RTCP_TWCC_REFERENCE_US 64000
#define RTCP_TWCC_STATUS_MAX                                                                       \
    4096 /* of ours: a feedback that claims more packets is refused as malformed */

/* A checked feedback packet: chunks cover status_count packets and all deltas are inside. Borrows
 * the bytes. */
struct rtcp_twcc {
    uint32_t sender_ssrc;
    uint32_t media_ssrc;
    uint16_t base_seq16;
    uint16_t status_count;
    int32_t reference; /* signed 24 bits, multiples of 64 ms */
    uint8_t feedback_count;
    const uint8_t *chunks;
    const uint8_t *deltas;
    const uint8_t *end;
};

struct rtcp_twcc_status {
    bool received;
    int16_t delta_ticks; /* 250 us units since the previous received packet (the reference for the
                            first) */
};

/* Walks the statuses in sequence order. */
struct rtcp_twcc_iterator {
    const struct rtcp_twcc *feedback;
    const uint8_t *chunk;
    const uint8_t *delta;
    uint16_t left;       /* statuses still to come */
    uint16_t chunk_used; /* symbols of the present chunk that were given */
};

/* 0, or SQ_ERR_INVALID: another type, reserved symbol 3, chunks or deltas that do not fit. */
int rtcp_parse_twcc(struct rtcp_twcc *out, const struct rtcp_packet *p);
void rtcp_twcc_begin(struct rtcp_twcc_iterator *it, const struct rtcp_twcc *feedback);
bool rtcp_twcc_next(struct rtcp_twcc_iterator *it, struct rtcp_twcc_status *out);

/* Appends a feedback packet. 0, SQ_ERR_LIMIT (does not fit: nothing written), SQ_ERR_INVALID (count
 * 0 or over RTCP_TWCC_STATUS_MAX). */
int rtcp_write_twcc(struct byte_writer *w, uint32_t sender_ssrc, uint32_t media_ssrc,
                    uint16_t base_seq16, int32_t reference, uint8_t feedback_count,
                    const struct rtcp_twcc_status *statuses, size_t count);

#endif
