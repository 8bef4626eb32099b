/* SPDX-License-Identifier: Apache-2.0 */
/* Schema steps: applied once, never edited, never newer than the program, whole or not at all. */
#include "database.h"
#include "shanqiao/error.h"
#include "signaling/store/migrations.h"
#include "signaling/store/store.h"
#include <criterion/criterion.h>
#include <string.h>

static struct store *s;
static char database[DATABASE_MAX];

static void up(void)
{
    char error[STORE_ERROR_MAX];
    database_make(":memory:", database);
    cr_assert_eq(store_open(&s, database, error), 0, "%s", error);
}

static void down(void)
{
    store_close(s);
    database_remove(database);
}

TestSuite(migrations, .init = up, .fini = down);

#define STEPS_MAX 32

static size_t steps(struct migration out[STEPS_MAX])
{
    cr_assert_lt(migration_count, STEPS_MAX - 1);
    memcpy(out, migrations, migration_count * sizeof(*out));
    return migration_count;
}

static void add(struct migration *list, size_t at, const char *sql)
{
    list[at] = (struct migration){.number = (int)at + 1, .name = "more", .sql = sql};
}

Test(migrations, numbers_have_no_gap)
{
    for (size_t i = 0; i < migration_count; i++)
        cr_expect_eq(migrations[i].number, (int)i + 1);
}

Test(migrations, running_again_changes_nothing)
{
    cr_expect_eq(migrations_run(s), 0);
}

Test(migrations, the_next_step_is_applied_once)
{
    struct migration list[STEPS_MAX];
    size_t n = steps(list);
    add(list, n, "CREATE TABLE more (x BIGINT)");
    cr_expect_eq(migrations_run_list(s, list, n + 1), 0);
    cr_expect_eq(migrations_run_list(s, list, n + 1), 0);
}

Test(migrations, a_newer_database_is_refused)
{
    struct migration list[STEPS_MAX];
    size_t n = steps(list);
    add(list, n, "CREATE TABLE more (x BIGINT)");
    cr_assert_eq(migrations_run_list(s, list, n + 1), 0);
    cr_expect_eq(migrations_run(s), SQ_ERR_UNSUPPORTED);
}

Test(migrations, an_edited_step_is_found)
{
    struct migration list[STEPS_MAX];
    size_t n = steps(list);
    list[0].sql = "CREATE TABLE other (x BIGINT)";
    cr_expect_eq(migrations_run_list(s, list, n), SQ_ERR_STORE);
    cr_expect_neq(strstr(store_error(s), "people"), NULL);
}

static void fill(void)
{
    static const char institution[] = "INSERT INTO institution (id, name, level, kind)"
                                      " VALUES ('i', 'Clinic', 1, 'village_clinic')";
    cr_assert_eq(store_run(s, institution, NULL, 0), 1, "%s", store_error(s));
    cr_assert_eq(STORE_RUN(s, "INSERT INTO outbox (session, seq, sealed_body) VALUES ('x', 1, $1)",
                           sv_bytes("b", 1)),
                 1);
}

static int64_t rows(const char *sql)
{
    struct store_query q;
    store_query(s, &q, sql, NULL, 0);
    int64_t n = store_next(&q) ? store_int(&q, 0) : -1;
    cr_assert_eq(store_query_end(&q), 0, "%s", store_error(s));
    return n;
}

Test(migrations, every_step_goes_back_and_forth)
{
    int applied = 0;
    for (int to = (int)migration_count; to >= 0; to--) {
        cr_assert_eq(migrations_move(s, to, false), 0, "to %d: %s", to, store_error(s));
        cr_assert_eq(migrations_applied(s, &applied), 0);
        cr_assert_eq(applied, to);
    }
    cr_assert_eq(migrations_move(s, (int)migration_count, false), 0, "%s", store_error(s));
    fill();
    cr_expect_eq(migrations_run(s), 0);
}

Test(migrations, a_way_back_that_loses_rows_must_be_wanted)
{
    int applied = 0;
    fill();
    cr_assert_eq(migrations_move(s, 2, false), SQ_ERR_CONFLICT);
    cr_expect_neq(strstr(store_error(s), "institution"), NULL, "%s", store_error(s));
    cr_assert_eq(migrations_applied(s, &applied), 0);
    cr_assert_geq(applied, 4, "step 4 added to institutions that are there");
    cr_expect_eq(rows("SELECT COUNT(*) FROM outbox"), 1);
    cr_assert_eq(migrations_move(s, 2, true), 0, "%s", store_error(s));
    cr_expect_eq(rows("SELECT COUNT(*) FROM institution"), 1);
    cr_assert_eq(migrations_move(s, (int)migration_count, false), 0, "%s", store_error(s));
    cr_expect_eq(rows("SELECT COUNT(*) FROM institution"), 1);
    cr_expect_eq(rows("SELECT COUNT(*) FROM outbox"), 0);
}

Test(migrations, a_step_that_fails_leaves_nothing)
{
    struct migration list[STEPS_MAX];
    size_t n = steps(list);
    add(list, n, "CREATE TABLE more (x BIGINT); CREATE TABLE more (x BIGINT);");
    cr_expect_eq(migrations_run_list(s, list, n + 1), SQ_ERR_STORE);
    cr_expect_eq(store_run(s, "INSERT INTO more VALUES (1)", NULL, 0), SQ_ERR_STORE);
    cr_expect_eq(migrations_run(s), 0);
}
