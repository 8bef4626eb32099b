/* SPDX-License-Identifier: Apache-2.0 */
/* Drafts and the gate, pages of lists, what other institutions see (nothing), what stands in the
 * database (nothing readable), slots. */
#include "region.h"
#include "shanqiao/error.h"
#include "signaling/consult/consult.h"
#include "signaling/store/store.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOUR_US (3600 * TIME_US_PER_S)

static struct people p;

static void up(void)
{
    region_init(&p);
}

static void down(void)
{
    people_fini(&p);
}

TestSuite(consult_around, .init = up, .fini = down);

static const char *text_at(const char *name)
{
    const char *text = json_string_value(json_object_get(p.call.result, name));
    return text ? text : "";
}

Test(consult_around, drafts_grow_until_they_are_complete)
{
    char id[ID_MAX];
    region_ok(&p, VILLAGER, "consultation.saveDraft",
              json_pack("{s:s, s:s}", "kind", "live", "complaint", "chest pain"));
    snprintf(id, ID_MAX, "%s", text_at("draftId"));
    cr_expect_gt(json_array_size(json_object_get(p.call.result, "missing")), 2);
    cr_expect_eq(
        people_call(&p, VILLAGER, "consultation.submit", json_pack("{s:s}", "draftId", id)),
        SQ_ERR_INVALID);
    cr_expect(strstr(p.call.message_en, "purpose"), "%s", p.call.message_en);
    cr_expect(strstr(p.call.message_zh, "会诊目的"), "%s", p.call.message_zh);
    cr_expect_null(strstr(p.call.message_en, "complaint"), "that one is there");

    cr_expect_eq(
        people_call(&p, OTHER_DOCTOR, "consultation.submit", json_pack("{s:s}", "draftId", id)),
        SQ_ERR_NOT_FOUND);
    cr_expect_eq(people_call(&p, OTHER_DOCTOR, "consultation.saveDraft",
                             json_pack("{s:s, s:s}", "draftId", id, "kind", "live")),
                 SQ_ERR_NOT_FOUND);
    region_ok(&p, OTHER_DOCTOR, "consultation.drafts", json_object());
    cr_expect_eq(json_array_size(json_object_get(p.call.result, "drafts")), 0);

    json_t *request = people_request();
    json_object_set_new(request, "draftId", json_string(id));
    region_ok(&p, VILLAGER, "consultation.saveDraft", request);
    cr_expect_eq(json_array_size(json_object_get(p.call.result, "missing")), 0);
    region_ok(&p, VILLAGER, "consultation.drafts", json_object());
    cr_expect_eq(json_array_size(json_object_get(p.call.result, "drafts")), 1);
    region_ok(&p, VILLAGER, "consultation.submit", json_pack("{s:s}", "draftId", id));
    cr_expect_str_eq(people_result(&p, "id"), id);
    region_ok(&p, VILLAGER, "consultation.drafts", json_object());
    cr_expect_eq(json_array_size(json_object_get(p.call.result, "drafts")), 0);
    cr_expect_eq(
        people_call(&p, EXPERT_1, "consultation.saveDraft", json_pack("{s:s}", "kind", "live")),
        SQ_ERR_DENIED);
}

Test(consult_around, a_draft_is_thrown_away_by_its_owner_alone)
{
    char id[ID_MAX];
    region_ok(&p, VILLAGER, "consultation.saveDraft", json_pack("{s:s}", "kind", "live"));
    snprintf(id, ID_MAX, "%s", text_at("draftId"));
    cr_expect_eq(
        people_call(&p, OTHER_DOCTOR, "consultation.discard", json_pack("{s:s}", "draftId", id)),
        SQ_ERR_NOT_FOUND);
    cr_expect_eq(
        people_call(&p, EXPERT_1, "consultation.discard", json_pack("{s:s}", "draftId", id)),
        SQ_ERR_DENIED);
    region_ok(&p, VILLAGER, "consultation.discard", json_pack("{s:s}", "draftId", id));
    region_ok(&p, VILLAGER, "consultation.drafts", json_object());
    cr_expect_eq(json_array_size(json_object_get(p.call.result, "drafts")), 0);
    cr_expect_eq(
        people_call(&p, VILLAGER, "consultation.discard", json_pack("{s:s}", "draftId", id)),
        SQ_ERR_NOT_FOUND);
}

Test(consult_around, what_was_submitted_is_no_draft_to_throw_away)
{
    char id[ID_MAX];
    region_ok(&p, VILLAGER, "consultation.submit", people_request());
    snprintf(id, ID_MAX, "%s", people_result(&p, "id"));
    cr_expect_eq(
        people_call(&p, VILLAGER, "consultation.discard", json_pack("{s:s}", "draftId", id)),
        SQ_ERR_NOT_FOUND);
    region_ok(&p, VILLAGER, "consultation.get", people_id(id));
}

/* Every consultation stands on exactly one page. */
static int walk(const char *account, const char *method, const char *member, const char *ids[])
{
    char cursor[96] = "";
    int count = 0;
    for (int page = 0; page < 10; page++) {
        json_t *params = json_pack("{s:i}", "limit", 3);
        if (cursor[0])
            json_object_set_new(params, "cursor", json_string(cursor));
        region_ok(&p, account, method, params);
        const json_t *rows = json_object_get(p.call.result, member);
        cr_expect_leq(json_array_size(rows), 3);
        for (size_t i = 0; i < json_array_size(rows); i++) {
            const char *id = json_string_value(json_object_get(json_array_get(rows, i), "id"));
            for (int k = 0; k < count; k++)
                cr_expect_str_neq(ids[k], id);
            ids[count++] = strdup(id);
        }
        if (!json_is_true(json_object_get(p.call.result, "more")))
            break;
        snprintf(cursor, sizeof(cursor), "%s", text_at("cursor"));
    }
    return count;
}

static void release(const char *ids[], int count)
{
    for (int i = 0; i < count; i++)
        free((char *)ids[i]);
}

Test(consult_around, lists_come_in_pages)
{
    char id[ID_MAX];
    const char *ids[32];
    region_agreement(&p, 1, 1, 1, 0);
    for (int i = 0; i < 8; i++) {
        p.utc_us += i % 2; /* some at the same time */
        region_submit(&p, region_request("live"), id);
    }
    static const char *const insiders[] = {VILLAGER, BASE_DESK, COUNTY_DESK};
    for (size_t i = 0; i < 3; i++) {
        int count = walk(insiders[i], "consultation.list", "consultations", ids);
        cr_expect_eq(count, 8, "%s: %d", insiders[i], count);
        release(ids, count);
    }
    int count = walk(COUNTY_DESK, "worklist.list", "tasks", ids);
    cr_expect_eq(count, 8);
    release(ids, count);
    static const char *const outsiders[] = {OTHER_DOCTOR, EXPERT_1, CITY_DESK, STRANGER, OPERATOR};
    for (size_t i = 0; i < 5; i++) {
        cr_expect_eq(walk(outsiders[i], "consultation.list", "consultations", ids), 0);
        cr_expect_eq(walk(outsiders[i], "worklist.list", "tasks", ids), 0);
    }
    cr_expect_eq(
        people_call(&p, VILLAGER, "consultation.list", json_pack("{s:s}", "cursor", "tomorrow")),
        SQ_ERR_INVALID);
}

Test(consult_around, tasks_follow_the_turn)
{
    char id[ID_MAX];
    region_agreement(&p, 1, 0, 1, 0);
    region_submit(&p, region_request("live"), id);
    static const struct {
        const char *account;
        const char *task;
    } before[] = {{BASE_DESK, "approve"}, {COUNTY_DESK, NULL}};
    for (size_t i = 0; i < 2; i++) {
        region_ok(&p, before[i].account, "worklist.list", json_object());
        const json_t *task = json_array_get(json_object_get(p.call.result, "tasks"), 0);
        const char *name = json_string_value(json_object_get(task, "task"));
        cr_expect(before[i].task ? name && strcmp(name, before[i].task) == 0 : !name);
    }
    region_act(&p, BASE_DESK, "consultation.approve", id);
    region_ok(&p, COUNTY_DESK, "worklist.list", json_object());
    const json_t *task = json_array_get(json_object_get(p.call.result, "tasks"), 0);
    cr_expect_str_eq(json_string_value(json_object_get(task, "task")), "triage");
}

/* A wrong id and one of others are answered alike, whatever is asked. */
Test(consult_around, ids_can_not_be_guessed_at)
{
    static const char *const methods[] = {
        "consultation.get",     "consultation.approve",  "consultation.accept",
        "consultation.enter",   "consultation.leave",    "consultation.end",
        "consultation.reopen",  "consultation.archive",  "consultation.acknowledge",
        "consultation.triage",  "consultation.backfill", "consultation.acknowledgeCritical",
        "consultation.goLive",  "worklist.claim",        "worklist.release",
        "consultation.schedule"};
    static const char *const outsiders[] = {CITY_DESK, STRANGER, CITY_EXPERT, TRAINEE, OPERATOR};
    char id[ID_MAX], en[256];
    region_on_duty(&p, EXPERT_1, PANEL);
    region_submit(&p, region_request("live"), id);
    for (size_t m = 0; m < sizeof(methods) / sizeof(methods[0]); m++)
        for (size_t o = 0; o < sizeof(outsiders) / sizeof(outsiders[0]); o++) {
            cr_expect_eq(people_call(&p, outsiders[o], methods[m], people_id(id)), SQ_ERR_NOT_FOUND,
                         "%s by %s", methods[m], outsiders[o]);
            snprintf(en, sizeof(en), "%s", p.call.message_en);
            cr_expect_eq(people_call(&p, outsiders[o], methods[m], people_id("con_none")),
                         SQ_ERR_NOT_FOUND);
            cr_expect_str_eq(p.call.message_en, en);
        }
}

Test(consult_around, observers_see_no_name_and_come_by_consent)
{
    char id[ID_MAX];
    region_on_duty(&p, EXPERT_1, PANEL);
    json_t *request = region_request("live");
    json_object_set_new(json_object_get(request, "consent"), "teaching", json_true());
    region_submit(&p, request, id);
    region_act(&p, EXPERT_1, "consultation.accept", id);
    region_ok(&p, COUNTY_DESK, "consultation.addMember",
              json_pack("{s:s, s:s, s:s}", "id", id, "accountId", TRAINEE, "role", "observer"));
    cr_expect_eq(people_told(&p, TRAINEE, "consultation.state"), 1);
    region_act(&p, TRAINEE, "consultation.get", id);
    const json_t *patient =
        json_object_get(json_object_get(p.call.result, "consultation"), "patient");
    cr_expect_null(json_object_get(patient, "name"));
    cr_expect_null(json_object_get(patient, "idNumber"));
    cr_expect_not_null(json_object_get(patient, "ageYears"));
    cr_expect_eq(consult_room_right(&p.service, id, TRAINEE), ROOM_RIGHT_LISTEN);
    region_ok(&p, COUNTY_DESK, "consultation.removeMember",
              json_pack("{s:s, s:s}", "id", id, "accountId", TRAINEE));
    cr_expect_eq(people_effects(&p, EFFECT_ROOM_REMOVE), 1);
    cr_expect_eq(consult_room_right(&p.service, id, TRAINEE), ROOM_RIGHT_NONE);
    cr_expect_eq(people_call(&p, TRAINEE, "consultation.get", people_id(id)), SQ_ERR_NOT_FOUND);
}

Test(consult_around, observers_need_the_consent)
{
    char id[ID_MAX];
    region_on_duty(&p, EXPERT_1, PANEL);
    region_submit(&p, region_request("live"), id);
    region_act(&p, EXPERT_1, "consultation.accept", id);
    cr_expect_eq(people_call(&p, COUNTY_DESK, "consultation.addMember",
                             json_pack("{s:s, s:s, s:s}", "id", id, "accountId", TRAINEE, "role",
                                       "observer")),
                 SQ_ERR_DENIED);
    cr_expect(p.call.message_en[0] && p.call.message_zh[0]);
}

static bool file_holds(const char *path, const char *text)
{
    bool found = false;
    FILE *file = fopen(path, "rb");
    size_t wanted = strlen(text);
    if (!file)
        return false;
    fseek(file, 0, SEEK_END);
    size_t size = (size_t)ftell(file);
    rewind(file);
    char *bytes = malloc(size + 1);
    cr_assert_not_null(bytes);
    size = fread(bytes, 1, size, file);
    fclose(file);
    for (size_t i = 0; i + wanted <= size && !found; i++)
        found = memcmp(bytes + i, text, wanted) == 0;
    free(bytes);
    return found;
}

Test(consult_around, what_people_wrote_is_sealed)
{
    static const char *const secrets[] = {"chest pain",         "Zhuoma Dechen",  "in theatre",
                                          "potassium of seven", "camera is dark", "a secret note",
                                          "angiography today",  "no bed"};
    char id[ID_MAX], path[DATABASE_MAX + 8];
    region_on_duty(&p, EXPERT_1, PANEL);
    region_on_duty(&p, EXPERT_2, PANEL);
    region_ok(&p, VILLAGER, "consultation.saveDraft", people_request());
    region_submit(&p, region_request("guidance"), id);
    region_ok(&p, EXPERT_2, "consultation.refuse",
              json_pack("{s:s, s:s}", "id", id, "reason", "in theatre"));
    region_act(&p, EXPERT_1, "consultation.accept", id);
    region_ok(&p, EXPERT_1, "consultation.readiness",
              json_pack("{s:s, s:[{s:s, s:b, s:s}]}", "id", id, "checks", "name", "camera", "ok", 0,
                        "problem", "camera is dark"));
    region_ok(&p, EXPERT_1, "consultation.note",
              json_pack("{s:s, s:s}", "id", id, "text", "a secret note"));
    region_ok(&p, VILLAGER, "referral.propose",
              json_pack("{s:s, s:s, s:s, s:s}", "consultationId", id, "direction", "up",
                        "toInstitution", "city", "plan", "angiography today"));
    char referral[ID_MAX];
    snprintf(referral, ID_MAX, "%s",
             json_string_value(json_object_get(json_object_get(p.call.result, "referral"), "id")));
    region_ok(&p, CITY_DESK, "referral.refuse",
              json_pack("{s:s, s:s}", "id", referral, "reason", "no bed"));
    region_submit(&p, region_request("reading"), id);
    region_material(&p, id);
    region_act(&p, EXPERT_1, "worklist.claim", id);
    region_ok(&p, EXPERT_1, "consultation.critical",
              json_pack("{s:s, s:s}", "id", id, "text", "potassium of seven"));
    if (store_shared(p.service.store))
        return; /* the rows are the same; there is no file to look into */
    for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
        cr_expect_not(file_holds(p.database, secrets[i]), "%s", secrets[i]);
        snprintf(path, sizeof(path), "%s-wal", p.database);
        cr_expect_not(file_holds(path, secrets[i]), "%s", secrets[i]);
    }
    snprintf(path, sizeof(path), "%s-wal", p.database);
    cr_expect(file_holds(path, id) || file_holds(p.database, id), "the search finds what is there");
}

Test(consult_around, slots_are_offered_by_those_who_may)
{
    json_t *params = json_pack("{s:s, s:s, s:s}", "panelId", PANEL, "start",
                               region_time(&p, HOUR_US), "end", region_time(&p, 2 * HOUR_US));
    cr_expect_eq(people_call(&p, VILLAGER, "schedule.offer", json_deep_copy(params)),
                 SQ_ERR_DENIED);
    cr_expect_eq(people_call(&p, CITY_DESK, "schedule.offer", json_deep_copy(params)),
                 SQ_ERR_DENIED);
    region_ok(&p, EXPERT_3, "schedule.offer", json_deep_copy(params));
    const json_t *slot = json_array_get(json_object_get(p.call.result, "slots"), 0);
    char id[ID_MAX];
    snprintf(id, ID_MAX, "%s", json_string_value(json_object_get(slot, "id")));
    json_object_set_new(params, "mine", json_true());
    region_ok(&p, EXPERT_3, "schedule.offer", json_deep_copy(params));
    cr_expect_eq(people_call(&p, EXPERT_3, "schedule.offer", json_deep_copy(params)),
                 SQ_ERR_CONFLICT, "twice at one time");
    cr_expect_eq(people_call(&p, COUNTY_DESK, "schedule.offer", json_deep_copy(params)),
                 SQ_ERR_INVALID, "a coordinator gives no consultation");
    json_object_set_new(params, "start", json_string(region_time(&p, -HOUR_US)));
    cr_expect_eq(people_call(&p, EXPERT_3, "schedule.offer", json_deep_copy(params)),
                 SQ_ERR_INVALID, "in the past");
    json_decref(params);
    cr_expect_eq(people_call(&p, STRANGER, "schedule.withdraw", json_pack("{s:s}", "slotId", id)),
                 SQ_ERR_DENIED);
    region_ok(&p, COUNTY_DESK, "schedule.withdraw", json_pack("{s:s}", "slotId", id));
    cr_expect_eq(
        people_call(&p, COUNTY_DESK, "schedule.withdraw", json_pack("{s:s}", "slotId", id)),
        SQ_ERR_NOT_FOUND);
}

/* No more slots of a panel at one time than it has members; those after each other are none at one
 * time. */
Test(consult_around, a_panel_offers_no_more_than_it_can_meet)
{
    cr_assert_gt(STORE_RUN(p.service.store,
                           "DELETE FROM panel_member WHERE panel = $1 AND account <> $2",
                           sv_text(PANEL), sv_text(EXPERT_1)),
                 0);
    json_t *hour =
        json_pack("{s:s, s:s, s:s, s:i}", "panelId", PANEL, "start", region_time(&p, 2 * HOUR_US),
                  "end", region_time(&p, 3 * HOUR_US), "slotMinutes", 30);
    region_ok(&p, COUNTY_DESK, "schedule.offer", json_deep_copy(hour));
    cr_expect_eq(people_call(&p, COUNTY_DESK, "schedule.offer", json_deep_copy(hour)),
                 SQ_ERR_CONFLICT, "twice, with one member");
    cr_expect_not_null(strstr(p.call.message_en, "as many slots"));
    cr_expect_eq(people_call(&p, EXPERT_1, "schedule.offer",
                             json_pack("{s:s, s:s, s:s, s:b}", "panelId", PANEL, "start",
                                       region_time(&p, HOUR_US), "end",
                                       region_time(&p, 2 * HOUR_US + HOUR_US / 4), "mine", 1)),
                 SQ_ERR_CONFLICT, "the member's own, reaching into the panel's");
    json_object_set_new(hour, "end", json_string(region_time(&p, 2 * HOUR_US)));
    json_object_set_new(hour, "start", json_string(region_time(&p, HOUR_US)));
    region_ok(&p, COUNTY_DESK, "schedule.offer", json_deep_copy(hour));
    cr_assert_eq(STORE_RUN(p.service.store,
                           "INSERT INTO panel_member (panel, account) VALUES ($1, $2)",
                           sv_text(PANEL), sv_text(EXPERT_2)),
                 1);
    json_object_set_new(hour, "end", json_string(region_time(&p, 3 * HOUR_US)));
    json_object_del(hour, "slotMinutes");
    region_ok(&p, COUNTY_DESK, "schedule.offer", json_deep_copy(hour));
    cr_expect_eq(people_call(&p, COUNTY_DESK, "schedule.offer", hour), SQ_ERR_CONFLICT,
                 "a third, with two members");
}
