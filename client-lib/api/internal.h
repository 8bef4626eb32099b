/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of api/ share: the client, its lock, its call. Everything below is guarded by
 * `lock` unless said otherwise; raw media goes around it (session.h, "any thread"). */
#ifndef CLIENT_LIB_API_INTERNAL_H
#define CLIENT_LIB_API_INTERNAL_H

#include "client-lib/api/events.h"
#include "client-lib/io/media_io.h"
#include "client-lib/io/websocket.h"
#include "client-lib/session/session.h"
#include "client-lib/signal/rpc.h"
#include <pthread.h>
#include <shanqiao/client.h>
#include <stdatomic.h>

#define CLIENT_QUIET_MAX 32 /* requests of the library's own whose replies nobody waits for */

struct client_pump {
    pthread_t thread;
    bool running;
    atomic_bool stop;
};

struct sq_client {
    pthread_mutex_t lock;
    char language[8];
    char device[64];
    int epoll_fd, wake_fd; /* constant */
    struct websocket *websocket;
    bool untrusted; /* why it closed last */
    bool connected; /* the websocket is up or on its way */
    struct rpc *rpc;
    struct events *events;
    int64_t quiet[CLIENT_QUIET_MAX]; /* request numbers; 0 free */
    struct dtls_identity *identity;
    sq_call *call;
    struct client_pump pump;
};

/* What is done about a path that is gone: first wait, then an ICE restart, then a new join. */
struct call_repair {
    time_us interrupted_us; /* 0: the path is fine */
    time_us next_us;        /* of the next measure; TIME_US_NEVER */
    bool restarted;
    uint32_t joins; /* since media last flowed */
    time_us moved_check_us;
    bool silent; /* told of a path that does not answer, while its consent lasts */
};

struct sq_call {
    sq_client *client;
    struct session *session; /* constant */
    struct media_io *io;
    enum sq_call_state state;
    int64_t join_request, restart_request; /* 0: none under way */
    int64_t joined_us, connected_us;
    struct call_repair repair;
};

/* Makes sq_client_step look again; any thread. */
void client_wake(const sq_client *client);
/* A request of the library's own. `number` receives it, or NULL: its reply is dropped. Takes
 * params. */
int client_ask(sq_client *client, const char *method, json_t *params, int64_t *number);
/* Nobody waits for the reply to this request any more: it is dropped when it comes. 0: nothing. */
void client_forget(sq_client *client, int64_t number);

/* call.c, all under the lock */
bool call_on_reply(sq_call *call, const struct rpc_event *event, time_us now_us);
/* True when the notification was the call's business. */
bool call_on_notification(sq_call *call, const struct rpc_event *event, time_us now_us);
void call_step(sq_call *call, time_us now_us);
time_us call_deadline(sq_call *call, time_us now_us);
/* Goodbye, then everything but the struct itself. */
void call_fini(sq_call *call, time_us now_us);

#endif
