/* SPDX-License-Identifier: Apache-2.0 */
/* The posting thread against sockets of this machine: one receiver that never answers, one that
 * refuses at once. */
#include "shanqiao/error.h"
#include "signaling/webhook/sender.h"
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <sched.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

/* A port of this machine; the socket is bound, and nobody accepts. */
static int bind_one(unsigned *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_geq(fd, 0);
    cr_assert_eq(bind(fd, (struct sockaddr *)&address, len), 0);
    cr_assert_eq(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    *port = ntohs(address.sin_port);
    return fd;
}

static void post(struct sender *s, const char *receiver, unsigned port)
{
    struct sending sending = {.body = "{}", .signature = "v1,", .timestamp_s = 1};
    snprintf(sending.id, sizeof sending.id, "msg_%s", receiver);
    snprintf(sending.receiver, sizeof sending.receiver, "%s", receiver);
    snprintf(sending.url, sizeof sending.url, "https://127.0.0.1:%u/", port);
    cr_assert(sender_submit(s, &sending));
}

Test(webhook_sender, one_that_hangs_does_not_hold_up_another)
{
    struct sender *s;
    struct sending over = {.answer = -1};
    unsigned silent, closed;
    int listening = bind_one(&silent), bound = bind_one(&closed);
    cr_assert_eq(listen(listening, 64), 0);
    cr_assert_eq(sender_new(&s, ""), 0);
    for (int i = 0; i < 2 * SENDER_AT_ONCE; i++)
        post(s, "silent", silent);
    post(s, "closed", closed);
    while (!sender_take(s, &over))
        sched_yield();
    cr_expect_str_eq(over.receiver, "closed", "posted while the others wait for their answer");
    cr_expect_eq(over.answer, 0);
    sender_free(s);
    close(listening);
    close(bound);
}
