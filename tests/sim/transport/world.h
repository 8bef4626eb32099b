/* SPDX-License-Identifier: Apache-2.0 */
/* Two transports (a terminal and a relay) joined by emulated links (loadtest/link) in virtual time,
 * one for UDP and one for TCP, which loses nothing. One seed decides all. Knows nothing of what a
 * test wants to show. */
#ifndef TESTS_SIM_TRANSPORT_WORLD_H
#define TESTS_SIM_TRANSPORT_WORLD_H

#include "rtc/transport/transport.h"
#include "tests/sim/wire/wire.h"

#define WORLD_NAT_MAX    1024 /* addresses that the terminal has had outside */
#define WORLD_EVENTS_MAX 64
#define WORLD_STEPS_MAX  1000000 /* timeouts of one run */

struct world_end {
    struct transport *transport;
    struct transport_event events[WORLD_EVENTS_MAX];
    size_t event_count;
    unsigned datagrams_sent, media_arrived, rtp_received, rtcp_received; /* media_arrived: RTP or
                                                                            RTCP, still sealed */
    size_t largest_datagram;
    uint8_t last_rtp[1500];
    size_t last_rtp_len;
    time_us connected_at; /* first time; TIME_US_NEVER before */
};

struct world_datagram {
    bool to_relay;
    struct net_tuple tuple; /* as the receiver sees it */
    size_t len_bytes;
    uint8_t data[1500];
};

/* What the relay saw of the terminal from a time on: packets under way keep the address that they
 * were sent from. */
struct world_nat {
    time_us since_us;
    struct net_address outside;
};

struct world {
    time_us now_us;
    uint64_t seed, steps;
    struct wire udp, tcp;
    struct wire_manner manner; /* of UDP, both ways; a test may change it. Not with a profile */
    bool down;                 /* no coverage: what is sent goes nowhere */
    struct world_end terminal, relay;
    struct net_address terminal_outside; /* what the relay sees of the terminal: its NAT */
    struct net_address relay_address;
    bool udp_blocked;
    struct net_address terminal_tcp; /* family NET_NONE: TCP is refused */
    uint32_t tcp_stream;             /* open connection; 0: none */
    struct world_nat nat[WORLD_NAT_MAX];
    size_t nat_count;
    bool with_profile;
    unsigned address_changes; /* told by the link */
    /* What a test may look at or spoil on the way; false drops it. */
    bool (*tap)(struct world *w, struct world_datagram *d);
    void *tap_user;
};

struct world_config {
    uint64_t seed;
    const struct link_profile *profile; /* NULL: a fast link of 50 ms one way */
    enum srtp_profile terminal_profiles[SRTP_PROFILE_COUNT], relay_profiles[SRTP_PROFILE_COUNT];
    size_t terminal_profile_count, relay_profile_count; /* 0: all, GCM first */
    bool with_tcp;                                      /* the relay has a TCP candidate too */
    bool wrong_fingerprint;                             /* the terminal expects another relay */
    bool late_fingerprint; /* the relay learns the terminal's later, by the test */
};

void world_init(struct world *w, const struct world_config *config);
void world_fini(struct world *w);
/* Runs until the time or until `done` says so (may be NULL). True when it said so. */
bool world_run(struct world *w, time_us until_us, bool (*done)(const struct world *w));
bool world_both_connected(const struct world *w);
/* Sends a plain RTP packet of `payload_len` bytes through the terminal or the relay.
 * transport_seal_rtp's result. */
int world_send_rtp(struct world *w, bool from_relay, uint32_t ssrc, uint16_t seq16,
                   size_t payload_len);
/* The same with a packet of the caller's, sealed in place. */
int world_send(struct world *w, bool from_relay, uint8_t *packet, size_t len_bytes,
               size_t capacity_bytes);
/* Gives a datagram to an end at once; returns what transport_receive says. */
enum transport_received world_inject(struct world *w, bool to_relay, const struct net_tuple *tuple,
                                     const uint8_t *data, size_t len_bytes);
/* The tuple that the relay (or the terminal) sees on the present path. */
struct net_tuple world_tuple(const struct world *w, bool at_relay);
uint32_t world_random(struct world *w, uint32_t below);
const struct dtls_identity *world_identity(bool relay);
bool world_saw_state(const struct world_end *e, enum transport_state state);
void world_drain(struct world *w);

#endif
