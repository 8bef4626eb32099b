/* SPDX-License-Identifier: Apache-2.0 */
/* Vital signs as values: one table of code, unit and what a living person can have. Pure. */
#ifndef SIGNALING_MATERIALS_VITALS_H
#define SIGNALING_MATERIALS_VITALS_H

#include <jansson.h>
#include <stdbool.h>

struct vital {
    const char *code, *unit; /* unit: UCUM */
    double least, most;
};

/* The first value of the array that does not fit: its row of the table (for an unknown unit of a
 * known code too), with *twice when the code came before. NULL: all are well. */
const struct vital *vitals_check(const json_t *values, bool *twice);

#endif
