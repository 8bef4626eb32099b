/* SPDX-License-Identifier: Apache-2.0 */
/* Deliveries in the store, with the time handed in: which are due, and how one went. A delivery in
 * flight is leased (it is due again later), so that a second node does not post it at the same
 * time, and does when this one died. Inside webhook only; all inside the caller's transaction. */
#ifndef SIGNALING_WEBHOOK_DELIVERY_H
#define SIGNALING_WEBHOOK_DELIVERY_H

#include "signaling/proto/method.h" /* ID_MAX */
#include "signaling/webhook/sender.h"

#define WEBHOOK_BATCH_MAX   32 /* leased at once */
#define WEBHOOK_OF_RECEIVER 8  /* leased and not over, of one receiver */
/* The last in a full queue of slow receivers is still posted once: those before it, those of its
 * own receiver, and itself. */
#define WEBHOOK_LEASE_US                                                                           \
    ((SENDER_QUEUE_MAX / SENDER_AT_ONCE + WEBHOOK_OF_RECEIVER / SENDER_OF_RECEIVER + 1) *          \
     SENDER_TIME_S * TIME_US_PER_S)
/* webhook_delivery.failure where there was nothing to post; "" where its answer says all */
#define WEBHOOK_FAILED_SECRET "secret" /* sealed with another key, or damaged */

struct service;

/* Receivers of what this process has leased and not written down yet. */
struct webhook_flight {
    size_t count;
    char receivers[SENDER_QUEUE_MAX][ID_MAX];
};

struct webhook_batch {
    const struct webhook_flight *flight; /* in; borrowed */
    size_t count;
    struct sending items[WEBHOOK_BATCH_MAX];
};

/* Fills *batch with what is due, signed, and leases it: receivers with the least in flight first,
 * then those that wait longest, at most WEBHOOK_OF_RECEIVER of each. What can't be signed has
 * failed for good (WEBHOOK_FAILED_SECRET). 0, SQ_ERR_STORE, SQ_ERR_NOMEM. */
int webhook_lease(struct service *s, struct webhook_batch *batch, time_us utc_us);
/* One post is over, with sending->answer. `random` spreads the next try. */
int webhook_note(struct service *s, const struct sending *sending, uint32_t random, time_us utc_us);
/* Forgets some of what ended long ago (WEBHOOK_KEPT_US). */
int webhook_prune(struct service *s, time_us utc_us);

#endif
