/* SPDX-License-Identifier: Apache-2.0 */
/* An installation moved to another database: every row, with the audit chain and what is sealed. On
 * a PostgreSQL run the way goes over SQLite and back. */
#include "people.h"
#include "shanqiao/error.h"
#include "signaling/store/copy.h"
#include "signaling/store/store.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct people p;
static char file[128], first[DATABASE_MAX], second[DATABASE_MAX];

static void up(void)
{
    static const char *const on_duty[] = {EXPERT_1, EXPERT_2, NULL};
    char id[ID_MAX];
    people_init(&p);
    cr_assert_eq(people_submit(&p, on_duty, id), 0);
    snprintf(file, sizeof file, "%s/copy.db", p.dir);
    snprintf(first, sizeof first, "%s", file);
    snprintf(file, sizeof file, "%s/second.db", p.dir);
    database_make(file, second);
}

static void down(void)
{
    database_remove(first);
    database_remove(second);
    people_fini(&p);
}

TestSuite(copy, .init = up, .fini = down);

static struct store *open_it(const char *database)
{
    struct store *s = NULL;
    char error[STORE_ERROR_MAX];
    cr_assert_eq(store_open(&s, database, error), 0, "%s", error);
    return s;
}

static void add_up(const char *table, int64_t rows, void *user)
{
    (void)table;
    *(int64_t *)user += rows;
}

static int64_t copy(struct store *from, const char *database)
{
    struct store *to = open_it(database);
    int64_t rows = 0;
    cr_assert_eq(store_copy(from, to, add_up, &rows), 0, "%s", store_error(to));
    store_close(to);
    return rows;
}

static size_t list_texts(struct store *s, char out[4096])
{
    struct store_query q;
    size_t len = 0;
    store_query(s, &q,
                "SELECT c.id, c.state, a.login FROM consultation c"
                " JOIN account a ON a.id = c.applicant ORDER BY c.id",
                NULL, 0);
    while (store_next(&q))
        len += (size_t)snprintf(out + len, 4096 - len, "%s %s %s\n", store_text(&q, 0),
                                store_text(&q, 1), store_text(&q, 2));
    cr_assert_eq(store_query_end(&q), 0);
    return len;
}

Test(copy, every_row_arrives)
{
    char before[4096], after[4096];
    int64_t there = copy(p.service.store, first);
    cr_expect_gt(there, 10);
    struct store *middle = open_it(first);
    cr_expect_eq(copy(middle, second), there);
    store_close(middle);
    cr_expect_gt(list_texts(p.service.store, before), 0);
    struct store *s = open_it(second);
    list_texts(s, after);
    cr_expect_str_eq(after, before);
    store_close(s);
}

Test(copy, an_installation_is_never_written_over)
{
    copy(p.service.store, first);
    struct store *to = open_it(first);
    cr_expect_eq(store_copy(p.service.store, to, NULL, NULL), SQ_ERR_CONFLICT);
    cr_expect_neq(strstr(store_error(to), "empty"), NULL);
    store_close(to);
}

Test(copy, another_schema_is_refused_and_nothing_is_copied)
{
    struct store_query q;
    struct store *to = open_it(first);
    cr_assert_eq(to->ops->script(to->engine, "ALTER TABLE ring ADD COLUMN more TEXT"), 0);
    cr_expect_eq(store_copy(p.service.store, to, NULL, NULL), SQ_ERR_CONFLICT);
    cr_expect_neq(strstr(store_error(to), "ring"), NULL, "%s", store_error(to));
    store_query(to, &q, "SELECT COUNT(*) FROM account", NULL, 0);
    cr_assert(store_next(&q));
    cr_expect_eq(store_int(&q, 0), 0);
    cr_expect_eq(store_query_end(&q), 0);
    store_close(to);
}
