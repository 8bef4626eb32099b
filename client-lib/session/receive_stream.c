/* SPDX-License-Identifier: Apache-2.0 */
/* See receive_stream.h. */
#include "client-lib/session/receive_stream.h"

#include "client-lib/audio/opus.h"
#include "rtc/payload/vp8.h"
#include "rtc/payload/vp9.h"
#include "rtc/rtcp/rtcp.h"
#include "rtc/rtx/rtx.h"
#include <stdlib.h>
#include <string.h>

#define NACK_BATCH       128 /* sequence numbers asked for in one feedback */
#define REPAIR_TRIES     6   /* a hole in pictures is worth this many requests before a key frame */
#define HOLE_WAIT_MIN_US (250 * TIME_US_PER_MS)
#define HOLE_WAIT_MAX_US (1500 * TIME_US_PER_MS)
#define HOLE_WAIT_TRIPS  4 /* round trips: three requests and their answers */

static int new_video(struct receive_stream *s)
{
    struct video_jitter_config jitter = {0};
    enum video_codec codec = s->consumer.codec == SQ_CODEC_VP9 ? VIDEO_VP9 : VIDEO_VP8;
    int err = video_jitter_new(&s->jitter, &jitter);
    return err ? err : video_decoder_new(&s->decoder, codec);
}

static int new_nack(struct receive_stream *s)
{
    if (!s->consumer.nack)
        return 0;
    struct nack_config config = {
        .key_frames = s->consumer.kind == SQ_VIDEO,
        .tries_max = REPAIR_TRIES,
    };
    s->nack = calloc(1, sizeof(*s->nack));
    if (!s->nack)
        return SQ_ERR_NOMEM;
    nack_generator_init(s->nack, &config);
    return 0;
}

static uint32_t clock_of(const struct join_consumer *c)
{
    return c->kind == SQ_AUDIO ? RTP_CLOCK_AUDIO_HZ : RTP_CLOCK_VIDEO_HZ;
}

int receive_stream_new(struct receive_stream **out, uint32_t track,
                       const struct join_consumer *consumer, struct playout *playout,
                       struct video_queue *queue)
{
    struct receive_stream *s = calloc(1, sizeof(*s));
    if (!s)
        return SQ_ERR_NOMEM;
    s->track = track;
    s->consumer = *consumer;
    s->queue = queue;
    s->clock.clock_hz = clock_of(consumer);
    receive_stats_init(&s->stats, consumer->ssrc, s->clock.clock_hz);
    int err = new_nack(s);
    if (!err)
        err = consumer->kind == SQ_AUDIO ? playout_add(playout, track) : new_video(s);
    if (!err && consumer->kind == SQ_AUDIO)
        s->playout = playout;
    if (err) {
        receive_stream_free(s);
        return err;
    }
    *out = s;
    return 0;
}

void receive_stream_free(struct receive_stream *s)
{
    if (!s)
        return;
    if (s->playout)
        playout_remove(s->playout, s->track);
    free(s->nack);
    video_jitter_free(s->jitter);
    video_decoder_free(s->decoder);
    free(s);
}

static uint64_t lost_now(const struct receive_stream *s)
{
    int64_t lost = receive_stats_lost(&s->stats);
    return lost > 0 ? (uint64_t)lost : 0;
}

int receive_stream_rebind(struct receive_stream *s, const struct join_consumer *consumer)
{
    if (consumer->codec != s->consumer.codec)
        return SQ_ERR_UNSUPPORTED;
    s->counters.lost_before += lost_now(s);
    s->consumer = *consumer;
    s->clock.known = false;
    receive_stats_init(&s->stats, consumer->ssrc, clock_of(consumer));
    free(s->nack);
    s->nack = NULL;
    int err = new_nack(s);
    if (err || s->consumer.kind == SQ_AUDIO)
        return err;
    struct video_jitter *jitter = NULL;
    struct video_jitter_config config = {0};
    err = video_jitter_new(&jitter, &config);
    if (err)
        return err;
    video_jitter_free(s->jitter);
    s->jitter = jitter;
    return 0;
}

void receive_stream_pause(struct receive_stream *s, bool paused)
{
    s->consumer.paused = paused;
    freeze_meter_pause(&s->freeze);
}

bool receive_stream_owns(const struct receive_stream *s, uint32_t ssrc)
{
    return ssrc == s->consumer.ssrc || (s->consumer.rtx_ssrc && ssrc == s->consumer.rtx_ssrc);
}

static void put_audio(struct receive_stream *s, const struct rtp_view *v, time_us now_us)
{
    struct playout_packet packet = {
        .seq16 = v->seq16,
        .timestamp = v->timestamp,
        .payload = rtp_payload(v),
        .len_bytes = v->payload_len_bytes,
    };
    if (playout_put(s->playout, s->track, &packet, now_us) == SQ_ERR_INVALID)
        s->counters.malformed++;
}

static int describe_vp8(struct video_packet *p, const uint8_t *payload, size_t len_bytes)
{
    struct vp8_descriptor d;
    int err = vp8_parse(&d, payload, len_bytes);
    if (err)
        return err;
    p->frame_start = vp8_frame_start(&d);
    p->key_frame = vp8_key_frame(&d, payload, len_bytes, NULL, NULL);
    p->picture_id = d.picture_id;
    p->tl0_picture = d.tl0_picture;
    p->temporal = d.temporal;
    p->layer_sync = d.layer_sync;
    p->payload = payload + d.len_bytes;
    p->len_bytes = len_bytes - d.len_bytes;
    return 0;
}

static int describe_vp9(struct video_packet *p, const uint8_t *payload, size_t len_bytes)
{
    struct vp9_descriptor d;
    int err = vp9_parse(&d, payload, len_bytes);
    if (err)
        return err;
    p->frame_start = vp9_picture_start(&d);
    p->key_frame = vp9_key_frame(&d);
    p->picture_id = d.picture_id;
    p->tl0_picture = d.tl0_picture;
    p->temporal = d.temporal;
    p->layer_sync = d.switching_up;
    p->payload = payload + d.len_bytes;
    p->len_bytes = len_bytes - d.len_bytes;
    return 0;
}

static void put_video(struct receive_stream *s, const struct rtp_view *v, time_us now_us)
{
    struct video_packet p = {.seq16 = v->seq16, .timestamp = v->timestamp, .frame_end = v->marker};
    const uint8_t *payload = rtp_payload(v);
    int err = s->consumer.codec == SQ_CODEC_VP9 ? describe_vp9(&p, payload, v->payload_len_bytes)
                                                : describe_vp8(&p, payload, v->payload_len_bytes);
    if (!err)
        err = video_jitter_put(s->jitter, &p, now_us);
    if (err)
        s->counters.malformed++;
    else if (p.key_frame && p.frame_start && s->nack)
        nack_generator_on_key_frame(s->nack, v->seq16);
}

static void put_media(struct receive_stream *s, const struct rtp_view *v, time_us now_us)
{
    if (s->nack && nack_generator_on_packet(s->nack, v->seq16, now_us) == NACK_SEEN_RECOVERED)
        s->counters.repaired++;
    if (v->payload_len_bytes == 0)
        return; /* padding: a probe of the relay */
    if (s->consumer.kind == SQ_AUDIO)
        put_audio(s, v, now_us);
    else
        put_video(s, v, now_us);
}

void receive_stream_on_packet(struct receive_stream *s, const struct rtp_view *v, uint8_t *data,
                              time_us now_us)
{
    s->counters.packets++;
    rate_meter_add(&s->rate, v->len_bytes, now_us);
    if (v->ssrc == s->consumer.ssrc) {
        if (v->payload_type != s->consumer.payload_type) {
            s->counters.malformed++;
            return;
        }
        receive_stats_on_packet(&s->stats, v->seq16, v->timestamp, v->len_bytes, now_us);
        put_media(s, v, now_us);
        return;
    }
    struct rtp_view original;
    int len = v->payload_type == s->consumer.rtx_payload_type
                  ? rtx_decapsulate(v, data, s->consumer.payload_type, s->consumer.ssrc)
                  : SQ_ERR_INVALID;
    if (len > 0 && rtp_parse(&original, data, (size_t)len) == 0)
        put_media(s, &original, now_us);
    else if (len < 0)
        s->counters.malformed++;
}

static void show(struct receive_stream *s, const struct video_frame *frame,
                 const struct video_picture *picture, const struct sync_speech *speech,
                 time_us now_us)
{
    struct video_shown shown = {
        .picture = *picture,
        .rtp_time = frame->timestamp,
        .capture_utc_us = sync_clock_utc_us(&s->clock, frame->timestamp),
        .received_us = frame->complete_us,
        .key = frame->key_frame,
    };
    shown.display_us = sync_display_us(speech, shown.capture_utc_us, s->last_display_us, now_us);
    s->last_display_us = shown.display_us;
    freeze_meter_shown(&s->freeze, shown.display_us);
    s->width = picture->width;
    s->height = picture->height;
    video_queue_put(s->queue, &shown);
}

static void decode(struct receive_stream *s, const struct video_frame *frame,
                   const struct sync_speech *speech, time_us now_us)
{
    struct video_picture picture;
    int shown = video_decoder_decode(s->decoder, frame->data, frame->len_bytes, &picture);
    if (shown < 0) {
        s->counters.undecodable++;
        video_jitter_decoder_failed(s->jitter);
        return;
    }
    s->counters.decoded++;
    if (s->counters.first_decoded_us == 0)
        s->counters.first_decoded_us = now_us;
    if (shown > 0)
        show(s, frame, &picture, speech, now_us);
}

void receive_stream_step(struct receive_stream *s, const struct sync_speech *speech, time_us now_us)
{
    struct video_frame frame;
    if (!s->jitter)
        return;
    while (video_jitter_pop(s->jitter, &frame, now_us))
        decode(s, &frame, speech, now_us);
}

static time_us hole_wait_us(time_us rtt_us)
{
    time_us wait = HOLE_WAIT_TRIPS * rtt_us;
    if (wait < HOLE_WAIT_MIN_US)
        return HOLE_WAIT_MIN_US;
    return time_us_min(wait, HOLE_WAIT_MAX_US);
}

static bool wants_key_frame(struct receive_stream *s, time_us now_us)
{
    bool from_nack = s->nack && nack_take_key_frame_request(s->nack);
    /* the buffer knows whether anything still waits for what was given up, and spaces the requests
     */
    bool from_jitter = video_jitter_take_key_frame_request(s->jitter, now_us);
    return from_jitter || (from_nack && s->counters.decoded == 0);
}

void receive_stream_feedback(struct receive_stream *s, struct byte_writer *w, uint32_t sender_ssrc,
                             time_us rtt_us, time_us now_us)
{
    if (s->consumer.paused)
        return;
    if (s->nack) {
        uint16_t missing[NACK_BATCH];
        size_t count = nack_generator_take(s->nack, missing, NACK_BATCH, rtt_us, now_us);
        if (count)
            rtcp_write_nack(w, sender_ssrc, s->consumer.ssrc, missing, count);
    }
    if (!s->jitter)
        return;
    video_jitter_set_wait(s->jitter, hole_wait_us(rtt_us));
    if (wants_key_frame(s, now_us) && rtcp_write_pli(w, sender_ssrc, s->consumer.ssrc) == 0)
        s->counters.key_requests++;
}

time_us receive_stream_deadline(const struct receive_stream *s, time_us rtt_us)
{
    time_us at = TIME_US_NEVER;
    if (s->consumer.paused)
        return at;
    if (s->nack)
        at = nack_generator_deadline(s->nack, rtt_us);
    return s->jitter ? time_us_min(at, video_jitter_deadline(s->jitter)) : at;
}

struct sync_speech receive_stream_speech(struct receive_stream *s)
{
    struct sync_speech speech = {0};
    uint32_t timestamp = 0;
    if (!s->playout || !s->clock.known)
        return speech;
    speech.playing = playout_position(s->playout, s->track, &timestamp, &speech.at_us);
    speech.utc_us = sync_clock_utc_us(&s->clock, timestamp);
    return speech;
}

static void add_audio(struct receive_stream *s, struct sq_call_stats *out, time_us now_us)
{
    struct sq_audio_stats *a = &out->audio;
    struct playout_stats p;
    a->received_packets += s->counters.packets;
    a->lost_packets += s->counters.lost_before + lost_now(s);
    a->repaired_packets += s->counters.repaired;
    a->receive_bps += rate_meter_bps(&s->rate, now_us);
    if (!playout_get_stats(s->playout, s->track, &p))
        return;
    a->concealed_ms += p.concealed_samples / AUDIO_SAMPLES_PER_MS;
    a->played_ms += p.played_samples / AUDIO_SAMPLES_PER_MS;
    uint32_t delay = (uint32_t)(p.delay_us / TIME_US_PER_MS);
    a->jitter_delay_ms = delay > a->jitter_delay_ms ? delay : a->jitter_delay_ms;
    if (p.first_us && (out->first_audio_us == 0 || p.first_us < out->first_audio_us))
        out->first_audio_us = p.first_us;
}

static void add_video(struct receive_stream *s, struct sq_call_stats *out, time_us now_us)
{
    struct sq_video_stats *v = &out->video;
    struct video_jitter_stats j;
    video_jitter_get_stats(s->jitter, &j);
    v->received_packets += s->counters.packets;
    v->lost_packets += s->counters.lost_before + lost_now(s);
    v->repaired_packets += s->counters.repaired;
    v->frames_received += j.frames;
    v->frames_decoded += s->counters.decoded;
    v->key_frame_requests_sent += s->counters.key_requests;
    v->freeze_ms += (uint64_t)(s->freeze.frozen_us / TIME_US_PER_MS);
    v->freezes += s->freeze.freezes;
    v->receive_bps += rate_meter_bps(&s->rate, now_us);
    if (s->counters.decoded)
        v->received_codec = s->consumer.codec;
    if (s->width) {
        v->width = s->width;
        v->height = s->height;
    }
    time_us first = s->counters.first_decoded_us;
    if (first && (out->first_video_us == 0 || first < out->first_video_us))
        out->first_video_us = first;
}

void receive_stream_add_stats(struct receive_stream *s, struct sq_call_stats *out, time_us now_us)
{
    if (s->consumer.kind == SQ_AUDIO)
        add_audio(s, out, now_us);
    else
        add_video(s, out, now_us);
}
