/* SPDX-License-Identifier: Apache-2.0 */
/* The generator of the simulations, against its reference outputs. */
#include "tests/support/prng.h"
#include <criterion/criterion.h>

/* First outputs of splitmix64.c with state 1234567, from the authors' reference program. */
Test(prng, splitmix_matches_the_reference)
{
    static const uint64_t want[] = {UINT64_C(6457827717110365317), UINT64_C(3203168211198807973),
                                    UINT64_C(9817491932198370423), UINT64_C(4593380528125082431),
                                    UINT64_C(16408922859458223821)};
    uint64_t x = 1234567;
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++)
        cr_assert_eq(prng_splitmix64(&x), want[i]);
}

/* First outputs of xoshiro256starstar.c with state {1, 2, 3, 4}. */
Test(prng, xoshiro_matches_the_reference)
{
    static const uint64_t want[] = {UINT64_C(11520), UINT64_C(0), UINT64_C(1509978240),
                                    UINT64_C(1215971899390074240)};
    struct prng p = {{1, 2, 3, 4}};
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++)
        cr_assert_eq(prng_u64(&p), want[i]);
}

Test(prng, a_seed_is_a_run)
{
    struct prng a = prng_of(7);
    struct prng b = prng_of(7);
    struct prng c = prng_of(8);
    bool differs = false;
    for (int i = 0; i < 100; i++) {
        uint64_t v = prng_u64(&a);
        cr_assert_eq(v, prng_u64(&b));
        differs |= v != prng_u64(&c);
    }
    cr_assert(differs);
}

Test(prng, bounds_are_kept_and_reached)
{
    struct prng p = prng_of(1);
    unsigned seen = 0;
    for (int i = 0; i < 1000; i++) {
        int64_t v = prng_between(&p, -2, 2);
        cr_assert(v >= -2 && v <= 2);
        seen |= 1u << (v + 2);
        cr_assert_lt(prng_below(&p, 3), 3);
        double unit = prng_unit(&p);
        cr_assert(unit >= 0 && unit < 1);
    }
    cr_assert_eq(seen, 31);
    cr_assert(!prng_chance(&p, 0));
    cr_assert(prng_chance(&p, 1));
    (void)prng_between(&p, INT64_MIN, INT64_MAX);
}
