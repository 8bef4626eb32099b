/* SPDX-License-Identifier: Apache-2.0 */
/* What belongs to a case: Consent, DiagnosticReport, DocumentReference. */
#include "inspect/kind.h"
#include "signaling/fhir/map.h"
#include "signaling/fhir/parts.h"
#include <stdio.h>
#include <string.h>

#define CONSENT_SCOPE "http://terminology.hl7.org/CodeSystem/consentscope"
#define ACT_CODE      "http://terminology.hl7.org/CodeSystem/v3-ActCode"
#define ACT_REASON    "http://terminology.hl7.org/CodeSystem/v3-ActReason"
#define LOINC         "http://loinc.org"

static json_t *frame(const char *type, const json_t *object, const struct fhir_case *c)
{
    char id[FHIR_ID_MAX];
    const char *our_id = fhir_text(object, "id");
    fhir_id_of(our_id ? our_id : "", id);
    return json_pack("{s:s, s:s, s:{s:s*}}", "resourceType", type, "id", id, "meta", "lastUpdated",
                     c->updated);
}

static json_t *identifier(const char *what, const json_t *object)
{
    char system[64];
    snprintf(system, sizeof system, "%s%s", FHIR_OURS, what);
    return json_pack("[{s:s, s:s}]", "system", system, "value", fhir_text(object, "id"));
}

static json_t *request_of(const struct fhir_case *c)
{
    return fhir_reference("ServiceRequest", fhir_text(c->consultation, "id"));
}

/* ---- Consent ---- */

/* Purposes as codes of v3-ActReason: treatment, training of professionals. Recording has no code
 * there; ours stands for it. */
static json_t *purpose_coding(const char *purpose)
{
    if (purpose && strcmp(purpose, "teaching") == 0)
        return fhir_coding(ACT_REASON, "TRAIN", "training");
    if (purpose && strcmp(purpose, "recording") != 0)
        return fhir_coding(ACT_REASON, "TREAT", "treatment");
    return fhir_coding(FHIR_OURS "purpose", purpose ? purpose : "unknown", NULL);
}

static json_t *provision(const json_t *consent)
{
    const char *purpose = fhir_text(consent, "purpose");
    const char *end = fhir_text(json_object_get(consent, "withdrawn"), "at");
    return json_pack("{s:s, s:{s:s*, s:s*}, s:[o, o]}", "type", "permit", "period", "start",
                     fhir_text(consent, "givenAt"), "end", end, "purpose", purpose_coding(purpose),
                     fhir_coding(FHIR_OURS "purpose", purpose ? purpose : "unknown", NULL));
}

/* Who signed: the patient, or somebody for the patient. */
static json_t *signer(const json_t *consent)
{
    const char *name = fhir_text(json_object_get(consent, "signer"), "name");
    return name ? json_pack("[{s:s}]", "display", name) : NULL;
}

static json_t *text_policy(const json_t *consent)
{
    char uri[128];
    const char *hash = fhir_text(json_object_get(consent, "text"), "sha256");
    if (!hash)
        return NULL;
    snprintf(uri, sizeof uri, "urn:x-shanqiao:consent-text:sha256:%s", hash);
    return json_pack("[{s:s}]", "uri", uri);
}

json_t *fhir_consent(const json_t *consent, const struct fhir_case *c)
{
    json_t *r = frame("Consent", consent, c);
    json_t *patient = r ? fhir_patient(r, c) : NULL;
    if (!patient) {
        json_decref(r);
        return NULL;
    }
    bool in_force = json_is_true(json_object_get(consent, "inForce"));
    return fhir_join(
        r, json_pack("{s:o, s:s, s:o, s:[o], s:o, s:s*, s:o*, s:[o], s:o*, s:o, s:o}", "identifier",
                     identifier("consent", consent), "status", in_force ? "active" : "inactive",
                     "scope", fhir_concept(CONSENT_SCOPE, "patient-privacy", NULL), "category",
                     fhir_concept(LOINC, "59284-0", "Consent Document"), "patient", patient,
                     "dateTime", fhir_text(consent, "givenAt"), "performer", signer(consent),
                     "organization",
                     fhir_organization(json_object_get(
                         json_object_get(c->consultation, "applicant"), "institution")),
                     "policy", text_policy(consent), "policyRule",
                     fhir_concept(ACT_CODE, "OPTIN", "opt-in"), "provision", provision(consent)));
}

/* ---- DiagnosticReport ---- */

static const char *report_status(const json_t *opinion)
{
    return fhir_text(opinion, "supersedes") ? "amended" : "final";
}

/* What the author wrote, part by part. The printed page has the headings in Chinese; here they are
 * the names of the wire. */
static json_t *conclusion(const json_t *text)
{
    static const char *const names[] = {"findings", "plan", "advice", "referral", "limits"};
    json_t *joined = json_string("");
    for (size_t i = 0; joined && i < sizeof(names) / sizeof(names[0]); i++) {
        const char *part = fhir_text(text, names[i]);
        if (!part)
            continue;
        json_t *longer =
            json_pack("s+++++", json_string_value(joined), json_string_length(joined) ? "\n" : "",
                      names[i], ": ", part, "");
        json_decref(joined);
        joined = longer;
    }
    if (joined && json_string_length(joined) > 0)
        return joined;
    json_decref(joined);
    return NULL;
}

json_t *fhir_diagnostic_report(const json_t *opinion, const struct fhir_case *c)
{
    json_t *r = frame("DiagnosticReport", opinion, c);
    json_t *subject = r ? fhir_patient(r, c) : NULL;
    if (!subject) {
        json_decref(r);
        return NULL;
    }
    const json_t *text = json_object_get(opinion, "text");
    json_t *author = fhir_person(json_object_get(opinion, "author"));
    const char *diagnosis = fhir_text(text, "diagnosis");
    const char *kind = fhir_text(opinion, "kind");
    json_t *code = fhir_concept(LOINC, "11488-4", "Consult note");
    if (kind && strcmp(kind, "conclusion") == 0)
        json_object_set_new(code, "text", json_string("multi-disciplinary conclusion"));
    return fhir_join(
        r, json_pack("{s:o, s:[o], s:s, s:o, s:o, s:o, s:s*, s:s*, s:[O], s:[o], s:o*, s:o*}",
                     "identifier", identifier("opinion", opinion), "basedOn", request_of(c),
                     "status", report_status(opinion), "code", code, "subject", subject,
                     "encounter", fhir_reference("Encounter", fhir_text(c->consultation, "id")),
                     "effectiveDateTime", fhir_text(opinion, "signedAt"), "issued",
                     fhir_text(opinion, "signedAt"), "performer", author, "resultsInterpreter",
                     author, "conclusion", conclusion(text), "conclusionCode",
                     diagnosis ? json_pack("[{s:s}]", "text", diagnosis) : NULL));
}

/* ---- DocumentReference ---- */

static json_t *attachment(const json_t *material)
{
    char url[FHIR_ID_MAX + 16];
    snprintf(url, sizeof url, "/materials/%s", fhir_text(material, "id"));
    json_t *size = json_object_get(material, "bytes");
    return json_pack("{s:s*, s:s, s:O*, s:s*, s:s*}", "contentType",
                     kind_media_type(kind_parse(fhir_text(material, "format"))), "url", url, "size",
                     json_is_integer(size) ? size : NULL, "title", fhir_text(material, "name"),
                     "creation", fhir_text(material, "addedAt"));
}

/* The stored bytes by their SHA-256 (Attachment.hash would want SHA-1). */
static json_t *document_identifiers(const json_t *material)
{
    char uri[128];
    const char *hash = fhir_text(material, "storedSha256");
    json_t *list = identifier("material", material);
    if (hash) {
        snprintf(uri, sizeof uri, "urn:hash::sha256:%s", hash);
        json_array_append_new(list,
                              json_pack("{s:s, s:s}", "system", "urn:ietf:rfc:3986", "value", uri));
    }
    return list;
}

json_t *fhir_document_reference(const json_t *material, const struct fhir_case *c)
{
    json_t *r = frame("DocumentReference", material, c);
    json_t *subject = r ? fhir_patient(r, c) : NULL;
    if (!subject) {
        json_decref(r);
        return NULL;
    }
    return fhir_join(
        r, json_pack("{s:o, s:s, s:o, s:o, s:s*, s:[o], s:[{s:o}], s:{s:[o]}}", "identifier",
                     document_identifiers(material), "status", "current", "type",
                     fhir_concept(FHIR_OURS "material", fhir_text(material, "type"), NULL),
                     "subject", subject, "date", fhir_text(material, "addedAt"), "author",
                     fhir_person(json_object_get(material, "addedBy")), "content", "attachment",
                     attachment(material), "context", "related", request_of(c)));
}
