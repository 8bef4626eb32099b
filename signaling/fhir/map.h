/* SPDX-License-Identifier: Apache-2.0 */
/* What the wire says of a case, as FHIR R4 resources (HL7 FHIR 4.0.1). Pure: JSON in, JSON out.
 * Refuses to know the store, rights and HTTP. A FHIR id has no "_", so the first one of ours is
 * written "-": con_x is ServiceRequest/con-x, and its Task, Appointment and Encounter have the same
 * id. */
#ifndef SIGNALING_FHIR_MAP_H
#define SIGNALING_FHIR_MAP_H

#include <jansson.h>
#include <stdbool.h>

#define FHIR_ID_MAX 64 /* final zero included: 40 are ours */

/* A case as the wire has it. All borrowed. Members that are NULL are not there. */
struct fhir_case {
    const json_t *consultation; /* docs/protocol/methods/consultation.get.json */
    const char *updated;        /* RFC 3339: when it last changed */
};

/* Each returns a new resource, or NULL when memory is used up. */
json_t *fhir_service_request(const struct fhir_case *c);
json_t *fhir_task(const struct fhir_case *c);
/* Also NULL, with *none true, while the case has none. */
json_t *fhir_appointment(const struct fhir_case *c, bool *none); /* none: no slot was set */
json_t *fhir_encounter(const struct fhir_case *c, bool *none);   /* none: nobody accepted yet */

/* One consent of consent.get; `consultation` is the id of the case. */
json_t *fhir_consent(const json_t *consent, const struct fhir_case *c);
/* One signed opinion, with its text (opinion.get); one that was superseded is none to show. */
json_t *fhir_diagnostic_report(const json_t *opinion, const struct fhir_case *c);
/* One material of material.list. */
json_t *fhir_document_reference(const json_t *material, const struct fhir_case *c);

/* "con_x" to "con-x", and back. Text that is too long is cut. */
void fhir_id_of(const char *id, char out[FHIR_ID_MAX]);
void fhir_id_back(const char *fhir_id, char out[FHIR_ID_MAX]);

#endif
