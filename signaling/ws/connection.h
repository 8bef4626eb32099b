/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of ws/: one WebSocket connection, and the server that has them. */
#ifndef SIGNALING_WS_CONNECTION_H
#define SIGNALING_WS_CONNECTION_H

#include "signaling/ws/pool.h"
#include "signaling/ws/server.h"
#include <libwebsockets.h>
#include <uv.h>

struct frame; /* a text that waits to be sent */

/* Lives in libwebsockets' per-session memory. */
struct connection {
    struct lws *wsi;
    uint64_t number; /* of dispatch; the low 32 bits are its slot */
    struct frame *first, *last;
    size_t queued_bytes, queued_texts;
    uint16_t close_code; /* 0: stays open */
    char *text;          /* message being received */
    size_t len_bytes, capacity_bytes;
    unsigned pieces;
    time_us started_us; /* of the first piece; 0: no message under way */
    time_us heard_us;   /* anything */
    time_us pinged_us;
    bool ping_due;
};

/* What the program waits for. */
struct loop {
    uv_loop_t uv;
    uv_timer_t timer;
    uv_poll_t watched; /* of server.epoll_fd */
    uv_async_t bell;   /* a pool thread has finished a job */
};

struct exchange;
struct exchange_job;

/* Requests over HTTP that have a room behind them (exchange.h). */
struct exchanges {
    const struct http_table *tables;
    size_t table_count;
    struct exchange *first;
    size_t count;
    struct pool *pool;
    struct exchange_job *jobs;
    time_us stepped_us;
};

struct server {
    struct server_config config;
    struct lws_context *context;
    struct lws_vhost *vhost;
    struct pool *pool;
    struct loop *loop;
    struct connection **slots;
    size_t slot_count, slot_next;
    size_t slot_looked; /* where connections_step goes on */
    time_us looked_us;
    uint32_t generation;
    size_t open_count; /* TCP connections, HTTP included */
    struct exchanges exchanges;
    int epoll_fd; /* what libwebsockets watches for us: relays and signals */
    int signal_fd;
    int relays_fd;
    int nodes_fd;
    bool stirred; /* a peer's bytes came in this round */
    bool ending;
};

/* socket.c */
int socket_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t len);
void connection_queue(struct connection *c, const char *text, size_t len_bytes);
void connection_close(struct connection *c, uint16_t code);
struct connection *connection_find(const struct server *s, uint64_t number);
/* Pings who was silent for SERVER_PING_S; closes who stays silent, and what takes too long to
 * finish its message. Looks at all of them once a second, a slice at a time. */
void connections_step(struct server *s, time_us now_us);

/* Closes from within a writeable callback: returned -1 would close twice with libuv in debug builds
 * of libwebsockets (Debian's is one), and the second time cuts the goodbye short. Returns what the
 * callback shall return. */
int socket_end(struct lws *wsi);

/* http.c */
int http_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                  size_t len);
extern const struct lws_protocol_vhost_options http_headers;
bool server_knows_origin(const struct server *s, const char *origin);

/* server.c: commits what this turn wrote and hands over what dispatch has to say. */
void server_drain(struct server *s);
int server_special_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                            size_t len);

#define SERVER_SUBPROTOCOL "shanqiao.v1"
#define SERVER_PATH        "/v1"

#endif
