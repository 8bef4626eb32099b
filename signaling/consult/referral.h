/* SPDX-License-Identifier: Apache-2.0 */
/* Referrals as rows beside their consultation. Inside consult only. */
#ifndef SIGNALING_CONSULT_REFERRAL_H
#define SIGNALING_CONSULT_REFERRAL_H

#include "signaling/consult/perform.h"

#define REFERRAL_DEADLINE                                                                          \
    "referral" /* kind in the table of deadlines; the object is the referral */

/* Its deadline passed. SQ_ERR_NOT_FOUND, store errors. */
int referral_due(const struct consult_act *act, const char *id);

#endif
