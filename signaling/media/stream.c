/* SPDX-License-Identifier: Apache-2.0 */
/* Producers and consumers: made from parameters, put into relay commands, spread over the room. */
#include "shanqiao/error.h"
#include "signaling/media/ortc.h"
#include "signaling/media/room.h"
#include "signaling/store/store.h"
#include <stdio.h>
#include <string.h>

static unsigned producers_of(const struct media_object *transport)
{
    unsigned count = 0;
    for (struct media_object *o = transport->room->objects; o; o = o->next_in_room)
        count += o->type == OBJECT_PRODUCER && o->stream.transport == transport;
    return count;
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

int media_producer_make(struct media *m, struct media_object *transport, const json_t *params,
                        struct media_object **out, const char **why)
{
    const char *kind = text_of(params, "kind"), *source = text_of(params, "source");
    json_t *rtp = json_object_get(params, "rtpParameters");
    char id[ID_MAX];
    int error = media_check_stream(params, why);
    if (error)
        return error;
    *why = "one terminal sends at most eight streams";
    if (producers_of(transport) >= MEDIA_PRODUCERS_MAX)
        return SQ_ERR_LIMIT;
    *why = "";
    store_new_id(id, "pr");
    struct media_object *o = media_object_add(m, transport->room, OBJECT_PRODUCER, id,
                                              transport->account, transport->session);
    if (!o)
        return SQ_ERR_NOMEM;
    o->stream.transport = transport;
    snprintf(o->stream.kind, sizeof o->stream.kind, "%s", kind);
    snprintf(o->stream.source, sizeof o->stream.source, "%s", source);
    o->stream.rtp = json_incref(rtp);
    o->stream.consumable = ortc_consumable(kind, rtp);
    o->stream.paused = json_is_true(json_object_get(params, "paused"));
    *out = o;
    return o->stream.consumable ? 0 : SQ_ERR_NOMEM;
}

/* One consumer of a producer on a transport: asking again gets the same. */
static struct media_object *consumer_on(const struct media_object *transport,
                                        const struct media_object *producer)
{
    struct media_object *o = transport->room->objects;
    while (o && !(o->type == OBJECT_CONSUMER && o->stream.transport == transport &&
                  o->stream.producer == producer))
        o = o->next_in_room;
    return o;
}

int media_consumer_make(struct media *m, struct media_object *transport,
                        struct media_object *producer, const json_t *capabilities, bool paused,
                        struct media_object **out)
{
    char id[ID_MAX], mid[16];
    json_t *rtp = NULL;
    if (consumer_on(transport, producer))
        return SQ_ERR_CONFLICT;
    snprintf(mid, sizeof mid, "%u", transport->transport.next_mid);
    struct ortc_consumer with = {.mid = mid,
                                 .cname = producer->stream.transport->id,
                                 .ssrc = ortc_new_ssrc(),
                                 .rtx_ssrc = ortc_new_ssrc()};
    int error = ortc_consumer_parameters(producer->stream.kind, producer->stream.consumable,
                                         capabilities, &with, &rtp);
    if (error)
        return error;
    store_new_id(id, "co");
    struct media_object *o = media_object_add(m, transport->room, OBJECT_CONSUMER, id,
                                              transport->account, transport->session);
    if (!o) {
        json_decref(rtp);
        return SQ_ERR_NOMEM;
    }
    transport->transport.next_mid++;
    o->stream = (struct stream_part){
        .transport = transport, .producer = producer, .rtp = rtp, .paused = paused};
    memcpy(o->stream.kind, producer->stream.kind, sizeof o->stream.kind);
    memcpy(o->stream.source, producer->stream.source, sizeof o->stream.source);
    o->stream.told_paused = media_consumer_paused(o);
    *out = o;
    return 0;
}

json_t *media_producer_command(const struct media_object *p)
{
    return json_pack("{s:s, s:s, s:s, s:O, s:b}", "transport", p->stream.transport->id, "producer",
                     p->id, "kind", p->stream.kind, "rtpParameters", p->stream.rtp, "paused",
                     p->stream.paused);
}

json_t *media_consumer_command(const struct media_object *c)
{
    return json_pack("{s:s, s:s, s:s, s:O, s:b}", "transport", c->stream.transport->id, "consumer",
                     c->id, "producer", c->stream.producer->id, "rtpParameters", c->stream.rtp,
                     "paused", c->stream.told_paused);
}

/* A consumer of `producer` on the native transport, told to its owner when the relay has it. */
static void push(struct media *m, struct media_object *transport, struct media_object *producer,
                 time_us now_us)
{
    struct media_object *consumer = NULL;
    struct caller owner = {0};
    if (media_consumer_make(m, transport, producer, transport->transport.capabilities, false,
                            &consumer))
        return; /* no codec in common: the terminal can't show it */
    memcpy(owner.account, transport->account, sizeof owner.account);
    memcpy(owner.session, transport->session, sizeof owner.session);
    struct media_job *job = media_job_new(m, JOB_PUSH, 0, transport->room, &owner, NULL);
    if (!job) {
        media_object_remove(m, consumer);
        return;
    }
    memcpy(job->transport, transport->id, sizeof job->transport);
    memcpy(job->object, consumer->id, sizeof job->object);
    media_job_start(m, job, now_us);
}

static bool may_hear(const struct media_object *transport, const struct media_object *producer)
{
    return producer->made && transport->made && media_may_meet(transport, producer) &&
           !consumer_on(transport, producer);
}

/* New consumers enter the list at its head, so the walk goes on undisturbed; a push that fails at
 * once takes its consumer away again, never another object. */
void media_room_spread(struct media *m, struct media_room *room, time_us now_us)
{
    for (struct media_object *t = room->objects; t; t = t->next_in_room) {
        if (t->type != OBJECT_TRANSPORT || !t->transport.native)
            continue;
        for (struct media_object *p = room->objects; p; p = p->next_in_room) {
            if (p->type == OBJECT_PRODUCER && may_hear(t, p))
                push(m, t, p, now_us);
        }
    }
}

static bool browser_hears(const struct media_object *t, const struct media_object *producer)
{
    return t->type == OBJECT_TRANSPORT && !t->transport.native && t->transport.receives &&
           t->made && media_may_meet(t, producer);
}

static void announce_to(struct media *m, const struct media_object *t,
                        const struct media_object *producer)
{
    media_notify(m, t->session, "media.newProducer",
                 json_pack("{s:s, s:s, s:s, s:s, s:s}", "room", producer->room->id, "producerId",
                           producer->id, "kind", producer->stream.kind, "source",
                           producer->stream.source, "participantId", producer->account));
}

/* A browser is told once: a transport that is still being made hears of everything when it is
 * there. */
void media_announce(struct media *m, const struct media_object *producer)
{
    for (struct media_object *t = producer->room->objects; t; t = t->next_in_room) {
        if (browser_hears(t, producer))
            announce_to(m, t, producer);
    }
}

void media_announce_all(struct media *m, const struct media_object *transport)
{
    for (struct media_object *p = transport->room->objects; p; p = p->next_in_room) {
        if (p->type == OBJECT_PRODUCER && p->made && browser_hears(transport, p))
            announce_to(m, transport, p);
    }
}

void media_room_announce(struct media *m, const struct media_room *room)
{
    for (struct media_object *t = room->objects; t; t = t->next_in_room) {
        for (struct media_object *p = room->objects; p && t->type == OBJECT_TRANSPORT;
             p = p->next_in_room) {
            if (p->type == OBJECT_PRODUCER && p->made && browser_hears(t, p) &&
                !media_did_meet(t, p))
                announce_to(m, t, p);
        }
    }
}
