/* SPDX-License-Identifier: Apache-2.0 */
/* Playout by media time: the frame that begins at `next` is due when the fastest packet's offset
 * plus the target delay has passed. Holes are loss (a number is missing) or a pause (none is); time
 * spent waiting for a hole counts toward concealing it. */
#include "rtc/jitter/audio_jitter.h"

#include "rtc/jitter/delay_quantile.h"
#include "rtc/rtp/sequence.h"
#include "shanqiao/error.h"
#include <stdlib.h>
#include <string.h>

#define PACKET_MAX_US (120 * TIME_US_PER_MS)
#define WAIT_US       (10 * TIME_US_PER_MS)
#define CONCEAL_MAX_US                                                                             \
    (200 * TIME_US_PER_MS) /* of an underrun; behind that silence is more honest */
#define FASTER_MARGIN_US (20 * TIME_US_PER_MS)
#define RESYNC_US        (10 * TIME_US_PER_S) /* an offset this far off is a new timestamp base */
#define NO_SLOT          SIZE_MAX

struct slot {
    int64_t timestamp; /* unwrapped */
    int64_t seq;
    uint32_t duration;
    uint16_t len_bytes;
    bool used, dtx, redundant;
};

struct audio_jitter {
    struct audio_jitter_config config;
    struct delay_quantile delay;
    struct ts32_unwrap timestamps;
    struct seq16_unwrap seqs;
    struct audio_jitter_stats stats;
    bool playing;
    int64_t next;     /* media time of the next sample, unwrapped */
    int64_t last_seq; /* of the newest frame played */
    uint32_t last_duration;
    bool after_dtx;
    bool in_hole;      /* for counting events */
    time_us waited_us; /* played without media since the last frame */
    time_us extra_us;
    time_us now_us; /* of the last pull, for the statistics */
    struct slot slots[AUDIO_JITTER_SLOTS];
    uint8_t data[AUDIO_JITTER_SLOTS][AUDIO_JITTER_FRAME_BYTES_MAX];
};

static void set_defaults(struct audio_jitter_config *c)
{
    if (c->clock_hz == 0)
        c->clock_hz = 48000;
    if (c->quantile == 0)
        c->quantile = AUDIO_JITTER_QUANTILE;
    if (c->delay_min_us == 0)
        c->delay_min_us = AUDIO_JITTER_DELAY_MIN_US;
    if (c->delay_max_us == 0)
        c->delay_max_us = AUDIO_JITTER_DELAY_MAX_US;
    if (c->catch_up_us == 0)
        c->catch_up_us = AUDIO_JITTER_CATCH_UP_US;
}

int audio_jitter_new(struct audio_jitter **out, const struct audio_jitter_config *config)
{
    struct audio_jitter_config c = *config;
    set_defaults(&c);
    if (!(c.quantile >= 0.5 && c.quantile <= 0.999) || c.delay_min_us > c.delay_max_us)
        return SQ_ERR_INVALID;
    struct audio_jitter *j = calloc(1, sizeof *j);
    if (!j)
        return SQ_ERR_NOMEM;
    j->config = c;
    delay_quantile_init(&j->delay, c.quantile, AUDIO_JITTER_FORGET);
    *out = j;
    return SQ_OK;
}

void audio_jitter_free(struct audio_jitter *j)
{
    free(j);
}

void audio_jitter_set_extra_delay(struct audio_jitter *j, time_us extra_us)
{
    if (extra_us > j->config.delay_max_us)
        extra_us = j->config.delay_max_us;
    j->extra_us = extra_us > 0 ? extra_us : 0;
}

static time_us to_us(const struct audio_jitter *j, int64_t units)
{
    int64_t hz = j->config.clock_hz;
    return units / hz * TIME_US_PER_S + units % hz * TIME_US_PER_S / hz;
}

static uint32_t to_units(const struct audio_jitter *j, time_us t)
{
    return (uint32_t)(t * j->config.clock_hz / TIME_US_PER_S);
}

static time_us target_us(const struct audio_jitter *j)
{
    time_us t = delay_quantile_us(&j->delay, AUDIO_JITTER_DELAY_START_US);
    if (t < j->config.delay_min_us)
        t = j->config.delay_min_us;
    t += j->extra_us;
    return time_us_min(t, j->config.delay_max_us);
}

/* Delay above the fastest packet if the sample at media time ts sounds now. */
static time_us delay_at(const struct audio_jitter *j, int64_t ts, time_us now_us)
{
    return now_us - to_us(j, ts) - delay_quantile_base_us(&j->delay);
}

/* ---- slots ---- */

static size_t find(const struct audio_jitter *j, int64_t timestamp)
{
    for (size_t i = 0; i < AUDIO_JITTER_SLOTS; i++) {
        if (j->slots[i].used && j->slots[i].timestamp == timestamp)
            return i;
    }
    return NO_SLOT;
}

static size_t find_free(const struct audio_jitter *j)
{
    for (size_t i = 0; i < AUDIO_JITTER_SLOTS; i++) {
        if (!j->slots[i].used)
            return i;
    }
    return NO_SLOT;
}

/* The held frame with the smallest media time of at least `from`. */
static size_t find_first(const struct audio_jitter *j, int64_t from)
{
    size_t best = NO_SLOT;
    for (size_t i = 0; i < AUDIO_JITTER_SLOTS; i++) {
        const struct slot *s = &j->slots[i];
        if (s->used && s->timestamp >= from &&
            (best == NO_SLOT || s->timestamp < j->slots[best].timestamp))
            best = i;
    }
    return best;
}

static void drop_before(struct audio_jitter *j, int64_t timestamp)
{
    for (size_t i = 0; i < AUDIO_JITTER_SLOTS; i++) {
        if (j->slots[i].used && j->slots[i].timestamp < timestamp)
            j->slots[i].used = false;
    }
}

/* Forgets everything about the stream's timing: a new timestamp base. */
static void resync(struct audio_jitter *j)
{
    for (size_t i = 0; i < AUDIO_JITTER_SLOTS; i++)
        j->slots[i].used = false;
    memset(&j->timestamps, 0, sizeof j->timestamps);
    memset(&j->seqs, 0, sizeof j->seqs);
    delay_quantile_init(&j->delay, j->config.quantile, AUDIO_JITTER_FORGET);
    j->playing = false;
    j->waited_us = 0;
}

static bool is_new_base(const struct audio_jitter *j, const struct audio_jitter_frame *f,
                        time_us now_us)
{
    if (!j->timestamps.started || f->redundant)
        return false;
    time_us off = delay_at(j, ts32_unwrap_peek(&j->timestamps, f->timestamp), now_us);
    return off > RESYNC_US || off < -RESYNC_US;
}

static void store(struct audio_jitter *j, size_t i, const struct audio_jitter_frame *f,
                  int64_t timestamp, int64_t seq)
{
    j->slots[i] = (struct slot){
        .timestamp = timestamp,
        .seq = seq,
        .duration = f->duration,
        .len_bytes = (uint16_t)f->len_bytes,
        .used = true,
        .dtx = f->dtx,
        .redundant = f->redundant,
    };
    memcpy(j->data[i], f->data, f->len_bytes);
}

int audio_jitter_put(struct audio_jitter *j, const struct audio_jitter_frame *f, time_us now_us)
{
    if (f->len_bytes == 0 || f->len_bytes > AUDIO_JITTER_FRAME_BYTES_MAX || f->duration == 0 ||
        f->duration > to_units(j, PACKET_MAX_US))
        return SQ_ERR_INVALID;
    if (is_new_base(j, f, now_us))
        resync(j);
    if (f->redundant && !j->timestamps.started)
        return SQ_OK; /* nothing to measure it against yet */
    int64_t timestamp = ts32_unwrap(&j->timestamps, f->timestamp);
    int64_t seq = seq16_unwrap(&j->seqs, f->seq16);
    if (!f->redundant) {
        j->stats.received++;
        delay_quantile_add(&j->delay, to_us(j, timestamp), now_us);
    }
    if (j->playing && timestamp < j->next) {
        j->stats.late += !f->redundant;
        return SQ_OK;
    }
    if (find(j, timestamp) != NO_SLOT) {
        j->stats.duplicate += !f->redundant;
        return SQ_OK;
    }
    size_t i = find_free(j);
    if (i == NO_SLOT) { /* the oldest is worth least: it is furthest behind */
        i = find_first(j, INT64_MIN);
        j->stats.overflow++;
    }
    store(j, i, f, timestamp, seq);
    return SQ_OK;
}

/* ---- playout ---- */

static void give_wait(struct audio_jitter *j, struct audio_jitter_pull *out)
{
    out->action = AUDIO_JITTER_WAIT;
    out->duration = to_units(j, WAIT_US);
    j->waited_us += WAIT_US;
}

static void give_conceal(struct audio_jitter *j, struct audio_jitter_pull *out, uint32_t duration,
                         size_t behind)
{
    out->action = AUDIO_JITTER_CONCEAL;
    out->duration = duration;
    if (behind != NO_SLOT) {
        out->next = j->data[behind];
        out->next_len_bytes = j->slots[behind].len_bytes;
    }
    j->stats.conceal_events += !j->in_hole;
    j->stats.concealed_us += (uint64_t)to_us(j, duration);
    j->in_hole = true;
}

static enum audio_jitter_pace choose_pace(const struct audio_jitter *j, time_us delay_us)
{
    time_us target = target_us(j);
    if (delay_us > target + FASTER_MARGIN_US)
        return AUDIO_JITTER_PACE_FASTER;
    if (delay_us < target - target / 4)
        return AUDIO_JITTER_PACE_SLOWER;
    return AUDIO_JITTER_PACE_NORMAL;
}

static void give_frame(struct audio_jitter *j, struct audio_jitter_pull *out, size_t i,
                       time_us now_us)
{
    struct slot *s = &j->slots[i];
    *out = (struct audio_jitter_pull){
        .action = AUDIO_JITTER_PLAY,
        .pace = choose_pace(j, delay_at(j, s->timestamp, now_us)),
        .timestamp = (uint32_t)(uint64_t)s->timestamp,
        .duration = s->duration,
        .data = j->data[i],
        .len_bytes = s->len_bytes,
    };
    s->used = false; /* the bytes stay until the next put */
    j->playing = true;
    j->next = s->timestamp + s->duration;
    j->last_seq = s->seq;
    j->last_duration = s->duration;
    j->after_dtx = s->dtx;
    j->in_hole = false;
    j->waited_us = 0;
    j->stats.played++;
    j->stats.redundant_used += s->redundant;
}

/* Too far behind to speed up: whole frames are left out until the target is met or only one is
 * left. */
static void skip_to_target(struct audio_jitter *j, time_us now_us)
{
    size_t first = find_first(j, j->next);
    if (first == NO_SLOT ||
        delay_at(j, j->slots[first].timestamp, now_us) <= target_us(j) + j->config.catch_up_us)
        return;
    int64_t from = j->slots[first].timestamp;
    for (;;) {
        size_t behind = find_first(j, j->slots[first].timestamp + 1);
        if (behind == NO_SLOT || delay_at(j, j->slots[first].timestamp, now_us) <= target_us(j))
            break;
        j->slots[first].used = false;
        first = behind;
    }
    j->next = j->slots[first].timestamp;
    j->waited_us = 0;
    j->stats.skipped_us += (uint64_t)to_us(j, j->next - from);
}

/* Nothing at `next`, but something behind it: a pause, a hole already waited out, or one to
 * conceal. */
static void cross_hole(struct audio_jitter *j, struct audio_jitter_pull *out, size_t behind,
                       time_us now_us)
{
    const struct slot *s = &j->slots[behind];
    bool pause = s->seq == j->last_seq + 1 || j->after_dtx;
    int64_t hole = s->timestamp - j->next;
    int64_t waited = (int64_t)to_units(j, j->waited_us);
    if (pause) {
        if (delay_at(j, s->timestamp, now_us) >= target_us(j))
            give_frame(j, out, behind, now_us);
        else
            give_wait(j, out);
        return;
    }
    if (waited >= hole) {
        give_frame(j, out, behind, now_us);
        return;
    }
    j->next += waited;
    j->waited_us = 0;
    hole -= waited;
    uint32_t duration = hole < j->last_duration ? (uint32_t)hole : j->last_duration;
    give_conceal(j, out, duration, hole <= j->last_duration ? behind : NO_SLOT);
    j->next += duration;
}

static void underrun(struct audio_jitter *j, struct audio_jitter_pull *out)
{
    if (j->after_dtx || j->waited_us >= CONCEAL_MAX_US) {
        give_wait(j, out);
        return;
    }
    uint32_t duration = to_units(j, WAIT_US); /* short, so that a late frame is heard at once */
    give_conceal(j, out, duration, NO_SLOT);
    j->waited_us += WAIT_US;
}

static void start(struct audio_jitter *j, struct audio_jitter_pull *out, time_us now_us)
{
    size_t first = find_first(j, INT64_MIN);
    if (first == NO_SLOT || delay_at(j, j->slots[first].timestamp, now_us) < target_us(j))
        give_wait(j, out);
    else
        give_frame(j, out, first, now_us);
}

void audio_jitter_pull(struct audio_jitter *j, struct audio_jitter_pull *out, time_us now_us)
{
    *out = (struct audio_jitter_pull){0};
    j->now_us = now_us;
    if (!j->playing) {
        start(j, out, now_us);
        return;
    }
    skip_to_target(j, now_us);
    drop_before(j, j->next);
    size_t i = find_first(j, j->next);
    if (i == NO_SLOT)
        underrun(j, out);
    else if (j->slots[i].timestamp == j->next)
        give_frame(j, out, i, now_us);
    else
        cross_hole(j, out, i, now_us);
    if (out->action != AUDIO_JITTER_PLAY)
        out->timestamp = (uint32_t)(uint64_t)j->next;
}

void audio_jitter_get_stats(const struct audio_jitter *j, struct audio_jitter_stats *out)
{
    *out = j->stats;
    out->target_us = target_us(j);
    int64_t samples = 0;
    for (size_t i = 0; i < AUDIO_JITTER_SLOTS; i++)
        samples += j->slots[i].used ? j->slots[i].duration : 0;
    out->buffered_us = to_us(j, samples);
    if (!j->playing)
        return;
    time_us delay = delay_at(j, j->next - j->last_duration, j->now_us);
    out->delay_us = delay > 0 ? delay : 0;
}

bool audio_jitter_playing(const struct audio_jitter *j, uint32_t *timestamp)
{
    if (!j->playing)
        return false;
    *timestamp = (uint32_t)(uint64_t)(j->next - j->last_duration);
    return true;
}
