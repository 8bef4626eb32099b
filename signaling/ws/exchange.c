/* SPDX-License-Identifier: Apache-2.0 */
/* One exchange from its head to its end: admission, body with flow control, jobs and acts of the
 * room that has it. */
#include "signaling/ws/exchange.h"
#include "base/check.h"
#include "base/log.h"
#include "shanqiao/error.h"
#include <stdlib.h>
#include <string.h>

struct exchange *exchange_of(struct lws *wsi)
{
    return lws_get_opaque_user_data(wsi);
}

void exchange_moved(struct exchange *x, size_t bytes)
{
    x->window_bytes += bytes;
    if (bytes == 0 || x->window_bytes >= EXCHANGE_LEAST_BYTES) {
        x->window_us = clock_monotonic_us();
        x->window_bytes = 0;
    }
}

void exchange_break(struct exchange *x)
{
    if (!x->wsi)
        return;
    lws_set_timeout(x->wsi, PENDING_TIMEOUT_HTTP_CONTENT, LWS_TO_KILL_ASYNC);
    lws_cancel_service(x->server->context); /* its timers are looked at after an event only */
}

void exchange_over(struct exchange *x, bool complete)
{
    if (x->phase == EXCHANGE_OVER || x->phase == EXCHANGE_LINGERING)
        return;
    x->phase = EXCHANGE_OVER;
    exchanges_forget_job(x);
    if (x->match.route->ops->closed)
        x->match.route->ops->closed(x, x->state, complete);
    x->state = NULL;
}

void exchange_unref(struct exchange *x)
{
    if (--x->refs)
        return;
    exchange_forget_request(x);
    exchange_forget_response(x);
    free(x->early);
    free(x);
}

/* The connection lets go of it. */
void exchange_gone(struct exchange *x)
{
    struct exchanges *e = &x->server->exchanges;
    if (!x->wsi)
        return;
    exchange_over(x, false);
    lws_set_opaque_user_data(x->wsi, NULL);
    x->wsi = NULL;
    *(x->former ? &x->former->next : &e->first) = x->next;
    if (x->next)
        x->next->former = x->former;
    e->count--;
    exchange_unref(x);
}

/* ---- begin ---- */

_Static_assert(HTTP_HEADER_MAX == 2048, "the text of 431 names it");

static void refuse(struct exchange *x, unsigned status)
{
    static const struct {
        unsigned status;
        int error;
        const char *en, *zh;
    } texts[] = {
        {HTTP_STATUS_UNAUTHORIZED, SQ_ERR_UNAUTHENTICATED, NULL, NULL},
        {HTTP_STATUS_FORBIDDEN, SQ_ERR_DENIED,
         "The page that asks is not one of this server's. Open the server's own address; the "
         "administrator lists its names in signaling.origins.",
         "请求来自其他网站的页面，已拒绝。请打开本系统的网址；管理员可在 signaling.origins "
         "中登记。"},
        {HTTP_STATUS_LENGTH_REQUIRED, SQ_ERR_INVALID, "Send the body's size as Content-Length.",
         "请在 Content-Length 中给出正文长度。"},
        {HTTP_STATUS_REQ_ENTITY_TOO_LARGE, SQ_ERR_LIMIT,
         "The body is larger than this address takes. Send it in smaller parts.",
         "正文超过此地址允许的大小，请分段上传。"},
        {HTTP_STATUS_HEADER_TOO_LONG, SQ_ERR_LIMIT,
         "One of the request's headers is longer than 2047 bytes. Shorten it.",
         "某个请求头超过 2047 字节，请缩短。"},
        {429, SQ_ERR_LIMIT, "Too many transfers at a time. Wait until one has ended.",
         "同时进行的传输过多，请等待其中之一完成。"},
        {HTTP_STATUS_SERVICE_UNAVAILABLE, SQ_ERR_NOMEM, NULL, NULL},
    };
    x->close_after = x->request.body_bytes > 0 || status == HTTP_STATUS_LENGTH_REQUIRED;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (texts[i].status != status)
            continue;
        bool sign_in = status == HTTP_STATUS_UNAUTHORIZED;
        http_fail_status(x, status, &(struct http_field){"www-authenticate", "Bearer"}, sign_in,
                         texts[i].error, texts[i].en, texts[i].zh);
        return;
    }
    x->close_after = true;
    http_fail_status(x, status, NULL, 0, SQ_ERR_INVALID,
                     "The request's headers or query are malformed. Correct them.",
                     "请求头或查询参数格式不正确，请改正。");
}

/* A refusal by the front needs no room behind it. */
static void refused_closed(struct exchange *x, void *state, bool complete)
{
    (void)x;
    (void)state;
    (void)complete;
}
static const struct http_ops refused_ops = {.closed = refused_closed};
static const struct http_route refused_route = {.path = "", .ops = &refused_ops};

static struct exchange *attach(struct server *s, struct lws *wsi)
{
    struct exchange *x = calloc(1, sizeof *x);
    if (!x)
        return NULL;
    x->server = s;
    x->wsi = wsi;
    x->refs = 1;
    x->next = s->exchanges.first;
    if (x->next)
        x->next->former = x;
    s->exchanges.first = x;
    s->exchanges.count++;
    x->window_us = x->session_us = clock_monotonic_us();
    lws_set_opaque_user_data(wsi, x);
    return x;
}

/* libwebsockets never answers it. */
static void say_continue(struct exchange *x)
{
    static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
    unsigned char room[LWS_PRE + sizeof text];
    if (lws_hdr_total_length(x->wsi, WSI_TOKEN_HTTP_EXPECT) <= 0)
        return;
    memcpy(room + LWS_PRE, text, sizeof text - 1);
    lws_write(x->wsi, room + LWS_PRE, sizeof text - 1, LWS_WRITE_HTTP_HEADERS_CONTINUATION);
}

static void start(struct exchange *x)
{
    const struct http_ops *ops = x->match.route->ops;
    int error = ops->start(x, x->match.table->user, &x->state);
    if (error && !x->response.status)
        http_fail(x, error, NULL, NULL);
}

/* After start and whenever the room changed its mind: does the peer send? */
static void steer(struct exchange *x)
{
    bool listens = x->phase == EXCHANGE_THINKING || x->phase == EXCHANGE_RECEIVING;
    if (!x->wsi || !x->request.body_bytes || !listens)
        return;
    lws_rx_flow_control(x->wsi, !x->paused && !x->body_ended);
    if (!x->paused && !x->body_ended)
        lws_cancel_service(x->server->context); /* what was read already is looked at then */
}

int exchange_begin(struct server *s, struct lws *wsi, const char *path, enum http_method method)
{
    struct exchange *x = attach(s, wsi);
    if (!x)
        return -1;
    x->request.method = method;
    memcpy(x->request.path, path, strlen(path) + 1); /* http_path_is_plain bounds it */
    x->match = http_match(s->exchanges.tables, s->exchanges.table_count, path, method);
    unsigned status = exchange_read_request(x, wsi);
    if (!status)
        status = exchanges_admit(&s->exchanges, x);
    if (status) {
        x->match.route = &refused_route;
        refuse(x, status);
        return 0;
    }
    x->paused = x->request.body_bytes > 0;
    start(x);
    if (x->response.status && x->request.body_bytes && !x->body_wanted)
        x->close_after = true;
    steer(x);
    return 0;
}

/* ---- body ---- */

/* What was read together with the head can't be left with the peer. */
static int keep_early(struct exchange *x, const void *bytes, size_t len_bytes)
{
    if (len_bytes == 0)
        return 0;
    if (len_bytes > HTTP_PIECE_MAX - x->early_bytes)
        return -1;
    uint8_t *grown = realloc(x->early, x->early_bytes + len_bytes);
    if (!grown)
        return -1;
    memcpy(grown + x->early_bytes, bytes, len_bytes);
    x->early = grown;
    x->early_bytes += len_bytes;
    return 0;
}

static void give_early(struct exchange *x)
{
    uint8_t *early = x->early;
    x->early = NULL;
    if (early && x->phase == EXCHANGE_RECEIVING)
        x->match.route->ops->body(x, x->state, early, x->early_bytes);
    free(early);
}

static void finish(struct exchange *x)
{
    if (x->phase != EXCHANGE_RECEIVING || x->paused || !x->body_ended)
        return;
    x->phase = EXCHANGE_THINKING;
    x->match.route->ops->finish(x, x->state);
}

void http_accept_body(struct exchange *x)
{
    if (x->phase != EXCHANGE_THINKING || x->body_wanted || !x->wsi)
        return;
    x->body_wanted = true;
    x->phase = EXCHANGE_RECEIVING;
    x->paused = false;
    exchange_moved(x, 0);
    if (x->request.body_bytes) {
        say_continue(x);
        steer(x);
        give_early(x);
        finish(x);
    } else {
        exchange_body_ended(x);
    }
}

void http_pause(struct exchange *x)
{
    x->paused = true;
    steer(x);
}

void http_resume(struct exchange *x)
{
    x->paused = false;
    exchange_moved(x, 0);
    steer(x);
    finish(x);
}

int exchange_body(struct exchange *x, const void *bytes, size_t len_bytes)
{
    x->server->stirred = true;
    x->received_bytes += len_bytes;
    exchange_moved(x, len_bytes);
    if (x->phase == EXCHANGE_LINGERING)
        return x->received_bytes > EXCHANGE_LINGER_BYTES ? -1 : 0;
    if (x->phase == EXCHANGE_THINKING && !x->body_wanted)
        return keep_early(x, bytes, len_bytes);
    if (x->phase != EXCHANGE_RECEIVING) /* it was answered; the rest is read away */
        return 0;
    x->match.route->ops->body(x, x->state, bytes, len_bytes);
    if (x->response.status && x->received_bytes < x->request.body_bytes)
        x->close_after = true;
    return 0;
}

int exchange_body_ended(struct exchange *x)
{
    if (x->body_ended) /* libwebsockets says it again for what is pipelined behind it */
        return ++x->ended_again > EXCHANGE_ENDED_MAX ? -1 : 0;
    x->body_ended = true;
    if (x->phase == EXCHANGE_LINGERING)
        return -1; /* the response asked for a close */
    bool listens = x->phase == EXCHANGE_THINKING || x->phase == EXCHANGE_RECEIVING;
    if (x->request.body_bytes && listens)
        lws_rx_flow_control(x->wsi, 0); /* until there is a response: the next request waits */
    finish(x);
    return 0;
}

/* ---- work ---- */

int http_act(struct exchange *x, const char *act, int (*handle)(struct call *call),
             struct call *call)
{
    static const struct caller nobody = {0};
    call->caller = x->request.has_caller ? &x->request.caller : &nobody;
    return dispatch_act(x->server->config.dispatch, act, handle, call, NULL, NULL, http_now_us(x),
                        http_utc_us(x));
}
