/* SPDX-License-Identifier: Apache-2.0 */
/* See routing.h. An agreement is looked up for every panel that is asked, at escalations too. */
#include "signaling/consult/routing.h"
#include "shanqiao/error.h"
#include "signaling/duty/duty.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXTRA_PANELS_MAX 8 /* of a multi-disciplinary request; its schema says so too */

_Static_assert((int)DIRECTORY_RING_ALL == (int)CONSULT_RING_ALL &&
                   (int)DIRECTORY_RING_ONE == (int)CONSULT_RING_ONE &&
                   (int)DIRECTORY_NEXT_IN_LINE == (int)CONSULT_NEXT_IN_LINE,
               "the directory's strategies are those of a plan");

/* ---- the place ---- */

static int desk_of(struct service *s, const char *institution, char out[ID_MAX])
{
    struct directory_accounts people;
    int status = directory_coordinators(s, institution, &people);
    snprintf(out, ID_MAX, "%s", status == 0 && people.count > 0 ? people.institution : "");
    return status == SQ_ERR_NOT_FOUND ? 0 : status;
}

static int institution_of(struct service *s, const char *account, char out[ID_MAX])
{
    struct store_query q;
    STORE_QUERY(s->store, &q, "SELECT institution FROM account WHERE id = $1", sv_text(account));
    if (store_next(&q))
        store_copy_text(&q, 0, out, ID_MAX);
    return store_query_end(&q);
}

static int agreement_for(const struct consult_act *act, const struct consult_record *r,
                         const struct directory_panel *panel, struct directory_agreement *out)
{
    return directory_agreement(act->service, r->place.institution, panel->institution,
                               consult_kind_name(r->step.kind), panel->specialty, act->utc_us, out);
}

/* `agreement` NULL: an emergency without one. */
static int settle(const struct consult_act *act, struct consult_record *r,
                  const struct directory_panel *panel, const struct directory_agreement *agreement)
{
    struct consult_place *p = &r->place;
    bool elsewhere = strcmp(p->invited, panel->institution) != 0;
    snprintf(p->panel, ID_MAX, "%s", panel->id);
    snprintf(p->specialty, sizeof(p->specialty), "%s", panel->specialty);
    snprintf(p->invited, ID_MAX, "%s", panel->institution);
    snprintf(p->agreement, ID_MAX, "%s", agreement ? agreement->id : "");
    snprintf(p->inviting, ID_MAX, "%s", agreement ? agreement->inviting : p->institution);
    p->ring_us = agreement ? agreement->policy.ring_us : 0;
    r->moved = true;
    int status = p->inviting_desk[0] ? 0 : desk_of(act->service, p->institution, p->inviting_desk);
    if (status == 0 && elsewhere)
        status = desk_of(act->service, p->invited, p->invited_desk);
    return status;
}

static uint32_t needs_of(const struct consult_record *r, const struct directory_agreement *a)
{
    const uint32_t approvals = CONSULT_NEEDS_INVITING | CONSULT_NEEDS_INVITED;
    bool emergency = r->step.kind == CONSULT_EMERGENCY;
    uint32_t needs = r->step.kind == CONSULT_MDT || r->step.kind == CONSULT_JOINT_CLINIC
                         ? CONSULT_NEEDS_SCHEDULE
                         : 0;
    if (r->step.kind == CONSULT_READING)
        needs |= CONSULT_NEEDS_MATERIAL; /* taken away where there is one (consult/submit.c) */
    if (emergency && !(r->step.consent & CONSULT_CONSENT_SHARE))
        needs |= CONSULT_NEEDS_CONSENT;
    if (!a)
        return needs | approvals | CONSULT_NEEDS_AGREEMENT;
    needs |= a->policy.approve_inviting ? CONSULT_NEEDS_INVITING : 0;
    needs |= a->policy.approve_invited ? CONSULT_NEEDS_INVITED : 0;
    if (emergency)
        return needs;
    needs |= a->policy.triage ? CONSULT_NEEDS_TRIAGE : 0;
    if (r->step.kind == CONSULT_LIVE &&
        (a->policy.schedule || json_array_size(json_object_get(r->request, "candidateTimes"))))
        needs |= CONSULT_NEEDS_SCHEDULE;
    return needs;
}

/* The word of one institution does not stand for another's. */
static uint32_t approvals_missing(const struct consult_place *before, struct consult_record *r,
                                  const struct directory_agreement *a)
{
    const uint32_t all = CONSULT_NEEDS_APPROVAL;
    uint32_t given = r->step.needs & all & ~r->step.approvals, asked = needs_of(r, a) & all;
    if (r->step.kind == CONSULT_EMERGENCY)
        return 0;
    if (strcmp(before->inviting, r->place.inviting) != 0)
        given &= ~(uint32_t)CONSULT_NEEDS_INVITING;
    if (strcmp(before->invited, r->place.invited) != 0)
        given &= ~(uint32_t)CONSULT_NEEDS_INVITED;
    r->step.needs = (r->step.needs & ~all) | asked;
    return asked & ~given;
}

/* An emergency goes to many at once: what any of them asks for is owed until it is known who takes
 * it. */
static int owe_for_all(const struct consult_act *act, struct consult_record *r,
                       const struct directory_panels *panels)
{
    int status = 0;
    for (size_t i = 0; i < panels->count && status == 0; i++) {
        struct directory_agreement agreement;
        status = agreement_for(act, r, &panels->items[i], &agreement);
        if (status == 0 || status == SQ_ERR_NOT_FOUND) {
            r->step.needs |= needs_of(r, status == 0 ? &agreement : NULL);
            status = 0;
        }
    }
    return status;
}

static int candidates(const struct consult_act *act, const struct consult_record *r,
                      const struct routing_wish *wish, struct directory_panels *out)
{
    out->count = 0;
    if (wish->panel && wish->panel[0]) {
        int status = directory_panel(act->service, wish->panel, act->utc_us, &out->items[0]);
        out->count = status == 0 ? 1 : 0;
        return status;
    }
    const char *specialty = wish->specialty && wish->specialty[0] ? wish->specialty : NULL;
    int status =
        r->step.kind == CONSULT_EMERGENCY
            ? directory_emergency(act->service, r->place.institution, specialty, act->utc_us, out)
            : directory_around(act->service, r->place.institution, specialty, act->utc_us, out);
    return status < 0 ? status : out->count > 0 ? 0 : SQ_ERR_NOT_FOUND;
}

/* The first panel under an agreement. */
static int choose(const struct consult_act *act, const struct consult_record *r,
                  const struct directory_panels *panels, struct directory_agreement *agreement,
                  const struct directory_panel **chosen)
{
    int status = SQ_ERR_NOT_FOUND;
    for (size_t i = 0; i < panels->count && status == SQ_ERR_NOT_FOUND; i++) {
        *chosen = &panels->items[i];
        status = agreement_for(act, r, *chosen, agreement);
    }
    return status;
}

int routing_place(const struct consult_act *act, struct consult_record *r,
                  const struct routing_wish *wish, uint32_t *approvals)
{
    const struct consult_place before = r->place;
    struct directory_panels panels;
    struct directory_agreement agreement;
    const struct directory_panel *panel = NULL;
    bool first = r->step.state == CONSULT_DRAFT || r->step.state == CONSULT_RETURNED;
    int status = r->place.institution[0]
                     ? 0
                     : institution_of(act->service, r->applicant, r->place.institution);
    if (status == 0)
        status = candidates(act, r, wish, &panels);
    if (status < 0)
        return status;
    status = choose(act, r, &panels, &agreement, &panel);
    bool without = status == SQ_ERR_NOT_FOUND;
    if (without && r->step.kind != CONSULT_EMERGENCY)
        return SQ_ERR_DENIED;
    if (status < 0 && !without)
        return status;
    if (without)
        panel = &panels.items[0];
    status = settle(act, r, panel, without ? NULL : &agreement);
    if (status == 0 && !first && approvals)
        *approvals = approvals_missing(&before, r, without ? NULL : &agreement);
    if (status == 0 && first) {
        r->step.needs = needs_of(r, without ? NULL : &agreement);
        r->place.strategy =
            without ? CONSULT_RING_ALL : (enum consult_strategy)agreement.policy.strategy;
    }
    if (status == 0 && first && r->step.kind == CONSULT_EMERGENCY)
        status = directory_emergency(act->service, r->place.institution, r->place.specialty,
                                     act->utc_us, &panels);
    if (status == 0 && first && r->step.kind == CONSULT_EMERGENCY)
        status = owe_for_all(act, r, &panels);
    return status;
}

int routing_follow(const struct consult_act *act, struct consult_record *r, int member,
                   uint32_t *settled)
{
    struct directory_panel panel;
    struct directory_agreement agreement;
    const char *of = r->people[member].panel[0] ? r->people[member].panel : r->place.panel;
    *settled = 0;
    int status = directory_panel(act->service, of, act->utc_us, &panel);
    if (status == SQ_ERR_NOT_FOUND)
        return 0; /* closed meanwhile: it stays where it was */
    if (status == 0)
        status = agreement_for(act, r, &panel, &agreement);
    if (status < 0 && status != SQ_ERR_NOT_FOUND)
        return status;
    bool found = status == 0;
    if (found)
        *settled =
            CONSULT_NEEDS_LATER & ~needs_of(r, &agreement) & ~(uint32_t)CONSULT_NEEDS_CONSENT;
    if (strcmp(of, r->place.panel) == 0)
        return 0;
    return settle(act, r, &panel, found ? &agreement : NULL);
}

/* ---- the people ---- */

int routing_seat(struct consult_record *r, int count, const char *account, const char *panel)
{
    for (int i = 0; i < count; i++)
        if (strcmp(r->people[i].account, account) == 0)
            return i;
    if (count >= CONSULT_MEMBERS_MAX)
        return SQ_ERR_LIMIT;
    memset(&r->people[count], 0, sizeof(r->people[count]));
    snprintf(r->people[count].account, ID_MAX, "%s", account);
    snprintf(r->people[count].panel, ID_MAX, "%s", panel);
    return count;
}

/* Who of a panel is asked, into the route. More than fit are left out: last in line. */
struct asking {
    const struct consult_act *act;
    struct consult_record *r;
    struct consult_route *route;
    bool again; /* a new round: who did not answer before is asked again; a refusal stands */
    uint32_t approvals; /* that are missing: nobody is asked yet */
};

static void ask(struct asking *a, const char *account, const char *panel)
{
    struct consult_record *r = a->r;
    int before = r->step.member_count;
    int seat = strcmp(account, r->applicant) != 0
                   ? routing_seat(r, before + a->route->added, account, panel)
                   : SQ_ERR_LIMIT;
    if (seat == before + a->route->added) {
        a->route->added++;
    } else if (seat >= 0 && seat < before && a->again &&
               r->step.members[seat].ring == CONSULT_RING_STOPPED) {
        a->route->again |= consult_bit(seat);
        snprintf(r->people[seat].panel, ID_MAX, "%s", panel);
    }
}

static int ask_on_duty(struct asking *a, const char *panel)
{
    struct duty_roster roster;
    int status = duty_roster(a->act->service, panel, a->r->applicant, a->act->utc_us, &roster);
    for (size_t i = 0; status == 0 && i < roster.count; i++)
        ask(a, roster.accounts[i], panel);
    return status;
}

/* Its heads first, then in line. */
static int ask_members(struct asking *a, const char *panel, int max)
{
    struct store_query q;
    STORE_QUERY(a->act->service->store, &q,
                "SELECT m.account, p.roles FROM panel_member m JOIN account p ON p.id = m.account"
                " WHERE m.panel = $1 AND p.disabled = 0"
                " ORDER BY m.head DESC, m.turn_us, m.account LIMIT $2",
                sv_text(panel), sv_int(DUTY_RUNG_MAX));
    while (max > 0 && store_next(&q)) {
        if (!rights_allow((uint32_t)store_int(&q, 1), RELATION_RUNG, ACT_ACCEPT) ||
            strcmp(store_text(&q, 0), a->r->applicant) == 0)
            continue;
        ask(a, store_text(&q, 0), panel);
        max--;
    }
    return store_query_end(&q);
}

static int ask_panel(struct asking *a, const char *panel)
{
    struct consult_record *r = a->r;
    int status = r->step.kind == CONSULT_READING || r->step.kind == CONSULT_JOINT_CLINIC
                     ? ask_members(a, panel, DUTY_RUNG_MAX)
                 : r->step.kind == CONSULT_MDT ? ask_members(a, panel, 1)
                                               : ask_on_duty(a, panel);
    for (int i = 0; i < r->panel_count; i++)
        if (strcmp(r->panels[i], panel) == 0)
            return status;
    if (r->panel_count < CONSULT_PANELS_MAX)
        snprintf(r->panels[r->panel_count++], ID_MAX, "%s", panel);
    return status;
}

static bool asks_somebody(const struct consult_route *route)
{
    return route->added > 0 || route->again != 0;
}

/* All that take it at every level, the named panel's people first in line. */
static int ask_emergency(struct asking *a)
{
    struct directory_panels panels;
    struct consult_record *r = a->r;
    int status = ask_panel(a, r->place.panel);
    if (status == 0)
        status = directory_emergency(a->act->service, r->place.institution, r->place.specialty,
                                     a->act->utc_us, &panels);
    for (size_t i = 0; status == 0 && i < panels.count; i++)
        status = ask_panel(a, panels.items[i].id);
    return status;
}

static bool has_chair(const struct consult *c)
{
    for (int i = 0; i < c->member_count; i++) {
        enum consult_ring ring = c->members[i].ring;
        if (c->members[i].role == CONSULT_CHAIR &&
            (ring == CONSULT_RING_WAITING || ring == CONSULT_RING_ON || ring == CONSULT_RING_WON))
            return true;
    }
    return false;
}

/* One of each panel named; the first panel's one is the chair. Where a coordinator named the chair,
 * those who wait are asked and nobody else. */
static int ask_board(struct asking *a)
{
    struct consult_record *r = a->r;
    if (has_chair(&r->step))
        return 0;
    const json_t *more = json_object_get(r->request, "panelIds");
    int status = ask_panel(a, r->place.panel);
    if (status == 0 && asks_somebody(a->route))
        a->route->chair =
            a->route->added > 0 ? r->step.member_count : __builtin_ctzll(a->route->again);
    for (size_t i = 0; status == 0 && i < json_array_size(more) && i < EXTRA_PANELS_MAX; i++) {
        struct directory_panel panel;
        struct directory_agreement agreement;
        const char *id = json_string_value(json_array_get(more, i));
        status = directory_panel(a->act->service, id ? id : "", a->act->utc_us, &panel);
        if (status == 0)
            status = agreement_for(a->act, r, &panel, &agreement);
        if (status == 0)
            status = ask_panel(a, panel.id);
        else if (status == SQ_ERR_NOT_FOUND)
            status = 0; /* that one can't be asked; the board meets without it */
    }
    return status;
}

static bool was_asked(const struct consult_record *r, const char *panel)
{
    for (int i = 0; i < r->panel_count; i++)
        if (strcmp(r->panels[i], panel) == 0)
            return true;
    return false;
}

/* Whose approval is missing is asked for it first: the panel is not asked yet. */
static int move_up(struct asking *a, const struct directory_panel *panel,
                   const struct directory_agreement *agreement)
{
    struct consult_record *r = a->r;
    const struct consult_place before = r->place;
    int status = settle(a->act, r, panel, agreement);
    if (status == 0)
        a->approvals = approvals_missing(&before, r, agreement);
    if (a->approvals) {
        *a->route = (struct consult_route){.strategy = a->route->strategy, .chair = CONSULT_NOBODY};
        r->panel_count--;
    }
    return status;
}

/* The nearest panel above with somebody; the place moves there. None: nobody is asked. */
static int ask_above(struct asking *a)
{
    struct directory_panels panels;
    struct consult_record *r = a->r;
    int status =
        directory_escalation(a->act->service, r->panel_count ? r->panels[0] : r->place.panel,
                             r->place.specialty, a->act->utc_us, &panels);
    for (size_t i = 0; status == 0 && i < panels.count && !asks_somebody(a->route); i++) {
        const struct directory_panel *panel = &panels.items[i];
        struct directory_agreement agreement;
        if (was_asked(r, panel->id))
            continue;
        status = agreement_for(a->act, r, panel, &agreement);
        if (status == 0)
            status = ask_panel(a, panel->id);
        else if (status == SQ_ERR_NOT_FOUND)
            status = 0;
        if (status == 0 && asks_somebody(a->route)) {
            if (r->step.kind == CONSULT_MDT) /* it is a chair that is missing */
                a->route->chair = r->step.member_count;
            return move_up(a, panel, &agreement);
        }
    }
    return status == SQ_ERR_NOT_FOUND ? 0 : status;
}

int routing_route(const struct consult_act *act, struct consult_record *r, struct consult_event *e)
{
    bool above = r->step.plan.escalating;
    *e = (struct consult_event){.type = CONSULT_ROUTE,
                                .member = CONSULT_NOBODY,
                                .route = {.strategy = r->place.strategy, .chair = CONSULT_NOBODY}};
    struct asking a = {.act = act, .r = r, .route = &e->route, .again = !above};
    if (above) {
        int status = ask_above(&a);
        e->needs = a.approvals;
        return status;
    }
    r->panel_count = 0;
    r->moved = true;
    if (r->step.kind == CONSULT_EMERGENCY) {
        e->route.strategy = CONSULT_RING_ALL;
        return ask_emergency(&a);
    }
    return r->step.kind == CONSULT_MDT ? ask_board(&a) : ask_panel(&a, r->place.panel);
}
