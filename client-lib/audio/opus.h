/* SPDX-License-Identifier: Apache-2.0 */
/* Speech coder and decoder: Opus at 48 kHz mono (RFC 6716), the only place of the tree that
 * includes libopus. Knows frames of samples and packets of bytes. Refuses to know RTP, time, links
 * and threads. One owner each. */
#ifndef CLIENT_LIB_AUDIO_OPUS_H
#define CLIENT_LIB_AUDIO_OPUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AUDIO_RATE_HZ        48000
#define AUDIO_SAMPLES_PER_MS 48
#define AUDIO_BLOCK_SAMPLES  480 /* 10 ms, the step of play-out */
#define AUDIO_FRAME_SAMPLES_MAX                                                                    \
    5760                            /* 120 ms, the longest Opus packet (RFC 6716 section 3.2.5)    \
                                     */
#define AUDIO_CODED_BYTES_MAX 1000  /* one frame, so that it fits a datagram with all headers */
#define AUDIO_BITRATE_MIN_BPS 6000  /* the lowest that Opus does (RFC 6716 section 2.1.1) */
#define AUDIO_BITRATE_MAX_BPS 64000 /* more buys nothing for one mono voice */

struct audio_encoder;
struct audio_decoder;

struct audio_encoder_config {
    uint32_t bitrate_bps; /* clamped to the two bounds above */
    bool dtx;             /* next to nothing is sent in silence */
    bool examination;     /* heart and lung sounds: no speech model, no band limit, no DTX */
};

/* You own *out. SQ_ERR_NOMEM. */
int audio_encoder_new(struct audio_encoder **out, const struct audio_encoder_config *config);
void audio_encoder_free(struct audio_encoder *e);

/* From the next frame on. Up to 10 kb/s speech is held to narrow band (LOWBAND section 0.2: more
 * intelligible). */
void audio_encoder_set_rate(struct audio_encoder *e, uint32_t bitrate_bps);

/* One frame of 10, 20, 40 or 60 ms. Bytes written to `out`; up to 2 bytes mean silence that need
 * not be sent (DTX). SQ_ERR_INVALID (count), SQ_ERR_LIMIT (capacity). */
int audio_encoder_encode(struct audio_encoder *e, const int16_t *samples, size_t count,
                         uint8_t *out, size_t capacity_bytes);

int audio_decoder_new(struct audio_decoder **out);
void audio_decoder_free(struct audio_decoder *d);

/* Samples written (at most AUDIO_FRAME_SAMPLES_MAX), or SQ_ERR_INVALID for a packet that is not
 * Opus. */
int audio_decoder_decode(struct audio_decoder *d, const uint8_t *data, size_t len_bytes,
                         int16_t out[AUDIO_FRAME_SAMPLES_MAX]);
/* Invents `count` samples (a multiple of 120, at most AUDIO_FRAME_SAMPLES_MAX) in place of what is
 * missing. */
int audio_decoder_conceal(struct audio_decoder *d, size_t count, int16_t *out);
/* Samples at 48 kHz that a packet holds, or SQ_ERR_INVALID. */
int audio_packet_samples(const uint8_t *data, size_t len_bytes);

#endif
