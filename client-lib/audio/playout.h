/* SPDX-License-Identifier: Apache-2.0 */
/* Play-out of all remote speakers: a jitter buffer and a decoder for each, stretched where the
 * buffer wants it, mixed. Packets come from the call's owner, samples are pulled by the sound
 * card's thread: one lock inside. Time is handed in; the pulls are the play-out clock. Refuses to
 * know RTP headers and devices. */
#ifndef CLIENT_LIB_AUDIO_PLAYOUT_H
#define CLIENT_LIB_AUDIO_PLAYOUT_H

#include "base/time.h"
#include "rtc/jitter/audio_jitter.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLAYOUT_TRACKS_MAX 16

struct playout;

struct playout_stats {
    uint64_t received;          /* packets */
    uint64_t played_samples;    /* decoded */
    uint64_t concealed_samples; /* invented or silent where packets were missing or late, and speech
                                   went on */
    uint64_t late, skipped_us;
    time_us delay_us, first_us; /* first_us: first decoded sample was pulled; 0 not yet */
};

/* SQ_ERR_NOMEM. */
int playout_new(struct playout **out);
void playout_free(struct playout *p);

/* Track numbers are the caller's. SQ_ERR_NOMEM, SQ_ERR_LIMIT, SQ_ERR_CONFLICT. */
int playout_add(struct playout *p, uint32_t track);
void playout_remove(struct playout *p, uint32_t track);
/* One Opus packet of RTP sequence number seq16; the payload is copied. SQ_ERR_INVALID (not Opus),
 * SQ_ERR_NOT_FOUND. */
struct playout_packet {
    uint16_t seq16;
    uint32_t timestamp;
    const uint8_t *payload;
    size_t len_bytes;
    bool repaired; /* says nothing about the link's timing */
};
int playout_put(struct playout *p, uint32_t track, const struct playout_packet *packet,
                time_us now_us);
/* `count` samples (a multiple of 480) that sound from now_us on. Number of tracks that were heard,
 * or SQ_ERR_INVALID. */
int playout_pull(struct playout *p, int16_t *out, size_t count, time_us now_us);
/* RTP timestamp of the track that sounded at *at_us (the last pull). False before the first sound.
 */
bool playout_position(struct playout *p, uint32_t track, uint32_t *timestamp, time_us *at_us);
bool playout_get_stats(struct playout *p, uint32_t track, struct playout_stats *out);

#endif
