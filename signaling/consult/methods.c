/* SPDX-License-Identifier: Apache-2.0 */
/* The methods consultation.* that are one event on one consultation: rights, load, event, reply.
 * People outside are told that there is no such consultation, whether there is one or not. */
#include "signaling/consult/methods.h"
#include "shanqiao/error.h"
#include "signaling/consult/consult.h"
#include "signaling/consult/routing.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *method_text(const struct call *call, const char *name)
{
    const char *text = json_string_value(json_object_get(call->params, name));
    return text ? text : "";
}

int method_reply(struct call *call, const struct consult_record *r)
{
    json_t *described = NULL;
    uint32_t relations = 0;
    int status = consult_relations(call->service, r, call->caller, &relations);
    if (status == 0)
        status = consult_describe(call->service, r, consult_view(call->caller->roles, relations),
                                  &described);
    if (status < 0)
        return status;
    call->result = json_pack("{s:o}", "consultation", described);
    return call->result ? 0 : SQ_ERR_NOMEM;
}

int method_load(struct call *call, enum act act, struct method_work **out)
{
    struct method_work *w = calloc(1, sizeof(*w));
    *out = NULL;
    if (!w)
        return SQ_ERR_NOMEM;
    int status = consult_open(call, method_text(call, "id"), act, &w->r, &w->relations);
    if (status < 0) {
        free(w);
        return status;
    }
    w->how = consult_act_of(call);
    w->self = strcmp(w->r.applicant, call->caller->account) == 0
                  ? CONSULT_APPLICANT
                  : consult_record_member(&w->r, call->caller->account);
    *out = w;
    return 0;
}

void method_free(struct method_work *w)
{
    if (!w)
        return;
    consult_record_clear(&w->r);
    free(w);
}

int method_perform(struct call *call, struct method_work *w, const struct consult_event *e)
{
    return consult_explain(call, &w->r, consult_perform(&w->how, &w->r, e));
}

/* Ends the method: reply unless an error came before. */
int method_end(struct call *call, struct method_work *w, int status)
{
    if (status == 0)
        status = method_reply(call, &w->r);
    method_free(w);
    return status;
}

int method_entry(struct call *call, const struct method_work *w, const char *kind,
                 const json_t *body)
{
    struct consult_entry e = {.kind = kind, .author = call->caller->account, .body = body};
    int status = consult_entry_add(call->service, w->r.id, &e, call->utc_us);
    json_object_del(w->r.known, CONSULT_KNOWN_ENTRIES);
    if (status == SQ_ERR_LIMIT)
        return call_fail(call, status,
                         "Too much was written in the course of this consultation. Open a new one.",
                         "此会诊的过程记录已达上限，请另行发起会诊。");
    return status;
}

/* What the person wrote becomes an entry, and the reason of the consultation. */
static int keep_reason(struct call *call, struct method_work *w, const char *kind)
{
    const char *reason = method_text(call, "reason");
    if (!kind || !reason[0])
        return 0;
    free(w->r.reason);
    if (!(w->r.reason = strdup(reason)))
        return SQ_ERR_NOMEM;
    json_t *body = json_pack("{s:s}", "text", reason);
    int status = body ? method_entry(call, w, kind, body) : SQ_ERR_NOMEM;
    json_decref(body);
    return status;
}

/* ---- one event by the caller ---- */

/* `entry`: the kind under which the reason is kept; NULL: the method has none. */
static int one_event(struct call *call, enum act act, enum consult_event_type type,
                     const char *entry)
{
    struct method_work *w;
    int status = method_load(call, act, &w);
    if (status < 0)
        return status;
    struct consult_event e = {.type = type, .member = w->self};
    status = keep_reason(call, w, entry);
    if (status == 0)
        status = method_perform(call, w, &e);
    return method_end(call, w, status);
}

/* Who isn't rung hears the same of a consultation that rings for others and of none. */
static int answer_ring(struct call *call, enum act act, enum consult_event_type type,
                       const char *entry)
{
    int status = one_event(call, act, type, entry);
    return status != SQ_ERR_NOT_FOUND
               ? status
               : call_fail(call, status, "No such consultation rings for you. Load the list again.",
                           "没有正在呼叫您的此会诊，请刷新列表。");
}

static int accept_ring(struct call *call)
{
    return answer_ring(call, ACT_ACCEPT, CONSULT_ACCEPT, NULL);
}

static int refuse_ring(struct call *call)
{
    return answer_ring(call, ACT_REFUSE, CONSULT_REFUSE, "refused");
}

static int enter(struct call *call)
{
    struct method_work *w;
    int status = method_load(call, ACT_ENTER, &w);
    if (status < 0)
        return status;
    char *session =
        w->self == CONSULT_APPLICANT ? w->r.applicant_session : w->r.people[w->self].session;
    struct consult_event e = {.type = CONSULT_ENTER, .member = w->self};
    snprintf(session, ID_MAX, "%s", call->caller->session);
    return method_end(call, w, method_explain_enter(call, &w->r.step, method_perform(call, w, &e)));
}

static int leave(struct call *call)
{
    return one_event(call, ACT_ENTER, CONSULT_LEAVE, NULL);
}

static int end(struct call *call)
{
    return one_event(call, ACT_END, CONSULT_END, NULL);
}

static int cancel(struct call *call)
{
    return one_event(call, ACT_CANCEL, CONSULT_CANCEL, "cancelled");
}

static int acknowledge(struct call *call)
{
    return one_event(call, ACT_ACKNOWLEDGE, CONSULT_ACKNOWLEDGE, NULL);
}

static int archive(struct call *call)
{
    struct method_work *w;
    int status = method_load(call, ACT_ARCHIVE, &w);
    if (status < 0)
        return status;
    struct consult_event e = {.type = CONSULT_ARCHIVE, .member = w->self};
    status = method_explain_archive(call, &w->r.step, method_perform(call, w, &e));
    return method_end(call, w, status);
}

static int give_back(struct call *call)
{
    return one_event(call, ACT_RETURN, CONSULT_RETURN, "returned");
}

static int acknowledge_critical(struct call *call)
{
    return one_event(call, ACT_ACK_CRITICAL, CONSULT_CRITICAL_ACK, NULL);
}

static int go_live(struct call *call)
{
    return one_event(call, ACT_GO_LIVE, CONSULT_GO_LIVE, NULL);
}

/* ---- coordinators ---- */

/* The sides for which the caller speaks, as far as their word is still missing. */
static uint32_t sides_of(uint32_t relations)
{
    uint32_t sides = 0;
    if (relations & RIGHTS_BIT(RELATION_INVITING_COORDINATOR))
        sides |= CONSULT_NEEDS_INVITING;
    if (relations & RIGHTS_BIT(RELATION_INVITED_COORDINATOR))
        sides |= CONSULT_NEEDS_INVITED;
    return sides;
}

static int approve(struct call *call)
{
    struct method_work *w;
    int status = method_load(call, ACT_APPROVE, &w);
    if (status < 0)
        return status;
    struct consult_event e = {.type = CONSULT_APPROVE,
                              .member = CONSULT_NOBODY,
                              .needs = sides_of(w->relations) & w->r.step.approvals};
    if (w->r.step.state == CONSULT_SUBMITTED && !e.needs)
        status = call_fail(call, SQ_ERR_STATE,
                           "Your institution has nothing to approve here; the other side has to.",
                           "贵机构无需再审批，请等待对方机构审批。");
    else
        status = method_perform(call, w, &e);
    return method_end(call, w, status);
}

/* Is there an agreement now for what was asked without one? */
static int find_agreement(struct call *call, struct method_work *w, bool *found)
{
    struct directory_agreement agreement;
    struct consult_place *p = &w->r.place;
    int status = directory_agreement(call->service, p->institution, p->invited,
                                     consult_kind_name(w->r.step.kind), p->specialty, call->utc_us,
                                     &agreement);
    *found = status == 0;
    if (status == 0) {
        snprintf(p->agreement, ID_MAX, "%s", agreement.id);
        snprintf(p->inviting, ID_MAX, "%s", agreement.inviting);
        w->r.moved = true;
    }
    return status == SQ_ERR_NOT_FOUND ? 0 : status;
}

static int backfill(struct call *call)
{
    struct method_work *w;
    bool found = false;
    int status = method_load(call, ACT_BACKFILL, &w);
    if (status < 0)
        return status;
    uint32_t left = w->r.step.backfill.left;
    if (left & CONSULT_NEEDS_AGREEMENT)
        status = find_agreement(call, w, &found);
    struct consult_event e = {
        .type = CONSULT_BACKFILL,
        .member = CONSULT_NOBODY,
        .needs = (sides_of(w->relations) | (found ? CONSULT_NEEDS_AGREEMENT : 0)) & left};
    if (status == 0 && !e.needs && left)
        status = call_fail(call, SQ_ERR_STATE,
                           "Your side has done its part. What is left: the other side's approval, "
                           "the patient's consent, or an agreement in the directory.",
                           "本方已补办。尚缺：对方机构审批、患者知情同意，或机构间协议。");
    if (status == 0)
        status = method_perform(call, w, &e);
    return method_end(call, w, status);
}

int method_explain_place(struct call *call, int status)
{
    if (status == SQ_ERR_NOT_FOUND)
        return call_fail(call, status,
                         "There is no such panel, or none of this specialty in reach. Choose one "
                         "from the list of panels.",
                         "没有可用的专家组或所选专科，请从专家组列表中选择。");
    if (status == SQ_ERR_DENIED)
        return call_fail(call, status,
                         "No agreement in force lets your institution ask this one for this. "
                         "Choose another panel, or have the agreement concluded and entered.",
                         "两机构间没有涵盖此类会诊的有效协议。请另选专家组，或先签订并录入协议。");
    return status;
}

static int place(struct call *call, struct consult_record *r, uint32_t *approvals)
{
    struct consult_act how = consult_act_of(call);
    struct routing_wish wish = {method_text(call, "panelId"), method_text(call, "specialty")};
    return method_explain_place(call, routing_place(&how, r, &wish, approvals));
}

static bool names_place(const struct call *call)
{
    return method_text(call, "panelId")[0] || method_text(call, "specialty")[0];
}

static int triage(struct call *call)
{
    struct method_work *w;
    int status = method_load(call, ACT_TRIAGE, &w);
    if (status < 0)
        return status;
    struct consult_event e = {.type = CONSULT_TRIAGE,
                              .member = CONSULT_NOBODY,
                              .urgency = consult_urgency_parse(method_text(call, "urgency"))};
    enum consult_strategy strategy = consult_strategy_parse(method_text(call, "strategy"));
    if (e.urgency == CONSULT_URGENCY_COUNT)
        e.urgency = CONSULT_URGENCY_KEEP;
    bool open = w->r.step.state == CONSULT_APPROVED || w->r.step.state == CONSULT_TRIAGED;
    if (open && names_place(call))
        status = place(call, &w->r, &e.needs);
    if (strategy != CONSULT_STRATEGY_COUNT) {
        w->r.place.strategy = strategy;
        w->r.moved = true;
    }
    if (status == 0)
        status = method_perform(call, w, &e);
    return method_end(call, w, status);
}

static int reroute(struct call *call)
{
    struct method_work *w;
    int status = method_load(call, ACT_REROUTE, &w);
    if (status < 0)
        return status;
    struct consult_event e = {.type = CONSULT_REROUTE, .member = CONSULT_NOBODY};
    if (w->r.step.state == CONSULT_ROUTED && names_place(call))
        status = place(call, &w->r, &e.needs);
    if (status == 0)
        status = keep_reason(call, w, "rerouted");
    if (status == 0)
        status = method_perform(call, w, &e);
    return method_end(call, w, status);
}

static bool may_reopen(const struct consult *c)
{
    return c->state == CONSULT_REFUSED || c->state == CONSULT_EXPIRED ||
           c->state == CONSULT_NO_SHOW;
}

/* With a panel: the former one's people may all have refused. */
static int reopen(struct call *call)
{
    struct method_work *w;
    int status = method_load(call, ACT_REOPEN, &w);
    if (status < 0)
        return status;
    struct consult_event e = {.type = CONSULT_REOPEN, .member = CONSULT_NOBODY};
    if (may_reopen(&w->r.step) && names_place(call))
        status = place(call, &w->r, &e.needs);
    if (status == 0)
        status = keep_reason(call, w, "reopened");
    if (status == 0)
        status = method_perform(call, w, &e);
    return method_end(call, w, status);
}

/* ---- before, in and after the call ---- */

static bool all_ok(const json_t *checks)
{
    for (size_t i = 0; i < json_array_size(checks); i++)
        if (!json_is_true(json_object_get(json_array_get(checks, i), "ok")))
            return false;
    return true;
}

static int readiness(struct call *call)
{
    struct method_work *w;
    json_t *checks = json_object_get(call->params, "checks");
    int status = method_load(call, ACT_READINESS, &w);
    if (status < 0)
        return status;
    struct consult_event e = {
        .type = CONSULT_READY_CHECK, .member = w->self, .ready = all_ok(checks)};
    if (!e.ready) {
        json_t *body = json_pack("{s:O}", "checks", checks);
        status = body ? method_entry(call, w, "problem", body) : SQ_ERR_NOMEM;
        json_decref(body);
    }
    if (status == 0)
        status = method_perform(call, w, &e);
    return method_end(call, w, status);
}

static int text_entry(struct call *call, struct method_work *w, const char *kind)
{
    json_t *body = json_pack("{s:s}", "text", method_text(call, "text"));
    int status = body ? method_entry(call, w, kind, body) : SQ_ERR_NOMEM;
    json_decref(body);
    return status;
}

/* A guidance call leaves notes, no opinion; the last ones are written when it is over. */
static int note(struct call *call)
{
    struct method_work *w;
    int status = method_load(call, ACT_WRITE_NOTE, &w);
    if (status < 0)
        return status;
    enum consult_state state = w->r.step.state;
    bool now = state == CONSULT_ACCEPTED || state == CONSULT_IN_PROGRESS ||
               state == CONSULT_INTERRUPTED || state == CONSULT_ARCHIVED;
    if (w->r.step.kind != CONSULT_GUIDANCE || !now)
        status = consult_explain(call, &w->r, SQ_ERR_STATE);
    if (status == 0)
        status = text_entry(call, w, "note");
    if (status == 0)
        status = consult_touch(&w->how, &w->r);
    return method_end(call, w, status);
}

static int critical(struct call *call)
{
    struct method_work *w;
    struct consult_event e = {.type = CONSULT_CRITICAL, .member = CONSULT_NOBODY};
    int status = method_load(call, ACT_RAISE_CRITICAL, &w);
    if (status < 0)
        return status;
    status = text_entry(call, w, "critical");
    if (status == 0)
        status = method_perform(call, w, &e);
    return method_end(call, w, status);
}

/* The codes stand open for statistics, the words are sealed. */
static int keep_outcome(struct call *call, struct method_work *w)
{
    json_t *avoided = json_object_get(call->params, "avoidedTransfer");
    const char *concordance = method_text(call, "concordance");
    json_t *body = json_pack("{s:s, s:s, s:O}", "text", method_text(call, "outcome"), "concordance",
                             concordance, "avoidedTransfer", avoided);
    int status = body ? method_entry(call, w, "outcome", body) : SQ_ERR_NOMEM;
    json_decref(body);
    if (status == 0)
        status = STORE_RUN(call->service->store,
                           "UPDATE consultation SET concordance = $1, avoided_transfer = $2"
                           " WHERE id = $3",
                           sv_text(concordance), sv_int(json_is_true(avoided)), sv_text(w->r.id));
    return status < 0 ? status : 0;
}

static int outcome(struct call *call)
{
    struct method_work *w;
    struct consult_event e = {.type = CONSULT_OUTCOME, .member = CONSULT_APPLICANT};
    int status = method_load(call, ACT_OUTCOME, &w);
    if (status < 0)
        return status;
    status = keep_outcome(call, w);
    if (status == 0)
        status = method_perform(call, w, &e);
    return method_end(call, w, status);
}

/* ---- members ---- */

/* Whether this person may sit in it as `role`: by its roles, and by an agreement of its
 * institution. SQ_ERR_NOT_FOUND: there is nobody such. */
static int check_newcomer(struct call *call, const struct method_work *w, const char *account,
                          enum consult_role role)
{
    const struct consult_place *p = &w->r.place;
    struct directory_agreement agreement;
    char institution[ID_MAX] = "";
    uint32_t roles = 0;
    struct store_query q;
    STORE_QUERY(call->service->store, &q,
                "SELECT roles, institution FROM account WHERE id = $1 AND disabled = 0",
                sv_text(account));
    if (store_next(&q)) {
        roles = (uint32_t)store_int(&q, 0);
        store_copy_text(&q, 1, institution, ID_MAX);
    }
    int status = store_query_end(&q);
    bool fit = role == CONSULT_OBSERVER ? rights_allow(roles, RELATION_OBSERVER, ACT_LISTEN)
                                        : rights_allow(roles, RELATION_RUNG, ACT_ACCEPT);
    if (status < 0 || !fit)
        return status < 0 ? status : SQ_ERR_NOT_FOUND;
    if (strcmp(institution, p->invited) == 0 || strcmp(institution, p->institution) == 0)
        return 0;
    return directory_agreement(call->service, p->institution, institution,
                               consult_kind_name(w->r.step.kind), NULL, call->utc_us, &agreement);
}

static int add_member(struct call *call)
{
    struct method_work *w;
    const char *account = method_text(call, "accountId");
    int role = consult_role_parse(method_text(call, "role"));
    int status = method_load(call, ACT_ADD_MEMBER, &w);
    if (status < 0)
        return status;
    status = check_newcomer(call, w, account, (enum consult_role)role);
    if (status == SQ_ERR_NOT_FOUND || (status == 0 && strcmp(account, w->r.applicant) == 0))
        status =
            call_fail(call, SQ_ERR_NOT_FOUND,
                      "There is nobody such who may take part in this role. Choose somebody of "
                      "an institution under agreement.",
                      "没有可按此身份参加的人员，请选择协议机构内的人员。");
    struct consult_event e = {.type = CONSULT_ADD, .role = (enum consult_role)role};
    if (status == 0)
        e.member = status = routing_seat(&w->r, w->r.step.member_count, account, "");
    if (status >= 0)
        status = method_perform(call, w, &e);
    return method_end(call, w, status);
}

static int remove_member(struct call *call)
{
    struct method_work *w;
    int status = method_load(call, ACT_REMOVE_MEMBER, &w);
    if (status < 0)
        return status;
    struct consult_event e = {.type = CONSULT_REMOVE,
                              .member =
                                  consult_record_member(&w->r, method_text(call, "accountId"))};
    if (e.member == CONSULT_NOBODY)
        status = call_fail(call, SQ_ERR_NOT_FOUND, "This person does not take part. Load it again.",
                           "此人不在该会诊中，请刷新。");
    if (status == 0)
        status = keep_reason(call, w, "removed");
    if (status == 0)
        status = method_perform(call, w, &e);
    return method_end(call, w, status);
}

static const struct method methods[] = {
    {.name = "consultation.saveDraft", .flags = METHOD_WRITES, .handle = submit_save_draft},
    {.name = "consultation.drafts", .flags = METHOD_VIEWS, .handle = submit_drafts},
    {.name = "consultation.discard", .flags = METHOD_WRITES, .handle = submit_discard},
    {.name = "consultation.submit", .flags = METHOD_WRITES, .handle = submit_request},
    {.name = "consultation.get", .flags = METHOD_VIEWS, .handle = list_get},
    {.name = "consultation.list", .flags = METHOD_VIEWS, .handle = list_all},
    {.name = "consultation.approve", .flags = METHOD_WRITES, .handle = approve},
    {.name = "consultation.return", .flags = METHOD_WRITES, .handle = give_back},
    {.name = "consultation.triage", .flags = METHOD_WRITES, .handle = triage},
    {.name = "consultation.reroute", .flags = METHOD_WRITES, .handle = reroute},
    {.name = "consultation.reopen", .flags = METHOD_WRITES, .handle = reopen},
    {.name = "consultation.accept", .flags = METHOD_WRITES, .handle = accept_ring},
    {.name = "consultation.refuse", .flags = METHOD_WRITES, .handle = refuse_ring},
    {.name = "consultation.schedule", .flags = METHOD_WRITES, .handle = slots_schedule},
    {.name = "consultation.readiness", .flags = METHOD_WRITES, .handle = readiness},
    {.name = "consultation.enter", .flags = METHOD_WRITES, .handle = enter},
    {.name = "consultation.leave", .flags = METHOD_WRITES, .handle = leave},
    {.name = "consultation.end", .flags = METHOD_WRITES, .handle = end},
    {.name = "consultation.note", .flags = METHOD_WRITES, .handle = note},
    {.name = "consultation.cancel", .flags = METHOD_WRITES, .handle = cancel},
    {.name = "consultation.acknowledge", .flags = METHOD_WRITES, .handle = acknowledge},
    {.name = "consultation.outcome", .flags = METHOD_WRITES, .handle = outcome},
    {.name = "consultation.archive", .flags = METHOD_WRITES, .handle = archive},
    {.name = "consultation.addMember", .flags = METHOD_WRITES, .handle = add_member},
    {.name = "consultation.removeMember", .flags = METHOD_WRITES, .handle = remove_member},
    {.name = "consultation.backfill", .flags = METHOD_WRITES, .handle = backfill},
    {.name = "consultation.critical", .flags = METHOD_WRITES, .handle = critical},
    {.name = "consultation.acknowledgeCritical",
     .flags = METHOD_WRITES,
     .handle = acknowledge_critical},
    {.name = "consultation.goLive", .flags = METHOD_WRITES, .handle = go_live},
};
const struct method_table consult_method_table = {methods, sizeof(methods) / sizeof(methods[0])};
