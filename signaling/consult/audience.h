/* SPDX-License-Identifier: Apache-2.0 */
/* Whom a consultation's other rooms (materials, room) tell what happens in it: applicant and
 * members, as far as their rights of now go. Refuses to know what is told. */
#ifndef SIGNALING_CONSULT_AUDIENCE_H
#define SIGNALING_CONSULT_AUDIENCE_H

#include "signaling/consult/record.h"

/* Relations of those who are in the consultation; rung ones are not yet. */
#define CONSULT_IN_IT                                                                              \
    (RIGHTS_BIT(RELATION_APPLICANT) | RIGHTS_BIT(RELATION_SPECIALIST) |                            \
     RIGHTS_BIT(RELATION_MEMBER) | RIGHTS_BIT(RELATION_CHAIR) | RIGHTS_BIT(RELATION_OBSERVER))
#define CONSULT_ANY_RELATION UINT32_MAX

/* Adds a notification with a copy of `params` for each of them who stands in one of `relations` and
 * may do `act`, the caller too. 0, SQ_ERR_STORE, SQ_ERR_NOMEM, SQ_ERR_LIMIT. */
int consult_tell_audience(struct call *call, const struct consult_record *r, enum act act,
                          uint32_t relations, const char *method, const json_t *params);

/* Is this one in the call now, as applicant, accepted or observing with consent? `person`: a
 * member's number or CONSULT_APPLICANT. Of the record alone. */
bool consult_attends(const struct consult_record *r, int person);

#endif
