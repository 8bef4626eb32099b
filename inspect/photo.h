/* SPDX-License-Identifier: Apache-2.0 */
/* Takes location and device out of photos without touching a pixel: the entropy-coded data is
 * copied byte for byte, of everything around it only what pictures need to look right is kept (a
 * list of what stays, so that the next maker's note needs no change here). Orientation and the time
 * of the picture survive in a fresh EXIF segment. Pure. Refuses to decode. */
#ifndef INSPECT_PHOTO_H
#define INSPECT_PHOTO_H

#include "inspect/kind.h"

#define PHOTO_SIDE_MAX   65535
#define PHOTO_TAKEN_MAX  20  /* "2012:11:18 15:04:22" and the final zero */
#define PHOTO_GROWTH_MAX 256 /* the fresh EXIF segment: more than the input at most */

struct photo {
    uint32_t width, height;
    unsigned orientation;        /* EXIF 1..8; 1 when it is not said */
    char taken[PHOTO_TAKEN_MAX]; /* "": not said */
};

/* Reads and copies: `out` has room for len_bytes + PHOTO_GROWTH_MAX; *out_len of it is filled.
 * false: the file is damaged or of no kind that we know; nothing of it may be kept then. Metadata
 * that is damaged does no harm: it goes. `out` may be NULL: only *photo is filled. */
bool photo_strip(enum kind kind, const uint8_t *bytes, size_t len_bytes, uint8_t *out,
                 size_t *out_len, struct photo *photo);

/* Inside: the two formats, and what both say of EXIF. */
struct photo_sink {
    uint8_t *out; /* NULL: nothing is kept */
    size_t len_bytes;
};
void photo_put(struct photo_sink *s, const void *bytes, size_t len_bytes);
bool photo_strip_jpeg(const uint8_t *bytes, size_t len_bytes, struct photo_sink *s,
                      struct photo *photo);
bool photo_strip_png(const uint8_t *bytes, size_t len_bytes, struct photo_sink *s,
                     struct photo *photo);

/* Orientation and time out of a TIFF structure (what follows "Exif\0\0"); what is damaged is not
 * said. */
void exif_read(const uint8_t *tiff, size_t len_bytes, struct photo *photo);
/* A fresh one into out[EXIF_FRESH_MAX] with what *photo has; its length, 0 when there is nothing to
 * say. */
#define EXIF_FRESH_MAX 128
size_t exif_write(const struct photo *photo, uint8_t out[EXIF_FRESH_MAX]);

#endif
