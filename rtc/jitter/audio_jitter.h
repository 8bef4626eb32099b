/* SPDX-License-Identifier: Apache-2.0 */
/* Adaptive playout of one audio stream: encoded frames in as they arrive, one decision out per
 * pull: play this frame, conceal so much, or play silence; and a hint whether to play faster or
 * slower. The delay follows a quantile of the arrival variation with forgetting and is never
 * learned from an outage. Refuses to know: codecs, PCM, devices, the clock. */
#ifndef RTC_JITTER_AUDIO_JITTER_H
#define RTC_JITTER_AUDIO_JITTER_H

#include "base/time.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AUDIO_JITTER_SLOTS           128  /* frames held: 2.5 s at 20 ms; power of 2 */
#define AUDIO_JITTER_FRAME_BYTES_MAX 1280 /* largest Opus frame (1275), rounded */
#define AUDIO_JITTER_QUANTILE        0.96
#define AUDIO_JITTER_FORGET          0.983 /* NetEQ's factor, per packet */
#define AUDIO_JITTER_DELAY_MIN_US    (10 * TIME_US_PER_MS)
#define AUDIO_JITTER_DELAY_START_US  (40 * TIME_US_PER_MS) /* before anything is learned */
#define AUDIO_JITTER_DELAY_MAX_US    (1000 * TIME_US_PER_MS)
#define AUDIO_JITTER_CATCH_UP_US                                                                   \
    (750 * TIME_US_PER_MS) /* behind by more: frames are skipped, not sped up */

struct audio_jitter_config {
    uint32_t clock_hz;    /* 0: 48000 */
    double quantile;      /* 0: AUDIO_JITTER_QUANTILE */
    time_us delay_min_us; /* 0: AUDIO_JITTER_DELAY_MIN_US */
    time_us delay_max_us; /* 0: AUDIO_JITTER_DELAY_MAX_US */
    time_us catch_up_us;  /* 0: AUDIO_JITTER_CATCH_UP_US */
};

struct audio_jitter_frame {
    uint32_t timestamp; /* RTP, of its first sample */
    uint32_t duration;  /* in clock units, more than 0 (opus_parse) */
    uint16_t seq16; /* tells a pause (no number missing) from loss; of a RED copy: the packet's less
                       its distance */
    const uint8_t *data; /* copied */
    size_t len_bytes;    /* 1..AUDIO_JITTER_FRAME_BYTES_MAX */
    bool redundant;      /* from RED or a retransmission: tells nothing about the link's timing */
    bool dtx; /* the sender falls silent behind it (opus_parse): what follows late is a pause, no
                 loss */
};

enum audio_jitter_action {
    AUDIO_JITTER_WAIT = 0, /* nothing due (not started, DTX pause): play silence or comfort noise
                              for 10 ms, then pull again */
    AUDIO_JITTER_PLAY,     /* decode `data`: it sounds for `duration` */
    AUDIO_JITTER_CONCEAL   /* conceal `duration`: a frame is lost, or late */
};

enum audio_jitter_pace {
    AUDIO_JITTER_PACE_NORMAL = 0,
    AUDIO_JITTER_PACE_FASTER,
    AUDIO_JITTER_PACE_SLOWER
};

struct audio_jitter_pull {
    enum audio_jitter_action action;
    enum audio_jitter_pace pace;
    uint32_t timestamp;
    uint32_t duration;   /* clock units to be played or concealed */
    const uint8_t *data; /* PLAY: borrowed until the next call on this buffer */
    size_t len_bytes;
    const uint8_t *next; /* CONCEAL: the frame right behind the hole when there is one (for in-band
                            FEC), or NULL */
    size_t next_len_bytes;
};

struct audio_jitter_stats {
    uint64_t received, redundant_used;
    uint64_t late;                /* frames that came after their turn */
    uint64_t duplicate, overflow; /* overflow: dropped because the slots were full */
    uint64_t played;
    uint64_t concealed_us;
    uint64_t conceal_events;
    uint64_t skipped_us; /* thrown away to catch up */
    time_us delay_us;    /* present playout delay above the fastest packet */
    time_us target_us;   /* wanted */
    time_us buffered_us;
};

struct audio_jitter;

/* One allocation. 0, SQ_ERR_NOMEM, SQ_ERR_INVALID (quantile outside 0.5..0.999, minimum over
 * maximum). */
int audio_jitter_new(struct audio_jitter **out, const struct audio_jitter_config *config);
void audio_jitter_free(struct audio_jitter *j);
/* 0, also for late and duplicate frames (counted); SQ_ERR_INVALID for an empty or oversized frame
 * or a duration of 0 or over 120 ms. */
int audio_jitter_put(struct audio_jitter *j, const struct audio_jitter_frame *f, time_us now_us);
/* To be called when the player needs more samples: after `duration` of the last answer was played.
 */
void audio_jitter_pull(struct audio_jitter *j, struct audio_jitter_pull *out, time_us now_us);
void audio_jitter_get_stats(const struct audio_jitter *j, struct audio_jitter_stats *out);
/* RTP timestamp that is sounding at this moment, less what the device still holds (the caller's
 * part); for lip sync. False before the first PLAY. */
bool audio_jitter_playing(const struct audio_jitter *j, uint32_t *timestamp);
/* Extra delay so that sound waits for the picture (lip sync); 0 for none. Clamped to delay_max_us.
 */
void audio_jitter_set_extra_delay(struct audio_jitter *j, time_us extra_us);

#endif
