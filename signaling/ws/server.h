/* SPDX-License-Identifier: Apache-2.0 */
/* The front door: HTTPS and WSS on one port with libwebsockets, and the one loop of the program. It
 * reads the clock, hands texts to proto/dispatch.h and sends what that gives. Limits of a
 * connection (size, fragments, age, silence, queue) live here. Refuses to know JSON-RPC methods and
 * consultations. */
#ifndef SIGNALING_WS_SERVER_H
#define SIGNALING_WS_SERVER_H

#include "base/config.h"
#include "signaling/http/route.h"
#include "signaling/proto/dispatch.h"
#include <stddef.h>

#define SERVER_CONNECTIONS_MAX 20000
#define SERVER_FRAGMENTS_MAX   512 /* pieces of one message; 256 KiB in 4 KiB pieces are 64 */
#define SERVER_MESSAGE_AGE_US                                                                      \
    (10 * TIME_US_PER_S) /* from the first to the last piece of a message */
#define SERVER_QUEUE_BYTES_MAX                                                                     \
    (1024 * 1024)                   /* waiting for a slow reader; then it is closed and resumes */
#define SERVER_QUEUE_TEXTS_MAX 1200 /* a full replay of session.resume fits */
#define SERVER_PING_S          10   /* docs/protocol/signaling.md */
#define SERVER_SILENCE_S       25
#define SERVER_HASH_THREADS    2  /* 0.1 s and 64 MiB each */
#define SERVER_HASH_QUEUE      32 /* 2 s of hashing; more are refused at once */
#define SERVER_HANDSHAKE_S     10 /* TCP accept to complete request: slow headers are closed */

struct server;
struct relays;

struct server_config {
    const char *address; /* to listen on; "": all */
    int port;
    const char *certificate, *key;     /* PEM files */
    const struct config_list *origins; /* exact values of Origin of pages that may ask */
    int connections_max;
    struct dispatch *dispatch;       /* borrowed */
    const struct http_table *routes; /* borrowed; paths that rooms answer */
    size_t route_count;
    struct relays *relays; /* borrowed; NULL: none */
};

/* Call it before any thread is made: one that does not block SIGTERM is killed by it, and all with
 * it. */
void server_block_signals(void);

/* 0, SQ_ERR_NOMEM, SQ_ERR_IO (port taken, certificate unreadable; logged). Blocks SIGTERM and
 * SIGINT for the calling thread and those it makes: server_run returns on them. */
int server_new(struct server **out, const struct server_config *config);
/* Until SIGTERM or SIGINT: 0. SQ_ERR_CLOSED: another node took over from this one. */
int server_run(struct server *s);
void server_free(struct server *s);

#endif
