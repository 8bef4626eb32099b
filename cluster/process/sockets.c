/* SPDX-License-Identifier: Apache-2.0 */
/* nanomsg, kept to what is safe: raw REQ and REP (a cooked REQ would resend and cancel by itself),
 * bounded frames, nothing that blocks; see sockets.h. */
#include "cluster/process/sockets.h"
#include "base/bytes.h"
#include "shanqiao/error.h"
#include <nanomsg/nn.h>
#include <nanomsg/pubsub.h>
#include <nanomsg/reqrep.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#define TIMEOUT_MS       100 /* of a send or receive that should not have waited at all */
#define RECONNECT_MS     50
#define RECONNECT_MAX_MS 1000
#define ROUTE_END                                                                                  \
    0x80000000u /* SP REQ/REP: the high bit marks the request id, the end of the route */
#define CONTROL_BYTES NN_CMSG_SPACE(PROCESS_ROUTE_MAX + sizeof(size_t))

/* SP_HDR travels as size_t length and the bytes. */
union control {
    struct nn_cmsghdr header; /* alignment */
    uint8_t bytes[CONTROL_BYTES];
};

static int fail(char error[SOCKETS_ERROR_MAX], const char *what)
{
    snprintf(error, SOCKETS_ERROR_MAX, "%s: %s", what, nn_strerror(nn_errno()));
    return SQ_ERR_IO;
}

static int option(int socket, int which, int value)
{
    return nn_setsockopt(socket, NN_SOL_SOCKET, which, &value, sizeof value);
}

static int open_socket(int domain, int protocol)
{
    int s = nn_socket(domain, protocol);
    if (s < 0)
        return -1;
    if (option(s, NN_SNDTIMEO, TIMEOUT_MS) || option(s, NN_RCVTIMEO, TIMEOUT_MS) ||
        option(s, NN_RCVMAXSIZE, PROCESS_PAYLOAD_MAX) ||
        option(s, NN_RECONNECT_IVL, RECONNECT_MS) ||
        option(s, NN_RECONNECT_IVL_MAX, RECONNECT_MAX_MS)) {
        nn_close(s);
        return -1;
    }
    return s;
}

static int poll_fd(int socket, int which)
{
    int fd = -1;
    size_t size = sizeof fd;
    return nn_getsockopt(socket, NN_SOL_SOCKET, which, &fd, &size) == 0 ? fd : -1;
}

static int open_bound(struct sockets *s, const struct process_config *config,
                      char error[SOCKETS_ERROR_MAX])
{
    if (config->bind_commands[0]) {
        s->rep = open_socket(AF_SP_RAW, NN_REP);
        if (s->rep < 0 || nn_bind(s->rep, config->bind_commands) < 0)
            return fail(error, "bind_commands");
        s->rep_fd = poll_fd(s->rep, NN_RCVFD);
    }
    if (config->bind_heartbeats[0]) {
        s->pub = open_socket(AF_SP, NN_PUB);
        if (s->pub < 0 || nn_bind(s->pub, config->bind_heartbeats) < 0)
            return fail(error, "bind_heartbeats");
    }
    return 0;
}

static int open_peer(struct sockets *s, const struct process_peer *peer,
                     char error[SOCKETS_ERROR_MAX])
{
    struct sockets_peer *p = &s->peers[s->peer_count];
    p->socket = open_socket(AF_SP_RAW, NN_REQ);
    if (p->socket < 0 || nn_connect(p->socket, peer->commands) < 0)
        return fail(error, "commands of a peer");
    p->receive_fd = poll_fd(p->socket, NN_RCVFD);
    p->send_fd = poll_fd(p->socket, NN_SNDFD);
    s->peer_count++;
    if (!peer->heartbeats[0])
        return 0;
    if (s->sub < 0) {
        s->sub = open_socket(AF_SP, NN_SUB);
        if (s->sub < 0 || nn_setsockopt(s->sub, NN_SUB, NN_SUB_SUBSCRIBE, "", 0) < 0)
            return fail(error, "heartbeats of a peer");
        s->sub_fd = poll_fd(s->sub, NN_RCVFD);
    }
    return nn_connect(s->sub, peer->heartbeats) < 0 ? fail(error, "heartbeats of a peer") : 0;
}

int sockets_open(struct sockets *s, const struct process_config *config,
                 char error[SOCKETS_ERROR_MAX])
{
    *s = (struct sockets){.rep = -1, .pub = -1, .sub = -1, .rep_fd = -1, .sub_fd = -1};
    int rc = open_bound(s, config, error);
    for (size_t i = 0; rc == 0 && i < config->peer_count; i++)
        rc = open_peer(s, &config->peers[i], error);
    return rc;
}

/* Errors (no connection, full) mean that the frame is dropped. */
static void send_frame(int socket, const uint8_t *route, size_t route_bytes, const uint8_t *frame,
                       size_t len_bytes)
{
    union control control = {0};
    struct nn_iovec part = {.iov_base = (void *)frame, .iov_len = len_bytes};
    struct nn_msghdr m = {.msg_iov = &part, .msg_iovlen = 1};
    if (route_bytes) {
        control.header.cmsg_len = NN_CMSG_SPACE(route_bytes + sizeof(size_t));
        control.header.cmsg_level = PROTO_SP;
        control.header.cmsg_type = SP_HDR;
        uint8_t *data = control.bytes + sizeof(struct nn_cmsghdr);
        memcpy(data, &route_bytes, sizeof route_bytes);
        memcpy(data + sizeof route_bytes, route, route_bytes);
        m.msg_control = &control;
        m.msg_controllen = control.header.cmsg_len;
    }
    (void)nn_sendmsg(socket, &m, NN_DONTWAIT);
}

static bool ready(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return poll(&p, 1, 0) == 1;
}

void sockets_request(struct sockets *s, uint16_t peer, uint32_t id, const uint8_t *frame,
                     size_t len_bytes)
{
    if (peer >= s->peer_count)
        return;
    struct sockets_peer *p = &s->peers[peer];
    if (!ready(p->send_fd)) {
        p->writable = false;
        return;
    }
    uint8_t route[4];
    bytes_put_u32(route, id | ROUTE_END);
    send_frame(p->socket, route, sizeof route, frame, len_bytes);
}

void sockets_reply(struct sockets *s, const uint8_t *route, size_t route_bytes,
                   const uint8_t *frame, size_t len_bytes)
{
    if (s->rep >= 0 && route_bytes >= 8)
        send_frame(s->rep, route, route_bytes, frame, len_bytes);
}

void sockets_publish(struct sockets *s, const uint8_t *frame, size_t len_bytes)
{
    if (s->pub >= 0)
        send_frame(s->pub, NULL, 0, frame, len_bytes);
}

/* Takes a frame and, when asked, its SP_HDR. False: nothing, or nothing that could be ours. */
static bool take(int socket, struct process_message *m, uint8_t *payload, uint8_t *route)
{
    union control control = {0};
    struct nn_iovec part = {.iov_base = payload, .iov_len = PROCESS_PAYLOAD_MAX};
    struct nn_msghdr h = {.msg_iov = &part, .msg_iovlen = 1};
    if (route) {
        h.msg_control = &control;
        h.msg_controllen = sizeof control;
    }
    int n = nn_recvmsg(socket, &h, NN_DONTWAIT);
    if (n <= 0 || n > PROCESS_PAYLOAD_MAX)
        return false;
    m->payload = payload;
    m->payload_bytes = (size_t)n;
    if (!route)
        return true;
    size_t route_bytes = 0; /* stays 0 when the header was too long for the control buffer */
    memcpy(&route_bytes, control.bytes + sizeof(struct nn_cmsghdr), sizeof route_bytes);
    if (route_bytes == 0 || route_bytes > PROCESS_ROUTE_MAX)
        return false;
    memcpy(route, control.bytes + sizeof(struct nn_cmsghdr) + sizeof route_bytes, route_bytes);
    m->route = route;
    m->route_bytes = route_bytes;
    return true;
}

bool sockets_take_request(struct sockets *s, struct process_message *m, uint8_t *payload,
                          uint8_t route[PROCESS_ROUTE_MAX])
{
    *m = (struct process_message){.type = PROCESS_REQUEST_IN};
    return s->rep >= 0 && take(s->rep, m, payload, route) && m->route_bytes >= 8;
}

bool sockets_take_reply(struct sockets *s, uint16_t peer, struct process_message *m,
                        uint8_t *payload)
{
    uint8_t route[PROCESS_ROUTE_MAX];
    *m = (struct process_message){.type = PROCESS_REPLY_IN, .peer = peer};
    if (peer >= s->peer_count || !take(s->peers[peer].socket, m, payload, route) ||
        m->route_bytes != 4)
        return false;
    m->id = bytes_get_u32(route) & ~ROUTE_END;
    m->route = NULL;
    m->route_bytes = 0;
    return true;
}

bool sockets_take_published(struct sockets *s, struct process_message *m, uint8_t *payload)
{
    *m = (struct process_message){.type = PROCESS_PUBLISHED_IN};
    return s->sub >= 0 && take(s->sub, m, payload, NULL);
}
