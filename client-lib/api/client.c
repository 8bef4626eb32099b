/* SPDX-License-Identifier: Apache-2.0 */
/* The client handle: its life, its step, its thread. See shanqiao/client.h. */
#include "client-lib/api/internal.h"

#include "client-lib/io/clock.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define PUMP_WAIT_US (200 * TIME_US_PER_MS)

#ifndef SHANQIAO_VERSION
#error "the build defines SHANQIAO_VERSION"
#endif

int64_t sq_now_us(void)
{
    return io_now_us();
}

const char *sq_version(void)
{
    return SHANQIAO_VERSION;
}

void client_wake(const sq_client *client)
{
    uint64_t one = 1;
    ssize_t n = write(client->wake_fd, &one, sizeof(one));
    (void)n; /* full: it is readable already */
}

/* ---- life ---- */

static int open_descriptors(sq_client *c)
{
    c->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    c->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = c->wake_fd};
    if (c->epoll_fd < 0 || c->wake_fd < 0 ||
        epoll_ctl(c->epoll_fd, EPOLL_CTL_ADD, c->wake_fd, &event))
        return SQ_ERR_IO;
    return 0;
}

static int build(sq_client *c, const struct sq_client_config *config)
{
    struct websocket_config socket = {
        .url = config->url,
        .ca_file = config->ca_file,
        .server_name = config->server_name,
    };
    int err = open_descriptors(c);
    socket.wake_fd = c->wake_fd;
    if (!err)
        err = rpc_new(&c->rpc, config->device, c->language);
    if (!err)
        err = events_new(&c->events);
    if (!err)
        err = dtls_identity_new(&c->identity, io_utc_us());
    return err ? err : websocket_new(&c->websocket, &socket);
}

static void release(sq_client *c)
{
    websocket_free(c->websocket);
    rpc_free(c->rpc);
    events_free(c->events);
    dtls_identity_free(c->identity);
    if (c->epoll_fd >= 0)
        close(c->epoll_fd);
    if (c->wake_fd >= 0)
        close(c->wake_fd);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

int sq_client_new(sq_client **out, const struct sq_client_config *config)
{
    if (!out || !config || config->struct_size < sizeof(*config) || !config->url)
        return SQ_ERR_INVALID;
    sq_client *c = calloc(1, sizeof(*c));
    if (!c || pthread_mutex_init(&c->lock, NULL)) {
        free(c);
        return SQ_ERR_NOMEM;
    }
    c->epoll_fd = c->wake_fd = -1;
    snprintf(c->language, sizeof(c->language), "%s", config->language ? config->language : "zh-CN");
    int err = build(c, config);
    if (err) {
        release(c);
        return err;
    }
    *out = c;
    return 0;
}

void sq_client_free(sq_client *client)
{
    if (!client)
        return;
    sq_client_stop_thread(client);
    sq_call_free(client->call);
    release(client);
}

/* ---- step ---- */

static void pump_socket(sq_client *c, time_us now_us)
{
    struct websocket_event event;
    while (websocket_next_event(c->websocket, &event)) {
        if (event.type == WEBSOCKET_OPEN) {
            rpc_on_open(c->rpc, now_us);
        } else if (event.type == WEBSOCKET_CLOSED) {
            c->connected = false;
            c->untrusted = event.untrusted;
            rpc_on_closed(c->rpc, now_us);
        } else {
            rpc_on_message(c->rpc, event.text, event.len_bytes, now_us);
            free(event.text);
        }
    }
}

static void obey_wishes(sq_client *c, time_us now_us)
{
    enum rpc_wish wish = rpc_wish(c->rpc, now_us);
    if (wish == RPC_WISH_CLOSE)
        websocket_close(c->websocket);
    if (wish == RPC_WISH_CONNECT && !c->connected) {
        c->connected = true;
        rpc_on_connecting(c->rpc);
        websocket_connect(c->websocket);
    }
}

static void send_frames(sq_client *c)
{
    char *text;
    while ((text = rpc_next_send(c->rpc)))
        if (websocket_send(c->websocket, text))
            websocket_close(c->websocket); /* all of it is sent again after the resume */
}

static bool is_quiet(sq_client *c, int64_t request)
{
    for (size_t i = 0; i < CLIENT_QUIET_MAX; i++) {
        if (c->quiet[i] == request) {
            c->quiet[i] = 0;
            return true;
        }
    }
    return false;
}

static void on_state(sq_client *c, const struct rpc_event *event)
{
    enum sq_connection_state state = event->state == RPC_ONLINE  ? SQ_CONNECTION_ONLINE
                                     : event->state == RPC_ENDED ? SQ_CONNECTION_ENDED
                                                                 : SQ_CONNECTION_OFFLINE;
    int offline = c->untrusted ? SQ_ERR_FORGED : SQ_ERR_UNREACHABLE;
    int error = state == SQ_CONNECTION_OFFLINE ? offline
                : state == SQ_CONNECTION_ENDED ? SQ_ERR_CLOSED
                                               : 0;
    events_put_connection(c->events, state, event->reason, error);
}

static void handle_events(sq_client *c, time_us now_us)
{
    struct rpc_event event;
    while (rpc_next_event(c->rpc, &event)) {
        bool visible = true;
        if (event.type == RPC_EVENT_STATE) {
            on_state(c, &event);
            continue;
        }
        if (event.type == RPC_EVENT_REPLY)
            visible =
                !is_quiet(c, event.request) && !(c->call && call_on_reply(c->call, &event, now_us));
        else if (c->call)
            visible = !call_on_notification(c->call, &event, now_us);
        events_put_rpc(c->events, &event, visible);
    }
}

int client_ask(sq_client *client, const char *method, json_t *params, int64_t *number)
{
    int64_t n = params ? rpc_request(client->rpc, method, params, io_now_us()) : SQ_ERR_NOMEM;
    if (n < 0)
        return (int)n;
    if (number)
        *number = n;
    else
        client_forget(client, n);
    return 0;
}

void client_forget(sq_client *client, int64_t number)
{
    for (size_t i = 0; number && i < CLIENT_QUIET_MAX; i++) {
        if (client->quiet[i] == 0) {
            client->quiet[i] = number;
            return;
        }
    }
}

static void drain_wake(const sq_client *c)
{
    uint64_t count;
    ssize_t n = read(c->wake_fd, &count, sizeof(count));
    (void)n; /* empty is fine */
}

/* Under the lock. */
static void work(sq_client *c)
{
    time_us now_us = io_now_us();
    pump_socket(c, now_us);
    handle_events(c, now_us);
    if (c->call)
        call_step(c->call, now_us);
    obey_wishes(c, now_us);
    send_frames(c);
}

static time_us deadline(sq_client *c)
{
    time_us at = rpc_deadline(c->rpc);
    return c->call ? time_us_min(at, call_deadline(c->call, io_now_us())) : at;
}

static int wait_for(sq_client *c, time_us timeout_us)
{
    pthread_mutex_lock(&c->lock);
    time_us at = deadline(c);
    pthread_mutex_unlock(&c->lock);
    time_us now_us = io_now_us();
    time_us wait = at <= now_us ? 0 : time_us_min(timeout_us, at - now_us);
    struct epoll_event event;
    int milliseconds = (int)time_us_min((wait + TIME_US_PER_MS - 1) / TIME_US_PER_MS, INT32_MAX);
    int n = epoll_wait(c->epoll_fd, &event, 1, milliseconds);
    return n < 0 && errno != EINTR ? SQ_ERR_IO : 0;
}

static int step(sq_client *c, time_us timeout_us)
{
    int err = timeout_us > 0 ? wait_for(c, timeout_us) : 0;
    drain_wake(c); /* before looking: what comes from now on wakes again */
    pthread_mutex_lock(&c->lock);
    work(c);
    pthread_mutex_unlock(&c->lock);
    return err;
}

int sq_client_step(sq_client *client, int64_t timeout_us)
{
    pthread_mutex_lock(&client->lock);
    bool pumped = client->pump.running;
    pthread_mutex_unlock(&client->lock);
    return pumped ? SQ_ERR_STATE : step(client, timeout_us);
}

int sq_client_fd(const sq_client *client)
{
    return client->epoll_fd;
}

int64_t sq_client_deadline_us(sq_client *client)
{
    pthread_mutex_lock(&client->lock);
    time_us at = deadline(client);
    pthread_mutex_unlock(&client->lock);
    return at;
}

bool sq_client_next_event(sq_client *client, struct sq_event *event)
{
    pthread_mutex_lock(&client->lock);
    bool some = events_next(client->events, event);
    pthread_mutex_unlock(&client->lock);
    return some;
}

/* ---- pump ---- */

static void *pump(void *user)
{
    sq_client *c = user;
    while (!atomic_load(&c->pump.stop))
        step(c, PUMP_WAIT_US);
    return NULL;
}

int sq_client_start_thread(sq_client *client)
{
    int err = 0;
    pthread_mutex_lock(&client->lock);
    if (!client->pump.running) {
        atomic_store(&client->pump.stop, false);
        err = pthread_create(&client->pump.thread, NULL, pump, client) ? SQ_ERR_NOMEM : 0;
        client->pump.running = err == 0;
    }
    pthread_mutex_unlock(&client->lock);
    return err;
}

void sq_client_stop_thread(sq_client *client)
{
    pthread_mutex_lock(&client->lock);
    bool running = client->pump.running;
    pthread_mutex_unlock(&client->lock);
    if (!running)
        return;
    atomic_store(&client->pump.stop, true);
    client_wake(client);
    pthread_join(client->pump.thread, NULL);
    pthread_mutex_lock(&client->lock);
    client->pump.running = false;
    pthread_mutex_unlock(&client->lock);
}
