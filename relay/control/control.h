/* SPDX-License-Identifier: Apache-2.0 */
/* Between the sealed frames of signalling and the workers: requests become commands, replies and
 * events become JSON (docs/protocol/relay.md). Without sockets and threads: one input, then drain
 * control_next, then wait until control_deadline. One owner thread. Refuses to know: nanomsg,
 * workers' insides, media. */
#ifndef RELAY_CONTROL_CONTROL_H
#define RELAY_CONTROL_CONTROL_H

#include "relay/control/parse.h"

#define CONTROL_ANNOUNCE_MAX  8
#define CONTROL_WORKERS_MAX   64
#define CONTROL_PENDING_MAX   1024 /* commands with workers; more are refused as busy */
#define CONTROL_HEARTBEAT_US  (250 * TIME_US_PER_MS) /* docs/protocol/relay.md: four a second */
#define CONTROL_CHANGE_GAP_US (20 * TIME_US_PER_MS)  /* changes this close share a heartbeat */
#define CONTROL_BOOT_LEN      16
#define CONTROL_LEVEL_MAX     16

struct control;

struct control_config {
    char id[RELAY_ID_MAX];
    char level[CONTROL_LEVEL_MAX];
    char boot[CONTROL_BOOT_LEN + 1];                   /* random, of this start */
    struct net_address announce[CONTROL_ANNOUNCE_MAX]; /* the port is the worker's */
    size_t announce_count;
    uint16_t ports[CONTROL_WORKERS_MAX]; /* of each worker */
    size_t worker_count;
    bool udp_only; /* the workers take no TCP: nobody gets TCP candidates */
};

/* 0, SQ_ERR_NOMEM. */
int control_new(struct control **out, const struct control_config *config, time_us now_us);
void control_free(struct control *c);

/* A request came in. `body` is borrowed. */
void control_request(struct control *c, uint64_t ticket, const char *body, size_t len_bytes,
                     time_us now_us);
/* A worker answered; takes over reply->stats. */
void control_reply(struct control *c, struct relay_reply *reply, time_us now_us);
void control_event(struct control *c, const struct relay_event *event, time_us now_us);
/* 0..1, for the heartbeat. */
void control_set_load(struct control *c, double load);

enum control_output_type {
    CONTROL_POST,   /* command to worker */
    CONTROL_ANSWER, /* text to ticket */
    CONTROL_PUBLISH /* text to everybody */
};

struct control_output {
    enum control_output_type type;
    int worker;
    struct relay_command command;
    uint64_t ticket;
    char *text; /* owned by the taker (free); NULL for POST */
};

bool control_next(struct control *c, struct control_output *out);
/* A POST could not be delivered: its request is answered as busy. */
void control_refused(struct control *c, const struct relay_command *command);
time_us control_deadline(const struct control *c);
void control_timeout(struct control *c, time_us now_us);

struct control_figures {
    uint64_t requests, refused, revision;
    size_t rooms, transports, pending;
};
void control_get_figures(const struct control *c, struct control_figures *out);

#endif
