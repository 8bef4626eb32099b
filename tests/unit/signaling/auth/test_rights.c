/* SPDX-License-Identifier: Apache-2.0 */
/* The table of rights: what is not named is not allowed. */
#include "signaling/auth/rights.h"
#include <criterion/criterion.h>
#include <string.h>

static int allowed_acts(uint32_t roles, enum relation relation)
{
    int count = 0;
    for (int act = 0; act < ACT_COUNT; act++)
        count += rights_allow(roles, relation, (enum act)act);
    return count;
}

Test(rights, nobody_without_a_role_may_anything)
{
    for (int relation = 0; relation < RELATION_COUNT; relation++)
        cr_expect_eq(allowed_acts(0, (enum relation)relation), 0);
}

Test(rights, role_names_go_there_and_back)
{
    for (uint32_t i = 0; i < ROLES_COUNT; i++)
        cr_expect_eq(role_parse(role_name((enum role)(1u << i))), 1u << i);
    cr_expect_null(role_name((enum role)(1u << 20)));
    cr_expect_eq(role_parse("root"), 0);
}
