/* SPDX-License-Identifier: Apache-2.0 */
/* The files of an evidence package, their names, order and bounds; and its manifest. Refuses to
 * know what is in them. */
#ifndef SIGNALING_EXPORT_PACKAGE_H
#define SIGNALING_EXPORT_PACKAGE_H

#include "signaling/export/export.h"

#define PACKAGE_HASH_BYTES   32  /* SHA-256 */
#define PACKAGE_OPINIONS_MAX 200 /* as signaling/opinion/record.h */

/* In the order of their names, as they stand in the zip; then three files for each opinion. */
enum package_file {
    PACKAGE_AUDIT,
    PACKAGE_CA,
    PACKAGE_CONSENTS,
    PACKAGE_CONSULTATION,
    PACKAGE_MANIFEST,
    PACKAGE_MANIFEST_CERTIFICATE,
    PACKAGE_MANIFEST_SIGNATURE,
    PACKAGE_MATERIALS,
    PACKAGE_PDF,
    PACKAGE_FIXED
};
enum package_of_opinion {
    PACKAGE_DOCUMENT,
    PACKAGE_CERTIFICATE,
    PACKAGE_SIGNATURE,
    PACKAGE_PER_OPINION
};
#define PACKAGE_FILES_MAX (PACKAGE_FIXED + PACKAGE_PER_OPINION * PACKAGE_OPINIONS_MAX)

struct package_part {
    const uint8_t *data; /* borrowed */
    size_t len_bytes;
};

struct package {
    struct package_part parts[PACKAGE_FILES_MAX];
    int opinions; /* 1 .. PACKAGE_OPINIONS_MAX */
};

/* Number of a file of the n-th opinion, from 0. */
static inline int package_of(int opinion, enum package_of_opinion what)
{
    return PACKAGE_FIXED + PACKAGE_PER_OPINION * opinion + (int)what;
}
int package_count(const struct package *p);

/* "audit.json", "opinions/001.json". */
const char *package_name(int file, char out[EXPORT_FILE_NAME_MAX]);
size_t package_bound(int file); /* bytes */

/* Canonical JSON with size and SHA-256 of every part but itself and its signature; heap text, NULL:
 * no memory. */
char *package_manifest(const struct package *p);

/* The zip of these parts. 0, SQ_ERR_NOMEM, SQ_ERR_LIMIT (EXPORT_PACKAGE_MAX). */
int package_write(const struct package *p, struct export_bytes *out);

#define PACKAGE_ZIP (-1) /* what holds the files together */

/* Where reading stopped. */
struct package_fault {
    const char *code; /* literal: "truncated", "container", "size", "crc" */
    int file;         /* PACKAGE_ZIP or a file's number */
    size_t offset;
};
/* Parts borrow from `data`. Only what package_write writes is read: same order, names, stored
 * without compression, every other field fixed. 0 or SQ_ERR_INVALID with *fault. */
int package_read(struct package *p, const uint8_t *data, size_t len_bytes,
                 struct package_fault *fault);

#endif
