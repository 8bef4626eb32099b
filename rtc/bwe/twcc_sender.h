/* SPDX-License-Identifier: Apache-2.0 */
/* Sending half of transport-wide congestion control: numbers what is sent, keeps a bounded history,
 * and turns feedback into one result per packet. Refuses to know: the estimate (rtc/bwe/estimator.h
 * eats the results), streams. */
#ifndef RTC_BWE_TWCC_SENDER_H
#define RTC_BWE_TWCC_SENDER_H

#include "base/time.h"
#include "rtc/rtcp/twcc.h"
#include "rtc/rtp/sequence.h"

#define TWCC_SENDER_HISTORY                                                                        \
    2048 /* 2.4 MB in flight: 20 Mb/s over a round trip of 1 s; power of 2 */
#define TWCC_RESULTS_MAX RTCP_TWCC_STATUS_MAX

enum twcc_sent_state { TWCC_UNUSED = 0, TWCC_IN_FLIGHT, TWCC_LOST, TWCC_ARRIVED };

struct twcc_sent {
    int64_t seq;
    time_us sent_us;
    uint16_t size_bytes;
    uint8_t state; /* enum twcc_sent_state */
};

struct twcc_result {
    int64_t seq;
    time_us sent_us;
    time_us arrived_us; /* the receiver's clock, unwrapped; TIME_US_NEVER when reported lost */
    uint16_t size_bytes;
};

struct twcc_sender {
    int64_t next_seq;
    uint64_t in_flight_bytes;
    struct ts32_unwrap reference; /* of the 24-bit reference time, shifted left by 8 */
    uint64_t unknown_results;     /* feedback about packets that we never sent or have forgotten */
    struct twcc_sent history[TWCC_SENDER_HISTORY];
};

void twcc_sender_init(struct twcc_sender *s);
/* Records a packet of size_bytes (UDP payload and what the caller counts as overhead) and gives its
 * wide number. */
uint16_t twcc_sender_on_send(struct twcc_sender *s, size_t size_bytes, time_us now_us);
/* Results of one feedback, oldest first, at most `capacity`; a packet that was reported as arrived
 * before is not repeated, one first reported lost and now arrived is. Their number. */
size_t twcc_sender_on_feedback(struct twcc_sender *s, const struct rtcp_twcc *feedback,
                               struct twcc_result *out, size_t capacity);
/* Bytes sent and not yet reported either way. */
static inline uint64_t twcc_sender_in_flight_bytes(const struct twcc_sender *s)
{
    return s->in_flight_bytes;
}

#endif
