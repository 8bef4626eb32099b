/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of consult_step share: the step under way, its commands, and the few changes that
 * keep the invariants. For step*.c only. */
#ifndef SIGNALING_CONSULT_STEP_PARTS_H
#define SIGNALING_CONSULT_STEP_PARTS_H

#include "signaling/consult/step.h"

/* What a step works on: a copy that becomes the consultation only when the step succeeds. */
struct step {
    struct consult c;
    const struct consult_event *e;
    const struct consult_times *times;
    time_us utc_us;
    struct consult_commands commands;
};

/* A handler per event: 0 or an error, after which the copy is thrown away. */
int step_edit(struct step *s);
int step_material(struct step *s);
int step_submit(struct step *s);
int step_approve(struct step *s);
int step_return(struct step *s);
int step_triage(struct step *s);
int step_reroute(struct step *s);
int step_reopen(struct step *s);
int step_cancel(struct step *s);
int step_consent(struct step *s);
int step_consent_withdrawn(struct step *s);
int step_backfill(struct step *s);
int step_route(struct step *s);
int step_accept(struct step *s);
int step_refuse(struct step *s);
int step_claim(struct step *s);
int step_release(struct step *s);
int step_gone(struct step *s);
int step_add(struct step *s);
int step_remove(struct step *s);
int step_schedule(struct step *s);
int step_ready_check(struct step *s);
int step_enter(struct step *s);
int step_leave(struct step *s); /* and drop */
int step_go_live(struct step *s);
int step_end(struct step *s);
int step_critical(struct step *s);
int step_critical_ack(struct step *s);
int step_save(struct step *s);
int step_sign(struct step *s);
int step_excuse(struct step *s);
int step_conclude(struct step *s);
int step_supersede(struct step *s);
int step_deliver(struct step *s);
int step_acknowledge(struct step *s);
int step_outcome(struct step *s);
int step_archive(struct step *s);
int step_timeout(struct step *s);

/* ---- step.c: commands and changes ---- */

void step_command(struct step *s, struct consult_command c);
void step_tell(struct step *s, enum consult_command_type type); /* said once per step */
void step_arm(struct step *s, enum consult_deadline deadline, time_us at_utc_us);
void step_arm_after(struct step *s, enum consult_deadline deadline, time_us after_us);
/* The one place where a state changes: asserts the table. */
void step_set_state(struct step *s, enum consult_state to);
/* Into a state that is over: nobody rings, no room, no deadline of the state. */
void step_finish(struct step *s, enum consult_state to, enum consult_reason reason,
                 enum consult_ring_end why);
/* Everybody with CONSULT_RING_ON gets `to`, those who wait in line too. */
void step_stop_rings(struct step *s, enum consult_ring to, enum consult_ring_end why);
/* No room, nobody present; the consultation may go on. */
void step_close_room(struct step *s);
void step_open_room(struct step *s);
void step_live_room(struct step *s);
/* Presence of a member or the applicant, told where it matters. */
void step_set_presence(struct step *s, int person, enum consult_presence after);

/* ---- questions ---- */

/* The agreement wants a slot, and the kind has slots. */
bool step_needs_slot(const struct consult *c);
bool step_has_slot(const struct consult *c);
/* `share` was given, or an emergency does without. */
bool step_may_share(const struct consult *c);
/* e->member is a member: 0 or SQ_ERR_INVALID. */
int step_check_member(const struct step *s);
/* The member who is chair and may still come, or CONSULT_NOBODY. */
int step_chair(const struct consult *c);

/* ---- step_ring.c ---- */

/* After a refusal, a time-out, a removal or a route: rings who is next, asks for the panel above,
 * or ends it. */
void step_ring_on(struct step *s);
/* The wave rang out. */
void step_rang_out(struct step *s);
/* The one who was just added: now, or when it is its turn. */
void step_ring_new(struct step *s, int member);
/* `member` is the specialist now. The others get `others` (CONSULT_RING_ON: stay invited). */
void step_take(struct step *s, int member, enum consult_ring others);
/* The one chair; a former one is an expert. */
void step_set_chair(struct consult *c, int chair);
/* It goes to an institution whose approval is missing, or under an agreement that asks for more.
 * What was triaged stays so. */
void step_await_approval(struct step *s, uint32_t sides);
/* All who were asked are asked no more, and may be anew. */
void step_take_back(struct step *s);
/* Reading: back to the worklist. */
void step_put_back(struct step *s);
/* The specialist is gone before the opinion: somebody else has to be found. */
void step_lose_specialist(struct step *s, enum consult_ring ring, enum consult_ring_end why);

/* ---- step_call.c ---- */

/* Both there: the call runs. One missing after it ran: interrupted. */
void step_follow_presence(struct step *s);
/* The call is over, the opinion is due (guidance: all is said). */
void step_end_call(struct step *s, enum consult_reason reason);
/* A new party who isn't ready ends READY. */
void step_follow_readiness(struct step *s);

#endif
