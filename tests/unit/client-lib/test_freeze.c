/* SPDX-License-Identifier: Apache-2.0 */
#include "client-lib/video/freeze.h"
#include <criterion/criterion.h>

#define MS TIME_US_PER_MS

Test(freeze, a_steady_stream_never_freezes)
{
    struct freeze_meter m = {0};
    for (int i = 0; i < 100; i++)
        freeze_meter_shown(&m, i * 66 * MS + (i % 3) * 10 * MS);
    cr_expect_eq(m.freezes, 0);
}

Test(freeze, a_gap_above_three_means_and_mean_plus_150_ms_counts)
{
    struct freeze_meter m = {0};
    time_us t = 0;
    for (int i = 0; i < 40; i++, t += 100 * MS)
        freeze_meter_shown(&m, t);
    t += 199 * MS; /* gap of 299: below three means */
    freeze_meter_shown(&m, t);
    cr_expect_eq(m.freezes, 0);
    t += 400 * MS;
    freeze_meter_shown(&m, t);
    cr_expect_eq(m.freezes, 1);
    cr_expect_eq(m.frozen_us, 400 * MS);
}

Test(freeze, a_pause_on_purpose_is_none)
{
    struct freeze_meter m = {0};
    for (int i = 0; i < 40; i++)
        freeze_meter_shown(&m, i * 50 * MS);
    freeze_meter_pause(&m);
    freeze_meter_shown(&m, 60000 * MS);
    cr_expect_eq(m.freezes, 0);
}
