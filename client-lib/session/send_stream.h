/* SPDX-License-Identifier: Apache-2.0 */
/* One sent RTP stream: coded frames become packets in the pacer, packets stay in a ring for their
 * retransmission (RFC 4588), and counters become sender reports. Refuses to know: codecs, sealing,
 * JSON. */
#ifndef CLIENT_LIB_SESSION_SEND_STREAM_H
#define CLIENT_LIB_SESSION_SEND_STREAM_H

#include "client-lib/session/pacer.h"
#include "client-lib/session/rate.h"
#include "rtc/nack/packet_ring.h"
#include "rtc/rtcp/rtcp.h"
#include "rtc/rtp/send_stats.h"
#include <shanqiao/client.h>
#include <stdbool.h>
#include <stdint.h>

#define SEND_PAYLOAD_MAX                                                                           \
    1080 /* 1200 of a datagram less RTP, extensions, RTX, SRTP trailer, TURN or TCP framing */
#define SEND_RING_SIZE   1024 /* packets: 2 s at 4 Mb/s */
#define SEND_RING_AGE_US (2 * TIME_US_PER_S)

struct send_stream_config {
    enum sq_codec codec;
    uint32_t ssrc, rtx_ssrc; /* rtx_ssrc 0: no retransmission */
    uint8_t transport_cc;    /* header extension id, 0: none */
};

struct send_stream {
    struct send_stream_config config;
    uint16_t seq16, rtx_seq16;
    uint32_t timestamp_base; /* random (RFC 3550 section 5.1) */
    uint16_t picture_id;
    uint8_t tl0_picture;
    bool talking; /* the last audio packet was no pause: next marker false */
    struct send_stats stats;
    struct rate_meter rate;
    struct packet_ring ring; /* only with rtx */
    struct resend_ledger ledger;
    uint64_t retransmitted, frames, key_frames;
};

/* SQ_ERR_NOMEM. */
int send_stream_init(struct send_stream *s, const struct send_stream_config *config);
void send_stream_fini(struct send_stream *s);

/* RTP timestamp of a capture time. */
uint32_t send_stream_timestamp(const struct send_stream *s, time_us capture_us);

/* One coded frame to the pacer. SQ_ERR_NOMEM when the pool is used up (what was queued so far
 * stays: the far side asks for the rest in vain and then for a key frame), SQ_ERR_INVALID. */
int send_stream_audio(struct send_stream *s, struct packet_pool *pool, struct pacer *pacer,
                      const uint8_t *payload, size_t len_bytes, time_us capture_us, time_us now_us);
int send_stream_video(struct send_stream *s, struct packet_pool *pool, struct pacer *pacer,
                      const uint8_t *frame, size_t len_bytes, bool key, time_us capture_us,
                      time_us now_us);

/* One packet of nothing but padding on the retransmission stream, so that the link's estimate can
 * grow while there is too little to send (RFC 4588 streams carry it harmlessly). SQ_ERR_NOMEM,
 * SQ_ERR_STATE (no such stream). */
int send_stream_padding(struct send_stream *s, struct packet_pool *pool, struct pacer *pacer);

/* The peer asks again for sequence numbers: those that may be repeated go to the pacer. */
void send_stream_on_nack(struct send_stream *s, struct pacer *pacer, const struct rtcp_nack *nack,
                         time_us rtt_us, time_us now_us);

/* Turns a copy of a queued packet into what goes on the wire: for PACER_REPAIR its retransmission.
 * The new length or an error. */
int send_stream_finish(struct send_stream *s, const struct pacer_item *item, uint8_t *data,
                       size_t len_bytes, size_t capacity_bytes);

#endif
