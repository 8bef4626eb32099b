/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 4571 frames over accepted connections. Refuses to know: what is in a frame. */
#include "relay/worker/tcp.h"
#include "base/bytes.h"
#include "shanqiao/error.h"
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

int tcp_open(struct tcp_server *s, const struct net_address *listen_on, int epoll_fd)
{
    struct sockaddr_storage address;
    int on = 1, off = 0;
    bool ipv6 = listen_on->family == NET_IPV6;
    *s = (struct tcp_server){.fd = -1, .epoll_fd = epoll_fd, .local = *listen_on, .next_stream = 1};
    s->connections = calloc(TCP_CONNECTIONS_MAX, sizeof *s->connections);
    if (!s->connections)
        return SQ_ERR_NOMEM;
    for (size_t i = 0; i < TCP_CONNECTIONS_MAX; i++)
        s->connections[i].fd = -1;
    s->fd = socket(ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (s->fd < 0)
        return SQ_ERR_IO;
    (void)setsockopt(s->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (ipv6)
        (void)setsockopt(s->fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    socklen_t len = net_address_to_sockaddr(listen_on, &address);
    if (bind(s->fd, (struct sockaddr *)&address, len) < 0 || listen(s->fd, 64) < 0)
        return SQ_ERR_IO;
    return 0;
}

static void close_connection(struct tcp_server *s, struct tcp_connection *c)
{
    close(c->fd); /* leaves the epoll set by itself */
    c->fd = -1;
    free(c->out);
    c->out = NULL;
    s->count--;
}

void tcp_close(struct tcp_server *s)
{
    int saved = errno;
    for (size_t i = 0; s->connections && i < TCP_CONNECTIONS_MAX; i++)
        if (s->connections[i].fd >= 0)
            close_connection(s, &s->connections[i]);
    free(s->connections);
    s->connections = NULL;
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
    errno = saved;
}

/* A free place, NULL when the server or this peer has too many. */
static struct tcp_connection *place_for(struct tcp_server *s, const struct net_address *remote)
{
    struct tcp_connection *place = NULL;
    size_t of_peer = 0;
    for (size_t i = 0; i < TCP_CONNECTIONS_MAX; i++) {
        struct tcp_connection *c = &s->connections[i];
        if (c->fd < 0)
            place = place ? place : c;
        else
            of_peer += memcmp(c->tuple.remote.ip, remote->ip, sizeof remote->ip) == 0;
    }
    return of_peer < TCP_CONNECTIONS_OF_PEER ? place : NULL;
}

static bool adopt(struct tcp_server *s, int fd, const struct net_address *remote, time_us now_us)
{
    struct tcp_connection *c = place_for(s, remote);
    uint8_t *out = c ? malloc(TCP_SEND_BUFFER_BYTES) : NULL;
    int on = 1;
    if (!out)
        return false;
    struct epoll_event event = {.events = EPOLLIN,
                                .data.u64 = TCP_EPOLL_FIRST + (uint64_t)(c - s->connections)};
    if (epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0) {
        free(out);
        return false;
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    c->fd = fd;
    c->out = out;
    c->in_len = c->out_len = 0;
    c->spoke = false;
    c->heard_us = now_us;
    c->tuple = (struct net_tuple){
        .protocol = NET_TCP, .local = s->local, .remote = *remote, .stream = s->next_stream++};
    if (s->next_stream == 0)
        s->next_stream = 1;
    s->count++;
    return true;
}

void tcp_accept(struct tcp_server *s, time_us now_us)
{
    for (int i = 0; i < 16; i++) { /* the rest in the next round */
        struct sockaddr_storage name;
        socklen_t len = sizeof name;
        struct net_address remote;
        int fd = accept4(s->fd, (struct sockaddr *)&name, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0)
            return;
        if (net_address_from_sockaddr(&remote, (struct sockaddr *)&name, len) ||
            !adopt(s, fd, &remote, now_us)) {
            s->refused++;
            close(fd);
        }
    }
}

/* Reads until `wanted` bytes are there. 1 when they are, 0 when not yet, -1 when it is over. */
static int fill(struct tcp_connection *c, size_t wanted)
{
    while (c->in_len < wanted) {
        ssize_t n = recv(c->fd, c->in + c->in_len, wanted - c->in_len, 0);
        if (n > 0)
            c->in_len += (size_t)n;
        else if (n < 0 && errno == EINTR)
            continue;
        else
            return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) ? 0 : -1;
    }
    return 1;
}

int tcp_receive(struct tcp_server *s, size_t index, struct packet *packet, struct net_tuple *from,
                time_us now_us)
{
    struct tcp_connection *c = &s->connections[index];
    if (index >= TCP_CONNECTIONS_MAX || c->fd < 0)
        return 0;
    *from = c->tuple;
    int got = fill(c, TCP_FRAME_HEADER_BYTES);
    size_t len = got > 0 ? bytes_get_u16(c->in) : 0;
    if (got > 0 && (len == 0 || len > PACKET_CAPACITY_BYTES))
        got = -1; /* no peer of ours frames nothing, or more than a packet */
    if (got > 0)
        got = fill(c, TCP_FRAME_HEADER_BYTES + len);
    if (got < 0)
        close_connection(s, c);
    if (got <= 0)
        return got;
    memcpy(packet->data, c->in + TCP_FRAME_HEADER_BYTES, len);
    packet->len_bytes = (uint16_t)len;
    c->in_len = 0;
    c->heard_us = now_us;
    c->spoke = true;
    return 1;
}

static void want_writable(struct tcp_server *s, struct tcp_connection *c, bool wanted)
{
    struct epoll_event event = {.events = wanted ? EPOLLIN | EPOLLOUT : EPOLLIN,
                                .data.u64 = TCP_EPOLL_FIRST + (uint64_t)(c - s->connections)};
    (void)epoll_ctl(s->epoll_fd, EPOLL_CTL_MOD, c->fd, &event);
}

void tcp_writable(struct tcp_server *s, size_t index)
{
    struct tcp_connection *c = &s->connections[index];
    if (index >= TCP_CONNECTIONS_MAX || c->fd < 0 || c->out_len == 0)
        return;
    ssize_t n = send(c->fd, c->out, c->out_len, MSG_NOSIGNAL);
    if (n <= 0)
        return; /* a broken connection shows when it is read */
    c->out_len -= (size_t)n;
    memmove(c->out, c->out + n, c->out_len);
    if (c->out_len == 0)
        want_writable(s, c, false);
}

static struct tcp_connection *find(struct tcp_server *s, uint32_t stream)
{
    for (size_t i = 0; i < TCP_CONNECTIONS_MAX; i++)
        if (s->connections[i].fd >= 0 && s->connections[i].tuple.stream == stream)
            return &s->connections[i];
    return NULL;
}

bool tcp_send(struct tcp_server *s, uint32_t stream, const uint8_t *data, size_t len_bytes)
{
    struct tcp_connection *c = s->connections && stream ? find(s, stream) : NULL;
    if (!c || c->out_len + TCP_FRAME_HEADER_BYTES + len_bytes > TCP_SEND_BUFFER_BYTES) {
        s->dropped++;
        return false;
    }
    bool waited = c->out_len > 0;
    bytes_put_u16(c->out + c->out_len, (uint16_t)len_bytes);
    memcpy(c->out + c->out_len + TCP_FRAME_HEADER_BYTES, data, len_bytes);
    c->out_len += TCP_FRAME_HEADER_BYTES + len_bytes;
    if (waited)
        return true;
    tcp_writable(s, (size_t)(c - s->connections));
    if (c->out_len > 0)
        want_writable(s, c, true);
    return true;
}

uint32_t tcp_expire(struct tcp_server *s, time_us now_us)
{
    for (size_t i = 0; s->connections && i < TCP_CONNECTIONS_MAX; i++) {
        struct tcp_connection *c = &s->connections[i];
        if (c->fd < 0 || now_us - c->heard_us < (c->spoke ? TCP_IDLE_US : TCP_SILENT_US))
            continue;
        close_connection(s, c);
        return c->tuple.stream;
    }
    return 0;
}
