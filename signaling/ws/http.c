/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP on the same port: /healthz, the rooms' routes, and the doorkeeping before an upgrade. Paths
 * are taken by a short list of characters, so nothing is left to decode. */
#include "base/log.h"
#include "signaling/ws/exchange.h"
#include <stdio.h>
#include <string.h>

#define HTTP_TEXT_MAX 512

static const struct lws_protocol_vhost_options header_referrer = {
    NULL, NULL, "referrer-policy:", "no-referrer"};
static const struct lws_protocol_vhost_options header_frame = {&header_referrer, NULL,
                                                               "x-frame-options:", "DENY"};
static const struct lws_protocol_vhost_options header_sniff = {
    &header_frame, NULL, "x-content-type-options:", "nosniff"};
static const struct lws_protocol_vhost_options header_opener = {
    &header_sniff, NULL, "cross-origin-opener-policy:", "same-origin"};
static const struct lws_protocol_vhost_options header_resource = {
    &header_opener, NULL, "cross-origin-resource-policy:", "same-origin"};
/* Of what is no page: it runs nothing, loads nothing and stands in no frame. */
const struct lws_protocol_vhost_options http_headers = {
    &header_resource, NULL, "content-security-policy:",
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"};

static struct server *server_of(struct lws *wsi)
{
    return lws_context_user(lws_get_context(wsi));
}

static bool has_header(struct lws *wsi, enum lws_token_indexes token)
{
    return lws_hdr_total_length(wsi, token) > 0;
}

/* A whole small response. Returns what the callback shall return; keep false closes the connection.
 */
static int respond(struct lws *wsi, unsigned status, const char *type, const char *text, bool keep)
{
    unsigned char buffer[LWS_PRE + 2048], *at = buffer + LWS_PRE, *end = buffer + sizeof buffer;
    size_t len = strlen(text);
    if (lws_add_http_common_headers(wsi, status, type, len, &at, end) ||
        (!keep && lws_add_http_header_by_name(wsi, (const unsigned char *)"connection:",
                                              (const unsigned char *)"close", 5, &at, end)) ||
        lws_finalize_write_http_header(wsi, buffer + LWS_PRE, &at, end))
        return -1;
    unsigned char body[LWS_PRE + HTTP_TEXT_MAX];
    memcpy(body + LWS_PRE, text, len);
    if (lws_write(wsi, body + LWS_PRE, len, LWS_WRITE_HTTP_FINAL) < 0 || !keep)
        return -1;
    return lws_http_transaction_completed(wsi) ? -1 : 0;
}

static int refuse(struct lws *wsi, unsigned status, const char *text)
{
    return respond(wsi, status, "text/plain; charset=utf-8", text, false);
}

static bool header_text(struct lws *wsi, enum lws_token_indexes token, char *out, int size)
{
    return lws_hdr_copy(wsi, out, size, token) > 0;
}

/* RFC 9112 section 3.2: exactly one Host in HTTP/1.1. */
static bool host_is_one(struct lws *wsi)
{
    char version[16];
    bool old =
        header_text(wsi, WSI_TOKEN_HTTP, version, sizeof version) && !strcmp(version, "HTTP/1.0");
    return (has_header(wsi, WSI_TOKEN_HOST) || old) &&
           lws_hdr_fragment_length(wsi, WSI_TOKEN_HOST, 1) == 0;
}

/* RFC 9112 section 5.1: no space between a header's name and its colon. libwebsockets keeps such a
 * header as one that it does not know and can only be asked for it by name: these are the names
 * that a proxy before us could have read otherwise. */
static bool names_are_tight(struct lws *wsi)
{
    static const char *const names[] = {"host :",
                                        "host\t:",
                                        "transfer-encoding :",
                                        "transfer-encoding\t:",
                                        "connection :",
                                        "connection\t:",
                                        "content-length :",
                                        "content-length\t:",
                                        "upgrade :",
                                        "upgrade\t:",
                                        "origin :",
                                        "origin\t:"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (lws_hdr_custom_length(wsi, names[i], (int)strlen(names[i])) >= 0)
            return false;
    }
    return true;
}

static bool head_is_plain(struct lws *wsi)
{
    return host_is_one(wsi) && names_are_tight(wsi);
}

static enum http_method method_of(struct lws *wsi)
{
    static const struct {
        enum lws_token_indexes token;
        enum http_method method;
    } methods[] = {{WSI_TOKEN_GET_URI, HTTP_GET},        {WSI_TOKEN_HEAD_URI, HTTP_HEAD},
                   {WSI_TOKEN_POST_URI, HTTP_POST},      {WSI_TOKEN_PUT_URI, HTTP_PUT},
                   {WSI_TOKEN_PATCH_URI, HTTP_PATCH},    {WSI_TOKEN_DELETE_URI, HTTP_DELETE},
                   {WSI_TOKEN_OPTIONS_URI, HTTP_OPTIONS}};
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        if (has_header(wsi, methods[i].token))
            return methods[i].method;
    }
    return 0;
}

/* 405 says which methods there are (RFC 9110 section 15.5.6). */
static int refuse_method(struct lws *wsi, uint32_t allowed)
{
    unsigned char head[LWS_PRE + 2048], *at = head + LWS_PRE, *end = head + sizeof head;
    static const char text[] = "not with this method; the header Allow names those that work\n";
    unsigned char body[LWS_PRE + sizeof text];
    char allow[HTTP_ALLOW_MAX];
    http_allow_text(allowed, allow);
    if (lws_add_http_common_headers(wsi, HTTP_STATUS_METHOD_NOT_ALLOWED,
                                    "text/plain; charset=utf-8", sizeof text - 1, &at, end) ||
        lws_add_http_header_by_name(wsi, (const unsigned char *)"allow:",
                                    (const unsigned char *)allow, (int)strlen(allow), &at, end) ||
        lws_add_http_header_by_name(wsi, (const unsigned char *)"connection:",
                                    (const unsigned char *)"close", 5, &at, end) ||
        lws_finalize_write_http_header(wsi, head + LWS_PRE, &at, end))
        return -1;
    memcpy(body + LWS_PRE, text, sizeof text - 1);
    lws_write(wsi, body + LWS_PRE, sizeof text - 1, LWS_WRITE_HTTP_FINAL);
    return -1;
}

static int answer_health(struct lws *wsi, enum http_method method)
{
    if (method != HTTP_GET)
        return refuse_method(wsi, HTTP_GET);
    if (has_header(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH))
        return refuse(wsi, HTTP_STATUS_BAD_REQUEST, "no body here\n");
    return respond(wsi, HTTP_STATUS_OK, "application/json", "{\"status\":\"ok\"}\n", true);
}

static int answer(struct lws *wsi, const char *path)
{
    struct server *s = server_of(wsi);
    enum http_method method = method_of(wsi);
    /* a chunked body would reach us with its framing inside; both lengths smuggle */
    if (has_header(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING))
        return refuse(wsi, HTTP_STATUS_LENGTH_REQUIRED, "send Content-Length\n");
    if (!head_is_plain(wsi))
        return refuse(wsi, HTTP_STATUS_BAD_REQUEST, "one Host, and no space before a colon\n");
    if (!strcmp(path, "/healthz"))
        return answer_health(wsi, method);
    if (http_path_is_plain(path)) {
        struct http_match m =
            http_match(s->exchanges.tables, s->exchanges.table_count, path, method);
        if (m.route)
            return exchange_begin(s, wsi, path, method);
        if (m.table)
            return refuse_method(wsi, m.allowed);
    }
    return refuse(wsi, HTTP_STATUS_NOT_FOUND, "not found\n");
}

/* ---- before an upgrade ---- */

bool server_knows_origin(const struct server *s, const char *origin)
{
    const struct config_list *allowed = s->config.origins;
    for (size_t i = 0; i < allowed->count; i++) {
        if (!strcmp(allowed->entries[i], origin))
            return true;
    }
    return false;
}

/* Browsers always send Origin; native terminals send none. Exact match only (TRUST WEB-01). */
static bool origin_allowed(struct lws *wsi)
{
    char origin[CONFIG_TEXT_MAX];
    if (!has_header(wsi, WSI_TOKEN_ORIGIN))
        return true;
    return header_text(wsi, WSI_TOKEN_ORIGIN, origin, sizeof origin) &&
           server_knows_origin(server_of(wsi), origin);
}

static bool names_subprotocol(struct lws *wsi)
{
    char offered[HTTP_TEXT_MAX];
    char *save = NULL;
    if (!header_text(wsi, WSI_TOKEN_PROTOCOL, offered, sizeof offered))
        return false;
    for (char *p = strtok_r(offered, ", ", &save); p; p = strtok_r(NULL, ", ", &save)) {
        if (!strcmp(p, SERVER_SUBPROTOCOL))
            return true;
    }
    return false;
}

/* 0: go on; 1: answered. */
static int confirm_upgrade(struct lws *wsi, const char *to)
{
    char path[HTTP_PATH_MAX];
    unsigned status = 0;
    if (!to || strcmp(to, "websocket") || !head_is_plain(wsi))
        status = HTTP_STATUS_BAD_REQUEST;
    else if (has_header(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING))
        status = HTTP_STATUS_LENGTH_REQUIRED;
    else if (!header_text(wsi, WSI_TOKEN_GET_URI, path, sizeof path) || strcmp(path, SERVER_PATH))
        status = HTTP_STATUS_NOT_FOUND;
    else if (!origin_allowed(wsi))
        status = HTTP_STATUS_FORBIDDEN;
    else if (!names_subprotocol(wsi))
        status = HTTP_STATUS_BAD_REQUEST;
    if (!status)
        return 0;
    log_write(LOG_INFO, "ws.upgrade_refused", LOG_INT("status", status));
    return refuse(wsi, status, "refused\n");
}

/* A request of a room. */
static int exchange_callback(struct exchange *x, enum lws_callback_reasons reason, const void *in,
                             size_t len)
{
    switch ((int)reason) {
    case LWS_CALLBACK_HTTP_BODY:
        return exchange_body(x, in, len);
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:
        return exchange_body_ended(x);
    case LWS_CALLBACK_HTTP_WRITEABLE:
        return exchange_write(x);
    case LWS_CALLBACK_CLOSED_HTTP:
    case LWS_CALLBACK_WSI_DESTROY:
        exchange_gone(x);
        return 0;
    default:
        return 0;
    }
}

int http_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                  size_t len)
{
    struct exchange *x = exchange_of(wsi);
    if (x && exchange_callback(x, reason, in, len))
        return -1;
    switch ((int)reason) {
    case LWS_CALLBACK_HTTP:
        return answer(wsi, in);
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
        return confirm_upgrade(wsi, in);
    case LWS_CALLBACK_HTTP_BODY:
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:
        return x ? 0 : -1; /* no other method of ours has one */
    case LWS_CALLBACK_HTTP_WRITEABLE:
        return 0;
    default:
        return server_special_callback(wsi, reason, user, in, len);
    }
}
