/* SPDX-License-Identifier: Apache-2.0 */
/* A made-up province for tests and measurements: names are codes, numbering is as the
 * administrative codes are. The same options make the same book. Pure. */
#ifndef SIGNALING_EXCHANGE_GENERATE_H
#define SIGNALING_EXCHANGE_GENERATE_H

#include "signaling/exchange/book.h"

#define GENERATE_COUNTIES_MAX 891 /* 99 cities of nine */
#define GENERATE_PER_PARENT   500 /* three digits number what belongs to one county or township */
#define GENERATE_MEMBERS_MAX  20

struct province {
    unsigned counties, townships, villages;
    unsigned members; /* accounts of each panel, none with a password */
    uint64_t seed;
};

/* 0, SQ_ERR_INVALID (numbers that do not go together), SQ_ERR_NOMEM. `b` is empty before. */
int generate_province(struct book *b, const struct province *p);

#endif
