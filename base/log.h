/* SPDX-License-Identifier: Apache-2.0 */
/* Structured log: one JSON object a line, rate-limited by key (an attacker can't fill a disk), thread-safe.
 * Names, notes, tokens, addresses never appear: what is private has the type struct log_private and prints as
 * "[private]" (a build for debugging at one's own desk may show it: LOG_SHOW_PRIVATE=1 is refused in release). */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_DEBUG = 0, LOG_INFO, LOG_WARN, LOG_ERROR };

struct log_private {
    const char *text; /* borrowed for the call */
};

enum log_field_type { LOG_FIELD_END = 0, LOG_FIELD_TEXT, LOG_FIELD_INT, LOG_FIELD_REAL, LOG_FIELD_BOOL, LOG_FIELD_PRIVATE };

struct log_field {
    const char *name;
    enum log_field_type type;
    union {
        const char *text;
        int64_t integer;
        double real;
        bool boolean;
        struct log_private hidden;
    } value;
};

#define LOG_TEXT(n, v)    ((struct log_field){(n), LOG_FIELD_TEXT, {.text = (v)}})
#define LOG_INT(n, v)     ((struct log_field){(n), LOG_FIELD_INT, {.integer = (int64_t)(v)}})
#define LOG_REAL(n, v)    ((struct log_field){(n), LOG_FIELD_REAL, {.real = (v)}})
#define LOG_BOOL(n, v)    ((struct log_field){(n), LOG_FIELD_BOOL, {.boolean = (v)}})
#define LOG_PRIVATE(n, v) ((struct log_field){(n), LOG_FIELD_PRIVATE, {.hidden = {(v)}}})

/* log_write(LOG_WARN, "stun.dropped", LOG_TEXT("reason", "integrity"), LOG_INT("count", n));
 * `key` is a literal "module.event"; it names the rate limit too. */
#define log_write(level, key, ...) \
    log_write_fields((level), (key), (const struct log_field[]){__VA_ARGS__ __VA_OPT__(,) {0}})
void log_write_fields(enum log_level level, const char *key, const struct log_field *fields);

/* Set once at start by a program; the default is LOG_INFO to standard error. `program` is a literal. */
void log_start(const char *program, enum log_level lowest);
enum log_level log_level_parse(const char *name, bool *ok);

/* For tests: every finished line also goes to `sink` (NULL ends it). */
void log_set_sink(void (*sink)(const char *line, void *user), void *user);

#endif
