/* SPDX-License-Identifier: Apache-2.0 */
/* Consultations behind the methods: rights, load, consult_step (consult/step.h), write, effects.
 * And the two questions that the media side asks: who may be in a room, and who may be heard there.
 */
#ifndef SIGNALING_CONSULT_CONSULT_H
#define SIGNALING_CONSULT_CONSULT_H

#include "signaling/media/media.h" /* enum room_right */
#include "signaling/proto/method.h"

extern const struct method_table consult_method_table;  /* consultation.* */
extern const struct method_table worklist_method_table; /* worklist.* */
extern const struct method_table schedule_method_table; /* schedule.* */
extern const struct method_table referral_method_table; /* referral.* */

/* Who came on duty in a panel joins what rings there for everybody. Inside the transaction of the
 * change. 0, SQ_ERR_STORE, SQ_ERR_NOMEM, SQ_ERR_LIMIT. */
int consult_came_on_duty(struct service *s, struct effects *effects, const char *panel,
                         const char *account, time_us utc_us);
/* Who signed in may be on duty by the roster from now on: the same for each of its panels. */
int consult_signed_in(struct service *s, struct effects *effects, const char *account,
                      time_us utc_us);

/* Who signed out is not rung alone, nor next in line: the ring goes on. As many as fit the effects;
 * the others ring out. */
int consult_signed_out(struct service *s, struct effects *effects, const char *account,
                       time_us utc_us);

/* The same for everybody whom the roster of a panel names now; after it was changed. */
int consult_roster_changed(struct service *s, struct effects *effects, const char *panel,
                           time_us utc_us);
/* Once a minute, for the panels that ring: a shift may have begun. The same errors. */
int consult_shifts_sweep(struct service *s, time_us utc_us, struct effects *effects);

/* A material was finished or removed: a reading comes to the worklist with its first one, and
 * leaves it with the last. Inside the transaction of the change. 0, SQ_ERR_STORE, SQ_ERR_NOMEM,
 * SQ_ERR_LIMIT. */
int consult_material_changed(struct call *call, const char *consultation);

/* What this account may do in the media room (room id = consultation id): the function that
 * media_config.right wants. ROOM_RIGHT_NONE for anybody who is not the applicant, a member being
 * rung or the accepted specialist, for a room that is closed, and when the store fails. */
enum room_right consult_room_right(struct service *s, const char *room, const char *account);

#endif
