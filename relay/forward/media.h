/* SPDX-License-Identifier: Apache-2.0 */
/* What a producer sends or a consumer receives, as bounded plain values: codecs by payload type,
 * encodings by SSRC or rid, header extensions by id. relay/control fills it from mediasoup-client's
 * RtpParameters. Refuses to know: JSON, transports, who is behind it. */
#ifndef RELAY_FORWARD_MEDIA_H
#define RELAY_FORWARD_MEDIA_H

#include "rtc/rtp/rtp.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MEDIA_CODECS_MAX                                                                           \
    16 /* Chromium's longest produce: one codec family with its rtx, red and fec entries */
#define MEDIA_ENCODINGS_MAX 4 /* simulcast layers; Chromium sends at most 3 */
#define MEDIA_ID_MAX                                                                               \
    17 /* mid or rid and final zero: RFC 8852 ids, 16 bytes is what one-byte extensions hold */
#define MEDIA_CNAME_MAX 64 /* RFC 7022 asks for 96 bits in base64; longer ones are refused */

enum media_kind { MEDIA_AUDIO = 0, MEDIA_VIDEO };

enum media_codec_type {
    MEDIA_CODEC_NONE = 0,
    MEDIA_CODEC_OPUS,
    MEDIA_CODEC_RED, /* RFC 2198 around Opus */
    MEDIA_CODEC_VP8,
    MEDIA_CODEC_VP9,
    MEDIA_CODEC_H264,
    MEDIA_CODEC_RTX, /* RFC 4588 */
};

struct media_codec {
    enum media_codec_type type;
    uint8_t payload_type; /* 0..127 */
    uint8_t apt;          /* RTX: the payload type that it repeats */
    uint32_t clock_hz;
    bool nack; /* generic NACK was agreed for it */
};

/* Header extensions that we understand, an extension of enum rtp_extension; all others are dropped
 * on the way. MID is the consumer's own; audio level and video orientation are kept; abs-send-time
 * and transport-cc are laid out for rtc/transport to stamp; rid is for the relay alone. */
#define MEDIA_EXT_VIDEO_ORIENTATION                                                                \
    RTP_EXTENSION_COUNT /* 3GPP TS 26.114 section 7.4.5, one byte                                  \
                         */
#define MEDIA_EXT_COUNT             (RTP_EXTENSION_COUNT + 1)
#define MEDIA_URI_VIDEO_ORIENTATION "urn:3gpp:video-orientation"
/* Index into extension_ids; MEDIA_EXT_COUNT when we don't know the uri. */
size_t media_extension_of_uri(const char *uri);

struct media_encoding {
    uint32_t ssrc;     /* 0: learnt from mid and rid */
    uint32_t rtx_ssrc; /* 0: none, or learnt from repaired-rid */
    char rid[MEDIA_ID_MAX];
};

struct media_parameters {
    enum media_kind kind;
    char mid[MEDIA_ID_MAX];
    char cname[MEDIA_CNAME_MAX];
    size_t codec_count;
    struct media_codec codecs[MEDIA_CODECS_MAX];
    size_t encoding_count; /* lowest first, as mediasoup-client orders them */
    struct media_encoding encodings[MEDIA_ENCODINGS_MAX];
    uint8_t extension_ids[MEDIA_EXT_COUNT]; /* 1..14 (one-byte form, RFC 8285), 0: not in use */
};

/* NULL when the payload type or type is not in it. */
const struct media_codec *media_codec_by_payload(const struct media_parameters *m,
                                                 uint8_t payload_type);
const struct media_codec *media_codec_by_type(const struct media_parameters *m,
                                              enum media_codec_type type);
/* A media codec (neither RTX nor RED), as receivers of that kind have one: the first. */
const struct media_codec *media_codec_main(const struct media_parameters *m);
/* The RTX entry that repeats payload_type; NULL when there is none. */
const struct media_codec *media_rtx_for(const struct media_parameters *m, uint8_t payload_type);

#endif
