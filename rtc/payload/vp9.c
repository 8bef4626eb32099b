/* SPDX-License-Identifier: Apache-2.0 */
/* VP9 payload descriptor (RFC 9628 section 4.2), both modes, and fragmentation. */
#include "rtc/payload/vp9.h"

#include "base/bytes.h"
#include "shanqiao/error.h"

enum {
    BIT_I = 0x80,
    BIT_P = 0x40,
    BIT_L = 0x20,
    BIT_F = 0x10,
    BIT_B = 0x08,
    BIT_E = 0x04,
    BIT_V = 0x02,
    BIT_Z = 0x01,
    LONG_ID = 0x80,
    STRUCTURE_Y = 0x10,
    STRUCTURE_G = 0x08
};

static void parse_picture_id(struct vp9_descriptor *d, struct byte_reader *r, const uint8_t *begin)
{
    d->picture_id_at = (size_t)(r->at - begin);
    uint8_t b = byte_read_u8(r);
    d->picture_id = b & 0x7f;
    d->picture_id_long = b & LONG_ID;
    if (d->picture_id_long)
        d->picture_id = d->picture_id << 8 | byte_read_u8(r);
}

static void parse_layers(struct vp9_descriptor *d, struct byte_reader *r, const uint8_t *begin)
{
    uint8_t b = byte_read_u8(r);
    d->temporal = b >> 5;
    d->switching_up = b >> 4 & 1;
    d->spatial = b >> 1 & 7;
    d->inter_layer = b & 1;
    if (d->flexible)
        return;
    d->tl0_at = (size_t)(r->at - begin);
    d->tl0_picture = byte_read_u8(r);
}

/* P_DIFF with N: at most three (section 4.2). False when the third still says that more follow. */
static bool parse_references(struct vp9_descriptor *d, struct byte_reader *r)
{
    uint8_t b;
    do {
        if (d->reference_count == VP9_REFERENCES_MAX)
            return false;
        b = byte_read_u8(r);
        d->references[d->reference_count++] = b >> 1;
    } while (b & 1);
    return true;
}

static void parse_structure(struct vp9_structure *s, struct byte_reader *r)
{
    uint8_t b = byte_read_u8(r);
    s->spatial_count = (uint8_t)((b >> 5) + 1);
    s->has_sizes = b & STRUCTURE_Y;
    for (unsigned i = 0; s->has_sizes && i < s->spatial_count; i++) {
        s->width[i] = byte_read_u16(r);
        s->height[i] = byte_read_u16(r);
    }
    if (!(b & STRUCTURE_G))
        return;
    s->group_count = byte_read_u8(r);
    for (unsigned i = 0; i < s->group_count && !r->failed; i++) {
        uint8_t picture = byte_read_u8(r);
        byte_read(r, picture >> 2 & 3); /* R: that many P_DIFF */
    }
}

int vp9_parse(struct vp9_descriptor *out, const uint8_t *payload, size_t len_bytes)
{
    struct byte_reader r = byte_reader_of(payload, len_bytes);
    uint8_t first = byte_read_u8(&r);
    struct vp9_descriptor d = {
        .picture_id = VP9_PICTURE_ID_NONE,
        .inter_predicted = first & BIT_P,
        .has_layers = first & BIT_L,
        .flexible = first & BIT_F,
        .start = first & BIT_B,
        .end = first & BIT_E,
        .not_reference = first & BIT_Z,
        .has_structure = first & BIT_V,
        .tl0_picture = -1,
    };
    if (d.flexible && !(first & BIT_I))
        return SQ_ERR_INVALID; /* section 4.2, F: the I bit MUST also be set */
    if (first & BIT_I)
        parse_picture_id(&d, &r, payload);
    if (d.has_layers)
        parse_layers(&d, &r, payload);
    if (d.flexible && d.inter_predicted && !parse_references(&d, &r))
        return SQ_ERR_INVALID;
    if (d.has_structure)
        parse_structure(&d.structure, &r);
    if (r.failed || byte_reader_left(&r) == 0)
        return SQ_ERR_INVALID;
    d.len_bytes = (size_t)(r.at - payload);
    *out = d;
    return SQ_OK;
}

bool vp9_size(const struct vp9_descriptor *d, uint16_t *width, uint16_t *height)
{
    if (!d->has_structure || !d->structure.has_sizes)
        return false;
    unsigned top = d->structure.spatial_count - 1u;
    *width = d->structure.width[top];
    *height = d->structure.height[top];
    return true;
}

void vp9_set_picture_id(const struct vp9_descriptor *d, uint8_t *payload, uint16_t picture_id)
{
    if (d->picture_id_at == 0)
        return;
    if (d->picture_id_long)
        bytes_put_u16(payload + d->picture_id_at, (uint16_t)(0x8000 | picture_id));
    else
        payload[d->picture_id_at] = picture_id & 0x7f;
}

void vp9_set_tl0_picture(const struct vp9_descriptor *d, uint8_t *payload, uint8_t tl0_picture)
{
    if (d->tl0_at != 0)
        payload[d->tl0_at] = tl0_picture;
}

void vp9_set_end(uint8_t *payload, bool end)
{
    payload[0] = (uint8_t)((payload[0] & ~BIT_E) | (end ? BIT_E : 0));
}

static bool writable(const struct vp9_descriptor *d)
{
    if (d->temporal > 7 || d->spatial >= VP9_SPATIAL_MAX ||
        d->reference_count > VP9_REFERENCES_MAX || (d->flexible && d->picture_id < 0))
        return false;
    if (d->flexible && d->inter_predicted && d->reference_count == 0)
        return false;
    return !d->has_structure ||
           (d->structure.spatial_count >= 1 && d->structure.spatial_count <= VP9_SPATIAL_MAX);
}

static uint8_t first_byte(const struct vp9_descriptor *d)
{
    return (uint8_t)((d->picture_id >= 0 ? BIT_I : 0) | (d->inter_predicted ? BIT_P : 0) |
                     (d->has_layers ? BIT_L : 0) | (d->flexible ? BIT_F : 0) |
                     (d->start ? BIT_B : 0) | (d->end ? BIT_E : 0) |
                     (d->has_structure ? BIT_V : 0) | (d->not_reference ? BIT_Z : 0));
}

static void write_structure(struct byte_writer *w, const struct vp9_structure *s)
{
    byte_write_u8(w, (uint8_t)((s->spatial_count - 1) << 5 | (s->has_sizes ? STRUCTURE_Y : 0)));
    for (unsigned i = 0; s->has_sizes && i < s->spatial_count; i++) {
        byte_write_u16(w, s->width[i]);
        byte_write_u16(w, s->height[i]);
    }
}

int vp9_write(const struct vp9_descriptor *d, uint8_t *out, size_t capacity_bytes)
{
    struct byte_writer w = byte_writer_of(out, capacity_bytes);
    if (!writable(d))
        return SQ_ERR_INVALID;
    byte_write_u8(&w, first_byte(d));
    if (d->picture_id >= 0)
        byte_write_u16(&w, (uint16_t)(0x8000 | (d->picture_id & VP9_PICTURE_ID_MASK)));
    if (d->has_layers) {
        byte_write_u8(&w, (uint8_t)(d->temporal << 5 | (d->switching_up ? 0x10 : 0) |
                                    d->spatial << 1 | (d->inter_layer ? 1 : 0)));
        if (!d->flexible)
            byte_write_u8(&w, (uint8_t)d->tl0_picture);
    }
    for (unsigned i = 0; d->flexible && d->inter_predicted && i < d->reference_count; i++)
        byte_write_u8(&w, (uint8_t)(d->references[i] << 1 | (i + 1u < d->reference_count ? 1 : 0)));
    if (d->has_structure)
        write_structure(&w, &d->structure);
    return w.failed ? SQ_ERR_LIMIT : (int)byte_writer_len(&w);
}

int vp9_packetizer_init(struct vp9_packetizer *p, const struct vp9_descriptor *d,
                        const uint8_t *frame, size_t len_bytes, size_t max_payload_bytes)
{
    if (len_bytes == 0 || max_payload_bytes <= VP9_DESCRIPTOR_MAX + 4 * VP9_SPATIAL_MAX ||
        !writable(d))
        return SQ_ERR_INVALID;
    size_t room = max_payload_bytes - VP9_DESCRIPTOR_MAX - 4 * VP9_SPATIAL_MAX;
    size_t parts = (len_bytes + room - 1) / room;
    *p = (struct vp9_packetizer){
        .descriptor = *d,
        .frame = frame,
        .len_bytes = len_bytes,
        .fragment_bytes = (len_bytes + parts - 1) / parts,
    };
    return SQ_OK;
}

int vp9_packetizer_next(struct vp9_packetizer *p, uint8_t *out, size_t capacity_bytes, bool *last)
{
    size_t left = p->len_bytes - p->at;
    size_t part = left < p->fragment_bytes ? left : p->fragment_bytes;
    if (left == 0)
        return 0;
    struct vp9_descriptor d = p->descriptor;
    d.start = p->at == 0;
    d.end = part == left;
    d.has_structure = d.has_structure && d.start;
    int head = vp9_write(&d, out, capacity_bytes);
    if (head < 0 || capacity_bytes - (size_t)head < part)
        return SQ_ERR_LIMIT;
    memcpy(out + head, p->frame + p->at, part);
    p->at += part;
    *last = d.end;
    return head + (int)part;
}
