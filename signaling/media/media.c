/* SPDX-License-Identifier: Apache-2.0 */
/* The face of media/: requests to jobs, effects and presence to closings, what relays say to where
 * it belongs. */
#include "signaling/media/media.h"

#include "base/log.h"
#include "shanqiao/error.h"
#include "signaling/media/ortc.h"
#include "signaling/media/room.h"
#include "signaling/relays/relays.h"
#include "signaling/store/store.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int media_new(struct media **out, const struct media_config *config, time_us now_us)
{
    struct media *m = calloc(1, sizeof *m);
    if (!m)
        return SQ_ERR_NOMEM;
    m->config = *config;
    m->due_us = TIME_US_NEVER;
    int error = media_load(m, "", now_us);
    if (error) {
        media_free(m);
        return error;
    }
    *out = m;
    return 0;
}

/* Transports whose right is gone, and rooms that are over, are what the former owner could not
 * close: looked through once more. */
int media_adopt(struct media *m, const char *room, time_us now_us)
{
    if (media_room_find(m, room))
        return 0;
    m->settled = false;
    relays_refresh(m->config.relays);
    return media_load(m, room, now_us);
}

static void free_room(struct media_room *room)
{
    while (room->objects) {
        struct media_object *o = room->objects;
        room->objects = o->next_in_room;
        json_decref(o->transport.capabilities);
        json_decref(o->stream.rtp);
        json_decref(o->stream.consumable);
        free(o);
    }
    free(room);
}

void media_free(struct media *m)
{
    struct media_output out;
    if (!m)
        return;
    media_jobs_clear(m);
    while (media_next(m, &out))
        json_decref(out.body);
    while (m->rooms) {
        struct media_room *room = m->rooms;
        m->rooms = room->next;
        free_room(room); /* rows stay: they are for the next start */
    }
    free(m);
}

/* ---- effects and presence ---- */

/* Closes the transports of an account or (account empty) of a session. */
static void close_seats(struct media *m, struct media_room *room, const char *account,
                        const char *session, time_us now_us)
{
    struct media_object *o = room->objects;
    while (o) {
        bool one = o->type == OBJECT_TRANSPORT && (!*account || !strcmp(o->account, account)) &&
                   (!*session || !strcmp(o->session, session));
        if (one)
            media_transport_close(m, o, now_us);
        o = one ? room->objects : o->next_in_room;
    }
}

static void close_room(struct media *m, struct media_room *room, time_us now_us)
{
    for (struct media_object *o = room->objects; o; o = o->next_in_room) {
        if (o->type == OBJECT_TRANSPORT && o->made)
            media_notify(m, o->session, "media.transportState",
                         json_pack("{s:s, s:s}", "transportId", o->id, "state", "closed"));
    }
    if (*room->relay)
        media_send(m, NULL, false, room->relay, "room.close", json_pack("{s:s}", "room", room->id),
                   now_us);
    media_room_remove(m, room);
}

static void open_room(struct media *m, const struct effect *e, time_us now_us)
{
    struct media_room *room = media_room_add(m, e->object);
    if (!room)
        return;
    room->opened = true;
    room->live |= e->type == EFFECT_ROOM_LIVE;
    if (!*room->relay)
        (void)media_room_place(m, room, now_us); /* none alive: placed by the first join */
    media_room_look(m, room, now_us);
    media_room_gate(m, room, now_us);
    media_room_announce(m, room);
    media_room_spread(m, room, now_us);
}

void media_effect(struct media *m, const struct effect *e, time_us now_us)
{
    struct media_room *room = media_room_find(m, e->object);
    m->now_us = now_us;
    if (e->type == EFFECT_ROOM_OPEN || e->type == EFFECT_ROOM_LIVE) {
        open_room(m, e, now_us);
    } else if (e->type == EFFECT_ROOM_REMOVE && room) {
        close_seats(m, room, e->account, "", now_us);
    } else if (e->type == EFFECT_ROOM_CLOSE && room) {
        close_room(m, room, now_us);
    } else if (e->type == EFFECT_SESSION_ENDED) {
        for (room = m->rooms; room; room = room->next)
            close_seats(m, room, "", e->session, now_us);
    }
}

void media_presence(struct media *m, const char *session, bool connected, time_us now_us)
{
    for (struct media_room *room = m->rooms; room; room = room->next) {
        for (struct media_object *o = room->objects; o; o = o->next_in_room) {
            if (o->type == OBJECT_TRANSPORT && !strcmp(o->session, session))
                o->transport.away_us = connected ? 0 : now_us;
        }
    }
}

/* ---- time and relays ---- */

/* A transport's owner is told how its path fares. */
static void take_event(struct media *m, const char *relay, const json_t *event, time_us now_us)
{
    const char *id = json_string_value(json_object_get(event, "transport"));
    const char *state = json_string_value(json_object_get(event, "state"));
    const char *name = json_string_value(json_object_get(event, "event"));
    if (!id || !state || !name || strcmp(name, "transport.state"))
        return;
    struct media_object *t = media_object_find(m, OBJECT_TRANSPORT, id);
    if (!t || !t->made || strcmp(t->room->relay, relay) != 0)
        return;
    media_path_state(t, state, now_us);
    media_notify(m, t->session, "media.transportState",
                 json_pack("{s:s, s:s}", "transportId", id, "state", state));
}

static void take_relays(struct media *m, time_us now_us)
{
    struct relays_output out;
    relays_step(m->config.relays, now_us);
    while (relays_next(m->config.relays, &out)) {
        if (out.type == RELAYS_REPLY &&
            media_quality_take(m, out.ticket, out.relay, out.body, now_us))
            continue;
        if (out.type == RELAYS_REPLY)
            media_take_reply(m, out.ticket, out.relay, out.error, out.message, out.body, now_us);
        else if (out.type == RELAYS_EVENT)
            take_event(m, out.relay, out.body, now_us);
        else if (out.type == RELAYS_SNAPSHOT)
            media_reconcile(m, out.relay, out.body, out.asked_us, now_us);
        /* RELAYS_UP and RELAYS_DOWN: media_room_watch looks by itself */
    }
}

/* After the start: seats whose right is gone, and rooms that nobody is in, are what a crash kept
 * from being closed. (An empty room that is still open is made again by whoever joins.) */
static void settle(struct media *m, time_us now_us)
{
    struct media_room *room = m->rooms;
    m->settled = true;
    while (room) {
        struct media_room *next = room->next;
        media_room_look(m, room, now_us);
        if (!room->objects && !room->opened)
            close_room(m, room, now_us);
        room = next;
    }
}

static void drop_away(struct media *m, struct media_room *room, time_us now_us)
{
    struct media_object *o = room->objects;
    while (o) {
        bool gone = o->type == OBJECT_TRANSPORT && o->transport.away_us &&
                    now_us - o->transport.away_us > MEDIA_AWAY_US;
        if (gone)
            media_transport_close(m, o, now_us);
        o = gone ? room->objects : o->next_in_room;
    }
}

bool media_listen(struct media *m, time_us now_us)
{
    relays_step(m->config.relays, now_us);
    return !m->settled || now_us >= m->due_us || now_us >= m->look_us ||
           relays_waiting(m->config.relays);
}

void media_step(struct media *m, time_us now_us)
{
    m->now_us = now_us;
    if (!m->settled)
        settle(m, now_us);
    take_relays(m, now_us);
    m->due_us = TIME_US_NEVER;
    m->look_us = now_us + MEDIA_LOOK_US;
    for (struct media_room *room = m->rooms; room; room = room->next) {
        drop_away(m, room, now_us);
        media_room_watch(m, room, now_us);
    }
}

time_us media_deadline(const struct media *m)
{
    return time_us_min(m->due_us, relays_deadline(m->config.relays));
}
