/* SPDX-License-Identifier: Apache-2.0 */
/* The minutes of each relay: the running one in memory, those before as rows that all nodes share
 * and a restart leaves. Old ones go. */
#include "shanqiao/error.h"
#include "signaling/operator/inside.h"
#include "signaling/store/store.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE_US (60 * TIME_US_PER_S)

/* NULL: too many, or memory. */
static struct watch_relay *relay_of(struct watch *w, const char *id)
{
    for (size_t i = 0; i < w->relay_count; i++) {
        if (!strcmp(w->relays[i]->id, id))
            return w->relays[i];
    }
    struct watch_relay *r = w->relay_count < WATCH_RELAYS ? calloc(1, sizeof *r) : NULL;
    if (!r)
        return NULL;
    snprintf(r->id, sizeof r->id, "%s", id);
    w->relays[w->relay_count++] = r;
    return r;
}

static int64_t mean(int64_t sum, int64_t people)
{
    return people ? sum / people : 0;
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* The highest of load and connections, the last of the rest. A minute in which it was silent has no
 * point. */
static void sample(struct watch_relay *r, const struct relays_info *info,
                   const struct watch_sum *sum, int64_t minute)
{
    struct watch_point *p = &r->now;
    if (p->minute != minute)
        *p = (struct watch_point){.minute = minute};
    p->load_permille = larger(p->load_permille, (int64_t)(info->load * 1000));
    p->transports = larger(p->transports, info->transports);
    p->people = sum->people;
    p->kbps = sum->kbps;
    p->loss_percent = mean(sum->loss_percent, sum->people);
    p->rtt_ms = mean(sum->rtt_ms, sum->people);
}

/* A restart within a minute fills it a second time: the later numbers stand. */
static int store_minute(struct service *s, const struct watch_relay *r)
{
    const struct watch_point *p = &r->now;
    int rows = STORE_RUN(
        s->store,
        "INSERT INTO relay_minute (relay, minute, node, load_permille, transports, people, kbps,"
        " loss_percent, rtt_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
        " ON CONFLICT (relay, minute, node) DO UPDATE SET load_permille = excluded.load_permille,"
        " transports = excluded.transports, people = excluded.people, kbps = excluded.kbps,"
        " loss_percent = excluded.loss_percent, rtt_ms = excluded.rtt_ms",
        sv_text(r->id), sv_int(p->minute), sv_text(s->watch->node), sv_int(p->load_permille),
        sv_int(p->transports), sv_int(p->people), sv_int(p->kbps), sv_int(p->loss_percent),
        sv_int(p->rtt_ms));
    return rows < 0 ? rows : 0;
}

/* Minutes that are over, of relays that fell silent since too. */
static int close_minutes(struct service *s, int64_t minute)
{
    struct watch *w = s->watch;
    int status = 0;
    for (size_t i = 0; i < w->relay_count && status == 0; i++) {
        struct watch_relay *r = w->relays[i];
        if (!r->now.minute || r->now.minute == minute)
            continue;
        status = store_minute(s, r);
        if (status == 0)
            r->now = (struct watch_point){0};
    }
    return status;
}

static int forget_old(struct service *s, time_us utc_us)
{
    struct watch *w = s->watch;
    if (utc_us < w->forget_utc_us)
        return 0;
    w->forget_utc_us = utc_us + WATCH_CLEAN_US;
    int rows = STORE_RUN(s->store, "DELETE FROM relay_minute WHERE minute <= $1",
                         sv_int(utc_us / MINUTE_US - WATCH_HISTORY_MIN));
    return rows < 0 ? rows : 0;
}

static const struct watch_sum *sum_of(const struct watch_sum *sums, size_t count, const char *relay)
{
    static const struct watch_sum none;
    for (size_t i = 0; i < count; i++) {
        if (!strcmp(sums[i].relay, relay))
            return &sums[i];
    }
    return &none;
}

int watch_sample(struct service *s, time_us utc_us)
{
    struct watch_sum sums[WATCH_RELAYS];
    struct relays_info info;
    int64_t minute = utc_us / MINUTE_US;
    int status = close_minutes(s, minute);
    if (status < 0)
        return status;
    size_t count = watch_sums(s, sums);
    for (size_t i = 0; watch_info(s, i, &info); i++) {
        struct watch_relay *r = info.alive ? relay_of(s->watch, info.node) : NULL;
        if (r)
            sample(r, &info, sum_of(sums, count, info.node), minute);
    }
    return forget_old(s, utc_us);
}

/* ---- what is told ---- */

static int add_point(json_t *points, const struct watch_point *p)
{
    char at[SERVICE_TIME_MAX];
    return json_array_append_new(
        points, json_pack("{s:s, s:f, s:I, s:I, s:I, s:I}", "at",
                          service_time_text(p->minute * MINUTE_US, at), "load",
                          (double)p->load_permille / 1000.0, "transports",
                          (json_int_t)p->transports, "kbps", (json_int_t)p->kbps, "lossPercent",
                          (json_int_t)p->loss_percent, "rttMs", (json_int_t)p->rtt_ms));
}

/* The running minute of this node; others tell theirs when it is over. */
static int add_running(const struct watch *w, const char *relay, const struct watch_span *span,
                       json_t *points)
{
    for (size_t i = 0; i < w->relay_count; i++) {
        const struct watch_relay *r = w->relays[i];
        if (!strcmp(r->id, relay) && r->now.minute > span->first)
            return add_point(points, &r->now);
    }
    return 0;
}

/* Nodes hear the same load of a relay; people are each at one node. Of several minutes in a step,
 * the highest of load and connections, the mean of the rest. */
int watch_history(struct service *s, const char *relay, const struct watch_span *span, json_t **out)
{
    struct store_query q;
    json_t *points = json_array();
    int bad = !points;
    STORE_QUERY(s->store, &q,
                "SELECT minute / $3 * $3, MAX(load_permille), MAX(transports),"
                " CAST(SUM(kbps) / COUNT(DISTINCT minute) AS BIGINT),"
                " CAST(COALESCE(SUM(loss_percent * people) / NULLIF(SUM(people), 0), 0) AS BIGINT),"
                " CAST(COALESCE(SUM(rtt_ms * people) / NULLIF(SUM(people), 0), 0) AS BIGINT)"
                " FROM relay_minute WHERE relay = $1 AND minute > $2 GROUP BY 1 ORDER BY 1",
                sv_text(relay), sv_int(span->first), sv_int(span->step));
    while (store_next(&q)) {
        struct watch_point p = {.minute = store_int(&q, 0),
                                .load_permille = store_int(&q, 1),
                                .transports = store_int(&q, 2),
                                .kbps = store_int(&q, 3),
                                .loss_percent = store_int(&q, 4),
                                .rtt_ms = store_int(&q, 5)};
        bad |= add_point(points, &p);
    }
    int status = store_query_end(&q);
    if (status == 0 && span->step == 1)
        bad |= add_running(s->watch, relay, span, points);
    if (status == 0 && !bad) {
        *out = points;
        return 0;
    }
    json_decref(points);
    return status < 0 ? status : SQ_ERR_NOMEM;
}
