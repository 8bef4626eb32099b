/* SPDX-License-Identifier: Apache-2.0 */
/* A multi-disciplinary consultation of VILLAGER with EXPERT_1 in the chair and two more experts,
 * its talk just ended. */
#ifndef TESTS_UNIT_SIGNALING_OPINION_MDT_H
#define TESTS_UNIT_SIGNALING_OPINION_MDT_H

#include "people.h"

void mdt_init(struct people *p, char id[ID_MAX]);

/* opinion.sign of `account`; the id of the signed version goes to `version`. */
void mdt_sign(struct people *p, const char *id, const char *account, const char *advice,
              char version[ID_MAX]);

#endif
