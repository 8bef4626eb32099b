/* SPDX-License-Identifier: Apache-2.0 */
/* relay/worker/tcp over loopback: frames in pieces, caps, bad lengths, silence in given time. */
#include "base/bytes.h"
#include "relay/worker/tcp.h"
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

struct rig {
    struct tcp_server server;
    struct packet_pool *pool;
    struct packet *packet;
    struct net_tuple from;
    int epoll_fd;
};

static void rig_open(struct rig *r)
{
    struct net_address any;
    struct sockaddr_in bound;
    cr_assert_eq(net_address_parse(&any, "127.0.0.1", 0), 0);
    r->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    cr_assert_eq(tcp_open(&r->server, &any, r->epoll_fd), 0);
    cr_assert_eq(getsockname(r->server.fd, (struct sockaddr *)&bound, &(socklen_t){sizeof bound}),
                 0);
    r->server.local.port = ntohs(bound.sin_port);
    cr_assert_eq(packet_pool_new(&r->pool, 1), 0);
    r->packet = packet_take(r->pool);
}

static void rig_close(struct rig *r)
{
    tcp_close(&r->server);
    packet_unref(r->packet);
    packet_pool_free(r->pool);
    close(r->epoll_fd);
}

static int join(struct rig *r, time_us now_us)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(r->server.local.port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    struct pollfd p = {.fd = r->server.fd, .events = POLLIN};
    cr_assert_eq(poll(&p, 1, 10000), 1);
    tcp_accept(&r->server, now_us);
    return fd;
}

/* Waits until the kernel has handed over what was written. */
static void arrive(struct rig *r, size_t index)
{
    struct pollfd p = {.fd = r->server.connections[index].fd, .events = POLLIN};
    cr_assert_eq(poll(&p, 1, 10000), 1);
}

static int receive(struct rig *r, size_t index, time_us now_us)
{
    return tcp_receive(&r->server, index, r->packet, &r->from, now_us);
}

Test(tcp, puts_frames_together_from_pieces)
{
    struct rig r;
    rig_open(&r);
    int fd = join(&r, 0);
    const char bytes[] = "\0\3abc\0\1d";
    for (size_t i = 0; i < 5; i++) {
        cr_expect_eq(receive(&r, 0, 0), 0, "not whole yet");
        cr_assert_eq(write(fd, bytes + i, 1), 1);
        arrive(&r, 0);
    }
    cr_assert_eq(write(fd, bytes + 5, 3), 3);
    cr_assert_eq(receive(&r, 0, 0), 1);
    cr_expect_eq(r.packet->len_bytes, 3);
    cr_expect_eq(memcmp(r.packet->data, "abc", 3), 0);
    cr_expect_eq(r.from.protocol, NET_TCP);
    cr_expect_neq(r.from.stream, 0);
    int got = receive(&r, 0, 0);
    if (got == 0) {
        arrive(&r, 0);
        got = receive(&r, 0, 0);
    }
    cr_expect_eq(got, 1);
    cr_expect_eq(r.packet->data[0], 'd');
    close(fd);
    arrive(&r, 0);
    cr_expect_eq(receive(&r, 0, 0), -1, "over");
    cr_expect_eq(r.server.count, 0);
    rig_close(&r);
}

Test(tcp, closes_who_frames_nonsense)
{
    static const char *const bad[] = {"\0\0", "\xff\xff", "\x08\x01"};
    for (size_t i = 0; i < 3; i++) {
        struct rig r;
        rig_open(&r);
        int fd = join(&r, 0);
        cr_assert_eq(write(fd, bad[i], 2), 2);
        arrive(&r, 0);
        cr_expect_eq(receive(&r, 0, 0), -1);
        close(fd);
        rig_close(&r);
    }
}

Test(tcp, caps_connections_of_one_peer)
{
    struct rig r;
    int fds[TCP_CONNECTIONS_OF_PEER + 4];
    rig_open(&r);
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++)
        fds[i] = join(&r, 0);
    cr_expect_eq(r.server.count, TCP_CONNECTIONS_OF_PEER);
    cr_expect_eq(r.server.refused, 4);
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++)
        close(fds[i]);
    rig_close(&r);
}

Test(tcp, closes_who_is_silent)
{
    struct rig r;
    rig_open(&r);
    int fd = join(&r, 0), other = join(&r, 0);
    cr_assert_eq(write(fd, "\0\1x", 3), 3);
    arrive(&r, 0);
    cr_assert_eq(receive(&r, 0, TIME_US_PER_S), 1);
    cr_expect_eq(tcp_expire(&r.server, TCP_SILENT_US - 1), 0);
    uint32_t second = r.server.connections[1].tuple.stream;
    cr_expect_eq(tcp_expire(&r.server, TCP_SILENT_US), second, "who never spoke");
    cr_expect_eq(tcp_expire(&r.server, TCP_SILENT_US), 0);
    cr_expect_neq(tcp_expire(&r.server, TIME_US_PER_S + TCP_IDLE_US), 0, "who spoke long ago");
    cr_expect_eq(r.server.count, 0);
    close(fd);
    close(other);
    rig_close(&r);
}

Test(tcp, drops_frames_for_who_does_not_read_and_stays_in_frame)
{
    struct rig r;
    uint8_t frame[1000] = {0}, in[1002];
    size_t taken = 0, got = 0;
    rig_open(&r);
    int fd = join(&r, 0);
    uint32_t stream = r.server.connections[0].tuple.stream;
    for (uint32_t i = 0; i < 20000; i++) {
        bytes_put_u32(frame, i);
        taken += tcp_send(&r.server, stream, frame, sizeof frame);
    }
    cr_assert_gt(taken, 0);
    cr_assert_lt(taken, 20000);
    cr_expect_eq(r.server.dropped, 20000 - taken);
    while (got < taken) {
        size_t have = 0;
        while (have < sizeof in) {
            struct pollfd p = {.fd = fd, .events = POLLIN};
            tcp_writable(&r.server, 0);
            cr_assert_eq(poll(&p, 1, 10000), 1);
            ssize_t n = recv(fd, in + have, sizeof in - have, 0);
            cr_assert_gt(n, 0);
            have += (size_t)n;
        }
        cr_assert_eq(bytes_get_u16(in), sizeof frame);
        got++;
    }
    cr_expect_not(tcp_send(&r.server, stream + 1, frame, 10), "no such connection");
    close(fd);
    rig_close(&r);
}
