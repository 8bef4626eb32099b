/* SPDX-License-Identifier: Apache-2.0 */
/* One thread = one loop = its rooms. The thin shell around relay/room/router: sockets, the clock
 * (read once a batch), batches, a mailbox of commands in and of replies and events out. Everything
 * here but worker_run is called by the main thread. Refuses to know: JSON, other workers' memory.
 */
#ifndef RELAY_WORKER_WORKER_H
#define RELAY_WORKER_WORKER_H

#include "relay/room/router.h"

#define WORKER_COMMANDS_MAX 256
#define WORKER_REPLIES_MAX  256
#define WORKER_EVENTS_MAX   1024
#define WORKER_STATUS_US    (100 * TIME_US_PER_MS) /* how often figures are handed out */

struct worker;

struct worker_config {
    struct net_address listen;            /* with the worker's own port; 0: any (tests) */
    size_t packets;                       /* of its pool */
    bool tcp;                             /* ICE-TCP on the same port number */
    const struct dtls_identity *identity; /* borrowed */
};

/* Opens the sockets. 0, SQ_ERR_NOMEM, SQ_ERR_IO (errno says why: the port is taken, say). */
int worker_new(struct worker **out, const struct worker_config *config);
/* Starts the thread. 0 or SQ_ERR_IO. */
int worker_start(struct worker *w);
/* Ends and joins the thread, if it runs, and frees all. */
void worker_free(struct worker *w);
uint16_t worker_port(const struct worker *w);

/* False when 256 wait already. The command is copied. */
bool worker_post(struct worker *w, const struct relay_command *command);
/* Readable when there are replies or events. */
int worker_fd(const struct worker *w);
bool worker_take_reply(struct worker *w, struct relay_reply *out);
bool worker_take_event(struct worker *w, struct relay_event *out);

struct worker_status {
    time_us beat_us;     /* monotonic time of the last turn of the loop */
    uint64_t turns;      /* of the loop */
    uint64_t busy_us;    /* in sum */
    uint64_t longest_us; /* turn since the start */
    struct router_sizes sizes;
    uint64_t counters[RELAY_COUNTER_COUNT];
};
/* Figures of at most WORKER_STATUS_US ago, each for itself. */
void worker_get_status(const struct worker *w, struct worker_status *out);

#endif
