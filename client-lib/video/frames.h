/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures that wait between two threads: a slot for the newest captured one, a queue of decoded
 * ones in order. Both copy, both hold a lock for the copy only. Refuse to know codecs and clocks.
 */
#ifndef CLIENT_LIB_VIDEO_FRAMES_H
#define CLIENT_LIB_VIDEO_FRAMES_H

#include "base/time.h"
#include "client-lib/video/codec.h"
#include <stdbool.h>
#include <stdint.h>

/* One picture with its own memory, tightly packed (stride = width). */
struct video_buffer {
    uint8_t *bytes;
    size_t capacity_bytes;
    uint32_t width, height;
};

/* Grows only. SQ_ERR_NOMEM leaves the buffer as it was. Odd sizes are rounded up for U and V. */
int video_buffer_copy(struct video_buffer *b, const struct video_picture *picture);
struct video_picture video_buffer_picture(const struct video_buffer *b);
void video_buffer_fini(struct video_buffer *b);

/* ---- newest captured picture ---- */
struct video_slot;
int video_slot_new(struct video_slot **out);
void video_slot_free(struct video_slot *s);
/* True in *replaced when an older one was never taken. SQ_ERR_NOMEM. */
int video_slot_put(struct video_slot *s, const struct video_picture *picture, time_us capture_us,
                   bool *replaced);
/* The picture is borrowed until the next take. False: nothing new. */
bool video_slot_take(struct video_slot *s, struct video_picture *picture, time_us *capture_us);
bool video_slot_waiting(struct video_slot *s);

/* ---- decoded pictures on their way to the screen ---- */
#define VIDEO_QUEUE_MAX 12 /* frames; beyond that the oldest is given up */

struct video_shown {
    struct video_picture picture;
    uint32_t rtp_time;
    time_us capture_utc_us, received_us, display_us;
    bool key;
};

struct video_queue;
int video_queue_new(struct video_queue **out);
void video_queue_free(struct video_queue *q);
/* Copies shown->picture. SQ_ERR_NOMEM (frame lost). */
int video_queue_put(struct video_queue *q, const struct video_shown *shown);
/* Frees all that waits; the picture that was taken last stays. */
void video_queue_drain(struct video_queue *q);
/* The oldest with display_us <= now_us; its picture is borrowed until the next take. */
bool video_queue_take(struct video_queue *q, time_us now_us, struct video_shown *shown);

#endif
