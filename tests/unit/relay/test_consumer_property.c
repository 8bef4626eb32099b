/* SPDX-License-Identifier: Apache-2.0 */
/* relay/forward/consumer under seeded pauses, cuts, switches, loss and reordering: what the
 * receiver sees is gap-free where the input is, never repeats a number, and each late repair lands
 * in its own place. */
#include "tests/support/prng.h"
#include "tests/unit/relay/streams.h"
#include <stdlib.h>

#define FRAME_US (33 * TIME_US_PER_MS)
#define SEEDS    40

/* Loss-free input with random pauses, layer wishes and encodings: sequence and picture ids grow by
 * one. */
Test(consumer_property, gap_free_for_a_loss_free_input)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct prng r = prng_of(seed);
        struct pair p;
        struct got g;
        uint16_t seq[2] = {(uint16_t)prng_u32(&r), (uint16_t)prng_u32(&r)};
        uint32_t base[2] = {prng_u32(&r), prng_u32(&r)};
        uint16_t next = FIRST_SEQ;
        int32_t picture = -1;
        uint32_t timestamp = 0;
        bool any = false;
        pair_open(&p, sender_video(2), receiver_video());
        for (uint16_t frame = 0; frame < 600; frame++) {
            time_us now = frame * FRAME_US;
            if (prng_chance(&r, 0.03))
                forward_consumer_pause(p.consumer, !p.consumer->paused);
            if (prng_chance(&r, 0.05))
                forward_consumer_prefer(p.consumer, (uint8_t)prng_below(&r, 2),
                                        (uint8_t)prng_below(&r, 3));
            bool key = prng_chance(&r, 0.05);
            uint8_t temporal = key ? 0 : (uint8_t)prng_below(&r, 3);
            uint32_t parts = 1 + prng_below(&r, 4);
            for (uint32_t part = 0; part < parts * 2; part++) {
                uint32_t which = part & 1;
                struct sent_vp8 s = {.ssrc = SENDER_SSRC + which,
                                     .seq16 = seq[which]++,
                                     .timestamp = base[which] + frame * 2970u,
                                     .picture_id = frame,
                                     .temporal = temporal,
                                     .sync = prng_chance(&r, 0.3),
                                     .key = key,
                                     .continued = part > 1};
                if (!pair_vp8(&p, s, &g, now))
                    continue;
                cr_assert_eq(g.view.seq16, next, "seed %lu frame %u", seed, frame);
                next++;
                cr_assert(picture < 0 || g.vp8.picture_id == picture ||
                              g.vp8.picture_id == ((picture + 1) & 0x7fff),
                          "seed %lu frame %u: picture %d after %d", seed, frame, g.vp8.picture_id,
                          picture);
                picture = g.vp8.picture_id;
                cr_assert(!any || g.view.timestamp == timestamp ||
                              ts32_newer(g.view.timestamp, timestamp),
                          "seed %lu frame %u: time goes back", seed, frame);
                timestamp = g.view.timestamp;
                any = true;
            }
        }
        cr_assert(any);
        pair_close(&p);
    }
}

/* Loss and reordering: no number twice, and a number's payload is the one that belongs there. */
Test(consumer_property, no_number_twice_under_loss_and_reordering)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct prng r = prng_of(seed * 7919);
        struct pair p;
        struct got g;
        static bool seen[65536];
        static uint16_t delayed[64];
        size_t delayed_count = 0;
        memset(seen, 0, sizeof seen);
        pair_open(&p, sender_video(1), receiver_video());
        forward_consumer_prefer(p.consumer, UINT8_MAX, 1);
        for (uint32_t i = 0; i < 4000; i++) {
            uint16_t now_seq = (uint16_t)i;
            if (prng_chance(&r, 0.05) && delayed_count < 64 && i > 0) {
                delayed[delayed_count++] = now_seq;
                continue;
            }
            bool late = delayed_count && prng_chance(&r, 0.2);
            uint16_t seqs[2] = {now_seq, late ? delayed[--delayed_count] : 0};
            for (int k = 0; k < 1 + late; k++) {
                uint16_t n = seqs[k];
                /* every third picture is of the layer that is cut */
                struct sent_vp8 s = {.seq16 = n,
                                     .timestamp = n * 3000u,
                                     .picture_id = n & 0x7fff,
                                     .temporal = n % 3 == 2 ? 2 : 0,
                                     .key = n == 0};
                if (!pair_vp8(&p, s, &g, i * FRAME_US / 4))
                    continue;
                cr_assert_neq(n % 3, 2, "a cut layer came through");
                cr_assert_not(seen[g.view.seq16], "seed %lu: %u twice", seed, g.view.seq16);
                seen[g.view.seq16] = true;
                cr_assert_eq(g.view.timestamp, n * 3000u);
            }
        }
        pair_close(&p);
    }
}
