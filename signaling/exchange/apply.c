/* SPDX-License-Identifier: Apache-2.0 */
/* A plan into the store, by three statements a table that are made from its fields. Deletions come
 * first and from the last table, additions from the first: every reference finds its row. */
#include "base/check.h"
#include "shanqiao/error.h"
#include "signaling/exchange/plan.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SQL_SIZE 1024

struct writer {
    const struct table *table;
    struct store *store;
    const char *no_password;
    char insert[SQL_SIZE], update[SQL_SIZE], delete[SQL_SIZE];
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

static int write_change(const struct writer *w, const struct change *c)
{
    struct store_value values[STORE_BINDS_MAX];
    bool deletes = c->op == CHANGE_DELETE;
    size_t count = bind(w, deletes ? c->before : c->after, deletes, values);
    const char *sql = deletes ? w->delete : c->op == CHANGE_ADD ? w->insert : w->update;
    int status = store_run(w->store, sql, values, count);
    return status < 0 ? status : 0;
}

static int write_table(struct writer *w, const struct plan *plan, int table, bool deletions)
{
    const struct plan_table *t = &plan->tables[table];
    int status = 0;
    w->table = &tables[table];
    make_statements(w);
    for (size_t i = 0; i < t->count && status == 0; i++)
        if ((t->changes[i].op == CHANGE_DELETE) == deletions)
            status = write_change(w, &t->changes[i]);
    return status;
}

int plan_insert(const struct book *b, int table, struct store *store)
{
    struct writer w = {.store = store, .no_password = "", .table = &tables[table]};
    int status = 0;
    make_statements(&w);
    for (size_t i = 0; i < b->sheets[table].count && status == 0; i++) {
        struct change c = {CHANGE_ADD, NULL, &b->sheets[table].rows[i], NULL};
        status = write_change(&w, &c);
    }
    return status;
}

int plan_apply(const struct plan *plan, struct store *store, const char *no_password)
{
    struct writer w = {.store = store, .no_password = no_password};
    int status = 0;
    for (int t = TABLE_COUNT - 1; t >= 0 && status == 0; t--)
        status = write_table(&w, plan, t, true);
    for (int t = 0; t < TABLE_COUNT && status == 0; t++)
        status = write_table(&w, plan, t, false);
    return status;
}
