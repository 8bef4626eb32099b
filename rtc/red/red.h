/* SPDX-License-Identifier: Apache-2.0 */
/* Redundant audio (RFC 2198): one payload with the present frame and copies of earlier ones.
 * Refuses to know: which distances pay (the caller's list), codecs. */
#ifndef RTC_RED_RED_H
#define RTC_RED_RED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RED_BLOCKS_MAX      8     /* of ours: primary included; more is refused */
#define RED_BLOCK_BYTES_MAX 1023  /* section 3: ten-bit length of a redundant block */
#define RED_OFFSET_MAX      16383 /* section 3: 14-bit timestamp offset: 341 ms at 48 kHz */
#define RED_HISTORY         16    /* frames an encoder remembers */

struct red_block {
    uint8_t payload_type;
    uint16_t timestamp_offset; /* to be subtracted from the packet's timestamp; 0 for the primary */
    const uint8_t *data;       /* borrowed */
    size_t len_bytes;          /* may be 0 */
};

/* The blocks in order of the packet: oldest first as a rule, the primary always last. Their number
 * (1..RED_BLOCKS_MAX); SQ_ERR_INVALID when cut off or lengths pass the end; SQ_ERR_LIMIT with more
 * blocks than that. */
int red_parse(struct red_block out[RED_BLOCKS_MAX], const uint8_t *payload, size_t len_bytes);

/* Writes blocks[0..count): all but the last are redundant. The length; SQ_ERR_LIMIT (capacity),
 * SQ_ERR_INVALID (count, a length or an offset over the limits). */
int red_write(const struct red_block *blocks, size_t count, uint8_t *out, size_t capacity_bytes);

/* Remembers frames and writes each new one with copies of those at the given distances (1: the
 * frame before, 2: the one before that, ...). */
struct red_frame {
    uint32_t timestamp;
    uint16_t len_bytes; /* 0: empty slot or DTX, never copied */
    uint8_t data[RED_BLOCK_BYTES_MAX];
};

struct red_encoder {
    uint8_t payload_type; /* of the frames inside (Opus) */
    uint8_t distance_count;
    uint8_t distances[RED_BLOCKS_MAX - 1]; /* descending, so that the oldest comes first */
    uint32_t frame_count;
    struct red_frame frames[RED_HISTORY];
};

void red_encoder_init(struct red_encoder *e, uint8_t payload_type);
/* distances: at most RED_BLOCKS_MAX - 1 values in 1..RED_HISTORY - 1, in any order; 0 of them
 * switches redundancy off (the primary is still wrapped). SQ_ERR_INVALID otherwise, nothing
 * changed. */
int red_encoder_set_distances(struct red_encoder *e, const uint8_t *distances, size_t count);
/* Wraps one frame and remembers it. Copies that are too old for the offset, too long, or do not fit
 * the capacity are left out. The length; SQ_ERR_LIMIT when the frame alone does not fit. */
int red_encoder_write(struct red_encoder *e, uint32_t timestamp, const uint8_t *frame,
                      size_t len_bytes, uint8_t *out, size_t capacity_bytes);
/* Forgets the past: after a pause or a new timestamp base. */
void red_encoder_reset(struct red_encoder *e);

#endif
