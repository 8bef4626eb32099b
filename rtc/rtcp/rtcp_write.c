/* SPDX-License-Identifier: Apache-2.0 */
/* RTCP writing: each function appends one packet or leaves the writer as it was. */
#include "rtc/rtcp/rtcp.h"
#include "shanqiao/error.h"

#define SDES_CNAME        1
#define CUMULATIVE_MAX    0x7fffff
#define CUMULATIVE_MIN    (-0x800000)
#define REMB_MANTISSA_MAX 0x3ffffu /* 18 bits */

/* Header of a packet of len_bytes (a multiple of 4) and the room behind it; NULL when it does not
 * fit. */
static uint8_t *begin(struct byte_writer *w, uint8_t type, size_t count, size_t len_bytes)
{
    if (w->failed || (size_t)(w->end - w->at) < len_bytes)
        return NULL;
    uint8_t *p = byte_reserve(w, len_bytes);
    p[0] = (uint8_t)(0x80 | count);
    p[1] = type;
    bytes_put_u16(p + 2, (uint16_t)(len_bytes / 4 - 1));
    return p;
}

static void put_block(uint8_t *p, const struct rtcp_block *b)
{
    int32_t lost = b->cumulative_lost;
    if (lost > CUMULATIVE_MAX)
        lost = CUMULATIVE_MAX;
    if (lost < CUMULATIVE_MIN)
        lost = CUMULATIVE_MIN;
    bytes_put_u32(p, b->ssrc);
    p[4] = b->fraction_lost;
    bytes_put_u24(p + 5, (uint32_t)lost & 0xffffff);
    bytes_put_u32(p + 8, b->highest_seq32);
    bytes_put_u32(p + 12, b->jitter);
    bytes_put_u32(p + 16, b->lsr);
    bytes_put_u32(p + 20, b->dlsr);
}

int rtcp_write_sr(struct byte_writer *w, const struct rtcp_sr *sr, const struct rtcp_block *blocks,
                  size_t count)
{
    if (count > RTCP_COUNT_MAX)
        return SQ_ERR_INVALID;
    uint8_t *p = begin(w, RTCP_SR, count, 28 + count * RTCP_BLOCK_LEN);
    if (!p)
        return SQ_ERR_LIMIT;
    bytes_put_u32(p + 4, sr->ssrc);
    bytes_put_u64(p + 8, sr->ntp);
    bytes_put_u32(p + 16, sr->rtp_timestamp);
    bytes_put_u32(p + 20, sr->packet_count);
    bytes_put_u32(p + 24, sr->octet_count);
    for (size_t i = 0; i < count; i++)
        put_block(p + 28 + i * RTCP_BLOCK_LEN, &blocks[i]);
    return SQ_OK;
}

int rtcp_write_rr(struct byte_writer *w, uint32_t ssrc, const struct rtcp_block *blocks,
                  size_t count)
{
    if (count > RTCP_COUNT_MAX)
        return SQ_ERR_INVALID;
    uint8_t *p = begin(w, RTCP_RR, count, 8 + count * RTCP_BLOCK_LEN);
    if (!p)
        return SQ_ERR_LIMIT;
    bytes_put_u32(p + 4, ssrc);
    for (size_t i = 0; i < count; i++)
        put_block(p + 8 + i * RTCP_BLOCK_LEN, &blocks[i]);
    return SQ_OK;
}

int rtcp_write_cname(struct byte_writer *w, uint32_t ssrc, const char *cname)
{
    size_t len = strlen(cname);
    if (len > RTCP_CNAME_MAX)
        return SQ_ERR_INVALID;
    /* At least one zero ends the chunk, up to the next word. */
    size_t total = (8 + 2 + len + 1 + 3) / 4 * 4;
    uint8_t *p = begin(w, RTCP_SDES, 1, total);
    if (!p)
        return SQ_ERR_LIMIT;
    memset(p + 8, 0, total - 8);
    bytes_put_u32(p + 4, ssrc);
    p[8] = SDES_CNAME;
    p[9] = (uint8_t)len;
    memcpy(p + 10, cname, len);
    return SQ_OK;
}

int rtcp_write_bye(struct byte_writer *w, const uint32_t *ssrcs, size_t count)
{
    if (count > RTCP_COUNT_MAX)
        return SQ_ERR_INVALID;
    uint8_t *p = begin(w, RTCP_BYE, count, 4 + 4 * count);
    if (!p)
        return SQ_ERR_LIMIT;
    for (size_t i = 0; i < count; i++)
        bytes_put_u32(p + 4 + 4 * i, ssrcs[i]);
    return SQ_OK;
}

/* How many of the sequences from `at` go into one pair, and its mask. */
static size_t nack_pair(const uint16_t *sequences, size_t count, size_t at, uint16_t *mask)
{
    size_t used = 1;
    *mask = 0;
    while (at + used < count) {
        uint16_t distance = (uint16_t)(sequences[at + used] - sequences[at]);
        if (distance < 1 || distance > 16)
            break;
        *mask = (uint16_t)(*mask | 1u << (distance - 1));
        used++;
    }
    return used;
}

int rtcp_write_nack(struct byte_writer *w, uint32_t sender_ssrc, uint32_t media_ssrc,
                    const uint16_t *sequences, size_t count)
{
    size_t pairs = 0;
    uint16_t mask;
    for (size_t at = 0; at < count; pairs++)
        at += nack_pair(sequences, count, at, &mask);
    if (pairs == 0 || pairs > RTCP_NACK_PAIRS_MAX)
        return SQ_ERR_INVALID;
    uint8_t *p = begin(w, RTCP_RTPFB, RTCP_RTPFB_NACK, 12 + 4 * pairs);
    if (!p)
        return SQ_ERR_LIMIT;
    bytes_put_u32(p + 4, sender_ssrc);
    bytes_put_u32(p + 8, media_ssrc);
    p += 12;
    for (size_t at = 0; at < count; p += 4) {
        uint16_t first = sequences[at];
        at += nack_pair(sequences, count, at, &mask);
        bytes_put_u16(p, first);
        bytes_put_u16(p + 2, mask);
    }
    return SQ_OK;
}

int rtcp_write_pli(struct byte_writer *w, uint32_t sender_ssrc, uint32_t media_ssrc)
{
    uint8_t *p = begin(w, RTCP_PSFB, RTCP_PSFB_PLI, 12);
    if (!p)
        return SQ_ERR_LIMIT;
    bytes_put_u32(p + 4, sender_ssrc);
    bytes_put_u32(p + 8, media_ssrc);
    return SQ_OK;
}

int rtcp_write_fir(struct byte_writer *w, uint32_t sender_ssrc, uint32_t media_ssrc,
                   uint8_t command)
{
    uint8_t *p = begin(w, RTCP_PSFB, RTCP_PSFB_FIR, 20);
    if (!p)
        return SQ_ERR_LIMIT;
    bytes_put_u32(p + 4, sender_ssrc);
    bytes_put_u32(p + 8, 0); /* RFC 5104 section 4.3.1.2: media source SHALL be 0 */
    bytes_put_u32(p + 12, media_ssrc);
    bytes_put_u32(p + 16, (uint32_t)command << 24);
    return SQ_OK;
}

int rtcp_write_remb(struct byte_writer *w, uint32_t sender_ssrc, uint64_t rate_bps,
                    const uint32_t *ssrcs, size_t count)
{
    if (count > RTCP_REMB_SSRC_MAX)
        return SQ_ERR_INVALID;
    uint8_t *p = begin(w, RTCP_PSFB, RTCP_PSFB_AFB, 20 + 4 * count);
    if (!p)
        return SQ_ERR_LIMIT;
    uint32_t exponent = 0;
    while (rate_bps >> exponent > REMB_MANTISSA_MAX)
        exponent++;
    bytes_put_u32(p + 4, sender_ssrc);
    bytes_put_u32(p + 8, 0); /* draft-alvestrand-rmcat-remb-03 section 2.2: media source is 0 */
    memcpy(p + 12, "REMB", 4);
    p[16] = (uint8_t)count;
    bytes_put_u24(p + 17, exponent << 18 | (uint32_t)(rate_bps >> exponent));
    for (size_t i = 0; i < count; i++)
        bytes_put_u32(p + 20 + 4 * i, ssrcs[i]);
    return SQ_OK;
}
