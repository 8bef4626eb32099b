/* SPDX-License-Identifier: Apache-2.0 */
/* The remote tracks of a call: their numbers, their streams, their picture queues. The owner
 * changes the table, a thread that pulls pictures only looks a queue up: a lock inside orders the
 * two, and a queue outlives its track, because its last picture is still borrowed. */
#ifndef CLIENT_LIB_SESSION_REMOTE_H
#define CLIENT_LIB_SESSION_REMOTE_H

#include "client-lib/session/receive_stream.h"

struct remote_table;

/* SQ_ERR_NOMEM. */
int remote_table_new(struct remote_table **out);
void remote_table_free(struct remote_table *t);

/* The track of this consumer: a known producer keeps its number and moves to the new SSRC, else
 * *fresh. SQ_ERR_LIMIT, SQ_ERR_NOMEM, SQ_ERR_CONFLICT (SSRC of another track), SQ_ERR_UNSUPPORTED.
 */
int remote_table_put(struct remote_table *t, const struct join_consumer *consumer,
                     struct receive_stream **out, bool *fresh);
void remote_table_remove(struct remote_table *t, struct receive_stream *stream);

/* Borrowed; NULL for an empty place. index < SESSION_REMOTE_MAX. */
struct receive_stream *remote_table_at(const struct remote_table *t, size_t index);
struct receive_stream *const *remote_table_streams(const struct remote_table *t);
struct receive_stream *remote_table_find(const struct remote_table *t, const char *consumer_id);
struct receive_stream *remote_table_of_ssrc(const struct remote_table *t, uint32_t ssrc);
/* The microphone of the participant who sends `stream`. */
struct sync_speech remote_table_speech(const struct remote_table *t,
                                       const struct receive_stream *stream);
struct playout *remote_table_playout(const struct remote_table *t);
/* Sums over the tracks that are and that were. */
void remote_table_add_stats(struct remote_table *t, struct sq_call_stats *out, time_us now_us);

/* Any thread (one per track). See sq_call_pull_video. */
int remote_table_pull(struct remote_table *t, uint32_t track, struct sq_video_frame *frame,
                      time_us now_us);

#endif
