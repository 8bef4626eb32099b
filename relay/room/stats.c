/* SPDX-License-Identifier: Apache-2.0 */
/* One room's figures, copied out for control. Refuses to know: JSON. */
#include "base/text.h"
#include "relay/room/room.h"
#include "shanqiao/error.h"
#include <stdlib.h>
#include <string.h>

static void producer_stats(struct relay_stream_stats *out, const struct room_producer *p)
{
    text_copy(out->id, sizeof out->id, p->id);
    out->paused = p->forward->paused;
    for (size_t i = 0; i < p->forward->stream_count; i++) {
        const struct forward_stream *s = &p->forward->streams[i];
        int64_t lost = s->started ? receive_stats_lost(&s->stats) : 0;
        out->packets += s->packets;
        out->bytes += s->bytes;
        out->lost += lost > 0 ? (uint64_t)lost : 0;
        out->nacks += s->nacks_sent;
        out->resent += s->repaired;
        out->key_frame_requests += s->keyframes_asked;
    }
}

static void consumer_stats(struct relay_stream_stats *out, const struct room_consumer *c)
{
    const struct forward_consumer *f = c->forward;
    text_copy(out->id, sizeof out->id, c->id);
    out->paused = f->paused;
    out->packets = f->packets;
    out->bytes = f->bytes;
    out->lost = f->cumulative_lost > 0 ? (uint64_t)f->cumulative_lost : 0;
    out->nacks = f->nacked;
    out->resent = f->resent;
    out->key_frame_requests = f->keyframes_asked;
}

static void transport_stats_of(struct relay_transport_stats *out, const struct room_transport *t)
{
    text_copy(out->id, sizeof out->id, t->id);
    out->state = t->state;
    transport_get_stats(t->rtc, &out->stats);
    out->stats.rtt_us = room_rtt_us(t);
}

int room_stats(const struct room *room, struct relay_room_stats **out)
{
    size_t transports = 0, producers = 0, consumers = 0;
    struct room_transport *t;
    struct room_producer *p;
    struct room_consumer *c;
    LIST_FOREACH(t, &room->transports, of_room)
    {
        transports++;
        producers += t->producer_count;
        consumers += t->consumer_count;
    }
    struct relay_room_stats *s = calloc(1, sizeof *s + transports * sizeof s->transports[0] +
                                               (producers + consumers) * sizeof s->producers[0]);
    if (!s)
        return SQ_ERR_NOMEM;
    s->transports = (struct relay_transport_stats *)(s + 1);
    s->producers = (struct relay_stream_stats *)(s->transports + transports);
    s->consumers = s->producers + producers;
    LIST_FOREACH(t, &room->transports, of_room)
    {
        transport_stats_of(&s->transports[s->transport_count++], t);
        LIST_FOREACH(p, &t->producers, of_transport)
        producer_stats(&s->producers[s->producer_count++], p);
        LIST_FOREACH(c, &t->consumers, of_transport)
        consumer_stats(&s->consumers[s->consumer_count++], c);
    }
    *out = s;
    return 0;
}
