/* SPDX-License-Identifier: Apache-2.0 */
/* Figures into JSON and a table. */
#include "loadtest/report/signaling_report.h"
#include "shanqiao/error.h"
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#define MIB (1024.0 * 1024.0)

static const char code_characters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

static struct report_error *find_code(struct report_errors *e, const char *code)
{
    for (size_t i = 0; i < e->count; i++)
        if (strcmp(e->items[i].code, code) == 0)
            return &e->items[i];
    return NULL;
}

void report_error_add(struct report_errors *e, const char *code)
{
    char name[REPORT_CODE_SIZE] = "";
    size_t len = strspn(code, code_characters);
    e->total++;
    if (len >= sizeof name)
        len = sizeof name - 1;
    memcpy(name, len ? code : "other", len ? len : sizeof "other");
    struct report_error *known = find_code(e, name);
    if (!known && e->count >= REPORT_CODES_MAX - 1)
        memcpy(name, "other", sizeof "other"); /* the last place */
    if (!known)
        known = find_code(e, name);
    if (!known) {
        known = &e->items[e->count++];
        memcpy(known->code, name, sizeof name);
    }
    known->count++;
}

static double per_s(uint64_t count, double seconds)
{
    return seconds > 0 ? (double)count / seconds : 0;
}

double report_bytes_per_idle(const struct signaling_report *r)
{
    if (!r->server.known || r->idle_opened <= 0)
        return -1;
    return (double)(r->server.after_idle.rss_bytes - r->server.before_idle.rss_bytes) /
           (double)r->idle_opened;
}

/* Share of one processor that was used between two readings. */
static double cpu_share(const struct process_use *from, const struct process_use *to, double s)
{
    return s > 0 ? (double)(to->cpu_us - from->cpu_us) / (double)TIME_US_PER_S / s : 0;
}

static json_t *latency_json(const struct latency *l)
{
    return json_pack("{s:I, s:f, s:f, s:f, s:f, s:f, s:f, s:f}", "count",
                     (json_int_t)l->histogram.count, "p50", latency_percentile_ms(l, 0.5), "p90",
                     latency_percentile_ms(l, 0.9), "p95", latency_percentile_ms(l, 0.95), "p99",
                     latency_percentile_ms(l, 0.99), "p99_9", latency_percentile_ms(l, 0.999),
                     "max", latency_max_ms(l), "mean", latency_mean_ms(l));
}

static json_t *errors_json(const struct report_errors *e)
{
    json_t *out = json_object();
    for (size_t i = 0; i < e->count; i++)
        json_object_set_new(out, e->items[i].code, json_integer((json_int_t)e->items[i].count));
    return out;
}

static json_t *methods_json(const struct signaling_report *r)
{
    json_t *out = json_object();
    for (size_t i = 0; i < REPORT_METHODS_MAX && r->methods[i].name; i++)
        json_object_set_new(out, r->methods[i].name, latency_json(&r->methods[i].reply));
    return out;
}

static json_t *server_json(const struct signaling_report *r)
{
    const struct report_server *s = &r->server;
    if (!s->known)
        return json_null();
    return json_pack(
        "{s:I, s:I, s:I, s:I, s:f, s:f}", "rss_before_idle_bytes",
        (json_int_t)s->before_idle.rss_bytes, "rss_idle_bytes", (json_int_t)s->after_idle.rss_bytes,
        "rss_end_bytes", (json_int_t)s->load_end.rss_bytes, "rss_peak_bytes",
        (json_int_t)s->load_end.rss_peak_bytes, "bytes_per_idle_connection",
        report_bytes_per_idle(r), "cpu_share", cpu_share(&s->load_begin, &s->load_end, r->load_s));
}

static json_t *details_json(const struct signaling_report *r)
{
    return json_pack(
        "{s:s, s:I, s:b, s:I, s:I, s:I, s:f, s:f, s:f, s:I, s:I, s:I, s:I, s:f}", "flow", r->flow,
        "seed", (json_int_t)r->seed, "partial", r->partial, "idle_wanted",
        (json_int_t)r->idle_wanted, "idle_opened", (json_int_t)r->idle_opened, "active_connections",
        (json_int_t)r->active_connections, "opening_s", r->opening_s, "load_s", r->load_s,
        "requests_per_s_wanted", r->rate_wanted, "sent", (json_int_t)r->sent, "replied",
        (json_int_t)r->replied, "submitted", (json_int_t)r->submitted, "rung", (json_int_t)r->rung,
        "submits_per_s", per_s(r->submitted, r->load_s));
}

static json_t *own_json(const struct signaling_report *r)
{
    return json_pack("{s:I, s:f, s:o}", "rss_bytes", (json_int_t)r->own_end.rss_bytes, "cpu_share",
                     cpu_share(&r->own_begin, &r->own_end, r->load_s), "late_ms",
                     latency_json(&r->late));
}

int report_write_json(const struct signaling_report *r, FILE *to)
{
    json_t *root = json_pack(
        "{s:s, s:I, s:o, s:f, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "store", r->store,
        "idle_connections", (json_int_t)r->idle_connections, "rss_bytes",
        r->server.known ? json_integer((json_int_t)r->server.load_end.rss_bytes) : json_null(),
        "requests_per_s", per_s(r->replied_in_load, r->load_s), "ring_ms", latency_json(&r->ring),
        "errors", errors_json(&r->errors), "reply_ms", latency_json(&r->reply), "sign_in_ms",
        latency_json(&r->sign_in), "methods_ms", methods_json(r), "server", server_json(r),
        "harness", own_json(r), "run", details_json(r));
    if (!root)
        return SQ_ERR_NOMEM;
    int failed = json_dumpf(root, to, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
    json_decref(root);
    return failed || fputc('\n', to) == EOF || fflush(to) ? SQ_ERR_IO : 0;
}

static void print_latency(const char *name, const struct latency *l, FILE *to)
{
    fprintf(to, "  %-26s %9" PRIu64 " %9.1f %9.1f %9.1f %9.1f\n", name, l->histogram.count,
            latency_percentile_ms(l, 0.5), latency_percentile_ms(l, 0.95),
            latency_percentile_ms(l, 0.99), latency_max_ms(l));
}

void report_print(const struct signaling_report *r, FILE *to)
{
    const struct report_server *s = &r->server;
    fprintf(to, "%s%s, flow %s, seed %" PRIu64 ": %" PRId64 " of %" PRId64 " idle connections, ",
            r->partial ? "partial: " : "", r->store, r->flow, r->seed, r->idle_connections,
            r->idle_wanted);
    fprintf(to, "%.1f replies/s of %.1f wanted for %.1f s, %.1f submits/s\n\n",
            per_s(r->replied_in_load, r->load_s), r->rate_wanted, r->load_s,
            per_s(r->submitted, r->load_s));
    fprintf(to, "  %-26s %9s %9s %9s %9s %9s\n", "ms", "count", "p50", "p95", "p99", "max");
    print_latency("submit to ring", &r->ring, to);
    print_latency("request to reply", &r->reply, to);
    for (size_t i = 0; i < REPORT_METHODS_MAX && r->methods[i].name; i++)
        print_latency(r->methods[i].name, &r->methods[i].reply, to);
    print_latency("sign-in", &r->sign_in, to);
    print_latency("harness behind schedule", &r->late, to);
    if (s->known)
        fprintf(to,
                "\n  server: %.1f MiB at the end (peak %.1f), %.0f bytes per idle connection, "
                "%.2f processors\n",
                (double)s->load_end.rss_bytes / MIB, (double)s->load_end.rss_peak_bytes / MIB,
                report_bytes_per_idle(r), cpu_share(&s->load_begin, &s->load_end, r->load_s));
    fprintf(to, "  harness: %.1f MiB, %.2f processors\n", (double)r->own_end.rss_bytes / MIB,
            cpu_share(&r->own_begin, &r->own_end, r->load_s));
    for (size_t i = 0; i < r->errors.count; i++)
        fprintf(to, "  error %s: %" PRIu64 "\n", r->errors.items[i].code, r->errors.items[i].count);
}

/* ---- pass marks ---- */

static int miss(FILE *to, const char *what, double found, double want)
{
    fprintf(to, "missed: %s is %.3f, want %.3f\n", what, found, want);
    return 1;
}

static int check_latency(FILE *to, const char *what, const struct latency *l, double mark_ms)
{
    double p99 = latency_percentile_ms(l, 0.99);
    if (mark_ms <= 0)
        return 0;
    if (l->histogram.count == 0) {
        fprintf(to, "missed: no %s was measured\n", what);
        return 1;
    }
    return p99 > mark_ms ? miss(to, what, p99, mark_ms) : 0;
}

int report_check(const struct signaling_report *r, const struct report_marks *m, FILE *to)
{
    double errors = r->sent ? (double)r->errors.total / (double)r->sent : (double)r->errors.total;
    double rate = per_s(r->replied_in_load, r->load_s);
    double rss_mib = (double)r->server.load_end.rss_peak_bytes / MIB;
    int missed = check_latency(to, "ring p99 ms", &r->ring, m->ring_p99_ms) +
                 check_latency(to, "reply p99 ms", &r->reply, m->reply_p99_ms);
    if (m->rss_mib > 0 && (!r->server.known || rss_mib > m->rss_mib))
        missed += miss(to, "server peak MiB (0: not watched)", rss_mib, m->rss_mib);
    if (errors > m->error_share)
        missed += miss(to, "errors per request", errors, m->error_share);
    if (m->rate_share > 0 && rate < m->rate_share * r->rate_wanted)
        missed += miss(to, "replies per second", rate, m->rate_share * r->rate_wanted);
    if (r->idle_connections < m->idle)
        missed += miss(to, "idle connections", (double)r->idle_connections, (double)m->idle);
    return missed;
}
