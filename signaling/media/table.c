/* SPDX-License-Identifier: Apache-2.0 */
/* Rooms and objects in memory, and their rows in the table media_object: memory is what counts,
 * rows are for the next start. */
#include "signaling/media/room.h"

#include "base/log.h"
#include "shanqiao/error.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const type_names[] = {"transport", "producer", "consumer"};

static size_t bucket_of(const char *id)
{
    uint32_t h = 2166136261u; /* FNV-1a; ids are random and ours */
    for (const char *p = id; *p; p++)
        h = (h ^ (unsigned char)*p) * 16777619u;
    return h & (MEDIA_BUCKETS - 1);
}

struct media_room *media_room_find(const struct media *m, const char *id)
{
    struct media_room *room = m->rooms;
    while (room && strcmp(room->id, id))
        room = room->next;
    return room;
}

struct media_room *media_room_add(struct media *m, const char *id)
{
    struct media_room *room = media_room_find(m, id);
    if (room)
        return room;
    room = calloc(1, sizeof *room);
    if (!room)
        return NULL;
    snprintf(room->id, sizeof room->id, "%s", id);
    room->next = m->rooms;
    m->rooms = room;
    return room;
}

static void forget_row(struct media *m, const char *id)
{
    if (STORE_RUN(m->config.service->store, "DELETE FROM media_object WHERE id = $1", sv_text(id)) <
        0)
        log_write(LOG_ERROR, "media.store", LOG_TEXT("act", "delete"));
}

void media_room_remove(struct media *m, struct media_room *room)
{
    struct media_room **at = &m->rooms;
    while (room->objects)
        media_object_remove(m, room->objects);
    while (*at != room)
        at = &(*at)->next;
    *at = room->next;
    forget_row(m, room->id);
    free(room);
}

struct media_object *media_object_find(const struct media *m, enum object_type type, const char *id)
{
    struct media_object *o = m->buckets[bucket_of(id)];
    while (o && (o->type != type || strcmp(o->id, id)))
        o = o->next_in_bucket;
    return o;
}

struct media_object *media_object_own(const struct media *m, enum object_type type, const char *id,
                                      const char *session)
{
    struct media_object *o = media_object_find(m, type, id);
    return o && o->made && !strcmp(o->session, session) ? o : NULL;
}

struct media_object *media_object_add(struct media *m, struct media_room *room,
                                      enum object_type type, const char *id, const char *account,
                                      const char *session)
{
    struct media_object *o = calloc(1, sizeof *o);
    if (!o)
        return NULL;
    struct media_object **bucket = &m->buckets[bucket_of(id)];
    o->type = type;
    o->room = room;
    snprintf(o->id, sizeof o->id, "%s", id);
    snprintf(o->account, sizeof o->account, "%s", account);
    snprintf(o->session, sizeof o->session, "%s", session);
    o->next_in_bucket = *bucket;
    *bucket = o;
    o->next_in_room = room->objects;
    room->objects = o;
    room->transport_count += type == OBJECT_TRANSPORT;
    return o;
}

static bool hangs_on(const struct media_object *o, const struct media_object *on)
{
    return o->stream.transport == on || o->stream.producer == on;
}

static void unlink_object(struct media *m, struct media_object *o)
{
    struct media_object **at = &m->buckets[bucket_of(o->id)];
    while (*at != o)
        at = &(*at)->next_in_bucket;
    *at = o->next_in_bucket;
    at = &o->room->objects;
    while (*at != o)
        at = &(*at)->next_in_room;
    *at = o->next_in_room;
    o->room->transport_count -= o->type == OBJECT_TRANSPORT;
}

void media_object_remove(struct media *m, struct media_object *o)
{
    struct media_room *room = o->room;
    struct media_object *part = o->type == OBJECT_CONSUMER ? NULL : room->objects;
    while (part) {
        bool found = hangs_on(part, o);
        if (found)
            media_object_remove(m, part);
        part = found ? room->objects : part->next_in_room; /* the list has changed */
    }
    unlink_object(m, o);
    if (o->made)
        forget_row(m, o->id);
    json_decref(o->transport.capabilities);
    json_decref(o->stream.rtp);
    json_decref(o->stream.consumable);
    free(o);
}

/* ---- rows ---- */

static int save_row(struct media *m, const char *id, const char *room, const char *transport,
                    const char *kind, const char *account, const char *session, json_t *body)
{
    char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
    int error = SQ_ERR_NOMEM;
    if (text)
        error =
            STORE_RUN(m->config.service->store,
                      "INSERT INTO media_object (id, room, transport, kind, account, session, body)"
                      " VALUES ($1, $2, $3, $4, $5, $6, $7)"
                      " ON CONFLICT (id) DO UPDATE SET body = excluded.body",
                      sv_text(id), sv_text(room), sv_text(transport), sv_text(kind),
                      sv_text(account), sv_text(session), sv_text(text));
    free(text);
    json_decref(body);
    if (error < 0)
        log_write(LOG_ERROR, "media.store", LOG_TEXT("act", "save"));
    return error < 0 ? error : 0;
}

int media_room_save(struct media *m, const struct media_room *room)
{
    return save_row(m, room->id, room->id, "", "room", "", "",
                    json_pack("{s:s}", "relay", room->relay));
}

static json_t *transport_body(const struct media_object *o)
{
    const struct transport_part *t = &o->transport;
    return json_pack("{s:b, s:b, s:b, s:O*, s:i}", "native", t->native, "sends", t->sends,
                     "receives", t->receives, "capabilities", t->capabilities, "nextMid",
                     (int)t->next_mid);
}

static json_t *stream_body(const struct media_object *o)
{
    const struct stream_part *s = &o->stream;
    return json_pack("{s:s, s:s, s:O, s:O*, s:b, s:s*}", "kind", s->kind, "source", s->source,
                     "rtp", s->rtp, "consumable", s->consumable, "paused", s->paused, "producer",
                     s->producer ? s->producer->id : NULL);
}

/* That the room's calls came to media, and to pictures: for statistics, when all is over. */
static int note_stream(struct media *m, const struct media_object *o)
{
    int error = STORE_RUN(m->config.service->store,
                          "INSERT INTO consultation_media (consultation, picture) VALUES ($1, $2)"
                          " ON CONFLICT (consultation) DO UPDATE SET picture ="
                          " CASE WHEN excluded.picture = 1 THEN 1"
                          " ELSE consultation_media.picture END",
                          sv_text(o->room->id), sv_int(strcmp(o->stream.kind, "video") == 0));
    return error < 0 ? error : 0;
}

int media_object_save(struct media *m, const struct media_object *o)
{
    bool is_transport = o->type == OBJECT_TRANSPORT;
    int error = o->type == OBJECT_PRODUCER ? note_stream(m, o) : 0;
    if (error < 0)
        return error;
    return save_row(m, o->id, o->room->id, is_transport ? o->id : o->stream.transport->id,
                    type_names[o->type], o->account, o->session,
                    is_transport ? transport_body(o) : stream_body(o));
}

static bool truth(const json_t *body, const char *name)
{
    return json_is_true(json_object_get(body, name));
}

static void copy_text(char *to, size_t size, const json_t *body, const char *name)
{
    const char *text = json_string_value(json_object_get(body, name));
    snprintf(to, size, "%s", text ? text : "");
}

static int load_transport(struct media_object *o, const json_t *body, time_us now_us)
{
    o->transport.native = truth(body, "native");
    o->transport.sends = truth(body, "sends");
    o->transport.receives = truth(body, "receives");
    o->transport.capabilities = json_incref(json_object_get(body, "capabilities"));
    o->transport.next_mid = (unsigned)json_integer_value(json_object_get(body, "nextMid"));
    o->transport.away_us = now_us;
    return 0;
}

static int load_stream(struct media *m, struct media_object *o, const char *transport,
                       const json_t *body)
{
    const char *producer = json_string_value(json_object_get(body, "producer"));
    o->stream.transport = media_object_find(m, OBJECT_TRANSPORT, transport);
    o->stream.producer = producer ? media_object_find(m, OBJECT_PRODUCER, producer) : NULL;
    copy_text(o->stream.kind, sizeof o->stream.kind, body, "kind");
    copy_text(o->stream.source, sizeof o->stream.source, body, "source");
    o->stream.rtp = json_incref(json_object_get(body, "rtp"));
    o->stream.consumable = json_incref(json_object_get(body, "consumable"));
    o->stream.paused = truth(body, "paused");
    o->stream.told_paused = true; /* unknown: the snapshot tells */
    bool whole = o->stream.transport && (o->type == OBJECT_PRODUCER || o->stream.producer);
    return whole ? 0 : SQ_ERR_NOT_FOUND;
}

static int load_object(struct media *m, const struct store_query *q, enum object_type type,
                       const json_t *body, time_us now_us)
{
    struct media_room *room = media_room_add(m, store_text(q, 1));
    struct media_object *o =
        room ? media_object_add(m, room, type, store_text(q, 0), store_text(q, 3), store_text(q, 4))
             : NULL;
    if (!o)
        return SQ_ERR_NOMEM;
    int error = type == OBJECT_TRANSPORT ? load_transport(o, body, now_us)
                                         : load_stream(m, o, store_text(q, 2), body);
    if (error)
        media_object_remove(
            m, o); /* its transport or producer is gone; the relay's snapshot closes it */
    else
        o->made = true;
    return 0;
}

bool media_owns(const struct media *m, const char *room)
{
    return !m->config.owns || m->config.owns(m->config.owner, room);
}

/* Rows of one kind; those that others hang on are loaded before. */
static int load_kind(struct media *m, const char *only, const char *kind, int type, time_us now_us)
{
    struct store_query q;
    int error = 0;
    STORE_QUERY(
        m->config.service->store, &q,
        "SELECT id, room, transport, account, session, body FROM media_object WHERE kind = $1"
        " AND ($2 = '' OR room = $2)",
        sv_text(kind), sv_text(only));
    while (!error && store_next(&q)) {
        if (!media_owns(m, store_text(&q, 1)))
            continue;
        json_t *body = json_loads(store_text(&q, 5), 0, NULL);
        if (type < 0) {
            struct media_room *room = media_room_add(m, store_text(&q, 0));
            error = room ? 0 : SQ_ERR_NOMEM;
            if (room) {
                copy_text(room->relay, sizeof room->relay, body, "relay");
                room->made = room->unsure = true;
            }
        } else {
            error = load_object(m, &q, (enum object_type)type, body, now_us);
        }
        json_decref(body);
    }
    int ended = store_query_end(&q);
    return error ? error : ended;
}

int media_load(struct media *m, const char *room, time_us now_us)
{
    int error = load_kind(m, room, "room", -1, now_us);
    for (int type = OBJECT_TRANSPORT; type <= OBJECT_CONSUMER && !error; type++)
        error = load_kind(m, room, type_names[type], type, now_us);
    return error;
}
