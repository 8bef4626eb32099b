/* SPDX-License-Identifier: Apache-2.0 */
/* Commands on the objects of a room, one small function each in one table. Idempotent: making what
 * is there answers as the first time, closing what is not there succeeds. Refuses to know: JSON,
 * who asked. */
#include "base/check.h"
#include "relay/room/room.h"
#include "shanqiao/error.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void refuse(struct relay_reply *reply, int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void refuse(struct relay_reply *reply, int error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(reply->message, sizeof reply->message, format, args);
    va_end(args);
    reply->error = error;
}

/* Errors of making something. */
static void refuse_making(struct relay_reply *reply, int error, const char *what)
{
    if (error == SQ_ERR_LIMIT)
        refuse(reply, error, "no room for one more %s; close some or use another relay", what);
    else if (error == SQ_ERR_CONFLICT)
        refuse(reply, error, "an ssrc of this %s is in use on the transport; choose another", what);
    else if (error == SQ_ERR_UNSUPPORTED)
        refuse(reply, error, "no codec in common for this %s; offer one of the producer's", what);
    else
        refuse(reply, error, "can't make the %s now; try again or use another relay", what);
}

static struct room_transport *need_transport(struct router *r, const struct relay_command *c,
                                             struct relay_reply *reply)
{
    struct room_transport *t = room_transport_find(r, c->transport);
    if (!t)
        refuse(reply, SQ_ERR_NOT_FOUND, "no transport %s; create it first", c->transport);
    return t;
}

static void create_room(struct router *r, const struct relay_command *c, struct relay_reply *reply,
                        time_us now_us)
{
    (void)now_us;
    int error = room_find(r, c->room) ? 0 : room_open(r, c->room);
    if (error)
        refuse_making(reply, error, "room");
}

static void close_room(struct router *r, const struct relay_command *c, struct relay_reply *reply,
                       time_us now_us)
{
    (void)reply;
    (void)now_us;
    struct room *room = room_find(r, c->room);
    if (room)
        room_close(r, room);
}

static void describe_transport(const struct router *r, const struct room_transport *t,
                               struct relay_reply *reply)
{
    reply->ice = t->local;
    reply->tcp = t->tcp;
    dtls_identity_fingerprint(r->config.identity, &reply->fingerprint);
}

static void create_transport(struct router *r, const struct relay_command *c,
                             struct relay_reply *reply, time_us now_us)
{
    struct room *room = room_find(r, c->room);
    struct room_transport *t = room_transport_find(r, c->transport);
    if (!room) {
        refuse(reply, SQ_ERR_NOT_FOUND, "no room %s; create it first", c->room);
        return;
    }
    if (t && t->room != room) {
        refuse(reply, SQ_ERR_CONFLICT, "transport %s is in another room; choose another id",
               c->transport);
        return;
    }
    int error = t ? 0 : room_transport_open(r, room, c, now_us);
    if (error)
        refuse_making(reply, error, "transport");
    else
        describe_transport(r, room_transport_find(r, c->transport), reply);
}

static bool fingerprint_equal(const struct dtls_fingerprint *a, const struct dtls_fingerprint *b)
{
    return a->algorithm == b->algorithm && memcmp(a->value, b->value, sizeof a->value) == 0;
}

static void connect_transport(struct router *r, const struct relay_command *c,
                              struct relay_reply *reply, time_us now_us)
{
    struct room_transport *t = need_transport(r, c, reply);
    if (!t)
        return;
    if (t->fingerprint.algorithm != DTLS_FINGERPRINT_NONE) {
        if (!fingerprint_equal(&t->fingerprint, &c->fingerprint))
            refuse(reply, SQ_ERR_CONFLICT,
                   "transport %s has another fingerprint; create a new transport", c->transport);
        return;
    }
    int error = transport_set_remote_fingerprint(t->rtc, &c->fingerprint, now_us);
    if (error) {
        refuse(reply, error, "transport %s can't be connected; create a new one", c->transport);
        return;
    }
    t->fingerprint = c->fingerprint;
    router_pump(r, t);
}

static void restart_ice(struct router *r, const struct relay_command *c, struct relay_reply *reply,
                        time_us now_us)
{
    struct room_transport *t = need_transport(r, c, reply);
    int error = t ? room_transport_restart(r, t, now_us) : 0;
    if (error)
        refuse(reply, error, "transport %s can't restart; create a new one", c->transport);
    else if (t)
        reply->ice = t->local;
}

static void close_transport(struct router *r, const struct relay_command *c,
                            struct relay_reply *reply, time_us now_us)
{
    (void)reply;
    (void)now_us;
    struct room_transport *t = room_transport_find(r, c->transport);
    if (t)
        room_transport_close(r, t);
}

static void create_producer(struct router *r, const struct relay_command *c,
                            struct relay_reply *reply, time_us now_us)
{
    (void)now_us;
    struct room_transport *t = need_transport(r, c, reply);
    struct room_producer *p = room_producer_find(r, c->producer);
    if (!t || (p && p->transport == t))
        return;
    if (p) {
        refuse(reply, SQ_ERR_CONFLICT, "producer %s is on another transport; choose another id",
               c->producer);
        return;
    }
    int error = room_producer_open(r, t, c);
    if (error)
        refuse_making(reply, error, "producer");
}

static void pause_producer(struct router *r, const struct relay_command *c,
                           struct relay_reply *reply, time_us now_us)
{
    (void)now_us;
    struct room_producer *p = room_producer_find(r, c->producer);
    struct room_consumer *consumer;
    bool paused = c->type == RELAY_PRODUCER_PAUSE;
    if (!p) {
        refuse(reply, SQ_ERR_NOT_FOUND, "no producer %s; create it first", c->producer);
        return;
    }
    bool changed = p->forward->paused != paused;
    forward_producer_pause(p->forward, paused);
    if (!changed || paused)
        return;
    LIST_FOREACH(consumer, &p->consumers, of_producer)
    forward_consumer_restart(consumer->forward);
    router_wake(r, p->transport, forward_producer_deadline(p->forward, 0));
}

static void close_producer(struct router *r, const struct relay_command *c,
                           struct relay_reply *reply, time_us now_us)
{
    (void)reply;
    (void)now_us;
    struct room_producer *p = room_producer_find(r, c->producer);
    if (p)
        room_producer_close(r, p);
}

static void create_consumer(struct router *r, const struct relay_command *c,
                            struct relay_reply *reply, time_us now_us)
{
    (void)now_us;
    struct room_transport *t = need_transport(r, c, reply);
    struct room_producer *p = room_producer_find(r, c->producer);
    struct room_consumer *there = room_consumer_find(r, c->consumer);
    if (!t)
        return;
    if (!p) {
        refuse(reply, SQ_ERR_NOT_FOUND, "no producer %s; create it first", c->producer);
        return;
    }
    if (p->transport->room != t->room) {
        refuse(reply, SQ_ERR_DENIED, "producer %s is in another room", c->producer);
        return;
    }
    if (there && there->transport == t && there->producer == p)
        return;
    if (there) {
        refuse(reply, SQ_ERR_CONFLICT, "consumer %s is another one; choose another id",
               c->consumer);
        return;
    }
    int error = room_consumer_open(r, t, p, c);
    if (error)
        refuse_making(reply, error, "consumer");
    else
        router_wake(r, p->transport, forward_producer_deadline(p->forward, 0));
}

static struct room_consumer *need_consumer(struct router *r, const struct relay_command *c,
                                           struct relay_reply *reply)
{
    struct room_consumer *consumer = room_consumer_find(r, c->consumer);
    if (!consumer)
        refuse(reply, SQ_ERR_NOT_FOUND, "no consumer %s; create it first", c->consumer);
    return consumer;
}

static void wake_producer(struct router *r, struct room_consumer *c)
{
    router_wake(r, c->producer->transport, forward_producer_deadline(c->producer->forward, 0));
}

static void pause_consumer(struct router *r, const struct relay_command *c,
                           struct relay_reply *reply, time_us now_us)
{
    (void)now_us;
    struct room_consumer *consumer = need_consumer(r, c, reply);
    if (!consumer)
        return;
    forward_consumer_pause(consumer->forward, c->type == RELAY_CONSUMER_PAUSE);
    wake_producer(r, consumer);
}

static void close_consumer(struct router *r, const struct relay_command *c,
                           struct relay_reply *reply, time_us now_us)
{
    (void)reply;
    (void)now_us;
    struct room_consumer *consumer = room_consumer_find(r, c->consumer);
    if (consumer)
        room_consumer_close(r, consumer);
}

static void set_layers(struct router *r, const struct relay_command *c, struct relay_reply *reply,
                       time_us now_us)
{
    (void)now_us;
    struct room_consumer *consumer = need_consumer(r, c, reply);
    if (consumer)
        forward_consumer_prefer(consumer->forward, c->layers.spatial, c->layers.temporal);
}

static void stats(struct router *r, const struct relay_command *c, struct relay_reply *reply,
                  time_us now_us)
{
    (void)now_us;
    struct room *room = room_find(r, c->room);
    int error = room ? room_stats(room, &reply->stats) : SQ_ERR_NOT_FOUND;
    if (error == SQ_ERR_NOT_FOUND)
        refuse(reply, error, "no room %s; create it first", c->room);
    else if (error)
        refuse(reply, error, "no memory for statistics; ask again later");
}

static void (*const handlers[RELAY_COMMAND_COUNT])(struct router *, const struct relay_command *,
                                                   struct relay_reply *, time_us) = {
    [RELAY_ROOM_CREATE] = create_room,           [RELAY_ROOM_CLOSE] = close_room,
    [RELAY_TRANSPORT_CREATE] = create_transport, [RELAY_TRANSPORT_CONNECT] = connect_transport,
    [RELAY_TRANSPORT_RESTART_ICE] = restart_ice, [RELAY_TRANSPORT_CLOSE] = close_transport,
    [RELAY_PRODUCER_CREATE] = create_producer,   [RELAY_PRODUCER_PAUSE] = pause_producer,
    [RELAY_PRODUCER_RESUME] = pause_producer,    [RELAY_PRODUCER_CLOSE] = close_producer,
    [RELAY_CONSUMER_CREATE] = create_consumer,   [RELAY_CONSUMER_PAUSE] = pause_consumer,
    [RELAY_CONSUMER_RESUME] = pause_consumer,    [RELAY_CONSUMER_CLOSE] = close_consumer,
    [RELAY_CONSUMER_SET_LAYERS] = set_layers,    [RELAY_STATS] = stats,
};

void router_command(struct router *r, const struct relay_command *command,
                    struct relay_reply *reply, time_us now_us)
{
    CHECK(command->type < RELAY_COMMAND_COUNT && handlers[command->type]);
    r->now_us = now_us;
    *reply = (struct relay_reply){.type = command->type, .ticket = command->ticket};
    handlers[command->type](r, command, reply, now_us);
}
