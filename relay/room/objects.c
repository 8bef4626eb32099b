/* SPDX-License-Identifier: Apache-2.0 */
/* Making and closing rooms, transports, producers and consumers, with their caps and look-up
 * tables. Refuses to know: packets, JSON. */
#include "base/check.h"
#include "base/random.h"
#include "base/text.h"
#include "relay/room/room.h"
#include "shanqiao/error.h"
#include <stdlib.h>
#include <string.h>

static uint64_t id_key(const struct router *r, const char *id)
{
    return table_hash_text(id, r->config.hash_seed);
}

struct room *room_find(const struct router *r, const char *id)
{
    struct room *room = table_get(r->room_ids, id_key(r, id));
    return room && strcmp(room->id, id) == 0 ? room : NULL;
}

struct room_transport *room_transport_find(const struct router *r, const char *id)
{
    struct room_transport *t = table_get(r->transport_ids, id_key(r, id));
    return t && strcmp(t->id, id) == 0 ? t : NULL;
}

struct room_producer *room_producer_find(const struct router *r, const char *id)
{
    struct room_producer *p = table_get(r->producer_ids, id_key(r, id));
    return p && strcmp(p->id, id) == 0 ? p : NULL;
}

struct room_consumer *room_consumer_find(const struct router *r, const char *id)
{
    struct room_consumer *c = table_get(r->consumer_ids, id_key(r, id));
    return c && strcmp(c->id, id) == 0 ? c : NULL;
}

int room_open(struct router *r, const char *id)
{
    struct room *room = calloc(1, sizeof *room);
    if (!room)
        return SQ_ERR_NOMEM;
    text_copy(room->id, sizeof room->id, id);
    LIST_INIT(&room->transports);
    int code = table_put(r->room_ids, id_key(r, id), room);
    if (code) {
        free(room);
        return code;
    }
    LIST_INSERT_HEAD(&r->rooms, room, of_router);
    r->room_count++;
    return 0;
}

void room_close(struct router *r, struct room *room)
{
    while (!LIST_EMPTY(&room->transports))
        room_transport_close(r, LIST_FIRST(&room->transports));
    table_remove(r->room_ids, id_key(r, room->id));
    LIST_REMOVE(room, of_router);
    r->room_count--;
    free(room);
}

static int transport_start(struct router *r, struct room_transport *t,
                           const struct relay_command *command, time_us now_us)
{
    struct transport_config config = {.ice_role = ICE_ROLE_LITE,
                                      .local = t->local,
                                      .identity = r->config.identity,
                                      .dtls_role = DTLS_ROLE_SERVER,
                                      .profile_count = command->profile_count};
    memcpy(config.profiles, command->profiles, sizeof config.profiles);
    return transport_new(&t->rtc, &config, now_us);
}

int room_transport_open(struct router *r, struct room *room, const struct relay_command *command,
                        time_us now_us)
{
    if (room->transport_count == ROUTER_ROOM_TRANSPORTS_MAX ||
        r->transport_count == ROUTER_TRANSPORTS_MAX)
        return SQ_ERR_LIMIT;
    struct room_transport *t = calloc(1, sizeof *t);
    if (!t)
        return SQ_ERR_NOMEM;
    text_copy(t->id, sizeof t->id, command->transport);
    t->room = room;
    t->tcp = command->tcp;
    t->deadline.index = DEADLINE_ABSENT;
    t->feedback_ssrc = random_u32() | 1;
    t->police =
        (struct room_police){now_us, ROUTER_POLICE_BYTES_PER_S, ROUTER_POLICE_PACKETS_PER_S};
    t->rtcp_due_us = TIME_US_NEVER;
    LIST_INIT(&t->producers);
    LIST_INIT(&t->consumers);
    ice_credentials_new(&t->local);
    int code = transport_start(r, t, command, now_us);
    if (code) {
        free(t);
        return code;
    }
    /* both tables have room for every transport */
    CHECK(table_put(r->transport_ids, id_key(r, t->id), t) == 0);
    CHECK(table_put(r->ufrags, id_key(r, t->local.ufrag), t) == 0);
    LIST_INSERT_HEAD(&room->transports, t, of_room);
    room->transport_count++;
    r->transport_count++;
    router_wake(r, t, transport_deadline(t->rtc));
    return 0;
}

static void forget_ufrag(struct router *r, const char *ufrag)
{
    if (ufrag[0])
        table_remove(r->ufrags, id_key(r, ufrag));
}

int room_transport_restart(struct router *r, struct room_transport *t, time_us now_us)
{
    struct ice_credentials fresh;
    if (t->restart_unused)
        return 0; /* asked again before anybody used the last ones: the same reply */
    ice_credentials_new(&fresh);
    int code = transport_restart_ice(t->rtc, &fresh, NULL, NULL, 0, now_us);
    if (code)
        return code;
    forget_ufrag(r, t->old_ufrag);
    text_copy(t->old_ufrag, sizeof t->old_ufrag, t->local.ufrag);
    t->local = fresh;
    t->restart_unused = true;
    CHECK(table_put(r->ufrags, id_key(r, fresh.ufrag), t) == 0);
    return 0;
}

static void fold_counters(struct router *r, const struct room_transport *t)
{
    struct transport_stats stats;
    transport_get_stats(t->rtc, &stats);
    r->counters[RELAY_DROP_UNVALIDATED] += stats.dropped_unvalidated;
    r->counters[RELAY_DROP_FORGED] += stats.dropped_forged;
    r->counters[RELAY_DROP_REPLAYED] += stats.dropped_replayed;
    r->counters[RELAY_DROP_MALFORMED] += stats.dropped_malformed;
}

void room_transport_close(struct router *r, struct room_transport *t)
{
    while (!LIST_EMPTY(&t->producers))
        room_producer_close(r, LIST_FIRST(&t->producers));
    while (!LIST_EMPTY(&t->consumers))
        room_consumer_close(r, LIST_FIRST(&t->consumers));
    transport_close(t->rtc, r->now_us);
    router_pump(r, t); /* the peer is told */
    room_tuples_forget(r, t);
    forget_ufrag(r, t->local.ufrag);
    forget_ufrag(r, t->old_ufrag);
    table_remove(r->transport_ids, id_key(r, t->id));
    deadlines_set(&r->deadlines, &t->deadline, TIME_US_NEVER);
    if (t->event_pending)
        STAILQ_REMOVE(&r->events, t, room_transport, of_events);
    LIST_REMOVE(t, of_room);
    t->room->transport_count--;
    r->transport_count--;
    fold_counters(r, t);
    transport_free(t->rtc);
    free(t);
}

/* The extension ids that this transport's peer uses, for transport-wide feedback. */
static int set_extensions(struct room_transport *t)
{
    struct transport_extensions e = {0};
    struct room_producer *p;
    struct room_consumer *c;
    LIST_FOREACH(p, &t->producers, of_transport)
    if (p->forward->media.extension_ids[RTP_EXTENSION_TRANSPORT_CC])
        e.receive_transport_cc = p->forward->media.extension_ids[RTP_EXTENSION_TRANSPORT_CC];
    LIST_FOREACH(c, &t->consumers, of_transport)
    {
        const uint8_t *ids = c->forward->media.extension_ids;
        if (ids[RTP_EXTENSION_TRANSPORT_CC])
            e.send_transport_cc = ids[RTP_EXTENSION_TRANSPORT_CC];
        if (ids[RTP_EXTENSION_ABS_SEND_TIME])
            e.send_abs_send_time = ids[RTP_EXTENSION_ABS_SEND_TIME];
    }
    return transport_set_extensions(t->rtc, &e);
}

static int declare_ssrcs(struct room_transport *t, struct room_producer *p,
                         const struct media_parameters *media)
{
    for (size_t i = 0; i < media->encoding_count; i++) {
        const struct media_encoding *e = &media->encodings[i];
        if (e->ssrc && room_ssrc_find(t, e->ssrc))
            return SQ_ERR_CONFLICT;
        if (e->rtx_ssrc && room_ssrc_find(t, e->rtx_ssrc))
            return SQ_ERR_CONFLICT;
    }
    if (t->ssrc_count + media->encoding_count * 2 > ROUTER_SSRCS_MAX)
        return SQ_ERR_LIMIT;
    for (size_t i = 0; i < media->encoding_count; i++) {
        const struct media_encoding *e = &media->encodings[i];
        if (e->ssrc)
            CHECK(room_ssrc_add(t, p, e->ssrc, i, false) == 0);
        if (e->rtx_ssrc)
            CHECK(room_ssrc_add(t, p, e->rtx_ssrc, i, true) == 0);
    }
    return 0;
}

int room_producer_open(struct router *r, struct room_transport *t,
                       const struct relay_command *command)
{
    if (t->producer_count == ROUTER_PRODUCERS_MAX || r->producer_count == ROUTER_STREAMS_MAX)
        return SQ_ERR_LIMIT;
    struct room_producer *p = calloc(1, sizeof *p);
    if (!p)
        return SQ_ERR_NOMEM;
    text_copy(p->id, sizeof p->id, command->producer);
    p->transport = t;
    LIST_INIT(&p->consumers);
    int code = forward_producer_new(&p->forward, &command->media, command->paused);
    if (!code)
        code = declare_ssrcs(t, p, &command->media);
    if (code) {
        forward_producer_free(p->forward);
        free(p);
        return code;
    }
    CHECK(table_put(r->producer_ids, id_key(r, p->id), p) == 0);
    LIST_INSERT_HEAD(&t->producers, p, of_transport);
    t->producer_count++;
    r->producer_count++;
    code = set_extensions(t);
    if (code)
        room_producer_close(r, p);
    return code;
}

static void forget_ssrcs(struct room_transport *t, const struct room_producer *p)
{
    size_t kept = 0;
    for (size_t i = 0; i < t->ssrc_count; i++)
        if (t->ssrcs[i].producer != p)
            t->ssrcs[kept++] = t->ssrcs[i];
    t->ssrc_count = kept;
}

void room_producer_close(struct router *r, struct room_producer *p)
{
    struct room_transport *t = p->transport;
    while (!LIST_EMPTY(&p->consumers))
        room_consumer_close(r, LIST_FIRST(&p->consumers));
    forget_ssrcs(t, p);
    table_remove(r->producer_ids, id_key(r, p->id));
    LIST_REMOVE(p, of_transport);
    t->producer_count--;
    r->producer_count--;
    r->counters[RELAY_DROP_PAYLOAD] += p->forward->malformed;
    forward_producer_free(p->forward);
    free(p);
}

static bool ssrc_taken(const struct room_transport *t, const struct media_encoding *e)
{
    struct room_consumer *c;
    LIST_FOREACH(c, &t->consumers, of_transport)
    if (forward_consumer_owns(c->forward, e->ssrc) ||
        forward_consumer_owns(c->forward, e->rtx_ssrc))
        return true;
    return false;
}

int room_consumer_open(struct router *r, struct room_transport *t, struct room_producer *p,
                       const struct relay_command *command)
{
    if (t->consumer_count == ROUTER_CONSUMERS_MAX || r->consumer_count == ROUTER_STREAMS_MAX)
        return SQ_ERR_LIMIT;
    if (ssrc_taken(t, &command->media.encodings[0]))
        return SQ_ERR_CONFLICT;
    struct room_consumer *c = calloc(1, sizeof *c);
    if (!c)
        return SQ_ERR_NOMEM;
    uint32_t first = random_u32();
    /* the first half, so that the receiver's unwrapping never starts beside a wrap (RFC 3711
     * section 3.3.1) */
    int code = forward_consumer_new(&c->forward, p->forward, &command->media, command->paused,
                                    (uint16_t)(first & 0x7fff), (uint16_t)(first >> 16 & 0x7fff));
    if (code) {
        free(c);
        return code;
    }
    text_copy(c->id, sizeof c->id, command->consumer);
    c->transport = t;
    c->producer = p;
    forward_consumer_prefer(c->forward, command->layers.spatial, command->layers.temporal);
    CHECK(table_put(r->consumer_ids, id_key(r, c->id), c) == 0);
    LIST_INSERT_HEAD(&t->consumers, c, of_transport);
    LIST_INSERT_HEAD(&p->consumers, c, of_producer);
    t->consumer_count++;
    r->consumer_count++;
    code = set_extensions(t);
    if (code)
        room_consumer_close(r, c);
    return code;
}

void room_consumer_close(struct router *r, struct room_consumer *c)
{
    table_remove(r->consumer_ids, id_key(r, c->id));
    LIST_REMOVE(c, of_transport);
    LIST_REMOVE(c, of_producer);
    c->transport->consumer_count--;
    r->consumer_count--;
    forward_consumer_free(c->forward);
    free(c);
}
