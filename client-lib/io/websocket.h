/* SPDX-License-Identifier: Apache-2.0 */
/* One WSS connection at a time to one of an installation's servers (libwebsockets, the only place
 * of the client that includes it). It has a thread of its own, because libwebsockets resolves names
 * and waits in its own poll: media never waits for it. Commands and events cross by locked queues;
 * `wake` of the owner becomes readable when there are events. Refuses to know: JSON, sessions, when
 * to try again.
 */
#ifndef CLIENT_LIB_IO_WEBSOCKET_H
#define CLIENT_LIB_IO_WEBSOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WEBSOCKET_MESSAGE_MAX                                                                      \
    (256 * 1024) /* bytes either way (protocol); larger closes the connection */
#define WEBSOCKET_PROTOCOL  "shanqiao.v1"
#define WEBSOCKET_PING_S    10 /* of silence (protocol) */
#define WEBSOCKET_HANGUP_S  25
#define WEBSOCKET_CONNECT_S 10   /* TCP, TLS and upgrade together */
#define WEBSOCKET_QUEUE_MAX 1024 /* messages either way */
#define WEBSOCKET_SERVERS   8    /* URLs of one installation */

struct websocket;

struct websocket_config {
    const char *url;         /* wss://host[:port]/path; several, with commas between: each attempt
                                takes the next one */
    const char *ca_file;     /* PEM; NULL: the system's */
    const char *server_name; /* expected in the certificate; NULL: host of url */
    int wake_fd;             /* eventfd of the owner; borrowed */
};

enum websocket_event_type { WEBSOCKET_OPEN, WEBSOCKET_CLOSED, WEBSOCKET_MESSAGE };

struct websocket_event {
    enum websocket_event_type type;
    bool untrusted; /* CLOSED: it showed no certificate that we accept */
    char *text;     /* MESSAGE: the taker frees it; zero-terminated */
    size_t len_bytes;
};

/* Starts the thread; no traffic yet. SQ_ERR_INVALID (url), SQ_ERR_IO (CA file), SQ_ERR_NOMEM. */
int websocket_new(struct websocket **out, const struct websocket_config *config);
void websocket_free(struct websocket *w);

/* From here the owner's thread. Answers by OPEN or CLOSED. Nothing happens while a connection is up
 * or on its way. */
void websocket_connect(struct websocket *w);
/* A CLOSED follows if there was a connection. */
void websocket_close(struct websocket *w);
/* Takes `text` (malloc'd, zero-terminated) in any case. SQ_ERR_LIMIT when too long or the queue is
 * full. */
int websocket_send(struct websocket *w, char *text);
bool websocket_next_event(struct websocket *w, struct websocket_event *out);

#endif
