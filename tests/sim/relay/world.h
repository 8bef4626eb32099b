/* SPDX-License-Identifier: Apache-2.0 */
/* A relay's rooms and terminals (rtc/transport in the controlling role), each behind an emulated
 * link of its own (loadtest/link), in virtual time. */
#ifndef TESTS_SIM_RELAY_WORLD_H
#define TESTS_SIM_RELAY_WORLD_H

#include "relay/room/router.h"
#include "rtc/rtcp/rtcp.h"
#include "rtc/rtp/rtp.h"
#include "tests/sim/wire/wire.h"
#include "tests/support/prng.h"
#include <stdbool.h>

#define WORLD_TERMINALS_MAX 4
#define WORLD_LOG_MAX       32768 /* RTP packets that a terminal remembers */
#define WORLD_PT_VP8        101   /* as receivers have it; RTX is the next number */
#define WORLD_PT_OPUS       103

struct world_got {
    time_us at_us;
    uint32_t ssrc, timestamp;
    uint16_t seq16;
    uint8_t payload_type;
    uint32_t mark; /* the last four bytes of the payload */
};

struct world_terminal {
    struct transport *t;
    struct dtls_identity *identity;
    struct net_address address;
    struct wire wire;
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
    const struct link_profile *profile; /* of each terminal's link; NULL: ... */
    struct wire_manner manner;          /* ... a fast one of this manner, which a test may change */
    time_us now_us;
    size_t terminal_count;
    struct world_terminal terminals[WORLD_TERMINALS_MAX];
    struct net_address relay_address;
    uint64_t seed;
    struct net_address lost_address; /* datagrams to and from there vanish; family NET_NONE: none */
};

struct world *world_new(uint64_t seed);
/* With terminals behind links of that profile, borrowed. */
struct world *world_new_over(const struct link_profile *profile, uint64_t seed);
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
