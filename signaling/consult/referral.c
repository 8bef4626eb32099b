/* SPDX-License-Identifier: Apache-2.0 */
/* referral.*: a patient goes up to another institution, or down from one, and comes back with a
 * plan. The side machine of referral_step.h on stored rows. Who answers is the institution that
 * receives; who proposed may withdraw and closes. Refuses to know the consultation's own life. */
#include "signaling/consult/referral.h"
#include "shanqiao/error.h"
#include "signaling/audit/audit.h"
#include "signaling/consult/consult.h"
#include "signaling/consult/methods.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIST_MAX 50 /* the schema of referral.list says so too */
#define OPEN_MAX 4  /* referrals of one consultation that are not over */

/* ---- tell ---- */

struct told {
    size_t count;
    char accounts[2 * DIRECTORY_COORDINATORS_MAX + 3][ID_MAX];
};

static void add_told(struct told *t, const char *account)
{
    for (size_t i = 0; i < t->count; i++)
        if (strcmp(t->accounts[i], account) == 0)
            return;
    if (account[0] && t->count < sizeof(t->accounts) / sizeof(t->accounts[0]))
        snprintf(t->accounts[t->count++], ID_MAX, "%s", account);
}

static int add_desk(struct service *s, struct told *t, const char *institution)
{
    struct directory_accounts desk;
    int status = directory_coordinators(s, institution, &desk);
    for (size_t i = 0; status == 0 && i < desk.count; i++)
        add_told(t, desk.items[i]);
    return status == SQ_ERR_NOT_FOUND ? 0 : status;
}

/* `shared`: as far as the patient still consents to. */
static int add_people(struct service *s, struct told *t, const char *consultation, bool *shared)
{
    struct consult_record *c = calloc(1, sizeof(*c));
    int status = c ? consult_record_load(s, consultation, c) : SQ_ERR_NOMEM;
    if (status == 0) {
        add_told(t, c->applicant);
        add_told(t, consult_record_account(c, c->step.specialist));
        *shared = !consult_is_unshared(c);
        consult_record_clear(c);
    }
    free(c);
    return status;
}

static int tell(const struct consult_act *act, const struct referral_record *r)
{
    struct told t = {0};
    json_t *described = NULL;
    bool shared = false; /* if not, who may read it after all asks for it */
    add_told(&t, r->proposed_by);
    int status = add_people(act->service, &t, r->consultation, &shared);
    if (status == 0)
        status = add_desk(act->service, &t, r->from);
    if (status == 0)
        status = add_desk(act->service, &t, r->to);
    if (status == 0)
        status = referral_describe(act->service, r, shared, &described);
    for (size_t i = 0; i < t.count && status == 0; i++) {
        struct effect e = {.type = EFFECT_NOTIFY,
                           .method = "referral.state",
                           .params = json_pack("{s:O, s:s}", "referral", described, "by", act->by)};
        snprintf(e.account, ID_MAX, "%s", t.accounts[i]);
        snprintf(e.object, ID_MAX, "%s", r->id);
        status = e.params ? effects_add(act->effects, &e) : SQ_ERR_NOMEM;
    }
    json_decref(described);
    return status;
}

/* Steps, saves, tells. */
static int perform(const struct consult_act *act, struct referral_record *r,
                   const struct referral_event *e)
{
    struct referral_times times = referral_times_default();
    struct referral_told told;
    if (r->arrive_by_us > act->utc_us)
        times.arrival_us = r->arrive_by_us - act->utc_us;
    int status = referral_step(&r->step, e, &times, act->utc_us, &told);
    if (status == 0)
        status = referral_save(act->service, r);
    if (status == 0 && (told.state || told.remind))
        status = tell(act, r);
    if (status == 0 && told.armed) {
        struct effect armed = {.type = EFFECT_DEADLINE, .at_utc_us = r->step.deadline_utc_us};
        snprintf(armed.object, ID_MAX, "%s", r->id);
        status = effects_add(act->effects, &armed);
    }
    return status;
}

int referral_due(const struct consult_act *act, const char *id)
{
    struct referral_record r;
    struct referral_event e = {.type = REFERRAL_TIMEOUT};
    struct audit_act row = {.utc_us = act->utc_us, .act = "referral.timeout", .object = id};
    int status = referral_load(act->service, id, &r);
    if (status == 0 && r.step.deadline_utc_us <= act->utc_us)
        status = perform(act, &r, &e);
    if (status == 0) {
        row.detail = referral_state_name(r.step.state);
        status = audit_append(act->service->store, &row);
    }
    referral_clear(&r);
    return status;
}

/* ---- rights ---- */

enum side { SIDE_FROM = 1, SIDE_TO = 2 };

/* How the caller stands to a referral. */
struct standing {
    uint32_t relations;
    unsigned sides;
    bool words; /* may read what doctors wrote: the patient still shares it, or it is their own */
};

/* Does the caller speak for the institution: works there, or coordinates for it? */
static int speaks_for(struct call *call, const char *institution, bool *out)
{
    struct directory_accounts desk;
    *out = strcmp(call->caller->institution, institution) == 0;
    if (*out || !(call->caller->roles & ROLE_COORDINATOR))
        return 0;
    int status = directory_coordinators(call->service, institution, &desk);
    for (size_t i = 0; status == 0 && i < desk.count; i++)
        *out = *out || strcmp(desk.items[i], call->caller->account) == 0;
    return status == SQ_ERR_NOT_FOUND ? 0 : status;
}

static int standing_of(struct call *call, const struct referral_record *r, struct standing *out)
{
    struct consult_record *c = calloc(1, sizeof(*c));
    bool from = false, to = false;
    int status = c ? consult_record_load(call->service, r->consultation, c) : SQ_ERR_NOMEM;
    *out = (struct standing){0};
    if (status == 0)
        status = consult_relations(call->service, c, call->caller, &out->relations);
    if (status == 0)
        out->words = !consult_is_unshared(c) ||
                     rights_allow_any(call->caller->roles, out->relations, ACT_SEE_CLINICAL);
    if (c)
        consult_record_clear(c);
    free(c);
    if (status == 0)
        status = speaks_for(call, r->from, &from);
    if (status == 0)
        status = speaks_for(call, r->to, &to);
    out->sides = (from ? SIDE_FROM : 0u) | (to ? SIDE_TO : 0u);
    if (from)
        out->relations |= RIGHTS_BIT(RELATION_INVITING_COORDINATOR);
    if (to)
        out->relations |= RIGHTS_BIT(RELATION_INVITED_COORDINATOR);
    return status;
}

static int open_referral(struct call *call, enum act act, struct referral_record *r,
                         struct standing *own)
{
    uint32_t roles = call->caller->roles;
    int status = referral_load(call->service, method_text(call, "id"), r);
    if (status == 0)
        status = standing_of(call, r, own);
    if (status == 0 && !own->relations)
        status = SQ_ERR_NOT_FOUND;
    else if (status == 0 && !rights_allow_any(roles, own->relations, act))
        status =
            rights_allow_any(roles, own->relations, ACT_SEE) ? SQ_ERR_DENIED : SQ_ERR_NOT_FOUND;
    if (status == 0)
        snprintf(call->audit_object, sizeof(call->audit_object), "%s", r->id);
    return status;
}

/* ---- methods ---- */

static int reply(struct call *call, const struct referral_record *r, bool words)
{
    json_t *described = NULL;
    int status = referral_describe(call->service, r, words, &described);
    if (status < 0)
        return status;
    call->result = json_pack("{s:o}", "referral", described);
    return call->result ? 0 : SQ_ERR_NOMEM;
}

static int explain(struct call *call, const struct referral_record *r, int error)
{
    if (error != SQ_ERR_STATE)
        return error;
    snprintf(call->message_en, sizeof(call->message_en),
             "This is not possible while the referral is \"%s\". Load it again.",
             referral_state_name(r->step.state));
    snprintf(call->message_zh, sizeof(call->message_zh),
             "转诊当前状态（%s）不允许此操作，请刷新后再试。", referral_state_name(r->step.state));
    return error;
}

/* `text`: where params.reason or params.plan is kept; REFERRAL_TEXTS: nowhere. */
static int one_event(struct call *call, enum referral_event_type type, enum side side,
                     enum referral_text text)
{
    struct referral_record r;
    struct referral_event e = {.type = type};
    struct consult_act how = consult_act_of(call);
    struct standing own = {0};
    int status = open_referral(call, ACT_ANSWER_REFERRAL, &r, &own);
    if (status == 0 && !(own.sides & side))
        status =
            call_fail(call, SQ_ERR_DENIED, "The other institution does this. Wait for its word.",
                      "此操作由对方机构完成，请等待。");
    if (status == 0 && type == REFERRAL_ACCEPT && !own.words)
        status = call_fail(call, SQ_ERR_DENIED,
                           "The patient took back the consent to share the record. Refuse the "
                           "referral, or have the inviting side record a new consent.",
                           "患者已撤回共享病历的知情同意，不能接收转诊。请拒绝，或请申请方重新"
                           "取得同意。");
    const char *given = method_text(call, text == REFERRAL_PLAN_BACK ? "plan" : "reason");
    if (status == 0 && text != REFERRAL_TEXTS && given[0]) {
        free(r.texts[text]);
        if (!(r.texts[text] = strdup(given)))
            status = SQ_ERR_NOMEM;
    }
    if (status == 0)
        status = explain(call, &r, perform(&how, &r, &e));
    if (status == 0)
        status = reply(call, &r, own.words);
    referral_clear(&r);
    return status;
}

static int accept_patient(struct call *call)
{
    return one_event(call, REFERRAL_ACCEPT, SIDE_TO, REFERRAL_TEXTS);
}

static int refuse(struct call *call)
{
    return one_event(call, REFERRAL_REFUSE, SIDE_TO, REFERRAL_REASON);
}

static int withdraw(struct call *call)
{
    return one_event(call, REFERRAL_WITHDRAW, SIDE_FROM, REFERRAL_REASON);
}

static int arrive(struct call *call)
{
    return one_event(call, REFERRAL_ARRIVE, SIDE_TO, REFERRAL_TEXTS);
}

static int discharge(struct call *call)
{
    return one_event(call, REFERRAL_DISCHARGE, SIDE_TO, REFERRAL_PLAN_BACK);
}

static int close_referral(struct call *call)
{
    return one_event(call, REFERRAL_CLOSE, SIDE_FROM, REFERRAL_TEXTS);
}

static int get(struct call *call)
{
    struct referral_record r;
    struct standing own = {0};
    int status = open_referral(call, ACT_SEE_CLINICAL, &r, &own);
    if (status == 0)
        status = reply(call, &r, own.words);
    referral_clear(&r);
    return status;
}

/* ---- propose ---- */

/* Up does not lead to a lower level, down not to a higher one; either may lead to the same one. */
static int check_levels(struct call *call, const struct referral_record *r,
                        enum referral_direction direction)
{
    struct store_query q;
    bool exists = false, fits = false;
    STORE_QUERY(call->service->store, &q,
                "SELECT t.level - f.level FROM institution t, institution f"
                " WHERE t.id = $1 AND f.id = $2",
                sv_text(r->to), sv_text(r->from));
    if ((exists = store_next(&q))) {
        int64_t rise = store_int(&q, 0);
        fits = direction == REFERRAL_UP ? rise >= 0 : rise <= 0;
    }
    int status = store_query_end(&q);
    if (status == 0 && exists && !fits)
        return call_fail(call, SQ_ERR_INVALID,
                         "The institution lies in the other direction. Change the direction, or "
                         "choose another institution.",
                         "所选机构级别与转诊方向（上转/下转）不符，请更改方向或另选机构。");
    if (status == 0 && (!exists || strcmp(r->to, r->from) == 0))
        return call_fail(call, SQ_ERR_NOT_FOUND,
                         "There is no such institution to refer to. Choose one from the directory.",
                         "没有可转往的此机构，请从目录中选择。");
    return status;
}

static int check_open(struct call *call, const struct referral_record *r)
{
    struct store_query q;
    int64_t open = 0;
    STORE_QUERY(call->service->store, &q,
                "SELECT COUNT(*) FROM referral WHERE consultation = $1 AND state IN ('proposed',"
                " 'accepted', 'arrived', 'discharged')",
                sv_text(r->consultation));
    if (store_next(&q))
        open = store_int(&q, 0);
    int status = store_query_end(&q);
    if (status == 0 && open >= OPEN_MAX)
        return call_fail(call, SQ_ERR_LIMIT,
                         "Too many referrals are open here. Withdraw one first.",
                         "未结束的转诊过多，请先撤回。");
    return status;
}

static int fill_proposal(struct call *call, const struct consult_record *c,
                         struct referral_record *r)
{
    const char *by = method_text(call, "arriveBy");
    enum referral_direction direction = referral_direction_parse(method_text(call, "direction"));
    bool up = direction == REFERRAL_UP;
    memset(r, 0, sizeof(*r));
    referral_init(&r->step);
    store_new_id(r->id, "ref");
    snprintf(r->consultation, ID_MAX, "%s", c->id);
    snprintf(r->from, ID_MAX, "%s", up ? c->place.institution : call->caller->institution);
    snprintf(r->to, ID_MAX, "%s", method_text(call, "toInstitution"));
    snprintf(r->proposed_by, ID_MAX, "%s", call->caller->account);
    snprintf(call->audit_object, sizeof(call->audit_object), "%s", r->id);
    if (by[0] && !service_time_parse(by, &r->arrive_by_us))
        return call_fail(call, SQ_ERR_INVALID, "arriveBy is no time of the calendar.",
                         "到达时间无效。");
    if (by[0] && r->arrive_by_us <= call->utc_us)
        return call_fail(call, SQ_ERR_INVALID, "arriveBy is past. Give a time to come.",
                         "到达时间已过，请填写将来的时间。");
    if (!(r->texts[REFERRAL_PLAN] = strdup(method_text(call, "plan"))))
        return SQ_ERR_NOMEM;
    int status = check_levels(call, r, direction);
    return status < 0 ? status : check_open(call, r);
}

/* Its plan tells of the patient. An emergency does not wait for the consent. */
static int check_shared(struct call *call, const struct consult_record *c)
{
    if (c->step.consent & CONSULT_CONSENT_SHARE || c->step.kind == CONSULT_EMERGENCY)
        return 0;
    return call_fail(call, SQ_ERR_DENIED,
                     "The patient does not consent that the record goes elsewhere. Open a new "
                     "consultation once they do.",
                     "患者未同意共享病历，不能转出资料；取得同意后请重新发起会诊。");
}

static int propose(struct call *call)
{
    struct referral_record r = {0};
    struct consult_act how = consult_act_of(call);
    struct referral_event e = {.type = REFERRAL_PROPOSE,
                               .direction =
                                   referral_direction_parse(method_text(call, "direction"))};
    struct consult_record *c = calloc(1, sizeof(*c));
    int status = c ? consult_open(call, method_text(call, "consultationId"), ACT_REFER, c, NULL)
                   : SQ_ERR_NOMEM;
    if (status == 0) {
        status = check_shared(call, c);
        if (status == 0)
            status = fill_proposal(call, c, &r);
        consult_record_clear(c);
    }
    free(c);
    if (status == 0)
        status = explain(call, &r, perform(&how, &r, &e));
    if (status == 0)
        status = reply(call, &r, true);
    referral_clear(&r);
    return status;
}

/* ---- list ---- */

/* Of one consultation that the caller may see, or of the caller's institution. */
static int find(struct call *call, const struct method_mark *after, int64_t limit,
                struct store_query *q)
{
    const char *consultation = method_text(call, "consultationId");
    if (!consultation[0]) {
        bool answers = rights_allow_any(
            call->caller->roles, RIGHTS_BIT(RELATION_INVITED_COORDINATOR), ACT_ANSWER_REFERRAL);
        STORE_QUERY(
            call->service->store, q,
            REFERRAL_COLUMNS " WHERE (r.from_institution = $1 OR r.to_institution = $1 OR"
                             " r.proposed_by = $2) AND (r.proposed_us < $3 OR (r.proposed_us = $3"
                             " AND r.id > $4)) ORDER BY r.proposed_us DESC, r.id LIMIT $5",
            sv_text(answers ? call->caller->institution : NULL), sv_text(call->caller->account),
            sv_int(after->utc_us), sv_text(after->id), sv_int(limit));
        return 0;
    }
    struct consult_record *c = calloc(1, sizeof(*c));
    int status = c ? consult_open(call, consultation, ACT_SEE_CLINICAL, c, NULL) : SQ_ERR_NOMEM;
    if (status == 0)
        consult_record_clear(c);
    free(c);
    if (status == 0)
        STORE_QUERY(call->service->store, q,
                    REFERRAL_COLUMNS " WHERE r.consultation = $1 AND (r.proposed_us < $2 OR"
                                     " (r.proposed_us = $2 AND r.id > $3))"
                                     " ORDER BY r.proposed_us DESC, r.id LIMIT $4",
                    sv_text(consultation), sv_int(after->utc_us), sv_text(after->id),
                    sv_int(limit));
    return status;
}

struct page {
    json_t *rows;
    struct method_mark last;
    bool more;
};

static int add_row(struct call *call, const struct store_query *q, struct page *page)
{
    struct referral_record r = {0};
    struct standing own = {0};
    json_t *described = NULL;
    int status = referral_read(call->service, q, &r);
    if (status == 0)
        status = standing_of(call, &r, &own);
    if (status == 0)
        status = referral_describe(call->service, &r, own.words, &described);
    if (status == 0 && json_array_append_new(page->rows, described) != 0)
        status = SQ_ERR_NOMEM;
    page->last.utc_us = r.step.proposed_utc_us;
    memcpy(page->last.id, r.id, ID_MAX);
    referral_clear(&r);
    return status;
}

static int fill_page(struct call *call, const struct method_mark *after, struct page *page)
{
    struct store_query q;
    size_t limit = method_limit(call, LIST_MAX);
    int status = find(call, after, (int64_t)limit + 1, &q);
    if (status < 0)
        return status;
    while (status == 0 && store_next(&q)) {
        page->more = json_array_size(page->rows) == limit;
        if (page->more)
            break;
        status = add_row(call, &q, page);
    }
    int ended = store_query_end(&q);
    return status < 0 ? status : ended;
}

static int list(struct call *call)
{
    char mark[METHOD_MARK_MAX];
    struct method_mark after;
    struct page page = {.rows = json_array()};
    int status = page.rows ? method_mark_read(call, &after) : SQ_ERR_NOMEM;
    if (status == 0)
        status = fill_page(call, &after, &page);
    if (status == 0 &&
        !(call->result = json_pack("{s:O, s:b}", "referrals", page.rows, "more", (int)page.more)))
        status = SQ_ERR_NOMEM;
    if (status == 0 && page.more)
        json_object_set_new(call->result, "cursor",
                            json_string(method_mark_text(&page.last, mark)));
    json_decref(page.rows);
    return status;
}

static const struct method methods[] = {
    {.name = "referral.propose", .flags = METHOD_WRITES, .handle = propose},
    {.name = "referral.get", .flags = METHOD_VIEWS, .handle = get},
    {.name = "referral.list", .flags = METHOD_VIEWS, .handle = list},
    {.name = "referral.accept", .flags = METHOD_WRITES, .handle = accept_patient},
    {.name = "referral.refuse", .flags = METHOD_WRITES, .handle = refuse},
    {.name = "referral.withdraw", .flags = METHOD_WRITES, .handle = withdraw},
    {.name = "referral.arrive", .flags = METHOD_WRITES, .handle = arrive},
    {.name = "referral.discharge", .flags = METHOD_WRITES, .handle = discharge},
    {.name = "referral.close", .flags = METHOD_WRITES, .handle = close_referral},
};
const struct method_table referral_method_table = {methods, sizeof(methods) / sizeof(methods[0])};
