/* SPDX-License-Identifier: Apache-2.0 */
/* Whole calls in virtual time: real Opus, VP8 and VP9, real ICE, DTLS and SRTP, a lossy link. */
#include "media.h"
#include "virtual_call.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define STEP_US (5 * TIME_US_PER_MS)
#define WIDTH   320
#define HEIGHT  240
#define FPS     15

#define FRAMES_MAX   1024
#define LIP_BOUND_US (80 * TIME_US_PER_MS) /* less than the 125 ms late of ITU-R BT.1359 */

struct shown_frame {
    time_us capture_us, display_us; /* since the beginning */
};

struct run {
    struct virtual_call v;
    uint8_t *picture;
    uint64_t voice[2], frame[2];
    time_us begin_us;
    uint32_t shown[2];
    double worst_psnr;
    struct shown_frame frames[FRAMES_MAX]; /* of side 1 */
    size_t frame_count;
    int16_t *heard; /* of side 1, mono */
    size_t heard_count, heard_capacity;
};

static void start(struct run *r, const struct virtual_options *options)
{
    memset(r, 0, sizeof(*r));
    virtual_call_start(&r->v, options);
    r->picture = malloc(WIDTH * HEIGHT * 3 / 2);
    r->heard_capacity = 48000 * 60;
    r->heard = malloc(r->heard_capacity * sizeof(*r->heard));
    r->begin_us = r->v.now_us;
    r->worst_psnr = 99;
}

static void finish(struct run *r)
{
    virtual_call_end(&r->v);
    free(r->picture);
    free(r->heard);
}

static struct sq_picture picture_of(uint8_t *p)
{
    return (struct sq_picture){
        .width = WIDTH,
        .height = HEIGHT,
        .planes = {p, p + WIDTH * HEIGHT, p + WIDTH * HEIGHT * 5 / 4},
        .strides = {WIDTH, WIDTH / 2, WIDTH / 2},
    };
}

static void push(struct run *r, int i)
{
    int16_t block[480];
    struct session *s = r->v.session[i];
    time_us elapsed = r->v.now_us - r->begin_us;
    while ((time_us)r->voice[i] * 1000 / 48 <= elapsed) {
        media_voice(block, 480, r->voice[i]);
        session_push_audio(s, 0, block, 480, r->begin_us + (time_us)r->voice[i] * 1000 / 48);
        r->voice[i] += 480;
    }
    if ((time_us)r->frame[i] * TIME_US_PER_S / FPS <= elapsed) {
        media_picture(r->picture, WIDTH, HEIGHT, (uint32_t)r->frame[i]);
        struct sq_picture p = picture_of(r->picture);
        session_push_video(s, 1, &p, r->begin_us + (time_us)r->frame[i] * TIME_US_PER_S / FPS);
        r->frame[i]++;
    }
}

static void look(struct run *r, int i, const struct sq_video_frame *f)
{
    r->shown[i]++;
    if (f->capture_utc_us == 0)
        return;
    /* the frame's number, from its capture time over the whole way: RTP, sender report, NTP */
    time_us capture = f->capture_utc_us - INT64_C(1790000000000000) - r->begin_us;
    uint32_t number = (uint32_t)((capture * FPS + TIME_US_PER_S / 2) / TIME_US_PER_S);
    if (i == 1 && r->frame_count < FRAMES_MAX)
        r->frames[r->frame_count++] = (struct shown_frame){(time_us)number * TIME_US_PER_S / FPS,
                                                           f->display_us - r->begin_us};
    media_picture(r->picture, WIDTH, HEIGHT, number);
    double psnr =
        media_psnr(f->picture.planes[0], f->picture.strides[0], r->picture, WIDTH, WIDTH, HEIGHT);
    if (psnr < r->worst_psnr)
        r->worst_psnr = psnr;
}

static void pull(struct run *r, int i)
{
    int16_t block[480];
    struct sq_video_frame frame;
    if ((r->v.now_us - r->begin_us) % (10 * TIME_US_PER_MS) == 0) {
        cr_assert_geq(session_pull_audio(r->v.session[i], block, 480, r->v.now_us), 0);
        if (i == 1 && r->heard_count + 480 <= r->heard_capacity) {
            memcpy(r->heard + r->heard_count, block, sizeof(block));
            r->heard_count += 480;
        }
    }
    while (r->v.seen[i].video_track &&
           session_pull_video(r->v.session[i], r->v.seen[i].video_track, &frame, r->v.now_us) == 1)
        look(r, i, &frame);
}

static void run_for(struct run *r, time_us duration_us)
{
    for (time_us end = r->v.now_us + duration_us; r->v.now_us < end;) {
        for (int i = 0; i < 2; i++) {
            push(r, i);
            pull(r, i);
        }
        virtual_call_step(&r->v, STEP_US);
    }
}

static void tracks(struct sq_track_settings out[2], enum sq_codec codec)
{
    sq_track_settings_init(&out[0], SQ_AUDIO, SQ_MICROPHONE);
    out[0].cancel_echo = out[0].suppress_noise = out[0].adjust_gain = false;
    sq_track_settings_init(&out[1], SQ_VIDEO, SQ_CAMERA);
    out[1].codec = codec;
    out[1].width = WIDTH;
    out[1].height = HEIGHT;
    out[1].fps = FPS;
    out[1].max_bps = 400000;
}

static double likeness_at(const struct run *r, size_t from, size_t count, size_t delay, size_t step)
{
    static int16_t spoken[48000 * 12]; /* from the beginning */
    static size_t spoken_count;
    double cross = 0, a = 1, b = 1;
    cr_assert_leq(from + count, sizeof(spoken) / sizeof(spoken[0]));
    if (spoken_count < from + count) {
        media_voice(spoken + spoken_count, from + count - spoken_count, spoken_count);
        spoken_count = from + count;
    }
    const int16_t *source = spoken + from - delay;
    for (size_t i = 0; i < count; i += step) {
        cross += (double)source[i] * r->heard[from + i];
        a += (double)source[i] * source[i];
        b += (double)r->heard[from + i] * r->heard[from + i];
    }
    return cross / sqrt(a * b);
}

/* Correlation of what was heard with the source at its best delay, up to one second. */
static double speech_likeness(const struct run *r, size_t from, size_t count, size_t *delay_out)
{
    double best = 0;
    size_t at = 0;
    for (size_t delay = 0; delay < 48000; delay += 12) {
        double likeness = likeness_at(r, from, count, delay, 5);
        at = likeness > best ? delay : at;
        best = likeness > best ? likeness : best;
    }
    *delay_out = at;
    for (size_t delay = at > 12 ? at - 12 : 0; delay < at + 12; delay++) {
        double likeness = likeness_at(r, from, count, delay, 1);
        if (likeness > best)
            *delay_out = delay;
        best = fmax(best, likeness);
    }
    return best;
}

#define LIP_WINDOW_US (200 * TIME_US_PER_MS)

/* How far pictures were from the speech of the same moment between from_us and from_us +
 * LIP_WINDOW_US: the difference of their ways from capture to eye and to ear. The ear's is measured
 * on what was heard, not on what the library says of itself. */
static time_us lip_error_us(const struct run *r, time_us from_us)
{
    size_t delay, seen = 0;
    time_us worst = 0;
    const size_t from = (size_t)(from_us * 48 / 1000), count = LIP_WINDOW_US * 48 / 1000;
    cr_assert_geq(speech_likeness(r, from, count, &delay), 0.6);
    const time_us ear_us = (time_us)delay * 1000 / 48;
    for (size_t i = 0; i < r->frame_count; i++) {
        const struct shown_frame *f = &r->frames[i];
        if (f->display_us < from_us || f->display_us >= from_us + LIP_WINDOW_US)
            continue;
        const time_us error = llabs(f->display_us - f->capture_us - ear_us);
        worst = error > worst ? error : worst;
        seen++;
    }
    cr_assert_geq(seen, 2, "a window of speech without pictures");
    return worst;
}

static time_us lip_error_between_us(const struct run *r, time_us from_us, time_us until_us)
{
    time_us worst = 0;
    for (; from_us < until_us; from_us += LIP_WINDOW_US) {
        const time_us error = lip_error_us(r, from_us);
        worst = error > worst ? error : worst;
    }
    return worst;
}

Test(session, a_call_over_a_clean_link_loses_nothing)
{
    struct sq_track_settings t[2];
    struct run r;
    tracks(t, SQ_CODEC_VP8);
    start(&r, &(struct virtual_options){.tracks = t,
                                        .track_count = 2,
                                        .seed = 1,
                                        .start_bps = 600000,
                                        .link = {.delay_us = 20 * TIME_US_PER_MS}});
    run_for(&r, 6 * TIME_US_PER_S);
    for (int i = 0; i < 2; i++) {
        struct sq_call_stats s;
        virtual_call_stats(&r.v, i, &s);
        cr_expect_eq(r.v.seen[i].connected, 1);
        cr_expect_eq(r.v.seen[i].added, 2);
        cr_expect_eq(s.audio.lost_packets, 0);
        cr_expect_leq(s.audio.concealed_ms, 40, "concealed %lu", s.audio.concealed_ms);
        cr_expect_geq(s.audio.played_ms, 5500);
        cr_expect_geq(s.video.frames_sent, 80, "sent %lu", s.video.frames_sent);
        cr_expect_geq(s.video.frames_decoded * 100, s.video.frames_sent * 90);
        cr_expect_eq(s.video.freeze_ms, 0, "frozen %lu", s.video.freeze_ms);
        cr_expect_eq(s.video.width, WIDTH);
        cr_expect_eq(s.video.sent_codec, SQ_CODEC_VP8);
        cr_expect_eq(s.video.received_codec, SQ_CODEC_VP8);
        cr_expect_str_eq(s.srtp_profile, "AEAD_AES_128_GCM");
        cr_expect_geq(s.rtt_ms, 38);
        cr_expect_leq(s.rtt_ms, 60);
    }
    cr_expect_geq(r.shown[0], 75);
    cr_expect_geq(r.worst_psnr, 28, "psnr %f", r.worst_psnr);
    size_t delay;
    double likeness = speech_likeness(&r, 48000 * 4, 9600, &delay);
    cr_expect_geq(likeness, 0.75, "speech %f", likeness); /* Opus for voice cuts the lowest tones */
    time_us error = lip_error_between_us(&r, 2 * TIME_US_PER_S, 5500 * TIME_US_PER_MS);
    cr_expect_leq(error, LIP_BOUND_US, "lips %lld ms from speech", (long long)error / 1000);
    finish(&r);
}

Test(session, loss_is_repaired_and_said)
{
    struct sq_track_settings t[2];
    struct run r;
    tracks(t, SQ_CODEC_VP8);
    start(&r, &(struct virtual_options){.tracks = t,
                                        .track_count = 2,
                                        .seed = 7,
                                        .start_bps = 600000,
                                        .link = {.delay_us = 15 * TIME_US_PER_MS,
                                                 .jitter_sd_us = 10 * TIME_US_PER_MS,
                                                 .loss = 0.05}});
    run_for(&r, 10 * TIME_US_PER_S);
    struct sq_call_stats s, other;
    virtual_call_stats(&r.v, 1, &s);
    virtual_call_stats(&r.v, 0, &other);
    cr_expect_gt(s.video.lost_packets, 0);
    cr_expect_gt(s.video.repaired_packets, 0);
    cr_expect_gt(other.video.retransmitted_packets, 0);
    cr_expect_geq(s.video.frames_decoded * 100, other.video.frames_sent * 75, "%lu of %lu",
                  s.video.frames_decoded, other.video.frames_sent); /* 87 to 98 % seen */
    cr_expect_geq(r.worst_psnr, 25, "psnr %f", r.worst_psnr); /* nothing broken was ever shown */
    cr_expect_gt(s.audio.lost_packets, 0);
    cr_expect_gt(s.audio.concealed_ms, 0);
    cr_expect_leq(s.audio.concealed_ms, 2500, "concealed %lu", s.audio.concealed_ms);
    finish(&r);
}

Test(session, vp9_goes_the_same_way)
{
    struct sq_track_settings t[2];
    struct run r;
    tracks(t, SQ_CODEC_VP9);
    start(&r, &(struct virtual_options){.tracks = t,
                                        .track_count = 2,
                                        .seed = 3,
                                        .start_bps = 600000,
                                        .link = {.delay_us = 10 * TIME_US_PER_MS, .loss = 0.02}});
    struct sq_call_stats first, s, other_first, other;
    run_for(&r, 2 * TIME_US_PER_S); /* who connects second asks for a key frame */
    virtual_call_stats(&r.v, 1, &first);
    virtual_call_stats(&r.v, 0, &other_first);
    run_for(&r, 6 * TIME_US_PER_S);
    virtual_call_stats(&r.v, 1, &s);
    virtual_call_stats(&r.v, 0, &other);
    cr_expect_gt(s.video.lost_packets, 0);
    cr_expect_geq((s.video.frames_decoded - first.video.frames_decoded) * 100,
                  (other.video.frames_sent - other_first.video.frames_sent) * 95, "%lu of %lu",
                  s.video.frames_decoded, other.video.frames_sent);
    cr_expect_eq(s.video.received_codec, SQ_CODEC_VP9);
    cr_expect_eq(other.video.sent_codec, SQ_CODEC_VP9);
    cr_expect_geq(r.worst_psnr, 25, "psnr %f", r.worst_psnr);
    finish(&r);
}

Test(session, an_outage_is_told_and_heals_by_itself)
{
    struct sq_track_settings t[2];
    struct run r;
    tracks(t, SQ_CODEC_VP8);
    start(&r, &(struct virtual_options){.tracks = t,
                                        .track_count = 2,
                                        .seed = 5,
                                        .start_bps = 600000,
                                        .link = {.delay_us = 20 * TIME_US_PER_MS}});
    run_for(&r, 2 * TIME_US_PER_S);
    r.v.cut = true;
    run_for(&r, 4 * TIME_US_PER_S);
    struct sq_call_stats before, after;
    virtual_call_stats(&r.v, 1, &before);
    r.v.cut = false;
    run_for(&r, 4 * TIME_US_PER_S);
    virtual_call_stats(&r.v, 1, &after);
    cr_expect_eq(session_state(r.v.session[1]), TRANSPORT_CONNECTED);
    cr_expect_geq(after.video.frames_decoded, before.video.frames_decoded + 20, "%lu then %lu",
                  before.video.frames_decoded, after.video.frames_decoded);
    cr_expect_geq(after.audio.played_ms, before.audio.played_ms + 2500);
    cr_expect_gt(after.video.freeze_ms, 3500, "frozen %lu", after.video.freeze_ms);
    finish(&r);
}

/* The camera's half of the plan stays above zero while it is muted (an examination's pictures,
 * never pushed here, keep their share): only the muting keeps it from sending. */
static void start_with_examination(struct run *r, struct sq_track_settings t[3])
{
    tracks(t, SQ_CODEC_VP8);
    t[2] = t[1];
    t[2].source = SQ_EXAMINATION;
    start(r, &(struct virtual_options){.tracks = t,
                                       .track_count = 3,
                                       .seed = 11,
                                       .start_bps = 600000,
                                       .link = {.delay_us = 20 * TIME_US_PER_MS}});
    run_for(r, 3 * TIME_US_PER_S);
}

static void mute(struct run *r, uint32_t track, bool muted)
{
    cr_assert_eq(session_mute(r->v.session[0], track, muted, r->v.now_us), 0);
}

Test(session, a_muted_microphone_sends_nothing_until_it_is_unmuted)
{
    struct sq_track_settings t[3];
    struct sq_call_stats before, muted, other_before, other_muted, after;
    struct run r;
    start_with_examination(&r, t);
    mute(&r, 0, true);
    virtual_call_stats(&r.v, 0, &before);
    run_for(&r, TIME_US_PER_S); /* what was under way arrives */
    virtual_call_stats(&r.v, 1, &other_before);
    run_for(&r, 2 * TIME_US_PER_S);
    virtual_call_stats(&r.v, 0, &muted);
    virtual_call_stats(&r.v, 1, &other_muted);
    cr_assert_gt(before.audio.sent_packets, 50);
    cr_expect_eq(muted.audio.sent_packets, before.audio.sent_packets);
    cr_expect_eq(other_muted.audio.received_packets, other_before.audio.received_packets);
    cr_expect_geq(muted.video.frames_sent, before.video.frames_sent + 40, "pictures go on");
    mute(&r, 0, false);
    run_for(&r, TIME_US_PER_S);
    virtual_call_stats(&r.v, 0, &after);
    cr_expect_geq(after.audio.sent_packets, muted.audio.sent_packets + 15);
    finish(&r);
}

Test(session, a_muted_camera_sends_nothing_and_resumes_with_a_key_frame)
{
    struct sq_track_settings t[3];
    struct sq_call_stats before, muted, other_before, other_muted, after, other_after;
    struct run r;
    start_with_examination(&r, t);
    mute(&r, 1, true);
    virtual_call_stats(&r.v, 0, &before);
    run_for(&r, TIME_US_PER_S);
    virtual_call_stats(&r.v, 1, &other_before);
    run_for(&r, 2 * TIME_US_PER_S);
    virtual_call_stats(&r.v, 0, &muted);
    virtual_call_stats(&r.v, 1, &other_muted);
    cr_assert_gt(before.video.frames_sent, 30);
    cr_expect_eq(muted.video.sent_packets, before.video.sent_packets);
    cr_expect_eq(other_muted.video.frames_received, other_before.video.frames_received);
    cr_expect_geq(muted.audio.sent_packets, before.audio.sent_packets + 45, "speech goes on");
    mute(&r, 1, false);
    do { /* one picture, before anybody could have asked for a key frame */
        run_for(&r, STEP_US);
        virtual_call_stats(&r.v, 0, &after);
    } while (after.video.frames_sent == muted.video.frames_sent &&
             r.v.now_us - r.begin_us < 7 * TIME_US_PER_S);
    cr_expect_eq(after.video.frames_sent, muted.video.frames_sent + 1);
    cr_expect_eq(after.video.key_frames_sent, muted.video.key_frames_sent + 1);
    cr_expect_eq(after.video.key_frame_requests_received, muted.video.key_frame_requests_received);
    run_for(&r, TIME_US_PER_S);
    virtual_call_stats(&r.v, 1, &other_after);
    cr_expect_geq(other_after.video.frames_decoded, other_muted.video.frames_decoded + 10);
    finish(&r);
}

Test(session, a_cap_is_never_exceeded)
{
    const uint32_t cap_bps = 150000;
    struct sq_track_settings t[2];
    struct run r;
    tracks(t, SQ_CODEC_VP8);
    start(&r, &(struct virtual_options){.tracks = t,
                                        .track_count = 2,
                                        .seed = 13,
                                        .start_bps = 600000,
                                        .max_bps = cap_bps,
                                        .link = {.delay_us = 20 * TIME_US_PER_MS}});
    run_for(&r, 4 * TIME_US_PER_S); /* the first key frame is out of the rate's two seconds */
    for (int second = 0; second < 6; second++) {
        struct sq_call_stats s;
        run_for(&r, TIME_US_PER_S);
        virtual_call_stats(&r.v, 0, &s);
        uint32_t bps = s.audio.send_bps + s.video.send_bps;
        cr_expect_leq(s.estimate_bps, cap_bps);
        cr_expect_leq(bps, cap_bps * 12 / 10, "%u b/s", bps);
        cr_expect_gt(s.video.send_bps, 0, "pictures under the cap too");
    }
    finish(&r);
}

Test(session, joining_anew_keeps_the_numbers_of_the_tracks)
{
    struct sq_track_settings t[2];
    struct run r;
    tracks(t, SQ_CODEC_VP8);
    start(&r, &(struct virtual_options){.tracks = t,
                                        .track_count = 2,
                                        .seed = 9,
                                        .start_bps = 600000,
                                        .link = {.delay_us = 10 * TIME_US_PER_MS}});
    run_for(&r, TIME_US_PER_S);
    uint32_t video = r.v.seen[1].video_track;
    struct join_answer answer;
    virtual_call_answer(&r.v, 1, &answer);
    answer.consumer_count = 2;
    strcpy(answer.consumers[0].id, "again0");
    strcpy(answer.consumers[1].id, "again1");
    cr_assert_eq(session_start(r.v.session[1], &answer, &r.v.client_address[1], r.v.now_us), 0);
    cr_expect_eq(r.v.seen[1].removed, 0);
    cr_expect_eq(r.v.seen[1].added, 2);
    struct sq_video_frame f;
    cr_expect_geq(session_pull_video(r.v.session[1], video, &f, r.v.now_us), 0);
    answer.consumer_count = 1; /* the camera is gone */
    cr_assert_eq(session_start(r.v.session[1], &answer, &r.v.client_address[1], r.v.now_us), 0);
    run_for(&r, STEP_US);
    cr_expect_eq(r.v.seen[1].removed, 1);
    cr_expect_eq(session_pull_video(r.v.session[1], video, &f, r.v.now_us), SQ_ERR_NOT_FOUND);
    finish(&r);
}

/* Another node owns the room: what it tells may overtake the answer that it sends. */
Test(session, a_consumer_that_is_told_of_before_the_answer_stays)
{
    struct sq_track_settings t[2];
    struct run r;
    tracks(t, SQ_CODEC_VP8);
    start(&r, &(struct virtual_options){.tracks = t,
                                        .track_count = 2,
                                        .seed = 10,
                                        .start_bps = 600000,
                                        .link = {.delay_us = 10 * TIME_US_PER_MS}});
    run_for(&r, TIME_US_PER_S);
    struct join_answer answer;
    virtual_call_answer(&r.v, 1, &answer);
    cr_assert_eq(answer.consumer_count, 2);
    answer.consumer_count = 0;
    session_joining(r.v.session[1]);
    cr_assert_eq(session_add_consumer(r.v.session[1], &answer.consumers[0]), 0);
    cr_assert_eq(session_start(r.v.session[1], &answer, &r.v.client_address[1], r.v.now_us), 0);
    run_for(&r, STEP_US);
    cr_expect_eq(r.v.seen[1].removed, 1, "the other, which nobody told of");
    session_joining(r.v.session[1]);
    cr_assert_eq(session_start(r.v.session[1], &answer, &r.v.client_address[1], r.v.now_us), 0);
    run_for(&r, STEP_US);
    cr_expect_eq(r.v.seen[1].removed, 2, "it was told of before this join");
    finish(&r);
}

Test(session, speech_waits_for_nobody)
{
    struct sq_track_settings t[2];
    struct run r;
    tracks(t, SQ_CODEC_VP8);
    start(&r, &(struct virtual_options){.tracks = t,
                                        .track_count = 2,
                                        .seed = 11,
                                        .start_bps = 30000,
                                        .link = {.delay_us = 10 * TIME_US_PER_MS}});
    r.v.muted_media = false;
    run_for(&r, 2 * TIME_US_PER_S);
    struct sq_call_stats s;
    virtual_call_stats(&r.v, 0, &s);
    cr_expect_gt(s.audio.sent_packets, 20);
    finish(&r);
}

/* A call between two who both are behind a shipped link. Bounds are what came out, with room to
 * breathe; of the worse side. */
struct over {
    const char *profile;
    uint32_t start_bps;
    bool narrow, loses; /* loses: the link itself does */
    uint32_t concealed_max_ms, frames_min;
};

static void call_over(const struct over *o)
{
    const time_us span_us = 20 * TIME_US_PER_S;
    struct sq_track_settings t[2];
    static struct run r;
    tracks(t, SQ_CODEC_VP8);
    start(&r, &(struct virtual_options){.tracks = t,
                                        .track_count = 2,
                                        .seed = 17,
                                        .start_bps = o->start_bps,
                                        .narrow = o->narrow,
                                        .profile = wire_profile(o->profile),
                                        .link = {.delay_us = 10 * TIME_US_PER_MS}});
    run_for(&r, span_us);
    for (int i = 0; i < 2; i++) {
        struct sq_call_stats s;
        virtual_call_stats(&r.v, i, &s);
        cr_expect_eq(r.v.seen[i].connected, 1, "%s", o->profile);
        cr_expect_eq(r.v.seen[i].interrupted, 0, "%s", o->profile);
        cr_expect_leq(s.audio.concealed_ms, o->concealed_max_ms, "%s: side %d concealed %lu ms",
                      o->profile, i, s.audio.concealed_ms);
        cr_expect_geq(s.audio.played_ms, 15000, "%s: side %d played %lu ms", o->profile, i,
                      s.audio.played_ms);
        if (!o->loses)
            cr_expect_eq(s.audio.lost_packets, 0, "%s: side %d lost %lu", o->profile, i,
                         s.audio.lost_packets);
        cr_expect_geq(s.video.frames_decoded, o->frames_min, "%s: side %d decoded %lu", o->profile,
                      i, s.video.frames_decoded);
    }
    finish(&r);
}

Test(session, calls_over_shipped_links)
{
    static const struct over calls[] = {
        {"clean-1m", 300000, false, false, 60, 250},
        {"calm-64", 50000, true, false, 1500, 25},
        {"calm-64-geo", 50000, true, false, 1500, 40},
        {"calm-24", 20000, true, false, 3000, 0}, /* speech only */
        {"m1-edge-village", 20000, true, true, 5000, 0},
        {"m7-geo-vsat", 100000, false, true, 1500, 120},
        {"m10-ridge-microwave", 300000, false, true, 4000, 180},
    };
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
        call_over(&calls[i]);
}
