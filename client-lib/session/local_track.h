/* SPDX-License-Identifier: Apache-2.0 */
/* A local track: raw speech or pictures come in from any thread, coded packets leave through its
 * send stream in the owner's. Refuses to know: transports, JSON, what the link carries (the plan
 * says what to send). */
#ifndef CLIENT_LIB_SESSION_LOCAL_TRACK_H
#define CLIENT_LIB_SESSION_LOCAL_TRACK_H

#include "client-lib/session/join.h"
#include "client-lib/session/send_stream.h"
#include <shanqiao/client.h>
#include <stdbool.h>
#include <stdint.h>

struct local_track;

/* Where coded packets go; borrowed for the call. */
struct local_sink {
    struct packet_pool *pool;
    struct pacer *pacer;
};

/* settings are copied. SQ_ERR_INVALID, SQ_ERR_UNSUPPORTED (codec), SQ_ERR_NOMEM. */
int local_track_new(struct local_track **out, const struct sq_track_settings *settings);
void local_track_free(struct local_track *t);
int local_track_check(const struct sq_track_settings *settings);

/* Any thread. SQ_ERR_INVALID for the wrong kind or a bad size. */
int local_track_push_audio(struct local_track *t, const int16_t *samples, size_t count,
                           time_us capture_us);
int local_track_push_video(struct local_track *t, const struct sq_picture *picture,
                           time_us capture_us);
/* What the loudspeaker plays, for echo cancellation; any thread. */
void local_track_played(struct local_track *t, const int16_t *samples, size_t count);

/* ---- owner's thread from here ---- */
void local_track_describe(const struct local_track *t, struct join_producer *out);
/* Rates from the plan: audio payload rate and frame, or video payload rate (0: rest). */
void local_track_set_rate(struct local_track *t, uint32_t bps, uint32_t frame_ms);
void local_track_mute(struct local_track *t, bool muted);
/* A receiver wants a key frame. Requests within 300 ms of the last key frame are merged into it. */
void local_track_request_key(struct local_track *t, time_us now_us);
/* The next picture is a key frame, whatever was sent lately (a path came back, a new transport). */
void local_track_force_key(struct local_track *t);
/* Codes what waits and sends it to the sink; `sending` false throws it away (nobody to send to). */
void local_track_step(struct local_track *t, const struct local_sink *sink, bool sending,
                      time_us now_us);
struct send_stream *local_track_stream(struct local_track *t);
const struct sq_track_settings *local_track_settings(const struct local_track *t);
void local_track_add_stats(struct local_track *t, struct sq_call_stats *out, time_us now_us);

#endif
