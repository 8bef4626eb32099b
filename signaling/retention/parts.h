/* SPDX-License-Identifier: Apache-2.0 */
/* Of which rows an object consists, in the order in which they can go. Inside retention and its
 * tests. */
#ifndef SIGNALING_RETENTION_PARTS_H
#define SIGNALING_RETENTION_PARTS_H

#include "signaling/retention/retention.h"

struct retention_part {
    const char *table;
    const char *select; /* $1 is the object; column 0 text, the others bytes; in a fixed order */
    int columns;
    const char *remove;                                 /* NULL: hook */
    int (*hook)(struct service *s, const char *object); /* 0 or a store error */
};
/* Of objects of this class; *count 0 for classes that are trimmed by time. */
const struct retention_part *retention_parts(enum retention_class class, size_t *count);

#endif
