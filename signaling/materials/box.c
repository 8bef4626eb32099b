/* SPDX-License-Identifier: Apache-2.0 */
/* Records one after the other; the length is authenticated with the place, so a changed length is a
 * forged record. */
#include "signaling/materials/box.h"

#include "base/bytes.h"
#include "base/check.h"
#include "base/text.h"
#include "shanqiao/error.h"
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NONCE_BYTES crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_BYTES   crypto_aead_xchacha20poly1305_ietf_ABYTES
#define HEAD_BYTES  (4 + NONCE_BYTES)
#define AROUND      (HEAD_BYTES + TAG_BYTES)
#define PROVISIONAL 0x80000000u
#define PLACE_BYTES (ID_MAX + 8 + 4)

_Static_assert(crypto_aead_xchacha20poly1305_ietf_KEYBYTES == BOX_KEY_BYTES, "key size");

static int io_error(void)
{
    return errno == ENOSPC || errno == EDQUOT ? SQ_ERR_LIMIT
           : errno == ENOENT                  ? SQ_ERR_NOT_FOUND
           : errno == EEXIST                  ? SQ_ERR_CONFLICT
                                              : SQ_ERR_IO;
}

static void path_of(char out[BOX_PATH_MAX], const char *directory, const char *id)
{
    int n = snprintf(out, BOX_PATH_MAX, "%s/%s", directory, id);
    CHECK(n > 0 && n < BOX_PATH_MAX);
}

static void place_of(uint8_t out[PLACE_BYTES], const char *id, uint64_t number, uint32_t word)
{
    memset(out, 0, PLACE_BYTES);
    memcpy(out, id, strlen(id));
    bytes_put_u64(out + ID_MAX, number);
    bytes_put_u32(out + ID_MAX + 8, word);
}

static int write_all(int fd, const uint8_t *p, size_t len, uint64_t at)
{
    while (len > 0) {
        ssize_t n = pwrite(fd, p, len, (off_t)at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return io_error();
        p += n;
        len -= (size_t)n;
        at += (uint64_t)n;
    }
    return 0;
}

/* false: the file ends before. */
static bool read_all(int fd, uint8_t *p, size_t len, uint64_t at)
{
    while (len > 0) {
        ssize_t n = pread(fd, p, len, (off_t)at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        p += n;
        len -= (size_t)n;
        at += (uint64_t)n;
    }
    return true;
}

static void init(struct box *b, const char *id, const uint8_t *key)
{
    *b = (struct box){.fd = -1};
    text_copy(b->id, sizeof b->id, id);
    memcpy(b->key, key, BOX_KEY_BYTES);
}

static void keep(struct box *b)
{
    b->kept.bytes = b->bytes;
    b->kept.records = b->records;
    b->kept.disk = b->disk;
}

int box_create(struct box *b, const char *directory, const char *id, const uint8_t *key)
{
    char path[BOX_PATH_MAX];
    path_of(path, directory, id);
    init(b, id, key);
    b->fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (b->fd < 0)
        return io_error();
    int folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int status = folder >= 0 && fsync(folder) == 0 ? 0 : io_error();
    if (folder >= 0)
        close(folder);
    return status;
}

/* ---- reading ---- */

/* One record: 1 and its bytes, 0 at a torn or missing end, SQ_ERR_FORGED. out NULL: skips it. */
static int read_record(const struct box *b, uint64_t disk, uint64_t number, uint8_t *out,
                       uint32_t *word)
{
    uint8_t head[HEAD_BYTES], sealed[BOX_RECORD_MAX + TAG_BYTES], place[PLACE_BYTES];
    unsigned long long len = 0;
    if (!read_all(b->fd, head, sizeof head, disk))
        return 0;
    *word = bytes_get_u32(head);
    size_t plain = *word & ~PROVISIONAL;
    if (plain > BOX_RECORD_MAX)
        return SQ_ERR_FORGED;
    if (!out)
        return 1;
    if (!read_all(b->fd, sealed, plain + TAG_BYTES, disk + HEAD_BYTES))
        return 0;
    place_of(place, b->id, number, *word);
    bool good =
        crypto_aead_xchacha20poly1305_ietf_decrypt(out, &len, NULL, sealed, plain + TAG_BYTES,
                                                   place, sizeof place, head + 4, b->key) == 0;
    return good ? 1 : SQ_ERR_FORGED;
}

/* Takes the record at the end of what is known, if it is whole. Marks are opened at once, so that
 * zeros that a crash left behind are no marks. */
static bool step_over(struct box *b, uint64_t size)
{
    uint8_t plain[BOX_RECORD_MAX];
    uint32_t word = 0;
    if (read_record(b, b->disk, b->records, NULL, &word) != 1)
        return false;
    uint64_t len = word & ~PROVISIONAL;
    if (size - b->disk < len + AROUND ||
        (len == 0 && read_record(b, b->disk, b->records, plain, &word) != 1))
        return false;
    b->disk += len + AROUND;
    b->bytes += len;
    b->records++;
    if (!(word & PROVISIONAL))
        keep(b);
    return true;
}

static bool opens(const struct box *b, const struct box *before)
{
    uint8_t plain[BOX_RECORD_MAX];
    uint32_t word = 0;
    bool good = b->records == 0 || read_record(b, before->disk, before->records, plain, &word) == 1;
    sodium_memzero(plain, sizeof plain);
    return good;
}

/* Walks the heads to the last whole record and opens that one; what a crash left half written is
 * the last one at most, so the one before it must open. */
static int find_end(struct box *b, uint64_t size)
{
    struct box before = *b, before_that = *b, now = *b;
    while (step_over(b, size)) {
        before_that = before;
        before = now;
        now = *b;
    }
    if (opens(b, &before))
        return 0;
    *b = before;
    return opens(b, &before_that) ? 0 : SQ_ERR_FORGED;
}

int box_open(struct box *b, const char *directory, const char *id, const uint8_t *key)
{
    char path[BOX_PATH_MAX];
    path_of(path, directory, id);
    init(b, id, key);
    b->fd = open(path, O_RDWR | O_CLOEXEC);
    if (b->fd < 0)
        return io_error();
    off_t size = lseek(b->fd, 0, SEEK_END);
    int status = size < 0 ? io_error() : find_end(b, (uint64_t)size);
    if (status == 0)
        status = box_rollback(b);
    if (status == 0)
        status = box_sync(b);
    if (status < 0)
        box_close(b);
    return status;
}

int box_next(struct box_reader *r, uint8_t out[BOX_RECORD_MAX], size_t *out_len)
{
    uint32_t word = 0;
    *out_len = 0;
    while (r->number < r->box->kept.records) {
        int status = read_record(r->box, r->disk, r->number, out, &word);
        if (status != 1)
            return SQ_ERR_FORGED;
        *out_len = word & ~PROVISIONAL;
        r->disk += *out_len + AROUND;
        r->number++;
        if (*out_len > 0)
            return 0;
    }
    return 0;
}

int box_read_at(const struct box_place *p, uint64_t offset, uint8_t out[BOX_RECORD_MAX],
                uint64_t *begin, size_t *out_len)
{
    struct box b;
    char path[BOX_PATH_MAX];
    uint32_t word = 0;
    uint64_t number = offset / BOX_RECORD_MAX;
    CHECK(offset < p->bytes);
    path_of(path, p->directory, p->id);
    init(&b, p->id, p->key);
    b.fd = open(path, O_RDONLY | O_CLOEXEC);
    if (b.fd < 0)
        return io_error();
    int status = read_record(&b, number * (BOX_RECORD_MAX + AROUND), number, out, &word);
    box_close(&b);
    *begin = number * BOX_RECORD_MAX;
    uint64_t left = p->bytes - *begin;
    *out_len = (size_t)(left < BOX_RECORD_MAX ? left : BOX_RECORD_MAX);
    return status == 1 && word == *out_len ? 0 : SQ_ERR_FORGED;
}

/* ---- writing ---- */

static int append(struct box *b, const void *bytes, size_t len, uint32_t flag)
{
    uint8_t record[HEAD_BYTES + BOX_RECORD_MAX + TAG_BYTES], place[PLACE_BYTES];
    uint32_t word = (uint32_t)len | flag;
    CHECK(len <= BOX_RECORD_MAX);
    if (b->records >= BOX_RECORDS_MAX)
        return SQ_ERR_LIMIT;
    bytes_put_u32(record, word);
    randombytes_buf(record + 4, NONCE_BYTES);
    place_of(place, b->id, b->records, word);
    crypto_aead_xchacha20poly1305_ietf_encrypt(record + HEAD_BYTES, NULL, bytes, len, place,
                                               sizeof place, NULL, record + 4, b->key);
    int status = write_all(b->fd, record, len + AROUND, b->disk);
    if (status < 0)
        return status;
    b->disk += len + AROUND;
    b->bytes += len;
    b->records++;
    if (!flag)
        keep(b);
    return 0;
}

int box_append(struct box *b, const void *bytes, size_t len_bytes, bool provisional)
{
    const uint8_t *p = bytes;
    int status = 0;
    while (len_bytes > 0 && status == 0) {
        size_t n = len_bytes < BOX_RECORD_MAX ? len_bytes : BOX_RECORD_MAX;
        status = append(b, p, n, provisional ? PROVISIONAL : 0);
        p += n;
        len_bytes -= n;
    }
    return status;
}

int box_commit(struct box *b)
{
    int status = append(b, "", 0, 0);
    return status < 0 ? status : box_sync(b);
}

int box_rollback(struct box *b)
{
    if (ftruncate(b->fd, (off_t)b->kept.disk) < 0)
        return io_error();
    b->bytes = b->kept.bytes;
    b->records = b->kept.records;
    b->disk = b->kept.disk;
    return 0;
}

int box_sync(struct box *b)
{
    return fdatasync(b->fd) < 0 ? io_error() : 0;
}

void box_close(struct box *b)
{
    if (b->fd >= 0)
        close(b->fd);
    sodium_memzero(b->key, sizeof b->key);
    b->fd = -1;
}

int box_remove(const char *directory, const char *id)
{
    char path[BOX_PATH_MAX];
    path_of(path, directory, id);
    return unlink(path) < 0 && errno != ENOENT ? SQ_ERR_IO : 0;
}
