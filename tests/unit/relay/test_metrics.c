/* SPDX-License-Identifier: Apache-2.0 */
/* relay/metrics: the texts, and the server against connections that say nothing. */
#include "relay/metrics/metrics.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct metrics_input input(struct worker_status *workers)
{
    workers[0].counters[RELAY_DROP_FORGED] = 7;
    workers[1].counters[RELAY_DROP_FORGED] = 8;
    return (struct metrics_input){
        .workers = workers, .worker_count = 2, .in_cluster = true, .now_us = 5 * TIME_US_PER_S};
}

Test(metrics, every_counter_is_told_and_each_name_has_one_head)
{
    static struct worker_status workers[2];
    struct metrics_input in = input(workers);
    size_t len = 0;
    char *text = metrics_text(&in, &len), line[256];
    cr_assert_not_null(text);
    cr_expect_eq(strlen(text), len);
    cr_expect_not_null(
        strstr(text, "shanqiao_relay_dropped_total{worker=\"1\",reason=\"forged\"} 8\n"));
    for (int i = 0; i < RELAY_COUNTER_COUNT; i++) {
        const struct relay_counter_name *n = relay_counter_name((enum relay_counter)i);
        cr_assert_not_null(n->name, "counter %d has no name", i);
        snprintf(line, sizeof line, "shanqiao_relay_%s{worker=\"0\",%s} ", n->name, n->label);
        cr_expect_not_null(strstr(text, line), "%s", line);
        snprintf(line, sizeof line, "# TYPE shanqiao_relay_%s counter\n", n->name);
        char *head = strstr(text, line);
        cr_assert_not_null(head);
        cr_expect_null(strstr(head + 1, line), "%s twice", line);
    }
    free(text);
}

Test(metrics, health_fails_when_a_worker_has_stalled)
{
    static struct worker_status workers[2];
    struct metrics_input in = input(workers);
    bool healthy = false;
    workers[0].beat_us = workers[1].beat_us = in.now_us - METRICS_STALL_US;
    free(metrics_health(&in, &healthy));
    cr_expect(healthy);
    workers[1].beat_us--;
    char *text = metrics_health(&in, &healthy);
    cr_expect_not(healthy);
    cr_expect_not_null(strstr(text, "\"stalled\":1"));
    free(text);
}

#define IDLE  100
#define TURNS 200 /* of at most 10 ms: less than METRICS_TIMEOUT_S, so that no timeout helps */

static void read_nothing(struct metrics_input *in, void *user)
{
    (void)in, (void)user;
}

static int connect_to(const struct metrics_server *s)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(metrics_port(s)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    cr_assert(fd >= 0);
    cr_assert(connect(fd, (struct sockaddr *)&to, sizeof to) == 0 || errno == EINPROGRESS);
    return fd;
}

static void turn(struct metrics_server *s)
{
    struct pollfd p = {.fd = metrics_fd(s), .events = POLLIN};
    (void)poll(&p, 1, 10);
    metrics_run(s);
}

static bool scrape(struct metrics_server *s, const char *path)
{
    char answer[16] = "", request[64];
    int len = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path);
    int fd = connect_to(s);
    ssize_t sent = -1, got = -1;
    for (int i = 0; i < TURNS && got <= 0; i++) {
        if (sent < 0)
            sent = send(fd, request, (size_t)len, MSG_NOSIGNAL);
        turn(s);
        got = recv(fd, answer, sizeof answer - 1, 0);
    }
    close(fd);
    return got > 0 && strncmp(answer, "HTTP/1.1 200", 12) == 0;
}

Test(metrics, idle_connections_keep_no_scrape_out)
{
    struct metrics_server *s = NULL;
    struct net_address at;
    int idle[IDLE];
    cr_assert_eq(net_address_parse(&at, "127.0.0.1", 0), 0);
    cr_assert_eq(metrics_open(&s, &at, read_nothing, NULL), 0);
    for (int i = 0; i < IDLE; i++) {
        idle[i] = connect_to(s);
        if (i % 8 == 0)
            turn(s);
    }
    cr_expect(scrape(s, "/metrics"));
    cr_expect(scrape(s, "/healthz"));
    for (int i = 0; i < IDLE; i++) /* half a request is as good as none */
        (void)send(idle[i], "GET /met", 8, MSG_NOSIGNAL);
    cr_expect(scrape(s, "/healthz"));
    for (int i = 0; i < IDLE; i++)
        close(idle[i]);
    cr_expect(scrape(s, "/metrics"));
    metrics_close(s);
}
