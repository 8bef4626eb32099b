/* SPDX-License-Identifier: Apache-2.0 */
/* How soon a terminal knows that its path does not answer, long before consent runs out. */
#include "tests/sim/transport/world.h"
#include <criterion/criterion.h>

#define TALK_US  (2 * TIME_US_PER_S)
#define FRAME_US (20 * TIME_US_PER_MS)

/* Speech both ways, 50 packets a second, until the time. */
static void talk(struct world *w, time_us until_us, uint16_t *seq16)
{
    for (; w->now_us < until_us; (*seq16)++) {
        world_send_rtp(w, false, 1, *seq16, 80);
        world_send_rtp(w, true, 2, *seq16, 80);
        world_run(w, w->now_us + FRAME_US, NULL);
    }
}

Test(lost, an_outage_is_known_within_three_seconds_and_over_at_the_first_answer)
{
    struct world w;
    uint16_t seq16 = 0;
    world_init(&w, &(struct world_config){.seed = 7});
    cr_assert(world_run(&w, w.now_us + TIME_US_PER_S, world_both_connected));
    talk(&w, w.now_us + TALK_US, &seq16);
    cr_assert_eq(transport_lost_since(w.terminal.transport), TIME_US_NEVER);

    const time_us outage_us = w.now_us;
    w.down = true;
    talk(&w, w.now_us + 3 * TIME_US_PER_S, &seq16);
    const time_us since_us = transport_lost_since(w.terminal.transport);
    cr_assert_neq(since_us, TIME_US_NEVER);
    cr_assert_geq(since_us, outage_us);
    cr_assert_eq(transport_state(w.terminal.transport), TRANSPORT_CONNECTED, "sending goes on");
    cr_assert_eq(transport_lost_since(w.relay.transport), TIME_US_NEVER,
                 "the lite side never asks");

    w.down = false;
    talk(&w, w.now_us + TIME_US_PER_S, &seq16);
    cr_assert_eq(transport_lost_since(w.terminal.transport), TIME_US_NEVER);
    world_fini(&w);
}
