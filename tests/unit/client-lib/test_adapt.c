/* SPDX-License-Identifier: Apache-2.0 */
#include "client-lib/adapt/adapt.h"
#include <criterion/criterion.h>

static struct adapt_plan plan(uint32_t bps, const struct adapt_plan *before)
{
    struct adapt_input in = {
        .estimate_bps = bps,
        .audio_tracks = 1,
        .video_tracks = 1,
        .audio_max_bps = 32000,
        .video_max_bps = 2000000,
    };
    return adapt_plan_of(&in, before);
}

static uint32_t wire_bps(const struct adapt_plan *p)
{
    return p->audio_bps + 68 * 8 * (1000 / p->frame_ms) + p->video_bps * 108 / 100;
}

Test(adapt, speech_has_its_rate_before_pictures_have_any)
{
    struct adapt_plan p = plan(1200000, NULL);
    cr_expect_eq(p.audio_bps, 32000);
    cr_expect_eq(p.frame_ms, 20);
    cr_expect_gt(p.video_bps, 900000);
    p = plan(99000, NULL);
    cr_expect_eq(p.frame_ms, 60);
    cr_expect_gt(p.video_bps, 20000);
    p = plan(47000, NULL);
    cr_expect_eq(p.video_bps, 0);
    cr_expect_eq(p.audio_bps, 10000);
    p = plan(6000, NULL);
    cr_expect_eq(p.audio_bps, 6000);
    cr_expect_eq(p.frame_ms, 60);
}

Test(adapt, the_plan_never_asks_for_more_than_the_link)
{
    for (uint32_t bps = 24000; bps < 3000000; bps += 1000) {
        struct adapt_plan p = plan(bps, NULL);
        cr_expect_leq(wire_bps(&p), bps, "%u: %u", bps, wire_bps(&p));
    }
}

Test(adapt, down_at_once_and_up_only_when_sure)
{
    struct adapt_plan low = plan(99000, NULL);
    struct adapt_plan same = plan(101000, &low);
    cr_expect_eq(same.step, low.step);
    struct adapt_plan up = plan(120000, &low);
    cr_expect_lt(up.step, low.step);
    struct adapt_plan down = plan(99000, &up);
    cr_expect_gt(down.step, up.step);
}

Test(adapt, a_frame_length_that_was_set_stays)
{
    struct adapt_input in = {
        .estimate_bps = 30000, .audio_tracks = 1, .audio_max_bps = 32000, .frame_ms = 40};
    struct adapt_plan p = adapt_plan_of(&in, NULL);
    cr_expect_eq(p.frame_ms, 40);
    cr_expect_eq(p.video_bps, 0);
    cr_expect_str_neq(adapt_step_text(p.step, "en"), adapt_step_text(p.step, "zh-CN"));
}
