/* SPDX-License-Identifier: Apache-2.0 */
/* Order and pace of what a terminal sends: control and speech at once, repair and pictures spread
 * at the link's rate, so that a key frame never stands in front of speech by more than one packet
 * (DESIGN section 6). Bounded queues of packet references. Time handed in. Refuses to know: what is
 * in a packet. */
#ifndef CLIENT_LIB_SESSION_PACER_H
#define CLIENT_LIB_SESSION_PACER_H

#include "base/packet.h"
#include "base/time.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum pacer_class {
    PACER_CONTROL = 0,
    PACER_SPEECH,
    PACER_REPAIR,
    PACER_PICTURE,
    PACER_PADDING,
    PACER_CLASSES
};
#define PACER_QUEUE_MAX 512 /* packets of one class: a key frame of 600 KB */

struct pacer_item {
    struct packet *packet; /* one reference, the pacer's while it is queued */
    void *stream;          /* the caller's */
    enum pacer_class class;
};

struct pacer_queue {
    struct pacer_item items[PACER_QUEUE_MAX];
    size_t first, count;
};

struct pacer {
    struct pacer_queue queues[PACER_CLASSES];
    uint32_t rate_bps;
    time_us next_us;      /* paced classes wait until here */
    uint64_t paced_bytes; /* waiting in REPAIR and PICTURE */
    uint64_t dropped;
};

void pacer_init(struct pacer *p, uint32_t rate_bps);
/* Gives all references back. */
void pacer_clear(struct pacer *p);
void pacer_set_rate(struct pacer *p, uint32_t rate_bps);
/* Takes the reference in item->packet in any case; a full queue drops it and counts. */
void pacer_put(struct pacer *p, const struct pacer_item *item);
/* The next packet that may go now; its reference becomes the caller's. */
bool pacer_next(struct pacer *p, struct pacer_item *out, time_us now_us);
time_us pacer_deadline(const struct pacer *p, time_us now_us);
/* Time that what is queued needs. */
time_us pacer_backlog_us(const struct pacer *p);

#endif
