/* SPDX-License-Identifier: Apache-2.0 */
/* VP9 payloads by the layouts of RFC 9628 section 4.2. */
#include "rtc/payload/vp9.h"
#include "shanqiao/error.h"
#include "tests/support/prng.h"
#include <criterion/criterion.h>
#include <string.h>

Test(vp9, reads_non_flexible_with_structure)
{
    /* I, L, B, V; picture 0x123; T0 S0; TL0 7; structure: 2 layers with sizes and a group of 2. */
    const uint8_t p[] = {0xaa, 0x81, 0x23, 0x00, 0x07, 0x38, 0x01, 0x40, 0x00, 0xb4, 0x02,
                         0x80, 0x01, 0x68, 0x02, 0x14, 0x01, 0x28, 0x01, 0x02, 0xff};
    struct vp9_descriptor d;
    uint16_t width, height;
    /* The last group picture has R = 2: two P_DIFF. */
    cr_assert_eq(vp9_parse(&d, p, sizeof p), SQ_OK);
    cr_assert(d.start && !d.end && !d.flexible && d.has_layers);
    cr_assert_eq(d.picture_id, 0x123);
    cr_assert_eq(d.tl0_picture, 7);
    cr_assert(vp9_key_frame(&d));
    cr_assert(vp9_size(&d, &width, &height) && width == 640 && height == 360);
    cr_assert_eq(d.structure.spatial_count, 2);
    cr_assert_eq(d.structure.group_count, 2);
    cr_assert_eq(d.len_bytes, sizeof p - 1);
    for (size_t len = 0; len < sizeof p; len++)
        cr_assert_eq(vp9_parse(&d, p, len), SQ_ERR_INVALID, "%zu", len);
}

Test(vp9, reads_flexible_references)
{
    /* I, P, L, F, B, E; 7-bit picture 5; T1 U S1 D; P_DIFF 1 and 4. */
    const uint8_t p[] = {0xfc, 0x05, 0x33, 0x03, 0x08, 0xaa};
    struct vp9_descriptor d;
    cr_assert_eq(vp9_parse(&d, p, sizeof p), SQ_OK);
    cr_assert(d.flexible && d.inter_predicted && d.start && d.end && d.inter_layer);
    cr_assert(d.temporal == 1 && d.spatial == 1 && d.switching_up);
    cr_assert_eq(d.reference_count, 2);
    cr_assert(d.references[0] == 1 && d.references[1] == 4);
    cr_assert_eq(d.tl0_picture, -1, "absent in flexible mode");
    cr_assert_not(vp9_picture_start(&d));
    cr_assert_not(vp9_key_frame(&d));
    cr_assert(vp9_switch_up(&d));
}

Test(vp9, refuses_four_references_and_flexible_without_picture_id)
{
    const uint8_t four[] = {0xf0, 0x05, 0x20, 0x03, 0x05, 0x07, 0x08, 0xaa};
    const uint8_t no_id[] = {0x18, 0xaa};
    struct vp9_descriptor d;
    cr_assert_eq(vp9_parse(&d, four, sizeof four), SQ_ERR_INVALID);
    cr_assert_eq(vp9_parse(&d, no_id, sizeof no_id), SQ_ERR_INVALID);
}

Test(vp9, upper_spatial_layer_starts_no_picture)
{
    const uint8_t p[] = {0xa8, 0x05, 0x03, 0x07, 0xaa}; /* B, S1, D, not P */
    struct vp9_descriptor d;
    cr_assert_eq(vp9_parse(&d, p, sizeof p), SQ_OK);
    cr_assert_not(vp9_key_frame(&d));
    cr_assert(vp9_switch_up(&d));
}

Test(vp9, rewrites_in_place)
{
    uint8_t p[] = {0xa8, 0x81, 0x23, 0x00, 0x07, 0xaa};
    struct vp9_descriptor d;
    cr_assert_eq(vp9_parse(&d, p, sizeof p), SQ_OK);
    vp9_set_picture_id(&d, p, 0x7abc);
    vp9_set_tl0_picture(&d, p, 0x99);
    vp9_set_end(p, true);
    cr_assert_arr_eq(p, ((uint8_t[]){0xac, 0xfa, 0xbc, 0x00, 0x99, 0xaa}), sizeof p);
    cr_assert_eq(vp9_parse(&d, p, sizeof p), SQ_OK);
    cr_assert(d.end && d.picture_id == 0x7abc);
}

static struct vp9_descriptor random_descriptor(struct prng *r)
{
    struct vp9_descriptor d = {
        .picture_id = (int32_t)prng_below(r, 0x8000),
        .inter_predicted = prng_chance(r, 0.5),
        .has_layers = prng_chance(r, 0.5),
        .flexible = prng_chance(r, 0.5),
        .not_reference = prng_chance(r, 0.5),
        .has_structure = prng_chance(r, 0.5),
        .tl0_picture = -1,
    };
    if (d.has_layers) {
        d.temporal = (uint8_t)prng_below(r, 8);
        d.spatial = (uint8_t)prng_below(r, 8);
        d.switching_up = prng_chance(r, 0.5);
        d.inter_layer = prng_chance(r, 0.5);
        if (!d.flexible)
            d.tl0_picture = (int16_t)prng_below(r, 256);
    }
    if (d.flexible && d.inter_predicted) {
        d.reference_count = (uint8_t)(1 + prng_below(r, 3));
        for (unsigned i = 0; i < d.reference_count; i++)
            d.references[i] = (uint8_t)prng_below(r, 128);
    }
    if (d.has_structure) {
        d.structure.spatial_count = (uint8_t)(1 + prng_below(r, VP9_SPATIAL_MAX));
        d.structure.has_sizes = prng_chance(r, 0.5);
        for (unsigned i = 0; d.structure.has_sizes && i < d.structure.spatial_count; i++) {
            d.structure.width[i] = (uint16_t)prng_u32(r);
            d.structure.height[i] = (uint16_t)prng_u32(r);
        }
    }
    return d;
}

static void expect_same(const struct vp9_descriptor *a, const struct vp9_descriptor *b)
{
    cr_assert_eq(a->picture_id, b->picture_id);
    cr_assert_eq(a->inter_predicted, b->inter_predicted);
    cr_assert_eq(a->flexible, b->flexible);
    cr_assert_eq(a->has_layers, b->has_layers);
    cr_assert(a->temporal == b->temporal && a->spatial == b->spatial);
    cr_assert(a->switching_up == b->switching_up && a->inter_layer == b->inter_layer);
    cr_assert_eq(a->tl0_picture, b->tl0_picture);
    cr_assert_eq(a->reference_count, b->reference_count);
    cr_assert_arr_eq(a->references, b->references, sizeof a->references);
    cr_assert_eq(a->not_reference, b->not_reference);
}

Test(vp9, cut_frames_come_together)
{
    struct prng r = prng_of(9628);
    static uint8_t frame[9000], joined[9000], out[1500];
    for (int round = 0; round < 400; round++) {
        struct vp9_packetizer p;
        struct vp9_descriptor d = random_descriptor(&r), back;
        size_t len = 1 + prng_below(&r, sizeof frame - 1), at = 0, max = 60 + prng_below(&r, 1200);
        bool last = false;
        prng_bytes(&r, frame, len);
        cr_assert_eq(vp9_packetizer_init(&p, &d, frame, len, max), SQ_OK);
        for (int n; (n = vp9_packetizer_next(&p, out, sizeof out, &last)) != 0;) {
            cr_assert_gt(n, 0);
            cr_assert_leq((size_t)n, max);
            cr_assert_eq(vp9_parse(&back, out, (size_t)n), SQ_OK, "round %d", round);
            expect_same(&back, &d);
            cr_assert_eq(back.start, at == 0);
            cr_assert_eq(back.has_structure, d.has_structure && at == 0);
            if (back.has_structure)
                cr_assert_eq(memcmp(&back.structure, &d.structure, sizeof d.structure), 0);
            memcpy(joined + at, out + back.len_bytes, (size_t)n - back.len_bytes);
            at += (size_t)n - back.len_bytes;
            cr_assert(back.end == (at == len) && last == back.end);
        }
        cr_assert_eq(at, len);
        cr_assert_eq(memcmp(joined, frame, len), 0);
    }
}
