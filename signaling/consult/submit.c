/* SPDX-License-Identifier: Apache-2.0 */
/* Drafts, and consultation.submit: the completeness gate, where it goes, consent. A draft that was
 * never submitted is a row of its own; its id becomes the consultation's. A returned consultation
 * is its own draft. */
#include "shanqiao/error.h"
#include "signaling/consent/consent.h"
#include "signaling/consult/completeness.h"
#include "signaling/consult/methods.h"
#include "signaling/consult/routing.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include "signaling/store/vault.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPEN_MAX 20 /* consultations of one applicant that are not over; no emergencies */
#define OPEN_READINGS_MAX                                                                          \
    200               /* that wait for their report: an X-ray room sends many, and counts apart */
#define DRAFTS_MAX 20 /* of one applicant; the schema of consultation.drafts says so too */

/* ---- the gate ---- */

static bool says_something(const json_t *value)
{
    if (json_is_string(value))
        return json_string_value(value)[strspn(json_string_value(value), " \t\r\n")] != '\0';
    return json_is_integer(value) || json_is_true(value) || json_array_size(value) > 0 ||
           json_object_size(value) > 0;
}

/* "patient.name" */
static const json_t *at_path(const json_t *request, const char *path)
{
    const char *dot = strchr(path, '.');
    char first[CONSULT_MISSING_MAX];
    if (!dot)
        return json_object_get(request, path);
    snprintf(first, sizeof(first), "%.*s", (int)(dot - path), path);
    return json_object_get(json_object_get(request, first), dot + 1);
}

static int filled_of(struct service *s, const json_t *request, const char *id, uint32_t *filled)
{
    bool material = false;
    *filled = 0;
    for (int i = 0; i < CONSULT_FIELD_COUNT; i++)
        if (says_something(at_path(request, consult_field_name((enum consult_field)i))))
            *filled |= consult_field_bit((enum consult_field)i);
    if (says_something(json_object_get(request, "specialty")) ||
        says_something(json_object_get(request, "panelId")))
        *filled |= consult_field_bit(CONSULT_FIELD_PANEL);
    if (says_something(json_object_get(request, "wantedTitle")))
        *filled |= consult_field_bit(CONSULT_FIELD_TITLE);
    int status = consult_has_material(s, id, &material);
    if (material)
        *filled |= consult_field_bit(CONSULT_FIELD_MATERIAL);
    return status;
}

/* Materials are not asked for here: they are uploaded to a consultation that exists, and a bad link
 * may not hold the request back. A reading waits for its first one before anybody is asked to read
 * it (consult/material.c). */
static uint32_t missing_of(const struct consult *c, uint32_t filled)
{
    return consult_missing(c->kind, c->needs, filled) & ~consult_field_bit(CONSULT_FIELD_MATERIAL);
}

static int refuse_incomplete(struct call *call, uint32_t missing)
{
    char en[CONSULT_MISSING_MAX], zh[CONSULT_MISSING_MAX];
    consult_missing_text(missing, en, zh);
    return call_fail(call, SQ_ERR_INVALID, en, zh);
}

/* ---- drafts ---- */

static int seal_draft(struct call *call, const char *id, const json_t *request)
{
    struct vault_place place = {"consultation_draft", id, "sealed_request"};
    uint8_t *sealed = NULL;
    size_t len = 0;
    char *text = json_dumps(request, JSON_COMPACT);
    int status = text ? vault_seal(call->service->vault, &place, text, strlen(text), &sealed, &len)
                      : SQ_ERR_NOMEM;
    free(text);
    if (status == 0)
        status = STORE_RUN(call->service->store,
                           "INSERT INTO consultation_draft (id, applicant, saved_us,"
                           " sealed_request) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO UPDATE"
                           " SET saved_us = excluded.saved_us,"
                           " sealed_request = excluded.sealed_request",
                           sv_text(id), sv_text(call->caller->account), sv_int(call->utc_us),
                           sv_bytes(sealed, len));
    free(sealed);
    return status < 0 ? status : 0;
}

static int open_draft(struct service *s, const struct store_query *q, json_t **out)
{
    struct vault_place place = {"consultation_draft", store_text(q, 0), "sealed_request"};
    uint8_t *text = NULL;
    size_t len = 0;
    const void *sealed = store_bytes(q, 2, &len);
    int status = vault_unseal(s->vault, &place, sealed, len, &text, &len);
    if (status < 0)
        return status;
    *out = json_loadb((const char *)text, len, 0, NULL);
    free(text);
    return *out ? 0 : SQ_ERR_NOMEM;
}

#define DRAFT_COLUMNS "SELECT id, saved_us, sealed_request FROM consultation_draft"

/* The caller's own. SQ_ERR_NOT_FOUND. */
static int load_draft(struct call *call, const char *id, json_t **out)
{
    struct store_query q;
    int status = SQ_ERR_NOT_FOUND;
    *out = NULL;
    STORE_QUERY(call->service->store, &q, DRAFT_COLUMNS " WHERE id = $1 AND applicant = $2",
                sv_text(id), sv_text(call->caller->account));
    if (store_next(&q))
        status = open_draft(call->service, &q, out);
    int ended = store_query_end(&q);
    return status == 0 && ended < 0 ? ended : status;
}

static int64_t count_drafts(struct call *call)
{
    struct store_query q;
    int64_t count = 0;
    STORE_QUERY(call->service->store, &q,
                "SELECT COUNT(*) FROM consultation_draft WHERE applicant = $1",
                sv_text(call->caller->account));
    if (store_next(&q))
        count = store_int(&q, 0);
    int status = store_query_end(&q);
    return status < 0 ? status : count;
}

static int drop_draft(struct call *call, const char *id)
{
    int status = STORE_LATER(call->service->store,
                             "DELETE FROM consultation_draft WHERE id = $1 AND applicant = $2",
                             sv_text(id), sv_text(call->caller->account));
    return status < 0 ? status : 0;
}

/* The params without what is not the request's. */
static json_t *request_of(const json_t *params)
{
    json_t *request = json_copy((json_t *)params);
    json_object_del(request, "draftId");
    return request;
}

static int place_request(struct call *call, struct consult_record *r)
{
    struct consult_act how = consult_act_of(call);
    struct routing_wish wish = {json_string_value(json_object_get(r->request, "panelId")),
                                json_string_value(json_object_get(r->request, "specialty"))};
    return routing_place(&how, r, &wish, NULL);
}

/* What the agreement asks for, were it submitted now; nothing while it can't be placed yet. */
static int draft_needs(struct call *call, json_t *request, struct consult *out)
{
    struct consult_record *r = calloc(1, sizeof(*r));
    if (!r)
        return SQ_ERR_NOMEM;
    consult_record_init(r, consult_kind_parse(method_text(call, "kind")));
    r->request = json_incref(request);
    snprintf(r->applicant, sizeof(r->applicant), "%s", call->caller->account);
    snprintf(r->place.institution, ID_MAX, "%s", call->caller->institution);
    bool placed = says_something(json_object_get(request, "panelId")) ||
                  says_something(json_object_get(request, "specialty"));
    int status = placed ? place_request(call, r) : 0;
    *out = r->step;
    consult_record_clear(r);
    free(r);
    return status == SQ_ERR_NOT_FOUND || status == SQ_ERR_DENIED ? 0 : status;
}

static int reply_draft(struct call *call, const char *id, json_t *request)
{
    struct consult c;
    uint32_t filled = 0;
    int status = draft_needs(call, request, &c);
    if (status == 0)
        status = filled_of(call->service, request, id, &filled);
    uint32_t missing = status == 0 ? missing_of(&c, filled) : 0;
    json_t *names = json_array();
    for (int i = 0; names && i < CONSULT_FIELD_COUNT; i++)
        if (missing & consult_field_bit((enum consult_field)i))
            json_array_append_new(names, json_string(consult_field_name((enum consult_field)i)));
    if (status == 0 && !(call->result = json_pack("{s:s, s:O}", "draftId", id, "missing", names)))
        status = SQ_ERR_NOMEM;
    json_decref(names);
    return status;
}

static int check_kind(struct call *call, const struct consult_record *r)
{
    const char *kind = method_text(call, "kind");
    if (!kind[0] || consult_kind_parse(kind) == r->step.kind)
        return 0;
    return call_fail(
        call, SQ_ERR_INVALID,
        "A request that was submitted stays of its kind. Cancel it and open a new one.",
        "已提交的申请不能更改会诊类型，请取消后重新发起。");
}

/* A returned consultation takes the new request at once; it is submitted again later. */
static int edit_returned(struct call *call, const char *id, json_t *request)
{
    struct consult_act how = consult_act_of(call);
    struct consult_event e = {.type = CONSULT_EDIT, .member = CONSULT_APPLICANT};
    struct consult_record *r = calloc(1, sizeof(*r));
    int status = r ? consult_open(call, id, ACT_SAVE_DRAFT, r, NULL) : SQ_ERR_NOMEM;
    bool opened = status == 0;
    if (status == 0)
        status = check_kind(call, r);
    if (status == 0) {
        json_decref(r->request);
        r->request = json_incref(request);
        r->moved = true;
        status = consult_explain(call, r, consult_perform(&how, r, &e));
    }
    if (opened)
        consult_record_clear(r);
    free(r);
    return status;
}

static int save_draft(struct call *call, const char *id, json_t *request)
{
    json_t *before = NULL;
    int status = load_draft(call, id, &before);
    json_decref(before);
    return status == SQ_ERR_NOT_FOUND ? edit_returned(call, id, request)
           : status < 0               ? status
                                      : seal_draft(call, id, request);
}

static int new_draft(struct call *call, char id[ID_MAX], json_t *request)
{
    int64_t count = count_drafts(call);
    if (count < 0)
        return (int)count;
    if (count >= DRAFTS_MAX)
        return call_fail(call, SQ_ERR_LIMIT, "Too many drafts. Submit or overwrite one.",
                         "草稿过多，请先提交或覆盖已有草稿。");
    store_new_id(id, "con");
    return seal_draft(call, id, request);
}

int submit_save_draft(struct call *call)
{
    char id[ID_MAX];
    if (!rights_allow(call->caller->roles, RELATION_NONE, ACT_SAVE_DRAFT))
        return SQ_ERR_DENIED;
    json_t *request = request_of(call->params);
    snprintf(id, sizeof(id), "%s", method_text(call, "draftId"));
    int status = !request ? SQ_ERR_NOMEM
                 : id[0]  ? save_draft(call, id, request)
                          : new_draft(call, id, request);
    snprintf(call->audit_object, sizeof(call->audit_object), "%s", id);
    if (status == 0)
        status = reply_draft(call, id, request);
    json_decref(request);
    return status;
}

static int append_draft(struct call *call, const struct store_query *q, json_t *drafts)
{
    char saved[SERVICE_TIME_MAX];
    json_t *request = NULL;
    int status = open_draft(call->service, q, &request);
    if (status < 0)
        return status;
    json_t *draft = json_pack("{s:s, s:s, s:o}", "draftId", store_text(q, 0), "savedAt",
                              service_time_text(store_int(q, 1), saved), "request", request);
    return json_array_append_new(drafts, draft) == 0 ? 0 : SQ_ERR_NOMEM;
}

int submit_drafts(struct call *call)
{
    struct store_query q;
    json_t *drafts = json_array();
    int status = drafts ? 0 : SQ_ERR_NOMEM;
    STORE_QUERY(call->service->store, &q,
                DRAFT_COLUMNS " WHERE applicant = $1 ORDER BY saved_us DESC, id LIMIT $2",
                sv_text(call->caller->account), sv_int(DRAFTS_MAX));
    while (status == 0 && store_next(&q))
        status = append_draft(call, &q, drafts);
    int ended = store_query_end(&q);
    if (status == 0)
        status = ended;
    if (status == 0 && !(call->result = json_pack("{s:O}", "drafts", drafts)))
        status = SQ_ERR_NOMEM;
    json_decref(drafts);
    return status;
}

/* What the server keeps of one that was never submitted: nothing is left. */
int submit_discard(struct call *call)
{
    const char *id = method_text(call, "draftId");
    json_t *before = NULL;
    if (!rights_allow(call->caller->roles, RELATION_NONE, ACT_SAVE_DRAFT))
        return SQ_ERR_DENIED;
    int status = load_draft(call, id, &before);
    json_decref(before);
    if (status == 0)
        status = drop_draft(call, id);
    snprintf(call->audit_object, sizeof(call->audit_object), "%s", id);
    if (status == 0 && !(call->result = json_object()))
        status = SQ_ERR_NOMEM;
    return status;
}

/* ---- submit ---- */

static int check_open(struct call *call, enum consult_kind kind)
{
    struct store_query q;
    int64_t open = 0;
    bool reading = kind == CONSULT_READING;
    STORE_QUERY(call->service->store, &q,
                "SELECT COUNT(*) FROM consultation WHERE applicant = $1 AND state NOT IN"
                " ('archived', 'cancelled', 'expired', 'refused', 'no_show', 'delivered',"
                " 'acknowledged', 'follow_up_due', 'outcome_recorded') AND kind <> 'emergency'"
                " AND (kind = 'reading') = ($2 = 1)",
                sv_text(call->caller->account), sv_int(reading));
    if (store_next(&q))
        open = store_int(&q, 0);
    int status = store_query_end(&q);
    if (status == 0 && reading && open >= OPEN_READINGS_MAX)
        return call_fail(call, SQ_ERR_LIMIT,
                         "200 readings wait for their report. Wait for some, or cancel some.",
                         "待出报告的判读已达200份，请等待报告或先取消部分申请。");
    if (status == 0 && !reading && open >= OPEN_MAX)
        return call_fail(call, SQ_ERR_LIMIT,
                         "Too many consultations are open. End or cancel some first.",
                         "未结束的会诊过多，请先结束或取消部分会诊。");
    return status;
}

/* Each that is asked for has to be one at which the two can meet. */
static int check_times(struct call *call, const json_t *request)
{
    size_t i;
    const json_t *one;
    json_array_foreach(json_object_get(request, "candidateTimes"), i, one)
    {
        time_us start_us, end_us;
        if (!service_time_parse(json_string_value(json_object_get(one, "start")), &start_us) ||
            !service_time_parse(json_string_value(json_object_get(one, "end")), &end_us))
            return call_fail(call, SQ_ERR_INVALID,
                             "A candidate time is no time of the calendar. Correct it.",
                             "备选时间不是有效日期时间，请更正。");
        if (end_us <= start_us || start_us < call->utc_us)
            return call_fail(call, SQ_ERR_INVALID,
                             "A candidate time is past, or ends before it begins. Give another.",
                             "备选时间已过或结束早于开始，请重新填写。");
    }
    return 0;
}

/* What was saved under draftId, if anything, with the params laid over it. */
static int lay_over(struct call *call, json_t *saved, json_t **request)
{
    json_t *given = request_of(call->params);
    *request = saved ? json_copy(saved) : json_object();
    bool fits = given && *request && json_object_update(*request, given) == 0;
    json_decref(given);
    if (fits)
        return 0;
    json_decref(*request);
    *request = NULL;
    return SQ_ERR_NOMEM;
}

static int begin_new(struct call *call, json_t *saved, const char *id, struct consult_record *r)
{
    json_t *request = NULL;
    int status = lay_over(call, saved, &request);
    if (status < 0)
        return status;
    enum consult_kind kind =
        consult_kind_parse(json_string_value(json_object_get(request, "kind")));
    if (kind == CONSULT_KIND_COUNT) {
        json_decref(request);
        return call_fail(call, SQ_ERR_INVALID, "Say which kind of consultation it is.",
                         "请选择会诊类型。");
    }
    consult_record_init(r, kind);
    r->request = request;
    snprintf(r->applicant, sizeof(r->applicant), "%s", call->caller->account);
    snprintf(r->place.institution, ID_MAX, "%s", call->caller->institution);
    if (id[0])
        snprintf(r->id, sizeof(r->id), "%s", id);
    else
        store_new_id(r->id, "con");
    return 0;
}

static int begin_again(struct call *call, const char *id, struct consult_record *r)
{
    json_t *request = NULL;
    int status = consult_open(call, id, ACT_SUBMIT, r, NULL);
    if (status < 0)
        return status;
    status = check_kind(call, r);
    if (status == 0)
        status = lay_over(call, r->request, &request);
    if (status == 0) {
        json_decref(r->request);
        r->request = request;
        r->moved = true;
    }
    return status;
}

static int begin(struct call *call, struct consult_record *r)
{
    const char *id = method_text(call, "draftId");
    json_t *saved = NULL;
    int status = id[0] ? load_draft(call, id, &saved) : 0;
    if (status == SQ_ERR_NOT_FOUND)
        status = begin_again(call, id, r);
    else if (status == 0)
        status = begin_new(call, saved, id, r);
    json_decref(saved);
    if (status == 0)
        snprintf(call->audit_object, sizeof(call->audit_object), "%s", r->id);
    return status;
}

/* NULL: none that counts. An emergency does not wait for the right person to sign: it owes a
 * consent then. */
static const json_t *consent_of(const struct consult_record *r)
{
    const json_t *consent = json_object_get(r->request, "consent");
    const char *relation = json_string_value(json_object_get(consent, "relation"));
    return consent_may_sign(r->request, relation ? relation : "") ? consent : NULL;
}

/* The words of the request's consent, as bits of the machine. What the patient answered before, and
 * maybe took back, is not given once more by the old words of a returned request. */
static int take_consent(struct call *call, struct consult_record *r)
{
    static const struct {
        enum consent_purpose purpose;
        uint32_t bit;
    } bits[] = {{CONSENT_SHARE, CONSULT_CONSENT_SHARE},
                {CONSENT_RECORDING, CONSULT_CONSENT_RECORDING},
                {CONSENT_TEACHING, CONSULT_CONSENT_TEACHING}};
    uint32_t answered = 0;
    int status = consent_answered(call->service, r->id, &answered);
    uint32_t given = consent_of_submit(consent_of(r)) & ~answered;
    struct consult_event e = {.type = CONSULT_CONSENT, .member = CONSULT_APPLICANT};
    struct consult_times times = consult_times_default();
    struct consult_commands nobody_to_tell;
    for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
        if (consent_allows(given, bits[i].purpose))
            e.consent |= bits[i].bit;
    if (status < 0 || !e.consent)
        return status;
    return consult_step(&r->step, &e, &times, call->utc_us, &nobody_to_tell);
}

static int gate(struct call *call, struct consult_record *r)
{
    uint32_t filled = 0;
    int status = filled_of(call->service, r->request, r->id, &filled);
    uint32_t missing = missing_of(&r->step, filled);
    if (status == 0 && missing)
        return refuse_incomplete(call, missing);
    if (status == 0)
        status = method_explain_place(call, place_request(call, r));
    if (filled & consult_field_bit(CONSULT_FIELD_MATERIAL))
        r->step.needs &= ~(uint32_t)CONSULT_NEEDS_MATERIAL;
    missing = status == 0 ? missing_of(&r->step, filled) : 0; /* the agreement asks for more */
    return missing ? refuse_incomplete(call, missing) : status;
}

static int submit_it(struct call *call, struct consult_record *r)
{
    struct consult_act how = consult_act_of(call);
    struct consult_event e = {.type = CONSULT_SUBMIT, .member = CONSULT_APPLICANT};
    enum consult_urgency urgency =
        consult_urgency_parse(json_string_value(json_object_get(r->request, "urgency")));
    if (r->step.state != CONSULT_DRAFT && r->step.state != CONSULT_RETURNED)
        return consult_explain(call, r, SQ_ERR_STATE);
    if (urgency != CONSULT_URGENCY_COUNT && urgency != CONSULT_URGENCY_KEEP)
        r->step.urgency = urgency;
    bool emergency = r->step.kind == CONSULT_EMERGENCY;
    if (!emergency && !consent_of(r) && json_object_get(r->request, "consent"))
        return consent_of_child(call);
    int status = emergency ? 0 : check_open(call, r->step.kind);
    if (status == 0)
        status = check_times(call, r->request);
    if (status == 0)
        status = take_consent(call, r);
    if (status == 0)
        status = gate(call, r);
    if (status == 0)
        status = consult_explain(call, r, consult_perform(&how, r, &e));
    if (status == 0)
        status = consent_submit(call, r->id, consent_of(r));
    return status == 0 ? drop_draft(call, r->id) : status;
}

int submit_request(struct call *call)
{
    if (!rights_allow(call->caller->roles, RELATION_NONE, ACT_SUBMIT))
        return call_fail(call, SQ_ERR_DENIED,
                         "Only village doctors submit consultations. Ask your administrator if you "
                         "should be one.",
                         "只有基层医生可以提交会诊申请；需要时请联系管理员。");
    struct consult_record *r = calloc(1, sizeof(*r));
    int status = r ? begin(call, r) : SQ_ERR_NOMEM;
    if (status == 0)
        status = submit_it(call, r);
    if (status == 0)
        status = method_reply(call, r);
    if (r)
        consult_record_clear(r);
    free(r);
    return status;
}
