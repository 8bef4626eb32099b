/* SPDX-License-Identifier: Apache-2.0 */
/* A commanding node and a commanded one on loopback, with the real shanqiao-cluster processes
 * between them. */
#ifndef TESTS_INTEGRATION_CLUSTER_NODES_H
#define TESTS_INTEGRATION_CLUSTER_NODES_H

#include "cluster/cluster.h"
#include <sys/types.h>

struct nodes {
    struct cluster *front; /* "front-1": commands and listens */
    struct cluster *relay; /* "county-1": answers "re:" and the body, publishes */
    struct cluster_config front_config, relay_config;
    uint16_t commands_port, heartbeats_port;
    unsigned commands; /* that came to the relay */
    unsigned replies;  /* right ones that came to the front */
    unsigned timeouts;
    unsigned wrong;     /* anything that should not be */
    unsigned published; /* that came to the front */
    unsigned restarts;
    char latest[64]; /* body of the last published */
};

void nodes_start(struct nodes *n);
void nodes_stop(struct nodes *n);
/* The nodes' time: the clock, and what nodes_turn jumped over. */
time_us nodes_now(void);
/* Waits a little for something at either node (or jumps over a pause before a restart), and handles
 * all of it. */
void nodes_turn(struct nodes *n);
/* The process ids of the running children of this process, at most max. */
size_t nodes_children(pid_t *out, size_t max);
/* A port of loopback that nobody listens on now. */
uint16_t nodes_free_port(void);

#endif
