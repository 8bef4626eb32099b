/* SPDX-License-Identifier: Apache-2.0 */
/* The smallest params that fit a method's schema, with ids of objects that exist. */
#ifndef TESTS_UNIT_SIGNALING_RIGHTS_PARAMS_H
#define TESTS_UNIT_SIGNALING_RIGHTS_PARAMS_H

#include <jansson.h>

/* New reference. `root` is the method's document, its $defs completed. Ids by the name of the
 * member, "id" by the method's room. */
json_t *params_of(const json_t *root, const char *method);

/* Objects that params name; the test makes them. */
#define THE_CASE     "con_theirs"
#define THE_OPINION  "opi_theirs"
#define THE_MATERIAL "mat_theirs"
#define THE_REFERRAL "ref_theirs"
#define THE_SLOT     "slo_theirs"
#define THE_HOLD     "hld_theirs"
#define THE_DRAFT    "dra_theirs"

#endif
