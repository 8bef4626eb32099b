/* SPDX-License-Identifier: Apache-2.0 */
/* The log of this process: level, limit and output behind one mutex. The lock is held for one
 * format and one write; the packet path does not log. */
#include "base/log.h"
#include "base/log_line.h"
#include "base/log_rate.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static struct {
    pthread_mutex_t lock;
    _Atomic int lowest;
    const char *program;
    bool show_private;
    void (*sink)(const char *line, void *user);
    void *sink_user;
    struct log_rate rate;
    struct log_line line;
} state = {.lock = PTHREAD_MUTEX_INITIALIZER, .lowest = LOG_INFO, .program = "shanqiao"};

void log_start(const char *program, enum log_level lowest)
{
    const char *show = getenv("LOG_SHOW_PRIVATE");
    bool wanted = show && strcmp(show, "1") == 0;
#ifdef NDEBUG
    bool allowed = false; /* a release never prints a person's data */
#else
    bool allowed = true;
#endif
    pthread_mutex_lock(&state.lock);
    state.program = program;
    state.show_private = wanted && allowed;
    atomic_store(&state.lowest, (int)lowest);
    pthread_mutex_unlock(&state.lock);
    if (wanted && !allowed)
        log_write(LOG_WARN, "log.show_private_refused",
                  LOG_TEXT("remedy", "use a debug build, or unset LOG_SHOW_PRIVATE"));
}

enum log_level log_level_parse(const char *name, bool *ok)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    for (int i = 0; name && i < 4; i++) {
        if (strcmp(name, names[i]) == 0) {
            *ok = true;
            return (enum log_level)i;
        }
    }
    *ok = false;
    return LOG_INFO;
}

void log_set_sink(void (*sink)(const char *line, void *user), void *user)
{
    pthread_mutex_lock(&state.lock);
    state.sink = sink;
    state.sink_user = user;
    pthread_mutex_unlock(&state.lock);
}

void log_write_fields(enum log_level level, const char *key, const struct log_field *fields)
{
    uint64_t suppressed = 0;
    if ((int)level < atomic_load_explicit(&state.lowest, memory_order_relaxed))
        return;
    pthread_mutex_lock(&state.lock);
    if (log_rate_allow(&state.rate, key, clock_monotonic_us(), &suppressed)) {
        log_line_format(&state.line, clock_utc_us(), level, state.program, key, fields, suppressed,
                        state.show_private);
        log_line_emit(&state.line, STDERR_FILENO);
        if (state.sink)
            state.sink(state.line.text, state.sink_user);
    }
    pthread_mutex_unlock(&state.lock);
}
