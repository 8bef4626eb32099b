/* SPDX-License-Identifier: Apache-2.0 */
/* The hold on a process that dies, or never becomes ready: backoff and reaping, in virtual time. */
#include "cluster/child.h"
#include "shanqiao/error.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

static const struct process_config config;
static struct child c;

static void start_program(const char *program)
{
    cr_assert_eq(child_init(&c, program, &config), 0);
    cr_assert_eq(child_start(&c, 0), 0);
}

/* Until the death is seen. */
static void see_death(time_us now)
{
    struct process_message m;
    int rc;
    while ((rc = child_receive(&c, &m, now)) != SQ_ERR_CLOSED) {
        struct pollfd p = {.fd = c.epoll, .events = POLLIN};
        cr_assert_gt(poll(&p, 1, 10000), 0);
    }
    cr_assert(c.pid == 0 && c.fd == -1);
    cr_assert(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD, "it was not reaped");
}

Test(child, one_that_is_never_ready_is_ended)
{
    struct process_message m;
    start_program("/usr/bin/yes"); /* writes to /dev/null for ever */
    cr_assert_eq(child_deadline(&c), CHILD_READY_US);
    cr_assert_eq(child_receive(&c, &m, CHILD_READY_US - 1), 0);
    cr_assert_eq(child_receive(&c, &m, CHILD_READY_US), SQ_ERR_CLOSED);
    cr_assert(c.pid == 0 && c.fd == -1);
    cr_assert_eq(child_deadline(&c), CHILD_READY_US, "it lived long: at once");
    child_fini(&c);
}

Test(child, one_that_dies_at_once_is_started_ever_more_slowly)
{
    time_us now = 0, pause = 0, longest = 0;
    start_program("/bin/false");
    for (int i = 0; i < 12; i++) {
        see_death(now);
        time_us next = child_deadline(&c) - now;
        cr_assert_geq(next, pause);
        pause = next;
        longest = next > longest ? next : longest;
        now += next;
        cr_assert_eq(child_start(&c, now), 0);
    }
    cr_assert_eq(longest, CHILD_BACKOFF_MAX_US);
    see_death(now + CHILD_LIVED_US);
    cr_assert_eq(child_deadline(&c), now + CHILD_LIVED_US, "one that lived is started at once");
    child_fini(&c);
}

Test(child, what_is_sent_to_none_is_refused_and_too_much_is_bounded)
{
    static uint8_t payload[PROCESS_PAYLOAD_MAX];
    const struct process_message m = {
        .type = PROCESS_PUBLISH, .payload = payload, .payload_bytes = sizeof payload};
    start_program("/usr/bin/yes"); /* never reads */
    int rc = 0;
    size_t sent = 0;
    while ((rc = child_send(&c, &m)) == 0)
        sent += sizeof payload;
    cr_assert_eq(rc, SQ_ERR_LIMIT);
    cr_assert_leq(c.queued_bytes, CHILD_QUEUE_MAX);
    cr_assert_gt(sent, CHILD_QUEUE_MAX / 2);
    cr_assert_eq(kill(c.pid, SIGKILL), 0);
    see_death(0);
    cr_assert_eq(c.queued_bytes, 0);
    cr_assert_eq(child_send(&c, &m), SQ_ERR_UNREACHABLE);
    child_fini(&c);
}

Test(child, a_missing_program_is_an_error_with_a_later_try)
{
    cr_assert_eq(child_init(&c, "/nonexistent", &config), 0);
    cr_assert_eq(child_start(&c, 7), SQ_ERR_IO);
    cr_assert_neq(child_deadline(&c), TIME_US_NEVER);
    cr_assert_eq(c.pid, 0);
    child_fini(&c);
}
