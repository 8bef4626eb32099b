/* SPDX-License-Identifier: Apache-2.0 */
/* Opus table of contents (RFC 6716 table 2 and section 3.4) and H.264 key frames (RFC 6184), with a
 * recorded stream. */
#include "rtc/payload/h264.h"
#include "rtc/payload/opus.h"
#include "rtc/rtp/rtp.h"
#include "shanqiao/error.h"
#include "tests/support/pcap.h"
#include <criterion/criterion.h>

Test(opus, knows_all_32_configurations)
{
    /* RFC 6716 table 2: frame sizes in units of 2.5 ms. */
    static const uint8_t quarter[32] = {4, 8, 16, 24, 4, 8, 16, 24, 4, 8, 16, 24, 4, 8, 4, 8,
                                        1, 2, 4,  8,  1, 2, 4,  8,  1, 2, 4,  8,  1, 2, 4, 8};
    static const enum opus_band band[32] = {0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 4, 4,
                                            0, 0, 0, 0, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4};
    for (unsigned config = 0; config < 32; config++) {
        const uint8_t p[] = {(uint8_t)(config << 3 | 4), 1, 2, 3};
        struct opus_toc t;
        cr_assert_eq(opus_parse(&t, p, sizeof p), SQ_OK);
        cr_assert_eq(t.frame_samples, quarter[config] * 120, "config %u", config);
        cr_assert_eq(t.band, band[config], "config %u", config);
        cr_assert_eq(t.mode, config < 12 ? OPUS_SILK : config < 16 ? OPUS_HYBRID : OPUS_CELT);
        cr_assert(t.stereo && t.frame_count == 1 && !t.dtx);
    }
}

Test(opus, counts_frames)
{
    struct opus_toc t;
    cr_assert_eq(opus_parse(&t, (uint8_t[]){0x08 | 1, 1, 2}, 3), SQ_OK); /* 20 ms SILK, two equal */
    cr_assert(t.frame_count == 2 && t.samples == 1920);
    cr_assert_eq(opus_parse(&t, (uint8_t[]){0x08 | 1, 1, 2, 3}, 4), SQ_ERR_INVALID, "R3: odd");
    cr_assert_eq(opus_parse(&t, (uint8_t[]){0x08 | 2, 1, 2, 3}, 4), SQ_OK);
    cr_assert_eq(opus_parse(&t, (uint8_t[]){0x08 | 2, 3, 2, 3}, 4), SQ_ERR_INVALID, "R4");
    cr_assert_eq(opus_parse(&t, (uint8_t[]){0x08 | 2}, 1), SQ_ERR_INVALID, "R4");
    cr_assert_eq(opus_parse(&t, (uint8_t[]){0x08 | 3, 6, 1}, 3), SQ_OK);
    cr_assert(t.frame_count == 6 && t.samples == OPUS_PACKET_SAMPLES_MAX);
    cr_assert_eq(opus_parse(&t, (uint8_t[]){0x08 | 3, 7, 1}, 3), SQ_ERR_INVALID, "R5: 140 ms");
    cr_assert_eq(opus_parse(&t, (uint8_t[]){0x08 | 3, 0, 1}, 3), SQ_ERR_INVALID, "no frame");
    cr_assert_eq(opus_parse(&t, (uint8_t[]){0x08 | 3}, 1), SQ_ERR_INVALID, "R6: no count");
    cr_assert_eq(opus_parse(&t, NULL, 0), SQ_ERR_INVALID, "R1");
}

Test(opus, two_60_ms_frames_make_120)
{
    struct opus_toc t;
    cr_assert_eq(opus_parse(&t, (uint8_t[]){0x18 | 1, 1, 2, 3, 4}, 5), SQ_OK);
    cr_assert_eq(t.frame_samples, 2880);
    cr_assert_eq(t.samples, 5760);
}

Test(opus, sees_dtx)
{
    struct opus_toc t;
    cr_assert_eq(opus_parse(&t, (uint8_t[]){0x08}, 1), SQ_OK);
    cr_assert(t.dtx);
    cr_assert_eq(opus_parse(&t, (uint8_t[]){0x08, 0, 0}, 3), SQ_OK);
    cr_assert_not(t.dtx);
}

Test(h264, sees_key_frames_in_each_structure)
{
    struct h264_info i;
    cr_assert_eq(h264_parse(&i, (uint8_t[]){0x65, 1}, 2), SQ_OK); /* IDR */
    cr_assert(h264_key_frame(&i) && i.idr && !i.sps);
    cr_assert_eq(h264_parse(&i, (uint8_t[]){0x67, 1}, 2), SQ_OK); /* SPS */
    cr_assert(h264_key_frame(&i) && i.sps);
    cr_assert_eq(h264_parse(&i, (uint8_t[]){0x41, 1}, 2), SQ_OK); /* slice */
    cr_assert_not(h264_key_frame(&i));
    cr_assert_eq(h264_parse(&i, (uint8_t[]){0x78, 0, 2, 0x67, 1, 0, 2, 0x68, 1}, 9), SQ_OK);
    cr_assert(h264_key_frame(&i) && i.sps && !i.idr);
    cr_assert_eq(h264_parse(&i, (uint8_t[]){0x7c, 0x85, 1}, 3), SQ_OK); /* FU-A, S, IDR */
    cr_assert(h264_key_frame(&i) && i.start && !i.end);
    cr_assert_eq(h264_parse(&i, (uint8_t[]){0x7c, 0x45, 1}, 3), SQ_OK); /* FU-A, E, IDR */
    cr_assert(!h264_key_frame(&i) && i.idr && i.end);
}

Test(h264, refuses_broken_structures)
{
    struct h264_info i;
    cr_assert_eq(h264_parse(&i, NULL, 0), SQ_ERR_INVALID);
    cr_assert_eq(h264_parse(&i, (uint8_t[]){0xe5, 1}, 2), SQ_ERR_INVALID, "forbidden bit");
    cr_assert_eq(h264_parse(&i, (uint8_t[]){0x78}, 1), SQ_ERR_INVALID, "empty STAP-A");
    cr_assert_eq(h264_parse(&i, (uint8_t[]){0x78, 0, 0}, 3), SQ_ERR_INVALID, "size 0");
    cr_assert_eq(h264_parse(&i, (uint8_t[]){0x78, 0, 3, 0x67, 1}, 5), SQ_ERR_INVALID, "past end");
    cr_assert_eq(h264_parse(&i, (uint8_t[]){0x78, 0}, 2), SQ_ERR_INVALID, "half a size");
    cr_assert_eq(h264_parse(&i, (uint8_t[]){0x7c, 0x85}, 2), SQ_ERR_INVALID, "empty fragment");
    cr_assert_eq(h264_parse(&i, (uint8_t[]){0x7c, 0xc5, 1}, 3), SQ_ERR_INVALID, "S and E");
}

Test(h264, finds_the_key_frames_of_a_recorded_stream)
{
    struct pcap_file file;
    struct pcap_packet p;
    unsigned packets = 0, keys = 0, refused = 0;
    bool first_is_key = false;
    cr_assert(pcap_open(&file, "tests/data/rtp/h264.pcap"));
    while (pcap_next(&file, &p)) {
        struct rtp_view v;
        struct h264_info i;
        cr_assert_eq(rtp_parse(&v, p.data, p.len_bytes), SQ_OK);
        if (v.payload_len_bytes == 0)
            continue;
        if (h264_parse(&i, rtp_payload(&v), v.payload_len_bytes) != SQ_OK) {
            /* Its one aggregate whose last unit was cut off by the sender. */
            cr_assert_eq(v.seq16, 0x4bbc);
            refused++;
            continue;
        }
        keys += h264_key_frame(&i);
        first_is_key |= packets == 0 && h264_key_frame(&i);
        packets++;
    }
    pcap_close(&file);
    cr_assert_eq(refused, 1);
    cr_assert_gt(packets, 200);
    cr_assert(first_is_key);
    cr_assert_geq(keys, 3);
    cr_assert_lt(keys, packets / 4);
}
