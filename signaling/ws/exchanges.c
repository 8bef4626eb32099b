/* SPDX-License-Identifier: Apache-2.0 */
/* All exchanges: how many may be, which take too long, whose session ended, and their jobs on pool
 * threads. */
#include "base/check.h"
#include "base/log.h"
#include "shanqiao/error.h"
#include "signaling/auth/auth.h"
#include "signaling/ws/exchange.h"
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define HTTP_POOL_THREADS 2
#define SESSION_LOOK_US   (1 * TIME_US_PER_S) /* an ended right is felt within two seconds */
#define STEP_US           (1 * TIME_US_PER_S)

struct exchange_job {
    struct exchange *exchange; /* NULL: it was closed meanwhile */
    void (*run)(void *job);
    void (*done)(struct exchange *x, void *state, void *job, bool refused);
    void *job;
    struct exchange_job *next;
};

int exchanges_init(struct exchanges *e, const struct http_table *tables, size_t count,
                   void (*wake)(void *user), void *user)
{
    e->tables = tables;
    e->table_count = count;
    /* each has at most one job, so none is ever refused for want of room by honest peers alone */
    return pool_new(&e->pool, (struct pool_size){HTTP_POOL_THREADS, HTTP_EXCHANGES_MAX}, wake,
                    user);
}

void exchanges_fini(struct exchanges *e)
{
    pool_free(e->pool);
    e->pool = NULL;
    while (e->jobs) {
        struct exchange_job *j = e->jobs;
        e->jobs = j->next;
        j->done(NULL, NULL, j->job, true);
        free(j);
    }
}

static bool is_public(const struct exchange *x)
{
    return x->match.route && (x->match.route->flags & HTTP_PUBLIC);
}

unsigned exchanges_admit(const struct exchanges *e, const struct exchange *x)
{
    size_t same = 0;
    bool public = is_public(x);
    size_t most = public                  ? EXCHANGE_PUBLIC_MAX
                  : x->request.has_caller ? HTTP_EXCHANGES_CALLER_MAX
                                          : EXCHANGE_ANONYMOUS_MAX;
    for (const struct exchange *other = e->first; other; other = other->next)
        same += is_public(other) == public &&
                !strcmp(other->request.caller.account, x->request.caller.account);
    if (e->count > HTTP_EXCHANGES_MAX)
        return HTTP_STATUS_SERVICE_UNAVAILABLE;
    return same > most ? 429 : 0; /* x itself is among them */
}

/* ---- jobs ---- */

static void run_job(void *job)
{
    struct exchange_job *j = job;
    j->run(j->job);
}

void http_run(struct exchange *x, void (*run)(void *job),
              void (*done)(struct exchange *x, void *state, void *job, bool refused), void *job)
{
    struct exchanges *e = &x->server->exchanges;
    CHECK(!x->job);
    struct exchange_job *j = calloc(1, sizeof *j);
    if (j)
        *j = (struct exchange_job){x, run, done, job, e->jobs};
    if (!j || x->phase == EXCHANGE_OVER || !pool_submit(e->pool, (uintptr_t)j, run_job, j)) {
        bool over = x->phase == EXCHANGE_OVER;
        free(j);
        done(over ? NULL : x, over ? NULL : x->state, job, true);
        return;
    }
    e->jobs = j;
    x->job = j;
}

void exchanges_forget_job(struct exchange *x)
{
    if (x->job)
        x->job->exchange = NULL;
    x->job = NULL;
}

void exchanges_take_finished(struct server *s)
{
    struct exchanges *e = &s->exchanges;
    uint64_t ticket;
    while (e->pool && pool_next_done(e->pool, &ticket)) {
        struct exchange_job **at = &e->jobs, *j;
        while ((uintptr_t)*at != ticket)
            at = &(*at)->next;
        j = *at;
        *at = j->next;
        struct exchange *x = j->exchange;
        if (x)
            x->job = NULL;
        j->done(x, x ? x->state : NULL, j->job, false);
        free(j);
    }
}

/* ---- time ---- */

/* Is it the peer's turn? */
static bool peer_owes(const struct exchange *x)
{
    if (x->phase == EXCHANGE_RECEIVING)
        return !x->paused;
    return x->phase == EXCHANGE_SENDING && !x->response.held && !x->response.idle;
}

static bool too_slow(const struct exchange *x, time_us now_us)
{
    if (x->phase == EXCHANGE_LINGERING)
        return now_us - x->window_us > EXCHANGE_LINGER_US;
    return peer_owes(x) && now_us - x->window_us > HTTP_IDLE_US;
}

/* While a room thinks libwebsockets does not read, so it hears nothing of a peer that left. */
static bool peer_left(const struct exchange *x)
{
    struct tcp_info info;
    socklen_t len = sizeof info;
    if (peer_owes(x) || getsockopt(lws_get_socket_fd(x->wsi), IPPROTO_TCP, TCP_INFO, &info, &len))
        return false;
    return info.tcpi_state == TCP_CLOSE_WAIT || info.tcpi_state == TCP_CLOSE;
}

static bool session_ended(struct exchange *x, time_us now_us, time_us utc_us)
{
    struct auth_session session;
    if (!x->request.has_caller || now_us - x->session_us < SESSION_LOOK_US)
        return false;
    x->session_us = now_us;
    return auth_session_check(dispatch_service(x->server->config.dispatch),
                              x->request.caller.session, utc_us,
                              &session) == SQ_ERR_UNAUTHENTICATED;
}

void exchanges_step(struct server *s, time_us now_us, time_us utc_us)
{
    struct exchanges *e = &s->exchanges;
    if (now_us - e->stepped_us < STEP_US)
        return;
    e->stepped_us = now_us;
    for (struct exchange *x = e->first; x; x = x->next) {
        /* its own timers (10 s, whoever's turn it is) give way to ours */
        lws_set_timeout(x->wsi, NO_PENDING_TIMEOUT, 0);
        if (too_slow(x, now_us) || peer_left(x) || session_ended(x, now_us, utc_us)) {
            log_write(LOG_INFO, "http.broken_off", LOG_INT("phase", x->phase));
            exchange_break(x);
        }
    }
    server_drain(s); /* a room's step may open a transaction of its own */
    for (size_t t = 0; t < e->table_count; t++) {
        if (e->tables[t].step)
            e->tables[t].step(e->tables[t].user, now_us, utc_us);
    }
}
