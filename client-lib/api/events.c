/* SPDX-License-Identifier: Apache-2.0 */
/* See events.h. */
#include "client-lib/api/events.h"

#include "client-lib/signal/objects.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct item {
    struct item *next;
    struct sq_event event; /* type NONE: only seq counts */
    struct rpc_event rpc;  /* body owned; the texts of the event point in here */
    char text[160];
    char participant[JOIN_ID_MAX];
    char *dump;   /* the whole body as text */
    char **dumps; /* of each consultation */
    struct sq_consultation *consultations;
    struct sq_panel *panels;
    struct sq_person account;
    size_t count;
    int64_t seq; /* 0: no notification */
};

struct events {
    struct item *first, *last;
    struct item *current; /* what the application is looking at */
    size_t droppable;
    int64_t taken_seq;
};

int events_new(struct events **out)
{
    *out = calloc(1, sizeof(**out));
    return *out ? 0 : SQ_ERR_NOMEM;
}

static void item_free(struct item *i)
{
    if (!i)
        return;
    for (size_t n = 0; i->dumps && n < i->count; n++)
        free(i->dumps[n]);
    free(i->dumps);
    free(i->consultations);
    free(i->panels);
    free(i->dump);
    json_decref(i->rpc.body);
    free(i);
}

void events_free(struct events *e)
{
    if (!e)
        return;
    while (e->first) {
        struct item *next = e->first->next;
        item_free(e->first);
        e->first = next;
    }
    item_free(e->current);
    free(e);
}

static bool droppable(const struct item *i)
{
    return i->event.type != SQ_EVENT_REPLY && i->event.type != SQ_EVENT_CALL_STATE;
}

static void drop_oldest(struct events *e)
{
    struct item **at = &e->first;
    struct item *before = NULL;
    while (*at && !droppable(*at)) {
        before = *at;
        at = &(*at)->next;
    }
    struct item *gone = *at;
    if (!gone)
        return;
    *at = gone->next;
    if (e->last == gone)
        e->last = before;
    e->droppable--;
    item_free(gone);
}

static void append(struct events *e, struct item *i)
{
    if (droppable(i) && e->droppable == EVENTS_DROPPABLE_MAX)
        drop_oldest(e);
    e->droppable += droppable(i) ? 1 : 0;
    if (e->last)
        e->last->next = i;
    else
        e->first = i;
    e->last = i;
}

static struct item *item_new(enum sq_event_type type)
{
    struct item *i = calloc(1, sizeof(*i));
    if (i)
        i->event.type = type;
    return i;
}

static enum sq_event_type notification_type(const char *method)
{
    static const struct {
        const char *method;
        enum sq_event_type type;
    } table[] = {
        {"consultation.ring", SQ_EVENT_RING},
        {"consultation.ringStopped", SQ_EVENT_RING_STOPPED},
        {"consultation.state", SQ_EVENT_CONSULTATION},
        {"consultation.participant", SQ_EVENT_PARTICIPANT},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (strcmp(table[i].method, method) == 0)
            return table[i].type;
    return SQ_EVENT_NOTIFICATION;
}

void events_put_rpc(struct events *e, const struct rpc_event *rpc, bool visible)
{
    enum sq_event_type type =
        rpc->type == RPC_EVENT_REPLY ? SQ_EVENT_REPLY : notification_type(rpc->method);
    struct item *i = item_new(visible ? type : SQ_EVENT_NONE);
    if (!i) {
        json_decref(rpc->body);
        return;
    }
    i->rpc = *rpc;
    if (rpc->type == RPC_EVENT_NOTIFICATION)
        i->seq = json_integer_value(json_object_get(rpc->body, "seq"));
    append(e, i);
}

void events_put_call(struct events *e, sq_call *call, enum sq_call_state state, int error,
                     const char *text)
{
    struct item *i = item_new(SQ_EVENT_CALL_STATE);
    if (!i)
        return;
    snprintf(i->text, sizeof(i->text), "%s", text);
    i->event.call = (struct sq_call_change){call, state, error, i->text};
    append(e, i);
}

void events_put_track(struct events *e, const struct session_event *event)
{
    static const enum sq_event_type types[] = {
        [SESSION_EVENT_TRACK_ADDED] = SQ_EVENT_TRACK_ADDED,
        [SESSION_EVENT_TRACK_REMOVED] = SQ_EVENT_TRACK_REMOVED,
        [SESSION_EVENT_TRACK_PAUSED] = SQ_EVENT_TRACK_PAUSED,
    };
    struct item *i = item_new(types[event->type]);
    if (!i)
        return;
    memcpy(i->participant, event->track.participant, sizeof(i->participant));
    i->event.track = (struct sq_track){event->track.number, event->track.kind, event->track.source,
                                       i->participant, event->track.paused};
    append(e, i);
}

void events_put_quality(struct events *e, const struct session_event *event, const char *text)
{
    struct item *i = item_new(SQ_EVENT_QUALITY);
    if (!i)
        return;
    snprintf(i->text, sizeof(i->text), "%s", text);
    i->event.quality = (struct sq_quality){event->estimate_bps, event->plan.audio_bps,
                                           event->plan.frame_ms, event->plan.video_bps, i->text};
    append(e, i);
}

void events_put_connection(struct events *e, enum sq_connection_state state, const char *reason,
                           int error)
{
    struct item *i = item_new(SQ_EVENT_CONNECTION);
    if (!i)
        return;
    snprintf(i->text, sizeof(i->text), "%s", reason);
    i->event.connection = (struct sq_connection){state, error, i->text};
    append(e, i);
}

void events_forget_call(struct events *e, const sq_call *call)
{
    for (struct item *i = e->first; i; i = i->next) {
        bool of_call = i->event.type >= SQ_EVENT_CALL_STATE && i->event.type <= SQ_EVENT_QUALITY;
        if (!of_call)
            continue;
        if (i->event.type == SQ_EVENT_CALL_STATE && i->event.call.handle != call)
            continue;
        if (!droppable(i))
            e->droppable++; /* it counts as one from now on */
        i->event.type = SQ_EVENT_NONE;
    }
}

/* ---- filling ---- */

static void fill_consultations(struct item *i, json_t *one, json_t *many)
{
    size_t count = one ? 1 : json_array_size(many);
    i->consultations = calloc(count ? count : 1, sizeof(*i->consultations));
    i->dumps = calloc(count ? count : 1, sizeof(*i->dumps));
    if (!i->consultations || !i->dumps)
        return;
    for (size_t n = 0; n < count; n++) {
        json_t *object = one ? one : json_array_get(many, n);
        i->dumps[n] = json_dumps(object, JSON_COMPACT);
        objects_consultation(&i->consultations[n], object, i->dumps[n]);
    }
    i->count = count;
}

static void fill_panels(struct sq_reply *reply, struct item *i, json_t *panels)
{
    size_t count = json_array_size(panels);
    i->panels = calloc(count ? count : 1, sizeof(*i->panels));
    if (!i->panels)
        return;
    for (size_t n = 0; n < count; n++)
        objects_panel(&i->panels[n], json_array_get(panels, n));
    reply->panels = i->panels;
    reply->panel_count = count;
}

static void fill_reply(struct item *i)
{
    struct sq_reply *reply = &i->event.reply;
    json_t *body = i->rpc.body;
    json_t *one = json_object_get(body, "consultation");
    json_t *many = json_object_get(body, "consultations");
    json_t *panels = json_object_get(body, "panels");
    json_t *account = json_object_get(body, "account");
    *reply = (struct sq_reply){
        .request = i->rpc.request,
        .method = i->rpc.method,
        .error = i->rpc.error,
        .text = i->rpc.error ? i->rpc.text : objects_text(body, "reason"),
        .json = i->dump ? i->dump : "",
        .verified = json_is_true(json_object_get(body, "verified")),
    };
    if (json_is_object(one) || json_is_array(many)) {
        fill_consultations(i, json_is_object(one) ? one : NULL, many);
        reply->consultations = i->consultations;
        reply->consultation_count = i->count;
    }
    if (json_is_array(panels))
        fill_panels(reply, i, panels);
    if (json_is_object(account)) {
        objects_person(&i->account, account);
        reply->account = &i->account;
    }
}

static void fill_change(struct item *i)
{
    json_t *object = json_object_get(i->rpc.body, "consultation");
    i->dumps = calloc(1, sizeof(*i->dumps));
    i->count = 1;
    if (i->dumps)
        i->dumps[0] = json_dumps(object, JSON_COMPACT);
    objects_consultation(&i->event.change.consultation, object, i->dumps ? i->dumps[0] : NULL);
    i->event.change.by = objects_text(i->rpc.body, "by");
}

static void fill_notice(struct item *i)
{
    json_t *body = i->rpc.body;
    i->event.notice = (struct sq_notice){
        .id = objects_text(body, "id"),
        .reason = objects_text(body, "reason"),
        .account = objects_text(body, "participantId"),
        .method = i->rpc.method,
        .json = i->dump ? i->dump : "",
        .present = json_is_true(json_object_get(body, "present")),
    };
}

static void fill(struct item *i)
{
    if (i->rpc.body)
        i->dump = json_dumps(i->rpc.body, JSON_COMPACT);
    switch (i->event.type) {
    case SQ_EVENT_REPLY:
        fill_reply(i);
        break;
    case SQ_EVENT_RING:
    case SQ_EVENT_CONSULTATION:
        fill_change(i);
        break;
    case SQ_EVENT_RING_STOPPED:
    case SQ_EVENT_PARTICIPANT:
    case SQ_EVENT_NOTIFICATION:
        fill_notice(i);
        break;
    default:
        break; /* filled when it was put */
    }
}

bool events_next(struct events *e, struct sq_event *out)
{
    item_free(e->current);
    e->current = NULL;
    while (e->first && !e->current) {
        struct item *i = e->first;
        e->first = i->next;
        if (!e->first)
            e->last = NULL;
        e->droppable -= droppable(i) ? 1 : 0;
        if (i->seq > e->taken_seq)
            e->taken_seq = i->seq;
        if (i->event.type == SQ_EVENT_NONE)
            item_free(i);
        else
            e->current = i;
    }
    if (!e->current)
        return false;
    fill(e->current);
    *out = e->current->event;
    return true;
}

int64_t events_taken_seq(const struct events *e)
{
    return e->taken_seq;
}
