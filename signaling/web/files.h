/* SPDX-License-Identifier: Apache-2.0 */
/* The files of one directory in memory: names, bytes, their compressed twins, entity tags. Found by
 * exact name among those that were read, so no name of a request is ever opened. Refuses to know
 * requests. */
#ifndef SIGNALING_WEB_FILES_H
#define SIGNALING_WEB_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FILES_MAX       512
#define FILES_NAME_MAX  128
#define FILES_BYTES_MAX ((size_t)64 * 1024 * 1024) /* of all together */
#define FILES_TAG_MAX   40
#define FILES_ERROR_MAX 256
#define FILES_INDEX     "index.html"

struct files_content {
    uint8_t *bytes; /* NULL: none */
    size_t len;
    char etag[FILES_TAG_MAX]; /* with its quotes */
};

struct files_entry {
    char name[FILES_NAME_MAX];
    const char *type; /* literal */
    bool immutable;
    struct files_content plain, gzip;
};

struct files {
    struct files_entry *entries; /* by name */
    size_t count;
    size_t total_bytes;
    unsigned refs; /* of whom it serves */
};

/* Regular files whose type is known; links, hidden files and folders are passed over. `x.gz` beside
 * x is its compressed twin. 0 and *out with one reference; SQ_ERR_IO, SQ_ERR_INVALID, SQ_ERR_NOMEM
 * with a sentence. */
int files_read(struct files **out, const char *directory, char error[FILES_ERROR_MAX]);
struct files *files_ref(struct files *f);
void files_unref(struct files *f); /* NULL is fine */

/* NULL: there is none. Borrowed. */
const struct files_entry *files_find(const struct files *f, const char *name);

#endif
