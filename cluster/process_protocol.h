/* SPDX-License-Identifier: Apache-2.0 */
/* Messages between a node and its `shanqiao-cluster`, over a Unix seqpacket socket that the process
 * inherits as file descriptor PROCESS_FD: one message a packet, integers in network order. Knows
 * their layout; refuses to know what a frame holds. Neither end trusts the other: what does not
 * decode is counted and dropped.
 *
 * Layout: type (1), length of the route (1), peer (2), id (4), route, payload to the end of the
 * packet.
 *
 *     node -> process  CONFIG    payload: version (1), then texts with their length (2):
 * bind_commands, bind_heartbeats, and for each peer commands, heartbeats; first and once REQUEST
 * peer, id (31 bits, comes back with the reply), payload: frame REPLY     route as REQUEST_IN told
 * it, payload: frame PUBLISH   payload: frame process -> node  READY     all addresses are bound
 * and being connected FAILED    payload: a line for the log; the process exits WRITABLE  peer: its
 * connection takes frames (again); those sent before may be lost REQUEST_IN   route, payload: frame
 *                      REPLY_IN     peer, id, payload: frame
 *                      PUBLISHED_IN payload: frame
 *
 * The end: either side closes. The process then exits; the node reaps it and starts another. */
#ifndef CLUSTER_PROCESS_PROTOCOL_H
#define CLUSTER_PROCESS_PROTOCOL_H

#include "cluster/cluster.h"

#define PROCESS_FD           3
#define PROCESS_VERSION      1
#define PROCESS_HEADER_BYTES 8
#define PROCESS_ROUTE_MAX                                                                          \
    64 /* bytes: nanomsg's header of a request, 4 a hop and 4 for the request id */
#define PROCESS_PAYLOAD_MAX 65536 /* NN_RCVMAXSIZE */
#define PROCESS_MESSAGE_MAX (PROCESS_HEADER_BYTES + PROCESS_ROUTE_MAX + PROCESS_PAYLOAD_MAX)
#define PROCESS_ADDRESS_MAX 96 /* bytes with final zero, as in struct cluster_peer */
#define PROCESS_REQUEST_ID_MAX                                                                     \
    UINT32_C(0x7fffffff) /* nanomsg marks the end of a route by the high bit */

enum process_type {
    PROCESS_CONFIG = 1,
    PROCESS_REQUEST,
    PROCESS_REPLY,
    PROCESS_PUBLISH,
    PROCESS_READY = 16,
    PROCESS_FAILED,
    PROCESS_WRITABLE,
    PROCESS_REQUEST_IN,
    PROCESS_REPLY_IN,
    PROCESS_PUBLISHED_IN
};

struct process_message {
    enum process_type type;
    uint16_t peer; /* index in struct cluster_config.peers */
    uint32_t id;
    const uint8_t *route;
    size_t route_bytes;
    const uint8_t *payload;
    size_t payload_bytes;
};

struct process_config {
    char bind_commands[PROCESS_ADDRESS_MAX];
    char bind_heartbeats[PROCESS_ADDRESS_MAX];
    struct process_peer {
        char commands[PROCESS_ADDRESS_MAX];
        char heartbeats[PROCESS_ADDRESS_MAX];
    } peers[CLUSTER_PEERS_MAX];
    size_t peer_count;
};

/* Writes a message to out (PROCESS_MESSAGE_MAX bytes). Its length; route and payload must be within
 * the limits. */
size_t process_encode(const struct process_message *m, uint8_t *out);
/* Route and payload point into `in`. 0 or SQ_ERR_INVALID. */
int process_decode(struct process_message *m, const uint8_t *in, size_t len_bytes);

/* The payload of CONFIG: at most PROCESS_PAYLOAD_MAX bytes. */
size_t process_config_encode(const struct process_config *c, uint8_t *out);
int process_config_decode(struct process_config *c, const uint8_t *in, size_t len_bytes);

/* "tcp://<host or address or *>:<port>", bounded; "" counts as valid when `empty` is. */
bool process_address_valid(const char *address, bool empty);

#endif
