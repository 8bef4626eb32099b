/* SPDX-License-Identifier: Apache-2.0 */
/* RTP packets (RFC 3550 section 5.1) and their header extensions (RFC 8285): a view over received
 * bytes that copies nothing, a writer for new packets, and rewriting in place. Refuses to know:
 * payload formats, streams, encryption, which extension id means what (the caller's map). */
#ifndef RTC_RTP_RTP_H
#define RTC_RTP_RTP_H

#include "base/time.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RTP_HEADER_MIN       12     /* RFC 3550 section 5.1: the fixed header */
#define RTP_CSRC_MAX         15     /* four-bit count */
#define RTP_PAYLOAD_TYPE_MAX 127    /* seven bits */
#define RTP_PROFILE_ONE_BYTE 0xBEDE /* RFC 8285 section 4.2 */
#define RTP_PROFILE_TWO_BYTE 0x1000 /* RFC 8285 section 4.3; the low four bits are appbits */
#define RTP_ONE_BYTE_ID_MAX  14     /* RFC 8285 section 4.2: 15 is reserved */
#define RTP_ONE_BYTE_LEN_MAX 16
#define RTP_TWO_BYTE_ID_MAX  255
#define RTP_TWO_BYTE_LEN_MAX 255
#define RTP_CLOCK_AUDIO_HZ   48000
#define RTP_CLOCK_VIDEO_HZ   90000

/* Fields in host order, and where things lie. Borrows `data`: valid as long as the bytes are. All
 * offsets and lengths were checked by rtp_parse. */
struct rtp_view {
    const uint8_t *data;
    size_t len_bytes;
    bool marker;
    uint8_t payload_type;
    uint8_t csrc_count;
    uint16_t seq16;
    uint32_t timestamp;
    uint32_t ssrc;
    bool has_extension;
    uint16_t extension_profile; /* as on the wire; 0 without extension */
    size_t extension_at; /* offset of the first element (behind the four-byte block header) */
    size_t extension_len_bytes; /* of all elements, a multiple of 4 */
    size_t payload_at;          /* offset; equals the header's length */
    size_t payload_len_bytes;   /* without padding; 0 for a padding-only packet */
    uint8_t padding_len_bytes;  /* the count in the last byte, itself included; 0 without padding */
};

/* 0, or SQ_ERR_INVALID for: version not 2, too short for what its fields say, padding bit with a
 * count of 0 or of more than what follows the header, a payload type that RFC 5761 keeps for RTCP
 * (64..95). `out` is then unset. */
int rtp_parse(struct rtp_view *out, const uint8_t *data, size_t len_bytes);

static inline const uint8_t *rtp_payload(const struct rtp_view *v)
{
    return v->data + v->payload_at;
}

/* RFC 5761 section 4: true for RTCP (second byte 192..223) among datagrams that RFC 7983 gives to
 * RTP/RTCP (first byte 128..191). False for anything too short to tell. */
bool rtp_is_rtcp(const uint8_t *data, size_t len_bytes);
/* RFC 7983 section 7: the first byte is 128..191. */
bool rtp_is_rtp_or_rtcp(const uint8_t *data, size_t len_bytes);

/* CSRC number i < view->csrc_count. */
uint32_t rtp_csrc(const struct rtp_view *v, size_t i);

/* ---- header extensions ---- */

/* One extension element, borrowed from the packet. */
struct rtp_element {
    uint8_t id;
    uint8_t len_bytes;
    const uint8_t *value;
};

/* Walks the elements: start with *cursor = 0; false at the end, or where the block is malformed
 * (RFC 8285 section 4.1.2: the rest is ignored), or where the profile is neither one- nor two-byte.
 * Skips padding. */
bool rtp_element_next(const struct rtp_view *v, size_t *cursor, struct rtp_element *out);
/* The first element with this id (1..255); false if there is none. id 0 (not negotiated) is never
 * found. */
bool rtp_element_find(const struct rtp_view *v, uint8_t id, struct rtp_element *out);
/* Overwrites the value of an element that is already there with one of the same length. `data` is
 * the packet that `v` was parsed from. False (and nothing written) if the element is absent or has
 * another length. */
bool rtp_element_set(const struct rtp_view *v, uint8_t *data, uint8_t id, const void *value,
                     size_t len_bytes);

/* The extensions we know. */
enum rtp_extension {
    RTP_EXTENSION_MID = 0,       /* RFC 8843 */
    RTP_EXTENSION_RID,           /* RFC 8852 */
    RTP_EXTENSION_REPAIRED_RID,  /* RFC 8852 */
    RTP_EXTENSION_ABS_SEND_TIME, /* 24 bits of 6.18 fixed-point seconds */
    RTP_EXTENSION_TRANSPORT_CC,  /* draft-holmer-rmcat-transport-wide-cc-extensions-01 */
    RTP_EXTENSION_AUDIO_LEVEL,   /* RFC 6464 */
    RTP_EXTENSION_COUNT
};

#define RTP_URI_MID           "urn:ietf:params:rtp-hdrext:sdes:mid"
#define RTP_URI_RID           "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
#define RTP_URI_REPAIRED_RID  "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
#define RTP_URI_ABS_SEND_TIME "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
#define RTP_URI_TRANSPORT_CC                                                                       \
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
#define RTP_URI_AUDIO_LEVEL "urn:ietf:params:rtp-hdrext:ssrc-audio-level"

/* Static string; NULL for a value outside the enum. */
const char *rtp_extension_uri(enum rtp_extension extension);
/* RTP_EXTENSION_COUNT for a URI that we do not know (NULL too). */
enum rtp_extension rtp_extension_from_uri(const char *uri);

/* Negotiated ids per transport; 0 means not negotiated. */
struct rtp_extension_map {
    uint8_t id[RTP_EXTENSION_COUNT];
};

/* Typed values. get: false when absent or of a wrong length (outputs untouched). put: bytes for a
 * writer. */
#define RTP_AUDIO_LEVEL_LEN   1
#define RTP_ABS_SEND_TIME_LEN 3
#define RTP_TRANSPORT_CC_LEN  2
/* RFC 6464: level in -dBov, 0 (loudest) to 127 (silence); voice is the V flag. */
bool rtp_get_audio_level(const struct rtp_view *v, uint8_t id, bool *voice, uint8_t *level_dbov);
void rtp_put_audio_level(uint8_t out[RTP_AUDIO_LEVEL_LEN], bool voice, uint8_t level_dbov);
/* 24-bit 6.18 seconds, wraps every 64 s. */
bool rtp_get_abs_send_time(const struct rtp_view *v, uint8_t id, uint32_t *time_6_18);
void rtp_put_abs_send_time(uint8_t out[RTP_ABS_SEND_TIME_LEN], time_us now_us);
uint32_t rtp_abs_send_time_of_us(time_us now_us);
bool rtp_get_transport_cc(const struct rtp_view *v, uint8_t id, uint16_t *wide_seq16);
void rtp_put_transport_cc(uint8_t out[RTP_TRANSPORT_CC_LEN], uint16_t wide_seq16);
/* A MID or RID: copies at most capacity - 1 characters and a final zero. False when absent, empty,
 * too long, or with a character outside RFC 8852 section 3.1 (alphanumeric) and token characters
 * '-', '_', '.'. */
bool rtp_get_text(const struct rtp_view *v, uint8_t id, char *out, size_t capacity_bytes);

/* ---- rewriting in place; `data` is a packet that rtp_parse accepted ---- */
void rtp_set_marker(uint8_t *data, bool marker);
void rtp_set_payload_type(uint8_t *data, uint8_t payload_type);
void rtp_set_seq16(uint8_t *data, uint16_t seq16);
void rtp_set_timestamp(uint8_t *data, uint32_t timestamp);
void rtp_set_ssrc(uint8_t *data, uint32_t ssrc);

/* ---- writing ---- */

struct rtp_header {
    bool marker;
    bool two_byte_extensions; /* use the two-byte form: needed for ids above 14, lengths 0 or above
                                 16 */
    uint8_t payload_type;
    uint16_t seq16;
    uint32_t timestamp;
    uint32_t ssrc;
    uint8_t csrc_count;    /* at most RTP_CSRC_MAX */
    const uint32_t *csrcs; /* borrowed during rtp_writer_init; may be NULL when csrc_count is 0 */
};

/* Writes one packet in order: init, extensions, payload parts, padding, finish. A step that does
 * not fit or is out of order sets `failed`, and it stays failed. Borrows the buffer. */
struct rtp_writer {
    uint8_t *data;
    size_t capacity_bytes;
    size_t len_bytes;
    size_t extension_at; /* offset of the block header; 0 when none was begun */
    bool two_byte;
    bool header_closed;
    bool padded;
    bool failed;
};

void rtp_writer_init(struct rtp_writer *w, uint8_t *data, size_t capacity_bytes,
                     const struct rtp_header *h);
/* id 0 (not negotiated) writes nothing and is no failure. */
void rtp_writer_extension(struct rtp_writer *w, uint8_t id, const void *value, size_t len_bytes);
/* Appends payload bytes; may be called several times. `payload` may not overlap the buffer. */
void rtp_writer_payload(struct rtp_writer *w, const void *payload, size_t len_bytes);
/* Room for payload that the caller fills before the next call; NULL (and failed) when it does not
 * fit. */
uint8_t *rtp_writer_reserve(struct rtp_writer *w, size_t len_bytes);
/* Padding of len_bytes (1..255, its count byte included). At most once, after the payload. */
void rtp_writer_padding(struct rtp_writer *w, uint8_t len_bytes);
/* The packet's length in bytes, or SQ_ERR_LIMIT when any step failed. */
int rtp_writer_finish(struct rtp_writer *w);

#endif
