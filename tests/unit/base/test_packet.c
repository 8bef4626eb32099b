/* SPDX-License-Identifier: Apache-2.0 */
/* The packet pool: bounded, counted, checked. */
#include "base/packet.h"
#include "shanqiao/error.h"
#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

Test(packet, a_pool_gives_what_it_has_and_no_more)
{
    struct packet_pool *pool;
    struct packet *held[3];
    cr_assert_eq(packet_pool_new(&pool, 3), 0);
    for (size_t i = 0; i < 3; i++) {
        cr_assert_eq(packet_pool_free_count(pool), 3 - i);
        cr_assert_not_null(held[i] = packet_take(pool));
        memset(held[i]->data, (int)i, PACKET_CAPACITY_BYTES);
    }
    cr_assert_null(packet_take(pool));
    for (size_t i = 0; i < 3; i++)
        cr_assert_eq(held[i]->data[PACKET_CAPACITY_BYTES - 1], i, "packets don't overlap");
    for (size_t i = 0; i < 3; i++)
        packet_unref(held[i]);
    cr_assert_eq(packet_pool_free_count(pool), 3);
    packet_pool_free(pool);
}

Test(packet, the_last_reference_gives_it_back)
{
    struct packet_pool *pool;
    cr_assert_eq(packet_pool_new(&pool, 1), 0);
    struct packet *p = packet_take(pool);
    cr_assert_eq(packet_ref(p), p);
    packet_unref(p);
    cr_assert_eq(packet_pool_free_count(pool), 0);
    packet_unref(p);
    cr_assert_eq(packet_pool_free_count(pool), 1);
    packet_pool_free(pool);
}

Test(packet, a_packet_comes_back_clean)
{
    struct packet_pool *pool;
    cr_assert_eq(packet_pool_new(&pool, 1), 0);
    struct packet *p = packet_take(pool);
    p->len_bytes = 100;
    p->received_us = 5;
    packet_unref(p);
    p = packet_take(pool);
    cr_assert_eq(p->len_bytes, 0);
    cr_assert_eq(p->received_us, 0);
    cr_assert_eq(p->refs, 1);
    packet_unref(p);
    packet_pool_free(pool);
}

Test(packet, refuses_sizes_that_make_no_sense)
{
    struct packet_pool *pool;
    cr_assert_eq(packet_pool_new(&pool, 0), SQ_ERR_INVALID);
    cr_assert_null(pool);
    cr_assert_eq(packet_pool_new(&pool, SIZE_MAX / 2), SQ_ERR_NOMEM);
    packet_pool_free(NULL);
    packet_unref(NULL);
}

Test(packet, a_pool_with_packets_out_is_not_freed, .signal = SIGABRT)
{
    static struct packet_pool *pool;
    static struct packet *held;
    cr_assert_eq(packet_pool_new(&pool, 1), 0);
    held = packet_take(pool);
    packet_pool_free(pool);
    packet_unref(held);
}
