/* SPDX-License-Identifier: Apache-2.0 */
/* In which relations a person stands to a consultation, and what that person gets to see of it.
 * Refuses to know what a relation allows: auth/rights.h does. */
#include "shanqiao/error.h"
#include "signaling/consult/perform.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include <stdio.h>
#include <string.h>

#define BIT(relation) RIGHTS_BIT(RELATION_##relation)

/* In consult_record.known: by account, {panel: head}; by institution and the one above, a boolean.
 */
#define KNOWN_PANELS_OF "panelsOf"
#define KNOWN_OFFICES   "offices"

/* By the state of the ring; experts of one who was asked. */
static uint32_t of_expert(const struct consult_record *r, int member)
{
    static const uint32_t by_ring[] = {
        [CONSULT_RING_ON] = BIT(RUNG),
        [CONSULT_RING_REFUSED] = BIT(RUNG_BEFORE),
        [CONSULT_RING_STOPPED] = BIT(RUNG_BEFORE),
        [CONSULT_RING_WON] = BIT(MEMBER),
        [CONSULT_RING_WAITING] = 0,
        [CONSULT_RING_REMOVED] = 0,
        [CONSULT_RING_NONE] = 0,
    };
    const struct consult_member *m = &r->step.members[member];
    if (m->ring == CONSULT_RING_WON && r->step.kind != CONSULT_MDT)
        return member == r->step.specialist ? BIT(SPECIALIST) : BIT(MEMBER);
    if (m->ring == CONSULT_RING_WON && m->role == CONSULT_CHAIR)
        return BIT(CHAIR);
    if (m->ring == CONSULT_RING_WAITING && r->step.kind == CONSULT_READING)
        return BIT(RUNG_BEFORE); /* saw it in the worklist, until somebody claimed it */
    return by_ring[m->ring];
}

static uint32_t of_member(const struct consult_record *r, const char *account)
{
    int member = consult_record_member(r, account);
    if (member == CONSULT_NOBODY || r->step.members[member].ring == CONSULT_RING_REMOVED)
        return 0;
    if (r->step.members[member].role != CONSULT_OBSERVER)
        return of_expert(r, member);
    return r->step.consent & CONSULT_CONSENT_TEACHING ? BIT(OBSERVER) : 0;
}

static bool same(const char *a, const char *b)
{
    return a[0] && strcmp(a, b) == 0;
}

static uint32_t of_institution(const struct consult_place *p, const struct caller *caller)
{
    const char *own = caller->institution;
    uint32_t relations = 0;
    if (same(p->institution, own))
        relations |= BIT(INVITING_STAFF);
    if (same(p->institution, own) || same(p->inviting, own) || same(p->inviting_desk, own))
        relations |= BIT(INVITING_COORDINATOR);
    if (same(p->invited, own) || same(p->invited_desk, own))
        relations |= BIT(INVITED_COORDINATOR);
    return relations;
}

static bool was_asked(const struct consult_record *r, const char *panel)
{
    for (int i = 0; i < r->panel_count; i++)
        if (strcmp(r->panels[i], panel) == 0)
            return true;
    return strcmp(r->place.panel, panel) == 0;
}

/* Of the panel that is asked now; a reading also is in the worklist of each panel that was asked,
 * or will be when there is something to read. `mine`: panel and head (0 or 1) of each the caller is
 * in. */
static uint32_t of_panels(const struct consult_record *r, const json_t *mine)
{
    bool waits = r->step.kind == CONSULT_READING &&
                 (r->step.state == CONSULT_ROUTED ||
                  (r->step.state == CONSULT_TRIAGED && consult_waits_for_material(&r->step)));
    uint32_t relations = 0;
    const char *panel;
    json_t *head;
    json_object_foreach((json_t *)mine, panel, head)
    {
        if (waits && was_asked(r, panel))
            relations |= BIT(PANEL_MEMBER);
        if (json_integer_value(head) && strcmp(panel, r->place.panel) == 0)
            relations |= BIT(PANEL_HEAD);
    }
    return relations;
}

/* ---- what is asked once for an act, whose reply asks it again ---- */

/* Borrowed; NULL: nothing is kept of this record. */
static json_t *known_object(const struct consult_record *r, const char *name)
{
    json_t *object = json_object_get(r->known, name);
    if (!object && json_object_set_new(r->known, name, json_object()) == 0)
        object = json_object_get(r->known, name);
    return object;
}

/* A question to the directory. All are begun before the first is read, so that they share the way.
 */
struct question {
    struct store_query q;
    bool asked;
    char key[2 * ID_MAX]; /* in what is known */
};

static void ask_panels(struct service *s, const struct consult_record *r, const char *account,
                       struct question *question)
{
    snprintf(question->key, sizeof(question->key), "%s", account);
    question->asked = !json_object_get(json_object_get(r->known, KNOWN_PANELS_OF), account);
    if (question->asked)
        STORE_QUERY(s->store, &question->q,
                    "SELECT panel, head FROM panel_member WHERE account = $1", sv_text(account));
}

static int take_panels(const struct consult_record *r, struct question *question, uint32_t *out)
{
    json_t *known = known_object(r, KNOWN_PANELS_OF);
    json_t *mine = question->asked ? json_object() : json_object_get(known, question->key);
    int status = mine ? 0 : SQ_ERR_NOMEM;
    while (question->asked && status == 0 && store_next(&question->q))
        if (json_object_set_new(mine, store_text(&question->q, 0),
                                json_integer(store_int(&question->q, 1))) != 0)
            status = SQ_ERR_NOMEM;
    if (status == 0)
        *out |= of_panels(r, mine);
    if (status == 0 && question->asked && known && json_object_set(known, question->key, mine) != 0)
        status = SQ_ERR_NOMEM;
    if (question->asked)
        json_decref(mine);
    int ended = store_query_end(&question->q);
    return status < 0 ? status : ended;
}

/* Does `institution` belong to the caller's? */
static void ask_office(struct service *s, const struct consult_record *r, const char *institution,
                       const char *own, struct question *question)
{
    snprintf(question->key, sizeof(question->key), "%s %s", institution, own); /* ids: no blanks */
    question->asked = own[0] && institution[0] && strcmp(institution, own) != 0 &&
                      !json_object_get(json_object_get(r->known, KNOWN_OFFICES), question->key);
    if (question->asked)
        directory_ask_belongs(s, institution, own, &question->q);
}

static int take_office(const struct consult_record *r, const char *institution, const char *own,
                       struct question *question, uint32_t bits, uint32_t *out)
{
    json_t *known = known_object(r, KNOWN_OFFICES);
    bool inside = question->asked ? store_next(&question->q)
                                  : same(own, institution) ||
                                        json_is_true(json_object_get(known, question->key));
    int status = store_query_end(&question->q);
    if (status == 0 && question->asked && known &&
        json_object_set_new(known, question->key, json_boolean(inside)) != 0)
        status = SQ_ERR_NOMEM;
    if (status == 0 && inside)
        *out |= bits;
    return status;
}

/* Of the inviting side's institution and of those above it. `unshared`: those above keep their
 * quality office only, and not even that where the one above is whom it was shared with. */
static uint32_t of_inviting_office(const struct consult_place *p, const char *own, bool unshared)
{
    bool asked = same(p->invited, own) || same(p->invited_desk, own);
    if (!unshared || same(p->institution, own))
        return BIT(QUALITY_INVITING) | BIT(SAME_INSTITUTION);
    return asked ? 0 : BIT(QUALITY_INVITING);
}

/* Of those who are there by their panel or their institution. `unshared`: the invited side hears
 * nothing. */
static int of_directory(struct service *s, const struct consult_record *r,
                        const struct caller *caller, bool unshared, uint32_t *out)
{
    struct question panels = {0}, inviting = {0}, invited = {0};
    const struct consult_place *p = &r->place;
    const char *own = caller->institution;
    bool expert = caller->roles & ROLE_SPECIALIST;
    int status = 0;
    if (expert)
        ask_panels(s, r, caller->account, &panels);
    ask_office(s, r, p->institution, own, &inviting);
    if (!unshared)
        ask_office(s, r, p->invited, own, &invited);
    if (expert)
        status = take_panels(r, &panels, out);
    int office =
        take_office(r, p->institution, own, &inviting, of_inviting_office(p, own, unshared), out);
    status = status < 0 ? status : office;
    if (!unshared)
        office = take_office(r, p->invited, own, &invited,
                             BIT(QUALITY_INVITED) | BIT(SAME_INSTITUTION), out);
    return status < 0 ? status : office;
}

/* An emergency begins without it; there only what was given can be taken back. */
bool consult_is_unshared(const struct consult_record *r)
{
    const struct consult *c = &r->step;
    if (c->state == CONSULT_DRAFT || c->consent & CONSULT_CONSENT_SHARE)
        return false;
    return c->kind != CONSULT_EMERGENCY || c->reason == CONSULT_WHY_CONSENT_WITHDRAWN ||
           c->backfill.state == CONSULT_BACKFILL_DONE;
}

/* Those it was shared with: they keep knowing that they were asked. */
static uint32_t without_sharing(uint32_t relations)
{
    const uint32_t experts =
        BIT(RUNG) | BIT(SPECIALIST) | BIT(MEMBER) | BIT(CHAIR) | BIT(RUNG_BEFORE);
    const uint32_t others = BIT(OBSERVER) | BIT(PANEL_MEMBER) | BIT(PANEL_HEAD) |
                            BIT(INVITED_COORDINATOR) | BIT(QUALITY_INVITED);
    return (relations & ~(experts | others)) | (relations & experts ? BIT(RUNG_BEFORE) : 0u);
}

int consult_relations(struct service *s, const struct consult_record *r,
                      const struct caller *caller, uint32_t *out)
{
    bool unshared = consult_is_unshared(r);
    *out = 0;
    if (!caller->account[0])
        return 0;
    if (strcmp(r->applicant, caller->account) == 0)
        *out |= BIT(APPLICANT);
    *out |= of_member(r, caller->account) | of_institution(&r->place, caller);
    int status = of_directory(s, r, caller, unshared, out);
    if (unshared)
        *out = without_sharing(*out);
    return status;
}

unsigned consult_view(uint32_t roles, uint32_t relations)
{
    bool clinical = rights_allow_any(roles, relations, ACT_SEE_CLINICAL);
    bool identity = clinical && rights_allow_any(roles, relations, ACT_SEE_IDENTITY);
    return (clinical ? CONSULT_VIEW_CLINICAL : 0u) | (identity ? CONSULT_VIEW_IDENTITY : 0u);
}

int consult_open(struct call *call, const char *id, enum act act, struct consult_record *r,
                 uint32_t *relations)
{
    uint32_t found = 0, roles = call->caller->roles;
    int status = consult_record_load(call->service, id, r);
    if (status < 0)
        return status;
    status = consult_relations(call->service, r, call->caller, &found);
    if (relations)
        *relations = found;
    /* Nothing is allowed to those outside, whatever the table says of people without relation. */
    if (status == 0 && !found)
        status = SQ_ERR_NOT_FOUND;
    else if (status == 0 && !rights_allow_any(roles, found, act))
        status = rights_allow_any(roles, found, ACT_SEE) ? SQ_ERR_DENIED : SQ_ERR_NOT_FOUND;
    if (status < 0)
        consult_record_clear(r);
    else
        snprintf(call->audit_object, sizeof(call->audit_object), "%s", r->id);
    return status;
}
