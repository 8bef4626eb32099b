/* SPDX-License-Identifier: Apache-2.0 */
/* VP8 payload descriptor (RFC 7741 section 4.2), key-frame header and fragmentation. */
#include "rtc/payload/vp8.h"

#include "base/bytes.h"
#include "shanqiao/error.h"

enum {
    FIRST_X = 0x80,
    FIRST_N = 0x20,
    FIRST_S = 0x10,
    FIRST_PID = 0x07,
    EXT_I = 0x80,
    EXT_L = 0x40,
    EXT_T = 0x20,
    EXT_K = 0x10,
    LONG_ID = 0x80
};

#define KEY_HEADER_LEN 10 /* RFC 6386 section 9.1: frame tag, start code, width, height */
#define SIZE_MASK      0x3fff

static void parse_picture_id(struct vp8_descriptor *d, struct byte_reader *r, const uint8_t *begin)
{
    d->picture_id_at = (size_t)(r->at - begin);
    uint8_t b = byte_read_u8(r);
    d->picture_id = b & 0x7f;
    d->picture_id_long = b & LONG_ID;
    if (d->picture_id_long)
        d->picture_id = d->picture_id << 8 | byte_read_u8(r);
}

static void parse_extended(struct vp8_descriptor *d, struct byte_reader *r, const uint8_t *begin)
{
    uint8_t bits = byte_read_u8(r);
    if (bits & EXT_I)
        parse_picture_id(d, r, begin);
    if (bits & EXT_L) {
        d->tl0_at = (size_t)(r->at - begin);
        d->tl0_picture = byte_read_u8(r);
    }
    if (!(bits & (EXT_T | EXT_K)))
        return;
    uint8_t layer = byte_read_u8(r);
    if (bits & EXT_T) {
        d->has_temporal = true;
        d->temporal = layer >> 6;
        d->layer_sync = layer >> 5 & 1;
    }
    if (bits & EXT_K)
        d->key_index = (int8_t)(layer & 0x1f);
}

int vp8_parse(struct vp8_descriptor *out, const uint8_t *payload, size_t len_bytes)
{
    struct byte_reader r = byte_reader_of(payload, len_bytes);
    uint8_t first = byte_read_u8(&r);
    struct vp8_descriptor d = {
        .non_reference = first & FIRST_N,
        .start = first & FIRST_S,
        .partition = first & FIRST_PID,
        .picture_id = VP8_PICTURE_ID_NONE,
        .tl0_picture = VP8_TL0_NONE,
        .key_index = -1,
    };
    if (first & FIRST_X)
        parse_extended(&d, &r, payload);
    if (r.failed || byte_reader_left(&r) == 0)
        return SQ_ERR_INVALID;
    d.len_bytes = (size_t)(r.at - payload);
    *out = d;
    return SQ_OK;
}

bool vp8_key_frame(const struct vp8_descriptor *d, const uint8_t *payload, size_t len_bytes,
                   uint16_t *width, uint16_t *height)
{
    const uint8_t *p = payload + d->len_bytes;
    size_t left = len_bytes - d->len_bytes;
    uint16_t w = 0, h = 0;
    if (!vp8_frame_start(d) || left == 0 || (p[0] & 1)) /* P bit: 0 for key frames */
        return false;
    if (left >= KEY_HEADER_LEN && p[3] == 0x9d && p[4] == 0x01 && p[5] == 0x2a) {
        w = (uint16_t)((p[6] | p[7] << 8) & SIZE_MASK); /* little endian */
        h = (uint16_t)((p[8] | p[9] << 8) & SIZE_MASK);
    } else if (left >= KEY_HEADER_LEN) {
        return false; /* no start code: not a key frame whatever the bit says */
    }
    if (width)
        *width = w;
    if (height)
        *height = h;
    return true;
}

void vp8_set_picture_id(const struct vp8_descriptor *d, uint8_t *payload, uint16_t picture_id)
{
    if (d->picture_id_at == 0)
        return;
    if (d->picture_id_long)
        bytes_put_u16(payload + d->picture_id_at, (uint16_t)(0x8000 | picture_id));
    else
        payload[d->picture_id_at] = picture_id & 0x7f;
}

void vp8_set_tl0_picture(const struct vp8_descriptor *d, uint8_t *payload, uint8_t tl0_picture)
{
    if (d->tl0_at != 0)
        payload[d->tl0_at] = tl0_picture;
}

static uint8_t extension_bits(const struct vp8_descriptor *d)
{
    return (uint8_t)((d->picture_id >= 0 ? EXT_I : 0) | (d->tl0_picture >= 0 ? EXT_L : 0) |
                     (d->has_temporal ? EXT_T : 0) | (d->key_index >= 0 ? EXT_K : 0));
}

int vp8_write(const struct vp8_descriptor *d, uint8_t *out, size_t capacity_bytes)
{
    struct byte_writer w = byte_writer_of(out, capacity_bytes);
    uint8_t bits = extension_bits(d);
    byte_write_u8(&w, (uint8_t)((bits ? FIRST_X : 0) | (d->non_reference ? FIRST_N : 0) |
                                (d->start ? FIRST_S : 0) | (d->partition & FIRST_PID)));
    if (bits)
        byte_write_u8(&w, bits);
    if (bits & EXT_I)
        byte_write_u16(&w, (uint16_t)(0x8000 | (d->picture_id & VP8_PICTURE_ID_MASK)));
    if (bits & EXT_L)
        byte_write_u8(&w, (uint8_t)d->tl0_picture);
    if (bits & (EXT_T | EXT_K))
        byte_write_u8(&w, (uint8_t)((d->temporal & 3) << 6 | (d->layer_sync ? 0x20 : 0) |
                                    (d->key_index >= 0 ? d->key_index & 0x1f : 0)));
    return w.failed ? SQ_ERR_LIMIT : (int)byte_writer_len(&w);
}

int vp8_packetizer_init(struct vp8_packetizer *p, const struct vp8_descriptor *d,
                        const uint8_t *frame, size_t len_bytes, size_t max_payload_bytes)
{
    if (len_bytes == 0 || max_payload_bytes <= VP8_DESCRIPTOR_MAX)
        return SQ_ERR_INVALID;
    size_t room = max_payload_bytes - VP8_DESCRIPTOR_MAX;
    size_t parts = (len_bytes + room - 1) / room;
    *p = (struct vp8_packetizer){
        .descriptor = *d,
        .frame = frame,
        .len_bytes = len_bytes,
        .fragment_bytes = (len_bytes + parts - 1) / parts,
        .first = true,
    };
    p->descriptor.partition = 0; /* partitions may be split anywhere: all fragments say 0 */
    return SQ_OK;
}

int vp8_packetizer_next(struct vp8_packetizer *p, uint8_t *out, size_t capacity_bytes, bool *last)
{
    size_t left = p->len_bytes - p->at;
    size_t part = left < p->fragment_bytes ? left : p->fragment_bytes;
    if (left == 0)
        return 0;
    p->descriptor.start = p->first;
    int head = vp8_write(&p->descriptor, out, capacity_bytes);
    if (head < 0 || capacity_bytes - (size_t)head < part)
        return SQ_ERR_LIMIT;
    memcpy(out + head, p->frame + p->at, part);
    p->at += part;
    p->first = false;
    *last = p->at == p->len_bytes;
    return head + (int)part;
}
