/* SPDX-License-Identifier: Apache-2.0 */
/* Transport-wide feedback: packet status chunks and receive deltas
 * (draft-holmer-rmcat-transport-wide-cc- extensions-01 section 3.1). */
#include "rtc/rtcp/twcc.h"

#include "shanqiao/error.h"

enum symbol { SYMBOL_LOST = 0, SYMBOL_SMALL = 1, SYMBOL_LARGE = 2, SYMBOL_RESERVED = 3 };

#define CHUNK_VECTOR     0x8000u /* T: status vector chunk */
#define CHUNK_TWO_BIT    0x4000u /* S: two-bit symbols */
#define RUN_MAX          0x1fffu /* 13 bits */
#define VECTOR_ONE_COUNT 14
#define VECTOR_TWO_COUNT 7
#define SMALL_DELTA_MAX  255

static uint16_t chunk_symbols(uint16_t chunk)
{
    if (!(chunk & CHUNK_VECTOR))
        return chunk & RUN_MAX;
    return chunk & CHUNK_TWO_BIT ? VECTOR_TWO_COUNT : VECTOR_ONE_COUNT;
}

static enum symbol chunk_symbol(uint16_t chunk, unsigned i)
{
    if (!(chunk & CHUNK_VECTOR))
        return (enum symbol)(chunk >> 13 & 3);
    if (chunk & CHUNK_TWO_BIT)
        return (enum symbol)(chunk >> (12 - 2 * i) & 3);
    return (enum symbol)(chunk >> (13 - i) & 1);
}

static size_t delta_len(enum symbol s)
{
    return (size_t)s; /* lost 0, small 1, large 2 bytes */
}

/* Walks all chunks; gives where the deltas begin and how long they are. */
static bool measure(const struct byte_reader *body, uint16_t count, struct byte_reader *deltas)
{
    struct byte_reader r = *body;
    size_t delta_bytes = 0;
    for (uint16_t left = count; left > 0;) {
        uint16_t chunk = byte_read_u16(&r);
        uint16_t symbols = chunk_symbols(chunk);
        if (r.failed || symbols == 0)
            return false;
        symbols = symbols < left ? symbols : left;
        for (unsigned i = 0; i < symbols; i++) {
            enum symbol s = chunk_symbol(chunk, i);
            if (s == SYMBOL_RESERVED)
                return false;
            delta_bytes += delta_len(s);
        }
        left = (uint16_t)(left - symbols);
    }
    *deltas = r;
    return byte_reader_left(&r) >= delta_bytes;
}

int rtcp_parse_twcc(struct rtcp_twcc *out, const struct rtcp_packet *p)
{
    if (p->type != RTCP_RTPFB || p->count != RTCP_RTPFB_TWCC || p->len_bytes < RTCP_TWCC_HEADER_LEN)
        return SQ_ERR_INVALID;
    uint16_t count = bytes_get_u16(p->data + 14);
    struct byte_reader body =
        byte_reader_of(p->data + RTCP_TWCC_HEADER_LEN, p->len_bytes - RTCP_TWCC_HEADER_LEN);
    struct byte_reader deltas;
    if (count == 0 || count > RTCP_TWCC_STATUS_MAX || !measure(&body, count, &deltas))
        return SQ_ERR_INVALID;
    uint32_t reference = bytes_get_u24(p->data + 16);
    *out = (struct rtcp_twcc){
        .sender_ssrc = bytes_get_u32(p->data + 4),
        .media_ssrc = bytes_get_u32(p->data + 8),
        .base_seq16 = bytes_get_u16(p->data + 12),
        .status_count = count,
        .reference = reference & 0x800000 ? (int32_t)reference - 0x1000000 : (int32_t)reference,
        .feedback_count = p->data[19],
        .chunks = body.at,
        .deltas = deltas.at,
        .end = deltas.end,
    };
    return SQ_OK;
}

void rtcp_twcc_begin(struct rtcp_twcc_iterator *it, const struct rtcp_twcc *feedback)
{
    *it = (struct rtcp_twcc_iterator){
        .feedback = feedback,
        .chunk = feedback->chunks,
        .delta = feedback->deltas,
        .left = feedback->status_count,
    };
}

bool rtcp_twcc_next(struct rtcp_twcc_iterator *it, struct rtcp_twcc_status *out)
{
    if (it->left == 0)
        return false;
    uint16_t chunk = bytes_get_u16(it->chunk);
    enum symbol s = chunk_symbol(chunk, it->chunk_used);
    *out = (struct rtcp_twcc_status){.received = s != SYMBOL_LOST};
    if (s == SYMBOL_SMALL)
        out->delta_ticks = it->delta[0];
    else if (s == SYMBOL_LARGE)
        out->delta_ticks = (int16_t)bytes_get_u16(it->delta);
    it->delta += delta_len(s);
    it->left--;
    if (++it->chunk_used == chunk_symbols(chunk)) {
        it->chunk += 2;
        it->chunk_used = 0;
    }
    return true;
}

static enum symbol symbol_of(const struct rtcp_twcc_status *s)
{
    if (!s->received)
        return SYMBOL_LOST;
    return s->delta_ticks >= 0 && s->delta_ticks <= SMALL_DELTA_MAX ? SYMBOL_SMALL : SYMBOL_LARGE;
}

/* The chunk for the statuses from `at`; *used: how many it covers. */
static uint16_t make_chunk(const struct rtcp_twcc_status *s, size_t count, size_t at, size_t *used)
{
    size_t left = count - at;
    enum symbol first = symbol_of(&s[at]);
    size_t run = 1;
    while (run < left && run < RUN_MAX && symbol_of(&s[at + run]) == first)
        run++;
    size_t plain = 0; /* leading symbols that one bit can say */
    while (plain < left && plain < VECTOR_ONE_COUNT && symbol_of(&s[at + plain]) != SYMBOL_LARGE)
        plain++;
    bool one_bit = plain == left || plain == VECTOR_ONE_COUNT;
    if (run == left || run >= VECTOR_ONE_COUNT || (!one_bit && run > VECTOR_TWO_COUNT)) {
        *used = run;
        return (uint16_t)((unsigned)first << 13 | (unsigned)run);
    }
    unsigned chunk = one_bit ? CHUNK_VECTOR : CHUNK_VECTOR | CHUNK_TWO_BIT;
    *used = one_bit ? plain : left < VECTOR_TWO_COUNT ? left : VECTOR_TWO_COUNT;
    for (size_t i = 0; i < *used; i++)
        chunk |= (unsigned)symbol_of(&s[at + i]) << (one_bit ? 13 - i : 12 - 2 * i);
    return (uint16_t)chunk;
}

static size_t measure_feedback(const struct rtcp_twcc_status *s, size_t count)
{
    size_t len = RTCP_TWCC_HEADER_LEN;
    size_t used;
    for (size_t at = 0; at < count; at += used, len += 2)
        make_chunk(s, count, at, &used);
    for (size_t i = 0; i < count; i++)
        len += delta_len(symbol_of(&s[i]));
    return len;
}

static void put_feedback_body(struct byte_writer *w, const struct rtcp_twcc_status *s, size_t count)
{
    size_t used;
    for (size_t at = 0; at < count; at += used)
        byte_write_u16(w, make_chunk(s, count, at, &used));
    for (size_t i = 0; i < count; i++) {
        enum symbol symbol = symbol_of(&s[i]);
        if (symbol == SYMBOL_SMALL)
            byte_write_u8(w, (uint8_t)s[i].delta_ticks);
        else if (symbol == SYMBOL_LARGE)
            byte_write_u16(w, (uint16_t)s[i].delta_ticks);
    }
}

int rtcp_write_twcc(struct byte_writer *w, uint32_t sender_ssrc, uint32_t media_ssrc,
                    uint16_t base_seq16, int32_t reference, uint8_t feedback_count,
                    const struct rtcp_twcc_status *statuses, size_t count)
{
    if (count == 0 || count > RTCP_TWCC_STATUS_MAX)
        return SQ_ERR_INVALID;
    size_t len = measure_feedback(statuses, count);
    size_t padding = (4 - len % 4) % 4;
    if (w->failed || (size_t)(w->end - w->at) < len + padding)
        return SQ_ERR_LIMIT;
    byte_write_u8(w, (uint8_t)(0x80 | (padding ? 0x20 : 0) | RTCP_RTPFB_TWCC));
    byte_write_u8(w, RTCP_RTPFB);
    byte_write_u16(w, (uint16_t)((len + padding) / 4 - 1));
    byte_write_u32(w, sender_ssrc);
    byte_write_u32(w, media_ssrc);
    byte_write_u16(w, base_seq16);
    byte_write_u16(w, (uint16_t)count);
    byte_write_u24(w, (uint32_t)reference & 0xffffff);
    byte_write_u8(w, feedback_count);
    put_feedback_body(w, statuses, count);
    for (size_t i = 1; i <= padding; i++)
        byte_write_u8(w, i == padding ? (uint8_t)padding : 0);
    return SQ_OK;
}
