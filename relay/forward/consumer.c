/* SPDX-License-Identifier: Apache-2.0 */
/* Choice of encoding and layers, renumbering, repeats. Writing the bytes is in rewrite.c.
 * Refuses to know: sockets, keys, rooms. */
#include "relay/forward/consumer.h"
#include "base/check.h"
#include "relay/forward/rewrite.h"
#include "rtc/rtx/rtx.h"
#include "shanqiao/error.h"
#include <stdlib.h>

#define LAYER_ANY UINT8_MAX

static bool codec_in_common(const struct media_parameters *from, const struct media_parameters *to)
{
    for (size_t i = 0; i < from->codec_count; i++)
        if (from->codecs[i].type != MEDIA_CODEC_RTX &&
            media_codec_by_type(to, from->codecs[i].type))
            return true;
    return false;
}

int forward_consumer_new(struct forward_consumer **out, struct forward_producer *producer,
                         const struct media_parameters *media, bool paused, uint16_t first_seq16,
                         uint16_t first_picture_id)
{
    if (!codec_in_common(&producer->media, media))
        return SQ_ERR_UNSUPPORTED;
    struct forward_consumer *c = calloc(1, sizeof *c);
    if (!c)
        return SQ_ERR_NOMEM;
    bool video = producer->media.kind == MEDIA_VIDEO;
    if (resend_ledger_init(&c->ledger, video ? FORWARD_LEDGER_VIDEO : FORWARD_LEDGER_AUDIO)) {
        free(c);
        return SQ_ERR_NOMEM;
    }
    c->media = *media;
    c->producer = producer;
    c->paused = paused;
    c->stream = c->last_stream = -1;
    c->preferred_spatial = c->preferred_temporal = c->temporal = LAYER_ANY;
    c->resend_budget_bytes = FORWARD_RESEND_BURST_BYTES;
    offset_map_init(&c->seqs, first_seq16);
    offset_map_init(&c->vp8.pictures, first_picture_id & VP8_PICTURE_ID_MASK);
    c->rtx_seq16 =
        (uint16_t)(~first_seq16 & 0x7fff); /* RFC 3711 section 3.3.1: not beside a wrap */
    if (!paused)
        forward_consumer_want_key_frame(c);
    *out = c;
    return 0;
}

void forward_consumer_free(struct forward_consumer *c)
{
    if (!c)
        return;
    resend_ledger_fini(&c->ledger);
    free(c);
}

/* The stream whose key frame helps: the one that is sent, else the one that we wait for. */
static struct forward_stream *wanted_stream(struct forward_consumer *c)
{
    struct forward_producer *p = c->producer;
    size_t index = p->stream_count - 1;
    if (c->stream >= 0)
        return &p->streams[c->stream];
    while (index > 0 && (index > c->preferred_spatial || !p->streams[index].started))
        index--;
    return &p->streams[index];
}

void forward_consumer_want_key_frame(struct forward_consumer *c)
{
    if (c->producer->media.kind != MEDIA_VIDEO || c->paused)
        return;
    c->keyframes_asked++;
    keyframe_request(&wanted_stream(c)->keyframes);
}

void forward_consumer_pause(struct forward_consumer *c, bool paused)
{
    if (c->paused == paused)
        return;
    c->paused = paused;
    forward_consumer_restart(c);
}

void forward_consumer_restart(struct forward_consumer *c)
{
    c->stream = -1;
    forward_consumer_want_key_frame(c);
}

void forward_consumer_prefer(struct forward_consumer *c, uint8_t spatial, uint8_t temporal)
{
    c->preferred_spatial = spatial;
    c->preferred_temporal = temporal;
}

/* Timestamp offset so that the new encoding goes on where the old one is in real time. Both
 * encodings' SRs tell exactly; without them the time that passed since the last packet does. */
static uint32_t offset_for_switch(const struct forward_consumer *c, const struct forward_input *in,
                                  time_us now_us)
{
    uint32_t clock_hz = in->codec->clock_hz;
    int64_t passed = (now_us - c->sent_us) * clock_hz / TIME_US_PER_S;
    uint32_t wanted = c->timestamp_out + (uint32_t)(passed > 1 ? passed : 1);
    return wanted - in->view.timestamp;
}

static uint32_t offset_by_reports(const struct forward_stream *from,
                                  const struct forward_stream *to, uint32_t from_offset,
                                  uint32_t clock_hz)
{
    /* the instant of `to`'s SR on `from`'s RTP clock */
    int64_t ntp_ahead = (int64_t)(to->sr_ntp - from->sr_ntp);
    int64_t ticks = (int64_t)((__int128)ntp_ahead * clock_hz / ((__int128)1 << 32));
    uint32_t there = from->sr_timestamp + (uint32_t)(uint64_t)ticks;
    return there + from_offset - to->sr_timestamp;
}

static void switch_timestamps(struct forward_consumer *c, int from, const struct forward_input *in,
                              time_us now_us)
{
    const struct forward_stream *streams = c->producer->streams;
    if (c->packets == 0 || from == in->stream)
        return; /* the sender's own clock goes on */
    uint32_t offset = offset_for_switch(c, in, now_us);
    if (from >= 0 && streams[from].has_sr && streams[in->stream].has_sr) {
        uint32_t exact = offset_by_reports(&streams[from], &streams[in->stream],
                                           c->timestamp_offset, in->codec->clock_hz);
        /* a report that contradicts the clock by over a second is a lie */
        int32_t apart = ts32_diff(exact, offset);
        if (apart > -(int32_t)in->codec->clock_hz && apart < (int32_t)in->codec->clock_hz &&
            ts32_newer(in->view.timestamp + exact, c->timestamp_out))
            offset = exact;
    }
    c->timestamp_offset = offset;
}

static void restart_vp8(struct forward_vp8_state *v, const struct vp8_descriptor *d)
{
    if (d->picture_id != VP8_PICTURE_ID_NONE) {
        v->newest_picture = d->picture_id;
        v->started = true;
        offset_map_restart(&v->pictures, d->picture_id);
    }
    if (d->tl0_picture != VP8_TL0_NONE)
        v->tl0_offset = (uint8_t)(v->tl0_out + 1 - d->tl0_picture);
}

/* At a key frame (any packet for audio): everything goes on from here without a seam. */
static void start_at(struct forward_consumer *c, const struct forward_input *in, time_us now_us)
{
    switch_timestamps(c, c->last_stream, in, now_us);
    c->stream = c->last_stream = (int8_t)in->stream;
    c->temporal = c->preferred_temporal;
    offset_map_restart(&c->seqs, in->seq);
    if (in->codec->type == MEDIA_CODEC_VP8)
        restart_vp8(&c->vp8, &in->vp8);
}

/* Is this packet's encoding the one to send? Switches at key frames only; asks for one where it is
 * needed. */
static bool choose_stream(struct forward_consumer *c, const struct forward_input *in,
                          time_us now_us)
{
    int best = forward_producer_best(c->producer, c->preferred_spatial, now_us);
    if (in->stream == c->stream && best == c->stream)
        return true;
    if (in->stream == best) {
        if (in->key_frame) {
            start_at(c, in, now_us);
            return true;
        }
        keyframe_waiting(&c->producer->streams[best].keyframes, now_us);
    }
    return in->stream == c->stream;
}

static int layer_of(const struct forward_input *in)
{
    if (in->codec->type == MEDIA_CODEC_VP8 && in->vp8.has_temporal)
        return in->vp8.temporal;
    if (in->codec->type == MEDIA_CODEC_VP9 && in->vp9.has_layers)
        return in->vp9.temporal;
    return 0;
}

static bool may_climb(const struct forward_input *in)
{
    if (in->codec->type == MEDIA_CODEC_VP8)
        return in->frame_start && (in->vp8.layer_sync || in->key_frame);
    return in->codec->type == MEDIA_CODEC_VP9 && vp9_switch_up(&in->vp9);
}

/* Down at once, up only where the codec says that nothing missing is needed. */
static bool keep_layer(struct forward_consumer *c, const struct forward_input *in)
{
    int layer = layer_of(in);
    if (c->temporal > c->preferred_temporal && in->frame_start)
        c->temporal = c->preferred_temporal;
    if (layer > c->temporal && layer <= c->preferred_temporal && may_climb(in))
        c->temporal = (uint8_t)layer;
    return layer <= c->temporal;
}

static int64_t picture_of(const struct forward_vp8_state *v, const struct vp8_descriptor *d)
{
    int64_t modulo = d->picture_id_long ? 1 << 15 : 1 << 7;
    int64_t ahead = (d->picture_id - v->newest_picture) % modulo;
    if (ahead < 0)
        ahead += modulo;
    if (ahead >= modulo / 2)
        ahead -= modulo;
    return v->newest_picture + ahead;
}

static void note_picture(struct forward_vp8_state *v, int64_t picture)
{
    if (picture > v->newest_picture)
        v->newest_picture = picture;
}

static void cut(struct forward_consumer *c, const struct forward_input *in)
{
    offset_map_cut(&c->seqs, in->seq);
    if (in->empty || in->codec->type != MEDIA_CODEC_VP8 || !c->vp8.started ||
        in->vp8.picture_id == VP8_PICTURE_ID_NONE)
        return;
    int64_t picture = picture_of(&c->vp8, &in->vp8);
    offset_map_cut(&c->vp8.pictures, picture);
    note_picture(&c->vp8, picture);
}

/* Picture id and TL0PICIDX as the receiver sees them; false when the frame is older than the
 * restart. */
static bool renumber_vp8(struct forward_consumer *c, const struct forward_input *in,
                         struct forward_numbers *n)
{
    const struct vp8_descriptor *d = &in->vp8;
    if (d->picture_id != VP8_PICTURE_ID_NONE && c->vp8.started) {
        int64_t picture = picture_of(&c->vp8, d), out;
        if (!offset_map_send(&c->vp8.pictures, picture, &out))
            return false;
        note_picture(&c->vp8, picture);
        n->picture_id = (uint16_t)(out & VP8_PICTURE_ID_MASK);
    }
    if (d->tl0_picture != VP8_TL0_NONE) {
        n->tl0_picture = (uint8_t)(d->tl0_picture + c->vp8.tl0_offset);
        if ((int8_t)(n->tl0_picture - c->vp8.tl0_out) > 0)
            c->vp8.tl0_out = n->tl0_picture;
    }
    return true;
}

static bool renumber(struct forward_consumer *c, const struct forward_input *in,
                     struct forward_numbers *n)
{
    int64_t seq;
    if (!offset_map_send(&c->seqs, in->seq, &seq))
        return false;
    *n = (struct forward_numbers){.seq16 = (uint16_t)(uint64_t)seq,
                                  .timestamp_offset = c->timestamp_offset};
    return in->codec->type != MEDIA_CODEC_VP8 || renumber_vp8(c, in, n);
}

static void account(struct forward_consumer *c, const struct forward_input *in,
                    const struct forward_numbers *n, int len_bytes, time_us now_us)
{
    uint32_t timestamp = in->view.timestamp + n->timestamp_offset;
    if (c->packets == 0 || ts32_newer(timestamp, c->timestamp_out))
        c->timestamp_out = timestamp;
    c->sent_us = now_us;
    c->packets++;
    c->bytes += (uint64_t)len_bytes;
    c->payload_bytes += in->view.payload_len_bytes;
    c->resend_budget_bytes += (uint32_t)len_bytes >> FORWARD_RESEND_SHARE_SHIFT;
    if (c->resend_budget_bytes > FORWARD_RESEND_BURST_BYTES)
        c->resend_budget_bytes = FORWARD_RESEND_BURST_BYTES;
}

int forward_consumer_write(struct forward_consumer *c, const struct forward_input *in,
                           uint8_t *data, size_t capacity_bytes, time_us now_us)
{
    struct forward_numbers n;
    if (c->paused || !forward_rewrite_possible(c, in) || !choose_stream(c, in, now_us))
        return 0;
    if (in->empty || !keep_layer(c, in)) {
        cut(c, in);
        return 0;
    }
    if (!renumber(c, in, &n))
        return 0;
    int len = forward_rewrite(c, in, &n, data, capacity_bytes);
    if (len <= 0)
        return len;
    resend_ledger_put(&c->ledger, n.seq16, in->view.seq16, forward_numbers_pack(&n, in->stream),
                      now_us);
    account(c, in, &n, len, now_us);
    return len;
}

static bool may_resend(const struct forward_consumer *c)
{
    return !c->paused && c->media.encodings[0].rtx_ssrc &&
           c->resend_budget_bytes >= PACKET_CAPACITY_BYTES;
}

static int write_rtx(struct forward_consumer *c, const struct forward_input *in,
                     const struct forward_numbers *n, uint8_t *data, size_t capacity_bytes)
{
    int len = forward_rewrite(c, in, n, data, capacity_bytes);
    if (len <= 0)
        return len;
    const struct media_codec *rtx = media_rtx_for(&c->media, data[1] & RTP_PAYLOAD_TYPE_MAX);
    if (!rtx)
        return 0;
    return rtx_encapsulate(data, (size_t)len, capacity_bytes, rtx->payload_type,
                           c->media.encodings[0].rtx_ssrc, c->rtx_seq16++);
}

int forward_consumer_resend(struct forward_consumer *c, uint16_t seq16, uint8_t *data,
                            size_t capacity_bytes, time_us rtt_us, time_us now_us)
{
    struct forward_numbers n;
    struct forward_input in;
    uint16_t in_seq16;
    uint64_t note;
    int len = 0;
    c->nacked++;
    if (may_resend(c) && resend_ledger_take(&c->ledger, seq16, rtt_us, now_us, &in_seq16, &note)) {
        size_t stream = forward_numbers_unpack(&n, note);
        n.seq16 = seq16;
        if (forward_producer_recall(c->producer, stream, in_seq16, now_us, &in))
            len = write_rtx(c, &in, &n, data, capacity_bytes);
    }
    if (len <= 0) {
        c->refused++;
        return 0;
    }
    c->resend_budget_bytes -= (uint32_t)len;
    c->resent++;
    return len;
}

bool forward_consumer_owns(const struct forward_consumer *c, uint32_t ssrc)
{
    const struct media_encoding *e = &c->media.encodings[0];
    return ssrc && (e->ssrc == ssrc || e->rtx_ssrc == ssrc);
}

void forward_consumer_on_block(struct forward_consumer *c, const struct rtcp_block *block)
{
    if (block->ssrc != c->media.encodings[0].ssrc)
        return;
    c->fraction_lost = block->fraction_lost;
    c->cumulative_lost = block->cumulative_lost;
}

bool forward_consumer_report(const struct forward_consumer *c, struct rtcp_sr *out)
{
    if (c->paused || c->stream < 0 || c->packets == 0)
        return false;
    const struct forward_stream *s = &c->producer->streams[c->stream];
    if (!s->has_sr)
        return false;
    *out = (struct rtcp_sr){.ssrc = c->media.encodings[0].ssrc,
                            .ntp = s->sr_ntp,
                            .rtp_timestamp = s->sr_timestamp + c->timestamp_offset,
                            .packet_count = (uint32_t)c->packets,
                            .octet_count = (uint32_t)c->payload_bytes};
    return true;
}
