/* SPDX-License-Identifier: Apache-2.0 */
/* A row of the audit log as a FHIR R4 AuditEvent, after IHE Basic Audit Log Patterns: who, what,
 * when, outcome. Pure. Refuses to know names: people and objects are ids of ours. */
#ifndef SIGNALING_AUDIT_FHIR_H
#define SIGNALING_AUDIT_FHIR_H

#include "signaling/audit/audit.h"
#include <jansson.h>

/* A new resource, NULL when memory is used up. Its entity "audit-row" has the row's hash, so that
 * the event can be held against the chain. */
json_t *audit_event_fhir(const struct audit_row *row, const uint8_t hash[AUDIT_HASH_BYTES]);

#endif
