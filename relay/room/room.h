/* SPDX-License-Identifier: Apache-2.0 */
/* The objects of a room and how they hang together; private to relay/room. A room holds transports,
 * a transport holds producers and consumers, a producer knows its consumers. Closing one closes
 * what hangs on it. */
#ifndef RELAY_ROOM_ROOM_H
#define RELAY_ROOM_ROOM_H

#include "relay/forward/consumer.h"
#include "relay/forward/producer.h"
#include "relay/room/deadlines.h"
#include "relay/room/router.h"
#include "relay/room/table.h"
#include <sys/queue.h>

struct room_consumer {
    char id[RELAY_ID_MAX];
    struct room_transport *transport;
    struct room_producer *producer;
    struct forward_consumer *forward;
    struct rtcp_sr reported; /* the last SR that was sent, so that each goes out once */
    time_us reported_us;     /* when */
    LIST_ENTRY(room_consumer) of_transport;
    LIST_ENTRY(room_consumer) of_producer;
};

struct room_producer {
    char id[RELAY_ID_MAX];
    struct room_transport *transport;
    struct forward_producer *forward;
    LIST_HEAD(, room_consumer) consumers;
    LIST_ENTRY(room_producer) of_transport;
};

/* Which stream of which producer an SSRC is. */
struct room_ssrc {
    uint32_t ssrc;
    uint8_t stream;
    bool rtx;
    struct room_producer *producer;
};

struct room_police {
    time_us at_us;
    int64_t bytes, packets; /* tokens */
};

/* What authenticated checks came from, oldest overwritten. */
struct room_tuples {
    size_t count, next;
    struct net_tuple list[ICE_TUPLES_MAX];
};

struct room_transport {
    char id[RELAY_ID_MAX];
    struct room *room;
    struct transport *rtc;
    struct deadline deadline;
    time_us rtcp_due_us;
    uint32_t feedback_ssrc;
    time_us rtt_us; /* smoothed, from report blocks about what we send; 0 when unknown */
    struct dtls_fingerprint fingerprint; /* of the peer, once connected */
    struct ice_credentials local;        /* newest */
    char old_ufrag[ICE_UFRAG_MAX + 1];   /* before the last restart; may still come */
    bool restart_unused;                 /* nobody has checked with the newest credentials yet */
    bool tcp;
    bool event_pending;
    enum transport_state state;
    struct room_police police;
    struct room_tuples tuples;
    size_t ssrc_count, producer_count, consumer_count;
    struct room_ssrc ssrcs[ROUTER_SSRCS_MAX];
    LIST_HEAD(, room_producer) producers;
    LIST_HEAD(, room_consumer) consumers;
    LIST_ENTRY(room_transport) of_room;
    STAILQ_ENTRY(room_transport) of_events;
};

struct room {
    char id[RELAY_ID_MAX];
    size_t transport_count;
    LIST_HEAD(, room_transport) transports;
    LIST_ENTRY(room) of_router;
};

struct router_slot {
    struct transport_datagram datagram; /* its data points to bytes */
    uint8_t bytes[PACKET_CAPACITY_BYTES];
};

/* Ring of what waits to be sent: [held, given) are with the shell, [given, filled) wait. */
struct router_out {
    struct router_slot *slots;
    size_t held, given, filled;
};

struct router {
    struct router_config config;
    time_us now_us; /* of the present input */
    LIST_HEAD(, room) rooms;
    size_t room_count, transport_count, producer_count, consumer_count;
    struct table *room_ids, *transport_ids, *producer_ids, *consumer_ids;
    struct table *ufrags, *tuples;
    struct deadlines deadlines;
    struct router_out out;
    STAILQ_HEAD(, room_transport) events;
    uint64_t counters[RELAY_COUNTER_COUNT];
};

/* objects.c: 0 or an error; *message says the remedy. */
struct room *room_find(const struct router *r, const char *id);
struct room_transport *room_transport_find(const struct router *r, const char *id);
struct room_producer *room_producer_find(const struct router *r, const char *id);
struct room_consumer *room_consumer_find(const struct router *r, const char *id);
int room_open(struct router *r, const char *id);
void room_close(struct router *r, struct room *room);
int room_transport_open(struct router *r, struct room *room, const struct relay_command *command,
                        time_us now_us);
int room_transport_restart(struct router *r, struct room_transport *t, time_us now_us);
void room_transport_close(struct router *r, struct room_transport *t);
int room_producer_open(struct router *r, struct room_transport *t,
                       const struct relay_command *command);
void room_producer_close(struct router *r, struct room_producer *p);
int room_consumer_open(struct router *r, struct room_transport *t, struct room_producer *p,
                       const struct relay_command *command);
void room_consumer_close(struct router *r, struct room_consumer *c);

/* tuples.c */
struct room_transport *room_tuple_find(const struct router *r, const struct net_tuple *tuple);
void room_tuple_add(struct router *r, struct room_transport *t, const struct net_tuple *tuple);
void room_tuples_forget(struct router *r, struct room_transport *t);
struct room_transport *room_ufrag_find(const struct router *r, const char *ufrag, size_t len);

/* media.c */
struct room_ssrc *room_ssrc_find(struct room_transport *t, uint32_t ssrc);
int room_ssrc_add(struct room_transport *t, struct room_producer *p, uint32_t ssrc, size_t stream,
                  bool rtx);
void room_rtp_in(struct router *r, struct room_transport *t, struct packet *packet, time_us now_us);

/* feedback.c */
void room_rtcp_in(struct router *r, struct room_transport *t, const uint8_t *data, size_t len_bytes,
                  time_us now_us);
void room_rtcp_out(struct router *r, struct room_transport *t, time_us now_us);

/* Round trip to the peer: from its report blocks, else what ICE knows; 0 when unknown. */
time_us room_rtt_us(const struct room_transport *t);

/* stats.c */
int room_stats(const struct room *room, struct relay_room_stats **out);

/* router.c: a slot to fill, NULL (counted) when the queue is full; then one of the two. */
struct router_slot *router_slot_take(struct router *r);
void router_slot_send(struct router *r, struct router_slot *slot, const struct net_tuple *to,
                      size_t len_bytes);
void router_wake(struct router *r, struct room_transport *t, time_us at_us);
void router_pump(struct router *r, struct room_transport *t);

#endif
