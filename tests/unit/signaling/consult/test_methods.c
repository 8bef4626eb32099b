/* SPDX-License-Identifier: Apache-2.0 */
/* The methods of a consultation from request to archive, who is told what, and who may not. */
#include "people.h"
#include "shanqiao/error.h"
#include "signaling/consult/consult.h"
#include "signaling/store/store.h"
#include <criterion/criterion.h>
#include <string.h>

static struct people p;

static void up(void)
{
    people_init(&p);
}

static void down(void)
{
    people_fini(&p);
}

TestSuite(consult_methods, .init = up, .fini = down);

static const char *const two_on_duty[] = {EXPERT_1, EXPERT_2, NULL};

static int act(const char *account, const char *method, const char *id)
{
    return people_call(&p, account, method, people_id(id));
}

static void accepted(char id[ID_MAX])
{
    cr_assert_eq(people_submit(&p, two_on_duty, id), 0);
    cr_assert_eq(act(EXPERT_1, "consultation.accept", id), 0);
}

Test(consult_methods, from_request_to_archive)
{
    char id[ID_MAX];
    int status = people_submit(&p, two_on_duty, id);
    cr_assert_eq(status, 0, "%d %s %s", status, p.call.message_en, store_error(p.service.store));
    cr_expect_str_eq(people_result(&p, "state"), "routed");
    cr_expect_eq(people_told(&p, EXPERT_1, "consultation.ring"), 1);
    cr_expect_eq(people_told(&p, EXPERT_2, "consultation.ring"), 1);
    cr_expect_eq(people_told(&p, EXPERT_3, "consultation.ring"), 0);
    cr_expect_eq(people_effects(&p, EFFECT_ROOM_OPEN), 1);
    cr_expect_eq(people_effects(&p, EFFECT_ROOM_LIVE), 0);

    cr_assert_eq(act(VILLAGER, "consultation.enter", id), 0);
    cr_assert_eq(act(EXPERT_1, "consultation.accept", id), 0);
    cr_expect_str_eq(people_result(&p, "state"), "accepted");
    cr_expect_eq(people_told(&p, EXPERT_2, "consultation.ringStopped"), 1);
    cr_expect_eq(people_told(&p, VILLAGER, "consultation.state"), 1);
    cr_expect_eq(people_effects(&p, EFFECT_ROOM_LIVE), 1);
    cr_expect_eq(people_effects(&p, EFFECT_ROOM_REMOVE), 1);

    cr_assert_eq(act(EXPERT_1, "consultation.enter", id), 0);
    cr_expect_str_eq(people_result(&p, "state"), "in_progress");
    cr_expect_eq(people_told(&p, VILLAGER, "consultation.participant"), 1);

    cr_assert_eq(act(VILLAGER, "consultation.end", id), 0);
    cr_expect_str_eq(people_result(&p, "state"), "opinion_drafted");
    cr_expect_eq(people_effects(&p, EFFECT_ROOM_CLOSE), 1);

    json_t *params = json_pack("{s:s, s:{s:s, s:s}}", "consultationId", id, "opinion", "diagnosis",
                               "inferior STEMI", "advice", "thrombolysis now, then transfer");
    cr_assert_eq(people_call(&p, EXPERT_1, "opinion.sign", params), 0);
    cr_expect_eq(people_told(&p, VILLAGER, "consultation.state"),
                 1); /* signed and delivered in one */
    cr_assert_eq(act(VILLAGER, "consultation.acknowledge", id), 0);
    cr_assert_eq(act(VILLAGER, "consultation.archive", id), SQ_ERR_STATE);
    cr_expect_not_null(strstr(p.call.message_en, "outcome"));
    params = json_pack("{s:s, s:s, s:s, s:b}", "id", id, "outcome", "went home", "concordance",
                       "agrees", "avoidedTransfer", 0);
    cr_assert_eq(people_call(&p, VILLAGER, "consultation.outcome", params), 0);
    cr_assert_eq(act(VILLAGER, "consultation.archive", id), 0);
    cr_expect_str_eq(people_result(&p, "state"), "archived");
    cr_assert_eq(
        people_call(&p, VILLAGER, "opinion.verify", json_pack("{s:s}", "consultationId", id)), 0);
    cr_expect(json_is_true(json_object_get(p.call.result, "verified")));
}

Test(consult_methods, somebody_else_was_first)
{
    char id[ID_MAX];
    accepted(id);
    cr_expect_eq(act(EXPERT_2, "consultation.accept", id), SQ_ERR_CONFLICT);
    cr_expect(p.call.message_en[0] && p.call.message_zh[0]);
    cr_expect_eq(act(EXPERT_1, "consultation.accept", id), SQ_ERR_STATE);
}

Test(consult_methods, outsiders_learn_nothing)
{
    static const char *const methods[] = {
        "consultation.get",    "consultation.accept",      "consultation.refuse",
        "consultation.enter",  "consultation.leave",       "consultation.end",
        "consultation.cancel", "consultation.acknowledge", "consultation.archive"};
    static const char *const outsiders[] = {EXPERT_3, OPERATOR};
    char id[ID_MAX];
    accepted(id);
    for (size_t m = 0; m < sizeof(methods) / sizeof(methods[0]); m++) {
        for (size_t o = 0; o < sizeof(outsiders) / sizeof(outsiders[0]); o++) {
            cr_expect_eq(act(outsiders[o], methods[m], id), SQ_ERR_NOT_FOUND, "%s by %s",
                         methods[m], outsiders[o]);
            cr_expect_eq(act(outsiders[o], methods[m], "con_none"), SQ_ERR_NOT_FOUND);
            cr_expect_null(p.call.result);
            cr_expect_eq(p.call.effects.count, 0);
        }
    }
    /* A colleague of the same clinic sees that it exists, and no more. */
    cr_assert_eq(act(OTHER_DOCTOR, "consultation.get", id), 0);
    const json_t *seen = json_object_get(p.call.result, "consultation");
    cr_expect_null(json_object_get(seen, "patient"));
    cr_expect_null(json_object_get(seen, "complaint"));
    cr_expect_eq(act(OTHER_DOCTOR, "consultation.enter", id), SQ_ERR_DENIED);
    /* Who was rung and lost may not read it any more. */
    cr_expect_eq(act(EXPERT_2, "consultation.get", id), SQ_ERR_NOT_FOUND);
}

Test(consult_methods, insiders_without_the_right_are_told_so)
{
    char id[ID_MAX];
    accepted(id);
    cr_expect_eq(act(EXPERT_1, "consultation.cancel", id), SQ_ERR_DENIED);
    cr_expect_eq(act(VILLAGER, "consultation.accept", id), SQ_ERR_DENIED);
    cr_expect_eq(act(VILLAGER, "consultation.approve", id), SQ_ERR_DENIED);
    cr_expect_eq(people_call(&p, EXPERT_1, "consultation.submit", people_request()), SQ_ERR_DENIED);
    cr_expect_eq(people_call(&p, VILLAGER, "duty.set",
                             json_pack("{s:s, s:b}", "panelId", PANEL, "onDuty", 1)),
                 SQ_ERR_DENIED);
}

Test(consult_methods, refusals_carry_their_reason)
{
    char id[ID_MAX];
    cr_assert_eq(people_submit(&p, two_on_duty, id), 0);
    cr_assert_eq(people_call(&p, EXPERT_1, "consultation.refuse",
                             json_pack("{s:s, s:s}", "id", id, "reason", "in theatre")),
                 0);
    cr_assert_eq(people_call(&p, EXPERT_2, "consultation.refuse",
                             json_pack("{s:s, s:s}", "id", id, "reason", "needs a surgeon")),
                 0);
    cr_assert_eq(act(VILLAGER, "consultation.get", id), 0);
    cr_expect_str_eq(people_result(&p, "state"), "refused");
    cr_expect_str_eq(people_result(&p, "reason"), "needs a surgeon");
}

Test(consult_methods, nobody_on_duty)
{
    char id[ID_MAX];
    cr_assert_eq(people_submit(&p, NULL, id), 0);
    cr_expect_str_eq(people_result(&p, "state"), "expired");
    cr_expect_str_eq(people_result(&p, "reason"), "nobody_on_duty");
    cr_expect_eq(people_effects(&p, EFFECT_ROOM_OPEN), 0);
}

Test(consult_methods, list_shows_ones_own)
{
    char id[ID_MAX], second[ID_MAX];
    accepted(id);
    p.utc_us += TIME_US_PER_S;
    cr_assert_eq(people_submit(&p, NULL, second), 0); /* rings both on duty */
    cr_assert_eq(people_call(&p, VILLAGER, "consultation.list", json_object()), 0);
    const json_t *rows = json_object_get(p.call.result, "consultations");
    cr_assert_eq(json_array_size(rows), 2);
    cr_expect_str_eq(json_string_value(json_object_get(json_array_get(rows, 0), "id")), second);
    cr_assert_eq(people_call(&p, EXPERT_2, "consultation.list", json_pack("{s:b}", "active", 1)),
                 0);
    cr_expect_eq(json_array_size(json_object_get(p.call.result, "consultations")), 1);
    cr_assert_eq(people_call(&p, OPERATOR, "consultation.list", json_object()), 0);
    cr_expect_eq(json_array_size(json_object_get(p.call.result, "consultations")), 0);
}

Test(consult_methods, too_many_open_requests)
{
    char id[ID_MAX];
    for (int i = 0; i < 20; i++)
        cr_assert_eq(people_submit(&p, i ? NULL : two_on_duty, id), 0);
    cr_expect_eq(people_submit(&p, NULL, id), SQ_ERR_LIMIT);
}

Test(consult_methods, room_rights_follow_the_life)
{
    char id[ID_MAX];
    cr_assert_eq(people_submit(&p, two_on_duty, id), 0);
    cr_expect_eq(consult_room_right(&p.service, id, VILLAGER), ROOM_RIGHT_WAITING);
    cr_expect_eq(consult_room_right(&p.service, id, EXPERT_1), ROOM_RIGHT_RUNG);
    cr_expect_eq(consult_room_right(&p.service, id, EXPERT_3), ROOM_RIGHT_NONE);
    cr_expect_eq(consult_room_right(&p.service, id, OPERATOR), ROOM_RIGHT_NONE);
    cr_assert_eq(act(EXPERT_1, "consultation.accept", id), 0);
    cr_expect_eq(consult_room_right(&p.service, id, VILLAGER), ROOM_RIGHT_LIVE);
    cr_expect_eq(consult_room_right(&p.service, id, EXPERT_1), ROOM_RIGHT_LIVE);
    cr_expect_eq(consult_room_right(&p.service, id, EXPERT_2), ROOM_RIGHT_NONE);
    cr_assert_eq(act(VILLAGER, "consultation.end", id), 0);
    cr_expect_eq(consult_room_right(&p.service, id, VILLAGER), ROOM_RIGHT_NONE);
    cr_expect_eq(consult_room_right(&p.service, "con_none", VILLAGER), ROOM_RIGHT_NONE);
}
