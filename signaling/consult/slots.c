/* SPDX-License-Identifier: Apache-2.0 */
/* Slots: times that a panel offers, once or each week (joint clinics), and consultation.schedule,
 * which takes one or sets a time of its own. Nobody has two consultations at one time. */
#include "shanqiao/error.h"
#include "signaling/consult/consult.h"
#include "signaling/consult/methods.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include <stdio.h>
#include <string.h>

#define SLOTS_MAX    200 /* of one answer or offer; the schemas say so too */
#define SPAN_MAX_US  (92 * 24 * 3600 * TIME_US_PER_S)
#define DAY_US       (24 * 3600 * TIME_US_PER_S)
#define WEEK_US      (7 * DAY_US) /* weeks of UTC: no summer time where this runs (China) */
#define MINUTE_US    (60 * TIME_US_PER_S)
#define AHEAD_MAX_US (366 * DAY_US) /* who fixes a later time slipped in the year */

struct span {
    time_us start_us, end_us;
};

static bool fits_a_day(const struct span *span)
{
    return span->end_us - span->start_us <= DAY_US;
}

static int read_span(struct call *call, const char *start, const char *end, struct span *out)
{
    if (service_time_parse(method_text(call, start), &out->start_us) &&
        service_time_parse(method_text(call, end), &out->end_us) && out->start_us < out->end_us)
        return 0;
    return call_fail(call, SQ_ERR_INVALID,
                     "The time is none, or ends before it begins. Give start and end.",
                     "时间无效或结束早于开始，请填写起止时间。");
}

/* ---- who asks ---- */

static int panel_relations(struct call *call, const char *panel, struct directory_panel *found,
                           uint32_t *relations)
{
    struct store_query q;
    bool above = false;
    *relations = 0;
    int status = directory_panel(call->service, panel, call->utc_us, found);
    if (status < 0)
        return status;
    STORE_QUERY(call->service->store, &q,
                "SELECT head FROM panel_member WHERE panel = $1 AND account = $2", sv_text(panel),
                sv_text(call->caller->account));
    if (store_next(&q))
        *relations |= RIGHTS_BIT(RELATION_PANEL_MEMBER) |
                      (store_int(&q, 0) ? RIGHTS_BIT(RELATION_PANEL_HEAD) : 0);
    status = store_query_end(&q);
    if (status == 0)
        status =
            directory_belongs(call->service, found->institution, call->caller->institution, &above);
    if (status == 0 && above)
        *relations |= RIGHTS_BIT(RELATION_INVITED_COORDINATOR);
    return status;
}

/* Does the panel's diary concern the caller: by a relation to it, or as one who may ask it? To
 * others it says only when it has time. */
static int sees_diary(struct call *call, const char *panel, bool *sees)
{
    struct directory_panel found;
    struct directory_agreement agreement;
    uint32_t relations = 0;
    int status = panel_relations(call, panel, &found, &relations);
    *sees = status == 0 && relations != 0;
    if (status < 0 || *sees)
        return status == SQ_ERR_NOT_FOUND ? 0 : status;
    status = directory_agreement(call->service, call->caller->institution, found.institution, NULL,
                                 found.specialty, call->utc_us, &agreement);
    *sees = status == 0;
    return status == SQ_ERR_NOT_FOUND ? 0 : status;
}

/* ---- schedule.slots ---- */

static int append_slot(json_t *list, const struct store_query *q, bool with_account)
{
    char start[SERVICE_TIME_MAX], end[SERVICE_TIME_MAX];
    json_t *slot =
        json_pack("{s:s, s:s, s:s, s:s, s:b}", "id", store_text(q, 0), "panelId", store_text(q, 1),
                  "start", service_time_text(store_int(q, 3), start), "end",
                  service_time_text(store_int(q, 4), end), "free", !store_text(q, 5)[0]);
    const char *account = store_text(q, 2);
    if (slot && with_account && account[0] &&
        json_object_set_new(slot, "accountId", json_string(account)) != 0) {
        json_decref(slot);
        return SQ_ERR_NOMEM;
    }
    return json_array_append_new(list, slot) == 0 ? 0 : SQ_ERR_NOMEM;
}

#define SLOT_COLUMNS "SELECT id, panel, account, start_us, end_us, consultation FROM slot"

static int slots(struct call *call)
{
    struct span span;
    struct store_query q;
    bool free_only = json_is_true(json_object_get(call->params, "free")), more = false, all = false;
    if (!rights_allow(call->caller->roles, RELATION_NONE, ACT_SEE_DIRECTORY))
        return SQ_ERR_DENIED;
    int status = read_span(call, "from", "until", &span);
    if (status == 0 && span.end_us - span.start_us > SPAN_MAX_US)
        status =
            call_fail(call, SQ_ERR_LIMIT, "Ask for at most 92 days at once.", "一次最多查询92天。");
    if (status == 0)
        status = sees_diary(call, method_text(call, "panelId"), &all);
    json_t *list = status == 0 ? json_array() : NULL;
    if (!list)
        return status < 0 ? status : SQ_ERR_NOMEM;
    STORE_QUERY(call->service->store, &q,
                SLOT_COLUMNS " WHERE panel = $1 AND start_us >= $2 AND start_us < $3"
                             " AND ($4 = 0 OR consultation = '') ORDER BY start_us, id LIMIT $5",
                sv_text(method_text(call, "panelId")), sv_int(span.start_us), sv_int(span.end_us),
                sv_int(free_only || !all), sv_int(SLOTS_MAX + 1));
    while (status == 0 && !more && store_next(&q)) {
        more = json_array_size(list) == SLOTS_MAX;
        if (!more)
            status = append_slot(list, &q, all);
    }
    int ended = store_query_end(&q);
    if (status == 0)
        status = ended;
    if (status == 0 && !(call->result = json_pack("{s:O, s:b}", "slots", list, "more", (int)more)))
        status = SQ_ERR_NOMEM;
    json_decref(list);
    return status;
}

/* ---- schedule.offer, .withdraw ---- */

static int may_offer(struct call *call, const char *panel)
{
    struct directory_panel found;
    uint32_t relations = 0;
    int status = panel_relations(call, panel, &found, &relations);
    if (status == SQ_ERR_NOT_FOUND)
        return call_fail(call, status, "There is no such panel. Load the list again.",
                         "没有这个专家组，请刷新列表。");
    if (status == 0 && !rights_allow_any(call->caller->roles, relations, ACT_OFFER_SLOTS))
        return call_fail(call, SQ_ERR_DENIED,
                         "Only the panel's specialists and its coordinators offer times.",
                         "只有该专家组成员或其会诊中心可以开放时段。");
    bool mine = json_is_true(json_object_get(call->params, "mine"));
    if (status == 0 && mine && !(relations & RIGHTS_BIT(RELATION_PANEL_MEMBER)))
        return call_fail(call, SQ_ERR_INVALID,
                         "You are not of this panel, so nobody would meet you then. Offer the time "
                         "for the panel (without mine).",
                         "您不是该专家组成员，请以专家组名义开放时段（不填 mine）。");
    snprintf(call->audit_object, sizeof(call->audit_object), "%s", panel);
    return status;
}

struct offer {
    const char *panel;
    const char *account; /* who will be there; "": anybody of the panel */
    struct span span;
    time_us piece_us;
    int weeks;
};

static int read_offer(struct call *call, struct offer *o)
{
    json_int_t minutes = json_integer_value(json_object_get(call->params, "slotMinutes"));
    json_int_t weeks = json_integer_value(json_object_get(call->params, "weeks"));
    bool mine = json_is_true(json_object_get(call->params, "mine"));
    int status = read_span(call, "start", "end", &o->span);
    if (status < 0)
        return status;
    time_us length_us = o->span.end_us - o->span.start_us;
    o->panel = method_text(call, "panelId");
    o->account = mine ? call->caller->account : "";
    o->piece_us = minutes ? minutes * MINUTE_US : length_us;
    o->weeks = weeks ? (int)weeks : 1;
    if (o->span.start_us < call->utc_us || !fits_a_day(&o->span) || o->piece_us > length_us)
        return call_fail(call, SQ_ERR_INVALID,
                         "Offer times in the future, of at most a day, with pieces that fit in.",
                         "请开放将来的时段，单次不超过一天，且分段不超过总时长。");
    if (length_us / o->piece_us * o->weeks > SLOTS_MAX)
        return call_fail(call, SQ_ERR_LIMIT, "At most 200 slots at once. Offer fewer weeks.",
                         "一次最多开放200个时段，请减少周数。");
    return 0;
}

/* Has the panel as many slots at some moment of the span as it has members? One more would be met
 * by nobody. The most at once begin with one of them, or are there when the span begins. */
static int check_panel_time(struct call *call, const struct offer *o, const struct span *span)
{
    struct store_query q;
    STORE_QUERY(call->service->store, &q,
                "SELECT COUNT(*) FROM slot a JOIN slot b ON b.panel = a.panel AND b.start_us <="
                " CASE WHEN a.start_us < $2 THEN $2 ELSE a.start_us END AND b.end_us >"
                " CASE WHEN a.start_us < $2 THEN $2 ELSE a.start_us END WHERE a.panel = $1"
                " AND a.start_us < $3 AND a.end_us > $2 GROUP BY a.id HAVING COUNT(*) >="
                " (SELECT COUNT(*) FROM panel_member WHERE panel = $1)",
                sv_text(o->panel), sv_int(span->start_us), sv_int(span->end_us));
    bool full = store_next(&q);
    int status = store_query_end(&q);
    return status == 0 && full
               ? call_fail(call, SQ_ERR_CONFLICT,
                           "At this time the panel offers as many slots as it has members. Choose "
                           "another time, or withdraw those first.",
                           "该时间开放的时段已与专家组人数相同，请另选时间，或先撤回已有时段。")
               : status;
}

/* Is somebody's time given away twice? Slots of the panel itself may lie beside each other. */
static int check_own_time(struct call *call, const struct offer *o, const struct span *span)
{
    struct store_query q;
    if (!o->account[0])
        return 0;
    STORE_QUERY(call->service->store, &q,
                "SELECT 1 FROM slot WHERE account = $1 AND start_us < $2 AND end_us > $3",
                sv_text(o->account), sv_int(span->end_us), sv_int(span->start_us));
    bool taken = store_next(&q);
    int status = store_query_end(&q);
    return status == 0 && taken
               ? call_fail(call, SQ_ERR_CONFLICT, "You offer a slot at this time already.",
                           "您在该时间已开放时段。")
               : status;
}

static int add_slot(struct call *call, const struct offer *o, time_us start_us, json_t *list)
{
    struct store_query q;
    char id[ID_MAX];
    struct span span = {start_us, start_us + o->piece_us};
    int status = check_own_time(call, o, &span);
    if (status == 0)
        status = check_panel_time(call, o, &span);
    if (status < 0)
        return status;
    store_new_id(id, "slt");
    status = STORE_RUN(call->service->store,
                       "INSERT INTO slot (id, panel, account, start_us, end_us, consultation,"
                       " offered_by) VALUES ($1, $2, $3, $4, $5, '', $6)",
                       sv_text(id), sv_text(o->panel), sv_text(o->account), sv_int(span.start_us),
                       sv_int(span.end_us), sv_text(call->caller->account));
    if (status < 0)
        return status;
    STORE_QUERY(call->service->store, &q, SLOT_COLUMNS " WHERE id = $1", sv_text(id));
    status = store_next(&q) ? append_slot(list, &q, true) : SQ_ERR_STORE;
    int ended = store_query_end(&q);
    return status < 0 ? status : ended;
}

static int offer(struct call *call)
{
    struct offer o;
    int status = may_offer(call, method_text(call, "panelId"));
    if (status == 0)
        status = read_offer(call, &o);
    json_t *list = status == 0 ? json_array() : NULL;
    if (!list)
        return status < 0 ? status : SQ_ERR_NOMEM;
    for (int week = 0; week < o.weeks; week++)
        for (time_us at_us = o.span.start_us; status == 0 && at_us + o.piece_us <= o.span.end_us;
             at_us += o.piece_us)
            status = add_slot(call, &o, at_us + week * WEEK_US, list);
    if (status == 0 && !(call->result = json_pack("{s:O}", "slots", list)))
        status = SQ_ERR_NOMEM;
    json_decref(list);
    return status;
}

struct slot {
    char panel[ID_MAX], account[ID_MAX], consultation[ID_MAX];
    struct span span;
};

static int find_slot(struct call *call, const char *id, struct slot *out)
{
    struct store_query q;
    int status = SQ_ERR_NOT_FOUND;
    STORE_QUERY(call->service->store, &q, SLOT_COLUMNS " WHERE id = $1", sv_text(id));
    if (store_next(&q)) {
        store_copy_text(&q, 1, out->panel, ID_MAX);
        store_copy_text(&q, 2, out->account, ID_MAX);
        out->span = (struct span){store_int(&q, 3), store_int(&q, 4)};
        store_copy_text(&q, 5, out->consultation, ID_MAX);
        status = 0;
    }
    int ended = store_query_end(&q);
    if (ended < 0)
        return ended;
    return status == 0 ? 0
                       : call_fail(call, status, "There is no such slot. Load the list again.",
                                   "没有该时段，请刷新列表。");
}

static int withdraw(struct call *call)
{
    struct slot slot;
    const char *id = method_text(call, "slotId");
    int status = find_slot(call, id, &slot);
    if (status == 0)
        status = may_offer(call, slot.panel);
    if (status == 0 && slot.consultation[0])
        status = call_fail(call, SQ_ERR_STATE,
                           "A consultation has this slot. Move the consultation first.",
                           "该时段已被会诊占用，请先改期。");
    if (status == 0)
        status = STORE_RUN(call->service->store, "DELETE FROM slot WHERE id = $1", sv_text(id));
    snprintf(call->audit_object, sizeof(call->audit_object), "%s", id);
    return status < 0 ? status : 0;
}

/* ---- consultation.schedule ---- */

static int give_back(struct call *call, struct consult_record *r)
{
    int status = r->place.slot[0] ? STORE_RUN(call->service->store,
                                              "UPDATE slot SET consultation = '' WHERE id = $1",
                                              sv_text(r->place.slot))
                                  : 0;
    r->place.slot[0] = '\0';
    r->moved = true;
    return status < 0 ? status : 0;
}

/* The named slot, which has to be free and of the panel, and of the specialist where it is
 * somebody's. */
static int take_slot(struct call *call, struct consult_record *r, struct span *span)
{
    struct slot slot;
    const char *id = method_text(call, "slotId");
    const char *specialist = consult_record_account(r, r->step.specialist);
    int status = find_slot(call, id, &slot);
    if (status < 0)
        return status;
    bool theirs = strcmp(slot.panel, r->place.panel) == 0 &&
                  (!slot.account[0] || strcmp(slot.account, specialist) == 0);
    bool free_slot = !slot.consultation[0] || strcmp(slot.consultation, r->id) == 0;
    if (!theirs || !free_slot)
        return call_fail(call, SQ_ERR_CONFLICT,
                         "This slot is taken, or somebody else's. Choose another one.",
                         "该时段已被占用或不属于该专家，请另选时段。");
    *span = slot.span;
    status = give_back(call, r);
    if (status == 0)
        status = STORE_RUN(call->service->store, "UPDATE slot SET consultation = $1 WHERE id = $2",
                           sv_text(r->id), sv_text(id));
    snprintf(r->place.slot, ID_MAX, "%s", id);
    return status < 0 ? status : 0;
}

/* Has this person another consultation then, as applicant or accepted? */
static int is_busy(struct call *call, const struct consult_record *r, const char *account,
                   const struct span *span, bool *busy)
{
    struct store_query q;
    STORE_QUERY(call->service->store, &q,
                "SELECT 1 FROM consultation c WHERE c.id IN (SELECT id FROM consultation"
                " WHERE applicant = $1 UNION SELECT consultation FROM ring WHERE account = $1"
                " AND state = 3) AND c.id <> $2 AND c.state IN ('scheduled', 'ready',"
                " 'in_progress', 'interrupted') AND c.slot_start_us < $3 AND c.slot_end_us > $4",
                sv_text(account), sv_text(r->id), sv_int(span->end_us), sv_int(span->start_us));
    *busy = store_next(&q);
    return store_query_end(&q);
}

static int check_people(struct call *call, const struct consult_record *r, const struct span *span)
{
    bool busy = false;
    int status = is_busy(call, r, r->applicant, span, &busy);
    for (int i = 0; i < r->step.member_count && status == 0 && !busy; i++)
        if (consult_accepted(&r->step) & consult_bit(i))
            status = is_busy(call, r, r->people[i].account, span, &busy);
    return status == 0 && busy
               ? call_fail(call, SQ_ERR_CONFLICT,
                           "Somebody who takes part has another consultation then. Choose another "
                           "time.",
                           "参会人员在该时间已有其他会诊，请另选时间。")
               : status;
}

/* A time of its own. A longer one would keep everybody who takes part from all others. */
static int read_time(struct call *call, struct span *span)
{
    int status = read_span(call, "start", "end", span);
    return status < 0 || fits_a_day(span)
               ? status
               : call_fail(call, SQ_ERR_INVALID,
                           "A consultation lasts a day at most. Give another end.",
                           "会诊最长一天，请修改结束时间。");
}

int slots_schedule(struct call *call)
{
    struct method_work *w;
    struct span span;
    int status = method_load(call, ACT_SCHEDULE, &w);
    if (status < 0)
        return status;
    bool timed = method_text(call, "start")[0] || method_text(call, "end")[0];
    if (method_text(call, "slotId")[0] && timed) {
        status = call_fail(call, SQ_ERR_INVALID, "Name a slot, or give start and end, not both.",
                           "请选择时段（slotId）或填写起止时间，二者只能选一。");
    } else if (method_text(call, "slotId")[0]) {
        status = take_slot(call, &w->r, &span);
    } else {
        status = read_time(call, &span);
        if (status == 0)
            status = give_back(call, &w->r);
    }
    if (status == 0 && span.start_us > call->utc_us + AHEAD_MAX_US)
        status = call_fail(call, SQ_ERR_INVALID,
                           "This is more than a year ahead. Choose an earlier time.",
                           "该时间在一年以后，请选择更早的时间。");
    if (status == 0)
        status = check_people(call, &w->r, &span);
    struct consult_event e = {.type = CONSULT_SCHEDULE, .member = w->self};
    if (status == 0) {
        e.slot = (struct consult_slot){span.start_us, span.end_us};
        status = method_perform(call, w, &e);
    }
    if (status == SQ_ERR_INVALID && !call->message_en[0])
        status = call_fail(call, status, "This time is past. Choose another one.",
                           "该时间已过，请另选时间。");
    return method_end(call, w, status);
}

static const struct method methods[] = {
    {.name = "schedule.slots", .flags = METHOD_READS, .handle = slots},
    {.name = "schedule.offer", .flags = METHOD_WRITES, .handle = offer},
    {.name = "schedule.withdraw", .flags = METHOD_WRITES, .handle = withdraw},
};
const struct method_table schedule_method_table = {methods, sizeof(methods) / sizeof(methods[0])};
