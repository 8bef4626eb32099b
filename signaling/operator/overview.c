/* SPDX-License-Identifier: Apache-2.0 */
/* The whole: what all nodes see, put together with who is signed in where. */
#include "shanqiao/error.h"
#include "signaling/operator/inside.h"
#include "signaling/store/store.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INSTITUTIONS_MAX 400 /* of one answer: those in calls, then those with most people */
#define E6               1e6 /* degrees are kept in millionths */
#define ABOVE_MAX        200 /* institutions above them */

struct overview {
    struct service *service;
    time_us utc_us;
    json_t *nodes, *relays, *institutions; /* institutions: id -> object */
    json_t *view;                          /* links and unable, of all nodes */
    bool failed;
};

/* ---- nodes ---- */

static int add_node(struct overview *o, const char *id, time_us at_us)
{
    char at[SERVICE_TIME_MAX];
    json_t *node = json_pack("{s:s, s:s, s:b}", "id", id, "at", service_time_text(at_us, at),
                             "fresh", o->utc_us - at_us <= WATCH_FRESH_US);
    return json_array_append_new(o->nodes, node);
}

/* What the others told; old words are of a node that is gone. */
static int load_views(struct overview *o)
{
    struct store_query q;
    int bad =
        add_node(o, o->service->watch->node[0] ? o->service->watch->node : "signaling", o->utc_us);
    STORE_QUERY(o->service->store, &q,
                "SELECT v.node, v.at_us, v.view FROM node_view v JOIN node n ON n.id = v.node"
                " WHERE v.node <> $1 ORDER BY v.node",
                sv_text(o->service->watch->node));
    while (store_next(&q)) {
        json_t *view = json_loads(store_text(&q, 2), 0, NULL);
        bad |= add_node(o, store_text(&q, 0), store_int(&q, 1));
        if (o->utc_us - store_int(&q, 1) <= WATCH_FRESH_US)
            bad |= watch_merge(o->view, view);
        json_decref(view);
    }
    int status = store_query_end(&q);
    return status < 0 ? status : bad ? SQ_ERR_NOMEM : 0;
}

/* ---- relays ---- */

static const char *state_of(const struct relays_info *info)
{
    return info->alive ? "up" : info->heard_us ? "silent" : "never";
}

static int64_t number(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

/* kbit/s, loss and round trip of all links over the relay. */
static void sum_links(const struct overview *o, const char *relay, json_t *out)
{
    int64_t people = 0, kbps = 0, loss = 0, rtt = 0;
    size_t i;
    json_t *e;
    json_array_foreach(json_object_get(o->view, "links"), i, e)
    {
        if (strcmp(text_of(e, "relayId"), relay) != 0)
            continue;
        int64_t n = number(e, "people"), up = number(e, "lossUpPercent"),
                down = number(e, "lossDownPercent");
        people += n;
        kbps += number(e, "kbps");
        loss += n * (up > down ? up : down);
        rtt += n * number(e, "rttMs");
    }
    json_object_set_new(out, "people", json_integer(people));
    json_object_set_new(out, "kbps", json_integer(kbps));
    json_object_set_new(out, "lossPercent", json_integer(people ? loss / people : 0));
    json_object_set_new(out, "rttMs", json_integer(people ? rtt / people : 0));
}

static int add_relay(struct overview *o, const struct relays_info *info, const char *level)
{
    char at[SERVICE_TIME_MAX];
    json_t *relay = json_pack("{s:s, s:s, s:b, s:b, s:f, s:I, s:I, s:I}", "id", info->node, "state",
                              state_of(info), "drained", info->drained, "added", info->added,
                              "load", info->load, "rooms", (json_int_t)info->rooms, "transports",
                              (json_int_t)info->transports, "workers", (json_int_t)info->workers);
    if (!relay)
        return SQ_ERR_NOMEM;
    if (*level)
        json_object_set_new(relay, "level", json_string(level));
    if (info->heard_us && !info->alive) {
        time_us since_us = o->utc_us - (watch_now(o->service) - info->heard_us);
        json_object_set_new(relay, "silentSince", json_string(service_time_text(since_us, at)));
    }
    sum_links(o, info->node, relay);
    return json_array_append_new(o->relays, relay);
}

static int add_relays(struct overview *o)
{
    struct relays_info info;
    json_t *levels = NULL;
    int status = watch_relay_levels(o->service, &levels), bad = 0;
    for (size_t i = 0; status == 0 && watch_info(o->service, i, &info); i++)
        bad |= add_relay(o, &info, info.level[0] ? info.level : text_of(levels, info.node));
    json_decref(levels);
    return status < 0 ? status : bad ? SQ_ERR_NOMEM : 0;
}

/* ---- institutions ---- */

static json_t *institution_of(struct overview *o, const struct store_query *q)
{
    json_t *known = json_object_get(o->institutions, store_text(q, 4));
    if (known)
        return known;
    json_t *one = json_pack("{s:s, s:s, s:I, s:i, s:i, s:I}", "id", store_text(q, 4), "name",
                            store_text(q, 5), "level", (json_int_t)store_int(q, 6), "online", 0,
                            "inCall", 0, "seen", (json_int_t)0);
    if (store_text(q, 7)[0])
        json_object_set_new(one, "parent", json_string(store_text(q, 7)));
    if (!store_is_null(q, 8)) {
        json_object_set_new(one, "latitude", json_real((double)store_int(q, 8) / E6));
        json_object_set_new(one, "longitude", json_real((double)store_int(q, 9) / E6));
    }
    o->failed |= json_object_set_new(o->institutions, store_text(q, 4), one) != 0;
    return one;
}

static bool connected(const struct service *s, const struct store_query *q)
{
    return store_text(q, 1)[0] ||
           (s->session_connected && s->session_connected(s->front_user, store_text(q, 0)));
}

/* One session of the last day. */
static void add_session(struct overview *o, const struct store_query *q)
{
    json_t *one = institution_of(o, q);
    bool open = store_is_null(q, 3);
    time_us seen_us =
        open ? watch_lost_since(o->service->watch, store_text(q, 0)) : store_int(q, 3);
    if (open && connected(o->service, q)) {
        json_object_set_new(one, "online", json_integer(number(one, "online") + 1));
        seen_us = o->utc_us;
    }
    if (!seen_us)
        seen_us = store_int(q, 2); /* its sign-in */
    if (seen_us > number(one, "seen"))
        json_object_set_new(one, "seen", json_integer(seen_us));
}

static int load_institutions(struct overview *o)
{
    struct store_query q;
    STORE_QUERY(o->service->store, &q,
                "SELECT s.id, s.node, s.created_us, s.ended_us, i.id, i.name, i.level, i.parent,"
                " i.latitude_e6, i.longitude_e6"
                " FROM session s JOIN account a ON a.id = s.account"
                " JOIN institution i ON i.id = a.institution"
                " WHERE (s.ended_us IS NULL AND s.expires_us > $1) OR s.ended_us > $2",
                sv_int(o->utc_us), sv_int(o->utc_us - 24 * 3600 * TIME_US_PER_S));
    while (store_next(&q))
        add_session(o, &q);
    return store_query_end(&q);
}

static void count_calls(struct overview *o)
{
    size_t i;
    json_t *e;
    json_array_foreach(json_object_get(o->view, "links"), i, e)
    {
        json_t *one = json_object_get(o->institutions, text_of(e, "institutionId"));
        if (one)
            json_object_set_new(one, "inCall",
                                json_integer(number(one, "inCall") + number(e, "people")));
    }
}

static int by_importance(const void *a, const void *b)
{
    const json_t *x = *(json_t *const *)a, *y = *(json_t *const *)b;
    int64_t calls = number(y, "inCall") - number(x, "inCall");
    int64_t online = number(y, "online") - number(x, "online");
    int64_t by = calls ? calls : online;
    return by ? (by > 0 ? 1 : -1) : strcmp(text_of(x, "id"), text_of(y, "id"));
}

/* The first INSTITUTIONS_MAX as a list. */
static json_t *list_institutions(struct overview *o)
{
    size_t count = json_object_size(o->institutions), n = 0;
    json_t **all = calloc(count + 1, sizeof *all), *list = json_array(), *one;
    const char *id;
    char at[SERVICE_TIME_MAX];
    if (all) {
        json_object_foreach(o->institutions, id, one) all[n++] = one;
        qsort(all, count, sizeof *all, by_importance);
    }
    for (size_t i = 0; i < n && i < INSTITUTIONS_MAX; i++) {
        service_time_text(number(all[i], "seen"), at);
        json_object_del(all[i], "seen");
        json_object_set_new(all[i], "lastSeen", json_string(at));
        o->failed |= json_array_append(list, all[i]) != 0;
    }
    o->failed |= !all;
    free(all);
    return list;
}

/* Those above the listed ones, so that they hang in one tree; nobody of theirs was here. */
static int add_above(struct overview *o, json_t *list)
{
    int status = 0;
    for (size_t i = 0; status == 0 && i < json_array_size(list); i++) {
        const char *parent = text_of(json_array_get(list, i), "parent");
        struct store_query q;
        if (!*parent || json_object_get(o->institutions, parent) ||
            json_array_size(list) >= INSTITUTIONS_MAX + ABOVE_MAX)
            continue;
        STORE_QUERY(o->service->store, &q,
                    "SELECT '', '', 0, 0, id, name, level, parent, latitude_e6, longitude_e6"
                    " FROM institution WHERE id = $1",
                    sv_text(parent));
        if (store_next(&q)) {
            json_t *one = institution_of(o, &q);
            json_object_del(one, "seen");
            o->failed |= json_array_append(list, one) != 0;
        }
        status = store_query_end(&q);
    }
    return status;
}

/* ---- the whole ---- */

static int collect(struct overview *o)
{
    int status = watch_view(o->service, o->utc_us, &o->view);
    if (status == 0)
        status = load_views(o);
    if (status == 0)
        status = add_relays(o);
    if (status == 0)
        status = load_institutions(o);
    if (status == 0)
        count_calls(o);
    return status;
}

int watch_overview(struct service *s, time_us utc_us, json_t **out)
{
    struct overview o = {.service = s, .utc_us = utc_us};
    const struct watch_port *p = &s->watch->port;
    char at[SERVICE_TIME_MAX];
    o.nodes = json_array();
    o.relays = json_array();
    o.institutions = json_object();
    int status = collect(&o);
    size_t known = json_object_size(o.institutions);
    json_t *places = status == 0 ? list_institutions(&o) : NULL;
    if (status == 0)
        status = add_above(&o, places);
    if (status == 0)
        *out = json_pack(
            "{s:s, s:O, s:O, s:O, s:O, s:O, s:b, s:I}", "at", service_time_text(utc_us, at),
            "nodes", o.nodes, "relays", o.relays, "links", json_object_get(o.view, "links"),
            "unable", json_object_get(o.view, "unable"), "institutions", places, "more",
            known > INSTITUTIONS_MAX, "refusedFrames", (json_int_t)p->refused(p->relays));
    json_decref(o.nodes);
    json_decref(o.relays);
    json_decref(o.institutions);
    json_decref(places);
    json_decref(o.view);
    if (status == 0 && (o.failed || !*out)) {
        json_decref(*out);
        *out = NULL;
        status = SQ_ERR_NOMEM;
    }
    return status;
}
