/* SPDX-License-Identifier: Apache-2.0 */
/* Interactive Connectivity Establishment (RFC 8445): the lite answering side of a relay and the
 * controlling side of a terminal, with consent freshness (RFC 7675) and restart. One component, one
 * peer. The lite side never sends to a candidate and nobody resolves a name: addresses come as
 * numbers or not at all. Refuses to know: sockets, DTLS, media, clocks. */
#ifndef RTC_ICE_ICE_H
#define RTC_ICE_ICE_H

#include "base/address.h"
#include "base/time.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ICE_UFRAG_MAX       256 /* RFC 8445 section 5.3: 4 to 256 characters */
#define ICE_PWD_MAX         256 /* RFC 8445 section 5.3: 22 to 256 characters */
#define ICE_UFRAG_MIN       4
#define ICE_PWD_MIN         22
#define ICE_LOCAL_UFRAG_LEN 8  /* 47 bits; RFC 8445 wants 24 */
#define ICE_LOCAL_PWD_LEN   24 /* 142 bits; RFC 8445 wants 128 */
#define ICE_FOUNDATION_MAX  32 /* RFC 8839 section 5.1 */
#define ICE_CANDIDATES_MAX  16 /* of the peer: its addresses, each UDP and TCP */
#define ICE_TUPLES_MAX      8  /* live validated tuples of a lite agent (TRUST STN-05) */

enum ice_role {
    ICE_ROLE_LITE = 0,   /* answers checks only */
    ICE_ROLE_CONTROLLING /* sends checks and nominates */
};

struct ice_credentials {
    char ufrag[ICE_UFRAG_MAX + 1];
    char pwd[ICE_PWD_MAX + 1];
};

/* Fresh credentials from the kernel's random numbers. */
void ice_credentials_new(struct ice_credentials *out);
/* True for lengths and characters (ALPHA, DIGIT, '+', '/') of RFC 8445 section 5.3. */
bool ice_credentials_valid(const struct ice_credentials *c);

struct ice_candidate {
    struct net_address address;
    uint8_t protocol; /* enum net_protocol; TCP ones are passive (RFC 6544) */
    uint32_t priority;
    char foundation[ICE_FOUNDATION_MAX + 1];
};

/* RFC 8445 section 5.1.2.1 for a host candidate of component 1: UDP above TCP passive, earlier
 * addresses above later ones (`index` 0 first). */
uint32_t ice_host_priority(uint8_t protocol, size_t index);
/* Fills a host candidate, priority and foundation included. */
void ice_candidate_host(struct ice_candidate *out, uint8_t protocol,
                        const struct net_address *address, size_t index);

struct ice_agent;

struct ice_config {
    enum ice_role role;
    struct ice_credentials local;
    struct ice_credentials remote;          /* controlling only */
    const struct ice_candidate *candidates; /* controlling only; copied */
    size_t candidate_count;
    struct net_address local_udp; /* controlling only; family NET_NONE: no UDP */
};

enum ice_state {
    ICE_NEW = 0,    /* no valid path yet */
    ICE_CONNECTED,  /* a path is selected and has consent */
    ICE_INTERRUPTED /* consent of the selected path ran out (RFC 7675: 30 s); recovers by itself */
};

enum ice_event_type {
    ICE_EVENT_STATE,   /* .state */
    ICE_EVENT_TUPLE,   /* the selected path is now .tuple */
    ICE_EVENT_OPEN_TCP /* controlling: connect TCP to .tuple.remote; it is .tuple.stream from now on
                        */
};

struct ice_event {
    enum ice_event_type type;
    enum ice_state state;
    struct net_tuple tuple;
};

/* 0, SQ_ERR_INVALID (credentials, too many candidates), SQ_ERR_NOMEM. */
int ice_agent_new(struct ice_agent **out, const struct ice_config *config, time_us now_us);
void ice_agent_free(struct ice_agent *a);

/* What came of a STUN datagram. Only ACCEPTED changed anything. */
enum ice_received {
    ICE_ACCEPTED = 0,
    ICE_DROPPED_MALFORMED,
    ICE_DROPPED_FORGED,
    ICE_DROPPED_REPLAYED
};
enum ice_received ice_receive(struct ice_agent *a, const struct net_tuple *from,
                              const uint8_t *data, size_t len_bytes, time_us now_us);

/* Authentic DTLS or media came by this tuple. Controlling: a flow that stops is then checked at
 * once and not only at the next consent check. Gives no consent. */
void ice_note_received(struct ice_agent *a, const struct net_tuple *from, time_us now_us);

time_us ice_deadline(const struct ice_agent *a);
void ice_timeout(struct ice_agent *a, time_us now_us);

/* The next STUN message to send, copied to `out` (STUN_MESSAGE_MAX bytes); its length, 0 when there
 * is none. */
size_t ice_next_datagram(struct ice_agent *a, struct net_tuple *tuple, uint8_t *out);
bool ice_next_event(struct ice_agent *a, struct ice_event *out);

/* See transport_restart_ice. 0 or SQ_ERR_INVALID, then nothing changed. */
int ice_restart(struct ice_agent *a, const struct ice_credentials *local,
                const struct ice_credentials *remote, const struct ice_candidate *candidates,
                size_t candidate_count, time_us now_us);
void ice_path_changed(struct ice_agent *a, const struct net_address *local_udp, time_us now_us);
void ice_tcp_state(struct ice_agent *a, uint32_t stream, const struct net_address *local, bool up,
                   time_us now_us);

enum ice_state ice_agent_state(const struct ice_agent *a);
/* True when an authenticated check (or the answer to one of ours) has passed this tuple and it is
 * still live. */
bool ice_is_validated(const struct ice_agent *a, const struct net_tuple *t);
const struct net_tuple *ice_selected(const struct ice_agent *a); /* NULL before nomination */
/* Where to send: the selected path, before that the best validated one; NULL when there is none. */
const struct net_tuple *ice_send_tuple(const struct ice_agent *a);
/* Controlling: the best UDP candidate that a check has gone to, before any path is valid; else
 * NULL. */
const struct net_tuple *ice_probed_tuple(const struct ice_agent *a);
const struct ice_credentials *ice_local(const struct ice_agent *a);
time_us ice_rtt_us(
    const struct ice_agent *a); /* smoothed over checks of the selected path; 0 when unknown */

/* Controlling: since when the selected path has left checks unanswered, long before consent runs
 * out; TIME_US_NEVER while it answers. */
time_us ice_lost_since(const struct ice_agent *a);

#endif
