/* SPDX-License-Identifier: Apache-2.0 */
/* JPEG as a chain of segments (ITU-T T.81 annex B). What stays: tables, frames, scans and their
 * coded data, JFIF, an ICC profile, Adobe's colour transform. What goes: every other application
 * segment (EXIF, XMP, IPTC, maker's notes, thumbnails), comments, and all that follows the end of
 * the picture (further pictures of a phone have metadata of their own). */
#include "inspect/photo.h"
#include <string.h>

enum {
    M_SOF0 = 0xc0,
    M_DHT = 0xc4,
    M_JPG = 0xc8,
    M_DAC = 0xcc,
    M_SOF15 = 0xcf,
    M_RST0 = 0xd0,
    M_RST7 = 0xd7,
    M_SOI = 0xd8,
    M_EOI = 0xd9,
    M_SOS = 0xda,
    M_DQT = 0xdb,
    M_DNL = 0xdc,
    M_DRI = 0xdd,
    M_APP0 = 0xe0,
    M_APP1 = 0xe1,
    M_APP2 = 0xe2,
    M_APP14 = 0xee,
    M_APP15 = 0xef,
    M_COM = 0xfe
};

#define EXIF_MARK       "Exif\0" /* and the zero of the literal */
#define EXIF_MARK_BYTES 6

struct jpeg {
    const uint8_t *at, *end;
    struct photo_sink *sink;
    struct photo *photo;
    size_t exif_at; /* where the fresh segment goes: after JFIF */
    bool framed;    /* a frame header came */
    bool scanned;   /* a scan came */
};

static bool begins(const uint8_t *body, size_t len, const char *mark, size_t mark_len)
{
    return len >= mark_len && !memcmp(body, mark, mark_len);
}

static bool is_frame(unsigned marker)
{
    return marker >= M_SOF0 && marker <= M_SOF15 && marker != M_DHT && marker != M_JPG &&
           marker != M_DAC;
}

static bool read_frame(struct jpeg *j, const uint8_t *body, size_t len)
{
    if (len < 6 || j->framed)
        return false;
    j->framed = true;
    j->photo->height = (uint32_t)(body[1] << 8 | body[2]);
    j->photo->width = (uint32_t)(body[3] << 8 | body[4]);
    return j->photo->width > 0 && j->photo->height > 0;
}

/* Does the segment stay? A JFIF thumbnail is left as it is: it shows the picture, nothing more. */
static bool stays(unsigned marker, const uint8_t *body, size_t len)
{
    if (marker == M_APP0)
        return begins(body, len, "JFIF", 5);
    if (marker == M_APP2)
        return begins(body, len, "ICC_PROFILE", 12);
    if (marker == M_APP14)
        return begins(body, len, "Adobe", 5);
    return is_frame(marker) || marker == M_DHT || marker == M_DAC || marker == M_SOS ||
           marker == M_DQT || marker == M_DNL || marker == M_DRI;
}

static bool take_segment(struct jpeg *j, unsigned marker)
{
    if (j->end - j->at < 2)
        return false;
    size_t len = (size_t)(j->at[0] << 8 | j->at[1]);
    if (len < 2 || (size_t)(j->end - j->at) < len)
        return false;
    const uint8_t *body = j->at + 2;
    size_t body_len = len - 2;
    if (marker == M_APP1 && begins(body, body_len, EXIF_MARK, EXIF_MARK_BYTES))
        exif_read(body + EXIF_MARK_BYTES, body_len - EXIF_MARK_BYTES, j->photo);
    if (is_frame(marker) && !read_frame(j, body, body_len))
        return false;
    if (stays(marker, body, body_len)) {
        photo_put(j->sink, (const uint8_t[]){0xff, (uint8_t)marker}, 2);
        photo_put(j->sink, j->at, len);
    }
    if (marker == M_APP0 && !j->framed && stays(marker, body, body_len))
        j->exif_at = j->sink->len_bytes;
    j->at += len;
    return true;
}

/* Coded data up to the next marker that is neither a stuffed zero nor a restart. */
static void take_coded(struct jpeg *j)
{
    const uint8_t *begin = j->at;
    while (j->at < j->end) {
        const uint8_t *mark = memchr(j->at, 0xff, (size_t)(j->end - j->at));
        j->at = mark ? mark : j->end;
        if (!mark || j->end - mark < 2)
            break;
        if (mark[1] != 0 && mark[1] != 0xff && (mark[1] < M_RST0 || mark[1] > M_RST7))
            break;
        j->at = mark + (mark[1] == 0xff ? 1 : 2);
    }
    photo_put(j->sink, begin, (size_t)(j->at - begin));
}

/* The next marker; fill bytes before it are left out. 0: none. */
static unsigned next_marker(struct jpeg *j)
{
    if (j->end - j->at < 2 || *j->at != 0xff)
        return 0;
    while (j->at < j->end && *j->at == 0xff)
        j->at++;
    return j->at < j->end ? *j->at++ : 0;
}

static bool take_all(struct jpeg *j)
{
    for (;;) {
        unsigned marker = next_marker(j);
        if (marker == M_EOI) {
            photo_put(j->sink, "\xff\xd9", 2);
            return j->framed && j->scanned;
        }
        if (marker < M_SOF0 || marker == M_SOI || (marker >= M_RST0 && marker <= M_RST7) ||
            !take_segment(j, marker))
            return false;
        if (marker == M_SOS) {
            if (!j->framed)
                return false;
            j->scanned = true;
            take_coded(j);
        }
    }
}

static void insert_exif(struct jpeg *j)
{
    uint8_t fresh[4 + EXIF_MARK_BYTES + EXIF_FRESH_MAX] = {0xff, M_APP1};
    size_t len = exif_write(j->photo, fresh + 4 + EXIF_MARK_BYTES);
    if (len == 0 || !j->sink->out)
        return;
    memcpy(fresh + 4, EXIF_MARK, EXIF_MARK_BYTES);
    fresh[3] = (uint8_t)(2 + EXIF_MARK_BYTES + len);
    len += 4 + EXIF_MARK_BYTES;
    memmove(j->sink->out + j->exif_at + len, j->sink->out + j->exif_at,
            j->sink->len_bytes - j->exif_at);
    memcpy(j->sink->out + j->exif_at, fresh, len);
    j->sink->len_bytes += len;
}

bool photo_strip_jpeg(const uint8_t *bytes, size_t len_bytes, struct photo_sink *s,
                      struct photo *photo)
{
    struct jpeg j = {.at = bytes, .end = bytes + len_bytes, .sink = s, .photo = photo};
    if (next_marker(&j) != M_SOI)
        return false;
    photo_put(s, "\xff\xd8", 2);
    j.exif_at = s->len_bytes;
    if (!take_all(&j))
        return false;
    insert_exif(&j);
    return true;
}
