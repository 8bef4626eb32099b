/* SPDX-License-Identifier: Apache-2.0 */
/* Serial arithmetic and unwrapping. */
#include "rtc/rtp/sequence.h"
#include "tests/support/prng.h"
#include <criterion/criterion.h>

Test(sequence, compares_across_the_wrap)
{
    cr_assert(seq16_newer(1, 0));
    cr_assert(seq16_newer(0, 65535));
    cr_assert_not(seq16_newer(65535, 0));
    cr_assert_not(seq16_newer(7, 7));
    cr_assert_not(seq16_newer(32768, 0), "half the circle is older");
    cr_assert(seq16_newer(32767, 0));
    cr_assert(ts32_newer(5, 0xfffffff0u));
    cr_assert_not(ts32_newer(0xfffffff0u, 5));
}

Test(sequence, unwraps_forward_and_back)
{
    struct seq16_unwrap u = {0};
    cr_assert_eq(seq16_unwrap(&u, 65534), 65534);
    cr_assert_eq(seq16_unwrap(&u, 1), 65537);
    cr_assert_eq(seq16_unwrap(&u, 65535), 65535);
    cr_assert_eq(u.newest, 65537);
    cr_assert_eq(seq16_unwrap_peek(&u, 2), 65538);
    cr_assert_eq(u.newest, 65537);
}

Test(sequence, may_go_below_the_first)
{
    struct seq16_unwrap u = {0};
    cr_assert_eq(seq16_unwrap(&u, 0), 0);
    cr_assert_eq(seq16_unwrap(&u, 65535), -1);
    cr_assert_eq(seq16_unwrap(&u, 1), 1);
}

Test(sequence, follows_a_long_random_walk)
{
    struct prng r = prng_of(1982);
    struct seq16_unwrap u = {0};
    struct ts32_unwrap t = {0};
    int64_t seq = 60000, ts = 4294000000;
    seq16_unwrap(&u, (uint16_t)seq);
    ts32_unwrap(&t, (uint32_t)ts);
    for (int i = 0; i < 100000; i++) {
        seq += prng_between(&r, -200, 400);
        ts += prng_between(&r, -90000, 900000);
        cr_assert_eq(seq16_unwrap(&u, (uint16_t)(uint64_t)seq), seq);
        cr_assert_eq(ts32_unwrap(&t, (uint32_t)(uint64_t)ts), ts);
    }
    cr_assert_gt(seq, 1000000);
}
