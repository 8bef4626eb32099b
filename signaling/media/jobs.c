/* SPDX-License-Identifier: Apache-2.0 */
/* Jobs: a request becomes phases of relay commands; when all of a phase are answered the next
 * begins, and the last one replies. Objects are looked up again in each phase, because they may
 * have been closed meanwhile. A failure takes back what the job made. */
#include "base/log.h"
#include "shanqiao/error.h"
#include "signaling/media/room.h"
#include "signaling/relays/relays.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct media_job *media_job_new(struct media *m, enum job_type type, uint64_t ticket,
                                const struct media_room *room, const struct caller *caller,
                                json_t *params)
{
    struct media_job *job = calloc(1, sizeof *job);
    if (!job)
        return NULL;
    job->type = type;
    job->reply_ticket = ticket;
    memcpy(job->room, room->id, sizeof job->room);
    memcpy(job->account, caller->account, sizeof job->account);
    memcpy(job->session, caller->session, sizeof job->session);
    job->params = json_incref(params);
    job->next = m->jobs;
    m->jobs = job;
    return job;
}

static void job_free(struct media *m, struct media_job *job)
{
    struct media_job **at = &m->jobs;
    while (*at != job)
        at = &(*at)->next;
    *at = job->next;
    json_decref(job->params);
    json_decref(job->result);
    free(job);
}

void media_jobs_clear(struct media *m)
{
    while (m->commands) {
        struct media_command *c = m->commands;
        m->commands = c->next;
        free(c);
    }
    while (m->jobs)
        job_free(m, m->jobs);
}

static void job_fail(struct media_job *job, int error, const char *message)
{
    if (job->error)
        return;
    job->error = error;
    snprintf(job->message, sizeof job->message, "%s", message);
}

void media_send(struct media *m, struct media_job *job, bool main, const char *relay,
                const char *method, json_t *params, time_us now_us)
{
    int64_t ticket = relays_request(m->config.relays, relay, method, params, now_us);
    if (!job)
        return; /* the next snapshot tells whether it was heard */
    struct media_command *c = ticket > 0 ? calloc(1, sizeof *c) : NULL;
    if (!c) {
        job_fail(job, ticket > 0 ? SQ_ERR_NOMEM : (int)ticket, "");
        return;
    }
    c->ticket = ticket;
    c->job = job;
    c->main = main;
    snprintf(c->relay, sizeof c->relay, "%s", relay);
    c->next = m->commands;
    m->commands = c;
    job->waiting++;
}

/* ---- closing ---- */

static void close_consumers_of(struct media *m, const struct media_object *producer, time_us now_us)
{
    struct media_object *o = producer->room->objects;
    while (o) {
        if (o->type != OBJECT_CONSUMER || o->stream.producer != producer) {
            o = o->next_in_room;
            continue;
        }
        media_stream_close(m, o, now_us);
        o = producer->room->objects; /* the list has changed */
    }
}

void media_stream_close(struct media *m, struct media_object *stream, time_us now_us)
{
    bool consumer = stream->type == OBJECT_CONSUMER;
    if (consumer)
        media_notify(m, stream->session, "media.consumerClosed",
                     json_pack("{s:s}", "consumerId", stream->id));
    else
        close_consumers_of(m, stream, now_us);
    media_send(m, NULL, false, stream->room->relay, consumer ? "consumer.close" : "producer.close",
               json_pack("{s:s}", consumer ? "consumer" : "producer", stream->id), now_us);
    media_object_remove(m, stream);
}

void media_transport_close(struct media *m, struct media_object *transport, time_us now_us)
{
    for (struct media_object *o = transport->room->objects; o; o = o->next_in_room) {
        if (o->type == OBJECT_PRODUCER && o->stream.transport == transport)
            close_consumers_of(m, o, now_us); /* consumers only: `o` stays */
    }
    media_send(m, NULL, false, transport->room->relay, "transport.close",
               json_pack("{s:s}", "transport", transport->id), now_us);
    media_object_remove(m, transport);
}

bool media_replaces(enum job_type type, const char *session, const struct media_object *transport)
{
    return type == JOB_JOIN || strcmp(transport->session, session) != 0;
}

/* `t` is there: what it replaces goes. The newest object is first in the list, so a younger join
 * that is still under way is left alone; it will replace `t`. */
static void close_former(struct media *m, enum job_type type, struct media_object *t,
                         time_us now_us)
{
    struct media_object *o = t->next_in_room;
    while (o) {
        bool former = o->type == OBJECT_TRANSPORT && !strcmp(o->account, t->account) &&
                      media_replaces(type, t->session, o);
        if (former)
            media_transport_close(m, o, now_us);
        o = former ? t->next_in_room : o->next_in_room;
    }
}

/* ---- phases ---- */

static bool closed(struct media_job *job)
{
    job_fail(job, SQ_ERR_CLOSED, "");
    return false;
}

static bool create_room(struct media *m, struct media_job *job, struct media_room *room,
                        time_us now_us)
{
    int error = media_room_place(m, room, now_us);
    if (error)
        job_fail(job, error, "");
    else if (!room->made || room->doubted)
        media_send(m, job, false, room->relay, "room.create", json_pack("{s:s}", "room", room->id),
                   now_us);
    return false;
}

static bool create_transport(struct media *m, struct media_job *job, struct media_room *room,
                             time_us now_us)
{
    json_t *profiles = json_object_get(job->params, "profiles");
    room->doubted = false;
    if (!room->made) {
        room->made = true;
        room->made_us = now_us;
        int error = media_room_save(m, room);
        if (error) {
            job_fail(job, error, "");
            return false;
        }
    }
    media_send(m, job, true, room->relay, "transport.create",
               json_pack("{s:s, s:s, s:O*, s:b}", "room", room->id, "transport", job->transport,
                         "profiles", profiles, "tcp", 1),
               now_us);
    return false;
}

static json_t *transport_result(const struct media *m, const struct media_job *job,
                                const char *id_name)
{
    json_t *result = json_pack("{s:s, s:O, s:O, s:O}", id_name, job->transport, "iceParameters",
                               json_object_get(job->result, "iceParameters"), "iceCandidates",
                               json_object_get(job->result, "iceCandidates"), "dtlsParameters",
                               json_object_get(job->result, "dtlsParameters"));
    json_t *servers = m->config.ice_servers
                          ? m->config.ice_servers(m->config.ice_user, job->account)
                          : json_array();
    if (!result || json_object_set_new(result, "iceServers", servers)) {
        json_decref(result);
        return NULL;
    }
    return result;
}

static void reply(struct media *m, const struct media_job *job, json_t *result, const char *object)
{
    if (job->reply_ticket)
        media_reply(m, job->reply_ticket, result ? 0 : SQ_ERR_INTERNAL, result, object, NULL, NULL);
    else
        json_decref(result);
}

/* The relay has it: kept, and in the store. */
static bool keep(struct media *m, struct media_job *job, struct media_object *o)
{
    int error = media_object_save(m, o);
    if (error)
        job_fail(job, error, "");
    o->made = !error;
    o->made_us = m->now_us;
    return !error;
}

static bool transport_phase(struct media *m, struct media_job *job, time_us now_us)
{
    struct media_object *t = media_object_find(m, OBJECT_TRANSPORT, job->transport);
    if (!t)
        return closed(job);
    switch (job->phase++) {
    case 0:
        return create_room(m, job, t->room, now_us);
    case 1:
        return create_transport(m, job, t->room, now_us);
    default:
        if (!keep(m, job, t))
            return false;
        reply(m, job, transport_result(m, job, "id"), t->id);
        close_former(m, job->type, t, now_us);
        media_announce_all(m, t);
        return true;
    }
}

static void join_produce(struct media *m, struct media_job *job, struct media_object *t,
                         time_us now_us)
{
    size_t i;
    json_t *params;
    json_array_foreach(json_object_get(job->params, "produce"), i, params)
    {
        const char *why = "";
        struct media_object *p = NULL;
        int error = media_producer_make(m, t, params, &p, &why);
        if (error) {
            job_fail(job, error, why);
            return;
        }
        media_send(m, job, false, t->room->relay, "producer.create", media_producer_command(p),
                   now_us);
    }
}

static void join_consume(struct media *m, struct media_job *job, struct media_object *t,
                         time_us now_us)
{
    for (struct media_object *p = t->room->objects; p; p = p->next_in_room) {
        struct media_object *c = NULL;
        if (p->type != OBJECT_PRODUCER || !p->made || !media_may_meet(t, p))
            continue;
        int error = media_consumer_make(m, t, p, t->transport.capabilities, false, &c);
        if (error == SQ_ERR_UNSUPPORTED)
            continue; /* it can't show that stream */
        if (error) {
            job_fail(job, error, "");
            return;
        }
        media_send(m, job, false, t->room->relay, "consumer.create", media_consumer_command(c),
                   now_us);
    }
}

/* The reply of media.join: everything that hangs on the transport is made now. The newest object is
 * first in the room's list, so the reply's order is that of the request. */
static bool join_reply(struct media *m, struct media_job *job, struct media_object *t)
{
    json_t *producers = json_array(), *consumers = json_array();
    bool good = keep(m, job, t);
    for (struct media_object *o = t->room->objects; o && good; o = o->next_in_room) {
        if (o->type == OBJECT_TRANSPORT || o->stream.transport != t || o->made)
            continue;
        good = keep(m, job, o);
        if (o->type == OBJECT_CONSUMER)
            json_array_insert_new(consumers, 0, media_consumer_json(o));
        else
            json_array_insert_new(producers, 0,
                                  json_pack("{s:s, s:s, s:s}", "id", o->id, "kind", o->stream.kind,
                                            "source", o->stream.source));
    }
    json_t *result = good ? transport_result(m, job, "transportId") : NULL;
    if (result) {
        json_object_set(result, "producers", producers);
        json_object_set(result, "consumers", consumers);
    }
    json_decref(producers);
    json_decref(consumers);
    if (good)
        reply(m, job, result, t->id);
    return good;
}

static bool join_phase(struct media *m, struct media_job *job, time_us now_us)
{
    struct media_object *t = media_object_find(m, OBJECT_TRANSPORT, job->transport);
    if (!t)
        return closed(job);
    struct media_room *room = t->room;
    switch (job->phase++) {
    case 0:
        return create_room(m, job, room, now_us);
    case 1:
        return create_transport(m, job, room, now_us);
    case 2:
        media_send(m, job, false, room->relay, "transport.connect",
                   json_pack("{s:s, s:O}", "transport", t->id, "dtlsParameters",
                             json_object_get(job->params, "dtlsParameters")),
                   now_us);
        join_produce(m, job, t, now_us);
        join_consume(m, job, t, now_us);
        return false;
    default:
        if (!join_reply(m, job, t))
            return false;
        close_former(m, job->type, t, now_us);
        for (struct media_object *o = room->objects; o; o = o->next_in_room) {
            if (o->type == OBJECT_PRODUCER && o->stream.transport == t)
                media_announce(m, o);
        }
        media_room_gate(m, room, now_us); /* it may have gone live meanwhile */
        media_room_spread(m, room, now_us);
        return true;
    }
}

static bool stream_phase(struct media *m, struct media_job *job, time_us now_us)
{
    bool produce = job->type == JOB_PRODUCE;
    struct media_object *o =
        media_object_find(m, produce ? OBJECT_PRODUCER : OBJECT_CONSUMER, job->object);
    if (!o)
        return closed(job);
    if (job->phase++ == 0) {
        media_send(m, job, true, o->room->relay, produce ? "producer.create" : "consumer.create",
                   produce ? media_producer_command(o) : media_consumer_command(o), now_us);
        return false;
    }
    if (!keep(m, job, o) || (!produce && media_object_save(m, o->stream.transport)))
        return false;
    if (job->type == JOB_PUSH)
        media_notify(
            m, o->session, "media.newConsumer",
            json_pack("{s:s, s:o}", "room", o->room->id, "consumer", media_consumer_json(o)));
    else
        reply(m, job, produce ? json_pack("{s:s}", "id", o->id) : media_consumer_json(o), o->id);
    if (produce) {
        media_announce(m, o);
        media_room_spread(m, o->room, now_us);
    }
    media_room_gate(m, o->room, now_us);
    return true;
}

static bool command_phase(struct media *m, struct media_job *job, time_us now_us)
{
    (void)now_us;
    reply(m, job, job->result ? json_incref(job->result) : json_object(), job->object);
    return true;
}

/* ---- end and beginning ---- */

/* Takes back what the job made. */
static void undo(struct media *m, struct media_job *job, time_us now_us)
{
    struct media_object *o = NULL;
    if (job->type == JOB_TRANSPORT || job->type == JOB_JOIN)
        o = media_object_find(m, OBJECT_TRANSPORT, job->transport);
    else if (job->type == JOB_PRODUCE)
        o = media_object_find(m, OBJECT_PRODUCER, job->object);
    else if (job->type == JOB_CONSUME || job->type == JOB_PUSH)
        o = media_object_find(m, OBJECT_CONSUMER, job->object);
    if (!o)
        return;
    o->room->doubted = true;
    if (o->type == OBJECT_TRANSPORT)
        media_transport_close(m, o, now_us);
    else if (o->type == OBJECT_PRODUCER)
        media_stream_close(m, o, now_us);
    else {
        media_send(m, NULL, false, o->room->relay, "consumer.close",
                   json_pack("{s:s}", "consumer", o->id), now_us);
        media_object_remove(m, o); /* its owner never heard of it */
    }
}

static void fail(struct media *m, struct media_job *job, time_us now_us)
{
    log_write(LOG_WARN, "media.job_failed", LOG_INT("type", job->type),
              LOG_INT("phase", job->phase), LOG_TEXT("error", sq_error_name(job->error)),
              LOG_TEXT("relay_says", job->message));
    undo(m, job, now_us);
    if (!job->reply_ticket)
        return;
    bool unreachable = job->error == SQ_ERR_UNREACHABLE;
    char en[256] = "";
    if (unreachable)
        snprintf(en, sizeof en,
                 "No media relay answers. Try again; if it persists, call the operator.");
    else if (*job->message)
        snprintf(en, sizeof en, "The media relay refused: %s. Join the room again.", job->message);
    media_reply(m, job->reply_ticket, job->error, NULL, "", en,
                unreachable ? "没有可用的媒体中继，请重试；如仍失败，请联系运维人员。" : NULL);
}

static void advance(struct media *m, struct media_job *job, time_us now_us)
{
    static bool (*const phases[])(struct media *, struct media_job *, time_us) = {
        [JOB_TRANSPORT] = transport_phase, [JOB_JOIN] = join_phase,
        [JOB_PRODUCE] = stream_phase,      [JOB_CONSUME] = stream_phase,
        [JOB_PUSH] = stream_phase,         [JOB_COMMAND] = command_phase};
    bool done = false;
    while (!job->waiting && !job->error && !done)
        done = phases[job->type](m, job, now_us);
    if (!job->waiting && job->error) {
        fail(m, job, now_us);
        done = true;
    }
    if (done)
        job_free(m, job);
}

void media_job_start(struct media *m, struct media_job *job, time_us now_us)
{
    advance(m, job, now_us);
}

void media_take_reply(struct media *m, int64_t ticket, const char *relay, int error,
                      const char *message, json_t *result, time_us now_us)
{
    struct media_command **at = &m->commands;
    while (*at && ((*at)->ticket != ticket || strcmp((*at)->relay, relay)))
        at = &(*at)->next;
    if (!*at)
        return;
    struct media_command *c = *at;
    struct media_job *job = c->job;
    *at = c->next;
    if (error)
        job_fail(job, error, message);
    else if (c->main)
        job->result = json_incref(result);
    free(c);
    job->waiting--;
    advance(m, job, now_us);
}
