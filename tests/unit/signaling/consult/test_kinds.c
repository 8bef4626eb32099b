/* SPDX-License-Identifier: Apache-2.0 */
/* Each kind of consultation over its methods, from request to archive. */
#include "region.h"
#include "shanqiao/error.h"
#include "signaling/consent/consent.h"
#include "signaling/consent/text.h"
#include "signaling/consult/record.h"
#include "signaling/store/store.h"
#include <criterion/criterion.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
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

TestSuite(consult_kinds, .init = up, .fini = down);

static json_t *ready(const char *id)
{
    return json_pack("{s:s, s:[{s:s, s:b}, {s:s, s:b}]}", "id", id, "checks", "name", "microphone",
                     "ok", 1, "name", "network", "ok", 1);
}

static json_t *opinion(const char *id, int follow_up_days)
{
    json_t *params = json_pack("{s:s, s:{s:s, s:s}}", "consultationId", id, "opinion", "diagnosis",
                               "inferior STEMI", "advice", "thrombolysis now");
    if (follow_up_days)
        json_object_set_new(json_object_get(params, "opinion"), "followUpDays",
                            json_integer(follow_up_days));
    return params;
}

static json_t *outcome(const char *id)
{
    return json_pack("{s:s, s:s, s:s, s:b}", "id", id, "outcome", "went home after nine days",
                     "concordance", "agrees", "avoidedTransfer", 1);
}

static const json_t *consultation(void)
{
    return json_object_get(p.call.result, "consultation");
}

static const char *part(const char *object, const char *name)
{
    const char *text =
        json_string_value(json_object_get(json_object_get(consultation(), object), name));
    return text ? text : "";
}

static json_t *consent_to_share(const char *id)
{
    const char *version = consent_texts[consent_text_count - 1].version;
    char hex[2 * CONSENT_HASH_BYTES + 1];
    uint8_t hash[CONSENT_HASH_BYTES];
    consent_text_hash(consent_text_find(version, "zh-CN"), hash);
    sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));
    return json_pack("{s:s, s:[s, s], s:s, s:s, s:s, s:b, s:b, s:{s:s, s:s}, s:s, s:s}",
                     "consultationId", id, "purposes", "care", "share", "textVersion", version,
                     "language", "zh-CN", "textSha256", hex, "feesTold", 1, "contentTold", 1,
                     "signer", "name", "Zhuoma Dechen", "relation", "wife", "how", "fingerprint",
                     "lateReason", "he was unconscious");
}

/* An agreement where people decide everything; a slot, a readiness check, an outcome. */
Test(consult_kinds, live_with_all_that_is_manual)
{
    char id[ID_MAX];
    region_agreement(&p, 1, 1, 1, 0);
    region_on_duty(&p, EXPERT_1, PANEL);
    json_t *request = region_request("live");
    json_object_set_new(request, "candidateTimes",
                        json_pack("[{s:s, s:s}]", "start", region_time(&p, DAY_US), "end",
                                  region_time(&p, DAY_US + HOUR_US)));
    region_submit(&p, request, id);
    cr_expect_str_eq(people_result(&p, "state"), "submitted");
    cr_expect_eq(people_told(&p, BASE_DESK, "consultation.state"), 1);
    cr_expect_eq(people_told(&p, COUNTY_DESK, "consultation.state"), 1);
    cr_expect_eq(people_told(&p, EXPERT_1, "consultation.ring"), 0);

    region_act(&p, BASE_DESK, "consultation.approve", id);
    cr_expect_str_eq(people_result(&p, "state"), "submitted");
    cr_expect_eq(people_call(&p, BASE_DESK, "consultation.approve", people_id(id)), SQ_ERR_STATE);
    cr_expect_eq(people_call(&p, CITY_DESK, "consultation.approve", people_id(id)),
                 SQ_ERR_NOT_FOUND);
    region_act(&p, COUNTY_DESK, "consultation.approve", id);
    cr_expect_str_eq(people_result(&p, "state"), "approved");
    region_ok(&p, COUNTY_DESK, "consultation.triage",
              json_pack("{s:s, s:s}", "id", id, "urgency", "routine"));
    cr_expect_str_eq(people_result(&p, "state"), "routed");
    cr_expect_str_eq(people_result(&p, "urgency"), "routine");
    cr_expect_eq(people_told(&p, EXPERT_1, "consultation.ring"), 1);

    region_act(&p, EXPERT_1, "consultation.accept", id);
    cr_expect_str_eq(people_result(&p, "state"), "accepted");
    region_ok(&p, COUNTY_DESK, "schedule.offer",
              json_pack("{s:s, s:s, s:s}", "panelId", PANEL, "start", region_time(&p, DAY_US),
                        "end", region_time(&p, DAY_US + HOUR_US)));
    char slot[ID_MAX];
    snprintf(slot, ID_MAX, "%s",
             json_string_value(json_object_get(
                 json_array_get(json_object_get(p.call.result, "slots"), 0), "id")));
    json_t *both = json_pack("{s:s, s:s, s:s, s:s}", "id", id, "slotId", slot, "start",
                             region_time(&p, HOUR_US), "end", region_time(&p, 2 * HOUR_US));
    cr_expect_eq(people_call(&p, VILLAGER, "consultation.schedule", both), SQ_ERR_INVALID,
                 "which of the two?");
    cr_expect_not_null(strstr(p.call.message_en, "not both"));
    region_ok(&p, COUNTY_DESK, "consultation.schedule",
              json_pack("{s:s, s:s}", "id", id, "slotId", slot));
    cr_expect_str_eq(people_result(&p, "state"), "scheduled");
    cr_expect_str_eq(part("slot", "start"), region_time(&p, DAY_US));

    region_ok(&p, VILLAGER, "consultation.readiness", ready(id));
    cr_expect_str_eq(people_result(&p, "state"), "scheduled");
    region_ok(&p, EXPERT_1, "consultation.readiness", ready(id));
    cr_expect_str_eq(people_result(&p, "state"), "ready");
    cr_expect_eq(people_call(&p, VILLAGER, "consultation.enter", people_id(id)), SQ_ERR_STATE,
                 "a day before");
    p.utc_us += DAY_US;
    region_act(&p, VILLAGER, "consultation.enter", id);
    region_act(&p, EXPERT_1, "consultation.enter", id);
    cr_expect_str_eq(people_result(&p, "state"), "in_progress");
    region_act(&p, EXPERT_1, "consultation.end", id);
    region_ok(&p, EXPERT_1, "opinion.sign", opinion(id, 7));
    cr_expect_str_eq(region_state(&p, id), "delivered");
    region_act(&p, VILLAGER, "consultation.acknowledge", id);
    cr_expect_eq(people_call(&p, VILLAGER, "consultation.archive", people_id(id)), SQ_ERR_STATE,
                 "a follow-up is asked for");
    p.utc_us += 7 * DAY_US;
    region_due(&p);
    cr_expect_str_eq(region_state(&p, id), "follow_up_due");
    p.utc_us += 3 * DAY_US;
    region_due(&p);
    cr_expect_eq(people_told(&p, VILLAGER, "consultation.reminder"), 1);
    region_ok(&p, VILLAGER, "consultation.outcome", outcome(id));
    cr_expect_str_eq(people_result(&p, "state"), "outcome_recorded");
    cr_expect_eq(people_told(&p, EXPERT_1, "consultation.state"), 1);
    region_act(&p, VILLAGER, "consultation.archive", id);
    cr_expect_str_eq(people_result(&p, "state"), "archived");
}

Test(consult_kinds, returned_requests_come_again)
{
    char id[ID_MAX];
    region_agreement(&p, 0, 1, 1, 0);
    region_submit(&p, region_request("live"), id);
    region_ok(&p, COUNTY_DESK, "consultation.return",
              json_pack("{s:s, s:s}", "id", id, "reason", "which drugs, since when?"));
    cr_expect_str_eq(region_state(&p, id), "returned");
    cr_expect_str_eq(people_result(&p, "reason"), "which drugs, since when?");
    region_ok(&p, VILLAGER, "consultation.submit",
              json_pack("{s:s, s:s}", "draftId", id, "treatment", "aspirin since noon"));
    cr_expect_str_eq(people_result(&p, "id"), id);
    cr_expect_str_eq(people_result(&p, "state"), "submitted");
    cr_expect_str_eq(people_result(&p, "treatment"), "aspirin since noon");
    cr_expect_str_eq(people_result(&p, "complaint"), "crushing chest pain for two hours");
}

static uint32_t consent_bits(const char *id)
{
    struct consult_record *r = malloc(sizeof(*r));
    cr_assert_eq(consult_record_load(&p.service, id, r), 0);
    uint32_t consent = r->step.consent;
    consult_record_clear(r);
    free(r);
    return consent;
}

static void expect_allowed(const char *id, bool recording, bool teaching)
{
    region_ok(&p, VILLAGER, "consent.get", json_pack("{s:s}", "consultationId", id));
    json_t *allows = json_object_get(p.call.result, "allows");
    cr_expect_eq(json_is_true(json_object_get(allows, "recording")), recording);
    cr_expect_eq(json_is_true(json_object_get(allows, "teaching")), teaching);
    cr_expect_eq(consent_bits(id), CONSULT_CONSENT_SHARE |
                                       (recording ? CONSULT_CONSENT_RECORDING : 0u) |
                                       (teaching ? CONSULT_CONSENT_TEACHING : 0u));
}

/* The machine never allows what no row in force says. */
Test(consult_kinds, coming_again_gives_no_consent_that_was_taken_back)
{
    char id[ID_MAX];
    json_t *request = region_request("live");
    json_object_set_new(json_object_get(request, "consent"), "teaching", json_true());
    region_agreement(&p, 0, 1, 1, 0);
    region_submit(&p, request, id);
    region_ok(&p, COUNTY_DESK, "consultation.return",
              json_pack("{s:s, s:s}", "id", id, "reason", "which drugs, since when?"));
    expect_allowed(id, false, true);
    region_ok(&p, VILLAGER, "consent.withdraw",
              json_pack("{s:s, s:[s], s:{s:s, s:s}, s:s}", "consultationId", id, "purposes",
                        "teaching", "by", "name", "Zhuoma Dechen", "relation", "self", "reason",
                        "changed her mind"));
    json_t *again = region_request("live");
    json_object_set_new(json_object_get(again, "consent"), "teaching", json_true());
    json_object_set_new(json_object_get(again, "consent"), "recording", json_true());
    json_object_set_new(again, "draftId", json_string(id));
    region_ok(&p, VILLAGER, "consultation.submit", again);
    expect_allowed(id, true, false);
}

Test(consult_kinds, a_returned_request_stays_of_its_kind)
{
    static const char *const methods[] = {"consultation.submit", "consultation.saveDraft"};
    char id[ID_MAX];
    region_agreement(&p, 0, 1, 1, 0);
    region_submit(&p, region_request("live"), id);
    region_ok(&p, COUNTY_DESK, "consultation.return",
              json_pack("{s:s, s:s}", "id", id, "reason", "a reading would do"));
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        json_t *again = region_request("reading");
        json_object_set_new(again, "draftId", json_string(id));
        cr_expect_eq(people_call(&p, VILLAGER, methods[i], again), SQ_ERR_INVALID);
        cr_expect_not_null(strstr(p.call.message_en, "Cancel it"));
    }
}

Test(consult_kinds, a_child_does_not_sign_for_itself_and_an_emergency_does_not_wait_for_that)
{
    char id[ID_MAX];
    region_agreement(&p, 0, 1, 1, 0);
    json_t *request = region_request("live");
    json_object_set_new(json_object_get(request, "patient"), "ageYears", json_integer(9));
    cr_expect_eq(people_call(&p, VILLAGER, "consultation.submit", json_deep_copy(request)),
                 SQ_ERR_INVALID);
    cr_expect_not_null(strstr(p.call.message_en, "guardian"));
    region_on_duty(&p, EXPERT_1, PANEL);
    json_object_set_new(request, "kind", json_string("emergency"));
    region_submit(&p, request, id);
    cr_expect_eq(consent_bits(id), 0, "it is owed");
}

Test(consult_kinds, emergency_rings_every_level_at_once_and_is_made_up_for)
{
    char id[ID_MAX];
    region_agreement(&p, 1, 1, 1, 1); /* neither approvals nor one by one hold it up */
    cr_assert_eq(store_run(p.service.store,
                           "UPDATE agreement SET approve_inviting = 1, approve_invited = 1"
                           " WHERE id = 'agr_city'",
                           NULL, 0),
                 1);
    region_on_duty(&p, EXPERT_1, PANEL);
    region_on_duty(&p, EXPERT_2, PANEL);
    region_on_duty(&p, CITY_EXPERT, CITY_PANEL);
    json_t *request =
        json_pack("{s:s, s:s, s:s, s:{s:s}, s:s}", "kind", "emergency", "specialty", "cardiology",
                  "urgency", "emergency", "patient", "sex", "male", "complaint", "no pulse");
    region_submit(&p, request, id);
    cr_expect_str_eq(people_result(&p, "state"), "routed");
    cr_expect_eq(people_told(&p, EXPERT_1, "consultation.ring"), 1);
    cr_expect_eq(people_told(&p, EXPERT_2, "consultation.ring"), 1);
    cr_expect_eq(people_told(&p, CITY_EXPERT, "consultation.ring"), 1);
    cr_expect_eq(people_effects(&p, EFFECT_ROOM_OPEN), 1);
    cr_expect_eq(people_told(&p, BASE_DESK, "consultation.state"), 1);
    cr_expect_str_eq(part("backfill", "state"), "due");

    region_on_duty(&p, PROVINCE_EXPERT, PROVINCE_PANEL); /* comes while it rings */
    cr_expect_eq(people_told(&p, PROVINCE_EXPERT, "consultation.ring"), 1);

    region_act(&p, CITY_EXPERT, "consultation.accept", id);
    cr_expect_eq(people_told(&p, EXPERT_1, "consultation.ringStopped"), 1);
    region_act(&p, VILLAGER, "consultation.get", id);
    cr_expect_str_eq(part("panel", "id"), CITY_PANEL);
    region_act(&p, VILLAGER, "consultation.enter", id);
    region_act(&p, CITY_EXPERT, "consultation.enter", id);
    region_act(&p, VILLAGER, "consultation.end", id);
    region_ok(&p, CITY_EXPERT, "opinion.sign", opinion(id, 0));
    region_act(&p, VILLAGER, "consultation.acknowledge", id);
    region_ok(&p, VILLAGER, "consultation.outcome", outcome(id));
    cr_expect_eq(people_call(&p, VILLAGER, "consultation.archive", people_id(id)), SQ_ERR_STATE,
                 "it is not made up for");
    cr_expect_not_null(strstr(p.call.message_en, "made up for"), "%s", p.call.message_en);
    p.utc_us += 2 * DAY_US;
    region_due(&p);
    cr_expect_eq(people_told(&p, BASE_DESK, "consultation.reminder"), 1);
    cr_expect_eq(people_told(&p, CITY_DESK, "consultation.reminder"), 1);
    region_act(&p, VILLAGER, "consultation.get", id);
    cr_expect_str_eq(part("backfill", "state"), "overdue");
    region_act(&p, BASE_DESK, "consultation.backfill", id);
    region_act(&p, CITY_DESK, "consultation.backfill", id);
    cr_expect_eq(people_call(&p, CITY_DESK, "consultation.backfill", people_id(id)), SQ_ERR_STATE);
    region_ok(&p, VILLAGER, "consent.give", consent_to_share(id));
    region_act(&p, VILLAGER, "consultation.archive", id);
    cr_expect_str_eq(part("backfill", "state"), "done");
}

/* Of what was owed only that is left which the agreement with its taker asks for. */
Test(consult_kinds, emergency_owes_what_its_taker_asks_for)
{
    char id[ID_MAX];
    region_agreement(&p, 1, 1, 0, 0);
    region_on_duty(&p, EXPERT_1, PANEL);
    region_on_duty(&p, CITY_EXPERT, CITY_PANEL);
    region_submit(&p, region_request("emergency"), id);
    cr_expect_eq(
        json_array_size(json_object_get(json_object_get(consultation(), "backfill"), "left")), 2);
    region_act(&p, CITY_EXPERT, "consultation.accept", id); /* all automatic there */
    cr_expect_str_eq(part("backfill", "state"), "done");
}

/* What the worklist shows first; NULL: nothing. */
static const json_t *first_task(const char *account)
{
    region_ok(&p, account, "worklist.list", json_object());
    return json_array_get(json_object_get(p.call.result, "tasks"), 0);
}

Test(consult_kinds, reading_with_a_critical_value_and_a_call)
{
    char id[ID_MAX];
    region_submit(&p, region_request("reading"), id);
    region_material(&p, id);
    cr_expect_eq(people_told(&p, EXPERT_1, "consultation.ring"), 0, "a worklist does not ring");
    const json_t *task = first_task(EXPERT_2);
    cr_expect_str_eq(json_string_value(json_object_get(task, "task")), "read");
    cr_expect_null(json_object_get(task, "patient"));
    cr_expect_eq(people_call(&p, CITY_EXPERT, "worklist.claim", people_id(id)), SQ_ERR_NOT_FOUND);

    region_act(&p, EXPERT_2, "worklist.claim", id);
    cr_expect_eq(people_call(&p, EXPERT_1, "worklist.claim", people_id(id)), SQ_ERR_CONFLICT);
    region_act(&p, EXPERT_2, "worklist.release", id);
    cr_expect_str_eq(region_state(&p, id), "routed");
    region_act(&p, EXPERT_1, "worklist.claim", id);
    p.utc_us += 31 * MINUTE_US; /* forgotten on the desk */
    region_due(&p);
    cr_expect_str_eq(region_state(&p, id), "routed");
    region_act(&p, EXPERT_1, "worklist.claim", id);

    region_ok(&p, EXPERT_1, "consultation.critical",
              json_pack("{s:s, s:s}", "id", id, "text", "K 7.1 mmol/l"));
    cr_expect_eq(people_told(&p, VILLAGER, "consultation.critical"), 1);
    cr_expect_eq(people_told(&p, BASE_DESK, "consultation.critical"), 1);
    for (int again = 0; again < 3; again++) {
        p.utc_us += 2 * MINUTE_US;
        region_due(&p);
        cr_expect_eq(people_told(&p, VILLAGER, "consultation.critical"), 1);
    }
    region_act(&p, OTHER_DOCTOR, "consultation.acknowledgeCritical", id); /* is at the bedside */
    p.utc_us += 2 * MINUTE_US;
    region_due(&p);
    cr_expect_eq(people_told(&p, VILLAGER, "consultation.critical"), 0);

    region_act(&p, EXPERT_1, "consultation.goLive", id);
    cr_expect_eq(people_told(&p, VILLAGER, "consultation.ring"), 1);
    cr_expect_eq(people_effects(&p, EFFECT_ROOM_LIVE), 1);
    region_act(&p, VILLAGER, "consultation.enter", id);
    const json_t *told = json_object_get(p.call.result, "consultation");
    cr_expect(json_is_true(json_object_get(told, "live")), "before the two have met");
    region_act(&p, EXPERT_1, "consultation.enter", id);
    cr_expect_str_eq(people_result(&p, "state"), "in_progress");
    region_act(&p, EXPERT_1, "consultation.end", id);
    told = json_object_get(p.call.result, "consultation");
    cr_expect_null(json_object_get(told, "live"));
    region_ok(&p, EXPERT_1, "opinion.sign", opinion(id, 0));
    cr_expect_str_eq(region_state(&p, id), "delivered");
}

Test(consult_kinds, reading_that_nobody_reads_goes_up)
{
    char id[ID_MAX];
    json_t *request = region_request("reading");
    json_object_set_new(request, "urgency", json_string("emergency"));
    region_submit(&p, request, id);
    p.utc_us += HOUR_US; /* the link is slow: that is nobody's answer time */
    region_due(&p);
    region_material(&p, id);
    p.utc_us += 9 * MINUTE_US;
    region_due(&p);
    cr_expect_eq(people_call(&p, CITY_EXPERT, "worklist.claim", people_id(id)), SQ_ERR_NOT_FOUND);
    p.utc_us += MINUTE_US;
    region_due(&p);
    cr_expect_str_eq(region_state(&p, id), "routed");
    region_act(&p, CITY_EXPERT, "worklist.claim", id);
    cr_expect_str_eq(people_result(&p, "state"), "accepted");
    cr_expect_str_eq(part("panel", "id"), CITY_PANEL);
}

Test(consult_kinds, guidance_leaves_notes)
{
    char id[ID_MAX];
    region_on_duty(&p, EXPERT_1, PANEL);
    region_submit(&p, region_request("guidance"), id);
    region_act(&p, EXPERT_1, "consultation.accept", id);
    region_act(&p, VILLAGER, "consultation.enter", id);
    region_act(&p, EXPERT_1, "consultation.enter", id);
    region_ok(&p, EXPERT_1, "consultation.note",
              json_pack("{s:s, s:s}", "id", id, "text", "<b>raise</b> the dose & watch"));
    region_act(&p, VILLAGER, "consultation.end", id);
    cr_expect_str_eq(people_result(&p, "state"), "archived");
    const json_t *entries = json_object_get(consultation(), "entries");
    cr_assert_eq(json_array_size(entries), 1);
    cr_expect_str_eq(json_string_value(json_object_get(json_array_get(entries, 0), "text")),
                     "<b>raise</b> the dose & watch");
    cr_expect_eq(people_call(&p, OTHER_DOCTOR, "consultation.note",
                             json_pack("{s:s, s:s}", "id", id, "text", "me too")),
                 SQ_ERR_DENIED);
}

Test(consult_kinds, a_board_of_several_hospitals)
{
    char id[ID_MAX];
    json_t *request = region_request("mdt");
    json_object_set_new(request, "panelIds", json_pack("[s, s]", CITY_PANEL, STRANGE_PANEL));
    json_object_set_new(request, "candidateTimes",
                        json_pack("[{s:s, s:s}]", "start", region_time(&p, DAY_US), "end",
                                  region_time(&p, DAY_US + HOUR_US)));
    region_submit(&p, request, id);
    cr_expect_str_eq(people_result(&p, "state"), "routed");
    cr_expect_eq(people_told(&p, EXPERT_1, "consultation.ring"), 1);
    cr_expect_eq(people_told(&p, CITY_EXPERT, "consultation.ring"), 1);
    cr_expect_eq(people_told(&p, STRANGER, "consultation.ring"), 0, "no agreement");
    region_act(&p, CITY_EXPERT, "consultation.accept", id);
    cr_expect_str_eq(people_result(&p, "state"), "routed");
    region_act(&p, EXPERT_1, "consultation.accept", id);
    cr_expect_str_eq(people_result(&p, "state"), "accepted");
    region_ok(&p, EXPERT_1, "consultation.schedule",
              json_pack("{s:s, s:s, s:s}", "id", id, "start", region_time(&p, HOUR_US), "end",
                        region_time(&p, 2 * HOUR_US)));
    region_ok(&p, EXPERT_1, "consultation.addMember",
              json_pack("{s:s, s:s, s:s}", "id", id, "accountId", EXPERT_2, "role", "expert"));
    cr_expect_eq(people_call(&p, EXPERT_1, "consultation.addMember",
                             json_pack("{s:s, s:s, s:s}", "id", id, "accountId", STRANGER, "role",
                                       "expert")),
                 SQ_ERR_NOT_FOUND);
    region_act(&p, EXPERT_2, "consultation.accept", id);
    p.utc_us += HOUR_US;
    region_act(&p, VILLAGER, "consultation.enter", id);
    region_act(&p, CITY_EXPERT, "consultation.enter", id);
    region_act(&p, EXPERT_2, "consultation.enter", id);
    region_act(&p, EXPERT_1, "consultation.enter", id);
    cr_expect_str_eq(people_result(&p, "state"), "in_progress");
    cr_expect_eq(json_array_size(json_object_get(consultation(), "present")), 4);
    region_ok(&p, EXPERT_1, "consultation.removeMember",
              json_pack("{s:s, s:s}", "id", id, "accountId", EXPERT_2));
    cr_expect_eq(people_effects(&p, EFFECT_ROOM_REMOVE), 1);
    cr_expect_eq(people_told(&p, EXPERT_2, "consultation.removed"), 1);
    cr_expect_eq(people_call(&p, EXPERT_2, "consultation.get", people_id(id)), SQ_ERR_NOT_FOUND);
    region_act(&p, EXPERT_1, "consultation.end", id);
    cr_expect_str_eq(people_result(&p, "state"), "opinion_drafted");
}

Test(consult_kinds, a_chair_who_refuses_is_followed_by_one_above)
{
    char id[ID_MAX];
    json_t *request = region_request("mdt");
    json_object_set_new(request, "candidateTimes",
                        json_pack("[{s:s, s:s}]", "start", region_time(&p, DAY_US), "end",
                                  region_time(&p, DAY_US + HOUR_US)));
    region_submit(&p, request, id);
    region_ok(&p, EXPERT_1, "consultation.refuse",
              json_pack("{s:s, s:s}", "id", id, "reason", "on leave"));
    cr_expect_eq(people_told(&p, CITY_EXPERT, "consultation.ring"), 1);
    region_act(&p, CITY_EXPERT, "consultation.accept", id);
    cr_expect_str_eq(people_result(&p, "state"), "accepted");
    cr_expect_str_eq(part("specialist", "id"), CITY_EXPERT);
    cr_expect_str_eq(part("panel", "id"), CITY_PANEL);
}

static json_t *slots_seen(const char *by)
{
    region_ok(&p, by, "schedule.slots",
              json_pack("{s:s, s:s, s:s}", "panelId", PANEL, "from", region_time(&p, 0), "until",
                        region_time(&p, 90 * DAY_US)));
    return json_object_get(p.call.result, "slots");
}

/* An agreement lets ask, so it lets see who will be there; a stranger learns only when there is
 * time. */
Test(consult_kinds, a_panels_diary_is_for_those_it_concerns)
{
    region_ok(&p, EXPERT_1, "schedule.offer",
              json_pack("{s:s, s:s, s:s, s:i, s:b}", "panelId", PANEL, "start",
                        region_time(&p, DAY_US), "end", region_time(&p, DAY_US + HOUR_US),
                        "slotMinutes", 30, "mine", 1));
    cr_assert_eq(STORE_RUN(p.service.store,
                           "UPDATE slot SET consultation = 'con_x' WHERE start_us = $1",
                           sv_int(p.utc_us + DAY_US)),
                 1);
    static const char *const concerned[] = {VILLAGER, EXPERT_2};
    for (size_t i = 0; i < 2; i++) {
        cr_expect_eq(json_array_size(slots_seen(concerned[i])), 2, "%s", concerned[i]);
        cr_expect_str_eq(json_string_value(json_object_get(
                             json_array_get(slots_seen(concerned[i]), 0), "accountId")),
                         EXPERT_1);
    }
    cr_assert_eq(STORE_RUN(p.service.store, "UPDATE agreement SET until_day = 1 WHERE id = $1",
                           sv_text("agr_all")),
                 1);
    const json_t *slots = slots_seen(VILLAGER), *slot = json_array_get(slots, 0);
    cr_assert_eq(json_array_size(slots), 1, "what is taken is nobody else's business");
    cr_expect(json_is_true(json_object_get(slot, "free")));
    cr_expect_null(json_object_get(slot, "accountId"));
}

Test(consult_kinds, joint_clinic_in_a_slot_of_every_week)
{
    char id[ID_MAX], second[ID_MAX];
    region_ok(&p, EXPERT_1, "schedule.offer",
              json_pack("{s:s, s:s, s:s, s:i, s:i, s:b}", "panelId", PANEL, "start",
                        region_time(&p, DAY_US), "end", region_time(&p, DAY_US + HOUR_US),
                        "slotMinutes", 30, "weeks", 4, "mine", 1));
    cr_expect_eq(json_array_size(json_object_get(p.call.result, "slots")), 8);
    char slot[ID_MAX];
    snprintf(slot, ID_MAX, "%s",
             json_string_value(json_object_get(
                 json_array_get(json_object_get(p.call.result, "slots"), 0), "id")));
    json_t *times = json_pack("[{s:s, s:s}]", "start", region_time(&p, DAY_US), "end",
                              region_time(&p, DAY_US + HOUR_US));
    json_t *request = region_request("joint_clinic");
    json_object_set(request, "candidateTimes", times);
    region_submit(&p, request, id);
    region_act(&p, EXPERT_1, "consultation.accept", id);
    region_ok(&p, VILLAGER, "consultation.schedule",
              json_pack("{s:s, s:s}", "id", id, "slotId", slot));
    region_ok(&p, VILLAGER, "schedule.slots",
              json_pack("{s:s, s:s, s:s, s:b}", "panelId", PANEL, "from", region_time(&p, 0),
                        "until", region_time(&p, 90 * DAY_US), "free", 1));
    cr_expect_eq(json_array_size(json_object_get(p.call.result, "slots")), 7);

    request = region_request("joint_clinic");
    json_object_set_new(request, "candidateTimes", times);
    region_submit(&p, request, second);
    region_act(&p, EXPERT_1, "consultation.accept", second);
    cr_expect_eq(people_call(&p, VILLAGER, "consultation.schedule",
                             json_pack("{s:s, s:s}", "id", second, "slotId", slot)),
                 SQ_ERR_CONFLICT, "it is taken");
    cr_expect_eq(people_call(&p, EXPERT_1, "consultation.schedule",
                             json_pack("{s:s, s:s, s:s}", "id", second, "start",
                                       region_time(&p, DAY_US + 10 * MINUTE_US), "end",
                                       region_time(&p, DAY_US + 40 * MINUTE_US))),
                 SQ_ERR_CONFLICT, "the specialist is busy");
    cr_expect_eq(
        people_call(&p, EXPERT_1, "consultation.schedule",
                    json_pack("{s:s, s:s, s:s}", "id", second, "start",
                              region_time(&p, 40 * DAY_US), "end", region_time(&p, 42 * DAY_US))),
        SQ_ERR_INVALID, "nobody is busy for days");
    /* The first one does not come about: its slot is free again. */
    region_ok(&p, VILLAGER, "consultation.cancel",
              json_pack("{s:s, s:s}", "id", id, "reason", "the patient went to the county"));
    region_ok(&p, VILLAGER, "consultation.schedule",
              json_pack("{s:s, s:s}", "id", second, "slotId", slot));
    p.utc_us += DAY_US + 31 * MINUTE_US;
    region_act(&p, VILLAGER, "consultation.enter", second);
    p.utc_us += 30 * MINUTE_US;
    region_due(&p);
    cr_expect_str_eq(region_state(&p, second), "no_show");
}
