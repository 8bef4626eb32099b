/* SPDX-License-Identifier: Apache-2.0 */
/* VP8 payloads: the figures of RFC 7741 section 4.5, a recorded stream, cutting and rewriting. */
#include "rtc/payload/vp8.h"
#include "rtc/rtp/rtp.h"
#include "shanqiao/error.h"
#include "tests/support/pcap.h"
#include "tests/support/prng.h"
#include <criterion/criterion.h>

Test(vp8, reads_the_descriptors_of_the_rfc)
{
    struct vp8_descriptor d;
    /* 4.5.1: key frame in one packet: X=1, S=1, PID=0; I=1; 7-bit PictureID. */
    const uint8_t key[] = {0x90, 0x80, 0x11, 0x10, 0x02, 0x00, 0x9d,
                           0x01, 0x2a, 0x80, 0x02, 0xe0, 0x01};
    uint16_t width, height;
    cr_assert_eq(vp8_parse(&d, key, sizeof key), SQ_OK);
    cr_assert(d.start && d.partition == 0 && !d.non_reference && !d.picture_id_long);
    cr_assert_eq(d.picture_id, 17);
    cr_assert_eq(d.tl0_picture, VP8_TL0_NONE);
    cr_assert_eq(d.len_bytes, 3);
    cr_assert(vp8_key_frame(&d, key, sizeof key, &width, &height));
    cr_assert_eq(width, 640);
    cr_assert_eq(height, 480);
    /* 4.5.3: second fragment of a non-reference interframe without extensions. */
    const uint8_t fragment[] = {0x20, 0xaa};
    cr_assert_eq(vp8_parse(&d, fragment, sizeof fragment), SQ_OK);
    cr_assert(d.non_reference && !d.start && !vp8_frame_start(&d));
    cr_assert_eq(d.picture_id, VP8_PICTURE_ID_NONE);
    /* 4.5.5: 15-bit PictureID 4711. */
    const uint8_t wide[] = {0x80, 0x80, 0x92, 0x67, 0x01};
    cr_assert_eq(vp8_parse(&d, wide, sizeof wide), SQ_OK);
    cr_assert(d.picture_id_long);
    cr_assert_eq(d.picture_id, 4711);
}

Test(vp8, refuses_every_cut)
{
    const uint8_t full[] = {0x90, 0xf0, 0x81, 0x23, 0x45, 0xa5, 0x01};
    struct vp8_descriptor d;
    for (size_t len = 0; len < sizeof full; len++)
        cr_assert_eq(vp8_parse(&d, full, len), SQ_ERR_INVALID, "%zu", len);
    cr_assert_eq(vp8_parse(&d, full, sizeof full), SQ_OK);
    cr_assert(d.has_temporal && d.temporal == 2 && d.layer_sync);
    cr_assert_eq(d.key_index, 5);
    cr_assert_eq(d.tl0_picture, 0x45);
}

Test(vp8, a_frame_without_start_code_is_no_key_frame)
{
    uint8_t p[] = {0x10, 0x10, 0x02, 0x00, 0x9d, 0x01, 0x2b, 0x80, 0x02, 0xe0, 0x01};
    struct vp8_descriptor d;
    cr_assert_eq(vp8_parse(&d, p, sizeof p), SQ_OK);
    cr_assert_not(vp8_key_frame(&d, p, sizeof p, NULL, NULL));
    p[6] = 0x2a;
    cr_assert(vp8_key_frame(&d, p, sizeof p, NULL, NULL));
    p[1] = 0x11; /* P bit: interframe */
    cr_assert_not(vp8_key_frame(&d, p, sizeof p, NULL, NULL));
    uint16_t width = 9, height = 9;
    p[1] = 0x10;
    cr_assert(vp8_key_frame(&d, p, 4, &width, &height));
    cr_assert(width == 0 && height == 0, "cut before the size");
}

Test(vp8, rewrites_ids_in_their_form)
{
    uint8_t wide[] = {0x90, 0xc0, 0x81, 0x23, 0x45, 0x01};
    uint8_t narrow[] = {0x90, 0x80, 0x11, 0x01};
    struct vp8_descriptor d;
    cr_assert_eq(vp8_parse(&d, wide, sizeof wide), SQ_OK);
    vp8_set_picture_id(&d, wide, 0x7fff);
    vp8_set_tl0_picture(&d, wide, 0xfe);
    cr_assert_arr_eq(wide, ((uint8_t[]){0x90, 0xc0, 0xff, 0xff, 0xfe, 0x01}), sizeof wide);
    cr_assert_eq(vp8_parse(&d, narrow, sizeof narrow), SQ_OK);
    vp8_set_picture_id(&d, narrow, 0x1ff);
    vp8_set_tl0_picture(&d, narrow, 0xfe);
    cr_assert_arr_eq(narrow, ((uint8_t[]){0x90, 0x80, 0x7f, 0x01}), sizeof narrow);
}

Test(vp8, recorded_stream_has_one_picture_id_per_frame)
{
    struct pcap_file file;
    struct pcap_packet p;
    unsigned packets = 0, keys = 0, starts = 0, ends = 0;
    int32_t last = -1;
    uint32_t timestamp = 0;
    cr_assert(pcap_open(&file, "tests/data/rtp/vp8.pcap"));
    while (pcap_next(&file, &p)) {
        struct rtp_view v;
        struct vp8_descriptor d;
        cr_assert_eq(rtp_parse(&v, p.data, p.len_bytes), SQ_OK);
        if (v.payload_len_bytes == 0)
            continue;
        cr_assert_eq(vp8_parse(&d, rtp_payload(&v), v.payload_len_bytes), SQ_OK);
        cr_assert_geq(d.picture_id, 0);
        if (packets > 0)
            cr_assert_eq(d.picture_id != last, v.timestamp != timestamp);
        starts += vp8_frame_start(&d);
        ends += v.marker;
        keys += vp8_key_frame(&d, rtp_payload(&v), v.payload_len_bytes, NULL, NULL);
        last = d.picture_id;
        timestamp = v.timestamp;
        packets++;
    }
    pcap_close(&file);
    cr_assert_gt(packets, 90);
    cr_assert_geq(keys, 1);
    cr_assert_eq(starts, ends);
}

Test(vp8, cut_frames_come_together)
{
    struct prng r = prng_of(7741);
    static uint8_t frame[20000], joined[20000], out[1500];
    for (int round = 0; round < 200; round++) {
        struct vp8_packetizer p;
        struct vp8_descriptor back, d = {.picture_id = (int32_t)prng_below(&r, 0x8000),
                                         .tl0_picture = (int16_t)prng_below(&r, 256),
                                         .has_temporal = true,
                                         .temporal = (uint8_t)prng_below(&r, 4),
                                         .layer_sync = prng_chance(&r, 0.5),
                                         .key_index = -1};
        size_t len = 1 + prng_below(&r, sizeof frame - 1), at = 0, max = 20 + prng_below(&r, 1200);
        bool last = false;
        prng_bytes(&r, frame, len);
        cr_assert_eq(vp8_packetizer_init(&p, &d, frame, len, max), SQ_OK);
        for (int n; (n = vp8_packetizer_next(&p, out, sizeof out, &last)) != 0;) {
            cr_assert_gt(n, 0);
            cr_assert_leq((size_t)n, max);
            cr_assert_eq(vp8_parse(&back, out, (size_t)n), SQ_OK);
            cr_assert_eq(back.start, at == 0);
            cr_assert(back.picture_id == d.picture_id && back.tl0_picture == d.tl0_picture &&
                      back.temporal == d.temporal && back.layer_sync == d.layer_sync);
            memcpy(joined + at, out + back.len_bytes, (size_t)n - back.len_bytes);
            at += (size_t)n - back.len_bytes;
            cr_assert_eq(last, at == len);
        }
        cr_assert_eq(at, len);
        cr_assert_eq(memcmp(joined, frame, len), 0);
    }
}

Test(vp8, packetizer_refuses_nothing_and_no_room)
{
    struct vp8_packetizer p;
    struct vp8_descriptor d = {.picture_id = -1, .tl0_picture = -1, .key_index = -1};
    uint8_t frame[10] = {0}, out[4];
    bool last;
    cr_assert_eq(vp8_packetizer_init(&p, &d, frame, 0, 1200), SQ_ERR_INVALID);
    cr_assert_eq(vp8_packetizer_init(&p, &d, frame, 10, VP8_DESCRIPTOR_MAX), SQ_ERR_INVALID);
    cr_assert_eq(vp8_packetizer_init(&p, &d, frame, 10, 1200), SQ_OK);
    cr_assert_eq(vp8_packetizer_next(&p, out, sizeof out, &last), SQ_ERR_LIMIT);
}
