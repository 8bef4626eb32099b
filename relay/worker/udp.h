/* SPDX-License-Identifier: Apache-2.0 */
/* One UDP socket, in batches: recvmmsg into packets, sendmmsg from datagrams. The seam for GRO and
 * GSO: callers see batches only. Refuses to know: what is in a datagram. */
#ifndef RELAY_WORKER_UDP_H
#define RELAY_WORKER_UDP_H

#include "base/address.h"
#include "base/packet.h"
#include "rtc/transport/transport.h"
#include <sys/socket.h>

#define UDP_BATCH 64 /* datagrams a system call; more gains little */
/* Kernel buffers: 4 MiB hold 25 ms at 1 Gb/s; the kernel clamps to net.core.*mem_max. */
#define UDP_BUFFER_BYTES (4 * 1024 * 1024)

struct udp_socket {
    int fd;
    bool ipv6; /* dual-stack socket: IPv4 peers are written as mapped addresses */
    struct net_address local;
    struct mmsghdr messages[UDP_BATCH];
    struct iovec vectors[UDP_BATCH];
    struct sockaddr_storage names[UDP_BATCH];
};

/* Bound, non-blocking. 0 or SQ_ERR_IO (errno says why). port 0 binds any; local then has it. */
int udp_open(struct udp_socket *s, const struct net_address *listen);
void udp_close(struct udp_socket *s);
/* Reads at most `count` datagrams into packets[0..count) (empty ones, borrowed) and their senders.
 * Number read; 0 when there is nothing. Datagrams longer than a packet come with len_bytes 0. */
size_t udp_receive(struct udp_socket *s, struct packet **packets, struct net_tuple *from,
                   size_t count);
/* Sends up to UDP_BATCH datagrams; the number that the kernel refused. */
size_t udp_send(struct udp_socket *s, const struct transport_datagram *const *datagrams,
                size_t count);

#endif
