/* SPDX-License-Identifier: Apache-2.0 */
#include "client-lib/session/probe.h"
#include "client-lib/session/rate.h"
#include "client-lib/session/sync.h"
#include <criterion/criterion.h>

#define MS TIME_US_PER_MS

Test(sync, a_timestamp_becomes_the_senders_time_across_the_wrap)
{
    struct sync_clock c = {.clock_hz = 90000};
    time_us utc = INT64_C(1790000000000000);
    cr_expect_eq(sync_clock_utc_us(&c, 5), 0);
    sync_clock_on_sr(&c, rtcp_ntp_of_utc_us(utc), UINT32_MAX - 44999);
    time_us later = sync_clock_utc_us(&c, 45000);
    cr_expect_leq(later - (utc + TIME_US_PER_S), 1);
    cr_expect_geq(later - (utc + TIME_US_PER_S), -1);
    time_us before = sync_clock_utc_us(&c, UINT32_MAX - 44999 - 9000);
    cr_expect_leq(before - (utc - 100 * MS), 1);
    cr_expect_geq(before - (utc - 100 * MS), -1);
}

Test(sync, a_picture_waits_for_the_speech_of_its_moment)
{
    struct sync_speech speech = {.playing = true, .utc_us = 1000 * MS, .at_us = 5000 * MS};
    /* captured 40 ms after the sample that sounds now */
    cr_expect_eq(sync_display_us(&speech, 1040 * MS, 0, 5000 * MS), 5040 * MS);
    /* late: at once, and never in front of the picture before it */
    cr_expect_eq(sync_display_us(&speech, 900 * MS, 0, 5000 * MS), 5000 * MS);
    cr_expect_eq(sync_display_us(&speech, 1040 * MS, 5060 * MS, 5000 * MS), 5060 * MS);
    /* a clock that lies makes nobody wait long */
    cr_expect_eq(sync_display_us(&speech, 90000 * MS, 0, 5000 * MS), 5000 * MS + SYNC_WAIT_MAX_US);
    speech.playing = false;
    cr_expect_eq(sync_display_us(&speech, 1040 * MS, 0, 5000 * MS), 5000 * MS);
}

/* Sender's clocks of one participant: speech at 48 kHz, pictures at 90 kHz, begun at timestamps of
 * their own. */
#define UTC        INT64_C(1790000000000000)
#define SPEECH_TS  UINT32_C(4294900000) /* wraps within 2 s */
#define PICTURE_TS UINT32_C(123456)

static void clocks(struct sync_clock *speech, struct sync_clock *pictures)
{
    *speech = (struct sync_clock){.clock_hz = 48000};
    *pictures = (struct sync_clock){.clock_hz = 90000};
    sync_clock_on_sr(speech, rtcp_ntp_of_utc_us(UTC), SPEECH_TS);
    sync_clock_on_sr(pictures, rtcp_ntp_of_utc_us(UTC + 250 * MS), PICTURE_TS + 22500);
}

/* The speech of `captured` (after UTC) sounds at `at_us`. */
static struct sync_speech sounding(const struct sync_clock *c, time_us captured, time_us at_us)
{
    const uint32_t timestamp = SPEECH_TS + (uint32_t)(captured * 48 / 1000);
    return (struct sync_speech){
        .playing = true, .utc_us = sync_clock_utc_us(c, timestamp), .at_us = at_us};
}

static time_us picture_utc_us(const struct sync_clock *c, time_us captured)
{
    return sync_clock_utc_us(c, PICTURE_TS + (uint32_t)(captured * 9 / 100));
}

static void expect_about(time_us got_us, time_us want_us)
{
    cr_expect_leq(got_us, want_us + 50, "%lld, not %lld", (long long)got_us, (long long)want_us);
    cr_expect_geq(got_us, want_us - 50, "%lld, not %lld", (long long)got_us, (long long)want_us);
}

Test(sync, speech_that_is_late_holds_pictures_back)
{
    struct sync_clock speech, pictures;
    clocks(&speech, &pictures);
    /* speech takes 400 ms, the picture of 3000 ms is decoded after 120 ms */
    const struct sync_speech s = sounding(&speech, 2720 * MS, 3120 * MS);
    expect_about(sync_display_us(&s, picture_utc_us(&pictures, 3000 * MS), 0, 3120 * MS),
                 3400 * MS);
}

Test(sync, pictures_that_are_late_are_shown_at_once)
{
    struct sync_clock speech, pictures;
    clocks(&speech, &pictures);
    /* speech takes 100 ms, pictures 350 ms: speech waits for nobody */
    const struct sync_speech s = sounding(&speech, 3250 * MS, 3350 * MS);
    cr_expect_eq(sync_display_us(&s, picture_utc_us(&pictures, 3000 * MS), 0, 3350 * MS),
                 3350 * MS);
}

Test(sync, without_a_sender_report_pictures_are_shown_at_once)
{
    struct sync_clock speech, pictures;
    clocks(&speech, &pictures);
    const struct sync_clock none = {.clock_hz = 90000};
    const struct sync_speech s = sounding(&speech, 2720 * MS, 3120 * MS);
    cr_expect_eq(sync_display_us(&s, picture_utc_us(&none, 3000 * MS), 0, 3120 * MS), 3120 * MS);
    const struct sync_speech silent = {0};
    cr_expect_eq(sync_display_us(&silent, picture_utc_us(&pictures, 3000 * MS), 0, 3120 * MS),
                 3120 * MS);
}

/* The microphone's clock runs 0.02 % fast; each report corrects it, so the error is what has
 * drifted since the last one, and does not grow. */
Test(sync, drift_is_corrected_by_each_report)
{
    struct sync_clock speech, pictures;
    clocks(&speech, &pictures);
    time_us worst = 0;
    for (time_us t = 0; t < 600 * TIME_US_PER_S; t += 500 * MS) {
        const uint32_t ticks = (uint32_t)((double)t * 0.048 * 1.0002);
        if (t % (5 * TIME_US_PER_S) == 0)
            sync_clock_on_sr(&speech, rtcp_ntp_of_utc_us(UTC + t), SPEECH_TS + ticks);
        const struct sync_speech s = {.playing = true,
                                      .utc_us = sync_clock_utc_us(&speech, SPEECH_TS + ticks),
                                      .at_us = t + 300 * MS};
        const time_us now = t + 100 * MS;
        const time_us error =
            sync_display_us(&s, picture_utc_us(&pictures, t), 0, now) - (t + 300 * MS);
        worst = error > worst ? error : -error > worst ? -error : worst;
    }
    cr_expect_leq(worst, 1100, "%lld us", (long long)worst);
    cr_expect_geq(worst, 800, "the clock did drift: %lld us", (long long)worst);
}

Test(sync, padding_fills_the_estimate_and_no_more)
{
    struct probe p = {0};
    size_t padding = 0;
    for (time_us t = 0; t < 10 * TIME_US_PER_S; t += 10 * MS) {
        if (t % (20 * MS) == 0)
            probe_sent(&p, 100); /* media of 40 kb/s */
        if (probe_due(&p, 100000, t)) {
            probe_sent(&p, PROBE_PACKET_BYTES);
            padding += PROBE_PACKET_BYTES;
        }
    }
    cr_expect_leq(padding * 8 / 10 + 40000, 97000);
    cr_expect_geq(padding * 8 / 10 + 40000, 90000);
}

Test(sync, rates_are_of_the_last_two_seconds)
{
    struct rate_meter m = {0};
    for (time_us t = 0; t < 4 * TIME_US_PER_S; t += 20 * MS)
        rate_meter_add(&m, 100, t);
    uint32_t bps = rate_meter_bps(&m, 4 * TIME_US_PER_S - MS);
    cr_expect_geq(bps, 38000);
    cr_expect_leq(bps, 41000);
    cr_expect_eq(rate_meter_bps(&m, 60 * TIME_US_PER_S), 0);
}
