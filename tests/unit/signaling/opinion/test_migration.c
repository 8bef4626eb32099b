/* SPDX-License-Identifier: Apache-2.0 */
/* The step from one opinion for a consultation to versions, there and back: what was signed stays
 * signed, byte for byte. */
#include "people.h"
#include "shanqiao/error.h"
#include "signaling/opinion/opinion.h"
#include "signaling/opinion/record.h"
#include "signaling/store/migrations.h"
#include "signaling/store/store.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define BEFORE 5 /* 006_consent_opinion is the step in question */

static struct people p;
static char id[ID_MAX];

static void up(void)
{
    static const char *const on_duty[] = {EXPERT_1, NULL};
    people_init(&p);
    cr_assert_eq(people_submit(&p, on_duty, id), 0);
    cr_assert_eq(people_call(&p, EXPERT_1, "consultation.accept", people_id(id)), 0);
    cr_assert_eq(people_call(&p, EXPERT_1, "consultation.enter", people_id(id)), 0);
    cr_assert_eq(people_call(&p, VILLAGER, "consultation.enter", people_id(id)), 0);
    cr_assert_eq(people_call(&p, VILLAGER, "consultation.end", people_id(id)), 0);
    cr_assert_eq(
        people_call(&p, EXPERT_1, "opinion.sign",
                    json_pack("{s:s, s:{s:s}}", "consultationId", id, "opinion", "advice", "休息")),
        0);
}

static void down(void)
{
    people_fini(&p);
}

TestSuite(opinion_migration, .init = up, .fini = down);

static char *canonical(void)
{
    struct opinion_list l;
    cr_assert_eq(opinion_list_load(&p.service, id, &l), 0);
    cr_assert_gt(l.count, 0);
    cr_expect_eq(l.items[0].version, 1);
    cr_expect_eq(l.items[0].kind, OPINION_OF_EXPERT);
    char *text = strdup(l.items[0].canonical);
    opinion_list_clear(&l);
    return text;
}

static int64_t rows(const char *sql)
{
    struct store_query q;
    store_query(p.service.store, &q, sql, NULL, 0);
    int64_t count = store_next(&q) ? store_int(&q, 0) : -1;
    cr_assert_eq(store_query_end(&q), 0, "%s", store_error(p.service.store));
    return count;
}

Test(opinion_migration, a_signed_opinion_goes_back_and_forth_unchanged)
{
    struct opinion_verdict v;
    char *before = canonical();
    cr_assert_eq(migrations_move(p.service.store, BEFORE, true), 0, "%s",
                 store_error(p.service.store));
    cr_expect_eq(rows("SELECT COUNT(*) FROM opinion WHERE signed_us IS NOT NULL"), 1);
    cr_assert_eq(migrations_move(p.service.store, (int)migration_count, false), 0, "%s",
                 store_error(p.service.store));
    char *after = canonical();
    cr_expect_str_eq(after, before);
    cr_assert_eq(opinion_verify(&p.service, id, NULL, &v), 0);
    cr_expect_str_eq(v.reason, "ok");
    free(before);
    free(after);
}

/* The former table has no room for it: the step is refused, not the version. */
Test(opinion_migration, versions_are_not_lost_on_the_way_back)
{
    char former[ID_MAX];
    snprintf(former, sizeof(former), "%s",
             json_string_value(json_object_get(json_object_get(p.call.result, "opinion"), "id")));
    cr_assert_eq(
        people_call(&p, EXPERT_1, "opinion.supersede",
                    json_pack("{s:s, s:s, s:s, s:{s:s}}", "consultationId", id, "opinionId", former,
                              "reason", "new image", "opinion", "advice", "转诊")),
        0);
    cr_expect_lt(migrations_move(p.service.store, BEFORE, true), 0);
    cr_expect_eq(rows("SELECT COUNT(*) FROM opinion"), 2);
    cr_expect_eq(rows("SELECT COUNT(*) FROM consent"), 2, "the step is whole or not at all");
}
