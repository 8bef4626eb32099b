/* SPDX-License-Identifier: Apache-2.0 */
/* See local_track.h. */
#include "client-lib/session/local_track.h"

#include "base/random.h"
#include "client-lib/audio/capture.h"
#include "client-lib/audio/opus.h"
#include "client-lib/audio/treat.h"
#include "client-lib/video/codec.h"
#include "client-lib/video/frames.h"
#include <stdatomic.h>
#include <stdlib.h>

#define FRAME_MS_MAX 60
#define KEY_MERGE_US (300 * TIME_US_PER_MS)
#define BACKLOG_MAX_US                                                                             \
    (400 * TIME_US_PER_MS)  /* of the pacer: a picture coded now would be late                     \
                             */
#define FRAMES_PER_STEP   4 /* coded audio frames in one step: a step must end */
#define AUDIO_MAX_BPS_MIN 6000
#define VIDEO_MAX_BPS_MIN 30000
#define VIDEO_MAX_BPS_MAX 4000000
#define VIDEO_FPS_MAX     60

struct speech {
    struct capture *capture;
    struct treat *treat; /* NULL: none wanted */
    struct audio_encoder *encoder;
    uint32_t frame_ms;
};

struct pictures {
    struct video_slot *slot;
    struct video_encoder *encoder;
    uint32_t bps;
    bool key_wanted;
    time_us last_key_us, last_capture_us;
    uint64_t key_requests;
    uint32_t width, height;
};

struct local_track {
    struct sq_track_settings settings;
    struct send_stream stream;
    struct speech speech;
    struct pictures pictures;
    bool muted;
    atomic_uint_fast64_t dropped; /* pictures that were pushed and never coded */
};

static int check_audio(const struct sq_track_settings *s)
{
    if (s->codec != SQ_CODEC_OPUS)
        return SQ_ERR_UNSUPPORTED;
    bool frame = s->frame_ms == 0 || s->frame_ms == 20 || s->frame_ms == 40 || s->frame_ms == 60;
    return frame && s->max_bps >= AUDIO_MAX_BPS_MIN && s->max_bps <= AUDIO_BITRATE_MAX_BPS
               ? 0
               : SQ_ERR_INVALID;
}

static bool size_ok(uint32_t width, uint32_t height)
{
    return width >= 16 && height >= 16 && width % 2 == 0 && height % 2 == 0 &&
           width <= VIDEO_WIDTH_MAX && height <= VIDEO_HEIGHT_MAX;
}

static int check_video(const struct sq_track_settings *s)
{
    if (s->codec != SQ_CODEC_VP8 && s->codec != SQ_CODEC_VP9)
        return SQ_ERR_UNSUPPORTED;
    return size_ok(s->width, s->height) && s->fps >= 1 && s->fps <= VIDEO_FPS_MAX &&
                   s->max_bps >= VIDEO_MAX_BPS_MIN && s->max_bps <= VIDEO_MAX_BPS_MAX
               ? 0
               : SQ_ERR_INVALID;
}

int local_track_check(const struct sq_track_settings *s)
{
    if (s->source != SQ_MICROPHONE && s->source != SQ_CAMERA && s->source != SQ_EXAMINATION)
        return SQ_ERR_INVALID;
    if (s->kind == SQ_AUDIO)
        return check_audio(s);
    return s->kind == SQ_VIDEO ? check_video(s) : SQ_ERR_INVALID;
}

static int speech_init(struct speech *sp, const struct sq_track_settings *s)
{
    bool examination = s->source == SQ_EXAMINATION;
    struct audio_encoder_config coder = {
        .bitrate_bps = s->max_bps, .dtx = s->dtx, .examination = examination};
    struct treat_config treat = {s->cancel_echo, s->suppress_noise, s->adjust_gain};
    sp->frame_ms = s->frame_ms ? s->frame_ms : 20;
    int err = capture_new(&sp->capture);
    if (!err)
        err = audio_encoder_new(&sp->encoder, &coder);
    if (!err && !examination && (s->cancel_echo || s->suppress_noise || s->adjust_gain))
        err = treat_new(&sp->treat, &treat);
    return err;
}

static int pictures_init(struct pictures *v, const struct sq_track_settings *s)
{
    struct video_encoder_config coder = {
        .codec = s->codec == SQ_CODEC_VP9 ? VIDEO_VP9 : VIDEO_VP8,
        .width = s->width,
        .height = s->height,
        .fps = s->fps,
        .bitrate_bps = s->max_bps,
    };
    v->bps = s->max_bps;
    v->key_wanted = true;
    int err = video_slot_new(&v->slot);
    return err ? err : video_encoder_new(&v->encoder, &coder);
}

int local_track_new(struct local_track **out, const struct sq_track_settings *settings)
{
    int err = local_track_check(settings);
    if (err)
        return err;
    struct local_track *t = calloc(1, sizeof(*t));
    if (!t)
        return SQ_ERR_NOMEM;
    t->settings = *settings;
    struct send_stream_config stream = {
        .codec = settings->codec,
        .ssrc = random_u32() | 1u,
        .rtx_ssrc = settings->kind == SQ_VIDEO ? random_u32() | 1u : 0,
        .transport_cc = JOIN_EXT_TRANSPORT_CC,
    };
    if (stream.rtx_ssrc == stream.ssrc)
        stream.rtx_ssrc ^= 2u;
    err = send_stream_init(&t->stream, &stream);
    if (!err)
        err = settings->kind == SQ_AUDIO ? speech_init(&t->speech, settings)
                                         : pictures_init(&t->pictures, settings);
    if (err) {
        local_track_free(t);
        return err;
    }
    *out = t;
    return 0;
}

void local_track_free(struct local_track *t)
{
    if (!t)
        return;
    send_stream_fini(&t->stream);
    capture_free(t->speech.capture);
    treat_free(t->speech.treat);
    audio_encoder_free(t->speech.encoder);
    video_slot_free(t->pictures.slot);
    video_encoder_free(t->pictures.encoder);
    free(t);
}

int local_track_push_audio(struct local_track *t, const int16_t *samples, size_t count,
                           time_us capture_us)
{
    if (t->settings.kind != SQ_AUDIO)
        return SQ_ERR_INVALID;
    capture_push(t->speech.capture, samples, count, capture_us);
    return 0;
}

int local_track_push_video(struct local_track *t, const struct sq_picture *picture,
                           time_us capture_us)
{
    if (t->settings.kind != SQ_VIDEO || !size_ok(picture->width, picture->height) ||
        picture->width > t->settings.width || picture->height > t->settings.height)
        return SQ_ERR_INVALID;
    struct video_picture p = {.width = picture->width, .height = picture->height};
    for (int i = 0; i < 3; i++) {
        p.planes[i] = picture->planes[i];
        p.strides[i] = picture->strides[i];
        if (!p.planes[i] || p.strides[i] < (i ? p.width / 2 : p.width))
            return SQ_ERR_INVALID;
    }
    bool replaced = false;
    int err = video_slot_put(t->pictures.slot, &p, capture_us, &replaced);
    if (replaced)
        atomic_fetch_add(&t->dropped, 1);
    return err;
}

void local_track_played(struct local_track *t, const int16_t *samples, size_t count)
{
    if (t->speech.treat)
        treat_played(t->speech.treat, samples, count);
}

void local_track_describe(const struct local_track *t, struct join_producer *out)
{
    *out = (struct join_producer){
        .kind = t->settings.kind,
        .source = t->settings.source,
        .codec = t->settings.codec,
        .ssrc = t->stream.config.ssrc,
        .rtx_ssrc = t->stream.config.rtx_ssrc,
        .max_bps = t->settings.max_bps,
        .dtx = t->settings.dtx,
    };
}

void local_track_set_rate(struct local_track *t, uint32_t bps, uint32_t frame_ms)
{
    if (t->settings.kind == SQ_AUDIO) {
        t->speech.frame_ms = frame_ms;
        audio_encoder_set_rate(t->speech.encoder, bps);
        return;
    }
    bool rested = t->pictures.bps == 0;
    t->pictures.bps = bps;
    if (bps)
        video_encoder_set_rate(t->pictures.encoder, bps);
    if (rested && bps)
        t->pictures.key_wanted = true;
}

void local_track_mute(struct local_track *t, bool muted)
{
    t->muted = muted;
    t->pictures.key_wanted = true;
}

void local_track_request_key(struct local_track *t, time_us now_us)
{
    t->pictures.key_requests++;
    if (t->pictures.last_key_us == 0 || now_us - t->pictures.last_key_us > KEY_MERGE_US)
        t->pictures.key_wanted = true;
}

void local_track_force_key(struct local_track *t)
{
    t->pictures.key_wanted = true;
}

static void code_speech(struct local_track *t, const struct local_sink *sink,
                        const int16_t *samples, size_t count, time_us capture_us, time_us now_us)
{
    uint8_t coded[AUDIO_CODED_BYTES_MAX];
    int len = audio_encoder_encode(t->speech.encoder, samples, count, coded, sizeof(coded));
    bool silence = len <= 2; /* under DTX (RFC 7587 section 3.1.3) */
    if (len <= 0 || (silence && !t->stream.talking))
        return; /* the first of them went out: the far side knows that this is a pause, no loss */
    send_stream_audio(&t->stream, sink->pool, sink->pacer, coded, (size_t)len, capture_us, now_us);
    t->stream.talking = !silence;
}

static bool step_speech(struct local_track *t, const struct local_sink *sink, bool sending,
                        time_us now_us)
{
    int16_t samples[FRAME_MS_MAX * AUDIO_SAMPLES_PER_MS];
    size_t count = (size_t)t->speech.frame_ms * AUDIO_SAMPLES_PER_MS;
    time_us capture_us = 0;
    if (!capture_take(t->speech.capture, samples, count, &capture_us))
        return false;
    for (size_t at = 0; t->speech.treat && at < count; at += AUDIO_BLOCK_SAMPLES)
        treat_block(t->speech.treat, samples + at);
    if (sending && !t->muted)
        code_speech(t, sink, samples, count, capture_us, now_us);
    else
        t->stream.talking = false;
    return true;
}

/* Thinned to the track's frame rate, with 10 % of slack for a camera that jitters. */
static bool too_soon(const struct local_track *t, time_us capture_us)
{
    time_us least = TIME_US_PER_S * 9 / 10 / t->settings.fps;
    return t->pictures.last_capture_us && capture_us - t->pictures.last_capture_us < least;
}

static void step_pictures(struct local_track *t, const struct local_sink *sink, bool sending,
                          time_us now_us)
{
    struct pictures *v = &t->pictures;
    struct video_picture picture;
    time_us capture_us = 0;
    if (!video_slot_take(v->slot, &picture, &capture_us))
        return;
    if (!sending || t->muted || v->bps == 0)
        return;
    if (too_soon(t, capture_us) || pacer_backlog_us(sink->pacer) > BACKLOG_MAX_US) {
        atomic_fetch_add(&t->dropped, 1);
        return;
    }
    struct video_coded coded;
    int64_t pts = capture_us * 9 / 100; /* 90 kHz */
    int err = video_encoder_encode(v->encoder, &picture, pts, v->key_wanted, &coded);
    if (err || !coded.data) {
        atomic_fetch_add(&t->dropped, 1);
        return;
    }
    v->last_capture_us = capture_us;
    v->width = picture.width;
    v->height = picture.height;
    if (coded.key) {
        v->key_wanted = false;
        v->last_key_us = now_us;
    }
    if (send_stream_video(&t->stream, sink->pool, sink->pacer, coded.data, coded.len_bytes,
                          coded.key, capture_us, now_us))
        v->key_wanted = true;
}

void local_track_step(struct local_track *t, const struct local_sink *sink, bool sending,
                      time_us now_us)
{
    if (t->settings.kind == SQ_VIDEO) {
        step_pictures(t, sink, sending, now_us);
        return;
    }
    for (int i = 0; i < FRAMES_PER_STEP && step_speech(t, sink, sending, now_us); i++)
        ;
}

struct send_stream *local_track_stream(struct local_track *t)
{
    return &t->stream;
}

const struct sq_track_settings *local_track_settings(const struct local_track *t)
{
    return &t->settings;
}

void local_track_add_stats(struct local_track *t, struct sq_call_stats *out, time_us now_us)
{
    if (t->settings.kind == SQ_AUDIO) {
        out->audio.sent_packets += t->stream.stats.packets;
        out->audio.send_bps += rate_meter_bps(&t->stream.rate, now_us);
        out->audio.frame_ms = t->speech.frame_ms;
        return;
    }
    struct sq_video_stats *v = &out->video;
    v->sent_packets += t->stream.stats.packets;
    v->retransmitted_packets += t->stream.retransmitted;
    v->frames_sent += t->stream.frames;
    v->key_frames_sent += t->stream.key_frames;
    v->frames_dropped += atomic_load(&t->dropped);
    v->key_frame_requests_received += t->pictures.key_requests;
    v->send_bps += rate_meter_bps(&t->stream.rate, now_us);
    if (t->stream.stats.packets)
        v->sent_codec = t->stream.config.codec;
    if (v->width == 0) {
        v->width = t->pictures.width;
        v->height = t->pictures.height;
    }
}
