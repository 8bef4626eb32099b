/* SPDX-License-Identifier: Apache-2.0 */
/* What a load run of signalling found: as JSON, as a table for a person, and against pass marks.
 * Refuses to know how it was measured. */
#ifndef LOADTEST_REPORT_SIGNALING_REPORT_H
#define LOADTEST_REPORT_SIGNALING_REPORT_H

#include "loadtest/measure/latency.h"
#include "loadtest/measure/process.h"
#include <stdbool.h>
#include <stdio.h>

#define REPORT_CODES_MAX   48
#define REPORT_CODE_SIZE   40
#define REPORT_METHODS_MAX 10

struct report_error {
    char code[REPORT_CODE_SIZE];
    uint64_t count;
};

struct report_errors {
    struct report_error items[REPORT_CODES_MAX];
    size_t count;
    uint64_t total;
};

/* `code` from outside is cut to what an error's name may hold; beyond REPORT_CODES_MAX different
 * ones they count as "other". */
void report_error_add(struct report_errors *e, const char *code);

struct report_method {
    const char *name; /* static storage; NULL ends the list */
    struct latency reply;
};

/* The server at three moments; all zero where it was not watched. */
struct report_server {
    bool known;
    struct process_use before_idle, after_idle, load_begin, load_end;
};

struct signaling_report {
    const char *store, *flow; /* borrowed */
    uint64_t seed;
    bool partial;
    int64_t idle_wanted, idle_opened, idle_connections; /* the last: still open at the end */
    int64_t active_connections;
    double opening_s, load_s, rate_wanted;
    uint64_t sent, replied, submitted, rung;
    uint64_t replied_in_load;                  /* before the load ended: what the rate is told by */
    struct latency sign_in, reply, ring, late; /* late: of the generator behind its schedule */
    struct report_method methods[REPORT_METHODS_MAX];
    struct report_errors errors;
    struct report_server server;
    struct process_use own_begin, own_end; /* around the load */
};

/* Pass marks; 0: no such mark. */
struct report_marks {
    double ring_p99_ms, reply_p99_ms, rss_mib, error_share, rate_share;
    int64_t idle;
};

/* Negative: unknown (the server was not watched, or nothing was opened). */
double report_bytes_per_idle(const struct signaling_report *r);
/* 0, SQ_ERR_NOMEM or SQ_ERR_IO. */
int report_write_json(const struct signaling_report *r, FILE *to);
void report_print(const struct signaling_report *r, FILE *to);
/* Prints each missed mark; the number of them. */
int report_check(const struct signaling_report *r, const struct report_marks *marks, FILE *to);

#endif
