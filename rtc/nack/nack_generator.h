/* SPDX-License-Identifier: Apache-2.0 */
/* Asks again for what is missing: gaps in a received stream become a list of sequence numbers for
 * NACK packets, repeated per round trip a few times. When too much is missing, it gives up and asks
 * for a key frame instead. Fixed memory, time handed in. Refuses to know: packets, RTCP. */
#ifndef RTC_NACK_NACK_GENERATOR_H
#define RTC_NACK_NACK_GENERATOR_H

#include "base/time.h"
#include "rtc/rtp/sequence.h"
#include <stddef.h>

#define NACK_ENTRIES_MAX                                                                           \
    1000                       /* missing at one time; libwebrtc and mediasoup use the same bound  \
                                */
#define NACK_TRIES_DEFAULT   3 /* a responder answers no packet more often (TRUST RTC-02) */
#define NACK_TRIES_MAX       10
#define NACK_GAP_MAX         1000 /* a larger jump forward is a new start, not loss */
#define NACK_RTT_DEFAULT_US  (100 * TIME_US_PER_MS)
#define NACK_RETRY_MIN_US    (20 * TIME_US_PER_MS)
#define NACK_REORDER_US      (10 * TIME_US_PER_MS) /* wait this long for a late packet ... */
#define NACK_REORDER_PACKETS 3                     /* ... or until that many newer ones came */

struct nack_config {
    uint8_t tries_max;       /* 0: NACK_TRIES_DEFAULT */
    uint8_t reorder_packets; /* 0: NACK_REORDER_PACKETS */
    time_us reorder_us;      /* 0: NACK_REORDER_US */
    time_us deadline_us;     /* asked for at most this long after it was missed; 0: no such bound */
    bool key_frames;         /* video: giving up raises nack_take_key_frame_request */
};

struct nack_entry {
    int64_t seq;
    time_us missed_us; /* when the gap was seen */
    time_us sent_us;   /* last request */
    uint8_t tries;
};

struct nack_generator {
    struct nack_config config;
    struct seq16_unwrap unwrap;
    bool key_frame_wanted;
    size_t count;
    uint64_t requested, recovered, given_up;     /* packets; a request per try */
    struct nack_entry entries[NACK_ENTRIES_MAX]; /* ascending by seq */
};

void nack_generator_init(struct nack_generator *n, const struct nack_config *config);

enum nack_seen {
    NACK_SEEN_NEW = 0,
    NACK_SEEN_RECOVERED,
    NACK_SEEN_OLD /* duplicate or unknown */,
    NACK_SEEN_RESET
};
/* One packet of the stream arrived (retransmitted or not). */
enum nack_seen nack_generator_on_packet(struct nack_generator *n, uint16_t seq16, time_us now_us);
/* A complete key frame begins at seq16: nothing before it is worth asking for. */
void nack_generator_on_key_frame(struct nack_generator *n, uint16_t seq16);
/* The sequence numbers to ask for now, ascending, at most `capacity`; each counts as a try. Entries
 * past their tries or deadline are given up. rtt_us 0: unknown. Their number. */
size_t nack_generator_take(struct nack_generator *n, uint16_t *out, size_t capacity, time_us rtt_us,
                           time_us now_us);
/* When take has something to say next; TIME_US_NEVER when nothing is missing. */
time_us nack_generator_deadline(const struct nack_generator *n, time_us rtt_us);
/* True once after missing packets were given up in a stream with key_frames: ask the sender for
 * one. */
bool nack_take_key_frame_request(struct nack_generator *n);

#endif
