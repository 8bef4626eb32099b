/* SPDX-License-Identifier: Apache-2.0 */
/* The loop: libuv, with libwebsockets' sockets, one epoll descriptor of ours (relays, signals), a
 * timer for dispatch's deadlines and a bell that pool threads ring. What one round of it brings in
 * shares a commit; what that lets out is queued before the next round. Everything but jobs is this
 * one thread. */
#include "signaling/ws/server.h"

#include "base/address.h"
#include "base/log.h"
#include "shanqiao/error.h"
#include "signaling/relays/relays.h"
#include "signaling/ws/exchange.h"
#include <openssl/ssl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define TURN_LEAST_US  (1 * TIME_US_PER_MS)
#define TURN_MOST_US   (100 * TIME_US_PER_MS) /* a slice of the connections is looked at */
#define CLOSING_TURNS  100                    /* of the loop; libwebsockets needs two or three */
#define HEADERS_MAX    4096        /* slow ones may not keep honest ones out (TRUST WEB-04) */
#define FDS_BESIDES    64          /* listener, store, pipes */
#define RECORD_BYTES   (16 * 1024) /* of TLS: read in one go, for one buffer serves all */
#define RX_PIECE_BYTES 4096        /* libwebsockets hands over at most that much at a time */

/* None: its timers are a sorted list that is walked at each insertion, which at 10,000 connections
 * takes most of the time there is. connections_step pings. */
static const lws_retry_bo_t no_keepalive = {0};

static const struct lws_protocols protocols[] = {
    {.name = "http", .callback = http_callback},
    {.name = SERVER_SUBPROTOCOL,
     .callback = socket_callback,
     .per_session_data_size = sizeof(struct connection),
     .rx_buffer_size = RX_PIECE_BYTES},
    {0},
};

static void library_says(int level, const char *line)
{
    (void)level;
    char text[200];
    size_t len = strcspn(line, "\n");
    snprintf(text, sizeof text, "%.*s", (int)(len < sizeof text ? len : sizeof text - 1), line);
    log_write(LOG_WARN, "ws.library", LOG_TEXT("text", text));
}

static void wake(void *user)
{
    struct server *s = user;
    uv_async_send(&s->loop->bell);
}

/* ---- what dispatch says ---- */

static void start_work(struct server *s, const struct dispatch_output *out)
{
    if (!pool_submit(s->pool, out->ticket, out->run, out->job))
        dispatch_worked(s->config.dispatch, out->ticket, true, clock_monotonic_us(),
                        clock_utc_us());
}

void server_drain(struct server *s)
{
    struct dispatch_output out;
    while (dispatch_next(s->config.dispatch, &out)) {
        struct connection *c = connection_find(s, out.connection);
        if (out.type == DISPATCH_WORK)
            start_work(s, &out);
        else if (c && out.type == DISPATCH_SEND)
            connection_queue(c, out.text, out.len_bytes);
        else if (c && out.type == DISPATCH_CLOSE)
            connection_close(c, out.code);
        if (out.type == DISPATCH_SEND)
            free(out.text);
    }
}

static void watch(struct server *s, int fd, int op)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    if (fd >= 0 && epoll_ctl(s->epoll_fd, op, fd, &event))
        log_write(LOG_ERROR, "ws.epoll", LOG_INT("op", op));
}

/* The descriptor changes when the cluster process was started again. A closed one has left the set
 * by itself, but its number may be in use anew: adding is tried whenever it may have changed. */
static void follow(struct server *s, int *watched, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    if (fd < 0)
        return;
    if (fd != *watched && *watched >= 0)
        epoll_ctl(s->epoll_fd, EPOLL_CTL_DEL, *watched, NULL);
    *watched = fd;
    epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, fd, &event); /* EEXIST: it is there */
}

static void watch_others(struct server *s)
{
    follow(s, &s->relays_fd, s->config.relays ? relays_fd(s->config.relays) : -1);
    follow(s, &s->nodes_fd, dispatch_fd(s->config.dispatch));
}

/* What time and the relays bring. */
static void step(struct server *s)
{
    time_us now_us = clock_monotonic_us();
    connections_step(s, now_us);
    exchanges_step(s, now_us, clock_utc_us());
    dispatch_step(s->config.dispatch, now_us, clock_utc_us());
    watch_others(s);
    s->ending |= dispatch_over(s->config.dispatch);
}

static void on_timer(uv_timer_t *timer)
{
    step(timer->data);
}

/* The end of a round: commit, send, and when the next is due at the latest. */
static void end_round(struct server *s)
{
    server_drain(s);
    /* What libwebsockets has read but not handed over (TLS records, paused bodies) no socket
     * announces, and its libuv half looks only once after an event: ring as long as that helps. */
    if (s->stirred)
        lws_cancel_service(s->context);
    s->stirred = false;
    time_us now_us = clock_monotonic_us();
    time_us wait_us = dispatch_deadline(s->config.dispatch, now_us, clock_utc_us()) - now_us;
    wait_us = time_us_min(wait_us > TURN_LEAST_US ? wait_us : TURN_LEAST_US, TURN_MOST_US);
    uv_timer_start(&s->loop->timer, on_timer,
                   (uint64_t)((wait_us + TIME_US_PER_MS - 1) / TIME_US_PER_MS), 0);
}

static void on_bell(uv_async_t *bell)
{
    struct server *s = bell->data;
    uint64_t ticket;
    while (s->pool && pool_next_done(s->pool, &ticket))
        dispatch_worked(s->config.dispatch, ticket, false, clock_monotonic_us(), clock_utc_us());
    exchanges_take_finished(s);
}

/* The epoll descriptor: a signal, or something from the relays, which dispatch reads. */
static void on_watched(uv_poll_t *poll, int status, int events)
{
    struct server *s = poll->data;
    struct signalfd_siginfo info;
    (void)status;
    (void)events;
    if (read(s->signal_fd, &info, sizeof info) == (ssize_t)sizeof info)
        s->ending = true;
    step(s);
}

/* An idle terminal holds no TLS buffers, and no session in a cache: a ticket brings it back. */
static void spare_memory(SSL_CTX *tls)
{
    SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
}

int server_special_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                            size_t len)
{
    struct server *s = lws_context_user(lws_get_context(wsi));
    switch ((int)reason) {
    case LWS_CALLBACK_FILTER_NETWORK_CONNECTION:
        return s->open_count >= (size_t)s->config.connections_max ? -1 : 0;
    case LWS_CALLBACK_WSI_CREATE:
        s->open_count++;
        return 0;
    case LWS_CALLBACK_WSI_DESTROY:
        s->open_count--;
        return 0;
    case LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS:
        spare_memory(user);
        return 0;
    default:
        return lws_callback_http_dummy(wsi, reason, user, in, len);
    }
}

/* ---- life ---- */

static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static void ending_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
}

void server_block_signals(void)
{
    sigset_t set;
    ending_signals(&set);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static int open_signals(void)
{
    sigset_t set;
    ending_signals(&set);
    server_block_signals();
    signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

static struct lws_context *make_context(struct server *s)
{
    const struct server_config *c = &s->config;
    struct lws_context_creation_info info = {0};
    info.options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT | LWS_SERVER_OPTION_EXPLICIT_VHOSTS |
                   LWS_SERVER_OPTION_VALIDATE_UTF8 | LWS_SERVER_OPTION_LIBUV;
    info.foreign_loops = (void *[]){&s->loop->uv};
    info.pcontext = &s->context; /* NULL when it is gone for good */
    info.fd_limit_per_thread = (unsigned)c->connections_max + FDS_BESIDES;
    info.retry_and_idle_policy = &no_keepalive;
    info.user = s;
    info.server_string = "shanqiao";
    info.pt_serv_buf_size = RECORD_BYTES;
    info.max_http_header_data = RX_PIECE_BYTES;
    /* requests whose headers are being read at a time; a silent one is closed after
     * SERVER_HANDSHAKE_S */
    info.max_http_header_pool2 =
        (unsigned)(c->connections_max < HEADERS_MAX ? c->connections_max : HEADERS_MAX);
    return lws_create_context(&info);
}

/* libwebsockets opens an IPv6 socket for all addresses when it is asked for one of IPv4. */
static bool is_one_ipv4(const char *address)
{
    static const uint8_t all[4];
    struct net_address a;
    return net_address_parse(&a, address, 0) == 0 && a.family == NET_IPV4 &&
           memcmp(a.ip, all, sizeof all) != 0;
}

static struct lws_vhost *make_vhost(struct server *s)
{
    const struct server_config *c = &s->config;
    struct lws_context_creation_info info = {0};
    info.options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT | LWS_SERVER_OPTION_VALIDATE_UTF8 |
                   LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND | LWS_SERVER_OPTION_STS;
    if (is_one_ipv4(c->address))
        info.options |= LWS_SERVER_OPTION_DISABLE_IPV6;
    info.port = c->port;
    info.iface = *c->address ? c->address : NULL;
    info.vhost_name = "default";
    info.protocols = protocols;
    info.headers = &http_headers;
    info.alpn =
        "http/1.1"; /* over h2 no upgrade of ours, and headers can't be read (DESIGN section 7) */
    info.ssl_cert_filepath = c->certificate;
    info.ssl_private_key_filepath = c->key;
    info.ssl_options_set = SSL_OP_NO_TLSv1 | SSL_OP_NO_TLSv1_1 | SSL_OP_NO_RENEGOTIATION;
    info.timeout_secs = SERVER_HANDSHAKE_S;
    info.keepalive_timeout = SERVER_HANDSHAKE_S;
    info.retry_and_idle_policy = &no_keepalive;
    info.user = s;
    return lws_create_vhost(s->context, &info);
}

static int open_descriptors(struct server *s)
{
    s->signal_fd = open_signals();
    s->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (s->signal_fd < 0 || s->epoll_fd < 0)
        return SQ_ERR_IO;
    watch(s, s->signal_fd, EPOLL_CTL_ADD);
    watch_others(s);
    return 0;
}

static int open_loop(struct server *s)
{
    struct loop *l = s->loop = calloc(1, sizeof *l);
    if (!l)
        return SQ_ERR_NOMEM;
    if (uv_loop_init(&l->uv)) {
        free(l);
        s->loop = NULL;
        return SQ_ERR_NOMEM;
    }
    uv_timer_init(&l->uv, &l->timer);
    l->timer.data = l->watched.data = l->bell.data = s;
    if (uv_async_init(&l->uv, &l->bell, on_bell) ||
        uv_poll_init(&l->uv, &l->watched, s->epoll_fd) ||
        uv_poll_start(&l->watched, UV_READABLE, on_watched))
        return SQ_ERR_IO;
    return 0;
}

static int start(struct server *s)
{
    const struct pool_size hashing = {SERVER_HASH_THREADS, SERVER_HASH_QUEUE};
    lws_set_log_level(LLL_ERR, library_says);
    raise_descriptor_limit();
    int error = open_descriptors(s);
    if (!error)
        error = open_loop(s);
    if (error)
        return error;
    s->slots = calloc(s->slot_count, sizeof *s->slots);
    s->context = s->slots ? make_context(s) : NULL;
    if (!s->context || pool_new(&s->pool, hashing, wake, s) ||
        exchanges_init(&s->exchanges, s->config.routes, s->config.route_count, wake, s))
        return SQ_ERR_NOMEM;
    s->vhost = make_vhost(s);
    return s->vhost ? 0 : SQ_ERR_IO;
}

int server_new(struct server **out, const struct server_config *config)
{
    struct server *s = calloc(1, sizeof *s);
    if (!s)
        return SQ_ERR_NOMEM;
    s->config = *config;
    s->slot_count = (size_t)config->connections_max;
    s->epoll_fd = s->signal_fd = s->relays_fd = s->nodes_fd = -1;
    int error = start(s);
    if (error) {
        server_free(s);
        return error;
    }
    *out = s;
    return 0;
}

int server_run(struct server *s)
{
    while (!s->ending) {
        end_round(s);
        uv_run(&s->loop->uv, UV_RUN_ONCE);
    }
    server_drain(s);
    return dispatch_over(s->config.dispatch) ? SQ_ERR_CLOSED : 0;
}

static void close_handle(uv_handle_t *handle, void *user)
{
    (void)user;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

/* On a loop that is not its own libwebsockets begins to close its handles, and frees the rest when
 * it is asked again after they are closed. */
static void close_context(struct server *s)
{
    if (s->context)
        lws_context_destroy(s->context);
    for (int i = 0; s->loop && i < CLOSING_TURNS; i++)
        uv_run(&s->loop->uv, UV_RUN_NOWAIT);
    if (s->context)
        lws_context_destroy(s->context);
}

static void close_loop(struct server *s)
{
    if (!s->loop)
        return;
    uv_walk(&s->loop->uv, close_handle, NULL);
    while (uv_run(&s->loop->uv, UV_RUN_ONCE))
        ;
    uv_loop_close(&s->loop->uv);
    free(s->loop);
}

static void close_fd(int fd)
{
    if (fd >= 0)
        close(fd);
}

void server_free(struct server *s)
{
    if (!s)
        return;
    s->ending = true;
    pool_free(s->pool);
    s->pool = NULL;
    close_context(s);
    exchanges_fini(&s->exchanges);
    close_loop(s);
    close_fd(s->epoll_fd);
    close_fd(s->signal_fd);
    free(s->slots);
    free(s);
}
