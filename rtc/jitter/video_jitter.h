/* SPDX-License-Identifier: Apache-2.0 */
/* Puts video packets together to frames in decode order: a frame comes out when it is whole and all
 * that it refers to came out before (sequence continuity, or VP8/VP9 picture ids and temporal
 * layers where upper ones were thinned out). What stays missing too long ends in a key-frame
 * request. Late frames come out too: they repair the reference chain; whether they are shown is the
 * player's decision. Refuses to know: codecs' bitstreams, payload descriptors (the caller strips
 * them), display, the clock. */
#ifndef RTC_JITTER_VIDEO_JITTER_H
#define RTC_JITTER_VIDEO_JITTER_H

#include "base/time.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VIDEO_JITTER_PACKETS         1024 /* 1.2 MB: two seconds at 5 Mb/s; power of 2 */
#define VIDEO_JITTER_PAYLOAD_MAX     1500
#define VIDEO_JITTER_FRAME_MAX       (768 * 1024)
#define VIDEO_JITTER_WAIT_DEFAULT_US (500 * TIME_US_PER_MS)
#define VIDEO_JITTER_REQUEST_GAP_US  (500 * TIME_US_PER_MS) /* between two key-frame requests */

struct video_jitter_config {
    time_us wait_us; /* how long a hole may last before a key frame is asked for; 0: default.
                        Several round trips. */
};

struct video_packet {
    uint16_t seq16;
    uint32_t timestamp;
    bool frame_start;    /* vp8_frame_start, vp9_picture_start */
    bool frame_end;      /* marker bit */
    bool key_frame;      /* on the first packet */
    int32_t picture_id;  /* -1: none */
    int16_t tl0_picture; /* -1: none */
    uint8_t temporal;
    bool layer_sync;        /* depends on the base layer only */
    const uint8_t *payload; /* without descriptor; copied */
    size_t len_bytes;
};

struct video_frame {
    const uint8_t *data; /* borrowed until the next call on this buffer */
    size_t len_bytes;
    uint32_t timestamp; /* RTP capture time, 90 kHz */
    bool key_frame;
    int32_t picture_id;
    uint8_t temporal;
    time_us first_us;    /* first packet arrived */
    time_us complete_us; /* last packet arrived */
    uint32_t packet_count;
};

struct video_jitter_stats {
    uint64_t packets, duplicate, late, overflow;
    uint64_t frames, key_frames;
    uint64_t dropped_frames; /* frames with at least one packet that never came out */
    uint64_t key_frame_requests;
};

struct video_jitter;

/* All memory is taken here (about 2.4 MB). 0 or SQ_ERR_NOMEM. */
int video_jitter_new(struct video_jitter **out, const struct video_jitter_config *config);
void video_jitter_free(struct video_jitter *j);
/* 0, also for duplicates and packets that came too late (counted); SQ_ERR_INVALID for an empty or
 * oversized payload. */
int video_jitter_put(struct video_jitter *j, const struct video_packet *p, time_us now_us);
/* The next frame in decode order, if there is one now. Call until false. */
bool video_jitter_pop(struct video_jitter *j, struct video_frame *out, time_us now_us);
/* True when a key frame should be asked for now (nothing decodable yet, or a hole outlived the
 * bound); repeats every VIDEO_JITTER_REQUEST_GAP_US while that holds. */
bool video_jitter_take_key_frame_request(struct video_jitter *j, time_us now_us);
/* When the answers of pop or take_key_frame_request may change without a new packet; TIME_US_NEVER
 * if not. */
time_us video_jitter_deadline(const struct video_jitter *j);
/* The decoder failed: nothing more comes out until a key frame, which is asked for. */
void video_jitter_decoder_failed(struct video_jitter *j);
/* How long a hole may last: a few round trips, as measured. */
void video_jitter_set_wait(struct video_jitter *j, time_us wait_us);
void video_jitter_get_stats(const struct video_jitter *j, struct video_jitter_stats *out);

#endif
