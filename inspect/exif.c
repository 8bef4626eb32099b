/* SPDX-License-Identifier: Apache-2.0 */
/* The two facts of EXIF that stay (CIPA DC-008): Orientation 0x0112 of the first directory and
 * DateTimeOriginal 0x9003 of the EXIF directory. Every offset is checked against the length. */
#include "inspect/photo.h"
#include <stdio.h>
#include <string.h>

#define TAG_ORIENTATION 0x0112
#define TAG_EXIF        0x8769
#define TAG_TAKEN       0x9003
#define TYPE_ASCII      2
#define TYPE_SHORT      3
#define TYPE_LONG       4
#define ENTRY_BYTES     12

struct tiff {
    const uint8_t *bytes;
    size_t len_bytes;
    bool big; /* byte order */
};

static uint32_t get(const struct tiff *t, size_t at, unsigned count)
{
    uint32_t v = 0;
    for (unsigned i = 0; i < count; i++)
        v |= (uint32_t)t->bytes[at + i] << 8 * (t->big ? count - 1 - i : i);
    return v;
}

/* Where the entry of that tag and type begins in the directory at `at`; 0: there is none. */
static size_t find(const struct tiff *t, size_t at, unsigned tag, unsigned type)
{
    if (at < 8 || at > t->len_bytes || t->len_bytes - at < 2)
        return 0;
    size_t count = get(t, at, 2), room = (t->len_bytes - at - 2) / ENTRY_BYTES;
    for (size_t i = 0; i < count && i < room; i++) {
        size_t entry = at + 2 + i * ENTRY_BYTES;
        if (get(t, entry, 2) == tag && get(t, entry + 2, 2) == type)
            return entry;
    }
    return 0;
}

static void read_taken(const struct tiff *t, size_t entry, struct photo *photo)
{
    size_t count = get(t, entry + 4, 4), at = get(t, entry + 8, 4);
    if (count != PHOTO_TAKEN_MAX || at > t->len_bytes || t->len_bytes - at < count)
        return;
    static const char shape[] = "dddd:dd:dd dd:dd:dd";
    for (size_t i = 0; i < sizeof shape - 1; i++) {
        uint8_t c = t->bytes[at + i];
        if (shape[i] == 'd' ? c < '0' || c > '9' : c != shape[i])
            return;
    }
    memcpy(photo->taken, t->bytes + at, PHOTO_TAKEN_MAX - 1);
}

void exif_read(const uint8_t *tiff, size_t len_bytes, struct photo *photo)
{
    struct tiff t = {tiff, len_bytes, false};
    if (len_bytes < 8)
        return;
    t.big = !memcmp(tiff, "MM\0*", 4);
    if (!t.big && memcmp(tiff, "II*\0", 4) != 0)
        return;
    size_t first = get(&t, 4, 4);
    size_t entry = find(&t, first, TAG_ORIENTATION, TYPE_SHORT);
    uint32_t orientation = entry ? get(&t, entry + 8, 2) : 1;
    photo->orientation = orientation >= 1 && orientation <= 8 ? orientation : 1;
    entry = find(&t, first, TAG_EXIF, TYPE_LONG);
    if (entry)
        entry = find(&t, get(&t, entry + 8, 4), TAG_TAKEN, TYPE_ASCII);
    if (entry)
        read_taken(&t, entry, photo);
}

/* ---- a fresh one, big-endian ---- */

struct writer {
    uint8_t *out;
    size_t len;
};

static void put(struct writer *w, uint32_t v, unsigned count)
{
    while (count-- > 0)
        w->out[w->len++] = (uint8_t)(v >> 8 * count);
}

static void put_entry(struct writer *w, uint32_t tag, uint32_t type, uint32_t count, uint32_t value)
{
    put(w, tag, 2);
    put(w, type, 2);
    put(w, count, 4);
    put(w, value, 4);
}

size_t exif_write(const struct photo *photo, uint8_t out[EXIF_FRESH_MAX])
{
    bool turned = photo->orientation > 1, dated = photo->taken[0] != '\0';
    struct writer w = {out, 0};
    if (!turned && !dated)
        return 0;
    uint32_t entries = (turned ? 1u : 0u) + (dated ? 1u : 0u);
    uint32_t second = 8 + 2 + entries * ENTRY_BYTES + 4; /* the EXIF directory, then its text */
    memcpy(out, "MM\0*\0\0\0\x08", 8);
    w.len = 8;
    put(&w, entries, 2);
    if (turned)
        put_entry(&w, TAG_ORIENTATION, TYPE_SHORT, 1, photo->orientation << 16);
    if (dated)
        put_entry(&w, TAG_EXIF, TYPE_LONG, 1, second);
    put(&w, 0, 4);
    if (dated) {
        put(&w, 1, 2);
        put_entry(&w, TAG_TAKEN, TYPE_ASCII, PHOTO_TAKEN_MAX, second + 2 + ENTRY_BYTES + 4);
        put(&w, 0, 4);
        memcpy(out + w.len, photo->taken, PHOTO_TAKEN_MAX);
        w.len += PHOTO_TAKEN_MAX;
    }
    return w.len;
}
