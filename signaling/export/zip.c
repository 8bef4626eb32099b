/* SPDX-License-Identifier: Apache-2.0 */
/* The container of an evidence package: a zip (PKWARE APPNOTE 6.3.3) of fixed files, stored,
 * without times, extra fields or comments, so that the same content is the same bytes for ever and
 * every bit of it is checked. Any unzip reads it; nothing is ever inflated here. */
#include "base/bytes.h"
#include "base/check.h"
#include "shanqiao/error.h"
#include "signaling/export/package.h"
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* APPNOTE sections 4.3.7, 4.3.12 and 4.3.16; little-endian. */
#define LOCAL_BYTES       30
#define CENTRAL_BYTES     46
#define END_BYTES         22
#define LOCAL_SIGNATURE   0x04034b50u
#define CENTRAL_SIGNATURE 0x02014b50u
#define END_SIGNATURE     0x06054b50u
#define VERSION_NEEDED    10               /* 1.0: stored */
#define MADE_BY           ((3 << 8) | 10)  /* Unix, for the mode below */
#define FLAG_UTF8         0                /* names are ASCII */
#define DOS_DATE          ((1 << 5) | 1)   /* 1980-01-01, the zero of DOS times */
#define MODE              (0100600u << 16) /* a file that its owner alone reads */

static uint8_t *put16(uint8_t *p, unsigned v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
    return p + 2;
}

static uint8_t *put32(uint8_t *p, uint32_t v)
{
    return put16(put16(p, v & 0xffff), v >> 16);
}

/* What local and central headers share, from "version needed" to the length of the name. */
static uint8_t *put_common(uint8_t *p, const char *name, uint32_t crc, uint32_t size)
{
    p = put16(p, VERSION_NEEDED);
    p = put16(p, FLAG_UTF8);
    p = put16(p, 0); /* stored */
    p = put16(p, 0); /* time */
    p = put16(p, DOS_DATE);
    p = put32(p, crc);
    p = put32(p, size); /* compressed */
    p = put32(p, size);
    p = put16(p, (unsigned)strlen(name));
    return put16(p, 0); /* extra field */
}

static uint8_t *put_local(uint8_t *p, const char *name, uint32_t crc, uint32_t size)
{
    p = put32(p, LOCAL_SIGNATURE);
    p = put_common(p, name, crc, size);
    memcpy(p, name, strlen(name));
    return p + strlen(name);
}

static uint8_t *put_central(uint8_t *p, const char *name, uint32_t crc, uint32_t size,
                            uint32_t offset)
{
    p = put32(p, CENTRAL_SIGNATURE);
    p = put16(p, MADE_BY);
    p = put_common(p, name, crc, size);
    p = put16(p, 0); /* comment */
    p = put16(p, 0); /* disk */
    p = put16(p, 0); /* internal attributes */
    p = put32(p, MODE);
    p = put32(p, offset);
    memcpy(p, name, strlen(name));
    return p + strlen(name);
}

static uint8_t *put_end(uint8_t *p, uint32_t directory_bytes, uint32_t offset)
{
    p = put32(p, END_SIGNATURE);
    p = put16(p, 0); /* disks */
    p = put16(p, 0);
    p = put16(p, PACKAGE_FILES);
    p = put16(p, PACKAGE_FILES);
    p = put32(p, directory_bytes);
    p = put32(p, offset);
    return put16(p, 0); /* comment */
}

static uint32_t crc_of(const struct package_part *part)
{
    return (uint32_t)crc32_z(0, part->data, part->len_bytes);
}

int package_write(const struct package *p, struct export_bytes *out)
{
    size_t len = END_BYTES;
    uint32_t crc[PACKAGE_FILES], offset[PACKAGE_FILES];
    for (int i = 0; i < PACKAGE_FILES; i++) {
        CHECK(p->parts[i].len_bytes <= package_bound(i));
        len += LOCAL_BYTES + CENTRAL_BYTES + 2 * strlen(package_name(i)) + p->parts[i].len_bytes;
        crc[i] = crc_of(&p->parts[i]);
    }
    uint8_t *data = malloc(len), *at = data;
    if (!data)
        return SQ_ERR_NOMEM;
    for (int i = 0; i < PACKAGE_FILES; i++) {
        uint32_t size = (uint32_t)p->parts[i].len_bytes;
        offset[i] = (uint32_t)(at - data);
        at = put_local(at, package_name(i), crc[i], size);
        memcpy(at, p->parts[i].data, size);
        at += size;
    }
    uint32_t directory = (uint32_t)(at - data);
    for (int i = 0; i < PACKAGE_FILES; i++)
        at = put_central(at, package_name(i), crc[i], (uint32_t)p->parts[i].len_bytes, offset[i]);
    at = put_end(at, (uint32_t)(at - data) - directory, directory);
    CHECK((size_t)(at - data) == len);
    *out = (struct export_bytes){data, len};
    return 0;
}

static int refuse(struct package_fault *fault, const char *code, const char *file, size_t offset)
{
    *fault = (struct package_fault){code, file, offset};
    return SQ_ERR_INVALID;
}

/* The bytes at the reader's place must be these; names the first that differs. */
static int expect(struct byte_reader *r, const uint8_t *start, const uint8_t *wanted, size_t len,
                  const char *file, struct package_fault *fault)
{
    size_t left = byte_reader_left(r);
    for (size_t i = 0; i < len && i < left; i++)
        if (r->at[i] != wanted[i])
            return refuse(fault, "container", file, (size_t)(r->at + i - start));
    return byte_read(r, len) ? 0 : refuse(fault, "truncated", file, (size_t)(r->end - start));
}

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

#define CRC_AT  14 /* in a local header */
#define SIZE_AT 18

static int read_part(struct byte_reader *r, const uint8_t *start, int file,
                     struct package_part *part, uint32_t *crc, struct package_fault *fault)
{
    uint8_t header[LOCAL_BYTES + EXPORT_FILE_NAME_MAX];
    const char *name = package_name(file);
    size_t left = byte_reader_left(r), at = (size_t)(r->at - start);
    if (left < LOCAL_BYTES)
        return refuse(fault, "truncated", name, at + left);
    uint32_t size = get32(r->at + SIZE_AT);
    *crc = get32(r->at + CRC_AT);
    size_t len = (size_t)(put_local(header, name, *crc, size) - header);
    if (expect(r, start, header, len, name, fault) < 0)
        return SQ_ERR_INVALID;
    if (size > package_bound(file))
        return refuse(fault, "size", name, at + SIZE_AT);
    part->len_bytes = size;
    part->data = byte_read(r, size);
    if (!part->data)
        return refuse(fault, "truncated", name, (size_t)(r->end - start));
    return crc_of(part) == *crc ? 0 : refuse(fault, "crc", name, at);
}

int package_read(struct package *p, const uint8_t *data, size_t len_bytes,
                 struct package_fault *fault)
{
    struct byte_reader r = byte_reader_of(data, len_bytes);
    uint32_t crc[PACKAGE_FILES], offset[PACKAGE_FILES];
    uint8_t header[CENTRAL_BYTES + EXPORT_FILE_NAME_MAX];
    int status = 0;
    for (int i = 0; i < PACKAGE_FILES && status == 0; i++) {
        offset[i] = (uint32_t)(r.at - data);
        status = read_part(&r, data, i, &p->parts[i], &crc[i], fault);
    }
    const uint8_t *directory = r.at;
    for (int i = 0; i < PACKAGE_FILES && status == 0; i++) {
        const char *name = package_name(i);
        uint32_t size = (uint32_t)p->parts[i].len_bytes;
        size_t len = (size_t)(put_central(header, name, crc[i], size, offset[i]) - header);
        status = expect(&r, data, header, len, name, fault);
    }
    if (status < 0)
        return status;
    put_end(header, (uint32_t)(r.at - directory), (uint32_t)(directory - data));
    status = expect(&r, data, header, END_BYTES, "zip", fault);
    if (status == 0 && byte_reader_left(&r) > 0)
        return refuse(fault, "container", "zip", (size_t)(r.at - data));
    return status;
}
