/* SPDX-License-Identifier: Apache-2.0 */
/* See adapt.h. */
#include "client-lib/adapt/adapt.h"

#include <stdbool.h>
#include <string.h>

/* IP 20 + UDP 8 + RTP 12 + extensions 12 + SRTP tag 16 (GCM) of each packet of speech (LOWBAND
 * section 0.1). */
#define AUDIO_OVERHEAD_BYTES   68
#define VIDEO_OVERHEAD_PERCENT 8     /* the same 68 bytes on packets of about 900 */
#define RESERVE_PERCENT        8     /* feedback, retransmission, checks */
#define VIDEO_FLOOR_BPS        20000 /* a picture below this helps nobody (160x120 at 5 in VP8) */
#define UP_MARGIN_PERCENT      15

struct row {
    uint32_t from_bps;
    uint32_t audio_bps;
    uint32_t frame_ms;
    bool video;
    const char *zh, *en;
};

static const struct row TABLE[] = {
    {1000000, 32000, 20, true, "网络很好", "The link is good"},
    {250000, 24000, 20, true, "网络良好", "The link is fair: pictures are smaller"},
    {100000, 20000, 20, true, "网络较窄，画面已缩减", "The link is narrow: pictures are reduced"},
    {48000, 12000, 60, true, "网络很窄，画面质量低", "The link is very narrow: pictures are poor"},
    {24000, 10000, 60, false, "网络过窄，暂停画面，保留语音",
     "Pictures rest so that speech stays clear"},
    {0, 6000, 60, false, "网络极窄，仅保留语音", "Only speech gets through"},
};
#define ROWS (sizeof(TABLE) / sizeof(TABLE[0]))

static uint32_t row_of(uint32_t bps)
{
    uint32_t i = 0;
    while (i + 1 < ROWS && bps < TABLE[i].from_bps)
        i++;
    return i;
}

static uint32_t choose(uint32_t bps, const struct adapt_plan *before)
{
    uint32_t now = row_of(bps);
    if (!before || now >= before->step)
        return now;
    uint32_t sure = row_of((uint32_t)((uint64_t)bps * 100 / (100 + UP_MARGIN_PERCENT)));
    return sure < before->step ? sure : before->step;
}

static uint32_t at_most(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

struct adapt_plan adapt_plan_of(const struct adapt_input *in, const struct adapt_plan *before)
{
    struct adapt_plan plan = {.step = choose(in->estimate_bps, before)};
    const struct row *row = &TABLE[plan.step];
    plan.audio_bps = at_most(row->audio_bps, in->audio_max_bps);
    plan.frame_ms = in->frame_ms ? in->frame_ms : row->frame_ms;
    if (!row->video || in->video_tracks == 0)
        return plan;
    uint32_t header_bps = AUDIO_OVERHEAD_BYTES * 8 * (1000 / plan.frame_ms);
    uint64_t speech = (uint64_t)in->audio_tracks * (plan.audio_bps + header_bps);
    uint64_t whole = (uint64_t)in->estimate_bps * (100 - RESERVE_PERCENT) / 100;
    uint64_t left = whole > speech ? whole - speech : 0;
    uint64_t video = left * 100 / (100 + VIDEO_OVERHEAD_PERCENT);
    if (video < VIDEO_FLOOR_BPS * (uint64_t)in->video_tracks)
        return plan;
    plan.video_bps = (uint32_t)(video < in->video_max_bps ? video : in->video_max_bps);
    return plan;
}

const char *adapt_step_text(uint32_t step, const char *language)
{
    const struct row *row = &TABLE[step < ROWS ? step : ROWS - 1];
    return language && strcmp(language, "en") == 0 ? row->en : row->zh;
}
