/* SPDX-License-Identifier: Apache-2.0 */
/* Picture coder and decoder: VP8 and VP9 in real time, the only place of the tree that includes
 * libvpx. Knows I420 pictures and coded frames. Refuses to know RTP, links and threads. One owner
 * each. */
#ifndef CLIENT_LIB_VIDEO_CODEC_H
#define CLIENT_LIB_VIDEO_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VIDEO_WIDTH_MAX  1920
#define VIDEO_HEIGHT_MAX 1088
#define VIDEO_CLOCK_HZ   90000 /* RFC 7741 section 4.1, RFC 9628 section 4.1 */

enum video_codec { VIDEO_VP8 = 0, VIDEO_VP9 = 1 };

struct video_picture {
    uint32_t width, height;
    const uint8_t *planes[3]; /* Y, U, V; borrowed */
    size_t strides[3];        /* bytes */
};

struct video_encoder;
struct video_decoder;

struct video_encoder_config {
    enum video_codec codec;
    uint32_t width, height, fps;
    uint32_t bitrate_bps;
};

struct video_coded {
    const uint8_t *data; /* borrowed until the next call on the encoder; NULL: rate control left the
                            frame out */
    size_t len_bytes;
    bool key;
};

/* You own *out. SQ_ERR_NOMEM, SQ_ERR_INVALID (size 0, odd or above the maximum). */
int video_encoder_new(struct video_encoder **out, const struct video_encoder_config *config);
void video_encoder_free(struct video_encoder *e);

/* From the next frame on; at least 10 kb/s. */
void video_encoder_set_rate(struct video_encoder *e, uint32_t bitrate_bps);

/* Codes one picture of capture time `pts` (90 kHz ticks, growing). A picture of another size than
 * before restarts the coder with a key frame. `key` asks for a key frame. SQ_ERR_INVALID (size),
 * SQ_ERR_NOMEM, SQ_ERR_INTERNAL. */
int video_encoder_encode(struct video_encoder *e, const struct video_picture *picture, int64_t pts,
                         bool key, struct video_coded *out);

int video_decoder_new(struct video_decoder **out, enum video_codec codec);
void video_decoder_free(struct video_decoder *d);

/* 1 and *picture (borrowed until the next call), 0 when the frame shows nothing, SQ_ERR_INVALID
 * when the coder can't make sense of it (ask for a key frame). Pictures above the maximum size are
 * SQ_ERR_LIMIT. */
int video_decoder_decode(struct video_decoder *d, const uint8_t *data, size_t len_bytes,
                         struct video_picture *picture);

#endif
