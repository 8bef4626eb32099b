/* SPDX-License-Identifier: Apache-2.0 */
/* See websocket.h. `lock` guards what both threads touch; everything of libwebsockets belongs to
 * the thread. */
#include "client-lib/io/websocket.h"
#include "base/text.h"

#include <libwebsockets.h>
#include <limits.h>
#include <pthread.h>
#include <shanqiao/error.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HOST_MAX     256
#define URL_PATH_MAX 256
#define FD_LIMIT     16 /* libwebsockets sizes its tables by this, else by `ulimit -n` */
#define PORT_SECURE  443

struct message {
    struct message *next;
    struct websocket_event event;
};

struct fifo {
    struct message *first, *last;
    size_t count;
};

struct server {
    char host[HOST_MAX], name[HOST_MAX], path[URL_PATH_MAX];
    int port;
};

struct websocket {
    struct server servers[WEBSOCKET_SERVERS];
    size_t server_count;
    unsigned attempts; /* thread's */
    char ca_file[PATH_MAX];
    int wake_fd;
    struct lws_context *context;
    pthread_t thread;
    pthread_mutex_t lock; /* guards from here ... */
    struct fifo out, in;
    bool connect_wanted, close_wanted, quit; /* ... to here */
    struct lws *wsi;                         /* thread's from here; NULL: no connection */
    bool open;
    bool closing;
    bool untrusted; /* the certificate of this connection was refused */
    char *partial;  /* message under way */
    size_t partial_len;
};

static bool fifo_put(struct fifo *f, const struct websocket_event *event)
{
    struct message *m = f->count < WEBSOCKET_QUEUE_MAX ? calloc(1, sizeof(*m)) : NULL;
    if (!m)
        return false;
    m->event = *event;
    if (f->last)
        f->last->next = m;
    else
        f->first = m;
    f->last = m;
    f->count++;
    return true;
}

static bool fifo_take(struct fifo *f, struct websocket_event *out)
{
    struct message *m = f->first;
    if (!m)
        return false;
    *out = m->event;
    f->first = m->next;
    if (!f->first)
        f->last = NULL;
    f->count--;
    free(m);
    return true;
}

static void fifo_clear(struct fifo *f)
{
    struct websocket_event event;
    while (fifo_take(f, &event))
        free(event.text);
}

/* ---- the thread ---- */

static void wake_owner(const struct websocket *w)
{
    uint64_t one = 1;
    ssize_t n = write(w->wake_fd, &one, sizeof(one));
    (void)n; /* full: it is readable already */
}

/* Takes event->text. False: the owner does not keep up or memory is short, the connection must go.
 */
static bool tell(struct websocket *w, const struct websocket_event *event)
{
    pthread_mutex_lock(&w->lock);
    bool ok = fifo_put(&w->in, event);
    pthread_mutex_unlock(&w->lock);
    if (!ok)
        free(event->text);
    wake_owner(w);
    return ok;
}

static void on_gone(struct websocket *w)
{
    bool untrusted = w->untrusted;
    pthread_mutex_lock(&w->lock);
    fifo_clear(&w->out); /* the owner sends again what matters */
    w->close_wanted = false;
    pthread_mutex_unlock(&w->lock);
    w->wsi = NULL;
    w->open = false;
    w->closing = false;
    w->untrusted = false;
    free(w->partial);
    w->partial = NULL;
    w->partial_len = 0;
    tell(w, &(struct websocket_event){.type = WEBSOCKET_CLOSED, .untrusted = untrusted});
}

static int on_receive(struct websocket *w, const char *data, size_t len, bool final)
{
    if (w->partial_len + len > WEBSOCKET_MESSAGE_MAX)
        return -1;
    char *grown = realloc(w->partial, w->partial_len + len + 1);
    if (!grown)
        return -1;
    w->partial = grown;
    memcpy(grown + w->partial_len, data, len);
    w->partial_len += len;
    grown[w->partial_len] = '\0';
    if (!final)
        return 0;
    struct websocket_event event = {
        .type = WEBSOCKET_MESSAGE, .text = w->partial, .len_bytes = w->partial_len};
    w->partial = NULL;
    w->partial_len = 0;
    return tell(w, &event) ? 0 : -1;
}

static int write_one(struct websocket *w, struct lws *wsi, const struct websocket_event *event)
{
    uint8_t *frame = malloc(LWS_PRE + event->len_bytes);
    if (!frame)
        return -1;
    memcpy(frame + LWS_PRE, event->text, event->len_bytes);
    int n = lws_write(wsi, frame + LWS_PRE, event->len_bytes, LWS_WRITE_TEXT);
    free(frame);
    pthread_mutex_lock(&w->lock);
    bool more = w->out.count > 0;
    pthread_mutex_unlock(&w->lock);
    if (more)
        lws_callback_on_writable(wsi);
    return n < 0 ? -1 : 0;
}

static int on_writable(struct websocket *w, struct lws *wsi)
{
    struct websocket_event event;
    if (w->closing)
        return -1;
    pthread_mutex_lock(&w->lock);
    bool some = fifo_take(&w->out, &event);
    pthread_mutex_unlock(&w->lock);
    if (!some)
        return 0;
    int result = write_one(w, wsi, &event);
    explicit_bzero(event.text, event.len_bytes); /* may hold a password */
    free(event.text);
    return result;
}

static int callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t len)
{
    (void)user;
    struct websocket *w = lws_context_user(lws_get_context(wsi));
    switch (reason) {
    case LWS_CALLBACK_CLIENT_ESTABLISHED:
        w->open = true;
        tell(w, &(struct websocket_event){.type = WEBSOCKET_OPEN});
        return 0;
    case LWS_CALLBACK_CLIENT_RECEIVE:
        return on_receive(w, in, len,
                          lws_is_final_fragment(wsi) && lws_remaining_packet_payload(wsi) == 0);
    case LWS_CALLBACK_CLIENT_WRITEABLE:
        return on_writable(w, wsi);
    case LWS_CALLBACK_OPENSSL_PERFORM_SERVER_CERT_VERIFICATION:
        if (len == 0) /* OpenSSL's verdict; it stands, since its error is not overruled here */
            w->untrusted = true;
        return 0;
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
    case LWS_CALLBACK_CLIENT_CLOSED:
        on_gone(w);
        return 0;
    default:
        return lws_callback_http_dummy(wsi, reason, user, in, len);
    }
}

static const struct lws_protocols PROTOCOLS[] = {
    {.name = WEBSOCKET_PROTOCOL, .callback = callback, .rx_buffer_size = 16384},
    {0},
};

static const lws_retry_bo_t LIVENESS = {
    .secs_since_valid_ping = WEBSOCKET_PING_S,
    .secs_since_valid_hangup = WEBSOCKET_HANGUP_S,
};

static void start_connecting(struct websocket *w)
{
    const struct server *server = &w->servers[w->attempts++ % w->server_count];
    struct lws_client_connect_info info = {
        .context = w->context,
        .address = server->host,
        .port = server->port,
        .path = server->path,
        .host = server->name,
        .protocol = WEBSOCKET_PROTOCOL,
        .local_protocol_name = WEBSOCKET_PROTOCOL,
        .ietf_version_or_minus_one = -1,
        .ssl_connection = LCCSCF_USE_SSL,
        .alpn = "http/1.1", /* WebSocket over HTTP/2 is not what the server speaks */
        .pwsi = &w->wsi,
        .retry_and_idle_policy = &LIVENESS,
    };
    bool tried = lws_client_connect_via_info(&info) != NULL;
    if (!tried && w->wsi) /* else the error callback has told already */
        on_gone(w);
    else if (!tried)
        tell(w, &(struct websocket_event){.type = WEBSOCKET_CLOSED});
}

static void obey(struct websocket *w)
{
    pthread_mutex_lock(&w->lock);
    bool connect_now = w->connect_wanted && !w->wsi;
    bool close_now = w->close_wanted && w->wsi;
    bool writable = w->out.count > 0 && w->open;
    w->connect_wanted = false;
    w->close_wanted = false;
    pthread_mutex_unlock(&w->lock);
    if (connect_now)
        start_connecting(w);
    if (close_now && w->wsi) {
        w->closing = true;
        if (w->open)
            writable = true;
        else
            lws_set_timeout(w->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
    }
    if (writable && w->wsi)
        lws_callback_on_writable(w->wsi);
}

static bool wants_quit(struct websocket *w)
{
    pthread_mutex_lock(&w->lock);
    bool quit = w->quit;
    pthread_mutex_unlock(&w->lock);
    return quit;
}

static void *run(void *user)
{
    struct websocket *w = user;
    while (!wants_quit(w)) {
        obey(w);
        lws_service(w->context, 0);
    }
    return NULL;
}

/* ---- the owner ---- */

static int parse_url(struct server *s, const char *url, size_t len)
{
    const char *prot = NULL, *host = NULL, *path = NULL;
    char copy[HOST_MAX + URL_PATH_MAX + 16];
    if (len >= sizeof(copy))
        return SQ_ERR_INVALID;
    memcpy(copy, url, len);
    copy[len] = '\0';
    if (lws_parse_uri(copy, &prot, &host, &s->port, &path) || strcmp(prot, "wss") != 0 ||
        strlen(host) == 0 || strlen(host) >= HOST_MAX || strlen(path) + 1 >= URL_PATH_MAX)
        return SQ_ERR_INVALID;
    if (s->port <= 0 || s->port > UINT16_MAX)
        s->port = PORT_SECURE;
    text_copy(s->host, sizeof s->host, host);
    snprintf(s->path, sizeof(s->path), "%s%s", path[0] == '/' ? "" : "/", path);
    return 0;
}

static int parse_urls(struct websocket *w, const struct websocket_config *config)
{
    const char *at = config->url;
    while (at && *at && w->server_count < WEBSOCKET_SERVERS) {
        struct server *s = &w->servers[w->server_count++];
        size_t len = strcspn(at, ",");
        int err = parse_url(s, at, len);
        const char *name = config->server_name ? config->server_name : s->host;
        if (err || strlen(name) == 0 || strlen(name) >= HOST_MAX)
            return SQ_ERR_INVALID;
        text_copy(s->name, sizeof s->name, name);
        at += len + (at[len] == ',');
    }
    return w->server_count && !*at ? 0 : SQ_ERR_INVALID;
}

static int create_context(struct websocket *w)
{
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN,
        .protocols = PROTOCOLS,
        .options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT,
        .gid = -1,
        .uid = -1,
        .user = w,
        .fd_limit_per_thread = FD_LIMIT,
        .connect_timeout_secs = WEBSOCKET_CONNECT_S,
        .timeout_secs = WEBSOCKET_CONNECT_S,
        .retry_and_idle_policy = &LIVENESS,
    };
    if (w->ca_file[0]) {
        info.client_ssl_ca_filepath = w->ca_file;
        info.options |= LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS; /* this one only: pinned */
    }
    w->context = lws_create_context(&info);
    return w->context ? 0 : SQ_ERR_NOMEM;
}

static pthread_once_t quiet_once = PTHREAD_ONCE_INIT;

static void be_quiet(void)
{
    lws_set_log_level(0, NULL); /* its lines hold addresses; ours say what matters */
}

static int configure(struct websocket *w, const struct websocket_config *config)
{
    int err = parse_urls(w, config);
    if (err)
        return err;
    w->wake_fd = config->wake_fd;
    if (!config->ca_file)
        return 0;
    if (strlen(config->ca_file) >= sizeof(w->ca_file) || access(config->ca_file, R_OK))
        return SQ_ERR_IO;
    text_copy(w->ca_file, sizeof w->ca_file, config->ca_file);
    return 0;
}

int websocket_new(struct websocket **out, const struct websocket_config *config)
{
    struct websocket *w = calloc(1, sizeof(*w));
    if (!w)
        return SQ_ERR_NOMEM;
    pthread_once(&quiet_once, be_quiet);
    int err = configure(w, config);
    if (!err)
        err = create_context(w);
    if (err) {
        free(w);
        return err;
    }
    if (pthread_mutex_init(&w->lock, NULL) || pthread_create(&w->thread, NULL, run, w)) {
        lws_context_destroy(w->context);
        free(w);
        return SQ_ERR_NOMEM;
    }
    *out = w;
    return 0;
}

void websocket_free(struct websocket *w)
{
    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    w->quit = true;
    pthread_mutex_unlock(&w->lock);
    lws_cancel_service(w->context);
    pthread_join(w->thread, NULL);
    lws_context_destroy(w->context);
    fifo_clear(&w->out);
    fifo_clear(&w->in);
    free(w->partial);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

void websocket_connect(struct websocket *w)
{
    pthread_mutex_lock(&w->lock);
    w->connect_wanted = true;
    pthread_mutex_unlock(&w->lock);
    lws_cancel_service(w->context);
}

void websocket_close(struct websocket *w)
{
    pthread_mutex_lock(&w->lock);
    w->close_wanted = true;
    pthread_mutex_unlock(&w->lock);
    lws_cancel_service(w->context);
}

int websocket_send(struct websocket *w, char *text)
{
    struct websocket_event event = {.text = text, .len_bytes = strlen(text)};
    bool fits = event.len_bytes <= WEBSOCKET_MESSAGE_MAX;
    pthread_mutex_lock(&w->lock);
    bool queued = fits && fifo_put(&w->out, &event);
    pthread_mutex_unlock(&w->lock);
    if (!queued) {
        free(text);
        return SQ_ERR_LIMIT;
    }
    lws_cancel_service(w->context);
    return 0;
}

bool websocket_next_event(struct websocket *w, struct websocket_event *out)
{
    pthread_mutex_lock(&w->lock);
    bool some = fifo_take(&w->in, out);
    pthread_mutex_unlock(&w->lock);
    return some;
}
