/* SPDX-License-Identifier: Apache-2.0 */
/* ICE over TCP, the passive side (RFC 6544): a listener on the worker's port number and its
 * connections, each a sequence of RFC 4571 frames. Caps on connections, bounded buffers, idle ones
 * are closed. A frame that doesn't fit the send buffer is dropped, as UDP would. Refuses to know:
 * what is in a frame. */
#ifndef RELAY_WORKER_TCP_H
#define RELAY_WORKER_TCP_H

#include "base/address.h"
#include "base/packet.h"
#include "base/time.h"

#define TCP_CONNECTIONS_MAX     256                  /* of a worker */
#define TCP_CONNECTIONS_OF_PEER 16                   /* from one address: a clinic behind one NAT */
#define TCP_SILENT_US           (10 * TIME_US_PER_S) /* TRUST WEB-04: without a frame after accept */
#define TCP_IDLE_US             (60 * TIME_US_PER_S) /* consent checks come every 5 s (RFC 7675) */
#define TCP_SEND_BUFFER_BYTES   (64 * 1024)
#define TCP_FRAME_HEADER_BYTES  2 /* RFC 4571 section 2: length */

struct tcp_connection {
    int fd;                 /* -1: free */
    struct net_tuple tuple; /* tuple.stream numbers the connection, never 0, never reused soon */
    time_us heard_us;       /* last whole frame, or accept */
    bool spoke;             /* a whole frame came */
    size_t in_len, out_len;
    uint8_t in[TCP_FRAME_HEADER_BYTES + PACKET_CAPACITY_BYTES];
    uint8_t *out; /* TCP_SEND_BUFFER_BYTES, while open */
};

struct tcp_server {
    int fd;       /* listener; -1: none */
    int epoll_fd; /* borrowed: connections register with their index + TCP_EPOLL_FIRST as data */
    uint32_t next_stream;
    struct net_address local;
    struct tcp_connection *connections; /* TCP_CONNECTIONS_MAX */
    size_t count;
    uint64_t refused, dropped;
};

#define TCP_EPOLL_FIRST 16

/* 0, SQ_ERR_NOMEM, SQ_ERR_IO. */
int tcp_open(struct tcp_server *s, const struct net_address *listen, int epoll_fd);
void tcp_close(struct tcp_server *s);
void tcp_accept(struct tcp_server *s, time_us now_us);
/* The next whole frame of connection `index` into an empty packet. 1: a frame; 0: no more now; -1:
 * the connection is over (closed already; *from still names it). */
int tcp_receive(struct tcp_server *s, size_t index, struct packet *packet, struct net_tuple *from,
                time_us now_us);
/* The socket takes more. */
void tcp_writable(struct tcp_server *s, size_t index);
/* False when it was dropped: no such connection, or its buffer is full. */
bool tcp_send(struct tcp_server *s, uint32_t stream, const uint8_t *data, size_t len_bytes);
/* Closes one connection that has been silent too long: its stream, 0 when there is none. Call until
 * 0. */
uint32_t tcp_expire(struct tcp_server *s, time_us now_us);

#endif
