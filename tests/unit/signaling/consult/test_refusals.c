/* SPDX-License-Identifier: Apache-2.0 */
/* What is refused says what is in the way and what to do, and what need not be refused is not. */
#include "region.h"
#include "shanqiao/error.h"
#include "signaling/consult/consult.h"
#include "signaling/store/store.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define MINUTE_US (60 * TIME_US_PER_S)
#define HOUR_US   (60 * MINUTE_US)
#define DAY_US    (24 * HOUR_US)

static struct people p;

static void up(void)
{
    region_init(&p);
}

static void down(void)
{
    people_fini(&p);
}

TestSuite(consult_refusals, .init = up, .fini = down);

static void refused(const char *account, const char *method, json_t *params, int error,
                    const char *word)
{
    cr_expect_eq(people_call(&p, account, method, params), error, "%s: %s", method,
                 p.call.message_en);
    cr_expect_not_null(strstr(p.call.message_en, word), "%s: %s", method, p.call.message_en);
    cr_expect_neq(p.call.message_zh[0], '\0');
}

static json_t *opinion(const char *id)
{
    return json_pack("{s:s, s:{s:s}}", "consultationId", id, "opinion", "advice", "no fracture");
}

static json_t *outcome(const char *id)
{
    return json_pack("{s:s, s:s, s:s, s:b}", "id", id, "outcome", "went home", "concordance",
                     "agrees", "avoidedTransfer", 1);
}

Test(consult_refusals, a_claimed_reading_is_signed_at_one_go)
{
    char id[ID_MAX];
    region_submit(&p, region_request("reading"), id);
    region_material(&p, id);
    region_act(&p, EXPERT_1, "worklist.claim", id);
    region_ok(&p, EXPERT_1, "opinion.sign", opinion(id));
    cr_expect_str_eq(region_state(&p, id), "delivered");
}

/* The name of the member of `missing` that is there, "" for none; two or more fail. */
static const char *missing_of(json_t *request)
{
    region_ok(&p, VILLAGER, "consultation.saveDraft", request);
    const json_t *missing = json_object_get(p.call.result, "missing");
    cr_expect_leq(json_array_size(missing), 1);
    const char *name = json_string_value(json_array_get(missing, 0));
    return name ? name : "";
}

Test(consult_refusals, a_draft_is_told_what_the_agreement_will_ask_for)
{
    cr_expect_str_eq(missing_of(region_request("live")), "");
    cr_assert_eq(STORE_RUN(p.service.store,
                           "UPDATE agreement SET schedule = $1 WHERE id = 'agr_all'", sv_int(1)),
                 1);
    cr_expect_str_eq(missing_of(region_request("live")), "candidateTimes");
    refused(VILLAGER, "consultation.submit", region_request("live"), SQ_ERR_INVALID,
            "candidate times");
    json_t *timed = region_request("live");
    json_object_set_new(timed, "candidateTimes",
                        json_pack("[{s:s, s:s}]", "start", region_time(&p, DAY_US), "end",
                                  region_time(&p, DAY_US + HOUR_US)));
    cr_expect_str_eq(missing_of(json_deep_copy(timed)), "");
    region_ok(&p, VILLAGER, "consultation.submit", timed);
    json_t *nowhere = region_request("live"); /* not placed yet: nothing is known of an agreement */
    json_object_del(nowhere, "panelId");
    cr_expect_str_eq(missing_of(nowhere), "panelId");
}

Test(consult_refusals, the_archive_names_what_it_waits_for)
{
    char id[ID_MAX];
    region_submit(&p, region_request("reading"), id);
    region_material(&p, id);
    region_act(&p, EXPERT_1, "worklist.claim", id);
    region_ok(&p, EXPERT_1, "consultation.critical",
              json_pack("{s:s, s:s}", "id", id, "text", "free air"));
    region_ok(&p, EXPERT_1, "opinion.sign", opinion(id));
    region_act(&p, VILLAGER, "consultation.acknowledge", id);
    region_ok(&p, VILLAGER, "consultation.outcome", outcome(id));
    refused(VILLAGER, "consultation.archive", people_id(id), SQ_ERR_STATE, "critical value");
    region_act(&p, VILLAGER, "consultation.acknowledgeCritical", id);
    region_act(&p, VILLAGER, "consultation.archive", id);
}

static json_t *at(const char *id, time_us start_us, time_us end_us)
{
    return json_pack("{s:s, s:s, s:s}", "id", id, "start", region_time(&p, start_us), "end",
                     region_time(&p, end_us));
}

static json_t *asking_for(const char *start, const char *end)
{
    json_t *request = region_request("live");
    json_object_set_new(request, "candidateTimes",
                        json_pack("[{s:s, s:s}]", "start", start, "end", end));
    return request;
}

Test(consult_refusals, who_comes_early_hears_when_it_opens)
{
    char id[ID_MAX];
    region_on_duty(&p, EXPERT_1, PANEL);
    region_submit(&p, asking_for(region_time(&p, DAY_US), region_time(&p, DAY_US + HOUR_US)), id);
    region_act(&p, EXPERT_1, "consultation.accept", id);
    refused(VILLAGER, "consultation.enter", people_id(id), SQ_ERR_STATE, "No time is fixed");
    region_ok(&p, VILLAGER, "consultation.schedule", at(id, 2 * HOUR_US, 3 * HOUR_US));
    refused(VILLAGER, "consultation.enter", people_id(id), SQ_ERR_STATE, "in 1 h 45 min");
    p.utc_us += 105 * MINUTE_US - 1;
    refused(VILLAGER, "consultation.enter", people_id(id), SQ_ERR_STATE, "in 0 h 1 min");
    p.utc_us += 1;
    region_act(&p, VILLAGER, "consultation.enter", id);
}

Test(consult_refusals, nobody_came_a_quarter_of_an_hour_after_the_slot_began)
{
    char id[ID_MAX];
    region_on_duty(&p, EXPERT_1, PANEL);
    region_submit(&p, asking_for(region_time(&p, DAY_US), region_time(&p, DAY_US + HOUR_US)), id);
    region_act(&p, EXPERT_1, "consultation.accept", id);
    region_ok(&p, VILLAGER, "consultation.schedule", at(id, 2 * HOUR_US, 3 * HOUR_US));
    p.utc_us += 2 * HOUR_US + 15 * MINUTE_US - 1;
    region_due(&p);
    cr_expect_str_eq(region_state(&p, id), "scheduled");
    p.utc_us += 1;
    region_due(&p);
    cr_expect_str_eq(region_state(&p, id), "no_show");
}

Test(consult_refusals, candidate_times_are_to_come_and_of_the_calendar)
{
    char id[ID_MAX];
    const char *later = region_time(&p, DAY_US);
    refused(VILLAGER, "consultation.submit", asking_for(later, region_time(&p, HOUR_US)),
            SQ_ERR_INVALID, "ends before");
    refused(VILLAGER, "consultation.submit", asking_for(region_time(&p, -HOUR_US), later),
            SQ_ERR_INVALID, "past");
    refused(VILLAGER, "consultation.submit",
            asking_for("2027-13-45T08:00:00.000Z", "2027-13-45T09:00:00.000Z"), SQ_ERR_INVALID,
            "calendar");
    region_on_duty(&p, EXPERT_1, PANEL);
    region_submit(&p, asking_for(region_time(&p, HOUR_US), region_time(&p, DAY_US)), id);
    region_act(&p, EXPERT_1, "consultation.accept", id);
    refused(VILLAGER, "consultation.schedule", at(id, 400 * DAY_US, 400 * DAY_US + HOUR_US),
            SQ_ERR_INVALID, "a year ahead");
}

static json_t *proposal(const char *id, const char *direction, const char *to)
{
    return json_pack("{s:s, s:s, s:s, s:s}", "consultationId", id, "direction", direction,
                     "toInstitution", to, "plan", "rehabilitation");
}

Test(consult_refusals, referrals_go_where_they_say_and_in_time)
{
    char id[ID_MAX];
    region_on_duty(&p, EXPERT_1, PANEL);
    region_submit(&p, region_request("live"), id);
    region_act(&p, EXPERT_1, "consultation.accept", id);
    refused(EXPERT_1, "referral.propose", proposal(id, "down", "city"), SQ_ERR_INVALID,
            "direction");
    cr_assert_eq(store_run(p.service.store, "UPDATE institution SET level = 4 WHERE id = 'village'",
                           NULL, 0),
                 1);
    refused(VILLAGER, "referral.propose", proposal(id, "up", "township"), SQ_ERR_INVALID,
            "direction");
    json_t *past = proposal(id, "up", "province");
    json_object_set_new(past, "arriveBy", json_string(region_time(&p, -HOUR_US)));
    refused(VILLAGER, "referral.propose", past, SQ_ERR_INVALID, "past");
    region_ok(&p, VILLAGER, "referral.propose", proposal(id, "up", "city")); /* of one level */
}

Test(consult_refusals, readings_that_wait_count_apart)
{
    char id[ID_MAX];
    for (int i = 0; i < 200; i++)
        region_submit(&p, region_request("reading"), id);
    refused(VILLAGER, "consultation.submit", region_request("reading"), SQ_ERR_LIMIT,
            "200 readings");
    region_on_duty(&p, EXPERT_1, PANEL);
    region_submit(&p, region_request("live"), id);
}

Test(consult_refusals, a_routed_reading_says_until_when)
{
    char id[ID_MAX];
    region_submit(&p, region_request("reading"), id);
    region_material(&p, id);
    region_act(&p, VILLAGER, "consultation.get", id);
    cr_expect_str_eq(people_result(&p, "state"), "routed");
    cr_expect_str_eq(people_result(&p, "deadlineAt"), region_time(&p, 30 * MINUTE_US), "urgent");
}
