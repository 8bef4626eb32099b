/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the PostgreSQL engine: parameters as libpq wants them, and results as the port gives
 * them. */
#ifndef SIGNALING_STORE_POSTGRES_VALUES_H
#define SIGNALING_STORE_POSTGRES_VALUES_H

#include "signaling/store/store.h"
#include <libpq-fe.h>

/* A result being walked. */
struct postgres_cursor {
    PGresult *result; /* owned; NULL while it is in line, or where there was none */
    bool waits;       /* in the pipeline */
    int row;          /* -1: before the first */
    char number[24];  /* of postgres_text on a number */
};

struct postgres_bound {
    Oid types[STORE_BINDS_MAX];
    const char *values[STORE_BINDS_MAX];
    int lengths[STORE_BINDS_MAX], formats[STORE_BINDS_MAX];
    uint8_t integers[STORE_BINDS_MAX][8];
    uint8_t signature[STORE_BINDS_MAX]; /* enum store_type of each */
};

/* Borrows the values. 0, or SQ_ERR_LIMIT. */
int postgres_bind(struct postgres_bound *b, const struct store_value *values, size_t count);

/* Of struct store_ops. */
bool postgres_is_null(void *cursor, int column);
int64_t postgres_int(void *cursor, int column);
const char *postgres_text(void *cursor, int column);
const void *postgres_bytes(void *cursor, int column, size_t *len_bytes);

#endif
