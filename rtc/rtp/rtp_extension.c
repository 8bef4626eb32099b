/* SPDX-License-Identifier: Apache-2.0 */
/* Names and typed values of the header extensions that we know. */
#include "base/bytes.h"
#include "rtc/rtp/rtp.h"

static const char *const uris[RTP_EXTENSION_COUNT] = {
    [RTP_EXTENSION_MID] = RTP_URI_MID,
    [RTP_EXTENSION_RID] = RTP_URI_RID,
    [RTP_EXTENSION_REPAIRED_RID] = RTP_URI_REPAIRED_RID,
    [RTP_EXTENSION_ABS_SEND_TIME] = RTP_URI_ABS_SEND_TIME,
    [RTP_EXTENSION_TRANSPORT_CC] = RTP_URI_TRANSPORT_CC,
    [RTP_EXTENSION_AUDIO_LEVEL] = RTP_URI_AUDIO_LEVEL,
};

const char *rtp_extension_uri(enum rtp_extension extension)
{
    return (unsigned)extension < RTP_EXTENSION_COUNT ? uris[extension] : NULL;
}

enum rtp_extension rtp_extension_from_uri(const char *uri)
{
    for (unsigned i = 0; uri && i < RTP_EXTENSION_COUNT; i++) {
        if (strcmp(uri, uris[i]) == 0)
            return (enum rtp_extension)i;
    }
    return RTP_EXTENSION_COUNT;
}

static bool find_sized(const struct rtp_view *v, uint8_t id, size_t len, struct rtp_element *out)
{
    return rtp_element_find(v, id, out) && out->len_bytes == len;
}

bool rtp_get_audio_level(const struct rtp_view *v, uint8_t id, bool *voice, uint8_t *level_dbov)
{
    struct rtp_element e;
    if (!find_sized(v, id, RTP_AUDIO_LEVEL_LEN, &e))
        return false;
    *voice = e.value[0] >> 7;
    *level_dbov = e.value[0] & 0x7f;
    return true;
}

void rtp_put_audio_level(uint8_t out[RTP_AUDIO_LEVEL_LEN], bool voice, uint8_t level_dbov)
{
    uint8_t level = level_dbov > 127 ? 127 : level_dbov;
    out[0] = (uint8_t)((voice ? 0x80 : 0) | level);
}

uint32_t rtp_abs_send_time_of_us(time_us now_us)
{
    /* 18 fraction bits; the quotient and the rest apart, so that nothing overflows. */
    uint64_t seconds = (uint64_t)(now_us / TIME_US_PER_S);
    uint64_t rest = (uint64_t)(now_us % TIME_US_PER_S);
    return (uint32_t)((seconds << 18 | (rest << 18) / (uint64_t)TIME_US_PER_S) & 0xffffff);
}

bool rtp_get_abs_send_time(const struct rtp_view *v, uint8_t id, uint32_t *time_6_18)
{
    struct rtp_element e;
    if (!find_sized(v, id, RTP_ABS_SEND_TIME_LEN, &e))
        return false;
    *time_6_18 = bytes_get_u24(e.value);
    return true;
}

void rtp_put_abs_send_time(uint8_t out[RTP_ABS_SEND_TIME_LEN], time_us now_us)
{
    bytes_put_u24(out, rtp_abs_send_time_of_us(now_us));
}

bool rtp_get_transport_cc(const struct rtp_view *v, uint8_t id, uint16_t *wide_seq16)
{
    struct rtp_element e;
    if (!find_sized(v, id, RTP_TRANSPORT_CC_LEN, &e))
        return false;
    *wide_seq16 = bytes_get_u16(e.value);
    return true;
}

void rtp_put_transport_cc(uint8_t out[RTP_TRANSPORT_CC_LEN], uint16_t wide_seq16)
{
    bytes_put_u16(out, wide_seq16);
}

static bool is_text_char(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' ||
           c == '_' || c == '.';
}

bool rtp_get_text(const struct rtp_view *v, uint8_t id, char *out, size_t capacity_bytes)
{
    struct rtp_element e;
    if (!rtp_element_find(v, id, &e) || e.len_bytes == 0 || e.len_bytes >= capacity_bytes)
        return false;
    for (size_t i = 0; i < e.len_bytes; i++) {
        if (!is_text_char(e.value[i]))
            return false;
    }
    memcpy(out, e.value, e.len_bytes);
    out[e.len_bytes] = 0;
    return true;
}
