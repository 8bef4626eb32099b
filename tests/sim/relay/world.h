/* SPDX-License-Identifier: Apache-2.0 */
/* A relay's rooms and terminals (rtc/transport in the controlling role) joined by a lossy link, in
 * virtual time. */
#ifndef TESTS_SIM_RELAY_WORLD_H
#define TESTS_SIM_RELAY_WORLD_H

#include "relay/room/router.h"
#include "rtc/rtcp/rtcp.h"
#include "rtc/rtp/rtp.h"
#include "tests/support/prng.h"
#include <stdbool.h>

#define WORLD_TERMINALS_MAX 4
#define WORLD_FLIGHT_MAX    4096
#define WORLD_LOG_MAX       8192 /* RTP packets that a terminal remembers */
#define WORLD_RTCP_MAX      64

struct world_flight {
    time_us at_us;
    struct net_tuple tuple; /* as the receiver sees it */
    int terminal;           /* whose link; to_relay says which way */
    bool to_relay;
    size_t len_bytes;
    uint8_t data[PACKET_CAPACITY_BYTES];
};

struct world_got {
    time_us at_us;
    uint32_t ssrc, timestamp;
    uint16_t seq16;
    uint8_t payload_type;
    uint32_t
        mark; /* the first four payload bytes after the descriptor, as sent by world_send_vp8 */
};

struct world_terminal {
    struct transport *t;
    struct dtls_identity *identity;
    struct net_address address;
    size_t got_count;
    struct world_got got[WORLD_LOG_MAX];
    size_t plis, srs, nacks;  /* RTCP received, by kind */
    struct rtcp_sr sr;        /* the newest */
    struct packet_pool *pool; /* of what was sent, to answer NACKs */
    struct packet *sent[1024];
    uint16_t rtx_seq16;
    uint16_t nack_from, nack_to; /* asked for by hand */
};

struct world {
    struct router *router;
    struct dtls_identity *identity;
    struct packet_pool *pool;
    struct prng prng;
    double loss; /* of each datagram, both ways, media only once connected */
    time_us delay_us, jitter_us;
    time_us now_us;
    size_t terminal_count, flight_count;
    struct world_terminal terminals[WORLD_TERMINALS_MAX];
    struct world_flight flights[WORLD_FLIGHT_MAX];
    struct net_address relay_address;
    struct net_address lost_address; /* datagrams to and from there vanish; family NET_NONE: none */
};

struct world *world_new(uint64_t seed);
void world_free(struct world *w);

/* Runs a command that must succeed. */
void world_command(struct world *w, struct relay_command command, struct relay_reply *reply);
/* Room "r", transport "t<i>" and a terminal that connects to it; its index. */
int world_join(struct world *w);
/* A producer "p<name>" on transport i / a consumer "c<name>" of it on transport j. */
void world_produce(struct world *w, int i, const char *name, struct media_parameters media);
void world_consume(struct world *w, int j, const char *name, const char *producer,
                   struct media_parameters media, bool paused);
/* Until the time; everything due happens in order. */
void world_run(struct world *w, time_us until_us);
bool world_connected(const struct world *w);
/* Seals and sends a whole plain RTP or RTCP packet of terminal i; RTP is remembered for repair. */
void world_send(struct world *w, int i, const uint8_t *data, size_t len_bytes, bool rtcp);
/* The tuple by which the relay sees terminal i. */
struct net_tuple world_tuple(const struct world *w, int i);

#endif
