/* SPDX-License-Identifier: Apache-2.0 */
/* Allocation failure in base, and the shim itself. */
#include "base/config.h"
#include "base/packet.h"
#include "shanqiao/error.h"
#include "tests/support/oom.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

Test(oom, fails_the_one_that_was_named)
{
    oom_fail_at(2);
    char *volatile a = malloc(1);
    char *volatile b = malloc(1);
    char *volatile c = strdup("x");
    cr_assert_not_null(a);
    cr_assert_null(b);
    cr_assert_eq(errno, ENOMEM);
    cr_assert_not_null(c);
    cr_assert_eq(oom_count(), 3);
    cr_assert(oom_happened());
    oom_fail_at(0);
    free(a);
    free(c);
}

Test(oom, the_loop_visits_each_allocation_and_one_round_without_failure)
{
    size_t rounds = 0;
    size_t failures = 0;
    OOM_FOR_EACH(n)
    {
        rounds++;
        for (int i = 0; i < 3; i++) {
            void *volatile p = calloc(1, 1);
            failures += p == NULL;
            free(p);
        }
    }
    cr_assert_eq(rounds, 4);
    cr_assert_eq(failures, 3);
}

Test(oom, packet_pool)
{
    size_t made = 0;
    OOM_FOR_EACH(n)
    {
        struct packet_pool *pool;
        int r = packet_pool_new(&pool, 4);
        cr_assert_eq(r, oom_happened() ? SQ_ERR_NOMEM : 0);
        cr_assert_eq(pool == NULL, r != 0);
        packet_pool_free(pool);
        made += r == 0;
    }
    cr_assert_eq(made, 1);
}

Test(oom, config)
{
    struct {
        char text[CONFIG_TEXT_MAX];
    } out;
    const struct config_key keys[] = {
        {.name = "a.b", .type = CONFIG_TEXT, .fallback = "x", .says = "a"}};
    OOM_FOR_EACH(n)
    {
        char error[CONFIG_ERROR_MAX];
        int r = config_load(&out, keys, 1, "tests/unit/base/oom.yaml", error);
        cr_assert_eq(r, oom_happened() ? SQ_ERR_NOMEM : 0, "%s", error);
        cr_assert_eq(error[0] != '\0', r != 0);
    }
    cr_assert_str_eq(out.text, "y");
}
