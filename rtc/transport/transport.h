/* SPDX-License-Identifier: Apache-2.0 */
/* One media path between two parties: demultiplexes datagrams (RFC 7983), runs ICE, then DTLS 1.2
 * (RFC 5764), then SRTP, and keeps transport-wide congestion feedback. Used alike by the relay
 * (ICE-lite, DTLS server), by terminals (ICE controlling, DTLS client) and by the load-test
 * harness.
 *
 * The contract (one input, drain all outputs to the deadline, next input):
 *   transport_receive / transport_timeout / a setter, then transport_next_datagram until false and
 *   transport_next_event until false, then wait until transport_deadline.
 * Nothing here reads a clock, owns a socket or calls back. Not thread-safe: one owner thread.
 *
 * Refuses to know: rooms, users, codecs, JSON, sockets. */
#ifndef RTC_TRANSPORT_TRANSPORT_H
#define RTC_TRANSPORT_TRANSPORT_H

#include "base/address.h"
#include "base/time.h"
#include "rtc/dtls/dtls.h"
#include "rtc/ice/ice.h"
#include "rtc/srtp/srtp.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct transport;

#define TRANSPORT_DATAGRAM_MAX 1200 /* what we send never needs a larger MTU (TRUST fault 33) */

struct transport_config {
    enum ice_role ice_role;                 /* ICE_ROLE_LITE or ICE_ROLE_CONTROLLING */
    struct ice_credentials local;           /* from ice_credentials_new */
    struct ice_credentials remote;          /* controlling only */
    const struct ice_candidate *candidates; /* controlling only: the peer's; copied */
    size_t candidate_count;
    struct net_address local_udp;         /* controlling only: own base for UDP checks */
    const struct dtls_identity *identity; /* borrowed, outlives the transport */
    enum dtls_role dtls_role;
    struct dtls_fingerprint remote_fingerprint;     /* algorithm DTLS_FINGERPRINT_NONE: set later */
    enum srtp_profile profiles[SRTP_PROFILE_COUNT]; /* in order of preference */
    size_t profile_count;
    uint32_t start_bps; /* first guess of what the path carries; 0: 300000 */
};

enum transport_state {
    TRANSPORT_NEW = 0,     /* no validated path yet */
    TRANSPORT_CONNECTING,  /* path validated, DTLS under way */
    TRANSPORT_CONNECTED,   /* media may flow */
    TRANSPORT_INTERRUPTED, /* was connected; consent or path lost, keys kept, recovers by itself */
    TRANSPORT_FAILED,      /* DTLS failed (fingerprint, profile, alert): needs a new transport */
    TRANSPORT_CLOSED
};
const char *transport_state_name(enum transport_state state);

enum transport_event_type {
    TRANSPORT_EVENT_STATE,    /* .state */
    TRANSPORT_EVENT_TUPLE,    /* the selected path moved to .tuple */
    TRANSPORT_EVENT_OPEN_TCP, /* controlling: please connect TCP to .tuple.remote, number it
                                 .tuple.stream */
    TRANSPORT_EVENT_ESTIMATE  /* send-side estimate changed: .estimate_bps */
};

struct transport_event {
    enum transport_event_type type;
    enum transport_state state;
    struct net_tuple tuple;
    uint32_t estimate_bps;
};

struct transport_datagram {
    struct net_tuple tuple;
    const uint8_t *data; /* borrowed until the next call on this transport */
    size_t len_bytes;
};

enum transport_received {
    TRANSPORT_RECEIVED_NOTHING = 0,
    TRANSPORT_RECEIVED_RTP,
    TRANSPORT_RECEIVED_RTCP
};

struct transport_stats {
    uint64_t bytes_sent, bytes_received, packets_sent, packets_received; /* UDP payload */
    uint64_t dropped_unvalidated; /* DTLS or media from a tuple without an authenticated check */
    uint64_t dropped_forged, dropped_replayed, dropped_malformed;
    time_us rtt_us;        /* smoothed, from ICE checks; 0 when unknown */
    uint32_t estimate_bps; /* send-side, 0 when there was no feedback yet */
    enum srtp_profile srtp_profile;
    struct net_tuple tuple;
};

/* 0, SQ_ERR_INVALID (configuration), SQ_ERR_NOMEM. */
int transport_new(struct transport **out, const struct transport_config *config, time_us now_us);
void transport_free(struct transport *t);

/* Tells the peer (close_notify) and ends: CLOSED, nothing is received or sealed any more. Drain
 * once, then free. */
void transport_close(struct transport *t, time_us now_us);

/* The peer's certificate must match, or the handshake fails. May be called once. SQ_ERR_STATE after
 * that. */
int transport_set_remote_fingerprint(struct transport *t, const struct dtls_fingerprint *fp,
                                     time_us now_us);

/* ICE restart (RFC 8445 section 9). Lite: adopts new local credentials, old ones hold until the
 * first check with the new. Controlling: new remote credentials and candidates too; media stays on
 * the old path until a new one is nominated. DTLS and SRTP keys are kept. */
int transport_restart_ice(struct transport *t, const struct ice_credentials *local,
                          const struct ice_credentials *remote,
                          const struct ice_candidate *candidates, size_t candidate_count,
                          time_us now_us);

/* Controlling: the local address changed or the caller knows the old path is dead: check again at
 * once. */
void transport_path_changed(struct transport *t, const struct net_address *local_udp,
                            time_us now_us);
/* Controlling: a TCP connection that OPEN_TCP asked for is up, or (up false) failed or broke. Lite:
 * an accepted one broke (up false, `local` NULL). */
void transport_tcp_state(struct transport *t, uint32_t stream, const struct net_address *local,
                         bool up, time_us now_us);

/* One datagram (or one RFC 4571 frame of a TCP connection). Works in place: for RTP and RTCP `data`
 * then holds the opened packet and *len_bytes its length. Anything malformed, forged, replayed or
 * from a tuple that no authenticated check has validated is dropped and counted, and changes
 * nothing. */
enum transport_received transport_receive(struct transport *t, const struct net_tuple *from,
                                          uint8_t *data, size_t *len_bytes, time_us now_us);

/* Earliest time at which transport_timeout wants to be called; TIME_US_NEVER if none. */
time_us transport_deadline(const struct transport *t);
void transport_timeout(struct transport *t, time_us now_us);

bool transport_next_datagram(struct transport *t, struct transport_datagram *out);
bool transport_next_event(struct transport *t, struct transport_event *out);

/* Header-extension ids in use, 0 for none: what the peer puts into what it sends, and what we stamp
 * into what we send. */
struct transport_extensions {
    uint8_t receive_transport_cc;
    uint8_t send_transport_cc;
    uint8_t send_abs_send_time;
};
/* 0, or SQ_ERR_NOMEM: then nothing changed. */
int transport_set_extensions(struct transport *t, const struct transport_extensions *extensions);

/* Seals a whole plain RTP packet in place: stamps abs-send-time and transport-wide sequence number
 * where those extensions are present, protects, counts. capacity_bytes >= *len_bytes +
 * SRTP_TRAILER_MAX. 0, SQ_ERR_STATE (not connected), SQ_ERR_LIMIT (capacity), SQ_ERR_INVALID. Send
 * to transport_tuple. */
int transport_seal_rtp(struct transport *t, uint8_t *data, size_t *len_bytes, size_t capacity_bytes,
                       time_us now_us);
int transport_seal_rtcp(struct transport *t, uint8_t *data, size_t *len_bytes,
                        size_t capacity_bytes, time_us now_us);

/* Controlling: since when the path has left checks unanswered; TIME_US_NEVER while it answers.
 * Sending goes on until consent runs out (RFC 7675: 30 s), for one direction may still work; people
 * want to know sooner. */
time_us transport_lost_since(const struct transport *t);
enum transport_state transport_state(const struct transport *t);
/* Where to send: the nominated path, before nomination the best validated one; NULL when there is
 * none. */
const struct net_tuple *transport_tuple(const struct transport *t);
/* Why it is FAILED, for a log: "fingerprint", "profile", "timeout", "alert", "protocol", "memory";
 * else "". Static storage. */
const char *transport_failure(const struct transport *t);
const char *transport_local_ufrag(const struct transport *t);
void transport_get_stats(const struct transport *t, struct transport_stats *out);

#endif
