/* SPDX-License-Identifier: Apache-2.0 */
/* What an operator's monitor reads: /metrics (Prometheus text format 0.0.4) and /healthz (JSON). No
 * address, id or name of anybody is in it. The texts are pure; the server (libmicrohttpd) is polled
 * by the main thread. Refuses to know: rooms, media. */
#ifndef RELAY_METRICS_METRICS_H
#define RELAY_METRICS_METRICS_H

#include "cluster/cluster.h"
#include "relay/control/control.h"
#include "relay/worker/worker.h"

#define METRICS_STALL_US        (2 * TIME_US_PER_S) /* a loop turns at least each 100 ms */
#define METRICS_CONNECTIONS_MAX 32 /* one more ends the oldest: idle ones can't keep a scrape out  \
                                    */
#define METRICS_RESERVE   16       /* places for those that are being ended */
#define METRICS_TIMEOUT_S 2        /* TRUST WEB-04: a scrape is one short request */

struct metrics_input {
    const struct worker_status *workers; /* worker_count of them */
    size_t worker_count;
    struct control_figures control;
    struct cluster_counters cluster;
    bool in_cluster; /* false: no cluster link is configured */
    time_us now_us;
};

/* Text on the heap (free), NULL when memory is used up. */
char *metrics_text(const struct metrics_input *in, size_t *len_bytes);
/* *healthy false when a worker has stalled. */
char *metrics_health(const struct metrics_input *in, bool *healthy);

struct metrics_server;
/* `read` fills the input when somebody asks; called from metrics_run. 0, SQ_ERR_IO (errno: the port
 * is taken, say). */
int metrics_open(struct metrics_server **out, const struct net_address *listen,
                 void (*read)(struct metrics_input *in, void *user), void *user);
void metrics_close(struct metrics_server *s);
int metrics_fd(const struct metrics_server *s); /* poll for reading, then metrics_run */
void metrics_run(struct metrics_server *s);     /* also once a second, to end silent connections */
uint16_t metrics_port(const struct metrics_server *s);

#endif
