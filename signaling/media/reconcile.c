/* SPDX-License-Identifier: Apache-2.0 */
/* What we believe of a relay against its snapshot: what it does not have is forgotten and told,
 * what we do not have is closed there, and who is paused is put right. Also where a room lives. */
#include "base/log.h"
#include "shanqiao/error.h"
#include "signaling/media/room.h"
#include "signaling/relays/relays.h"
#include <stdio.h>
#include <string.h>

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

/* Owners are told; nothing is sent to the relay, which does not have it. */
static void lose_transport(struct media *m, struct media_object *t, const char *state)
{
    for (struct media_object *o = t->room->objects; o; o = o->next_in_room) {
        if (o->type == OBJECT_CONSUMER && o->stream.producer->stream.transport == t)
            media_notify(m, o->session, "media.consumerClosed",
                         json_pack("{s:s}", "consumerId", o->id));
    }
    media_notify(m, t->session, "media.transportState",
                 json_pack("{s:s, s:s}", "transportId", t->id, "state", state));
    media_object_remove(m, t);
}

static void lose_all(struct media *m, struct media_room *room, const char *state)
{
    struct media_object *o = room->objects;
    while (o) {
        bool lost = o->type == OBJECT_TRANSPORT && o->made;
        if (lost)
            lose_transport(m, o, state);
        o = lost ? room->objects : o->next_in_room;
    }
}

int media_room_place(struct media *m, struct media_room *room, time_us now_us)
{
    if (*room->relay && relays_alive(m->config.relays, room->relay, now_us))
        return 0;
    const char *relay = relays_place(m->config.relays, now_us);
    if (!relay)
        return SQ_ERR_UNREACHABLE;
    if (*room->relay && strcmp(room->relay, relay)) {
        log_write(LOG_WARN, "media.room_moved", LOG_TEXT("from", room->relay),
                  LOG_TEXT("to", relay));
        lose_all(m, room, "failed");
    }
    snprintf(room->relay, sizeof room->relay, "%s", relay);
    room->made = room->unsure = false;
    room->down_us = 0;
    return 0;
}

/* ---- a relay that fell silent ---- */

static size_t tell_seats(struct media *m, const struct media_room *room, bool say)
{
    size_t count = 0;
    for (const struct media_object *o = room->objects; o; o = o->next_in_room) {
        if (o->type != OBJECT_TRANSPORT || !o->made)
            continue;
        count++;
        if (say)
            media_notify(m, o->session, "media.transportState",
                         json_pack("{s:s, s:s, s:s}", "transportId", o->id, "state", "interrupted",
                                   "reason", "relay_down"));
    }
    return count;
}

void media_room_watch(struct media *m, struct media_room *room, time_us now_us)
{
    if (!*room->relay || relays_alive(m->config.relays, room->relay, now_us))
        return; /* heard again: its snapshot says what is left */
    if (!tell_seats(m, room, !room->down_us))
        return; /* nobody is there: the next join places it */
    if (!room->down_us)
        room->down_us = now_us;
    if (now_us - room->down_us >= MEDIA_RELAY_GRACE_US)
        (void)media_room_place(m, room, now_us); /* none alive: when one is */
    else
        m->due_us = time_us_min(m->due_us, room->down_us + MEDIA_RELAY_GRACE_US);
}

/* ---- the snapshot ---- */

static const json_t *entry(const json_t *list, const char *name, const char *id)
{
    size_t i;
    json_t *e;
    json_array_foreach((json_t *)list, i, e)
    {
        if (!strcmp(text_of(e, name), id))
            return e;
    }
    return NULL;
}

static const char *const list_names[] = {"transports", "producers", "consumers"};
static const char *const id_names[] = {"transport", "producer", "consumer"};
static const char *const close_names[] = {"transport.close", "producer.close", "consumer.close"};

/* On the relay, not with us. */
static void close_strangers(struct media *m, const char *relay, const json_t *there,
                            enum object_type type, time_us now_us)
{
    size_t i;
    json_t *e;
    json_array_foreach(json_object_get(there, list_names[type]), i, e)
    {
        const char *id = text_of(e, id_names[type]);
        if (!media_object_find(m, type, id))
            media_send(m, NULL, false, relay, close_names[type],
                       json_pack("{s:s}", id_names[type], id), now_us);
    }
}

/* With us, not on the relay. What is being made right now is left alone. */
static void lose_missing(struct media *m, struct media_room *room, const json_t *there,
                         time_us asked_us, time_us now_us)
{
    struct media_object *o = room->objects;
    while (o) {
        const json_t *found =
            entry(json_object_get(there, list_names[o->type]), id_names[o->type], o->id);
        bool lost = o->made && !found && o->made_us <= asked_us;
        if (lost && o->type == OBJECT_TRANSPORT)
            lose_transport(m, o, "closed");
        else if (lost)
            media_stream_close(m, o, now_us);
        o = lost ? room->objects : o->next_in_room;
    }
}

/* The relay was only out of hearing: its transports fare as it says. */
static void tell_survivors(struct media *m, struct media_room *room, const json_t *there)
{
    for (const struct media_object *o = room->objects; o && room->down_us; o = o->next_in_room) {
        const char *state = o->type == OBJECT_TRANSPORT && o->made
                                ? text_of(entry(json_object_get(there, list_names[o->type]),
                                                id_names[o->type], o->id),
                                          "state")
                                : "";
        if (*state)
            media_notify(m, o->session, "media.transportState",
                         json_pack("{s:s, s:s}", "transportId", o->id, "state", state));
    }
    room->down_us = 0;
}

static void send_pause(struct media *m, const struct media_object *o, bool paused, time_us now_us)
{
    static const char *const names[][2] = {{"producer.resume", "producer.pause"},
                                           {"consumer.resume", "consumer.pause"}};
    media_send(m, NULL, false, o->room->relay, names[o->type == OBJECT_CONSUMER][paused],
               json_pack("{s:s}", id_names[o->type], o->id), now_us);
}

static void put_pauses_right(struct media *m, struct media_room *room, const json_t *there,
                             time_us now_us)
{
    for (struct media_object *o = room->objects; o; o = o->next_in_room) {
        if (o->type == OBJECT_TRANSPORT || !o->made)
            continue;
        const json_t *e =
            entry(json_object_get(there, list_names[o->type]), id_names[o->type], o->id);
        if (!e)
            continue; /* newer than the snapshot */
        bool is = json_is_true(json_object_get(e, "paused"));
        bool want = o->type == OBJECT_CONSUMER ? o->stream.told_paused : o->stream.paused;
        if (room->unsure && o->type == OBJECT_CONSUMER)
            o->stream.told_paused = is; /* as far as anybody knows; the gate below does the rest */
        else if (is != want) /* silently: the snapshot may be older than a command on its way */
            send_pause(m, o, want, now_us);
    }
    room->unsure = false;
    media_room_gate(m, room, now_us);
}

void media_reconcile(struct media *m, const char *relay, const json_t *snapshot, time_us asked_us,
                     time_us now_us)
{
    const json_t *rooms = json_object_get(snapshot, "rooms");
    size_t i;
    json_t *there;
    json_array_foreach((json_t *)rooms, i, there)
    {
        const char *id = text_of(there, "room");
        const struct media_room *room = media_room_find(m, id);
        if (!room && !media_owns(m, id))
            continue; /* another node's */
        if (!room || strcmp(room->relay, relay)) {
            media_send(m, NULL, false, relay, "room.close", json_pack("{s:s}", "room", id), now_us);
            continue;
        }
        for (int type = OBJECT_TRANSPORT; type <= OBJECT_CONSUMER; type++)
            close_strangers(m, relay, there, (enum object_type)type, now_us);
    }
    for (struct media_room *room = m->rooms; room; room = room->next) {
        if (strcmp(room->relay, relay) || !room->made)
            continue;
        const json_t *found = entry(rooms, "room", room->id);
        if (!found && room->made_us <= asked_us)
            room->made = false;
        lose_missing(m, room, found, asked_us, now_us);
        tell_survivors(m, room, found);
        put_pauses_right(m, room, found, now_us);
    }
}
