/* SPDX-License-Identifier: Apache-2.0 */
/* The case itself: ServiceRequest, Task, Appointment, Encounter. One row for each state says what
 * each of the four makes of it. */
#include "signaling/fhir/map.h"
#include "signaling/fhir/parts.h"
#include <string.h>

#define ACT_CODE  "http://terminology.hl7.org/CodeSystem/v3-ActCode"
#define TASK_CODE "http://hl7.org/fhir/CodeSystem/task-code"
#define LOINC     "http://loinc.org"
#define UCUM      "http://unitsofmeasure.org"

/* R4 value sets request-status, task-status, encounter-status, appointmentstatus. */
struct state_row {
    const char *state, *request, *task, *encounter, *appointment;
};

static const struct state_row states[] = {
    {"draft", "draft", "draft", "planned", "proposed"},
    {"submitted", "active", "requested", "planned", "proposed"},
    {"returned", "on-hold", "on-hold", "planned", "proposed"},
    {"approved", "active", "received", "planned", "proposed"},
    {"triaged", "active", "received", "planned", "proposed"},
    {"routed", "active", "ready", "planned", "pending"},
    {"accepted", "active", "accepted", "planned", "pending"},
    {"refused", "revoked", "rejected", "cancelled", "cancelled"},
    {"scheduled", "active", "accepted", "planned", "booked"},
    {"ready", "active", "accepted", "arrived", "arrived"},
    {"in_progress", "active", "in-progress", "in-progress", "arrived"},
    {"interrupted", "active", "on-hold", "onleave", "arrived"},
    {"opinion_drafted", "active", "in-progress", "finished", "fulfilled"},
    {"opinion_signed", "active", "in-progress", "finished", "fulfilled"},
    {"delivered", "completed", "completed", "finished", "fulfilled"},
    {"acknowledged", "completed", "completed", "finished", "fulfilled"},
    {"follow_up_due", "completed", "completed", "finished", "fulfilled"},
    {"outcome_recorded", "completed", "completed", "finished", "fulfilled"},
    {"archived", "completed", "completed", "finished", "fulfilled"},
    {"cancelled", "revoked", "cancelled", "cancelled", "cancelled"},
    {"expired", "revoked", "failed", "cancelled", "cancelled"},
    {"no_show", "revoked", "failed", "cancelled", "noshow"},
};

static const struct state_row *row_of(const struct fhir_case *c)
{
    const char *state = fhir_text(c->consultation, "state");
    for (size_t i = 0; state && i < sizeof(states) / sizeof(states[0]); i++)
        if (strcmp(states[i].state, state) == 0)
            return &states[i];
    return &states[0];
}

static const char *priority_of(const struct fhir_case *c)
{
    const char *urgency = fhir_text(c->consultation, "urgency");
    if (urgency && strcmp(urgency, "emergency") == 0)
        return "stat";
    return urgency && strcmp(urgency, "urgent") == 0 ? "urgent" : "routine";
}

static json_t *get(const struct fhir_case *c, const char *name)
{
    return json_object_get(c->consultation, name);
}

static const char *text_of(const struct fhir_case *c, const char *name)
{
    return fhir_text(c->consultation, name);
}

static json_t *applicant_institution(const struct fhir_case *c)
{
    return json_object_get(get(c, "applicant"), "institution");
}

static json_t *one(json_t *item)
{
    return item ? json_pack("[o]", item) : NULL;
}

static json_t *identifiers(const struct fhir_case *c)
{
    return json_pack("[{s:s, s:s}]", "system", FHIR_OURS "consultation", "value", text_of(c, "id"));
}

static json_t *kind_concept(const struct fhir_case *c)
{
    return fhir_concept(FHIR_OURS "kind", text_of(c, "kind"), NULL);
}

static json_t *about_this(const struct fhir_case *c)
{
    return fhir_reference("ServiceRequest", text_of(c, "id"));
}

static json_t *period(const char *start, const char *end)
{
    if (!start && !end)
        return NULL;
    return json_pack("{s:s*, s:s*}", "start", start, "end", end);
}

/* The age is an Observation of its own: a birth date would be invented. */
static json_t *age(json_t *resource, const struct fhir_case *c)
{
    json_t *years = json_object_get(get(c, "patient"), "ageYears");
    if (!json_is_integer(years))
        return NULL;
    json_t *observation =
        json_pack("{s:s, s:s, s:s, s:o, s:{s:s}, s:{s:O, s:s, s:s, s:s}}", "resourceType",
                  "Observation", "id", "age", "status", "final", "code",
                  fhir_concept(LOINC, "30525-0", "Age"), "subject", "reference", "#patient",
                  "valueQuantity", "value", years, "unit", "a", "system", UCUM, "code", "a");
    if (json_array_append_new(json_object_get(resource, "contained"), observation))
        return NULL;
    return json_pack("[{s:s}]", "reference", "#age");
}

/* What the applicant wrote beside the complaint: one Annotation each. */
static json_t *notes(const struct fhir_case *c)
{
    static const char *const names[] = {"purpose",   "history",   "results",
                                        "diagnosis", "treatment", "allergy"};
    json_t *list = json_array();
    for (size_t i = 0; list && i < sizeof(names) / sizeof(names[0]); i++) {
        if (text_of(c, names[i]))
            json_array_append_new(
                list, json_pack("{s:s++}", "text", names[i], ": ", text_of(c, names[i])));
    }
    if (json_array_size(list) > 0)
        return list;
    json_decref(list);
    return NULL;
}

static json_t *performers(const struct fhir_case *c)
{
    json_t *specialist = fhir_person(get(c, "specialist"));
    return one(specialist);
}

json_t *fhir_service_request(const struct fhir_case *c)
{
    json_t *r = fhir_frame("ServiceRequest", c);
    json_t *subject = r ? fhir_patient(r, c) : NULL;
    if (!subject) {
        json_decref(r);
        return NULL;
    }
    json_t *about = age(r, c);
    return fhir_join(
        r, json_pack("{s:o, s:s, s:s, s:[o], s:s, s:o, s:o, s:o*, s:s*, s:o*, s:o*, s:o*, s:o*}",
                     "identifier", identifiers(c), "status", row_of(c)->request, "intent", "order",
                     "category", kind_concept(c), "priority", priority_of(c), "code",
                     fhir_concept(LOINC, "11488-4", "Consult note"), "subject", subject,
                     "supportingInfo", about, "authoredOn", text_of(c, "submittedAt"), "requester",
                     fhir_person(get(c, "applicant")), "performer", performers(c), "reasonCode",
                     one(fhir_concept_text(text_of(c, "complaint"))), "note", notes(c)));
}

json_t *fhir_task(const struct fhir_case *c)
{
    json_t *r = fhir_frame("Task", c);
    json_t *subject = r ? fhir_patient(r, c) : NULL;
    if (!subject) {
        json_decref(r);
        return NULL;
    }
    return fhir_join(
        r,
        json_pack("{s:o, s:[o], s:s, s:o, s:o*, s:s, s:s, s:o, s:o, s:o, s:o*, s:s*, s:s*, "
                  "s:o*, s:o*}",
                  "identifier", identifiers(c), "basedOn", about_this(c), "status", row_of(c)->task,
                  "businessStatus", fhir_concept(FHIR_OURS "state", text_of(c, "state"), NULL),
                  "statusReason", fhir_concept_text(text_of(c, "reason")), "intent", "order",
                  "priority", priority_of(c), "code", fhir_concept(TASK_CODE, "fulfill", NULL),
                  "focus", about_this(c), "for", subject, "executionPeriod",
                  period(text_of(c, "startedAt"), text_of(c, "endedAt")), "authoredOn",
                  text_of(c, "submittedAt"), "lastModified", c->updated, "requester",
                  fhir_person(get(c, "applicant")), "owner", fhir_person(get(c, "specialist"))));
}

static json_t *attendee(json_t *actor, const char *status)
{
    return json_pack("{s:o, s:s, s:s}", "actor", actor, "required", "required", "status", status);
}

json_t *fhir_appointment(const struct fhir_case *c, bool *none)
{
    const json_t *slot = get(c, "slot");
    const char *start = fhir_text(slot, "start"), *end = fhir_text(slot, "end");
    *none = !start || !end;
    if (*none)
        return NULL;
    json_t *r = fhir_frame("Appointment", c);
    json_t *people = json_array();
    json_t *specialist = fhir_person(get(c, "specialist"));
    json_array_append_new(people, attendee(fhir_person(get(c, "applicant")), "accepted"));
    if (specialist)
        json_array_append_new(people, attendee(specialist, "accepted"));
    return fhir_join(r, json_pack("{s:o, s:s, s:[o], s:o*, s:s, s:s, s:[o], s:o}", "identifier",
                                  identifiers(c), "status", row_of(c)->appointment, "serviceType",
                                  kind_concept(c), "reasonCode",
                                  one(fhir_concept_text(text_of(c, "complaint"))), "start", start,
                                  "end", end, "basedOn", about_this(c), "participant", people));
}

static json_t *met(json_t *person)
{
    return person ? json_pack("{s:o}", "individual", person) : NULL;
}

json_t *fhir_encounter(const struct fhir_case *c, bool *none)
{
    *none = !text_of(c, "acceptedAt");
    if (*none)
        return NULL;
    json_t *r = fhir_frame("Encounter", c);
    json_t *subject = r ? fhir_patient(r, c) : NULL;
    if (!subject) {
        json_decref(r);
        return NULL;
    }
    json_t *people = json_array(), *specialist = met(fhir_person(get(c, "specialist")));
    json_array_append_new(people, met(fhir_person(get(c, "applicant"))));
    if (specialist)
        json_array_append_new(people, specialist);
    return fhir_join(r,
                     json_pack("{s:o, s:s, s:o, s:[o], s:o, s:[o], s:o, s:o*, s:o*}", "identifier",
                               identifiers(c), "status", row_of(c)->encounter, "class",
                               fhir_coding(ACT_CODE, "VR", "virtual"), "type", kind_concept(c),
                               "subject", subject, "basedOn", about_this(c), "participant", people,
                               "period", period(text_of(c, "startedAt"), text_of(c, "endedAt")),
                               "serviceProvider", fhir_organization(applicant_institution(c))));
}
