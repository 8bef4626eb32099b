/* SPDX-License-Identifier: Apache-2.0 */
/* shanqiao-relay: reads its options, starts the workers, and joins the cluster link, the workers'
 * replies and the metrics page in one loop of the main thread. No media passes here. */
#include "base/config_bind.h"
#include "base/log.h"
#include "relay/control/control.h"
#include "relay/metrics/metrics.h"
#include "relay/options.h"
#include "relay/worker/worker.h"
#include "shanqiao/error.h"
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define VERSION  "0.1.0"
#define LOAD_US  TIME_US_PER_S
#define WAIT_MS  1000
#define POLL_MAX (CONTROL_WORKERS_MAX + 3)

struct relay {
    struct relay_options options;
    struct relay_setup setup;
    struct dtls_identity *identity;
    struct worker *workers[CONTROL_WORKERS_MAX];
    size_t worker_count;
    struct control *control;
    struct cluster *cluster;
    struct metrics_server *metrics;
    int signal_fd;
    time_us load_us;
    uint64_t busy_us[CONTROL_WORKERS_MAX];
    struct worker_status statuses[CONTROL_WORKERS_MAX];
};

static int fail(const char *what, int code)
{
    fprintf(stderr, "shanqiao-relay: %s: %s%s%s\n", what, sq_error_name(code),
            code == SQ_ERR_IO && errno ? ": " : "",
            code == SQ_ERR_IO && errno ? strerror(errno) : "");
    return code;
}

static int refuse_bind(const struct relay *r, const char *address_key, const char *port_key,
                       const struct net_address *address, int reason)
{
    char error[CONFIG_ERROR_MAX];
    int code = config_refuse_bind(&r->setup.sources, address_key, port_key, address, reason, error);
    fprintf(stderr, "shanqiao-relay: %s\n", error);
    return code;
}

/* Says which of the two addresses can't be bound, when it is that. */
static int refuse_cluster(const struct relay *r, int code)
{
    const struct cluster_config *c = &r->setup.cluster;
    const char *const keys[] = {"cluster.commands", "cluster.heartbeats"};
    const char *const addresses[] = {c->bind_commands, c->bind_heartbeats};
    for (size_t i = 0; i < 2 && code == SQ_ERR_IO; i++) {
        struct net_address address;
        char text[CONFIG_TEXT_MAX];
        const char *at = addresses[i] + strlen("tcp://");
        snprintf(text, sizeof text, "%s%s", at[0] == '*' ? "0.0.0.0" : "",
                 at[0] == '*' ? at + 1 : at);
        int reason =
            net_address_parse_endpoint(&address, text) == 0 ? config_bind_probe(&address) : 0;
        if (reason)
            return refuse_bind(r, keys[i], keys[i], &address, reason);
    }
    errno = 0;
    return fail("starting shanqiao-cluster; the log above says more", code);
}

static int start_workers(struct relay *r)
{
    struct control_config *control = &r->setup.control;
    for (size_t i = 0; i < control->worker_count; i++) {
        struct worker_config config = {.listen = r->setup.listen,
                                       .packets = (size_t)r->options.packets,
                                       .tcp = r->options.tcp,
                                       .identity = r->identity};
        config.listen.port = (uint16_t)(r->options.base_port + (int64_t)i);
        int code = worker_new(&r->workers[i], &config);
        if (code) {
            return code == SQ_ERR_IO
                       ? refuse_bind(r, "relay.listen", "relay.base_port", &config.listen, errno)
                       : fail("starting a worker", code);
        }
        control->ports[i] = worker_port(r->workers[i]);
        r->worker_count++;
    }
    for (size_t i = 0; i < r->worker_count; i++)
        if (worker_start(r->workers[i]))
            return fail("starting a thread", SQ_ERR_IO);
    return 0;
}

static void read_figures(struct metrics_input *in, void *user)
{
    struct relay *r = user;
    for (size_t i = 0; i < r->worker_count; i++)
        worker_get_status(r->workers[i], &r->statuses[i]);
    in->workers = r->statuses;
    in->worker_count = r->worker_count;
    control_get_figures(r->control, &in->control);
    cluster_get_counters(r->cluster, &in->cluster);
    in->in_cluster = true;
    in->now_us = clock_monotonic_us();
}

static int start(struct relay *r)
{
    time_us now = clock_monotonic_us();
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigprocmask(SIG_BLOCK, &signals, NULL); /* before any thread, which inherits it */
    signal(SIGPIPE, SIG_IGN);
    r->signal_fd = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
    if (r->signal_fd < 0)
        return fail("signalfd", SQ_ERR_IO);
    int code = dtls_identity_new(&r->identity, clock_utc_us());
    if (code)
        return fail("making the DTLS certificate", code);
    code = cluster_new(&r->cluster, &r->setup.cluster, now);
    if (code)
        return refuse_cluster(r, code);
    code = start_workers(r);
    if (code)
        return code;
    code = control_new(&r->control, &r->setup.control, now);
    if (code)
        return fail("control", code);
    code = metrics_open(&r->metrics, &r->setup.metrics, read_figures, r);
    if (code == SQ_ERR_IO)
        return refuse_bind(r, "relay.metrics_listen", "relay.metrics_listen", &r->setup.metrics,
                           errno);
    return code ? fail("opening /metrics", code) : 0;
}

static void stop(struct relay *r)
{
    metrics_close(r->metrics);
    for (size_t i = 0; i < r->worker_count; i++)
        worker_free(r->workers[i]);
    control_free(r->control);
    cluster_free(r->cluster);
    dtls_identity_free(r->identity);
    if (r->signal_fd >= 0)
        close(r->signal_fd);
}

/* ---- the main thread's turn ---- */

static void drain_control(struct relay *r, time_us now)
{
    struct control_output out;
    while (control_next(r->control, &out)) {
        if (out.type == CONTROL_POST && !worker_post(r->workers[out.worker], &out.command))
            control_refused(r->control, &out.command);
        else if (out.type == CONTROL_ANSWER)
            (void)cluster_reply(r->cluster, out.ticket, out.text, strlen(out.text), now);
        else if (out.type == CONTROL_PUBLISH)
            (void)cluster_publish(r->cluster, out.text, strlen(out.text), now);
        free(out.text);
    }
}

static void take_requests(struct relay *r, time_us now)
{
    struct cluster_message m;
    cluster_step(r->cluster, now);
    while (cluster_next(r->cluster, &m)) {
        if (m.type == CLUSTER_REQUEST)
            control_request(r->control, m.ticket, m.body, m.len_bytes, now);
        else if (m.type == CLUSTER_RESTARTED)
            log_write(LOG_WARN, "relay.cluster_restarted",
                      LOG_TEXT("remedy", "none needed; look for a crash of shanqiao-cluster"));
    }
}

static void take_replies(struct relay *r, size_t i, time_us now)
{
    struct relay_reply reply;
    struct relay_event event;
    while (worker_take_reply(r->workers[i], &reply))
        control_reply(r->control, &reply, now);
    while (worker_take_event(r->workers[i], &event))
        control_event(r->control, &event, now);
}

/* The busiest worker's share of the last second. */
static void measure_load(struct relay *r, time_us now)
{
    double most = 0;
    if (now - r->load_us < LOAD_US)
        return;
    for (size_t i = 0; i < r->worker_count; i++) {
        worker_get_status(r->workers[i], &r->statuses[i]);
        double busy = (double)(r->statuses[i].busy_us - r->busy_us[i]) / (double)(now - r->load_us);
        most = busy > most ? busy : most;
        r->busy_us[i] = r->statuses[i].busy_us;
    }
    r->load_us = now;
    control_set_load(r->control, most);
}

static int wait_ms(const struct relay *r)
{
    time_us at = time_us_min(control_deadline(r->control), cluster_deadline(r->cluster));
    time_us left = at == TIME_US_NEVER ? WAIT_MS * TIME_US_PER_MS : at - clock_monotonic_us();
    if (left <= 0)
        return 0;
    return left > WAIT_MS * TIME_US_PER_MS ? WAIT_MS : (int)(left / TIME_US_PER_MS + 1);
}

static void run(struct relay *r)
{
    struct pollfd fds[POLL_MAX];
    bool ending = false;
    while (!ending) {
        size_t n = r->worker_count;
        for (size_t i = 0; i < n; i++)
            fds[i] = (struct pollfd){.fd = worker_fd(r->workers[i]), .events = POLLIN};
        fds[n] = (struct pollfd){.fd = cluster_fd(r->cluster), .events = POLLIN};
        fds[n + 1] = (struct pollfd){.fd = metrics_fd(r->metrics), .events = POLLIN};
        fds[n + 2] = (struct pollfd){.fd = r->signal_fd, .events = POLLIN};
        (void)poll(fds, n + 3, wait_ms(r));
        time_us now = clock_monotonic_us();
        for (size_t i = 0; i < n; i++)
            if (fds[i].revents)
                take_replies(r, i, now);
        take_requests(r, now);
        metrics_run(r->metrics);
        measure_load(r, now);
        control_timeout(r->control, now);
        drain_control(r, now);
        ending = fds[n + 2].revents != 0;
    }
}

static int usage(FILE *to)
{
    fprintf(to, "shanqiao-relay " VERSION ": carries media between terminals\n\n"
                "  --config FILE  read this YAML file\n"
                "  --help         this text\n"
                "  --version      the version\n\n"
                "Keys of the file, and their environment variables:\n\n");
    config_help(to, relay_option_keys, relay_option_count);
    return 0;
}

int main(int argc, char **argv)
{
    static struct relay relay = {.signal_fd = -1};
    static const struct option names[] = {{"config", required_argument, NULL, 'c'},
                                          {"help", no_argument, NULL, 'h'},
                                          {"version", no_argument, NULL, 'v'},
                                          {0}};
    char error[CONFIG_ERROR_MAX];
    const char *file = NULL;
    bool ok = false;
    for (int o = getopt_long(argc, argv, "", names, NULL); o != -1;
         o = getopt_long(argc, argv, "", names, NULL)) {
        if (o == 'h')
            return usage(stdout);
        if (o == 'v')
            return puts("shanqiao-relay " VERSION) < 0;
        if (o != 'c') {
            fprintf(stderr, "shanqiao-relay: see --help\n");
            return 2;
        }
        file = optarg;
    }
    if (optind < argc) {
        fprintf(stderr,
                "shanqiao-relay: found \"%s\", want options only; see --help (a file is named by "
                "--config)\n",
                argv[optind]);
        return 2;
    }
    if (relay_options_load(&relay.options, &relay.setup, file, error)) {
        fprintf(stderr, "shanqiao-relay: %s\n", error);
        return 2;
    }
    log_start("shanqiao-relay", log_level_parse(relay.options.log_level, &ok));
    int code = start(&relay);
    if (!code) {
        log_write(LOG_INFO, "relay.started", LOG_INT("workers", relay.worker_count),
                  LOG_INT("base_port", relay.options.base_port));
        run(&relay);
        log_write(LOG_INFO, "relay.stopped");
    }
    stop(&relay);
    return code ? 1 : 0;
}
