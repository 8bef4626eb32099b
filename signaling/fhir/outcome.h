/* SPDX-License-Identifier: Apache-2.0 */
/* What the read API says besides resources: OperationOutcome, CapabilityStatement, Bundle. Pure. */
#ifndef SIGNALING_FHIR_OUTCOME_H
#define SIGNALING_FHIR_OUTCOME_H

#include <jansson.h>

/* An OperationOutcome for an error of sq_error, with a sentence in both languages. */
json_t *fhir_outcome(int error, const char *en, const char *zh);
/* What this server can do. `types`: names, ended by NULL; date: when it was made. */
json_t *fhir_capability(const char *const *types, const char *date);

#endif
