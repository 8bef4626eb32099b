/* SPDX-License-Identifier: Apache-2.0 */
/* Audio playout over arrival patterns in virtual time: calm, jitter, loss, RED, pauses, stalls. */
#include "rtc/jitter/audio_jitter.h"
#include "shanqiao/error.h"
#include "tests/support/prng.h"
#include <criterion/criterion.h>
#include <string.h>

#define MS       TIME_US_PER_MS
#define FRAME_MS 20
#define FRAME_TS 960

/* A player that pulls when it has nothing left, and packets that arrive by a plan. */
struct play {
    struct audio_jitter *j;
    time_us now_us, next_pull_us;
    unsigned played, concealed, waited;
    uint64_t concealed_ts;
    uint32_t last_played;
    unsigned out_of_order;
    unsigned faster, slower;
    time_us delay_us; /* when the last frame was played */
};

static struct play start(const struct audio_jitter_config *config)
{
    struct play p = {.now_us = 5000 * MS, .next_pull_us = 5000 * MS};
    cr_assert_eq(audio_jitter_new(&p.j, config), SQ_OK);
    return p;
}

static void put(struct play *p, uint32_t n, bool redundant)
{
    uint8_t data[4] = {(uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n};
    const struct audio_jitter_frame f = {.timestamp = n * FRAME_TS,
                                         .duration = FRAME_TS,
                                         .seq16 = (uint16_t)n,
                                         .data = data,
                                         .len_bytes = 4,
                                         .redundant = redundant};
    cr_assert_eq(audio_jitter_put(p->j, &f, p->now_us), SQ_OK);
}

static void pull(struct play *p)
{
    struct audio_jitter_pull out;
    audio_jitter_pull(p->j, &out, p->now_us);
    uint32_t duration = out.duration;
    cr_assert_gt(duration, 0);
    if (out.action == AUDIO_JITTER_PLAY) {
        if (out.len_bytes == 4) { /* made by put */
            uint32_t n = (uint32_t)out.data[0] << 24 | (uint32_t)out.data[1] << 16 |
                         (uint32_t)out.data[2] << 8 | out.data[3];
            cr_assert_eq(n * FRAME_TS, out.timestamp);
            p->out_of_order += p->played > 0 && n <= p->last_played;
            p->last_played = n;
        }
        struct audio_jitter_stats s;
        audio_jitter_get_stats(p->j, &s);
        p->delay_us = s.delay_us;
        p->played++;
        p->faster += out.pace == AUDIO_JITTER_PACE_FASTER;
        p->slower += out.pace == AUDIO_JITTER_PACE_SLOWER;
        if (out.pace == AUDIO_JITTER_PACE_FASTER) /* what a time-stretching player does */
            duration = duration * 4 / 5;
        if (out.pace == AUDIO_JITTER_PACE_SLOWER)
            duration = duration * 5 / 4;
    } else if (out.action == AUDIO_JITTER_CONCEAL) {
        p->concealed++;
        p->concealed_ts += duration;
    } else {
        p->waited++;
    }
    p->next_pull_us = p->now_us + (time_us)duration * 1000 / 48;
}

/* Time passes; pulls happen when due. */
static void until(struct play *p, time_us then_us)
{
    while (p->next_pull_us <= then_us) {
        if (p->next_pull_us > p->now_us)
            p->now_us = p->next_pull_us;
        pull(p);
    }
    p->now_us = then_us;
}

static struct audio_jitter_stats finish(struct play *p)
{
    struct audio_jitter_stats s;
    audio_jitter_get_stats(p->j, &s);
    audio_jitter_free(p->j);
    return s;
}

/* Frame n is sent at 5000 ms + 20 n ms and takes `delays[n]`; negative: lost. Arrivals in time
 * order. */
static void run(struct play *p, const int *delays_ms, unsigned count)
{
    time_us base = p->now_us;
    for (time_us t = 0; t < (time_us)count * FRAME_MS * MS + 300 * MS; t += MS) {
        for (unsigned n = 0; n < count; n++) {
            if (delays_ms[n] >= 0 && (time_us)n * FRAME_MS * MS + delays_ms[n] * MS == t) {
                until(p, base + t);
                put(p, n, false);
            }
        }
    }
    until(p, base + (time_us)count * FRAME_MS * MS + 300 * MS);
}

static int delays[2000];

Test(audio_jitter, calm_link_plays_everything_with_little_delay)
{
    struct play p = start(&(struct audio_jitter_config){0});
    for (int n = 0; n < 500; n++)
        delays[n] = 30;
    run(&p, delays, 500);
    struct audio_jitter_stats s = finish(&p);
    cr_assert_eq(s.late, 0);
    cr_assert_eq(p.out_of_order, 0);
    cr_assert_geq(s.played, 499);
    cr_assert_leq(s.target_us, 15 * MS);
    cr_assert_leq(p.concealed_ts, FRAME_TS + 1000 * 48, "only after the last frame");
}

Test(audio_jitter, delay_follows_the_variation)
{
    struct prng r = prng_of(3);
    struct play p = start(&(struct audio_jitter_config){0});
    for (int n = 0; n < 1500; n++)
        delays[n] = 20 + (int)prng_below(&r, 61);
    run(&p, delays, 1500);
    struct audio_jitter_stats s = finish(&p);
    cr_assert_geq(s.target_us, 45 * MS);
    cr_assert_leq(s.target_us, 70 * MS);
    cr_assert_lt(s.late, 1500 * 6 / 100);
    cr_assert_eq(p.out_of_order, 0);
    cr_assert_gt(s.played, 1380);
}

Test(audio_jitter, lost_frames_are_concealed_for_just_their_time)
{
    struct play p = start(&(struct audio_jitter_config){0});
    unsigned lost = 0;
    for (int n = 0; n < 500; n++) {
        delays[n] = n > 50 && n < 450 && n % 10 == 0 ? -1 : 30;
        lost += delays[n] < 0;
    }
    run(&p, delays, 450);
    struct audio_jitter_stats s;
    audio_jitter_get_stats(p.j, &s);
    cr_assert_eq(s.played, 450 - lost);
    /* Each hole is one frame; the last conceal run is after the end of the stream. */
    cr_assert_geq(s.conceal_events, lost);
    cr_assert_leq(s.conceal_events, lost + 1);
    cr_assert_leq(s.concealed_us, (uint64_t)(lost * 20 + 250) * 1000);
    finish(&p);
}

Test(audio_jitter, redundant_copies_fill_holes)
{
    struct play p = start(&(struct audio_jitter_config){0});
    time_us base = p.now_us;
    for (uint32_t n = 0; n < 300; n++) {
        until(&p, base + n * FRAME_MS * MS);
        if (n % 5 == 3 && n > 20)
            continue; /* lost: comes as a copy with the next */
        if (n > 0)
            put(&p, n - 1, true);
        put(&p, n, false);
    }
    struct audio_jitter_stats s = finish(&p);
    /* One frame of delay is what the copies need; on a calm link the target is below that. */
    cr_assert_gt(s.redundant_used + s.conceal_events, 50);
    cr_assert_eq(p.out_of_order, 0);
}

Test(audio_jitter, redundant_copies_conceal_nothing_when_delay_allows)
{
    struct play p = start(&(struct audio_jitter_config){.delay_min_us = 30 * MS});
    time_us base = p.now_us;
    for (uint32_t n = 0; n < 300; n++) {
        until(&p, base + n * FRAME_MS * MS);
        if (n % 5 == 3 && n > 20)
            continue;
        if (n > 0)
            put(&p, n - 1, true);
        put(&p, n, false);
    }
    struct audio_jitter_stats s = finish(&p);
    cr_assert_eq(s.conceal_events, 0);
    cr_assert_geq(s.redundant_used, 55);
}

Test(audio_jitter, a_pause_of_the_sender_is_silence)
{
    struct play p = start(&(struct audio_jitter_config){0});
    time_us base = p.now_us;
    for (uint32_t n = 0; n < 200; n++) {
        /* 100 frames, then DTX for a second: the timestamp moves on, the sequence number does not.
         */
        uint32_t at = n < 100 ? n : n + 50;
        const struct audio_jitter_frame f = {.timestamp = at * FRAME_TS,
                                             .duration = FRAME_TS,
                                             .seq16 = (uint16_t)n,
                                             .data = (const uint8_t *)"frame",
                                             .len_bytes = 5,
                                             .dtx = n == 99};
        until(&p, base + at * FRAME_MS * MS);
        cr_assert_eq(audio_jitter_put(p.j, &f, p.now_us), SQ_OK);
    }
    struct audio_jitter_stats s = finish(&p);
    cr_assert_eq(s.conceal_events, 0);
    cr_assert_eq(s.late, 0);
    cr_assert_leq(s.skipped_us, 0);
}

Test(audio_jitter, after_a_stall_the_old_delay_is_back_within_two_seconds)
{
    struct play p = start(&(struct audio_jitter_config){0});
    for (int n = 0; n < 700; n++) {
        delays[n] = 30;
        if (n >= 300 && n < 450) /* 3 s stall: all come together at its end */
            delays[n] = 30 + (450 - n) * FRAME_MS;
    }
    run(&p, delays, 450 + 100);
    struct audio_jitter_stats s;
    audio_jitter_get_stats(p.j, &s);
    cr_assert_gt(s.skipped_us, 1500000, "a backlog of 3 s is not played to its end");
    cr_assert_leq(s.target_us, 60 * MS, "an outage teaches nothing: %ld", (long)s.target_us);
    cr_assert_leq(p.delay_us, 80 * MS, "%ld", (long)p.delay_us);
    finish(&p);
}

Test(audio_jitter, a_short_stall_is_caught_up_by_playing_faster)
{
    struct play p = start(&(struct audio_jitter_config){0});
    for (int n = 0; n < 800; n++) {
        delays[n] = 30;
        if (n >= 300 && n < 325)
            delays[n] = 30 + (325 - n) * FRAME_MS;
    }
    run(&p, delays, 800);
    struct audio_jitter_stats s = finish(&p);
    cr_assert_eq(s.skipped_us, 0, "half a second is within the catch-up limit");
    cr_assert_gt(p.faster, 20);
    cr_assert_geq(s.played, 798, "nothing said is lost");
}

Test(audio_jitter, a_new_timestamp_base_starts_anew)
{
    struct play p = start(&(struct audio_jitter_config){0});
    time_us base = p.now_us;
    unsigned before = 0;
    for (uint32_t n = 0; n < 400; n++) {
        until(&p, base + n * FRAME_MS * MS);
        if (n == 200)
            before = p.played;
        const struct audio_jitter_frame f = {.timestamp =
                                                 n * FRAME_TS + (n < 200 ? 0 : 0x80001234u),
                                             .duration = FRAME_TS,
                                             .seq16 = (uint16_t)(n < 200 ? n : n + 31000),
                                             .data = (const uint8_t *)"other",
                                             .len_bytes = 5};
        cr_assert_eq(audio_jitter_put(p.j, &f, p.now_us), SQ_OK);
    }
    cr_assert_gt(p.played, before + 180);
    finish(&p);
}

Test(audio_jitter, refuses_bad_input)
{
    struct audio_jitter *j;
    uint8_t data[2000] = {0};
    struct audio_jitter_frame f = {.duration = 960, .data = data, .len_bytes = 10};
    cr_assert_eq(audio_jitter_new(&j, &(struct audio_jitter_config){.quantile = 0.3}),
                 SQ_ERR_INVALID);
    cr_assert_eq(audio_jitter_new(&j, &(struct audio_jitter_config){.delay_min_us = 2000 * MS}),
                 SQ_ERR_INVALID);
    cr_assert_eq(audio_jitter_new(&j, &(struct audio_jitter_config){0}), SQ_OK);
    f.len_bytes = 0;
    cr_assert_eq(audio_jitter_put(j, &f, 0), SQ_ERR_INVALID);
    f.len_bytes = AUDIO_JITTER_FRAME_BYTES_MAX + 1;
    cr_assert_eq(audio_jitter_put(j, &f, 0), SQ_ERR_INVALID);
    f.len_bytes = 10;
    f.duration = 0;
    cr_assert_eq(audio_jitter_put(j, &f, 0), SQ_ERR_INVALID);
    f.duration = 5761;
    cr_assert_eq(audio_jitter_put(j, &f, 0), SQ_ERR_INVALID);
    audio_jitter_free(j);
}

Test(audio_jitter, survives_anything)
{
    struct prng r = prng_of(99);
    struct audio_jitter *j;
    uint8_t data[100] = {0};
    time_us now = 1;
    cr_assert_eq(audio_jitter_new(&j, &(struct audio_jitter_config){0}), SQ_OK);
    for (int i = 0; i < 100000; i++) {
        uint32_t wild = prng_u32(&r);
        const struct audio_jitter_frame f = {
            .timestamp = prng_chance(&r, 0.01) ? wild : (uint32_t)(i * 300),
            .duration = 1 + prng_below(&r, 5760),
            .seq16 = (uint16_t)(prng_chance(&r, 0.05) ? wild : (uint32_t)i),
            .data = data,
            .len_bytes = 1 + prng_below(&r, 100),
            .redundant = prng_chance(&r, 0.3),
            .dtx = prng_chance(&r, 0.1)};
        now += prng_between(&r, 0, prng_chance(&r, 0.001) ? 30000000 : 20000);
        audio_jitter_put(j, &f, now);
        struct audio_jitter_pull out;
        struct audio_jitter_stats s;
        audio_jitter_pull(j, &out, now);
        cr_assert(out.duration > 0 && out.duration <= 5760);
        audio_jitter_get_stats(j, &s);
    }
    audio_jitter_free(j);
}
