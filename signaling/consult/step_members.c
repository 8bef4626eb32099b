/* SPDX-License-Identifier: Apache-2.0 */
/* Who joins a consultation and who has to go, by a coordinator's or the chair's hand. */
#include "shanqiao/error.h"
#include "signaling/consult/step_parts.h"

static bool before_ringing(const struct consult *c)
{
    return c->state == CONSULT_APPROVED || c->state == CONSULT_TRIAGED;
}

/* Is not, or no longer, asked or taking part. */
static bool is_outside(enum consult_ring ring)
{
    return ring == CONSULT_RING_REMOVED || ring == CONSULT_RING_REFUSED ||
           ring == CONSULT_RING_STOPPED;
}

/* A new member gets its place only when all is checked: the copy is thrown away otherwise. */
static struct consult_member *place(struct step *s)
{
    if (s->e->member == s->c.member_count)
        s->c.members[s->c.member_count++] = (struct consult_member){.ring = CONSULT_RING_REMOVED};
    return &s->c.members[s->e->member];
}

static int add_observer(struct step *s, struct consult_member *m)
{
    if (!(s->c.consent & CONSULT_CONSENT_TEACHING))
        return SQ_ERR_DENIED;
    if (!is_outside(m->ring) || s->c.state == CONSULT_OPINION_DRAFTED)
        return SQ_ERR_STATE;
    m->role = CONSULT_OBSERVER;
    m->ring = CONSULT_RING_NONE;
    return 0;
}

/* Asks the new one: now, or when it is its turn. */
static int ask(struct step *s, struct consult_member *m, enum consult_role role)
{
    if (role == CONSULT_CHAIR)
        step_set_chair(&s->c, s->e->member);
    m->role = role;
    m->ring = CONSULT_RING_WAITING;
    if (!before_ringing(&s->c))
        step_ring_new(s, s->e->member);
    return 0;
}

static int add_expert(struct step *s, struct consult_member *m)
{
    bool sought = before_ringing(&s->c) || s->c.state == CONSULT_ROUTED;
    bool later = s->c.kind == CONSULT_MDT && s->c.state != CONSULT_OPINION_DRAFTED;
    if (!is_outside(m->ring) || (!sought && !later))
        return SQ_ERR_STATE;
    return ask(s, m, CONSULT_EXPERT);
}

void step_set_chair(struct consult *c, int chair)
{
    for (int i = 0; i < c->member_count; i++)
        if (c->members[i].role == CONSULT_CHAIR)
            c->members[i].role = CONSULT_EXPERT;
    c->members[chair].role = CONSULT_CHAIR;
}

/* Before somebody accepted as chair anybody may be asked; later the chair goes to one who is in. */
static int add_chair(struct step *s, struct consult_member *m)
{
    bool accepted = m->ring == CONSULT_RING_WON;
    bool sought = before_ringing(&s->c) || s->c.state == CONSULT_ROUTED;
    if (s->c.kind != CONSULT_MDT)
        return SQ_ERR_INVALID;
    if (m->role == CONSULT_CHAIR && !is_outside(m->ring))
        return SQ_ERR_STATE;
    if (m->ring == CONSULT_RING_NONE || (!accepted && !sought))
        return SQ_ERR_STATE;
    if (is_outside(m->ring))
        return ask(s, m, CONSULT_CHAIR);
    step_set_chair(&s->c, s->e->member);
    if (!sought) {
        s->c.specialist = s->e->member;
        step_follow_presence(s);
    } else if (accepted && s->c.state == CONSULT_ROUTED) {
        step_take(s, s->e->member, CONSULT_RING_ON);
    }
    return 0;
}

int step_add(struct step *s)
{
    if (s->e->member < 0 || s->e->member > s->c.member_count)
        return SQ_ERR_INVALID;
    if (s->e->member == CONSULT_MEMBERS_MAX)
        return SQ_ERR_LIMIT;
    struct consult_member *m = place(s);
    int status = SQ_ERR_INVALID;
    if (s->e->role == CONSULT_OBSERVER)
        status = add_observer(s, m);
    else if (s->e->role == CONSULT_CHAIR)
        status = add_chair(s, m);
    else if (s->e->role == CONSULT_EXPERT)
        status = add_expert(s, m);
    if (status == 0)
        step_tell(s, CONSULT_DO_TELL_MEMBERS);
    return status;
}

static bool is_signed(const struct consult *c)
{
    return c->at.signed_utc_us != 0;
}

int step_remove(struct step *s)
{
    int status = step_check_member(s);
    if (status < 0)
        return status;
    int member = s->e->member;
    struct consult_member *m = &s->c.members[member];
    if (m->ring == CONSULT_RING_REMOVED)
        return SQ_ERR_STATE;
    if (member == s->c.specialist) {
        if (is_signed(&s->c))
            return SQ_ERR_STATE; /* answers for what is signed */
        step_lose_specialist(s, CONSULT_RING_REMOVED, CONSULT_BY_REMOVAL);
        return 0;
    }
    uint64_t set = consult_bit(member);
    s->c.plan.unanswered = s->c.plan.unanswered || m->ring == CONSULT_RING_ON;
    if (m->ring == CONSULT_RING_ON)
        step_command(s, (struct consult_command){.type = CONSULT_DO_STOP_RING,
                                                 .member = CONSULT_NOBODY,
                                                 .members = set,
                                                 .why = CONSULT_BY_REMOVAL});
    m->ring = CONSULT_RING_REMOVED;
    step_set_presence(s, member, CONSULT_AWAY);
    if (s->c.room.open)
        step_command(s, (struct consult_command){.type = CONSULT_DO_ROOM_REMOVE,
                                                 .member = CONSULT_NOBODY,
                                                 .members = set});
    step_tell(s, CONSULT_DO_TELL_MEMBERS);
    if (s->c.state == CONSULT_ROUTED)
        step_ring_on(s);
    return 0;
}
