/* SPDX-License-Identifier: Apache-2.0 */
/* The quality office searches its own house, a page at a time, and nothing of others. */
#include "people.h"
#include "shanqiao/error.h"
#include "signaling/audit/audit.h"
#include "signaling/audit/fhir.h"
#include "signaling/store/store.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define OFFICE "acc_office"

static struct people p;

static void add(const char *account, const char *act, const char *object, time_us utc_us)
{
    struct audit_act row = {.utc_us = utc_us, .account = account, .act = act, .object = object};
    cr_assert_eq(audit_append(p.service.store, &row), 0);
}

static void up(void)
{
    people_init(&p);
    cr_assert_eq(store_run(p.service.store,
                           "INSERT INTO account (id, login, name, password_hash, roles,"
                           " institution, language) VALUES ('" OFFICE "', 'o', 'O', 'x', 16,"
                           " 'county', 'en')",
                           NULL, 0),
                 1);
    for (int i = 0; i < 60; i++)
        add(i % 2 ? EXPERT_1 : EXPERT_2, "consultation.get", i < 30 ? "con_a" : "con_b",
            p.utc_us + i * TIME_US_PER_S);
    add(VILLAGER, "consultation.get", "con_a", p.utc_us);
}

static void down(void)
{
    people_fini(&p);
}

TestSuite(audit_search, .init = up, .fini = down);

static size_t rows(json_t *params)
{
    cr_assert_eq(people_call(&p, OFFICE, "audit.list", params), 0, "%s", p.call.message_en);
    return json_array_size(json_object_get(p.call.result, "rows"));
}

Test(audit_search, newest_first_and_a_page_at_a_time)
{
    cr_expect_eq(rows(json_object()), 50);
    const json_t *first = json_array_get(json_object_get(p.call.result, "rows"), 0);
    cr_expect_eq(json_integer_value(json_object_get(first, "number")), 60);
    json_int_t next = json_integer_value(json_object_get(p.call.result, "next"));
    cr_expect_eq(next, 11);
    cr_expect_eq(rows(json_pack("{s:I}", "before", next)), 10);
    cr_expect_null(json_object_get(p.call.result, "next"));
}

Test(audit_search, by_object_account_and_time)
{
    cr_expect_eq(rows(json_pack("{s:s}", "objectId", "con_a")), 30,
                 "the village's row is not ours");
    cr_expect_eq(rows(json_pack("{s:s, s:s}", "objectId", "con_a", "accountId", EXPERT_1)), 15);
    cr_expect_eq(rows(json_pack("{s:s}", "accountId", EXPERT_2)), 30);
    char from[SERVICE_TIME_MAX], until[SERVICE_TIME_MAX];
    service_time_text(p.utc_us + 10 * TIME_US_PER_S, from);
    service_time_text(p.utc_us + 20 * TIME_US_PER_S, until);
    cr_expect_eq(rows(json_pack("{s:s, s:s}", "from", from, "until", until)), 10);
}

/* An id says nothing to the office: who it was, and whose account was changed. */
Test(audit_search, people_are_named)
{
    add(OFFICE, "account.disable", EXPERT_1, p.utc_us + 99 * TIME_US_PER_S);
    cr_expect_eq(rows(json_pack("{s:s}", "objectId", EXPERT_1)), 1);
    const json_t *row = json_array_get(json_object_get(p.call.result, "rows"), 0);
    cr_expect_str_eq(json_string_value(json_object_get(row, "accountName")), "O");
    cr_expect_gt(strlen(json_string_value(json_object_get(row, "objectName"))), 0);
    cr_expect_eq(rows(json_pack("{s:s}", "objectId", "con_a")), 30);
    row = json_array_get(json_object_get(p.call.result, "rows"), 0);
    cr_expect_str_eq(json_string_value(json_object_get(row, "objectName")), "", "a case has none");
}

Test(audit_search, nothing_of_another_house_and_for_nobody_else)
{
    cr_expect_eq(
        people_call(&p, OFFICE, "audit.list", json_pack("{s:s}", "institutionId", "village")),
        SQ_ERR_NOT_FOUND);
    cr_expect_eq(people_call(&p, EXPERT_1, "audit.list", json_object()), SQ_ERR_DENIED);
}

Test(audit_search, an_event_says_who_what_when_and_how_it_ended)
{
    static const uint8_t hash[AUDIT_HASH_BYTES] = {0xab};
    struct audit_row row = {.chain = "ins_a_b",
                            .number = 7,
                            .account = "acc_x",
                            .session = "ses_x",
                            .act = "consultation.get",
                            .object = "con_x",
                            .detail = "SQ_ERR_DENIED",
                            .utc_us = p.utc_us};
    json_t *e = audit_event_fhir(&row, hash);
    cr_assert(e);
    cr_expect_str_eq(json_string_value(json_object_get(e, "id")), "ins-a-b-7");
    cr_expect_str_eq(json_string_value(json_object_get(e, "action")), "R");
    cr_expect_str_eq(json_string_value(json_object_get(e, "outcome")), "4");
    cr_expect_str_eq(json_string_value(json_object_get(e, "outcomeDesc")), "SQ_ERR_DENIED");
    const json_t *agent = json_array_get(json_object_get(e, "agent"), 0);
    cr_expect(json_is_true(json_object_get(agent, "requestor")));
    cr_expect_eq(json_array_size(json_object_get(e, "entity")), 2);
    json_decref(e);
    row = (struct audit_row){.chain = "",
                             .number = 1,
                             .account = "",
                             .session = "",
                             .act = "consultation.timeout",
                             .object = "con_x",
                             .detail = "expired",
                             .utc_us = p.utc_us};
    e = audit_event_fhir(&row, hash);
    cr_expect_str_eq(json_string_value(json_object_get(e, "action")), "E");
    cr_expect_str_eq(json_string_value(json_object_get(e, "outcome")), "0");
    agent = json_array_get(json_object_get(e, "agent"), 0);
    cr_expect_not(json_is_true(json_object_get(agent, "requestor")));
    json_decref(e);
}
