/* SPDX-License-Identifier: Apache-2.0 */
#include "client-lib/session/pacer.h"
#include <criterion/criterion.h>
#include <stdlib.h>

static struct pacer_item item(struct packet_pool *pool, enum pacer_class class, uint16_t len)
{
    struct packet *p = packet_take(pool);
    cr_assert_not_null(p);
    p->len_bytes = len;
    return (struct pacer_item){.packet = p, .class = class};
}

Test(pacer, a_key_frame_never_stands_in_front_of_speech)
{
    struct packet_pool *pool;
    struct pacer *p = malloc(sizeof(*p));
    struct pacer_item got;
    cr_assert_eq(packet_pool_new(&pool, 600), 0);
    pacer_init(p, 100000);
    for (int i = 0; i < 50; i++) {
        struct pacer_item it = item(pool, PACER_PICTURE, 1000);
        pacer_put(p, &it);
    }
    cr_assert(pacer_next(p, &got, TIME_US_PER_S));
    packet_unref(got.packet);
    cr_expect_not(pacer_next(p, &got, TIME_US_PER_S));
    struct pacer_item speech = item(pool, PACER_SPEECH, 100);
    pacer_put(p, &speech);
    cr_expect_eq(pacer_deadline(p, TIME_US_PER_S), TIME_US_PER_S);
    cr_assert(pacer_next(p, &got, TIME_US_PER_S));
    cr_expect_eq(got.class, PACER_SPEECH);
    packet_unref(got.packet);
    cr_expect_eq(pacer_backlog_us(p), 49 * 80 * TIME_US_PER_MS);
    pacer_clear(p);
    cr_expect_eq(packet_pool_free_count(pool), 600);
    packet_pool_free(pool);
    free(p);
}

Test(pacer, pictures_leave_at_the_rate)
{
    struct packet_pool *pool;
    struct pacer *p = malloc(sizeof(*p));
    struct pacer_item got;
    size_t sent = 0;
    cr_assert_eq(packet_pool_new(&pool, 600), 0);
    pacer_init(p, 800000); /* 100 packets of 1000 bytes a second */
    for (int i = 0; i < 300; i++) {
        struct pacer_item it = item(pool, PACER_PICTURE, 1000);
        pacer_put(p, &it);
    }
    for (time_us t = 0; t < TIME_US_PER_S; t += TIME_US_PER_MS) {
        while (pacer_next(p, &got, t)) {
            sent++;
            packet_unref(got.packet);
        }
    }
    cr_expect_geq(sent, 99);
    cr_expect_leq(sent, 102);
    for (int i = 0; i < 600 - 200 && packet_pool_free_count(pool) > 0; i++) {
        struct pacer_item it = item(pool, PACER_PICTURE, 1000);
        pacer_put(p, &it);
    }
    cr_expect_gt(p->dropped, 0);
    pacer_clear(p);
    packet_pool_free(pool);
    free(p);
}
