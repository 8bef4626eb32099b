/* SPDX-License-Identifier: Apache-2.0 */
/* CHECK: silent when true, one line and an abort when false, in every build. */
#include "base/check.h"
#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

Test(check, true_goes_on_and_evaluates_once)
{
    int calls = 0;
    CHECK(++calls == 1);
    cr_assert_eq(calls, 1);
}

/* Standard error and the signal of a child that runs into a false CHECK. */
static int run_false_check(char *out, size_t size)
{
    int fds[2];
    int status;
    cr_assert_eq(pipe(fds), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(fds[1], STDERR_FILENO);
        CHECK(strcmp("\"", "b") == 0);
        _exit(0);
    }
    close(fds[1]);
    size_t len = 0;
    for (ssize_t n; (n = read(fds[0], out + len, size - 1 - len)) > 0;)
        len += (size_t)n;
    out[len] = '\0';
    close(fds[0]);
    cr_assert_eq(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

Test(check, false_says_where_and_aborts)
{
    char out[4096];
    cr_assert_eq(run_false_check(out, sizeof out), SIGABRT);
    cr_assert_not_null(strstr(out, "\"key\":\"check.failed\""), "%s", out);
    cr_assert_not_null(strstr(out, "test_check.c:"), "%s", out);
    cr_assert_not_null(strstr(out, "strcmp(\\\"\\\\\\\"\\\", \\\"b\\\") == 0"), "%s", out);
    cr_assert_eq(out[strlen(out) - 1], '\n');
}
