/* SPDX-License-Identifier: Apache-2.0 */
/* A reading waits for the first thing to read: before that nobody is asked. */
#include "region.h"
#include "shanqiao/error.h"
#include "signaling/consult/consult.h"
#include "signaling/materials/record.h"
#include "signaling/store/store.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define DAY_US (24 * 3600 * TIME_US_PER_S)

static struct people p;

static void up(void)
{
    region_init(&p);
}

static void down(void)
{
    people_fini(&p);
}

TestSuite(consult_reading, .init = up, .fini = down);

/* As the last piece of an upload does. Effects stay in p.call. */
static void add_file(const char *consultation, const char *id, bool preview, enum kind kind)
{
    struct material m = {.preview = preview, .has_file = true, .added_us = p.utc_us};
    snprintf(m.id, ID_MAX, "%s", id);
    snprintf(m.consultation, ID_MAX, "%s", consultation);
    snprintf(m.account, ID_MAX, "%s", VILLAGER);
    snprintf(m.type, sizeof(m.type), "photo");
    snprintf(m.status, sizeof(m.status), "pending");
    snprintf(m.name, sizeof(m.name), "%s", id);
    snprintf(m.file.id, ID_MAX, "fil_%s", id);
    snprintf((char *)m.file.sha256, sizeof(m.file.sha256), "%s", id);
    m.file.kind = kind;
    json_decref(p.call.params);
    json_decref(p.call.result);
    effects_clear(&p.call.effects);
    memset(&p.call, 0, sizeof(p.call));
    p.call.service = &p.service;
    p.call.caller = &p.caller;
    p.call.utc_us = p.utc_us;
    cr_assert_eq(store_begin(p.service.store), 0);
    cr_assert_eq(stored_insert(&p.service, "village", &m.file), 0);
    cr_assert_eq(material_insert(&p.service, &m), 0);
    cr_assert_eq(consult_material_changed(&p.call, consultation), 0);
    cr_assert_eq(store_commit(p.service.store), 0);
}

/* What the worklist shows first; NULL: nothing. */
static const json_t *first_task(const char *account)
{
    region_ok(&p, account, "worklist.list", json_object());
    return json_array_get(json_object_get(p.call.result, "tasks"), 0);
}

static bool awaits(const char *what)
{
    size_t i;
    const json_t *one;
    json_array_foreach(json_object_get(json_object_get(p.call.result, "consultation"), "awaits"), i,
                       one) if (strcmp(json_string_value(one), what) == 0) return true;
    return false;
}

Test(consult_reading, reading_waits_for_something_to_read)
{
    char id[ID_MAX];
    region_submit(&p, region_request("reading"), id);
    cr_expect_str_eq(people_result(&p, "state"), "triaged");
    cr_expect(awaits("material"));
    cr_expect_eq(people_told(&p, EXPERT_1, "consultation.reminder"), 0);
    cr_expect_null(first_task(EXPERT_1));
    cr_expect_eq(people_call(&p, EXPERT_1, "worklist.claim", people_id(id)), SQ_ERR_STATE);
    cr_expect_not_null(strstr(p.call.message_en, "No material"));
    cr_expect_not_null(strstr(p.call.message_zh, "资料"));
    cr_expect_eq(people_call(&p, CITY_EXPERT, "worklist.claim", people_id(id)), SQ_ERR_NOT_FOUND);

    add_file(id, "mat_preview", true, KIND_JPEG);
    add_file(id, "mat_header", false, KIND_WFDB_HEADER);
    cr_expect_null(first_task(EXPERT_1), "what comes before the original is nothing to read");
    add_file(id, "mat_photo", false, KIND_JPEG);
    cr_expect_eq(people_told(&p, EXPERT_1, "consultation.reminder"), 1);
    cr_expect_eq(people_told(&p, EXPERT_2, "consultation.reminder"), 1);
    cr_expect_not_null(first_task(EXPERT_1));
    cr_expect_str_eq(region_state(&p, id), "routed");
    cr_expect_not(awaits("material"));

    region_ok(&p, VILLAGER, "material.remove", json_pack("{s:s}", "id", "mat_photo"));
    cr_expect_null(first_task(EXPERT_1), "the last one was of somebody else");
    region_material(&p, id);
    region_act(&p, EXPERT_1, "worklist.claim", id);
    cr_expect_str_eq(people_result(&p, "state"), "accepted");
}

Test(consult_reading, reading_is_given_back_without_anything_to_read)
{
    char id[ID_MAX];
    region_submit(&p, region_request("reading"), id);
    add_file(id, "mat_photo", false, KIND_JPEG);
    region_act(&p, EXPERT_1, "worklist.claim", id);
    region_ok(&p, VILLAGER, "material.remove", json_pack("{s:s}", "id", "mat_photo"));
    cr_expect_str_eq(region_state(&p, id), "accepted");
    cr_expect(awaits("material"));
    region_act(&p, EXPERT_1, "worklist.release", id);
    cr_expect_str_eq(region_state(&p, id), "triaged");
    cr_expect_null(first_task(EXPERT_1));
}

Test(consult_reading, reading_without_material_reminds_its_sender_and_ends_after_a_week)
{
    char id[ID_MAX];
    region_submit(&p, region_request("reading"), id);
    for (int day = 1; day < 7; day++) {
        p.utc_us += DAY_US;
        region_due(&p);
        cr_expect_eq(people_told(&p, VILLAGER, "consultation.reminder"), 1);
        cr_expect_str_eq(region_state(&p, id), "triaged");
    }
    p.utc_us += DAY_US;
    region_due(&p);
    cr_expect_str_eq(region_state(&p, id), "expired");
    cr_expect_str_eq(people_result(&p, "reason"), "no_material");
    region_material(&p, id);
    region_ok(&p, BASE_DESK, "consultation.reopen",
              json_pack("{s:s, s:s}", "id", id, "reason", "it came at last"));
    cr_expect_str_eq(people_result(&p, "state"), "routed");
}
