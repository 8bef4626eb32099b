/* SPDX-License-Identifier: Apache-2.0 */
/* One direction of an emulated mountain link, in virtual time: what goes in comes out later, less
 * or never, as a profile says. Knows bytes and time; refuses to know what is in a packet, sockets,
 * and the clock.
 *
 * The way of a packet: MTU -> drop-tail queue -> rate (constant, trace or steps; 0 serves nothing)
 * -> outage -> Gilbert-Elliott loss -> duplicate -> delay drawn from the jitter model, order kept
 * -> reorder -> delivery. Loss is behind the queue, as on a radio: a lost packet has used the link.
 *
 * One owner thread. The same profile, direction, seed and calls give the same deliveries. Packet
 * loss, delay, duplication and reordering draw from generators of their own, so that a field
 * changed in a profile does not shift the others. */
#ifndef LOADTEST_LINK_LINK_H
#define LOADTEST_LINK_LINK_H

#include "base/time.h"
#include "loadtest/link/profile.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINK_PACKET_MAX     65535 /* bytes, the longest IP datagram */
#define LINK_UDP_IPV4_BYTES 28    /* IPv4 and UDP headers, for callers that hand in UDP payloads */
/* A reordered packet is held back this long and does not hold back those behind it. */
#define LINK_REORDER_HOLD_US (20 * TIME_US_PER_MS)

struct link;

struct link_options {
    const struct link_profile *profile; /* borrowed for the life of the link */
    enum link_direction
        direction; /* from the terminal's side: LINK_UP is what the terminal sends */
    uint64_t seed; /* the two directions of a terminal share it, so that both tell the same address
                      changes */
    time_us start_us;    /* time at which the trace, the steps and the outages begin */
    size_t header_bytes; /* added to each packet in the arithmetic of rate, queue and MTU; 0 for
                            whole IP datagrams */
};

enum link_event_type {
    LINK_PACKET,        /* a packet came out */
    LINK_ADDRESS_CHANGE /* an outage has ended and the terminal has a new address from now on */
};

struct link_event {
    enum link_event_type type;
    const uint8_t *data; /* LINK_PACKET: borrowed until the next call with this link */
    size_t len_bytes;
    time_us sent_us;      /* LINK_PACKET: when it was handed in */
    time_us delivered_us; /* when it came out, or when the outage ended */
    bool duplicate;       /* a second copy */
};

/* 0, SQ_ERR_NOMEM, SQ_ERR_INVALID (no profile), SQ_ERR_UNSUPPORTED (the profile has cross_tcp or
 * bearers). */
int link_new(struct link **out, const struct link_options *options);
void link_free(struct link *l); /* with the packets inside; NULL is nothing */

/* Hands a packet in at now_us (never before an earlier call's time); the bytes are copied. Whether
 * it is lost is not told, as on a real link: look at the statistics. 0, SQ_ERR_INVALID (no bytes,
 * or more than LINK_PACKET_MAX), SQ_ERR_NOMEM (nothing was sent). */
int link_send(struct link *l, time_us now_us, const void *data, size_t len_bytes);

/* The next thing that came out at or before now_us, in order of time; false when there is none. */
bool link_next(struct link *l, time_us now_us, struct link_event *out);

/* When link_next should be called again (at once when that has passed); TIME_US_NEVER when the link
 * is empty and expects nothing. It may wake the caller for nothing (a packet that is then lost, an
 * outage that changes no address). */
time_us link_deadline(const struct link *l);

struct link_statistics {
    uint64_t sent, sent_bytes;           /* handed in; bytes without header_bytes */
    uint64_t delivered, delivered_bytes; /* handed out, duplicates included */
    uint64_t lost_mtu, lost_queue, lost_outage, lost_radio;
    uint64_t duplicated, reordered, address_changes;
    uint64_t queue_max_bytes; /* header_bytes included */
};
void link_get_statistics(const struct link *l, struct link_statistics *out);

/* One-way delay (queue included) below which `share` (0 to 1) of the delivered packets lie, to
 * within 1.6 %, never too low; 0 when nothing was delivered. */
time_us link_delay_percentile_us(const struct link *l, double share);

#endif
