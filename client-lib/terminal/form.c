/* SPDX-License-Identifier: Apache-2.0 */
#include "client-lib/terminal/form.h"
#include "client-lib/terminal/terminal.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWER_MAX = 2000 };

static const struct {
    const char *name, *zh, *en;
    bool of_patient, needed, number;
} QUESTIONS[] = {
    {"name", "患者姓名", "Patient's name", true, true, false},
    {"sex", "性别 (male/female/unknown)", "Sex (male/female/unknown)", true, true, false},
    {"ageYears", "年龄", "Age in years", true, true, true},
    {"complaint", "主诉", "Complaint", false, true, false},
    {"purpose", "会诊目的", "What you want to know", false, true, false},
    {"history", "病史（可空）", "History (may be empty)", false, false, false},
    {"allergy", "过敏史（可空）", "Allergies (may be empty)", false, false, false},
    {"urgency", "紧急程度 (routine/urgent/emergency)", "Urgency (routine/urgent/emergency)", false,
     true, false},
    {"signer", "知情同意签字人", "Who signed the consent", false, true, false},
};

static bool ask(char answer[ANSWER_MAX], const char *question, bool needed)
{
    do {
        printf("%s: ", question);
        fflush(stdout);
        if (!fgets(answer, ANSWER_MAX, stdin))
            return false;
        answer[strcspn(answer, "\r\n")] = 0;
    } while (needed && !answer[0]);
    return true;
}

json_t *form_ask_request(const char *language)
{
    const bool english = strcmp(language, "en") == 0;
    json_t *patient = json_object();
    json_t *form = json_pack("{s:o}", "patient", patient);
    char answer[ANSWER_MAX];
    for (size_t i = 0; form && i < sizeof QUESTIONS / sizeof QUESTIONS[0]; i++) {
        if (!ask(answer, english ? QUESTIONS[i].en : QUESTIONS[i].zh, QUESTIONS[i].needed)) {
            json_decref(form);
            return NULL;
        }
        if (answer[0])
            json_object_set_new(QUESTIONS[i].of_patient ? patient : form, QUESTIONS[i].name,
                                QUESTIONS[i].number ? json_integer(atoi(answer))
                                                    : json_string(answer));
    }
    const char *signer = json_string_value(json_object_get(form, "signer"));
    json_object_set_new(
        form, "consent",
        json_pack("{s:b, s:s, s:s}", "share", 1, "signer", signer, "relation", "self"));
    json_object_del(form, "signer");
    return form;
}

static const char *text(json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

int form_to_request(struct sq_consultation_request *out, json_t *form, const char *panel_id,
                    const char **missing)
{
    json_t *patient = json_object_get(form, "patient");
    json_t *consent = json_object_get(form, "consent");
    const char *wanted = text(form, "panelId");
    *out = (struct sq_consultation_request){
        .struct_size = sizeof *out,
        .panel_id = wanted ? wanted : panel_id,
        .urgency = text(form, "urgency"),
        .patient_name = text(patient, "name"),
        .patient_sex = text(patient, "sex"),
        .patient_age_years = (int)json_integer_value(json_object_get(patient, "ageYears")),
        .patient_id_number = text(patient, "idNumber"),
        .complaint = text(form, "complaint"),
        .purpose = text(form, "purpose"),
        .history = text(form, "history"),
        .results = text(form, "results"),
        .diagnosis = text(form, "diagnosis"),
        .treatment = text(form, "treatment"),
        .allergy = text(form, "allergy"),
        .consent_share = json_is_true(json_object_get(consent, "share")),
        .consent_signer = text(consent, "signer"),
        .consent_relation = text(consent, "relation"),
    };
    const struct {
        const char *name;
        bool there;
    } needed[] = {{"panelId", out->panel_id != NULL},
                  {"patient.name", out->patient_name != NULL},
                  {"patient.sex", out->patient_sex != NULL},
                  {"patient.ageYears", json_is_integer(json_object_get(patient, "ageYears"))},
                  {"complaint", out->complaint != NULL},
                  {"purpose", out->purpose != NULL},
                  {"consent.share", out->consent_share},
                  {"consent.signer", out->consent_signer != NULL}};
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
        if (!needed[i].there) {
            *missing = needed[i].name;
            return SQ_ERR_INVALID;
        }
    return SQ_OK;
}

void form_to_opinion(struct sq_opinion *out, json_t *form)
{
    *out = (struct sq_opinion){
        .findings = text(form, "findings"),
        .diagnosis = text(form, "diagnosis"),
        .plan = text(form, "plan"),
        .advice = text(form, "advice"),
        .referral = text(form, "referral"),
        .limits = text(form, "limits"),
    };
}

void form_print_opinion(json_t *form, const char *language)
{
    static const struct {
        const char *name, *zh, *en;
    } FIELDS[] = {
        {"findings", "所见", "Findings"}, {"diagnosis", "诊断意见", "Diagnosis"},
        {"plan", "处理方案", "Plan"},     {"advice", "建议", "Advice"},
        {"referral", "转诊", "Referral"}, {"limits", "局限", "Limits"},
    };
    const bool english = strcmp(language, "en") == 0;
    char clean[TEXT_CLEAN_MAX];
    for (size_t i = 0; i < sizeof FIELDS / sizeof FIELDS[0]; i++) {
        const char *value = text(form, FIELDS[i].name);
        if (value && *value)
            printf("  %s%s%s\n", english ? FIELDS[i].en : FIELDS[i].zh, english ? ": " : "：",
                   text_clean(clean, value));
    }
    fflush(stdout);
}

int form_set_opinion_field(json_t *form, char *field_and_text)
{
    static const char *const FIELDS[] = {"findings", "diagnosis", "plan",
                                         "advice",   "referral",  "limits"};
    char *rest = NULL;
    const char *field = strtok_r(field_and_text, " ", &rest);
    for (size_t i = 0; field && rest && *rest && i < sizeof FIELDS / sizeof FIELDS[0]; i++)
        if (strcmp(field, FIELDS[i]) == 0)
            return json_object_set_new(form, field, json_string(rest)) ? SQ_ERR_INVALID : SQ_OK;
    return SQ_ERR_INVALID;
}
