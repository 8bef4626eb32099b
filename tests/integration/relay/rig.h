/* SPDX-License-Identifier: Apache-2.0 */
/* The real shanqiao-relay over loopback: started with a configuration of its own, commanded through
 * the cluster link as signalling would, and used by terminals made of rtc/transport over real
 * sockets. */
#ifndef TESTS_INTEGRATION_RELAY_RIG_H
#define TESTS_INTEGRATION_RELAY_RIG_H

#include "cluster/cluster.h"
#include "rtc/transport/transport.h"
#include <jansson.h>
#include <stdbool.h>
#include <sys/types.h>

#define RIG_TERMINALS 2
#define RIG_LIMIT_US  (30 * TIME_US_PER_S) /* nothing here takes this long; then the test fails */

struct rig_terminal {
    struct transport *t;
    struct dtls_identity *identity;
    int udp_fd, tcp_fd;
    struct net_address udp, tcp;
    uint32_t tcp_stream;
    size_t tcp_in_len;
    uint8_t tcp_in[2 + 2048];
    size_t rtp_count, rtcp_count;
    uint32_t last_ssrc, last_mark; /* of RTP: SSRC and the last four payload bytes */
    uint16_t first_seq16, last_seq16;
};

struct rig {
    pid_t relay;
    char folder[64];
    uint16_t media_port, metrics_port;
    struct cluster *front;
    struct rig_terminal terminals[RIG_TERMINALS];
    size_t published, connected_events;
    long long last_revision;
    json_t *reply;    /* newest */
    uint64_t replied; /* its ticket */
};

void rig_open(struct rig *r);
/* Ends the relay by SIGTERM; its exit status must be 0. */
void rig_close(struct rig *r);
/* A command and its reply's result (borrowed until the next), or with `error` its error object. */
json_t *rig_command(struct rig *r, bool error, const char *method, json_t *params);
/* Runs sockets and timers until the condition holds; fails the test after RIG_LIMIT_US. */
void rig_until(struct rig *r, bool (*done)(struct rig *r, size_t n), size_t n);
/* transport.create + terminal + transport.connect; over TCP only when asked. */
void rig_join(struct rig *r, size_t i, const char *id, bool tcp);
void rig_send(struct rig *r, size_t i, const uint8_t *data, size_t len_bytes);
/* GET of the metrics server: status, body on the heap. */
int rig_get(struct rig *r, const char *path, char **body);
bool rig_all_connected(struct rig *r, size_t n);

#endif
