/* SPDX-License-Identifier: Apache-2.0 */
/* RTCP parsing. rtcp_begin checks the whole datagram once; after that each parse only looks at one
 * packet's own bounds. */
#include "rtc/rtcp/rtcp.h"

#include "shanqiao/error.h"

#define RTCP_VERSION       2
#define SR_FIXED_LEN       28 /* header, SSRC, NTP, RTP time, two counts */
#define RR_FIXED_LEN       8
#define FEEDBACK_FIXED_LEN 12 /* header, sender, media */
#define FIR_ENTRY_LEN      8
#define REMB_FIXED_LEN     20
#define SDES_CNAME         1
#define NTP_UNIX_OFFSET_S  INT64_C(2208988800) /* 1900 to 1970 */
#define ROUND_TRIP_MAX_US  (60 * TIME_US_PER_S)

/* Padding of one packet. Section 6.4.1 wants multiples of 4 on the last packet only, but
 * libwebrtc's transport feedback is padded by 1 to 3 bytes anywhere in a compound, so only the
 * bound is checked. */
static bool check_padding(const uint8_t *data, size_t len, size_t *padding)
{
    *padding = 0;
    if (!(data[0] >> 5 & 1))
        return true;
    *padding = data[len - 1];
    return *padding != 0 && *padding <= len - RTCP_HEADER_LEN;
}

int rtcp_begin(struct rtcp_iterator *it, const uint8_t *data, size_t len_bytes)
{
    size_t at = 0;
    if (len_bytes == 0)
        return SQ_ERR_INVALID;
    while (at < len_bytes) {
        if (len_bytes - at < RTCP_HEADER_LEN || data[at] >> 6 != RTCP_VERSION)
            return SQ_ERR_INVALID;
        size_t len = ((size_t)bytes_get_u16(data + at + 2) + 1) * 4;
        size_t padding;
        if (len_bytes - at < len || !check_padding(data + at, len, &padding))
            return SQ_ERR_INVALID;
        at += len;
    }
    *it = (struct rtcp_iterator){data, data + len_bytes};
    return SQ_OK;
}

bool rtcp_next(struct rtcp_iterator *it, struct rtcp_packet *out)
{
    if (it->at == it->end)
        return false;
    size_t len = ((size_t)bytes_get_u16(it->at + 2) + 1) * 4;
    size_t padding;
    check_padding(it->at, len, &padding);
    *out = (struct rtcp_packet){
        .type = it->at[1], .count = it->at[0] & 0x1f, .data = it->at, .len_bytes = len - padding};
    it->at += len;
    return true;
}

uint64_t rtcp_ntp_of_utc_us(time_us utc_us)
{
    uint64_t seconds = (uint64_t)(utc_us / TIME_US_PER_S + NTP_UNIX_OFFSET_S);
    uint64_t rest = (uint64_t)(utc_us % TIME_US_PER_S);
    return seconds << 32 | (rest << 32) / (uint64_t)TIME_US_PER_S;
}

time_us rtcp_utc_us_of_ntp(uint64_t ntp)
{
    int64_t seconds = (int64_t)(ntp >> 32) - NTP_UNIX_OFFSET_S;
    uint64_t fraction = ntp & 0xffffffffu;
    return seconds * TIME_US_PER_S +
           (time_us)((fraction * (uint64_t)TIME_US_PER_S + (UINT64_C(1) << 31)) >> 32);
}

int rtcp_parse_sr(struct rtcp_sr *out, const struct rtcp_packet *p)
{
    if (p->type != RTCP_SR || p->len_bytes < SR_FIXED_LEN + (size_t)p->count * RTCP_BLOCK_LEN)
        return SQ_ERR_INVALID;
    *out = (struct rtcp_sr){
        .ssrc = bytes_get_u32(p->data + 4),
        .ntp = bytes_get_u64(p->data + 8),
        .rtp_timestamp = bytes_get_u32(p->data + 16),
        .packet_count = bytes_get_u32(p->data + 20),
        .octet_count = bytes_get_u32(p->data + 24),
        .block_count = p->count,
        .blocks = p->data + SR_FIXED_LEN,
    };
    return SQ_OK;
}

int rtcp_parse_rr(struct rtcp_rr *out, const struct rtcp_packet *p)
{
    if (p->type != RTCP_RR || p->len_bytes < RR_FIXED_LEN + (size_t)p->count * RTCP_BLOCK_LEN)
        return SQ_ERR_INVALID;
    *out = (struct rtcp_rr){
        .ssrc = bytes_get_u32(p->data + 4),
        .block_count = p->count,
        .blocks = p->data + RR_FIXED_LEN,
    };
    return SQ_OK;
}

void rtcp_block_at(struct rtcp_block *out, const uint8_t *blocks, size_t i)
{
    const uint8_t *b = blocks + i * RTCP_BLOCK_LEN;
    uint32_t lost = bytes_get_u24(b + 5);
    *out = (struct rtcp_block){
        .ssrc = bytes_get_u32(b),
        .fraction_lost = b[4],
        .cumulative_lost = lost & 0x800000 ? (int32_t)lost - 0x1000000 : (int32_t)lost,
        .highest_seq32 = bytes_get_u32(b + 8),
        .jitter = bytes_get_u32(b + 12),
        .lsr = bytes_get_u32(b + 16),
        .dlsr = bytes_get_u32(b + 20),
    };
}

bool rtcp_round_trip_us(const struct rtcp_block *b, time_us utc_now_us, time_us *rtt_us)
{
    if (b->lsr == 0)
        return false;
    uint32_t now = rtcp_ntp_middle(rtcp_ntp_of_utc_us(utc_now_us));
    int32_t passed = (int32_t)(now - b->lsr - b->dlsr);
    time_us rtt = passed < 0 ? 0 : (time_us)passed * TIME_US_PER_S / 65536;
    if (rtt > ROUND_TRIP_MAX_US)
        return false;
    *rtt_us = rtt;
    return true;
}

/* The items of one chunk: up to the zero that ends it, then to the next word (RFC 3550
 * section 6.5). */
static bool parse_chunk(struct byte_reader *r, const uint8_t *base, struct rtcp_cname *out)
{
    *out = (struct rtcp_cname){.ssrc = byte_read_u32(r)};
    for (;;) {
        uint8_t type = byte_read_u8(r);
        if (r->failed)
            return false;
        if (type == 0)
            break;
        uint8_t len = byte_read_u8(r);
        const uint8_t *text = byte_read(r, len);
        if (!text)
            return false;
        if (type == SDES_CNAME && !out->text) {
            out->text = text;
            out->len_bytes = len;
        }
    }
    size_t over = (size_t)(r->at - base) % 4;
    return over == 0 || byte_read(r, 4 - over) != NULL;
}

int rtcp_parse_sdes(struct rtcp_cname *out, size_t capacity, const struct rtcp_packet *p)
{
    if (p->type != RTCP_SDES)
        return SQ_ERR_INVALID;
    struct byte_reader r =
        byte_reader_of(p->data + RTCP_HEADER_LEN, p->len_bytes - RTCP_HEADER_LEN);
    size_t found = 0;
    for (unsigned i = 0; i < p->count; i++) {
        struct rtcp_cname c;
        if (!parse_chunk(&r, p->data, &c))
            return SQ_ERR_INVALID;
        if (c.text && found < capacity)
            out[found++] = c;
    }
    return (int)found;
}

int rtcp_parse_bye(struct rtcp_bye *out, const struct rtcp_packet *p)
{
    if (p->type != RTCP_BYE || p->len_bytes < RTCP_HEADER_LEN + (size_t)p->count * 4)
        return SQ_ERR_INVALID;
    out->count = p->count;
    for (unsigned i = 0; i < p->count; i++)
        out->ssrcs[i] = bytes_get_u32(p->data + RTCP_HEADER_LEN + 4 * i);
    return SQ_OK;
}

static bool is_feedback(const struct rtcp_packet *p, uint8_t type, uint8_t format, size_t min_len)
{
    return p->type == type && p->count == format && p->len_bytes >= min_len;
}

int rtcp_parse_nack(struct rtcp_nack *out, const struct rtcp_packet *p)
{
    /* At least one pair: RFC 4585 section 6.2.1. */
    if (!is_feedback(p, RTCP_RTPFB, RTCP_RTPFB_NACK, FEEDBACK_FIXED_LEN + 4))
        return SQ_ERR_INVALID;
    *out = (struct rtcp_nack){
        .sender_ssrc = bytes_get_u32(p->data + 4),
        .media_ssrc = bytes_get_u32(p->data + 8),
        .pair_count = (p->len_bytes - FEEDBACK_FIXED_LEN) / 4,
        .pairs = p->data + FEEDBACK_FIXED_LEN,
    };
    return SQ_OK;
}

size_t rtcp_nack_sequences(const struct rtcp_nack *n, uint16_t *out, size_t capacity)
{
    size_t count = 0;
    for (size_t i = 0; i < n->pair_count; i++) {
        uint16_t pid = bytes_get_u16(n->pairs + 4 * i);
        uint32_t mask = 1u | (uint32_t)bytes_get_u16(n->pairs + 4 * i + 2) << 1;
        for (unsigned bit = 0; bit <= 16; bit++) {
            if (!(mask >> bit & 1))
                continue;
            if (count == capacity)
                return count;
            out[count++] = (uint16_t)(pid + bit);
        }
    }
    return count;
}

int rtcp_parse_pli(struct rtcp_pli *out, const struct rtcp_packet *p)
{
    if (!is_feedback(p, RTCP_PSFB, RTCP_PSFB_PLI, FEEDBACK_FIXED_LEN))
        return SQ_ERR_INVALID;
    *out = (struct rtcp_pli){bytes_get_u32(p->data + 4), bytes_get_u32(p->data + 8)};
    return SQ_OK;
}

int rtcp_parse_fir(struct rtcp_fir *out, const struct rtcp_packet *p)
{
    if (!is_feedback(p, RTCP_PSFB, RTCP_PSFB_FIR, FEEDBACK_FIXED_LEN + FIR_ENTRY_LEN) ||
        (p->len_bytes - FEEDBACK_FIXED_LEN) % FIR_ENTRY_LEN != 0)
        return SQ_ERR_INVALID;
    *out = (struct rtcp_fir){
        .sender_ssrc = bytes_get_u32(p->data + 4),
        .entry_count = (p->len_bytes - FEEDBACK_FIXED_LEN) / FIR_ENTRY_LEN,
        .entries = p->data + FEEDBACK_FIXED_LEN,
    };
    return SQ_OK;
}

void rtcp_fir_at(const struct rtcp_fir *f, size_t i, uint32_t *ssrc, uint8_t *command)
{
    *ssrc = bytes_get_u32(f->entries + i * FIR_ENTRY_LEN);
    *command = f->entries[i * FIR_ENTRY_LEN + 4];
}

int rtcp_parse_remb(struct rtcp_remb *out, const struct rtcp_packet *p)
{
    static const uint64_t rate_max = (uint64_t)UINT32_MAX * 1000;
    if (!is_feedback(p, RTCP_PSFB, RTCP_PSFB_AFB, REMB_FIXED_LEN) ||
        memcmp(p->data + FEEDBACK_FIXED_LEN, "REMB", 4) != 0)
        return SQ_ERR_INVALID;
    uint8_t count = p->data[16];
    if (p->len_bytes < REMB_FIXED_LEN + (size_t)count * 4)
        return SQ_ERR_INVALID;
    uint32_t field = bytes_get_u24(p->data + 17);
    unsigned exponent = field >> 18;
    uint64_t mantissa = field & 0x3ffff;
    uint64_t rate = mantissa > rate_max >> exponent ? rate_max : mantissa << exponent;
    *out = (struct rtcp_remb){
        .sender_ssrc = bytes_get_u32(p->data + 4),
        .rate_bps = rate,
        .ssrc_count = count,
        .ssrcs = p->data + REMB_FIXED_LEN,
    };
    return SQ_OK;
}
