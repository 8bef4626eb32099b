/* SPDX-License-Identifier: Apache-2.0 */
/* Where a consultation goes: which panel, under which agreement, which people of it in which order,
 * and which panel when these don't answer. Reads the directory and the rosters of duty. Refuses to
 * know states and events (consult_step does). Inside consult only. */
#ifndef SIGNALING_CONSULT_ROUTING_H
#define SIGNALING_CONSULT_ROUTING_H

#include "signaling/consult/perform.h"

/* What is asked for; "" or NULL: not named. */
struct routing_wish {
    const char *panel, *specialty;
};

/* Fills r->place and r->step.needs for the wish, as the agreement in force says (an emergency goes
 * without one, which is made up for later). *approvals (may be NULL): those that a request under
 * way needs for the new place and has not got; an emergency waits for none. SQ_ERR_NOT_FOUND: no
 * such panel or specialty around; SQ_ERR_DENIED: no agreement lets the applicant's institution ask
 * there. Store errors. */
int routing_place(const struct consult_act *act, struct consult_record *r,
                  const struct routing_wish *wish, uint32_t *approvals);

/* The people for CONSULT_ROUTE at r->step.plan.level, into e->route, r->people and r->panels; above
 * level 0: the nearest panel that was not asked yet, under an agreement, and has somebody; nobody
 * of it where e->needs says which approvals are missing. */
int routing_route(const struct consult_act *act, struct consult_record *r, struct consult_event *e);

/* Whose panel's the consultation is now that the member accepted: another one than the one named,
 * perhaps. *settled: CONSULT_NEEDS_LATER bits that its agreement does not ask for. */
int routing_follow(const struct consult_act *act, struct consult_record *r, int member,
                   uint32_t *settled);

/* A place among r->people for the account: its number, or the number of a new one behind them (not
 * counted in r->step.member_count yet). SQ_ERR_LIMIT. */
int routing_seat(struct consult_record *r, int count, const char *account, const char *panel);

#endif
