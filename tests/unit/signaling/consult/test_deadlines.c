/* SPDX-License-Identifier: Apache-2.0 */
/* Deadlines as rows: of transactions that are undone, and of other nodes. */
#include "region.h"
#include "signaling/store/store.h"
#include <criterion/criterion.h>

static struct people p;
static time_us ring_us;

static void up(void)
{
    region_init(&p);
    ring_us = p.service.limits.ring_timeout_us;
}

static void down(void)
{
    people_fini(&p);
}

TestSuite(consult_deadlines, .init = up, .fini = down);

static void wait_ring(time_us us)
{
    p.utc_us += us;
    region_due(&p);
}

/* A transaction that is undone may neither lose a deadline nor make one. */
Test(consult_deadlines, deadlines_follow_what_was_committed)
{
    struct effects effects = {0};
    char id[ID_MAX];
    bool more;
    region_on_duty(&p, EXPERT_1, PANEL);
    region_submit(&p, region_request("live"), id);
    p.utc_us += ring_us;
    cr_assert_eq(store_begin(p.service.store), 0);
    cr_assert_eq(service_deadlines_due(&p.service, p.utc_us, &effects, &more), 0);
    effects_clear(&effects);
    store_rollback(p.service.store); /* the disk was full, say */
    cr_expect_str_eq(region_state(&p, id), "routed");
    wait_ring(TIME_US_PER_S);
    cr_expect_str_eq(region_state(&p, id), "expired");

    cr_assert_eq(store_begin(p.service.store), 0);
    cr_assert_eq(service_deadline_set(&p.service, id, "state", p.utc_us + 5), 0);
    store_rollback(p.service.store);
    wait_ring(TIME_US_PER_S);
    cr_expect_eq(p.call.effects.count, 0);
}

/* Rows of another node come in by the notice of it. */
Test(consult_deadlines, deadlines_of_another_node_are_noticed)
{
    time_us at = 0;
    char id[ID_MAX];
    cr_assert_eq(service_next_deadline(&p.service, &at), 0);
    region_on_duty(&p, EXPERT_1, PANEL);
    region_submit(&p, region_request("live"), id);
    cr_assert_eq(STORE_RUN(p.service.store, "UPDATE deadline SET at_us = $1 WHERE object = $2",
                           sv_int(p.utc_us + 7), sv_text(id)),
                 1);
    cr_assert_eq(service_deadline_changed(&p.service, id), 0);
    cr_assert_eq(service_next_deadline(&p.service, &at), 0);
    cr_expect_leq(at, p.utc_us + 7);
    wait_ring(7);
    cr_expect_str_eq(region_state(&p, id), "expired");
}
