/* SPDX-License-Identifier: Apache-2.0 */
/* Row by row: values are read by their column's type and bound again. */
#include "signaling/store/copy.h"

#include "base/check.h"
#include "shanqiao/error.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SQL_MAX (SHAPE_COLUMNS_MAX * (SHAPE_NAME_MAX + 8) + 128)

struct table_copy {
    const struct shape_table *table;
    char select[SQL_MAX], insert[SQL_MAX], clear[SHAPE_NAME_MAX + 16];
};

/* Names come from the catalogue of our own schema, so they are plain. */
static void write_statements(struct table_copy *c)
{
    size_t in = (size_t)snprintf(c->insert, SQL_MAX, "INSERT INTO %s (", c->table->name);
    size_t out = (size_t)snprintf(c->select, SQL_MAX, "SELECT ");
    for (size_t i = 0; i < c->table->column_count; i++) {
        const char *comma = i ? ", " : "", *name = c->table->columns[i].name;
        in += (size_t)snprintf(c->insert + in, SQL_MAX - in, "%s%s", comma, name);
        out += (size_t)snprintf(c->select + out, SQL_MAX - out, "%s%s", comma, name);
    }
    in += (size_t)snprintf(c->insert + in, SQL_MAX - in, ") VALUES (");
    for (size_t i = 0; i < c->table->column_count; i++)
        in += (size_t)snprintf(c->insert + in, SQL_MAX - in, "%s$%zu", i ? ", " : "", i + 1);
    in += (size_t)snprintf(c->insert + in, SQL_MAX - in, ")");
    out += (size_t)snprintf(c->select + out, SQL_MAX - out, " FROM %s", c->table->name);
    CHECK(in < SQL_MAX && out < SQL_MAX);
    snprintf(c->clear, sizeof(c->clear), "DELETE FROM %s", c->table->name);
}

static struct store_value value_of(const struct store_query *q, int column, enum store_type type)
{
    size_t len = 0;
    if (store_is_null(q, column))
        return sv_null();
    if (type == STORE_TEXT)
        return sv_text(store_text(q, column));
    if (type == STORE_INT)
        return sv_int(store_int(q, column));
    const void *bytes = store_bytes(q, column, &len);
    return sv_bytes(bytes ? bytes : "", len); /* empty is not null */
}

static int copy_rows(struct store *from, struct store *to, const struct table_copy *c)
{
    struct store_query q;
    struct store_value values[SHAPE_COLUMNS_MAX];
    int status = 0;
    store_query(from, &q, c->select, NULL, 0);
    while (status >= 0 && store_next(&q)) {
        for (size_t i = 0; i < c->table->column_count; i++)
            values[i] = value_of(&q, (int)i, c->table->columns[i].type);
        status = store_run(to, c->insert, values, c->table->column_count);
    }
    int ended = store_query_end(&q);
    if (ended < 0 && status >= 0)
        store_set_error(to, "%s", store_error(from));
    return status < 0 ? status : ended;
}

static int copy_table(struct store *from, struct store *to, const struct shape_table *table)
{
    struct table_copy *c = malloc(sizeof *c);
    if (!c)
        return SQ_ERR_NOMEM;
    c->table = table;
    write_statements(c);
    int status = shape_is_seeded(table) ? store_run(to, c->clear, NULL, 0) : 0;
    if (status >= 0)
        status = copy_rows(from, to, c);
    free(c);
    return status;
}

static bool same_columns(const struct shape_table *a, const struct shape_table *b)
{
    bool same = a->column_count == b->column_count;
    for (size_t i = 0; i < a->column_count && same; i++)
        same = shape_has_column(b, a->columns[i].name);
    return same;
}

/* Is `to` made by the same steps, and empty? */
static int check_target(struct store *to, const struct shape *a, const struct shape *b)
{
    bool used = false;
    for (size_t i = 0; i < b->count; i++)
        used |= b->tables[i].rows > 0 && !shape_is_seeded(&b->tables[i]);
    for (size_t i = 0; i < a->count && !used; i++) {
        const struct shape_table *there = shape_find(b, a->tables[i].name);
        if (there && same_columns(&a->tables[i], there))
            continue;
        store_set_error(to, "table %s is not the same in both: bring both to the same schema",
                        a->tables[i].name);
        return SQ_ERR_CONFLICT;
    }
    if (used)
        store_set_error(to, "the database to copy to holds an installation: name an empty one");
    return used ? SQ_ERR_CONFLICT : 0;
}

static int compare(struct store *to, const struct shape *wanted)
{
    struct shape *got = NULL;
    int status = shape_read(to, &got);
    for (size_t i = 0; i < wanted->count && status == 0; i++) {
        const struct shape_table *w = &wanted->tables[i], *g = shape_find(got, w->name);
        if (g->rows == w->rows)
            continue;
        store_set_error(to, "table %s has %lld rows in the copy and %lld in the original", w->name,
                        (long long)g->rows, (long long)w->rows);
        status = SQ_ERR_STORE;
    }
    free(got);
    return status;
}

static int copy_all(struct store *from, struct store *to, const struct shape *shape,
                    void (*each)(const char *table, int64_t rows, void *user), void *user)
{
    int status = 0;
    for (uint32_t floor = 0; floor < SHAPE_TABLES_MAX && status == 0; floor++) {
        for (size_t i = 0; i < shape->count && status == 0; i++) {
            if (shape->tables[i].floor != floor)
                continue;
            status = copy_table(from, to, &shape->tables[i]);
            if (status == 0 && each)
                each(shape->tables[i].name, shape->tables[i].rows, user);
        }
    }
    return status == 0 ? compare(to, shape) : status;
}

static int copy_within(struct store *from, struct store *to,
                       void (*each)(const char *table, int64_t rows, void *user), void *user)
{
    struct shape *original = NULL, *target = NULL;
    int status = shape_read(from, &original);
    if (status < 0)
        store_set_error(to, "%s", store_error(from));
    if (status == 0)
        status = shape_read(to, &target);
    if (status == 0)
        status = check_target(to, original, target);
    if (status == 0)
        status = copy_all(from, to, original, each, user);
    free(original);
    free(target);
    return status;
}

int store_copy(struct store *from, struct store *to,
               void (*each)(const char *table, int64_t rows, void *user), void *user)
{
    int status = store_begin(from); /* nobody writes while it is read */
    if (status < 0) {
        store_set_error(to, "%s", store_error(from));
        return status;
    }
    status = store_begin(to);
    if (status == 0)
        status = copy_within(from, to, each, user);
    if (status == 0)
        status = store_commit(to);
    store_rollback(to);
    store_rollback(from);
    return status;
}
