/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a transport, one file each. Private to rtc/transport. */
#ifndef RTC_TRANSPORT_TRANSPORT_PRIVATE_H
#define RTC_TRANSPORT_TRANSPORT_PRIVATE_H

#include "rtc/bwe/estimator.h"
#include "rtc/bwe/twcc_receiver.h"
#include "rtc/bwe/twcc_sender.h"
#include "rtc/stun/stun.h"
#include "rtc/transport/transport.h"

/* ---- congestion.c: transport-wide sequence numbers, feedback, estimate ---- */

#define TRANSPORT_FEEDBACK_SSRC 1 /* ours in feedback; libwebrtc's receivers use the same */

struct congestion {
    struct transport_extensions extensions;
    struct twcc_receiver *receiver; /* NULL until the extension is in use */
    struct twcc_sender *sender;
    struct estimator estimator;
    uint32_t start_bps;    /* first estimate; 0: the estimator's own */
    bool estimating;       /* from the first packet that was stamped */
    uint32_t estimate_bps; /* 0: no feedback yet */
    uint32_t media_ssrc;   /* latest received */
};

int congestion_set_extensions(struct congestion *c, const struct transport_extensions *e);
void congestion_fini(struct congestion *c);
void congestion_on_rtp(struct congestion *c, const uint8_t *data, size_t len_bytes, time_us now_us);
/* True when the estimate changed. */
bool congestion_on_rtcp(struct congestion *c, const uint8_t *data, size_t len_bytes, time_us rtt_us,
                        time_us now_us);
/* Stamps a plain packet that will have wire_bytes on the link. */
void congestion_stamp(struct congestion *c, uint8_t *data, size_t len_bytes, size_t wire_bytes,
                      time_us now_us);
time_us congestion_deadline(const struct congestion *c);
/* Writes one feedback packet if one is due; its length, or 0. */
size_t congestion_feedback(struct congestion *c, uint8_t *out, size_t capacity_bytes,
                           time_us now_us);

/* ---- transport.c ---- */

#define TRANSPORT_EVENTS_MAX 32 /* a caller that drains them never sees this many */

struct transport_drops {
    uint64_t unvalidated, forged, replayed, malformed;
};

struct transport {
    enum transport_state state;
    struct ice_agent *ice;
    struct dtls *dtls;
    struct srtp_session *srtp; /* NULL until DTLS is through */
    enum srtp_profile profile;
    bool is_dtls_client;
    time_us early_at; /* when the ClientHello left behind the first check; TIME_US_NEVER before */
    struct net_tuple early; /* where to */
    struct congestion congestion;
    struct transport_drops drops;
    uint64_t bytes_sent, bytes_received, packets_sent, packets_received;
    struct net_tuple told; /* the tuple of the last TUPLE event */
    bool feedback_ready;   /* transport_next_datagram may ask for feedback */
    time_us feedback_now_us;
    struct transport_event events[TRANSPORT_EVENTS_MAX];
    size_t event_first, event_count;
    uint8_t scratch[STUN_MESSAGE_MAX]; /* the datagram lent to the caller */
};

void transport_push_event(struct transport *t, const struct transport_event *event);
/* Brings state and events in line with what ICE and DTLS say now. After every input. */
void transport_update(struct transport *t, time_us now_us);

#endif
