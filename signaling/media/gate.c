/* SPDX-License-Identifier: Apache-2.0 */
/* Who is heard: a consumer runs when neither its owner nor its producer's paused it and both
 * accounts may take part in a live room. While it rings nobody may. */
#include "signaling/media/room.h"

#include <string.h>

static bool gated(const struct media_object *consumer)
{
    enum room_right own = consumer->stream.transport->transport.right;
    return (own != ROOM_RIGHT_LIVE && own != ROOM_RIGHT_LISTEN) ||
           consumer->stream.producer->stream.transport->transport.right != ROOM_RIGHT_LIVE;
}

bool media_consumer_paused(const struct media_object *consumer)
{
    return consumer->stream.paused || gated(consumer);
}

/* Who is rung meets those who wait for an answer, and nobody else. Nobody meets what an observer
 * sends. */
static bool meet(enum room_right a, enum room_right producer)
{
    return (a != ROOM_RIGHT_RUNG || producer == ROOM_RIGHT_WAITING) &&
           (producer != ROOM_RIGHT_RUNG || a == ROOM_RIGHT_WAITING) &&
           producer != ROOM_RIGHT_LISTEN;
}

bool media_may_meet(const struct media_object *transport, const struct media_object *producer)
{
    return strcmp(transport->account, producer->account) &&
           meet(transport->transport.right, producer->stream.transport->transport.right);
}

bool media_did_meet(const struct media_object *transport, const struct media_object *producer)
{
    return strcmp(transport->account, producer->account) &&
           meet(transport->transport.former, producer->stream.transport->transport.former);
}

bool media_consumer_silent(const struct media_object *consumer)
{
    return consumer->stream.told_paused || consumer->stream.producer->stream.paused;
}

void media_room_look(struct media *m, struct media_room *room, time_us now_us)
{
    struct media_object *o = room->objects;
    while (o) {
        enum room_right right = ROOM_RIGHT_LIVE;
        if (o->type == OBJECT_TRANSPORT) {
            right = m->config.right(m->config.service, room->id, o->account);
            o->transport.former = o->transport.right ? o->transport.right : right;
            o->transport.right = right;
        }
        if (right == ROOM_RIGHT_NONE) {
            media_transport_close(m, o, now_us);
            o = room->objects; /* the list has changed */
        } else {
            o = o->next_in_room;
        }
    }
}

void media_room_gate(struct media *m, struct media_room *room, time_us now_us)
{
    if (room->unsure)
        return;
    for (struct media_object *o = room->objects; o; o = o->next_in_room) {
        if (o->type != OBJECT_CONSUMER || !o->made)
            continue;
        bool paused = media_consumer_paused(o);
        if (paused == o->stream.told_paused)
            continue;
        o->stream.told_paused = paused;
        media_send(m, NULL, false, room->relay, paused ? "consumer.pause" : "consumer.resume",
                   json_pack("{s:s}", "consumer", o->id), now_us);
        if (o->stream.producer->stream.paused)
            continue; /* nothing came before, and nothing comes now */
        media_notify(m, o->session, paused ? "media.consumerPaused" : "media.consumerResumed",
                     json_pack("{s:s}", "consumerId", o->id));
    }
}
