/* SPDX-License-Identifier: Apache-2.0 */
/* shanqiao-loadtest: options, signals, the report and the exit status. */
#include "loadtest/signaling/load.h"
#include "shanqiao/error.h"
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define EXIT_MISSED      1
#define EXIT_USAGE       2
#define EXIT_INTERRUPTED 130 /* 128 + SIGINT, as shells tell it */

static const char usage_text[] =
    "shanqiao-loadtest signaling --server wss://ADDRESS:PORT/v1 --accounts FILE [options]\n"
    "Holds idle signed-in terminals, sends consultation requests as a Poisson process beside "
    "them,\n"
    "and measures. Never against a server whose owner did not agree.\n\n"
    "  --ca FILE            PEM certificates to trust; left out: those of the system\n"
    "  --idle N             idle connections (0 to 100000; 0)\n"
    "  --rate R             requests a second (0 to 5000; 0: none)\n"
    "  --seconds S          of load (1 to 3600; 30)\n"
    "  --flow NAME          consultation (submit to archive, 10 requests) or ring (submit, refuse)\n"
    "  --seed N             of the arrivals (1)\n"
    "  --parallel N         sign-ins at a time (1 to 256; 32)\n"
    "  --open-seconds N     at most, for each group to sign in (1 to 3600; 600)\n"
    "  --server-pid P       process id of the server here: its memory and processor time\n"
    "  --store NAME         what the report calls the server's store (sqlite)\n"
    "  --json FILE          report\n"
    "  --anywhere           a server that is not on this machine\n"
    "Pass marks (exit status 1 when one is missed):\n"
    "  --max-ring-p99-ms X  --max-reply-p99-ms X  --max-rss-mib X  --min-idle N\n"
    "  --max-error-share X  errors for each request sent (0)\n"
    "  --min-rate-share X   replies a second against --rate\n"
    "Exit status: 0 passed, 1 a mark was missed or the run failed, 2 wrong options, 130 "
    "interrupted\n"
    "(the report is written and marked partial).\n";

static void on_signal(int number)
{
    (void)number;
    load_stop = 1;
}

static int wrong(const char *option, const char *value, const char *want)
{
    fprintf(stderr, "shanqiao-loadtest: --%s: found \"%.60s\", want %s; see --help\n", option,
            value, want);
    return SQ_ERR_INVALID;
}

static int take_number(const char *option, const char *value, double least, double most,
                       double *out)
{
    char *end, want[64];
    *out = strtod(value, &end);
    if (end != value && !*end && isfinite(*out) && *out >= least && *out <= most)
        return 0;
    snprintf(want, sizeof want, "a number from %.0f to %.0f", least, most);
    return wrong(option, value, want);
}

static int take_whole(const char *option, const char *value, int64_t least, int64_t most,
                      int64_t *out)
{
    double number;
    int error = take_number(option, value, (double)least, (double)most, &number);
    if (error)
        return error;
    *out = (int64_t)number;
    return (double)*out == number ? 0 : wrong(option, value, "a whole number");
}

enum option_code {
    O_SERVER = 256,
    O_CA,
    O_ACCOUNTS,
    O_JSON,
    O_STORE,
    O_IDLE,
    O_RATE,
    O_SECONDS,
    O_FLOW,
    O_SEED,
    O_PARALLEL,
    O_OPEN,
    O_PID,
    O_ANYWHERE,
    O_RING,
    O_REPLY,
    O_RSS,
    O_MIN_IDLE,
    O_ERRORS,
    O_SHARE
};

static const struct option options[] = {
    {"server", 1, NULL, O_SERVER},
    {"ca", 1, NULL, O_CA},
    {"accounts", 1, NULL, O_ACCOUNTS},
    {"json", 1, NULL, O_JSON},
    {"store", 1, NULL, O_STORE},
    {"idle", 1, NULL, O_IDLE},
    {"rate", 1, NULL, O_RATE},
    {"seconds", 1, NULL, O_SECONDS},
    {"flow", 1, NULL, O_FLOW},
    {"seed", 1, NULL, O_SEED},
    {"parallel", 1, NULL, O_PARALLEL},
    {"open-seconds", 1, NULL, O_OPEN},
    {"server-pid", 1, NULL, O_PID},
    {"anywhere", 0, NULL, O_ANYWHERE},
    {"max-ring-p99-ms", 1, NULL, O_RING},
    {"max-reply-p99-ms", 1, NULL, O_REPLY},
    {"max-rss-mib", 1, NULL, O_RSS},
    {"min-idle", 1, NULL, O_MIN_IDLE},
    {"max-error-share", 1, NULL, O_ERRORS},
    {"min-rate-share", 1, NULL, O_SHARE},
    {"help", 0, NULL, 'h'},
    {"version", 0, NULL, 'v'},
    {0},
};

static int take_mark(struct report_marks *m, int code, const char *name, const char *value)
{
    switch (code) {
    case O_RING:
        return take_number(name, value, 0, 1e6, &m->ring_p99_ms);
    case O_REPLY:
        return take_number(name, value, 0, 1e6, &m->reply_p99_ms);
    case O_RSS:
        return take_number(name, value, 0, 1e6, &m->rss_mib);
    case O_ERRORS:
        return take_number(name, value, 0, 1e6, &m->error_share);
    case O_SHARE:
        return take_number(name, value, 0, 1, &m->rate_share);
    default:
        return take_whole(name, value, 0, LOAD_IDLE_MAX, &m->idle);
    }
}

static int take_count(struct load_options *o, int code, const char *name, const char *value)
{
    int64_t seed = 0;
    int error = 0;
    switch (code) {
    case O_IDLE:
        return take_whole(name, value, 0, LOAD_IDLE_MAX, &o->idle);
    case O_RATE:
        return take_number(name, value, 0, LOAD_RATE_MAX, &o->rate);
    case O_SECONDS:
        return take_whole(name, value, 1, LOAD_SECONDS_MAX, &o->seconds);
    case O_SEED:
        error = take_whole(name, value, 0, INT64_C(1) << 53, &seed);
        o->seed = (uint64_t)seed;
        return error;
    case O_PARALLEL:
        return take_whole(name, value, 1, LOAD_PARALLEL_MAX, &o->parallel);
    case O_OPEN:
        return take_whole(name, value, 1, LOAD_SECONDS_MAX, &o->open_seconds);
    case O_PID:
        return take_whole(name, value, 1, INT32_MAX, &o->server_pid);
    default:
        return take_mark(&o->marks, code, name, value);
    }
}

static int take_option(struct load_options *o, int code, const char *name, const char *value)
{
    switch (code) {
    case O_SERVER:
        o->server = value;
        return 0;
    case O_CA:
        o->ca_file = value;
        return 0;
    case O_ACCOUNTS:
        o->accounts_file = value;
        return 0;
    case O_JSON:
        o->json_file = value;
        return 0;
    case O_STORE:
        o->store = value;
        return 0;
    case O_ANYWHERE:
        o->anywhere = true;
        return 0;
    case O_FLOW:
        return flow_parse(&o->flow, value) ? 0 : wrong(name, value, "consultation or ring");
    default:
        return take_count(o, code, name, value);
    }
}

/* 0, or the exit status + 1. */
static int read_options(struct load_options *o, int argc, char **argv)
{
    int code, at = 0;
    while ((code = getopt_long(argc, argv, "hv", options, &at)) != -1) {
        if (code == 'h' || code == 'v') {
            fputs(code == 'h' ? usage_text : SHANQIAO_VERSION "\n", stdout);
            return 1;
        }
        if (code == '?' || take_option(o, code, options[at].name, optarg))
            return EXIT_USAGE + 1;
    }
    if (argc - optind == 1 && strcmp(argv[optind], "signaling") == 0 && o->server &&
        o->accounts_file)
        return 0;
    fputs(usage_text, stderr);
    return EXIT_USAGE + 1;
}

static int write_json(const struct load *l, FILE *to)
{
    int error = to ? report_write_json(&l->report, to) : 0;
    if (error)
        fprintf(stderr, "shanqiao-loadtest: --json: %s\n", sq_error_text(error, "en"));
    return error;
}

static int run(const struct load_options *o, FILE *json)
{
    static struct load l; /* histograms are large */
    int error = load_run(&l, o), missed = 0;
    bool partial = l.report.partial;
    if (!error) {
        report_print(&l.report, stdout);
        missed = report_check(&l.report, &o->marks, stdout);
        error = write_json(&l, json);
    }
    load_free(&l);
    return partial ? EXIT_INTERRUPTED : error || missed ? EXIT_MISSED : 0;
}

int main(int argc, char **argv)
{
    struct load_options o = {
        .store = "sqlite", .seconds = 30, .open_seconds = 600, .parallel = 32, .seed = 1};
    struct sigaction stop = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
    int ended = read_options(&o, argc, argv);
    if (ended)
        return ended - 1;
    /* opened first: a run of ten minutes must not end in a file that can't be written */
    FILE *json = o.json_file ? fopen(o.json_file, "we") : NULL;
    if (o.json_file && !json) {
        wrong("json", o.json_file, "a file that can be written");
        return EXIT_USAGE;
    }
    signal(SIGPIPE, SIG_IGN);
    sigaction(SIGINT, &stop, NULL);
    sigaction(SIGTERM, &stop, NULL);
    int status = run(&o, json);
    if (json)
        fclose(json);
    return status;
}
