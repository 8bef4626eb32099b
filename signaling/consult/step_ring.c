/* SPDX-License-Identifier: Apache-2.0 */
/* Who is asked, in which order, who takes it and who doesn't; who joins and who has to go. */
#include "base/check.h"
#include "shanqiao/error.h"
#include "signaling/consult/step_parts.h"

/* An mdt invites and a worklist shows to everybody; an emergency has no time for one by one. */
static enum consult_strategy strategy_of(const struct consult *c)
{
    bool all = c->kind == CONSULT_EMERGENCY || c->kind == CONSULT_MDT || c->kind == CONSULT_READING;
    return all ? CONSULT_RING_ALL : c->plan.strategy;
}

/* May somebody still accept without a further act? */
static bool is_hopeful(const struct consult *c)
{
    if (c->kind != CONSULT_MDT)
        return consult_ringing(c) != 0;
    int chair = step_chair(c); /* without a chair the experts wait for nobody */
    return chair != CONSULT_NOBODY && c->members[chair].ring != CONSULT_RING_WAITING;
}

static void arm_ringing(struct step *s)
{
    const struct consult_times *t = s->times;
    if (s->c.kind == CONSULT_READING) {
        step_arm(s, CONSULT_DUE_STATE, TIME_US_NEVER);
        step_arm_after(s, CONSULT_DUE_READING, t->reading_us[s->c.urgency]);
        return;
    }
    bool slot = step_needs_slot(&s->c);
    bool all = strategy_of(&s->c) == CONSULT_RING_ALL;
    step_arm_after(s, CONSULT_DUE_STATE, slot ? t->invite_us : all ? t->wave_us : t->ring_us);
}

/* Those who wait in line behind the one of "ring one" are not asked. */
static void skip_line(struct step *s)
{
    for (int i = 0; i < s->c.member_count; i++)
        if (s->c.members[i].ring == CONSULT_RING_WAITING)
            s->c.members[i].ring = CONSULT_RING_STOPPED;
}

static void ring(struct step *s, uint64_t members)
{
    bool waits = s->c.kind == CONSULT_LIVE || s->c.kind == CONSULT_EMERGENCY ||
                 s->c.kind == CONSULT_GUIDANCE; /* the applicant does, in the room */
    for (int i = 0; i < s->c.member_count; i++)
        if (members & consult_bit(i))
            s->c.members[i].ring = CONSULT_RING_ON;
    if (waits && !step_needs_slot(&s->c))
        step_open_room(s);
    if (strategy_of(&s->c) == CONSULT_RING_ONE)
        skip_line(s);
    s->c.plan.rang = true;
    s->c.plan.escalating = false;
    step_command(s, (struct consult_command){
                        .type = CONSULT_DO_RING, .member = CONSULT_NOBODY, .members = members});
}

static uint64_t next_wave(const struct consult *c)
{
    uint64_t wave = 0;
    for (int i = 0; i < c->member_count; i++) {
        if (c->members[i].ring != CONSULT_RING_WAITING)
            continue;
        wave |= consult_bit(i);
        if (strategy_of(c) != CONSULT_RING_ALL)
            break;
    }
    return wave;
}

static void escalate(struct step *s)
{
    s->c.plan.escalating = true;
    step_tell(s, CONSULT_DO_ESCALATE);
    arm_ringing(s); /* should the answer not come */
}

static void nobody_took_it(struct step *s)
{
    const struct consult_plan *p = &s->c.plan;
    bool refused = p->refused && !p->unanswered;
    step_finish(s, refused ? CONSULT_REFUSED : CONSULT_EXPIRED,
                refused   ? CONSULT_WHY_ALL_REFUSED
                : p->rang ? CONSULT_WHY_NO_ANSWER
                          : CONSULT_WHY_NOBODY_ON_DUTY,
                CONSULT_BY_EXPIRY);
}

void step_ring_on(struct step *s)
{
    if (is_hopeful(&s->c))
        return;
    uint64_t wave = next_wave(&s->c);
    if (wave) {
        ring(s, wave);
        arm_ringing(s);
    }
    if (is_hopeful(&s->c) || s->c.plan.escalating)
        return;
    if (s->c.plan.exhausted)
        nobody_took_it(s);
    else
        escalate(s);
}

void step_ring_new(struct step *s, int member)
{
    bool awaited = s->c.plan.escalating;
    if (strategy_of(&s->c) == CONSULT_RING_ALL) {
        ring(s, consult_bit(member));
        if (awaited)
            arm_ringing(s);
    }
    if (s->c.state == CONSULT_ROUTED)
        step_ring_on(s);
}

void step_rang_out(struct step *s)
{
    uint64_t rung = consult_ringing(&s->c);
    s->c.plan.unanswered = s->c.plan.unanswered || rung;
    if (s->c.plan.escalating) { /* the layer above had its time to name another panel */
        nobody_took_it(s);
        return;
    }
    if (s->c.kind == CONSULT_READING) { /* stays in the worklist of the panels asked so far */
        if (s->c.plan.exhausted)
            nobody_took_it(s);
        else
            escalate(s);
        return;
    }
    for (int i = 0; i < s->c.member_count; i++)
        if (rung & consult_bit(i))
            s->c.members[i].ring = CONSULT_RING_STOPPED;
    if (rung)
        step_command(s, (struct consult_command){.type = CONSULT_DO_STOP_RING,
                                                 .member = CONSULT_NOBODY,
                                                 .members = rung,
                                                 .why = CONSULT_BY_EXPIRY});
    step_ring_on(s);
}

/* ---- route ---- */

/* 0 when the plan of the event can be followed. */
static int check_route(const struct step *s)
{
    const struct consult_route *r = &s->e->route;
    if (r->added < 0 || (unsigned)r->strategy >= CONSULT_STRATEGY_COUNT)
        return SQ_ERR_INVALID;
    if (r->added > CONSULT_MEMBERS_MAX - s->c.member_count)
        return SQ_ERR_LIMIT;
    if (s->c.member_count < CONSULT_MEMBERS_MAX && r->again >> s->c.member_count)
        return SQ_ERR_INVALID;
    for (int i = 0; i < s->c.member_count; i++)
        if (r->again & consult_bit(i) && (s->c.members[i].ring == CONSULT_RING_REMOVED ||
                                          s->c.members[i].ring == CONSULT_RING_NONE))
            return SQ_ERR_STATE;
    bool names_chair = r->chair != CONSULT_NOBODY && s->c.kind == CONSULT_MDT;
    if (names_chair && (r->chair < 0 || r->chair >= s->c.member_count + r->added))
        return SQ_ERR_INVALID;
    return 0;
}

static void take_up(struct step *s, const struct consult_route *r)
{
    for (int i = 0; i < r->added; i++)
        s->c.members[s->c.member_count++] = (struct consult_member){.ring = CONSULT_RING_WAITING};
    for (int i = 0; i < s->c.member_count; i++) {
        enum consult_ring *ring = &s->c.members[i].ring;
        bool asked = *ring == CONSULT_RING_STOPPED || *ring == CONSULT_RING_REFUSED;
        if (r->again & consult_bit(i) && asked)
            *ring = CONSULT_RING_WAITING;
    }
    if (s->c.kind == CONSULT_MDT && r->chair != CONSULT_NOBODY)
        step_set_chair(&s->c, r->chair);
}

/* What is skipped now is made up for later. */
static void owe_backfill(struct step *s)
{
    uint32_t later = s->c.needs & CONSULT_NEEDS_LATER & ~(uint32_t)CONSULT_NEEDS_CONSENT;
    if (s->c.kind != CONSULT_EMERGENCY || s->c.backfill.state != CONSULT_BACKFILL_NONE)
        return;
    if (!(s->c.consent & CONSULT_CONSENT_SHARE))
        later |= CONSULT_NEEDS_CONSENT;
    if (!later)
        return;
    s->c.backfill = (struct consult_backfill){.state = CONSULT_BACKFILL_DUE, .left = later};
    step_arm_after(s, CONSULT_DUE_BACKFILL, s->times->backfill_us);
}

static void first_route(struct step *s)
{
    s->c.plan = (struct consult_plan){.strategy = s->e->route.strategy};
    step_set_state(s, CONSULT_ROUTED);
    owe_backfill(s);
}

/* Experts of an mdt are asked with somebody to chair them. */
static int settle_chair(struct step *s)
{
    int named = s->e->route.chair;
    uint64_t wave = next_wave(&s->c);
    if (s->c.kind != CONSULT_MDT)
        return 0;
    bool above = named == CONSULT_NOBODY && s->c.plan.escalating && wave;
    if (above && step_chair(&s->c) == CONSULT_NOBODY)
        step_set_chair(&s->c, __builtin_ctzll(wave)); /* the panel above was asked for one */
    int chair = step_chair(&s->c);
    if (named != CONSULT_NOBODY && named != chair)
        return SQ_ERR_STATE; /* that one is not asked */
    return wave && chair == CONSULT_NOBODY ? SQ_ERR_INVALID : 0;
}

int step_route(struct step *s)
{
    int status = check_route(s);
    if (status < 0)
        return status;
    bool first = s->c.state != CONSULT_ROUTED;
    if (consult_waits_for_material(&s->c))
        return SQ_ERR_STATE;
    uint32_t sides = s->e->needs & CONSULT_NEEDS_APPROVAL;
    if (sides && s->c.plan.escalating && s->c.kind != CONSULT_EMERGENCY) {
        step_await_approval(s, sides);
        step_take_back(s);
        return 0;
    }
    take_up(s, &s->e->route);
    status = settle_chair(s);
    if (status < 0)
        return status;
    if (first) {
        first_route(s);
    } else {
        step_tell(s, CONSULT_DO_TELL_MEMBERS);
        s->c.plan.level++;
        s->c.plan.strategy = s->e->route.strategy;
        s->c.plan.exhausted = !next_wave(&s->c);
        s->c.plan.escalating = false;
    }
    int chair = step_chair(&s->c);
    uint64_t wave = next_wave(&s->c);
    if (wave && strategy_of(&s->c) == CONSULT_RING_ALL) { /* also beside those who ring already */
        ring(s, wave);
        arm_ringing(s);
    }
    if (s->c.kind == CONSULT_MDT && chair != CONSULT_NOBODY &&
        s->c.members[chair].ring == CONSULT_RING_WON)
        step_take(s, chair, CONSULT_RING_ON);
    else
        step_ring_on(s);
    return 0;
}

/* ---- accept, refuse, claim ---- */

static int check_ringing(const struct step *s)
{
    int status = step_check_member(s);
    if (status < 0)
        return status;
    return s->c.members[s->e->member].ring == CONSULT_RING_ON ? 0 : SQ_ERR_STATE;
}

void step_take(struct step *s, int member, enum consult_ring others)
{
    s->c.members[member].ring = CONSULT_RING_WON;
    s->c.specialist = member;
    s->c.at.accepted_utc_us = s->utc_us;
    s->c.plan.escalating = false;
    step_set_state(s, CONSULT_ACCEPTED);
    if (others != CONSULT_RING_ON)
        step_stop_rings(s, others, CONSULT_BY_OTHER);
    if (s->c.room.open)
        step_live_room(s);
    bool slot = step_needs_slot(&s->c);
    step_arm_after(s, CONSULT_DUE_STATE, slot ? s->times->schedule_us : s->times->start_us);
}

int step_accept(struct step *s)
{
    int status = check_ringing(s);
    if (status < 0)
        return status;
    int member = s->e->member;
    bool mdt = s->c.kind == CONSULT_MDT;
    if (!mdt) {
        step_take(s, member, CONSULT_RING_STOPPED);
        return 0;
    }
    step_tell(s, CONSULT_DO_TELL_MEMBERS);
    if (s->c.members[member].role == CONSULT_CHAIR) {
        step_take(s, member, CONSULT_RING_ON);
        return 0;
    }
    s->c.members[member].ring = CONSULT_RING_WON;
    s->c.members[member].ready = false;
    step_follow_readiness(s);
    return 0;
}

static int refuse_ring(struct step *s)
{
    s->c.members[s->e->member].ring = CONSULT_RING_REFUSED;
    step_set_presence(s, s->e->member, CONSULT_AWAY);
    s->c.plan.refused = true;
    step_command(s, (struct consult_command){.type = CONSULT_DO_STOP_RING,
                                             .member = CONSULT_NOBODY,
                                             .members = consult_bit(s->e->member),
                                             .why = CONSULT_BY_REFUSAL});
    step_tell(s, CONSULT_DO_TELL_MEMBERS);
    if (s->c.state != CONSULT_ROUTED)
        return 0;
    step_ring_on(s);
    return 0;
}

int step_refuse(struct step *s)
{
    int status = step_check_member(s);
    if (status < 0)
        return status;
    const struct consult_member *m = &s->c.members[s->e->member];
    bool begun = s->c.state == CONSULT_IN_PROGRESS || s->c.state == CONSULT_INTERRUPTED;
    bool reading = s->c.kind == CONSULT_READING; /* released, not refused */
    if (m->ring == CONSULT_RING_ON)
        return refuse_ring(s);
    if (m->ring != CONSULT_RING_WON || begun || reading)
        return SQ_ERR_STATE;
    if (s->e->member == s->c.specialist)
        step_lose_specialist(s, CONSULT_RING_REFUSED, CONSULT_BY_REFUSAL);
    else
        return refuse_ring(s); /* an expert of an mdt after all can't come */
    return 0;
}

int step_claim(struct step *s)
{
    int status = check_ringing(s);
    if (status < 0)
        return status;
    if (!step_may_share(&s->c))
        return SQ_ERR_DENIED;
    if (consult_waits_for_material(&s->c))
        return SQ_ERR_STATE;
    step_take(s, s->e->member, CONSULT_RING_WAITING);
    step_arm_after(s, CONSULT_DUE_STATE, s->times->claim_us);
    return 0;
}

void step_put_back(struct step *s)
{
    int reader = s->c.specialist;
    s->c.reason = CONSULT_WHY_NONE; /* of a call that was abandoned */
    step_set_state(s, CONSULT_ROUTED);
    step_close_room(s);
    s->c.specialist = CONSULT_NOBODY;
    if (s->c.members[reader].ring == CONSULT_RING_WON)
        s->c.members[reader].ring = CONSULT_RING_WAITING;
    step_arm(s, CONSULT_DUE_STATE, TIME_US_NEVER);
    uint64_t wave = next_wave(&s->c);
    if (wave)
        ring(s, wave);
    else
        step_ring_on(s); /* nobody is left */
}

int step_release(struct step *s)
{
    step_put_back(s);
    return 0;
}

/* A ring in an empty place holds up the next one. Where others ring beside, or where an invitation
 * stands for days, nothing waits for the one who left. */
int step_gone(struct step *s)
{
    int status = step_check_member(s);
    if (status < 0)
        return status;
    enum consult_ring *ring = &s->c.members[s->e->member].ring;
    uint64_t self = consult_bit(s->e->member);
    bool waits = *ring == CONSULT_RING_WAITING, alone = consult_ringing(&s->c) == self;
    if ((!waits && !alone) || step_needs_slot(&s->c))
        return SQ_ERR_STATE;
    *ring = CONSULT_RING_STOPPED;
    if (waits)
        return 0;
    s->c.plan.unanswered = true;
    step_command(s, (struct consult_command){.type = CONSULT_DO_STOP_RING,
                                             .member = CONSULT_NOBODY,
                                             .members = self,
                                             .why = CONSULT_BY_EXPIRY});
    step_ring_on(s);
    return 0;
}

void step_lose_specialist(struct step *s, enum consult_ring ring, enum consult_ring_end why)
{
    int gone = s->c.specialist;
    s->c.members[gone].ring = ring;
    s->c.plan.unanswered = true;
    step_command(s, (struct consult_command){.type = CONSULT_DO_STOP_RING,
                                             .member = CONSULT_NOBODY,
                                             .members = consult_bit(gone),
                                             .why = why});
    step_tell(s, CONSULT_DO_TELL_MEMBERS);
    if (s->c.kind == CONSULT_READING) {
        s->c.plan.exhausted = false; /* if nobody is left, ask above once more */
        step_put_back(s);
        return;
    }
    step_set_state(s, CONSULT_TRIAGED);
    step_stop_rings(s, CONSULT_RING_WAITING, CONSULT_BY_REROUTE); /* mdt: are invited again */
    step_close_room(s);
    s->c.reason = CONSULT_WHY_NONE;
    s->c.specialist = CONSULT_NOBODY;
    s->c.slot = (struct consult_slot){0};
    s->c.plan = (struct consult_plan){0};
    s->c.applicant_ready = false;
    for (int i = 0; i < s->c.member_count; i++)
        s->c.members[i].ready = false;
    step_arm_after(s, CONSULT_DUE_STATE, s->times->triage_us);
}
