/* SPDX-License-Identifier: Apache-2.0 */
/* The files of an evidence package, their names, order and bounds; and its manifest. Refuses to
 * know what is in them. */
#ifndef SIGNALING_EXPORT_PACKAGE_H
#define SIGNALING_EXPORT_PACKAGE_H

#include "signaling/export/export.h"

#define PACKAGE_HASH_BYTES 32 /* SHA-256 */

/* In the order of their names, as they stand in the zip. */
enum package_file {
    PACKAGE_AUDIT,
    PACKAGE_CA,
    PACKAGE_CERTIFICATE,
    PACKAGE_CONSULTATION,
    PACKAGE_MANIFEST,
    PACKAGE_OPINION,
    PACKAGE_PDF,
    PACKAGE_SIGNATURE,
    PACKAGE_FILES
};

struct package_part {
    const uint8_t *data; /* borrowed */
    size_t len_bytes;
};

struct package {
    struct package_part parts[PACKAGE_FILES];
};

const char *package_name(int file);
size_t package_bound(int file); /* bytes */

/* Canonical JSON with size and SHA-256 of every part but itself; heap text, NULL: no memory. */
char *package_manifest(const struct package *p);

/* The zip of these parts. 0, SQ_ERR_NOMEM. */
int package_write(const struct package *p, struct export_bytes *out);

/* Where reading stopped. */
struct package_fault {
    const char *code; /* literal: "truncated", "container", "size", "crc" */
    const char *file; /* literal: of the package, or "zip" */
    size_t offset;
};
/* Parts borrow from `data`. Only what package_write writes is read: same order, names, stored
 * without compression, every other field fixed. 0 or SQ_ERR_INVALID with *fault. */
int package_read(struct package *p, const uint8_t *data, size_t len_bytes,
                 struct package_fault *fault);

#endif
