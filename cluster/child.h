/* SPDX-License-Identifier: Apache-2.0 */
/* The node's hold on its `shanqiao-cluster`: starts it, talks to it without blocking, reaps it,
 * starts it again. Knows processes and the layout of process_protocol.h; refuses to know what is in
 * a frame. One owner thread, which must live as long as the process is wanted (it dies with the
 * thread that started it, PR_SET_PDEATHSIG). */
#ifndef CLUSTER_CHILD_H
#define CLUSTER_CHILD_H

#include "base/time.h"
#include "cluster/process_protocol.h"
#include <sys/types.h>

/* Bytes waiting for the process beyond what the kernel holds; more is refused, and sent again by
 * its owner. */
#define CHILD_QUEUE_MAX (8u * 1024 * 1024)
/* The first restart comes at once when the process lived this long, else after a pause that
 * doubles. */
#define CHILD_LIVED_US TIME_US_PER_S
#define CHILD_READY_US                                                                             \
    (5 * TIME_US_PER_S) /* one that is not READY by then is stuck: ended and started anew */
#define CHILD_BACKOFF_MIN_US (50 * TIME_US_PER_MS)
#define CHILD_BACKOFF_MAX_US (5 * TIME_US_PER_S)

struct child_packet {
    struct child_packet *next;
    size_t len_bytes;
    uint8_t bytes[];
};

struct child {
    pid_t pid;     /* 0: none runs */
    int fd;        /* seqpacket; -1: none */
    int epoll;     /* holds fd; the same over restarts, so that callers may keep it */
    bool ready;    /* it has said READY */
    char *program; /* NULL: look for it */
    struct process_config config;
    struct child_packet *first, *last;
    size_t queued_bytes;
    time_us started_us, restart_us, backoff_us;
    uint8_t *in;  /* PROCESS_MESSAGE_MAX */
    uint8_t *out; /* PROCESS_MESSAGE_MAX */
};

/* Copies program (NULL: beside the running program, then PATH) and config. 0, SQ_ERR_NOMEM,
 * SQ_ERR_IO. */
int child_init(struct child *c, const char *program, const struct process_config *config);
/* Ends the process: closes, waits a moment for it to finish, kills, reaps. */
void child_fini(struct child *c);

/* Starts it and sends the configuration. 0; on SQ_ERR_IO the next try is at restart_us. */
int child_start(struct child *c, time_us now_us);
/* Ends it and starts it anew, as after its death: callers drop what they know of its connections.
 * What waited to be sent is lost. */
void child_restart(struct child *c, time_us now_us);
/* Blocks until it is READY. 0, SQ_ERR_IO (it failed or died), SQ_ERR_TIMEOUT. For the first start
 * only. */
int child_wait_ready(struct child *c, int timeout_ms);

/* 0; SQ_ERR_UNREACHABLE (none runs), SQ_ERR_LIMIT (queue full), SQ_ERR_NOMEM: then it was not sent.
 */
int child_send(struct child *c, const struct process_message *m);
/* When child_start (none runs) or child_receive (it is not READY yet) is due; TIME_US_NEVER: no
 * timer. */
time_us child_deadline(const struct child *c);

/* Sends what waits. */
void child_flush(struct child *c);

/* 1: a message, pointing into the child's buffer until the next call (READY and FAILED were seen
 * to: FAILED is logged); 0: none; SQ_ERR_INVALID: one that does not decode; SQ_ERR_CLOSED: the
 * process is gone, was reaped, and restart_us is set. */
int child_receive(struct child *c, struct process_message *m, time_us now_us);

#endif
