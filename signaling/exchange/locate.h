/* SPDX-License-Identifier: Apache-2.0 */
/* Where in a JSON text does a value stand? Jansson forgets places, a person needs them. Pure; the
 * text was accepted by a parser before. */
#ifndef SIGNALING_EXCHANGE_LOCATE_H
#define SIGNALING_EXCHANGE_LOCATE_H

#include "signaling/exchange/csv.h"

/* Line and column of {list: [... row number `row` {field: [... element ...]}]}; field NULL or
 * element -1: of what is around it. A part that is not there: of the last that is. */
struct place locate(const char *json, size_t len, const char *list, size_t row, const char *field,
                    int element);

#endif
