/* SPDX-License-Identifier: Apache-2.0 */
/* What libwebsockets knows of a request, copied and checked once, and asked for by rooms. */
#include "shanqiao/error.h"
#include "signaling/auth/auth.h"
#include "signaling/ws/exchange.h"
#include <stdlib.h>
#include <string.h>

/* Headers that libwebsockets parses have a token, others are asked for by name. */
static const struct {
    int token; /* -1: by name */
    const char *name;
} wanted[HTTP_HEADER_COUNT] = {
    [HTTP_AUTHORIZATION] = {WSI_TOKEN_HTTP_AUTHORIZATION, NULL},
    [HTTP_HOST] = {WSI_TOKEN_HOST, NULL},
    [HTTP_RANGE] = {WSI_TOKEN_HTTP_RANGE, NULL},
    [HTTP_IF_RANGE] = {WSI_TOKEN_HTTP_IF_RANGE, NULL},
    [HTTP_IF_NONE_MATCH] = {WSI_TOKEN_HTTP_IF_NONE_MATCH, NULL},
    [HTTP_IF_MATCH] = {WSI_TOKEN_HTTP_IF_MATCH, NULL},
    [HTTP_ACCEPT] = {WSI_TOKEN_HTTP_ACCEPT, NULL},
    [HTTP_ACCEPT_ENCODING] = {WSI_TOKEN_HTTP_ACCEPT_ENCODING, NULL},
    [HTTP_CONTENT_TYPE] = {WSI_TOKEN_HTTP_CONTENT_TYPE, NULL},
    [HTTP_CONTENT_LENGTH] = {WSI_TOKEN_HTTP_CONTENT_LENGTH, NULL},
    [HTTP_UPLOAD_OFFSET] = {-1, "upload-offset:"},
    [HTTP_UPLOAD_LENGTH] = {-1, "upload-length:"},
    [HTTP_UPLOAD_DEFER_LENGTH] = {-1, "upload-defer-length:"},
    [HTTP_UPLOAD_METADATA] = {-1, "upload-metadata:"},
    [HTTP_UPLOAD_CHECKSUM] = {-1, "upload-checksum:"},
    [HTTP_TUS_RESUMABLE] = {-1, "tus-resumable:"},
    [HTTP_ORIGIN] = {WSI_TOKEN_ORIGIN, NULL},
    [HTTP_COOKIE] = {WSI_TOKEN_HTTP_COOKIE, NULL},
};

/* 0 or a status; absent headers stay NULL. A repeated one is refused: nobody may read it another
 * way than we do. */
static unsigned read_header(struct exchange *x, struct lws *wsi, enum http_header h)
{
    enum lws_token_indexes token = (enum lws_token_indexes)wanted[h].token;
    const char *name = wanted[h].name;
    int name_len = name ? (int)strlen(name) : 0;
    int len = name ? lws_hdr_custom_length(wsi, name, name_len) : lws_hdr_total_length(wsi, token);
    if (len < 0 || (!name && len == 0))
        return 0;
    if (len >= HTTP_HEADER_MAX)
        return HTTP_STATUS_HEADER_TOO_LONG;
    if (!name && lws_hdr_fragment_length(wsi, token, 1) > 0)
        return HTTP_STATUS_BAD_REQUEST;
    char *text = calloc(1, (size_t)len + 1);
    if (!text)
        return HTTP_STATUS_SERVICE_UNAVAILABLE;
    x->request.headers[h] = text;
    int copied = name ? lws_hdr_custom_copy(wsi, text, len + 1, name, name_len)
                      : lws_hdr_copy(wsi, text, len + 1, token);
    return copied < 0 || !http_text_is_clean(text) ? HTTP_STATUS_BAD_REQUEST : 0;
}

/* Other programs on this host may have given the browser cookies of any kind: what can't be read
 * counts as not there. */
static unsigned read_headers(struct exchange *x, struct lws *wsi)
{
    unsigned status = 0;
    for (int h = 0; h < HTTP_HEADER_COUNT && !status; h++) {
        status = read_header(x, wsi, (enum http_header)h);
        if (status && status != HTTP_STATUS_SERVICE_UNAVAILABLE && h == HTTP_COOKIE) {
            free(x->request.headers[h]);
            x->request.headers[h] = NULL;
            status = 0;
        }
    }
    return status;
}

static unsigned read_query(struct exchange *x, struct lws *wsi)
{
    struct exchange_request *r = &x->request;
    char part[HTTP_QUERY_MAX];
    size_t total = 0;
    for (int i = 0;; i++) {
        int len = lws_hdr_copy_fragment(wsi, part, sizeof part, WSI_TOKEN_HTTP_URI_ARGS, i);
        if (len == 0 || (len < 0 && lws_hdr_fragment_length(wsi, WSI_TOKEN_HTTP_URI_ARGS, i) <= 0))
            return 0;
        if (len < 0 || (total += (size_t)len) >= HTTP_QUERY_MAX ||
            r->query_count == EXCHANGE_QUERY_PARTS_MAX || !http_text_is_clean(part))
            return HTTP_STATUS_BAD_REQUEST;
        char *text = strdup(part);
        if (!text)
            return HTTP_STATUS_SERVICE_UNAVAILABLE;
        char *equals = strchr(text, '=');
        if (equals)
            *equals = '\0';
        r->query[r->query_count++] =
            (struct exchange_query){text, equals ? equals + 1 : text + strlen(text)};
    }
}

static unsigned read_length(struct exchange *x)
{
    const char *length = x->request.headers[HTTP_CONTENT_LENGTH];
    if (length && !http_parse_length(length, &x->request.body_bytes))
        return HTTP_STATUS_BAD_REQUEST;
    if (!length && (x->request.method & (HTTP_POST | HTTP_PUT | HTTP_PATCH)))
        return HTTP_STATUS_LENGTH_REQUIRED;
    return x->request.body_bytes > x->match.route->body_max_bytes ? HTTP_STATUS_REQ_ENTITY_TOO_LARGE
                                                                  : 0;
}

/* The bearer token, or without any the cookie's; NULL: none. */
static const char *token_of(struct exchange_request *r, char cookie[AUTH_TOKEN_MAX])
{
    if (r->headers[HTTP_AUTHORIZATION])
        return http_bearer(r->headers[HTTP_AUTHORIZATION]);
    r->by_cookie =
        http_cookie(r->headers[HTTP_COOKIE], HTTP_SESSION_COOKIE, cookie, AUTH_TOKEN_MAX);
    return r->by_cookie ? cookie : NULL;
}

static unsigned read_caller(struct exchange *x)
{
    struct exchange_request *r = &x->request;
    struct auth_session session;
    char cookie[AUTH_TOKEN_MAX];
    if (x->match.route->flags & HTTP_PUBLIC)
        return 0;
    const char *token = token_of(r, cookie);
    int status = token ? auth_session_by_token(dispatch_service(x->server->config.dispatch), token,
                                               http_utc_us(x), &session)
                       : SQ_ERR_UNAUTHENTICATED;
    if (status == 0) {
        r->caller = session.caller;
        r->has_caller = true;
        r->session_ends_us = session.expires_utc_us;
    }
    if (r->has_caller || (x->match.route->flags & HTTP_OPEN))
        return 0;
    /* a store that does not answer is no reason to throw a token away */
    return status == SQ_ERR_UNAUTHENTICATED ? HTTP_STATUS_UNAUTHORIZED
                                            : HTTP_STATUS_SERVICE_UNAVAILABLE;
}

/* Browsers name the page that asks: only ours may. What writes by a cookie, which a browser adds by
 * itself, has to name it. */
static unsigned check_origin(const struct exchange *x)
{
    const struct exchange_request *r = &x->request;
    const char *origin = r->headers[HTTP_ORIGIN];
    const uint32_t harmless = HTTP_GET | HTTP_HEAD | HTTP_OPTIONS;
    if ((x->match.route->flags & HTTP_PUBLIC) || r->method == HTTP_OPTIONS)
        return 0;
    bool good = origin ? server_knows_origin(x->server, origin)
                       : !r->by_cookie || (r->method & harmless) != 0;
    return good ? 0 : HTTP_STATUS_FORBIDDEN;
}

unsigned exchange_read_request(struct exchange *x, struct lws *wsi)
{
    unsigned status = read_headers(x, wsi);
    if (!status)
        status = read_query(x, wsi);
    if (!status)
        status = read_caller(x);
    if (!status)
        status = check_origin(x);
    return status ? status : read_length(x);
}

void exchange_forget_request(struct exchange *x)
{
    for (int h = 0; h < HTTP_HEADER_COUNT; h++)
        free(x->request.headers[h]);
    for (unsigned i = 0; i < x->request.query_count; i++)
        free(x->request.query[i].text);
}

/* ---- questions of rooms ---- */

enum http_method http_request_method(const struct exchange *x)
{
    return x->request.method;
}

const char *http_path(const struct exchange *x)
{
    return x->request.path;
}

const char *http_path_rest(const struct exchange *x)
{
    return x->request.path + strlen(x->match.route->path);
}

const char *http_header(const struct exchange *x, enum http_header header)
{
    return x->request.headers[header];
}

const char *http_query_at(const struct exchange *x, unsigned i, const char **name)
{
    if (i >= x->request.query_count)
        return NULL;
    *name = x->request.query[i].text;
    return x->request.query[i].value;
}

const char *http_query(const struct exchange *x, const char *name, unsigned i)
{
    for (unsigned q = 0; q < x->request.query_count; q++) {
        if (!strcmp(x->request.query[q].text, name) && i-- == 0)
            return x->request.query[q].value;
    }
    return NULL;
}

const struct caller *http_caller(const struct exchange *x)
{
    return x->request.has_caller ? &x->request.caller : NULL;
}

time_us http_session_ends_us(const struct exchange *x)
{
    return x->request.session_ends_us;
}

uint64_t http_body_bytes(const struct exchange *x)
{
    return x->request.body_bytes;
}

time_us http_utc_us(const struct exchange *x)
{
    (void)x;
    return clock_utc_us();
}

time_us http_now_us(const struct exchange *x)
{
    (void)x;
    return clock_monotonic_us();
}
