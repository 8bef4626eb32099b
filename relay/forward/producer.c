/* SPDX-License-Identifier: Apache-2.0 */
/* Streams of one producer. Refuses to know: sockets, keys, who receives. */
#include "relay/forward/producer.h"
#include "base/check.h"
#include "rtc/payload/h264.h"
#include "rtc/rtx/rtx.h"
#include "shanqiao/error.h"
#include <stdlib.h>
#include <string.h>

/* One NACK packet of ours: what fits beside other feedback into one datagram. */
#define NACK_TAKE_MAX 200

static int stream_init(struct forward_stream *s, const struct media_parameters *media, size_t index)
{
    const struct media_encoding *e = &media->encodings[index];
    const struct media_codec *codec = media_codec_main(media);
    bool video = media->kind == MEDIA_VIDEO;
    s->ssrc = e->ssrc;
    s->rtx_ssrc = e->rtx_ssrc;
    memcpy(s->rid, e->rid, sizeof s->rid);
    keyframe_init(&s->keyframes);
    int code = packet_ring_init(&s->ring, video ? FORWARD_RING_VIDEO : FORWARD_RING_AUDIO,
                                FORWARD_RING_MAX_AGE_US);
    if (code || !codec || !codec->nack)
        return code;
    s->nack = malloc(sizeof *s->nack);
    if (!s->nack)
        return SQ_ERR_NOMEM;
    nack_generator_init(s->nack, &(struct nack_config){.key_frames = video});
    return 0;
}

int forward_producer_new(struct forward_producer **out, const struct media_parameters *media,
                         bool paused)
{
    struct forward_producer *p = calloc(1, sizeof *p);
    if (!p)
        return SQ_ERR_NOMEM;
    p->media = *media;
    p->paused = paused;
    for (size_t i = 0; i < media->encoding_count; i++) {
        p->stream_count = i + 1;
        int code = stream_init(&p->streams[i], media, i);
        if (code) {
            forward_producer_free(p);
            return code;
        }
    }
    *out = p;
    return 0;
}

void forward_producer_free(struct forward_producer *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->stream_count; i++) {
        packet_ring_fini(&p->streams[i].ring);
        free(p->streams[i].nack);
    }
    free(p);
}

int forward_producer_find(const struct forward_producer *p, uint32_t ssrc, bool *rtx)
{
    for (size_t i = 0; i < p->stream_count && ssrc; i++) {
        *rtx = p->streams[i].rtx_ssrc == ssrc;
        if (*rtx || p->streams[i].ssrc == ssrc)
            return (int)i;
    }
    return -1;
}

int forward_producer_learn(struct forward_producer *p, uint32_t ssrc, const char *mid,
                           const char *rid, const char *repaired_rid, uint8_t payload_type,
                           bool *rtx)
{
    if (!p->media.mid[0] || strcmp(p->media.mid, mid) != 0)
        return -1;
    const struct media_codec *codec = media_codec_by_payload(&p->media, payload_type);
    if (!codec)
        return -1;
    *rtx = codec->type == MEDIA_CODEC_RTX;
    const char *wanted = *rtx ? repaired_rid : rid;
    for (size_t i = 0; i < p->stream_count; i++) {
        struct forward_stream *s = &p->streams[i];
        uint32_t *known = *rtx ? &s->rtx_ssrc : &s->ssrc;
        bool match = s->rid[0] ? strcmp(s->rid, wanted) == 0 : p->stream_count == 1;
        if (!match || *known)
            continue;
        *known = ssrc;
        return (int)i;
    }
    return -1;
}

/* Codec's payload to key_frame and frame_start; false when its parser refuses it and the payload
 * would be rewritten. */
static bool describe(struct forward_input *in)
{
    const uint8_t *payload = rtp_payload(&in->view);
    size_t len = in->view.payload_len_bytes;
    struct h264_info h264;
    bool read;
    in->key_frame = in->frame_start = true;
    in->empty = len == 0;
    if (in->empty) {
        in->key_frame = in->frame_start = false;
        return true;
    }
    switch (in->codec->type) {
    case MEDIA_CODEC_VP8:
        if (vp8_parse(&in->vp8, payload, len))
            return false;
        in->key_frame = vp8_key_frame(&in->vp8, payload, len, NULL, NULL);
        in->frame_start = vp8_frame_start(&in->vp8);
        return true;
    case MEDIA_CODEC_VP9:
        if (vp9_parse(&in->vp9, payload, len))
            return false;
        in->key_frame = vp9_key_frame(&in->vp9);
        in->frame_start = vp9_picture_start(&in->vp9);
        return true;
    case MEDIA_CODEC_H264:
        /* Forwarded unread: what we can't parse starts nothing, the receiver's decoder judges it.
         */
        read = h264_parse(&h264, payload, len) == 0;
        in->key_frame = read && h264_key_frame(&h264);
        in->frame_start = read && h264.start;
        return true;
    default:
        return true;
    }
}

static bool describe_packet(const struct forward_producer *p, size_t index,
                            const struct packet *packet, struct forward_input *out)
{
    out->producer = p;
    out->stream = (uint8_t)index;
    out->packet = packet;
    out->codec = NULL;
    if (rtp_parse(&out->view, packet->data, packet->len_bytes))
        return false;
    out->codec = media_codec_by_payload(&p->media, out->view.payload_type);
    if (!out->codec || out->codec->type == MEDIA_CODEC_RTX)
        return false;
    return describe(out);
}

/* True when the packet is now the original one; false for probes and what can't be undone. */
static bool undo_rtx(struct forward_producer *p, const struct forward_stream *s,
                     struct packet *packet)
{
    struct rtp_view view;
    if (rtp_parse(&view, packet->data, packet->len_bytes))
        return false;
    const struct media_codec *rtx = media_codec_by_payload(&p->media, view.payload_type);
    if (!rtx || rtx->type != MEDIA_CODEC_RTX || !media_codec_by_payload(&p->media, rtx->apt) ||
        !s->ssrc) {
        p->malformed++;
        return false;
    }
    int len = rtx_decapsulate(&view, packet->data, rtx->apt, s->ssrc);
    if (len < 0)
        p->malformed++;
    if (len <= 0)
        return false;
    packet->len_bytes = (uint16_t)len;
    return true;
}

static void start_stream(struct forward_stream *s, const struct forward_input *in)
{
    receive_stats_init(&s->stats, s->ssrc, in->codec->clock_hz);
    s->started = true;
    if (!in->key_frame)
        keyframe_unheard(&s->keyframes); /* what was asked before it sent was in vain */
}

static bool is_duplicate(const struct forward_stream *s, const struct rtp_view *view,
                         time_us now_us)
{
    const struct packet *held = packet_ring_get(&s->ring, view->seq16, now_us);
    struct rtp_view held_view;
    return held && rtp_parse(&held_view, held->data, held->len_bytes) == 0 &&
           held_view.timestamp == view->timestamp;
}

/* Gap list and statistics; false when the packet was there before. */
static bool account(struct forward_producer *p, struct forward_stream *s, bool rtx,
                    const struct forward_input *in, time_us now_us)
{
    if (is_duplicate(s, &in->view, now_us)) {
        s->duplicates++;
        return false;
    }
    if (rtx)
        s->repaired++;
    else
        receive_stats_on_packet(&s->stats, in->view.seq16, in->view.timestamp,
                                in->packet->len_bytes, now_us);
    s->packets++;
    s->bytes += in->packet->len_bytes;
    s->last_us = now_us;
    if (s->nack && !p->paused) {
        nack_generator_on_packet(s->nack, in->view.seq16, now_us);
        if (p->media.kind == MEDIA_VIDEO && in->key_frame)
            nack_generator_on_key_frame(s->nack, in->view.seq16);
        if (nack_take_key_frame_request(s->nack))
            keyframe_request(&s->keyframes);
    }
    return true;
}

/* Gives back what is too old to be repaired: a slow stream would hold a whole ring of it. */
static void trim_ring(struct forward_stream *s, time_us now_us)
{
    struct packet_ring *r = &s->ring;
    if (s->unwrap.newest - s->kept_from > (int64_t)r->mask)
        s->kept_from = s->unwrap.newest - r->mask;
    for (; s->kept_from < s->unwrap.newest; s->kept_from++) {
        uint16_t seq16 = (uint16_t)(uint64_t)s->kept_from;
        struct packet **slot = &r->slots[seq16 & r->mask];
        if (!*slot || r->seqs[seq16 & r->mask] != seq16)
            continue;
        if (now_us - (*slot)->received_us <= r->max_age_us)
            return;
        packet_unref(*slot);
        *slot = NULL;
    }
}

bool forward_producer_receive(struct forward_producer *p, size_t index, bool rtx,
                              struct packet *packet, time_us now_us, struct forward_input *out)
{
    CHECK(index < p->stream_count);
    struct forward_stream *s = &p->streams[index];
    if (rtx && !undo_rtx(p, s, packet))
        return false;
    if (!describe_packet(p, index, packet, out)) {
        p->malformed++;
        return false;
    }
    if (!s->started)
        start_stream(s, out);
    if (!account(p, s, rtx, out, now_us))
        return false;
    if (p->paused)
        return false;
    out->seq = seq16_unwrap(&s->unwrap, out->view.seq16);
    if (out->key_frame && p->media.kind == MEDIA_VIDEO)
        keyframe_arrived(&s->keyframes);
    packet_ring_put(&s->ring, out->view.seq16, packet);
    trim_ring(s, now_us);
    return true;
}

bool forward_producer_recall(const struct forward_producer *p, size_t index, uint16_t seq16,
                             time_us now_us, struct forward_input *out)
{
    const struct forward_stream *s = &p->streams[index];
    const struct packet *packet = packet_ring_get(&s->ring, seq16, now_us);
    if (!packet || !describe_packet(p, index, packet, out))
        return false;
    out->seq = seq16_unwrap_peek(&s->unwrap, seq16);
    return true;
}

void forward_producer_pause(struct forward_producer *p, bool paused)
{
    if (p->paused == paused)
        return;
    p->paused = paused;
    for (size_t i = 0; i < p->stream_count && paused; i++) {
        struct forward_stream *s = &p->streams[i];
        if (s->nack) /* what is missing now is not missed later */
            nack_generator_init(s->nack,
                                &(struct nack_config){.key_frames = s->nack->config.key_frames});
    }
}

int forward_producer_best(const struct forward_producer *p, uint8_t preferred, time_us now_us)
{
    int best = -1;
    for (size_t i = 0; i < p->stream_count; i++) {
        const struct forward_stream *s = &p->streams[i];
        if (!s->started || now_us - s->last_us > FORWARD_STREAM_IDLE_US)
            continue;
        if (i <= preferred || best < 0)
            best = (int)i;
    }
    return best;
}

void forward_producer_on_sr(struct forward_producer *p, size_t index, const struct rtcp_sr *sr,
                            time_us now_us)
{
    struct forward_stream *s = &p->streams[index];
    if (!s->started)
        return;
    receive_stats_on_sr(&s->stats, sr->ntp, now_us);
    s->has_sr = true;
    s->sr_ntp = sr->ntp;
    s->sr_timestamp = sr->rtp_timestamp;
}

static bool stream_feedback(struct forward_stream *s, struct byte_writer *w, uint32_t feedback_ssrc,
                            time_us rtt_us, time_us now_us)
{
    bool written = false;
    if (s->nack && nack_generator_deadline(s->nack, rtt_us) <= now_us) {
        uint16_t seqs[NACK_TAKE_MAX];
        size_t count = nack_generator_take(s->nack, seqs, NACK_TAKE_MAX, rtt_us, now_us);
        if (count && rtcp_write_nack(w, feedback_ssrc, s->ssrc, seqs, count) == 0) {
            s->nacks_sent += count;
            written = true;
        }
        if (nack_take_key_frame_request(s->nack))
            keyframe_request(&s->keyframes);
    }
    if (byte_writer_len(w) + 12 <= (size_t)(w->end - w->begin) &&
        keyframe_take(&s->keyframes, now_us)) {
        s->keyframes_asked++;
        written |= rtcp_write_pli(w, feedback_ssrc, s->ssrc) == 0;
    }
    return written;
}

bool forward_producer_feedback(struct forward_producer *p, struct byte_writer *w,
                               uint32_t feedback_ssrc, time_us rtt_us, time_us now_us)
{
    bool written = false;
    for (size_t i = 0; i < p->stream_count && !p->paused; i++)
        if (p->streams[i].started || p->streams[i].ssrc)
            written |= stream_feedback(&p->streams[i], w, feedback_ssrc, rtt_us, now_us);
    return written;
}

size_t forward_producer_blocks(struct forward_producer *p, struct rtcp_block *out, size_t capacity,
                               time_us now_us)
{
    size_t count = 0;
    for (size_t i = 0; i < p->stream_count && count < capacity; i++)
        if (p->streams[i].started &&
            receive_stats_report(&p->streams[i].stats, &out[count], now_us))
            count++;
    return count;
}

time_us forward_producer_deadline(const struct forward_producer *p, time_us rtt_us)
{
    time_us deadline = TIME_US_NEVER;
    for (size_t i = 0; i < p->stream_count && !p->paused; i++) {
        const struct forward_stream *s = &p->streams[i];
        if (!s->ssrc)
            continue;
        deadline = time_us_min(deadline, keyframe_deadline(&s->keyframes));
        if (s->nack)
            deadline = time_us_min(deadline, nack_generator_deadline(s->nack, rtt_us));
    }
    return deadline;
}
