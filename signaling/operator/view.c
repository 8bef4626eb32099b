/* SPDX-License-Identifier: Apache-2.0 */
/* What this node sees of people in rooms: their links by relay and institution, and who can't
 * speak. Only institutions leave here, no person and no case. */
#include "shanqiao/error.h"
#include "signaling/consult/step.h"
#include "signaling/operator/inside.h"
#include "signaling/store/store.h"
#include <stdio.h>
#include <string.h>

struct view {
    struct service *service;
    time_us utc_us, now_us;
    json_t *homes; /* account -> institution, of those with media */
    json_t *seen;  /* "room account" of those with media */
    json_t *object;
    struct watch_sum *sums;
    size_t sum_count;
    bool failed; /* no memory */
};

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* ---- sums of relays ---- */

static struct watch_sum *sum_of(struct view *v, const char *relay)
{
    for (size_t i = 0; i < v->sum_count; i++) {
        if (!strcmp(v->sums[i].relay, relay))
            return &v->sums[i];
    }
    if (v->sum_count == WATCH_RELAYS)
        return NULL;
    struct watch_sum *sum = &v->sums[v->sum_count++];
    *sum = (struct watch_sum){0};
    snprintf(sum->relay, sizeof sum->relay, "%s", relay);
    return sum;
}

static void add_to_sum(const struct media_seat *seat, void *user)
{
    struct watch_sum *sum = *seat->relay ? sum_of(user, seat->relay) : NULL;
    if (!sum)
        return;
    sum->people++;
    sum->kbps += seat->kbps;
    sum->loss_percent += larger(seat->loss_up_percent, seat->loss_down_percent);
    sum->rtt_ms += seat->rtt_ms;
}

size_t watch_sums(struct service *s, struct watch_sum out[WATCH_RELAYS])
{
    struct view v = {.sums = out};
    if (s->media)
        media_each_seat(s->media, add_to_sum, &v);
    return v.sum_count;
}

/* ---- links and who can't speak ---- */

static const char *const health_names[] = {"good", "fair", "poor", "none"};

static int64_t number(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

static int health_of(const json_t *object)
{
    const char *name = text_of(object, "quality");
    int i = 0;
    while (i < MEDIA_NONE && strcmp(health_names[i], name) != 0)
        i++;
    return i;
}

/* The entry of the list whose texts are the same; NULL: none. */
static json_t *same(const json_t *list, const json_t *entry, const char *a, const char *b)
{
    size_t i;
    json_t *e;
    json_array_foreach((json_t *)list, i, e)
    {
        if (!strcmp(text_of(e, a), text_of(entry, a)) && !strcmp(text_of(e, b), text_of(entry, b)))
            return e;
    }
    return NULL;
}

static void set_larger(json_t *to, const json_t *from, const char *name)
{
    if (number(from, name) > number(to, name))
        json_object_set(to, name, json_object_get(from, name));
}

static void set_sum(json_t *to, const json_t *from, const char *name)
{
    json_object_set_new(to, name, json_integer(number(to, name) + number(from, name)));
}

static int merge_link(json_t *links, json_t *link)
{
    json_t *known = same(links, link, "relayId", "institutionId");
    if (!known)
        return json_array_append(links, link);
    set_sum(known, link, "people");
    set_sum(known, link, "kbps");
    set_larger(known, link, "lossUpPercent");
    set_larger(known, link, "lossDownPercent");
    set_larger(known, link, "rttMs");
    if (health_of(link) > health_of(known))
        json_object_set(known, "quality", json_object_get(link, "quality"));
    return 0;
}

static int merge_unable(json_t *list, json_t *one)
{
    json_t *known = same(list, one, "institutionId", "reason");
    if (!known)
        return json_array_append(list, one);
    set_sum(known, one, "people");
    const char *since = text_of(one, "since"), *before = text_of(known, "since");
    if (*since && (!*before || strcmp(since, before) < 0)) /* RFC 3339 sorts as text */
        json_object_set(known, "since", json_object_get(one, "since"));
    return 0;
}

static int merge_all(json_t *to, const json_t *from, int (*merge)(json_t *list, json_t *one))
{
    size_t i;
    json_t *e;
    int bad = 0;
    json_array_foreach((json_t *)from, i, e) bad |= merge(to, e);
    return bad;
}

int watch_merge(json_t *to, const json_t *from)
{
    int bad = merge_all(json_object_get(to, "links"), json_object_get(from, "links"), merge_link);
    bad |= merge_all(json_object_get(to, "unable"), json_object_get(from, "unable"), merge_unable);
    return bad ? SQ_ERR_NOMEM : 0;
}

static void add_unable(struct view *v, const char *institution, const char *reason,
                       time_us since_utc_us, const char *relay)
{
    char since[SERVICE_TIME_MAX];
    json_t *one =
        json_pack("{s:s, s:s, s:i}", "institutionId", institution, "reason", reason, "people", 1);
    if (since_utc_us)
        json_object_set_new(one, "since", json_string(service_time_text(since_utc_us, since)));
    if (*relay)
        json_object_set_new(one, "relayId", json_string(relay));
    v->failed |= !one || merge_unable(json_object_get(v->object, "unable"), one) != 0;
    json_decref(one);
}

static void add_seat(const struct media_seat *seat, void *user)
{
    struct view *v = user;
    char key[2 * ID_MAX];
    const char *institution = text_of(v->homes, seat->account);
    snprintf(key, sizeof key, "%s %s", seat->room, seat->account);
    v->failed |= json_object_set_new(v->seen, key, json_true()) != 0;
    if (!*institution)
        return; /* being made: it has no row yet */
    json_t *link = json_pack(
        "{s:s, s:s, s:i, s:I, s:I, s:I, s:I, s:s}", "relayId", seat->relay, "institutionId",
        institution, "people", 1, "kbps", (json_int_t)seat->kbps, "lossUpPercent",
        (json_int_t)seat->loss_up_percent, "lossDownPercent", (json_int_t)seat->loss_down_percent,
        "rttMs", (json_int_t)seat->rtt_ms, "quality", health_names[seat->health]);
    if (*seat->relay)
        v->failed |= !link || merge_link(json_object_get(v->object, "links"), link) != 0;
    json_decref(link);
    if (*seat->reason)
        add_unable(v, institution, seat->reason, v->utc_us - (v->now_us - seat->since_us),
                   seat->relay);
}

static int load_homes(struct view *v)
{
    struct store_query q;
    store_query(v->service->store, &q,
                "SELECT DISTINCT o.account, a.institution FROM media_object o"
                " JOIN account a ON a.id = o.account WHERE o.kind = 'transport'",
                NULL, 0);
    while (store_next(&q))
        v->failed |=
            json_object_set_new(v->homes, store_text(&q, 0), json_string(store_text(&q, 1))) != 0;
    return store_query_end(&q);
}

/* One party of a running call; who has media was judged by it already. */
static void add_party(struct view *v, const struct store_query *q)
{
    char key[2 * ID_MAX];
    int64_t presence = store_int(q, 3), entered_us = store_int(q, 5);
    time_us lost_us = watch_lost_since(v->service->watch, store_text(q, 2));
    snprintf(key, sizeof key, "%s %s", store_text(q, 0), store_text(q, 1));
    if (presence == CONSULT_AWAY || json_object_get(v->seen, key))
        return;
    if (presence == CONSULT_DROPPED || lost_us)
        add_unable(v, store_text(q, 4), "connection_lost", lost_us ? lost_us : entered_us, "");
    else if (v->utc_us - entered_us > WATCH_LOST_US)
        add_unable(v, store_text(q, 4), "no_media", entered_us, "");
}

/* Who belongs into a running call of this node's and has no media there. */
static int add_parties(struct view *v)
{
    struct store_query q;
    STORE_QUERY(v->service->store, &q,
                "SELECT c.id, a.id, p.session, p.presence, a.institution,"
                " (SELECT MAX(s.at_us) FROM consultation_state s WHERE s.consultation = c.id)"
                " FROM consultation c JOIN participant p ON p.consultation = c.id"
                " LEFT JOIN ring r ON r.consultation = c.id AND r.position = p.party"
                " JOIN account a ON a.id = COALESCE(r.account, c.applicant)"
                " LEFT JOIN room_owner o ON o.room = c.id"
                " WHERE c.state IN ('in_progress', 'interrupted')"
                " AND ($1 = '' OR o.node = $1)",
                sv_text(v->service->watch->node));
    while (store_next(&q))
        add_party(v, &q);
    return store_query_end(&q);
}

static bool knows(const json_t *unable, const char *institution)
{
    size_t i;
    json_t *e;
    json_array_foreach((json_t *)unable, i, e)
    {
        if (!strcmp(text_of(e, "institutionId"), institution) &&
            strcmp(text_of(e, "reason"), "offline") != 0)
            return true;
    }
    return false;
}

/* Who is signed in, was connected to this node and is connected nowhere. */
static int add_offline(struct view *v)
{
    struct store_query q;
    const json_t *unable = json_object_get(v->object, "unable");
    if (!v->service->watch->lost_count)
        return 0;
    STORE_QUERY(v->service->store, &q,
                "SELECT s.id, a.institution FROM session s JOIN account a ON a.id = s.account"
                " WHERE s.ended_us IS NULL AND s.expires_us > $1 AND s.node = ''",
                sv_int(v->utc_us));
    while (store_next(&q)) {
        time_us since_us = watch_lost_since(v->service->watch, store_text(&q, 0));
        if (since_us && v->utc_us - since_us >= WATCH_LOST_US && !knows(unable, store_text(&q, 1)))
            add_unable(v, store_text(&q, 1), "offline", since_us, "");
    }
    return store_query_end(&q);
}

int watch_view(struct service *s, time_us utc_us, json_t **out)
{
    struct view v = {.service = s, .utc_us = utc_us, .now_us = watch_now(s)};
    v.object = json_pack("{s:[], s:[]}", "links", "unable");
    v.homes = json_object();
    v.seen = json_object();
    int status = v.object && v.homes && v.seen ? load_homes(&v) : SQ_ERR_NOMEM;
    if (status == 0 && s->media)
        media_each_seat(s->media, add_seat, &v);
    if (status == 0)
        status = add_parties(&v);
    if (status == 0)
        status = add_offline(&v);
    json_decref(v.homes);
    json_decref(v.seen);
    if (status == 0 && v.failed)
        status = SQ_ERR_NOMEM;
    if (status < 0)
        json_decref(v.object);
    else
        *out = v.object;
    return status;
}
