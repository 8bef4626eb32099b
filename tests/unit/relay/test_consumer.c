/* SPDX-License-Identifier: Apache-2.0 */
/* relay/forward/consumer: what a receiver sees of a sender. */
#include "rtc/rtx/rtx.h"
#include "tests/unit/relay/streams.h"

#define FRAME_US (33 * TIME_US_PER_MS)

Test(consumer, rewrites_header_and_extensions)
{
    struct pair p;
    struct got g;
    struct rtp_element e;
    char mid[8];
    pair_open(&p, sender_video(1), receiver_video());
    cr_assert(pair_vp8(&p,
                       (struct sent_vp8){.seq16 = 65000,
                                         .timestamp = 77,
                                         .picture_id = 3,
                                         .tl0_picture = 200,
                                         .key = true,
                                         .marker = true},
                       &g, 0));
    cr_expect_eq(g.view.ssrc, RECEIVER_SSRC);
    cr_expect_eq(g.view.payload_type, RECEIVER_PT_VP8);
    cr_expect_eq(g.view.seq16, FIRST_SEQ);
    cr_expect_eq(g.view.timestamp, 77);
    cr_expect(g.view.marker);
    cr_expect_eq(g.vp8.picture_id, FIRST_PICTURE);
    cr_assert(rtp_get_text(&g.view, 1, mid, sizeof mid));
    cr_expect_str_eq(mid, "v0");
    cr_assert(rtp_element_find(&g.view, 2, &e));
    cr_expect_eq(e.len_bytes, RTP_ABS_SEND_TIME_LEN);
    cr_assert(rtp_element_find(&g.view, 3, &e));
    cr_expect_eq(e.len_bytes, RTP_TRANSPORT_CC_LEN);
    cr_expect_not(rtp_element_find(&g.view, 9, &e), "unknown extensions are dropped");
    cr_expect_not(rtp_element_find(&g.view, 4, &e), "the sender's ids are not the receiver's");
    pair_close(&p);
}

Test(consumer, keeps_the_audio_level_under_the_receivers_id)
{
    struct pair p;
    struct got g;
    bool voice = false;
    uint8_t level = 0;
    pair_open(&p, sender_audio(), receiver_audio());
    cr_assert(pair_send(&p, opus_packet(p.pool, 9, 960, 0), &g, 0));
    cr_expect_eq(g.view.payload_type, RECEIVER_PT_OPUS);
    cr_assert(rtp_get_audio_level(&g.view, 5, &voice, &level));
    cr_expect(voice);
    cr_expect_eq(level, 42);
    cr_expect_eq(memcmp(rtp_payload(&g.view), "\x08opus", 5), 0);
    pair_close(&p);
}

Test(consumer, video_starts_at_a_key_frame_and_asks_for_one)
{
    struct pair p;
    struct got g;
    pair_open(&p, sender_video(1), receiver_video());
    cr_expect(p.producer->streams[0].keyframes.pending, "asked at the start");
    cr_expect_not(pair_vp8(&p, (struct sent_vp8){.seq16 = 1}, &g, 0));
    cr_expect_not(
        pair_vp8(&p, (struct sent_vp8){.seq16 = 2, .key = true, .continued = true}, &g, 0));
    cr_expect(pair_vp8(&p, (struct sent_vp8){.seq16 = 3, .picture_id = 1, .key = true}, &g, 0));
    cr_expect_not(pair_vp8(&p, (struct sent_vp8){.seq16 = 0}, &g, 0), "older than the start");
    cr_expect(pair_vp8(&p, (struct sent_vp8){.seq16 = 4, .picture_id = 2}, &g, 0));
    cr_expect_eq(g.view.seq16, FIRST_SEQ + 1);
    pair_close(&p);
}

Test(consumer, pause_and_resume_leave_no_trace)
{
    struct pair p;
    struct got g;
    pair_open(&p, sender_video(1), receiver_video());
    cr_assert(pair_vp8(
        &p, (struct sent_vp8){.seq16 = 1, .picture_id = 10, .tl0_picture = 5, .key = true}, &g, 0));
    uint8_t tl0 = (uint8_t)g.vp8.tl0_picture;
    forward_consumer_pause(p.consumer, true);
    for (uint16_t i = 2; i < 50; i++)
        cr_expect_not(
            pair_vp8(&p, (struct sent_vp8){.seq16 = i, .picture_id = i, .key = true}, &g, 0));
    forward_consumer_pause(p.consumer, false);
    cr_expect(p.producer->streams[0].keyframes.pending, "resume asks for a key frame");
    cr_expect_not(pair_vp8(&p, (struct sent_vp8){.seq16 = 50, .picture_id = 58}, &g, 0));
    cr_assert(pair_vp8(
        &p,
        (struct sent_vp8){
            .seq16 = 51, .timestamp = 150000, .picture_id = 59, .tl0_picture = 77, .key = true},
        &g, 50 * FRAME_US));
    cr_expect_eq(g.view.seq16, FIRST_SEQ + 1);
    cr_expect_eq(g.view.timestamp, 150000, "the sender's clock went on");
    cr_expect_eq(g.vp8.picture_id, FIRST_PICTURE + 1);
    cr_expect_eq((uint8_t)g.vp8.tl0_picture, (uint8_t)(tl0 + 1));
    pair_close(&p);
}

Test(consumer, picture_ids_wrap_on_both_sides)
{
    struct pair p;
    struct got g;
    struct media_parameters from = sender_video(1), to = receiver_video();
    cr_assert_eq(packet_pool_new(&p.pool, 64), 0);
    cr_assert_eq(forward_producer_new(&p.producer, &from, false), 0);
    cr_assert_eq(forward_consumer_new(&p.consumer, p.producer, &to, false, 65530, 0x7ff0), 0);
    for (uint16_t i = 0; i < 60; i++) {
        struct sent_vp8 s = {.seq16 = (uint16_t)(65500 + i),
                             .picture_id = (uint16_t)((0x7fe0 + i) & 0x7fff),
                             .tl0_picture = (uint8_t)(250 + i),
                             .key = i == 0};
        cr_assert(pair_vp8(&p, s, &g, i * FRAME_US));
        cr_expect_eq(g.view.seq16, (uint16_t)(65530 + i));
        cr_expect_eq(g.vp8.picture_id, (0x7ff0 + i) & 0x7fff);
        cr_expect_eq((uint8_t)g.vp8.tl0_picture, (uint8_t)(1 + i));
    }
    pair_close(&p);
}

Test(consumer, cutting_temporal_layers_leaves_no_gap)
{
    struct pair p;
    struct got g;
    uint16_t seq = 0, next = FIRST_SEQ;
    int32_t next_picture = FIRST_PICTURE;
    pair_open(&p, sender_video(1), receiver_video());
    forward_consumer_prefer(p.consumer, UINT8_MAX, 0);
    for (uint16_t frame = 0; frame < 200; frame++) {
        uint8_t temporal = frame % 4 == 0 ? 0 : frame % 2 == 0 ? 1 : 2;
        for (int part = 0; part < 2; part++) {
            struct sent_vp8 s = {.seq16 = seq++,
                                 .timestamp = frame * 3000u,
                                 .picture_id = frame,
                                 .tl0_picture = (uint8_t)(frame / 4),
                                 .temporal = temporal,
                                 .key = frame == 0,
                                 .marker = part == 1,
                                 .continued = part == 1};
            bool got = pair_vp8(&p, s, &g, frame * FRAME_US);
            cr_assert_eq(got, temporal == 0);
            if (!got)
                continue;
            cr_expect_eq(g.view.seq16, next++);
            cr_expect_eq(g.vp8.picture_id, next_picture);
        }
        next_picture += temporal == 0;
    }
    pair_close(&p);
}

Test(consumer, goes_up_a_layer_only_where_nothing_is_missing)
{
    struct pair p;
    struct got g;
    pair_open(&p, sender_video(1), receiver_video());
    forward_consumer_prefer(p.consumer, UINT8_MAX, 0);
    cr_assert(pair_vp8(&p, (struct sent_vp8){.seq16 = 1, .picture_id = 1, .key = true}, &g, 0));
    cr_expect_not(
        pair_vp8(&p, (struct sent_vp8){.seq16 = 2, .picture_id = 2, .temporal = 1}, &g, 0));
    forward_consumer_prefer(p.consumer, UINT8_MAX, 2);
    cr_expect_not(
        pair_vp8(&p, (struct sent_vp8){.seq16 = 3, .picture_id = 3, .temporal = 1}, &g, 0));
    cr_expect(pair_vp8(
        &p, (struct sent_vp8){.seq16 = 4, .picture_id = 4, .temporal = 1, .sync = true}, &g, 0));
    cr_expect_eq(g.view.seq16, FIRST_SEQ + 1);
    cr_expect_not(
        pair_vp8(&p, (struct sent_vp8){.seq16 = 5, .picture_id = 5, .temporal = 2}, &g, 0));
    cr_expect(pair_vp8(&p, (struct sent_vp8){.seq16 = 6, .picture_id = 6, .temporal = 1}, &g, 0));
    pair_close(&p);
}

Test(consumer, switches_encodings_at_a_key_frame_with_continuous_time)
{
    struct pair p;
    struct got g;
    time_us now = 0;
    pair_open(&p, sender_video(2), receiver_video());
    forward_consumer_prefer(p.consumer, 0, UINT8_MAX);
    cr_assert(pair_vp8(
        &p, (struct sent_vp8){.seq16 = 100, .timestamp = 9000, .picture_id = 1, .key = true}, &g,
        now));
    cr_expect_eq(g.view.timestamp, 9000);
    forward_consumer_prefer(p.consumer, 1, UINT8_MAX);
    now += FRAME_US;
    struct sent_vp8 high = {.ssrc = SENDER_SSRC + 1, .seq16 = 7000, .timestamp = 4000000000u};
    cr_expect_not(pair_vp8(&p, high, &g, now), "no key frame yet");
    cr_expect(p.producer->streams[1].keyframes.pending, "asked for one there");
    cr_expect(
        pair_vp8(&p, (struct sent_vp8){.seq16 = 101, .timestamp = 12000, .picture_id = 2}, &g, now),
        "the old encoding goes on meanwhile");
    now += FRAME_US;
    high.seq16++;
    high.timestamp += 3000;
    high.key = true;
    high.picture_id = 9000;
    cr_assert(pair_vp8(&p, high, &g, now));
    cr_expect_eq(g.view.seq16, FIRST_SEQ + 2);
    cr_expect_eq(g.vp8.picture_id, FIRST_PICTURE + 2);
    cr_expect_eq(g.view.timestamp, 12000 + 90 * 33, "one frame later, by the clock");
    cr_expect_not(
        pair_vp8(&p, (struct sent_vp8){.seq16 = 102, .timestamp = 15000, .picture_id = 3}, &g, now),
        "the old encoding is over");
    pair_close(&p);
}

Test(consumer, falls_back_to_a_lower_encoding_when_the_upper_one_stops)
{
    struct pair p;
    struct got g;
    pair_open(&p, sender_video(2), receiver_video());
    struct sent_vp8 high = {.ssrc = SENDER_SSRC + 1, .seq16 = 1, .key = true};
    cr_assert(pair_vp8(&p, high, &g, 0));
    time_us later = FORWARD_STREAM_IDLE_US + FRAME_US;
    cr_expect(pair_vp8(&p, (struct sent_vp8){.seq16 = 1, .key = true}, &g, later));
    cr_expect_eq(p.consumer->stream, 0);
    pair_close(&p);
}

Test(consumer, translates_sender_reports)
{
    struct pair p;
    struct got g;
    struct rtcp_sr out,
        sr = {.ssrc = SENDER_SSRC, .ntp = UINT64_C(0xe000000080000000), .rtp_timestamp = 5000};
    pair_open(&p, sender_video(2), receiver_video());
    forward_consumer_prefer(p.consumer, 0, UINT8_MAX);
    cr_assert(pair_vp8(&p, (struct sent_vp8){.seq16 = 1, .timestamp = 5000, .key = true}, &g, 0));
    cr_expect_not(forward_consumer_report(p.consumer, &out), "the sender said nothing yet");
    forward_producer_on_sr(p.producer, 0, &sr, 0);
    cr_assert(forward_consumer_report(p.consumer, &out));
    cr_expect_eq(out.ssrc, RECEIVER_SSRC);
    cr_expect_eq(out.ntp, sr.ntp);
    cr_expect_eq(out.rtp_timestamp, 5000);
    cr_expect_eq(out.packet_count, 1);

    /* the second encoding has another clock: the same instant must stay the same receiver timestamp
     */
    forward_consumer_prefer(p.consumer, 1, UINT8_MAX);
    struct sent_vp8 high = {.ssrc = SENDER_SSRC + 1, .seq16 = 1, .timestamp = 900000, .key = true};
    cr_assert(pair_vp8(&p, high, &g, 100 * TIME_US_PER_MS));
    struct rtcp_sr sr2 = {.ssrc = SENDER_SSRC + 1, .ntp = sr.ntp, .rtp_timestamp = 900000 - 9000};
    forward_producer_on_sr(p.producer, 1, &sr2, 0);
    cr_assert(forward_consumer_report(p.consumer, &out));
    cr_expect_eq(out.rtp_timestamp, g.view.timestamp - 9000);
    forward_consumer_pause(p.consumer, true);
    cr_expect_not(forward_consumer_report(p.consumer, &out));
    pair_close(&p);
}

Test(consumer, switch_uses_both_reports_when_there_are_some)
{
    struct pair p;
    struct got g;
    struct rtcp_sr low = {.ntp = UINT64_C(0xe000000000000000), .rtp_timestamp = 1000};
    struct rtcp_sr high = {.ntp = UINT64_C(0xe000000000000000), .rtp_timestamp = 500000};
    pair_open(&p, sender_video(2), receiver_video());
    forward_consumer_prefer(p.consumer, 0, UINT8_MAX);
    cr_assert(pair_vp8(&p, (struct sent_vp8){.seq16 = 1, .timestamp = 1000, .key = true}, &g, 0));
    forward_producer_on_sr(p.producer, 0, &low, 0);
    forward_consumer_prefer(p.consumer, 1, UINT8_MAX);
    struct sent_vp8 s = {.ssrc = SENDER_SSRC + 1, .seq16 = 1, .timestamp = 500000 + 2900};
    (void)pair_vp8(&p, s, &g, 0);
    forward_producer_on_sr(p.producer, 1, &high, 0);
    s.key = true;
    s.seq16++;
    cr_assert(pair_vp8(&p, s, &g, 40 * TIME_US_PER_MS));
    cr_expect_eq(g.view.timestamp, 1000 + 2900, "by the senders' clocks, not by arrival");
    pair_close(&p);
}

Test(consumer, answers_nacks_as_rtx_at_most_three_times)
{
    struct pair p;
    struct got g, first;
    uint16_t osn;
    time_us now = 0;
    pair_open(&p, sender_video(1), receiver_video());
    for (uint16_t i = 0; i < 10; i++)
        cr_assert(pair_vp8(
            &p, (struct sent_vp8){.seq16 = i, .picture_id = i, .tl0_picture = 9, .key = i == 0},
            i == 5 ? &first : &g, now));
    for (int times = 0; times < 5; times++) {
        now += 100 * TIME_US_PER_MS;
        g.len = forward_consumer_resend(p.consumer, FIRST_SEQ + 5, g.data, sizeof g.data, 0, now);
        cr_assert_eq(g.len > 0, times < 3);
        if (g.len <= 0)
            continue;
        got_parse(&g);
        cr_expect_eq(g.view.ssrc, RECEIVER_RTX_SSRC);
        cr_expect_eq(g.view.payload_type, RECEIVER_PT_RTX);
        cr_assert(rtx_original_seq16(&g.view, &osn));
        cr_expect_eq(osn, FIRST_SEQ + 5);
        cr_expect_eq(g.view.payload_len_bytes, first.view.payload_len_bytes + RTX_OSN_LEN);
        cr_expect_eq(memcmp(rtp_payload(&g.view) + RTX_OSN_LEN, rtp_payload(&first.view),
                            first.view.payload_len_bytes),
                     0, "the same bytes, picture id included");
    }
    cr_expect_eq(forward_consumer_resend(p.consumer, FIRST_SEQ + 99, g.data, sizeof g.data, 0, now),
                 0, "never sent");
    cr_expect_eq(p.consumer->resent, 3);
    cr_expect_eq(p.consumer->refused, 3);
    pair_close(&p);
}

Test(consumer, a_nack_storm_stays_within_its_budget)
{
    struct pair p;
    struct got g;
    uint64_t sent = 0, repeated = 0;
    pair_open(&p, sender_video(1), receiver_video());
    for (uint16_t i = 0; i < 5000; i++) {
        time_us now = i * FRAME_US;
        cr_assert(pair_vp8(
            &p, (struct sent_vp8){.seq16 = i, .picture_id = i & 0x7fff, .key = i == 0}, &g, now));
        sent += (uint64_t)g.len;
        for (uint16_t back = 0; back < 64; back++) {
            uint16_t seq = (uint16_t)(FIRST_SEQ + i - back);
            int len = forward_consumer_resend(p.consumer, seq, g.data, sizeof g.data, 0, now);
            repeated += len > 0 ? (uint64_t)len : 0;
        }
    }
    cr_expect_leq(repeated, sent / 2 + FORWARD_RESEND_BURST_BYTES);
    pair_close(&p);
}

Test(consumer, padding_alone_takes_no_number_of_the_receiver)
{
    struct pair p;
    struct got g;
    uint8_t data[64];
    struct rtp_writer w;
    pair_open(&p, sender_video(1), receiver_video());
    cr_assert(pair_vp8(&p, (struct sent_vp8){.seq16 = 1, .picture_id = 1, .key = true}, &g, 0));
    rtp_writer_init(
        &w, data, sizeof data,
        &(struct rtp_header){.payload_type = SENDER_PT_VP8, .seq16 = 2, .ssrc = SENDER_SSRC});
    rtp_writer_padding(&w, 20);
    cr_expect_not(pair_send(&p, packet_of(p.pool, &w, 0), &g, 0));
    cr_assert(pair_vp8(&p, (struct sent_vp8){.seq16 = 3, .picture_id = 2}, &g, 0));
    cr_expect_eq(g.view.seq16, FIRST_SEQ + 1);
    pair_close(&p);
}

Test(consumer, refuses_a_receiver_without_a_common_codec)
{
    struct media_parameters from = sender_video(1), to = receiver_audio();
    struct forward_producer *p;
    struct forward_consumer *c;
    cr_assert_eq(forward_producer_new(&p, &from, false), 0);
    cr_expect_lt(forward_consumer_new(&c, p, &to, false, 0, 0), 0);
    forward_producer_free(p);
}

Test(consumer, undoes_red_for_a_receiver_of_plain_opus)
{
    struct pair p;
    struct got g;
    struct media_parameters from = sender_audio();
    uint8_t data[64];
    struct rtp_writer w;
    from.codecs[from.codec_count++] = (struct media_codec){MEDIA_CODEC_RED, 63, 0, 48000, false};
    pair_open(&p, from, receiver_audio());
    rtp_writer_init(&w, data, sizeof data,
                    &(struct rtp_header){.payload_type = 63, .seq16 = 1, .ssrc = SENDER_SSRC});
    /* RFC 2198: one redundant block of 3 bytes at offset 960, then the primary */
    rtp_writer_payload(&w, "\xef\x0f\x00\x03\x6fold\x08new", 12);
    cr_assert(pair_send(&p, packet_of(p.pool, &w, 0), &g, 0));
    cr_expect_eq(g.view.payload_type, RECEIVER_PT_OPUS);
    cr_expect_eq(g.view.payload_len_bytes, 4);
    cr_expect_eq(memcmp(rtp_payload(&g.view), "\x08new", 4), 0);
    pair_close(&p);
}
