/* SPDX-License-Identifier: Apache-2.0 */
/* Two nodes on loopback; see nodes.h. */
#include "nodes.h"
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* How long is waited for something to move. While a process waits to be started again, the nodes'
 * time then jumps to the end of that pause; else what moves is real (a process that starts, nanomsg
 * that connects) and takes real time. */
#define QUIET_MS 5

static time_us jumped_us;

time_us nodes_now(void)
{
    return clock_monotonic_us() + jumped_us;
}

uint16_t nodes_free_port(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert(fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0 &&
              getsockname(fd, (struct sockaddr *)&at, &size) == 0);
    close(fd);
    return ntohs(at.sin_port);
}

static void configure(struct nodes *n)
{
    const struct cluster_key key = {.id = 7, .secret = "0123456789abcdef0123456789abcde"};
    n->commands_port = nodes_free_port();
    do
        n->heartbeats_port = nodes_free_port();
    while (n->heartbeats_port == n->commands_port);
    struct cluster_config *r = &n->relay_config, *f = &n->front_config;
    *r = (struct cluster_config){
        .node = "county-1", .program = CLUSTER_PROGRAM, .keys = {key}, .key_count = 1};
    snprintf(r->bind_commands, sizeof r->bind_commands, "tcp://127.0.0.1:%u", n->commands_port);
    snprintf(r->bind_heartbeats, sizeof r->bind_heartbeats, "tcp://127.0.0.1:%u",
             n->heartbeats_port);
    *f = (struct cluster_config){.node = "front-1",
                                 .program = CLUSTER_PROGRAM,
                                 .keys = {key},
                                 .key_count = 1,
                                 .peers = {{.node = "county-1"}},
                                 .peer_count = 1};
    memcpy(f->peers[0].commands, r->bind_commands, sizeof r->bind_commands);
    memcpy(f->peers[0].heartbeats, r->bind_heartbeats, sizeof r->bind_heartbeats);
}

void nodes_start(struct nodes *n)
{
    *n = (struct nodes){0};
    configure(n);
    cr_assert_eq(cluster_new(&n->relay, &n->relay_config, nodes_now()), 0);
    cr_assert_eq(cluster_new(&n->front, &n->front_config, nodes_now()), 0);
}

void nodes_stop(struct nodes *n)
{
    cluster_free(n->front);
    cluster_free(n->relay);
}

static void relay_turn(struct nodes *n, time_us now)
{
    struct cluster_message m;
    cluster_step(n->relay, now);
    while (cluster_next(n->relay, &m)) {
        if (m.type == CLUSTER_RESTARTED) {
            n->restarts++;
            continue;
        }
        n->wrong += m.type != CLUSTER_REQUEST || strcmp(m.node, "front-1") != 0;
        n->commands++;
        char *answer = NULL;
        int len = asprintf(&answer, "re:%s", m.body);
        n->wrong += cluster_reply(n->relay, m.ticket, answer, (size_t)len, now) != 0;
        free(answer);
    }
}

static void front_turn(struct nodes *n, time_us now)
{
    struct cluster_message m;
    cluster_step(n->front, now);
    while (cluster_next(n->front, &m)) {
        if (m.type == CLUSTER_RESTARTED) {
            n->restarts++;
            continue;
        }
        n->wrong += strcmp(m.node, "county-1") != 0;
        if (m.type == CLUSTER_PUBLISHED) {
            n->published++;
            snprintf(n->latest, sizeof n->latest, "%s", m.body);
        } else if (m.type == CLUSTER_REPLY && m.error) {
            n->timeouts++;
        } else {
            n->replies++;
            n->wrong += strncmp(m.body, "re:", 3) != 0 || strlen(m.body) != m.len_bytes;
        }
    }
}

void nodes_turn(struct nodes *n)
{
    struct pollfd p[2] = {{.fd = cluster_fd(n->front), .events = POLLIN},
                          {.fd = cluster_fd(n->relay), .events = POLLIN}};
    int ready = poll(p, 2, QUIET_MS);
    cr_assert_geq(ready, 0);
    time_us at = time_us_min(cluster_deadline(n->front), cluster_deadline(n->relay));
    time_us now = nodes_now();
    pid_t children[2];
    if (ready == 0 && at > now && at != TIME_US_NEVER && nodes_children(children, 2) < 2)
        jumped_us += at - now;
    relay_turn(n, nodes_now());
    front_turn(n, nodes_now());
}

size_t nodes_children(pid_t *out, size_t max)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%d/children", getpid());
    FILE *f = fopen(path, "re");
    size_t count = 0;
    int pid;
    while (f && count < max && fscanf(f, "%d", &pid) == 1)
        out[count++] = pid;
    if (f)
        fclose(f);
    return count;
}
