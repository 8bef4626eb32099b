/* SPDX-License-Identifier: Apache-2.0 */
/* Opinions and what follows them, critical values, and deadlines that pass. What is signed is never
 * unsigned: it is superseded. */
#include "shanqiao/error.h"
#include "signaling/consult/step_parts.h"

#define DAY_US (INT64_C(86400) * TIME_US_PER_S)

/* e->member writes an opinion: the specialist, or any who accepted of an mdt. */
static int check_author(const struct step *s)
{
    int status = step_check_member(s);
    if (status < 0)
        return status;
    bool mdt = s->c.kind == CONSULT_MDT;
    bool writes =
        mdt ? s->c.members[s->e->member].ring == CONSULT_RING_WON : s->e->member == s->c.specialist;
    return writes ? 0 : SQ_ERR_STATE;
}

int step_save(struct step *s)
{
    int status = check_author(s);
    if (status < 0)
        return status;
    struct consult_member *m = &s->c.members[s->e->member];
    if (m->opinion == CONSULT_OPINION_BY_HAND)
        return SQ_ERR_STATE; /* superseded, not edited */
    if (m->opinion == CONSULT_OPINION_NONE)
        m->opinion = CONSULT_OPINION_DRAFT;
    bool claimed = s->c.state == CONSULT_ACCEPTED || s->c.state == CONSULT_OPINION_DRAFTED;
    if (s->c.kind != CONSULT_READING || !claimed)
        return 0;
    step_set_state(s, CONSULT_OPINION_DRAFTED);
    if (!s->c.room.open) /* a call under way has its own time */
        step_arm_after(s, CONSULT_DUE_STATE, s->times->claim_us);
    return 0;
}

static int take_follow_up(struct step *s)
{
    if (s->e->follow_up_days < 0 || s->e->follow_up_days > CONSULT_FOLLOW_UP_MAX)
        return SQ_ERR_INVALID;
    s->c.follow_up_days = s->e->follow_up_days;
    return 0;
}

static int sign(struct step *s)
{
    int status = take_follow_up(s);
    if (status < 0)
        return status;
    s->c.at.signed_utc_us = s->utc_us;
    step_set_state(s, CONSULT_OPINION_SIGNED);
    step_close_room(s); /* of a reading */
    step_stop_rings(s, CONSULT_RING_STOPPED, CONSULT_BY_OTHER);
    step_arm(s, CONSULT_DUE_STATE, TIME_US_NEVER);
    step_arm(s, CONSULT_DUE_READING, TIME_US_NEVER);
    return 0;
}

int step_sign(struct step *s)
{
    int status = check_author(s);
    if (status < 0)
        return status;
    struct consult_member *m = &s->c.members[s->e->member];
    if (!step_may_share(&s->c))
        return SQ_ERR_DENIED;
    if (m->opinion == CONSULT_OPINION_BY_HAND)
        return SQ_ERR_STATE;
    m->opinion = CONSULT_OPINION_BY_HAND;
    if (s->c.kind != CONSULT_MDT)
        return sign(s);
    step_tell(s, CONSULT_DO_TELL_MEMBERS);
    return 0;
}

int step_excuse(struct step *s)
{
    int status = check_author(s);
    if (status < 0)
        return status;
    struct consult_member *m = &s->c.members[s->e->member];
    bool open = m->opinion == CONSULT_OPINION_NONE || m->opinion == CONSULT_OPINION_DRAFT;
    if (!open || m->role != CONSULT_EXPERT)
        return SQ_ERR_STATE;
    m->opinion = CONSULT_OPINION_EXCUSED;
    step_tell(s, CONSULT_DO_TELL_MEMBERS);
    return 0;
}

uint64_t consult_unwritten(const struct consult *c)
{
    uint64_t set = 0;
    for (int i = 0; c->kind == CONSULT_MDT && i < c->member_count; i++) {
        const struct consult_member *m = &c->members[i];
        bool open = m->opinion == CONSULT_OPINION_NONE || m->opinion == CONSULT_OPINION_DRAFT;
        if (m->role == CONSULT_EXPERT && m->ring == CONSULT_RING_WON && m->took_part && open)
            set |= consult_bit(i);
    }
    return set;
}

int step_conclude(struct step *s)
{
    if (!step_may_share(&s->c))
        return SQ_ERR_DENIED;
    return consult_unwritten(&s->c) ? SQ_ERR_STATE : sign(s);
}

int step_supersede(struct step *s)
{
    int status = check_author(s);
    if (status < 0)
        return status;
    bool lead = s->e->member == s->c.specialist && s->c.at.signed_utc_us;
    if (!lead && s->c.members[s->e->member].opinion != CONSULT_OPINION_BY_HAND)
        return SQ_ERR_STATE; /* nothing signed to supersede */
    step_tell(s, CONSULT_DO_TELL_OPINION);
    if (s->c.state == CONSULT_OPINION_DRAFTED || s->c.state == CONSULT_ARCHIVED)
        return 0;
    if (lead && (status = take_follow_up(s)) < 0)
        return status;
    if (lead)
        s->c.at.signed_utc_us = s->utc_us;
    step_set_state(s, CONSULT_DELIVERED);
    step_arm_after(s, CONSULT_DUE_STATE, s->times->acknowledge_us);
    return 0;
}

int step_deliver(struct step *s)
{
    step_set_state(s, CONSULT_DELIVERED);
    step_arm_after(s, CONSULT_DUE_STATE, s->times->acknowledge_us);
    return 0;
}

/* When the outcome is asked for. */
static time_us outcome_due(const struct step *s)
{
    int days = s->c.follow_up_days;
    return s->c.at.signed_utc_us + (days ? days * DAY_US : s->times->outcome_us);
}

int step_acknowledge(struct step *s)
{
    time_us due = outcome_due(s);
    step_set_state(s, CONSULT_ACKNOWLEDGED);
    step_arm(s, CONSULT_DUE_STATE, due > s->utc_us ? due : s->utc_us);
    return 0;
}

int step_outcome(struct step *s)
{
    step_set_state(s, CONSULT_OUTCOME_RECORDED);
    step_tell(s, CONSULT_DO_TELL_STATE); /* a later outcome too: the specialist learns it */
    step_arm(s, CONSULT_DUE_STATE, TIME_US_NEVER);
    return 0;
}

int step_archive(struct step *s)
{
    bool owes = s->c.backfill.state == CONSULT_BACKFILL_DUE ||
                s->c.backfill.state == CONSULT_BACKFILL_OVERDUE;
    bool asked = s->c.state == CONSULT_FOLLOW_UP_DUE && /* in vain, for long enough? */
                 s->utc_us < outcome_due(s) + s->times->outcome_over_us;
    if (owes || asked || s->c.critical == CONSULT_CRITICAL_RAISED)
        return SQ_ERR_STATE;
    step_finish(s, CONSULT_ARCHIVED, s->c.reason, CONSULT_BY_CANCEL);
    return 0;
}

/* ---- critical values ---- */

static void ring_critical(struct step *s)
{
    step_tell(s, CONSULT_DO_TELL_CRITICAL);
    step_arm_after(s, CONSULT_DUE_CRITICAL, s->times->critical_us);
}

int step_critical(struct step *s)
{
    s->c.critical = CONSULT_CRITICAL_RAISED;
    ring_critical(s);
    return 0;
}

int step_critical_ack(struct step *s)
{
    if (s->c.critical != CONSULT_CRITICAL_RAISED)
        return SQ_ERR_STATE;
    s->c.critical = CONSULT_CRITICAL_ACKNOWLEDGED;
    step_tell(s, CONSULT_DO_TELL_CRITICAL);
    step_arm(s, CONSULT_DUE_CRITICAL, TIME_US_NEVER);
    return 0;
}

/* ---- deadlines ---- */

static void remind(struct step *s, int person, time_us again_us)
{
    step_command(s, (struct consult_command){.type = CONSULT_DO_REMIND, .member = person});
    step_arm_after(s, CONSULT_DUE_STATE, again_us);
}

static void no_show(struct step *s)
{
    s->c.absence = (struct consult_absence){.applicant = s->c.applicant != CONSULT_PRESENT};
    for (int i = 0; i < s->c.member_count; i++)
        if (s->c.members[i].ring == CONSULT_RING_WON && s->c.members[i].presence != CONSULT_PRESENT)
            s->c.absence.members |= consult_bit(i);
    step_finish(s, CONSULT_NO_SHOW, CONSULT_WHY_NOT_STARTED, CONSULT_BY_EXPIRY);
}

/* A claimed reading that nobody works on goes back; a call that nobody came to is closed first. */
static void claim_timeout(struct step *s)
{
    if (!s->c.room.open) {
        step_put_back(s);
        return;
    }
    step_close_room(s);
    step_tell(s, CONSULT_DO_TELL_STATE);
    step_arm_after(s, CONSULT_DUE_STATE, s->times->claim_us);
}

static void meeting_timeout(struct step *s)
{
    bool waits = s->c.applicant == CONSULT_PRESENT;
    if (s->c.kind == CONSULT_READING)
        claim_timeout(s);
    else if (step_needs_slot(&s->c) && !step_has_slot(&s->c))
        step_finish(s, CONSULT_EXPIRED, CONSULT_WHY_NOT_SCHEDULED, CONSULT_BY_EXPIRY);
    else if (s->c.kind == CONSULT_EMERGENCY && waits) /* for whoever comes: the others ring */
        step_lose_specialist(s, CONSULT_RING_STOPPED, CONSULT_BY_EXPIRY);
    else
        no_show(s);
}

static void opinion_timeout(struct step *s)
{
    if (s->c.kind == CONSULT_READING)
        claim_timeout(s);
    else
        remind(s, s->c.specialist, s->times->opinion_us);
}

/* Who sent it is reminded as long as an upload may still be on its way. */
static void route_timeout(struct step *s)
{
    bool waits = consult_waits_for_material(&s->c);
    if (waits && s->utc_us < s->c.at.submitted_utc_us + s->times->material_us)
        remind(s, CONSULT_APPLICANT, s->times->triage_us);
    else
        step_finish(s, CONSULT_EXPIRED, waits ? CONSULT_WHY_NO_MATERIAL : CONSULT_WHY_NOT_TRIAGED,
                    CONSULT_BY_EXPIRY);
}

static int state_timeout(struct step *s)
{
    const struct consult_times *t = s->times;
    switch (s->c.state) {
    case CONSULT_SUBMITTED:
        step_finish(s, CONSULT_EXPIRED, CONSULT_WHY_NOT_APPROVED, CONSULT_BY_EXPIRY);
        return 0;
    case CONSULT_APPROVED:
        step_finish(s, CONSULT_EXPIRED, CONSULT_WHY_NOT_TRIAGED, CONSULT_BY_EXPIRY);
        return 0;
    case CONSULT_TRIAGED:
        route_timeout(s);
        return 0;
    case CONSULT_ROUTED:
        step_rang_out(s);
        return 0;
    case CONSULT_ACCEPTED:
    case CONSULT_SCHEDULED:
    case CONSULT_READY:
        meeting_timeout(s);
        return 0;
    case CONSULT_INTERRUPTED:
        step_end_call(s, CONSULT_WHY_ABANDONED);
        return 0;
    case CONSULT_OPINION_DRAFTED:
        opinion_timeout(s);
        return 0;
    case CONSULT_DELIVERED:
        remind(s, CONSULT_APPLICANT, t->acknowledge_us);
        return 0;
    case CONSULT_ACKNOWLEDGED:
        step_set_state(s, CONSULT_FOLLOW_UP_DUE);
        remind(s, CONSULT_APPLICANT, t->follow_up_us);
        return 0;
    case CONSULT_FOLLOW_UP_DUE:
        remind(s, CONSULT_APPLICANT, t->follow_up_us);
        return 0;
    default:
        return SQ_ERR_STATE; /* no deadline of its own */
    }
}

static void reading_timeout(struct step *s)
{
    if (s->c.state == CONSULT_ROUTED) {
        step_rang_out(s);
        return;
    }
    step_command(s, /* who has it claimed is late */
                 (struct consult_command){.type = CONSULT_DO_REMIND, .member = s->c.specialist});
    step_arm_after(s, CONSULT_DUE_READING, s->times->reading_us[s->c.urgency]);
}

static void backfill_timeout(struct step *s)
{
    s->c.backfill.state = CONSULT_BACKFILL_OVERDUE;
    step_tell(s, CONSULT_DO_TELL_BACKFILL);
    step_arm_after(s, CONSULT_DUE_BACKFILL, s->times->backfill_us);
}

int step_timeout(struct step *s)
{
    if ((unsigned)s->e->deadline >= CONSULT_DEADLINE_COUNT)
        return SQ_ERR_INVALID;
    if (s->c.deadlines[s->e->deadline] > s->utc_us)
        return SQ_ERR_STATE; /* moved, or none */
    switch (s->e->deadline) {
    case CONSULT_DUE_BACKFILL:
        backfill_timeout(s);
        return 0;
    case CONSULT_DUE_CRITICAL:
        ring_critical(s);
        return 0;
    case CONSULT_DUE_READING:
        reading_timeout(s);
        return 0;
    default:
        return state_timeout(s);
    }
}
