/* SPDX-License-Identifier: Apache-2.0 */
/* A file encrypted in records: each is sealed (XChaCha20-Poly1305) with the file's id and its own
 * number, so that none can be moved, swapped or left out in the middle unnoticed; how many bytes
 * there must be is known elsewhere. Records are only ever appended, so what a crash tore is the
 * last one, and is cut off when the file is opened for writing. Any thread; refuses to know what
 * the bytes mean and where keys come from.
 *
 * On disk: length (4 bytes, network order; the top bit: provisional), nonce, sealed bytes, tag.
 * Provisional records count from the commit mark (a record of no bytes) on, that follows them. */
#ifndef SIGNALING_MATERIALS_BOX_H
#define SIGNALING_MATERIALS_BOX_H

#include "signaling/proto/method.h" /* ID_MAX */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BOX_KEY_BYTES  32
#define BOX_RECORD_MAX (64 * 1024) /* bytes in one record */
#define BOX_PATH_MAX   512
#define BOX_RECORDS_MAX                                                                            \
    (1u << 20) /* 64 GiB in full ones; a peer that sends byte by byte is stopped */

struct box {
    int fd;
    char id[ID_MAX];
    uint8_t key[BOX_KEY_BYTES];
    uint64_t bytes;   /* what it holds */
    uint64_t records; /* marks included */
    uint64_t disk;    /* bytes on disk so far */
    struct {
        uint64_t bytes, records, disk;
    } kept; /* up to the last record that is not provisional, or the last mark */
};

/* Makes the file (mode 0600). 0, SQ_ERR_IO, SQ_ERR_LIMIT (no room on the disk), SQ_ERR_CONFLICT. */
int box_create(struct box *b, const char *directory, const char *id, const uint8_t *key);

/* Opens for appending: everything is on disk after it, a torn end and provisional records are gone.
 * 0, SQ_ERR_NOT_FOUND, SQ_ERR_IO, SQ_ERR_FORGED (the last record does not open: another key). */
int box_open(struct box *b, const char *directory, const char *id, const uint8_t *key);

/* 0, SQ_ERR_IO, SQ_ERR_LIMIT (no room on the disk, or too many records). */
int box_append(struct box *b, const void *bytes, size_t len_bytes, bool provisional);
int box_commit(struct box *b);   /* what was provisional counts; on disk after it */
int box_rollback(struct box *b); /* what was provisional is gone */
int box_sync(struct box *b);     /* what was appended is on disk after it */
void box_close(struct box *b);

/* Reads from the beginning on. *out_len 0: the end. SQ_ERR_FORGED: a record does not open. */
struct box_reader {
    const struct box *box;
    uint64_t disk, number;
};
int box_next(struct box_reader *r, uint8_t out[BOX_RECORD_MAX], size_t *out_len);

/* Random access to a file whose records are all full but the last: the record that holds byte
 * `offset`, decrypted; *begin is where it begins. Opens and closes the file. `bytes`: what it must
 * hold. */
struct box_place {
    const char *directory, *id;
    const uint8_t *key;
    uint64_t bytes;
};
int box_read_at(const struct box_place *p, uint64_t offset, uint8_t out[BOX_RECORD_MAX],
                uint64_t *begin, size_t *out_len);

int box_remove(const char *directory, const char *id); /* 0 also when it is not there; SQ_ERR_IO */

#endif
