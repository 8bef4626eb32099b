/* SPDX-License-Identifier: Apache-2.0 */
/* What has to hold after each step, whatever came. */
#include "histories.h"
#include <string.h>

#define S(state)      (1u << CONSULT_##state)
#define IN(c, states) ((unsigned)(states) >> (c)->state & 1)
#define SIGNED                                                                                     \
    (S(OPINION_SIGNED) | S(DELIVERED) | S(ACKNOWLEDGED) | S(FOLLOW_UP_DUE) | S(OUTCOME_RECORDED))
#define TO_MEET (S(ACCEPTED) | S(SCHEDULED) | S(READY))
#define CALL    (S(IN_PROGRESS) | S(INTERRUPTED))

static uint64_t with_ring(const struct consult *c, enum consult_ring ring)
{
    uint64_t set = 0;
    for (int i = 0; i < c->member_count; i++)
        if (c->members[i].ring == ring)
            set |= consult_bit(i);
    return set;
}

static bool may_share(const struct consult *c)
{
    return c->kind == CONSULT_EMERGENCY || c->consent & CONSULT_CONSENT_SHARE;
}

static const char *broken_people(const struct consult *c)
{
    uint64_t won = with_ring(c, CONSULT_RING_WON);
    int chairs = 0;
    for (int i = 0; i < c->member_count; i++) {
        const struct consult_member *m = &c->members[i];
        bool in = m->ring == CONSULT_RING_WON || m->ring == CONSULT_RING_NONE;
        chairs += m->role == CONSULT_CHAIR;
        if (m->presence != CONSULT_AWAY && !in)
            return "somebody is in the call who has no part in it";
        if ((m->role == CONSULT_OBSERVER && m->ring != CONSULT_RING_REMOVED) !=
            (m->ring == CONSULT_RING_NONE))
            return "an observer is rung, or an expert is not asked";
    }
    if (chairs > (c->kind == CONSULT_MDT))
        return "two chairs, or a chair where there is none";
    if (c->kind != CONSULT_MDT &&
        won != (c->specialist == CONSULT_NOBODY ? 0 : consult_bit(c->specialist)))
        return "who accepted is not the specialist, or there are two";
    if (c->kind == CONSULT_MDT && c->specialist != CONSULT_NOBODY &&
        (!(won & consult_bit(c->specialist)) || c->members[c->specialist].role != CONSULT_CHAIR))
        return "the chair did not accept";
    if (with_ring(c, CONSULT_RING_NONE) && !(c->consent & CONSULT_CONSENT_TEACHING))
        return "an observer without consent";
    unsigned rings = S(ROUTED) | (c->kind == CONSULT_MDT ? TO_MEET | CALL : 0);
    if (consult_ringing(c) && !IN(c, rings))
        return "somebody is rung outside of routed";
    unsigned waits = S(APPROVED) | S(TRIAGED) | S(ROUTED);
    if (c->kind == CONSULT_READING)
        waits |= S(ACCEPTED) | CALL | S(OPINION_DRAFTED);
    waits |= S(RETURNED) | S(SUBMITTED); /* a line set up before the request went back */
    if (with_ring(c, CONSULT_RING_WAITING) && !IN(c, waits))
        return "somebody waits in a line that does not move";
    bool taken = IN(c, TO_MEET | CALL | S(OPINION_DRAFTED) | SIGNED);
    if (taken != (c->specialist != CONSULT_NOBODY) && !consult_is_over(c->state))
        return "taken by nobody, or by somebody before it was";
    return NULL;
}

static const char *broken_room(const struct consult *c)
{
    unsigned rooms = S(ROUTED) | TO_MEET | CALL;
    bool anybody = c->applicant != CONSULT_AWAY;
    if (c->kind == CONSULT_READING)
        rooms |= S(OPINION_DRAFTED);
    for (int i = 0; i < c->member_count; i++)
        anybody = anybody || c->members[i].presence != CONSULT_AWAY;
    if (c->room.open && !IN(c, rooms))
        return "a room in a state without a call";
    if (c->room.live && (!c->room.open || c->specialist == CONSULT_NOBODY))
        return "live media before somebody accepted";
    if (anybody && !c->room.open)
        return "somebody is in a closed room";
    if (anybody && !may_share(c))
        return "somebody is in the call without consent";
    if (IN(c, CALL) && !c->room.live)
        return "a call without a live room";
    if (c->state == CONSULT_IN_PROGRESS &&
        (c->applicant != CONSULT_PRESENT ||
         consult_presence_of(c, c->specialist) != CONSULT_PRESENT))
        return "in progress with somebody missing";
    bool slotted =
        c->kind == CONSULT_LIVE || c->kind == CONSULT_MDT || c->kind == CONSULT_JOINT_CLINIC;
    if (slotted && c->needs & CONSULT_NEEDS_SCHEDULE && IN(c, CALL | S(SCHEDULED) | S(READY)) &&
        !c->slot.end_utc_us)
        return "a call without the slot it needs";
    if (c->state == CONSULT_READY && !c->applicant_ready)
        return "ready without the applicant";
    for (int i = 0; i < c->member_count; i++)
        if (c->state == CONSULT_READY && c->members[i].ring == CONSULT_RING_WON &&
            !c->members[i].ready)
            return "ready without a member";
    return NULL;
}

static const char *broken_deadlines(const struct consult *c)
{
    /* Waits for a person, or for the system in the same transaction, for ever. */
    unsigned for_ever =
        S(DRAFT) | S(RETURNED) | S(IN_PROGRESS) | S(OPINION_SIGNED) | S(OUTCOME_RECORDED);
    const time_us *due = c->deadlines;
    bool state_due = due[CONSULT_DUE_STATE] != TIME_US_NEVER;
    bool reading_due = due[CONSULT_DUE_READING] != TIME_US_NEVER;
    bool owes =
        c->backfill.state == CONSULT_BACKFILL_DUE || c->backfill.state == CONSULT_BACKFILL_OVERDUE;
    if (consult_is_over(c->state) && (state_due || reading_due))
        return "a deadline after the end";
    if (!consult_is_over(c->state) && !IN(c, for_ever) && !state_due &&
        !(c->state == CONSULT_ROUTED && reading_due))
        return "could wait for ever";
    if (reading_due &&
        (c->kind != CONSULT_READING || !IN(c, S(ROUTED) | TO_MEET | CALL | S(OPINION_DRAFTED))))
        return "a reading is awaited that nobody reads";
    if (owes != (c->backfill.left != 0) || owes != (due[CONSULT_DUE_BACKFILL] != TIME_US_NEVER) ||
        (owes && c->kind != CONSULT_EMERGENCY))
        return "what is to be made up for has no deadline, or the other way round";
    if (c->kind != CONSULT_EMERGENCY && c->backfill.state != CONSULT_BACKFILL_NONE)
        return "something to make up for that was not an emergency";
    bool raised = c->critical == CONSULT_CRITICAL_RAISED;
    if (raised != (due[CONSULT_DUE_CRITICAL] != TIME_US_NEVER) ||
        (raised && c->kind != CONSULT_READING))
        return "a critical value does not ring again, or rings without being raised";
    return NULL;
}

static const char *broken_state(const struct consult *c)
{
    unsigned before_approval = S(DRAFT) | S(SUBMITTED) | S(RETURNED) | S(EXPIRED) | S(CANCELLED);
    if (c->kind == CONSULT_EMERGENCY && IN(c, S(RETURNED) | S(APPROVED)))
        return "an emergency waits in a queue";
    if (c->approvals && !IN(c, before_approval))
        return "it went on without an approval";
    if (consult_is_over(c->state) && c->state != CONSULT_ARCHIVED && c->reason == CONSULT_WHY_NONE)
        return "it ended for no reason";
    unsigned with_reason = S(RETURNED) | S(OPINION_DRAFTED) | SIGNED; /* or it is over */
    if (c->reason != CONSULT_WHY_NONE && !consult_is_over(c->state) && !IN(c, with_reason))
        return "it goes on with a reason why it ended";
    if ((c->absence.applicant || c->absence.members) && c->state != CONSULT_NO_SHOW)
        return "somebody is still missed";
    for (int i = 0; i < c->member_count && IN(c, S(APPROVED) | S(TRIAGED)); i++)
        if (c->members[i].ready || c->applicant_ready)
            return "ready for what was given up";
    if (IN(c, S(APPROVED) | S(TRIAGED)) &&
        (c->slot.end_utc_us || c->plan.level || c->plan.exhausted || c->plan.rang))
        return "a plan or a slot of before";
    if (c->plan.escalating && c->state != CONSULT_ROUTED)
        return "a panel is awaited by nobody";
    bool rung = consult_ringing(c) != 0, many = c->kind == CONSULT_MDT;
    if (c->state == CONSULT_ROUTED && !many && !rung && !c->plan.escalating)
        return "nobody is rung, and no panel is awaited";
    if (c->plan.escalating && rung && !many && c->kind != CONSULT_READING)
        return "a panel is awaited while somebody is rung";
    if (IN(c, SIGNED) && !c->at.signed_utc_us)
        return "a signature without a time";
    if (c->absence.members & ~consult_accepted(c))
        return "somebody is missed who had not promised to come";
    if (c->state == CONSULT_NO_SHOW && !c->absence.applicant && !c->absence.members)
        return "a no-show of nobody";
    enum consult_event_type next = consult_next(c);
    if (next != CONSULT_EVENT_COUNT && !consult_event_heard(c->kind, c->state, next))
        return "what should follow is not heard";
    if (consult_is_over(c->state) && next != CONSULT_EVENT_COUNT)
        return "something should follow the end";
    return NULL;
}

/* Of what happened, the time is kept. */
static const char *broken_stamps(const struct consult *c)
{
    const struct consult_stamps *at = &c->at;
    if (!at->submitted_utc_us && !IN(c, S(DRAFT) | S(CANCELLED)))
        return "submitted at no time";
    if (!at->accepted_utc_us && c->specialist != CONSULT_NOBODY)
        return "accepted at no time";
    if (!at->started_utc_us && IN(c, CALL))
        return "started at no time";
    if (!at->ended_utc_us && consult_is_over(c->state))
        return "ended at no time";
    if (at->submitted_utc_us &&
        (c->urgency <= CONSULT_URGENCY_KEEP || c->urgency >= CONSULT_URGENCY_COUNT))
        return "submitted without an urgency";
    return NULL;
}

/* A state just reached lasts as long as the times say. */
static const char *broken_duration(const struct consult *before, const struct consult *c,
                                   const struct consult_times *t, time_us utc_us)
{
    bool slot =
        c->needs & CONSULT_NEEDS_SCHEDULE &&
        (c->kind == CONSULT_LIVE || c->kind == CONSULT_MDT || c->kind == CONSULT_JOINT_CLINIC);
    bool reading = c->kind == CONSULT_READING;
    bool all = c->kind == CONSULT_EMERGENCY || c->kind == CONSULT_MDT ||
               c->plan.strategy == CONSULT_RING_ALL;
    const time_us lasts[CONSULT_STATE_COUNT] = {
        [CONSULT_SUBMITTED] = t->approval_us,
        [CONSULT_APPROVED] = t->triage_us,
        [CONSULT_TRIAGED] = t->triage_us,
        [CONSULT_ROUTED] = reading ? 0
                           : slot  ? t->invite_us
                           : all   ? t->wave_us
                                   : t->ring_us,
        [CONSULT_ACCEPTED] = reading ? t->claim_us
                             : slot  ? t->schedule_us
                                     : t->start_us,
        [CONSULT_SCHEDULED] = c->slot.start_utc_us + t->start_us - utc_us,
        [CONSULT_INTERRUPTED] = t->abandoned_us,
        [CONSULT_OPINION_DRAFTED] = reading ? t->claim_us : t->opinion_us,
        [CONSULT_DELIVERED] = t->acknowledge_us,
        [CONSULT_FOLLOW_UP_DUE] = t->follow_up_us,
    };
    time_us due = c->deadlines[CONSULT_DUE_STATE];
    bool kept = before->state == CONSULT_READY || c->state == CONSULT_READY ||
                c->state == CONSULT_ACKNOWLEDGED || (reading && before->room.open);
    if (before->state == c->state || kept)
        return NULL;
    if (lasts[c->state] ? due != utc_us + lasts[c->state] : due != TIME_US_NEVER)
        return "the new state lasts too long, or not long enough";
    return NULL;
}

static bool has_arm(const struct consult_commands *out, int deadline)
{
    for (size_t i = 0; i < out->count; i++)
        if (out->items[i].type == CONSULT_DO_ARM && (int)out->items[i].deadline == deadline)
            return true;
    return false;
}

static int count_of(const struct consult_commands *out, enum consult_command_type type)
{
    int count = 0;
    for (size_t i = 0; i < out->count; i++)
        count += out->items[i].type == type;
    return count;
}

/* What the others see of a member. */
static bool looks_alike(const struct consult_member *a, const struct consult_member *b)
{
    enum consult_opinion was =
        a->opinion == CONSULT_OPINION_DRAFT ? CONSULT_OPINION_NONE : a->opinion;
    enum consult_opinion is =
        b->opinion == CONSULT_OPINION_DRAFT ? CONSULT_OPINION_NONE : b->opinion;
    static const bool answers[] = {[CONSULT_RING_REFUSED] = true,
                                   [CONSULT_RING_WON] = true,
                                   [CONSULT_RING_REMOVED] = true,
                                   [CONSULT_RING_NONE] = true};
    bool answered = a->ring != b->ring && (answers[a->ring] || answers[b->ring]);
    return a->role == b->role && a->ready == b->ready && was == is && !answered;
}

static const char *broken_members_told(const struct consult *before, const struct consult *after,
                                       const struct consult_commands *out)
{
    bool alike = before->member_count == after->member_count;
    uint64_t put_out = 0;
    for (size_t i = 0; i < out->count; i++)
        if (out->items[i].type == CONSULT_DO_ROOM_REMOVE)
            put_out |= out->items[i].members;
    for (int i = 0; i < before->member_count; i++) {
        const struct consult_member *was = &before->members[i], *is = &after->members[i];
        bool gone = was->ring != is->ring && is->ring == CONSULT_RING_REMOVED;
        alike = alike && looks_alike(was, is);
        if (gone && after->room.open && !(put_out & consult_bit(i)))
            return "who was removed stays in the room";
        if (was->ring == CONSULT_RING_ON && is->ring == CONSULT_RING_WON && is->ready)
            return "ready before it was asked";
    }
    if (put_out && !before->room.open)
        return "somebody is put out of a closed room";
    if (!alike && !count_of(out, CONSULT_DO_TELL_MEMBERS) && !count_of(out, CONSULT_DO_TELL_STATE))
        return "the members changed and were not told";
    return NULL;
}

/* Besides a new state: what is worth telling although the state stays. */
static bool may_tell_again(const struct consult_event *e)
{
    return e->type == CONSULT_APPROVE || e->type == CONSULT_TRIAGE || e->type == CONSULT_SCHEDULE ||
           e->type == CONSULT_OUTCOME || e->type == CONSULT_END || e->type == CONSULT_TIMEOUT ||
           e->type == CONSULT_MATERIAL;
}

static const char *broken_commands(const struct consult *before, const struct consult *after,
                                   const struct consult_commands *out)
{
    uint64_t ringing = consult_ringing(after), started = 0, stopped = 0;
    for (size_t i = 0; i < out->count; i++) {
        const struct consult_command *c = &out->items[i];
        if (c->type == CONSULT_DO_RING)
            started |= c->members;
        if (c->type == CONSULT_DO_STOP_RING)
            stopped |= c->members;
        if (c->type == CONSULT_DO_ROOM_REMOVE &&
            c->members & ~with_ring(after, CONSULT_RING_REMOVED))
            return "somebody is put out who was not removed";
    }
    uint64_t was = consult_ringing(before);
    uint64_t won = consult_accepted(after);
    if (started & ~ringing || (ringing & ~was) & ~started)
        return "the bell does not follow the ring";
    if (stopped & ringing || (was & ~ringing & ~won) & ~stopped)
        return "the bell does not stop with the ring";
    if (count_of(out, CONSULT_DO_TELL_STATE) > 1 ||
        (before->state != after->state && !count_of(out, CONSULT_DO_TELL_STATE)))
        return "the state is not told, or twice";
    bool opened = count_of(out, CONSULT_DO_ROOM_OPEN) > 0;
    bool closed = count_of(out, CONSULT_DO_ROOM_CLOSE) > 0;
    if ((opened || closed) && opened == closed)
        return "a room opens and closes at once";
    if (opened != (!before->room.open && after->room.open) ||
        closed != (before->room.open && !after->room.open) ||
        (count_of(out, CONSULT_DO_ROOM_LIVE) > 0) != (!before->room.live && after->room.live))
        return "the room does not follow";
    for (int d = 0; d < CONSULT_DEADLINE_COUNT; d++)
        if (before->deadlines[d] != after->deadlines[d] && !has_arm(out, d))
            return "a deadline moved and was not told";
    if ((before->consent != after->consent && !count_of(out, CONSULT_DO_TELL_CONSENT)) ||
        (before->critical != after->critical && !count_of(out, CONSULT_DO_TELL_CRITICAL)) ||
        (count_of(out, CONSULT_DO_STOP_RECORDING) &&
         (!before->room.open || after->consent & CONSULT_CONSENT_RECORDING)))
        return "a side matter changed and was not told, or told for nothing";
    if (with_ring(before, CONSULT_RING_REMOVED) != with_ring(after, CONSULT_RING_REMOVED) &&
        !count_of(out, CONSULT_DO_TELL_MEMBERS))
        return "somebody goes or comes back untold";
    for (int i = -2; i < after->member_count && after->room.open; i++) {
        bool there = consult_presence_of(before, i) == CONSULT_PRESENT;
        bool told = false, gone = i >= 0 && after->members[i].ring == CONSULT_RING_REMOVED;
        for (size_t k = 0; k < out->count; k++)
            told = told ||
                   (out->items[k].type == CONSULT_DO_TELL_PRESENCE && out->items[k].member == i);
        if (told != (there != (consult_presence_of(after, i) == CONSULT_PRESENT)) && !gone)
            return "who comes or goes is not told, or told for nothing";
    }
    if (count_of(out, CONSULT_DO_ESCALATE) && !after->plan.escalating)
        return "a panel is asked for that nobody waits for";
    return NULL;
}

/* What never goes back, and on which ground a step may be taken at all. */
static const char *broken_step(const struct consult *before, const struct consult_event *e,
                               const struct consult *after, const struct consult_times *times,
                               time_us utc_us)
{
    if (!consult_transition_allowed(before->kind, before->state, e->type, after->state))
        return "a transition that the table does not have";
    if (before->at.signed_utc_us &&
        (!after->at.signed_utc_us || after->member_count < 1 || !IN(after, SIGNED | S(ARCHIVED))))
        return "a signature was undone";
    for (int i = 0; i < before->member_count; i++)
        if (before->members[i].opinion == CONSULT_OPINION_BY_HAND &&
            after->members[i].opinion != CONSULT_OPINION_BY_HAND)
            return "a member's signature was undone";
    if ((e->type == CONSULT_SIGN || e->type == CONSULT_CONCLUDE) && !may_share(before))
        return "signed without consent";
    if ((e->type == CONSULT_ROUTE || e->type == CONSULT_CLAIM) &&
        consult_waits_for_material(before))
        return "somebody is asked to read nothing";
    if (e->type == CONSULT_CONCLUDE && consult_unwritten(before))
        return "concluded before everybody wrote";
    bool archived = after->state == CONSULT_ARCHIVED && before->state != CONSULT_ARCHIVED;
    if (archived && (after->backfill.left || after->critical == CONSULT_CRITICAL_RAISED ||
                     (before->state == CONSULT_FOLLOW_UP_DUE &&
                      utc_us < before->at.signed_utc_us + times->outcome_over_us)))
        return "archived with something left to do";
    if (e->type == CONSULT_REOPEN && after->at.ended_utc_us)
        return "reopened, and ended still";
    if (after->specialist != before->specialist && after->specialist != CONSULT_NOBODY) {
        enum consult_ring ring = after->specialist < before->member_count
                                     ? before->members[after->specialist].ring
                                     : CONSULT_RING_REMOVED;
        if (ring != CONSULT_RING_ON && !(before->kind == CONSULT_MDT && ring == CONSULT_RING_WON))
            return "somebody took it who was not asked";
    }
    if (before->room.open != after->room.open && after->room.open && after->slot.end_utc_us &&
        utc_us < after->slot.start_utc_us - times->early_us)
        return "a room opens long before its slot";
    if (e->type == CONSULT_TIMEOUT && before->deadlines[e->deadline] > utc_us)
        return "a deadline passed before its time";
    if (e->type == CONSULT_TIMEOUT && after->deadlines[e->deadline] <= utc_us)
        return "a deadline that passed is still to come";
    return NULL;
}

const char *history_broken(const struct consult *before, const struct consult_event *e, int status,
                           const struct consult *after, const struct consult_commands *out,
                           const struct consult_times *times, time_us utc_us)
{
    const char *wrong;
    if (status < 0)
        return out->count || memcmp(before, after, sizeof(*after)) != 0
                   ? "a refused event changed something"
                   : NULL;
    if ((wrong = broken_step(before, e, after, times, utc_us)) || (wrong = broken_people(after)) ||
        (wrong = broken_room(after)) || (wrong = broken_deadlines(after)) ||
        (wrong = broken_state(after)) || (wrong = broken_stamps(after)) ||
        (wrong = broken_duration(before, after, times, utc_us)))
        return wrong;
    if (before->state == after->state && count_of(out, CONSULT_DO_TELL_STATE) && !may_tell_again(e))
        return "a state is told that did not change";
    if ((wrong = broken_members_told(before, after, out)))
        return wrong;
    return broken_commands(before, after, out);
}
