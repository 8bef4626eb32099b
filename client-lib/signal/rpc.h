/* SPDX-License-Identifier: Apache-2.0 */
/* The terminal's half of docs/protocol/signaling.md: requests with idempotency keys that survive
 * reconnects, notifications in order and once, sign-in and resume. Sans-IO: texts and time come in,
 * texts, events and a wish to connect or close go out. One owner thread. Refuses to know: sockets,
 * TLS, what the methods mean. */
#ifndef CLIENT_LIB_SIGNAL_RPC_H
#define CLIENT_LIB_SIGNAL_RPC_H

#include "base/time.h"
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RPC_MESSAGE_MAX    (256 * 1024) /* bytes (protocol) */
#define RPC_DEPTH_MAX      32
#define RPC_PENDING_MAX    256 /* requests without a reply */
#define RPC_TOKEN_MAX      512
#define RPC_BACKOFF_MIN_US (200 * TIME_US_PER_MS)
#define RPC_BACKOFF_MAX_US (5 * TIME_US_PER_S)
#define RPC_ID_LEN         22 /* random characters of a request's idempotency key: 130 bits */

struct rpc;

enum rpc_state {
    RPC_IDLE = 0, /* nobody signed in, nothing wanted */
    RPC_WAITING,  /* for the next attempt to connect */
    RPC_CONNECTING,
    RPC_SIGNING_IN, /* connected; auth.login or session.resume is out */
    RPC_ONLINE,
    RPC_ENDED /* session over, for good */
};

enum rpc_event_type {
    RPC_EVENT_STATE, /* .state: ONLINE, ENDED (.reason), or WAITING: the first failure since */
    RPC_EVENT_REPLY, /* .request, .method, .error, .text, .body (result, NULL on error) */
    RPC_EVENT_NOTIFICATION /* .method, .body (params) */
};

struct rpc_event {
    enum rpc_event_type type;
    enum rpc_state state;
    char reason[32];
    int64_t request;
    char method[64];
    int error;      /* enum sq_error */
    char text[256]; /* remedy in the configured language */
    json_t *body;   /* owned by whoever took the event */
};

/* What the socket's owner shall do; it stays wanted until rpc_on_connecting / rpc_on_closed. */
enum rpc_wish { RPC_WISH_NOTHING = 0, RPC_WISH_CONNECT, RPC_WISH_CLOSE };

/* device and language are copied (NULL: "terminal", "zh-CN"). SQ_ERR_NOMEM. */
int rpc_new(struct rpc **out, const char *device, const char *language);
void rpc_free(struct rpc *r);

/* The request's number (> 0), or SQ_ERR_STATE (signed in or at it), SQ_ERR_NOMEM, SQ_ERR_INVALID.
 */
int64_t rpc_login(struct rpc *r, const char *account, const char *password, bool takeover,
                  time_us now_us);
int64_t rpc_resume(struct rpc *r, const char *token, int64_t last_seq, time_us now_us);
/* Takes `params` (NULL: {}) in any case. SQ_ERR_STATE before sign-in or after the end,
 * SQ_ERR_LIMIT, SQ_ERR_NOMEM. */
int64_t rpc_request(struct rpc *r, const char *method, json_t *params, time_us now_us);

/* The connection, as its owner sees it. */
void rpc_on_connecting(struct rpc *r);
void rpc_on_open(struct rpc *r, time_us now_us);
void rpc_on_closed(struct rpc *r, time_us now_us);
/* One text frame, borrowed. Malformed ones are counted and dropped. */
void rpc_on_message(struct rpc *r, const char *text, size_t len_bytes, time_us now_us);

enum rpc_wish rpc_wish(const struct rpc *r, time_us now_us);
time_us rpc_deadline(const struct rpc *r); /* of the next attempt; TIME_US_NEVER */
/* Next frame to send while open; the caller frees it. NULL: none. */
char *rpc_next_send(struct rpc *r);
bool rpc_next_event(struct rpc *r, struct rpc_event *out);

enum rpc_state rpc_state(const struct rpc *r);
const char *rpc_token(const struct rpc *r); /* "" before sign-in */
int64_t rpc_last_seq(const struct rpc *r);
/* What it was at sign-in or resume: the application has seen at least this. */
int64_t rpc_base_seq(const struct rpc *r);
uint64_t rpc_dropped(const struct rpc *r); /* frames that made no sense */

#endif
