/* SPDX-License-Identifier: Apache-2.0 */
/* relay/forward/keyframe: requests merged in virtual time. */
#include "relay/forward/keyframe.h"
#include <criterion/criterion.h>

Test(keyframe, first_request_goes_out_at_once)
{
    struct keyframe_requests k;
    keyframe_init(&k);
    cr_expect_eq(keyframe_deadline(&k), TIME_US_NEVER);
    cr_expect_not(keyframe_take(&k, 0));
    keyframe_request(&k);
    cr_expect_leq(keyframe_deadline(&k), 0);
    cr_expect(keyframe_take(&k, 0));
    cr_expect_not(keyframe_take(&k, 0));
}

Test(keyframe, many_within_the_holdoff_become_one_at_its_end)
{
    struct keyframe_requests k;
    int sent = 0;
    keyframe_init(&k);
    for (time_us t = 0; t < 2 * TIME_US_PER_S; t += TIME_US_PER_MS) {
        keyframe_request(&k);
        sent += keyframe_take(&k, t);
    }
    cr_expect_eq(sent, 4, "sent %d", sent);
}

Test(keyframe, none_is_lost)
{
    struct keyframe_requests k;
    keyframe_init(&k);
    keyframe_request(&k);
    cr_assert(keyframe_take(&k, 1000));
    keyframe_request(&k);
    cr_expect_not(keyframe_take(&k, 2000));
    cr_expect_eq(keyframe_deadline(&k), 1000 + KEYFRAME_HOLDOFF_US);
    cr_expect(keyframe_take(&k, 1000 + KEYFRAME_HOLDOFF_US));
}

Test(keyframe, a_key_frame_answers_what_was_asked_before)
{
    struct keyframe_requests k;
    keyframe_init(&k);
    keyframe_request(&k);
    cr_assert(keyframe_take(&k, 0));
    keyframe_request(&k);
    keyframe_arrived(&k);
    cr_expect_eq(keyframe_deadline(&k), TIME_US_NEVER);
}

Test(keyframe, who_waits_asks_again_slowly)
{
    struct keyframe_requests k;
    int sent = 0;
    keyframe_init(&k);
    for (time_us t = 0; t < 10 * TIME_US_PER_S; t += 33 * TIME_US_PER_MS) {
        keyframe_waiting(&k, t);
        sent += keyframe_take(&k, t);
    }
    cr_expect_eq(sent, 5, "sent %d", sent);
}
