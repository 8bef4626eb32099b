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

static uint8_t *put_end(uint8_t *p, int files, uint32_t directory_bytes, uint32_t offset)
{
    p = put32(p, END_SIGNATURE);
    p = put16(p, 0); /* disks */
    p = put16(p, 0);
    p = put16(p, (unsigned)files);
    p = put16(p, (unsigned)files);
    p = put32(p, directory_bytes);
    p = put32(p, offset);
    return put16(p, 0); /* comment */
}

static uint32_t crc_of(const struct package_part *part)
{
    return (uint32_t)crc32_z(0, part->data, part->len_bytes);
}

static size_t size_of(const struct package *p)
{
    char name[EXPORT_FILE_NAME_MAX];
    size_t len = END_BYTES;
    for (int i = 0; i < package_count(p); i++)
        len +=
            LOCAL_BYTES + CENTRAL_BYTES + 2 * strlen(package_name(i, name)) + p->parts[i].len_bytes;
    return len;
}

int package_write(const struct package *p, struct export_bytes *out)
{
    size_t len = size_of(p);
    uint32_t crc[PACKAGE_FILES_MAX], offset[PACKAGE_FILES_MAX];
    char name[EXPORT_FILE_NAME_MAX];
    int files = package_count(p);
    if (len > EXPORT_PACKAGE_MAX)
        return SQ_ERR_LIMIT;
    uint8_t *data = malloc(len), *at = data;
    if (!data)
        return SQ_ERR_NOMEM;
    for (int i = 0; i < files; i++) {
        uint32_t size = (uint32_t)p->parts[i].len_bytes;
        CHECK(size <= package_bound(i));
        crc[i] = crc_of(&p->parts[i]);
        offset[i] = (uint32_t)(at - data);
        at = put_local(at, package_name(i, name), crc[i], size);
        memcpy(at, p->parts[i].data, size);
        at += size;
    }
    uint32_t directory = (uint32_t)(at - data);
    for (int i = 0; i < files; i++)
        at = put_central(at, package_name(i, name), crc[i], (uint32_t)p->parts[i].len_bytes,
                         offset[i]);
    at = put_end(at, files, (uint32_t)(at - data) - directory, directory);
    CHECK((size_t)(at - data) == len);
    *out = (struct export_bytes){data, len};
    return 0;
}

static int refuse(struct package_fault *fault, const char *code, int file, size_t offset)
{
    *fault = (struct package_fault){code, file, offset};
    return SQ_ERR_INVALID;
}

/* The bytes at the reader's place must be these; names the first that differs. */
static int expect(struct byte_reader *r, const uint8_t *start, const uint8_t *wanted, size_t len,
                  int file, struct package_fault *fault)
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
    char name[EXPORT_FILE_NAME_MAX];
    size_t left = byte_reader_left(r), at = (size_t)(r->at - start);
    if (left < LOCAL_BYTES)
        return refuse(fault, "truncated", file, at + left);
    uint32_t size = get32(r->at + SIZE_AT);
    *crc = get32(r->at + CRC_AT);
    size_t len = (size_t)(put_local(header, package_name(file, name), *crc, size) - header);
    if (expect(r, start, header, len, file, fault) < 0)
        return SQ_ERR_INVALID;
    if (size > package_bound(file))
        return refuse(fault, "size", file, at + SIZE_AT);
    part->len_bytes = size;
    part->data = byte_read(r, size);
    if (!part->data)
        return refuse(fault, "truncated", file, (size_t)(r->end - start));
    return crc_of(part) == *crc ? 0 : refuse(fault, "crc", file, at);
}

/* After the fixed files come opinions, at least one, until the directory begins. */
static bool another(const struct byte_reader *r, const struct package *p)
{
    return p->opinions == 0 ||
           (p->opinions < PACKAGE_OPINIONS_MAX && byte_reader_left(r) >= sizeof(uint32_t) &&
            get32(r->at) != CENTRAL_SIGNATURE);
}

struct place { /* of a file, as its headers have it */
    uint32_t crc, offset;
};

static int read_files(struct byte_reader *r, const uint8_t *start, struct package *p,
                      struct place *places, struct package_fault *fault)
{
    int status = 0;
    p->opinions = 0;
    for (int i = 0; status == 0 && (i < package_count(p) || another(r, p)); i++) {
        if (i == package_count(p))
            p->opinions++;
        places[i].offset = (uint32_t)(r->at - start);
        status = read_part(r, start, i, &p->parts[i], &places[i].crc, fault);
    }
    return status;
}

static int read_directory(struct byte_reader *r, const uint8_t *start, const struct package *p,
                          const struct place *places, struct package_fault *fault)
{
    uint8_t header[CENTRAL_BYTES + EXPORT_FILE_NAME_MAX];
    char name[EXPORT_FILE_NAME_MAX];
    int status = 0;
    for (int i = 0; i < package_count(p) && status == 0; i++) {
        uint32_t size = (uint32_t)p->parts[i].len_bytes;
        size_t len = (size_t)(put_central(header, package_name(i, name), places[i].crc, size,
                                          places[i].offset) -
                              header);
        status = expect(r, start, header, len, i, fault);
    }
    return status;
}

int package_read(struct package *p, const uint8_t *data, size_t len_bytes,
                 struct package_fault *fault)
{
    struct byte_reader r = byte_reader_of(data, len_bytes);
    struct place places[PACKAGE_FILES_MAX];
    uint8_t end[END_BYTES];
    int status = read_files(&r, data, p, places, fault);
    const uint8_t *directory = r.at;
    if (status == 0)
        status = read_directory(&r, data, p, places, fault);
    if (status < 0)
        return status;
    put_end(end, package_count(p), (uint32_t)(r.at - directory), (uint32_t)(directory - data));
    status = expect(&r, data, end, END_BYTES, PACKAGE_ZIP, fault);
    if (status == 0 && byte_reader_left(&r) > 0)
        return refuse(fault, "container", PACKAGE_ZIP, (size_t)(r.at - data));
    return status;
}
