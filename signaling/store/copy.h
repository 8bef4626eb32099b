/* SPDX-License-Identifier: Apache-2.0 */
/* Moves all rows of one store into another, empty one, whatever the engines. Sealed values go as
 * they are: the copy needs the same master key. */
#ifndef SIGNALING_STORE_COPY_H
#define SIGNALING_STORE_COPY_H

#include "signaling/store/shape.h"

/* In one transaction of each store, referred tables first; the counts of the copy are compared with
 * the original's. `each` (may be NULL) hears of every table when it is done. 0; SQ_ERR_CONFLICT:
 * `to` holds rows already, or its schema is another one; SQ_ERR_STORE, SQ_ERR_NOMEM. The reason is
 * to's error, nothing is in `to` then. */
int store_copy(struct store *from, struct store *to,
               void (*each)(const char *table, int64_t rows, void *user), void *user);

#endif
