/* SPDX-License-Identifier: Apache-2.0 */
/* A remote track: its packets and their retransmissions become speech in the play-out or pictures
 * in a queue; what is missing is asked for again, what can't be repaired by a key frame. Owner's
 * thread, but for the picture queue. Refuses to know: transports, JSON, other tracks (lip sync is
 * handed in). */
#ifndef CLIENT_LIB_SESSION_RECEIVE_STREAM_H
#define CLIENT_LIB_SESSION_RECEIVE_STREAM_H

#include "client-lib/audio/playout.h"
#include "client-lib/session/join.h"
#include "client-lib/session/rate.h"
#include "client-lib/session/sync.h"
#include "client-lib/video/codec.h"
#include "client-lib/video/frames.h"
#include "client-lib/video/freeze.h"
#include "rtc/jitter/video_jitter.h"
#include "rtc/nack/nack_generator.h"
#include "rtc/rtp/receive_stats.h"
#include "rtc/rtp/rtp.h"
#include <shanqiao/client.h>

struct receive_counters {
    uint64_t packets, repaired, malformed;
    uint64_t lost_before; /* of transports that this track lived through before */
    uint64_t decoded, undecodable, key_requests;
    time_us first_decoded_us; /* 0 not yet */
};

struct receive_stream {
    uint32_t track;
    struct join_consumer consumer;
    bool early; /* told of while the join was asked: its answer may not know it */
    struct receive_stats stats;
    struct nack_generator *nack; /* NULL: not negotiated */
    struct sync_clock clock;
    struct rate_meter rate;
    struct receive_counters counters;
    struct playout *playout;     /* audio; borrowed */
    struct video_jitter *jitter; /* video from here */
    struct video_decoder *decoder;
    struct video_queue *queue; /* borrowed: outlives the stream */
    struct freeze_meter freeze;
    time_us last_display_us;
    uint32_t width, height;
};

/* Audio: adds itself to the play-out. Video: queue is where pictures go. SQ_ERR_NOMEM,
 * SQ_ERR_LIMIT. */
int receive_stream_new(struct receive_stream **out, uint32_t track,
                       const struct join_consumer *consumer, struct playout *playout,
                       struct video_queue *queue);
void receive_stream_free(struct receive_stream *s);

/* The same track over a new transport: other SSRC and payload type, sequence numbers start anew. */
int receive_stream_rebind(struct receive_stream *s, const struct join_consumer *consumer);
void receive_stream_pause(struct receive_stream *s, bool paused);

bool receive_stream_owns(const struct receive_stream *s, uint32_t ssrc);
/* One opened RTP packet of an SSRC that it owns; `data` is changed in place when it is a
 * retransmission. */
void receive_stream_on_packet(struct receive_stream *s, const struct rtp_view *view, uint8_t *data,
                              time_us now_us);
/* Decodes what is whole. `speech` as of now. */
void receive_stream_step(struct receive_stream *s, const struct sync_speech *speech,
                         time_us now_us);
/* Writes NACK and PLI that are due. */
void receive_stream_feedback(struct receive_stream *s, struct byte_writer *w, uint32_t sender_ssrc,
                             time_us rtt_us, time_us now_us);
time_us receive_stream_deadline(const struct receive_stream *s, time_us rtt_us);
/* Speech of this track as it sounds now; playing false when unknown. */
struct sync_speech receive_stream_speech(struct receive_stream *s);
void receive_stream_add_stats(struct receive_stream *s, struct sq_call_stats *out, time_us now_us);

#endif
