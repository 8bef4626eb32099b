/* SPDX-License-Identifier: Apache-2.0 */
/* Requests for pages: which file, in which form, with which headers. */
#include "signaling/web/web.h"

#include "base/log.h"
#include "base/random.h"
#include "shanqiao/error.h"
#include "signaling/web/files.h"
#include "signaling/web/policy.h"
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define NONCE_BYTES 16
#define NONCE_PLACE "{nonce}"
#define FIELDS_MAX  8

struct web {
    char directory[CONFIG_TEXT_MAX];
    const struct config_list *origins;
    struct files *files;
    int64_t read_ns; /* change time of the directory that was read */
};

/* A response on its way: what it is pulled from. */
struct sending {
    struct files *files;
    const uint8_t *bytes;
    size_t at, len;
};

/* ---- index.html ---- */

static void make_nonce(char out[POLICY_NONCE_MAX])
{
    uint8_t secret[NONCE_BYTES];
    random_bytes(secret, sizeof secret);
    sodium_bin2base64(out, POLICY_NONCE_MAX, secret, sizeof secret,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

/* The page with the nonce in all its places, new heap text; NULL: no memory. */
static char *fill_in(const struct files_content *page, const char *nonce, size_t *len)
{
    const char *from = (const char *)page->bytes, *place;
    size_t nonce_len = strlen(nonce), places = 0;
    for (const char *p = from; (p = strstr(p, NONCE_PLACE)); p += sizeof NONCE_PLACE - 1)
        places++;
    char *out = malloc(page->len + places * nonce_len + 1), *to = out;
    if (!out)
        return NULL;
    for (; (place = strstr(from, NONCE_PLACE)); from = place + sizeof NONCE_PLACE - 1) {
        to = mempcpy(to, from, (size_t)(place - from));
        to = mempcpy(to, nonce, nonce_len);
    }
    size_t rest = page->len - (size_t)(from - (const char *)page->bytes);
    to = mempcpy(to, from, rest);
    *len = (size_t)(to - out);
    return out;
}

/* The nonce belongs to the body it came with: 304 leaves the kept policy alone. */
static void respond_kept_page(struct exchange *x, const struct files_entry *e)
{
    const struct http_field fields[] = {
        {"etag", e->plain.etag}, {"cache-control", "no-cache"}, {"content-security-policy", ""}};
    http_respond(x, 304, fields, sizeof fields / sizeof fields[0], NULL, 0);
}

static int respond_page(struct exchange *x, const struct web *w, const struct files_entry *e)
{
    char nonce[POLICY_NONCE_MAX], csp[POLICY_CSP_MAX];
    size_t len = 0;
    if (policy_tag_matches(http_header(x, HTTP_IF_NONE_MATCH), e->plain.etag)) {
        respond_kept_page(x, e);
        return 0;
    }
    make_nonce(nonce);
    char *text = fill_in(&e->plain, nonce, &len);
    if (!text)
        return SQ_ERR_NOMEM;
    const struct http_field fields[] = {
        {"content-type", e->type},
        {"etag", e->plain.etag},
        {"cache-control", "no-cache"},
        {"permissions-policy", policy_of_features},
        {"content-security-policy",
         policy_of_page(nonce, http_header(x, HTTP_HOST), w->origins, csp)}};
    http_respond(x, 200, fields, sizeof fields / sizeof fields[0], text, len);
    free(text);
    return 0;
}

/* ---- the other files ---- */

static ssize_t pull(struct exchange *x, void *state, uint8_t *out, size_t max)
{
    struct sending *s = state;
    size_t n = s->len - s->at < max ? s->len - s->at : max;
    (void)x;
    memcpy(out, s->bytes + s->at, n);
    s->at += n;
    return (ssize_t)n;
}

static void closed(struct exchange *x, void *state, bool complete)
{
    struct sending *s = state;
    (void)x;
    (void)complete;
    if (s)
        files_unref(s->files);
    free(s);
}

static size_t describe(const struct files_entry *e, const struct files_content *c,
                       struct http_field fields[FIELDS_MAX])
{
    size_t n = 0;
    bool script = !strncmp(e->type, "text/javascript", 15);
    fields[n++] = (struct http_field){"etag", c->etag};
    fields[n++] = (struct http_field){
        "cache-control", e->immutable ? "public, max-age=31536000, immutable" : "no-cache"};
    if (e->gzip.bytes)
        fields[n++] = (struct http_field){"vary", "accept-encoding"};
    if (c == &e->gzip)
        fields[n++] = (struct http_field){"content-encoding", "gzip"};
    if (script)
        fields[n++] = (struct http_field){"content-security-policy", policy_of_script};
    fields[n++] = (struct http_field){"content-type", e->type};
    return n;
}

static int respond_file(struct exchange *x, const struct web *w, const struct files_entry *e,
                        void **state)
{
    struct http_field fields[FIELDS_MAX];
    bool packed = e->gzip.bytes && policy_takes_gzip(http_header(x, HTTP_ACCEPT_ENCODING));
    const struct files_content *c = packed ? &e->gzip : &e->plain;
    size_t count = describe(e, c, fields);
    if (policy_tag_matches(http_header(x, HTTP_IF_NONE_MATCH), c->etag)) {
        http_respond(x, 304, fields, count - 1, NULL, 0); /* content-type is the last */
        return 0;
    }
    struct sending *s = malloc(sizeof *s);
    if (!s)
        return SQ_ERR_NOMEM;
    *s = (struct sending){files_ref(w->files), c->bytes, 0, c->len};
    *state = s;
    http_respond_stream(x, 200, fields, count, c->len, pull);
    return 0;
}

static int start(struct exchange *x, void *user, void **state)
{
    const struct web *w = user;
    const char *rest = http_path_rest(x);
    const struct files_entry *e = files_find(w->files, *rest ? rest : FILES_INDEX);
    if (!e)
        return SQ_ERR_NOT_FOUND;
    return strcmp(e->name, FILES_INDEX) == 0 ? respond_page(x, w, e) : respond_file(x, w, e, state);
}

/* ---- the directory ---- */

static bool look(const struct web *w, int64_t *changed_ns)
{
    struct stat st;
    if (stat(w->directory, &st) || !S_ISDIR(st.st_mode))
        return false;
    *changed_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
    return true;
}

/* A build that is under way changes it all the time. */
static void step(void *user, time_us now_us, time_us utc_us)
{
    struct web *w = user;
    struct files *fresh = NULL;
    char error[FILES_ERROR_MAX];
    int64_t changed_ns = 0;
    (void)now_us;
    if (!look(w, &changed_ns) || changed_ns == w->read_ns ||
        utc_us - changed_ns / 1000 < WEB_SETTLE_US)
        return;
    w->read_ns = changed_ns; /* a bad one is not read again and again */
    if (files_read(&fresh, w->directory, error)) {
        log_write(LOG_WARN, "web.kept", LOG_TEXT("why", error));
        return;
    }
    files_unref(w->files);
    w->files = fresh;
    log_write(LOG_INFO, "web.read", LOG_INT("files", fresh->count));
}

int web_new(struct web **out, const struct web_config *config, char error[WEB_ERROR_MAX])
{
    _Static_assert(WEB_ERROR_MAX == FILES_ERROR_MAX, "one text");
    struct web *w = calloc(1, sizeof *w);
    if (!w) {
        snprintf(error, WEB_ERROR_MAX, "%s", sq_error_text(SQ_ERR_NOMEM, "en"));
        return SQ_ERR_NOMEM;
    }
    snprintf(w->directory, sizeof w->directory, "%s", config->directory);
    w->origins = config->origins;
    (void)look(w, &w->read_ns);
    int status = files_read(&w->files, w->directory, error);
    if (status) {
        free(w);
        return status;
    }
    *out = w;
    return 0;
}

void web_free(struct web *w)
{
    if (!w)
        return;
    files_unref(w->files);
    free(w);
}

struct http_table web_routes(struct web *w)
{
    static const struct http_ops ops = {.start = start, .closed = closed};
    static const struct http_route routes[] = {
        {HTTP_GET | HTTP_HEAD, "/", HTTP_PREFIX | HTTP_PUBLIC, 0, &ops}};
    return (struct http_table){routes, sizeof routes / sizeof routes[0], w, step};
}
