/* SPDX-License-Identifier: Apache-2.0 */
/* NACK generator, packet ring and resend ledger. */
#include "rtc/nack/nack_generator.h"
#include "rtc/nack/packet_ring.h"
#include "shanqiao/error.h"
#include "tests/support/prng.h"
#include <criterion/criterion.h>

#define MS TIME_US_PER_MS

static struct nack_generator n;

static void start(bool key_frames, time_us deadline_us)
{
    nack_generator_init(
        &n, &(struct nack_config){.key_frames = key_frames, .deadline_us = deadline_us});
}

static void receive(uint16_t from, uint16_t to, time_us now_us)
{
    for (uint16_t s = from; s != (uint16_t)(to + 1); s++)
        nack_generator_on_packet(&n, s, now_us);
}

Test(nack, asks_for_a_gap_after_the_reorder_time)
{
    uint16_t out[8];
    start(false, 0);
    receive(65533, 65535, 0);
    receive(2, 2, 0); /* 0 and 1 are missing */
    cr_assert_eq(nack_generator_take(&n, out, 8, 50 * MS, 0), 0);
    cr_assert_eq(nack_generator_deadline(&n, 50 * MS), NACK_REORDER_US);
    cr_assert_eq(nack_generator_take(&n, out, 8, 50 * MS, NACK_REORDER_US), 2);
    cr_assert(out[0] == 0 && out[1] == 1);
}

Test(nack, asks_at_once_when_enough_newer_ones_came)
{
    uint16_t out[8];
    start(false, 0);
    receive(0, 0, 0);
    receive(2, 4, 0); /* 4 is three past 1 */
    cr_assert_eq(nack_generator_take(&n, out, 8, 50 * MS, 0), 1);
    cr_assert_eq(out[0], 1);
}

Test(nack, reordered_packets_are_never_asked_for)
{
    uint16_t out[8];
    start(false, 0);
    receive(0, 0, 0);
    receive(2, 2, 0);
    cr_assert_eq(nack_generator_on_packet(&n, 1, 5 * MS), NACK_SEEN_RECOVERED);
    cr_assert_eq(nack_generator_take(&n, out, 8, 50 * MS, 1000 * MS), 0);
    cr_assert_eq(n.recovered, 0, "it had not been asked for");
    cr_assert_eq(nack_generator_on_packet(&n, 1, 5 * MS), NACK_SEEN_OLD);
}

Test(nack, repeats_per_round_trip_then_asks_for_a_key_frame)
{
    uint16_t out[8];
    time_us now = 100 * MS;
    start(true, 0);
    receive(0, 0, 0);
    receive(2, 2, 0);
    for (int i = 0; i < NACK_TRIES_DEFAULT; i++) {
        cr_assert_eq(nack_generator_take(&n, out, 8, 80 * MS, now), 1);
        cr_assert_eq(nack_generator_take(&n, out, 8, 80 * MS, now + 79 * MS), 0);
        now = nack_generator_deadline(&n, 80 * MS);
        cr_assert_not(nack_take_key_frame_request(&n));
    }
    cr_assert_eq(nack_generator_take(&n, out, 8, 80 * MS, now), 0);
    cr_assert_eq(n.given_up, 1);
    cr_assert(nack_take_key_frame_request(&n));
    cr_assert_not(nack_take_key_frame_request(&n), "once");
    cr_assert_eq(nack_generator_deadline(&n, 80 * MS), TIME_US_NEVER);
}

Test(nack, gives_up_past_the_deadline)
{
    uint16_t out[8];
    start(false, 60 * MS);
    receive(0, 0, 0);
    receive(2, 2, 0);
    cr_assert_eq(nack_generator_take(&n, out, 8, 30 * MS, 30 * MS), 1);
    cr_assert_eq(nack_generator_take(&n, out, 8, 30 * MS, 60 * MS), 0);
    cr_assert_eq(n.given_up, 1);
    cr_assert_not(nack_take_key_frame_request(&n), "audio asks for none");
}

Test(nack, drops_the_oldest_when_full)
{
    start(true, 0);
    nack_generator_on_packet(&n, 0, 0);
    nack_generator_on_packet(&n, 700, 0);
    nack_generator_on_packet(&n, 1400, 0);
    cr_assert_eq(n.count, NACK_ENTRIES_MAX);
    cr_assert_eq(n.entries[0].seq, 1398 - NACK_ENTRIES_MAX + 1);
    cr_assert(nack_take_key_frame_request(&n));
}

Test(nack, a_long_jump_is_a_new_start)
{
    start(true, 0);
    receive(0, 0, 0);
    receive(2, 2, 0);
    cr_assert_eq(nack_generator_on_packet(&n, 2 + NACK_GAP_MAX + 1, 0), NACK_SEEN_RESET);
    cr_assert_eq(n.count, 0);
    cr_assert(nack_take_key_frame_request(&n));
}

Test(nack, a_key_frame_ends_the_search)
{
    start(true, 0);
    receive(0, 0, 0);
    receive(5, 5, 0);
    receive(8, 8, 0);
    nack_generator_on_key_frame(&n, 6);
    cr_assert_eq(n.count, 2);
    cr_assert_eq(n.entries[0].seq, 6);
}

Test(nack, what_is_missing_is_what_was_not_received)
{
    /* Random loss, duplicates and reordering: the list equals a naive bitmap. */
    struct prng r = prng_of(4585);
    static bool got[70000];
    int64_t newest = 100;
    memset(got, 0, sizeof got);
    start(false, 0);
    nack_generator_on_packet(&n, 100, 0);
    got[100] = true;
    while (newest < 60000) {
        int64_t seq = newest + prng_between(&r, -40, 6);
        if (seq <= 100 || got[seq])
            continue;
        nack_generator_on_packet(&n, (uint16_t)seq, 0);
        got[seq] = true;
        newest = seq > newest ? seq : newest;
        if (n.count > NACK_ENTRIES_MAX - 50)
            nack_generator_on_key_frame(&n, (uint16_t)(newest - 60));
        for (size_t i = 0; i < n.count; i++) {
            cr_assert_not(got[n.entries[i].seq]);
            cr_assert(i == 0 || n.entries[i].seq > n.entries[i - 1].seq);
        }
    }
    size_t missing = 0;
    for (int64_t s = n.entries[0].seq; s < newest; s++)
        missing += !got[s];
    cr_assert_eq(missing, n.count);
}

static struct packet *packet_at(struct packet_pool *pool, time_us now_us)
{
    struct packet *p = packet_take(pool);
    cr_assert_not_null(p);
    p->received_us = now_us;
    return p;
}

Test(packet_ring, holds_one_reference_and_gives_it_back)
{
    struct packet_pool *pool;
    struct packet_ring ring;
    cr_assert_eq(packet_pool_new(&pool, 8), SQ_OK);
    cr_assert_eq(packet_ring_init(&ring, 4, 1000 * MS), SQ_OK);
    for (uint16_t s = 65534; s != 4; s++) {
        struct packet *p = packet_at(pool, 0);
        p->data[0] = (uint8_t)s;
        packet_ring_put(&ring, s, p);
        packet_unref(p);
    }
    cr_assert_eq(packet_pool_free_count(pool), 4);
    cr_assert_null(packet_ring_get(&ring, 65535, 0), "overwritten by 3");
    cr_assert_eq(packet_ring_get(&ring, 3, 0)->data[0], 3);
    cr_assert_null(packet_ring_get(&ring, 7, 0), "same slot, never put");
    cr_assert_not_null(packet_ring_get(&ring, 3, 1000 * MS));
    cr_assert_null(packet_ring_get(&ring, 3, 1000 * MS + 1), "too old");
    packet_ring_fini(&ring);
    cr_assert_eq(packet_pool_free_count(pool), 8);
    packet_pool_free(pool);
}

Test(packet_ring, refuses_odd_sizes)
{
    struct packet_ring ring;
    struct resend_ledger ledger;
    static const size_t bad[] = {0, 1, 3, 1000, 8192};
    for (size_t i = 0; i < 5; i++) {
        cr_assert_eq(packet_ring_init(&ring, bad[i], 1), SQ_ERR_INVALID);
        cr_assert_eq(resend_ledger_init(&ledger, bad[i]), SQ_ERR_INVALID);
    }
}

Test(resend_ledger, answers_three_times_a_round_trip_apart)
{
    struct resend_ledger l;
    uint16_t in = 0;
    uint64_t note = 0;
    cr_assert_eq(resend_ledger_init(&l, 16), SQ_OK);
    resend_ledger_put(&l, 5, 1005, 42, 0);
    cr_assert(resend_ledger_take(&l, 5, 100 * MS, 10 * MS, &in, &note));
    cr_assert(in == 1005 && note == 42);
    cr_assert_not(resend_ledger_take(&l, 5, 100 * MS, 109 * MS, &in, &note));
    cr_assert_eq(l.refused_soon, 1);
    cr_assert(resend_ledger_take(&l, 5, 100 * MS, 110 * MS, &in, &note));
    cr_assert(resend_ledger_take(&l, 5, 100 * MS, 210 * MS, &in, &note));
    cr_assert_not(resend_ledger_take(&l, 5, 100 * MS, 900 * MS, &in, &note));
    cr_assert_eq(l.refused_often, 1);
    cr_assert_not(resend_ledger_take(&l, 6, 100 * MS, 900 * MS, &in, &note));
    cr_assert_not(resend_ledger_take(&l, 5 + 16, 100 * MS, 900 * MS, &in, &note));
    cr_assert_eq(l.unknown, 2);
    resend_ledger_fini(&l);
}

Test(resend_ledger, a_storm_costs_at_most_three_resends_each)
{
    struct resend_ledger l;
    uint16_t in;
    uint64_t note;
    unsigned sent = 0;
    cr_assert_eq(resend_ledger_init(&l, 64), SQ_OK);
    for (uint16_t s = 0; s < 64; s++)
        resend_ledger_put(&l, s, s, 0, 0);
    for (time_us now = 0; now < 2000 * MS; now += MS)
        for (uint16_t s = 0; s < 64; s++)
            sent += resend_ledger_take(&l, s, 0, now, &in, &note);
    cr_assert_eq(sent, 64 * RESEND_TIMES_MAX);
    resend_ledger_fini(&l);
}
