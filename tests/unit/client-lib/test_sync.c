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
