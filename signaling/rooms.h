/* SPDX-License-Identifier: Apache-2.0 */
/* The list of everything that a terminal can call: the method tables of all rooms. One list, so
 * that the program serves what the tests of rights walk through. */
#ifndef SIGNALING_ROOMS_H
#define SIGNALING_ROOMS_H

#include "signaling/proto/method.h"
#include <stddef.h>

/* Borrowed for ever; *count tables. */
const struct method_table *rooms_tables(size_t *count);

#endif
