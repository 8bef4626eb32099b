/* SPDX-License-Identifier: Apache-2.0 */
/* Deliveries in the store, with the time handed in: which are due, and how one went. A delivery in
 * flight is leased (it is due again later), so that a second node does not post it at the same
 * time, and does when this one died. Inside webhook only; all inside the caller's transaction. */
#ifndef SIGNALING_WEBHOOK_DELIVERY_H
#define SIGNALING_WEBHOOK_DELIVERY_H

#include "signaling/webhook/sender.h"

#define WEBHOOK_BATCH_MAX SENDER_AT_ONCE
/* The last in a full queue of slow receivers is still posted once */
#define WEBHOOK_LEASE_US ((SENDER_QUEUE_MAX / SENDER_AT_ONCE + 1) * SENDER_TIME_S * TIME_US_PER_S)

struct service;

struct webhook_batch {
    size_t count;
    struct sending items[WEBHOOK_BATCH_MAX];
};

/* Fills *batch with what is due, signed, and leases it. 0, SQ_ERR_STORE, SQ_ERR_FORGED (a secret
 * sealed by another key), SQ_ERR_NOMEM. */
int webhook_lease(struct service *s, struct webhook_batch *batch, time_us utc_us);
/* One post is over, with sending->answer. `random` spreads the next try. */
int webhook_note(struct service *s, const struct sending *sending, uint32_t random, time_us utc_us);
/* Forgets some of what ended long ago (WEBHOOK_KEPT_US). */
int webhook_prune(struct service *s, time_us utc_us);

#endif
