/* SPDX-License-Identifier: Apache-2.0 */
/* One terminal's connection: TCP, TLS, WebSocket on one epoll, never blocking. Knows bytes and
 * texts; refuses to know what JSON says. Small while idle: 20,000 of them live in one process. */
#ifndef LOADTEST_SIGNALING_CONNECTION_H
#define LOADTEST_SIGNALING_CONNECTION_H

#include "loadtest/signaling/target.h"
#include "loadtest/signaling/ws.h"
#include <openssl/ssl.h>

enum connection_state {
    CONNECTION_NONE = 0,
    CONNECTION_TCP,
    CONNECTION_TLS,
    CONNECTION_ASKING, /* the WebSocket request is on its way */
    CONNECTION_OPEN,
    CONNECTION_CLOSED
};

/* What all connections share. */
struct connection_context {
    const struct target *target;
    SSL_CTX *tls;
    int epoll_fd;
};

struct connection {
    int fd;
    enum connection_state state;
    SSL *ssl;
    struct ws_reader reader;
    uint8_t *out; /* what the socket did not take yet */
    size_t out_bytes;
    char key[WS_KEY_SIZE];
    bool ending;         /* nothing more will be read */
    uint32_t watched;    /* epoll events asked for */
    uint16_t close_code; /* of the server's close frame; 0: none came */
    int error;           /* why it is closed: an enum sq_error; 0: in order */
};

/* 0, SQ_ERR_IO (the CA file) or SQ_ERR_NOMEM. Closed by connection_context_close. */
int connection_context_open(struct connection_context *x, const struct target *target,
                            const char *ca_file);
void connection_context_close(struct connection_context *x);

/* Starts connecting; `user` comes back as the epoll event's pointer. 0 or SQ_ERR_IO, SQ_ERR_LIMIT
 * (no descriptor left), SQ_ERR_NOMEM. */
int connection_open(struct connection *c, const struct connection_context *x, void *user);
/* The socket is ready: goes on with whatever was under way. */
void connection_ready(struct connection *c, const struct connection_context *x, void *user);
/* The next text, borrowed until the next call; pings are answered within. False: none now. */
bool connection_next(struct connection *c, const struct connection_context *x, void *user,
                     const char **text, size_t *len_bytes);
/* 0, SQ_ERR_CLOSED, SQ_ERR_NOMEM or SQ_ERR_LIMIT. */
int connection_send(struct connection *c, const struct connection_context *x, void *user,
                    const char *text, size_t len_bytes);
void connection_close(struct connection *c);

#endif
