/* SPDX-License-Identifier: Apache-2.0 */
/* Reference-counted packet buffers from a fixed pool. One thread owns a pool and its packets; counts are plain
 * integers. `head` room before the data is for trunks and framing, room behind it for SRTP trailers. */
#ifndef BASE_PACKET_H
#define BASE_PACKET_H

#include "base/time.h"
#include <stddef.h>
#include <stdint.h>

#define PACKET_CAPACITY_BYTES 2048 /* one Ethernet datagram, RTX header and SRTP trailer included */

struct packet_pool;

struct packet {
    struct packet_pool *pool;
    uint32_t refs;
    uint16_t len_bytes;
    time_us received_us;
    uint8_t data[PACKET_CAPACITY_BYTES];
};

/* Room for `count` packets, allocated now. 0 or SQ_ERR_NOMEM. Free only when all packets are back (asserted). */
int packet_pool_new(struct packet_pool **out, size_t count);
void packet_pool_free(struct packet_pool *pool);
size_t packet_pool_free_count(const struct packet_pool *pool);

/* A packet with one reference, len_bytes 0; NULL when the pool is used up (count it and drop the input). */
struct packet *packet_take(struct packet_pool *pool);
struct packet *packet_ref(struct packet *p);
void packet_unref(struct packet *p);

#endif
