/* SPDX-License-Identifier: Apache-2.0 */
/* H.264 payload structures (RFC 6184 sections 5.4, 5.6, 5.7.1, 5.8): which NAL unit types are
 * inside. */
#include "rtc/payload/h264.h"

#include "base/bytes.h"
#include "shanqiao/error.h"

enum {
    NAL_IDR = 5,
    NAL_SPS = 7,
    NAL_STAP_A = 24,
    NAL_FU_A = 28,
    NAL_TYPE = 0x1f,
    FORBIDDEN = 0x80
};

static void note_type(struct h264_info *i, uint8_t type)
{
    i->idr |= type == NAL_IDR;
    i->sps |= type == NAL_SPS;
}

static int parse_stap(struct h264_info *i, const uint8_t *payload, size_t len_bytes)
{
    struct byte_reader r = byte_reader_of(payload + 1, len_bytes - 1);
    if (byte_reader_left(&r) == 0)
        return SQ_ERR_INVALID;
    while (byte_reader_left(&r) > 0) {
        uint16_t size = byte_read_u16(&r);
        const uint8_t *unit = byte_read(&r, size);
        if (!unit || size == 0)
            return SQ_ERR_INVALID;
        note_type(i, unit[0] & NAL_TYPE);
    }
    return SQ_OK;
}

static int parse_fragment(struct h264_info *i, const uint8_t *payload, size_t len_bytes)
{
    if (len_bytes < 3)
        return SQ_ERR_INVALID; /* indicator, header, at least one byte of the unit */
    i->start = payload[1] >> 7;
    i->end = payload[1] >> 6 & 1;
    if (i->start && i->end)
        return SQ_ERR_INVALID; /* section 5.8: not in the same FU header */
    uint8_t type = payload[1] & NAL_TYPE;
    i->idr = type == NAL_IDR;
    i->sps = type == NAL_SPS && i->start;
    return SQ_OK;
}

int h264_parse(struct h264_info *out, const uint8_t *payload, size_t len_bytes)
{
    struct h264_info i = {.start = true, .end = true};
    int result = SQ_OK;
    if (len_bytes == 0 || (payload[0] & FORBIDDEN))
        return SQ_ERR_INVALID;
    uint8_t type = payload[0] & NAL_TYPE;
    if (type == NAL_STAP_A)
        result = parse_stap(&i, payload, len_bytes);
    else if (type == NAL_FU_A)
        result = parse_fragment(&i, payload, len_bytes);
    else
        note_type(&i, type);
    if (result == SQ_OK)
        *out = i;
    return result;
}
