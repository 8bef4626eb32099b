/* SPDX-License-Identifier: Apache-2.0 */
/* Senders' packets for the tests of relay/forward: VP8 and Opus streams with known numbers. */
#ifndef TESTS_UNIT_RELAY_STREAMS_H
#define TESTS_UNIT_RELAY_STREAMS_H

#include "base/packet.h"
#include "relay/forward/consumer.h"
#include "relay/forward/producer.h"
#include <criterion/criterion.h>
#include <string.h>

#define SENDER_SSRC       0x11110000u
#define SENDER_RTX_SSRC   0x22220000u
#define SENDER_PT_VP8     96
#define SENDER_PT_RTX     97
#define SENDER_PT_OPUS    111
#define RECEIVER_SSRC     0xaaaa0000u
#define RECEIVER_RTX_SSRC 0xbbbb0000u
#define RECEIVER_PT_VP8   101
#define RECEIVER_PT_RTX   102
#define RECEIVER_PT_OPUS  100

/* What a VP8 packet of a sender says. */
struct sent_vp8 {
    uint32_t ssrc;
    uint16_t seq16;
    uint32_t timestamp;
    uint16_t picture_id;
    uint8_t tl0_picture, temporal;
    bool key, sync, marker, continued; /* continued: not the first packet of its frame */
};

static inline struct media_parameters sender_video(size_t encodings)
{
    struct media_parameters m = {.kind = MEDIA_VIDEO, .mid = "1", .cname = "village"};
    m.codecs[m.codec_count++] =
        (struct media_codec){MEDIA_CODEC_VP8, SENDER_PT_VP8, 0, 90000, true};
    m.codecs[m.codec_count++] =
        (struct media_codec){MEDIA_CODEC_RTX, SENDER_PT_RTX, SENDER_PT_VP8, 90000, false};
    for (size_t i = 0; i < encodings; i++)
        m.encodings[m.encoding_count++] = (struct media_encoding){
            .ssrc = SENDER_SSRC + (uint32_t)i, .rtx_ssrc = SENDER_RTX_SSRC + (uint32_t)i};
    m.extension_ids[RTP_EXTENSION_MID] = 4;
    m.extension_ids[RTP_EXTENSION_AUDIO_LEVEL] = 10;
    return m;
}

static inline struct media_parameters receiver_video(void)
{
    struct media_parameters m = {.kind = MEDIA_VIDEO, .mid = "v0", .cname = "village"};
    m.codecs[m.codec_count++] =
        (struct media_codec){MEDIA_CODEC_VP8, RECEIVER_PT_VP8, 0, 90000, true};
    m.codecs[m.codec_count++] =
        (struct media_codec){MEDIA_CODEC_RTX, RECEIVER_PT_RTX, RECEIVER_PT_VP8, 90000, false};
    m.encodings[m.encoding_count++] =
        (struct media_encoding){.ssrc = RECEIVER_SSRC, .rtx_ssrc = RECEIVER_RTX_SSRC};
    m.extension_ids[RTP_EXTENSION_MID] = 1;
    m.extension_ids[RTP_EXTENSION_ABS_SEND_TIME] = 2;
    m.extension_ids[RTP_EXTENSION_TRANSPORT_CC] = 3;
    return m;
}

static inline struct media_parameters sender_audio(void)
{
    struct media_parameters m = {.kind = MEDIA_AUDIO, .mid = "0"};
    m.codecs[m.codec_count++] =
        (struct media_codec){MEDIA_CODEC_OPUS, SENDER_PT_OPUS, 0, 48000, false};
    m.encodings[m.encoding_count++] = (struct media_encoding){.ssrc = SENDER_SSRC};
    m.extension_ids[RTP_EXTENSION_AUDIO_LEVEL] = 10;
    return m;
}

static inline struct media_parameters receiver_audio(void)
{
    struct media_parameters m = {.kind = MEDIA_AUDIO, .mid = "a0"};
    m.codecs[m.codec_count++] =
        (struct media_codec){MEDIA_CODEC_OPUS, RECEIVER_PT_OPUS, 0, 48000, false};
    m.encodings[m.encoding_count++] = (struct media_encoding){.ssrc = RECEIVER_SSRC};
    m.extension_ids[RTP_EXTENSION_MID] = 1;
    m.extension_ids[RTP_EXTENSION_AUDIO_LEVEL] = 5;
    return m;
}

static inline struct packet *packet_of(struct packet_pool *pool, struct rtp_writer *w,
                                       time_us now_us)
{
    struct packet *p = packet_take(pool);
    cr_assert_not_null(p);
    int len = rtp_writer_finish(w);
    cr_assert_gt(len, 0);
    memcpy(p->data, w->data, (size_t)len);
    p->len_bytes = (uint16_t)len;
    p->received_us = now_us;
    return p;
}

static inline struct packet *vp8_packet(struct packet_pool *pool, const struct sent_vp8 *s,
                                        time_us now_us)
{
    uint8_t data[256], body[32] = {0};
    struct rtp_writer w;
    rtp_writer_init(&w, data, sizeof data,
                    &(struct rtp_header){.payload_type = SENDER_PT_VP8,
                                         .marker = s->marker,
                                         .seq16 = s->seq16,
                                         .timestamp = s->timestamp,
                                         .ssrc = s->ssrc ? s->ssrc : SENDER_SSRC});
    rtp_writer_extension(&w, 4, "1", 1);
    rtp_writer_extension(&w, 9, "?", 1); /* an extension that nobody knows */
    struct vp8_descriptor d = {.start = !s->continued,
                               .picture_id = s->picture_id,
                               .picture_id_long = true,
                               .tl0_picture = s->tl0_picture,
                               .has_temporal = true,
                               .temporal = s->temporal,
                               .layer_sync = s->sync,
                               .key_index = -1};
    int len = vp8_write(&d, body, sizeof body);
    cr_assert_gt(len, 0);
    /* RFC 6386 section 9.1: the lowest bit clear is a key frame, followed by start code and size */
    body[len] = s->key ? 0x10 : 0x11;
    memcpy(&body[len + 3], "\x9d\x01\x2a\x40\x01\xf0\x00", 7);
    body[len + 10] = (uint8_t)s->seq16;
    rtp_writer_payload(&w, body, (size_t)len + 11);
    return packet_of(pool, &w, now_us);
}

static inline struct packet *opus_packet(struct packet_pool *pool, uint16_t seq16,
                                         uint32_t timestamp, time_us now_us)
{
    uint8_t data[64], level;
    struct rtp_writer w;
    rtp_writer_init(&w, data, sizeof data,
                    &(struct rtp_header){.payload_type = SENDER_PT_OPUS,
                                         .seq16 = seq16,
                                         .timestamp = timestamp,
                                         .ssrc = SENDER_SSRC});
    rtp_put_audio_level(&level, true, 42);
    rtp_writer_extension(&w, 10, &level, 1);
    rtp_writer_payload(&w, "\x08opus", 5);
    return packet_of(pool, &w, now_us);
}

/* A received packet, taken apart. */
struct got {
    uint8_t data[PACKET_CAPACITY_BYTES];
    struct rtp_view view;
    struct vp8_descriptor vp8;
    int len;
};

static inline void got_parse(struct got *g)
{
    cr_assert_gt(g->len, 0);
    cr_assert_eq(rtp_parse(&g->view, g->data, (size_t)g->len), 0);
    if (g->view.payload_type == RECEIVER_PT_VP8)
        cr_assert_eq(vp8_parse(&g->vp8, rtp_payload(&g->view), g->view.payload_len_bytes), 0);
}

/* One sender, one receiver and a pool. */
struct pair {
    struct packet_pool *pool;
    struct forward_producer *producer;
    struct forward_consumer *consumer;
};

#define FIRST_SEQ     1000
#define FIRST_PICTURE 500

static inline void pair_open(struct pair *p, struct media_parameters from,
                             struct media_parameters to)
{
    cr_assert_eq(packet_pool_new(&p->pool, 4096), 0);
    cr_assert_eq(forward_producer_new(&p->producer, &from, false), 0);
    cr_assert_eq(
        forward_consumer_new(&p->consumer, p->producer, &to, false, FIRST_SEQ, FIRST_PICTURE), 0);
}

static inline void pair_close(struct pair *p)
{
    forward_consumer_free(p->consumer);
    forward_producer_free(p->producer);
    packet_pool_free(p->pool);
}

/* Sends a packet through; true (and taken apart) when the receiver gets one. Gives the packet back.
 */
static inline bool pair_send(struct pair *p, struct packet *packet, struct got *g, time_us now_us)
{
    struct rtp_view v;
    struct forward_input in;
    bool rtx;
    cr_assert_eq(rtp_parse(&v, packet->data, packet->len_bytes), 0);
    int stream = forward_producer_find(p->producer, v.ssrc, &rtx);
    cr_assert_geq(stream, 0);
    g->len = 0;
    if (forward_producer_receive(p->producer, (size_t)stream, rtx, packet, now_us, &in))
        g->len = forward_consumer_write(p->consumer, &in, g->data, sizeof g->data, now_us);
    packet_unref(packet);
    if (g->len > 0)
        got_parse(g);
    return g->len > 0;
}

static inline bool pair_vp8(struct pair *p, struct sent_vp8 s, struct got *g, time_us now_us)
{
    return pair_send(p, vp8_packet(p->pool, &s, now_us), g, now_us);
}

#endif
