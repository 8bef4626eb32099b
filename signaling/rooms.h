/* SPDX-License-Identifier: Apache-2.0 */
/* All rooms together: everything that a terminal can call, in one list, so that the program serves
 * what the tests of rights walk through; and what passing time asks of them. */
#ifndef SIGNALING_ROOMS_H
#define SIGNALING_ROOMS_H

#include "signaling/proto/method.h"
#include <stddef.h>

/* Borrowed for ever; *count tables. */
const struct method_table *rooms_tables(size_t *count);

/* Inside a transaction, every second or so: sessions that ended, rights that changed, shifts that
 * began, what was kept long enough. A little at each call. 0 or an error that undoes it. */
int rooms_sweep(struct service *s, time_us utc_us, struct effects *effects);

#endif
