/* SPDX-License-Identifier: Apache-2.0 */
/* See objects.h. */
#include "client-lib/signal/objects.h"

#include <string.h>

const char *objects_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static int number(const json_t *object, const char *key)
{
    return (int)json_integer_value(json_object_get(object, key));
}

void objects_person(struct sq_person *out, const json_t *object)
{
    json_t *institution = json_object_get(object, "institution");
    *out = (struct sq_person){
        .id = objects_text(object, "id"),
        .name = objects_text(object, "name"),
        .institution = objects_text(institution, "name"),
        .institution_id = objects_text(institution, "id"),
        .level = number(institution, "level"),
    };
}

void objects_panel(struct sq_panel *out, const json_t *object)
{
    *out = (struct sq_panel){
        .id = objects_text(object, "id"),
        .name = objects_text(object, "name"),
        .specialty = objects_text(object, "specialty"),
        .institution = objects_text(json_object_get(object, "institution"), "name"),
        .level = number(object, "level"),
        .on_duty = number(object, "onDuty"),
    };
}

void objects_consultation(struct sq_consultation *out, const json_t *object, const char *dumped)
{
    json_t *panel = json_object_get(object, "panel");
    json_t *patient = json_object_get(object, "patient");
    *out = (struct sq_consultation){
        .id = objects_text(object, "id"),
        .kind = objects_text(object, "kind"),
        .state = objects_text(object, "state"),
        .urgency = objects_text(object, "urgency"),
        .panel_id = objects_text(panel, "id"),
        .panel_name = objects_text(panel, "name"),
        .patient_name = objects_text(patient, "name"),
        .patient_sex = objects_text(patient, "sex"),
        .patient_age_years = number(patient, "ageYears"),
        .complaint = objects_text(object, "complaint"),
        .purpose = objects_text(object, "purpose"),
        .history = objects_text(object, "history"),
        .results = objects_text(object, "results"),
        .diagnosis = objects_text(object, "diagnosis"),
        .treatment = objects_text(object, "treatment"),
        .allergy = objects_text(object, "allergy"),
        .submitted_at = objects_text(object, "submittedAt"),
        .accepted_at = objects_text(object, "acceptedAt"),
        .started_at = objects_text(object, "startedAt"),
        .ended_at = objects_text(object, "endedAt"),
        .reason = objects_text(object, "reason"),
        .revision = json_integer_value(json_object_get(object, "revision")),
        .json = dumped ? dumped : "",
    };
    objects_person(&out->applicant, json_object_get(object, "applicant"));
    objects_person(&out->specialist, json_object_get(object, "specialist"));
}

/* Leaves NULL and "" out: the schemas want absent or filled. Returns -1 for text that is not UTF-8,
 * or without memory. */
static int put(json_t *object, const char *key, const char *text)
{
    return text && *text ? json_object_set_new(object, key, json_string(text)) : 0;
}

static bool has(const char *text)
{
    return text && *text;
}

static bool complete(const struct sq_consultation_request *r)
{
    return has(r->panel_id) && has(r->patient_name) && has(r->patient_sex) && has(r->complaint) &&
           has(r->purpose) && has(r->consent_signer) && r->consent_share &&
           r->patient_age_years >= 0;
}

json_t *objects_submit(const struct sq_consultation_request *r, int *err)
{
    *err = SQ_ERR_INVALID;
    if (r->struct_size < sizeof(*r) || !complete(r))
        return NULL;
    json_t *patient = json_pack("{s:s, s:s, s:i}", "name", r->patient_name, "sex", r->patient_sex,
                                "ageYears", r->patient_age_years);
    json_t *consent =
        json_pack("{s:b, s:s, s:s}", "share", 1, "signer", r->consent_signer, "relation",
                  has(r->consent_relation) ? r->consent_relation : "self");
    json_t *params =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:o}", "kind", "live", "panelId", r->panel_id,
                  "urgency", has(r->urgency) ? r->urgency : "routine", "complaint", r->complaint,
                  "purpose", r->purpose, "patient", patient, "consent", consent);
    if (params &&
        (put(patient, "idNumber", r->patient_id_number) || put(params, "history", r->history) ||
         put(params, "results", r->results) || put(params, "diagnosis", r->diagnosis) ||
         put(params, "treatment", r->treatment) || put(params, "allergy", r->allergy))) {
        json_decref(params);
        params = NULL;
    }
    *err = params ? 0 : SQ_ERR_INVALID;
    return params;
}

json_t *objects_opinion(const struct sq_opinion *o)
{
    json_t *object = json_object();
    if (object && (put(object, "findings", o->findings) || put(object, "diagnosis", o->diagnosis) ||
                   put(object, "plan", o->plan) || put(object, "advice", o->advice) ||
                   put(object, "referral", o->referral) || put(object, "limits", o->limits))) {
        json_decref(object);
        return NULL;
    }
    return object;
}
