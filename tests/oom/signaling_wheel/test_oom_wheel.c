/* SPDX-License-Identifier: Apache-2.0 */
/* Allocation n fails, for every n: a deadline that can't be put changes nothing, those that stand
 * still come, and time passes without memory. */
#include "shanqiao/error.h"
#include "signaling/consult/wheel.h"
#include "support/oom.h"
#include <criterion/criterion.h>
#include <stdio.h>

#define TIMERS 200

static size_t put_all(struct wheel *w)
{
    char key[WHEEL_KEY_MAX];
    size_t put = 0;
    for (int i = 0; i < TIMERS; i++) {
        snprintf(key, sizeof(key), "con_%d", i);
        int status = wheel_set(w, key, 1000 + i);
        cr_assert(status == 0 || status == SQ_ERR_NOMEM);
        put += status == 0;
        cr_assert_eq(wheel_count(w), put);
        if (status < 0)
            cr_assert_eq(wheel_set(w, key, 1000 + i), 0); /* it fails once */
        put += status < 0;
    }
    return put;
}

Test(oom_signaling_wheel, every_allocation)
{
    OOM_FOR_EACH(n)
    {
        struct wheel *w = wheel_new(0);
        if (!w)
            continue;
        size_t put = put_all(w), taken = 0;
        size_t before = oom_count();
        while (wheel_next(w) != TIME_US_NEVER)
            taken += wheel_take(w, wheel_next(w), NULL, NULL);
        cr_expect_eq(taken, put);
        cr_expect_eq(oom_count(), before);
        wheel_free(w);
    }
}
