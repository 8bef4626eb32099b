/* SPDX-License-Identifier: Apache-2.0 */
/* `--record DIR`: what was decoded, so that anybody can compare it with the source.
 *   audio.wav     48 kHz mono PCM16 as played, first sample at audio_start_us of timing.csv
 *   video.y4m     each displayed frame; a change of size starts video-2.y4m and so on
 *   frames.csv    file,frame,rtp_time,capture_us,display_us,width,height
 *   sent.csv      source_frame,capture_us of each frame that was pushed
 *   timing.csv    name,value: audio_start_us (first sample of audio.wav was played), audio_sent_us
 * (first sample that was sent was captured) and audio_sent_position (that sample's number in the
 * source, 48 kHz) Times are microseconds of UTC; capture_us is the sender's clock as told by its
 * RTCP sender reports. */
#ifndef TERMINAL_RECORD_H
#define TERMINAL_RECORD_H

#include <stddef.h>
#include <stdint.h>

struct recording;

/* Makes DIR if it is missing. 0, SQ_ERR_IO, SQ_ERR_NOMEM. */
int recording_open(struct recording **out, const char *dir);
/* Finishes the files. 0 or SQ_ERR_IO when something could not be written (told for the whole
 * recording). */
int recording_close(struct recording *r);

void recording_audio(struct recording *r, const int16_t *samples, size_t count, int64_t utc_us);

struct recorded_frame {
    const uint8_t *planes[3];
    int strides[3];
    int width, height;
    uint32_t rtp_time;
    int64_t capture_us, display_us;
};
void recording_video(struct recording *r, const struct recorded_frame *f);
void recording_sent(struct recording *r, int64_t source_frame, int64_t capture_us);
/* The first sample of speech that was sent: told once. */
void recording_speech_sent(struct recording *r, int64_t capture_us, int64_t position);

/* Writes one I420 frame as an RGB PNG. 0 or SQ_ERR_IO, SQ_ERR_NOMEM. */
int recording_png(const char *path, const struct recorded_frame *f);

#endif
