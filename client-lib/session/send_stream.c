/* SPDX-License-Identifier: Apache-2.0 */
/* See send_stream.h. */
#include "client-lib/session/send_stream.h"

#include "base/random.h"
#include "client-lib/session/join.h"
#include "rtc/payload/vp8.h"
#include "rtc/payload/vp9.h"
#include "rtc/rtp/rtp.h"
#include "rtc/rtx/rtx.h"
#include <string.h>

#define NACK_SEQUENCES_MAX 512 /* answered per packet of feedback */

static uint32_t clock_of(enum sq_codec codec)
{
    return codec == SQ_CODEC_OPUS ? RTP_CLOCK_AUDIO_HZ : RTP_CLOCK_VIDEO_HZ;
}

static uint8_t payload_type_of(enum sq_codec codec)
{
    static const uint8_t types[] = {JOIN_PT_OPUS, JOIN_PT_VP8, JOIN_PT_VP9};
    return types[codec];
}

int send_stream_init(struct send_stream *s, const struct send_stream_config *config)
{
    memset(s, 0, sizeof(*s));
    s->config = *config;
    s->seq16 = (uint16_t)(random_u32() & 0x7fff); /* the low half: no early wrap confuses SRTP */
    s->rtx_seq16 = (uint16_t)(random_u32() & 0x7fff);
    s->timestamp_base = random_u32();
    s->picture_id = (uint16_t)(random_u32() & VP8_PICTURE_ID_MASK);
    send_stats_init(&s->stats, config->ssrc, clock_of(config->codec));
    s->config.rtx_ssrc = 0; /* until there is a ring: fini looks at it */
    if (!config->rtx_ssrc)
        return 0;
    int err = packet_ring_init(&s->ring, SEND_RING_SIZE, SEND_RING_AGE_US);
    if (err)
        return err;
    err = resend_ledger_init(&s->ledger, SEND_RING_SIZE);
    if (err) {
        packet_ring_fini(&s->ring);
        return err;
    }
    s->config.rtx_ssrc = config->rtx_ssrc;
    return 0;
}

void send_stream_fini(struct send_stream *s)
{
    if (!s->config.rtx_ssrc)
        return;
    packet_ring_fini(&s->ring);
    resend_ledger_fini(&s->ledger);
    s->config.rtx_ssrc = 0;
}

uint32_t send_stream_timestamp(const struct send_stream *s, time_us capture_us)
{
    int64_t hz = clock_of(s->config.codec);
    int64_t ticks =
        capture_us / TIME_US_PER_S * hz + capture_us % TIME_US_PER_S * hz / TIME_US_PER_S;
    return s->timestamp_base + (uint32_t)(uint64_t)ticks;
}

/* Header and extension of the next packet of the stream. */
static void begin_packet(struct send_stream *s, struct rtp_writer *w, struct packet *p, bool marker,
                         uint32_t timestamp)
{
    struct rtp_header header = {
        .marker = marker,
        .payload_type = payload_type_of(s->config.codec),
        .seq16 = s->seq16,
        .timestamp = timestamp,
        .ssrc = s->config.ssrc,
    };
    static const uint8_t zero[RTP_TRANSPORT_CC_LEN]; /* transport_seal_rtp stamps the number */
    rtp_writer_init(w, p->data, sizeof(p->data), &header);
    rtp_writer_extension(w, s->config.transport_cc, zero, sizeof(zero));
}

/* Takes the packet's reference. */
static int queue_packet(struct send_stream *s, struct pacer *pacer, struct rtp_writer *w,
                        struct packet *p, time_us now_us)
{
    int len = rtp_writer_finish(w);
    if (len < 0) {
        packet_unref(p);
        return len;
    }
    p->len_bytes = (uint16_t)len;
    p->received_us = now_us;
    if (s->config.rtx_ssrc) {
        packet_ring_put(&s->ring, s->seq16, p);
        resend_ledger_put(&s->ledger, s->seq16, s->seq16, 0, now_us);
    }
    s->seq16++;
    rate_meter_add(&s->rate, p->len_bytes, now_us);
    pacer_put(pacer, &(struct pacer_item){
                         .packet = p,
                         .stream = s,
                         .class = s->config.codec == SQ_CODEC_OPUS ? PACER_SPEECH : PACER_PICTURE,
                     });
    return 0;
}

int send_stream_audio(struct send_stream *s, struct packet_pool *pool, struct pacer *pacer,
                      const uint8_t *payload, size_t len_bytes, time_us capture_us, time_us now_us)
{
    struct packet *p = packet_take(pool);
    if (!p)
        return SQ_ERR_NOMEM;
    struct rtp_writer w;
    uint32_t timestamp = send_stream_timestamp(s, capture_us);
    begin_packet(s, &w, p, !s->talking, timestamp); /* RFC 3551 section 4.1: first after a pause */
    s->talking = true;
    rtp_writer_payload(&w, payload, len_bytes);
    int err = queue_packet(s, pacer, &w, p, now_us);
    if (!err)
        send_stats_on_packet(&s->stats, timestamp, len_bytes, capture_us);
    s->frames += err ? 0 : 1;
    return err;
}

/* The two packetizers behind one face. */
struct cutter {
    bool vp9;
    struct vp8_packetizer vp8_cut;
    struct vp9_packetizer vp9_cut;
};

static int cutter_init(struct cutter *c, const struct send_stream *s, const uint8_t *frame,
                       size_t len_bytes, bool key)
{
    c->vp9 = s->config.codec == SQ_CODEC_VP9;
    if (c->vp9) {
        struct vp9_descriptor d = {
            .picture_id = s->picture_id,
            .picture_id_long = true,
            .inter_predicted = !key,
            .tl0_picture = -1,
        };
        return vp9_packetizer_init(&c->vp9_cut, &d, frame, len_bytes, SEND_PAYLOAD_MAX);
    }
    struct vp8_descriptor d = {
        .picture_id = s->picture_id,
        .picture_id_long = true,
        .tl0_picture = VP8_TL0_NONE,
        .key_index = -1,
    };
    return vp8_packetizer_init(&c->vp8_cut, &d, frame, len_bytes, SEND_PAYLOAD_MAX);
}

static int cutter_next(struct cutter *c, uint8_t *out, size_t capacity, bool *last)
{
    return c->vp9 ? vp9_packetizer_next(&c->vp9_cut, out, capacity, last)
                  : vp8_packetizer_next(&c->vp8_cut, out, capacity, last);
}

int send_stream_video(struct send_stream *s, struct packet_pool *pool, struct pacer *pacer,
                      const uint8_t *frame, size_t len_bytes, bool key, time_us capture_us,
                      time_us now_us)
{
    struct cutter cut;
    int err = cutter_init(&cut, s, frame, len_bytes, key);
    uint32_t timestamp = send_stream_timestamp(s, capture_us);
    bool last = false;
    while (!err && !last) {
        uint8_t payload[SEND_PAYLOAD_MAX];
        int len = cutter_next(&cut, payload, sizeof(payload), &last);
        if (len <= 0)
            return len;
        struct packet *p = packet_take(pool);
        if (!p)
            return SQ_ERR_NOMEM;
        struct rtp_writer w;
        begin_packet(s, &w, p, last, timestamp);
        rtp_writer_payload(&w, payload, (size_t)len);
        err = queue_packet(s, pacer, &w, p, now_us);
        if (!err)
            send_stats_on_packet(&s->stats, timestamp, (size_t)len, capture_us);
    }
    s->picture_id = (uint16_t)((s->picture_id + 1) & VP8_PICTURE_ID_MASK);
    s->frames += err ? 0 : 1;
    s->key_frames += !err && key ? 1 : 0;
    return err;
}

static uint8_t rtx_type_of(const struct send_stream *s)
{
    return s->config.codec == SQ_CODEC_VP9 ? JOIN_PT_VP9_RTX : JOIN_PT_VP8_RTX;
}

int send_stream_padding(struct send_stream *s, struct packet_pool *pool, struct pacer *pacer)
{
    struct packet *p = s->config.rtx_ssrc ? packet_take(pool) : NULL;
    if (!p)
        return s->config.rtx_ssrc ? SQ_ERR_NOMEM : SQ_ERR_STATE;
    struct rtp_header header = {
        .payload_type = rtx_type_of(s),
        .seq16 = s->rtx_seq16++,
        .timestamp = s->stats.timestamp,
        .ssrc = s->config.rtx_ssrc,
    };
    static const uint8_t zero[RTP_TRANSPORT_CC_LEN];
    struct rtp_writer w;
    rtp_writer_init(&w, p->data, sizeof(p->data), &header);
    rtp_writer_extension(&w, s->config.transport_cc, zero, sizeof(zero));
    rtp_writer_padding(&w, UINT8_MAX);
    int len = rtp_writer_finish(&w);
    if (len < 0) {
        packet_unref(p);
        return len;
    }
    p->len_bytes = (uint16_t)len;
    pacer_put(pacer, &(struct pacer_item){.packet = p, .stream = s, .class = PACER_PADDING});
    return 0;
}

void send_stream_on_nack(struct send_stream *s, struct pacer *pacer, const struct rtcp_nack *nack,
                         time_us rtt_us, time_us now_us)
{
    uint16_t asked[NACK_SEQUENCES_MAX];
    if (!s->config.rtx_ssrc)
        return;
    size_t count = rtcp_nack_sequences(nack, asked, NACK_SEQUENCES_MAX);
    for (size_t i = 0; i < count; i++) {
        uint16_t seq16 = 0;
        uint64_t note = 0;
        if (!resend_ledger_take(&s->ledger, asked[i], rtt_us, now_us, &seq16, &note))
            continue;
        struct packet *p = packet_ring_get(&s->ring, seq16, now_us);
        if (!p)
            continue;
        s->retransmitted++;
        pacer_put(pacer, &(struct pacer_item){
                             .packet = packet_ref(p),
                             .stream = s,
                             .class = PACER_REPAIR,
                         });
    }
}

int send_stream_finish(struct send_stream *s, const struct pacer_item *item, uint8_t *data,
                       size_t len_bytes, size_t capacity_bytes)
{
    if (item->class != PACER_REPAIR)
        return (int)len_bytes;
    return rtx_encapsulate(data, len_bytes, capacity_bytes, rtx_type_of(s), s->config.rtx_ssrc,
                           s->rtx_seq16++);
}
