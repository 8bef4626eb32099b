/* SPDX-License-Identifier: Apache-2.0 */
/* Consultations behind the methods: rights, load, consult_step (consult/step.h), write, effects. And the two
 * questions that the media side asks: who may be in a room, and who may be heard there. */
#ifndef SIGNALING_CONSULT_CONSULT_H
#define SIGNALING_CONSULT_CONSULT_H

#include "signaling/auth/rights.h"
#include "signaling/proto/method.h"

extern const struct method_table consult_method_table; /* consultation.* */

struct consult_access {
    enum relation relation; /* APPLICANT, RUNG or SPECIALIST */
    bool live;              /* accepted: media flows between applicant and accepted specialist */
    bool heard;             /* this account's producers may be heard, its consumers resumed, now */
};

/* May this account use the media room (room id = consultation id)? 0; SQ_ERR_NOT_FOUND for anybody else (no such
 * room, room closed, or not a member: one answer for all); SQ_ERR_STORE. */
int consult_room_access(struct service *s, const char *room, const char *account,
                        struct consult_access *out);

#endif
