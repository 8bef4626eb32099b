/* SPDX-License-Identifier: Apache-2.0 */
/* A plan into the store, by four statements a table that are made from its fields. Deletions come
 * first and from the last table, additions from the first: every reference finds its row. Added
 * rows go several to a statement, since on a store beyond the network the round trips are what it
 * costs.
 */
#include "base/check.h"
#include "shanqiao/error.h"
#include "signaling/exchange/plan.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SQL_SIZE 2048

struct writer {
    const struct table *table;
    struct store *store;
    const char *no_password;
    char insert[SQL_SIZE], insert_many[SQL_SIZE], update[SQL_SIZE], delete[SQL_SIZE];
    size_t many; /* rows that insert_many takes */
};

__attribute__((format(printf, 2, 3))) static void add(char *sql, const char *format, ...)
{
    va_list args;
    size_t used = strlen(sql);
    va_start(args, format);
    int len = vsnprintf(sql + used, SQL_SIZE - used, format, args);
    va_end(args);
    CHECK(len >= 0 && (size_t)len < SQL_SIZE - used);
}

/* As many rows as parameters allow: "INSERT ... VALUES ($1, $2), ($3, $4)". */
static void make_insert_many(struct writer *w, const char *columns, unsigned count)
{
    unsigned number = 0;
    w->many = STORE_BINDS_MAX / count;
    w->insert_many[0] = '\0';
    add(w->insert_many, "INSERT INTO %s (%s) VALUES ", w->table->sql, columns);
    for (size_t row = 0; row < w->many; row++)
        for (unsigned i = 0; i < count; i++)
            add(w->insert_many, "%s$%u%s",
                i     ? ", "
                : row ? ", ("
                      : "(",
                ++number, i + 1 == count ? ")" : "");
}

static void make_statements(struct writer *w)
{
    const struct table *t = w->table;
    char columns[SQL_SIZE] = "", values[SQL_SIZE] = "", sets[SQL_SIZE] = "", keys[SQL_SIZE] = "";
    unsigned number = 0;
    for (size_t i = 0; i < t->count; i++) {
        const char *column = t->fields[i].column;
        if (!column)
            continue;
        number++;
        add(columns, "%s%s", number > 1 ? ", " : "", column);
        add(values, "%s$%u", number > 1 ? ", " : "", number);
        if (i < t->keys)
            add(keys, "%s%s = $%u", number > 1 ? " AND " : "", column, number);
        else
            add(sets, "%s%s = $%u", *sets ? ", " : "", column, number);
    }
    snprintf(w->insert, SQL_SIZE, "INSERT INTO %s (%.400s) VALUES (%.200s)", t->sql, columns,
             values);
    make_insert_many(w, columns, number);
    snprintf(w->update, SQL_SIZE, "UPDATE %s SET %.400s WHERE %.400s", t->sql, sets, keys);
    snprintf(w->delete, SQL_SIZE, "DELETE FROM %s WHERE %.400s", t->sql, keys);
}

static size_t bind(const struct writer *w, const struct row *row, bool keys_only,
                   struct store_value values[STORE_BINDS_MAX])
{
    const struct table *t = w->table;
    size_t count = 0;
    for (size_t i = 0; i < (keys_only ? t->keys : t->count); i++) {
        const char *cell = row->cells[i];
        if (!t->fields[i].column)
            continue;
        if (t->fields[i].type == FIELD_HASH && !*cell)
            cell = w->no_password;
        values[count++] = field_value(&t->fields[i], cell);
    }
    return count;
}

static int write_change(const struct writer *w, const struct row *row, const char *sql,
                        bool keys_only)
{
    struct store_value values[STORE_BINDS_MAX];
    int status = store_run(w->store, sql, values, bind(w, row, keys_only, values));
    return status < 0 ? status : 0;
}

/* rows[count], as many to a statement as fit. */
static int insert_rows(const struct writer *w, const struct row *const *rows, size_t count)
{
    struct store_value values[STORE_BINDS_MAX];
    int status = 0;
    for (size_t i = 0; i < count && status >= 0;) {
        size_t of = count - i >= w->many ? w->many : 1, used = 0;
        for (size_t end = i + of; i < end; i++)
            used += bind(w, rows[i], false, values + used);
        status = store_run(w->store, of > 1 ? w->insert_many : w->insert, values, used);
    }
    return status < 0 ? status : 0;
}

static int write_deletions(struct writer *w, const struct plan *plan, int table)
{
    const struct plan_table *t = &plan->tables[table];
    int status = 0;
    w->table = &tables[table];
    make_statements(w);
    for (size_t i = 0; i < t->count && status == 0; i++)
        if (t->changes[i].op == CHANGE_DELETE)
            status = write_change(w, t->changes[i].before, w->delete, true);
    return status;
}

/* What changes first: it may give away a name that a new row takes. */
static int write_others(struct writer *w, const struct plan *plan, int table)
{
    const struct plan_table *t = &plan->tables[table];
    const struct row **added = calloc(t->count + 1, sizeof(*added));
    size_t count = 0;
    int status = added ? 0 : SQ_ERR_NOMEM;
    w->table = &tables[table];
    make_statements(w);
    for (size_t i = 0; i < t->count && status == 0; i++) {
        const struct change *c = &t->changes[i];
        if (c->op == CHANGE_ADD)
            added[count++] = c->after;
        else if (c->op != CHANGE_DELETE)
            status = write_change(w, c->after, w->update, false);
    }
    if (status == 0)
        status = insert_rows(w, added, count);
    free(added);
    return status;
}

int plan_insert(const struct book *b, int table, struct store *store)
{
    struct writer w = {.store = store, .no_password = "", .table = &tables[table]};
    const struct sheet *sheet = &b->sheets[table];
    const struct row **rows = calloc(sheet->count + 1, sizeof(*rows));
    if (!rows)
        return SQ_ERR_NOMEM;
    make_statements(&w);
    for (size_t i = 0; i < sheet->count; i++)
        rows[i] = &sheet->rows[i];
    int status = insert_rows(&w, rows, sheet->count);
    free(rows);
    return status;
}

int plan_apply(const struct plan *plan, struct store *store, const char *no_password)
{
    struct writer w = {.store = store, .no_password = no_password};
    int status = 0;
    for (int t = TABLE_COUNT - 1; t >= 0 && status == 0; t--)
        status = write_deletions(&w, plan, t);
    for (int t = 0; t < TABLE_COUNT && status == 0; t++)
        status = write_others(&w, plan, t);
    return status;
}
