/* SPDX-License-Identifier: Apache-2.0 */
/* relay/room/deadlines against a linear search. */
#include "relay/room/deadlines.h"
#include "tests/support/prng.h"
#include <criterion/criterion.h>

Test(deadlines, first_is_always_the_earliest)
{
    enum { NODES = 100 };
    struct deadline nodes[NODES];
    struct deadlines d;
    struct prng r = prng_of(3);
    cr_assert_eq(deadlines_init(&d, NODES), 0);
    for (int i = 0; i < NODES; i++)
        nodes[i] = (struct deadline){TIME_US_NEVER, DEADLINE_ABSENT};
    for (int step = 0; step < 20000; step++) {
        struct deadline *n = &nodes[prng_below(&r, NODES)];
        time_us at = prng_chance(&r, 0.2) ? TIME_US_NEVER : prng_between(&r, 0, 1000);
        if (prng_chance(&r, 0.5))
            deadlines_set(&d, n, at);
        else
            deadlines_sooner(&d, n, at);
        time_us least = TIME_US_NEVER;
        size_t in = 0;
        for (int i = 0; i < NODES; i++) {
            in += nodes[i].index != DEADLINE_ABSENT;
            if (nodes[i].index != DEADLINE_ABSENT)
                least = time_us_min(least, nodes[i].at_us);
        }
        cr_assert_eq(d.count, in);
        cr_assert_eq(deadlines_first(&d) ? deadlines_first(&d)->at_us : TIME_US_NEVER, least);
    }
    deadlines_fini(&d);
}

Test(deadlines, sooner_never_delays)
{
    struct deadlines d;
    struct deadline n = {TIME_US_NEVER, DEADLINE_ABSENT};
    cr_assert_eq(deadlines_init(&d, 1), 0);
    deadlines_sooner(&d, &n, 50);
    deadlines_sooner(&d, &n, 70);
    cr_expect_eq(n.at_us, 50);
    deadlines_sooner(&d, &n, 20);
    cr_expect_eq(n.at_us, 20);
    deadlines_sooner(&d, &n, TIME_US_NEVER);
    cr_expect_eq(n.at_us, 20);
    deadlines_fini(&d);
}
