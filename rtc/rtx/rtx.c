/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 4588 section 4 in place: the payload moves by two bytes. */
#include "rtc/rtx/rtx.h"

#include "base/bytes.h"
#include "shanqiao/error.h"

#define FLAG_PADDING 0x20

int rtx_encapsulate(uint8_t *data, size_t len_bytes, size_t capacity_bytes, uint8_t payload_type,
                    uint32_t ssrc, uint16_t seq16)
{
    struct rtp_view v;
    int result = rtp_parse(&v, data, len_bytes);
    if (result != SQ_OK)
        return result;
    size_t len = v.payload_at + RTX_OSN_LEN + v.payload_len_bytes;
    if (len > capacity_bytes)
        return SQ_ERR_LIMIT;
    memmove(data + v.payload_at + RTX_OSN_LEN, data + v.payload_at, v.payload_len_bytes);
    bytes_put_u16(data + v.payload_at, v.seq16);
    data[0] &= (uint8_t)~FLAG_PADDING;
    rtp_set_payload_type(data, payload_type);
    rtp_set_ssrc(data, ssrc);
    rtp_set_seq16(data, seq16);
    return (int)len;
}

bool rtx_original_seq16(const struct rtp_view *v, uint16_t *seq16)
{
    if (v->payload_len_bytes < RTX_OSN_LEN)
        return false;
    *seq16 = bytes_get_u16(rtp_payload(v));
    return true;
}

int rtx_decapsulate(const struct rtp_view *v, uint8_t *data, uint8_t payload_type, uint32_t ssrc)
{
    uint16_t original;
    if (v->payload_len_bytes == 0 && v->padding_len_bytes > 0)
        return 0; /* a probe */
    if (!rtx_original_seq16(v, &original))
        return SQ_ERR_INVALID;
    size_t left = v->payload_len_bytes - RTX_OSN_LEN;
    memmove(data + v->payload_at, data + v->payload_at + RTX_OSN_LEN, left);
    data[0] &= (uint8_t)~FLAG_PADDING;
    rtp_set_payload_type(data, payload_type);
    rtp_set_ssrc(data, ssrc);
    rtp_set_seq16(data, original);
    return (int)(v->payload_at + left);
}
