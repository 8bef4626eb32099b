/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets of one call: a UDP socket, and TCP connections with RFC 4571 framing where a transport
 * asks for them. Never waits. Owner's thread. Refuses to know: what is in a datagram. */
#ifndef CLIENT_LIB_IO_MEDIA_IO_H
#define CLIENT_LIB_IO_MEDIA_IO_H

#include "base/address.h"
#include "rtc/ice/ice.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MEDIA_IO_TCP_MAX       8
#define MEDIA_IO_DATAGRAM_MAX  2048
#define MEDIA_IO_TCP_QUEUE_MAX (128 * 1024) /* bytes unsent; frames beyond are dropped whole */

struct media_io;

/* Descriptors are added to `epoll_fd` (borrowed). SQ_ERR_NOMEM. */
int media_io_new(struct media_io **out, int epoll_fd);
void media_io_free(struct media_io *io);

/* Opens (again) the UDP socket for the first candidate of the relay that has a route; *local is
 * then our own address on that route. SQ_ERR_UNREACHABLE: none has (a TCP candidate may still do).
 */
int media_io_open_udp(struct media_io *io, const struct ice_candidate *candidates, size_t count,
                      struct net_address *local);
/* True when the route to the relay starts at another address than before: *local is the new one. */
bool media_io_moved(struct media_io *io, struct net_address *local);

/* Starts to connect; the outcome comes by media_io_next_tcp. SQ_ERR_LIMIT, SQ_ERR_IO: tell the
 * transport "down". */
int media_io_open_tcp(struct media_io *io, const struct net_tuple *tuple);
struct media_io_tcp {
    uint32_t stream;
    struct net_address local;
    bool up;
};
/* Connections that came up or broke. */
bool media_io_next_tcp(struct media_io *io, struct media_io_tcp *out);
void media_io_close_tcp(struct media_io *io);

/* Whole or not at all; what does not fit the socket now is lost, as on a link. */
void media_io_send(struct media_io *io, const struct net_tuple *tuple, const uint8_t *data,
                   size_t len_bytes);
/* The next datagram or frame; its length, 0 none now. */
size_t media_io_receive(struct media_io *io, uint8_t data[MEDIA_IO_DATAGRAM_MAX],
                        struct net_tuple *from);

#endif
