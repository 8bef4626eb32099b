/* SPDX-License-Identifier: Apache-2.0 */
/* The words that are shown, and the gate: pure parts. */
#include "signaling/consent/consent.h"
#include "signaling/consent/text.h"
#include <criterion/criterion.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

/* What stands for each purpose in the newest words, and the age of own consent. */
static const char *const said[][2] = {
    {"会诊", "Consultation"}, {"共享病历资料", "Sharing of records"},
    {"录音录像", "recording"}, {"教学观摩", "Teaching"}};

_Static_assert(CONSENT_OWN_AGE == 18, "the newest text says so in words: write another with it");

Test(consent_text, the_newest_has_plain_words_only_and_names_the_age_of_own_consent)
{
    const char *newest = consent_texts[consent_text_count - 1].version;
    const char *zh = consent_text_find(newest, "zh-CN")->body;
    const char *en = consent_text_find(newest, "en")->body;
    for (int p = 0; p < CONSENT_PURPOSES; p++) {
        cr_expect_not_null(strstr(zh, said[p][0]), "%s", said[p][0]);
        cr_expect_not_null(strstr(en, said[p][1]), "%s", said[p][1]);
        cr_expect_null(strstr(zh, consent_purpose_name((enum consent_purpose)p)),
                       "the code word of a program is nothing to a patient");
    }
    cr_expect_not_null(strstr(zh, "不满十八周岁"));
    cr_expect_not_null(strstr(en, "under eighteen"));
    json_t *request = json_pack("{s:{s:i}}", "patient", "ageYears", CONSENT_OWN_AGE - 1);
    cr_expect(!consent_may_sign(request, "self"));
    cr_expect(consent_may_sign(request, "guardian"));
    json_object_set_new(json_object_get(request, "patient"), "ageYears",
                        json_integer(CONSENT_OWN_AGE));
    cr_expect(consent_may_sign(request, "self"));
    json_decref(request);
}

Test(consent_text, each_version_is_there_in_both_languages)
{
    cr_assert_gt(consent_text_count, 0);
    for (size_t i = 0; i < consent_text_count; i++) {
        const struct consent_text *t = &consent_texts[i];
        cr_expect_not_null(consent_text_find(t->version, "zh-CN"), "%s", t->version);
        cr_expect_not_null(consent_text_find(t->version, "en"), "%s", t->version);
        cr_expect_not_null(strstr(t->body, t->version), "a text names its own version");
    }
    cr_expect_null(consent_text_find("0", "en"));
    cr_expect_null(consent_text_find(consent_texts[0].version, "bo"));
}

/* A text that was shown is never edited: whoever changes one must make a new version, and add its
 * hash here. */
Test(consent_text, published_texts_are_never_changed)
{
    static const struct {
        const char *version, *language, *sha256;
    } published[] = {
        {"2026-1", "zh-CN", "7a47a1e03a2099ae5bf403dbfc1ae6d172787c3b3ff5cd86e16154c8643ff314"},
        {"2026-1", "en", "e9aba4a4252ec65a8666c89045241359f93097e91798c3658d714af8db60d98d"},
        {"2026-2", "zh-CN", "4bcad09ea7bb4599a1f8bdca227c6e21e659a5423d1fe4a1207c711c01caa0db"},
        {"2026-2", "en", "e5a9b329aee3ce56c4b462fded7cf7951389edae0ccc1ef5376ed3c269f2f78b"},
    };
    for (size_t i = 0; i < sizeof(published) / sizeof(published[0]); i++) {
        uint8_t hash[CONSENT_HASH_BYTES];
        char hex[2 * CONSENT_HASH_BYTES + 1];
        const struct consent_text *t =
            consent_text_find(published[i].version, published[i].language);
        cr_assert_not_null(t);
        consent_text_hash(t, hash);
        sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));
        cr_expect_str_eq(hex, published[i].sha256, "%s %s", t->version, t->language);
    }
}

Test(consent_gate, nothing_is_allowed_that_was_not_given)
{
    for (uint32_t given = 0; given < 1u << CONSENT_PURPOSES; given++)
        for (int p = 0; p < CONSENT_PURPOSES; p++)
            cr_expect_eq(consent_allows(given, (enum consent_purpose)p), (given >> p) & 1);
    cr_expect_eq(consent_purpose_parse("sharing"), CONSENT_PURPOSES);
    cr_expect_eq(consent_purpose_parse(NULL), CONSENT_PURPOSES);
    for (int p = 0; p < CONSENT_PURPOSES; p++)
        cr_expect_eq((int)consent_purpose_parse(consent_purpose_name((enum consent_purpose)p)), p);
}

static uint32_t of(const char *text)
{
    json_t *consent = json_loads(text, JSON_DECODE_ANY, NULL);
    uint32_t given = consent_of_submit(consent);
    json_decref(consent);
    return given;
}

Test(consent_gate, a_request_ticks_purposes)
{
    uint32_t both = CONSENT_BIT(CONSENT_CARE) | CONSENT_BIT(CONSENT_SHARE);
    cr_expect_eq(of("{\"share\":true,\"signer\":\"a\",\"relation\":\"self\"}"), both);
    cr_expect_eq(of("{\"share\":true,\"recording\":true,\"teaching\":false}"),
                 both | CONSENT_BIT(CONSENT_RECORDING));
    cr_expect_eq(of("{\"share\":false,\"teaching\":true}"), CONSENT_BIT(CONSENT_TEACHING));
    cr_expect_eq(of("{\"share\":\"true\"}"), 0);
    cr_expect_eq(of("null"), 0);
    cr_expect_eq(consent_of_submit(NULL), 0);
}
