/* SPDX-License-Identifier: Apache-2.0 */
/* Events of the request before somebody is asked, and of what runs beside the call: approvals,
 * triage, consent, what an emergency makes up for, reopening. */
#include "shanqiao/error.h"
#include "signaling/consult/step_parts.h"
#include <string.h>

int step_edit(struct step *s)
{
    step_set_state(s, s->c.state);
    return 0;
}

int step_submit(struct step *s)
{
    if (s->c.urgency <= CONSULT_URGENCY_KEEP || s->c.urgency >= CONSULT_URGENCY_COUNT)
        return SQ_ERR_INVALID;
    bool emergency = s->c.kind == CONSULT_EMERGENCY; /* skips approval: it is back-filled */
    s->c.approvals = emergency ? 0 : s->c.needs & CONSULT_NEEDS_APPROVAL;
    s->c.reason = CONSULT_WHY_NONE;
    s->c.at.submitted_utc_us = s->utc_us;
    step_set_state(s, CONSULT_SUBMITTED);
    step_arm_after(s, CONSULT_DUE_STATE, s->times->approval_us);
    return 0;
}

int step_approve(struct step *s)
{
    uint32_t sides = s->e->needs;
    if (sides & ~(uint32_t)CONSULT_NEEDS_APPROVAL)
        return SQ_ERR_INVALID;
    if ((sides & s->c.approvals) != sides || (!sides && s->c.approvals))
        return SQ_ERR_STATE; /* that side approved before; or the system would approve for it */
    s->c.approvals &= ~sides;
    step_tell(s, CONSULT_DO_TELL_STATE);
    if (s->c.approvals)
        return 0;
    step_set_state(s, CONSULT_APPROVED);
    step_arm_after(s, CONSULT_DUE_STATE, s->times->triage_us);
    return 0;
}

void step_await_approval(struct step *s, uint32_t sides)
{
    s->c.needs = (s->c.needs | sides) & ~(uint32_t)CONSULT_NEEDS_TRIAGE;
    s->c.approvals = sides;
    step_set_state(s, CONSULT_SUBMITTED);
    step_arm_after(s, CONSULT_DUE_STATE, s->times->approval_us);
}

int step_return(struct step *s)
{
    s->c.reason = CONSULT_WHY_RETURNED;
    step_set_state(s, CONSULT_RETURNED);
    step_arm(s, CONSULT_DUE_STATE, TIME_US_NEVER);
    return 0;
}

int step_triage(struct step *s)
{
    if ((unsigned)s->e->urgency >= CONSULT_URGENCY_COUNT)
        return SQ_ERR_INVALID;
    if (s->e->urgency != CONSULT_URGENCY_KEEP)
        s->c.urgency = s->e->urgency;
    if (s->e->needs & CONSULT_NEEDS_APPROVAL) {
        step_await_approval(s, s->e->needs & CONSULT_NEEDS_APPROVAL);
        return 0;
    }
    step_set_state(s, CONSULT_TRIAGED);
    step_tell(s, CONSULT_DO_TELL_STATE); /* in TRIAGED too: the urgency changed */
    step_arm_after(s, CONSULT_DUE_STATE, s->times->triage_us);
    return 0;
}

void step_take_back(struct step *s)
{
    step_stop_rings(s, CONSULT_RING_STOPPED, CONSULT_BY_REROUTE);
    step_close_room(s);
    s->c.plan = (struct consult_plan){0};
    step_arm(s, CONSULT_DUE_READING, TIME_US_NEVER);
}

int step_reroute(struct step *s)
{
    uint32_t sides = s->e->needs & CONSULT_NEEDS_APPROVAL;
    if (sides && s->c.kind != CONSULT_EMERGENCY) {
        step_await_approval(s, sides);
        step_take_back(s);
        return 0;
    }
    step_set_state(s, CONSULT_TRIAGED);
    step_take_back(s);
    step_arm_after(s, CONSULT_DUE_STATE, s->times->triage_us);
    return 0;
}

/* Who has it claimed when the last material goes keeps it; it leaves the worklist otherwise, and
 * the panel's time begins anew with the next one. */
int step_material(struct step *s)
{
    uint32_t before = s->c.needs;
    s->c.needs &= ~(uint32_t)CONSULT_NEEDS_MATERIAL;
    if (!s->e->ready)
        s->c.needs |= CONSULT_NEEDS_MATERIAL;
    if (s->c.needs != before)
        step_tell(s, CONSULT_DO_TELL_STATE);
    if (s->c.state != CONSULT_ROUTED || s->e->ready)
        return 0;
    step_set_state(s, CONSULT_TRIAGED);
    step_take_back(s);
    step_arm_after(s, CONSULT_DUE_STATE, s->times->triage_us);
    return 0;
}

/* Nobody is bound to it any more; who refused or was removed is remembered. */
static void forget_acceptance(struct consult *c)
{
    for (int i = 0; i < c->member_count; i++) {
        if (c->members[i].ring == CONSULT_RING_WON)
            c->members[i].ring = CONSULT_RING_STOPPED;
        c->members[i].ready = false;
    }
    c->applicant_ready = false;
    c->specialist = CONSULT_NOBODY;
    c->slot = (struct consult_slot){0};
    c->plan = (struct consult_plan){0};
    c->absence = (struct consult_absence){0};
    c->at.ended_utc_us = 0;
}

int step_reopen(struct step *s)
{
    uint32_t sides = s->e->needs & CONSULT_NEEDS_APPROVAL; /* of another place */
    bool emergency = s->c.kind == CONSULT_EMERGENCY;
    forget_acceptance(&s->c);
    s->c.reason = CONSULT_WHY_NONE;
    if (sides && !emergency) {
        step_await_approval(s, sides);
        return 0;
    }
    step_set_state(s, emergency        ? CONSULT_TRIAGED
                      : s->c.approvals ? CONSULT_SUBMITTED
                                       : CONSULT_APPROVED);
    step_arm_after(s, CONSULT_DUE_STATE,
                   s->c.approvals ? s->times->approval_us : s->times->triage_us);
    return 0;
}

int step_cancel(struct step *s)
{
    step_finish(s, CONSULT_CANCELLED, CONSULT_WHY_CANCELLED, CONSULT_BY_CANCEL);
    return 0;
}

/* ---- backfill ---- */

static void make_up(struct step *s, uint32_t needs)
{
    s->c.backfill.left &= ~needs;
    if (!s->c.backfill.left) {
        s->c.backfill.state = CONSULT_BACKFILL_DONE;
        step_arm(s, CONSULT_DUE_BACKFILL, TIME_US_NEVER);
    }
    step_tell(s, CONSULT_DO_TELL_BACKFILL);
}

int step_backfill(struct step *s)
{
    uint32_t needs = s->e->needs;
    if (!needs || needs & ~(uint32_t)CONSULT_NEEDS_LATER)
        return SQ_ERR_INVALID;
    if ((needs & s->c.backfill.left) != needs)
        return SQ_ERR_STATE; /* nothing is missing there */
    make_up(s, needs);
    return 0;
}

/* ---- consent ---- */

int step_consent(struct step *s)
{
    if (!s->e->consent || s->e->consent & ~(uint32_t)CONSULT_CONSENT_ALL)
        return SQ_ERR_INVALID;
    s->c.consent |= s->e->consent;
    step_tell(s, CONSULT_DO_TELL_CONSENT);
    if (s->e->consent & CONSULT_CONSENT_SHARE && s->c.backfill.left & CONSULT_NEEDS_CONSENT)
        make_up(s, CONSULT_NEEDS_CONSENT);
    return 0;
}

static void remove_observers(struct step *s)
{
    uint64_t gone = 0;
    for (int i = 0; i < s->c.member_count; i++) {
        if (s->c.members[i].ring != CONSULT_RING_NONE)
            continue;
        s->c.members[i].ring = CONSULT_RING_REMOVED;
        s->c.members[i].presence = CONSULT_AWAY;
        gone |= consult_bit(i);
    }
    if (!gone)
        return;
    if (s->c.room.open)
        step_command(s, (struct consult_command){.type = CONSULT_DO_ROOM_REMOVE,
                                                 .member = CONSULT_NOBODY,
                                                 .members = gone});
    step_tell(s, CONSULT_DO_TELL_MEMBERS);
}

/* Sharing is the ground that an unsigned consultation stands on. What is signed stays signed. */
int step_consent_withdrawn(struct step *s)
{
    uint32_t gone = s->e->consent;
    if (!gone || gone & ~(uint32_t)CONSULT_CONSENT_ALL)
        return SQ_ERR_INVALID;
    s->c.consent &= ~gone;
    step_tell(s, CONSULT_DO_TELL_CONSENT);
    if (gone & CONSULT_CONSENT_RECORDING && s->c.room.open)
        step_tell(s, CONSULT_DO_STOP_RECORDING);
    if (gone & CONSULT_CONSENT_TEACHING)
        remove_observers(s);
    if (gone & CONSULT_CONSENT_SHARE &&
        consult_transition_allowed(s->c.kind, s->c.state, s->e->type, CONSULT_CANCELLED) &&
        s->c.state != CONSULT_CANCELLED)
        step_finish(s, CONSULT_CANCELLED, CONSULT_WHY_CONSENT_WITHDRAWN, CONSULT_BY_CANCEL);
    return 0;
}
