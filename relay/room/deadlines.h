/* SPDX-License-Identifier: Apache-2.0 */
/* Min-heap of deadlines: what wants to be called next, without looking at everybody. Nodes are the
 * caller's. Refuses to know: what happens then. */
#ifndef RELAY_ROOM_DEADLINES_H
#define RELAY_ROOM_DEADLINES_H

#include "base/time.h"
#include <stddef.h>

#define DEADLINE_ABSENT SIZE_MAX

struct deadline {
    time_us at_us;
    size_t index; /* in the heap; DEADLINE_ABSENT when it isn't in */
};

struct deadlines {
    struct deadline **nodes;
    size_t count, capacity;
};

/* 0 or SQ_ERR_NOMEM. */
int deadlines_init(struct deadlines *d, size_t capacity);
void deadlines_fini(struct deadlines *d);
/* Sets a node's time, putting it in first (asserts room) or moving it; TIME_US_NEVER takes it out.
 */
void deadlines_set(struct deadlines *d, struct deadline *node, time_us at_us);
/* Like set, but never later than it is. */
void deadlines_sooner(struct deadlines *d, struct deadline *node, time_us at_us);
/* The earliest node, NULL when there is none. */
struct deadline *deadlines_first(const struct deadlines *d);

#endif
