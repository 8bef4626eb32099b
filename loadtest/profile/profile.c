/* SPDX-License-Identifier: Apache-2.0 */
/* The reader of "shanqiao-link-1": one function a field, in a table; every error says file,
 * profile, field and what is wanted. */
#include "loadtest/profile/profile.h"
#include "shanqiao/error.h"
#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FORMAT        "shanqiao-link-1"
#define PATH_BYTES    1024
#define DELAY_MAX_MS  60000
#define SECONDS_MAX   (366.0 * 24 * 3600)
#define QUEUE_MAX     1e9
#define MTU_MIN       576 /* RFC 791 section 3.2: every host takes that much */
#define MTU_MAX       65535
#define STEPS_MAX     1000
#define CROSS_TCP_MAX 1000

struct link_profiles {
    size_t count;
    struct link_profile profiles[];
};

struct reader {
    const char *file, *traces;
    struct link_profile *p;
    char *error;
};

__attribute__((format(printf, 3, 4))) static int wrong(struct reader *r, const char *field,
                                                       const char *wanted, ...)
{
    char text[256];
    va_list list;
    va_start(list, wanted);
    vsnprintf(text, sizeof text, wanted, list);
    va_end(list);
    snprintf(r->error, LINK_ERROR_MAX,
             "%.120s: profile \"%s\", field \"%s\": wanted %s; correct the file", r->file,
             r->p ? r->p->name : "", field, text);
    return SQ_ERR_INVALID;
}

static int number(struct reader *r, const char *field, json_t *v, double low, double high,
                  double *out)
{
    double x = json_is_number(v) ? json_number_value(v) : NAN;
    if (!(x >= low && x <= high))
        return wrong(r, field, "a number from %.10g to %.10g", low, high);
    *out = x;
    return 0;
}

static int time_of(struct reader *r, const char *field, json_t *v, double unit_us, double high,
                   time_us *out)
{
    double x = 0;
    int rc = number(r, field, v, 0, high, &x);
    *out = llround(x * unit_us);
    return rc;
}

/* Fields of an object other than the named ones are typing mistakes. */
static int only(struct reader *r, const char *field, json_t *object, const char *const *names)
{
    if (!json_is_object(object))
        return wrong(r, field, "an object");
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        const char *const *n = names;
        while (*n && strcmp(*n, key) != 0)
            n++;
        if (!*n)
            return wrong(r, field, "no field \"%.60s\"", key);
    }
    return 0;
}

static int rate_constant(struct reader *r, const char *field, json_t *v, struct link_rate *out)
{
    double kbps = 0;
    int rc = number(r, field, v, 0.008, LINK_RATE_MAX_KBPS,
                    &kbps); /* a byte a second: a dead link is an outage */
    if (rc < 0)
        return rc;
    out->points = malloc(sizeof out->points[0]);
    if (!out->points)
        return SQ_ERR_NOMEM;
    out->points[0] = (struct link_rate_point){.bps = llround(kbps * 1000.0)};
    out->count = 1;
    out->period_us = TIME_US_NEVER;
    return 0;
}

/* [[second, kbps], ...]: each holds until the next; the last holds as long as the first, then the
 * list repeats. */
static int rate_steps(struct reader *r, const char *field, json_t *v, struct link_rate *out)
{
    size_t count = json_array_size(v);
    if (count < 2 || count > STEPS_MAX)
        return wrong(r, field, "2 to %d pairs [second, kbit/s]", STEPS_MAX);
    out->points = calloc(count, sizeof out->points[0]);
    if (!out->points)
        return SQ_ERR_NOMEM;
    bool served = false;
    for (size_t i = 0; i < count; i++) {
        json_t *pair = json_array_get(v, i);
        double kbps = 0;
        struct link_rate_point *p = &out->points[i];
        if (json_array_size(pair) != 2)
            return wrong(r, field, "pairs [second, kbit/s]");
        int rc = time_of(r, field, json_array_get(pair, 0), 1e6, SECONDS_MAX, &p->at_us);
        if (rc == 0)
            rc = number(r, field, json_array_get(pair, 1), 0, LINK_RATE_MAX_KBPS, &kbps);
        if (rc < 0)
            return rc;
        if (i == 0 ? p->at_us != 0 : p->at_us <= out->points[i - 1].at_us)
            return wrong(r, field, "seconds that start at 0 and grow");
        p->bps = llround(kbps * 1000.0);
        p->outage = p->bps == 0;
        served |= p->bps > 0;
    }
    out->count = count;
    out->period_us = out->points[count - 1].at_us + out->points[1].at_us;
    return served ? 0 : wrong(r, field, "some rate above 0");
}

static int rate_trace(struct reader *r, const char *field, json_t *section, json_t *v,
                      struct link_rate *out)
{
    const char *name = json_string_value(v);
    if (!name || !name[0] || strchr(name, '/'))
        return wrong(r, field, "the name of a trace, without a folder");
    double scale = 1;
    json_t *s = json_object_get(section, "scale");
    int rc = s ? number(r, "scale", s, 1e-6, 1e6, &scale) : 0;
    if (rc < 0)
        return rc;
    char path[PATH_BYTES];
    if (snprintf(path, sizeof path, "%s/%s", r->traces, name) >= (int)sizeof path)
        return wrong(r, field, "a shorter path");
    return link_trace_read(out, path, scale, r->error);
}

static int read_direction(struct reader *r, const char *field, json_t *v, struct link_rate *out)
{
    static const char *const names[] = {"rate_kbps", "trace", "scale", "steps_kbps", NULL};
    int rc = only(r, field, v, names);
    if (rc < 0)
        return rc;
    json_t *constant = json_object_get(v, "rate_kbps"), *trace = json_object_get(v, "trace");
    json_t *steps = json_object_get(v, "steps_kbps");
    if ((constant != NULL) + (trace != NULL) + (steps != NULL) != 1 ||
        (json_object_get(v, "scale") && !trace))
        return wrong(r, field, "one of rate_kbps, trace (with or without scale), steps_kbps");
    if (constant)
        return rate_constant(r, field, constant, out);
    return trace ? rate_trace(r, field, v, trace, out) : rate_steps(r, field, steps, out);
}

static int read_down(struct reader *r, json_t *v)
{
    return read_direction(r, "down", v, &r->p->rate[LINK_DOWN]);
}

static int read_up(struct reader *r, json_t *v)
{
    return read_direction(r, "up", v, &r->p->rate[LINK_UP]);
}

static int read_says(struct reader *r, json_t *v)
{
    return json_is_string(v) ? 0 : wrong(r, "says", "a text");
}

static int read_delay(struct reader *r, json_t *v)
{
    return time_of(r, "delay_ms", v, 1e3, DELAY_MAX_MS, &r->p->delay_us);
}

static int read_jitter(struct reader *r, json_t *v)
{
    static const char *const names[] = {"model", "sd_ms", NULL};
    static const char *const models[] = {"", "gamma", "lognormal", "normal", "uniform"};
    int rc = only(r, "jitter", v, names);
    if (rc < 0)
        return rc;
    const char *model = json_string_value(json_object_get(v, "model"));
    for (int i = LINK_JITTER_GAMMA; model && i <= LINK_JITTER_UNIFORM; i++) {
        if (strcmp(model, models[i]) == 0)
            r->p->jitter = (enum link_jitter)i;
    }
    if (r->p->jitter == LINK_JITTER_NONE)
        return wrong(r, "jitter.model", "gamma, lognormal, normal or uniform");
    return time_of(r, "jitter.sd_ms", json_object_get(v, "sd_ms"), 1e3, DELAY_MAX_MS,
                   &r->p->jitter_sd_us);
}

static int read_ge(struct reader *r, json_t *v)
{
    struct link_loss *l = &r->p->loss;
    double *const fields[] = {&l->good_to_bad, &l->bad_to_good, &l->delivery_in_bad,
                              &l->delivery_in_good};
    if (json_array_size(v) != 4)
        return wrong(r, "ge", "[p good->bad, r bad->good, h delivery in bad, k delivery in good]");
    for (size_t i = 0; i < 4; i++) {
        int rc = number(r, "ge", json_array_get(v, i), 0, 1, fields[i]);
        if (rc < 0)
            return rc;
    }
    if (l->good_to_bad + l->bad_to_good <= 0)
        return wrong(r, "ge", "p or r above 0");
    l->on = true;
    return 0;
}

static int read_queue(struct reader *r, json_t *v)
{
    double bytes = 0;
    int rc = number(r, "queue_bytes", v, 1, QUEUE_MAX, &bytes);
    r->p->queue_bytes = (uint64_t)bytes;
    return rc;
}

static int read_outages(struct reader *r, json_t *v)
{
    static const char *const names[] = {"every_s", "length_s", "mode", NULL};
    struct link_outages *o = &r->p->outages;
    int rc = only(r, "outages", v, names);
    if (rc == 0)
        rc = time_of(r, "outages.every_s", json_object_get(v, "every_s"), 1e6, SECONDS_MAX,
                     &o->every_us);
    if (rc == 0)
        rc = time_of(r, "outages.length_s", json_object_get(v, "length_s"), 1e6, SECONDS_MAX,
                     &o->length_us);
    if (rc < 0)
        return rc;
    if (o->length_us <= 0 || o->length_us >= o->every_us)
        return wrong(r, "outages.length_s", "more than 0 and less than every_s");
    const char *mode = json_string_value(json_object_get(v, "mode"));
    if (!mode || (strcmp(mode, "queue") != 0 && strcmp(mode, "drop") != 0))
        return wrong(r, "outages.mode", "queue or drop");
    o->mode = mode[0] == 'q' ? LINK_OUTAGE_QUEUE : LINK_OUTAGE_DROP;
    return 0;
}

static int read_mtu(struct reader *r, json_t *v)
{
    double bytes = 0;
    int rc = number(r, "mtu", v, MTU_MIN, MTU_MAX, &bytes);
    r->p->mtu_bytes = (uint32_t)bytes;
    return rc;
}

static int read_dup(struct reader *r, json_t *v)
{
    return number(r, "dup", v, 0, 1, &r->p->duplicate);
}

static int read_reorder(struct reader *r, json_t *v)
{
    return number(r, "reorder", v, 0, 1, &r->p->reorder);
}

static int read_address_change(struct reader *r, json_t *v)
{
    static const char *const names[] = {"share", "min_s", NULL};
    int rc = only(r, "address_change", v, names);
    if (rc == 0)
        rc = number(r, "address_change.share", json_object_get(v, "share"), 0, 1,
                    &r->p->address_share);
    if (rc == 0)
        rc = time_of(r, "address_change.min_s", json_object_get(v, "min_s"), 1e6, SECONDS_MAX,
                     &r->p->address_min_us);
    return rc;
}

static int read_cross_tcp(struct reader *r, json_t *v)
{
    double flows = 0;
    int rc = number(r, "cross_tcp", v, 0, CROSS_TCP_MAX, &flows);
    r->p->cross_tcp = (unsigned)flows;
    return rc;
}

static int read_bearers(struct reader *r, json_t *v)
{
    size_t count = json_array_size(v);
    if (count < 1 || count > LINK_BEARERS_MAX)
        return wrong(r, "bearers", "1 to %d names of profiles", LINK_BEARERS_MAX);
    for (size_t i = 0; i < count; i++) {
        const char *name = json_string_value(json_array_get(v, i));
        if (!name || !name[0] || strlen(name) >= LINK_NAME_MAX)
            return wrong(r, "bearers", "names of profiles");
        memcpy(r->p->bearers[i], name, strlen(name) + 1);
    }
    r->p->bearer_count = count;
    return 0;
}

static int read_name(struct reader *r, json_t *v)
{
    const char *name = json_string_value(v);
    if (!name || !name[0] || strlen(name) >= LINK_NAME_MAX)
        return wrong(r, "name", "a name of at most %d bytes", LINK_NAME_MAX - 1);
    memcpy(r->p->name, name, strlen(name) + 1);
    return 0;
}

static const struct {
    const char *name;
    int (*read)(struct reader *r, json_t *v);
} fields[] = {
    {"says", read_says},
    {"down", read_down},
    {"up", read_up},
    {"delay_ms", read_delay},
    {"jitter", read_jitter},
    {"ge", read_ge},
    {"queue_bytes", read_queue},
    {"outages", read_outages},
    {"mtu", read_mtu},
    {"dup", read_dup},
    {"reorder", read_reorder},
    {"address_change", read_address_change},
    {"cross_tcp", read_cross_tcp},
    {"bearers", read_bearers},
};
#define FIELD_COUNT (sizeof fields / sizeof fields[0])

static int read_field(struct reader *r, const char *key, json_t *value)
{
    if (strcmp(key, "name") == 0)
        return 0; /* read first */
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        if (strcmp(key, fields[i].name) == 0)
            return fields[i].read(r, value);
    }
    return wrong(r, key, "a field of " FORMAT " (its README lists them)");
}

static int read_profile(struct reader *r, json_t *object)
{
    struct link_profile *p = r->p;
    p->queue_bytes = LINK_DEFAULT_QUEUE;
    if (!json_is_object(object))
        return wrong(r, "profiles", "objects");
    int rc = read_name(r, json_object_get(object, "name"));
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        if (rc == 0)
            rc = read_field(r, key, value);
    }
    if (rc < 0)
        return rc;
    if (p->bearer_count)
        return 0;
    if (!p->rate[LINK_DOWN].count || !p->rate[LINK_UP].count)
        return wrong(r, p->rate[LINK_DOWN].count ? "up" : "down", "a rate for each direction");
    if (p->jitter != LINK_JITTER_NONE && p->delay_us == 0)
        return wrong(r, "delay_ms", "a delay above 0 with jitter, which is drawn around it");
    return 0;
}

static int read_root(struct reader *r, json_t *root, struct link_profiles **out)
{
    const char *format = json_string_value(json_object_get(root, "format"));
    if (!format || strcmp(format, FORMAT) != 0)
        return wrong(r, "format", "\"" FORMAT "\"");
    json_t *list = json_object_get(root, "profiles");
    size_t count = json_array_size(list);
    if (count < 1 || count > LINK_PROFILES_MAX)
        return wrong(r, "profiles", "1 to %d profiles", LINK_PROFILES_MAX);
    struct link_profiles *set = calloc(1, sizeof *set + count * sizeof set->profiles[0]);
    if (!set)
        return SQ_ERR_NOMEM;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < count; i++) {
        r->p = &set->profiles[i];
        set->count = i + 1;
        rc = read_profile(r, json_array_get(list, i));
        for (size_t k = 0; rc == 0 && k < i; k++) {
            if (strcmp(set->profiles[k].name, r->p->name) == 0)
                rc = wrong(r, "name", "a name that no other profile has");
        }
    }
    if (rc < 0)
        link_profiles_free(set);
    else
        *out = set;
    return rc;
}

static int traces_folder(const char *file, const char *traces, char out[PATH_BYTES])
{
    const char *slash = strrchr(file, '/');
    int n = traces  ? snprintf(out, PATH_BYTES, "%s", traces)
            : slash ? snprintf(out, PATH_BYTES, "%.*s/traces", (int)(slash - file), file)
                    : snprintf(out, PATH_BYTES, "traces");
    return n < PATH_BYTES ? 0 : SQ_ERR_INVALID;
}

int link_profiles_read(struct link_profiles **out, const char *file, const char *traces,
                       char error[LINK_ERROR_MAX])
{
    *out = NULL;
    error[0] = 0;
    char folder[PATH_BYTES];
    struct reader r = {.file = file, .traces = folder, .error = error};
    if (traces_folder(file, traces, folder) < 0)
        return wrong(&r, "", "a shorter path");
    FILE *f = fopen(file, "re");
    if (!f) {
        snprintf(error, LINK_ERROR_MAX, "%.200s: can't be read; name a file of profiles", file);
        return SQ_ERR_IO;
    }
    json_error_t e;
    json_t *root = json_loadf(f, JSON_REJECT_DUPLICATES, &e);
    fclose(f);
    int rc;
    if (root) {
        rc = read_root(&r, root, out);
    } else {
        rc = json_error_code(&e) == json_error_out_of_memory ? SQ_ERR_NOMEM : SQ_ERR_INVALID;
        snprintf(error, LINK_ERROR_MAX, "%.120s line %d: %.160s; correct the JSON", file, e.line,
                 e.text);
    }
    json_decref(root);
    if (rc == SQ_ERR_NOMEM)
        snprintf(error, LINK_ERROR_MAX, "%.120s: out of memory", file);
    return rc;
}

void link_profiles_free(struct link_profiles *set)
{
    for (size_t i = 0; set && i < set->count; i++) {
        link_rate_fini(&set->profiles[i].rate[LINK_DOWN]);
        link_rate_fini(&set->profiles[i].rate[LINK_UP]);
    }
    free(set);
}

size_t link_profiles_count(const struct link_profiles *set)
{
    return set->count;
}

const struct link_profile *link_profiles_at(const struct link_profiles *set, size_t index)
{
    return index < set->count ? &set->profiles[index] : NULL;
}

const struct link_profile *link_profiles_find(const struct link_profiles *set, const char *name)
{
    for (size_t i = 0; i < set->count; i++) {
        if (strcmp(set->profiles[i].name, name) == 0)
            return &set->profiles[i];
    }
    return NULL;
}
