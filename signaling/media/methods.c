/* SPDX-License-Identifier: Apache-2.0 */
/* media.*: each request is checked against rights and state, then becomes a job (jobs.c). */
#include "base/check.h"
#include "shanqiao/error.h"
#include "signaling/media/ortc.h"
#include "signaling/media/room.h"
#include "signaling/store/store.h"
#include <stdio.h>
#include <string.h>

/* A request on its way. `say` fails it with words. */
struct asked {
    struct media *m;
    uint64_t ticket;
    const struct caller *caller;
    json_t *params;
    time_us now_us;
    const char *en, *zh;
    char text[256];
};

static int say(struct asked *a, int error, const char *en, const char *zh)
{
    a->en = en;
    a->zh = zh;
    return error;
}

/* `why`: what is wrong with the media parameters, or "" when it is something else. */
static int refuse_media(struct asked *a, int error, const char *why)
{
    if (!*why)
        return error;
    snprintf(a->text, sizeof a->text,
             "The media parameters can't be used: %s. Correct them and send again.", why);
    return say(a, error, a->text, NULL);
}

static const char *param(const struct asked *a, const char *name)
{
    const char *text = json_string_value(json_object_get(a->params, name));
    return text ? text : "";
}

/* The caller's own object of that id; else NULL. */
static struct media_object *own(const struct asked *a, enum object_type type, const char *name)
{
    return media_object_own(a->m, type, param(a, name), a->caller->session);
}

static int not_found(struct asked *a)
{
    return say(a, SQ_ERR_NOT_FOUND, "There is no such media object of yours. Join the room again.",
               "没有该媒体对象，请重新加入房间。");
}

static int look_right(struct asked *a, enum room_right *right)
{
    *right = a->m->config.right(a->m->config.service, param(a, "room"), a->caller->account);
    if (*right != ROOM_RIGHT_NONE)
        return 0;
    return say(a, SQ_ERR_NOT_FOUND, "There is no such room for you. Load the consultation again.",
               "没有您可进入的房间，请刷新会诊。");
}

/* ---- transports ---- */

static int capabilities(struct asked *a)
{
    enum room_right right;
    int error = look_right(a, &right);
    json_t *caps = error ? NULL : ortc_router_capabilities();
    if (error)
        return error;
    if (!caps)
        return SQ_ERR_NOMEM;
    media_reply(a->m, a->ticket, 0, caps, "", NULL, NULL);
    return 0;
}

static bool same_seat(const struct asked *a, const struct media_object *o)
{
    return o->type == OBJECT_TRANSPORT && !strcmp(o->account, a->caller->account);
}

/* Transports that stay beside the new one when it is made. Those that it will replace are closed
 * only then (media_close_former), so that a refusal leaves them as they are. */
static size_t seat_count(const struct asked *a, const struct media_room *room, enum job_type type)
{
    size_t count = 0;
    for (const struct media_object *o = room->objects; o; o = o->next_in_room)
        count += same_seat(a, o) && !(o->made && media_replaces(type, a->caller->session, o));
    return count;
}

/* A transport that the relay does not have yet, and the job that makes it. */
static int begin_transport(struct asked *a, enum job_type type, struct media_object **out,
                           struct media_job **job)
{
    enum room_right right;
    char id[ID_MAX];
    int error = look_right(a, &right);
    if (error)
        return error;
    struct media_room *room = media_room_add(a->m, param(a, "room"));
    if (!room)
        return SQ_ERR_NOMEM;
    room->opened = true;
    if (seat_count(a, room, type) >= MEDIA_SEAT_MAX ||
        room->transport_count >= MEDIA_TRANSPORTS_MAX)
        return say(a, SQ_ERR_LIMIT, "Too many transports in this room. Close one.",
                   "此房间的媒体通道过多，请先关闭一个。");
    store_new_id(id, "tr");
    struct media_object *t =
        media_object_add(a->m, room, OBJECT_TRANSPORT, id, a->caller->account, a->caller->session);
    *job = t ? media_job_new(a->m, type, a->ticket, room, a->caller, a->params) : NULL;
    if (!*job) {
        if (t)
            media_object_remove(a->m, t);
        return SQ_ERR_NOMEM;
    }
    t->transport.right = t->transport.former = right;
    memcpy((*job)->transport, id, sizeof id);
    *out = t;
    return 0;
}

static int create_transport(struct asked *a)
{
    struct media_object *t;
    struct media_job *job;
    int error = begin_transport(a, JOB_TRANSPORT, &t, &job);
    if (error)
        return error;
    t->transport.sends = !strcmp(param(a, "direction"), "send");
    t->transport.receives = !t->transport.sends;
    media_job_start(a->m, job, a->now_us);
    return 0;
}

static int join(struct asked *a)
{
    struct media_object *t;
    struct media_job *job;
    const char *why = "";
    int error = media_check_dtls(json_object_get(a->params, "dtlsParameters"), &why);
    if (!error)
        error = media_check_produce(json_object_get(a->params, "produce"), &why);
    if (error)
        return refuse_media(a, error, why);
    error = begin_transport(a, JOB_JOIN, &t, &job);
    if (error)
        return error;
    t->transport.native = t->transport.sends = t->transport.receives = true;
    t->transport.capabilities = json_incref(json_object_get(a->params, "rtpCapabilities"));
    media_job_start(a->m, job, a->now_us);
    return 0;
}

/* One command about an object; its result is the reply. Takes over params. */
static int command(struct asked *a, const struct media_object *o, const char *method,
                   json_t *params)
{
    struct media_job *job = media_job_new(a->m, JOB_COMMAND, a->ticket, o->room, a->caller, NULL);
    if (!job) {
        json_decref(params);
        return SQ_ERR_NOMEM;
    }
    job->phase = 1;
    memcpy(job->object, o->id, sizeof job->object);
    media_send(a->m, job, true, o->room->relay, method, params, a->now_us);
    if (!job->waiting)
        media_job_start(a->m, job, a->now_us); /* failed at once */
    return 0;
}

static int connect_transport(struct asked *a)
{
    struct media_object *t = own(a, OBJECT_TRANSPORT, "transportId");
    const char *why = "";
    if (!t)
        return not_found(a);
    int error = media_check_dtls(json_object_get(a->params, "dtlsParameters"), &why);
    if (error)
        return refuse_media(a, error, why);
    return command(a, t, "transport.connect",
                   json_pack("{s:s, s:O}", "transport", t->id, "dtlsParameters",
                             json_object_get(a->params, "dtlsParameters")));
}

static int restart_ice(struct asked *a)
{
    struct media_object *t = own(a, OBJECT_TRANSPORT, "transportId");
    if (!t)
        return not_found(a);
    return command(a, t, "transport.restartIce", json_pack("{s:s}", "transport", t->id));
}

/* ---- streams ---- */

static int start_stream(struct asked *a, enum job_type type, struct media_object *o)
{
    struct media_job *job = media_job_new(a->m, type, a->ticket, o->room, a->caller, NULL);
    if (!job) {
        media_object_remove(a->m, o);
        return SQ_ERR_NOMEM;
    }
    memcpy(job->object, o->id, sizeof job->object);
    media_job_start(a->m, job, a->now_us);
    return 0;
}

static int produce(struct asked *a)
{
    struct media_object *t = own(a, OBJECT_TRANSPORT, "transportId"), *p = NULL;
    const char *why = "";
    if (!t)
        return not_found(a);
    if (!t->transport.sends)
        return say(a, SQ_ERR_STATE, "This transport only receives. Use the one that sends.",
                   "该通道仅用于接收，请使用发送通道。");
    int error = media_producer_make(a->m, t, a->params, &p, &why);
    if (!error)
        return start_stream(a, JOB_PRODUCE, p);
    if (p)
        media_object_remove(a->m, p);
    return refuse_media(a, error, why);
}

static int consume(struct asked *a)
{
    struct media_object *t = own(a, OBJECT_TRANSPORT, "transportId"), *c = NULL;
    struct media_object *p = media_object_find(a->m, OBJECT_PRODUCER, param(a, "producerId"));
    /* a producer of another room, of another who is rung, or one's own, is as good as none */
    if (!t || !p || !p->made || p->room != t->room || !media_may_meet(t, p))
        return not_found(a);
    if (!t->transport.receives)
        return say(a, SQ_ERR_STATE, "This transport only sends. Use the one that receives.",
                   "该通道仅用于发送，请使用接收通道。");
    int error = media_consumer_make(a->m, t, p, json_object_get(a->params, "rtpCapabilities"),
                                    json_is_true(json_object_get(a->params, "paused")), &c);
    if (error == SQ_ERR_CONFLICT)
        return say(a, error, "This transport consumes it already. Use that consumer.",
                   "该通道已在接收此媒体流，请直接使用。");
    return error ? error : start_stream(a, JOB_CONSUME, c);
}

/* A producer's pause is told to those who consume it and are not held by the gate. */
static void tell_consumers(struct asked *a, const struct media_object *producer)
{
    for (struct media_object *c = producer->room->objects; c; c = c->next_in_room) {
        if (c->type == OBJECT_CONSUMER && c->stream.producer == producer && !c->stream.told_paused)
            media_notify(a->m, c->session,
                         producer->stream.paused ? "media.consumerPaused" : "media.consumerResumed",
                         json_pack("{s:s}", "consumerId", c->id));
    }
}

static int set_paused(struct asked *a, bool paused)
{
    struct media_object *p = own(a, OBJECT_PRODUCER, "id");
    struct media_object *o = p ? p : own(a, OBJECT_CONSUMER, "id");
    if (!o)
        return not_found(a);
    o->stream.paused = paused;
    int error = media_object_save(a->m, o);
    if (error)
        return error;
    if (p)
        tell_consumers(a, p);
    else
        paused = o->stream.told_paused = media_consumer_paused(o); /* the gate may hold it */
    const char *method = p ? (paused ? "producer.pause" : "producer.resume")
                           : (paused ? "consumer.pause" : "consumer.resume");
    return command(a, o, method, json_pack("{s:s}", p ? "producer" : "consumer", o->id));
}

static int pause_stream(struct asked *a)
{
    return set_paused(a, true);
}

static int resume_stream(struct asked *a)
{
    return set_paused(a, false);
}

static int close_object(struct asked *a)
{
    struct media_object *t = own(a, OBJECT_TRANSPORT, "id");
    struct media_object *o = own(a, OBJECT_PRODUCER, "id");
    if (!o)
        o = own(a, OBJECT_CONSUMER, "id");
    /* what is not there is closed: a repeat after a lost reply succeeds */
    if (t)
        media_transport_close(a->m, t, a->now_us);
    else if (o)
        media_stream_close(a->m, o, a->now_us);
    media_reply(a->m, a->ticket, 0, json_object(), param(a, "id"), NULL, NULL);
    return 0;
}

static int set_layers(struct asked *a)
{
    struct media_object *c = own(a, OBJECT_CONSUMER, "consumerId");
    if (!c)
        return not_found(a);
    return command(a, c, "consumer.setPreferredLayers",
                   json_pack("{s:s, s:O, s:O*}", "consumer", c->id, "spatialLayer",
                             json_object_get(a->params, "spatialLayer"), "temporalLayer",
                             json_object_get(a->params, "temporalLayer")));
}

/* ---- the table ---- */

#define CHANGES (METHOD_DEFERRED | METHOD_WRITES)

static const struct method methods[] = {
    {"media.routerRtpCapabilities", METHOD_DEFERRED, NULL},
    {"media.createTransport", CHANGES, NULL},
    {"media.connectTransport", CHANGES, NULL},
    {"media.restartIce", CHANGES, NULL},
    {"media.produce", CHANGES, NULL},
    {"media.consume", CHANGES, NULL},
    {"media.pause", CHANGES, NULL},
    {"media.resume", CHANGES, NULL},
    {"media.close", CHANGES, NULL},
    {"media.setPreferredLayers", CHANGES, NULL},
    {"media.join", CHANGES, NULL},
};
#define METHOD_COUNT (sizeof methods / sizeof methods[0])

/* In the order of `methods`. */
static int (*const starts[METHOD_COUNT])(struct asked *a) = {
    capabilities, create_transport, connect_transport, restart_ice, produce, consume,
    pause_stream, resume_stream,    close_object,      set_layers,  join};

const struct method_table media_method_table = {methods, METHOD_COUNT};

void media_call(struct media *m, uint64_t ticket, const char *method, const struct caller *caller,
                json_t *params, time_us now_us)
{
    struct asked a = {
        .m = m, .ticket = ticket, .caller = caller, .params = params, .now_us = now_us};
    size_t i = 0;
    m->now_us = now_us;
    while (i < METHOD_COUNT && strcmp(methods[i].name, method))
        i++;
    CHECK(i < METHOD_COUNT); /* the dispatcher found it in the table */
    int error = starts[i](&a);
    if (error)
        media_reply(m, ticket, error, NULL, "", a.en, a.zh);
}
