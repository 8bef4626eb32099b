/* SPDX-License-Identifier: Apache-2.0 */
/* Consents of a consultation: what is recorded, who may, what takes effect at once, what stays. */
#include "people.h"
#include "shanqiao/error.h"
#include "signaling/consent/consent.h"
#include "signaling/consent/text.h"
#include "signaling/consult/record.h"
#include "signaling/store/store.h"
#include <criterion/criterion.h>
#include <sodium.h>
#include <string.h>

static struct people p;
static char id[ID_MAX];

static void up(void)
{
    static const char *const on_duty[] = {EXPERT_1, EXPERT_2, NULL};
    people_init(&p);
    cr_assert_eq(people_submit(&p, on_duty, id), 0);
}

static void down(void)
{
    people_fini(&p);
}

TestSuite(consent, .init = up, .fini = down);

static const char *sha256_of(const char *version, const char *language)
{
    static char hex[2 * CONSENT_HASH_BYTES + 1];
    uint8_t hash[CONSENT_HASH_BYTES];
    consent_text_hash(consent_text_find(version, language), hash);
    sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));
    return hex;
}

static json_t *given(const char *purpose)
{
    const char *version = consent_texts[consent_text_count - 1].version;
    return json_pack("{s:s, s:[s], s:s, s:s, s:s, s:b, s:b, s:{s:s, s:s}, s:s, s:s}",
                     "consultationId", id, "purposes", purpose, "textVersion", version, "language",
                     "zh-CN", "textSha256", sha256_of(version, "zh-CN"), "feesTold", 1,
                     "contentTold", 1, "signer", "name", "Zhuoma Dechen", "relation", "self", "how",
                     "fingerprint", "witness", "Nurse Li");
}

static json_t *with(json_t *params, const char *name, json_t *value)
{
    json_object_set_new(params, name, value);
    return params;
}

static int give(json_t *params)
{
    return people_call(&p, VILLAGER, "consent.give", params);
}

static int withdraw_as(const char *account, const char *purpose)
{
    return people_call(&p, account, "consent.withdraw",
                       json_pack("{s:s, s:[s], s:{s:s, s:s}, s:s}", "consultationId", id,
                                 "purposes", purpose, "by", "name", "Zhuoma Dechen", "relation",
                                 "self", "reason", "changed her mind"));
}

static bool allowed(const char *purpose)
{
    cr_assert_eq(people_call(&p, VILLAGER, "consent.get", json_pack("{s:s}", "consultationId", id)),
                 0);
    return json_is_true(json_object_get(json_object_get(p.call.result, "allows"), purpose));
}

static uint32_t life(void)
{
    struct consult_record *r = malloc(sizeof(*r));
    cr_assert_eq(consult_record_load(&p.service, id, r), 0);
    uint32_t consent = r->step.consent;
    consult_record_clear(r);
    free(r);
    return consent;
}

static size_t count(void)
{
    allowed("care");
    return json_array_size(json_object_get(p.call.result, "consents"));
}

Test(consent, comes_with_the_request_as_rows)
{
    cr_expect(allowed("care"));
    cr_expect(allowed("share"));
    cr_expect(!allowed("recording"));
    cr_expect(!allowed("teaching"));
    cr_expect_eq(count(), 2);
    const json_t *first = json_array_get(json_object_get(p.call.result, "consents"), 0);
    cr_expect_str_eq(json_string_value(json_object_get(json_object_get(first, "signer"), "name")),
                     "Zhuoma Dechen");
    cr_expect_null(json_object_get(first, "text"), "no text was named, none is claimed");
    cr_expect_eq(life(), CONSULT_CONSENT_SHARE);
}

Test(consent, recording_is_off_until_it_is_given_and_off_again_at_once)
{
    cr_assert_eq(give(given("recording")), 0);
    cr_expect(allowed("recording"));
    cr_expect_eq(life(), CONSULT_CONSENT_SHARE | CONSULT_CONSENT_RECORDING);
    cr_expect_eq(give(given("recording")), SQ_ERR_CONFLICT);
    cr_expect_not_null(strstr(p.call.message_en, "in force already"), "before the index says so");
    cr_assert_eq(withdraw_as(VILLAGER, "recording"), 0);
    cr_expect(!allowed("recording"));
    cr_expect_eq(life(), CONSULT_CONSENT_SHARE);
    cr_assert_eq(give(given("recording")), 0);
    cr_expect(allowed("recording"));
    cr_expect_eq(count(), 4, "the withdrawn one stays");
}

Test(consent, history_keeps_who_when_and_why)
{
    cr_assert_eq(give(given("teaching")), 0);
    p.utc_us += 1000000;
    cr_assert_eq(withdraw_as(VILLAGER, "teaching"), 0);
    count();
    const json_t *last = json_array_get(json_object_get(p.call.result, "consents"), 2);
    const json_t *text = json_object_get(last, "text");
    const json_t *withdrawn = json_object_get(last, "withdrawn");
    cr_expect_str_eq(json_string_value(json_object_get(last, "purpose")), "teaching");
    cr_expect_str_eq(json_string_value(json_object_get(last, "how")), "fingerprint");
    cr_expect_str_eq(json_string_value(json_object_get(last, "witness")), "Nurse Li");
    cr_expect_str_eq(json_string_value(json_object_get(last, "enteredBy")), VILLAGER);
    cr_expect_str_eq(json_string_value(json_object_get(text, "sha256")),
                     sha256_of(consent_texts[consent_text_count - 1].version, "zh-CN"));
    cr_expect_str_eq(json_string_value(json_object_get(withdrawn, "reason")), "changed her mind");
    cr_expect_str_neq(json_string_value(json_object_get(withdrawn, "at")),
                      json_string_value(json_object_get(last, "givenAt")));
}

/* Before delivery the call is over and nothing more is seen. */
Test(consent, taking_back_the_sharing_cancels)
{
    cr_assert_eq(people_call(&p, EXPERT_1, "consultation.accept", people_id(id)), 0);
    cr_assert_eq(people_call(&p, EXPERT_1, "consultation.enter", people_id(id)), 0);
    cr_assert_eq(people_call(&p, VILLAGER, "consultation.enter", people_id(id)), 0);
    cr_assert_eq(withdraw_as(VILLAGER, "share"), 0);
    cr_expect_eq(people_effects(&p, EFFECT_ROOM_CLOSE), 1);
    cr_expect_eq(life() & CONSULT_CONSENT_SHARE, 0);
    cr_assert_eq(people_call(&p, VILLAGER, "consultation.get", people_id(id)), 0);
    cr_expect_str_eq(people_result(&p, "state"), "cancelled");
    cr_expect_str_eq(people_result(&p, "reason"), "consent_withdrawn");
    cr_expect_eq(people_call(&p, EXPERT_1, "consultation.get", people_id(id)), SQ_ERR_NOT_FOUND,
                 "what was shared is shared no more");
}

Test(consent, the_text_that_was_shown_must_be_one)
{
    cr_expect_eq(give(with(given("recording"), "textVersion", json_string("1999-1"))),
                 SQ_ERR_INVALID);
    cr_expect_not_null(strstr(p.call.message_en, "consent.texts"));
    cr_expect_eq(give(with(given("recording"), "textSha256",
                           json_string("0000000000000000000000000000000000000000000000000000000000"
                                       "000000"))),
                 SQ_ERR_INVALID);
    cr_expect_eq(give(with(given("recording"), "language", json_string("en"))), SQ_ERR_INVALID);
    cr_expect(!allowed("recording"));
}

Test(consent, content_and_fees_are_told_first)
{
    cr_expect_eq(give(with(given("recording"), "feesTold", json_false())), SQ_ERR_INVALID);
    cr_expect_eq(give(with(given("recording"), "contentTold", json_false())), SQ_ERR_INVALID);
    cr_expect_gt(strlen(p.call.message_zh), 0);
    cr_expect_eq(count(), 2);
}

Test(consent, times_are_times_and_not_in_the_future)
{
    static const char *const bad[] = {"1970-01-01T00:00:00.000Z", "2026-01-01T00:00:00.000Z",
                                      "2999-01-01T00:00:00.000Z", "2026-02-31T00:00:00.000Z",
                                      "2026-01-01 00:00:00.000Z", "2026-13-01T00:00:00.000Z"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        cr_expect_eq(give(with(given("recording"), "givenAt", json_string(bad[i]))), SQ_ERR_INVALID,
                     "%s", bad[i]);
    p.utc_us += 1000000; /* the list is by when they were entered */
    cr_assert_eq(give(with(given("recording"), "givenAt", json_string("2026-05-01T08:00:00.000Z"))),
                 0);
    count();
    const json_t *consents = json_object_get(p.call.result, "consents");
    cr_expect_str_eq(json_string_value(json_object_get(json_array_get(consents, 2), "givenAt")),
                     "2026-05-01T08:00:00.000Z");
}

Test(consent, others_neither_give_nor_see)
{
    json_t *get = json_pack("{s:s}", "consultationId", id);
    cr_expect_eq(people_call(&p, EXPERT_1, "consent.give", given("recording")), SQ_ERR_DENIED);
    cr_expect_eq(people_call(&p, EXPERT_3, "consent.get", json_deep_copy(get)), SQ_ERR_NOT_FOUND);
    cr_expect_eq(people_call(&p, EXPERT_3, "consent.give", given("recording")), SQ_ERR_NOT_FOUND);
    cr_expect_eq(people_call(&p, OPERATOR, "consent.get", json_deep_copy(get)), SQ_ERR_NOT_FOUND);
    cr_expect_eq(withdraw_as(EXPERT_3, "share"), SQ_ERR_NOT_FOUND);
    cr_assert_eq(people_call(&p, EXPERT_1, "consent.get", json_deep_copy(get)), 0);
    cr_expect_eq(
        people_call(&p, VILLAGER, "consent.get", json_pack("{s:s}", "consultationId", "con_x")),
        SQ_ERR_NOT_FOUND);
    json_decref(get);
}

Test(consent, texts_can_be_loaded_with_their_hashes)
{
    cr_assert_eq(
        people_call(&p, VILLAGER, "consent.texts", json_pack("{s:s}", "language", "zh-CN")), 0);
    const json_t *texts = json_object_get(p.call.result, "texts");
    cr_assert_gt(json_array_size(texts), 0);
    const json_t *last = json_array_get(texts, json_array_size(texts) - 1);
    cr_expect(json_is_true(json_object_get(last, "current")));
    cr_expect_str_eq(json_string_value(json_object_get(last, "sha256")),
                     sha256_of(json_string_value(json_object_get(last, "version")), "zh-CN"));
}

/* What is stored: names and reasons only sealed. */
Test(consent, names_and_reasons_are_sealed)
{
    struct store_query q;
    cr_assert_eq(withdraw_as(VILLAGER, "teaching"), 0, "refused beforehand");
    int rows = 0;
    store_query(p.service.store, &q, "SELECT sealed_body, sealed_withdrawal FROM consent", NULL, 0);
    while (store_next(&q)) {
        for (int column = 0; column < 2; column++) {
            size_t len = 0;
            const void *bytes = store_bytes(&q, column, &len);
            cr_expect(!bytes || !memmem(bytes, len, "Zhuoma", 6));
            cr_expect(!bytes || !memmem(bytes, len, "mind", 4));
        }
        rows++;
    }
    store_query_end(&q);
    cr_expect_eq(rows, 3);
    count();
    const json_t *last = json_array_get(json_object_get(p.call.result, "consents"), 2);
    cr_expect(json_is_true(json_object_get(last, "refused")));
    cr_expect(!allowed("teaching"));
}

/* ---- before, during, after ---- */

static json_t *late(const char *purpose)
{
    return with(given(purpose), "lateReason", json_string("he was unconscious"));
}

static void into_the_call(void)
{
    cr_assert_eq(people_call(&p, EXPERT_1, "consultation.accept", people_id(id)), 0);
    cr_assert_eq(people_call(&p, EXPERT_1, "consultation.enter", people_id(id)), 0);
    cr_assert_eq(people_call(&p, VILLAGER, "consultation.enter", people_id(id)), 0);
}

static void emergency(json_t *patient)
{
    json_t *request = people_request();
    json_object_set_new(request, "kind", json_string("emergency"));
    json_object_set_new(request, "urgency", json_string("emergency"));
    json_object_set_new(request, "location", json_string("on the road"));
    json_object_del(request, "consent");
    json_object_update_new(json_object_get(request, "patient"), patient);
    cr_assert_eq(people_call(&p, VILLAGER, "consultation.submit", request), 0, "%s",
                 p.call.message_en);
    snprintf(id, sizeof(id), "%s", people_result(&p, "id"));
}

Test(consent, an_emergency_goes_ahead_and_the_consent_comes_late_with_its_reason)
{
    emergency(json_object());
    cr_expect(!allowed("care"));
    cr_expect(!allowed("share"));
    into_the_call();
    cr_expect_eq(give(given("share")), SQ_ERR_INVALID);
    cr_expect_not_null(strstr(p.call.message_en, "lateReason"));
    cr_assert_eq(give(late("care")), 0, "%s", p.call.message_en);
    cr_expect_eq(life(), 0, "without the consent to share nothing is made up for");
    cr_assert_eq(give(late("share")), 0, "%s", p.call.message_en);
    cr_expect_eq(life(), CONSULT_CONSENT_SHARE);
    count();
    const json_t *first = json_array_get(json_object_get(p.call.result, "consents"), 0);
    cr_expect_str_eq(json_string_value(json_object_get(first, "lateReason")), "he was unconscious");
}

Test(consent, recording_may_be_asked_for_during_the_call)
{
    into_the_call();
    cr_assert_eq(give(given("recording")), 0, "no reason is needed: it is not late");
    cr_expect_eq(life(), CONSULT_CONSENT_SHARE | CONSULT_CONSENT_RECORDING);
}

Test(consent, what_shows_the_signature_is_of_this_case)
{
    json_t *params = with(given("recording"), "materialId", json_string("mat_elsewhere"));
    cr_expect_eq(give(params), SQ_ERR_INVALID);
    cr_expect_not_null(strstr(p.call.message_en, "no such material"));
}

/* A material as an upload leaves it; its bytes don't matter here. */
static void uploaded(const char *material)
{
    cr_assert_eq(
        STORE_RUN(p.service.store,
                  "INSERT INTO material (id, consultation, account, type, preview, header, status,"
                  " reason, added_us, sealed_name)"
                  " VALUES ($1, $2, $3, 'signature', 0, '', 'ready', '', 1, $4)",
                  sv_text(material), sv_text(id), sv_text(VILLAGER), sv_bytes("name", 4)),
        1, "%s", store_error(p.service.store));
}

static int attach_as(const char *account, const char *purpose, const char *material)
{
    return people_call(&p, account, "consent.attach",
                       json_pack("{s:s, s:[s, s], s:s}", "consultationId", id, "purposes", "care",
                                 purpose, "materialId", material));
}

static const char *shown(size_t row, const char *name)
{
    count();
    const json_t *list = json_object_get(p.call.result, "consents");
    return json_string_value(json_object_get(json_array_get(list, row), name));
}

Test(consent, a_signature_that_came_after_the_request_is_named_to_its_consent)
{
    uploaded("mat_drawn");
    cr_expect_null(shown(0, "materialId"));
    cr_assert_eq(attach_as(VILLAGER, "share", "mat_drawn"), 0, "%s", p.call.message_en);
    for (size_t row = 0; row < 2; row++)
        cr_expect_str_eq(shown(row, "materialId"), "mat_drawn");
    cr_expect_not_null(shown(0, "attachedAt"));
    cr_expect_eq(attach_as(VILLAGER, "share", "mat_drawn"), 0, "said again it is the same");
    uploaded("mat_other");
    cr_expect_eq(attach_as(VILLAGER, "share", "mat_other"), SQ_ERR_CONFLICT);
    cr_expect_str_eq(shown(1, "materialId"), "mat_drawn");
}

Test(consent, a_signature_is_named_by_who_entered_the_consent_and_while_it_is_in_force)
{
    uploaded("mat_drawn");
    cr_expect_eq(attach_as(VILLAGER, "share", "mat_elsewhere"), SQ_ERR_INVALID);
    cr_expect_eq(attach_as(EXPERT_1, "share", "mat_drawn"), SQ_ERR_DENIED);
    cr_assert_eq(give(given("teaching")), 0);
    cr_assert_eq(withdraw_as(VILLAGER, "teaching"), 0);
    json_t *teaching = json_pack("{s:s, s:[s], s:s}", "consultationId", id, "purposes", "teaching",
                                 "materialId", "mat_drawn");
    cr_expect_eq(people_call(&p, VILLAGER, "consent.attach", teaching), SQ_ERR_STATE);
    cr_expect_null(shown(2, "materialId"));
}

Test(consent, a_child_does_not_sign_for_itself)
{
    emergency(json_pack("{s:i}", "ageYears", 9));
    cr_expect_eq(give(given("share")), SQ_ERR_INVALID);
    cr_expect_not_null(strstr(p.call.message_en, "guardian"));
    json_t *params = given("share");
    json_object_set_new(json_object_get(params, "signer"), "relation", json_string("guardian"));
    cr_expect_eq(give(params), 0, "%s", p.call.message_en);
}

Test(consent, taking_back_the_consultation_stops_the_sharing_too)
{
    into_the_call();
    cr_assert_eq(withdraw_as(VILLAGER, "care"), 0);
    cr_expect_eq(life(), 0);
    cr_expect(allowed("share"), "its own row stays as it was signed");
    cr_assert_eq(people_call(&p, VILLAGER, "consultation.get", people_id(id)), 0);
    cr_expect_str_eq(people_result(&p, "state"), "cancelled");
}

Test(consent, taking_back_one_purpose_leaves_the_others)
{
    cr_assert_eq(give(given("recording")), 0);
    cr_assert_eq(give(given("teaching")), 0);
    cr_assert_eq(withdraw_as(VILLAGER, "teaching"), 0);
    cr_expect(allowed("recording"));
    cr_expect(allowed("share"));
    cr_expect_eq(life(), CONSULT_CONSENT_SHARE | CONSULT_CONSENT_RECORDING);
}
