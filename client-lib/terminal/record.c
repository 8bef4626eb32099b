/* SPDX-License-Identifier: Apache-2.0 */
#include "client-lib/terminal/record.h"
#include "client-lib/terminal/y4m.h"
#include "shanqiao/error.h"
#include <errno.h>
#include <inttypes.h>
#include <sndfile.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PATH_MAX_BYTES 1024
#define VIDEO_RATE     25 /* nominal rate in the Y4M header; true times are in frames.csv */

struct recording {
    char dir[PATH_MAX_BYTES - 64];
    SNDFILE *audio;
    FILE *video, *frames, *sent, *timing;
    int video_files, width, height;
    int64_t frame_in_file;
    bool audio_started, speech_started, failed;
};

static FILE *open_in(const struct recording *r, const char *name)
{
    char path[PATH_MAX_BYTES];
    snprintf(path, sizeof path, "%s/%s", r->dir, name);
    return fopen(path, "we");
}

static SNDFILE *open_audio(const struct recording *r)
{
    char path[PATH_MAX_BYTES];
    snprintf(path, sizeof path, "%s/audio.wav", r->dir);
    SF_INFO info = {.samplerate = 48000, .channels = 1, .format = SF_FORMAT_WAV | SF_FORMAT_PCM_16};
    return sf_open(path, SFM_WRITE, &info);
}

int recording_open(struct recording **out, const char *dir)
{
    struct recording *r = calloc(1, sizeof *r);
    if (!r)
        return SQ_ERR_NOMEM;
    if (strlen(dir) >= sizeof r->dir || (mkdir(dir, 0777) < 0 && errno != EEXIST)) {
        free(r);
        return SQ_ERR_IO;
    }
    snprintf(r->dir, sizeof r->dir, "%s", dir);
    r->audio = open_audio(r);
    r->frames = open_in(r, "frames.csv");
    r->sent = open_in(r, "sent.csv");
    r->timing = open_in(r, "timing.csv");
    if (!r->audio || !r->frames || !r->sent || !r->timing) {
        recording_close(r);
        return SQ_ERR_IO;
    }
    fputs("file,frame,rtp_time,capture_us,display_us,width,height\n", r->frames);
    fputs("source_frame,capture_us\n", r->sent);
    fputs("name,value\n", r->timing);
    *out = r;
    return SQ_OK;
}

static void close_file(struct recording *r, FILE *f)
{
    if (f && (ferror(f) | fclose(f)))
        r->failed = true;
}

int recording_close(struct recording *r)
{
    if (!r)
        return SQ_OK;
    if (r->audio && sf_close(r->audio) != 0)
        r->failed = true;
    close_file(r, r->video);
    close_file(r, r->frames);
    close_file(r, r->sent);
    close_file(r, r->timing);
    const int err = r->failed ? SQ_ERR_IO : SQ_OK;
    free(r);
    return err;
}

void recording_audio(struct recording *r, const int16_t *samples, size_t count, int64_t utc_us)
{
    if (!r->audio_started)
        fprintf(r->timing, "audio_start_us,%" PRId64 "\n", utc_us);
    r->audio_started = true;
    if (sf_write_short(r->audio, samples, (sf_count_t)count) != (sf_count_t)count)
        r->failed = true;
}

static void start_video_file(struct recording *r, int width, int height)
{
    char name[32] = "video.y4m";
    close_file(r, r->video);
    r->video_files++;
    if (r->video_files > 1)
        snprintf(name, sizeof name, "video-%d.y4m", r->video_files);
    r->width = width;
    r->height = height;
    r->frame_in_file = 0;
    r->video = open_in(r, name);
    const struct y4m_format format = {width, height, VIDEO_RATE, 1};
    if (!r->video || y4m_write_header(r->video, &format))
        r->failed = true;
}

void recording_video(struct recording *r, const struct recorded_frame *f)
{
    if (!r->video || f->width != r->width || f->height != r->height)
        start_video_file(r, f->width, f->height);
    if (!r->video)
        return;
    if (y4m_write_frame(r->video, f->planes, f->strides, f->width, f->height))
        r->failed = true;
    fprintf(r->frames, "%d,%" PRId64 ",%" PRIu32 ",%" PRId64 ",%" PRId64 ",%d,%d\n", r->video_files,
            r->frame_in_file++, f->rtp_time, f->capture_us, f->display_us, f->width, f->height);
}

void recording_sent(struct recording *r, int64_t source_frame, int64_t capture_us)
{
    fprintf(r->sent, "%" PRId64 ",%" PRId64 "\n", source_frame, capture_us);
}

void recording_speech_sent(struct recording *r, int64_t capture_us, int64_t position)
{
    if (!r->speech_started)
        fprintf(r->timing, "audio_sent_us,%" PRId64 "\naudio_sent_position,%" PRId64 "\n",
                capture_us, position);
    r->speech_started = true;
}
