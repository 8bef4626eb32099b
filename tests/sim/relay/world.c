/* SPDX-License-Identifier: Apache-2.0 */
/* Virtual time: the earliest of all deadlines, of links, router and terminals, is next. */
#include "tests/sim/relay/world.h"
#include "rtc/payload/vp8.h"
#include "rtc/rtcp/rtcp.h"
#include "rtc/rtx/rtx.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define START_US (1000 * TIME_US_PER_S)
#define UTC_US   (INT64_C(1790000000) * TIME_US_PER_S)

struct world *world_new(uint64_t seed)
{
    return world_new_over(NULL, seed);
}

struct world *world_new_over(const struct link_profile *profile, uint64_t seed)
{
    struct world *w = calloc(1, sizeof *w);
    cr_assert_not_null(w);
    w->seed = seed;
    w->profile = profile;
    w->now_us = START_US;
    w->manner.delay_us = 30 * TIME_US_PER_MS;
    cr_assert_eq(dtls_identity_new(&w->identity, UTC_US), 0);
    cr_assert_eq(packet_pool_new(&w->pool, 8192), 0);
    cr_assert_eq(net_address_parse(&w->relay_address, "192.0.2.1", 40000), 0);
    struct router_config config = {.identity = w->identity, .hash_seed = seed};
    cr_assert_eq(router_new(&w->router, &config, w->now_us), 0);
    struct relay_command room = {.type = RELAY_ROOM_CREATE, .room = "r"};
    struct relay_reply reply;
    world_command(w, room, &reply);
    return w;
}

void world_free(struct world *w)
{
    router_free(w->router);
    cr_expect_eq(packet_pool_free_count(w->pool), 8192, "every packet came back");
    for (size_t i = 0; i < w->terminal_count; i++) {
        struct world_terminal *t = &w->terminals[i];
        transport_free(t->t);
        wire_close(&t->wire);
        dtls_identity_free(t->identity);
        for (size_t k = 0; k < 1024; k++)
            if (t->sent[k])
                packet_unref(t->sent[k]);
        packet_pool_free(t->pool);
    }
    packet_pool_free(w->pool);
    dtls_identity_free(w->identity);
    free(w);
}

void world_command(struct world *w, struct relay_command command, struct relay_reply *reply)
{
    router_command(w->router, &command, reply, w->now_us);
    cr_assert_eq(reply->error, 0, "%s", reply->message);
}

int world_join(struct world *w)
{
    int i = (int)w->terminal_count++;
    struct world_terminal *t = &w->terminals[i];
    struct relay_reply reply;
    struct relay_command command = {
        .type = RELAY_TRANSPORT_CREATE, .room = "r", .profile_count = 1};
    command.profiles[0] = SRTP_PROFILE_AEAD_AES_128_GCM;
    snprintf(command.transport, sizeof command.transport, "t%d", i);
    world_command(w, command, &reply);
    wire_open(&t->wire, w->profile, &w->manner, w->seed * WORLD_TERMINALS_MAX + (uint64_t)i,
              w->now_us);
    cr_assert_eq(dtls_identity_new(&t->identity, UTC_US), 0);
    cr_assert_eq(packet_pool_new(&t->pool, 2048), 0);
    cr_assert_eq(net_address_parse(&t->address, "198.51.100.1", (uint16_t)(5000 + i)), 0);
    struct ice_candidate candidate;
    ice_candidate_host(&candidate, NET_UDP, &w->relay_address, 0);
    struct transport_config config = {.ice_role = ICE_ROLE_CONTROLLING,
                                      .remote = reply.ice,
                                      .candidates = &candidate,
                                      .candidate_count = 1,
                                      .local_udp = t->address,
                                      .identity = t->identity,
                                      .dtls_role = DTLS_ROLE_CLIENT,
                                      .remote_fingerprint = reply.fingerprint,
                                      .profile_count = 1};
    config.profiles[0] = SRTP_PROFILE_AEAD_AES_128_GCM;
    ice_credentials_new(&config.local);
    cr_assert_eq(transport_new(&t->t, &config, w->now_us), 0);
    command = (struct relay_command){.type = RELAY_TRANSPORT_CONNECT};
    snprintf(command.transport, sizeof command.transport, "t%d", i);
    dtls_identity_fingerprint(t->identity, &command.fingerprint);
    world_command(w, command, &reply);
    return i;
}

void world_produce(struct world *w, int i, const char *name, struct media_parameters media)
{
    struct relay_reply reply;
    struct relay_command c = {.type = RELAY_PRODUCER_CREATE, .media = media};
    snprintf(c.transport, sizeof c.transport, "t%d", i);
    snprintf(c.producer, sizeof c.producer, "%s", name);
    world_command(w, c, &reply);
}

void world_consume(struct world *w, int j, const char *name, const char *producer,
                   struct media_parameters media, bool paused)
{
    struct relay_reply reply;
    struct relay_command c = {.type = RELAY_CONSUMER_CREATE,
                              .media = media,
                              .paused = paused,
                              .layers = {RELAY_LAYER_ANY, RELAY_LAYER_ANY}};
    snprintf(c.transport, sizeof c.transport, "t%d", j);
    snprintf(c.consumer, sizeof c.consumer, "%s", name);
    snprintf(c.producer, sizeof c.producer, "%s", producer);
    world_command(w, c, &reply);
}

struct net_tuple world_tuple(const struct world *w, int i)
{
    return (struct net_tuple){
        .protocol = NET_UDP, .local = w->relay_address, .remote = w->terminals[i].address};
}

static void fly(struct world *w, int terminal, bool to_relay, const uint8_t *data, size_t len_bytes)
{
    struct world_terminal *t = &w->terminals[terminal];
    if (net_address_equal(&t->address, &w->lost_address))
        return;
    if (!w->profile)
        wire_set_manner(&t->wire, &w->manner);
    wire_send(&t->wire, to_relay ? LINK_UP : LINK_DOWN, w->now_us, data, len_bytes);
}

static void drain_router(struct world *w)
{
    const struct transport_datagram *d;
    while ((d = router_next_datagram(w->router))) {
        for (size_t i = 0; i < w->terminal_count; i++)
            if (net_address_equal(&d->tuple.remote, &w->terminals[i].address))
                fly(w, (int)i, false, d->data, d->len_bytes);
        router_release(w->router);
    }
    struct relay_event event;
    while (router_next_event(w->router, &event))
        ;
}

static void drain_terminal(struct world *w, int i)
{
    struct transport_datagram d;
    struct transport_event e;
    while (transport_next_datagram(w->terminals[i].t, &d))
        fly(w, i, true, d.data, d.len_bytes);
    while (transport_next_event(w->terminals[i].t, &e))
        ;
}

void world_send(struct world *w, int i, const uint8_t *data, size_t len_bytes, bool rtcp)
{
    struct world_terminal *t = &w->terminals[i];
    uint8_t sealed[PACKET_CAPACITY_BYTES];
    memcpy(sealed, data, len_bytes);
    struct rtp_view v;
    if (!rtcp && rtp_parse(&v, data, len_bytes) == 0) {
        struct packet **slot = &t->sent[v.seq16 % 1024];
        if (*slot)
            packet_unref(*slot);
        *slot = packet_take(t->pool);
        memcpy((*slot)->data, data, len_bytes);
        (*slot)->len_bytes = (uint16_t)len_bytes;
    }
    int code = rtcp ? transport_seal_rtcp(t->t, sealed, &len_bytes, sizeof sealed, w->now_us)
                    : transport_seal_rtp(t->t, sealed, &len_bytes, sizeof sealed, w->now_us);
    cr_assert_eq(code, 0, "seal: %d", code);
    fly(w, i, true, sealed, len_bytes);
}

/* Repeats what the relay asks for, by RTX with the sender's numbers of streams.h style. */
static void repair(struct world *w, int i, uint32_t media_ssrc, uint16_t seq16)
{
    struct world_terminal *t = &w->terminals[i];
    const struct packet *p = t->sent[seq16 % 1024];
    uint8_t data[PACKET_CAPACITY_BYTES];
    struct rtp_view v;
    if (!p || rtp_parse(&v, p->data, p->len_bytes) || v.seq16 != seq16 || v.ssrc != media_ssrc)
        return;
    memcpy(data, p->data, p->len_bytes);
    int len = rtx_encapsulate(data, p->len_bytes, sizeof data, (uint8_t)(v.payload_type + 1),
                              media_ssrc + 0x11110000u, t->rtx_seq16++);
    cr_assert_gt(len, 0);
    size_t sealed = (size_t)len;
    cr_assert_eq(transport_seal_rtp(t->t, data, &sealed, sizeof data, w->now_us), 0);
    fly(w, i, true, data, sealed);
}

static void take_rtcp(struct world *w, int i, const uint8_t *data, size_t len_bytes)
{
    struct world_terminal *t = &w->terminals[i];
    struct rtcp_iterator it;
    struct rtcp_packet p;
    struct rtcp_nack nack;
    uint16_t seqs[512];
    cr_assert_eq(rtcp_begin(&it, data, len_bytes), 0);
    while (rtcp_next(&it, &p)) {
        t->plis += p.type == RTCP_PSFB && p.count == RTCP_PSFB_PLI;
        if (p.type == RTCP_SR && rtcp_parse_sr(&t->sr, &p) == 0)
            t->srs++;
        if (rtcp_parse_nack(&nack, &p) == 0) {
            size_t count = rtcp_nack_sequences(&nack, seqs, 512);
            t->nacks += count;
            for (size_t k = 0; k < count; k++)
                repair(w, i, nack.media_ssrc, seqs[k]);
        }
    }
}

static void take_rtp(struct world *w, int i, const uint8_t *data, size_t len_bytes)
{
    struct world_terminal *t = &w->terminals[i];
    struct rtp_view v;
    struct vp8_descriptor d;
    cr_assert_eq(rtp_parse(&v, data, len_bytes), 0);
    cr_assert_lt(t->got_count, WORLD_LOG_MAX);
    struct world_got *g = &t->got[t->got_count++];
    *g = (struct world_got){.at_us = w->now_us,
                            .ssrc = v.ssrc,
                            .timestamp = v.timestamp,
                            .seq16 = v.seq16,
                            .payload_type = v.payload_type};
    bool rtx = v.payload_type == WORLD_PT_VP8 + 1 || v.payload_type == WORLD_PT_OPUS + 1;
    size_t skip = rtx ? RTX_OSN_LEN : 0;
    if (skip)
        cr_assert(rtx_original_seq16(&v, &g->seq16));
    const uint8_t *payload = rtp_payload(&v) + skip;
    cr_assert_geq(v.payload_len_bytes, skip + 4);
    if (v.payload_type == WORLD_PT_VP8 || v.payload_type == WORLD_PT_VP8 + 1)
        cr_assert_eq(vp8_parse(&d, payload, v.payload_len_bytes - skip), 0);
    g->mark = bytes_get_u32(payload + v.payload_len_bytes - skip - 4);
}

static void arrive(struct world *w, int i, bool to_relay, const uint8_t *bytes, size_t len_bytes)
{
    struct world_terminal *t = &w->terminals[i];
    if (to_relay) {
        struct packet *p = packet_take(w->pool);
        struct net_tuple from = world_tuple(w, i);
        cr_assert_not_null(p);
        memcpy(p->data, bytes, len_bytes);
        p->len_bytes = (uint16_t)len_bytes;
        router_receive(w->router, &from, p, w->now_us);
        packet_unref(p);
        return;
    }
    struct net_tuple from = {.protocol = NET_UDP, .local = t->address, .remote = w->relay_address};
    uint8_t data[PACKET_CAPACITY_BYTES];
    size_t len = len_bytes;
    memcpy(data, bytes, len);
    enum transport_received got = transport_receive(t->t, &from, data, &len, w->now_us);
    if (got == TRANSPORT_RECEIVED_RTP)
        take_rtp(w, i, data, len);
    else if (got == TRANSPORT_RECEIVED_RTCP)
        take_rtcp(w, i, data, len);
}

/* One thing that came out of a link; false when there is none. */
static bool take_arrival(struct world *w)
{
    enum link_direction way;
    struct link_event e;
    for (size_t i = 0; i < w->terminal_count; i++) {
        if (!wire_next(&w->terminals[i].wire, w->now_us, &way, &e))
            continue;
        if (e.type == LINK_PACKET)
            arrive(w, (int)i, way == LINK_UP, e.data, e.len_bytes);
        return true;
    }
    return false;
}

static time_us next_us(const struct world *w, time_us until_us)
{
    time_us at = time_us_min(until_us, router_deadline(w->router));
    for (size_t i = 0; i < w->terminal_count; i++) {
        at = time_us_min(at, transport_deadline(w->terminals[i].t));
        at = time_us_min(at, wire_deadline(&w->terminals[i].wire, w->now_us));
    }
    return at > w->now_us ? at : w->now_us;
}

void world_run(struct world *w, time_us until_us)
{
    for (;;) {
        drain_router(w);
        for (size_t i = 0; i < w->terminal_count; i++)
            drain_terminal(w, (int)i);
        if (take_arrival(w))
            continue;
        time_us before_us = w->now_us;
        w->now_us = next_us(w, until_us);
        bool any = router_deadline(w->router) <= w->now_us;
        if (any)
            router_timeout(w->router, w->now_us);
        for (size_t i = 0; i < w->terminal_count; i++) {
            if (transport_deadline(w->terminals[i].t) > w->now_us)
                continue;
            transport_timeout(w->terminals[i].t, w->now_us);
            any = true;
        }
        if (!any && w->now_us == before_us && w->now_us >= until_us)
            return;
    }
}

bool world_connected(const struct world *w)
{
    for (size_t i = 0; i < w->terminal_count; i++)
        if (transport_state(w->terminals[i].t) != TRANSPORT_CONNECTED)
            return false;
    return w->terminal_count > 0;
}
