/* SPDX-License-Identifier: Apache-2.0 */
/* The session's state, shared by session.c (life, adaptation, remote tracks) and session_media.c
 * (what flows). */
#ifndef CLIENT_LIB_SESSION_SESSION_PRIVATE_H
#define CLIENT_LIB_SESSION_SESSION_PRIVATE_H

#include "base/packet.h"
#include "client-lib/session/local_track.h"
#include "client-lib/session/probe.h"
#include "client-lib/session/remote.h"
#include "client-lib/session/reports.h"
#include "client-lib/session/session.h"

#define SESSION_EVENTS_MAX 64
#define SESSION_CNAME_LEN  16

struct session {
    char room[JOIN_ID_MAX];
    char cname[SESSION_CNAME_LEN + 1];
    struct session_config config; /* room and tracks are not used from here */
    struct local_track *locals[SQ_TRACKS_MAX];
    char producer_ids[SQ_TRACKS_MAX][JOIN_ID_MAX];
    bool muted[SQ_TRACKS_MAX];
    struct remote_table *remotes;
    struct packet_pool *pool;
    struct pacer *pacer;
    struct transport *transport; /* NULL before start */
    bool joining;                /* media.join is asked and not answered */
    char transport_id[JOIN_ID_MAX];
    struct ice_candidate candidates[ICE_CANDIDATES_MAX];
    size_t candidate_count;
    struct reports reports;
    struct adapt_plan plan;
    struct probe probe;
    time_us heard_us; /* anything authentic from the relay */
    bool silent;      /* nothing for SILENCE_US: pictures would only fill a queue or be lost */
    uint32_t estimate_bps;
    uint32_t sender_ssrc;
    time_us last_packet_us; /* media arrived on the wire; 0: never */
    uint64_t unknown_ssrc, bad_rtcp;
    struct session_event events[SESSION_EVENTS_MAX];
    size_t event_first, event_count;
    uint8_t scratch[PACKET_CAPACITY_BYTES];
};

/* What the transport has to say: states, TCP to open, the estimate. */
void session_drain_transport(struct session *s, time_us now_us);

#endif
