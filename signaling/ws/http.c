/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP on the same port: /healthz, static files of one directory, and the doorkeeping before an
 * upgrade. Paths are taken by a short list of characters, so nothing is left to decode. */
#include "base/log.h"
#include "signaling/ws/connection.h"
#include <stdio.h>
#include <string.h>

#define HTTP_PATH_MAX 256
#define HTTP_TEXT_MAX 512

static const struct lws_protocol_vhost_options header_referrer = {
    NULL, NULL, "referrer-policy:", "no-referrer"};
static const struct lws_protocol_vhost_options header_frame = {&header_referrer, NULL,
                                                               "x-frame-options:", "DENY"};
static const struct lws_protocol_vhost_options header_sniff = {
    &header_frame, NULL, "x-content-type-options:", "nosniff"};
const struct lws_protocol_vhost_options http_headers = {
    &header_sniff, NULL, "content-security-policy:",
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src "
    "'self' blob:; "
    "connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors "
    "'none'"};

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

static const struct {
    const char *ending, *type;
} types[] = {
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".json", "application/json"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".ico", "image/x-icon"},
    {".woff2", "font/woff2"},
    {".webmanifest", "application/manifest+json"},
};

static const char *type_of(const char *path)
{
    const char *ending = strrchr(path, '.');
    for (size_t i = 0; ending && i < sizeof types / sizeof types[0]; i++) {
        if (!strcmp(ending, types[i].ending))
            return types[i].type;
    }
    return NULL;
}

/* Letters, digits, "-", "_", single "/" and single "." inside a name: no "..", no "//", no hidden
 * file. */
static bool path_is_plain(const char *path)
{
    if (path[0] != '/' || strlen(path) >= HTTP_PATH_MAX)
        return false;
    for (const char *p = path; *p; p++) {
        bool word = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
                    (*p >= '0' && *p <= '9') || *p == '-' || *p == '_';
        bool mark = *p == '/' || *p == '.';
        if ((!word && !mark) || (mark && (p[1] == '/' || p[1] == '.')))
            return false;
    }
    return true;
}

static int serve_file(struct lws *wsi, const char *directory, const char *path)
{
    char file[CONFIG_TEXT_MAX + HTTP_PATH_MAX + 16];
    const char *name = strcmp(path, "/") ? path : "/index.html";
    const char *type = path_is_plain(name) ? type_of(name) : NULL;
    if (!*directory || !type)
        return refuse(wsi, HTTP_STATUS_NOT_FOUND, "not found\n");
    snprintf(file, sizeof file, "%s%s", directory, name);
    int n = lws_serve_http_file(wsi, file, type, NULL, 0);
    if (n < 0 || (n > 0 && lws_http_transaction_completed(wsi)))
        return -1;
    return 0;
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

static int answer(struct lws *wsi, const char *path)
{
    /* a chunked body would reach us with its framing inside; both lengths smuggle */
    if (has_header(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING))
        return refuse(wsi, HTTP_STATUS_LENGTH_REQUIRED, "send Content-Length\n");
    if (!head_is_plain(wsi))
        return refuse(wsi, HTTP_STATUS_BAD_REQUEST, "one Host, and no space before a colon\n");
    if (!has_header(wsi, WSI_TOKEN_GET_URI))
        return refuse(wsi, HTTP_STATUS_METHOD_NOT_ALLOWED, "only GET\n");
    if (has_header(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH))
        return refuse(wsi, HTTP_STATUS_BAD_REQUEST, "no body here\n");
    if (!strcmp(path, "/healthz"))
        return respond(wsi, HTTP_STATUS_OK, "application/json", "{\"status\":\"ok\"}\n", true);
    return serve_file(wsi, server_of(wsi)->config.web_directory, path);
}

/* ---- before an upgrade ---- */

/* Browsers always send Origin; native terminals send none. Exact match only (TRUST WEB-01). */
static bool origin_allowed(struct lws *wsi)
{
    char origin[CONFIG_TEXT_MAX];
    const struct config_list *allowed = server_of(wsi)->config.origins;
    if (!has_header(wsi, WSI_TOKEN_ORIGIN))
        return true;
    if (!header_text(wsi, WSI_TOKEN_ORIGIN, origin, sizeof origin))
        return false;
    for (size_t i = 0; i < allowed->count; i++) {
        if (!strcmp(allowed->entries[i], origin))
            return true;
    }
    return false;
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

int http_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                  size_t len)
{
    switch ((int)reason) {
    case LWS_CALLBACK_HTTP:
        return answer(wsi, in);
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
        return confirm_upgrade(wsi, in);
    case LWS_CALLBACK_HTTP_FILE_COMPLETION:
        return lws_http_transaction_completed(wsi) ? -1 : 0;
    case LWS_CALLBACK_HTTP_BODY:
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:
        return -1; /* no method of ours has one */
    default:
        return server_special_callback(wsi, reason, user, in, len);
    }
}
