/* SPDX-License-Identifier: Apache-2.0 */
/* The call: slot, readiness, who is there, interruption, end. Leaving is not ending; the room
 * outlives any drop. */
#include "shanqiao/error.h"
#include "signaling/consult/step_parts.h"

static bool is_running(const struct consult *c)
{
    return c->state == CONSULT_IN_PROGRESS || c->state == CONSULT_INTERRUPTED;
}

int step_schedule(struct step *s)
{
    struct consult_slot slot = s->e->slot;
    if (slot.start_utc_us < s->utc_us || slot.end_utc_us <= slot.start_utc_us)
        return SQ_ERR_INVALID;
    s->c.slot = slot;
    s->c.applicant_ready = false;
    for (int i = 0; i < s->c.member_count; i++)
        s->c.members[i].ready = false;
    step_close_room(s); /* who waits in it comes back at the slot */
    step_set_state(s, CONSULT_SCHEDULED);
    step_tell(s, CONSULT_DO_TELL_STATE); /* another slot too */
    step_arm(s, CONSULT_DUE_STATE, slot.start_utc_us + s->times->start_us);
    return 0;
}

/* ---- readiness ---- */

static bool all_ready(const struct consult *c)
{
    uint64_t needed = consult_accepted(c);
    bool may_meet = !step_needs_slot(c) || step_has_slot(c);
    for (int i = 0; i < c->member_count; i++)
        if (needed & consult_bit(i) && !c->members[i].ready)
            return false;
    return c->applicant_ready && may_meet;
}

void step_follow_readiness(struct step *s)
{
    if (s->c.state == CONSULT_READY && !all_ready(&s->c))
        step_set_state(s, step_has_slot(&s->c) ? CONSULT_SCHEDULED : CONSULT_ACCEPTED);
}

int step_ready_check(struct step *s)
{
    int person = s->e->member;
    if (person != CONSULT_APPLICANT) {
        int status = step_check_member(s);
        if (status < 0)
            return status;
        if (s->c.members[person].ring != CONSULT_RING_WON)
            return SQ_ERR_STATE;
    }
    *(person == CONSULT_APPLICANT ? &s->c.applicant_ready : &s->c.members[person].ready) =
        s->e->ready;
    step_tell(s, CONSULT_DO_TELL_MEMBERS);
    if (s->c.state != CONSULT_READY && all_ready(&s->c))
        step_set_state(s, CONSULT_READY);
    step_follow_readiness(s);
    return 0;
}

/* ---- presence ---- */

static void note_who_takes_part(struct step *s)
{
    if (!is_running(&s->c))
        return;
    for (int i = 0; i < s->c.member_count; i++)
        if (s->c.members[i].presence == CONSULT_PRESENT)
            s->c.members[i].took_part = true;
}

void step_follow_presence(struct step *s)
{
    bool both = s->c.applicant == CONSULT_PRESENT &&
                consult_presence_of(&s->c, s->c.specialist) == CONSULT_PRESENT;
    if (both && s->c.state != CONSULT_IN_PROGRESS) {
        if (!s->c.at.started_utc_us)
            s->c.at.started_utc_us = s->utc_us;
        s->c.reason = CONSULT_WHY_NONE;
        step_set_state(s, CONSULT_IN_PROGRESS);
        step_arm(s, CONSULT_DUE_STATE, TIME_US_NEVER);
    } else if (!both && s->c.state == CONSULT_IN_PROGRESS) {
        step_set_state(s, CONSULT_INTERRUPTED);
        step_arm_after(s, CONSULT_DUE_STATE, s->times->abandoned_us);
    }
    note_who_takes_part(s);
}

/* May the person be in the call as it stands? The applicant waits in it while the panel rings. */
static int check_seat(const struct step *s, int person)
{
    if (person == CONSULT_APPLICANT)
        return 0;
    int status = step_check_member(s);
    if (status < 0)
        return status;
    enum consult_ring ring = s->c.members[person].ring;
    bool accepted = ring == CONSULT_RING_WON && s->c.specialist != CONSULT_NOBODY;
    bool observes = ring == CONSULT_RING_NONE && s->c.room.live;
    return accepted || observes ? 0 : SQ_ERR_STATE;
}

/* Where nobody waited in the room it opens when the first one comes, not long before the slot. */
static int open_to_meet(struct step *s)
{
    bool meets = s->c.kind != CONSULT_READING && s->c.specialist != CONSULT_NOBODY;
    bool in_time = step_has_slot(&s->c) ? s->utc_us >= s->c.slot.start_utc_us - s->times->early_us
                                        : !step_needs_slot(&s->c);
    if (s->c.room.open)
        return 0;
    if (!meets || !in_time)
        return SQ_ERR_STATE;
    step_open_room(s);
    step_live_room(s);
    return 0;
}

int step_enter(struct step *s)
{
    int status = check_seat(s, s->e->member);
    if (status < 0)
        return status;
    if (!step_may_share(&s->c))
        return SQ_ERR_DENIED;
    status = open_to_meet(s);
    if (status < 0)
        return status;
    step_set_presence(s, s->e->member, CONSULT_PRESENT);
    if (s->c.state != CONSULT_ROUTED)
        step_follow_presence(s);
    return 0;
}

int step_leave(struct step *s)
{
    int person = s->e->member;
    int status = person == CONSULT_APPLICANT ? 0 : step_check_member(s);
    if (status < 0)
        return status;
    bool drop = s->e->type == CONSULT_DROP;
    enum consult_presence before = consult_presence_of(&s->c, person);
    if (before == CONSULT_AWAY || (drop && before != CONSULT_PRESENT))
        return 0; /* who left before can't be dropped */
    step_set_presence(s, person, drop ? CONSULT_DROPPED : CONSULT_AWAY);
    step_follow_presence(s);
    return 0;
}

/* ---- reading: one tap to a call ---- */

int step_go_live(struct step *s)
{
    if (!step_may_share(&s->c))
        return SQ_ERR_DENIED;
    step_open_room(s);
    step_live_room(s);
    step_tell(s, CONSULT_DO_RING_APPLICANT); /* again, too */
    step_arm_after(s, CONSULT_DUE_STATE, s->times->start_us);
    return 0;
}

/* ---- end ---- */

void step_end_call(struct step *s, enum consult_reason reason)
{
    if (s->c.kind == CONSULT_GUIDANCE) { /* a note instead of an opinion */
        step_finish(s, CONSULT_ARCHIVED, reason, CONSULT_BY_CANCEL);
        return;
    }
    bool reading = s->c.kind == CONSULT_READING;
    s->c.reason = reason;
    step_set_state(s, CONSULT_OPINION_DRAFTED);
    if (!reading)
        step_stop_rings(s, CONSULT_RING_STOPPED, CONSULT_BY_CANCEL);
    step_close_room(s);
    s->c.at.ended_utc_us = s->utc_us;
    step_arm_after(s, CONSULT_DUE_STATE, reading ? s->times->claim_us : s->times->opinion_us);
}

/* The call of a reading that did not come about: the reading goes on. */
static int hang_up_reading(struct step *s)
{
    if (!s->c.room.open)
        return SQ_ERR_STATE;
    step_close_room(s);
    step_tell(s, CONSULT_DO_TELL_STATE);
    step_arm_after(s, CONSULT_DUE_STATE, s->times->claim_us);
    return 0;
}

int step_end(struct step *s)
{
    if (is_running(&s->c)) {
        step_end_call(s, CONSULT_WHY_NONE);
        return 0;
    }
    if (s->c.kind == CONSULT_READING)
        return hang_up_reading(s);
    if (!s->c.room.open || step_has_slot(&s->c))
        return SQ_ERR_STATE; /* there is no call; an appointment is cancelled or refused */
    step_finish(s, CONSULT_CANCELLED, CONSULT_WHY_NOT_STARTED, CONSULT_BY_CANCEL);
    return 0;
}
