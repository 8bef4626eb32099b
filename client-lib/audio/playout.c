/* SPDX-License-Identifier: Apache-2.0 */
/* See playout.h. */
#include "client-lib/audio/playout.h"

#include "client-lib/audio/opus.h"
#include "client-lib/audio/stretch.h"
#include "rtc/payload/opus.h"
#include "rtc/rtp/sequence.h"
#include <pthread.h>
#include <shanqiao/error.h>
#include <stdlib.h>
#include <string.h>

#define FIFO_MAX (2 * AUDIO_FRAME_SAMPLES_MAX + STRETCH_LAG_MAX)

struct voice {
    uint32_t track;
    struct audio_jitter *jitter;
    struct audio_decoder *decoder;
    struct playout_stats stats;
    uint64_t unproved_samples; /* concealed, or silent behind that, and nothing was played since */
    bool waited;               /* some of it was silence */
    bool gap;                  /* sequence numbers have jumped since the last play */
    uint16_t newest_seq16;
    bool heard; /* in this pull */
    bool started;
    uint32_t position; /* RTP timestamp of the sample behind the FIFO's last */
    time_us pulled_us;
    size_t fifo_count;
    int16_t fifo[FIFO_MAX];
};

struct playout {
    pthread_mutex_t lock; /* guards all */
    struct voice *voices[PLAYOUT_TRACKS_MAX];
};

int playout_new(struct playout **out)
{
    struct playout *p = calloc(1, sizeof(*p));
    if (!p || pthread_mutex_init(&p->lock, NULL)) {
        free(p);
        return SQ_ERR_NOMEM;
    }
    *out = p;
    return 0;
}

static void voice_free(struct voice *v)
{
    if (!v)
        return;
    audio_jitter_free(v->jitter);
    audio_decoder_free(v->decoder);
    free(v);
}

void playout_free(struct playout *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < PLAYOUT_TRACKS_MAX; i++)
        voice_free(p->voices[i]);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

static struct voice *voice_new(uint32_t track)
{
    struct voice *v = calloc(1, sizeof(*v));
    if (!v)
        return NULL;
    v->track = track;
    struct audio_jitter_config config = {.clock_hz = AUDIO_RATE_HZ};
    if (audio_jitter_new(&v->jitter, &config) || audio_decoder_new(&v->decoder)) {
        voice_free(v);
        return NULL;
    }
    return v;
}

static struct voice **find(struct playout *p, uint32_t track)
{
    for (size_t i = 0; i < PLAYOUT_TRACKS_MAX; i++)
        if (p->voices[i] && p->voices[i]->track == track)
            return &p->voices[i];
    return NULL;
}

static struct voice **free_slot(struct playout *p)
{
    for (size_t i = 0; i < PLAYOUT_TRACKS_MAX; i++)
        if (!p->voices[i])
            return &p->voices[i];
    return NULL;
}

int playout_add(struct playout *p, uint32_t track)
{
    struct voice *v = voice_new(track);
    if (!v)
        return SQ_ERR_NOMEM;
    pthread_mutex_lock(&p->lock);
    struct voice **slot = free_slot(p);
    int err = find(p, track) ? SQ_ERR_CONFLICT : slot ? 0 : SQ_ERR_LIMIT;
    if (!err) {
        *slot = v;
        v = NULL;
    }
    pthread_mutex_unlock(&p->lock);
    voice_free(v);
    return err;
}

void playout_remove(struct playout *p, uint32_t track)
{
    pthread_mutex_lock(&p->lock);
    struct voice **slot = find(p, track);
    struct voice *gone = slot ? *slot : NULL;
    if (slot)
        *slot = NULL;
    pthread_mutex_unlock(&p->lock);
    voice_free(gone);
}

/* A jump of the sequence numbers: what is silent now is a hole and no pause of the speaker. */
static void note_gap(struct voice *v, uint16_t seq16)
{
    if (v->stats.received && seq16_diff(seq16, v->newest_seq16) > 1)
        v->gap = true;
    if (v->stats.received == 0 || seq16_newer(seq16, v->newest_seq16))
        v->newest_seq16 = seq16;
    v->stats.received++;
}

int playout_put(struct playout *p, uint32_t track, const struct playout_packet *packet,
                time_us now_us)
{
    struct opus_toc toc;
    if (opus_parse(&toc, packet->payload, packet->len_bytes))
        return SQ_ERR_INVALID;
    struct audio_jitter_frame frame = {
        .timestamp = packet->timestamp,
        .duration = toc.samples,
        .seq16 = packet->seq16,
        .data = packet->payload,
        .len_bytes = packet->len_bytes,
        .redundant = packet->repaired,
        .dtx = toc.dtx,
    };
    int err = SQ_ERR_NOT_FOUND;
    pthread_mutex_lock(&p->lock);
    struct voice **slot = find(p, track);
    if (slot) {
        note_gap(*slot, packet->seq16);
        err = audio_jitter_put((*slot)->jitter, &frame, now_us);
    }
    pthread_mutex_unlock(&p->lock);
    return err;
}

static void append_concealed(struct voice *v, size_t samples)
{
    while (samples > 0) {
        size_t step = samples < AUDIO_BLOCK_SAMPLES ? samples : AUDIO_BLOCK_SAMPLES;
        size_t rounded = step - step % 120; /* the decoder conceals in steps of 2.5 ms */
        if (v->fifo_count + step > FIFO_MAX)
            return;
        int n = rounded ? audio_decoder_conceal(v->decoder, rounded, v->fifo + v->fifo_count) : 0;
        size_t made = n > 0 ? (size_t)n : 0;
        memset(v->fifo + v->fifo_count + made, 0, (step - made) * sizeof(*v->fifo));
        v->fifo_count += step;
        v->unproved_samples += step;
        samples -= step;
    }
}

static void append_stretched(struct voice *v, size_t samples, enum audio_jitter_pace pace)
{
    int16_t *at = v->fifo + v->fifo_count;
    if (pace == AUDIO_JITTER_PACE_FASTER)
        samples = stretch_faster(at, samples);
    else if (pace == AUDIO_JITTER_PACE_SLOWER)
        samples = stretch_slower(at, samples);
    v->fifo_count += samples;
}

/* Speech goes on: was it a hole in front of it, or had the speaker paused? */
static void prove(struct voice *v)
{
    if (v->gap || !v->waited)
        v->stats.concealed_samples += v->unproved_samples;
    v->unproved_samples = 0;
    v->waited = false;
    v->gap = false;
}

static void append_played(struct voice *v, const struct audio_jitter_pull *pull, time_us now_us)
{
    int n = audio_decoder_decode(v->decoder, pull->data, pull->len_bytes, v->fifo + v->fifo_count);
    if (n < 0) {
        append_concealed(v, pull->duration);
        return;
    }
    v->stats.played_samples += (uint64_t)n;
    prove(v);
    if (v->stats.first_us == 0)
        v->stats.first_us = now_us;
    v->started = true;
    v->heard = true;
    append_stretched(v, (size_t)n, pull->pace);
}

/* Asks the jitter buffer once; the FIFO grows by at least one block. */
static void refill(struct voice *v, time_us now_us)
{
    struct audio_jitter_pull pull;
    audio_jitter_pull(v->jitter, &pull, now_us);
    if (pull.action == AUDIO_JITTER_WAIT || pull.duration == 0 ||
        pull.duration > AUDIO_FRAME_SAMPLES_MAX) {
        memset(v->fifo + v->fifo_count, 0, AUDIO_BLOCK_SAMPLES * sizeof(*v->fifo));
        v->fifo_count += AUDIO_BLOCK_SAMPLES;
        if (v->unproved_samples) { /* behind concealment: prove() decides what it was */
            v->unproved_samples += AUDIO_BLOCK_SAMPLES;
            v->waited = true;
        }
        return;
    }
    v->position = pull.timestamp + pull.duration;
    if (pull.action == AUDIO_JITTER_PLAY)
        append_played(v, &pull, now_us);
    else
        append_concealed(v, pull.duration);
}

static int16_t saturate(int32_t v)
{
    return (int16_t)(v > INT16_MAX ? INT16_MAX : v < INT16_MIN ? INT16_MIN : v);
}

static void mix_block(struct voice *v, int16_t *out, time_us now_us)
{
    while (v->fifo_count < AUDIO_BLOCK_SAMPLES)
        refill(v, now_us);
    for (size_t i = 0; i < AUDIO_BLOCK_SAMPLES; i++)
        out[i] = saturate((int32_t)out[i] + v->fifo[i]);
    v->fifo_count -= AUDIO_BLOCK_SAMPLES;
    memmove(v->fifo, v->fifo + AUDIO_BLOCK_SAMPLES, v->fifo_count * sizeof(*v->fifo));
    v->pulled_us = now_us;
}

int playout_pull(struct playout *p, int16_t *out, size_t count, time_us now_us)
{
    if (count % AUDIO_BLOCK_SAMPLES != 0)
        return SQ_ERR_INVALID;
    int heard = 0;
    memset(out, 0, count * sizeof(*out));
    pthread_mutex_lock(&p->lock);
    for (size_t i = 0; i < PLAYOUT_TRACKS_MAX; i++) {
        struct voice *v = p->voices[i];
        if (!v)
            continue;
        v->heard = v->fifo_count > 0 && v->started;
        for (size_t at = 0; at < count; at += AUDIO_BLOCK_SAMPLES)
            mix_block(v, out + at, now_us + (time_us)at * TIME_US_PER_MS / AUDIO_SAMPLES_PER_MS);
        heard += v->heard ? 1 : 0;
    }
    pthread_mutex_unlock(&p->lock);
    return heard;
}

bool playout_position(struct playout *p, uint32_t track, uint32_t *timestamp, time_us *at_us)
{
    pthread_mutex_lock(&p->lock);
    struct voice **slot = find(p, track);
    bool known = slot && (*slot)->started;
    if (known) {
        /* the block that was pulled last begins this far in front of the FIFO's end */
        uint32_t behind = (uint32_t)((*slot)->fifo_count + AUDIO_BLOCK_SAMPLES);
        *timestamp = (*slot)->position - behind;
        *at_us = (*slot)->pulled_us;
    }
    pthread_mutex_unlock(&p->lock);
    return known;
}

bool playout_get_stats(struct playout *p, uint32_t track, struct playout_stats *out)
{
    pthread_mutex_lock(&p->lock);
    struct voice **slot = find(p, track);
    if (slot) {
        struct audio_jitter_stats jitter;
        audio_jitter_get_stats((*slot)->jitter, &jitter);
        *out = (*slot)->stats;
        out->late = jitter.late;
        out->skipped_us = (uint64_t)jitter.skipped_us;
        out->delay_us = jitter.delay_us;
    }
    pthread_mutex_unlock(&p->lock);
    return slot != NULL;
}
