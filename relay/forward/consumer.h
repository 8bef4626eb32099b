/* SPDX-License-Identifier: Apache-2.0 */
/* The relay's end of what one participant receives from one producer: chooses the encoding, cuts
 * temporal layers, and writes each packet anew under its own SSRC, sequence, timestamp, picture id,
 * payload type and extension ids, so that pauses, cuts and changes of encoding leave no trace;
 * answers NACKs from the producer's ring. Refuses to know: sockets, keys, rooms. */
#ifndef RELAY_FORWARD_CONSUMER_H
#define RELAY_FORWARD_CONSUMER_H

#include "relay/forward/offset_map.h"
#include "relay/forward/producer.h"

#define FORWARD_LEDGER_VIDEO 1024 /* packets sent that may still be asked for */
#define FORWARD_LEDGER_AUDIO 128
/* Repeats may take this share of what was sent, with a burst (TRUST RTC-02: a NACK storm can't
 * multiply a stream). */
#define FORWARD_RESEND_BURST_BYTES (64 * 1024)
#define FORWARD_RESEND_SHARE_SHIFT 1 /* half */

struct forward_vp8_state {
    struct offset_map pictures; /* over unwrapped picture ids */
    int64_t newest_picture;     /* unwrapped */
    bool started;
    uint8_t tl0_offset, tl0_out; /* added to TL0PICIDX; last one sent */
};

struct forward_consumer {
    struct media_parameters media;     /* as the receiver sees it: one encoding */
    struct forward_producer *producer; /* borrowed, outlives the consumer */
    bool paused;
    int8_t stream;      /* encoding that is being sent; -1: waits for a place to start */
    int8_t last_stream; /* encoding that was sent last, before a pause too; -1: none */
    uint8_t preferred_spatial, preferred_temporal;
    uint8_t temporal; /* layers up to here are sent now */
    struct offset_map seqs;
    struct forward_vp8_state vp8;
    uint32_t timestamp_offset, timestamp_out; /* added; newest sent */
    time_us sent_us;
    uint16_t rtx_seq16;
    struct resend_ledger ledger;
    uint32_t resend_budget_bytes;
    uint64_t packets, bytes, payload_bytes; /* first sendings */
    uint64_t nacked, resent, refused;       /* packets asked for, repeated, not repeated */
    uint64_t keyframes_asked;
    uint8_t fraction_lost; /* as the receiver said last, of 256 */
    int32_t cumulative_lost;
};

/* Numbers begin at first_seq16 and first_picture_id (random in life, fixed in tests). On the heap.
 * 0, SQ_ERR_NOMEM, SQ_ERR_UNSUPPORTED (no codec in common). */
int forward_consumer_new(struct forward_consumer **out, struct forward_producer *producer,
                         const struct media_parameters *media, bool paused, uint16_t first_seq16,
                         uint16_t first_picture_id);
void forward_consumer_free(struct forward_consumer *c);

/* Pausing is immediate; resuming starts at the next key frame, which is asked for. */
void forward_consumer_pause(struct forward_consumer *c, bool paused);
/* The receiver or the producer is there again after a silence: goes on without a seam, video at a
 * key frame. */
void forward_consumer_restart(struct forward_consumer *c);
/* UINT8_MAX: no wish. */
void forward_consumer_prefer(struct forward_consumer *c, uint8_t spatial, uint8_t temporal);
/* PLI or FIR of the receiver. */
void forward_consumer_want_key_frame(struct forward_consumer *c);

/* Writes the packet that this consumer gets for `in` (a whole plain RTP packet) to data. Its
 * length; 0 when it gets none (paused, other encoding, cut layer, waits for a key frame);
 * SQ_ERR_LIMIT when capacity is too small. */
int forward_consumer_write(struct forward_consumer *c, const struct forward_input *in,
                           uint8_t *data, size_t capacity_bytes, time_us now_us);
/* Writes the repeat of seq16 that a NACK asks for: as RTX (RFC 4588). Length, 0 when it is refused:
 * never sent, too often, too soon, over budget, or RTX was not agreed (a sequence number is never
 * sealed twice). */
int forward_consumer_resend(struct forward_consumer *c, uint16_t seq16, uint8_t *data,
                            size_t capacity_bytes, time_us rtt_us, time_us now_us);

/* Our SSRC or our RTX SSRC? */
bool forward_consumer_owns(const struct forward_consumer *c, uint32_t ssrc);
/* The receiver's report block about us. */
void forward_consumer_on_block(struct forward_consumer *c, const struct rtcp_block *block);
/* The sender's newest SR for the encoding that we send, in our SSRC and timestamps (the NTP time
 * stays, so the receiver's lip sync works). False when there is none or nothing was sent. */
bool forward_consumer_report(const struct forward_consumer *c, struct rtcp_sr *out);

#endif
