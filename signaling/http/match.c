/* SPDX-License-Identifier: Apache-2.0 */
/* See match.h. */
#include "signaling/http/match.h"

#include "shanqiao/error.h"
#include <string.h>
#include <time.h>

#define LENGTH_MAX (1ull << 53)

bool http_path_is_plain(const char *path)
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

/* How much of the path the route says: 0 when it is another path, most when it is exact. */
static size_t fit(const struct http_route *route, const char *path)
{
    size_t len = strlen(route->path);
    if (!strcmp(route->path, path))
        return len + 1;
    return (route->flags & HTTP_PREFIX) && !strncmp(route->path, path, len) ? len : 0;
}

struct http_match http_match(const struct http_table *tables, size_t count, const char *path,
                             enum http_method method)
{
    struct http_match best = {0};
    size_t best_fit = 0;
    for (size_t t = 0; t < count; t++) {
        for (size_t i = 0; i < tables[t].count; i++) {
            const struct http_route *route = &tables[t].routes[i];
            size_t f = fit(route, path);
            if (!f || f < best_fit)
                continue;
            if (f > best_fit)
                best = (struct http_match){.table = &tables[t]};
            best_fit = f;
            best.allowed |= route->methods;
            if (route->methods & method) {
                best.table = &tables[t];
                best.route = route;
            }
        }
    }
    return best;
}

const char *http_allow_text(uint32_t methods, char out[HTTP_ALLOW_MAX])
{
    static const char *const names[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
    size_t len = 0;
    out[0] = '\0';
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (!(methods & 1u << i))
            continue;
        size_t name_len = strlen(names[i]);
        if (len) {
            memcpy(out + len, ", ", 2);
            len += 2;
        }
        memcpy(out + len, names[i], name_len + 1);
        len += name_len;
    }
    return out;
}

bool http_parse_length(const char *text, uint64_t *out)
{
    uint64_t n = 0;
    if (!*text)
        return false;
    for (const char *p = text; *p; p++) {
        if (*p < '0' || *p > '9' || (n = n * 10 + (uint64_t)(*p - '0')) > LENGTH_MAX)
            return false;
    }
    *out = n;
    return true;
}

/* Bytes of the UTF-8 character at `p`, 0 when it is none (RFC 3629 section 4). */
static size_t utf8_len(const unsigned char *p)
{
    static const struct {
        unsigned char first, last, low, high; /* of the first byte; of the second */
        size_t len;
    } forms[] = {{0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
                 {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3},
                 {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
                 {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4}};
    if (*p < 0x80)
        return 1;
    for (size_t f = 0; f < sizeof forms / sizeof forms[0]; f++) {
        if (*p < forms[f].first || *p > forms[f].last)
            continue;
        if (p[1] < forms[f].low || p[1] > forms[f].high)
            return 0;
        for (size_t i = 2; i < forms[f].len; i++) {
            if ((p[i] & 0xc0) != 0x80)
                return 0;
        }
        return forms[f].len;
    }
    return 0;
}

bool http_text_is_clean(const char *text)
{
    const unsigned char *p = (const unsigned char *)text;
    while (*p) {
        size_t len = utf8_len(p);
        bool c1 = len == 2 && p[0] == 0xc2 && p[1] < 0xa0;
        if (!len || *p < 0x20 || *p == 0x7f || c1)
            return false;
        p += len;
    }
    return true;
}

const char *http_bearer(const char *header)
{
    static const char scheme[] = "Bearer ";
    if (!header || strncasecmp(header, scheme, sizeof scheme - 1) != 0)
        return NULL;
    header += sizeof scheme - 1;
    return header + strspn(header, " ");
}

bool http_cookie(const char *header, const char *name, char *out, size_t size)
{
    size_t name_len = strlen(name);
    bool found = false;
    for (const char *p = header ? header : ""; *p;) {
        p += strspn(p, "; ");
        size_t len = strcspn(p, ";");
        if (len > name_len && !strncmp(p, name, name_len) && p[name_len] == '=') {
            size_t value_len = len - name_len - 1;
            if (found || value_len >= size)
                return false;
            memcpy(out, p + name_len + 1, value_len);
            out[value_len] = '\0';
            found = true;
        }
        p += len;
    }
    return found;
}

const char *http_reason(unsigned status)
{
    static const struct {
        unsigned status;
        const char *text;
    } reasons[] = {{200, "OK"},
                   {201, "Created"},
                   {202, "Accepted"},
                   {204, "No Content"},
                   {206, "Partial Content"},
                   {302, "Found"},
                   {303, "See Other"},
                   {304, "Not Modified"},
                   {400, "Bad Request"},
                   {401, "Unauthorized"},
                   {403, "Forbidden"},
                   {404, "Not Found"},
                   {405, "Method Not Allowed"},
                   {406, "Not Acceptable"},
                   {409, "Conflict"},
                   {410, "Gone"},
                   {411, "Length Required"},
                   {412, "Precondition Failed"},
                   {413, "Content Too Large"},
                   {415, "Unsupported Media Type"},
                   {416, "Range Not Satisfiable"},
                   {422, "Unprocessable Content"},
                   {429, "Too Many Requests"},
                   {460, "Checksum Mismatch"}, /* tus 1.0.0, checksum extension */
                   {500, "Internal Server Error"},
                   {501, "Not Implemented"},
                   {503, "Service Unavailable"},
                   {507, "Insufficient Storage"}};
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        if (reasons[i].status == status)
            return reasons[i].text;
    }
    return "Other";
}

const char *http_date_text(time_us utc_us, char out[HTTP_DATE_MAX])
{
    time_t seconds = (time_t)(utc_us / TIME_US_PER_S);
    struct tm parts;
    if (!gmtime_r(&seconds, &parts) ||
        !strftime(out, HTTP_DATE_MAX, "%a, %d %b %Y %H:%M:%S GMT", &parts))
        out[0] = '\0';
    return out;
}

unsigned http_status_of(int error)
{
    static const struct {
        int error;
        unsigned status;
    } statuses[] = {
        {SQ_ERR_UNAUTHENTICATED, 401}, {SQ_ERR_DENIED, 403},      {SQ_ERR_NOT_FOUND, 404},
        {SQ_ERR_STATE, 409},           {SQ_ERR_CONFLICT, 409},    {SQ_ERR_LIMIT, 413},
        {SQ_ERR_INVALID, 400},         {SQ_ERR_UNSUPPORTED, 415}, {SQ_ERR_STORE, 503},
        {SQ_ERR_NOMEM, 503},           {SQ_ERR_UNREACHABLE, 503}, {SQ_ERR_CLOSED, 410},
        {SQ_ERR_TIMEOUT, 503}};
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        if (statuses[i].error == error)
            return statuses[i].status;
    }
    return 500;
}

char *http_error_body(int error, const char *en, const char *zh, size_t *len_bytes)
{
    json_t *body = json_pack("{s:{s:s, s:s, s:s}}", "error", "code", sq_error_name(error),
                             "message", zh && *zh ? zh : sq_error_text(error, "zh-CN"), "messageEn",
                             en && *en ? en : sq_error_text(error, "en"));
    char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
    json_decref(body);
    *len_bytes = text ? strlen(text) : 0;
    return text;
}
