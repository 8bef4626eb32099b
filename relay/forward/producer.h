/* SPDX-License-Identifier: Apache-2.0 */
/* The relay's end of what one participant sends: one stream per encoding with its statistics, its
 * retransmission ring, its gap list and its merged key-frame requests. Takes opened RTP packets,
 * undoes RTX, drops duplicates, and yields each as a described packet for the consumers. Time
 * handed in. Refuses to know: sockets, keys, who receives. */
#ifndef RELAY_FORWARD_PRODUCER_H
#define RELAY_FORWARD_PRODUCER_H

#include "relay/forward/keyframe.h"
#include "relay/forward/media.h"
#include "rtc/nack/nack_generator.h"
#include "rtc/nack/packet_ring.h"
#include "rtc/payload/vp8.h"
#include "rtc/payload/vp9.h"
#include "rtc/rtcp/rtcp.h"
#include "rtc/rtp/receive_stats.h"
#include "rtc/rtp/rtp.h"
#include "rtc/rtp/sequence.h"

/* Packets kept for repair. Video: 1 s at 6 Mb/s or 3.5 s at 1.5 Mb/s; with PACKET_CAPACITY_BYTES
 * just the 1 MiB that a producer may cost (DESIGN section 9). */
#define FORWARD_RING_VIDEO 512
#define FORWARD_RING_AUDIO 64 /* 1.3 s at 20 ms */
#define FORWARD_RING_MAX_AGE_US                                                                    \
    (2 * TIME_US_PER_S) /* a repair later than that misses its playout anyway */
/* An encoding without packets for this long is off: a sender that is short of rate stops its upper
 * layers. */
#define FORWARD_STREAM_IDLE_US TIME_US_PER_S

struct forward_stream {
    uint32_t ssrc; /* 0: not learnt yet */
    uint32_t rtx_ssrc;
    char rid[MEDIA_ID_MAX];
    bool started;
    struct seq16_unwrap unwrap;
    struct receive_stats stats;
    struct packet_ring ring;
    int64_t kept_from;           /* packets of the ring before this number were given back */
    struct nack_generator *nack; /* NULL when repair wasn't agreed */
    struct keyframe_requests keyframes;
    time_us last_us; /* newest packet */
    bool has_sr;
    uint64_t sr_ntp;
    uint32_t sr_timestamp;
    uint64_t packets, bytes, repaired, duplicates, nacks_sent, keyframes_asked;
};

struct forward_producer {
    struct media_parameters media;
    bool paused;
    uint64_t malformed; /* payload that its codec's parser refuses, unknown payload type */
    size_t stream_count;
    struct forward_stream streams[MEDIA_ENCODINGS_MAX]; /* lowest first */
};

/* One packet, ready for the consumers. Borrows `packet`. */
struct forward_input {
    const struct forward_producer *producer;
    const struct media_codec *codec;
    uint8_t stream;   /* index of the encoding */
    bool key_frame;   /* begins a key frame; always true for audio, which can start anywhere */
    bool frame_start; /* begins a frame */
    bool empty;       /* padding alone: takes a sequence number and says nothing */
    int64_t seq;      /* unwrapped */
    struct rtp_view view;
    const struct packet *packet;
    struct vp8_descriptor vp8; /* for VP8 */
    struct vp9_descriptor vp9; /* for VP9 */
};

/* On the heap. 0 or SQ_ERR_NOMEM. */
int forward_producer_new(struct forward_producer **out, const struct media_parameters *media,
                         bool paused);
void forward_producer_free(struct forward_producer *p);

/* Which stream an SSRC belongs to: its index, with *rtx set for its retransmissions; -1 when none.
 */
int forward_producer_find(const struct forward_producer *p, uint32_t ssrc, bool *rtx);
/* A first packet with that SSRC and these header-extension texts (each may be empty): adopts the
 * SSRC when an encoding waits for it. Index or -1, *rtx as above. */
int forward_producer_learn(struct forward_producer *p, uint32_t ssrc, const char *mid,
                           const char *rid, const char *repaired_rid, uint8_t payload_type,
                           bool *rtx);

/* An opened packet with an SSRC of stream `index`. Its bytes may be changed in place (RTX). True
 * when it is to be offered to the consumers, described in *out. False for probes, duplicates,
 * malformed ones, or while paused: all counted. Keeps a reference of its own where it needs one. */
bool forward_producer_receive(struct forward_producer *p, size_t index, bool rtx,
                              struct packet *packet, time_us now_us, struct forward_input *out);
/* A packet of the ring, described again for a repeat; false when it's gone. */
bool forward_producer_recall(const struct forward_producer *p, size_t index, uint16_t seq16,
                             time_us now_us, struct forward_input *out);

void forward_producer_pause(struct forward_producer *p, bool paused);
/* Index of the highest stream at or below `preferred` that is sending, else the lowest one that is;
 * -1 if none. */
int forward_producer_best(const struct forward_producer *p, uint8_t preferred, time_us now_us);

/* The sender's SR for stream `index`. */
void forward_producer_on_sr(struct forward_producer *p, size_t index, const struct rtcp_sr *sr,
                            time_us now_us);
/* Appends what is due to a compound: NACKs and PLIs. feedback_ssrc is our own. True when something
 * was written. */
bool forward_producer_feedback(struct forward_producer *p, struct byte_writer *w,
                               uint32_t feedback_ssrc, time_us rtt_us, time_us now_us);
/* Appends report blocks to out[0..capacity): their number. */
size_t forward_producer_blocks(struct forward_producer *p, struct rtcp_block *out, size_t capacity,
                               time_us now_us);
/* When forward_producer_feedback has something to say; TIME_US_NEVER when never. */
time_us forward_producer_deadline(const struct forward_producer *p, time_us rtt_us);

#endif
