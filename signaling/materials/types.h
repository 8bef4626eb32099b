/* SPDX-License-Identifier: Apache-2.0 */
/* What may be uploaded: types with their formats, limits, and the order in which clients send.
 * Pure. Refuses to know whose it is. */
#ifndef SIGNALING_MATERIALS_TYPES_H
#define SIGNALING_MATERIALS_TYPES_H

#include "inspect/kind.h"
#include "inspect/wfdb.h"
#include "signaling/materials/tus.h"

#define MATERIALS_COUNT_MAX        200 /* of one consultation, uploads under way included */
#define MATERIALS_CONSULTATION_MAX (2ull << 30)  /* bytes: a CT series and what belongs to it */
#define MATERIALS_ACCOUNT_MAX      (20ull << 30) /* bytes that one person has stored */
#define MATERIALS_UPLOADS_MAX      16            /* of one person under way */

struct material_type {
    const char *name;
    uint64_t bytes_max;
    uint32_t kinds; /* bits 1 << enum kind */
};

extern const struct material_type material_types[];
extern const unsigned material_type_count;
const struct material_type *material_type_find(const char *name); /* NULL: there is none */

/* In which order clients send; ends with NULL. */
extern const char *const material_order[];

/* What there is already, uploads under way included. */
struct material_usage {
    uint64_t consultation_count, consultation_bytes;
    uint64_t account_bytes, account_uploads;
    uint64_t disk_free, disk_reserve; /* bytes */
};
bool material_admit(const struct tus_creation *c, const struct material_usage *u,
                    struct tus_refusal *no);

/* What the beginning of a file is, for that type. `header`: of the record, for a WFDB signal; NULL:
 * none. KIND_UNKNOWN: refused, *no says why. */
enum kind material_kind(const struct material_type *type, const uint8_t *bytes, size_t len_bytes,
                        uint64_t total_bytes, const struct wfdb_header *header,
                        struct tus_refusal *no);

#endif
