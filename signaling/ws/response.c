/* SPDX-License-Identifier: Apache-2.0 */
/* The response of an exchange: kept whole or pulled, written piece by piece as the peer takes it,
 * and not before the transaction it tells of is on disk. */
#include "base/check.h"
#include "base/log.h"
#include "shanqiao/error.h"
#include "signaling/ws/exchange.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD_MAX                                                                                   \
    (HTTP_FIELDS_BYTES_MAX + 2048) /* our own headers: status, policy, date, length                \
                                    */

void exchange_forget_response(struct exchange *x)
{
    free(x->response.fields);
    free(x->response.body);
    x->response = (struct exchange_response){0};
}

/* A value that holds a control character (from a file's name, say) would begin a header of its own.
 */
static char *copy_fields(const struct http_field *fields, size_t count, size_t *len_bytes)
{
    size_t size = 1;
    CHECK(count <= HTTP_FIELDS_MAX);
    for (size_t i = 0; i < count; i++)
        size += strlen(fields[i].name) + strlen(fields[i].value) + 4;
    CHECK(size <= HTTP_FIELDS_BYTES_MAX);
    char *text = malloc(size);
    size_t len = 0;
    for (size_t i = 0; text && i < count; i++) {
        if (!fields[i].value[0])
            continue; /* it only leaves a header of ours out */
        int n = snprintf(text + len, size - len, "%s: ", fields[i].name);
        len += (size_t)n;
        for (const char *p = fields[i].value; *p; p++)
            text[len++] = (unsigned char)*p < 0x20 || *p == 0x7f ? '_' : *p;
        memcpy(text + len, "\r\n", 2);
        len += 2;
    }
    *len_bytes = len;
    return text;
}

/* Which headers of ours the room has a word of its own for. */
static uint32_t replaced_by(const struct http_field *fields, size_t count)
{
    uint32_t bits = 0, bit = 1;
    for (const struct lws_protocol_vhost_options *h = &http_headers; h; h = h->next, bit <<= 1) {
        size_t len = strlen(h->name) - 1; /* its colon */
        for (size_t i = 0; i < count; i++) {
            if (strlen(fields[i].name) == len && !memcmp(fields[i].name, h->name, len))
                bits |= bit;
        }
    }
    return bits;
}

static void go(struct exchange *x)
{
    if (x->phase == EXCHANGE_OVER || !x->wsi)
        return;
    x->phase = EXCHANGE_SENDING;
    x->paused = false;
    exchange_moved(x, 0);
    lws_rx_flow_control(x->wsi, 1); /* libwebsockets does not write where it may not read */
    if (x->request.body_bytes)
        x->server->stirred = true; /* what was read already is looked at in the next round */
    lws_callback_on_writable(x->wsi);
}

static void fail_now(struct exchange *x, int error)
{
    size_t len = 0;
    char *body = http_error_body(error, NULL, NULL, &len);
    static const struct http_field type = {"content-type", "application/json"};
    exchange_forget_response(x);
    x->response.status = http_status_of(error);
    x->response.fields = copy_fields(&type, 1, &x->response.fields_len);
    x->response.body = (uint8_t *)body;
    x->response.len_bytes = len;
}

/* The transaction ended that the response tells of. */
static void released(void *user, int error)
{
    struct exchange *x = user;
    x->response.held = false;
    if (error && x->phase != EXCHANGE_OVER)
        fail_now(x, error);
    go(x);
    exchange_unref(x);
}

static void respond(struct exchange *x, unsigned status, const struct http_field *fields,
                    size_t count, uint64_t len_bytes)
{
    struct exchange_response *r = &x->response;
    CHECK(!r->status && status >= 200 && status <= 599);
    r->status = status;
    r->len_bytes = len_bytes;
    r->replaced = replaced_by(fields, count);
    r->fields = copy_fields(fields, count, &r->fields_len);
    if (!r->fields) {
        log_write(LOG_ERROR, "http.no_memory");
        exchange_break(x);
        return;
    }
    r->held = true;
    x->refs++;
    dispatch_after(x->server->config.dispatch, released, x);
}

void http_respond(struct exchange *x, unsigned status, const struct http_field *fields,
                  size_t field_count, const void *body, size_t len_bytes)
{
    uint8_t *copy = NULL;
    if (x->phase == EXCHANGE_OVER)
        return;
    if (len_bytes && x->request.method != HTTP_HEAD) {
        copy = malloc(len_bytes);
        if (!copy) {
            log_write(LOG_ERROR, "http.no_memory");
            exchange_break(x);
            return;
        }
        memcpy(copy, body, len_bytes);
    }
    x->response.body = copy;
    respond(x, status, fields, field_count, len_bytes);
}

void http_respond_stream(struct exchange *x, unsigned status, const struct http_field *fields,
                         size_t field_count, uint64_t len_bytes, http_pull pull)
{
    if (x->phase == EXCHANGE_OVER)
        return;
    x->response.pull = pull;
    respond(x, status, fields, field_count, len_bytes);
}

void http_more(struct exchange *x)
{
    x->response.idle = false;
    if (x->phase == EXCHANGE_SENDING && x->wsi) {
        exchange_moved(x, 0);
        lws_callback_on_writable(x->wsi);
    }
}

void http_fail_status(struct exchange *x, unsigned status, const struct http_field *fields,
                      size_t field_count, int error, const char *en, const char *zh)
{
    struct http_field all[HTTP_FIELDS_MAX] = {{"content-type", "application/json"}};
    size_t len = 0;
    CHECK(field_count < HTTP_FIELDS_MAX);
    for (size_t i = 0; i < field_count; i++)
        all[i + 1] = fields[i];
    char *body = http_error_body(error, en, zh, &len);
    http_respond(x, status, all, field_count + 1, body, len);
    free(body);
}

void http_fail(struct exchange *x, int error, const char *en, const char *zh)
{
    static const struct http_field scheme = {"www-authenticate", "Bearer"};
    unsigned status = http_status_of(error);
    http_fail_status(x, status, &scheme, status == HTTP_STATUS_UNAUTHORIZED, error, en, zh);
}

/* ---- writing ---- */

static bool has_length(const struct exchange_response *r)
{
    return r->status != 204 && r->status != 304;
}

static bool sends_body(const struct exchange *x)
{
    return has_length(&x->response) && x->request.method != HTTP_HEAD;
}

static bool put(unsigned char **at, const unsigned char *end, const char *text, size_t len)
{
    if ((size_t)(end - *at) < len)
        return false;
    memcpy(*at, text, len);
    *at += len;
    return true;
}

static bool write_head(struct exchange *x)
{
    const struct exchange_response *r = &x->response;
    unsigned char room[LWS_PRE + HEAD_MAX], *at = room + LWS_PRE, *end = room + sizeof room;
    char text[128], date[HTTP_DATE_MAX];
    int len = snprintf(text, sizeof text, "HTTP/1.1 %u %s\r\n", r->status, http_reason(r->status));
    bool good = put(&at, end, text, (size_t)len);
    uint32_t bit = 1;
    for (const struct lws_protocol_vhost_options *h = &http_headers; good && h;
         h = h->next, bit <<= 1) {
        if (r->replaced & bit)
            continue;
        len = snprintf(text, sizeof text, "%s ", h->name);
        good = put(&at, end, text, (size_t)len) && put(&at, end, h->value, strlen(h->value)) &&
               put(&at, end, "\r\n", 2);
    }
    len = snprintf(text, sizeof text, "strict-transport-security: max-age=15768000\r\ndate: %s\r\n",
                   http_date_text(http_utc_us(x), date));
    good = good && put(&at, end, text, (size_t)len) && put(&at, end, r->fields, r->fields_len);
    len = has_length(r) ? snprintf(text, sizeof text, "content-length: %llu\r\n",
                                   (unsigned long long)r->len_bytes)
                        : 0;
    good = good && put(&at, end, text, (size_t)len);
    len = snprintf(text, sizeof text, "%s\r\n", x->close_after ? "connection: close\r\n" : "");
    good = good && put(&at, end, text, (size_t)len);
    if (!good)
        return false;
    size_t size = (size_t)(at - (room + LWS_PRE));
    return lws_write(x->wsi, room + LWS_PRE, size, LWS_WRITE_HTTP_HEADERS) == (int)size;
}

/* 1: a piece went out; 0: nothing there now; -1: broken. */
static int write_piece(struct exchange *x)
{
    struct exchange_response *r = &x->response;
    unsigned char room[LWS_PRE + HTTP_PIECE_MAX], *at = room + LWS_PRE;
    uint64_t left = r->len_bytes - r->sent_bytes;
    size_t len = left < HTTP_PIECE_MAX ? (size_t)left : HTTP_PIECE_MAX;
    if (r->pull) {
        ssize_t n = r->pull(x, x->state, at, len);
        if (n <= 0)
            return n < 0 ? -1 : 0;
        CHECK((size_t)n <= len);
        len = (size_t)n;
    } else {
        memcpy(at, r->body + r->sent_bytes, len);
    }
    if (lws_write(x->wsi, at, len, LWS_WRITE_HTTP) < (int)len)
        return -1;
    r->sent_bytes += len;
    exchange_moved(x, len);
    return 1;
}

static int written(struct exchange *x)
{
    struct lws *wsi = x->wsi;
    exchange_over(x, true);
    if (!x->body_ended && x->request.body_bytes) {
        x->phase = EXCHANGE_LINGERING;
        x->window_us = clock_monotonic_us();
        return 0;
    }
    bool keep = !x->close_after;
    exchange_gone(x);
    return !keep || lws_http_transaction_completed(wsi) ? socket_end(wsi) : 0;
}

int exchange_write(struct exchange *x)
{
    struct exchange_response *r = &x->response;
    if (x->phase != EXCHANGE_SENDING || r->held)
        return 0;
    if (!r->head_sent) {
        if (!write_head(x))
            return -1;
        r->head_sent = true;
        exchange_moved(x, EXCHANGE_LEAST_BYTES);
    } else if (sends_body(x) && r->sent_bytes < r->len_bytes) {
        int wrote = write_piece(x);
        if (wrote < 0)
            return -1;
        r->idle = wrote == 0;
        if (r->idle)
            return 0;
    }
    if (!sends_body(x) || r->sent_bytes == r->len_bytes)
        return written(x);
    lws_callback_on_writable(x->wsi);
    return 0;
}
