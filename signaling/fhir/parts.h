/* SPDX-License-Identifier: Apache-2.0 */
/* Data types that several resources share (FHIR R4 sections 2.24 and 2.3): references, codings, the
 * patient. Inside fhir only. All return new references or NULL (no memory). */
#ifndef SIGNALING_FHIR_PARTS_H
#define SIGNALING_FHIR_PARTS_H

#include "signaling/fhir/map.h"

#define FHIR_OURS "urn:x-shanqiao:" /* begins the systems of our own codes and identifiers */

/* One of ours by a code, such as ("state", "in_progress"): Coding. */
json_t *fhir_coding(const char *system, const char *code, const char *display);
/* CodeableConcept of one Coding. */
json_t *fhir_concept(const char *system, const char *code, const char *display);
json_t *fhir_concept_text(const char *text);
/* Reference to another resource served here. */
json_t *fhir_reference(const char *type, const char *id);
/* Logical references: who they are stands in the directory, not in a resource. NULL in: NULL out is
 * not an error there; pack it with "o*". */
json_t *fhir_person(const json_t *person);
json_t *fhir_organization(const json_t *institution);

/* {resourceType, id, meta}: the frame of a resource about the case itself. */
json_t *fhir_frame(const char *type, const struct fhir_case *c);
/* Puts the contained Patient into a resource and returns the Reference to it. */
json_t *fhir_patient(json_t *resource, const struct fhir_case *c);

const char *fhir_text(const json_t *object, const char *name); /* NULL when absent or empty */

/* Adds members and gives `resource` back; on failure (a NULL among them, or `members` NULL)
 * releases both and returns NULL. Takes over both references. */
json_t *fhir_join(json_t *resource, json_t *members);

#endif
