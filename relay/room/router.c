/* SPDX-License-Identifier: Apache-2.0 */
/* The router's life, its way in (whose datagram is this), its timers and its way out.
 * Refuses to know: sockets, threads, JSON, the clock. */
#include "relay/room/router.h"
#include "base/check.h"
#include "base/text.h"
#include "relay/room/room.h"
#include "rtc/stun/stun.h"
#include "shanqiao/error.h"
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static int tables_new(struct router *r)
{
    const struct {
        struct table **table;
        size_t capacity;
    } wanted[] = {
        {&r->room_ids, ROUTER_ROOMS_MAX},
        {&r->transport_ids, ROUTER_TRANSPORTS_MAX},
        {&r->producer_ids, ROUTER_STREAMS_MAX},
        {&r->consumer_ids, ROUTER_STREAMS_MAX},
        {&r->ufrags, ROUTER_TRANSPORTS_MAX * 2},
        {&r->tuples, ROUTER_TRANSPORTS_MAX * ICE_TUPLES_MAX},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        if (table_new(wanted[i].table, wanted[i].capacity, r->config.hash_seed))
            return SQ_ERR_NOMEM;
    return 0;
}

int router_new(struct router **out, const struct router_config *config, time_us now_us)
{
    struct router *r = calloc(1, sizeof *r);
    if (!r)
        return SQ_ERR_NOMEM;
    r->now_us = now_us;
    r->config = *config;
    LIST_INIT(&r->rooms);
    STAILQ_INIT(&r->events);
    r->out.slots = calloc(ROUTER_OUT_MAX, sizeof *r->out.slots);
    if (!r->out.slots || tables_new(r) || deadlines_init(&r->deadlines, ROUTER_TRANSPORTS_MAX)) {
        router_free(r);
        return SQ_ERR_NOMEM;
    }
    *out = r;
    return 0;
}

void router_free(struct router *r)
{
    if (!r)
        return;
    while (!LIST_EMPTY(&r->rooms))
        room_close(r, LIST_FIRST(&r->rooms));
    deadlines_fini(&r->deadlines);
    table_free(r->room_ids);
    table_free(r->transport_ids);
    table_free(r->producer_ids);
    table_free(r->consumer_ids);
    table_free(r->ufrags);
    table_free(r->tuples);
    free(r->out.slots);
    free(r);
}

void router_close_rooms(struct router *r, time_us now_us)
{
    r->now_us = now_us;
    while (!LIST_EMPTY(&r->rooms))
        room_close(r, LIST_FIRST(&r->rooms));
}

void router_count(struct router *r, enum relay_counter counter, uint64_t n)
{
    CHECK(counter < RELAY_COUNTER_COUNT);
    r->counters[counter] += n;
}

/* ---- out ---- */

size_t router_out_count(const struct router *r)
{
    return r->out.filled - r->out.held;
}

struct router_slot *router_slot_take(struct router *r)
{
    if (router_out_count(r) == ROUTER_OUT_MAX) {
        r->counters[RELAY_DROP_QUEUE_FULL]++;
        return NULL;
    }
    return &r->out.slots[r->out.filled % ROUTER_OUT_MAX];
}

void router_slot_send(struct router *r, struct router_slot *slot, const struct net_tuple *to,
                      size_t len_bytes)
{
    slot->datagram = (struct transport_datagram){*to, slot->bytes, len_bytes};
    r->out.filled++;
    r->counters[RELAY_PACKETS_OUT]++;
    r->counters[RELAY_BYTES_OUT] += len_bytes;
}

const struct transport_datagram *router_next_datagram(struct router *r)
{
    if (r->out.given == r->out.filled)
        return NULL;
    return &r->out.slots[r->out.given++ % ROUTER_OUT_MAX].datagram;
}

void router_release(struct router *r)
{
    r->out.held = r->out.given;
}

bool router_next_event(struct router *r, struct relay_event *out)
{
    struct room_transport *t = STAILQ_FIRST(&r->events);
    if (!t)
        return false;
    STAILQ_REMOVE_HEAD(&r->events, of_events);
    t->event_pending = false;
    struct transport_stats stats;
    transport_get_stats(t->rtc, &stats);
    *out = (struct relay_event){
        .state = t->state, .profile = stats.srtp_profile, .protocol = stats.tuple.protocol};
    text_copy(out->room, sizeof out->room, t->room->id);
    text_copy(out->transport, sizeof out->transport, t->id);
    return true;
}

/* ---- between ---- */

void router_wake(struct router *r, struct room_transport *t, time_us at_us)
{
    deadlines_sooner(&r->deadlines, &t->deadline, at_us);
}

/* Whoever can be sent to again begins without a seam, at a key frame. */
static void restart_consumers(struct router *r, struct room_transport *t)
{
    struct room_consumer *c;
    LIST_FOREACH(c, &t->consumers, of_transport)
    {
        forward_consumer_restart(c->forward);
        router_wake(r, c->producer->transport, forward_producer_deadline(c->producer->forward, 0));
    }
}

static void note_state(struct router *r, struct room_transport *t, enum transport_state state)
{
    bool connected = state == TRANSPORT_CONNECTED && t->state != TRANSPORT_CONNECTED;
    t->state = state;
    if (connected)
        restart_consumers(r, t);
    if (t->event_pending)
        return;
    t->event_pending = true;
    STAILQ_INSERT_TAIL(&r->events, t, of_events);
}

static void drain_events(struct router *r, struct room_transport *t)
{
    struct transport_event event;
    while (transport_next_event(t->rtc, &event)) {
        if (event.type == TRANSPORT_EVENT_STATE)
            note_state(r, t, event.state);
        else if (event.type == TRANSPORT_EVENT_TUPLE)
            room_tuple_add(r, t, &event.tuple);
    }
}

void router_pump(struct router *r, struct room_transport *t)
{
    struct transport_datagram d;
    while (transport_next_datagram(t->rtc, &d)) {
        struct router_slot *slot = router_slot_take(r);
        if (!slot || d.len_bytes > sizeof slot->bytes)
            continue;
        memcpy(slot->bytes, d.data, d.len_bytes);
        router_slot_send(r, slot, &d.tuple, d.len_bytes);
    }
    drain_events(r, t);
    router_wake(r, t, transport_deadline(t->rtc));
}

/* ---- in ---- */

/* A check: for the transport whose user fragment stands first in USERNAME (RFC 8445 section 7.2.2).
 */
static struct room_transport *find_by_check(struct router *r, const struct packet *packet,
                                            bool *newest)
{
    struct stun_message m;
    if (stun_parse(&m, packet->data, packet->len_bytes)) {
        r->counters[RELAY_DROP_STUN]++;
        return NULL;
    }
    const char *colon = m.username ? memchr(m.username, ':', m.username_len) : NULL;
    size_t len = colon ? (size_t)(colon - m.username) : 0;
    struct room_transport *t = len ? room_ufrag_find(r, m.username, len) : NULL;
    if (!t)
        r->counters[RELAY_DROP_UNKNOWN_UFRAG]++;
    else
        *newest = strlen(t->local.ufrag) == len && memcmp(t->local.ufrag, m.username, len) == 0;
    return t;
}

/* What the transport answers to `from` says that the check was authentic: only then the tuple is
 * ours. */
static bool answers(const struct router *r, size_t before, const struct net_tuple *from)
{
    for (size_t i = before; i < r->out.filled; i++)
        if (net_tuple_equal(&r->out.slots[i % ROUTER_OUT_MAX].datagram.tuple, from))
            return true;
    return false;
}

static void check_in(struct router *r, const struct net_tuple *from, struct packet *packet,
                     time_us now_us)
{
    bool newest = false;
    struct room_transport *t = find_by_check(r, packet, &newest);
    if (!t)
        return;
    if (from->protocol == NET_TCP && !t->tcp) {
        r->counters[RELAY_DROP_TCP]++;
        return;
    }
    size_t len = packet->len_bytes, before = r->out.filled;
    (void)transport_receive(t->rtc, from, packet->data, &len, now_us);
    router_pump(r, t);
    if (!answers(r, before, from))
        return;
    room_tuple_add(r, t, from);
    if (newest)
        t->restart_unused = false;
}

void router_receive(struct router *r, const struct net_tuple *from, struct packet *packet,
                    time_us now_us)
{
    r->now_us = now_us;
    r->counters[RELAY_PACKETS_IN]++;
    r->counters[RELAY_BYTES_IN] += packet->len_bytes;
    packet->received_us = now_us;
    if (stun_is_message(packet->data, packet->len_bytes)) {
        check_in(r, from, packet, now_us);
        return;
    }
    struct room_transport *t = room_tuple_find(r, from);
    if (!t) {
        r->counters[RELAY_DROP_UNKNOWN_TUPLE]++;
        return;
    }
    size_t len = packet->len_bytes;
    enum transport_received got = transport_receive(t->rtc, from, packet->data, &len, now_us);
    packet->len_bytes = (uint16_t)len;
    if (got == TRANSPORT_RECEIVED_RTP)
        room_rtp_in(r, t, packet, now_us);
    else if (got == TRANSPORT_RECEIVED_RTCP)
        room_rtcp_in(r, t, packet->data, packet->len_bytes, now_us);
    router_pump(r, t);
}

void router_tcp_closed(struct router *r, uint32_t stream, time_us now_us)
{
    struct room *room;
    struct room_transport *t;
    r->now_us = now_us;
    LIST_FOREACH(room, &r->rooms, of_router)
    LIST_FOREACH(t, &room->transports, of_room)
    for (size_t i = 0; i < t->tuples.count; i++) {
        if (t->tuples.list[i].protocol != NET_TCP || t->tuples.list[i].stream != stream)
            continue;
        struct net_tuple tuple = t->tuples.list[i];
        transport_tcp_state(t->rtc, stream, &tuple.local, false, now_us);
        router_pump(r, t);
        return;
    }
}

/* ---- timers ---- */

time_us router_deadline(const struct router *r)
{
    const struct deadline *first = deadlines_first(&r->deadlines);
    return first ? first->at_us : TIME_US_NEVER;
}

static time_us next_deadline(const struct room_transport *t)
{
    struct room_producer *p;
    time_us at = transport_deadline(t->rtc);
    if (t->state != TRANSPORT_CONNECTED)
        return at;
    at = time_us_min(at, t->rtcp_due_us);
    LIST_FOREACH(p, &t->producers, of_transport)
    at = time_us_min(at, forward_producer_deadline(p->forward, room_rtt_us(t)));
    return at;
}

static void run_timer(struct router *r, struct room_transport *t, time_us now_us)
{
    if (transport_deadline(t->rtc) <= now_us)
        transport_timeout(t->rtc, now_us);
    router_pump(r, t);
    room_rtcp_out(r, t, now_us);
    time_us next = next_deadline(t);
    /* what could not be written now (a full compound, no room to send) is tried again a little
     * later */
    deadlines_set(&r->deadlines, &t->deadline, next <= now_us ? now_us + TIME_US_PER_MS : next);
}

void router_timeout(struct router *r, time_us now_us)
{
    struct deadline *first = deadlines_first(&r->deadlines);
    r->now_us = now_us;
    while (first && first->at_us <= now_us) {
        size_t offset = offsetof(struct room_transport, deadline);
        run_timer(r, (struct room_transport *)(void *)((char *)first - offset), now_us);
        first = deadlines_first(&r->deadlines);
    }
}

/* ---- figures ---- */

void router_get_counters(const struct router *r, uint64_t out[RELAY_COUNTER_COUNT])
{
    struct room *room;
    struct room_transport *t;
    struct room_producer *p;
    struct transport_stats stats;
    memcpy(out, r->counters, sizeof r->counters);
    LIST_FOREACH(room, &r->rooms, of_router)
    LIST_FOREACH(t, &room->transports, of_room)
    {
        transport_get_stats(t->rtc, &stats);
        out[RELAY_DROP_UNVALIDATED] += stats.dropped_unvalidated;
        out[RELAY_DROP_FORGED] += stats.dropped_forged;
        out[RELAY_DROP_REPLAYED] += stats.dropped_replayed;
        out[RELAY_DROP_MALFORMED] += stats.dropped_malformed;
        LIST_FOREACH(p, &t->producers, of_transport)
        out[RELAY_DROP_PAYLOAD] += p->forward->malformed;
    }
}

void router_get_sizes(const struct router *r, struct router_sizes *out)
{
    *out = (struct router_sizes){r->room_count, r->transport_count, r->producer_count,
                                 r->consumer_count};
}
