/* SPDX-License-Identifier: Apache-2.0 */
/* relay/forward/offset_map: contiguous renumbering. */
#include "relay/forward/offset_map.h"
#include <criterion/criterion.h>

static int64_t sent(struct offset_map *m, int64_t in)
{
    int64_t out = -1;
    cr_assert(offset_map_send(m, in, &out), "%lld refused", (long long)in);
    return out;
}

Test(offset_map, refuses_before_the_first_restart)
{
    struct offset_map m;
    int64_t out;
    offset_map_init(&m, 10);
    cr_expect_not(offset_map_send(&m, 5, &out));
    cr_expect_not(offset_map_reverse(&m, 10, &out));
}

Test(offset_map, goes_on_contiguously_after_restart)
{
    struct offset_map m;
    offset_map_init(&m, 10);
    offset_map_restart(&m, 500);
    cr_expect_eq(sent(&m, 500), 10);
    cr_expect_eq(sent(&m, 501), 11);
    offset_map_restart(&m, 90000);
    cr_expect_eq(sent(&m, 90000), 12);
    int64_t out;
    cr_expect_not(offset_map_send(&m, 89999, &out), "older than the restart");
}

Test(offset_map, a_lost_value_stays_a_gap_and_a_late_one_fills_it)
{
    struct offset_map m;
    offset_map_init(&m, 0);
    offset_map_restart(&m, 100);
    cr_expect_eq(sent(&m, 100), 0);
    cr_expect_eq(sent(&m, 102), 2);
    cr_expect_eq(sent(&m, 101), 1);
}

Test(offset_map, cut_values_close_up)
{
    struct offset_map m;
    offset_map_init(&m, 0);
    offset_map_restart(&m, 100);
    cr_expect_eq(sent(&m, 100), 0);
    offset_map_cut(&m, 101);
    offset_map_cut(&m, 101); /* again: no effect */
    cr_expect_eq(sent(&m, 102), 1);
    offset_map_cut(&m, 104); /* 103 is lost or late */
    cr_expect_eq(sent(&m, 105), 3);
    cr_expect_eq(sent(&m, 103), 2, "late, before the cut");
    offset_map_cut(&m, 103); /* late: its place stays */
    cr_expect_eq(sent(&m, 106), 4);
}

Test(offset_map, reverse_finds_what_was_sent)
{
    struct offset_map m;
    int64_t in;
    offset_map_init(&m, 7);
    offset_map_restart(&m, 100);
    sent(&m, 100);
    offset_map_cut(&m, 101);
    sent(&m, 102);
    cr_assert(offset_map_reverse(&m, 7, &in));
    cr_expect_eq(in, 100);
    cr_assert(offset_map_reverse(&m, 8, &in));
    cr_expect_eq(in, 102);
    cr_expect_not(offset_map_reverse(&m, 9, &in), "not sent yet");
    cr_expect_not(offset_map_reverse(&m, 6, &in), "before the beginning");
}

Test(offset_map, forgets_what_is_older_than_its_history)
{
    struct offset_map m;
    int64_t out;
    offset_map_init(&m, 0);
    offset_map_restart(&m, 0);
    for (int64_t i = 0; i < OFFSET_MAP_SPANS * 2; i++) {
        cr_assert(offset_map_send(&m, i * 2, &out));
        cr_assert_eq(out, i);
        offset_map_cut(&m, i * 2 + 1);
    }
    cr_expect_not(offset_map_send(&m, 0, &out));
}
