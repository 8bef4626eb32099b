/* SPDX-License-Identifier: Apache-2.0 */
/* Writes a producer's packet as one consumer's: header, extensions, payload. Stateless: the numbers
 * are given, and pack into the ledger's note so that a repeat is written alike. Refuses to know:
 * who decides the numbers. */
#ifndef RELAY_FORWARD_REWRITE_H
#define RELAY_FORWARD_REWRITE_H

#include "relay/forward/producer.h"

struct forward_consumer;

struct forward_numbers {
    uint16_t seq16;
    uint32_t timestamp_offset; /* added to the packet's */
    uint16_t picture_id;       /* VP8, 15 bits; used when the packet has one */
    uint8_t tl0_picture;       /* VP8 */
};

/* All but seq16, with the index of the encoding (2 bits). */
uint64_t forward_numbers_pack(const struct forward_numbers *n, size_t stream);
/* The index of the encoding. */
size_t forward_numbers_unpack(struct forward_numbers *out, uint64_t note);

/* Has the consumer a payload type for it? RED is unwrapped for one that takes the codec inside
 * only. */
bool forward_rewrite_possible(const struct forward_consumer *c, const struct forward_input *in);
/* The whole plain RTP packet. Its length, 0 when its RED can't be unwrapped, SQ_ERR_LIMIT
 * (capacity). */
int forward_rewrite(const struct forward_consumer *c, const struct forward_input *in,
                    const struct forward_numbers *n, uint8_t *data, size_t capacity_bytes);

#endif
