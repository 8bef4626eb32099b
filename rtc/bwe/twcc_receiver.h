/* SPDX-License-Identifier: Apache-2.0 */
/* Receiving half of transport-wide congestion control: records when each wide sequence number
 * arrived and writes feedback. Fixed memory; numbers that a peer invents move the window but never
 * grow it. Refuses to know: streams, payloads, the estimate. */
#ifndef RTC_BWE_TWCC_RECEIVER_H
#define RTC_BWE_TWCC_RECEIVER_H

#include "base/bytes.h"
#include "base/time.h"
#include "rtc/rtp/sequence.h"

#define TWCC_RECEIVER_WINDOW                                                                       \
    2048 /* packets between two reports: 20,000 packets/s at 100 ms; power of 2 */
#define TWCC_FEEDBACK_INTERVAL_US     (100 * TIME_US_PER_MS) /* libwebrtc's default */
#define TWCC_FEEDBACK_INTERVAL_MIN_US (20 * TIME_US_PER_MS)
#define TWCC_FEEDBACK_INTERVAL_MAX_US (1000 * TIME_US_PER_MS)
#define TWCC_FEEDBACK_STATUS_MAX                                                                   \
    600 /* packets described by one feedback: stays under 1200 bytes                               \
         */

struct twcc_receiver {
    time_us interval_us;
    time_us
        next_us; /* when the next feedback is due; TIME_US_NEVER while there is nothing to say */
    struct seq16_unwrap unwrap;
    int64_t next_seq; /* first wide number not yet reported */
    uint8_t feedback_count;
    bool started;
    uint64_t dropped_old;               /* arrivals behind the window */
    int64_t seqs[TWCC_RECEIVER_WINDOW]; /* which number a slot holds */
    time_us arrivals_us[TWCC_RECEIVER_WINDOW];
};

/* interval_us is clamped to the limits above; 0 means the default. Nothing to free. */
void twcc_receiver_init(struct twcc_receiver *r, time_us interval_us);
void twcc_receiver_set_interval(struct twcc_receiver *r, time_us interval_us);
void twcc_receiver_on_packet(struct twcc_receiver *r, uint16_t wide_seq16, time_us now_us);
/* TIME_US_NEVER when no packet came since the last feedback. */
time_us twcc_receiver_deadline(const struct twcc_receiver *r);
/* Appends one feedback packet if one is due; call until it returns false (a long report is split).
 * True when a packet was written. When `w` has too little room, nothing is lost: false, and it
 * stays due. */
bool twcc_receiver_write(struct twcc_receiver *r, struct byte_writer *w, uint32_t sender_ssrc,
                         uint32_t media_ssrc, time_us now_us);

#endif
