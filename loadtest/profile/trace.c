/* SPDX-License-Identifier: Apache-2.0 */
/* The trace format rate-v1: lines "<t_ms> <kbps>", the last "<t_ms> end", `#` metadata. */
#include "loadtest/profile/profile.h"
#include "shanqiao/error.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES 1024 /* metadata lines are long */
#define TIME_MAX_MS    (INT64_C(366) * 24 * 3600 * 1000)

struct trace_reader {
    const char *file;
    int line;
    double scale;
    struct link_rate *out;
    size_t capacity;
    bool ended, served; /* "end" was seen; some rate is above 0 */
    char *error;
};

static int wrong(struct trace_reader *t, const char *wanted)
{
    snprintf(t->error, LINK_ERROR_MAX,
             "%s line %d: wanted %s; correct the line or take the trace from its source", t->file,
             t->line, wanted);
    return SQ_ERR_INVALID;
}

static int add_point(struct trace_reader *t, time_us at_us, double kbps)
{
    struct link_rate *r = t->out;
    if (r->count == LINK_POINTS_MAX)
        return wrong(t, "at most 1000000 lines");
    if (r->count == t->capacity) {
        size_t capacity = t->capacity ? t->capacity * 2 : 256;
        void *grown = realloc(r->points, capacity * sizeof r->points[0]);
        if (!grown)
            return SQ_ERR_NOMEM;
        r->points = grown;
        t->capacity = capacity;
    }
    int64_t bps = llround(kbps * t->scale * 1000.0);
    r->points[r->count++] =
        (struct link_rate_point){.at_us = at_us, .bps = bps, .outage = kbps < LINK_OUTAGE_KBPS};
    t->served |= bps > 0;
    return 0;
}

static int read_line(struct trace_reader *t, const char *line)
{
    if (line[0] == '#' || line[0] == 0)
        return 0;
    if (t->ended)
        return wrong(t, "nothing after the end");
    char *at;
    errno = 0;
    long long ms = strtoll(line, &at, 10);
    if (at == line || errno || ms < 0 || ms > TIME_MAX_MS || *at != ' ')
        return wrong(t, "\"<t_ms> <kbps>\" or \"<t_ms> end\"");
    time_us at_us = ms * TIME_US_PER_MS;
    struct link_rate *r = t->out;
    if (r->count == 0 ? at_us != 0 : at_us <= r->points[r->count - 1].at_us)
        return wrong(t, "times that start at 0 and grow");
    if (strcmp(at + 1, "end") == 0) {
        t->ended = true;
        r->period_us = at_us;
        return 0;
    }
    char *end;
    double kbps = strtod(at + 1, &end);
    if (end == at + 1 || *end || !isfinite(kbps) || kbps < 0 ||
        kbps * t->scale > LINK_RATE_MAX_KBPS)
        return wrong(t, "a rate in kbit/s from 0 to 100000000");
    return add_point(t, at_us, kbps);
}

static int read_lines(struct trace_reader *t, FILE *f)
{
    char line[LINE_MAX_BYTES];
    while (fgets(line, sizeof line, f)) {
        t->line++;
        size_t n = strlen(line);
        if (n + 1 == sizeof line)
            return wrong(t, "lines under 1024 bytes");
        if (n && line[n - 1] == '\n')
            line[n - 1] = 0;
        int rc = read_line(t, line);
        if (rc < 0)
            return rc;
    }
    if (ferror(f))
        return SQ_ERR_IO;
    if (!t->ended || t->out->count == 0)
        return wrong(t, "at least one rate, and \"<t_ms> end\" as the last line");
    return t->served ? 0 : wrong(t, "some rate above 0");
}

int link_trace_read(struct link_rate *out, const char *file, double scale,
                    char error[LINK_ERROR_MAX])
{
    *out = (struct link_rate){.period_us = TIME_US_NEVER};
    error[0] = 0;
    FILE *f = fopen(file, "re");
    if (!f) {
        snprintf(error, LINK_ERROR_MAX,
                 "%s: can't be read (%s); put the trace there or correct the name", file,
                 strerror(errno));
        return SQ_ERR_IO;
    }
    struct trace_reader t = {.file = file, .scale = scale, .out = out, .error = error};
    int rc = read_lines(&t, f);
    fclose(f);
    if (rc < 0) {
        if (!error[0])
            snprintf(error, LINK_ERROR_MAX, "%s: %s", file,
                     rc == SQ_ERR_NOMEM ? "out of memory" : "can't be read");
        link_rate_fini(out);
    }
    return rc;
}

void link_rate_fini(struct link_rate *r)
{
    free(r->points);
    *r = (struct link_rate){0};
}

double link_rate_mean_bps(const struct link_rate *r)
{
    if (r->period_us == TIME_US_NEVER)
        return (double)r->points[0].bps;
    double bits = 0;
    for (size_t i = 0; i < r->count; i++) {
        time_us end = i + 1 < r->count ? r->points[i + 1].at_us : r->period_us;
        bits += (double)r->points[i].bps * (double)(end - r->points[i].at_us);
    }
    return bits / (double)r->period_us;
}
