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

/* Of the panel that is asked now; a reading also is in the worklist of each panel that was asked,
 * or will be when there is something to read. */
static int of_panel(struct service *s, const struct consult_record *r, const char *account,
                    uint32_t *relations)
{
    struct store_query q;
    bool waits = r->step.kind == CONSULT_READING &&
                 (r->step.state == CONSULT_ROUTED ||
                  (r->step.state == CONSULT_TRIAGED && consult_waits_for_material(&r->step)));
    STORE_QUERY(s->store, &q,
                "SELECT m.panel, m.head FROM panel_member m WHERE m.account = $1 AND (m.panel = $2"
                " OR m.panel IN (SELECT panel FROM consultation_panel WHERE consultation = $3))",
                sv_text(account), sv_text(r->place.panel), sv_text(r->id));
    while (store_next(&q)) {
        if (waits)
            *relations |= BIT(PANEL_MEMBER);
        if (store_int(&q, 1) && strcmp(store_text(&q, 0), r->place.panel) == 0)
            *relations |= BIT(PANEL_HEAD);
    }
    return store_query_end(&q);
}

/* Does it belong to the caller's? Asked once for an act, whose reply asks it again. */
static int belongs(struct service *s, const struct consult_record *r, const char *institution,
                   const char *own, bool *out)
{
    char key[2 * ID_MAX];
    snprintf(key, sizeof(key), "%s %s", institution, own); /* no id has a blank */
    json_t *answer = json_object_get(r->known, key);
    *out = json_is_true(answer) || strcmp(institution, own) == 0;
    if (answer || *out)
        return 0;
    int status = directory_belongs(s, institution, own, out);
    if (status == 0 && r->known && json_object_set_new(r->known, key, json_boolean(*out)) != 0)
        status = SQ_ERR_NOMEM;
    return status;
}

static int of_office(struct service *s, const struct consult_record *r, const char *institution,
                     const char *own, uint32_t bits, uint32_t *relations)
{
    bool inside = false;
    int status = own[0] && institution[0] ? belongs(s, r, institution, own, &inside) : 0;
    if (status == 0 && inside)
        *relations |= bits;
    return status == SQ_ERR_NOT_FOUND ? 0 : status;
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
    int status = 0;
    *out = 0;
    if (!caller->account[0])
        return 0;
    if (strcmp(r->applicant, caller->account) == 0)
        *out |= BIT(APPLICANT);
    *out |= of_member(r, caller->account) | of_institution(&r->place, caller);
    if (caller->roles & ROLE_SPECIALIST)
        status = of_panel(s, r, caller->account, out);
    if (status == 0)
        status = of_office(s, r, r->place.institution, caller->institution,
                           BIT(QUALITY_INVITING) | BIT(SAME_INSTITUTION), out);
    if (status == 0 && consult_is_unshared(r))
        *out = without_sharing(*out);
    else if (status == 0)
        status = of_office(s, r, r->place.invited, caller->institution,
                           BIT(QUALITY_INVITED) | BIT(SAME_INSTITUTION), out);
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
