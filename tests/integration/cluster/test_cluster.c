/* SPDX-License-Identifier: Apache-2.0 */
/* cluster.h end to end: the real process, real TCP on loopback, deaths and garbage. */
#include "nodes.h"
#include "shanqiao/error.h"
#include "tests/support/prng.h"
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATIENCE_US (3600 * TIME_US_PER_S)

static struct nodes n;

static void start(void)
{
    nodes_start(&n);
}

static void stop(void)
{
    nodes_stop(&n);
    pid_t left[4];
    cr_assert_eq(nodes_children(left, 4), 0, "a process was left behind");
}

static void ask(const char *body)
{
    cr_assert_geq(
        cluster_request(n.front, "county-1", body, strlen(body), PATIENCE_US, nodes_now()), 1);
}

TestSuite(cluster, .init = start, .fini = stop);

Test(cluster, a_thousand_requests_get_their_replies)
{
    for (int i = 0; i < 1000; i++) {
        char body[32];
        snprintf(body, sizeof body, "{\"n\":%d}", i);
        ask(body);
    }
    while (n.replies + n.timeouts < 1000)
        nodes_turn(&n);
    cr_assert_eq(n.replies, 1000);
    cr_assert_eq(n.commands, 1000, "each command is worked on once");
    cr_assert_eq(n.wrong, 0);
}

Test(cluster, published_messages_arrive)
{
    while (strcmp(n.latest, "beat 50") != 0) {
        /* The first ones may go out before the subscriber is there: heartbeats are level-triggered.
         */
        for (int i = 0; i <= 50; i++) {
            char body[32];
            snprintf(body, sizeof body, "beat %d", i);
            cr_assert_eq(cluster_publish(n.relay, body, strlen(body), nodes_now()), 0);
        }
        nodes_turn(&n);
    }
    cr_assert_eq(n.wrong, 0);
}

Test(cluster, a_body_of_the_full_size_goes_through_and_a_longer_one_is_refused)
{
    static char body[CLUSTER_BODY_MAX + 1];
    memset(body, 'x', sizeof body);
    time_us now = nodes_now();
    cr_assert_eq(cluster_request(n.front, "county-1", body, sizeof body, PATIENCE_US, now),
                 SQ_ERR_LIMIT);
    cr_assert_eq(cluster_request(n.front, "city-1", "{}", 2, PATIENCE_US, now), SQ_ERR_NOT_FOUND);
    cr_assert_eq(cluster_publish(n.front, "{}", 2, now), SQ_ERR_STATE);
    cr_assert_eq(cluster_reply(n.relay, 12345, "{}", 2, now), SQ_ERR_NOT_FOUND);
    cr_assert_geq(
        cluster_request(n.front, "county-1", body, CLUSTER_BODY_MAX - 3, PATIENCE_US, now), 1);
    while (n.replies == 0)
        nodes_turn(&n);
    cr_assert_eq(n.wrong, 0);
}

/* A child of this test's process only. */
static void kill_one_child(struct prng *random)
{
    pid_t children[4];
    size_t count = nodes_children(children, 4);
    if (count > 0)
        cr_assert_eq(kill(children[prng_below(random, (uint32_t)count)], SIGKILL), 0);
}

Test(cluster, killing_the_processes_twenty_times_under_load_loses_nothing)
{
    struct prng random = prng_of(2026);
    unsigned asked = 0;
    for (unsigned kills = 0; kills < 20; kills++) {
        for (int i = 0; i < 50; i++, asked++)
            ask("{\"method\":\"snapshot\"}");
        unsigned want = n.restarts + 1;
        kill_one_child(&random);
        while (n.restarts < want)
            nodes_turn(&n);
    }
    while (n.replies + n.timeouts < asked)
        nodes_turn(&n);
    cr_assert_eq(n.replies, asked);
    cr_assert_eq(n.timeouts, 0);
    cr_assert_eq(n.wrong, 0);
    cr_assert_geq(n.restarts, 20);
    cr_assert_eq(n.commands, asked, "a command that is sent again is worked on once");
}

Test(cluster, a_relay_that_starts_anew_gets_what_waits)
{
    ask("first");
    while (n.replies < 1)
        nodes_turn(&n);
    cluster_free(n.relay);
    ask("second");
    cr_assert_eq(cluster_new(&n.relay, &n.relay_config, nodes_now()), 0);
    while (n.replies < 2)
        nodes_turn(&n);
    cr_assert_eq(n.wrong, 0);
    while (strcmp(n.latest, "after") != 0) {
        cr_assert_eq(cluster_publish(n.relay, "after", 5, nodes_now()), 0);
        nodes_turn(&n);
    }
}

Test(cluster, a_node_whose_clock_went_back_is_heard_again)
{
    ask("first");
    while (n.replies < 1)
        nodes_turn(&n);
    /* Two fronts with one id: the one that was started first has the older boot, as after a clock
     * that went back. */
    struct cluster *older = n.front;
    cr_assert_eq(cluster_new(&n.front, &n.front_config, nodes_now()), 0);
    ask("second");
    while (n.replies < 2)
        nodes_turn(&n);
    cluster_free(n.front);
    n.front = older;
    ask("third");
    while (n.replies < 3)
        nodes_turn(&n);
    cr_assert_eq(n.wrong, 0);
    cr_assert_eq(n.commands, 3);
}

Test(cluster, a_peer_that_is_not_there_times_out)
{
    cluster_free(n.relay);
    n.relay = NULL;
    time_us now = nodes_now();
    cr_assert_geq(cluster_request(n.front, "county-1", "{}", 2, 2 * TIME_US_PER_MS, now), 1);
    struct cluster_message m;
    cluster_step(n.front, now + TIME_US_PER_MS);
    while (cluster_next(n.front, &m))
        cr_assert_neq(m.type, CLUSTER_REPLY);
    cluster_step(n.front, now + 2 * TIME_US_PER_MS);
    cr_assert(cluster_next(n.front, &m));
    cr_assert_eq(m.type, CLUSTER_REPLY);
    cr_assert_eq(m.error, SQ_ERR_TIMEOUT);
    cr_assert_null(m.body);
}

Test(cluster, more_in_flight_than_the_limit_is_refused)
{
    time_us now = nodes_now();
    for (int i = 0; i < 4096; i++)
        cr_assert_geq(cluster_request(n.front, "county-1", "{}", 2, PATIENCE_US, now), 1);
    cr_assert_eq(cluster_request(n.front, "county-1", "{}", 2, PATIENCE_US, now), SQ_ERR_LIMIT);
    while (n.replies < 4096)
        nodes_turn(&n);
    cr_assert_eq(n.wrong, 0);
    cr_assert_eq(n.commands, 4096);
    cr_assert_geq(cluster_request(n.front, "county-1", "{}", 2, PATIENCE_US, now), 1);
}

static int connect_to(uint16_t port)
{
    struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_geq(fd, 0);
    if (connect(fd, (struct sockaddr *)&at, sizeof at) != 0) {
        close(fd);
        return -1; /* the process may be starting anew */
    }
    return fd;
}

/* SP over TCP: "\0SP\0", protocol (REQ is 0x30, SUB 0x21), reserved. */
static const uint8_t req_hello[8] = {0, 'S', 'P', 0, 0, 0x30, 0, 0};

static void throw_frames(uint16_t port, struct prng *random, int count)
{
    uint8_t frame[8 + 600];
    int fd = connect_to(port);
    cr_assert_eq(send(fd, req_hello, sizeof req_hello, MSG_NOSIGNAL), (ssize_t)sizeof req_hello);
    for (int i = 0; i < count; i++) {
        size_t len = prng_below(random, 600);
        prng_bytes(random, frame + 8, len);
        memset(frame, 0, 8);
        frame[6] = (uint8_t)(len >> 8);
        frame[7] = (uint8_t)len;
        if (len && i % 2)
            frame[8] |= 0x80; /* as a request without hops, which reaches the seal */
        if (send(fd, frame, 8 + len, MSG_NOSIGNAL) < 0)
            break;
    }
    shutdown(fd, SHUT_WR);
    while (recv(fd, frame, sizeof frame, 0) > 0)
        continue; /* until the process has read all and closes: a close with bytes unread would
                     cancel them */
    close(fd);
}

static void still_works(unsigned *replies)
{
    ask("{}");
    ++*replies;
    while (n.replies < *replies)
        nodes_turn(&n);
}

Test(cluster, ten_thousand_random_frames_leave_it_working)
{
    struct prng random = prng_of(9);
    unsigned replies = 0;
    still_works(&replies);
    for (int i = 0; i < 100; i++) {
        throw_frames(n.commands_port, &random, 100);
        still_works(&replies);
    }
    struct cluster_counters c;
    cluster_get_counters(n.relay, &c);
    cr_assert_gt(c.dropped_malformed, 1000, "the frames did not reach the seal");
    cr_assert_eq(c.restarts, 0);
    cr_assert_eq(n.wrong, 0);
    cr_assert_eq(n.commands, replies);
}

Test(cluster, broken_handshakes_and_lengths_leave_it_working)
{
    static const uint8_t lengths[][8] = {
        {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
        {0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
        {0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff},
        {0, 0, 0, 0, 0, 1, 0, 1},
    };
    unsigned replies = 0;
    uint16_t ports[2] = {n.commands_port, n.heartbeats_port};
    for (size_t p = 0; p < 2; p++) {
        for (size_t len = 0; len <= sizeof req_hello; len++) {
            int fd = connect_to(ports[p]);
            (void)send(fd, req_hello, len, MSG_NOSIGNAL);
            close(fd);
        }
        for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
            int fd = connect_to(ports[p]);
            (void)send(fd, req_hello, sizeof req_hello, MSG_NOSIGNAL);
            (void)send(fd, lengths[i], 8, MSG_NOSIGNAL);
            (void)send(fd, "garbage", 7, MSG_NOSIGNAL);
            close(fd);
            still_works(&replies);
        }
    }
    cr_assert_eq(n.wrong, 0);
}

Test(cluster, the_process_inherits_nothing_but_its_socket)
{
    int mine = socket(AF_INET, SOCK_STREAM, 0); /* without CLOEXEC, on purpose */
    cr_assert_geq(mine, 0);
    unsigned replies = 0;
    pid_t children[4];
    size_t count = nodes_children(children, 4);
    for (size_t i = 0; i < count; i++)
        kill(children[i], SIGKILL);
    while (n.restarts < count)
        nodes_turn(&n);
    still_works(&replies);
    struct stat ours;
    cr_assert_eq(fstat(mine, &ours), 0);
    count = nodes_children(children, 4);
    cr_assert_eq(count, 2);
    for (size_t i = 0; i < count; i++) {
        for (int fd = 0; fd < 64; fd++) {
            char path[64];
            struct stat theirs;
            snprintf(path, sizeof path, "/proc/%d/fd/%d", children[i], fd);
            bool same = stat(path, &theirs) == 0 && theirs.st_ino == ours.st_ino &&
                        theirs.st_dev == ours.st_dev;
            cr_assert_not(same);
        }
    }
    close(mine);
}

Test(cluster_start, a_port_that_is_taken_refuses_to_start)
{
    struct nodes two;
    nodes_start(&two);
    struct cluster *c;
    two.relay_config.node[0] = 'x';
    cr_assert_eq(cluster_new(&c, &two.relay_config, nodes_now()), SQ_ERR_IO);
    cr_assert_null(c);
    nodes_stop(&two);
}

Test(cluster_start, a_program_that_is_missing_or_dies_refuses_to_start)
{
    struct nodes two;
    nodes_start(&two);
    struct cluster *c;
    two.front_config.program = "/nonexistent/shanqiao-cluster";
    cr_assert_eq(cluster_new(&c, &two.front_config, nodes_now()), SQ_ERR_IO);
    two.front_config.program = "/bin/false";
    cr_assert_eq(cluster_new(&c, &two.front_config, nodes_now()), SQ_ERR_IO);
    nodes_stop(&two);
}

Test(cluster_start, a_program_that_is_not_named_is_found_in_path)
{
    struct nodes two;
    nodes_start(&two);
    struct cluster *c;
    char folder[] = CLUSTER_PROGRAM;
    *strrchr(folder, '/') = 0;
    two.front_config.program = NULL;
    cr_assert_eq(setenv("PATH", "/nonexistent", 1), 0);
    cr_assert_eq(cluster_new(&c, &two.front_config, nodes_now()), SQ_ERR_IO);
    cr_assert_eq(setenv("PATH", folder, 1), 0);
    cr_assert_eq(cluster_new(&c, &two.front_config, nodes_now()), 0);
    cluster_free(c);
    nodes_stop(&two);
}

Test(cluster_start, a_wrong_configuration_is_refused)
{
    struct nodes two;
    nodes_start(&two);
    struct cluster *c;
    time_us now = nodes_now();
    struct cluster_config f = two.front_config;
    f.key_count = 0;
    cr_assert_eq(cluster_new(&c, &f, now), SQ_ERR_INVALID);
    f = two.front_config;
    memcpy(f.node, "no blanks", 10);
    cr_assert_eq(cluster_new(&c, &f, now), SQ_ERR_INVALID);
    f = two.front_config;
    memcpy(f.peers[0].commands, "ipc:///x", 9);
    cr_assert_eq(cluster_new(&c, &f, now), SQ_ERR_INVALID);
    f = two.front_config;
    f.peers[1] = f.peers[0];
    f.peer_count = 2;
    cr_assert_eq(cluster_new(&c, &f, now), SQ_ERR_INVALID);
    nodes_stop(&two);
}

Test(cluster_start, nodes_without_a_common_key_do_not_hear_each_other)
{
    nodes_start(&n);
    cluster_free(n.front);
    n.front_config.keys[0].secret[0] ^= 1;
    cr_assert_eq(cluster_new(&n.front, &n.front_config, nodes_now()), 0);
    cr_assert_geq(cluster_request(n.front, "county-1", "{}", 2, TIME_US_PER_S, nodes_now()), 1);
    while (n.timeouts == 0)
        nodes_turn(&n);
    struct cluster_counters c;
    cluster_get_counters(n.relay, &c);
    cr_assert_gt(c.dropped_forged, 0);
    cr_assert_eq(n.commands, 0);
    nodes_stop(&n);
}
