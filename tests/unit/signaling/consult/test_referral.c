/* SPDX-License-Identifier: Apache-2.0 */
/* Referrals up and down, who does what, and that nobody else learns of them. */
#include "region.h"
#include "shanqiao/error.h"
#include "signaling/store/store.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct people p;
static char con[ID_MAX];

static void up(void)
{
    region_init(&p);
    region_on_duty(&p, EXPERT_1, PANEL);
    region_submit(&p, region_request("live"), con);
    region_act(&p, EXPERT_1, "consultation.accept", con);
}

static void down(void)
{
    people_fini(&p);
}

TestSuite(consult_referral, .init = up, .fini = down);

static const char *part(const char *name)
{
    const char *text =
        json_string_value(json_object_get(json_object_get(p.call.result, "referral"), name));
    return text ? text : "";
}

static json_t *proposal(const char *direction, const char *to)
{
    return json_pack("{s:s, s:s, s:s, s:s}", "consultationId", con, "direction", direction,
                     "toInstitution", to, "plan", "coronary angiography within the hour");
}

static void propose(const char *account, const char *direction, const char *to, char id[ID_MAX])
{
    region_ok(&p, account, "referral.propose", proposal(direction, to));
    snprintf(id, ID_MAX, "%s", part("id"));
}

Test(consult_referral, up_and_back_with_a_plan)
{
    char id[ID_MAX];
    propose(VILLAGER, "up", "city", id);
    cr_expect_str_eq(part("state"), "proposed");
    cr_expect_eq(people_told(&p, CITY_DESK, "referral.state"), 1);
    cr_expect_eq(people_told(&p, BASE_DESK, "referral.state"), 1);
    cr_expect_eq(people_call(&p, VILLAGER, "referral.accept", people_id(id)), SQ_ERR_DENIED);
    region_act(&p, CITY_DESK, "referral.accept", id);
    cr_expect_str_eq(part("state"), "accepted");
    cr_expect_eq(people_told(&p, VILLAGER, "referral.state"), 1);
    cr_expect_eq(people_call(&p, CITY_DESK, "referral.close", people_id(id)), SQ_ERR_DENIED);
    region_act(&p, CITY_DESK, "referral.arrive", id);
    region_ok(&p, CITY_DESK, "referral.discharge",
              json_pack("{s:s, s:s}", "id", id, "plan", "aspirin for life, see him on Friday"));
    region_act(&p, VILLAGER, "referral.close", id);
    cr_expect_str_eq(part("state"), "closed");
    cr_expect_str_eq(part("dischargePlan"), "aspirin for life, see him on Friday");
    cr_expect_eq(people_call(&p, VILLAGER, "referral.withdraw", people_id(id)), SQ_ERR_STATE);
}

Test(consult_referral, down_to_the_township)
{
    char id[ID_MAX];
    propose(EXPERT_1, "down", "township", id);
    region_ok(&p, BASE_DESK, "referral.refuse",
              json_pack("{s:s, s:s}", "id", id, "reason", "no bed before Monday"));
    cr_expect_str_eq(part("state"), "refused");
    cr_expect_str_eq(part("reason"), "no bed before Monday");
    cr_expect_eq(people_told(&p, EXPERT_1, "referral.state"), 1);
}

Test(consult_referral, without_consent_nothing_goes_out)
{
    region_ok(&p, VILLAGER, "consent.withdraw",
              json_pack("{s:s, s:[s], s:{s:s, s:s}, s:s}", "consultationId", con, "purposes",
                        "share", "by", "name", "Zhuoma Dechen", "relation", "self", "reason",
                        "changed her mind"));
    cr_expect_eq(people_call(&p, VILLAGER, "referral.propose", proposal("up", "city")),
                 SQ_ERR_DENIED);
    cr_expect_not_null(strstr(p.call.message_en, "does not consent"));
}

Test(consult_referral, its_plan_is_for_those_who_see_the_case)
{
    char id[ID_MAX];
    propose(VILLAGER, "up", "city", id);
    cr_assert_eq(store_run(p.service.store,
                           "UPDATE account SET roles = 1, institution = 'village'"
                           " WHERE id = 'acc_stranger'",
                           NULL, 0),
                 1);
    cr_expect_eq(people_call(&p, STRANGER, "referral.get", people_id(id)), SQ_ERR_DENIED,
                 "a colleague of the clinic sees that there is a case, no more");
    region_act(&p, CITY_DESK, "referral.get", id);
    region_act(&p, EXPERT_1, "referral.get", id);
}

Test(consult_referral, who_never_arrives_is_told)
{
    char id[ID_MAX];
    time_us arrive_us = 3 * 3600 * TIME_US_PER_S;
    json_t *params = proposal("up", "city");
    json_object_set_new(params, "arriveBy", json_string(region_time(&p, arrive_us)));
    region_ok(&p, VILLAGER, "referral.propose", params);
    snprintf(id, ID_MAX, "%s", part("id"));
    region_act(&p, CITY_DESK, "referral.accept", id);
    people_restart(&p);
    p.utc_us += arrive_us;
    region_due(&p);
    cr_expect_eq(people_told(&p, VILLAGER, "referral.state"), 1);
    region_act(&p, VILLAGER, "referral.get", id);
    cr_expect_str_eq(part("state"), "not_arrived");
}

Test(consult_referral, others_learn_nothing)
{
    static const char *const methods[] = {"referral.get", "referral.accept", "referral.withdraw",
                                          "referral.arrive", "referral.close"};
    static const char *const outsiders[] = {STRANGER, EXPERT_3, OPERATOR, PROVINCE_EXPERT};
    char id[ID_MAX];
    propose(VILLAGER, "up", "city", id);
    for (size_t m = 0; m < sizeof(methods) / sizeof(methods[0]); m++)
        for (size_t o = 0; o < sizeof(outsiders) / sizeof(outsiders[0]); o++) {
            cr_expect_eq(people_call(&p, outsiders[o], methods[m], people_id(id)), SQ_ERR_NOT_FOUND,
                         "%s by %s", methods[m], outsiders[o]);
            cr_expect_eq(people_call(&p, outsiders[o], methods[m], people_id("ref_none")),
                         SQ_ERR_NOT_FOUND);
        }
    cr_expect_eq(people_call(&p, STRANGER, "referral.propose", proposal("up", "far")),
                 SQ_ERR_NOT_FOUND);
    cr_expect_eq(people_call(&p, VILLAGER, "referral.propose", proposal("up", "no_such")),
                 SQ_ERR_NOT_FOUND);
    region_ok(&p, STRANGER, "referral.list", json_object());
    cr_expect_eq(json_array_size(json_object_get(p.call.result, "referrals")), 0);
    region_ok(&p, CITY_DESK, "referral.list", json_object());
    cr_expect_eq(json_array_size(json_object_get(p.call.result, "referrals")), 1);
    region_ok(&p, VILLAGER, "referral.list", json_pack("{s:s}", "consultationId", con));
    cr_expect_eq(json_array_size(json_object_get(p.call.result, "referrals")), 1);
    cr_expect_eq(
        people_call(&p, STRANGER, "referral.list", json_pack("{s:s}", "consultationId", con)),
        SQ_ERR_NOT_FOUND);
}
