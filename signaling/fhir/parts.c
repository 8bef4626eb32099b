/* SPDX-License-Identifier: Apache-2.0 */
/* Shared pieces of resources. */
#include "signaling/fhir/parts.h"
#include <stdio.h>
#include <string.h>

/* Object identifier of the resident identity number in Chinese health records (WS/T 500). */
#define RESIDENT_NUMBER "urn:oid:2.16.156.10011.1.3"

void fhir_id_of(const char *id, char out[FHIR_ID_MAX])
{
    snprintf(out, FHIR_ID_MAX, "%s", id);
    char *mark = strchr(out, '_');
    if (mark)
        *mark = '-';
}

void fhir_id_back(const char *fhir_id, char out[FHIR_ID_MAX])
{
    snprintf(out, FHIR_ID_MAX, "%s", fhir_id);
    char *mark = strchr(out, '-');
    if (mark)
        *mark = '_';
}

const char *fhir_text(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text && *text ? text : NULL;
}

json_t *fhir_coding(const char *system, const char *code, const char *display)
{
    return json_pack("{s:s, s:s, s:s*}", "system", system, "code", code, "display", display);
}

json_t *fhir_concept(const char *system, const char *code, const char *display)
{
    return json_pack("{s:[o]}", "coding", fhir_coding(system, code, display));
}

json_t *fhir_concept_text(const char *text)
{
    return text ? json_pack("{s:s}", "text", text) : NULL;
}

json_t *fhir_reference(const char *type, const char *id)
{
    char fhir_id[FHIR_ID_MAX], text[FHIR_ID_MAX + 40];
    fhir_id_of(id, fhir_id);
    snprintf(text, sizeof text, "%s/%s", type, fhir_id);
    return json_pack("{s:s}", "reference", text);
}

static json_t *logical(const char *type, const char *system, const json_t *object)
{
    const char *id = fhir_text(object, "id");
    if (!id)
        return NULL;
    return json_pack("{s:s, s:{s:s, s:s}, s:s*}", "type", type, "identifier", "system", system,
                     "value", id, "display", fhir_text(object, "name"));
}

json_t *fhir_person(const json_t *person)
{
    return logical("Practitioner", FHIR_OURS "account", person);
}

json_t *fhir_organization(const json_t *institution)
{
    return logical("Organization", FHIR_OURS "institution", institution);
}

json_t *fhir_frame(const char *type, const struct fhir_case *c)
{
    char id[FHIR_ID_MAX], version[24];
    const char *our_id = fhir_text(c->consultation, "id");
    fhir_id_of(our_id ? our_id : "", id);
    snprintf(version, sizeof version, "%lld",
             (long long)json_integer_value(json_object_get(c->consultation, "revision")));
    return json_pack("{s:s, s:s, s:{s:s, s:s*}}", "resourceType", type, "id", id, "meta",
                     "versionId", version, "lastUpdated", c->updated);
}

json_t *fhir_join(json_t *resource, json_t *members)
{
    if (resource && members && json_object_update(resource, members) == 0) {
        json_decref(members);
        return resource;
    }
    json_decref(resource);
    json_decref(members);
    return NULL;
}

static json_t *patient_identifiers(const json_t *patient)
{
    const char *number = fhir_text(patient, "idNumber");
    return number ? json_pack("[{s:s, s:s}]", "system", RESIDENT_NUMBER, "value", number) : NULL;
}

json_t *fhir_patient(json_t *resource, const struct fhir_case *c)
{
    const json_t *patient = json_object_get(c->consultation, "patient");
    const char *sex = fhir_text(patient, "sex"), *name = fhir_text(patient, "name");
    json_t *contained = json_pack("{s:s, s:s, s:o*, s:o*, s:s}", "resourceType", "Patient", "id",
                                  "patient", "identifier", patient_identifiers(patient), "name",
                                  name ? json_pack("[{s:s}]", "text", name) : NULL, "gender",
                                  sex ? sex : "unknown");
    json_t *list = json_pack("[o]", contained);
    if (!list || json_object_set_new(resource, "contained", list))
        return NULL;
    return json_pack("{s:s}", "reference", "#patient");
}
