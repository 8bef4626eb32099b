/* SPDX-License-Identifier: Apache-2.0 */
/* Search parameters of the read API, parsed. Pure over names and values. */
#ifndef SIGNALING_FHIR_QUERY_H
#define SIGNALING_FHIR_QUERY_H

#include "base/time.h"
#include "signaling/fhir/map.h"
#include <stdbool.h>

#define FHIR_STATUSES_MAX 256 /* bytes of the status parameter, final zero included */

struct fhir_query {
    char id[FHIR_ID_MAX];           /* _id, "" : any */
    char based_on[FHIR_ID_MAX];     /* based-on: id of the ServiceRequest, "": any */
    char status[FHIR_STATUSES_MAX]; /* codes with commas, "": any */
    time_us from_us, until_us;      /* _lastUpdated, until_us exclusive */
    int count;
    /* _page: the search goes on behind this case. */
    time_us after_us;
    char after_id[FHIR_ID_MAX];
};

void fhir_query_init(struct fhir_query *q);
/* One parameter. 0; SQ_ERR_UNSUPPORTED: we have no such parameter; SQ_ERR_INVALID: bad value. */
int fhir_query_set(struct fhir_query *q, const char *name, const char *value);
/* Is `status` one of those asked for? */
bool fhir_query_status(const struct fhir_query *q, const char *status);

/* Value of _page for what comes after this case. */
#define FHIR_PAGE_MAX (FHIR_ID_MAX + 24)
void fhir_query_page(time_us at_us, const char *fhir_id, char out[FHIR_PAGE_MAX]);

#endif
