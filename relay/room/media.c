/* SPDX-License-Identifier: Apache-2.0 */
/* An RTP packet's way through a room: police, find its stream, offer it to each consumer, seal.
 * Refuses to know: sockets, who is behind a transport. */
#include "relay/room/room.h"
#include "shanqiao/error.h"

struct room_ssrc *room_ssrc_find(struct room_transport *t, uint32_t ssrc)
{
    for (size_t i = 0; i < t->ssrc_count; i++)
        if (t->ssrcs[i].ssrc == ssrc)
            return &t->ssrcs[i];
    return NULL;
}

int room_ssrc_add(struct room_transport *t, struct room_producer *p, uint32_t ssrc, size_t stream,
                  bool rtx)
{
    if (t->ssrc_count == ROUTER_SSRCS_MAX)
        return SQ_ERR_LIMIT;
    t->ssrcs[t->ssrc_count++] = (struct room_ssrc){ssrc, (uint8_t)stream, rtx, p};
    return 0;
}

/* Token bucket of one second. */
static bool police(struct room_police *p, size_t len_bytes, time_us now_us)
{
    time_us passed = now_us - p->at_us;
    if (passed >= TIME_US_PER_S) {
        p->bytes = ROUTER_POLICE_BYTES_PER_S;
        p->packets = ROUTER_POLICE_PACKETS_PER_S;
        p->at_us = now_us;
    } else if (passed >= TIME_US_PER_MS) {
        p->bytes += passed * ROUTER_POLICE_BYTES_PER_S / TIME_US_PER_S;
        p->packets += passed * ROUTER_POLICE_PACKETS_PER_S / TIME_US_PER_S;
        if (p->bytes > ROUTER_POLICE_BYTES_PER_S)
            p->bytes = ROUTER_POLICE_BYTES_PER_S;
        if (p->packets > ROUTER_POLICE_PACKETS_PER_S)
            p->packets = ROUTER_POLICE_PACKETS_PER_S;
        p->at_us = now_us;
    }
    if (p->bytes < (int64_t)len_bytes || p->packets < 1)
        return false;
    p->bytes -= (int64_t)len_bytes;
    p->packets--;
    return true;
}

/* An SSRC not seen before: by mid and rid, as browsers send them (RFC 8843 section 9.2). */
static struct room_ssrc *learn(struct room_transport *t, const struct rtp_view *v)
{
    struct room_producer *p;
    if (t->ssrc_count == ROUTER_SSRCS_MAX)
        return NULL;
    LIST_FOREACH(p, &t->producers, of_transport)
    {
        const uint8_t *ids = p->forward->media.extension_ids;
        char mid[MEDIA_ID_MAX] = "", rid[MEDIA_ID_MAX] = "", repaired[MEDIA_ID_MAX] = "";
        bool rtx = false;
        if (!rtp_get_text(v, ids[RTP_EXTENSION_MID], mid, sizeof mid))
            continue;
        (void)rtp_get_text(v, ids[RTP_EXTENSION_RID], rid, sizeof rid);
        (void)rtp_get_text(v, ids[RTP_EXTENSION_REPAIRED_RID], repaired, sizeof repaired);
        int stream =
            forward_producer_learn(p->forward, v->ssrc, mid, rid, repaired, v->payload_type, &rtx);
        if (stream < 0)
            continue;
        (void)room_ssrc_add(t, p, v->ssrc, (size_t)stream, rtx);
        return &t->ssrcs[t->ssrc_count - 1];
    }
    return NULL;
}

static void send_to(struct router *r, struct room_consumer *c, const struct forward_input *in,
                    time_us now_us)
{
    const struct net_tuple *to = transport_tuple(c->transport->rtc);
    if (c->transport->state != TRANSPORT_CONNECTED || !to)
        return;
    struct router_slot *slot = router_slot_take(r);
    if (!slot)
        return;
    size_t capacity = sizeof slot->bytes;
    int written =
        forward_consumer_write(c->forward, in, slot->bytes, capacity - SRTP_TRAILER_MAX, now_us);
    if (written == 0)
        return;
    size_t len = (size_t)written;
    if (written < 0 || transport_seal_rtp(c->transport->rtc, slot->bytes, &len, capacity, now_us)) {
        r->counters[RELAY_DROP_SEAL]++;
        return;
    }
    r->counters[RELAY_RTP_OUT]++;
    router_slot_send(r, slot, to, len);
    if (c->reported.ntp == 0 && c->producer->forward->streams[in->stream].has_sr)
        router_wake(r, c->transport, now_us); /* the first SR belongs to the first packet */
}

void room_rtp_in(struct router *r, struct room_transport *t, struct packet *packet, time_us now_us)
{
    struct rtp_view view;
    struct forward_input in;
    struct room_consumer *c;
    if (!police(&t->police, packet->len_bytes, now_us)) {
        r->counters[RELAY_DROP_POLICED]++;
        return;
    }
    if (rtp_parse(&view, packet->data, packet->len_bytes)) {
        r->counters[RELAY_DROP_PAYLOAD]++;
        return;
    }
    struct room_ssrc *known = room_ssrc_find(t, view.ssrc);
    if (!known)
        known = learn(t, &view);
    if (!known) {
        r->counters[RELAY_DROP_UNKNOWN_SSRC]++;
        return;
    }
    r->counters[RELAY_RTP_IN]++;
    r->counters[RELAY_RTX_RECEIVED] += known->rtx;
    if (t->rtcp_due_us == TIME_US_NEVER)
        t->rtcp_due_us = now_us + ROUTER_RTCP_INTERVAL_US / 2;
    struct room_producer *p = known->producer;
    if (forward_producer_receive(p->forward, known->stream, known->rtx, packet, now_us, &in))
        LIST_FOREACH(c, &p->consumers, of_producer) send_to(r, c, &in, now_us);
    router_wake(r, t,
                time_us_min(t->rtcp_due_us, forward_producer_deadline(p->forward, room_rtt_us(t))));
}
