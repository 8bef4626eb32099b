/* SPDX-License-Identifier: Apache-2.0 */
/* VP8 over RTP: payload descriptor (RFC 7741 section 4.2), key-frame header (RFC 6386 section 9.1),
 * rewriting of PictureID and TL0PICIDX in place, and cutting frames into payloads. Refuses to know:
 * RTP headers, decoding. Putting frames together again is rtc/jitter/video_jitter.h. */
#ifndef RTC_PAYLOAD_VP8_H
#define RTC_PAYLOAD_VP8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VP8_DESCRIPTOR_MAX  6 /* X, I with 15 bits, L, T/K: RFC 7741 figure 1 */
#define VP8_PICTURE_ID_NONE (-1)
#define VP8_TL0_NONE        (-1)
#define VP8_PICTURE_ID_MASK 0x7fff

struct vp8_descriptor {
    bool non_reference;   /* N: may be dropped without harm */
    bool start;           /* S: first of a partition */
    uint8_t partition;    /* PID */
    int32_t picture_id;   /* 7 or 15 bits; VP8_PICTURE_ID_NONE when absent */
    bool picture_id_long; /* M: 15-bit form */
    int16_t tl0_picture;  /* TL0PICIDX, VP8_TL0_NONE when absent */
    bool has_temporal;    /* T */
    uint8_t temporal;     /* TID; 0 when absent */
    bool layer_sync;      /* Y: depends on the base layer only */
    int8_t key_index;     /* KEYIDX; -1 when absent */
    size_t picture_id_at; /* offset in the payload; 0 when absent */
    size_t tl0_at;        /* offset in the payload; 0 when absent */
    size_t len_bytes;     /* of the descriptor: the VP8 data starts here */
};

/* 0; SQ_ERR_INVALID when the descriptor is cut off or nothing follows it. */
int vp8_parse(struct vp8_descriptor *out, const uint8_t *payload, size_t len_bytes);
/* First packet of a frame: S set and partition 0. */
static inline bool vp8_frame_start(const struct vp8_descriptor *d)
{
    return d->start && d->partition == 0;
}
/* True when this payload starts a key frame; then width and height (either may be NULL) are the
 * coded size in pixels, 0 when the payload ends before them. */
bool vp8_key_frame(const struct vp8_descriptor *d, const uint8_t *payload, size_t len_bytes,
                   uint16_t *width, uint16_t *height);
/* Overwrites what is there, keeping the form: a 7-bit PictureID takes the low 7 bits. Absent fields
 * stay absent. */
void vp8_set_picture_id(const struct vp8_descriptor *d, uint8_t *payload, uint16_t picture_id);
void vp8_set_tl0_picture(const struct vp8_descriptor *d, uint8_t *payload, uint8_t tl0_picture);

/* Writes a descriptor: start, partition (0..7), non_reference and the optional fields present in
 * `d` (picture ids always in the 15-bit form). Its length (at most VP8_DESCRIPTOR_MAX), or
 * SQ_ERR_LIMIT. */
int vp8_write(const struct vp8_descriptor *d, uint8_t *out, size_t capacity_bytes);

/* Cuts one encoded frame into payloads of at most max_payload_bytes, of nearly equal size. Borrows
 * the frame. */
struct vp8_packetizer {
    struct vp8_descriptor descriptor; /* what each payload carries; start is set for the first */
    const uint8_t *frame;
    size_t len_bytes, at;
    size_t fragment_bytes;
    bool first;
};
/* 0; SQ_ERR_INVALID for an empty frame or a max_payload_bytes of VP8_DESCRIPTOR_MAX or less. */
int vp8_packetizer_init(struct vp8_packetizer *p, const struct vp8_descriptor *d,
                        const uint8_t *frame, size_t len_bytes, size_t max_payload_bytes);
/* Writes the next payload. Its length and *last (set the marker bit), 0 when all is out,
 * SQ_ERR_LIMIT. */
int vp8_packetizer_next(struct vp8_packetizer *p, uint8_t *out, size_t capacity_bytes, bool *last);

#endif
