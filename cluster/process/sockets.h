/* SPDX-License-Identifier: Apache-2.0 */
/* The nanomsg sockets of one node: a raw REP and a PUB to listen on, a raw REQ for each peer, one
 * SUB for all. Knows nanomsg; refuses to know the node's process and what a frame holds. The only
 * file that includes nanomsg. */
#ifndef CLUSTER_PROCESS_SOCKETS_H
#define CLUSTER_PROCESS_SOCKETS_H

#include "cluster/process_protocol.h"

#define SOCKETS_ERROR_MAX 160

struct sockets_peer {
    int socket;
    int receive_fd, send_fd; /* to poll for reading: a frame is there; one can be sent */
    bool writable;           /* false: send_fd is to be polled */
};

struct sockets {
    int rep, pub, sub; /* -1: none */
    int rep_fd, sub_fd;
    struct sockets_peer peers[CLUSTER_PEERS_MAX];
    size_t peer_count;
};

/* 0, or SQ_ERR_IO with a line for the log that names the key at fault and no address. */
int sockets_open(struct sockets *s, const struct process_config *config,
                 char error[SOCKETS_ERROR_MAX]);

/* Frames that can't go are dropped, as nanomsg does; their owner sends again. */
void sockets_request(struct sockets *s, uint16_t peer, uint32_t id, const uint8_t *frame,
                     size_t len_bytes);
void sockets_reply(struct sockets *s, const uint8_t *route, size_t route_bytes,
                   const uint8_t *frame, size_t len_bytes);
void sockets_publish(struct sockets *s, const uint8_t *frame, size_t len_bytes);

/* Takes one frame into `payload` (PROCESS_PAYLOAD_MAX) and says in m where it came from; m's
 * payload and route point into it and into `route`. False: nothing there (or something that no
 * frame of ours can be, dropped). */
bool sockets_take_request(struct sockets *s, struct process_message *m, uint8_t *payload,
                          uint8_t route[PROCESS_ROUTE_MAX]);
bool sockets_take_reply(struct sockets *s, uint16_t peer, struct process_message *m,
                        uint8_t *payload);
bool sockets_take_published(struct sockets *s, struct process_message *m, uint8_t *payload);

#endif
