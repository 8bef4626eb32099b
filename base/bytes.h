/* SPDX-License-Identifier: Apache-2.0 */
/* Byte cursors in network order. A reader or writer that runs out sets `failed`, yields zeros or writes
 * nothing, and stays failed: parse a whole message, then look once. Neither owns its bytes. */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct byte_reader {
    const uint8_t *at;
    const uint8_t *end;
    bool failed;
};

struct byte_writer {
    uint8_t *begin;
    uint8_t *at;
    uint8_t *end;
    bool failed;
};

static inline uint16_t bytes_get_u16(const uint8_t *p)
{
    return (uint16_t)((uint16_t)p[0] << 8 | p[1]);
}

static inline uint32_t bytes_get_u24(const uint8_t *p)
{
    return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
}

static inline uint32_t bytes_get_u32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint64_t bytes_get_u64(const uint8_t *p)
{
    return (uint64_t)bytes_get_u32(p) << 32 | bytes_get_u32(p + 4);
}

static inline void bytes_put_u16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static inline void bytes_put_u24(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 16);
    p[1] = (uint8_t)(v >> 8);
    p[2] = (uint8_t)v;
}

static inline void bytes_put_u32(uint8_t *p, uint32_t v)
{
    bytes_put_u16(p, (uint16_t)(v >> 16));
    bytes_put_u16(p + 2, (uint16_t)v);
}

static inline void bytes_put_u64(uint8_t *p, uint64_t v)
{
    bytes_put_u32(p, (uint32_t)(v >> 32));
    bytes_put_u32(p + 4, (uint32_t)v);
}

static inline struct byte_reader byte_reader_of(const void *data, size_t len_bytes)
{
    const uint8_t *p = data;
    return (struct byte_reader){.at = p, .end = p ? p + len_bytes : p, .failed = false};
}

static inline size_t byte_reader_left(const struct byte_reader *r)
{
    return (size_t)(r->end - r->at);
}

/* The next len_bytes, borrowed from the input; NULL (and failed) when fewer are left. */
static inline const uint8_t *byte_read(struct byte_reader *r, size_t len_bytes)
{
    if (r->failed || byte_reader_left(r) < len_bytes) {
        r->failed = true;
        return NULL;
    }
    const uint8_t *p = r->at;
    r->at += len_bytes;
    return p;
}

static inline uint8_t byte_read_u8(struct byte_reader *r)
{
    const uint8_t *p = byte_read(r, 1);
    return p ? p[0] : 0;
}

static inline uint16_t byte_read_u16(struct byte_reader *r)
{
    const uint8_t *p = byte_read(r, 2);
    return p ? bytes_get_u16(p) : 0;
}

static inline uint32_t byte_read_u24(struct byte_reader *r)
{
    const uint8_t *p = byte_read(r, 3);
    return p ? bytes_get_u24(p) : 0;
}

static inline uint32_t byte_read_u32(struct byte_reader *r)
{
    const uint8_t *p = byte_read(r, 4);
    return p ? bytes_get_u32(p) : 0;
}

static inline uint64_t byte_read_u64(struct byte_reader *r)
{
    const uint8_t *p = byte_read(r, 8);
    return p ? bytes_get_u64(p) : 0;
}

static inline struct byte_writer byte_writer_of(void *data, size_t capacity_bytes)
{
    uint8_t *p = data;
    return (struct byte_writer){.begin = p, .at = p, .end = p + capacity_bytes, .failed = false};
}

static inline size_t byte_writer_len(const struct byte_writer *w)
{
    return (size_t)(w->at - w->begin);
}

/* Room for len_bytes at the cursor; NULL (and failed) when there is less. */
static inline uint8_t *byte_reserve(struct byte_writer *w, size_t len_bytes)
{
    if (w->failed || (size_t)(w->end - w->at) < len_bytes) {
        w->failed = true;
        return NULL;
    }
    uint8_t *p = w->at;
    w->at += len_bytes;
    return p;
}

static inline void byte_write(struct byte_writer *w, const void *data, size_t len_bytes)
{
    uint8_t *p = byte_reserve(w, len_bytes);
    if (!w->failed && len_bytes) /* asks the flag: a test of p makes gcc fear a NULL buffer */
        memcpy(p, data, len_bytes);
}

static inline void byte_write_u8(struct byte_writer *w, uint8_t v)
{
    byte_write(w, &v, 1);
}

static inline void byte_write_u16(struct byte_writer *w, uint16_t v)
{
    uint8_t *p = byte_reserve(w, 2);
    if (!w->failed)
        bytes_put_u16(p, v);
}

static inline void byte_write_u24(struct byte_writer *w, uint32_t v)
{
    uint8_t *p = byte_reserve(w, 3);
    if (!w->failed)
        bytes_put_u24(p, v);
}

static inline void byte_write_u32(struct byte_writer *w, uint32_t v)
{
    uint8_t *p = byte_reserve(w, 4);
    if (!w->failed)
        bytes_put_u32(p, v);
}

static inline void byte_write_u64(struct byte_writer *w, uint64_t v)
{
    uint8_t *p = byte_reserve(w, 8);
    if (!w->failed)
        bytes_put_u64(p, v);
}

#endif
