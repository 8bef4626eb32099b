/* SPDX-License-Identifier: Apache-2.0 */
/* Sound and pictures of the call: sources -> library, library -> sound card, window, recording. All
 * pacing is by the monotonic clock, or by the sound card's backlog when there is one. */
#include "client-lib/terminal/terminal.h"
#include "shanqiao/error.h"
#include <string.h>

#define BLOCK_US       INT64_C(10000)  /* of SOURCE_BLOCK_SAMPLES */
#define BEHIND_MAX_US  INT64_C(500000) /* a stopped machine does not send seconds at once */
#define PLAY_AHEAD     (6 * SOURCE_BLOCK_SAMPLES) /* samples kept at the sound card */
#define SNAPSHOT_FRAME 100                        /* about 4 s into the talk */

int media_open(struct terminal *t, char error[SOURCE_ERROR_MAX])
{
    const struct options *o = t->options;
    int err = o->audio ? audio_source_open(&t->media.audio, o->audio, error) : SQ_OK;
    if (!err && o->video)
        err = video_source_open(&t->media.video, o->video, error);
    if (!err && o->record_dir) {
        err = recording_open(&t->media.recording, o->record_dir);
        if (err)
            snprintf(error, SOURCE_ERROR_MAX,
                     "can't write into %.180s. Check that the folder can be made.", o->record_dir);
    }
    return err;
}

int media_close(struct terminal *t)
{
    audio_source_close(t->media.audio);
    video_source_close(t->media.video);
    const int err = recording_close(t->media.recording);
    t->media = (struct media){0};
    return err;
}

void media_reset(struct terminal *t)
{
    struct media *m = &t->media;
    m->next_audio_us = m->next_video_us = m->next_pull_us = sq_now_us();
    m->remote_count = 0;
}

void media_track(struct terminal *t, const struct sq_event *event)
{
    struct media *m = &t->media;
    const uint32_t track = event->track.track;
    if (event->track.kind != SQ_VIDEO)
        return;
    size_t at = 0;
    while (at < m->remote_count && m->remotes[at] != track)
        at++;
    if (event->type == SQ_EVENT_TRACK_ADDED && at == m->remote_count && at < TERMINAL_REMOTES_MAX)
        m->remotes[m->remote_count++] = track;
    if (event->type == SQ_EVENT_TRACK_REMOVED && at < m->remote_count)
        m->remotes[at] = m->remotes[--m->remote_count];
}

static struct sq_picture picture_of(const struct y4m_frame *f)
{
    struct sq_picture p = {.width = (uint32_t)f->width, .height = (uint32_t)f->height};
    for (int i = 0; i < 3; i++) {
        p.planes[i] = f->planes[i];
        p.strides[i] = (size_t)f->strides[i];
    }
    return p;
}

static void send_audio(struct terminal *t, int64_t now_us)
{
    struct media *m = &t->media;
    if (now_us - m->next_audio_us > BEHIND_MAX_US)
        m->next_audio_us = now_us;
    while (m->audio && m->next_audio_us <= now_us) {
        int16_t block[SOURCE_BLOCK_SAMPLES];
        audio_source_next(m->audio, block);
        if (m->sending &&
            sq_call_push_audio(t->call, TRACK_AUDIO, block, SOURCE_BLOCK_SAMPLES,
                               m->next_audio_us) >= 0 &&
            m->recording)
            recording_speech_sent(m->recording, m->next_audio_us + t->utc_offset_us,
                                  m->audio_position);
        m->audio_position += SOURCE_BLOCK_SAMPLES;
        m->next_audio_us += BLOCK_US;
    }
}

static void send_video_frame(struct terminal *t, int64_t capture_us)
{
    struct media *m = &t->media;
    int64_t index = 0;
    const struct y4m_frame *f = video_source_next(m->video, &index);
    if (!f) {
        fprintf(stderr, "shanqiao-terminal: the camera gives no more pictures; speech goes on.\n");
        video_source_close(m->video);
        m->video = NULL;
        return;
    }
    const struct sq_picture picture = picture_of(f);
    if (t->window)
        window_show_self(t->window, &picture);
    if (!m->sending || sq_call_push_video(t->call, TRACK_VIDEO, &picture, capture_us) < 0)
        return;
    if (m->recording)
        recording_sent(m->recording, index, capture_us + t->utc_offset_us);
}

static void send_video(struct terminal *t, int64_t now_us)
{
    struct media *m = &t->media;
    if (now_us - m->next_video_us > BEHIND_MAX_US)
        m->next_video_us = now_us;
    while (m->video && m->next_video_us <= now_us) {
        /* A copy: it outlives a source that breaks. */
        const struct y4m_format format = *video_source_format(m->video);
        send_video_frame(t, m->next_video_us);
        m->next_video_us += INT64_C(1000000) * format.rate_den / format.rate_num;
    }
}

static bool wants_block(const struct terminal *t, int64_t now_us)
{
    if (t->window && window_has_speaker(t->window))
        return window_played_backlog(t->window) < PLAY_AHEAD;
    return t->media.next_pull_us <= now_us;
}

static void receive_audio(struct terminal *t, int64_t now_us)
{
    struct media *m = &t->media;
    if (now_us - m->next_pull_us > BEHIND_MAX_US)
        m->next_pull_us = now_us;
    for (int blocks = 0; blocks < 64 && wants_block(t, now_us); blocks++) {
        int16_t block[SOURCE_BLOCK_SAMPLES];
        if (sq_call_pull_audio(t->call, block, SOURCE_BLOCK_SAMPLES) < 0)
            memset(block, 0, sizeof block);
        if (t->window)
            window_play(t->window, block, SOURCE_BLOCK_SAMPLES);
        if (m->recording && m->sending)
            recording_audio(m->recording, block, SOURCE_BLOCK_SAMPLES,
                            m->next_pull_us + t->utc_offset_us);
        m->next_pull_us += BLOCK_US;
    }
}

/* The first frame, so that a short talk leaves one too; then a later one in its place. */
static void take_snapshot(const struct terminal *t, const struct recorded_frame *r)
{
    const char *file = t->options->snapshot_file;
    if (file && recording_png(file, r))
        fprintf(stderr, "shanqiao-terminal: can't write %s.\n", file);
}

static void show_frame(struct terminal *t, const struct sq_video_frame *f)
{
    struct media *m = &t->media;
    struct recorded_frame r = {
        .width = (int)f->picture.width,
        .height = (int)f->picture.height,
        .rtp_time = f->rtp_time,
        .capture_us = f->capture_utc_us,
        .display_us = sq_now_us() + t->utc_offset_us,
    };
    for (int i = 0; i < 3; i++) {
        r.planes[i] = f->picture.planes[i];
        r.strides[i] = (int)f->picture.strides[i];
    }
    if (m->recording)
        recording_video(m->recording, &r);
    if (t->window)
        window_show_remote(t->window, &f->picture);
    m->shown_frames++;
    if (m->shown_frames == 1 || m->shown_frames == SNAPSHOT_FRAME)
        take_snapshot(t, &r);
}

static void receive_video(struct terminal *t)
{
    for (size_t i = 0; i < t->media.remote_count; i++) {
        struct sq_video_frame frame;
        while (sq_call_pull_video(t->call, t->media.remotes[i], &frame) == 1)
            show_frame(t, &frame);
    }
}

void media_tick(struct terminal *t, int64_t now_us)
{
    if (!t->call)
        return;
    send_audio(t, now_us);
    send_video(t, now_us);
    receive_audio(t, now_us);
    receive_video(t);
}
