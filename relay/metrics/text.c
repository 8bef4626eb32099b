/* SPDX-License-Identifier: Apache-2.0 */
/* Figures to text. Refuses to know: HTTP. */
#include "relay/metrics/metrics.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX "shanqiao_relay_"

static void head(FILE *f, const char *name, const char *type, const char *help)
{
    fprintf(f, "# HELP " PREFIX "%s %s\n# TYPE " PREFIX "%s %s\n", name, help, name, type);
}

static void gauge(FILE *f, const char *name, const char *help, double value)
{
    head(f, name, "gauge", help);
    fprintf(f, PREFIX "%s %.17g\n", name, value);
}

/* All counters of one name stand together under one head. */
static void counters_of(FILE *f, const struct metrics_input *in, size_t first)
{
    const char *name = relay_counter_name((enum relay_counter)first)->name;
    head(f, name, "counter", relay_counter_name((enum relay_counter)first)->help);
    for (size_t i = first; i < RELAY_COUNTER_COUNT; i++) {
        const struct relay_counter_name *n = relay_counter_name((enum relay_counter)i);
        if (strcmp(n->name, name) != 0)
            continue;
        for (size_t w = 0; w < in->worker_count; w++)
            fprintf(f, PREFIX "%s{worker=\"%zu\",%s} %" PRIu64 "\n", name, w, n->label,
                    in->workers[w].counters[i]);
    }
}

static bool told_before(size_t index)
{
    const char *name = relay_counter_name((enum relay_counter)index)->name;
    for (size_t i = 0; i < index; i++)
        if (strcmp(relay_counter_name((enum relay_counter)i)->name, name) == 0)
            return true;
    return false;
}

static void sizes(FILE *f, const struct metrics_input *in)
{
    head(f, "objects", "gauge", "Open rooms, transports, producers and consumers");
    for (size_t w = 0; w < in->worker_count; w++) {
        const struct router_sizes *s = &in->workers[w].sizes;
        fprintf(f,
                PREFIX "objects{worker=\"%zu\",kind=\"room\"} %zu\n" PREFIX
                       "objects{worker=\"%zu\",kind=\"transport\"} %zu\n" PREFIX
                       "objects{worker=\"%zu\",kind=\"producer\"} %zu\n" PREFIX
                       "objects{worker=\"%zu\",kind=\"consumer\"} %zu\n",
                w, s->rooms, w, s->transports, w, s->producers, w, s->consumers);
    }
}

static void loops(FILE *f, const struct metrics_input *in)
{
    head(f, "loop_turns_total", "counter", "Turns of a worker's loop");
    for (size_t w = 0; w < in->worker_count; w++)
        fprintf(f, PREFIX "loop_turns_total{worker=\"%zu\"} %" PRIu64 "\n", w,
                in->workers[w].turns);
    head(f, "loop_busy_seconds_total", "counter", "Time a worker's loop was not waiting");
    for (size_t w = 0; w < in->worker_count; w++)
        fprintf(f, PREFIX "loop_busy_seconds_total{worker=\"%zu\"} %.6f\n", w,
                (double)in->workers[w].busy_us / 1e6);
    head(f, "loop_longest_seconds", "gauge", "Longest turn since the start");
    for (size_t w = 0; w < in->worker_count; w++)
        fprintf(f, PREFIX "loop_longest_seconds{worker=\"%zu\"} %.6f\n", w,
                (double)in->workers[w].longest_us / 1e6);
    head(f, "loop_age_seconds", "gauge", "Time since the last turn of a worker's loop");
    for (size_t w = 0; w < in->worker_count; w++)
        fprintf(f, PREFIX "loop_age_seconds{worker=\"%zu\"} %.6f\n", w,
                (double)(in->now_us - in->workers[w].beat_us) / 1e6);
}

static void node(FILE *f, const struct metrics_input *in)
{
    const struct cluster_counters *c = &in->cluster;
    head(f, "commands_total", "counter", "Commands of signalling, by result");
    fprintf(f,
            PREFIX "commands_total{result=\"taken\"} %" PRIu64 "\n" PREFIX
                   "commands_total{result=\"refused\"} %" PRIu64 "\n",
            in->control.requests - in->control.refused, in->control.refused);
    gauge(f, "revision", "Changes of state since the start", (double)in->control.revision);
    if (!in->in_cluster)
        return;
    head(f, "cluster_frames_total", "counter", "Sealed frames, by result");
    fprintf(f,
            PREFIX "cluster_frames_total{result=\"opened\"} %" PRIu64 "\n" PREFIX
                   "cluster_frames_total{result=\"sealed\"} %" PRIu64 "\n" PREFIX
                   "cluster_frames_total{result=\"forged\"} %" PRIu64 "\n" PREFIX
                   "cluster_frames_total{result=\"replayed\"} %" PRIu64 "\n" PREFIX
                   "cluster_frames_total{result=\"malformed\"} %" PRIu64 "\n" PREFIX
                   "cluster_frames_total{result=\"unknown\"} %" PRIu64 "\n",
            c->opened, c->sealed, c->dropped_forged, c->dropped_replayed, c->dropped_malformed,
            c->dropped_unknown);
    head(f, "cluster_restarts_total", "counter", "Starts again of the nanomsg process");
    fprintf(f, PREFIX "cluster_restarts_total %" PRIu64 "\n", c->restarts);
}

char *metrics_text(const struct metrics_input *in, size_t *len_bytes)
{
    char *text = NULL;
    FILE *f = open_memstream(&text, len_bytes);
    if (!f)
        return NULL;
    for (size_t i = 0; i < RELAY_COUNTER_COUNT; i++)
        if (!told_before(i))
            counters_of(f, in, i);
    sizes(f, in);
    loops(f, in);
    node(f, in);
    bool bad = ferror(f) != 0;
    if (fclose(f) != 0 || bad) {
        free(text);
        return NULL;
    }
    return text;
}

char *metrics_health(const struct metrics_input *in, bool *healthy)
{
    size_t stalled = 0;
    char *text = NULL;
    for (size_t w = 0; w < in->worker_count; w++)
        stalled += in->now_us - in->workers[w].beat_us > METRICS_STALL_US;
    *healthy = stalled == 0;
    if (asprintf(&text, "{\"status\":\"%s\",\"workers\":%zu,\"stalled\":%zu,\"rooms\":%zu}\n",
                 stalled ? "stalled" : "ok", in->worker_count, stalled, in->control.rooms) < 0)
        return NULL;
    return text;
}
