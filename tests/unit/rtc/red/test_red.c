/* SPDX-License-Identifier: Apache-2.0 */
/* Redundant audio: the layout of RFC 2198 section 5, limits, distances. */
#include "rtc/red/red.h"
#include "shanqiao/error.h"
#include "tests/support/prng.h"
#include <criterion/criterion.h>
#include <string.h>

Test(red, reads_the_example_of_the_rfc)
{
    /* RFC 2198 section 5: DVI4 (PT 5) primary, LPC (PT 7) redundant of 14 bytes, one 20 ms packet
     * (160) back. */
    uint8_t p[4 + 1 + 14 + 84] = {0x80 | 7, 0, 0, 0, 5};
    uint32_t field = 160u << 10 | 14;
    p[1] = (uint8_t)(field >> 16);
    p[2] = (uint8_t)(field >> 8);
    p[3] = (uint8_t)field;
    memset(p + 5, 'r', 14);
    memset(p + 19, 'p', 84);
    struct red_block b[RED_BLOCKS_MAX];
    cr_assert_eq(red_parse(b, p, sizeof p), 2);
    cr_assert_eq(b[0].payload_type, 7);
    cr_assert_eq(b[0].timestamp_offset, 160);
    cr_assert_eq(b[0].len_bytes, 14);
    cr_assert_eq(b[0].data[0], 'r');
    cr_assert_eq(b[1].payload_type, 5);
    cr_assert_eq(b[1].timestamp_offset, 0);
    cr_assert_eq(b[1].len_bytes, 84);
    cr_assert_eq(b[1].data[0], 'p');
    uint8_t again[sizeof p];
    cr_assert_eq(red_write(b, 2, again, sizeof again), (int)sizeof p);
    cr_assert_arr_eq(again, p, sizeof p);
}

Test(red, refuses_every_cut_into_headers_and_copies)
{
    const uint8_t p[] = {0xef, 0x0f, 0x00, 0x03, 0x6f, 1, 2, 3, 4};
    struct red_block b[RED_BLOCKS_MAX];
    for (size_t len = 0; len < 8; len++)
        cr_assert_eq(red_parse(b, p, len), SQ_ERR_INVALID, "%zu", len);
    cr_assert_eq(red_parse(b, p, 8), 2, "an empty primary is allowed");
    cr_assert_eq(red_parse(b, p, 9), 2);
}

Test(red, refuses_too_many_blocks)
{
    uint8_t p[4 * RED_BLOCKS_MAX + 1];
    struct red_block b[RED_BLOCKS_MAX];
    memset(p, 0, sizeof p);
    for (size_t i = 0; i < RED_BLOCKS_MAX; i++)
        p[4 * i] = 0xef;
    cr_assert_eq(red_parse(b, p, sizeof p), SQ_ERR_LIMIT);
}

Test(red, refuses_to_write_over_the_limits)
{
    uint8_t data[1100] = {0}, out[3000];
    struct red_block b[2] = {{111, 960, data, 1024}, {111, 0, data, 10}};
    cr_assert_eq(red_write(b, 2, out, sizeof out), SQ_ERR_INVALID);
    b[0].len_bytes = 1023;
    b[0].timestamp_offset = 16384;
    cr_assert_eq(red_write(b, 2, out, sizeof out), SQ_ERR_INVALID);
    b[0].timestamp_offset = 16383;
    cr_assert_eq(red_write(b, 2, out, sizeof out), 4 + 1 + 1023 + 10);
    cr_assert_eq(red_write(b, 2, out, 1037), SQ_ERR_LIMIT);
    cr_assert_eq(red_write(b, 0, out, sizeof out), SQ_ERR_INVALID);
}

static int encode(struct red_encoder *e, uint32_t n, uint8_t *out, size_t capacity)
{
    uint8_t frame[3] = {(uint8_t)n, (uint8_t)(n + 1), (uint8_t)(n + 2)};
    return red_encoder_write(e, n * 960, frame, sizeof frame, out, capacity);
}

Test(red, encoder_copies_the_chosen_distances)
{
    static struct red_encoder e;
    uint8_t out[100];
    struct red_block b[RED_BLOCKS_MAX];
    red_encoder_init(&e, 111);
    cr_assert_eq(red_encoder_set_distances(&e, (uint8_t[]){1, 3}, 2), SQ_OK);
    for (uint32_t n = 0; n < 40; n++) {
        int len = encode(&e, n, out, sizeof out);
        int count = red_parse(b, out, (size_t)len);
        cr_assert_eq(count, n == 0 ? 1 : n < 3 ? 2 : 3, "frame %u", n);
        cr_assert_eq(b[count - 1].data[0], (uint8_t)n);
        if (n < 3)
            continue;
        cr_assert_eq(b[0].timestamp_offset, 3 * 960, "oldest first");
        cr_assert_eq(b[0].data[0], (uint8_t)(n - 3));
        cr_assert_eq(b[1].timestamp_offset, 960);
        cr_assert_eq(b[1].data[0], (uint8_t)(n - 1));
    }
}

Test(red, encoder_leaves_out_what_is_too_old_or_too_long)
{
    static struct red_encoder e;
    uint8_t out[4000], big[1200] = {0};
    struct red_block b[RED_BLOCKS_MAX];
    red_encoder_init(&e, 111);
    red_encoder_set_distances(&e, (uint8_t[]){1}, 1);
    encode(&e, 0, out, sizeof out);
    int len = red_encoder_write(&e, 20000, (const uint8_t *)"x", 1, out, sizeof out);
    cr_assert_eq(red_parse(b, out, (size_t)len), 1, "the gap passes 14 bits");
    red_encoder_write(&e, 21000, big, sizeof big, out, sizeof out);
    len = red_encoder_write(&e, 22000, (const uint8_t *)"y", 1, out, sizeof out);
    cr_assert_eq(red_parse(b, out, (size_t)len), 1, "1200 bytes pass 10 bits");
    cr_assert_eq(red_encoder_write(&e, 23000, big, 10, out, 10), SQ_ERR_LIMIT);
    len = red_encoder_write(&e, 23000, big, 10, out, 11 + 4);
    cr_assert_eq(red_parse(b, out, (size_t)len), 1, "no room for the copy");
    red_encoder_reset(&e);
    len = encode(&e, 24, out, sizeof out);
    cr_assert_eq(red_parse(b, out, (size_t)len), 1, "reset forgets");
}

Test(red, encoder_prefers_the_nearest_when_room_is_short)
{
    static struct red_encoder e;
    uint8_t out[100];
    struct red_block b[RED_BLOCKS_MAX];
    red_encoder_init(&e, 111);
    red_encoder_set_distances(&e, (uint8_t[]){2, 1}, 2);
    encode(&e, 0, out, sizeof out);
    encode(&e, 1, out, sizeof out);
    int len = encode(&e, 2, out, 1 + 3 + 4 + 3);
    cr_assert_eq(red_parse(b, out, (size_t)len), 2);
    cr_assert_eq(b[0].timestamp_offset, 960);
}

Test(red, encoder_refuses_bad_distances_and_keeps_the_old)
{
    static struct red_encoder e;
    red_encoder_init(&e, 111);
    cr_assert_eq(red_encoder_set_distances(&e, (uint8_t[]){2}, 1), SQ_OK);
    cr_assert_eq(red_encoder_set_distances(&e, (uint8_t[]){0}, 1), SQ_ERR_INVALID);
    cr_assert_eq(red_encoder_set_distances(&e, (uint8_t[]){16}, 1), SQ_ERR_INVALID);
    cr_assert_eq(red_encoder_set_distances(&e, (uint8_t[8]){1, 2, 3, 4, 5, 6, 7, 8}, 8),
                 SQ_ERR_INVALID);
    cr_assert_eq(e.distance_count, 1);
    cr_assert_eq(e.distances[0], 2);
    cr_assert_eq(red_encoder_set_distances(&e, (uint8_t[]){3, 3}, 2), SQ_OK);
    cr_assert_eq(e.distance_count, 1, "each distance once");
    cr_assert_eq(red_encoder_set_distances(&e, NULL, 0), SQ_OK);
    cr_assert_eq(e.distance_count, 0);
}

Test(red, what_is_written_is_read_back)
{
    struct prng r = prng_of(2198);
    uint8_t data[500], out[5000];
    prng_bytes(&r, data, sizeof data);
    for (int round = 0; round < 1000; round++) {
        struct red_block in[RED_BLOCKS_MAX], back[RED_BLOCKS_MAX];
        size_t count = 1 + prng_below(&r, RED_BLOCKS_MAX);
        for (size_t i = 0; i < count; i++)
            in[i] = (struct red_block){(uint8_t)prng_below(&r, 128),
                                       (uint16_t)(i + 1 < count ? prng_below(&r, 16384) : 0),
                                       data + i, prng_below(&r, 400)};
        int len = red_write(in, count, out, sizeof out);
        cr_assert_gt(len, 0);
        cr_assert_eq(red_parse(back, out, (size_t)len), (int)count);
        for (size_t i = 0; i < count; i++) {
            cr_assert_eq(back[i].payload_type, in[i].payload_type);
            cr_assert_eq(back[i].timestamp_offset, in[i].timestamp_offset);
            cr_assert_eq(back[i].len_bytes, in[i].len_bytes);
            cr_assert_eq(memcmp(back[i].data, in[i].data, in[i].len_bytes), 0);
        }
    }
}
