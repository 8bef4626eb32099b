/* SPDX-License-Identifier: Apache-2.0 */
/* Which resources there are, and how each comes out of the store. Inside fhir only. */
#ifndef SIGNALING_FHIR_CASES_H
#define SIGNALING_FHIR_CASES_H

#include "signaling/consult/record.h"
#include "signaling/fhir/query.h"

struct fhir_type {
    const char *name;
    /* The consultation of a resource by id $1; NULL: the resource has the id of its case. */
    const char *owner_sql;
    /* Appends all resources of this type that a case has. 0, store errors, SQ_ERR_NOMEM. */
    int (*expand)(struct service *s, const struct fhir_case *c, json_t *out);
};
/* NULL: none of that name. */
const struct fhir_type *fhir_type_find(const char *name);
/* Names of all, and AuditEvent; ended by NULL. */
const char *const *fhir_type_names(void);

/* The case behind a resource's id. SQ_ERR_NOT_FOUND. */
int fhir_owner(struct service *s, const struct fhir_type *type, const char *id, char out[ID_MAX]);

/* Resources of `type` in one case, for the caller of `call` (rights are asked here). 0 and a new
 * array in *out, and when it changed last; SQ_ERR_NOT_FOUND, SQ_ERR_DENIED, store errors. */
int fhir_case_resources(struct call *call, const struct fhir_type *type, const char *consultation,
                        json_t **out);

/* Next cases of the caller's institution in the order of their last change. */
struct fhir_hit {
    char consultation[ID_MAX];
    time_us at_us;
};
/* At most `max` hits behind the query's place. Returns the count or an error. */
int fhir_scan(struct service *s, const char *institution, const struct fhir_query *query,
              struct fhir_hit *hits, size_t max);

/* Rows of the institution's own audit chain as AuditEvents: one by id, or a page. */
int fhir_audit_read(struct call *call, const char *id, json_t **out);
int fhir_audit_search(struct call *call, const struct fhir_query *query, json_t *out,
                      char page[FHIR_PAGE_MAX]);

#endif
