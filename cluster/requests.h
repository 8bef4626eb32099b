/* SPDX-License-Identifier: Apache-2.0 */
/* Commands of this node that wait for their reply: kept whole, so that they can be sent again,
 * until the reply comes or time runs out. Knows tickets and times; refuses to know how a command is
 * sent. */
#ifndef CLUSTER_REQUESTS_H
#define CLUSTER_REQUESTS_H

#include "cluster/cluster.h"

#define REQUESTS_MAX      4096 /* cluster.h: in flight */
#define REQUEST_RESEND_US (300 * TIME_US_PER_MS)
#define REQUEST_SLOT_BITS 12

struct request {
    uint64_t ticket; /* 0: free; low bits are the slot, the rest a number that is not used again */
    uint16_t peer;
    bool expired; /* its timeout waits to be told */
    bool sent;    /* at least once */
    char *body;
    size_t len_bytes;
    time_us resend_us; /* TIME_US_NEVER while the peer can't be reached */
    time_us deadline_us;
};

struct requests {
    struct request slots[REQUESTS_MAX];
    uint16_t free[REQUESTS_MAX];
    uint16_t expired[REQUESTS_MAX]; /* ring of slots */
    size_t free_count, expired_first, expired_count;
    uint64_t next_number;
    size_t cursor;  /* where requests_due goes on */
    time_us due_us; /* no timer of a slot comes earlier */
};

void requests_init(struct requests *rs);
void requests_fini(struct requests *rs);

/* Copies the body. NULL when all slots are in use or memory is. */
struct request *requests_add(struct requests *rs, uint16_t peer, const char *body, size_t len_bytes,
                             time_us deadline_us);
/* NULL: no such ticket waits (any more). */
struct request *requests_find(struct requests *rs, uint64_t ticket);
void requests_remove(struct requests *rs, struct request *r);
/* Sets when r is sent again; use it rather than the field, it keeps due_us. */
void requests_resend_at(struct requests *rs, struct request *r, time_us at_us);

/* Marks what is past its deadline. The next request to send again at now_us, its resend_us set to
 * never; NULL: none, and due_us is then exact. */
struct request *requests_due(struct requests *rs, time_us now_us);
/* The oldest expired request, to be told and removed; NULL: none. */
struct request *requests_expired(struct requests *rs);

#endif
