/* SPDX-License-Identifier: Apache-2.0 */
/* kill -9: a child commits rows and tells each number through a pipe once the commit has returned;
 * it is killed at an arbitrary moment; whatever was told must be in the database, whole, and it
 * must open. Same for the audit chain. */
#include "../../support/prng.h"
#include "database.h"
#include "shanqiao/error.h"
#include "signaling/audit/audit.h"
#include "signaling/store/store.h"
#include "tests/support/temporary.h"
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS 12

static char database[DATABASE_MAX];

static struct store *open_it(void)
{
    struct store *s = NULL;
    char error[STORE_ERROR_MAX];
    cr_assert_eq(store_open(&s, database, error), 0, "%s", error);
    return s;
}

/* In the child: two rows of one transaction, then the number goes out. Never returns. */
static void commit_for_ever(int pipe_fd, int64_t number)
{
    struct store *s = NULL;
    char error[STORE_ERROR_MAX];
    if (store_open(&s, database, error) < 0)
        _exit(1);
    for (;; number++) {
        char body[2000];
        struct audit_act act = {.utc_us = number, .act = "test", .object = "con_x", .detail = ""};
        memset(body, 'x', sizeof(body));
        if (store_begin(s) < 0 || audit_append(s, &act) < 0 ||
            STORE_RUN(s, "INSERT INTO outbox (session, seq, sealed_body) VALUES ('ses', $1, $2)",
                      sv_int(number), sv_bytes(body, sizeof(body))) != 1 ||
            store_commit(s) < 0)
            _exit(2);
        if (write(pipe_fd, &number, sizeof(number)) != sizeof(number))
            _exit(3);
    }
}

/* Kills the child after it told `acks` numbers; returns the last one that came through. */
static int64_t run_and_kill(int64_t next, int acks)
{
    int fds[2];
    int64_t number = 0, last = next - 1;
    cr_assert_eq(pipe(fds), 0);
    pid_t child = fork();
    cr_assert_geq(child, 0);
    if (child == 0) {
        close(fds[0]);
        commit_for_ever(fds[1], next);
    }
    close(fds[1]);
    for (int i = 0; i < acks; i++) {
        cr_assert_eq(read(fds[0], &number, sizeof(number)), (ssize_t)sizeof(number));
        last = number;
    }
    cr_assert_eq(kill(child, SIGKILL), 0);
    while (read(fds[0], &number, sizeof(number)) == (ssize_t)sizeof(number))
        last = number; /* told before it died */
    close(fds[0]);
    int status = 0;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFSIGNALED(status), "the child ended by itself: %d", status);
    return last;
}

/* All rows 1 .. highest are there; returns the highest. */
static int64_t check(int64_t told)
{
    struct store *s = open_it();
    struct store_query q;
    struct audit_verdict verdict;
    store_query(s, &q, "SELECT COUNT(*), MIN(seq), MAX(seq), MIN(LENGTH(sealed_body)) FROM outbox",
                NULL, 0);
    cr_assert(store_next(&q));
    int64_t count = store_int(&q, 0), highest = store_int(&q, 2);
    cr_expect_eq(store_int(&q, 1), 1);
    cr_expect_eq(count, highest, "rows are missing in the middle");
    cr_expect_eq(store_int(&q, 3), 2000);
    cr_assert_eq(store_query_end(&q), 0);
    cr_expect_geq(highest, told, "%lld was acknowledged, %lld is there", (long long)told,
                  (long long)highest);
    cr_expect_leq(highest, told + 1, "at most the one that was being told is extra");
    cr_assert_eq(audit_verify(s, &verdict), 0);
    cr_expect_eq(verdict.first_bad, 0, "%s", verdict.reason);
    cr_expect_eq(verdict.rows, highest, "both rows of a transaction, or none");
    store_close(s);
    return highest;
}

Test(store_crash, what_was_acknowledged_is_there)
{
    struct prng r = prng_of(20260131);
    int64_t highest = 0;
    char path[64];
    int fd = temporary_file(path, sizeof path, "crash");
    close(fd);
    database_make(path, database);
    store_close(open_it());
    for (int round = 0; round < ROUNDS; round++)
        highest = check(run_and_kill(highest + 1, (int)prng_between(&r, 1, 60)));
    cr_expect_gt(highest, ROUNDS);
    database_remove(database);
    unlink(path);
}
