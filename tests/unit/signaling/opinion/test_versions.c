/* SPDX-License-Identifier: Apache-2.0 */
/* Later versions, another signer behind the port, and what is stated in the signed bytes. */
#include "people.h"
#include "shanqiao/error.h"
#include "signaling/opinion/opinion.h"
#include "signaling/opinion/record.h"
#include "signaling/store/store.h"
#include "signaling/store/vault.h"
#include "sm2.h"
#include <criterion/criterion.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static struct people p;
static char id[ID_MAX];

static void up(void)
{
    static const char *const on_duty[] = {EXPERT_1, EXPERT_2, NULL};
    people_init(&p);
    cr_assert_eq(people_submit(&p, on_duty, id), 0);
    cr_assert_eq(people_call(&p, EXPERT_1, "consultation.accept", people_id(id)), 0);
    cr_assert_eq(people_call(&p, EXPERT_1, "consultation.enter", people_id(id)), 0);
    cr_assert_eq(people_call(&p, VILLAGER, "consultation.enter", people_id(id)), 0);
    cr_assert_eq(people_call(&p, VILLAGER, "consultation.end", people_id(id)), 0);
}

static void down(void)
{
    people_fini(&p);
}

TestSuite(versions, .init = up, .fini = down);

static json_t *advice(const char *text)
{
    return json_pack("{s:s, s:{s:s}}", "consultationId", id, "opinion", "advice", text);
}

static json_t *with(json_t *params, const char *name, json_t *value)
{
    json_object_set_new(params, name, value);
    return params;
}

/* The signed document of the last reply; the id of its version goes to `version`. */
static json_t *signed_document(char version[ID_MAX])
{
    const json_t *o = json_object_get(p.call.result, "opinion");
    snprintf(version, ID_MAX, "%s", json_string_value(json_object_get(o, "id")));
    return json_loads(json_string_value(json_object_get(o, "canonical")), 0, NULL);
}

static int supersede(const char *account, const char *former, const char *text)
{
    json_t *params = with(advice(text), "opinionId", json_string(former));
    p.utc_us += 60 * TIME_US_PER_S;
    return people_call(&p, account, "opinion.supersede",
                       with(params, "reason", json_string("a value was misread")));
}

static const char *verdict(const char *opinion)
{
    struct opinion_verdict v;
    cr_assert_eq(opinion_verify(&p.service, id, opinion, &v), 0);
    return v.reason;
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

Test(versions, a_later_version_names_the_former_by_id_and_hash)
{
    char first[ID_MAX], second[ID_MAX];
    cr_assert_eq(people_call(&p, EXPERT_1, "opinion.sign", advice("rest")), 0);
    char hash[65];
    snprintf(hash, sizeof(hash), "%s", text_of(json_object_get(p.call.result, "opinion"), "hash"));
    json_decref(signed_document(first));
    cr_assert_eq(supersede(EXPERT_1, first, "move to the county"), 0);
    cr_expect_geq(people_told(&p, VILLAGER, "consultation.state"), 1, "both sides are told");
    json_t *document = signed_document(second);
    const json_t *former = json_object_get(document, "supersedes");
    cr_expect_str_eq(text_of(former, "id"), first);
    cr_expect_str_eq(text_of(former, "sha256"), hash);
    cr_expect_str_eq(text_of(former, "reason"), "a value was misread");
    cr_expect_eq(json_integer_value(json_object_get(document, "version")), 2);
    json_decref(document);
    cr_expect_str_eq(verdict(first), "ok");
    cr_expect_str_eq(verdict(second), "ok");
    cr_expect_str_eq(verdict(NULL), "ok");
}

Test(versions, the_former_stays_readable_and_is_marked)
{
    char first[ID_MAX], second[ID_MAX];
    cr_assert_eq(people_call(&p, EXPERT_1, "opinion.sign", advice("rest")), 0);
    json_decref(signed_document(first));
    cr_assert_eq(supersede(EXPERT_1, first, "move to the county"), 0);
    json_decref(signed_document(second));
    cr_assert_eq(people_call(&p, VILLAGER, "opinion.get",
                             json_pack("{s:s, s:s}", "consultationId", id, "opinionId", first)),
                 0);
    const json_t *o = json_object_get(p.call.result, "opinion");
    cr_expect_str_eq(text_of(o, "supersededBy"), second);
    cr_expect_str_eq(text_of(json_object_get(o, "text"), "advice"), "rest");
    cr_assert_eq(people_call(&p, VILLAGER, "opinion.get", json_pack("{s:s}", "consultationId", id)),
                 0);
    o = json_object_get(p.call.result, "opinion");
    cr_expect_str_eq(text_of(o, "id"), second, "without an id: the one that counts");
    cr_expect_str_eq(text_of(o, "supersedes"), first);
    cr_assert_eq(
        people_call(&p, VILLAGER, "opinion.list", json_pack("{s:s}", "consultationId", id)), 0);
    cr_expect_eq(json_array_size(json_object_get(p.call.result, "opinions")), 2);
}

Test(versions, only_the_author_replaces_the_newest_and_only_by_something_else)
{
    char first[ID_MAX], second[ID_MAX];
    cr_assert_eq(people_call(&p, EXPERT_1, "opinion.sign", advice("rest")), 0);
    json_decref(signed_document(first));
    cr_expect_eq(supersede(EXPERT_1, first, "rest"), SQ_ERR_INVALID);
    cr_expect_eq(supersede(EXPERT_1, first, "  "), SQ_ERR_INVALID);
    cr_expect_eq(supersede(EXPERT_1, "opn_x", "other"), SQ_ERR_NOT_FOUND);
    cr_expect_neq(supersede(EXPERT_2, first, "other"), 0);
    cr_expect_neq(supersede(VILLAGER, first, "other"), 0);
    cr_assert_eq(supersede(EXPERT_1, first, "move"), 0);
    json_decref(signed_document(second));
    cr_expect_eq(supersede(EXPERT_1, first, "stay"), SQ_ERR_CONFLICT);
    cr_assert_eq(supersede(EXPERT_1, second, "stay"), 0);
    cr_expect_str_eq(verdict(first), "ok");
}

Test(versions, a_draft_of_the_next_version_is_the_authors_alone)
{
    char first[ID_MAX];
    cr_assert_eq(people_call(&p, EXPERT_1, "opinion.sign", advice("rest")), 0);
    json_decref(signed_document(first));
    cr_expect_eq(people_call(&p, EXPERT_1, "opinion.save", advice("no")), SQ_ERR_STATE);
    cr_assert_eq(people_call(&p, EXPERT_1, "opinion.save",
                             with(advice("think again"), "supersedes", json_string(first))),
                 0);
    cr_assert_eq(
        people_call(&p, VILLAGER, "opinion.list", json_pack("{s:s}", "consultationId", id)), 0);
    cr_expect_eq(json_array_size(json_object_get(p.call.result, "opinions")), 1);
    cr_assert_eq(
        people_call(&p, EXPERT_1, "opinion.list", json_pack("{s:s}", "consultationId", id)), 0);
    cr_expect_eq(json_array_size(json_object_get(p.call.result, "opinions")), 2);
    cr_assert_eq(people_call(&p, EXPERT_1, "opinion.supersede",
                             json_pack("{s:s, s:s, s:s}", "consultationId", id, "opinionId", first,
                                       "reason", "thought again")),
                 0);
    char second[ID_MAX];
    json_t *document = signed_document(second);
    cr_expect_str_eq(text_of(json_object_get(document, "opinion"), "advice"), "think again");
    json_decref(document);
}

Test(versions, structured_members_are_signed_as_stated)
{
    char version[ID_MAX];
    json_t *opinion =
        json_pack("{s:s, s:s, s:[{s:s, s:s, s:s}], s:b, s:i, s:s}", "diagnosis", "STEMI", "advice",
                  "transfer", "diagnosisCodes", "system", "ICD-10", "code", "I21.1", "name",
                  "inferior infarction", "reducedQuality", 1, "followUpDays", 14,
                  "criticalReported", "ST elevation, told to the village doctor at 10:02");
    cr_assert_eq(people_call(&p, EXPERT_1, "opinion.sign",
                             json_pack("{s:s, s:o}", "consultationId", id, "opinion", opinion)),
                 0);
    json_t *document = signed_document(version);
    const json_t *said = json_object_get(document, "opinion");
    cr_expect(json_is_true(json_object_get(said, "reducedQuality")));
    cr_expect_eq(json_integer_value(json_object_get(said, "followUpDays")), 14);
    cr_expect_str_eq(text_of(json_array_get(json_object_get(said, "diagnosisCodes"), 0), "code"),
                     "I21.1");
    cr_expect_str_eq(text_of(document, "timeSource"), "server", "whose clock it was is said");
    cr_expect_str_eq(text_of(document, "kind"), "opinion");
    json_decref(document);
}

Test(versions, what_was_not_stated_is_not_signed)
{
    char version[ID_MAX];
    cr_assert_eq(people_call(&p, EXPERT_1, "opinion.sign", advice("rest")), 0);
    json_t *document = signed_document(version);
    const json_t *said = json_object_get(document, "opinion");
    cr_expect_null(json_object_get(said, "reducedQuality"));
    cr_expect_null(json_object_get(said, "followUpDays"));
    json_decref(document);
}

/* Cut a link: the version that is named must be there with that hash. */
Test(versions, a_changed_former_version_is_found_from_the_later_one)
{
    char first[ID_MAX], second[ID_MAX];
    cr_assert_eq(people_call(&p, EXPERT_1, "opinion.sign", advice("rest")), 0);
    json_decref(signed_document(first));
    cr_assert_eq(supersede(EXPERT_1, first, "move"), 0);
    json_decref(signed_document(second));
    cr_assert_eq(store_begin(p.service.store), 0);
    STORE_RUN(p.service.store, "UPDATE opinion SET canonical_hash = $1 WHERE id = $2",
              sv_bytes("0123456789abcdef0123456789abcdef", 32), sv_text(first));
    cr_expect_str_eq(verdict(second), "content_differs");
    store_rollback(p.service.store);
    cr_assert_eq(store_begin(p.service.store), 0);
    STORE_RUN(p.service.store, "UPDATE opinion SET supersedes = '', version = 3 WHERE id = $1",
              sv_text(second));
    cr_expect_str_eq(verdict(second), "content_differs");
    store_rollback(p.service.store);
    cr_expect_str_eq(verdict(second), "ok");
}

/* Signed before versions were: such a document has no kind, version, time source. */
Test(versions, a_document_of_the_first_schema_is_still_verified)
{
    char version[ID_MAX];
    cr_assert_eq(people_call(&p, EXPERT_1, "opinion.sign", advice("rest")), 0);
    json_t *document = signed_document(version);
    json_object_del(document, "kind");
    json_object_del(document, "version");
    json_object_del(document, "timeSource");
    json_object_set_new(document, "schema", json_string("shanqiao.opinion.v1"));
    struct opinion_list l;
    cr_assert_eq(opinion_list_load(&p.service, id, &l), 0);
    struct opinion_record *o = &l.items[0];
    free(o->canonical);
    o->canonical = opinion_canonical(document);
    crypto_hash_sha256(o->hash, (const uint8_t *)o->canonical, strlen(o->canonical));
    cr_assert_eq(store_begin(p.service.store), 0);
    cr_assert_eq(p.service.signer->ops->sign(p.service.signer, EXPERT_1, o->canonical,
                                             strlen(o->canonical), o->signed_utc_us, &o->signature),
                 0);
    STORE_RUN(p.service.store, "UPDATE opinion SET signed_us = NULL WHERE id = $1",
              sv_text(version));
    cr_assert_eq(opinion_record_sign(&p.service, o), 0);
    cr_assert_eq(store_commit(p.service.store), 0);
    cr_expect_str_eq(verdict(NULL), "ok");
    opinion_list_clear(&l);
    json_decref(document);
}

/* ---- another signer ---- */

Test(versions, another_signer_takes_over_and_old_signatures_stay_good)
{
    char first[ID_MAX], second[ID_MAX];
    cr_assert_eq(people_call(&p, EXPERT_1, "opinion.sign", advice("rest")), 0);
    json_decref(signed_document(first));
    struct signer *sm2 = sm2_new();
    cr_assert_not_null(sm2, "OpenSSL without SM2");
    sm2->next = p.service.signer;
    p.service.signer = sm2;
    cr_assert_eq(supersede(EXPERT_1, first, "move"), 0);
    json_t *document = signed_document(second);
    cr_expect_str_eq(text_of(document, "algorithm"), SM2_ALGORITHM);
    json_decref(document);
    cr_expect_str_eq(verdict(first), "ok");
    cr_expect_str_eq(verdict(second), "ok");
    cr_assert_eq(store_begin(p.service.store), 0);
    STORE_RUN(p.service.store,
              "UPDATE opinion SET signature = (SELECT signature FROM opinion WHERE id = $1)"
              " WHERE id = $2",
              sv_text(first), sv_text(second));
    cr_expect_str_eq(verdict(second), "signature_invalid");
    store_rollback(p.service.store);
    p.service.signer = sm2->next;
    sm2->next = NULL;
    cr_expect_str_eq(verdict(second), "signature_invalid", "nobody is left who knows SM2");
    cr_expect_str_eq(verdict(first), "ok");
    signer_close(sm2);
}

/* ---- what a signature is about ---- */

/* The request is changed and sealed anew, as somebody with the master key can. */
Test(versions, a_request_changed_after_the_signature_is_found)
{
    struct vault_place place = {"consultation", id, "sealed_request"};
    uint8_t *sealed = NULL;
    size_t len = 0;
    cr_assert_eq(people_call(&p, EXPERT_1, "opinion.sign", advice("rest")), 0);
    json_t *request = people_request();
    json_object_set_new(request, "complaint", json_string("a cold"));
    char *text = json_dumps(request, JSON_COMPACT);
    cr_assert_eq(vault_seal(p.service.vault, &place, text, strlen(text), &sealed, &len), 0);
    cr_assert_eq(STORE_RUN(p.service.store,
                           "UPDATE consultation SET sealed_request = $1 WHERE id = $2",
                           sv_bytes(sealed, len), sv_text(id)),
                 1);
    cr_expect_str_eq(verdict(NULL), "content_differs");
    free(sealed);
    free(text);
    json_decref(request);
}

/* A good signature of somebody who took no part. */
Test(versions, an_opinion_of_an_outsider_is_none)
{
    char version[ID_MAX];
    cr_assert_eq(people_call(&p, EXPERT_1, "opinion.sign", advice("rest")), 0);
    json_t *document = signed_document(version);
    json_object_set_new(json_object_get(document, "author"), "id", json_string(OTHER_DOCTOR));
    struct opinion_list l;
    cr_assert_eq(opinion_list_load(&p.service, id, &l), 0);
    struct opinion_record *o = &l.items[0];
    free(o->canonical);
    o->canonical = opinion_canonical(document);
    crypto_hash_sha256(o->hash, (const uint8_t *)o->canonical, strlen(o->canonical));
    cr_assert_eq(store_begin(p.service.store), 0);
    cr_assert_eq(p.service.signer->ops->sign(p.service.signer, OTHER_DOCTOR, o->canonical,
                                             strlen(o->canonical), o->signed_utc_us, &o->signature),
                 0);
    STORE_RUN(p.service.store, "UPDATE opinion SET signed_us = NULL, author = $1 WHERE id = $2",
              sv_text(OTHER_DOCTOR), sv_text(version));
    cr_assert_eq(opinion_record_sign(&p.service, o), 0);
    cr_assert_eq(store_commit(p.service.store), 0);
    cr_expect_str_eq(verdict(NULL), "content_differs");
    opinion_list_clear(&l);
    json_decref(document);
}

/* No statement changes a signed row, whoever asks. */
Test(versions, a_signed_row_is_neither_saved_over_nor_signed_twice)
{
    struct opinion_list l;
    cr_assert_eq(people_call(&p, EXPERT_1, "opinion.sign", advice("rest")), 0);
    cr_assert_eq(opinion_list_load(&p.service, id, &l), 0);
    cr_assert_eq(store_begin(p.service.store), 0);
    cr_expect_eq(opinion_record_save(&p.service, &l.items[0], p.utc_us), SQ_ERR_STATE);
    cr_expect_eq(opinion_record_sign(&p.service, &l.items[0]), SQ_ERR_STATE);
    store_rollback(p.service.store);
    opinion_list_clear(&l);
}

Test(versions, an_outcome_is_asked_for_after_the_days_that_were_signed)
{
    json_t *params = advice("rest");
    json_object_set_new(json_object_get(params, "opinion"), "followUpDays", json_integer(3));
    cr_assert_eq(people_call(&p, EXPERT_1, "opinion.sign", params), 0);
    cr_assert_eq(people_call(&p, VILLAGER, "consultation.acknowledge", people_id(id)), 0);
    cr_assert_eq(people_call(&p, VILLAGER, "consultation.get", people_id(id)), 0);
    cr_expect_gt(strlen(people_result(&p, "followUpAt")), 0);
}
