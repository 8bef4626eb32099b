/* SPDX-License-Identifier: Apache-2.0 */
/* Packets lie in a ring by sequence number; frames are cut out of it where the next one is whole.
 * `next` is the number behind the last frame given. A hole is crossed only where picture ids prove
 * that nothing needed is lost. */
#include "rtc/jitter/video_jitter.h"

#include "rtc/rtp/sequence.h"
#include "shanqiao/error.h"
#include <stdlib.h>
#include <string.h>

#define RING_MASK (VIDEO_JITTER_PACKETS - 1)
#define SKIP_US                                                                                    \
    (40 * TIME_US_PER_MS) /* a retransmission may come before upper layers are given up */
#define TEMPORAL_LAYERS 8 /* VP9: three bits */

struct slot {
    int64_t seq;
    time_us arrived_us;
    uint32_t timestamp;
    int32_t picture_id;
    int16_t tl0_picture;
    uint16_t len_bytes;
    uint8_t temporal;
    bool used, frame_start, frame_end, key_frame, layer_sync;
};

/* What was given last, as far as the next frame's references go. */
struct chain {
    int32_t picture_id;
    int16_t tl0_picture;
    bool layer_whole[TEMPORAL_LAYERS]; /* nothing of that layer was left out since its last sync */
};

struct video_jitter {
    struct video_jitter_config config;
    struct seq16_unwrap seqs;
    struct video_jitter_stats stats;
    struct chain chain;
    bool started;
    bool waiting_key;
    int64_t next;
    size_t held;           /* used slots */
    time_us hole_since_us; /* TIME_US_NEVER: no hole */
    bool skip_tried;       /* this hole outlived SKIP_US and was looked across */
    time_us requested_us;
    bool requested;
    struct slot slots[VIDEO_JITTER_PACKETS];
    uint8_t payloads[VIDEO_JITTER_PACKETS][VIDEO_JITTER_PAYLOAD_MAX];
    uint8_t frame[VIDEO_JITTER_FRAME_MAX];
};

int video_jitter_new(struct video_jitter **out, const struct video_jitter_config *config)
{
    struct video_jitter *j = calloc(1, sizeof *j);
    if (!j)
        return SQ_ERR_NOMEM;
    j->config = *config;
    if (j->config.wait_us <= 0)
        j->config.wait_us = VIDEO_JITTER_WAIT_DEFAULT_US;
    j->waiting_key = true;
    j->hole_since_us = TIME_US_NEVER;
    *out = j;
    return SQ_OK;
}

void video_jitter_free(struct video_jitter *j)
{
    free(j);
}

void video_jitter_set_wait(struct video_jitter *j, time_us wait_us)
{
    j->config.wait_us = wait_us > 0 ? wait_us : VIDEO_JITTER_WAIT_DEFAULT_US;
}

void video_jitter_get_stats(const struct video_jitter *j, struct video_jitter_stats *out)
{
    *out = j->stats;
}

static struct slot *slot_at(struct video_jitter *j, int64_t seq)
{
    return &j->slots[(uint64_t)seq & RING_MASK];
}

static struct slot *held_at(struct video_jitter *j, int64_t seq)
{
    struct slot *s = slot_at(j, seq);
    return s->used && s->seq == seq ? s : NULL;
}

/* Throws away what lies before seq; a frame counts as dropped by its first packet. */
static void release_before(struct video_jitter *j, int64_t seq, bool given)
{
    for (int64_t i = j->next; i < seq; i++) {
        struct slot *s = held_at(j, i);
        if (!s)
            continue;
        j->stats.dropped_frames += !given && s->frame_start;
        s->used = false;
        j->held--;
    }
    if (seq > j->next)
        j->next = seq;
}

static void wait_for_key(struct video_jitter *j)
{
    j->waiting_key = true;
    j->hole_since_us = TIME_US_NEVER;
}

void video_jitter_decoder_failed(struct video_jitter *j)
{
    wait_for_key(j);
}

static void flush(struct video_jitter *j, int64_t seq)
{
    for (size_t i = 0; i < VIDEO_JITTER_PACKETS; i++) {
        j->stats.dropped_frames += j->slots[i].used && j->slots[i].frame_start;
        j->slots[i].used = false;
    }
    j->held = 0;
    j->next = seq;
    wait_for_key(j);
}

/* seq lies past the ring. While a key frame is awaited the oldest go, as it may be arriving;
 * otherwise a hole has lasted a whole ring, and everything goes. */
static void make_room(struct video_jitter *j, int64_t seq)
{
    if (j->waiting_key && seq - j->next < 2 * VIDEO_JITTER_PACKETS)
        release_before(j, seq - VIDEO_JITTER_PACKETS + 1, false);
    else
        flush(j, seq);
}

static void store(struct video_jitter *j, int64_t seq, const struct video_packet *p, time_us now_us)
{
    *slot_at(j, seq) = (struct slot){
        .seq = seq,
        .arrived_us = now_us,
        .timestamp = p->timestamp,
        .picture_id = p->picture_id,
        .tl0_picture = p->tl0_picture,
        .len_bytes = (uint16_t)p->len_bytes,
        .temporal = p->temporal < TEMPORAL_LAYERS ? p->temporal : TEMPORAL_LAYERS - 1,
        .used = true,
        .frame_start = p->frame_start,
        .frame_end = p->frame_end,
        .key_frame = p->key_frame && p->frame_start,
        .layer_sync = p->layer_sync,
    };
    memcpy(j->payloads[(uint64_t)seq & RING_MASK], p->payload, p->len_bytes);
    j->held++;
}

int video_jitter_put(struct video_jitter *j, const struct video_packet *p, time_us now_us)
{
    if (p->len_bytes == 0 || p->len_bytes > VIDEO_JITTER_PAYLOAD_MAX)
        return SQ_ERR_INVALID;
    int64_t seq = seq16_unwrap(&j->seqs, p->seq16);
    j->stats.packets++;
    if (!j->started) {
        j->started = true;
        j->next = seq;
    }
    if (seq < j->next) {
        j->stats.late++;
        return SQ_OK;
    }
    if (seq - j->next >= VIDEO_JITTER_PACKETS) {
        j->stats.overflow++;
        make_room(j, seq);
    }
    if (held_at(j, seq)) {
        j->stats.duplicate++;
        return SQ_OK;
    }
    store(j, seq, p, now_us);
    return SQ_OK;
}

/* The number behind the frame that starts at seq; 0 width when it is not whole. */
static bool frame_whole(struct video_jitter *j, int64_t seq, int64_t *end)
{
    const struct slot *first = held_at(j, seq);
    if (!first || !first->frame_start)
        return false;
    for (int64_t i = seq; i < seq + VIDEO_JITTER_PACKETS; i++) {
        const struct slot *s = held_at(j, i);
        if (!s || s->timestamp != first->timestamp)
            return false;
        if (s->frame_end) {
            *end = i + 1;
            return true;
        }
    }
    return false;
}

static bool layers_whole(const struct chain *c, uint8_t temporal)
{
    for (uint8_t t = 1; t <= temporal; t++) {
        if (!c->layer_whole[t])
            return false;
    }
    return true;
}

/* Is all that this frame refers to given already? contiguous: no sequence number is missing before
 * it. */
static bool decodable(const struct video_jitter *j, const struct slot *s, bool contiguous)
{
    const struct chain *c = &j->chain;
    if (s->key_frame)
        return true;
    bool next_picture = s->picture_id >= 0 && c->picture_id >= 0 &&
                        (s->picture_id == ((c->picture_id + 1) & 0x7fff) ||
                         (s->picture_id < 0x80 && s->picture_id == ((c->picture_id + 1) & 0x7f)));
    if (contiguous || next_picture)
        return s->temporal == 0 || s->layer_sync || layers_whole(c, s->temporal);
    if (s->tl0_picture < 0 || c->tl0_picture < 0)
        return false;
    if (s->temporal == 0)
        return s->tl0_picture == ((c->tl0_picture + 1) & 0xff);
    return s->layer_sync && s->tl0_picture == c->tl0_picture;
}

static void update_chain(struct video_jitter *j, const struct slot *s, bool crossed)
{
    struct chain *c = &j->chain;
    if (s->key_frame)
        memset(c->layer_whole, true, sizeof c->layer_whole);
    else if (crossed)
        memset(c->layer_whole, false, sizeof c->layer_whole);
    if (s->layer_sync)
        c->layer_whole[s->temporal] = true;
    c->picture_id = s->picture_id;
    if (s->tl0_picture >= 0 || s->key_frame)
        c->tl0_picture = s->tl0_picture;
}

/* Copies the frame [seq, end) together. False when it is larger than any frame may be. */
static bool assemble(struct video_jitter *j, int64_t seq, int64_t end, struct video_frame *out)
{
    const struct slot *first = slot_at(j, seq);
    *out = (struct video_frame){
        .data = j->frame,
        .timestamp = first->timestamp,
        .key_frame = first->key_frame,
        .picture_id = first->picture_id,
        .temporal = first->temporal,
        .first_us = first->arrived_us,
        .packet_count = (uint32_t)(end - seq),
    };
    for (int64_t i = seq; i < end; i++) {
        const struct slot *s = slot_at(j, i);
        if (VIDEO_JITTER_FRAME_MAX - out->len_bytes < s->len_bytes)
            return false;
        memcpy(j->frame + out->len_bytes, j->payloads[(uint64_t)i & RING_MASK], s->len_bytes);
        out->len_bytes += s->len_bytes;
        out->first_us = time_us_min(out->first_us, s->arrived_us);
        if (s->arrived_us > out->complete_us)
            out->complete_us = s->arrived_us;
    }
    return true;
}

static bool give(struct video_jitter *j, int64_t seq, int64_t end, struct video_frame *out)
{
    const struct slot first = *slot_at(j, seq);
    bool crossed = seq != j->next && !(first.picture_id >= 0 && j->chain.picture_id >= 0 &&
                                       first.picture_id == ((j->chain.picture_id + 1) & 0x7fff));
    release_before(j, seq, false);
    if (!assemble(j, seq, end, out)) {
        release_before(j, end, false);
        wait_for_key(j);
        return false;
    }
    release_before(j, end, true);
    update_chain(j, &first, crossed);
    j->waiting_key = false;
    j->hole_since_us = TIME_US_NEVER;
    j->stats.frames++;
    j->stats.key_frames += first.key_frame;
    return true;
}

/* The first whole key frame that is held. */
static bool pop_key(struct video_jitter *j, struct video_frame *out)
{
    int64_t end;
    for (int64_t i = j->next; j->started && i <= j->seqs.newest; i++) {
        const struct slot *s = held_at(j, i);
        if (s && s->key_frame && frame_whole(j, i, &end))
            return give(j, i, end, out);
    }
    return false;
}

/* Behind a hole: the first whole frame that needs nothing of what is missing. */
static bool pop_beyond(struct video_jitter *j, struct video_frame *out, time_us now_us)
{
    bool patient = now_us - j->hole_since_us < SKIP_US;
    j->skip_tried = !patient;
    int64_t end;
    for (int64_t i = j->next + 1; i <= j->seqs.newest; i++) {
        const struct slot *s = held_at(j, i);
        if (!s || !s->frame_start || !decodable(j, s, false))
            continue;
        bool next_picture =
            s->picture_id >= 0 && s->picture_id == ((j->chain.picture_id + 1) & 0x7fff);
        if ((next_picture || !patient) && frame_whole(j, i, &end))
            return give(j, i, end, out);
    }
    return false;
}

/* Is a number missing between next and the newest? */
static bool has_hole(const struct video_jitter *j)
{
    return j->seqs.newest >= j->next && j->held < (size_t)(j->seqs.newest - j->next + 1);
}

static void judge_hole(struct video_jitter *j, time_us now_us)
{
    if (j->hole_since_us == TIME_US_NEVER && has_hole(j)) {
        j->hole_since_us = now_us;
        j->skip_tried = false;
    }
    if (j->hole_since_us != TIME_US_NEVER && now_us - j->hole_since_us >= j->config.wait_us)
        wait_for_key(j);
}

bool video_jitter_pop(struct video_jitter *j, struct video_frame *out, time_us now_us)
{
    int64_t end;
    if (j->waiting_key)
        return pop_key(j, out);
    while (frame_whole(j, j->next, &end)) {
        if (decodable(j, slot_at(j, j->next), true))
            return give(j, j->next, end, out);
        release_before(j, end, false); /* an upper layer whose reference was left out */
    }
    judge_hole(j, now_us);
    if (j->waiting_key)
        return pop_key(j, out);
    return j->hole_since_us != TIME_US_NEVER && pop_beyond(j, out, now_us);
}

/* A key frame that has begun to arrive needs no request yet. */
static bool key_frame_arriving(struct video_jitter *j, time_us now_us)
{
    for (int64_t i = j->next; i <= j->seqs.newest; i++) {
        const struct slot *s = held_at(j, i);
        if (s && s->key_frame && now_us - s->arrived_us < j->config.wait_us)
            return true;
    }
    return false;
}

bool video_jitter_take_key_frame_request(struct video_jitter *j, time_us now_us)
{
    if (!j->started || !j->waiting_key)
        return false;
    if (j->requested && now_us - j->requested_us < VIDEO_JITTER_REQUEST_GAP_US)
        return false;
    if (key_frame_arriving(j, now_us))
        return false;
    j->requested = true;
    j->requested_us = now_us;
    j->stats.key_frame_requests++;
    return true;
}

time_us video_jitter_deadline(const struct video_jitter *j)
{
    if (!j->started)
        return TIME_US_NEVER;
    if (j->waiting_key)
        return j->requested ? j->requested_us + VIDEO_JITTER_REQUEST_GAP_US : TIME_US_NEVER;
    if (j->hole_since_us == TIME_US_NEVER)
        return TIME_US_NEVER;
    return j->hole_since_us + (j->skip_tried ? j->config.wait_us : SKIP_US);
}
