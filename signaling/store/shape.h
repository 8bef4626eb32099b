/* SPDX-License-Identifier: Apache-2.0 */
/* What a database consists of: its tables, their columns, how many rows, which table refers to
 * which. For moving schemas and copying stores; refuses to know what the tables mean. */
#ifndef SIGNALING_STORE_SHAPE_H
#define SIGNALING_STORE_SHAPE_H

#include "signaling/store/store.h"

#define SHAPE_NAME_MAX    64 /* PostgreSQL cuts names at 63 bytes */
#define SHAPE_TABLES_MAX  96
#define SHAPE_COLUMNS_MAX STORE_BINDS_MAX

struct shape_column {
    char name[SHAPE_NAME_MAX];
    enum store_type type;
};

struct shape_table {
    char name[SHAPE_NAME_MAX];
    struct shape_column columns[SHAPE_COLUMNS_MAX];
    size_t column_count;
    int64_t rows;
    uint32_t floor; /* higher than that of every table it refers to */
};

/* Large: on the heap. */
struct shape {
    struct shape_table tables[SHAPE_TABLES_MAX]; /* by name; schema_version is not among them */
    size_t count;
};

/* 0, SQ_ERR_STORE, SQ_ERR_NOMEM, SQ_ERR_LIMIT (more than the limits above). *out: free() it. */
int shape_read(struct store *s, struct shape **out);
const struct shape_table *shape_find(const struct shape *shape, const char *table);
bool shape_has_column(const struct shape_table *table, const char *column);
/* Did a schema step put rows into it? They are nobody's: a database that has only those is empty. */
bool shape_is_seeded(const struct shape_table *table);

#endif
