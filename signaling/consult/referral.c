/* SPDX-License-Identifier: Apache-2.0 */
/* referral.*: a patient goes up to another institution, or down from one, and comes back with a
 * plan. The side machine of referral_step.h on stored rows. Who answers is the institution that
 * receives; who proposed may withdraw and closes. Refuses to know the consultation's own life. */
#include "signaling/consult/referral.h"
#include "shanqiao/error.h"
#include "signaling/audit/audit.h"
#include "signaling/consult/consult.h"
#include "signaling/consult/methods.h"
#include "signaling/consult/referral_step.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include "signaling/store/vault.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIST_MAX 50 /* the schema of referral.list says so too */
#define OPEN_MAX 4  /* referrals of one consultation that are not over */

enum sealed { PLAN, REASON, DISCHARGE, SEALED_COUNT };
static const char *const sealed_columns[SEALED_COUNT] = {"sealed_plan", "sealed_reason",
                                                         "sealed_discharge"};
static const char *const sealed_members[SEALED_COUNT] = {"plan", "reason", "dischargePlan"};

struct referral_record {
    char id[ID_MAX];
    char consultation[ID_MAX];
    char from[ID_MAX], to[ID_MAX]; /* institutions */
    char proposed_by[ID_MAX];
    time_us arrive_by_us; /* 0: not said */
    struct referral step;
    char *texts[SEALED_COUNT]; /* owned */
    int64_t revision;
};

static void clear(struct referral_record *r)
{
    for (int i = 0; i < SEALED_COUNT; i++)
        free(r->texts[i]);
}

/* ---- load, save ---- */

#define COLUMNS                                                                                    \
    "SELECT r.id, r.consultation, r.from_institution, r.to_institution, r.proposed_by,"            \
    " r.direction, r.state, r.proposed_us, r.arrive_by_us, r.revision, r.sealed_plan,"             \
    " r.sealed_reason, r.sealed_discharge, r.arrived_us, r.closed_us, r.unanswered,"               \
    " COALESCE((SELECT at_us FROM deadline d WHERE d.object = r.id AND d.kind = "                  \
    "'" REFERRAL_DEADLINE "'), 0) FROM referral r"

static int read_row(struct service *s, const struct store_query *q, struct referral_record *r)
{
    char *const texts[] = {r->id, r->consultation, r->from, r->to, r->proposed_by};
    int status = 0;
    for (int i = 0; i < 5; i++)
        store_copy_text(q, i, texts[i], ID_MAX);
    referral_init(&r->step);
    r->step.direction = referral_direction_parse(store_text(q, 5));
    r->step.state = referral_state_parse(store_text(q, 6));
    r->step.proposed_utc_us = store_int(q, 7);
    r->arrive_by_us = store_int(q, 8);
    r->revision = store_int(q, 9);
    r->step.arrived_utc_us = store_int(q, 13);
    r->step.closed_utc_us = store_int(q, 14);
    r->step.unanswered = store_int(q, 15) != 0;
    if (store_int(q, 16))
        r->step.deadline_utc_us = store_int(q, 16);
    if (r->step.state == REFERRAL_STATE_COUNT || r->step.direction == REFERRAL_DIRECTION_COUNT)
        return SQ_ERR_UNSUPPORTED;
    for (int i = 0; i < SEALED_COUNT && status == 0; i++) {
        struct vault_place place = {"referral", r->id, sealed_columns[i]};
        size_t len = 0;
        const void *sealed = store_bytes(q, 10 + i, &len);
        if (sealed && len)
            status = vault_unseal(s->vault, &place, sealed, len, (uint8_t **)&r->texts[i], &len);
    }
    return status;
}

static int load(struct service *s, const char *id, struct referral_record *r)
{
    struct store_query q;
    int status = SQ_ERR_NOT_FOUND;
    memset(r, 0, sizeof(*r));
    STORE_QUERY(s->store, &q, COLUMNS " WHERE r.id = $1", sv_text(id));
    if (store_next(&q))
        status = read_row(s, &q, r);
    int ended = store_query_end(&q);
    return status == 0 && ended < 0 ? ended : status;
}

static int seal(struct service *s, const struct referral_record *r, enum sealed which,
                struct store_value *out, uint8_t **owned)
{
    struct vault_place place = {"referral", r->id, sealed_columns[which]};
    size_t len = 0;
    int status = 0;
    *owned = NULL;
    if (r->texts[which])
        status =
            vault_seal(s->vault, &place, r->texts[which], strlen(r->texts[which]), owned, &len);
    *out = sv_bytes(*owned, len);
    return status;
}

/* An upsert where the revision is the loaded one. */
static int save(struct service *s, struct referral_record *r)
{
    struct store_value sealed[SEALED_COUNT];
    uint8_t *owned[SEALED_COUNT] = {NULL};
    int status = 0;
    for (int i = 0; i < SEALED_COUNT && status == 0; i++)
        status = seal(s, r, (enum sealed)i, &sealed[i], &owned[i]);
    if (status == 0)
        status = STORE_RUN(
            s->store,
            "INSERT INTO referral (id, consultation, direction, from_institution,"
            " to_institution, state, proposed_by, proposed_us, arrive_by_us, revision,"
            " sealed_plan, sealed_reason, sealed_discharge, arrived_us, closed_us, unanswered)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)"
            " ON CONFLICT (id) DO UPDATE SET state = excluded.state,"
            " revision = excluded.revision, sealed_reason = excluded.sealed_reason,"
            " sealed_discharge = excluded.sealed_discharge, arrived_us = excluded.arrived_us,"
            " closed_us = excluded.closed_us, unanswered = excluded.unanswered"
            " WHERE referral.revision = $17",
            sv_text(r->id), sv_text(r->consultation),
            sv_text(referral_direction_name(r->step.direction)), sv_text(r->from), sv_text(r->to),
            sv_text(referral_state_name(r->step.state)), sv_text(r->proposed_by),
            sv_int(r->step.proposed_utc_us), sv_int(r->arrive_by_us), sv_int(r->revision + 1),
            sealed[PLAN], sealed[REASON], sealed[DISCHARGE], sv_int(r->step.arrived_utc_us),
            sv_int(r->step.closed_utc_us), sv_int(r->step.unanswered), sv_int(r->revision));
    for (int i = 0; i < SEALED_COUNT; i++)
        free(owned[i]);
    if (status <= 0)
        return status == 0 ? SQ_ERR_CONFLICT : status;
    r->revision++;
    return service_deadline_set(s, r->id, REFERRAL_DEADLINE, r->step.deadline_utc_us);
}

/* ---- describe, tell ---- */

static int set_time(json_t *object, const char *name, time_us utc_us)
{
    char text[SERVICE_TIME_MAX];
    if (!utc_us)
        return 0;
    return json_object_set_new(object, name, json_string(service_time_text(utc_us, text))) == 0
               ? 0
               : SQ_ERR_NOMEM;
}

static int describe(struct service *s, const struct referral_record *r, json_t **out)
{
    json_t *from = NULL, *to = NULL;
    *out = NULL;
    int status = directory_institution(s, r->from, &from);
    if (status == 0)
        status = directory_institution(s, r->to, &to);
    json_t *object =
        status == 0
            ? json_pack("{s:s, s:s, s:s, s:s, s:O, s:O, s:s, s:I}", "id", r->id, "consultationId",
                        r->consultation, "direction", referral_direction_name(r->step.direction),
                        "state", referral_state_name(r->step.state), "from", from, "to", to,
                        "proposedBy", r->proposed_by, "revision", (json_int_t)r->revision)
            : NULL;
    json_decref(from);
    json_decref(to);
    if (status == 0)
        status = object ? set_time(object, "proposedAt", r->step.proposed_utc_us) : SQ_ERR_NOMEM;
    if (status == 0)
        status = set_time(object, "arriveBy", r->arrive_by_us);
    for (int i = 0; i < SEALED_COUNT && status == 0; i++)
        if (r->texts[i] &&
            json_object_set_new(object, sealed_members[i], json_string(r->texts[i])) != 0)
            status = SQ_ERR_NOMEM;
    if (status < 0)
        json_decref(object);
    else
        *out = object;
    return status;
}

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

static int add_people(struct service *s, struct told *t, const char *consultation)
{
    struct store_query q;
    STORE_QUERY(s->store, &q,
                "SELECT applicant, COALESCE(specialist, '') FROM consultation WHERE id = $1",
                sv_text(consultation));
    if (store_next(&q)) {
        add_told(t, store_text(&q, 0));
        add_told(t, store_text(&q, 1));
    }
    return store_query_end(&q);
}

static int tell(const struct consult_act *act, const struct referral_record *r)
{
    struct told t = {0};
    json_t *described = NULL;
    add_told(&t, r->proposed_by);
    int status = add_people(act->service, &t, r->consultation);
    if (status == 0)
        status = add_desk(act->service, &t, r->from);
    if (status == 0)
        status = add_desk(act->service, &t, r->to);
    if (status == 0)
        status = describe(act->service, r, &described);
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
        status = save(act->service, r);
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
    int status = load(act->service, id, &r);
    if (status == 0 && r.step.deadline_utc_us <= act->utc_us)
        status = perform(act, &r, &e);
    if (status == 0) {
        row.detail = referral_state_name(r.step.state);
        status = audit_append(act->service->store, &row);
    }
    clear(&r);
    return status;
}

/* ---- rights ---- */

enum side { SIDE_FROM = 1, SIDE_TO = 2 };

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

static int relations_of(struct call *call, const struct referral_record *r, uint32_t *relations,
                        unsigned *sides)
{
    struct consult_record *c = calloc(1, sizeof(*c));
    bool from = false, to = false;
    int status = c ? consult_record_load(call->service, r->consultation, c) : SQ_ERR_NOMEM;
    if (status == 0)
        status = consult_relations(call->service, c, call->caller, relations);
    if (c)
        consult_record_clear(c);
    free(c);
    if (status == 0)
        status = speaks_for(call, r->from, &from);
    if (status == 0)
        status = speaks_for(call, r->to, &to);
    *sides = (from ? SIDE_FROM : 0u) | (to ? SIDE_TO : 0u);
    if (from)
        *relations |= RIGHTS_BIT(RELATION_INVITING_COORDINATOR);
    if (to)
        *relations |= RIGHTS_BIT(RELATION_INVITED_COORDINATOR);
    return status;
}

static int open_referral(struct call *call, enum act act, struct referral_record *r,
                         unsigned *sides)
{
    uint32_t relations = 0, roles = call->caller->roles;
    int status = load(call->service, method_text(call, "id"), r);
    if (status == 0)
        status = relations_of(call, r, &relations, sides);
    if (status == 0 && !relations)
        status = SQ_ERR_NOT_FOUND;
    else if (status == 0 && !rights_allow_any(roles, relations, act))
        status = rights_allow_any(roles, relations, ACT_SEE) ? SQ_ERR_DENIED : SQ_ERR_NOT_FOUND;
    if (status == 0)
        snprintf(call->audit_object, sizeof(call->audit_object), "%s", r->id);
    return status;
}

/* ---- methods ---- */

static int reply(struct call *call, const struct referral_record *r)
{
    json_t *described = NULL;
    int status = describe(call->service, r, &described);
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

/* `text`: where params.reason or params.plan is kept; SEALED_COUNT: nowhere. */
static int one_event(struct call *call, enum referral_event_type type, enum side side,
                     enum sealed text)
{
    struct referral_record r;
    struct referral_event e = {.type = type};
    struct consult_act how = consult_act_of(call);
    unsigned sides = 0;
    int status = open_referral(call, ACT_ANSWER_REFERRAL, &r, &sides);
    if (status == 0 && !(sides & side))
        status =
            call_fail(call, SQ_ERR_DENIED, "The other institution does this. Wait for its word.",
                      "此操作由对方机构完成，请等待。");
    const char *given = method_text(call, text == DISCHARGE ? "plan" : "reason");
    if (status == 0 && text != SEALED_COUNT && given[0]) {
        free(r.texts[text]);
        if (!(r.texts[text] = strdup(given)))
            status = SQ_ERR_NOMEM;
    }
    if (status == 0)
        status = explain(call, &r, perform(&how, &r, &e));
    if (status == 0)
        status = reply(call, &r);
    clear(&r);
    return status;
}

static int accept_patient(struct call *call)
{
    return one_event(call, REFERRAL_ACCEPT, SIDE_TO, SEALED_COUNT);
}

static int refuse(struct call *call)
{
    return one_event(call, REFERRAL_REFUSE, SIDE_TO, REASON);
}

static int withdraw(struct call *call)
{
    return one_event(call, REFERRAL_WITHDRAW, SIDE_FROM, REASON);
}

static int arrive(struct call *call)
{
    return one_event(call, REFERRAL_ARRIVE, SIDE_TO, SEALED_COUNT);
}

static int discharge(struct call *call)
{
    return one_event(call, REFERRAL_DISCHARGE, SIDE_TO, DISCHARGE);
}

static int close_referral(struct call *call)
{
    return one_event(call, REFERRAL_CLOSE, SIDE_FROM, SEALED_COUNT);
}

static int get(struct call *call)
{
    struct referral_record r;
    unsigned sides = 0;
    int status = open_referral(call, ACT_SEE, &r, &sides);
    if (status == 0)
        status = reply(call, &r);
    clear(&r);
    return status;
}

/* ---- propose ---- */

static int check_proposal(struct call *call, const struct referral_record *r)
{
    struct store_query q;
    bool exists = false;
    int64_t open = 0;
    STORE_QUERY(call->service->store, &q, "SELECT 1 FROM institution WHERE id = $1",
                sv_text(r->to));
    exists = store_next(&q);
    int status = store_query_end(&q);
    if (status == 0 && (!exists || strcmp(r->to, r->from) == 0))
        return call_fail(call, SQ_ERR_NOT_FOUND,
                         "There is no such institution to refer to. Choose one from the directory.",
                         "没有可转往的此机构，请从目录中选择。");
    STORE_QUERY(call->service->store, &q,
                "SELECT COUNT(*) FROM referral WHERE consultation = $1 AND state IN ('proposed',"
                " 'accepted', 'arrived', 'discharged')",
                sv_text(r->consultation));
    if (store_next(&q))
        open = store_int(&q, 0);
    status = store_query_end(&q);
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
    bool up = strcmp(method_text(call, "direction"), "up") == 0;
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
    r->texts[PLAN] = strdup(method_text(call, "plan"));
    return r->texts[PLAN] ? check_proposal(call, r) : SQ_ERR_NOMEM;
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
        status = fill_proposal(call, c, &r);
        consult_record_clear(c);
    }
    free(c);
    if (status == 0)
        status = explain(call, &r, perform(&how, &r, &e));
    if (status == 0)
        status = reply(call, &r);
    clear(&r);
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
        STORE_QUERY(call->service->store, q,
                    COLUMNS " WHERE (r.from_institution = $1 OR r.to_institution = $1 OR"
                            " r.proposed_by = $2) AND (r.proposed_us < $3 OR (r.proposed_us = $3"
                            " AND r.id > $4)) ORDER BY r.proposed_us DESC, r.id LIMIT $5",
                    sv_text(answers ? call->caller->institution : NULL),
                    sv_text(call->caller->account), sv_int(after->utc_us), sv_text(after->id),
                    sv_int(limit));
        return 0;
    }
    struct consult_record *c = calloc(1, sizeof(*c));
    int status = c ? consult_open(call, consultation, ACT_SEE_CLINICAL, c, NULL) : SQ_ERR_NOMEM;
    if (status == 0)
        consult_record_clear(c);
    free(c);
    if (status == 0)
        STORE_QUERY(call->service->store, q,
                    COLUMNS " WHERE r.consultation = $1 AND (r.proposed_us < $2 OR"
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
    json_t *described = NULL;
    int status = read_row(call->service, q, &r);
    if (status == 0)
        status = describe(call->service, &r, &described);
    if (status == 0 && json_array_append_new(page->rows, described) != 0)
        status = SQ_ERR_NOMEM;
    page->last.utc_us = r.step.proposed_utc_us;
    memcpy(page->last.id, r.id, ID_MAX);
    clear(&r);
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
    {.name = "referral.get", .flags = METHOD_READS, .handle = get},
    {.name = "referral.list", .flags = METHOD_READS, .handle = list},
    {.name = "referral.accept", .flags = METHOD_WRITES, .handle = accept_patient},
    {.name = "referral.refuse", .flags = METHOD_WRITES, .handle = refuse},
    {.name = "referral.withdraw", .flags = METHOD_WRITES, .handle = withdraw},
    {.name = "referral.arrive", .flags = METHOD_WRITES, .handle = arrive},
    {.name = "referral.discharge", .flags = METHOD_WRITES, .handle = discharge},
    {.name = "referral.close", .flags = METHOD_WRITES, .handle = close_referral},
};
const struct method_table referral_method_table = {methods, sizeof(methods) / sizeof(methods[0])};
