/* SPDX-License-Identifier: Apache-2.0 */
/* Batches over one UDP socket. Refuses to know: what is in a datagram. */
#include "relay/worker/udp.h"
#include "shanqiao/error.h"
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

static socklen_t sockaddr_for(const struct udp_socket *s, const struct net_address *a,
                              struct sockaddr_storage *out)
{
    if (!s->ipv6 || a->family != NET_IPV4)
        return net_address_to_sockaddr(a, out);
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;
    *in6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(a->port)};
    in6->sin6_addr.s6_addr[10] = in6->sin6_addr.s6_addr[11] = 0xff;
    memcpy(&in6->sin6_addr.s6_addr[12], a->ip, 4);
    return sizeof *in6;
}

int udp_open(struct udp_socket *s, const struct net_address *listen)
{
    struct sockaddr_storage address;
    memset(s, 0, sizeof *s);
    s->ipv6 = listen->family == NET_IPV6;
    s->fd = socket(s->ipv6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (s->fd < 0)
        return SQ_ERR_IO;
    int bytes = UDP_BUFFER_BYTES, off = 0;
    if (s->ipv6)
        (void)setsockopt(s->fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    (void)setsockopt(s->fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    (void)setsockopt(s->fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
    socklen_t len = net_address_to_sockaddr(listen, &address);
    if (bind(s->fd, (struct sockaddr *)&address, len) < 0 ||
        getsockname(s->fd, (struct sockaddr *)&address, &(socklen_t){sizeof address}) < 0) {
        udp_close(s);
        return SQ_ERR_IO;
    }
    s->local = *listen;
    s->local.port = ntohs(s->ipv6 ? ((struct sockaddr_in6 *)&address)->sin6_port
                                  : ((struct sockaddr_in *)&address)->sin_port);
    return 0;
}

void udp_close(struct udp_socket *s)
{
    int saved = errno;
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
    errno = saved;
}

size_t udp_receive(struct udp_socket *s, struct packet **packets, struct net_tuple *from,
                   size_t count)
{
    count = count < UDP_BATCH ? count : UDP_BATCH;
    for (size_t i = 0; i < count; i++) {
        s->vectors[i] = (struct iovec){packets[i]->data, sizeof packets[i]->data};
        s->messages[i].msg_hdr = (struct msghdr){.msg_name = &s->names[i],
                                                 .msg_namelen = sizeof s->names[i],
                                                 .msg_iov = &s->vectors[i],
                                                 .msg_iovlen = 1};
    }
    int got = count ? recvmmsg(s->fd, s->messages, (unsigned)count, MSG_DONTWAIT, NULL) : 0;
    for (int i = 0; i < got; i++) {
        const struct msghdr *h = &s->messages[i].msg_hdr;
        bool whole = !(h->msg_flags & MSG_TRUNC);
        packets[i]->len_bytes = whole ? (uint16_t)s->messages[i].msg_len : 0;
        from[i] = (struct net_tuple){.protocol = NET_UDP, .local = s->local};
        if (net_address_from_sockaddr(&from[i].remote, (struct sockaddr *)h->msg_name,
                                      h->msg_namelen))
            packets[i]->len_bytes = 0;
    }
    return got > 0 ? (size_t)got : 0;
}

size_t udp_send(struct udp_socket *s, const struct transport_datagram *const *datagrams,
                size_t count)
{
    size_t refused = 0, at = 0;
    for (size_t i = 0; i < count; i++) {
        const struct transport_datagram *d = datagrams[i];
        s->vectors[i] = (struct iovec){(void *)(uintptr_t)d->data, d->len_bytes};
        s->messages[i].msg_hdr =
            (struct msghdr){.msg_name = &s->names[i],
                            .msg_namelen = sockaddr_for(s, &d->tuple.remote, &s->names[i]),
                            .msg_iov = &s->vectors[i],
                            .msg_iovlen = 1};
    }
    while (at < count) {
        int sent = sendmmsg(s->fd, &s->messages[at], (unsigned)(count - at), MSG_DONTWAIT);
        if (sent > 0) {
            at += (size_t)sent;
            continue;
        }
        if (errno == EINTR)
            continue;
        if (errno == EAGAIN || errno == ENOBUFS)
            return refused + count - at; /* the queue is full: what is late is lost anyway */
        refused++;                       /* this one has no way; the next may */
        at++;
    }
    return refused;
}
