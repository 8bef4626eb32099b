/* SPDX-License-Identifier: Apache-2.0 */
/* See mdt.h. */
#include "mdt.h"
#include <criterion/criterion.h>
#include <stdio.h>

#define HOUR_US (3600 * TIME_US_PER_S)

static void ok(struct people *p, const char *account, const char *method, json_t *params)
{
    int status = people_call(p, account, method, params);
    cr_assert_eq(status, 0, "%s by %s: %d %s", method, account, status, p->call.message_en);
}

static json_t *slot(const struct people *p)
{
    char start[SERVICE_TIME_MAX], end[SERVICE_TIME_MAX];
    service_time_text(p->utc_us + HOUR_US, start);
    service_time_text(p->utc_us + 2 * HOUR_US, end);
    return json_pack("{s:s, s:s}", "start", start, "end", end);
}

static json_t *request(const struct people *p)
{
    static const char *const more[] = {"history", "results",    "diagnosis",  "treatment",
                                       "allergy", "department", "wantedTitle"};
    json_t *r = people_request();
    json_object_set_new(r, "kind", json_string("mdt"));
    json_object_set_new(r, "candidateTimes", json_pack("[o]", slot(p)));
    for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++)
        json_object_set_new(r, more[i], json_string("as the record says"));
    return r;
}

void mdt_init(struct people *p, char id[ID_MAX])
{
    static const char *const others[] = {EXPERT_2, EXPERT_3};
    ok(p, EXPERT_1, "duty.set", json_pack("{s:s, s:b}", "panelId", PANEL, "onDuty", 1));
    ok(p, VILLAGER, "consultation.submit", request(p));
    snprintf(id, ID_MAX, "%s", people_result(p, "id"));
    ok(p, EXPERT_1, "consultation.accept", people_id(id));
    json_t *when = slot(p);
    json_object_set_new(when, "id", json_string(id));
    ok(p, EXPERT_1, "consultation.schedule", when);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        ok(p, EXPERT_1, "consultation.addMember",
           json_pack("{s:s, s:s, s:s}", "id", id, "accountId", others[i], "role", "expert"));
        ok(p, others[i], "consultation.accept", people_id(id));
    }
    p->utc_us += HOUR_US;
    ok(p, VILLAGER, "consultation.enter", people_id(id));
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        ok(p, others[i], "consultation.enter", people_id(id));
    ok(p, EXPERT_1, "consultation.enter", people_id(id));
    ok(p, EXPERT_1, "consultation.end", people_id(id));
}

void mdt_sign(struct people *p, const char *id, const char *account, const char *advice,
              char version[ID_MAX])
{
    ok(p, account, "opinion.sign",
       json_pack("{s:s, s:{s:s}}", "consultationId", id, "opinion", "advice", advice));
    snprintf(version, ID_MAX, "%s",
             json_string_value(json_object_get(json_object_get(p->call.result, "opinion"), "id")));
}
