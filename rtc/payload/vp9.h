/* SPDX-License-Identifier: Apache-2.0 */
/* VP9 over RTP: payload descriptor (RFC 9628 section 4.2) in flexible and non-flexible mode with
 * scalability structure, key picture and up-switch detection, and cutting of single-layer pictures
 * into payloads. Refuses to know: RTP headers, decoding, which layers somebody wants. */
#ifndef RTC_PAYLOAD_VP9_H
#define RTC_PAYLOAD_VP9_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VP9_PICTURE_ID_NONE (-1)
#define VP9_PICTURE_ID_MASK 0x7fff
#define VP9_SPATIAL_MAX     8   /* three bits */
#define VP9_REFERENCES_MAX  3   /* RFC 9628 section 4.2: P_DIFF at most three times */
#define VP9_GROUP_MAX       255 /* N_G: eight bits */
#define VP9_DESCRIPTOR_MAX  16  /* what vp9_write may produce: no group of pictures beyond one */

/* Scalability structure (section 4.2.1), as far as a receiver needs it. */
struct vp9_structure {
    uint8_t spatial_count; /* N_S + 1 */
    bool has_sizes;        /* Y */
    uint16_t width[VP9_SPATIAL_MAX], height[VP9_SPATIAL_MAX];
    uint8_t group_count; /* N_G, 0 without G */
};

struct vp9_descriptor {
    int32_t picture_id; /* I; 7 or 15 bits; VP9_PICTURE_ID_NONE when absent */
    bool picture_id_long;
    bool inter_predicted; /* P */
    bool has_layers;      /* L */
    bool flexible;        /* F */
    bool start;           /* B: first of a frame (of one spatial layer) */
    bool end;             /* E: last of a frame */
    bool not_reference;   /* Z: not used by upper spatial layers */
    uint8_t temporal;     /* TID */
    bool switching_up;    /* U */
    uint8_t spatial;      /* SID */
    bool inter_layer;     /* D: depends on the lower spatial layer */
    int16_t tl0_picture;  /* non-flexible with L: TL0PICIDX; otherwise -1 */
    uint8_t reference_count;
    uint8_t references[VP9_REFERENCES_MAX]; /* P_DIFF */
    bool has_structure;                     /* V: `structure` is filled */
    struct vp9_structure structure;
    size_t picture_id_at; /* offset; 0 when absent */
    size_t tl0_at;        /* offset; 0 when absent */
    size_t len_bytes;     /* the VP9 data starts here */
};

/* 0; SQ_ERR_INVALID when cut off, with more than three references, F without I, or nothing behind
 * it. */
int vp9_parse(struct vp9_descriptor *out, const uint8_t *payload, size_t len_bytes);
/* The first packet of a picture: B and (no layers or spatial layer 0). Where the relay removed
 * lower layers, there is none. */
static inline bool vp9_picture_start(const struct vp9_descriptor *d)
{
    return d->start && (!d->has_layers || d->spatial == 0);
}
/* Starts a picture that needs no other: not inter-predicted, spatial layer 0, first packet. */
static inline bool vp9_key_frame(const struct vp9_descriptor *d)
{
    return vp9_picture_start(d) && !d->inter_predicted;
}
/* A receiver of lower temporal layers may go up to this one here (U, or a frame that is not
 * inter-predicted). */
static inline bool vp9_switch_up(const struct vp9_descriptor *d)
{
    return d->start && (d->switching_up || !d->inter_predicted);
}
/* Width and height of the largest layer, from the scalability structure; false without one. */
bool vp9_size(const struct vp9_descriptor *d, uint16_t *width, uint16_t *height);

/* Overwrites what is there, keeping the form. Absent fields stay absent. */
void vp9_set_picture_id(const struct vp9_descriptor *d, uint8_t *payload, uint16_t picture_id);
void vp9_set_tl0_picture(const struct vp9_descriptor *d, uint8_t *payload, uint8_t tl0_picture);
/* Sets E in place: for a relay that removes upper spatial layers (the marker bit is set by the
 * caller). */
void vp9_set_end(uint8_t *payload, bool end);

/* Writes a descriptor (15-bit picture ids; structure with sizes when has_structure, never a group).
 * Its length or SQ_ERR_LIMIT, or SQ_ERR_INVALID for values out of range. */
int vp9_write(const struct vp9_descriptor *d, uint8_t *out, size_t capacity_bytes);

/* Cuts one encoded frame (one spatial layer) into payloads. Borrows the frame. The structure goes
 * with the first only. */
struct vp9_packetizer {
    struct vp9_descriptor descriptor;
    const uint8_t *frame;
    size_t len_bytes, at;
    size_t fragment_bytes;
};
/* 0; SQ_ERR_INVALID for an empty frame or a max_payload_bytes of VP9_DESCRIPTOR_MAX + 4 *
 * VP9_SPATIAL_MAX or less. */
int vp9_packetizer_init(struct vp9_packetizer *p, const struct vp9_descriptor *d,
                        const uint8_t *frame, size_t len_bytes, size_t max_payload_bytes);
int vp9_packetizer_next(struct vp9_packetizer *p, uint8_t *out, size_t capacity_bytes, bool *last);

#endif
