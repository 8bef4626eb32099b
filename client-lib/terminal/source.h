/* SPDX-License-Identifier: Apache-2.0 */
/* Where a terminal's picture and sound come from: a Y4M or WAV file read here, any other file or a
 * V4L2 camera decoded outside by ffmpeg over a pipe, or the sound card by SDL. Files repeat for
 * ever. Frames come out on request; pacing is the caller's. */
#ifndef TERMINAL_SOURCE_H
#define TERMINAL_SOURCE_H

#include "client-lib/terminal/y4m.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SOURCE_SAMPLE_RATE   48000 /* Hz, mono */
#define SOURCE_BLOCK_SAMPLES 480   /* 10 ms */
#define SOURCE_ERROR_MAX     256

struct video_source;
struct audio_source;

/* `from`: path of a .y4m file, of any file that ffmpeg reads, or a camera "/dev/video0".
 * 0, or an error with a sentence for a person in `error`. */
int video_source_open(struct video_source **out, const char *from, char error[SOURCE_ERROR_MAX]);
void video_source_close(struct video_source *s);
const struct y4m_format *video_source_format(const struct video_source *s);
/* The next frame, borrowed until the next call; NULL when the source broke (camera unplugged).
 * *index counts frames of the source from 0 and starts again when a file repeats. */
const struct y4m_frame *video_source_next(struct video_source *s, int64_t *index);

/* `from`: path of a .wav file, of any file that ffmpeg reads, or "microphone". */
int audio_source_open(struct audio_source **out, const char *from, char error[SOURCE_ERROR_MAX]);
void audio_source_close(struct audio_source *s);
/* Fills one block; false when nothing is there yet (microphone) or the source broke: the block is
 * silence then. */
bool audio_source_next(struct audio_source *s, int16_t block[SOURCE_BLOCK_SAMPLES]);

#endif
