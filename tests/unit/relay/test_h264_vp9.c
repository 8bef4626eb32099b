/* SPDX-License-Identifier: Apache-2.0 */
/* relay/forward with the codecs whose payload it does not touch: a recorded H.264 stream, and VP9
 * cut by rtc/payload's packetizer. */
#include "rtc/payload/h264.h"
#include "tests/support/pcap.h"
#include "tests/unit/relay/streams.h"

#define RECEIVER_PT   105
#define SENDER_PT_VP9 98
#define BROKEN_SEQ16  0x4bbc /* a STAP-A that runs past its end, in the recording */
#define FRAME_US      (33 * TIME_US_PER_MS)

static struct media_parameters one_codec(enum media_codec_type type, uint8_t payload_type,
                                         uint32_t ssrc)
{
    struct media_parameters m = {.kind = MEDIA_VIDEO, .mid = "1"};
    m.codecs[m.codec_count++] = (struct media_codec){type, payload_type, 0, 90000, true};
    m.encodings[m.encoding_count++] = (struct media_encoding){.ssrc = ssrc};
    return m;
}

/* What came is what was sent, but for payload type, SSRC, sequence and timestamp. */
static void expect_same(const struct got *g, const struct rtp_view *sent, const uint8_t *payload)
{
    cr_expect_eq(g->view.ssrc, RECEIVER_SSRC);
    cr_expect_eq(g->view.payload_type, RECEIVER_PT);
    cr_expect_eq(g->view.marker, sent->marker);
    cr_assert_eq(g->view.payload_len_bytes, sent->payload_len_bytes);
    cr_expect_arr_eq(rtp_payload(&g->view), payload, sent->payload_len_bytes);
}

struct recording {
    struct pcap_file file;
    struct pcap_packet packet;
    struct rtp_view view;
};

static bool recording_next(struct recording *r)
{
    while (pcap_next(&r->file, &r->packet))
        if (rtp_parse(&r->view, r->packet.data, r->packet.len_bytes) == 0)
            return true;
    return false;
}

static void recording_open(struct recording *r)
{
    cr_assert(pcap_open(&r->file, "tests/data/rtp/h264.pcap"));
    cr_assert(recording_next(r));
}

static struct packet *packet_of_recording(struct pair *p, const struct recording *r, time_us now_us)
{
    struct packet *packet = packet_take(p->pool);
    cr_assert_not_null(packet);
    cr_assert_leq(r->packet.len_bytes, PACKET_CAPACITY_BYTES);
    memcpy(packet->data, r->packet.data, r->packet.len_bytes);
    packet->len_bytes = (uint16_t)r->packet.len_bytes;
    packet->received_us = now_us;
    return packet;
}

static void open_h264(struct pair *p, const struct recording *r)
{
    pair_open(p, one_codec(MEDIA_CODEC_H264, r->view.payload_type, r->view.ssrc),
              one_codec(MEDIA_CODEC_H264, RECEIVER_PT, RECEIVER_SSRC));
}

Test(h264, a_recorded_stream_is_forwarded_unread)
{
    struct recording r;
    struct pair p;
    struct got g;
    recording_open(&r);
    open_h264(&p, &r);
    const uint16_t first = r.view.seq16;
    const uint32_t first_timestamp = r.view.timestamp;
    unsigned packets = 0, unreadable = 0;
    bool broken = false;
    do {
        const time_us now = packets * TIME_US_PER_MS;
        struct h264_info info;
        unreadable += h264_parse(&info, rtp_payload(&r.view), r.view.payload_len_bytes) != 0;
        cr_assert(pair_send(&p, packet_of_recording(&p, &r, now), &g, now), "packet %u, seq %04x",
                  packets, r.view.seq16);
        expect_same(&g, &r.view, rtp_payload(&r.view));
        cr_expect_eq(g.view.seq16, (uint16_t)(FIRST_SEQ + (uint16_t)(r.view.seq16 - first)));
        if (packets == 0)
            cr_expect_eq(g.view.timestamp, first_timestamp);
        cr_expect_eq(g.view.timestamp - r.view.timestamp, 0u, "one source, one offset");
        broken |= r.view.seq16 == BROKEN_SEQ16;
        packets++;
    } while (recording_next(&r));
    cr_expect_eq(packets, 298);
    cr_expect(broken);
    cr_expect_geq(unreadable, 1, "the broken STAP-A is one that our parser refuses");
    cr_expect_eq(p.producer->malformed, 0);
    pcap_close(&r.file);
    pair_close(&p);
}

/* After a pause nothing is sent until a key frame, and what cannot be read is none. */
Test(h264, starts_again_at_a_key_frame_only)
{
    struct recording r;
    struct pair p;
    struct got g;
    recording_open(&r);
    open_h264(&p, &r);
    unsigned sent = 0, got = 0, keys = 0;
    uint16_t last = 0, last_in = 0; /* the recording has gaps of its own, which stay */
    do {
        const time_us now = sent * TIME_US_PER_MS;
        struct h264_info info;
        const bool key = h264_parse(&info, rtp_payload(&r.view), r.view.payload_len_bytes) == 0 &&
                         h264_key_frame(&info);
        if (sent == 20) { /* inside a picture group */
            forward_consumer_pause(p.consumer, true);
            forward_consumer_pause(p.consumer, false);
            keys = 0;
        }
        keys += key;
        const bool came = pair_send(&p, packet_of_recording(&p, &r, now), &g, now);
        cr_expect_eq(came, keys > 0, "packet %u", sent);
        if (came) {
            const bool resumes = got == 20;
            const uint16_t step = resumes ? 1 : (uint16_t)(r.view.seq16 - last_in);
            cr_expect(got == 0 || (uint16_t)(g.view.seq16 - last) == step, "a seam at %u", sent);
            last = g.view.seq16;
            last_in = r.view.seq16;
            got++;
        }
        sent++;
    } while (recording_next(&r));
    cr_expect_gt(got, 20);
    cr_expect(keyframe_deadline(&p.producer->streams[0].keyframes) != TIME_US_NEVER || keys > 0);
    pcap_close(&r.file);
    pair_close(&p);
}

/* ---- VP9 ---- */

/* Picture n of three temporal layers (0 2 1 2), two packets each. */
static const uint8_t layer_of_picture[] = {0, 2, 1, 2};

static struct vp9_descriptor picture(unsigned n, bool key)
{
    return (struct vp9_descriptor){.picture_id = (int32_t)(n & VP9_PICTURE_ID_MASK),
                                   .picture_id_long = true,
                                   .inter_predicted = !key,
                                   .has_layers = true,
                                   .temporal = layer_of_picture[n % 4],
                                   .switching_up = true,
                                   .tl0_picture = (int16_t)(n / 4 & 0xff)};
}

struct vp9_run {
    struct pair p;
    uint16_t seq16, last;
    unsigned sent, got, got_of_layer[3];
};

static void send_picture(struct vp9_run *r, unsigned n, bool key)
{
    uint8_t frame[200], payload[160], data[256];
    struct vp9_packetizer cutter;
    const struct vp9_descriptor d = picture(n, key);
    bool last = false;
    memset(frame, (int)(n + 1), sizeof frame);
    cr_assert_eq(vp9_packetizer_init(&cutter, &d, frame, sizeof frame, 150), 0);
    while (!last) {
        const time_us now = n * FRAME_US;
        struct rtp_writer w;
        struct rtp_view view;
        struct got g;
        const int len = vp9_packetizer_next(&cutter, payload, sizeof payload, &last);
        cr_assert_gt(len, 0);
        rtp_writer_init(&w, data, sizeof data,
                        &(struct rtp_header){.payload_type = SENDER_PT_VP9,
                                             .marker = last,
                                             .seq16 = r->seq16++,
                                             .timestamp = n * 3000,
                                             .ssrc = SENDER_SSRC});
        rtp_writer_payload(&w, payload, (size_t)len);
        const int total = rtp_writer_finish(&w);
        cr_assert_gt(total, 0);
        cr_assert_eq(rtp_parse(&view, data, (size_t)total), 0);
        r->sent++;
        if (!pair_send(&r->p, packet_of(r->p.pool, &w, now), &g, now))
            continue;
        expect_same(&g, &view, rtp_payload(&view));
        cr_expect_eq(g.view.timestamp, view.timestamp);
        cr_expect(r->got == 0 || g.view.seq16 == (uint16_t)(r->last + 1), "cuts close up");
        r->last = g.view.seq16;
        r->got++;
        r->got_of_layer[d.temporal]++;
    }
}

static void open_vp9(struct vp9_run *r)
{
    memset(r, 0, sizeof *r);
    r->seq16 = 65500; /* wraps on the way */
    pair_open(&r->p, one_codec(MEDIA_CODEC_VP9, SENDER_PT_VP9, SENDER_SSRC),
              one_codec(MEDIA_CODEC_VP9, RECEIVER_PT, RECEIVER_SSRC));
}

Test(vp9, waits_for_a_key_frame_and_is_forwarded_whole)
{
    struct vp9_run r;
    open_vp9(&r);
    for (unsigned n = 0; n < 8; n++)
        send_picture(&r, n, false);
    cr_expect_eq(r.got, 0);
    cr_expect_neq(keyframe_deadline(&r.p.producer->streams[0].keyframes), TIME_US_NEVER);
    for (unsigned n = 8; n < 40; n++)
        send_picture(&r, n, n == 8);
    cr_expect_eq(r.got, 64, "two packets of each picture from the key frame on");
    cr_expect_eq(r.got_of_layer[2], 32);
    pair_close(&r.p);
}

Test(vp9, temporal_layers_are_cut_and_come_back)
{
    struct vp9_run r;
    open_vp9(&r);
    forward_consumer_prefer(r.p.consumer, UINT8_MAX, 1);
    for (unsigned n = 0; n < 40; n++)
        send_picture(&r, n, n == 0);
    cr_expect_eq(r.got_of_layer[0], 20);
    cr_expect_eq(r.got_of_layer[1], 20);
    cr_expect_eq(r.got_of_layer[2], 0);
    forward_consumer_prefer(r.p.consumer, UINT8_MAX, 0);
    for (unsigned n = 40; n < 80; n++)
        send_picture(&r, n, false);
    cr_expect_eq(r.got_of_layer[0], 40);
    cr_expect_eq(r.got_of_layer[1], 20);
    forward_consumer_prefer(r.p.consumer, UINT8_MAX, UINT8_MAX);
    for (unsigned n = 80; n < 120; n++)
        send_picture(&r, n, false);
    cr_expect_eq(r.got_of_layer[0], 60);
    cr_expect_eq(r.got_of_layer[1], 40);
    cr_expect_eq(r.got_of_layer[2], 40);
    pair_close(&r.p);
}
