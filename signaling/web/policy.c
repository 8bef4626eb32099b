/* SPDX-License-Identifier: Apache-2.0 */
/* See policy.h. */
#include "signaling/web/policy.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The nonce is main's, and counts for the parts which main imports: a file of ours that somebody
 * slips in by its address does not run. Not 'strict-dynamic': that would let whatever a script puts
 * into the page run, inline and data: too. Workers are files of ours. */
static const char page[] =
    "default-src 'none'; script-src 'nonce-%s'; style-src 'self' 'nonce-%s'; "
    "img-src 'self' blob: data:; media-src 'self' blob:; font-src 'self'; connect-src 'self'%s%s; "
    "worker-src 'self'; manifest-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'self'";

const char policy_of_script[] =
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

const char policy_of_features[] =
    "camera=(self), microphone=(self), display-capture=(self), autoplay=(self), fullscreen=(self), "
    "picture-in-picture=(self), screen-wake-lock=(self), geolocation=(), payment=(), usb=(), "
    "serial=(), hid=(), midi=(), magnetometer=(), gyroscope=(), accelerometer=()";

/* "host:port" is that of an origin that pages are opened under. */
static bool is_ours(const char *host, const struct config_list *origins)
{
    static const char scheme[] = "https://";
    for (size_t i = 0; host && i < origins->count; i++) {
        const char *origin = origins->entries[i];
        if (!strncmp(origin, scheme, sizeof scheme - 1) &&
            !strcmp(origin + sizeof scheme - 1, host))
            return true;
    }
    return false;
}

const char *policy_of_page(const char *nonce, const char *host, const struct config_list *origins,
                           char out[POLICY_CSP_MAX])
{
    bool ours = host && strlen(host) < POLICY_HOST_MAX && is_ours(host, origins);
    snprintf(out, POLICY_CSP_MAX, page, nonce, nonce, ours ? " wss://" : "", ours ? host : "");
    return out;
}

static const struct {
    const char *ending, *type;
} types[] = {
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".mjs", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".json", "application/json"},
    {".webmanifest", "application/manifest+json"},
    {".wasm", "application/wasm"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".jpg", "image/jpeg"},
    {".ico", "image/x-icon"},
    {".woff2", "font/woff2"},
    {".ttf", "font/ttf"},
    {".ogg", "audio/ogg"},
    {".mp3", "audio/mpeg"},
    {".wav", "audio/wav"},
    {".bcmap", "application/octet-stream"},
    {".pfb", "application/octet-stream"},
};

const char *policy_type(const char *name)
{
    const char *ending = strrchr(name, '.');
    for (size_t i = 0; ending && ending != name && i < sizeof types / sizeof types[0]; i++) {
        if (!strcmp(ending, types[i].ending))
            return types[i].type;
    }
    return NULL;
}

#define HASH_LEAST 8

bool policy_immutable(const char *name)
{
    static const char *const alphabets[] = {"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
                                            "abcdef0123456789"};
    const char *dash = strrchr(name, '-');
    if (!dash)
        return false;
    size_t len = strcspn(dash + 1, ".");
    for (size_t i = 0; i < sizeof alphabets / sizeof alphabets[0]; i++) {
        if (len >= HASH_LEAST && dash[1 + len] == '.' && strspn(dash + 1, alphabets[i]) == len)
            return true;
    }
    return false;
}

/* The next element of a list that commas part, blanks around it left out. Its end; NULL: none. */
static const char *next_element(const char **at, size_t *len)
{
    const char *from = *at + strspn(*at, ", \t");
    if (!*from)
        return NULL;
    size_t whole = strcspn(from, ",");
    *at = from + whole;
    while (whole && (from[whole - 1] == ' ' || from[whole - 1] == '\t'))
        whole--;
    *len = whole;
    return from;
}

bool policy_tag_matches(const char *if_none_match, const char *etag)
{
    const char *at = if_none_match ? if_none_match : "", *element;
    size_t len = 0, want = strlen(etag);
    while ((element = next_element(&at, &len))) {
        bool weak = len > 2 && !strncmp(element, "W/", 2);
        const char *tag = weak ? element + 2 : element;
        size_t tag_len = weak ? len - 2 : len;
        if ((len == 1 && *element == '*') || (tag_len == want && !memcmp(tag, etag, want)))
            return true;
    }
    return false;
}

/* "gzip;q=0" takes it not. */
static bool refused_by_weight(const char *element, size_t len)
{
    for (size_t i = 0; i + 2 <= len; i++) {
        if (strncasecmp(element + i, "q=", 2) == 0)
            return strtod(element + i + 2, NULL) <= 0;
    }
    return false;
}

bool policy_takes_gzip(const char *accept_encoding)
{
    const char *at = accept_encoding ? accept_encoding : "", *element;
    size_t len = 0;
    while ((element = next_element(&at, &len))) {
        size_t name = strcspn(element, "; \t,");
        bool is_gzip = name == 4 && strncasecmp(element, "gzip", 4) == 0;
        if (is_gzip)
            return !refused_by_weight(element, len);
    }
    return false;
}
