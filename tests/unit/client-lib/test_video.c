/* SPDX-License-Identifier: Apache-2.0 */
#include "client-lib/video/codec.h"
#include "client-lib/video/frames.h"
#include "media.h"
#include "tests/support/prng.h"
#include <criterion/criterion.h>
#include <shanqiao/error.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH  320
#define HEIGHT 240

static struct video_picture picture_of(const uint8_t *p, uint32_t width, uint32_t height)
{
    size_t luma = (size_t)width * height;
    return (struct video_picture){
        .width = width,
        .height = height,
        .planes = {p, p + luma, p + luma + luma / 4},
        .strides = {width, width / 2, width / 2},
    };
}

static void round_trip(enum video_codec codec)
{
    struct video_encoder *e;
    struct video_decoder *d;
    struct video_encoder_config config = {codec, WIDTH, HEIGHT, 15, 300000};
    uint8_t *raw = malloc(WIDTH * HEIGHT * 3 / 2);
    cr_assert_eq(video_encoder_new(&e, &config), 0);
    cr_assert_eq(video_decoder_new(&d, codec), 0);
    size_t bytes = 0;
    int frames = 0;
    for (uint32_t i = 0; i < 60; i++) {
        struct video_coded coded;
        media_picture(raw, WIDTH, HEIGHT, i);
        struct video_picture in = picture_of(raw, WIDTH, HEIGHT), out;
        cr_assert_eq(video_encoder_encode(e, &in, i * 6000, i == 30, &coded), 0);
        cr_expect_eq(coded.key, i == 0 || i == 30, "frame %u", i);
        if (!coded.data)
            continue;
        frames++;
        bytes += coded.len_bytes;
        cr_assert_eq(video_decoder_decode(d, coded.data, coded.len_bytes, &out), 1);
        cr_assert_eq(out.width, WIDTH);
        double psnr = media_psnr(out.planes[0], out.strides[0], raw, WIDTH, WIDTH, HEIGHT);
        cr_expect_gt(psnr, 28, "frame %u: %f", i, psnr);
    }
    cr_expect_geq(frames, 54);
    cr_expect_leq(bytes * 8 / 4, 450000, "%zu b/s", bytes * 2);
    video_encoder_free(e);
    video_decoder_free(d);
    free(raw);
}

Test(video, vp8_gives_back_what_went_in)
{
    round_trip(VIDEO_VP8);
}

Test(video, vp9_gives_back_what_went_in)
{
    round_trip(VIDEO_VP9);
}

Test(video, the_rate_follows_at_once)
{
    struct video_encoder *e;
    struct video_encoder_config config = {VIDEO_VP8, WIDTH, HEIGHT, 15, 800000};
    uint8_t *raw = malloc(WIDTH * HEIGHT * 3 / 2);
    struct prng prng = prng_of(3);
    size_t bytes[2] = {0, 0};
    cr_assert_eq(video_encoder_new(&e, &config), 0);
    for (uint32_t i = 0; i < 120; i++) {
        struct video_coded coded;
        media_picture(raw, WIDTH, HEIGHT, i);
        for (size_t k = 0; k < WIDTH * HEIGHT; k++)
            raw[k] = (uint8_t)(raw[k] + prng_below(&prng, 16));
        struct video_picture in = picture_of(raw, WIDTH, HEIGHT);
        if (i == 60)
            video_encoder_set_rate(e, 100000);
        cr_assert_eq(video_encoder_encode(e, &in, i * 6000, false, &coded), 0);
        if (i >= 15)
            bytes[i >= 60] += coded.len_bytes;
    }
    cr_expect_gt(bytes[0], 2 * bytes[1], "%zu then %zu", bytes[0], bytes[1]);
    video_encoder_free(e);
    free(raw);
}

Test(video, another_size_restarts_with_a_key_frame)
{
    struct video_encoder *e;
    struct video_encoder_config config = {VIDEO_VP8, WIDTH, HEIGHT, 15, 300000};
    uint8_t *raw = malloc(WIDTH * HEIGHT * 3 / 2);
    struct video_coded coded;
    cr_assert_eq(video_encoder_new(&e, &config), 0);
    media_picture(raw, WIDTH, HEIGHT, 0);
    struct video_picture in = picture_of(raw, WIDTH, HEIGHT);
    cr_assert_eq(video_encoder_encode(e, &in, 0, false, &coded), 0);
    in = picture_of(raw, 160, 120);
    cr_assert_eq(video_encoder_encode(e, &in, 6000, false, &coded), 0);
    cr_expect(coded.key);
    in.width = 161;
    cr_expect_eq(video_encoder_encode(e, &in, 12000, false, &coded), SQ_ERR_INVALID);
    video_encoder_free(e);
    free(raw);
}

Test(video, junk_is_refused_and_large_pictures_too)
{
    struct video_decoder *d;
    struct video_picture out;
    struct prng prng = prng_of(8);
    uint8_t junk[300];
    cr_assert_eq(video_decoder_new(&d, VIDEO_VP8), 0);
    for (int i = 0; i < 200; i++) {
        size_t len = 1 + prng_below(&prng, sizeof(junk));
        prng_bytes(&prng, junk, len);
        cr_expect_leq(video_decoder_decode(d, junk, len, &out), 1);
    }
    /* a VP8 key frame header (RFC 6386 section 9.1) of 16383 x 16383 */
    uint8_t huge[64] = {0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 0xff, 0x3f, 0xff, 0x3f};
    cr_expect_eq(video_decoder_decode(d, huge, sizeof(huge), &out), SQ_ERR_LIMIT);
    cr_expect_eq(video_decoder_decode(d, huge, 0, &out), SQ_ERR_INVALID);
    video_decoder_free(d);
}

Test(video, the_queue_gives_frames_when_they_are_due_and_forgets_the_oldest)
{
    struct video_queue *q;
    uint8_t raw[16 * 16 * 3 / 2] = {0};
    struct video_shown shown = {.picture = picture_of(raw, 16, 16)};
    cr_assert_eq(video_queue_new(&q), 0);
    for (uint32_t i = 0; i < VIDEO_QUEUE_MAX + 2; i++) {
        memset(raw, (int)i, sizeof(raw));
        shown.rtp_time = i;
        shown.display_us = 100 + i;
        cr_assert_eq(video_queue_put(q, &shown), 0);
    }
    cr_expect_not(video_queue_take(q, 101, &shown));
    cr_assert(video_queue_take(q, 103, &shown));
    cr_expect_eq(shown.rtp_time, 2);
    cr_expect_eq(shown.picture.planes[2][3], 2);
    cr_assert(video_queue_take(q, 103, &shown));
    cr_expect_eq(shown.rtp_time, 3);
    cr_expect_not(video_queue_take(q, 103, &shown));
    video_queue_free(q);
}
