/* SPDX-License-Identifier: Apache-2.0 */
/* See audience.h. */
#include "signaling/consult/audience.h"

#include "base/text.h"
#include "shanqiao/error.h"
#include "signaling/consult/perform.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include <string.h>

/* Applicant and members as callers: 1, or 0 when there is no such account any more. */
static int load_person(struct service *s, const char *account, struct caller *out)
{
    struct store_query q;
    memset(out, 0, sizeof *out);
    text_copy(out->account, sizeof out->account, account);
    STORE_QUERY(s->store, &q,
                "SELECT roles, institution FROM account WHERE id = $1 AND disabled = 0",
                sv_text(account));
    bool found = store_next(&q);
    if (found) {
        out->roles = (uint32_t)store_int(&q, 0);
        store_copy_text(&q, 1, out->institution, ID_MAX);
    }
    int status = store_query_end(&q);
    return status < 0 ? status : found;
}

struct telling {
    struct call *call;
    const struct consult_record *r;
    enum act act;
    uint32_t relations;
    const char *method;
    const json_t *params;
};

static int tell_one(const struct telling *t, const char *account)
{
    struct caller person;
    uint32_t found = 0;
    int status = account[0] ? load_person(t->call->service, account, &person) : 0;
    if (status != 1)
        return status;
    status = consult_relations(t->call->service, t->r, &person, &found);
    if (status < 0 || !(found & t->relations) || !rights_allow_any(person.roles, found, t->act))
        return status;
    struct effect e = {
        .type = EFFECT_NOTIFY, .method = t->method, .params = json_deep_copy(t->params)};
    if (!e.params)
        return SQ_ERR_NOMEM;
    text_copy(e.account, sizeof e.account, account);
    return effects_add(&t->call->effects, &e);
}

int consult_tell_audience(struct call *call, const struct consult_record *r, enum act act,
                          uint32_t relations, const char *method, const json_t *params)
{
    const struct telling t = {call, r, act, relations, method, params};
    int status = tell_one(&t, r->applicant);
    for (int i = 0; status == 0 && i < CONSULT_MEMBERS_MAX; i++)
        status = tell_one(&t, r->people[i].account);
    return status;
}

static bool observes(const struct consult_record *r, int member)
{
    const struct consult_member *m = &r->step.members[member];
    return m->role == CONSULT_OBSERVER && m->ring != CONSULT_RING_REMOVED &&
           r->step.consent & CONSULT_CONSENT_TEACHING;
}

bool consult_attends(const struct consult_record *r, int person)
{
    if (person == CONSULT_NOBODY || consult_presence_of(&r->step, person) != CONSULT_PRESENT)
        return false;
    if (person == CONSULT_APPLICANT)
        return true;
    return !consult_is_unshared(r) &&
           ((consult_accepted(&r->step) & consult_bit(person)) || observes(r, person));
}
