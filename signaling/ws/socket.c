/* SPDX-License-Identifier: Apache-2.0 */
/* WebSocket connections: pieces into messages under limits, texts out one per writeable turn. */
#include "base/log.h"
#include "signaling/auth/auth.h"
#include "signaling/http/match.h"
#include "signaling/proto/jsonrpc.h"
#include "signaling/ws/connection.h"
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 2048
#define HUNG_US        (5 * TIME_US_PER_S) /* between two looks, which come each second */

struct frame {
    struct frame *next;
    size_t len_bytes;
    unsigned char room[LWS_PRE]; /* libwebsockets writes the frame header here */
    unsigned char text[];
};

static struct server *server_of(struct lws *wsi)
{
    return lws_context_user(lws_get_context(wsi));
}

struct connection *connection_find(const struct server *s, uint64_t number)
{
    size_t slot = (size_t)(number & UINT32_MAX);
    struct connection *c = slot < s->slot_count ? s->slots[slot] : NULL;
    return c && c->number == number ? c : NULL;
}

static bool take_slot(struct server *s, struct connection *c)
{
    for (size_t i = 0; i < s->slot_count; i++) {
        size_t slot = (s->slot_next + i) % s->slot_count;
        if (s->slots[slot])
            continue;
        s->slots[slot] = c;
        s->slot_next = slot + 1;
        c->number = (uint64_t)++s->generation << 32 | slot;
        return true;
    }
    return false;
}

static int close_now(struct lws *wsi, uint16_t code)
{
    lws_close_reason(wsi, (enum lws_close_status)code, NULL, 0);
    return -1;
}

int socket_end(struct lws *wsi)
{
    lws_set_timeout(wsi, PENDING_TIMEOUT_CLOSE_SEND, LWS_TO_KILL_SYNC);
    return 0;
}

void connection_close(struct connection *c, uint16_t code)
{
    if (!c->close_code)
        c->close_code = code;
    lws_callback_on_writable(c->wsi);
}

void connection_queue(struct connection *c, const char *text, size_t len_bytes)
{
    if (c->close_code)
        return;
    struct frame *f = NULL;
    if (c->queued_bytes + len_bytes <= SERVER_QUEUE_BYTES_MAX &&
        c->queued_texts < SERVER_QUEUE_TEXTS_MAX)
        f = malloc(sizeof *f + len_bytes);
    if (!f) {
        /* its session keeps the texts: it resumes and gets them again */
        log_write(LOG_INFO, "ws.slow_reader", LOG_INT("queued_bytes", c->queued_bytes));
        connection_close(c, LWS_CLOSE_STATUS_POLICY_VIOLATION);
        return;
    }
    f->next = NULL;
    f->len_bytes = len_bytes;
    memcpy(f->text, text, len_bytes);
    *(c->last ? &c->last->next : &c->first) = f;
    c->last = f;
    c->queued_bytes += len_bytes;
    c->queued_texts++;
    lws_callback_on_writable(c->wsi);
}

static struct frame *unqueue(struct connection *c)
{
    struct frame *f = c->first;
    if (f) {
        c->first = f->next;
        if (!c->first)
            c->last = NULL;
        c->queued_bytes -= f->len_bytes;
        c->queued_texts--;
    }
    return f;
}

static int write_ping(struct connection *c)
{
    unsigned char room[LWS_PRE + 1] = {0}; /* libwebsockets tells of no empty pong */
    c->ping_due = false;
    if (lws_write(c->wsi, room + LWS_PRE, 1, LWS_WRITE_PING) < 0)
        return -1;
    if (c->first || c->close_code)
        lws_callback_on_writable(c->wsi);
    return 0;
}

static int write_one(struct connection *c)
{
    if (c->ping_due)
        return write_ping(c);
    struct frame *f = unqueue(c);
    if (!f && !c->close_code)
        return 0;
    if (!f) {
        close_now(c->wsi, c->close_code);
        return socket_end(c->wsi);
    }
    int written = lws_write(c->wsi, f->text, f->len_bytes, LWS_WRITE_TEXT);
    bool good = written >= (int)f->len_bytes;
    free(f);
    if (!good)
        return -1;
    if (c->first || c->close_code)
        lws_callback_on_writable(c->wsi);
    return 0;
}

static bool append(struct connection *c, const void *in, size_t len)
{
    if (c->len_bytes + len > c->capacity_bytes) {
        size_t capacity = c->capacity_bytes ? c->capacity_bytes : FIRST_CAPACITY;
        while (capacity < c->len_bytes + len)
            capacity *= 2;
        char *grown = realloc(c->text, capacity);
        if (!grown)
            return false;
        c->text = grown;
        c->capacity_bytes = capacity;
    }
    if (len)
        memcpy(c->text + c->len_bytes, in, len);
    c->len_bytes += len;
    return true;
}

static void forget_message(struct connection *c)
{
    free(c->text);
    c->text = NULL;
    c->len_bytes = c->capacity_bytes = 0;
    c->pieces = 0;
    c->started_us = 0;
}

static int receive(struct server *s, struct connection *c, const void *in, size_t len)
{
    if (c->close_code)
        return 0; /* nothing more is read from it */
    if (lws_frame_is_binary(c->wsi))
        return close_now(c->wsi, LWS_CLOSE_STATUS_UNACCEPTABLE_OPCODE);
    if (c->len_bytes + len > JSONRPC_MESSAGE_MAX)
        return close_now(c->wsi, LWS_CLOSE_STATUS_MESSAGE_TOO_LARGE);
    if (++c->pieces > SERVER_FRAGMENTS_MAX)
        return close_now(c->wsi, LWS_CLOSE_STATUS_POLICY_VIOLATION);
    c->heard_us = clock_monotonic_us();
    if (!c->started_us)
        c->started_us = c->heard_us;
    if (!append(c, in, len))
        return close_now(c->wsi, LWS_CLOSE_STATUS_UNEXPECTED_CONDITION);
    if (!lws_is_final_fragment(c->wsi) || lws_remaining_packet_payload(c->wsi))
        return 0;
    dispatch_receive(s->config.dispatch, c->number, c->text, c->len_bytes, clock_monotonic_us(),
                     clock_utc_us());
    forget_message(c);
    return 0;
}

/* A page's session, which its scripts can't name: session.resume may. */
static void keep_cookie(struct server *s, const struct connection *c)
{
    char header[HTTP_HEADER_MAX], token[AUTH_TOKEN_MAX];
    if (lws_hdr_copy(c->wsi, header, sizeof header, WSI_TOKEN_HTTP_COOKIE) > 0 &&
        http_cookie(header, HTTP_SESSION_COOKIE, token, sizeof token))
        dispatch_keep_token(s->config.dispatch, c->number, token);
    sodium_memzero(header, sizeof header);
    sodium_memzero(token, sizeof token);
}

static int opened(struct server *s, struct connection *c, struct lws *wsi)
{
    memset(c, 0, sizeof *c);
    c->wsi = wsi;
    c->heard_us = c->pinged_us = clock_monotonic_us();
    if (!take_slot(s, c))
        return -1;
    if (dispatch_open(s->config.dispatch, c->number, clock_monotonic_us())) {
        s->slots[c->number & UINT32_MAX] = NULL;
        c->number = 0;
        return -1;
    }
    keep_cookie(s, c);
    return 0;
}

static void closed(struct server *s, struct connection *c)
{
    struct frame *f;
    if (!c->number)
        return;
    s->slots[c->number & UINT32_MAX] = NULL;
    while ((f = unqueue(c)))
        free(f);
    forget_message(c);
    if (s->ending)
        return; /* sessions outlive the program */
    dispatch_closed(s->config.dispatch, c->number, clock_monotonic_us(), clock_utc_us());
    c->number = 0;
}

static void look_at(struct connection *c, time_us now_us)
{
    time_us silent_us = now_us - c->heard_us;
    if (c->started_us && now_us - c->started_us > SERVER_MESSAGE_AGE_US) {
        connection_close(c, LWS_CLOSE_STATUS_POLICY_VIOLATION);
    } else if (silent_us >= SERVER_SILENCE_S * TIME_US_PER_S) {
        /* nobody is there to read a close frame */
        log_write(LOG_INFO, "ws.silent", LOG_INT("connection", c->number),
                  LOG_INT("silent_ms", silent_us / TIME_US_PER_MS));
        lws_set_timeout(c->wsi, PENDING_TIMEOUT_CLOSE_SEND, LWS_TO_KILL_ASYNC);
        lws_cancel_service(lws_get_context(c->wsi)); /* its timers are looked at after an event */
    } else if (silent_us >= SERVER_PING_S * TIME_US_PER_S &&
               now_us - c->pinged_us >= SERVER_PING_S * TIME_US_PER_S) {
        c->pinged_us = now_us;
        c->ping_due = true;
        lws_callback_on_writable(c->wsi);
    }
}

/* What the others said while this program hung, or its machine slept, waits to be read. */
static void forgive(struct server *s, time_us hung_us)
{
    log_write(LOG_WARN, "ws.hung", LOG_INT("ms", hung_us / TIME_US_PER_MS));
    for (size_t i = 0; i < s->slot_count; i++) {
        struct connection *c = s->slots[i];
        if (!c)
            continue;
        c->heard_us += hung_us;
        c->started_us += c->started_us ? hung_us : 0;
    }
}

void connections_step(struct server *s, time_us now_us)
{
    if (s->looked_us && now_us - s->looked_us > HUNG_US)
        forgive(s, now_us - s->looked_us);
    time_us passed_us = time_us_min(now_us - s->looked_us, TIME_US_PER_S);
    size_t share = (size_t)((time_us)s->slot_count * passed_us / TIME_US_PER_S);
    if (share == 0)
        return;
    s->looked_us = now_us;
    for (; share; share--) {
        struct connection *c = s->slots[s->slot_looked];
        s->slot_looked = (s->slot_looked + 1) % s->slot_count;
        if (c)
            look_at(c, now_us);
    }
}

int socket_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t len)
{
    struct connection *c = user;
    if (reason == LWS_CALLBACK_ESTABLISHED)
        return opened(server_of(wsi), c, wsi);
    if (reason == LWS_CALLBACK_RECEIVE) {
        server_of(wsi)->stirred = true;
        return receive(server_of(wsi), c, in, len);
    }
    if (reason == LWS_CALLBACK_SERVER_WRITEABLE)
        return write_one(c);
    if (reason == LWS_CALLBACK_RECEIVE_PONG)
        c->heard_us = clock_monotonic_us();
    if (reason == LWS_CALLBACK_CLOSED)
        closed(server_of(wsi), c);
    return 0;
}
