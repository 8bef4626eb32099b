/* SPDX-License-Identifier: Apache-2.0 */
/* A dispatcher over the test installation, and what its connections heard. Slow jobs run at once.
 */
#ifndef TESTS_UNIT_SIGNALING_PROTO_TERMINAL_H
#define TESTS_UNIT_SIGNALING_PROTO_TERMINAL_H

#include "people.h"
#include "signaling/proto/dispatch.h"
#include "signaling/proto/schema.h"

#define HEARD_MAX 4096

struct heard {
    uint64_t connection;
    json_t *text; /* NULL: a close */
    uint16_t code;
    bool taken;
};

struct bench {
    struct people people;
    struct schema_set *schemas;
    struct dispatch *dispatch;
    struct nodes *nodes; /* borrowed; NULL: this one alone */
    time_us now_us;
    struct heard heard[HEARD_MAX];
    size_t heard_count;
    unsigned next_key;
    bool pool_full;
};

void bench_init(struct bench *b);
/* The dispatcher over b->people, b->nodes and b->schemas. */
void bench_start(struct bench *b);
void bench_fini(struct bench *b);
void bench_restart(struct bench *b); /* the program dies and starts again on the same store */
void bench_pass(struct bench *b, time_us time);

void bench_open(struct bench *b, uint64_t connection);
void bench_close(struct bench *b, uint64_t connection);
void bench_text(struct bench *b, uint64_t connection, const char *text);
/* Sends a request; the reply to it (borrowed until bench_fini), NULL when none came. Takes over
 * params. */
json_t *bench_call(struct bench *b, uint64_t connection, const char *method, json_t *params);
json_t *bench_call_as(struct bench *b, uint64_t connection, const char *key, const char *method,
                      json_t *params);
/* Next unread notification on a connection, NULL: none. */
json_t *bench_told(struct bench *b, uint64_t connection, const char *method);
uint16_t bench_closed(const struct bench *b, uint64_t connection); /* close code, 0: open */

/* auth.login; returns the result. */
json_t *bench_login(struct bench *b, uint64_t connection, const char *account, bool takeover);
const char *bench_error(const json_t *reply); /* "SQ_ERR_DENIED", "" when it is a result */
json_t *bench_result(const json_t *reply);
const char *bench_get(const json_t *object, const char *name);

#endif
