/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of ws/: one request over HTTP and its response, behind signaling/http/route.h. It belongs
 * to a connection of libwebsockets (its opaque user data) until that completes the transaction or
 * closes; a commit or a job that still runs holds it a little longer. */
#ifndef SIGNALING_WS_EXCHANGE_H
#define SIGNALING_WS_EXCHANGE_H

#include "signaling/http/match.h"
#include "signaling/ws/connection.h"

#define HTTP_STATUS_HEADER_TOO_LONG 431 /* RFC 6585 section 5 */
#define EXCHANGE_QUERY_PARTS_MAX    64
#define EXCHANGE_ANONYMOUS_MAX      64  /* at a time, of all callers without a session */
#define EXCHANGE_PUBLIC_MAX         256 /* at a time, of what is the same for everybody */
/* A peer that owes bytes (or takes none) moves that many in HTTP_IDLE_US, or is closed. */
#define EXCHANGE_LEAST_BYTES 4096
/* After an early refusal that much of the body is still read away, so that the peer gets to read
 * the response before the connection closes. */
#define EXCHANGE_LINGER_BYTES (4u * 1024 * 1024)
#define EXCHANGE_LINGER_US    (10 * TIME_US_PER_S)

/* How often the end of a body may be told again while the response is on its way: a peer that
 * pipelines behind a body and takes no response would otherwise keep the loop busy. */
#define EXCHANGE_ENDED_MAX 10000

struct exchange_query {
    char *text; /* "name\0value" */
    const char *value;
};

struct exchange_request {
    enum http_method method;
    char path[HTTP_PATH_MAX];
    char *headers[HTTP_HEADER_COUNT];
    struct exchange_query query[EXCHANGE_QUERY_PARTS_MAX];
    unsigned query_count;
    struct caller caller;
    bool has_caller, by_cookie; /* by_cookie: the browser added it by itself */
    time_us session_ends_us;
    uint64_t body_bytes;
};

struct exchange_response {
    unsigned status; /* 0: none yet */
    char *fields;    /* "name: value\r\n" ... of the room; owned */
    size_t fields_len;
    uint8_t *body; /* owned; NULL: pulled, or none */
    http_pull pull;
    uint64_t len_bytes, sent_bytes;
    uint32_t replaced;    /* bits of http_headers that `fields` takes the place of */
    bool head_sent, idle; /* idle: pull had nothing */
    bool held;            /* waits for a commit */
};

enum exchange_phase {
    EXCHANGE_THINKING,  /* the room has it */
    EXCHANGE_RECEIVING, /* body accepted, not all there */
    EXCHANGE_SENDING,
    EXCHANGE_LINGERING, /* response is out, the body is read away */
    EXCHANGE_OVER       /* closed was called */
};

struct exchange {
    struct server *server;
    struct lws *wsi; /* NULL: it let go of the exchange */
    struct exchange *next, *former;
    unsigned refs; /* the connection, each commit that is waited for */
    struct http_match match;
    void *state;
    struct exchange_request request;
    struct exchange_response response;
    struct exchange_job *job;
    enum exchange_phase phase;
    bool close_after; /* no further request on this connection */
    bool body_wanted, body_ended, paused;
    unsigned ended_again;
    uint64_t received_bytes;
    uint8_t *early; /* of the body: came with the head, before it was accepted; owned */
    size_t early_bytes;
    time_us window_us; /* since when window_bytes are counted */
    uint64_t window_bytes;
    time_us session_us; /* when the session was last looked at */
};

/* request.c: reads head and query into x->request. 0, or the status to refuse with. */
unsigned exchange_read_request(struct exchange *x, struct lws *wsi);
void exchange_forget_request(struct exchange *x);

/* exchange.c: the callbacks of libwebsockets; each returns what the callback shall return. */
int exchange_begin(struct server *s, struct lws *wsi, const char *path, enum http_method method);
struct exchange *exchange_of(struct lws *wsi);
int exchange_body(struct exchange *x, const void *bytes, size_t len_bytes);
int exchange_body_ended(struct exchange *x);
void exchange_gone(struct exchange *x);
/* The connection breaks; closed follows from libwebsockets. */
void exchange_break(struct exchange *x);
void exchange_unref(struct exchange *x);
/* closed of the room, once. */
void exchange_over(struct exchange *x, bool complete);
void exchange_moved(struct exchange *x, size_t bytes);

/* response.c */
int exchange_write(struct exchange *x);
void exchange_forget_response(struct exchange *x);

/* exchanges.c: all of them. */
int exchanges_init(struct exchanges *e, const struct http_table *tables, size_t count,
                   void (*wake)(void *user), void *user);
void exchanges_fini(struct exchanges *e);
void exchanges_step(struct server *s, time_us now_us, time_us utc_us);
void exchanges_take_finished(struct server *s);
/* Its job goes on without it. */
void exchanges_forget_job(struct exchange *x);
/* 0, or the status that says too many. */
unsigned exchanges_admit(const struct exchanges *e, const struct exchange *x);

#endif
