/* SPDX-License-Identifier: Apache-2.0 */
/* The life cycle's frame: which handler hears which event, the commands, and the few changes that
 * keep the invariants. Knows no rule of a single event. */
#include "base/check.h"
#include "shanqiao/error.h"
#include "signaling/consult/step_parts.h"
#include <string.h>

static int (*const on_event[CONSULT_EVENT_COUNT])(struct step *s) = {
    [CONSULT_EDIT] = step_edit,
    [CONSULT_MATERIAL] = step_material,
    [CONSULT_SUBMIT] = step_submit,
    [CONSULT_APPROVE] = step_approve,
    [CONSULT_RETURN] = step_return,
    [CONSULT_TRIAGE] = step_triage,
    [CONSULT_ROUTE] = step_route,
    [CONSULT_REROUTE] = step_reroute,
    [CONSULT_REOPEN] = step_reopen,
    [CONSULT_ACCEPT] = step_accept,
    [CONSULT_REFUSE] = step_refuse,
    [CONSULT_CLAIM] = step_claim,
    [CONSULT_RELEASE] = step_release,
    [CONSULT_GONE] = step_gone,
    [CONSULT_SCHEDULE] = step_schedule,
    [CONSULT_READY_CHECK] = step_ready_check,
    [CONSULT_ENTER] = step_enter,
    [CONSULT_LEAVE] = step_leave,
    [CONSULT_DROP] = step_leave,
    [CONSULT_GO_LIVE] = step_go_live,
    [CONSULT_END] = step_end,
    [CONSULT_CANCEL] = step_cancel,
    [CONSULT_ADD] = step_add,
    [CONSULT_REMOVE] = step_remove,
    [CONSULT_CONSENT] = step_consent,
    [CONSULT_CONSENT_WITHDRAWN] = step_consent_withdrawn,
    [CONSULT_BACKFILL] = step_backfill,
    [CONSULT_CRITICAL] = step_critical,
    [CONSULT_CRITICAL_ACK] = step_critical_ack,
    [CONSULT_SAVE] = step_save,
    [CONSULT_SIGN] = step_sign,
    [CONSULT_EXCUSE] = step_excuse,
    [CONSULT_CONCLUDE] = step_conclude,
    [CONSULT_SUPERSEDE] = step_supersede,
    [CONSULT_DELIVER] = step_deliver,
    [CONSULT_ACKNOWLEDGE] = step_acknowledge,
    [CONSULT_OUTCOME] = step_outcome,
    [CONSULT_ARCHIVE] = step_archive,
    [CONSULT_TIMEOUT] = step_timeout,
};

void consult_init(struct consult *c, enum consult_kind kind)
{
    CHECK((unsigned)kind < CONSULT_KIND_COUNT);
    memset(c, 0, sizeof(*c));
    c->kind = kind;
    c->urgency = kind == CONSULT_EMERGENCY ? CONSULT_URGENCY_EMERGENCY : CONSULT_URGENCY_ROUTINE;
    c->needs = kind == CONSULT_MDT || kind == CONSULT_JOINT_CLINIC ? CONSULT_NEEDS_SCHEDULE : 0;
    c->specialist = CONSULT_NOBODY;
    for (int i = 0; i < CONSULT_DEADLINE_COUNT; i++)
        c->deadlines[i] = TIME_US_NEVER;
}

static bool somebody_else_accepted(const struct consult *c, const struct consult_event *e)
{
    return (e->type == CONSULT_ACCEPT || e->type == CONSULT_CLAIM) && c->kind != CONSULT_MDT &&
           c->specialist != CONSULT_NOBODY && c->specialist != e->member && e->member >= 0 &&
           e->member < c->member_count && c->members[e->member].ring != CONSULT_RING_REMOVED;
}

int consult_step(struct consult *c, const struct consult_event *e,
                 const struct consult_times *times, time_us utc_us, struct consult_commands *out)
{
    out->count = 0;
    if ((unsigned)e->type >= CONSULT_EVENT_COUNT)
        return SQ_ERR_INVALID;
    if (somebody_else_accepted(c, e))
        return SQ_ERR_CONFLICT;
    if (!consult_event_heard(c->kind, c->state, e->type))
        return SQ_ERR_STATE;
    struct step s = {.e = e, .times = times, .utc_us = utc_us};
    memcpy(&s.c, c, sizeof(s.c)); /* with the padding: what isn't changed stays the same bytes */
    int status = on_event[e->type](&s);
    if (status < 0)
        return status;
    memcpy(c, &s.c, sizeof(*c));
    *out = s.commands;
    return 0;
}

enum consult_event_type consult_next(const struct consult *c)
{
    switch (c->state) {
    case CONSULT_SUBMITTED:
        if (c->kind == CONSULT_EMERGENCY)
            return CONSULT_ROUTE;
        return c->approvals ? CONSULT_EVENT_COUNT : CONSULT_APPROVE;
    case CONSULT_APPROVED:
        return c->needs & CONSULT_NEEDS_TRIAGE ? CONSULT_EVENT_COUNT : CONSULT_TRIAGE;
    case CONSULT_TRIAGED: /* an mdt waits for the one who names its chair */
        return (c->kind == CONSULT_MDT && step_chair(c) == CONSULT_NOBODY) ||
                       consult_waits_for_material(c)
                   ? CONSULT_EVENT_COUNT
                   : CONSULT_ROUTE;
    case CONSULT_ROUTED: /* given back by its reader after what there was to read was removed */
        if (consult_waits_for_material(c))
            return CONSULT_MATERIAL;
        return c->plan.escalating ? CONSULT_ROUTE : CONSULT_EVENT_COUNT;
    case CONSULT_OPINION_SIGNED:
        return CONSULT_DELIVER;
    default:
        return CONSULT_EVENT_COUNT;
    }
}

#define MINUTE_US (60 * TIME_US_PER_S)
#define HOUR_US   (60 * MINUTE_US)
#define DAY_US    (24 * HOUR_US)

struct consult_times consult_times_default(void)
{
    return (struct consult_times){
        .ring_us = 30 * TIME_US_PER_S,
        .wave_us = 60 * TIME_US_PER_S, /* an ambulance has 11 minutes (DOMAIN): three levels fit */
        .invite_us = 2 * DAY_US,
        .start_us = 15 * MINUTE_US,
        .early_us = 15 * MINUTE_US,
        .abandoned_us = 30 * MINUTE_US,
        .approval_us = DAY_US,
        .triage_us = DAY_US,
        .schedule_us = 2 * DAY_US,
        .material_us = 7 * DAY_US, /* as long as an upload lives: a link may be dark for days */
        .reading_us = {[CONSULT_URGENCY_ROUTINE] = DAY_US,
                       [CONSULT_URGENCY_URGENT] = 30 * MINUTE_US,
                       [CONSULT_URGENCY_EMERGENCY] = 10 * MINUTE_US}, /* first ECG, chest pain */
        .claim_us = 30 * MINUTE_US,
        .critical_us = 2 * MINUTE_US,
        .backfill_us = DAY_US,
        .opinion_us = DAY_US,
        .acknowledge_us = DAY_US,
        .follow_up_us = 3 * DAY_US,
        .outcome_us = 7 * DAY_US,
        .outcome_over_us = 30 * DAY_US,
    };
}

/* ---- sets and questions ---- */

static uint64_t members_with(const struct consult *c, enum consult_ring ring)
{
    uint64_t set = 0;
    for (int i = 0; i < c->member_count; i++)
        if (c->members[i].ring == ring)
            set |= consult_bit(i);
    return set;
}

uint64_t consult_ringing(const struct consult *c)
{
    return members_with(c, CONSULT_RING_ON);
}

uint64_t consult_accepted(const struct consult *c)
{
    return members_with(c, CONSULT_RING_WON);
}

enum consult_presence consult_presence_of(const struct consult *c, int person)
{
    if (person == CONSULT_APPLICANT)
        return c->applicant;
    return person >= 0 && person < c->member_count ? c->members[person].presence : CONSULT_AWAY;
}

bool consult_waits_for_material(const struct consult *c)
{
    return c->kind == CONSULT_READING && (c->needs & CONSULT_NEEDS_MATERIAL) != 0;
}

bool step_needs_slot(const struct consult *c)
{
    return (c->needs & CONSULT_NEEDS_SCHEDULE) != 0 &&
           (c->kind == CONSULT_LIVE || c->kind == CONSULT_MDT || c->kind == CONSULT_JOINT_CLINIC);
}

bool step_has_slot(const struct consult *c)
{
    return c->slot.end_utc_us != 0;
}

bool step_may_share(const struct consult *c)
{
    return (c->consent & CONSULT_CONSENT_SHARE) != 0 || c->kind == CONSULT_EMERGENCY;
}

int step_check_member(const struct step *s)
{
    return s->e->member >= 0 && s->e->member < s->c.member_count ? 0 : SQ_ERR_INVALID;
}

int step_chair(const struct consult *c)
{
    for (int i = 0; i < c->member_count; i++) {
        const struct consult_member *m = &c->members[i];
        bool comes = m->ring == CONSULT_RING_ON || m->ring == CONSULT_RING_WAITING ||
                     m->ring == CONSULT_RING_WON;
        if (m->role == CONSULT_CHAIR && comes)
            return i;
    }
    return CONSULT_NOBODY;
}

/* ---- commands and changes ---- */

void step_command(struct step *s, struct consult_command c)
{
    CHECK(s->commands.count < CONSULT_COMMANDS_MAX);
    s->commands.items[s->commands.count++] = c;
}

void step_tell(struct step *s, enum consult_command_type type)
{
    for (size_t i = 0; i < s->commands.count; i++)
        if (s->commands.items[i].type == type)
            return;
    step_command(s, (struct consult_command){.type = type, .member = CONSULT_NOBODY});
}

void step_arm(struct step *s, enum consult_deadline deadline, time_us at_utc_us)
{
    if (s->c.deadlines[deadline] == at_utc_us)
        return;
    s->c.deadlines[deadline] = at_utc_us;
    for (size_t i = 0; i < s->commands.count; i++)
        if (s->commands.items[i].type == CONSULT_DO_ARM &&
            s->commands.items[i].deadline == deadline)
            return;
    step_command(s, (struct consult_command){
                        .type = CONSULT_DO_ARM, .member = CONSULT_NOBODY, .deadline = deadline});
}

void step_arm_after(struct step *s, enum consult_deadline deadline, time_us after_us)
{
    step_arm(s, deadline, s->utc_us + after_us);
}

void step_set_state(struct step *s, enum consult_state to)
{
    CHECK(consult_transition_allowed(s->c.kind, s->c.state, s->e->type, to));
    if (s->c.state == to)
        return;
    s->c.state = to;
    step_tell(s, CONSULT_DO_TELL_STATE);
}

void step_stop_rings(struct step *s, enum consult_ring to, enum consult_ring_end why)
{
    uint64_t rung = consult_ringing(&s->c);
    uint64_t all = rung | members_with(&s->c, CONSULT_RING_WAITING);
    for (int i = 0; i < s->c.member_count; i++)
        if (all & consult_bit(i))
            s->c.members[i].ring = to;
    if (rung)
        step_command(s, (struct consult_command){.type = CONSULT_DO_STOP_RING,
                                                 .member = CONSULT_NOBODY,
                                                 .members = rung,
                                                 .why = why});
}

void step_open_room(struct step *s)
{
    if (!s->c.room.open)
        step_tell(s, CONSULT_DO_ROOM_OPEN);
    s->c.room.open = true;
}

void step_live_room(struct step *s)
{
    if (!s->c.room.live)
        step_tell(s, CONSULT_DO_ROOM_LIVE);
    s->c.room.live = true;
}

void step_close_room(struct step *s)
{
    s->c.applicant = CONSULT_AWAY;
    for (int i = 0; i < s->c.member_count; i++)
        s->c.members[i].presence = CONSULT_AWAY;
    if (s->c.room.open)
        step_tell(s, CONSULT_DO_ROOM_CLOSE);
    s->c.room = (struct consult_room){0};
}

void step_set_presence(struct step *s, int person, enum consult_presence after)
{
    enum consult_presence before = consult_presence_of(&s->c, person);
    *(person == CONSULT_APPLICANT ? &s->c.applicant : &s->c.members[person].presence) = after;
    if ((before == CONSULT_PRESENT) != (after == CONSULT_PRESENT))
        step_command(s,
                     (struct consult_command){.type = CONSULT_DO_TELL_PRESENCE, .member = person});
}

/* Nobody took it: nothing was done that would need approval afterwards. */
static void drop_moot_backfill(struct step *s)
{
    if (s->c.at.accepted_utc_us || s->c.backfill.state == CONSULT_BACKFILL_NONE)
        return;
    s->c.backfill = (struct consult_backfill){0};
    step_arm(s, CONSULT_DUE_BACKFILL, TIME_US_NEVER);
}

void step_finish(struct step *s, enum consult_state to, enum consult_reason reason,
                 enum consult_ring_end why)
{
    CHECK(consult_is_over(to));
    s->c.reason = reason;
    step_set_state(s, to);
    step_stop_rings(s, CONSULT_RING_STOPPED, why);
    step_close_room(s);
    step_arm(s, CONSULT_DUE_STATE, TIME_US_NEVER);
    step_arm(s, CONSULT_DUE_READING, TIME_US_NEVER);
    s->c.plan.escalating = false;
    drop_moot_backfill(s);
    if (!s->c.at.ended_utc_us)
        s->c.at.ended_utc_us = s->utc_us;
}
