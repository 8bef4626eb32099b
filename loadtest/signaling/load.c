/* SPDX-License-Identifier: Apache-2.0 */
/* Terminals and the loop that serves them: open those who act, then those who only stay, then the
 * load, then what is still under way. */
#include "loadtest/signaling/load.h"
#include "base/random.h"
#include "shanqiao/error.h"
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define EVENTS_MAX        256
#define DESCRIPTORS_OTHER 32                   /* besides connections */
#define SIGN_IN_US        (60 * TIME_US_PER_S) /* a terminal that is not signed in by then is given up */
#define SETTLE_US         (2 * TIME_US_PER_S) /* before memory is read */
#define DRAIN_US          (5 * TIME_US_PER_S) /* for replies after the last request */
#define MIB               (1024.0 * 1024.0)

volatile sig_atomic_t load_stop;

void load_count_error(struct load *l, const char *code)
{
    report_error_add(&l->report.errors, code);
}

/* ---- terminals ---- */

static uint32_t index_of(const struct load *l, const struct terminal *t)
{
    return (uint32_t)(t - l->terminals);
}

static void gone(struct load *l, struct terminal *t, const char *code)
{
    if (t->phase == TERMINAL_GONE)
        return;
    if (t->phase == TERMINAL_OPENING)
        l->in_flight--;
    else if (index_of(l, t) >= l->active_count)
        l->gone_idle++;
    t->phase = TERMINAL_GONE;
    connection_close(&t->connection);
    load_count_error(l, code);
}

static void notice_closed(struct load *l, struct terminal *t)
{
    char code[REPORT_CODE_SIZE];
    const struct connection *c = &t->connection;
    if (c->state != CONNECTION_CLOSED)
        return;
    if (c->close_code)
        snprintf(code, sizeof code, "closed_%u", (unsigned)c->close_code);
    else
        snprintf(code, sizeof code, "closed_%s", sq_error_name(c->error));
    gone(l, t, code);
}

static bool send_text(struct load *l, struct terminal *t, const char *text)
{
    int error = connection_send(&t->connection, &l->context, t, text, strlen(text));
    notice_closed(l, t);
    return error == 0;
}

bool load_send(struct load *l, uint32_t terminal, const char *text)
{
    return l->terminals[terminal].phase == TERMINAL_READY &&
           send_text(l, &l->terminals[terminal], text);
}

static void send_request(struct load *l, struct terminal *t, const char *what, const char *method,
                         json_t *params)
{
    char id[64];
    snprintf(id, sizeof id, "%s-%s", what, l->nonce);
    json_t *root = json_pack("{s:s, s:s, s:s, s:o}", "jsonrpc", "2.0", "id", id, "method", method,
                             "params", params);
    char *text = root ? json_dumps(root, JSON_COMPACT) : NULL;
    if (!text || !send_text(l, t, text))
        gone(l, t, "not_sent");
    free(text);
    json_decref(root);
}

static void sign_in(struct load *l, struct terminal *t)
{
    const struct account *a = t->account;
    if (a->token)
        send_request(l, t, "sign", "session.resume",
                     json_pack("{s:s, s:i, s:b}", "token", a->token, "lastSeq", 0, "reload", 1));
    else
        send_request(l, t, "sign", "auth.login",
                     json_pack("{s:s, s:s, s:s, s:b}", "account", a->name, "password", a->password,
                               "device", "shanqiao-loadtest", "takeover", 1));
}

static void ready(struct load *l, struct terminal *t, time_us now_us)
{
    t->phase = TERMINAL_READY;
    l->in_flight--;
    latency_add(&l->report.sign_in, now_us - t->began_us);
    if (index_of(l, t) >= l->active_count)
        l->report.idle_opened++;
}

/* The reply to sign-in, then for specialists to duty.set. */
static void opening_reply(struct load *l, struct terminal *t, const char *id, const json_t *message,
                          time_us now_us)
{
    const json_t *error = json_object_get(message, "error");
    if (error) {
        const char *name =
            json_string_value(json_object_get(json_object_get(error, "data"), "error"));
        char code[REPORT_CODE_SIZE];
        snprintf(code, sizeof code, "opening_%.30s", name ? name : "refused");
        gone(l, t, code);
    } else if (t->account->role == ACCOUNT_SPECIALIST && strncmp(id, "sign-", 5) == 0) {
        send_request(l, t, "duty", "duty.set",
                     json_pack("{s:s, s:b}", "panelId", t->account->panel, "onDuty", 1));
    } else {
        ready(l, t, now_us);
    }
}

static void receive(struct load *l, struct terminal *t, const char *text, size_t len,
                    time_us now_us)
{
    json_t *message = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
    const char *id = json_string_value(json_object_get(message, "id"));
    const char *method = json_string_value(json_object_get(message, "method"));
    const char *dash = id ? strrchr(id, '-') : NULL;
    if (!message)
        gone(l, t, "not_json");
    else if (t->phase == TERMINAL_OPENING && id)
        opening_reply(l, t, id, message, now_us);
    else if (dash)
        traffic_reply(l, strtoull(dash + 1, NULL, 10), message, now_us);
    else if (method && strcmp(method, "consultation.ring") == 0)
        traffic_ring(l, index_of(l, t), json_object_get(message, "params"), now_us);
    else if (method && strcmp(method, "session.ended") == 0)
        gone(l, t, "session_ended");
    json_decref(message);
}

static void serve(struct load *l, struct terminal *t, time_us now_us)
{
    const char *text;
    size_t len;
    enum connection_state before = t->connection.state;
    connection_ready(&t->connection, &l->context, t);
    if (before != CONNECTION_OPEN && t->connection.state == CONNECTION_OPEN)
        sign_in(l, t);
    while (connection_next(&t->connection, &l->context, t, &text, &len))
        receive(l, t, text, len, now_us);
    notice_closed(l, t);
}

/* ---- the loop ---- */

static void show_progress(struct load *l, const char *what, time_us now_us)
{
    struct process_use use = {0};
    struct signaling_report *r = &l->report;
    if (now_us < l->progress_us)
        return;
    l->progress_us = now_us + TIME_US_PER_S;
    if (r->server.known)
        (void)process_use_read((int)l->options->server_pid, &use);
    fprintf(stderr,
            "%s: %" PRIu64 " signed in, %" PRIu64 " sent, %" PRIu64 " replies (%" PRId64
            "/s), ring p99 %.1f ms, %" PRIu64 " errors, server %.0f MiB\n",
            what, r->sign_in.histogram.count, r->sent, r->replied,
            (int64_t)r->replied - l->progress_replied, latency_percentile_ms(&r->ring, 0.99),
            r->errors.total, (double)use.rss_bytes / MIB);
    l->progress_replied = (int64_t)r->replied;
}

/* Sleeps until a socket or `until_us`, to the microsecond: epoll_wait knows milliseconds only. */
static void wait_sockets(struct load *l, time_us now_us, time_us until_us)
{
    struct pollfd p = {.fd = l->context.epoll_fd, .events = POLLIN};
    time_us wait_us = until_us > now_us ? until_us - now_us : 0;
    struct timespec ts = {.tv_sec = wait_us / TIME_US_PER_S,
                          .tv_nsec = wait_us % TIME_US_PER_S * 1000};
    (void)ppoll(&p, 1, &ts, NULL);
}

static void turn(struct load *l, const char *what, time_us until_us)
{
    struct epoll_event events[EVENTS_MAX];
    time_us now_us = clock_monotonic_us();
    time_us next_us = time_us_min(traffic_turn(l, now_us), until_us);
    show_progress(l, what, now_us);
    wait_sockets(l, clock_monotonic_us(), time_us_min(next_us, l->progress_us));
    int count = epoll_wait(l->context.epoll_fd, events, EVENTS_MAX, 0);
    for (int i = 0; i < count; i++) {
        struct terminal *t = events[i].data.ptr;
        if (t->phase == TERMINAL_OPENING || t->phase == TERMINAL_READY)
            serve(l, t, clock_monotonic_us());
    }
}

static void run_until(struct load *l, const char *what, time_us until_us)
{
    while (!load_stop && clock_monotonic_us() < until_us)
        turn(l, what, until_us);
}

/* ---- opening ---- */

static bool begin(struct load *l, struct terminal *t, time_us now_us)
{
    t->began_us = now_us;
    t->phase = TERMINAL_OPENING;
    l->in_flight++;
    int error = connection_open(&t->connection, &l->context, t);
    if (error) {
        char code[REPORT_CODE_SIZE];
        snprintf(code, sizeof code, "opening_%s", sq_error_name(error));
        gone(l, t, code);
    }
    return error == 0;
}

static void give_up_slow(struct load *l, size_t from, size_t to, time_us now_us)
{
    for (size_t i = from; i < to; i++)
        if (l->terminals[i].phase == TERMINAL_OPENING &&
            now_us - l->terminals[i].began_us > SIGN_IN_US)
            gone(l, &l->terminals[i], "opening_SQ_ERR_TIMEOUT");
}

/* Terminals [from, to), so many at a time. */
static void open_terminals(struct load *l, const char *what, size_t from, size_t to)
{
    time_us now_us = clock_monotonic_us();
    time_us until_us = now_us + l->options->open_seconds * TIME_US_PER_S;
    time_us sweep_us = now_us;
    size_t next = from;
    while (!load_stop && now_us < until_us && (next < to || l->in_flight)) {
        while (next < to && l->in_flight < (size_t)l->options->parallel &&
               begin(l, &l->terminals[next++], now_us))
            ;
        turn(l, what, until_us);
        now_us = clock_monotonic_us();
        if (now_us >= sweep_us) {
            give_up_slow(l, from, next, now_us);
            sweep_us = now_us + TIME_US_PER_S;
        }
    }
    for (size_t i = from; i < next; i++)
        if (l->terminals[i].phase == TERMINAL_OPENING)
            gone(l, &l->terminals[i], "opening_late");
    for (; next < to; next++)
        load_count_error(l, "not_opened");
}

static void read_server(struct load *l, struct process_use *out)
{
    if (l->report.server.known && process_use_read((int)l->options->server_pid, out))
        load_count_error(l, "server_gone");
}

static void run_phases(struct load *l)
{
    struct signaling_report *r = &l->report;
    time_us began_us = clock_monotonic_us();
    open_terminals(l, "opening those who act", 0, l->active_count);
    read_server(l, &r->server.before_idle);
    open_terminals(l, "opening idle ones", l->active_count, l->terminal_count);
    r->opening_s = (double)(clock_monotonic_us() - began_us) / (double)TIME_US_PER_S;
    run_until(l, "settling", clock_monotonic_us() + SETTLE_US);
    read_server(l, &r->server.after_idle);
    began_us = clock_monotonic_us();
    r->server.load_begin = r->server.after_idle;
    (void)process_use_read(0, &r->own_begin);
    traffic_start(l, began_us);
    run_until(l, "load", began_us + l->options->seconds * TIME_US_PER_S);
    l->traffic.ended = true;
    r->load_s = (double)(clock_monotonic_us() - began_us) / (double)TIME_US_PER_S;
    r->replied_in_load = r->replied;
    r->partial = load_stop != 0;
    read_server(l, &r->server.load_end);
    (void)process_use_read(0, &r->own_end);
    time_us until_us = clock_monotonic_us() + DRAIN_US;
    while (l->traffic.outstanding && clock_monotonic_us() < until_us)
        turn(l, "waiting for replies", until_us);
    traffic_settle(l);
    r->idle_connections = r->idle_opened - (int64_t)l->gone_idle;
}

/* ---- before ---- */

static int say(const char *what, const char *remedy, int error)
{
    fprintf(stderr, "shanqiao-loadtest: %s; %s\n", what, remedy);
    return error;
}

static int check_descriptors(const struct load *l)
{
    char text[120];
    int64_t most = process_descriptors_max();
    if ((int64_t)l->terminal_count + DESCRIPTORS_OTHER <= most)
        return 0;
    snprintf(text, sizeof text,
             "%zu connections want %zu descriptors, and this process may have %" PRId64,
             l->terminal_count, l->terminal_count + DESCRIPTORS_OTHER, most);
    return say(text,
               "raise the hard limit (ulimit -Hn, LimitNOFILE= of systemd, "
               "/etc/security/limits.conf) for this program and the server, or write a smaller "
               "--idle",
               SQ_ERR_LIMIT);
}

/* Those who act first, then idle ones. */
static int make_terminals(struct load *l)
{
    const struct load_options *o = l->options;
    bool acts = o->rate > 0;
    size_t idle = accounts_count(&l->accounts, ACCOUNT_IDLE), at;
    if (idle < (size_t)o->idle)
        return say("the accounts file has fewer idle accounts than --idle",
                   "add accounts or write a smaller --idle", SQ_ERR_INVALID);
    if (acts && (!accounts_count(&l->accounts, ACCOUNT_APPLICANT) ||
                 !accounts_count(&l->accounts, ACCOUNT_SPECIALIST)))
        return say("the accounts file has no applicant or no specialist",
                   "add some, or write --rate 0", SQ_ERR_INVALID);
    l->active_count = acts ? l->accounts.count - idle : 0;
    l->terminal_count = l->active_count + (size_t)o->idle;
    l->terminals = calloc(l->terminal_count + 1, sizeof *l->terminals);
    if (!l->terminals)
        return say("out of memory", "write a smaller --idle", SQ_ERR_NOMEM);
    size_t active = 0;
    at = l->active_count;
    for (size_t i = 0; i < l->accounts.count; i++) {
        const struct account *a = &l->accounts.items[i];
        if (a->role != ACCOUNT_IDLE && acts)
            l->terminals[active++].account = a;
        else if (a->role == ACCOUNT_IDLE && at < l->terminal_count)
            l->terminals[at++].account = a;
    }
    return 0;
}

static int prepare(struct load *l)
{
    const struct load_options *o = l->options;
    char why[ACCOUNTS_ERROR_MAX];
    struct signaling_report *r = &l->report;
    int error = target_parse(&l->target, o->server, o->anywhere);
    if (error == SQ_ERR_DENIED)
        return say("--server is not an address of this machine (127.0.0.0/8 or [::1])",
                   "where its owner agreed to the load, add --anywhere", error);
    if (error)
        return say("--server is not reachable or not understood", "write wss://address:port/v1",
                   error);
    error = accounts_load(&l->accounts, o->accounts_file, why);
    if (error)
        return say(o->accounts_file, why, error);
    error = make_terminals(l);
    if (!error)
        error = check_descriptors(l);
    if (error)
        return error;
    if (connection_context_open(&l->context, &l->target, o->ca_file))
        return say("the certificates of --ca can't be read", "name a PEM file", SQ_ERR_IO);
    r->server.known = o->server_pid > 0;
    if (r->server.known && process_use_read((int)o->server_pid, &r->server.before_idle))
        return say("--server-pid names no process that can be read",
                   "write the process id of shanqiao-signaling on this machine", SQ_ERR_NOT_FOUND);
    return traffic_new(l) ? say("out of memory", "write a smaller --idle", SQ_ERR_NOMEM) : 0;
}

int load_run(struct load *l, const struct load_options *options)
{
    memset(l, 0, sizeof *l);
    l->options = options;
    l->context.epoll_fd = -1;
    l->traffic.next_us = TIME_US_NEVER; /* nothing is sent before traffic_start */
    random_text(l->nonce, LOAD_NONCE_SIZE - 1);
    link_random_init(&l->random, options->seed);
    int error = prepare(l);
    if (error)
        return error;
    l->report.store = options->store;
    l->report.flow = options->flow == FLOW_RING ? "ring" : "consultation";
    l->report.seed = options->seed;
    l->report.rate_wanted = options->rate;
    l->report.idle_wanted = options->idle;
    run_phases(l);
    for (size_t i = 0; i < l->active_count; i++)
        l->report.active_connections += l->terminals[i].phase == TERMINAL_READY;
    return 0;
}

void load_free(struct load *l)
{
    for (size_t i = 0; l->terminals && i < l->terminal_count; i++)
        connection_close(&l->terminals[i].connection);
    free(l->terminals);
    traffic_free(&l->traffic);
    connection_context_close(&l->context);
    accounts_clear(&l->accounts);
}
