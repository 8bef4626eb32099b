/* SPDX-License-Identifier: Apache-2.0 */
/* See media_io.h. */
#include "client-lib/io/media_io.h"

#include "base/bytes.h"
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <shanqiao/error.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define FRAME_HEADER     2 /* RFC 4571 section 2 */
#define TCP_READ_MAX     (FRAME_HEADER + 65535)
#define UDP_BUFFER_BYTES (1024 * 1024) /* a key frame and some */

enum tcp_state { TCP_CLOSED = 0, TCP_CONNECTING, TCP_UP };

struct tcp {
    enum tcp_state state;
    int fd;
    struct net_tuple tuple;
    bool told;   /* the owner knows the state */
    bool broken; /* CLOSED, and the owner is to be told */
    uint8_t *in, *out;
    size_t in_len, out_len;
};

struct media_io {
    int epoll_fd;
    int udp; /* -1: none */
    struct net_address local, relay;
    struct tcp tcp[MEDIA_IO_TCP_MAX];
};

int media_io_new(struct media_io **out, int epoll_fd)
{
    struct media_io *io = calloc(1, sizeof(*io));
    if (!io)
        return SQ_ERR_NOMEM;
    io->epoll_fd = epoll_fd;
    io->udp = -1;
    *out = io;
    return 0;
}

static void watch(const struct media_io *io, int fd, uint32_t events, int operation)
{
    struct epoll_event event = {.events = events, .data.fd = fd};
    epoll_ctl(io->epoll_fd, operation, fd, &event);
}

static void close_udp(struct media_io *io)
{
    if (io->udp >= 0)
        close(io->udp);
    io->udp = -1;
}

static void tcp_close(struct tcp *t)
{
    if (t->state == TCP_CLOSED)
        return;
    close(t->fd);
    free(t->in);
    free(t->out);
    *t = (struct tcp){.tuple = t->tuple, .broken = true};
}

void media_io_close_tcp(struct media_io *io)
{
    for (size_t i = 0; i < MEDIA_IO_TCP_MAX; i++) {
        tcp_close(&io->tcp[i]);
        io->tcp[i].broken = false;
    }
}

void media_io_free(struct media_io *io)
{
    if (!io)
        return;
    close_udp(io);
    media_io_close_tcp(io);
    free(io);
}

/* Which of our addresses a datagram to `relay` would leave from: asks the kernel's routes, sends
 * nothing. */
static int route_to(const struct net_address *relay, struct net_address *local)
{
    struct sockaddr_storage address;
    socklen_t len = net_address_to_sockaddr(relay, &address);
    int fd = len ? socket(address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0) : -1;
    if (fd < 0)
        return SQ_ERR_UNREACHABLE;
    int err = connect(fd, (struct sockaddr *)&address, len) ? SQ_ERR_UNREACHABLE : 0;
    len = sizeof(address);
    if (!err && (getsockname(fd, (struct sockaddr *)&address, &len) ||
                 net_address_from_sockaddr(local, (struct sockaddr *)&address, len)))
        err = SQ_ERR_UNREACHABLE;
    close(fd);
    return err;
}

static int bind_udp(struct media_io *io, const struct net_address *base)
{
    struct net_address any = {.family = base->family};
    struct sockaddr_storage address;
    socklen_t len = net_address_to_sockaddr(&any, &address);
    int size = UDP_BUFFER_BYTES;
    io->udp = socket(address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (io->udp < 0)
        return SQ_ERR_IO;
    setsockopt(io->udp, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    struct net_address bound;
    if (bind(io->udp, (struct sockaddr *)&address, len) ||
        (len = sizeof(address), getsockname(io->udp, (struct sockaddr *)&address, &len)) ||
        net_address_from_sockaddr(&bound, (struct sockaddr *)&address, len)) {
        close_udp(io);
        return SQ_ERR_IO;
    }
    io->local = *base;
    io->local.port = bound.port;
    watch(io, io->udp, EPOLLIN, EPOLL_CTL_ADD);
    return 0;
}

int media_io_open_udp(struct media_io *io, const struct ice_candidate *candidates, size_t count,
                      struct net_address *local)
{
    close_udp(io);
    *local = (struct net_address){0};
    for (size_t i = 0; i < count; i++) {
        struct net_address base;
        if (candidates[i].protocol != NET_UDP || route_to(&candidates[i].address, &base) ||
            bind_udp(io, &base))
            continue;
        io->relay = candidates[i].address;
        *local = io->local;
        return 0;
    }
    return SQ_ERR_UNREACHABLE;
}

bool media_io_moved(struct media_io *io, struct net_address *local)
{
    struct net_address now;
    if (io->udp < 0 || route_to(&io->relay, &now))
        return false;
    now.port = io->local.port;
    if (net_address_equal(&now, &io->local))
        return false;
    io->local = now; /* the socket is bound to any address: it goes on */
    *local = now;
    return true;
}

/* ---- TCP ---- */

static struct tcp *tcp_find(struct media_io *io, uint32_t stream)
{
    for (size_t i = 0; i < MEDIA_IO_TCP_MAX; i++)
        if (io->tcp[i].state != TCP_CLOSED && io->tcp[i].tuple.stream == stream)
            return &io->tcp[i];
    return NULL;
}

static struct tcp *tcp_free_slot(struct media_io *io)
{
    for (size_t i = 0; i < MEDIA_IO_TCP_MAX; i++)
        if (io->tcp[i].state == TCP_CLOSED && !io->tcp[i].broken)
            return &io->tcp[i];
    return NULL;
}

static int tcp_start(struct tcp *t, const struct net_tuple *tuple)
{
    struct sockaddr_storage address;
    socklen_t len = net_address_to_sockaddr(&tuple->remote, &address);
    int one = 1;
    t->fd = len ? socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0) : -1;
    t->in = malloc(TCP_READ_MAX);
    t->out = malloc(MEDIA_IO_TCP_QUEUE_MAX);
    bool ok = t->fd >= 0 && t->in && t->out;
    if (ok) {
        setsockopt(t->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        ok = connect(t->fd, (struct sockaddr *)&address, len) == 0 || errno == EINPROGRESS;
    }
    if (ok) {
        t->tuple = *tuple;
        t->state = TCP_CONNECTING;
        return 0;
    }
    if (t->fd >= 0)
        close(t->fd);
    free(t->in);
    free(t->out);
    *t = (struct tcp){0};
    return SQ_ERR_IO;
}

int media_io_open_tcp(struct media_io *io, const struct net_tuple *tuple)
{
    struct tcp *t = tcp_find(io, tuple->stream) ? NULL : tcp_free_slot(io);
    if (!t)
        return SQ_ERR_LIMIT;
    int err = tcp_start(t, tuple);
    if (!err)
        watch(io, t->fd, EPOLLIN | EPOLLOUT, EPOLL_CTL_ADD);
    return err;
}

static bool tcp_finished(struct media_io *io, struct tcp *t)
{
    struct sockaddr_storage address;
    socklen_t len = sizeof(address);
    int failure = 0;
    socklen_t failure_len = sizeof(failure);
    if (getpeername(t->fd, (struct sockaddr *)&address, &len)) {
        getsockopt(t->fd, SOL_SOCKET, SO_ERROR, &failure, &failure_len);
        if (failure)
            tcp_close(t);
        return false; /* else still on its way */
    }
    len = sizeof(address);
    if (getsockname(t->fd, (struct sockaddr *)&address, &len) ||
        net_address_from_sockaddr(&t->tuple.local, (struct sockaddr *)&address, len)) {
        tcp_close(t);
        return false;
    }
    t->state = TCP_UP;
    watch(io, t->fd, EPOLLIN, EPOLL_CTL_MOD);
    return true;
}

bool media_io_next_tcp(struct media_io *io, struct media_io_tcp *out)
{
    for (size_t i = 0; i < MEDIA_IO_TCP_MAX; i++) {
        struct tcp *t = &io->tcp[i];
        if (t->state == TCP_CONNECTING)
            tcp_finished(io, t);
        bool news = t->broken || (t->state == TCP_UP && !t->told);
        if (!news)
            continue;
        *out = (struct media_io_tcp){t->tuple.stream, t->tuple.local, t->state == TCP_UP};
        t->told = true;
        t->broken = false;
        return true;
    }
    return false;
}

static void tcp_flush(struct media_io *io, struct tcp *t)
{
    ssize_t n = t->out_len ? send(t->fd, t->out, t->out_len, MSG_NOSIGNAL) : 0;
    if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
        tcp_close(t);
        return;
    }
    if (n > 0) {
        t->out_len -= (size_t)n;
        memmove(t->out, t->out + n, t->out_len);
    }
    watch(io, t->fd, t->out_len ? EPOLLIN | EPOLLOUT : EPOLLIN, EPOLL_CTL_MOD);
}

static void tcp_send(struct media_io *io, struct tcp *t, const uint8_t *data, size_t len_bytes)
{
    if (len_bytes > UINT16_MAX || t->out_len + FRAME_HEADER + len_bytes > MEDIA_IO_TCP_QUEUE_MAX)
        return;
    bytes_put_u16(t->out + t->out_len, (uint16_t)len_bytes);
    memcpy(t->out + t->out_len + FRAME_HEADER, data, len_bytes);
    t->out_len += FRAME_HEADER + len_bytes;
    tcp_flush(io, t);
}

/* One frame out of what was read; frames that are larger than any datagram of ours end the
 * connection. */
static size_t tcp_take_frame(struct tcp *t, uint8_t *data)
{
    if (t->in_len < FRAME_HEADER)
        return 0;
    size_t len = bytes_get_u16(t->in);
    if (len > MEDIA_IO_DATAGRAM_MAX) {
        tcp_close(t);
        return 0;
    }
    if (t->in_len < FRAME_HEADER + len)
        return 0;
    memcpy(data, t->in + FRAME_HEADER, len);
    t->in_len -= FRAME_HEADER + len;
    memmove(t->in, t->in + FRAME_HEADER + len, t->in_len);
    return len;
}

static size_t tcp_receive(struct media_io *io, struct tcp *t, uint8_t *data)
{
    if (t->out_len)
        tcp_flush(io, t);
    size_t len = t->state == TCP_UP ? tcp_take_frame(t, data) : 0;
    if (len || t->state != TCP_UP)
        return len;
    ssize_t n = recv(t->fd, t->in + t->in_len, TCP_READ_MAX - t->in_len, 0);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR))
        tcp_close(t);
    if (n <= 0)
        return 0;
    t->in_len += (size_t)n;
    return tcp_take_frame(t, data);
}

/* ---- datagrams ---- */

void media_io_send(struct media_io *io, const struct net_tuple *tuple, const uint8_t *data,
                   size_t len_bytes)
{
    if (tuple->protocol == NET_TCP) {
        struct tcp *t = tcp_find(io, tuple->stream);
        if (t && t->state == TCP_UP)
            tcp_send(io, t, data, len_bytes);
        return;
    }
    struct sockaddr_storage address;
    socklen_t len = net_address_to_sockaddr(&tuple->remote, &address);
    if (io->udp >= 0 && len)
        sendto(io->udp, data, len_bytes, MSG_NOSIGNAL, (struct sockaddr *)&address, len);
}

static size_t udp_receive(struct media_io *io, uint8_t *data, struct net_tuple *from)
{
    struct sockaddr_storage address;
    socklen_t len = sizeof(address);
    ssize_t n = recvfrom(io->udp, data, MEDIA_IO_DATAGRAM_MAX, MSG_TRUNC,
                         (struct sockaddr *)&address, &len);
    if (n <= 0 || n > MEDIA_IO_DATAGRAM_MAX)
        return 0; /* longer than any of ours: the rest was cut off */
    *from = (struct net_tuple){.protocol = NET_UDP, .local = io->local};
    if (net_address_from_sockaddr(&from->remote, (struct sockaddr *)&address, len))
        return 0;
    return (size_t)n;
}

size_t media_io_receive(struct media_io *io, uint8_t data[MEDIA_IO_DATAGRAM_MAX],
                        struct net_tuple *from)
{
    size_t len = io->udp >= 0 ? udp_receive(io, data, from) : 0;
    for (size_t i = 0; len == 0 && i < MEDIA_IO_TCP_MAX; i++) {
        struct tcp *t = &io->tcp[i];
        if (t->state == TCP_UP) {
            *from = t->tuple;
            len = tcp_receive(io, t, data);
        }
    }
    return len;
}
