/* SPDX-License-Identifier: Apache-2.0 */
/* The two-ended world of tests/sim/transport. */
#include "world.h"
#include "base/bytes.h"
#include "base/check.h"
#include <stdlib.h>
#include <string.h>

#define UTC_2026_US INT64_C(1767225600000000) /* dates the certificates */

static struct dtls_identity *identities[2];

const struct dtls_identity *world_identity(bool relay)
{
    if (!identities[relay])
        CHECK(dtls_identity_new(&identities[relay], UTC_2026_US) == 0);
    return identities[relay];
}

static void __attribute__((destructor)) free_identities(void)
{
    dtls_identity_free(identities[0]);
    dtls_identity_free(identities[1]);
}

uint32_t world_random(struct world *w, uint32_t below)
{
    uint64_t z = w->seed += UINT64_C(0x9e3779b97f4a7c15); /* splitmix64 */
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)((z ^ z >> 31) % below);
}

static struct net_address address(const char *ip, uint16_t port)
{
    struct net_address a;
    CHECK(net_address_parse(&a, ip, port) == 0);
    return a;
}

static void credentials_from(struct world *w, struct ice_credentials *c)
{
    memset(c, 0, sizeof(*c));
    for (size_t i = 0; i < 8; i++)
        c->ufrag[i] = (char)('a' + world_random(w, 26));
    for (size_t i = 0; i < 24; i++)
        c->pwd[i] = (char)('a' + world_random(w, 26));
}

static void profiles(struct transport_config *c, const enum srtp_profile *list, size_t count)
{
    static const enum srtp_profile all[] = {SRTP_PROFILE_AEAD_AES_128_GCM,
                                            SRTP_PROFILE_AES_CM_128_HMAC_SHA1_80,
                                            SRTP_PROFILE_AES_CM_128_HMAC_SHA1_32};
    if (count == 0)
        list = all;
    c->profile_count = count == 0 ? SRTP_PROFILE_COUNT : count;
    memcpy(c->profiles, list, c->profile_count * sizeof(*list));
}

static void new_relay(struct world *w, const struct world_config *config,
                      struct transport_config *r)
{
    r->ice_role = ICE_ROLE_LITE;
    r->dtls_role = DTLS_ROLE_SERVER;
    credentials_from(w, &r->local);
    r->identity = world_identity(true);
    if (!config->late_fingerprint)
        dtls_identity_fingerprint(world_identity(false), &r->remote_fingerprint);
    profiles(r, config->relay_profiles, config->relay_profile_count);
    CHECK(transport_new(&w->relay.transport, r, w->now_us) == 0);
}

static void new_terminal(struct world *w, const struct world_config *config,
                         const struct transport_config *relay)
{
    struct transport_config t = {.ice_role = ICE_ROLE_CONTROLLING, .dtls_role = DTLS_ROLE_CLIENT};
    struct ice_candidate candidates[2];
    ice_candidate_host(&candidates[0], NET_UDP, &w->relay_address, 0);
    ice_candidate_host(&candidates[1], NET_TCP, &w->relay_address, 0);
    t.candidates = candidates;
    t.candidate_count = config->with_tcp ? 2 : 1;
    credentials_from(w, &t.local);
    t.remote = relay->local;
    t.local_udp = address("10.0.0.7", 5000);
    t.identity = world_identity(false);
    dtls_identity_fingerprint(world_identity(!config->wrong_fingerprint), &t.remote_fingerprint);
    profiles(&t, config->terminal_profiles, config->terminal_profile_count);
    CHECK(transport_new(&w->terminal.transport, &t, w->now_us) == 0);
}

void world_init(struct world *w, const struct world_config *config)
{
    memset(w, 0, sizeof(*w));
    w->seed = config->seed * 2 + 1;
    w->now_us = 1000 * TIME_US_PER_S;
    w->manner.delay_us = 50 * TIME_US_PER_MS;
    wire_open(&w->udp, config->profile, &w->manner, config->seed, w->now_us);
    wire_open(&w->tcp, NULL, &w->manner, config->seed, w->now_us);
    w->with_profile = config->profile != NULL;
    w->terminal_outside = address("198.51.100.9", 61000);
    w->relay_address = address("192.0.2.1", 40000);
    w->terminal.connected_at = w->relay.connected_at = TIME_US_NEVER;
    struct transport_config relay = {0};
    new_relay(w, config, &relay);
    new_terminal(w, config, &relay);
}

void world_fini(struct world *w)
{
    transport_free(w->terminal.transport);
    transport_free(w->relay.transport);
    wire_close(&w->udp);
    wire_close(&w->tcp);
}

struct net_tuple world_tuple(const struct world *w, bool at_relay)
{
    struct net_tuple t = {.protocol = NET_UDP};
    t.local = at_relay ? w->relay_address : address("10.0.0.7", 5000);
    t.remote = at_relay ? w->terminal_outside : w->relay_address;
    return t;
}

/* Notes a new outside address, which a test may have written. */
static void note_nat(struct world *w)
{
    if (w->nat_count > 0 &&
        net_address_equal(&w->nat[w->nat_count - 1].outside, &w->terminal_outside))
        return;
    CHECK(w->nat_count < WORLD_NAT_MAX);
    w->nat[w->nat_count++] = (struct world_nat){w->now_us, w->terminal_outside};
}

static struct net_address outside_at(const struct world *w, time_us sent_us)
{
    size_t i = w->nat_count - 1;
    while (i > 0 && w->nat[i].since_us > sent_us)
        i--;
    return w->nat[i].outside;
}

/* How the receiver sees a datagram that was sent at sent_us. */
static struct net_tuple arrival_tuple(const struct world *w, bool tcp, bool to_relay,
                                      time_us sent_us)
{
    struct net_tuple t = {.protocol = tcp ? NET_TCP : NET_UDP};
    if (tcp) {
        t.stream = to_relay ? 7 : w->tcp_stream; /* the relay has numbers of its own */
        t.local = to_relay ? w->relay_address : w->terminal_tcp;
        t.remote = to_relay ? w->terminal_tcp : w->relay_address;
        return t;
    }
    t.local = to_relay ? w->relay_address : address("10.0.0.7", 5000);
    t.remote = to_relay ? outside_at(w, sent_us) : w->relay_address;
    return t;
}

/* False for a datagram that no receiver has: an old NAT mapping, a broken connection. */
static bool deliverable(const struct world *w, const struct net_tuple *sent, bool to_relay)
{
    if (w->down)
        return false;
    if (sent->protocol == NET_TCP)
        return w->tcp_stream != 0 && sent->stream == (to_relay ? w->tcp_stream : 7);
    return !w->udp_blocked && (to_relay || net_address_equal(&sent->remote, &w->terminal_outside));
}

static void transmit(struct world *w, bool to_relay, const struct net_tuple *sent,
                     const uint8_t *data, size_t len_bytes)
{
    struct world_end *from = to_relay ? &w->terminal : &w->relay;
    from->datagrams_sent++;
    if (len_bytes > from->largest_datagram)
        from->largest_datagram = len_bytes;
    note_nat(w);
    if (!deliverable(w, sent, to_relay))
        return;
    const bool tcp = sent->protocol == NET_TCP;
    if (!w->with_profile)
        wire_set_manner(&w->udp, &w->manner);
    wire_send(tcp ? &w->tcp : &w->udp, to_relay ? LINK_UP : LINK_DOWN, w->now_us, data, len_bytes);
}

static void on_event(struct world *w, struct world_end *e, const struct transport_event *event)
{
    if (e->event_count < WORLD_EVENTS_MAX)
        e->events[e->event_count++] = *event;
    if (event->type == TRANSPORT_EVENT_STATE && event->state == TRANSPORT_CONNECTED &&
        e->connected_at == TIME_US_NEVER)
        e->connected_at = w->now_us;
    if (event->type == TRANSPORT_EVENT_OPEN_TCP) {
        const bool up = w->terminal_tcp.family != NET_NONE && !w->down;
        w->tcp_stream = up ? event->tuple.stream : 0;
        transport_tcp_state(e->transport, event->tuple.stream, &w->terminal_tcp, up, w->now_us);
    }
}

static bool drain(struct world *w, struct world_end *e)
{
    struct transport_datagram d;
    struct transport_event event;
    bool any = false;
    while (transport_next_datagram(e->transport, &d)) {
        transmit(w, e == &w->terminal, &d.tuple, d.data, d.len_bytes);
        any = true;
    }
    while (transport_next_event(e->transport, &event)) {
        on_event(w, e, &event);
        any = true;
    }
    return any;
}

void world_drain(struct world *w)
{
    bool any = true;
    while (any) {
        any = drain(w, &w->terminal);
        any = drain(w, &w->relay) || any;
    }
}

enum transport_received world_inject(struct world *w, bool to_relay, const struct net_tuple *tuple,
                                     const uint8_t *data, size_t len_bytes)
{
    struct world_end *e = to_relay ? &w->relay : &w->terminal;
    uint8_t copy[1500];
    size_t len = len_bytes;
    memcpy(copy, data, len_bytes);
    const enum transport_received r = transport_receive(e->transport, tuple, copy, &len, w->now_us);
    if (r == TRANSPORT_RECEIVED_RTP) {
        e->rtp_received++;
        memcpy(e->last_rtp, copy, len);
        e->last_rtp_len = len;
    }
    e->rtcp_received += r == TRANSPORT_RECEIVED_RTCP;
    world_drain(w);
    return r;
}

/* The modem has a new address, so the NAT has a new mapping. */
static void new_mapping(struct world *w)
{
    w->terminal_outside.port++;
    w->address_changes++;
    note_nat(w);
}

static void arrive(struct world *w, bool tcp, enum link_direction way, const struct link_event *e)
{
    struct world_datagram d = {.to_relay = way == LINK_UP, .len_bytes = e->len_bytes};
    if (tcp && w->tcp_stream == 0)
        return;
    d.tuple = arrival_tuple(w, tcp, d.to_relay, e->sent_us);
    CHECK(e->len_bytes <= sizeof(d.data));
    memcpy(d.data, e->data, e->len_bytes);
    (d.to_relay ? &w->relay : &w->terminal)->media_arrived += d.data[0] >= 128 && d.data[0] < 192;
    if (w->tap && !w->tap(w, &d))
        return;
    world_inject(w, d.to_relay, &d.tuple, d.data, d.len_bytes);
}

/* One thing that came out of a link; false when there is none. */
static bool take_arrival(struct world *w)
{
    enum link_direction way;
    struct link_event e;
    for (int tcp = 0; tcp < 2; tcp++) {
        if (!wire_next(tcp ? &w->tcp : &w->udp, w->now_us, &way, &e))
            continue;
        if (e.type == LINK_PACKET)
            arrive(w, tcp, way, &e);
        else if (way == LINK_UP) /* both directions tell of it */
            new_mapping(w);
        return true;
    }
    return false;
}

bool world_run(struct world *w, time_us until_us, bool (*done)(const struct world *w))
{
    world_drain(w);
    while (!(done && done(w))) {
        if (take_arrival(w))
            continue;
        const time_us terminal = transport_deadline(w->terminal.transport);
        const time_us relay = transport_deadline(w->relay.transport);
        const time_us ends = time_us_min(terminal, relay);
        const time_us links =
            time_us_min(wire_deadline(&w->udp, w->now_us), wire_deadline(&w->tcp, w->now_us));
        const time_us next = time_us_min(ends, links);
        if (next > until_us) {
            w->now_us = until_us;
            return false;
        }
        if (next > w->now_us)
            w->now_us = next;
        if (ends > w->now_us)
            continue;
        struct world_end *e = terminal <= relay ? &w->terminal : &w->relay;
        transport_timeout(e->transport, w->now_us);
        world_drain(w);
        CHECK(++w->steps < WORLD_STEPS_MAX); /* nothing may ask for the same instant for ever */
    }
    return true;
}

bool world_both_connected(const struct world *w)
{
    return transport_state(w->terminal.transport) == TRANSPORT_CONNECTED &&
           transport_state(w->relay.transport) == TRANSPORT_CONNECTED;
}

int world_send(struct world *w, bool from_relay, uint8_t *packet, size_t len_bytes,
               size_t capacity_bytes)
{
    struct world_end *e = from_relay ? &w->relay : &w->terminal;
    const int error =
        transport_seal_rtp(e->transport, packet, &len_bytes, capacity_bytes, w->now_us);
    if (error == 0)
        transmit(w, !from_relay, transport_tuple(e->transport), packet, len_bytes);
    return error;
}

int world_send_rtp(struct world *w, bool from_relay, uint32_t ssrc, uint16_t seq16,
                   size_t payload_len)
{
    uint8_t packet[1500] = {0x80, 96};
    bytes_put_u16(packet + 2, seq16);
    bytes_put_u32(packet + 4, seq16 * 960u);
    bytes_put_u32(packet + 8, ssrc);
    memset(packet + 12, (uint8_t)seq16, payload_len);
    return world_send(w, from_relay, packet, 12 + payload_len, sizeof(packet));
}

bool world_saw_state(const struct world_end *e, enum transport_state state)
{
    for (size_t i = 0; i < e->event_count; i++)
        if (e->events[i].type == TRANSPORT_EVENT_STATE && e->events[i].state == state)
            return true;
    return false;
}
