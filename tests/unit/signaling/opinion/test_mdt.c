/* SPDX-License-Identifier: Apache-2.0 */
/* An MDT: one opinion each, seen among the members until the chair's conclusion, which names each
 * by its hash, says who dissents and who was excused. */
#include "mdt.h"
#include "shanqiao/error.h"
#include "signaling/opinion/opinion.h"
#include "signaling/store/store.h"
#include <criterion/criterion.h>
#include <string.h>

static struct people p;
static char id[ID_MAX], second[ID_MAX], third[ID_MAX];

static void up(void)
{
    people_init(&p);
    mdt_init(&p, id);
}

static void down(void)
{
    people_fini(&p);
}

TestSuite(mdt, .init = up, .fini = down);

static json_t *conclusion(const char *advice)
{
    return json_pack("{s:s, s:{s:s, s:i}}", "consultationId", id, "opinion", "advice", advice,
                     "followUpDays", 7);
}

static json_t *with(json_t *params, const char *name, json_t *value)
{
    json_object_set_new(params, name, value);
    return params;
}

static int conclude(const char *account, json_t *params)
{
    return people_call(&p, account, "opinion.conclude", params);
}

static size_t listed_by(const char *account)
{
    cr_assert_eq(people_call(&p, account, "opinion.list", json_pack("{s:s}", "consultationId", id)),
                 0);
    return json_array_size(json_object_get(p.call.result, "opinions"));
}

static json_t *document(void)
{
    const json_t *o = json_object_get(p.call.result, "opinion");
    return json_loads(json_string_value(json_object_get(o, "canonical")), 0, NULL);
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

static const char *verdict(const char *opinion)
{
    struct opinion_verdict v;
    cr_assert_eq(opinion_verify(&p.service, id, opinion, &v), 0);
    return v.reason;
}

static const char *state(void)
{
    cr_assert_eq(people_call(&p, VILLAGER, "consultation.get", people_id(id)), 0);
    return people_result(&p, "state");
}

static json_t *dissent_of(const char *account)
{
    return json_pack("[{s:s, s:s}]", "author", account, "text", "would operate at once");
}

Test(mdt, opinions_stay_among_members_until_the_conclusion)
{
    mdt_sign(&p, id, EXPERT_2, "operate", second);
    cr_expect_eq(listed_by(EXPERT_1), 1);
    cr_expect_eq(listed_by(EXPERT_3), 1);
    cr_expect_eq(listed_by(VILLAGER), 0);
    json_t *one = json_pack("{s:s, s:s}", "consultationId", id, "opinionId", second);
    cr_expect_eq(people_call(&p, VILLAGER, "opinion.get", json_deep_copy(one)), SQ_ERR_NOT_FOUND);
    cr_expect_eq(people_call(&p, VILLAGER, "opinion.verify", json_deep_copy(one)),
                 SQ_ERR_NOT_FOUND);
    cr_expect_str_eq(state(), "opinion_drafted");
    mdt_sign(&p, id, EXPERT_3, "wait", third);
    cr_assert_eq(conclude(EXPERT_1, conclusion("wait two days")), 0, "%s", p.call.message_en);
    cr_expect_str_eq(state(), "delivered");
    cr_expect_eq(listed_by(VILLAGER), 3);
    cr_expect_eq(people_call(&p, VILLAGER, "opinion.get", one), 0);
}

Test(mdt, the_conclusion_names_each_opinion_by_its_hash_and_the_dissent)
{
    mdt_sign(&p, id, EXPERT_2, "operate", second);
    char hash[65];
    snprintf(hash, sizeof(hash), "%s", text_of(json_object_get(p.call.result, "opinion"), "hash"));
    mdt_sign(&p, id, EXPERT_3, "wait", third);
    cr_assert_eq(
        conclude(EXPERT_1, with(conclusion("wait two days"), "dissent", dissent_of(EXPERT_2))), 0);
    json_t *d = document();
    const json_t *members = json_object_get(d, "members");
    cr_expect_str_eq(text_of(d, "kind"), "conclusion");
    cr_assert_eq(json_array_size(members), 2);
    const json_t *one = json_array_get(members, 0), *other = json_array_get(members, 1);
    cr_expect_str_eq(text_of(one, "id"), second);
    cr_expect_str_eq(text_of(one, "sha256"), hash);
    cr_expect_str_eq(text_of(one, "dissent"), "would operate at once");
    cr_expect(json_is_true(json_object_get(one, "dissents")));
    cr_expect_str_eq(text_of(other, "id"), third);
    cr_expect(json_is_false(json_object_get(other, "dissents")));
    json_decref(d);
    cr_expect_str_eq(verdict(NULL), "ok");
    cr_expect_str_eq(verdict(second), "ok");
    cr_expect_str_eq(verdict(third), "ok");
}

Test(mdt, nothing_is_concluded_while_an_expert_has_neither_signed_nor_been_excused)
{
    mdt_sign(&p, id, EXPERT_2, "operate", second);
    cr_expect_eq(conclude(EXPERT_1, conclusion("early")), SQ_ERR_STATE);
    cr_expect_not_null(strstr(p.call.message_en, "not signed: " EXPERT_3), "%s", p.call.message_en);
    cr_expect_not_null(strstr(p.call.message_zh, EXPERT_3), "%s", p.call.message_zh);
    cr_assert_eq(conclude(EXPERT_1, with(conclusion("operate"), "excused",
                                         json_pack("[{s:s, s:s}]", "author", EXPERT_3, "reason",
                                                   "called to the theatre"))),
                 0, "%s", p.call.message_en);
    json_t *d = document();
    const json_t *excused = json_array_get(json_object_get(d, "excused"), 0);
    cr_expect_str_eq(text_of(json_object_get(excused, "author"), "id"), EXPERT_3);
    cr_expect_str_eq(text_of(excused, "reason"), "called to the theatre");
    cr_expect_eq(json_array_size(json_object_get(d, "members")), 1);
    json_decref(d);
}

Test(mdt, only_the_chair_concludes_and_the_chair_signs_nothing_else)
{
    mdt_sign(&p, id, EXPERT_2, "operate", second);
    mdt_sign(&p, id, EXPERT_3, "wait", third);
    cr_expect_eq(conclude(EXPERT_2, conclusion("mine")), SQ_ERR_DENIED);
    cr_expect_eq(conclude(VILLAGER, conclusion("mine")), SQ_ERR_DENIED);
    cr_expect_eq(people_call(&p, EXPERT_1, "opinion.sign", conclusion("as an opinion")),
                 SQ_ERR_STATE);
    cr_assert_eq(conclude(EXPERT_1, conclusion("wait")), 0);
    cr_expect_eq(conclude(EXPERT_1, conclusion("again")), SQ_ERR_STATE);
}

Test(mdt, dissent_and_excuses_are_of_those_who_took_part)
{
    mdt_sign(&p, id, EXPERT_2, "operate", second);
    mdt_sign(&p, id, EXPERT_3, "wait", third);
    cr_expect_eq(conclude(EXPERT_1, with(conclusion("wait"), "dissent", dissent_of(VILLAGER))),
                 SQ_ERR_INVALID);
    cr_expect_eq(conclude(EXPERT_1, with(conclusion("wait"), "excused",
                                         json_pack("[{s:s, s:s}]", "author", VILLAGER, "reason",
                                                   "no expert"))),
                 SQ_ERR_INVALID);
    cr_expect_neq(conclude(EXPERT_1, with(conclusion("wait"), "excused",
                                          json_pack("[{s:s, s:s}]", "author", EXPERT_2, "reason",
                                                    "has signed already"))),
                  0);
    cr_expect_not_null(strstr(p.call.message_en, EXPERT_2), "%s", p.call.message_en);
    cr_expect_str_eq(state(), "opinion_drafted");
}

/* The conclusion goes on naming what it was drawn from. */
Test(mdt, a_members_later_version_does_not_change_the_conclusion)
{
    char later[ID_MAX];
    mdt_sign(&p, id, EXPERT_2, "operate", second);
    mdt_sign(&p, id, EXPERT_3, "wait", third);
    cr_assert_eq(conclude(EXPERT_1, conclusion("wait")), 0);
    json_t *first = document();
    p.utc_us += TIME_US_PER_S;
    cr_assert_eq(
        people_call(&p, EXPERT_2, "opinion.supersede",
                    json_pack("{s:s, s:s, s:s, s:{s:s}}", "consultationId", id, "opinionId", second,
                              "reason", "new image", "opinion", "advice", "wait too")),
        0, "%s", p.call.message_en);
    snprintf(later, ID_MAX, "%s", text_of(json_object_get(p.call.result, "opinion"), "id"));
    cr_expect_str_eq(verdict(NULL), "ok");
    cr_expect_str_eq(verdict(second), "ok");
    char conclusion_id[ID_MAX];
    snprintf(conclusion_id, ID_MAX, "%s", text_of(first, "id"));
    json_decref(first);
    p.utc_us += TIME_US_PER_S;
    cr_assert_eq(people_call(&p, EXPERT_1, "opinion.supersede",
                             json_pack("{s:s, s:s, s:s, s:{s:s}}", "consultationId", id,
                                       "opinionId", conclusion_id, "reason", "all agree now",
                                       "opinion", "advice", "wait, all agree")),
                 0, "%s", p.call.message_en);
    json_t *anew = document();
    const json_t *members = json_object_get(anew, "members");
    cr_expect_str_eq(text_of(json_array_get(members, 0), "id"), later);
    json_decref(anew);
    cr_expect_str_eq(verdict(NULL), "ok");
    cr_expect_str_eq(verdict(conclusion_id), "ok");
}

Test(mdt, a_conclusion_over_a_changed_opinion_is_found)
{
    mdt_sign(&p, id, EXPERT_2, "operate", second);
    mdt_sign(&p, id, EXPERT_3, "wait", third);
    cr_assert_eq(conclude(EXPERT_1, conclusion("wait")), 0);
    cr_assert_eq(store_begin(p.service.store), 0);
    STORE_RUN(p.service.store, "UPDATE opinion SET canonical_hash = $1 WHERE id = $2",
              sv_bytes("0123456789abcdef0123456789abcdef", 32), sv_text(second));
    cr_expect_str_eq(verdict(NULL), "content_differs");
    cr_expect_str_eq(verdict(second), "hash_mismatch");
    store_rollback(p.service.store);
    cr_assert_eq(store_begin(p.service.store), 0);
    STORE_RUN(p.service.store, "DELETE FROM opinion WHERE id = $1", sv_text(second));
    cr_expect_str_eq(verdict(NULL), "content_differs", "an opinion taken out");
    store_rollback(p.service.store);
    cr_expect_str_eq(verdict(NULL), "ok");
}

static int replace(const char *account, const char *former)
{
    return people_call(&p, account, "opinion.supersede",
                       json_pack("{s:s, s:s, s:s, s:{s:s}}", "consultationId", id, "opinionId",
                                 former, "reason", "I know better", "opinion", "advice", "stop"));
}

Test(mdt, nobody_replaces_the_opinion_of_another_member)
{
    mdt_sign(&p, id, EXPERT_2, "operate", second);
    mdt_sign(&p, id, EXPERT_3, "wait", third);
    cr_assert_eq(conclude(EXPERT_1, conclusion("wait")), 0);
    cr_expect_eq(replace(EXPERT_3, second), SQ_ERR_DENIED);
    cr_expect_eq(replace(EXPERT_1, second), SQ_ERR_DENIED, "not even the chair");
    cr_expect_eq(people_call(&p, EXPERT_3, "opinion.save",
                             json_pack("{s:s, s:{s:s}, s:s}", "consultationId", id, "opinion",
                                       "advice", "stop", "supersedes", second)),
                 SQ_ERR_DENIED);
    cr_expect_eq(listed_by(EXPERT_2), 3);
}

/* A draft is its author's, in an MDT too. */
Test(mdt, drafts_are_seen_by_their_authors_only)
{
    cr_assert_eq(people_call(&p, EXPERT_2, "opinion.save",
                             json_pack("{s:s, s:{s:s}}", "consultationId", id, "opinion", "advice",
                                       "operate?")),
                 0);
    cr_assert_eq(people_call(&p, EXPERT_1, "opinion.save",
                             json_pack("{s:s, s:{s:s}}", "consultationId", id, "opinion", "advice",
                                       "we shall see")),
                 0);
    cr_expect_eq(listed_by(EXPERT_2), 1);
    cr_expect_eq(listed_by(EXPERT_1), 1);
    cr_expect_eq(listed_by(EXPERT_3), 0);
    cr_expect_eq(listed_by(VILLAGER), 0);
    cr_assert_eq(people_call(&p, EXPERT_1, "opinion.get", json_pack("{s:s}", "consultationId", id)),
                 0);
    const json_t *o = json_object_get(p.call.result, "opinion");
    cr_expect_str_eq(text_of(o, "kind"), "conclusion", "what a chair writes");
}
