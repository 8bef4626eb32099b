/* SPDX-License-Identifier: Apache-2.0 */
/* The FHIR R4 read API (HL7 FHIR 4.0.1, section 3.2: read, search-type, capabilities) under /fhir/,
 * for foreign programs of an institution (role service). What they may read is what rights_allow
 * says of ACT_READ_FHIR; each read leaves an audit row. Refuses to know how a resource looks
 * (map.h). */
#ifndef SIGNALING_FHIR_API_H
#define SIGNALING_FHIR_API_H

#include "signaling/http/route.h"

#define FHIR_COUNT_DEFAULT 20
#define FHIR_COUNT_MAX     50
/* Cases that one search looks at; a page may then be short and still name a next one. */
#define FHIR_SCAN_MAX 200

extern const struct http_table fhir_http_table;

#endif
