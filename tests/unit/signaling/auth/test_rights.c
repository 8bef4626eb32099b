/* SPDX-License-Identifier: Apache-2.0 */
/* The table of rights, cell by cell, against tests/data/rights/rights.csv: what is not named there
 * is not allowed. */
#include "signaling/auth/rights.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define EXPECTATION "tests/data/rights/rights.csv"
#define LINE_BYTES  1024

static bool expected[ROLES_COUNT][RELATION_COUNT][ACT_COUNT];
static bool said[ROLES_COUNT][RELATION_COUNT];

static enum relation relation_of(const char *word)
{
    for (int i = 0; i < RELATION_COUNT; i++)
        if (strcmp(relation_name((enum relation)i), word) == 0)
            return (enum relation)i;
    cr_assert_fail("no relation %s", word);
    return RELATION_NONE;
}

static enum act act_of(const char *word)
{
    for (int i = 0; i < ACT_COUNT; i++)
        if (strcmp(act_name((enum act)i), word) == 0)
            return (enum act)i;
    cr_assert_fail("no act %s", word);
    return ACT_SEE;
}

static void take_acts(int role, enum relation relation, const char *words)
{
    char copy[LINE_BYTES], *rest = NULL;
    snprintf(copy, sizeof(copy), "%s", words);
    cr_assert_not(said[role][relation], "%s in %s is said twice",
                  role_name((enum role)(1u << role)), relation_name(relation));
    said[role][relation] = true;
    for (char *word = strtok_r(copy, " \n", &rest); word; word = strtok_r(NULL, " \n", &rest))
        expected[role][relation][act_of(word)] = true;
}

static void take_line(char *line)
{
    char *fields = NULL, *words = NULL;
    const char *name = strtok_r(line, ",", &fields);
    char *relations = strtok_r(NULL, ",", &fields), *acts = strtok_r(NULL, ",", &fields);
    int role = __builtin_ctz(role_parse(name) | 1u << ROLES_COUNT);
    cr_assert(role < ROLES_COUNT && relations && acts, "%s", name);
    for (char *word = strtok_r(relations, " ", &words); word; word = strtok_r(NULL, " ", &words))
        take_acts(role, relation_of(word), acts);
}

static void read_expectation(void)
{
    char line[LINE_BYTES];
    FILE *file = fopen(EXPECTATION, "re");
    cr_assert(file, EXPECTATION);
    while (fgets(line, sizeof(line), file))
        if (line[0] != '#' && line[0] != '\n')
            take_line(line);
    fclose(file);
}

TestSuite(rights, .init = read_expectation);

Test(rights, every_cell_is_as_expected)
{
    int cells = 0, allowed = 0;
    for (int role = 0; role < ROLES_COUNT; role++)
        for (int relation = 0; relation < RELATION_COUNT; relation++)
            for (int act = 0; act < ACT_COUNT; act++) {
                bool may = rights_allow(1u << role, (enum relation)relation, (enum act)act);
                cr_expect_eq(may, expected[role][relation][act], "%s as %s: %s is %s",
                             role_name((enum role)(1u << role)),
                             relation_name((enum relation)relation), act_name((enum act)act),
                             may ? "allowed" : "refused");
                cells++;
                allowed += may;
            }
    printf("rights: %d cells (%d roles x %d relations x %d acts), %d of them allow\n", cells,
           ROLES_COUNT, RELATION_COUNT, ACT_COUNT, allowed);
}

/* Several roles and relations give the union, nothing more. */
Test(rights, roles_and_relations_add_up)
{
    for (uint32_t roles = 0; roles < 1u << ROLES_COUNT; roles++)
        for (int relation = 0; relation < RELATION_COUNT; relation++)
            for (int act = 0; act < ACT_COUNT; act++) {
                bool any = false;
                for (int role = 0; role < ROLES_COUNT; role++)
                    any |= roles & 1u << role && expected[role][relation][act];
                if (rights_allow(roles, (enum relation)relation, (enum act)act) != any)
                    cr_assert_fail("roles %x as %s: %s", roles,
                                   relation_name((enum relation)relation), act_name((enum act)act));
            }
    uint32_t both = RIGHTS_BIT(RELATION_RUNG_BEFORE) | RIGHTS_BIT(RELATION_CHAIR);
    cr_expect(rights_allow_any(ROLE_SPECIALIST, both, ACT_CONCLUDE));
    cr_expect_not(rights_allow_any(ROLE_SPECIALIST, both, ACT_RELEASE));
    cr_expect(rights_allow_any(ROLE_VILLAGE_DOCTOR, 0, ACT_SUBMIT), "no relation is RELATION_NONE");
    cr_expect_not(rights_allow(ROLE_OPERATOR, RELATION_COUNT, ACT_SEE_DIRECTORY));
}

Test(rights, each_act_is_somebodys)
{
    for (int act = 0; act < ACT_COUNT; act++) {
        bool somebody = false;
        for (int relation = 0; relation < RELATION_COUNT; relation++)
            somebody |= rights_allow(UINT32_MAX, (enum relation)relation, (enum act)act);
        cr_expect(somebody, "%s", act_name((enum act)act));
    }
}

Test(rights, administrators_are_three_people)
{
    static const uint32_t apart[] = {ROLE_OPERATOR, ROLE_QUALITY, ROLE_ADMIN};
    for (size_t i = 0; i < 3; i++) {
        cr_expect(rights_roles_fit(apart[i]));
        cr_expect(rights_roles_fit(apart[i] | ROLE_SPECIALIST));
        for (size_t k = 0; k < 3; k++)
            cr_expect_eq(rights_roles_fit(apart[i] | apart[k]), i == k);
    }
    cr_expect(rights_roles_fit(ROLE_VILLAGE_DOCTOR | ROLE_SPECIALIST | ROLE_COORDINATOR));
    cr_expect_not(rights_roles_fit(ROLE_TRAINEE | ROLE_SPECIALIST));
    cr_expect_not(rights_roles_fit(ROLE_SERVICE | ROLE_COORDINATOR));
    cr_expect_not(rights_roles_fit(0));
    cr_expect_not(rights_roles_fit(1u << ROLES_COUNT));
}

Test(rights, names_go_there_and_back)
{
    for (uint32_t i = 0; i < ROLES_COUNT; i++)
        cr_expect_eq(role_parse(role_name((enum role)(1u << i))), 1u << i);
    cr_expect_null(role_name((enum role)(1u << 20)));
    cr_expect_eq(role_parse("root"), 0);
    cr_expect_null(relation_name(RELATION_COUNT));
    cr_expect_null(act_name(ACT_COUNT));
}
