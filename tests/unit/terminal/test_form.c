/* SPDX-License-Identifier: Apache-2.0 */
#include "client-lib/terminal/form.h"
#include <criterion/criterion.h>
#include <string.h>

static json_t *load(const char *file)
{
    json_t *form = json_load_file(file, 0, NULL);
    cr_assert_not_null(form, "%s", file);
    return form;
}

Test(form, the_example_request_is_complete)
{
    struct sq_consultation_request r;
    const char *missing = NULL;
    json_t *form = load("scripts/lib/demo-request.json");
    cr_assert_eq(form_to_request(&r, form, "pan_x", &missing), 0);
    cr_assert_str_eq(r.panel_id, "pan_x");
    cr_assert_str_eq(r.patient_sex, "male");
    cr_assert_eq(r.patient_age_years, 62);
    cr_assert(r.consent_share);
    json_decref(form);
}

Test(form, each_missing_member_is_named)
{
    static const struct {
        const char *in, *member, *told;
    } CASES[] = {
        {NULL, "complaint", "complaint"},
        {NULL, "purpose", "purpose"},
        {"patient", "name", "patient.name"},
        {"patient", "sex", "patient.sex"},
        {"patient", "ageYears", "patient.ageYears"},
        {"consent", "share", "consent.share"},
        {"consent", "signer", "consent.signer"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct sq_consultation_request r;
        const char *missing = NULL;
        json_t *form = load("scripts/lib/demo-request.json");
        json_object_del(CASES[i].in ? json_object_get(form, CASES[i].in) : form, CASES[i].member);
        cr_expect_eq(form_to_request(&r, form, "pan_x", &missing), SQ_ERR_INVALID);
        cr_expect_str_eq(missing, CASES[i].told);
        json_decref(form);
    }
}

Test(form, opinion_fields_are_set_by_name)
{
    json_t *form = json_object();
    struct sq_opinion opinion;
    char good[] = "findings ST elevation in V1 to V4", unknown[] = "prognosis good",
         empty[] = "plan";
    cr_assert_eq(form_set_opinion_field(form, good), 0);
    cr_assert_eq(form_set_opinion_field(form, unknown), SQ_ERR_INVALID);
    cr_assert_eq(form_set_opinion_field(form, empty), SQ_ERR_INVALID);
    form_to_opinion(&opinion, form);
    cr_assert_str_eq(opinion.findings, "ST elevation in V1 to V4");
    cr_assert_null(opinion.plan);
    json_decref(form);
}
