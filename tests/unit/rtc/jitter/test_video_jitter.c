/* SPDX-License-Identifier: Apache-2.0 */
/* Frames out of packets: whole, in order, with their references, or a key frame is asked for. */
#include "rtc/jitter/video_jitter.h"
#include "rtc/payload/vp8.h"
#include "rtc/rtp/rtp.h"
#include "shanqiao/error.h"
#include "tests/support/pcap.h"
#include "tests/support/prng.h"
#include <criterion/criterion.h>

#define MS TIME_US_PER_MS

static struct video_jitter *j;

static void start(void)
{
    cr_assert_eq(video_jitter_new(&j, &(struct video_jitter_config){.wait_us = 300 * MS}), SQ_OK);
}

static void stop(void)
{
    video_jitter_free(j);
}

/* Packet k of three of frame f; key frames are the multiples of 100. */
static struct video_packet packet_of(unsigned f, unsigned k)
{
    static uint8_t data[3];
    data[0] = (uint8_t)f;
    data[1] = (uint8_t)k;
    return (struct video_packet){.seq16 = (uint16_t)(65000 + f * 3 + k),
                                 .timestamp = f * 3000,
                                 .frame_start = k == 0,
                                 .frame_end = k == 2,
                                 .key_frame = k == 0 && f % 100 == 0,
                                 .picture_id = -1,
                                 .tl0_picture = -1,
                                 .payload = data,
                                 .len_bytes = 2};
}

static void put(unsigned f, unsigned k, time_us now_us)
{
    struct video_packet p = packet_of(f, k);
    cr_assert_eq(video_jitter_put(j, &p, now_us), SQ_OK);
}

/* One-packet frame with layers: T0 pictures are even, T1 odd. */
static void put_layered(unsigned f, uint16_t seq16, bool sync, time_us now_us)
{
    uint8_t data = (uint8_t)f;
    const struct video_packet p = {.seq16 = seq16,
                                   .timestamp = f * 3000,
                                   .frame_start = true,
                                   .frame_end = true,
                                   .key_frame = f == 0,
                                   .picture_id = (int32_t)f,
                                   .tl0_picture = (int16_t)(f / 2 & 0xff),
                                   .temporal = f % 2,
                                   .layer_sync = sync,
                                   .payload = &data,
                                   .len_bytes = 1};
    cr_assert_eq(video_jitter_put(j, &p, now_us), SQ_OK);
}

static int pop(time_us now_us)
{
    struct video_frame f;
    if (!video_jitter_pop(j, &f, now_us))
        return -1;
    return (int)(f.timestamp / 3000);
}

Test(video_jitter, gives_whole_frames_in_order, .init = start, .fini = stop)
{
    struct video_frame f;
    put(0, 0, 1 * MS);
    put(0, 1, 2 * MS);
    cr_assert_eq(pop(2 * MS), -1);
    put(0, 2, 3 * MS);
    cr_assert(video_jitter_pop(j, &f, 3 * MS));
    cr_assert(f.key_frame && f.len_bytes == 6 && f.packet_count == 3);
    cr_assert_arr_eq(f.data, ((uint8_t[]){0, 0, 0, 1, 0, 2}), 6);
    cr_assert(f.first_us == 1 * MS && f.complete_us == 3 * MS);
    put(2, 0, 4 * MS);
    put(2, 1, 4 * MS);
    put(2, 2, 4 * MS);
    cr_assert_eq(pop(4 * MS), -1, "1 is missing");
    put(1, 2, 5 * MS);
    put(1, 0, 5 * MS);
    put(1, 1, 5 * MS);
    cr_assert_eq(pop(5 * MS), 1);
    cr_assert_eq(pop(5 * MS), 2);
    cr_assert_eq(pop(5 * MS), -1);
}

Test(video_jitter, starts_with_a_key_frame_only, .init = start, .fini = stop)
{
    cr_assert_not(video_jitter_take_key_frame_request(j, 0), "nothing came yet");
    for (unsigned k = 0; k < 3; k++)
        put(7, k, 0);
    cr_assert_eq(pop(0), -1);
    cr_assert(video_jitter_take_key_frame_request(j, 0));
    cr_assert_not(video_jitter_take_key_frame_request(j, 499 * MS));
    cr_assert_eq(video_jitter_deadline(j), 500 * MS);
    cr_assert(video_jitter_take_key_frame_request(j, 500 * MS));
    put(100, 0, 600 * MS);
    cr_assert_not(video_jitter_take_key_frame_request(j, 1100 * MS - 300 * MS), "one is arriving");
    put(100, 1, 601 * MS);
    put(100, 2, 602 * MS);
    cr_assert_eq(pop(602 * MS), 100);
    cr_assert_not(video_jitter_take_key_frame_request(j, 5000 * MS));
}

Test(video_jitter, a_hole_that_lasts_asks_for_a_key_frame, .init = start, .fini = stop)
{
    for (unsigned k = 0; k < 3; k++)
        put(0, k, 0);
    cr_assert_eq(pop(0), 0);
    for (unsigned f = 2; f < 6; f++)
        for (unsigned k = 0; k < 3; k++)
            put(f, k, 10 * MS);
    cr_assert_eq(pop(10 * MS), -1);
    cr_assert_eq(video_jitter_deadline(j), 50 * MS, "look across the hole");
    cr_assert_eq(pop(50 * MS), -1);
    cr_assert_eq(video_jitter_deadline(j), 310 * MS);
    cr_assert_not(video_jitter_take_key_frame_request(j, 309 * MS));
    cr_assert_eq(pop(310 * MS), -1);
    cr_assert(video_jitter_take_key_frame_request(j, 310 * MS));
    for (unsigned k = 0; k < 3; k++)
        put(100, k, 400 * MS);
    cr_assert_eq(pop(400 * MS), 100);
    struct video_jitter_stats s;
    video_jitter_get_stats(j, &s);
    cr_assert_eq(s.dropped_frames, 4);
    cr_assert_eq(s.key_frame_requests, 1);
}

Test(video_jitter, a_late_packet_repairs_the_chain, .init = start, .fini = stop)
{
    for (unsigned k = 0; k < 3; k++)
        put(0, k, 0);
    cr_assert_eq(pop(0), 0);
    put(1, 0, 10 * MS);
    put(1, 2, 10 * MS);
    for (unsigned f = 2; f < 5; f++)
        for (unsigned k = 0; k < 3; k++)
            put(f, k, 20 * MS);
    cr_assert_eq(pop(20 * MS), -1);
    put(1, 1, 300 * MS);
    for (int f = 1; f < 5; f++)
        cr_assert_eq(pop(300 * MS), f);
}

Test(video_jitter, upper_layers_may_be_left_out, .init = start, .fini = stop)
{
    put_layered(0, 10, false, 0);
    put_layered(1, 11, true, 0);
    cr_assert_eq(pop(0), 0);
    cr_assert_eq(pop(0), 1);
    put_layered(2, 12, false, 10 * MS);
    cr_assert_eq(pop(10 * MS), 2);
    /* 13 (T1) is lost; 14 is the next base picture. */
    put_layered(4, 14, false, 20 * MS);
    cr_assert_eq(pop(20 * MS), -1, "a retransmission may come");
    cr_assert_eq(pop(60 * MS), 4, "the base layer needs no upper one");
    put_layered(5, 15, false, 61 * MS);
    cr_assert_eq(pop(61 * MS), -1, "refers to the lost T1");
    put_layered(6, 16, false, 62 * MS);
    cr_assert_eq(pop(62 * MS), 6);
    put_layered(7, 17, true, 63 * MS);
    cr_assert_eq(pop(63 * MS), 7, "a layer sync needs the base only");
    put_layered(8, 18, false, 64 * MS);
    put_layered(9, 19, false, 64 * MS);
    cr_assert_eq(pop(64 * MS), 8);
    cr_assert_eq(pop(64 * MS), 9);
}

Test(video_jitter, a_lost_base_picture_is_not_crossed, .init = start, .fini = stop)
{
    put_layered(0, 10, false, 0);
    cr_assert_eq(pop(0), 0);
    put_layered(4, 12, false, 10 * MS); /* base picture 2 is missing */
    cr_assert_eq(pop(10 * MS), -1);
    cr_assert_eq(pop(200 * MS), -1);
    cr_assert_eq(pop(310 * MS), -1);
    cr_assert(video_jitter_take_key_frame_request(j, 310 * MS));
}

Test(video_jitter, padding_numbers_between_pictures_are_no_hole, .init = start, .fini = stop)
{
    put_layered(0, 10, false, 0);
    cr_assert_eq(pop(0), 0);
    put_layered(1, 13, false, 10 * MS); /* 11 and 12 were probes */
    cr_assert_eq(pop(10 * MS), 1, "the picture id is the next");
}

Test(video_jitter, decoder_failure_waits_for_a_key_frame, .init = start, .fini = stop)
{
    put_layered(0, 10, false, 0);
    cr_assert_eq(pop(0), 0);
    video_jitter_decoder_failed(j);
    cr_assert(video_jitter_take_key_frame_request(j, 0));
    put_layered(1, 11, false, 1 * MS);
    cr_assert_eq(pop(1 * MS), -1);
}

Test(video_jitter, refuses_and_counts, .init = start, .fini = stop)
{
    struct video_packet p = packet_of(0, 0);
    struct video_jitter_stats s;
    p.len_bytes = 0;
    cr_assert_eq(video_jitter_put(j, &p, 0), SQ_ERR_INVALID);
    p.len_bytes = VIDEO_JITTER_PAYLOAD_MAX + 1;
    cr_assert_eq(video_jitter_put(j, &p, 0), SQ_ERR_INVALID);
    put(0, 0, 0);
    put(0, 0, 0);
    put(0, 1, 0);
    put(0, 2, 0);
    cr_assert_eq(pop(0), 0);
    put(0, 1, 0);
    put(900, 0, 0); /* far ahead of the ring */
    video_jitter_get_stats(j, &s);
    cr_assert(s.duplicate == 1 && s.late == 1 && s.overflow == 1 && s.frames == 1);
}

Test(video_jitter, random_loss_and_repair_keep_order_and_references, .init = start, .fini = stop)
{
    struct prng r = prng_of(11);
    time_us now = 0;
    int last = -1;
    unsigned given = 0, key = 0;
    for (unsigned f = 0; f < 3000; f++) {
        bool asked = video_jitter_take_key_frame_request(j, now);
        key += asked;
        for (unsigned k = 0; k < 3; k++) {
            if (prng_chance(&r, 0.02))
                continue;
            struct video_packet p = packet_of(f, k);
            p.key_frame = k == 0 && (asked || f == 0);
            cr_assert_eq(video_jitter_put(j, &p, now), SQ_OK);
            struct video_frame out;
            while (video_jitter_pop(j, &out, now)) {
                int n = (int)(out.timestamp / 3000);
                cr_assert(out.key_frame || n == last + 1, "%d after %d", n, last);
                cr_assert_gt(n, last);
                last = n;
                given++;
            }
        }
        now += 33 * MS;
    }
    cr_assert_gt(given, 1000);
    cr_assert_gt(key, 10);
}

Test(video_jitter, gives_every_frame_of_a_recorded_stream, .init = start, .fini = stop)
{
    struct pcap_file file;
    struct pcap_packet p;
    unsigned ends = 0, frames = 0;
    cr_assert(pcap_open(&file, "tests/data/rtp/vp8.pcap"));
    while (pcap_next(&file, &p)) {
        struct rtp_view v;
        struct vp8_descriptor d;
        struct video_frame out;
        cr_assert_eq(rtp_parse(&v, p.data, p.len_bytes), SQ_OK);
        if (v.payload_len_bytes == 0 || vp8_parse(&d, rtp_payload(&v), v.payload_len_bytes) != 0)
            continue;
        const struct video_packet in = {
            .seq16 = v.seq16,
            .timestamp = v.timestamp,
            .frame_start = vp8_frame_start(&d),
            .frame_end = v.marker,
            .key_frame = vp8_key_frame(&d, rtp_payload(&v), v.payload_len_bytes, NULL, NULL),
            .picture_id = d.picture_id,
            .tl0_picture = d.tl0_picture,
            .temporal = d.temporal,
            .layer_sync = d.layer_sync,
            .payload = rtp_payload(&v) + d.len_bytes,
            .len_bytes = v.payload_len_bytes - d.len_bytes};
        cr_assert_eq(video_jitter_put(j, &in, p.time_us), SQ_OK);
        ends += v.marker;
        while (video_jitter_pop(j, &out, p.time_us))
            frames++;
    }
    pcap_close(&file);
    cr_assert_gt(frames, 0);
    struct video_jitter_stats s;
    video_jitter_get_stats(j, &s);
    cr_assert_eq(frames + s.dropped_frames, ends);
}
