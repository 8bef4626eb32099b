/* SPDX-License-Identifier: Apache-2.0 */
/* Maps an unwrapped input counter (sequence number, picture id) to a contiguous output counter.
 * Values that are cut on purpose close up; values that the network lost stay gaps, so that the
 * receiver sees its loss and a late repair finds its place. A restart continues the output after a
 * pause or a change of source. Refuses to know: what it counts. */
#ifndef RELAY_FORWARD_OFFSET_MAP_H
#define RELAY_FORWARD_OFFSET_MAP_H

#include <stdbool.h>
#include <stdint.h>

/* Spans remembered for late input. A cut layer opens one span per cut frame; at 30 frames a second
 * with every second one cut this is 4 s of history, more than any repair takes. */
#define OFFSET_MAP_SPANS 64

struct offset_span {
    int64_t first;  /* input values from here on ... */
    int64_t offset; /* ... are sent as value + offset */
};

struct offset_map {
    struct offset_span spans[OFFSET_MAP_SPANS]; /* ring, oldest overwritten */
    uint32_t span_count;                        /* total ever opened since the restart */
    int64_t highest_in;                         /* of all values seen, cut ones included */
    int64_t highest_out;                        /* of all values sent; survives a restart */
    bool running;
};

/* The first value sent will be first_out. */
void offset_map_init(struct offset_map *m, int64_t first_out);
/* Input jumps to `in`, which is sent next after what was sent before. Earlier input is refused from
 * now on. */
void offset_map_restart(struct offset_map *m, int64_t in);
/* Where `in` is sent; false when it is older than the restart or the history. */
bool offset_map_send(struct offset_map *m, int64_t in, int64_t *out);
/* `in` is not sent. Closes up when it is the newest; a late one leaves its gap. Repeats change
 * nothing. */
void offset_map_cut(struct offset_map *m, int64_t in);
/* Which input a sent value came from; false when it is outside the history. Does not tell whether
 * it was sent. */
bool offset_map_reverse(const struct offset_map *m, int64_t out, int64_t *in);

#endif
