/* SPDX-License-Identifier: Apache-2.0 */
/* What only an engine behind a connection has: connections that are lost, several programs on one
 * database, notices. Runs where the run is about PostgreSQL. */
#include "database.h"
#include "shanqiao/error.h"
#include "signaling/store/store.h"
#include <criterion/criterion.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

static struct store *one, *other;
static char database[DATABASE_MAX];

static struct store *open_it(void)
{
    struct store *s = NULL;
    char error[STORE_ERROR_MAX];
    cr_assert_eq(store_open(&s, database, error), 0, "%s", error);
    return s;
}

static void up(void)
{
    if (!database_is_postgres())
        return;
    database_make("", database);
    one = open_it();
    other = open_it();
    cr_assert_eq(one->ops->script(one->engine, "CREATE TABLE t (k TEXT PRIMARY KEY, n BIGINT)"), 0);
}

static void down(void)
{
    if (!database_is_postgres())
        return;
    store_close(one);
    store_close(other);
    database_remove(database);
}

TestSuite(postgres, .init = up, .fini = down);

static int64_t ask(struct store *s, const char *sql)
{
    struct store_query q;
    store_query(s, &q, sql, NULL, 0);
    int64_t n = store_next(&q) ? store_int(&q, 0) : -1;
    return store_query_end(&q) == 0 ? n : -1;
}

static int insert(struct store *s, const char *key)
{
    return STORE_RUN(s, "INSERT INTO t (k) VALUES ($1)", sv_text(key));
}

/* As when the server ends it, or the network. */
static void cut(struct store *victim, struct store *by)
{
    int64_t pid = ask(victim, "SELECT pg_backend_pid()");
    struct store_query q;
    STORE_QUERY(by, &q, "SELECT 1 WHERE pg_terminate_backend(CAST($1 AS INTEGER))", sv_int(pid));
    cr_assert(store_next(&q));
    cr_assert_eq(store_query_end(&q), 0);
    struct pollfd end = {.fd = victim->ops->fd(victim->engine), .events = POLLIN};
    cr_assert_eq(poll(&end, 1, 10000), 1, "the server ends the connection");
}

Test(postgres, what_idled_while_the_connection_was_lost_does_not_notice)
{
    if (!one)
        return;
    cut(one, other);
    cr_assert_eq(store_begin(one), 0, "%s", store_error(one));
    cr_assert_eq(insert(one, "a"), 1);
    cr_assert_eq(store_commit(one), 0);
    cr_expect_eq(ask(other, "SELECT COUNT(*) FROM t"), 1);
}

Test(postgres, a_transaction_whose_connection_is_lost_fails_as_a_whole)
{
    if (!one)
        return;
    cr_assert_eq(store_begin(one), 0);
    cr_assert_eq(insert(one, "a"), 1);
    cut(one, other);
    cr_expect_eq(insert(one, "b"), SQ_ERR_STORE);
    cr_expect_eq(insert(one, "c"), SQ_ERR_STORE, "no new connection within a transaction");
    cr_expect_eq(store_commit(one), SQ_ERR_STORE);
    store_rollback(one);
    cr_expect_eq(ask(other, "SELECT COUNT(*) FROM t"), 0);
    cr_assert_eq(store_begin(one), 0);
    cr_assert_eq(insert(one, "a"), 1);
    cr_assert_eq(store_commit(one), 0);
}

Test(postgres, a_transaction_with_a_failed_statement_is_not_committed)
{
    if (!one)
        return;
    cr_assert_eq(store_begin(one), 0);
    cr_assert_eq(insert(one, "a"), 1);
    cr_expect_eq(insert(one, "a"), SQ_ERR_CONFLICT);
    cr_expect_eq(store_commit(one), SQ_ERR_STORE);
    store_rollback(one);
    cr_expect_eq(ask(one, "SELECT COUNT(*) FROM t"), 0);
}

Test(postgres, a_transaction_whose_late_statement_failed_is_not_committed)
{
    if (!one)
        return;
    const char *sql = "INSERT INTO t (k) VALUES ($1)";
    cr_assert_eq(store_begin(one), 0);
    cr_assert_eq(insert(one, "a"), 1);
    cr_assert_eq(STORE_LATER(one, sql, sv_text("a")), 0);
    cr_assert_eq(STORE_LATER(one, sql, sv_text("b")), 0);
    cr_expect_eq(store_commit(one), SQ_ERR_STORE);
    store_rollback(one);
    cr_expect_eq(ask(one, "SELECT COUNT(*) FROM t"), 0);
    cr_assert_eq(store_begin(one), 0);
    cut(one, other);
    cr_expect_leq(STORE_LATER(one, sql, sv_text("c")), 0); /* it may not know yet */
    cr_expect_eq(store_commit(one), SQ_ERR_STORE);
    store_rollback(one);
    cr_expect_eq(ask(other, "SELECT COUNT(*) FROM t"), 0);
}

Test(postgres, one_program_writes_at_a_time)
{
    if (!one)
        return;
    cr_assert_eq(store_begin(one), 0);
    cr_expect_eq(store_begin(other), SQ_ERR_STORE, "it waits for the lock only so long");
    cr_assert_eq(insert(one, "a"), 1);
    cr_expect_eq(store_commit(one), 0);
    cr_assert_eq(store_begin(other), 0);
    cr_expect_eq(ask(other, "SELECT COUNT(*) FROM t"), 1, "it sees what was committed before");
    store_rollback(other);
}

Test(postgres, who_hangs_in_a_transaction_loses_it)
{
    if (!one)
        return;
    cr_assert_eq(store_listen(one, "node"), 0);
    cr_assert_eq(store_begin(one), 0);
    cr_assert_eq(insert(one, "a"), 1);
    cr_assert_eq(store_begin(other), 0, "after a second: %s", store_error(other));
    cr_assert_eq(insert(other, "a"), 1);
    cr_assert_eq(store_commit(other), 0);
    cr_expect_eq(store_commit(one), SQ_ERR_STORE);
    store_rollback(one);
}

static bool wait_notice(struct store *s, char text[64])
{
    struct pollfd fd = {.fd = store_fd(s), .events = POLLIN};
    return poll(&fd, 1, 10000) == 1 && store_notice(s, text, 64);
}

Test(postgres, notices_come_after_the_commit_and_a_new_connection_says_so)
{
    char text[64] = "?";
    if (!one)
        return;
    cr_assert_eq(store_listen(one, "node-1"), 0);
    cr_expect(store_shared(one));
    cr_assert_eq(store_begin(other), 0);
    cr_assert_eq(store_notify(other, "node-1", "w ses_x"), 0);
    store_rollback(other);
    cr_assert_eq(store_begin(other), 0);
    cr_assert_eq(store_notify(other, "node-1", "w ses_y"), 0);
    cr_assert_eq(store_notify(other, "node-2", "w ses_z"), 0);
    cr_assert_eq(store_commit(other), 0);
    cr_assert(wait_notice(one, text));
    cr_expect_str_eq(text, "w ses_y");
    cr_expect_not(store_notice(one, text, sizeof text));
    cut(one, other);
    cr_expect_eq(ask(one, "SELECT 1"), -1, "the read that finds it out");
    cr_expect_eq(ask(one, "SELECT 1"), 1);
    cr_assert(store_notice(one, text, sizeof text));
    cr_expect_str_eq(text, "");
    cr_assert_eq(store_begin(other), 0);
    cr_assert_eq(store_notify(other, "node-1", "again"), 0);
    cr_assert_eq(store_commit(other), 0);
    cr_assert(wait_notice(one, text));
    cr_expect_str_eq(text, "again");
}

Test(postgres, sums_and_counts_are_numbers_and_texts)
{
    if (!one)
        return;
    struct store_query q;
    cr_assert_eq(STORE_RUN(one, "INSERT INTO t (k, n) VALUES ('a', $1), ('b', $2), ('c', $3)",
                           sv_int(INT64_MAX / 2), sv_int(30000000001), sv_int(-7)),
                 3);
    cr_expect_eq(ask(one, "SELECT SUM(n) FROM t"), INT64_MAX / 2 + 30000000001 - 7);
    cr_expect_eq(ask(one, "SELECT SUM(n) FROM t WHERE n < 0"), -7);
    cr_expect_eq(ask(one, "SELECT SUM(n) * 10000 FROM t WHERE k = 'b'"), 300000000010000);
    cr_expect_eq(ask(one, "SELECT n = -7 FROM t WHERE k = 'c'"), 1);
    store_query(one, &q, "SELECT n, SUM(n) OVER () FROM t WHERE k = 'c'", NULL, 0);
    cr_assert(store_next(&q));
    cr_expect_str_eq(store_text(&q, 0), "-7");
    cr_expect_str_eq(store_text(&q, 1), "-7");
    cr_expect_eq(store_query_end(&q), 0);
}

Test(postgres, a_database_of_another_encoding_is_refused)
{
    char error[STORE_ERROR_MAX] = "", sql[160], uri[DATABASE_MAX];
    struct store *s = NULL;
    if (!one)
        return;
    snprintf(uri, sizeof uri, "%.200s_latin", database);
    snprintf(sql, sizeof sql, "CREATE DATABASE %s TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'",
             strrchr(uri, '/') + 1);
    cr_assert_eq(one->ops->script(one->engine, sql), 0, "%s", store_error(one));
    cr_expect_eq(store_open(&s, uri, error), SQ_ERR_STORE);
    cr_expect_neq(strstr(error, "createdb"), NULL, "%s", error);
    database_remove(uri);
}

Test(postgres, a_server_that_is_not_there_is_told_without_the_password)
{
    char error[STORE_ERROR_MAX] = "";
    struct store *s = NULL;
    if (!one)
        return;
    cr_expect_eq(store_open(&s, "postgresql://u:secret@127.0.0.1:1/x", error), SQ_ERR_STORE);
    cr_expect_neq(error[0], '\0');
    cr_expect_eq(strstr(error, "secret"), NULL, "%s", error);
}

Test(postgres, names_show_no_secret)
{
    static const char *const names[][2] = {
        {"/var/lib/x.db", "/var/lib/x.db"},
        {"postgresql://h/d", "postgresql://h/d"},
        {"postgres://u:p@h:5/d?sslpassword=x", "postgresql://h:5/d"},
        {"postgresql://u:p@ss@h/d", "postgresql://h/d"},
        {"postgresql://", "postgresql://"}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char out[64];
        store_database_name(names[i][0], out, sizeof out);
        cr_expect_str_eq(out, names[i][1]);
    }
}
