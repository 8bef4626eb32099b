/* SPDX-License-Identifier: Apache-2.0 */
/* Writes RTP packets in order: header, extensions, payload, padding. Every step checks the room
 * that is left. */
#include "base/bytes.h"
#include "rtc/rtp/rtp.h"
#include "shanqiao/error.h"

#define BLOCK_HEADER_LEN 4
#define BLOCK_WORDS_MAX  0xffffu
#define FLAG_PADDING     0x20
#define FLAG_EXTENSION   0x10
#define VERSION_BITS     0x80

static uint8_t *take(struct rtp_writer *w, size_t len_bytes)
{
    if (w->failed || w->capacity_bytes - w->len_bytes < len_bytes) {
        w->failed = true;
        return NULL;
    }
    uint8_t *p = w->data + w->len_bytes;
    w->len_bytes += len_bytes;
    return p;
}

void rtp_writer_init(struct rtp_writer *w, uint8_t *data, size_t capacity_bytes,
                     const struct rtp_header *h)
{
    *w = (struct rtp_writer){
        .data = data, .capacity_bytes = capacity_bytes, .two_byte = h->two_byte_extensions};
    if (h->csrc_count > RTP_CSRC_MAX || h->payload_type > RTP_PAYLOAD_TYPE_MAX) {
        w->failed = true;
        return;
    }
    uint8_t *p = take(w, RTP_HEADER_MIN + 4 * (size_t)h->csrc_count);
    if (!p)
        return;
    p[0] = (uint8_t)(VERSION_BITS | h->csrc_count);
    p[1] = (uint8_t)((h->marker ? 0x80 : 0) | h->payload_type);
    bytes_put_u16(p + 2, h->seq16);
    bytes_put_u32(p + 4, h->timestamp);
    bytes_put_u32(p + 8, h->ssrc);
    for (size_t i = 0; i < h->csrc_count; i++)
        bytes_put_u32(p + RTP_HEADER_MIN + 4 * i, h->csrcs[i]);
}

static void begin_block(struct rtp_writer *w)
{
    uint8_t *p = take(w, BLOCK_HEADER_LEN);
    if (!p)
        return;
    w->extension_at = (size_t)(p - w->data);
    w->data[0] |= FLAG_EXTENSION;
    bytes_put_u16(p, w->two_byte ? RTP_PROFILE_TWO_BYTE : RTP_PROFILE_ONE_BYTE);
    bytes_put_u16(p + 2, 0);
}

static bool element_fits_form(const struct rtp_writer *w, uint8_t id, size_t len_bytes)
{
    if (w->two_byte)
        return len_bytes <= RTP_TWO_BYTE_LEN_MAX;
    return id <= RTP_ONE_BYTE_ID_MAX && len_bytes >= 1 && len_bytes <= RTP_ONE_BYTE_LEN_MAX;
}

void rtp_writer_extension(struct rtp_writer *w, uint8_t id, const void *value, size_t len_bytes)
{
    if (id == 0 || w->failed)
        return;
    if (w->header_closed || !element_fits_form(w, id, len_bytes)) {
        w->failed = true;
        return;
    }
    if (w->extension_at == 0)
        begin_block(w);
    uint8_t *p = take(w, (w->two_byte ? 2 : 1) + len_bytes);
    if (!p)
        return;
    if (w->two_byte) {
        *p++ = id;
        *p++ = (uint8_t)len_bytes;
    } else {
        *p++ = (uint8_t)((unsigned)id << 4 | (unsigned)(len_bytes - 1));
    }
    if (len_bytes)
        memcpy(p, value, len_bytes);
}

/* Pads the extension block to a word and writes its length: done when the payload begins. */
static void close_header(struct rtp_writer *w)
{
    if (w->header_closed || w->failed)
        return;
    w->header_closed = true;
    if (w->extension_at == 0)
        return;
    size_t len = w->len_bytes - w->extension_at - BLOCK_HEADER_LEN;
    size_t fill = (4 - len % 4) % 4;
    uint8_t *p = take(w, fill);
    if (!p)
        return;
    memset(p, 0, fill);
    if ((len + fill) / 4 > BLOCK_WORDS_MAX) {
        w->failed = true;
        return;
    }
    bytes_put_u16(w->data + w->extension_at + 2, (uint16_t)((len + fill) / 4));
}

uint8_t *rtp_writer_reserve(struct rtp_writer *w, size_t len_bytes)
{
    close_header(w);
    if (w->padded)
        w->failed = true;
    return take(w, len_bytes);
}

void rtp_writer_payload(struct rtp_writer *w, const void *payload, size_t len_bytes)
{
    uint8_t *p = rtp_writer_reserve(w, len_bytes);
    if (p && len_bytes)
        memcpy(p, payload, len_bytes);
}

void rtp_writer_padding(struct rtp_writer *w, uint8_t len_bytes)
{
    if (len_bytes == 0)
        w->failed = true;
    uint8_t *p = rtp_writer_reserve(w, len_bytes);
    if (!p)
        return;
    memset(p, 0, len_bytes);
    p[len_bytes - 1] = len_bytes;
    w->data[0] |= FLAG_PADDING;
    w->padded = true;
}

int rtp_writer_finish(struct rtp_writer *w)
{
    close_header(w);
    if (w->failed)
        return SQ_ERR_LIMIT;
    return (int)w->len_bytes;
}
