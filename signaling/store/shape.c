/* SPDX-License-Identifier: Apache-2.0 */
/* The engines' catalogues, read through the queries that each engine names. */
#include "signaling/store/shape.h"

#include "shanqiao/error.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SQL_MAX 160

static struct shape_table *find(struct shape *shape, const char *table)
{
    for (size_t i = 0; i < shape->count; i++) {
        if (strcmp(shape->tables[i].name, table) == 0)
            return &shape->tables[i];
    }
    return NULL;
}

const struct shape_table *shape_find(const struct shape *shape, const char *table)
{
    return find((struct shape *)shape, table);
}

bool shape_has_column(const struct shape_table *table, const char *column)
{
    for (size_t i = 0; i < table->column_count; i++) {
        if (strcmp(table->columns[i].name, column) == 0)
            return true;
    }
    return false;
}

/* TEXT, BIGINT and BYTEA are all that the schema has; engines differ in the case. */
static enum store_type type_of(const char *declared)
{
    if (strncasecmp(declared, "text", 4) == 0)
        return STORE_TEXT;
    return strncasecmp(declared, "bytea", 5) == 0 ? STORE_BYTES : STORE_INT;
}

static int take_column(struct shape *shape, const struct store_query *q)
{
    struct shape_table *t = find(shape, store_text(q, 0));
    if (!t && shape->count == SHAPE_TABLES_MAX)
        return SQ_ERR_LIMIT;
    if (!t) {
        t = &shape->tables[shape->count++];
        store_copy_text(q, 0, t->name, sizeof t->name);
    }
    if (t->column_count == SHAPE_COLUMNS_MAX)
        return SQ_ERR_LIMIT;
    struct shape_column *c = &t->columns[t->column_count++];
    store_copy_text(q, 1, c->name, sizeof c->name);
    c->type = type_of(store_text(q, 2));
    return 0;
}

static int read_columns(struct store *s, struct shape *shape)
{
    struct store_query q;
    int status = 0;
    store_query(s, &q, s->ops->columns_sql, NULL, 0);
    while (status == 0 && store_next(&q)) {
        if (strcmp(store_text(&q, 0), "schema_version") != 0)
            status = take_column(shape, &q);
    }
    int ended = store_query_end(&q);
    return status < 0 ? status : ended;
}

/* Raises who refers above who is referred to, until nothing moves. Circles end at the limit. */
static int read_floors(struct store *s, struct shape *shape)
{
    bool moved = true;
    int status = 0;
    for (size_t round = 0; moved && status == 0 && round < SHAPE_TABLES_MAX; round++) {
        struct store_query q;
        moved = false;
        store_query(s, &q, s->ops->references_sql, NULL, 0);
        while (store_next(&q)) {
            struct shape_table *from = find(shape, store_text(&q, 0));
            struct shape_table *to = find(shape, store_text(&q, 1));
            if (!from || !to || from == to || from->floor > to->floor)
                continue;
            from->floor = to->floor + 1;
            moved = true;
        }
        status = store_query_end(&q);
    }
    return status;
}

/* Names come from the catalogue of our own schema, so they are plain. */
static int count_rows(struct store *s, struct shape *shape)
{
    int status = 0;
    for (size_t i = 0; i < shape->count && status == 0; i++) {
        struct store_query q;
        char sql[SQL_MAX];
        snprintf(sql, sizeof sql, "SELECT COUNT(*) FROM %s", shape->tables[i].name);
        store_query(s, &q, sql, NULL, 0);
        shape->tables[i].rows = store_next(&q) ? store_int(&q, 0) : 0;
        status = store_query_end(&q);
    }
    return status;
}

int shape_read(struct store *s, struct shape **out)
{
    struct shape *shape = calloc(1, sizeof *shape);
    *out = NULL;
    if (!shape)
        return SQ_ERR_NOMEM;
    int status = read_columns(s, shape);
    if (status == 0)
        status = read_floors(s, shape);
    if (status == 0)
        status = count_rows(s, shape);
    if (status == 0)
        *out = shape;
    else
        free(shape);
    return status;
}

bool shape_is_seeded(const struct shape_table *table)
{
    return strcmp(table->name, "specialty") == 0; /* 004_directory */
}
