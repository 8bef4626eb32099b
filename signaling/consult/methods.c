/* SPDX-License-Identifier: Apache-2.0 */
/* The methods consultation.*: rights, load, one event, reply. People outside are told that there is
 * no such consultation, whether there is one or not. */
#include "shanqiao/error.h"
#include "signaling/consult/consult.h"
#include "signaling/consult/perform.h"
#include "signaling/duty/duty.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(DUTY_RUNG_MAX <= CONSULT_MEMBERS_MAX, "all on the roster can be rung");

#define OPEN_MAX       20           /* consultations of one applicant that are not over */
#define LIST_MAX       50           /* the schema of consultation.list says so too */
#define LIST_BYTES_MAX (160 * 1024) /* of the sealed texts: leaves room in a message of 256 KiB */

static const char *param(const struct call *call, const char *name)
{
    const char *text = json_string_value(json_object_get(call->params, name));
    return text ? text : "";
}

static struct consult_act act_of(struct call *call)
{
    return (struct consult_act){.service = call->service,
                                .effects = &call->effects,
                                .by = call->caller->account,
                                .utc_us = call->utc_us};
}

/* Loads what the caller may do `act` on. Those who may not even see it get SQ_ERR_NOT_FOUND, the
 * others who may not do it SQ_ERR_DENIED. */
static int load_for(struct call *call, enum act act, struct consult_record *r)
{
    int status = consult_record_load(call->service, param(call, "id"), r);
    if (status < 0)
        return status;
    enum relation relation = consult_record_relation(r, call->caller->account);
    uint32_t roles = call->caller->roles;
    if (rights_allow(roles, relation, act)) {
        snprintf(call->audit_object, sizeof(call->audit_object), "%s", r->id);
        return 0;
    }
    consult_record_clear(r);
    return rights_allow(roles, relation, ACT_SEE) ? SQ_ERR_DENIED : SQ_ERR_NOT_FOUND;
}

static int reply(struct call *call, const struct consult_record *r)
{
    json_t *described = NULL;
    int status = consult_describe(call->service, r, &described);
    if (status < 0)
        return status;
    call->result = json_pack("{s:o}", "consultation", described);
    return call->result ? 0 : SQ_ERR_NOMEM;
}

static int explain(struct call *call, const struct consult_record *r, int status)
{
    if (status == SQ_ERR_CONFLICT && r->step.specialist != CONSULT_NOBODY)
        return call_fail(
            call, status,
            "Another specialist accepted this consultation first. There is nothing left to do.",
            "已有其他专家先接诊，您无需再操作。");
    if (status == SQ_ERR_STATE) {
        snprintf(call->message_en, sizeof(call->message_en),
                 "This is not possible while the consultation is \"%s\". Load it again.",
                 consult_state_name(r->step.state));
        snprintf(call->message_zh, sizeof(call->message_zh),
                 "会诊当前状态（%s）不允许此操作，请刷新后再试。",
                 consult_state_name(r->step.state));
    }
    return status;
}

/* Most methods: one event on one consultation. */
static int one_event(struct call *call, enum act act, struct consult_event e)
{
    struct consult_record *r = malloc(sizeof(*r));
    if (!r)
        return SQ_ERR_NOMEM;
    int status = load_for(call, act, r);
    if (status < 0) {
        free(r);
        return status;
    }
    struct consult_act how = act_of(call);
    const char *reason = param(call, "reason");
    bool applicant = strcmp(r->applicant, call->caller->account) == 0;
    e.member = applicant ? CONSULT_APPLICANT : consult_record_member(r, call->caller->account);
    if (reason[0]) {
        free(r->reason);
        if (!(r->reason = strdup(reason)))
            status = SQ_ERR_NOMEM;
    }
    if (e.type == CONSULT_ENTER)
        snprintf(r->sessions[applicant ? SEAT_APPLICANT : SEAT_SPECIALIST], ID_MAX, "%s",
                 call->caller->session);
    if (status == 0)
        status = explain(call, r, consult_perform(&how, r, &e));
    if (status == 0)
        status = reply(call, r);
    consult_record_clear(r);
    free(r);
    return status;
}

/* Who isn't rung hears the same of a consultation that rings for others and of none. */
static int answer_ring(struct call *call, enum act act, enum consult_event_type type)
{
    int status = one_event(call, act, (struct consult_event){.type = type});
    return status != SQ_ERR_NOT_FOUND
               ? status
               : call_fail(call, status, "No such consultation rings for you. Load the list again.",
                           "没有正在呼叫您的此会诊，请刷新列表。");
}

static int accept_ring(struct call *call)
{
    return answer_ring(call, ACT_ACCEPT, CONSULT_ACCEPT);
}

static int refuse_ring(struct call *call)
{
    return answer_ring(call, ACT_REFUSE, CONSULT_REFUSE);
}

static int enter(struct call *call)
{
    return one_event(call, ACT_ENTER, (struct consult_event){.type = CONSULT_ENTER});
}

static int leave(struct call *call)
{
    return one_event(call, ACT_ENTER, (struct consult_event){.type = CONSULT_LEAVE});
}

static int end(struct call *call)
{
    return one_event(call, ACT_END, (struct consult_event){.type = CONSULT_END});
}

static int cancel(struct call *call)
{
    return one_event(call, ACT_CANCEL, (struct consult_event){.type = CONSULT_CANCEL});
}

static int acknowledge(struct call *call)
{
    return one_event(call, ACT_ACKNOWLEDGE, (struct consult_event){.type = CONSULT_ACKNOWLEDGE});
}

static int archive(struct call *call)
{
    return one_event(call, ACT_ACKNOWLEDGE, (struct consult_event){.type = CONSULT_ARCHIVE});
}

static int get(struct call *call)
{
    struct consult_record *r = malloc(sizeof(*r));
    int status = r ? load_for(call, ACT_SEE, r) : SQ_ERR_NOMEM;
    if (status == 0) {
        status = reply(call, r);
        consult_record_clear(r);
    }
    free(r);
    return status;
}

/* ---- submit ---- */

static int check_submit(struct call *call)
{
    struct store_query q;
    int64_t open = 0;
    if (!rights_allow(call->caller->roles, RELATION_NONE, ACT_SUBMIT))
        return call_fail(call, SQ_ERR_DENIED,
                         "Only village doctors submit consultations. Ask your administrator if you "
                         "should be one.",
                         "只有基层医生可以提交会诊申请；需要时请联系管理员。");
    STORE_QUERY(call->service->store, &q, "SELECT 1 FROM panel WHERE id = $1",
                sv_text(param(call, "panelId")));
    bool found = store_next(&q);
    int status = store_query_end(&q);
    if (status == 0 && !found)
        return call_fail(call, SQ_ERR_NOT_FOUND, "There is no such panel. Load the list again.",
                         "没有这个专家组，请刷新列表。");
    if (status < 0)
        return status;
    STORE_QUERY(call->service->store, &q,
                "SELECT COUNT(*) FROM consultation WHERE applicant = $1 AND state NOT IN"
                " ('archived', 'cancelled', 'expired', 'refused', 'no_show', 'delivered',"
                " 'acknowledged')",
                sv_text(call->caller->account));
    if (store_next(&q))
        open = store_int(&q, 0);
    status = store_query_end(&q);
    if (status == 0 && open >= OPEN_MAX)
        return call_fail(call, SQ_ERR_LIMIT,
                         "Too many consultations are open. End or cancel some first.",
                         "未结束的会诊过多，请先结束或取消部分会诊。");
    return status;
}

static int fill_new(struct call *call, struct consult_record *r)
{
    static const char *const not_clinical[] = {"kind", "panelId", "urgency"};
    memset(r, 0, sizeof(*r));
    consult_init(&r->step, CONSULT_LIVE);
    store_new_id(r->id, "con");
    snprintf(r->kind, sizeof(r->kind), "%s", param(call, "kind"));
    snprintf(r->urgency, sizeof(r->urgency), "%s", param(call, "urgency"));
    snprintf(r->panel, sizeof(r->panel), "%s", param(call, "panelId"));
    snprintf(r->applicant, sizeof(r->applicant), "%s", call->caller->account);
    snprintf(call->audit_object, sizeof(call->audit_object), "%s", r->id);
    if (!(r->request = json_copy(call->params)))
        return SQ_ERR_NOMEM;
    for (size_t i = 0; i < sizeof(not_clinical) / sizeof(not_clinical[0]); i++)
        json_object_del(r->request, not_clinical[i]);
    return 0;
}

static int route(struct call *call, struct consult_record *r)
{
    struct duty_roster roster = {0};
    struct consult_act how = act_of(call);
    int first = r->step.member_count;
    int status = r->step.plan.level > 0
                     ? 0
                     : duty_roster(call->service, r->panel, r->applicant, call->utc_us, &roster);
    for (size_t i = 0; status == 0 && i < roster.count; i++)
        snprintf(r->rung[first + (int)i], ID_MAX, "%s", roster.accounts[i]);
    struct consult_event e = {.type = CONSULT_ROUTE,
                              .route = {.added = (int)roster.count, .chair = CONSULT_NOBODY}};
    return status < 0 ? status : consult_perform(&how, r, &e);
}

/* What follows without anybody's doing. */
static int go_on(struct call *call, struct consult_record *r)
{
    struct consult_act how = act_of(call);
    int status = 0;
    enum consult_event_type next;
    while (status == 0 && (next = consult_next(&r->step)) != CONSULT_EVENT_COUNT) {
        struct consult_event e = {.type = next};
        status = next == CONSULT_ROUTE ? route(call, r) : consult_perform(&how, r, &e);
    }
    return status;
}

static int submit(struct call *call)
{
    int status = check_submit(call);
    if (status < 0)
        return status;
    struct consult_record *r = malloc(sizeof(*r));
    if (!r)
        return SQ_ERR_NOMEM;
    struct consult_act how = act_of(call);
    struct consult_event consent = {.type = CONSULT_CONSENT, .consent = CONSULT_CONSENT_SHARE};
    struct consult_event e = {.type = CONSULT_SUBMIT};
    status = fill_new(call, r);
    if (status == 0)
        status = consult_perform(&how, r, &consent);
    if (status == 0)
        status = consult_perform(&how, r, &e);
    if (status == 0)
        status = go_on(call, r);
    if (status == 0)
        status = reply(call, r);
    consult_record_clear(r);
    free(r);
    return status;
}

/* ---- list ---- */

struct found {
    char ids[LIST_MAX + 1][ID_MAX];
    size_t count;
    bool more;
};

/* A ring that is on (0) belongs to a routed consultation: consult_step stops the others. */
#define LIST_OF_ACCOUNT                                                                            \
    "SELECT c.id, LENGTH(c.sealed_request) FROM consultation c WHERE c.id IN ("                    \
    "SELECT id FROM consultation WHERE applicant = $1"                                             \
    " UNION SELECT id FROM consultation WHERE specialist = $1"                                     \
    " UNION SELECT consultation FROM ring WHERE account = $1 AND state = 0)"

static int find_ids(struct call *call, bool active, struct found *out)
{
    struct store_query q;
    int64_t bytes = 0;
    out->count = 0;
    out->more = false;
    if (active)
        STORE_QUERY(call->service->store, &q,
                    LIST_OF_ACCOUNT " AND c.state NOT IN ('archived', 'cancelled', 'expired',"
                                    " 'refused', 'no_show')"
                                    " ORDER BY c.submitted_us DESC, c.id",
                    sv_text(call->caller->account));
    else
        STORE_QUERY(call->service->store, &q, LIST_OF_ACCOUNT " ORDER BY c.submitted_us DESC, c.id",
                    sv_text(call->caller->account));
    while (store_next(&q)) {
        bytes += store_int(&q, 1);
        if (out->count == LIST_MAX || (out->count > 0 && bytes > LIST_BYTES_MAX)) {
            out->more = true;
            break;
        }
        store_copy_text(&q, 0, out->ids[out->count++], ID_MAX);
    }
    return store_query_end(&q);
}

static int append_described(struct service *s, json_t *list, const char *id,
                            struct consult_record *r)
{
    json_t *described = NULL;
    int status = consult_record_load(s, id, r);
    if (status < 0)
        return status;
    status = consult_describe(s, r, &described);
    consult_record_clear(r);
    if (status == 0 && json_array_append_new(list, described) != 0)
        status = SQ_ERR_NOMEM;
    return status;
}

static int list(struct call *call)
{
    bool active = json_is_true(json_object_get(call->params, "active"));
    struct consult_record *r = malloc(sizeof(*r));
    json_t *rows = json_array();
    struct found found;
    int status = r && rows ? find_ids(call, active, &found) : SQ_ERR_NOMEM;
    for (size_t i = 0; status == 0 && i < found.count; i++)
        status = append_described(call->service, rows, found.ids[i], r);
    if (status == 0 &&
        !(call->result = json_pack("{s:O, s:b}", "consultations", rows, "more", (int)found.more)))
        status = SQ_ERR_NOMEM;
    json_decref(rows);
    free(r);
    return status;
}

static const struct method methods[] = {
    {.name = "consultation.submit", .flags = METHOD_WRITES, .handle = submit},
    {.name = "consultation.get", .flags = METHOD_READS, .handle = get},
    {.name = "consultation.list", .flags = METHOD_READS, .handle = list},
    {.name = "consultation.accept", .flags = METHOD_WRITES, .handle = accept_ring},
    {.name = "consultation.refuse", .flags = METHOD_WRITES, .handle = refuse_ring},
    {.name = "consultation.enter", .flags = METHOD_WRITES, .handle = enter},
    {.name = "consultation.leave", .flags = METHOD_WRITES, .handle = leave},
    {.name = "consultation.end", .flags = METHOD_WRITES, .handle = end},
    {.name = "consultation.cancel", .flags = METHOD_WRITES, .handle = cancel},
    {.name = "consultation.acknowledge", .flags = METHOD_WRITES, .handle = acknowledge},
    {.name = "consultation.archive", .flags = METHOD_WRITES, .handle = archive},
};
const struct method_table consult_method_table = {methods, sizeof(methods) / sizeof(methods[0])};
