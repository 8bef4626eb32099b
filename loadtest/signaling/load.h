/* SPDX-License-Identifier: Apache-2.0 */
/* A load run of signalling in one thread: terminals that sign in, an open loop of requests between
 * them, and what is counted. load.c holds terminals and the loop, traffic.c requests and rings. */
#ifndef LOADTEST_SIGNALING_LOAD_H
#define LOADTEST_SIGNALING_LOAD_H

#include "loadtest/link/random.h"
#include "loadtest/report/signaling_report.h"
#include "loadtest/signaling/accounts.h"
#include "loadtest/signaling/connection.h"
#include "loadtest/signaling/flow.h"
#include <jansson.h>
#include <signal.h>

#define LOAD_IDLE_MAX     100000
#define LOAD_RATE_MAX     5000 /* requests a second */
#define LOAD_SECONDS_MAX  3600
#define LOAD_PARALLEL_MAX 256
#define LOAD_PENDING_MAX                                                                           \
    65536 /* requests without a reply; consultations under way. A power of two */
#define LOAD_NONCE_SIZE 9

struct load_options {
    const char *server, *ca_file, *accounts_file, *json_file, *store;
    int64_t idle, seconds, open_seconds, parallel, server_pid;
    double rate;
    uint64_t seed;
    enum flow_kind flow;
    bool anywhere;
    struct report_marks marks;
};

enum terminal_phase { TERMINAL_NEW = 0, TERMINAL_OPENING, TERMINAL_READY, TERMINAL_GONE };

struct terminal {
    struct connection connection;
    const struct account *account;
    time_us began_us;
    enum terminal_phase phase;
};

struct pending {
    uint64_t number; /* 0: free */
    uint32_t terminal, consult, step;
    time_us due_us; /* when the schedule wanted it sent: waiting here counts too */
};

struct consult {
    bool used, replied, rung;
    uint32_t generation, applicant, specialist, step;
    char id[FLOW_ID_MAX];
    time_us due_us; /* of its submit */
};

struct traffic {
    struct pending *pending;
    struct consult *consults;
    uint32_t *free_slots, *ready; /* a stack; a ring of consultations whose next step may go */
    size_t free_count, ready_first, ready_count, outstanding;
    uint64_t last_number;
    uint32_t *applicants, *specialists; /* indexes of terminals */
    size_t applicant_count, specialist_count;
    time_us next_us;
    const struct flow_step *steps;
    size_t step_count;
    bool ended; /* nothing more is sent */
};

struct load {
    const struct load_options *options;
    struct accounts accounts;
    struct target target;
    struct connection_context context;
    struct terminal *terminals;
    size_t terminal_count, active_count, in_flight, gone_idle;
    struct traffic traffic;
    struct link_random random;
    struct signaling_report report;
    char nonce[LOAD_NONCE_SIZE]; /* request ids of two runs in one session differ */
    time_us progress_us;
    int64_t progress_replied;
};

/* Set by a signal handler: the run ends early, with its report. */
extern volatile sig_atomic_t load_stop;

/* 0 when it ran (or was stopped: report.partial), else an error with its remedy on standard error.
 */
int load_run(struct load *l, const struct load_options *options);
void load_free(struct load *l);

/* Between load.c and traffic.c. */
bool load_send(struct load *l, uint32_t terminal, const char *text);
void load_count_error(struct load *l, const char *code);
int traffic_new(struct load *l);
void traffic_free(struct traffic *t);
void traffic_start(struct load *l, time_us now_us);
/* Sends what is due; when the next one is. */
time_us traffic_turn(struct load *l, time_us now_us);
void traffic_reply(struct load *l, uint64_t number, const json_t *message, time_us now_us);
void traffic_ring(struct load *l, uint32_t terminal, const json_t *params, time_us now_us);
/* Counts what was never answered and never rang. */
void traffic_settle(struct load *l);

#endif
