/* SPDX-License-Identifier: Apache-2.0 */
/* How the paths of a room fare: states that relays tell, and numbers asked of them from time to
 * time. For the operator's eyes; nothing here changes a room. */
#include "signaling/media/room.h"

#include "signaling/relays/relays.h"
#include <stdio.h>
#include <string.h>

#define SETTLE_US (10 * TIME_US_PER_S) /* time that a path has to come up, and a pause of speech   \
                                        */
#define POOR_PERCENT 15
#define FAIR_PERCENT 5
#define POOR_RTT_MS  1000
#define FAIR_RTT_MS  400

/* ---- what relays say ---- */

void media_path_state(struct media_object *transport, const char *state, time_us now_us)
{
    struct media_path *p = &transport->transport.path;
    if (!strcmp(p->state, state))
        return;
    snprintf(p->state, sizeof p->state, "%s", state);
    p->state_us = now_us;
}

static int64_t number(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

/* Sums what is told of the streams on the transport. `lost` of a producer is what the relay misses,
 * of a consumer what the terminal reports. */
static void add_streams(const struct media *m, const json_t *list, enum object_type type,
                        const struct media_object *transport, int64_t *packets, int64_t *lost)
{
    size_t i;
    json_t *e;
    json_array_foreach((json_t *)list, i, e)
    {
        const char *id = text_of(e, type == OBJECT_PRODUCER ? "producer" : "consumer");
        const struct media_object *o = media_object_find(m, type, id);
        if (!o || o->stream.transport != transport)
            continue;
        *packets += number(e, "packets");
        *lost += number(e, "lost");
    }
}

static int64_t percent(int64_t lost, int64_t packets)
{
    if (lost <= 0 || packets < 0)
        return 0;
    int64_t share = lost * 100 / (lost + packets);
    return share > 100 ? 100 : share;
}

static int64_t rate(int64_t bytes, time_us span_us)
{
    return bytes <= 0 || span_us <= 0 ? 0 : bytes * 8 * 1000 / span_us; /* bits a ms = kbit/s */
}

static bool over(const struct media_path *p, int64_t loss_percent, int64_t rtt_ms)
{
    return p->loss_up_percent >= loss_percent || p->loss_down_percent >= loss_percent ||
           p->rtt_ms >= rtt_ms;
}

static void take_counts(struct media_path *p, const struct media_counts *now, time_us now_us)
{
    const struct media_counts *was = &p->counts;
    time_us span_us = now_us - p->counts_us;
    bool again = p->counts_us && now->bytes_up >= was->bytes_up; /* else it was made anew */
    if (again && span_us > 0) {
        p->kbps_up = rate(now->bytes_up - was->bytes_up, span_us);
        p->kbps_down = rate(now->bytes_down - was->bytes_down, span_us);
        p->loss_up_percent =
            percent(now->lost_up - was->lost_up, now->packets_up - was->packets_up);
        /* `packets` of a consumer were sent, those lost among them */
        p->loss_down_percent =
            percent(now->lost_down - was->lost_down,
                    now->packets_down - was->packets_down - (now->lost_down - was->lost_down));
        p->still_us = now->packets_up > was->packets_up ? 0 : p->still_us ? p->still_us : now_us;
    }
    p->poor_us = !over(p, POOR_PERCENT, POOR_RTT_MS) ? 0 : p->poor_us ? p->poor_us : now_us;
    p->counts = *now;
    p->counts_us = now_us;
}

static void take_transport(struct media *m, const json_t *stats, const json_t *entry,
                           time_us now_us)
{
    struct media_object *t = media_object_find(m, OBJECT_TRANSPORT, text_of(entry, "transport"));
    struct media_counts c = {.bytes_up = number(entry, "bytesReceived"),
                             .bytes_down = number(entry, "bytesSent")};
    if (!t)
        return;
    add_streams(m, json_object_get(stats, "producers"), OBJECT_PRODUCER, t, &c.packets_up,
                &c.lost_up);
    add_streams(m, json_object_get(stats, "consumers"), OBJECT_CONSUMER, t, &c.packets_down,
                &c.lost_down);
    media_path_state(t, text_of(entry, "state"), now_us);
    t->transport.path.rtt_ms = number(entry, "rttMs");
    take_counts(&t->transport.path, &c, now_us);
}

bool media_quality_take(struct media *m, int64_t ticket, const char *relay, const json_t *stats,
                        time_us now_us)
{
    struct media_room *room = m->rooms;
    size_t i;
    json_t *entry;
    while (room && (room->stats_ticket != ticket || strcmp(room->relay, relay) != 0))
        room = room->next;
    if (!room)
        return false;
    room->stats_ticket = 0;
    json_array_foreach(json_object_get(stats, "transports"), i, entry)
        take_transport(m, stats, entry, now_us);
    return true;
}

void media_quality_ask(struct media *m)
{
    for (struct media_room *room = m->rooms; room; room = room->next) {
        if (!room->made || !room->live || !*room->relay || !room->transport_count ||
            m->now_us - room->stats_us < MEDIA_QUALITY_US)
            continue;
        int64_t ticket = relays_request(m->config.relays, room->relay, "stats",
                                        json_pack("{s:s}", "room", room->id), m->now_us);
        room->stats_us = m->now_us;
        room->stats_ticket = ticket > 0 ? ticket : 0;
    }
}

/* ---- people ---- */

static bool is(const struct media_object *t, const char *state)
{
    return !strcmp(t->transport.path.state, state);
}

static bool speaks(const struct media_object *transport)
{
    for (const struct media_object *o = transport->room->objects; o; o = o->next_in_room) {
        if (o->type == OBJECT_PRODUCER && o->stream.transport == transport && !o->stream.paused)
            return true;
    }
    return false;
}

static void worsen(struct media_seat *seat, enum media_health health, const char *reason,
                   time_us since_us)
{
    if (health <= seat->health)
        return;
    seat->health = health;
    seat->reason = reason;
    seat->since_us = since_us;
}

/* One transport's share in how the seat fares. */
static void judge(struct media_seat *seat, const struct media_object *t, time_us now_us)
{
    const struct media_path *p = &t->transport.path;
    if (t->transport.away_us)
        worsen(seat, MEDIA_NONE, "connection_lost", t->transport.away_us);
    if (t->room->down_us)
        worsen(seat, MEDIA_NONE, "relay_silent", t->room->down_us);
    if (is(t, "interrupted") || is(t, "failed") || is(t, "closed"))
        worsen(seat, MEDIA_NONE, "media_lost", p->state_us);
    if (!is(t, "connected"))
        return;
    if (p->still_us && now_us - p->still_us > SETTLE_US && speaks(t))
        worsen(seat, MEDIA_NONE, "no_media", p->still_us);
    if (p->poor_us)
        worsen(seat, MEDIA_POOR, "poor", p->poor_us);
    if (over(p, FAIR_PERCENT, FAIR_RTT_MS))
        worsen(seat, MEDIA_FAIR, "", now_us);
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static void sum_seat(struct media_seat *seat, const struct media_object *first, time_us now_us)
{
    bool connected = false;
    time_us made_us = 0;
    for (const struct media_object *o = first; o; o = o->next_in_room) {
        if (o->type != OBJECT_TRANSPORT || strcmp(o->account, first->account) != 0)
            continue;
        const struct media_path *p = &o->transport.path;
        connected |= is(o, "connected");
        made_us = o->made_us > made_us ? o->made_us : made_us;
        seat->kbps += p->kbps_up + p->kbps_down;
        seat->loss_up_percent = larger(seat->loss_up_percent, p->loss_up_percent);
        seat->loss_down_percent = larger(seat->loss_down_percent, p->loss_down_percent);
        seat->rtt_ms = larger(seat->rtt_ms, p->rtt_ms);
        judge(seat, o, now_us);
    }
    if (!connected && made_us && now_us - made_us > SETTLE_US)
        worsen(seat, MEDIA_NONE, "no_media", made_us);
}

/* Is it the first transport of its account in the room's list? */
static bool first_of_account(const struct media_object *transport)
{
    for (const struct media_object *o = transport->room->objects; o != transport;
         o = o->next_in_room) {
        if (o->type == OBJECT_TRANSPORT && !strcmp(o->account, transport->account))
            return false;
    }
    return true;
}

void media_each_seat(struct media *m, void (*each)(const struct media_seat *seat, void *user),
                     void *user)
{
    for (const struct media_room *room = m->rooms; room; room = room->next) {
        for (const struct media_object *o = room->objects; o; o = o->next_in_room) {
            if (o->type != OBJECT_TRANSPORT || !first_of_account(o))
                continue;
            struct media_seat seat = {
                .room = room->id, .account = o->account, .relay = room->relay, .reason = ""};
            sum_seat(&seat, o, m->now_us);
            each(&seat, user);
        }
    }
}

time_us media_now(const struct media *m)
{
    return m->now_us;
}
