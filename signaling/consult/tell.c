/* SPDX-License-Identifier: Apache-2.0 */
/* See tell.h: one small function for each command. */
#include "signaling/consult/tell.h"
#include "shanqiao/error.h"
#include "signaling/service.h"
#include <stdio.h>
#include <string.h>

enum desk { INVITING, INVITED, DESKS };

void tell_init(struct tell *t, const struct consult_act *act, const struct consult_record *r)
{
    memset(t, 0, sizeof(*t));
    t->act = act;
    t->r = r;
}

void tell_fini(struct tell *t)
{
    for (size_t i = 0; i < CONSULT_VIEWS; i++)
        json_decref(t->described[i]);
}

int tell_take(struct tell *t, const struct consult_commands *commands)
{
    if (commands->count > TELL_COMMANDS_MAX - t->count)
        return SQ_ERR_LIMIT;
    memcpy(&t->commands[t->count], commands->items, commands->count * sizeof(commands->items[0]));
    t->count += commands->count;
    return 0;
}

/* ---- to one person ---- */

/* Takes over `params`. */
static int notify(struct tell *t, const char *account, const char *method, json_t *params)
{
    struct effect e = {.type = EFFECT_NOTIFY, .method = method, .params = params};
    if (!params)
        return SQ_ERR_NOMEM;
    if (!account[0]) {
        json_decref(params);
        return 0;
    }
    snprintf(e.account, sizeof(e.account), "%s", account);
    snprintf(e.object, sizeof(e.object), "%s", t->r->id);
    return effects_add(t->act->effects, &e);
}

static int room(struct tell *t, enum effect_type type, const char *account)
{
    struct effect e = {.type = type};
    snprintf(e.object, sizeof(e.object), "%s", t->r->id);
    snprintf(e.account, sizeof(e.account), "%s", account);
    return effects_add(t->act->effects, &e);
}

/* Borrowed. */
static int described_for(struct tell *t, enum role role, enum relation relation, json_t **out)
{
    unsigned view = consult_view(role, RIGHTS_BIT(relation));
    int status =
        t->described[view] ? 0 : consult_describe(t->act->service, t->r, view, &t->described[view]);
    *out = t->described[view];
    return status;
}

static int notify_state(struct tell *t, const char *account, enum role role, enum relation relation)
{
    json_t *described = NULL;
    int status = described_for(t, role, relation, &described);
    if (status < 0)
        return status;
    return notify(t, account, "consultation.state",
                  json_pack("{s:O, s:s}", "consultation", described, "by", t->act->by));
}

/* ---- to groups ---- */

static int know_desks(struct tell *t)
{
    const struct consult_place *p = &t->r->place;
    int status = 0;
    if (t->desks_known)
        return 0;
    t->desks_known = true;
    if (p->institution[0])
        status = directory_coordinators(t->act->service, p->institution, &t->desks[INVITING]);
    if (status == SQ_ERR_NOT_FOUND)
        status = 0;
    if (status == 0 && p->invited[0])
        status = directory_coordinators(t->act->service, p->invited, &t->desks[INVITED]);
    return status == SQ_ERR_NOT_FOUND ? 0 : status;
}

static bool in_desk(const struct directory_accounts *desk, const char *account)
{
    for (size_t i = 0; i < desk->count; i++)
        if (strcmp(desk->items[i], account) == 0)
            return true;
    return false;
}

/* Coordinators of the desks (bits of enum desk), each once. */
static int to_desks(struct tell *t, unsigned desks, const char *method, json_t *params)
{
    int status = params ? know_desks(t) : SQ_ERR_NOMEM;
    for (unsigned d = 0; d < DESKS && status == 0; d++) {
        for (size_t i = 0; i < t->desks[d].count && status == 0; i++) {
            const char *account = t->desks[d].items[i];
            bool twice =
                d == INVITED && desks & (1u << INVITING) && in_desk(&t->desks[INVITING], account);
            if ((desks & (1u << d)) && !twice)
                status = notify(t, account, method, json_incref(params));
        }
    }
    json_decref(params);
    return status;
}

/* States in which it is a coordinator's turn; and an emergency that they do not stand in the way
 * of.
 */
static bool concerns_desks(const struct consult *c)
{
    enum consult_state state = c->state;
    bool wants_time =
        state == CONSULT_ACCEPTED && c->needs & CONSULT_NEEDS_SCHEDULE && !c->slot.start_utc_us;
    return wants_time || (state == CONSULT_ROUTED && c->kind == CONSULT_EMERGENCY) ||
           state == CONSULT_SUBMITTED || state == CONSULT_APPROVED || state == CONSULT_REFUSED ||
           state == CONSULT_EXPIRED || state == CONSULT_NO_SHOW;
}

static bool observes(const struct consult_record *r, int member)
{
    return r->step.members[member].role == CONSULT_OBSERVER &&
           r->step.members[member].ring != CONSULT_RING_REMOVED &&
           r->step.consent & CONSULT_CONSENT_TEACHING;
}

/* Those who are rung have the ring itself, then its end. Desks: of a new state only. */
static int tell_state(struct tell *t, bool desks)
{
    const struct consult_record *r = t->r;
    json_t *described = NULL;
    bool unshared = consult_is_unshared(r);
    enum relation asked = unshared ? RELATION_RUNG_BEFORE : RELATION_MEMBER;
    int status = notify_state(t, r->applicant, ROLE_VILLAGE_DOCTOR, RELATION_APPLICANT);
    for (int i = 0; i < r->step.member_count && status == 0; i++) {
        if (consult_accepted(&r->step) & consult_bit(i))
            status = notify_state(t, r->people[i].account, ROLE_SPECIALIST, asked);
        else if (observes(r, i) && !unshared)
            status = notify_state(t, r->people[i].account, ROLE_TRAINEE, RELATION_OBSERVER);
    }
    if (status < 0 || !desks || !concerns_desks(&r->step))
        return status;
    status = described_for(t, ROLE_COORDINATOR, RELATION_INVITING_COORDINATOR, &described);
    if (status < 0)
        return status;
    return to_desks(t, unshared ? 1u << INVITING : 1u << INVITING | 1u << INVITED,
                    "consultation.state",
                    json_pack("{s:O, s:s}", "consultation", described, "by", t->act->by));
}

static int tell_presence(struct tell *t, int person)
{
    const struct consult_record *r = t->r;
    bool present = consult_presence_of(&r->step, person) == CONSULT_PRESENT;
    json_t *params = json_pack("{s:s, s:s, s:b}", "id", r->id, "participantId",
                               consult_record_account(r, person), "present", present);
    int status = params ? notify(t, r->applicant, "consultation.participant", json_incref(params))
                        : SQ_ERR_NOMEM;
    for (int i = 0; i < r->step.member_count && status == 0; i++)
        if ((consult_accepted(&r->step) & consult_bit(i)) || observes(r, i))
            status =
                notify(t, r->people[i].account, "consultation.participant", json_incref(params));
    json_decref(params);
    return status;
}

/* ---- rings ---- */

static int remind(struct tell *t, const char *account, const char *what)
{
    return notify(t, account, "consultation.reminder",
                  json_pack("{s:s, s:s}", "id", t->r->id, "what", what));
}

/* A reading waits in the worklist: nobody has to drop what is in hand for it. */
static int tell_ring(struct tell *t, uint64_t members)
{
    const struct consult_record *r = t->r;
    bool quiet = r->step.kind == CONSULT_READING;
    json_t *described = NULL;
    int status = quiet ? 0 : described_for(t, ROLE_SPECIALIST, RELATION_RUNG, &described);
    for (int i = 0; i < r->step.member_count && status == 0; i++) {
        if (!(members & consult_bit(i)))
            continue;
        status = quiet ? remind(t, r->people[i].account, "reading")
                       : notify(t, r->people[i].account, "consultation.ring",
                                json_pack("{s:O}", "consultation", described));
    }
    return status;
}

static int tell_ring_applicant(struct tell *t)
{
    json_t *described = NULL;
    int status = described_for(t, ROLE_VILLAGE_DOCTOR, RELATION_APPLICANT, &described);
    return status < 0 ? status
                      : notify(t, t->r->applicant, "consultation.ring",
                               json_pack("{s:O}", "consultation", described));
}

static int each_removed(struct tell *t, uint64_t members, const char *method, const char *reason)
{
    const struct consult_record *r = t->r;
    int status = 0;
    for (int i = 0; i < r->step.member_count && status == 0; i++) {
        if (!(members & consult_bit(i)))
            continue;
        status = notify(t, r->people[i].account, method,
                        reason ? json_pack("{s:s, s:s}", "id", r->id, "reason", reason)
                               : json_pack("{s:s}", "id", r->id));
        if (status == 0)
            status = room(t, EFFECT_ROOM_REMOVE, r->people[i].account);
    }
    return status;
}

/* ---- things that are due ---- */

static const char *reminder_of(enum consult_state state)
{
    switch (state) {
    case CONSULT_SUBMITTED:
        return "approval";
    case CONSULT_APPROVED:
        return "triage";
    case CONSULT_TRIAGED: /* a reading waits for it: nobody else is reminded there */
        return "material";
    case CONSULT_ROUTED:
        return "reading";
    case CONSULT_ACCEPTED:
    case CONSULT_SCHEDULED:
    case CONSULT_READY:
        return "start";
    case CONSULT_OPINION_DRAFTED:
    case CONSULT_OPINION_SIGNED:
        return "opinion";
    case CONSULT_DELIVERED:
        return "acknowledge";
    default:
        return "outcome";
    }
}

static int tell_reminder(struct tell *t, int member)
{
    const char *what = reminder_of(t->r->step.state);
    if (member != CONSULT_NOBODY)
        return remind(t, consult_record_account(t->r, member), what);
    return to_desks(t, 1u << INVITING | 1u << INVITED, "consultation.reminder",
                    json_pack("{s:s, s:s}", "id", t->r->id, "what", what));
}

static int tell_backfill(struct tell *t)
{
    const struct consult_record *r = t->r;
    json_t *described = NULL;
    int status = described_for(t, ROLE_COORDINATOR, RELATION_INVITING_COORDINATOR, &described);
    if (status < 0)
        return status;
    status = to_desks(t, 1u << INVITING | 1u << INVITED, "consultation.state",
                      json_pack("{s:O, s:s}", "consultation", described, "by", t->act->by));
    if (status < 0 || r->step.backfill.state == CONSULT_BACKFILL_DONE)
        return status;
    status = remind(t, r->applicant, "backfill");
    return status < 0 ? status
                      : to_desks(t, 1u << INVITING | 1u << INVITED, "consultation.reminder",
                                 json_pack("{s:s, s:s}", "id", r->id, "what", "backfill"));
}

/* The last text that was written, and how often it was raised. */
static json_t *critical_params(struct tell *t)
{
    json_t *entries = NULL, *params = NULL;
    if (consult_entries(t->act->service, t->r->id, "critical", &entries) < 0)
        return NULL;
    size_t count = json_array_size(entries);
    const json_t *last = json_array_get(entries, count ? count - 1 : 0);
    const char *text = json_string_value(json_object_get(last, "text"));
    params =
        json_pack("{s:s, s:s, s:s}", "id", t->r->id, "by",
                  consult_record_account(t->r, t->r->step.specialist), "text", text ? text : "");
    json_decref(entries);
    return params;
}

static int tell_critical(struct tell *t)
{
    if (t->r->step.critical != CONSULT_CRITICAL_RAISED)
        return tell_state(t, false);
    json_t *params = critical_params(t);
    int status = params ? notify(t, t->r->applicant, "consultation.critical", json_incref(params))
                        : SQ_ERR_NOMEM;
    if (status == 0)
        return to_desks(t, 1u << INVITING, "consultation.critical", params);
    json_decref(params);
    return status;
}

static int arm(struct tell *t)
{
    struct effect e = {.type = EFFECT_DEADLINE, .at_utc_us = TIME_US_NEVER};
    for (int i = 0; i < CONSULT_DEADLINE_COUNT; i++)
        e.at_utc_us = time_us_min(e.at_utc_us, t->r->step.deadlines[i]);
    snprintf(e.object, sizeof(e.object), "%s", t->r->id);
    return effects_add(t->act->effects, &e);
}

/* ---- all ---- */

static int carry_out(struct tell *t, const struct consult_command *c)
{
    switch (c->type) {
    case CONSULT_DO_RING:
        return tell_ring(t, c->members);
    case CONSULT_DO_STOP_RING:
        return each_removed(t, c->members, "consultation.ringStopped",
                            consult_ring_end_name(c->why));
    case CONSULT_DO_RING_APPLICANT:
        return tell_ring_applicant(t);
    case CONSULT_DO_ROOM_OPEN:
        return room(t, EFFECT_ROOM_OPEN, "");
    case CONSULT_DO_ROOM_LIVE:
        return room(t, EFFECT_ROOM_LIVE, "");
    case CONSULT_DO_ROOM_CLOSE:
        return room(t, EFFECT_ROOM_CLOSE, "");
    case CONSULT_DO_ROOM_REMOVE:
        return each_removed(t, c->members, "consultation.removed", NULL);
    case CONSULT_DO_TELL_PRESENCE:
        return tell_presence(t, c->member);
    case CONSULT_DO_TELL_BACKFILL:
        return tell_backfill(t);
    case CONSULT_DO_TELL_CRITICAL:
        return tell_critical(t);
    case CONSULT_DO_REMIND:
        return tell_reminder(t, c->member);
    case CONSULT_DO_ESCALATE:       /* done by the chain of steps */
    case CONSULT_DO_STOP_RECORDING: /* the state says so; nothing records without the consent */
    case CONSULT_DO_TELL_STATE:     /* once, at the end */
    case CONSULT_DO_TELL_MEMBERS:
    case CONSULT_DO_TELL_CONSENT:
    case CONSULT_DO_TELL_OPINION:
    case CONSULT_DO_ARM:
        return 0;
    }
    return SQ_ERR_INTERNAL;
}

static bool is_state(enum consult_command_type type)
{
    return type == CONSULT_DO_TELL_STATE || type == CONSULT_DO_TELL_MEMBERS ||
           type == CONSULT_DO_TELL_CONSENT || type == CONSULT_DO_TELL_OPINION;
}

int tell_all(struct tell *t)
{
    bool state = false, changed = false, armed = false;
    int status = 0;
    for (size_t i = 0; i < t->count && status == 0; i++) {
        state |= is_state(t->commands[i].type);
        changed |= t->commands[i].type == CONSULT_DO_TELL_STATE;
        armed |= t->commands[i].type == CONSULT_DO_ARM;
        status = carry_out(t, &t->commands[i]);
    }
    if (status == 0 && state)
        status = tell_state(t, changed);
    return status == 0 && armed ? arm(t) : status;
}
