/* SPDX-License-Identifier: Apache-2.0 */
/* worklist.*: what waits for the caller. Readings of one's panels, and what a coordinator has to
 * decide; most urgent first, then oldest. Shows nothing clinical. */
#include "shanqiao/error.h"
#include "signaling/consult/consult.h"
#include "signaling/consult/methods.h"
#include "signaling/consult/routing.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include <stdio.h>
#include <string.h>

#define LIST_MAX      50                              /* the schema says so too */
#define REOPENABLE_US (7 * 24 * 3600 * TIME_US_PER_S) /* how long a failed one is shown */

/* Urgency, then time, as one number: times in microseconds stay below 10^16 until the year 2286. */
#define SORT                                                                                       \
    "(CASE c.urgency WHEN 'emergency' THEN 0 WHEN 'urgent' THEN 1 ELSE 2 END)"                     \
    " * 10000000000000000 + c.submitted_us"
#define TASK(name)                                                                                 \
    "SELECT '" name "' AS task, c.id AS id, " SORT " AS place FROM consultation c WHERE "
#define INVITING "(c.institution = $2 OR c.inviting = $2 OR c.inviting_desk = $2)"
#define INVITED  "(c.invited = $2 OR c.invited_desk = $2)"

/* $1: the caller, $2: its institution when it coordinates, else null; $3: failed after. */
#define TASKS                                                                                           \
    TASK("read")                                                                                        \
    "c.kind = 'reading' AND c.state = 'routed' AND EXISTS (SELECT 1 FROM consultation_panel p"          \
    " JOIN panel_member m ON m.panel = p.panel WHERE p.consultation = c.id AND m.account = $1)"         \
    " AND NOT EXISTS (SELECT 1 FROM ring r WHERE r.consultation = c.id AND r.account = $1"              \
    " AND r.state = 5)"                                                                                 \
    " UNION ALL " TASK(                                                                                 \
        "read") "c.kind = 'reading' AND c.specialist = $1"                                              \
                " AND c.state IN ('accepted', 'opinion_drafted', 'in_progress', 'interrupted')"         \
                " UNION ALL " TASK(                                                                     \
                    "approve") "c.state = 'submitted' AND (((c.approvals & 1) <> 0 AND " INVITING       \
                               ") OR ((c.approvals & 2) <> 0 AND " INVITED "))"                         \
                               " UNION ALL " TASK(                                                      \
                                   "triage") "(c.state = 'approved' OR (c.state = 'triaged' AND "       \
                                             "c.kind ="                                                 \
                                             " 'mdt')) AND (" INVITING " OR " INVITED ")"               \
                                             " UNION ALL " TASK(                                        \
                                                 "schedule") "c.state = 'accepted' AND (c.needs "       \
                                                             "& 8) <> 0"                                \
                                                             " AND c.slot_start_us = 0 AND "            \
                                                             "(" INVITING " OR " INVITED ")"            \
                                                             " UNION ALL " TASK(                        \
                                                                 "reopen") "c.state IN "                \
                                                                           "('refused', "               \
                                                                           "'expired', 'no_show')"      \
                                                                           " AND c.ended_us > $3 "      \
                                                                           "AND (" INVITING             \
                                                                           " OR " INVITED ")"           \
                                                                           " UNION ALL " TASK(          \
                                                                               "backfill") "c."         \
                                                                                           "backf"      \
                                                                                           "ill "       \
                                                                                           "IN "        \
                                                                                           "(1, "       \
                                                                                           "3) "        \
                                                                                           "AND "       \
                                                                                           "(" INVITING \
                                                                                           " OR"        \
                                                                                           " " INVITED  \
                                                                                           ")"          \
                                                                                           " UNIO"      \
                                                                                           "N "         \
                                                                                           "ALL"        \
                                                                                           " " TASK(    \
                                                                                               "c"      \
                                                                                               "r"      \
                                                                                               "i"      \
                                                                                               "t"      \
                                                                                               "i"      \
                                                                                               "c"      \
                                                                                               "a"      \
                                                                                               "l") "c.critical = 1 AND " INVITING

#define LIST                                                                                       \
    "SELECT t.task, t.place, c.id, c.kind, c.state, c.urgency, c.specialty, c.panel, c.applicant," \
    " COALESCE(c.specialist, ''), c.submitted_us, COALESCE((SELECT MIN(d.at_us) FROM deadline d"   \
    " WHERE d.object = c.id AND d.kind IN ('state', 'reading')), 0)"                               \
    " FROM (" TASKS ") t JOIN consultation c ON c.id = t.id"                                       \
    " WHERE (t.place > $4 OR (t.place = $4 AND (c.id > $5 OR (c.id = $5 AND t.task > $6))))"       \
    " ORDER BY t.place, c.id, t.task LIMIT $7"

static int set_time(json_t *task, const char *name, time_us utc_us)
{
    char text[SERVICE_TIME_MAX];
    if (!utc_us)
        return 0;
    return json_object_set_new(task, name, json_string(service_time_text(utc_us, text))) == 0
               ? 0
               : SQ_ERR_NOMEM;
}

static int fill_task(struct service *s, const struct store_query *q, json_t *task)
{
    json_t *person = NULL;
    int status = directory_person(s, store_text(q, 8), &person);
    if (status == 0 && json_object_set_new(task, "applicant", person) != 0)
        status = SQ_ERR_NOMEM;
    if (status == 0 && store_text(q, 6)[0] &&
        json_object_set_new(task, "specialty", json_string(store_text(q, 6))) != 0)
        status = SQ_ERR_NOMEM;
    if (status == 0 && store_text(q, 9)[0] &&
        json_object_set_new(task, "claimedBy", json_string(store_text(q, 9))) != 0)
        status = SQ_ERR_NOMEM;
    if (status == 0)
        status = set_time(task, "submittedAt", store_int(q, 10));
    return status < 0 ? status : set_time(task, "deadlineAt", store_int(q, 11));
}

static int append_task(struct service *s, const struct store_query *q, json_t *tasks)
{
    json_t *task = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "task", store_text(q, 0), "id",
                             store_text(q, 2), "kind", store_text(q, 3), "state", store_text(q, 4),
                             "urgency", store_text(q, 5), "panelId", store_text(q, 7));
    int status = task ? fill_task(s, q, task) : SQ_ERR_NOMEM;
    if (status == 0)
        return json_array_append_new(tasks, task) == 0 ? 0 : SQ_ERR_NOMEM;
    json_decref(task);
    return status;
}

/* The mark of a page: the number that sorts, then "<id>.<task>". */
static int read_mark(struct call *call, struct method_mark *after, char task[ID_MAX])
{
    task[0] = '\0';
    after->id[0] = '\0';
    after->utc_us = -1;
    if (!method_text(call, "cursor")[0])
        return 0;
    int status = method_mark_read(call, after);
    char *dot = strrchr(after->id, '.');
    if (status == 0 && dot) {
        snprintf(task, ID_MAX, "%s", dot + 1);
        *dot = '\0';
    }
    return status;
}

static int list_tasks(struct call *call, json_t *tasks, bool *more, struct method_mark *last)
{
    struct store_query q;
    struct method_mark after;
    char task[ID_MAX];
    size_t limit = method_limit(call, LIST_MAX);
    bool coordinates = rights_allow_any(call->caller->roles,
                                        RIGHTS_BIT(RELATION_INVITING_COORDINATOR), ACT_TRIAGE);
    int status = read_mark(call, &after, task);
    if (status < 0)
        return status;
    STORE_QUERY(call->service->store, &q, LIST, sv_text(call->caller->account),
                sv_text(coordinates ? call->caller->institution : NULL),
                sv_int(call->utc_us - REOPENABLE_US), sv_int(after.utc_us), sv_text(after.id),
                sv_text(task), sv_int((int64_t)limit + 1));
    while (status == 0 && store_next(&q)) {
        *more = json_array_size(tasks) == limit;
        if (*more)
            break;
        status = append_task(call->service, &q, tasks);
        last->utc_us = store_int(&q, 1);
        snprintf(last->id, ID_MAX, "%.27s.%.10s", store_text(&q, 2), store_text(&q, 0));
    }
    int ended = store_query_end(&q);
    return status < 0 ? status : ended;
}

static int list(struct call *call)
{
    struct method_mark last;
    char mark[METHOD_MARK_MAX];
    bool more = false;
    json_t *tasks = json_array();
    int status = tasks ? list_tasks(call, tasks, &more, &last) : SQ_ERR_NOMEM;
    if (status == 0 && !(call->result = json_pack("{s:O, s:b}", "tasks", tasks, "more", (int)more)))
        status = SQ_ERR_NOMEM;
    if (status == 0 && more)
        json_object_set_new(call->result, "cursor", json_string(method_mark_text(&last, mark)));
    json_decref(tasks);
    return status;
}

/* ---- claim, release ---- */

/* Who came to the panel after the reading did takes a place in it first. */
static int take_place(struct call *call, struct method_work *w)
{
    struct consult_event e = {.type = CONSULT_ADD, .role = CONSULT_EXPERT};
    if (w->self != CONSULT_NOBODY)
        return 0;
    w->self = e.member =
        routing_seat(&w->r, w->r.step.member_count, call->caller->account, w->r.place.panel);
    return e.member < 0 ? e.member : method_perform(call, w, &e);
}

static int claim(struct call *call)
{
    struct method_work *w;
    int status = method_load(call, ACT_CLAIM, &w);
    if (status < 0)
        return status;
    if (w->r.step.state == CONSULT_ROUTED)
        status = take_place(call, w);
    struct consult_event e = {.type = CONSULT_CLAIM, .member = w->self};
    if (status == 0 && consult_waits_for_material(&w->r.step))
        status = call_fail(call, SQ_ERR_STATE,
                           "No material of this reading has arrived yet. It comes to the worklist "
                           "as soon as the first one is complete.",
                           "该判读申请的资料尚未到达，首份资料上传完成后即进入待阅列表。");
    if (status == 0)
        status = method_perform(call, w, &e);
    return method_end(call, w, status);
}

static int release(struct call *call)
{
    struct method_work *w;
    int status = method_load(call, ACT_RELEASE, &w);
    if (status < 0)
        return status;
    struct consult_event e = {.type = CONSULT_RELEASE, .member = w->self};
    return method_end(call, w, method_perform(call, w, &e));
}

static const struct method methods[] = {
    {.name = "worklist.list", .flags = METHOD_VIEWS, .handle = list},
    {.name = "worklist.claim", .flags = METHOD_WRITES, .handle = claim},
    {.name = "worklist.release", .flags = METHOD_WRITES, .handle = release},
};
const struct method_table worklist_method_table = {methods, sizeof(methods) / sizeof(methods[0])};
