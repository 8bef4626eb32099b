/* SPDX-License-Identifier: Apache-2.0 */
/* RTP view parser and rewriting in place (RFC 3550 section 5.1, RFC 8285). Only offsets inside the
 * packet come out of here. */
#include "rtc/rtp/rtp.h"

#include "base/bytes.h"
#include "shanqiao/error.h"

#define RTP_VERSION       2
#define RTP_BLOCK_HEADER  4  /* profile and length of the extension block */
#define RTP_RESERVED_LOW  64 /* RFC 5761 section 4: payload types 64..95 look like RTCP 192..223 */
#define RTP_RESERVED_HIGH 95
#define RTP_ONE_BYTE_STOP 15 /* RFC 8285 section 4.2: stop processing here */

bool rtp_is_rtp_or_rtcp(const uint8_t *data, size_t len_bytes)
{
    return len_bytes >= 1 && data[0] >= 128 && data[0] <= 191;
}

bool rtp_is_rtcp(const uint8_t *data, size_t len_bytes)
{
    return len_bytes >= 2 && rtp_is_rtp_or_rtcp(data, len_bytes) && data[1] >= 192 &&
           data[1] <= 223;
}

/* The extension block behind the CSRC list; moves v->payload_at past it. */
static bool parse_extension(struct rtp_view *v)
{
    if (v->len_bytes - v->payload_at < RTP_BLOCK_HEADER)
        return false;
    v->extension_profile = bytes_get_u16(v->data + v->payload_at);
    v->extension_len_bytes = (size_t)bytes_get_u16(v->data + v->payload_at + 2) * 4;
    v->extension_at = v->payload_at + RTP_BLOCK_HEADER;
    if (v->len_bytes - v->extension_at < v->extension_len_bytes)
        return false;
    v->payload_at = v->extension_at + v->extension_len_bytes;
    return true;
}

static bool parse_padding(struct rtp_view *v)
{
    if (v->payload_at == v->len_bytes)
        return false;
    v->padding_len_bytes = v->data[v->len_bytes - 1];
    return v->padding_len_bytes != 0 && v->padding_len_bytes <= v->len_bytes - v->payload_at;
}

int rtp_parse(struct rtp_view *out, const uint8_t *data, size_t len_bytes)
{
    if (len_bytes < RTP_HEADER_MIN || data[0] >> 6 != RTP_VERSION)
        return SQ_ERR_INVALID;
    struct rtp_view v = {
        .data = data,
        .len_bytes = len_bytes,
        .marker = data[1] >> 7,
        .payload_type = data[1] & 0x7f,
        .csrc_count = data[0] & 0x0f,
        .seq16 = bytes_get_u16(data + 2),
        .timestamp = bytes_get_u32(data + 4),
        .ssrc = bytes_get_u32(data + 8),
        .has_extension = data[0] >> 4 & 1,
    };
    if (v.payload_type >= RTP_RESERVED_LOW && v.payload_type <= RTP_RESERVED_HIGH)
        return SQ_ERR_INVALID;
    v.payload_at = RTP_HEADER_MIN + (size_t)v.csrc_count * 4;
    if (v.payload_at > len_bytes)
        return SQ_ERR_INVALID;
    if (v.has_extension && !parse_extension(&v))
        return SQ_ERR_INVALID;
    if ((data[0] >> 5 & 1) && !parse_padding(&v))
        return SQ_ERR_INVALID;
    v.payload_len_bytes = len_bytes - v.payload_at - v.padding_len_bytes;
    *out = v;
    return SQ_OK;
}

uint32_t rtp_csrc(const struct rtp_view *v, size_t i)
{
    return bytes_get_u32(v->data + RTP_HEADER_MIN + 4 * i);
}

/* RFC 8285 section 4.2: id and length - 1 in one byte. */
static bool next_one_byte(const uint8_t *block, size_t len, size_t *cursor, struct rtp_element *out)
{
    uint8_t head = block[*cursor];
    uint8_t id = head >> 4;
    size_t size = (size_t)(head & 0x0f) + 1;
    if (id == RTP_ONE_BYTE_STOP || id == 0 || len - *cursor - 1 < size)
        return false;
    *out = (struct rtp_element){id, (uint8_t)size, block + *cursor + 1};
    *cursor += 1 + size;
    return true;
}

/* RFC 8285 section 4.3: id, length, value. */
static bool next_two_byte(const uint8_t *block, size_t len, size_t *cursor, struct rtp_element *out)
{
    if (len - *cursor < 2)
        return false;
    uint8_t size = block[*cursor + 1];
    if (len - *cursor - 2 < size)
        return false;
    *out = (struct rtp_element){block[*cursor], size, block + *cursor + 2};
    *cursor += 2 + (size_t)size;
    return true;
}

bool rtp_element_next(const struct rtp_view *v, size_t *cursor, struct rtp_element *out)
{
    const uint8_t *block = v->data + v->extension_at;
    size_t len = v->has_extension ? v->extension_len_bytes : 0;
    bool two_byte = (v->extension_profile & 0xfff0) == RTP_PROFILE_TWO_BYTE;
    if (!two_byte && v->extension_profile != RTP_PROFILE_ONE_BYTE)
        return false;
    while (*cursor < len && block[*cursor] == 0)
        (*cursor)++;
    if (*cursor >= len)
        return false;
    bool found =
        two_byte ? next_two_byte(block, len, cursor, out) : next_one_byte(block, len, cursor, out);
    if (!found)
        *cursor = len;
    return found;
}

bool rtp_element_find(const struct rtp_view *v, uint8_t id, struct rtp_element *out)
{
    size_t cursor = 0;
    while (id != 0 && rtp_element_next(v, &cursor, out)) {
        if (out->id == id)
            return true;
    }
    return false;
}

bool rtp_element_set(const struct rtp_view *v, uint8_t *data, uint8_t id, const void *value,
                     size_t len_bytes)
{
    struct rtp_element e;
    if (!rtp_element_find(v, id, &e) || e.len_bytes != len_bytes)
        return false;
    if (len_bytes)
        memcpy(data + (e.value - v->data), value, len_bytes);
    return true;
}

void rtp_set_marker(uint8_t *data, bool marker)
{
    data[1] = (uint8_t)((data[1] & 0x7f) | (marker ? 0x80 : 0));
}

void rtp_set_payload_type(uint8_t *data, uint8_t payload_type)
{
    data[1] = (uint8_t)((data[1] & 0x80) | (payload_type & 0x7f));
}

void rtp_set_seq16(uint8_t *data, uint16_t seq16)
{
    bytes_put_u16(data + 2, seq16);
}

void rtp_set_timestamp(uint8_t *data, uint32_t timestamp)
{
    bytes_put_u32(data + 4, timestamp);
}

void rtp_set_ssrc(uint8_t *data, uint32_t ssrc)
{
    bytes_put_u32(data + 8, ssrc);
}
