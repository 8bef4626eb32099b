/* SPDX-License-Identifier: Apache-2.0 */
/* The relays that this node commands: who is alive, how loaded, where a new room goes, and commands
 * of docs/protocol/relay.md with their replies. A gap in a relay's revisions (or a new boot) asks
 * for a snapshot. Refuses to know consultations, sessions and what the JSON of media objects means.
 * One owner thread. */
#ifndef SIGNALING_RELAYS_RELAYS_H
#define SIGNALING_RELAYS_RELAYS_H

#include "base/time.h"
#include "cluster/cluster.h"
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define RELAYS_MAX CLUSTER_PEERS_MAX
#define RELAYS_ALIVE_US                                                                            \
    (1 * TIME_US_PER_S) /* silence after which no new room goes there (4 heartbeats a second);     \
                           time in which we did not listen ourselves does not count */
#define RELAYS_REQUEST_US (3 * TIME_US_PER_S) /* time given to one command, resends included */

struct relays;

/* Starts the cluster process with config->peers as the relays. Errors of cluster_new, SQ_ERR_NOMEM.
 */
int relays_new(struct relays **out, const struct cluster_config *config, time_us now_us);
void relays_free(struct relays *r);
int relays_fd(const struct relays *r); /* may change after relays_step */
time_us relays_deadline(const struct relays *r);
void relays_step(struct relays *r, time_us now_us);

/* Asks every relay for a snapshot at its next heartbeat. */
void relays_refresh(struct relays *r);

/* ---- what an operator changes and sees ---- */

/* One relay more, or other addresses of one that was added; those of the configuration stay as they
 * are (SQ_ERR_CONFLICT). SQ_ERR_INVALID, SQ_ERR_LIMIT of cluster_set_peer. */
int relays_add(struct relays *r, const struct cluster_peer *peer, time_us now_us);
/* Of those that were added: no room goes there any more, and nothing it says is heard.
 * SQ_ERR_NOT_FOUND. */
int relays_remove(struct relays *r, const char *relay);
/* A drained relay gets new rooms only where no other is alive; what it has stays. */
int relays_drain(struct relays *r, const char *relay, bool drained);

struct relays_info {
    char node[CLUSTER_NODE_MAX];
    char level[16], boot[64]; /* "": not heard yet */
    bool alive, added, drained;
    time_us heard_us; /* 0: never */
    double load;
    int64_t rooms, transports, workers;
};
/* The `index`-th, in the order in which they came; false: there are no more. */
bool relays_info(const struct relays *r, size_t index, time_us now_us, struct relays_info *out);
/* Frames that were refused (forged, unknown sender) since the start: a wrong key or id shows here. */
uint64_t relays_refused(const struct relays *r);

/* May be commanded: heard within RELAYS_ALIVE_US, or our own start is no longer ago than that. */
bool relays_alive(const struct relays *r, const char *relay, time_us now_us);
/* Id of the least loaded relay that is alive; NULL: none. */
const char *relays_place(const struct relays *r, time_us now_us);

/* Sends a command; takes over the reference `params`. Ticket >= 1, SQ_ERR_UNREACHABLE (relay silent
 * or unknown), SQ_ERR_LIMIT (body too large, too many in flight), SQ_ERR_NOMEM. */
int64_t relays_request(struct relays *r, const char *relay, const char *method, json_t *params,
                       time_us now_us);

enum relays_output_type {
    RELAYS_REPLY,    /* to `ticket`: error 0 and `body` = result, or error and `message` */
    RELAYS_EVENT,    /* `body` = the event, e.g. transport.state */
    RELAYS_SNAPSHOT, /* `body` = {boot, revision, rooms: [...]}, all pages joined: reconcile with it
                      */
    RELAYS_UP,       /* first heartbeat after silence */
    RELAYS_DOWN      /* silent for RELAYS_ALIVE_US */
};

struct relays_output {
    enum relays_output_type type;
    char relay[CLUSTER_NODE_MAX];
    int64_t ticket;
    int error;         /* enum sq_error */
    char message[160]; /* the relay's own words, English */
    time_us asked_us;  /* RELAYS_SNAPSHOT: what changed later may be missing in it */
    json_t *body;      /* borrowed until the next relays_next */
};
bool relays_next(struct relays *r, struct relays_output *out);
bool relays_waiting(const struct relays *r); /* would relays_next have one? */

#endif
