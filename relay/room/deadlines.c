/* SPDX-License-Identifier: Apache-2.0 */
/* Binary heap with back indices. Refuses to know: what happens at a deadline. */
#include "relay/room/deadlines.h"
#include "base/check.h"
#include "shanqiao/error.h"
#include <stdint.h>
#include <stdlib.h>

int deadlines_init(struct deadlines *d, size_t capacity)
{
    *d = (struct deadlines){.nodes = calloc(capacity, sizeof *d->nodes), .capacity = capacity};
    return d->nodes ? 0 : SQ_ERR_NOMEM;
}

void deadlines_fini(struct deadlines *d)
{
    free(d->nodes);
    *d = (struct deadlines){0};
}

static void place(struct deadlines *d, size_t index, struct deadline *node)
{
    d->nodes[index] = node;
    node->index = index;
}

static void sift_up(struct deadlines *d, struct deadline *node)
{
    size_t at = node->index;
    while (at > 0 && d->nodes[(at - 1) / 2]->at_us > node->at_us) {
        place(d, at, d->nodes[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    place(d, at, node);
}

static void sift_down(struct deadlines *d, struct deadline *node)
{
    size_t at = node->index;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child + 1 < d->count && d->nodes[child + 1]->at_us < d->nodes[child]->at_us)
            child++;
        if (child >= d->count || d->nodes[child]->at_us >= node->at_us)
            break;
        place(d, at, d->nodes[child]);
        at = child;
    }
    place(d, at, node);
}

static void take_out(struct deadlines *d, struct deadline *node)
{
    size_t hole = node->index;
    struct deadline *last = d->nodes[--d->count];
    node->index = DEADLINE_ABSENT;
    if (last == node)
        return;
    place(d, hole, last);
    sift_up(d, last);
    sift_down(d, last);
}

void deadlines_set(struct deadlines *d, struct deadline *node, time_us at_us)
{
    node->at_us = at_us;
    if (at_us == TIME_US_NEVER) {
        if (node->index != DEADLINE_ABSENT)
            take_out(d, node);
        return;
    }
    if (node->index == DEADLINE_ABSENT) {
        CHECK(d->count < d->capacity);
        node->index = d->count;
        d->nodes[d->count++] = node;
    }
    sift_up(d, node);
    sift_down(d, node);
}

void deadlines_sooner(struct deadlines *d, struct deadline *node, time_us at_us)
{
    if (at_us == TIME_US_NEVER || (node->index != DEADLINE_ABSENT && node->at_us <= at_us))
        return;
    deadlines_set(d, node, at_us);
}

struct deadline *deadlines_first(const struct deadlines *d)
{
    return d->count ? d->nodes[0] : NULL;
}
