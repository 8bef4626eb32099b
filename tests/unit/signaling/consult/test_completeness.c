/* SPDX-License-Identifier: Apache-2.0 */
/* The completeness gate, kind by kind. */
#include "signaling/consult/completeness.h"
#include <criterion/criterion.h>
#include <string.h>

TestSuite(consult_completeness);

#define F(field) (UINT32_C(1) << CONSULT_FIELD_##field)
#define EVERY    ((UINT32_C(1) << CONSULT_FIELD_COUNT) - 1)

static const char *const patient[] = {"patient.name", "patient.sex", "patient.ageYears"};

static uint32_t set_of(const char *const *names)
{
    uint32_t set = 0;
    for (; *names; names++) {
        enum consult_field field = consult_field_parse(*names);
        cr_assert_neq(field, CONSULT_FIELD_COUNT, "%s", *names);
        set |= consult_field_bit(field);
    }
    return set;
}

Test(consult_completeness, each_kind_asks_for_what_it_needs)
{
    static const struct {
        enum consult_kind kind;
        const char *names[16]; /* besides the patient */
        bool patient;
    } wanted[] = {
        {CONSULT_LIVE, {"complaint", "purpose", "urgency", "panelId", "consent.share"}, true},
        {CONSULT_EMERGENCY, {"panelId"}, false},
        {CONSULT_GUIDANCE, {"complaint", "urgency", "panelId", "consent.share"}, false},
        {CONSULT_READING,
         {"complaint", "purpose", "urgency", "panelId", "consent.share", "materials"},
         true},
        {CONSULT_MDT,
         {"complaint", "purpose", "urgency", "panelId", "consent.share", "history", "results",
          "diagnosis", "treatment", "allergy", "candidateTimes"},
         true},
        {CONSULT_JOINT_CLINIC,
         {"complaint", "purpose", "urgency", "panelId", "consent.share", "history", "allergy",
          "candidateTimes"},
         true},
    };
    cr_assert_eq(sizeof(wanted) / sizeof(wanted[0]), CONSULT_KIND_COUNT);
    for (size_t i = 0; i < CONSULT_KIND_COUNT; i++) {
        const char *kind = consult_kind_name(wanted[i].kind);
        uint32_t set = set_of(wanted[i].names);
        if (wanted[i].patient)
            for (size_t p = 0; p < 3; p++)
                set |= consult_field_bit(consult_field_parse(patient[p]));
        cr_expect_eq(consult_missing(wanted[i].kind, 0, 0), set, "%s", kind);
        cr_expect_eq(consult_missing(wanted[i].kind, 0, set), 0, "%s", kind);
        cr_expect_eq(consult_missing(wanted[i].kind, 0, EVERY), 0, "%s", kind);
        for (int f = 0; f < CONSULT_FIELD_COUNT; f++) /* one is missing */
            cr_expect_eq(consult_missing(wanted[i].kind, 0, EVERY & ~(UINT32_C(1) << f)),
                         set & UINT32_C(1) << f, "%s without %s", kind,
                         consult_field_name((enum consult_field)f));
    }
}

Test(consult_completeness, a_slot_needs_candidate_times)
{
    cr_expect_eq(consult_missing(CONSULT_LIVE, CONSULT_NEEDS_SCHEDULE, EVERY & ~F(CANDIDATE_TIMES)),
                 F(CANDIDATE_TIMES));
    cr_expect_eq(
        consult_missing(CONSULT_EMERGENCY, CONSULT_NEEDS_SCHEDULE, EVERY & ~F(CANDIDATE_TIMES)), 0);
}

Test(consult_completeness, says_what_is_missing_in_both_languages)
{
    char en[CONSULT_MISSING_MAX], zh[CONSULT_MISSING_MAX];
    consult_missing_text(F(COMPLAINT) | F(CONSENT), en, zh);
    cr_expect_str_eq(en, "Fill in first: complaint, consent of the patient or guardian.");
    cr_expect_str_eq(zh, "请先填写：主诉、患者或监护人知情同意。");
    consult_missing_text(0, en, zh);
    cr_expect_str_empty(en);
    cr_expect_str_empty(zh);
    consult_missing_text(EVERY, en, zh); /* the longest fits */
    for (int f = 0; f < CONSULT_FIELD_COUNT; f++) {
        cr_expect_not_null(strstr(en, consult_field_en((enum consult_field)f)));
        cr_expect_not_null(strstr(zh, consult_field_zh((enum consult_field)f)));
    }
    cr_expect_eq(consult_field_parse("no such"), CONSULT_FIELD_COUNT);
    cr_expect_eq(consult_field_parse(NULL), CONSULT_FIELD_COUNT);
}
