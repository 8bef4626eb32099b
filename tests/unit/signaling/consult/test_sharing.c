/* SPDX-License-Identifier: Apache-2.0 */
/* What stays of a case when the patient takes back the consent to share it: for programs and
 * offices of the institutions around it, and for a referral under way. */
#include "region.h"
#include "shanqiao/error.h"
#include "signaling/consult/perform.h"
#include "signaling/store/store.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct people p;
static char con[ID_MAX];

/* The township belongs to the county hospital that is asked. */
static void up(void)
{
    region_init(&p);
    cr_assert_eq(store_run(p.service.store,
                           "UPDATE institution SET parent = 'county' WHERE id = 'township'", NULL,
                           0),
                 1);
    region_on_duty(&p, EXPERT_1, PANEL);
    region_submit(&p, region_request("live"), con);
    region_act(&p, EXPERT_1, "consultation.accept", con);
}

static void down(void)
{
    people_fini(&p);
}

TestSuite(consult_sharing, .init = up, .fini = down);

static void withdraw(const char *purpose)
{
    region_ok(&p, VILLAGER, "consent.withdraw",
              json_pack("{s:s, s:[s], s:{s:s, s:s}, s:s}", "consultationId", con, "purposes",
                        purpose, "by", "name", "Zhuoma Dechen", "relation", "self", "reason",
                        "changed her mind"));
}

static bool may(const char *institution, uint32_t role, enum act act)
{
    struct caller caller = {.roles = role};
    struct consult_record *r = calloc(1, sizeof(*r));
    uint32_t relations = 0;
    snprintf(caller.account, ID_MAX, "acc_of_%s", institution);
    snprintf(caller.institution, ID_MAX, "%s", institution);
    cr_assert_eq(consult_record_load(&p.service, con, r), 0);
    cr_assert_eq(consult_relations(&p.service, r, &caller, &relations), 0);
    consult_record_clear(r);
    free(r);
    return rights_allow_any(role, relations, act);
}

Test(consult_sharing, programs_above_lose_what_is_not_shared)
{
    static const char *const above[] = {"township", "county"};
    for (size_t i = 0; i < 2; i++) {
        cr_expect(may(above[i], ROLE_SERVICE, ACT_READ_FHIR), "%s", above[i]);
        cr_expect(may(above[i], ROLE_QUALITY, ACT_SEE_CLINICAL), "%s", above[i]);
    }
    withdraw("share");
    for (size_t i = 0; i < 2; i++) {
        cr_expect_not(may(above[i], ROLE_SERVICE, ACT_READ_FHIR), "%s", above[i]);
        cr_expect_not(may(above[i], ROLE_SERVICE, ACT_SEE_MATERIAL), "%s", above[i]);
    }
    cr_expect(may("village", ROLE_SERVICE, ACT_READ_FHIR), "who made the record");
    cr_expect(may("village", ROLE_SERVICE, ACT_SEE_MATERIAL));
    cr_expect(may("village", ROLE_QUALITY, ACT_SEE_CLINICAL));
    cr_expect(may("township", ROLE_QUALITY, ACT_SEE_CLINICAL), "an office of the inviting side");
    cr_expect_not(may("county", ROLE_QUALITY, ACT_SEE_CLINICAL), "whom it was shared with");
}

static json_t *referral(void)
{
    return json_object_get(p.call.result, "referral");
}

static const char *part(const char *name)
{
    const char *text = json_string_value(json_object_get(referral(), name));
    return text ? text : "";
}

static void propose(char id[ID_MAX])
{
    region_ok(&p, VILLAGER, "referral.propose",
              json_pack("{s:s, s:s, s:s, s:s}", "consultationId", con, "direction", "up",
                        "toInstitution", "city", "plan", "coronary angiography"));
    snprintf(id, ID_MAX, "%s", part("id"));
}

/* Of the notification that CITY_DESK got by the last call. */
static bool told_the_plan(void)
{
    for (size_t i = 0; i < p.call.effects.count; i++) {
        const struct effect *e = &p.call.effects.items[i];
        if (e->type == EFFECT_NOTIFY && strcmp(e->account, CITY_DESK) == 0 &&
            json_object_get(json_object_get(e->params, "referral"), "plan"))
            return true;
    }
    return false;
}

static void expect_plan_is_gone(const char *id)
{
    region_act(&p, CITY_DESK, "referral.get", id);
    cr_expect_str_eq(part("state"), "proposed");
    cr_expect_null(json_object_get(referral(), "plan"));
    region_ok(&p, CITY_DESK, "referral.list", json_object());
    const json_t *row = json_array_get(json_object_get(p.call.result, "referrals"), 0);
    cr_expect_not_null(row);
    cr_expect_null(json_object_get(row, "plan"));
    cr_expect_eq(people_call(&p, CITY_DESK, "referral.accept", people_id(id)), SQ_ERR_DENIED);
    cr_expect_not_null(strstr(p.call.message_en, "took back"), "%s", p.call.message_en);
    cr_expect_not_null(strstr(p.call.message_zh, "撤回"));
}

Test(consult_sharing, a_referral_ends_with_the_consent)
{
    char id[ID_MAX];
    propose(id);
    cr_expect(told_the_plan());
    region_act(&p, CITY_DESK, "referral.get", id);
    cr_expect_str_eq(part("plan"), "coronary angiography");
    withdraw("share");
    expect_plan_is_gone(id);
    region_act(&p, VILLAGER, "referral.get", id);
    cr_expect_str_eq(part("plan"), "coronary angiography", "their own");
    region_ok(&p, CITY_DESK, "referral.refuse",
              json_pack("{s:s, s:s}", "id", id, "reason", "not shared any more"));
    cr_expect_str_eq(part("state"), "refused");
    cr_expect_not(told_the_plan());
}

Test(consult_sharing, care_taken_back_takes_the_referral_along)
{
    char id[ID_MAX];
    propose(id);
    withdraw("care");
    expect_plan_is_gone(id);
}
