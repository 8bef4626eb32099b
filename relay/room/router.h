/* SPDX-License-Identifier: Apache-2.0 */
/* All rooms of one worker, without sockets: takes datagrams, commands and the time; yields
 * datagrams, replies and events. The socket shell (relay/worker) and the simulations drive it
 * alike.
 *
 * The contract: one input (receive, command, timeout), then drain router_next_datagram and
 * router_next_event, then wait until router_deadline. Not thread-safe: one owner thread. Nothing is
 * allocated, locked or logged per packet. Refuses to know: sockets, threads, JSON, the clock. */
#ifndef RELAY_ROOM_ROUTER_H
#define RELAY_ROOM_ROUTER_H

#include "base/packet.h"
#include "relay/room/command.h"
#include "relay/room/counters.h"

#define ROUTER_ROOMS_MAX           4096 /* of one worker: a core carries fewer */
#define ROUTER_TRANSPORTS_MAX      8192
#define ROUTER_STREAMS_MAX         65536 /* producers and consumers of one worker, each */
#define ROUTER_ROOM_TRANSPORTS_MAX 64    /* a joint teaching session; consultations have 2 to 8 */
#define ROUTER_PRODUCERS_MAX       16    /* of one transport: cameras, scopes, microphones */
#define ROUTER_CONSUMERS_MAX       120   /* of one transport: with RTX under SRTP_SEND_SSRC_MAX */
#define ROUTER_SSRCS_MAX           SRTP_RECEIVE_SSRC_MAX /* that one transport may send */
#define ROUTER_OUT_MAX             1024                  /* datagrams waiting for the shell */
#define ROUTER_NACK_MAX            512 /* sequence numbers taken from one NACK packet */
/* RTP of one participant (TRUST RTP-09): three simulcast layers and an examination camera stay far
 * below. */
#define ROUTER_POLICE_BYTES_PER_S   (3 * 1000 * 1000)
#define ROUTER_POLICE_PACKETS_PER_S 5000
#define ROUTER_RTCP_INTERVAL_US                                                                    \
    TIME_US_PER_S /* RFC 3550 section 6.2 allows less than its 5 s for a session of two */

struct router;

struct router_config {
    const struct dtls_identity *identity; /* borrowed, outlives the router */
    uint64_t hash_seed;                   /* random in life, fixed in simulations */
};

/* 0, SQ_ERR_INVALID, SQ_ERR_NOMEM. */
int router_new(struct router **out, const struct router_config *config, time_us now_us);
void router_free(struct router *r);

/* One datagram or RFC 4571 frame; works in place and keeps references of its own. */
void router_receive(struct router *r, const struct net_tuple *from, struct packet *packet,
                    time_us now_us);
/* Fills *reply, always. */
void router_command(struct router *r, const struct relay_command *command,
                    struct relay_reply *reply, time_us now_us);
/* TIME_US_NEVER when nothing is due; may be in the past. */
time_us router_deadline(const struct router *r);
void router_timeout(struct router *r, time_us now_us);
/* Closes all rooms, as before the end: what tells the peers is then in the queue. */
void router_close_rooms(struct router *r, time_us now_us);
/* The TCP connection of that stream number is gone. */
void router_tcp_closed(struct router *r, uint32_t stream, time_us now_us);

/* Next datagram to send: borrowed until router_release. NULL when there is none. The shell may hold
 * several. */
const struct transport_datagram *router_next_datagram(struct router *r);
/* All that router_next_datagram gave are sent or dropped; their slots may be used again. */
void router_release(struct router *r);
/* Datagrams waiting or held: the shell flushes before this nears ROUTER_OUT_MAX. */
size_t router_out_count(const struct router *r);
bool router_next_event(struct router *r, struct relay_event *out);

/* Adds what the shell counts. */
void router_count(struct router *r, enum relay_counter counter, uint64_t n);
/* Totals since the start. */
void router_get_counters(const struct router *r, uint64_t out[RELAY_COUNTER_COUNT]);
struct router_sizes {
    size_t rooms, transports, producers, consumers;
};
void router_get_sizes(const struct router *r, struct router_sizes *out);

#endif
