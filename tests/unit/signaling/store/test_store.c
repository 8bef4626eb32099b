/* SPDX-License-Identifier: Apache-2.0 */
/* The store port over either engine: values, transactions, errors, opening. */
#include "base/random.h"
#include "database.h"
#include "shanqiao/error.h"
#include "signaling/proto/method.h"
#include "signaling/store/store.h"
#include "tests/support/temporary.h"
#include <criterion/criterion.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct store *s;
static char path[64]; /* of a file, where the engine has one */
static char database[DATABASE_MAX];

static void open_it(void)
{
    char error[STORE_ERROR_MAX];
    cr_assert_eq(store_open(&s, database, error), 0, "%s", error);
}

static void up(void)
{
    int fd = temporary_file(path, sizeof path, "store");
    close(fd);
    unlink(path);
    database_make(path, database);
    open_it();
    cr_assert_eq(
        s->ops->script(s->engine, "CREATE TABLE t (k TEXT PRIMARY KEY, n BIGINT, b BYTEA)"), 0);
}

static void down(void)
{
    store_close(s);
    s = NULL;
    database_remove(database);
}

TestSuite(store, .init = up, .fini = down);

static int count(void)
{
    struct store_query q;
    store_query(s, &q, "SELECT COUNT(*) FROM t", NULL, 0);
    int n = store_next(&q) ? (int)store_int(&q, 0) : -1;
    cr_assert_eq(store_query_end(&q), 0);
    return n;
}

Test(store, values_come_back_as_they_went)
{
    struct store_query q;
    size_t len = 99;
    static const uint8_t bytes[] = {0, 1, 0, 255};
    cr_assert_eq(STORE_RUN(s, "INSERT INTO t (k, n, b) VALUES ($1, $2, $3)", sv_text("山"),
                           sv_int(INT64_MIN), sv_bytes(bytes, sizeof(bytes))),
                 1);
    cr_assert_eq(STORE_RUN(s, "INSERT INTO t (k, n, b) VALUES ($1, $2, $3)", sv_text("x"),
                           sv_null(), sv_bytes(bytes, 0)),
                 1);
    store_query(s, &q, "SELECT k, n, b FROM t ORDER BY k DESC", NULL, 0);
    cr_assert(store_next(&q));
    cr_expect_str_eq(store_text(&q, 0), "山");
    cr_expect_eq(store_int(&q, 1), INT64_MIN);
    cr_expect_eq(memcmp(store_bytes(&q, 2, &len), bytes, sizeof(bytes)), 0);
    cr_expect_eq(len, sizeof(bytes));
    cr_assert(store_next(&q));
    cr_expect(store_is_null(&q, 1));
    cr_expect_null(store_text(&q, 1));
    store_bytes(&q, 2, &len);
    cr_expect_eq(len, 0);
    cr_expect_not(store_next(&q));
    cr_expect_eq(store_query_end(&q), 0);
    cr_expect_eq(store_query_end(&q), 0); /* twice is fine */
}

Test(store, one_parameter_may_stand_twice)
{
    cr_assert_eq(STORE_RUN(s, "INSERT INTO t (k, n) VALUES ($2, $1), ($2 || '2', $1)", sv_int(7),
                           sv_text("a")),
                 2);
    cr_assert_eq(STORE_RUN(s, "UPDATE t SET n = $1 WHERE n = 7", sv_int(8)), 2);
}

Test(store, rollback_undoes_commit_keeps)
{
    cr_assert_eq(store_begin(s), 0);
    STORE_RUN(s, "INSERT INTO t (k) VALUES ($1)", sv_text("a"));
    store_rollback(s);
    cr_expect_eq(count(), 0);
    store_rollback(s); /* none open: nothing happens */
    cr_assert_eq(store_begin(s), 0);
    STORE_RUN(s, "INSERT INTO t (k) VALUES ($1)", sv_text("a"));
    cr_assert_eq(store_commit(s), 0);
    store_close(s);
    open_it();
    cr_expect_eq(count(), 1);
}

static void add(const char *key)
{
    cr_assert_eq(STORE_RUN(s, "INSERT INTO t (k) VALUES ($1)", sv_text(key)), 1);
}

Test(store, a_part_is_undone_alone)
{
    cr_assert_eq(store_begin(s), 0);
    cr_assert_eq(store_savepoint(s), 0);
    add("first");
    cr_assert_eq(store_release(s), 0);
    cr_assert_eq(store_savepoint(s), 0);
    add("second");
    cr_expect_eq(STORE_RUN(s, "INSERT INTO t (k) VALUES ($1)", sv_text("first")), SQ_ERR_CONFLICT);
    cr_assert_eq(store_rollback_to(s), 0);
    cr_assert_eq(store_savepoint(s), 0);
    add("third");
    cr_assert_eq(store_release(s), 0);
    cr_assert_eq(store_commit(s), 0);
    cr_expect_eq(count(), 2);
    cr_assert_eq(store_begin(s), 0);
    cr_assert_eq(store_savepoint(s), 0);
    add("fourth");
    store_rollback(s); /* of the whole, with a part open */
    cr_expect_eq(count(), 2);
}

static void add_later(const char *key)
{
    cr_assert_eq(STORE_LATER(s, "INSERT INTO t (k) VALUES ($1)", sv_text(key)), 0);
}

Test(store, what_waits_is_seen_by_the_next_and_kept_by_the_commit)
{
    cr_assert_eq(store_begin(s), 0);
    cr_assert_eq(store_savepoint(s), 0);
    for (int i = 0; i < 200; i++) {
        char key[16];
        snprintf(key, sizeof key, "k%d", i);
        add_later(key);
    }
    cr_expect_eq(count(), 200);
    cr_assert_eq(store_release(s), 0);
    cr_assert_eq(store_savepoint(s), 0);
    add_later("undone");
    cr_assert_eq(store_rollback_to(s), 0);
    cr_assert_eq(store_savepoint(s), 0); /* in which nothing is said */
    cr_assert_eq(store_release(s), 0);
    add_later("last");
    cr_assert_eq(store_commit(s), 0);
    cr_expect_eq(count(), 201);
}

Test(store, what_fails_late_is_told_and_undone_with_its_part)
{
    cr_assert_eq(store_begin(s), 0);
    cr_assert_eq(store_savepoint(s), 0);
    add_later("first");
    cr_assert_eq(store_settle(s), 0);
    cr_assert_eq(store_release(s), 0);
    cr_assert_eq(store_savepoint(s), 0);
    int told = STORE_LATER(s, "INSERT INTO t (k) VALUES ($1)", sv_text("first"));
    if (told == 0)
        told = store_settle(s);
    cr_expect_lt(told, 0);
    cr_assert_eq(store_rollback_to(s), 0);
    cr_assert_eq(store_commit(s), 0);
    cr_expect_eq(count(), 1);
}

Test(store, closing_rolls_back)
{
    cr_assert_eq(store_begin(s), 0);
    STORE_RUN(s, "INSERT INTO t (k) VALUES ($1)", sv_text("a"));
    store_close(s);
    open_it();
    cr_expect_eq(count(), 0);
}

Test(store, errors_are_told_apart)
{
    struct store_query q;
    STORE_RUN(s, "INSERT INTO t (k) VALUES ($1)", sv_text("a"));
    cr_expect_eq(STORE_RUN(s, "INSERT INTO t (k) VALUES ($1)", sv_text("a")), SQ_ERR_CONFLICT);
    cr_expect_eq(store_run(s, "INSERT INTO nowhere VALUES (1)", NULL, 0), SQ_ERR_STORE);
    cr_expect_neq(strstr(store_error(s), "nowhere"), NULL);
    store_query(s, &q, "SELECT nothing FROM t", NULL, 0);
    cr_expect_not(store_next(&q));
    cr_expect_eq(store_query_end(&q), SQ_ERR_STORE);
    cr_expect_eq(
        STORE_RUN(s, "INSERT INTO panel_member (panel, account) VALUES ($1, $1)", sv_text("none")),
        SQ_ERR_STORE); /* foreign keys are on */
}

Test(store, a_statement_can_run_inside_itself)
{
    struct store_query outer, inner;
    STORE_RUN(s, "INSERT INTO t (k) VALUES ($1), ($2)", sv_text("a"), sv_text("b"));
    int pairs = 0;
    store_query(s, &outer, "SELECT k FROM t", NULL, 0);
    while (store_next(&outer)) {
        store_query(s, &inner, "SELECT k FROM t", NULL, 0);
        while (store_next(&inner))
            pairs++;
        cr_assert_eq(store_query_end(&inner), 0);
    }
    cr_assert_eq(store_query_end(&outer), 0);
    cr_expect_eq(pairs, 4);
}

Test(store, the_file_is_private_and_synced)
{
    if (database_is_postgres())
        return; /* it has no file of ours */
    struct stat st;
    struct store_query q;
    cr_assert_eq(stat(path, &st), 0);
    cr_expect_eq(st.st_mode & 0777, 0600);
    store_query(s, &q, "PRAGMA journal_mode", NULL, 0);
    cr_assert(store_next(&q));
    cr_expect_str_eq(store_text(&q, 0), "wal");
    store_query_end(&q);
    store_query(s, &q, "PRAGMA synchronous", NULL, 0);
    cr_assert(store_next(&q));
    cr_expect_eq(store_int(&q, 0), 2); /* FULL */
    store_query_end(&q);
}

Test(store, a_damaged_file_is_refused)
{
    if (database_is_postgres())
        return;
    char error[STORE_ERROR_MAX] = "";
    static const char junk[512] = "not a page";
    for (int i = 0; i < 2000; i++) {
        char key[24];
        snprintf(key, sizeof(key), "key %d", i);
        STORE_RUN(s, "INSERT INTO t (k) VALUES ($1)", sv_text(key));
    }
    store_close(s);
    int fd = open(path, O_WRONLY);
    cr_assert_geq(fd, 0);
    for (int page = 30; page < 45; page++)
        cr_assert_eq(pwrite(fd, junk, sizeof(junk), 4096 * page), (ssize_t)sizeof(junk));
    close(fd);
    cr_expect_eq(store_open(&s, path, error), SQ_ERR_STORE);
    cr_expect_null(s);
    cr_expect_neq(error[0], '\0');
}

Test(store, a_place_that_can_not_be_is_an_error)
{
    struct store *none = NULL;
    char error[STORE_ERROR_MAX] = "";
    cr_expect_eq(store_open(&none, "/nowhere/at/all.db", error), SQ_ERR_STORE);
    cr_expect_null(none);
    cr_expect_neq(error[0], '\0');
}

Test(store, ids_are_long_and_different)
{
    char a[ID_MAX], b[ID_MAX];
    store_new_id(a, "con");
    store_new_id(b, "con");
    cr_expect_eq(strlen(a), 26);
    cr_expect_neq(strcmp(a, b), 0);
    cr_expect_eq(strncmp(a, "con_", 4), 0);
}
