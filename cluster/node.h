/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of struct cluster: what link.c, requester.c and responder.c share. Private to this folder.
 */
#ifndef CLUSTER_NODE_H
#define CLUSTER_NODE_H

#include "cluster/child.h"
#include "cluster/cluster.h"
#include "cluster/inbox.h"
#include "cluster/requests.h"
#include "cluster/seal.h"

#define SENDERS_MAX                                                                                \
    64 /* nodes that may command this one; more are refused, for a window must not be forgotten */
#define HELLO_RESEND_US (300 * TIME_US_PER_MS)

/* A node that is commanded and listened to. Its boot counts only after it answered a SEAL_HELLO. */
struct peer {
    char node[CLUSTER_NODE_MAX];
    bool up;               /* the process said WRITABLE since it was started */
    uint64_t boot;         /* 0: not known yet */
    uint64_t hello_ticket; /* random, of the SEAL_HELLO that waits; 0: none */
    time_us hello_us;      /* when to say it (again) */
    struct seal_window replies, published;
};

/* A node that commands this one. */
struct sender {
    char node[CLUSTER_NODE_MAX];
    struct seal_window requests;
};

struct cluster {
    time_us now_us; /* of the latest call */
    struct seal seal;
    struct child child;
    struct requests requests;
    struct inbox inbox;
    struct peer peers[CLUSTER_PEERS_MAX];
    size_t peer_count;
    struct sender senders[SENDERS_MAX];
    size_t sender_count;
    struct cluster_counters counters;
    bool publishes; /* bind_heartbeats is set */
    uint64_t restarts_told;
    uint8_t frame[SEAL_FRAME_MAX];
    uint8_t body[CLUSTER_BODY_MAX + 1];
};

/* Opens a frame into c->body and counts what is wrong with it. Length of the body or an error. */
int64_t node_open(struct cluster *c, const struct process_message *m, struct seal_header *h);
/* Seals into c->frame. Length of the frame. */
size_t node_close(struct cluster *c, enum seal_type type, const char *to, uint64_t to_boot,
                  uint64_t ticket, const void *body, size_t len_bytes);

/* requester.c */
void requester_step(struct cluster *c);
time_us requester_deadline(const struct cluster *c);
void requester_lost_process(struct cluster *c);
void requester_writable(struct cluster *c, uint16_t peer);
/* Sends a waiting request now, or leaves it until its peer can be reached. */
void requester_transmit(struct cluster *c, struct request *r);
/* True: `out` is filled. */
bool requester_reply_in(struct cluster *c, const struct process_message *m,
                        struct cluster_message *out);
bool requester_published_in(struct cluster *c, const struct process_message *m,
                            struct cluster_message *out);
bool requester_expired(struct cluster *c, struct cluster_message *out);

/* responder.c */
bool responder_request_in(struct cluster *c, const struct process_message *m,
                          struct cluster_message *out);
void responder_send_reply(struct cluster *c, const struct inbox_entry *e);

#endif
