/* SPDX-License-Identifier: Apache-2.0 */
/* One call: a transport in the controlling role, local tracks, remote tracks, reports, adaptation.
 * Sans-IO: a setter / session_receive / session_step, then session_next_datagram until false and
 * session_next_event until false, then wait until session_deadline. Owner's thread, but for the
 * functions marked "any thread". Refuses to know: sockets, signalling, the clock. */
#ifndef CLIENT_LIB_SESSION_SESSION_H
#define CLIENT_LIB_SESSION_SESSION_H

#include "base/time.h"
#include "client-lib/adapt/adapt.h"
#include "client-lib/session/join.h"
#include "rtc/transport/transport.h"
#include <jansson.h>
#include <shanqiao/client.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SESSION_REMOTE_MAX   16   /* remote tracks at one time */
#define SESSION_POOL_PACKETS 2048 /* two rings of 1024; the pacer only refers to them */
#define SESSION_REMOTE_FIRST 100  /* number of the first remote track: above all local ones */

struct session;

struct session_config {
    const char *room;
    const struct sq_track_settings *tracks;
    size_t track_count;
    uint32_t start_bps, max_bps; /* 0: 300000, no cap */
    bool narrow, force_tcp;
    const struct dtls_identity *identity; /* borrowed, outlives the session */
    time_us utc_offset_us;                /* UTC minus monotonic time */
};

enum session_event_type {
    SESSION_EVENT_STATE,         /* .state: CONNECTED, INTERRUPTED, FAILED */
    SESSION_EVENT_TRACK_ADDED,   /* .track */
    SESSION_EVENT_TRACK_REMOVED, /* .track */
    SESSION_EVENT_TRACK_PAUSED,  /* .track */
    SESSION_EVENT_OPEN_TCP,      /* .tuple */
    SESSION_EVENT_QUALITY        /* .plan, .estimate_bps */
};

struct session_event {
    enum session_event_type type;
    enum transport_state state;
    struct {
        uint32_t number;
        enum sq_kind kind;
        enum sq_source source;
        char participant[JOIN_ID_MAX];
        bool paused;
    } track;
    struct net_tuple tuple;
    struct adapt_plan plan;
    uint32_t estimate_bps;
};

/* Settings are copied. SQ_ERR_INVALID, SQ_ERR_UNSUPPORTED, SQ_ERR_NOMEM. */
int session_new(struct session **out, const struct session_config *config);
void session_free(struct session *s);

/* Params of media.join; a new reference or NULL. */
json_t *session_join_params(const struct session *s);
/* media.join is asked: a consumer that is told of from now on may be newer than the answer. */
void session_joining(struct session *s);
/* The answer to it. A second one replaces the transport; tracks of the same producers go on under
 * their numbers. local_udp: where datagrams leave from, family NET_NONE for TCP only.
 * SQ_ERR_INVALID, SQ_ERR_NOMEM, SQ_ERR_UNREACHABLE (no candidate of ours fits); the former
 * transport then stays. */
int session_start(struct session *s, const struct join_answer *answer,
                  const struct net_address *local_udp, time_us now_us);
const char *session_transport_id(const struct session *s); /* "" before start */
const char *session_producer_id(const struct session *s, uint32_t track);

/* SQ_ERR_LIMIT, SQ_ERR_NOMEM, SQ_ERR_CONFLICT (SSRC of another). */
int session_add_consumer(struct session *s, const struct join_consumer *consumer);
void session_remove_consumer(struct session *s, const char *consumer_id);
void session_pause_consumer(struct session *s, const char *consumer_id, bool paused);
int session_restart_ice(struct session *s, const struct ice_credentials *remote, time_us now_us);
void session_path_changed(struct session *s, const struct net_address *local_udp, time_us now_us);
void session_tcp_state(struct session *s, uint32_t stream, const struct net_address *local, bool up,
                       time_us now_us);
/* SQ_ERR_INVALID (track). */
int session_mute(struct session *s, uint32_t track, bool muted, time_us now_us);
/* Queues RTCP BYE; drain the datagrams once more. */
void session_goodbye(struct session *s, time_us now_us);

void session_receive(struct session *s, const struct net_tuple *from, uint8_t *data,
                     size_t len_bytes, time_us now_us);
void session_step(struct session *s, time_us now_us);
time_us session_deadline(struct session *s, time_us now_us);
bool session_next_datagram(struct session *s, struct transport_datagram *out, time_us now_us);
bool session_next_event(struct session *s, struct session_event *out);

/* Since when the relay has not answered; TIME_US_NEVER while it does. */
time_us session_lost_since(const struct session *s);
enum transport_state session_state(const struct session *s);
/* Fills all but struct_size, state and the times of joining. */
void session_get_stats(struct session *s, struct sq_call_stats *out, time_us now_us);

/* ---- any thread ---- */
int session_push_audio(struct session *s, uint32_t track, const int16_t *samples, size_t count,
                       time_us capture_us);
int session_push_video(struct session *s, uint32_t track, const struct sq_picture *picture,
                       time_us capture_us);
int session_pull_audio(struct session *s, int16_t *samples, size_t count, time_us now_us);
int session_pull_video(struct session *s, uint32_t track, struct sq_video_frame *frame,
                       time_us now_us);

#endif
