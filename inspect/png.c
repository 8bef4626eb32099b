/* SPDX-License-Identifier: Apache-2.0 */
/* PNG as a chain of chunks (ISO/IEC 15948). What stays: picture, palette, colour, transparency,
 * size of a pixel. Text, time, EXIF, private chunks and what follows IEND go. */
#include "inspect/photo.h"
#include <string.h>

#define CHUNK_AROUND 12 /* length, type, CRC */
#define IHDR_BYTES   13

static const char *const kept[] = {"IHDR", "PLTE", "IDAT", "IEND", "tRNS", "gAMA", "cHRM",
                                   "sRGB", "iCCP", "sBIT", "bKGD", "pHYs", "hIST"};

static uint32_t get_u32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void put_u32(uint8_t *p, uint32_t v)
{
    for (unsigned i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> 8 * (3 - i));
}

/* Annex D; bit by bit will do for chunks of a hundred bytes. */
static uint32_t crc_of(const uint8_t *bytes, size_t len)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < len; i++) {
        crc ^= bytes[i];
        for (int k = 0; k < 8; k++)
            crc = (crc >> 1) ^ (crc & 1 ? 0xedb88320u : 0);
    }
    return ~crc;
}

static bool stays(const uint8_t *type)
{
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        if (!memcmp(type, kept[i], 4))
            return true;
    }
    return false;
}

static void put_exif(struct photo_sink *s, const struct photo *photo)
{
    uint8_t chunk[CHUNK_AROUND + EXIF_FRESH_MAX];
    size_t len = exif_write(photo, chunk + 8);
    if (len == 0)
        return;
    put_u32(chunk, (uint32_t)len);
    memcpy(chunk + 4, "eXIf", 4);
    put_u32(chunk + 8 + len, crc_of(chunk + 4, len + 4));
    photo_put(s, chunk, len + CHUNK_AROUND);
}

bool photo_strip_png(const uint8_t *bytes, size_t len_bytes, struct photo_sink *s,
                     struct photo *photo)
{
    size_t at = 8;
    bool drawn = false;
    photo_put(s, bytes, at);
    while (len_bytes - at >= CHUNK_AROUND) {
        size_t len = get_u32(bytes + at);
        const uint8_t *type = bytes + at + 4, *body = bytes + at + 8;
        if (len > len_bytes - at - CHUNK_AROUND || (at == 8) != !memcmp(type, "IHDR", 4))
            return false;
        if (at == 8) {
            if (len != IHDR_BYTES)
                return false;
            photo->width = get_u32(body);
            photo->height = get_u32(body + 4);
        }
        bool last = !memcmp(type, "IEND", 4);
        drawn = drawn || !memcmp(type, "IDAT", 4);
        if (!memcmp(type, "eXIf", 4))
            exif_read(body, len, photo);
        if (last)
            put_exif(s, photo);
        if (stays(type))
            photo_put(s, bytes + at, len + CHUNK_AROUND);
        at += len + CHUNK_AROUND;
        if (last)
            return drawn && photo->width > 0 && photo->height > 0 &&
                   photo->width <= PHOTO_SIDE_MAX && photo->height <= PHOTO_SIDE_MAX;
    }
    return false;
}
