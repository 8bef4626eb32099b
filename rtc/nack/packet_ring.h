/* SPDX-License-Identifier: Apache-2.0 */
/* Answers NACKs. packet_ring holds each packet of a producer once, by its sequence number;
 * resend_ledger holds what one consumer was sent: which of the producer's packets became which of
 * its own, and how often it was repeated. Refuses to know: RTCP, rewriting (the caller's note says
 * how), SRTP. */
#ifndef RTC_NACK_PACKET_RING_H
#define RTC_NACK_PACKET_RING_H

#include "base/packet.h"
#include "base/time.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PACKET_RING_SIZE_MAX   4096
#define RESEND_LEDGER_SIZE_MAX 4096
#define RESEND_TIMES_MAX       3 /* per packet and consumer (TRUST RTC-02) */
#define RESEND_SPACING_MIN_US  (10 * TIME_US_PER_MS)

struct packet_ring {
    struct packet **slots; /* packet with sequence s at s & mask; NULL when empty */
    uint16_t *seqs;
    uint32_t mask;
    time_us max_age_us;
};

/* size: a power of 2 up to PACKET_RING_SIZE_MAX. Memory is taken now. 0, SQ_ERR_INVALID,
 * SQ_ERR_NOMEM. */
int packet_ring_init(struct packet_ring *r, size_t size, time_us max_age_us);
/* Gives all references back. */
void packet_ring_fini(struct packet_ring *r);
/* Takes a reference of its own on the packet; the packet that held the slot is given back. */
void packet_ring_put(struct packet_ring *r, uint16_t seq16, struct packet *p);
/* Borrowed; NULL when it is not there or older than max_age_us by its received_us. */
struct packet *packet_ring_get(const struct packet_ring *r, uint16_t seq16, time_us now_us);

struct resend_entry {
    uint64_t note;   /* the caller's: how the packet was rewritten */
    time_us sent_us; /* the last time, first sending included */
    uint16_t out_seq16;
    uint16_t in_seq16;
    uint8_t resends;
    bool used;
};

struct resend_ledger {
    struct resend_entry *entries;
    uint32_t mask;
    uint64_t refused_often, refused_soon, unknown;
};

int resend_ledger_init(struct resend_ledger *l, size_t size);
void resend_ledger_fini(struct resend_ledger *l);
/* A packet went out to the consumer as out_seq16, made from the producer's in_seq16. */
void resend_ledger_put(struct resend_ledger *l, uint16_t out_seq16, uint16_t in_seq16,
                       uint64_t note, time_us now_us);
/* May out_seq16 be repeated now? Then counts it as done and gives in_seq16 and note. False: never
 * sent or forgotten, repeated RESEND_TIMES_MAX times, or repeated less than a round trip ago (the
 * first request is always answered: a gap shows as soon as the next packet arrives). rtt_us 0:
 * RESEND_SPACING_MIN_US holds. */
bool resend_ledger_take(struct resend_ledger *l, uint16_t out_seq16, time_us rtt_us, time_us now_us,
                        uint16_t *in_seq16, uint64_t *note);

#endif
