/* SPDX-License-Identifier: Apache-2.0 */
/* The library's call of the present consultation: joined, left, its figures kept. */
#include "client-lib/terminal/terminal.h"
#include "shanqiao/error.h"
#include <string.h>

#define CALL_RETRY_US INT64_C(2000000)

static uint32_t frame_rate(const struct y4m_format *f)
{
    return (uint32_t)((f->rate_num + f->rate_den - 1) / f->rate_den);
}

static size_t describe_tracks(const struct terminal *t, struct sq_track_settings tracks[2])
{
    const bool card = t->options->audio && strcmp(t->options->audio, "microphone") == 0;
    sq_track_settings_init(&tracks[TRACK_AUDIO], SQ_AUDIO, SQ_MICROPHONE);
    tracks[TRACK_AUDIO].cancel_echo = tracks[TRACK_AUDIO].suppress_noise =
        tracks[TRACK_AUDIO].adjust_gain = card;
    if (!t->media.video)
        return 1;
    const struct y4m_format *format = video_source_format(t->media.video);
    sq_track_settings_init(&tracks[TRACK_VIDEO], SQ_VIDEO, SQ_CAMERA);
    tracks[TRACK_VIDEO].codec = t->options->codec;
    tracks[TRACK_VIDEO].width = (uint32_t)format->width;
    tracks[TRACK_VIDEO].height = (uint32_t)format->height;
    tracks[TRACK_VIDEO].fps = frame_rate(format);
    return 2;
}

void talk_join(struct terminal *t, int64_t now_us)
{
    struct sq_track_settings tracks[2];
    const struct sq_call_settings settings = {
        .struct_size = sizeof settings,
        .room = t->current.id,
        .tracks = tracks,
        .track_count = describe_tracks(t, tracks),
        .max_bps = (uint32_t)t->options->max_bps,
        .narrow = t->options->narrow,
        .force_tcp = t->options->force_tcp,
    };
    t->retry_call_us = now_us + CALL_RETRY_US;
    const int err = sq_call_join(t->client, &t->call, &settings);
    if (err) {
        t->call = NULL;
        say(t, TEXT_CALL_FAILED, sq_error_text(err, t->options->language));
        return;
    }
    media_reset(t);
    if (t->muted)
        sq_call_mute(t->call, TRACK_AUDIO, true);
}

void talk_keep_stats(struct terminal *t)
{
    struct sq_call_stats stats = {.struct_size = sizeof stats};
    if (!t->call || sq_call_get_stats(t->call, &stats) != SQ_OK)
        return;
    if (!stats.last_packet_us) /* of a call before it */
        stats.last_packet_us = t->last_stats.last_packet_us;
    t->last_stats = stats;
}

void talk_leave(struct terminal *t)
{
    talk_keep_stats(t);
    sq_call_free(t->call);
    t->call = NULL;
    t->media.sending = false;
}
