/* SPDX-License-Identifier: Apache-2.0 */
/* RTCP of a room: reports and requests that come in go to the stream they name, on this transport
 * only; what is due goes out in one compound a transport. Refuses to know: sockets, timers beyond
 * the deadline it is called at. */
#include "relay/room/room.h"
#include <string.h>

/* A compound of ours, without the SRTCP trailer, within one datagram of TRANSPORT_DATAGRAM_MAX. */
#define RTCP_OUT_MAX (TRANSPORT_DATAGRAM_MAX - SRTP_TRAILER_MAX)
#define RTT_MAX_US   (10 * TIME_US_PER_S)
#define RELAY_CNAME  "shanqiao-relay" /* one for all: receivers group by the senders' own cnames */

static struct room_consumer *consumer_by_ssrc(struct room_transport *t, uint32_t ssrc)
{
    struct room_consumer *c;
    LIST_FOREACH(c, &t->consumers, of_transport)
    if (forward_consumer_owns(c->forward, ssrc))
        return c;
    return NULL;
}

time_us room_rtt_us(const struct room_transport *t)
{
    struct transport_stats stats;
    if (t->rtt_us)
        return t->rtt_us;
    transport_get_stats(t->rtc, &stats);
    return stats.rtt_us;
}

/* Round trip from the block that answers our last SR (RFC 3550 section 6.4.1). The NTP time in it
 * is the sender's, so the time at which we sent it is ours to remember. */
static void measure_rtt(struct room_transport *t, const struct room_consumer *c,
                        const struct rtcp_block *block, time_us now_us)
{
    if (block->lsr == 0 || block->lsr != rtcp_ntp_middle(c->reported.ntp))
        return;
    time_us held_us = (time_us)((uint64_t)block->dlsr * (uint64_t)TIME_US_PER_S >> 16);
    time_us rtt_us = now_us - c->reported_us - held_us;
    if (rtt_us <= 0 || rtt_us > RTT_MAX_US)
        return; /* a stale report or a lie */
    t->rtt_us = t->rtt_us ? t->rtt_us + (rtt_us - t->rtt_us) / 8 : rtt_us; /* RFC 6298 */
}

static void take_blocks(struct room_transport *t, const uint8_t *blocks, size_t count,
                        time_us now_us)
{
    for (size_t i = 0; i < count; i++) {
        struct rtcp_block block;
        rtcp_block_at(&block, blocks, i);
        struct room_consumer *c = consumer_by_ssrc(t, block.ssrc);
        if (!c)
            continue;
        forward_consumer_on_block(c->forward, &block);
        measure_rtt(t, c, &block, now_us);
    }
}

static bool take_sr(struct router *r, struct room_transport *t, const struct rtcp_packet *p,
                    time_us now_us)
{
    struct rtcp_sr sr;
    if (rtcp_parse_sr(&sr, p))
        return false;
    take_blocks(t, sr.blocks, sr.block_count, now_us);
    struct room_ssrc *known = room_ssrc_find(t, sr.ssrc);
    if (!known || known->rtx)
        return true;
    forward_producer_on_sr(known->producer->forward, known->stream, &sr, now_us);
    struct room_consumer *c;
    LIST_FOREACH(c, &known->producer->consumers, of_producer) router_wake(r, c->transport, now_us);
    return true;
}

static bool take_rr(struct room_transport *t, const struct rtcp_packet *p, time_us now_us)
{
    struct rtcp_rr rr;
    if (rtcp_parse_rr(&rr, p))
        return false;
    take_blocks(t, rr.blocks, rr.block_count, now_us);
    return true;
}

static void resend(struct router *r, struct room_consumer *c, uint16_t seq16, time_us rtt_us,
                   time_us now_us)
{
    const struct net_tuple *to = transport_tuple(c->transport->rtc);
    struct router_slot *slot = router_slot_take(r);
    if (!slot || !to)
        return;
    size_t capacity = sizeof slot->bytes;
    int written = forward_consumer_resend(c->forward, seq16, slot->bytes,
                                          capacity - SRTP_TRAILER_MAX, rtt_us, now_us);
    size_t len = (size_t)written;
    if (written <= 0 ||
        transport_seal_rtp(c->transport->rtc, slot->bytes, &len, capacity, now_us)) {
        r->counters[RELAY_RTX_REFUSED]++;
        return;
    }
    r->counters[RELAY_RTX_SENT]++;
    router_slot_send(r, slot, to, len);
}

static bool take_nack(struct router *r, struct room_transport *t, const struct rtcp_packet *p,
                      time_us now_us)
{
    struct rtcp_nack nack;
    uint16_t seqs[ROUTER_NACK_MAX];
    if (rtcp_parse_nack(&nack, p))
        return false;
    struct room_consumer *c = consumer_by_ssrc(t, nack.media_ssrc);
    if (!c || t->state != TRANSPORT_CONNECTED)
        return true;
    time_us rtt_us = room_rtt_us(t);
    size_t count = rtcp_nack_sequences(&nack, seqs, ROUTER_NACK_MAX);
    r->counters[RELAY_NACK_RECEIVED] += count;
    for (size_t i = 0; i < count; i++)
        resend(r, c, seqs[i], rtt_us, now_us);
    return true;
}

static void want_key_frame(struct router *r, struct room_transport *t, uint32_t ssrc)
{
    struct room_consumer *c = consumer_by_ssrc(t, ssrc);
    if (!c)
        return;
    r->counters[RELAY_PLI_RECEIVED]++;
    forward_consumer_want_key_frame(c->forward);
    router_wake(r, c->producer->transport, forward_producer_deadline(c->producer->forward, 0));
}

static bool take_fir(struct router *r, struct room_transport *t, const struct rtcp_packet *p)
{
    struct rtcp_fir fir;
    if (rtcp_parse_fir(&fir, p))
        return false;
    for (size_t i = 0; i < fir.entry_count; i++) {
        uint32_t ssrc;
        uint8_t command;
        rtcp_fir_at(&fir, i, &ssrc, &command);
        want_key_frame(r, t, ssrc);
    }
    return true;
}

static bool take_feedback(struct router *r, struct room_transport *t, const struct rtcp_packet *p)
{
    struct rtcp_pli pli;
    if (p->count == RTCP_PSFB_FIR)
        return take_fir(r, t, p);
    if (p->count != RTCP_PSFB_PLI)
        return true; /* REMB and others: rtc/transport estimates from transport-wide feedback */
    if (rtcp_parse_pli(&pli, p))
        return false;
    want_key_frame(r, t, pli.media_ssrc);
    return true;
}

void room_rtcp_in(struct router *r, struct room_transport *t, const uint8_t *data, size_t len_bytes,
                  time_us now_us)
{
    struct rtcp_iterator it;
    struct rtcp_packet p;
    bool good = rtcp_begin(&it, data, len_bytes) == 0;
    while (good && rtcp_next(&it, &p)) {
        if (p.type == RTCP_SR)
            good = take_sr(r, t, &p, now_us);
        else if (p.type == RTCP_RR)
            good = take_rr(t, &p, now_us);
        else if (p.type == RTCP_RTPFB && p.count == RTCP_RTPFB_NACK)
            good = take_nack(r, t, &p, now_us);
        else if (p.type == RTCP_PSFB)
            good = take_feedback(r, t, &p);
    }
    if (!good)
        r->counters[RELAY_DROP_RTCP]++;
}

static void write_reports(struct room_transport *t, struct byte_writer *w, time_us now_us)
{
    struct rtcp_block blocks[RTCP_COUNT_MAX];
    struct room_producer *p;
    size_t count = 0;
    LIST_FOREACH(p, &t->producers, of_transport)
    count += forward_producer_blocks(p->forward, &blocks[count], RTCP_COUNT_MAX - count, now_us);
    if (count == 0 || rtcp_write_rr(w, t->feedback_ssrc, blocks, count))
        return;
    (void)rtcp_write_cname(w, t->feedback_ssrc, RELAY_CNAME);
}

/* True when the SR was due and written. */
static bool write_sr(struct room_consumer *c, struct byte_writer *w, time_us now_us)
{
    struct rtcp_sr sr;
    if (!forward_consumer_report(c->forward, &sr) ||
        (sr.ntp == c->reported.ntp && sr.rtp_timestamp == c->reported.rtp_timestamp))
        return false;
    const char *cname = c->forward->media.cname;
    if (rtcp_write_sr(w, &sr, NULL, 0))
        return false; /* no room: with the next compound */
    (void)rtcp_write_cname(w, sr.ssrc, cname[0] ? cname : RELAY_CNAME);
    c->reported = sr;
    c->reported_us = now_us;
    return true;
}

static void send_compound(struct router *r, struct room_transport *t, const uint8_t *data,
                          size_t len_bytes, time_us now_us)
{
    const struct net_tuple *to = transport_tuple(t->rtc);
    struct router_slot *slot = len_bytes && to ? router_slot_take(r) : NULL;
    if (!slot)
        return;
    memcpy(slot->bytes, data, len_bytes);
    if (transport_seal_rtcp(t->rtc, slot->bytes, &len_bytes, sizeof slot->bytes, now_us)) {
        r->counters[RELAY_DROP_SEAL]++;
        return;
    }
    router_slot_send(r, slot, to, len_bytes);
}

static void count_feedback(struct router *r, const uint8_t *data, size_t len_bytes)
{
    struct rtcp_iterator it;
    struct rtcp_packet p;
    struct rtcp_nack nack;
    uint16_t seqs[ROUTER_NACK_MAX];
    if (rtcp_begin(&it, data, len_bytes))
        return;
    while (rtcp_next(&it, &p)) {
        r->counters[RELAY_PLI_SENT] += p.type == RTCP_PSFB && p.count == RTCP_PSFB_PLI;
        if (rtcp_parse_nack(&nack, &p) == 0)
            r->counters[RELAY_NACK_SENT] += rtcp_nack_sequences(&nack, seqs, ROUTER_NACK_MAX);
    }
}

void room_rtcp_out(struct router *r, struct room_transport *t, time_us now_us)
{
    uint8_t data[RTCP_OUT_MAX];
    struct byte_writer w = byte_writer_of(data, sizeof data);
    struct room_producer *p;
    struct room_consumer *c;
    if (t->state != TRANSPORT_CONNECTED)
        return;
    if (t->rtcp_due_us <= now_us) {
        t->rtcp_due_us = now_us + ROUTER_RTCP_INTERVAL_US;
        write_reports(t, &w, now_us);
    }
    LIST_FOREACH(c, &t->consumers, of_transport) write_sr(c, &w, now_us);
    LIST_FOREACH(p, &t->producers, of_transport)
    forward_producer_feedback(p->forward, &w, t->feedback_ssrc, room_rtt_us(t), now_us);
    size_t len = byte_writer_len(&w);
    count_feedback(r, data, len);
    send_compound(r, t, data, len, now_us);
}
