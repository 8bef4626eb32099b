/* SPDX-License-Identifier: Apache-2.0 */
/* audit.list: the quality office searches the log of its institution, or of one below it, newest
 * rows first. Looking at the log leaves a row, too. */
#include "shanqiao/error.h"
#include "signaling/audit/audit.h"
#include "signaling/auth/rights.h"
#include "signaling/directory/directory.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include <stdio.h>
#include <string.h>

#define LIST_MAX 50 /* rows of one answer; docs/protocol/methods/audit.list.json says so too */

struct search {
    const char *chain, *object, *account;
    time_us from_us, until_us;
    int64_t before;
};

static const char *text_of(const struct call *call, const char *name)
{
    const char *text = json_string_value(json_object_get(call->params, name));
    return text ? text : "";
}

static bool read_search(const struct call *call, struct search *out)
{
    const char *from = text_of(call, "from"), *until = text_of(call, "until");
    const json_t *before = json_object_get(call->params, "before");
    *out = (struct search){.chain = text_of(call, "institutionId"),
                           .object = text_of(call, "objectId"),
                           .account = text_of(call, "accountId"),
                           .until_us = INT64_MAX,
                           .before = before ? json_integer_value(before) : INT64_MAX};
    if (!out->chain[0])
        out->chain = call->caller->institution;
    return (!*from || service_time_parse(from, &out->from_us)) &&
           (!*until || service_time_parse(until, &out->until_us));
}

static int may_search(struct call *call, const struct search *search)
{
    bool belongs = false;
    int status =
        directory_belongs(call->service, search->chain, call->caller->institution, &belongs);
    if (status < 0)
        return status;
    if (!belongs)
        return call_fail(call, SQ_ERR_NOT_FOUND, "There is no such institution at or below yours.",
                         "本机构及下属机构中没有该机构。");
    if (!rights_allow(call->caller->roles, RELATION_SAME_INSTITUTION, ACT_SEE_AUDIT))
        return call_fail(call, SQ_ERR_DENIED, "Only the quality office searches the audit log.",
                         "只有质控部门可以查询审计日志。");
    return 0;
}

#define COLUMNS                                                                                    \
    "SELECT number, at_us, account, act, object, detail,"                                          \
    " COALESCE((SELECT name FROM account WHERE account.id = audit.account), ''),"                  \
    " COALESCE((SELECT name FROM account WHERE account.id = audit.object), '')"                    \
    " FROM audit WHERE chain = $1"
#define SPAN   " AND number < $2 AND at_us >= $3 AND at_us < $4"
#define NEWEST " ORDER BY number DESC LIMIT 51"

/* One statement for each combination, so that each uses its index. */
static void begin(struct store *store, struct store_query *q, const struct search *s)
{
    if (s->object[0])
        STORE_QUERY(store, q, COLUMNS SPAN " AND object = $5 AND ($6 = '' OR account = $6)" NEWEST,
                    sv_text(s->chain), sv_int(s->before), sv_int(s->from_us), sv_int(s->until_us),
                    sv_text(s->object), sv_text(s->account));
    else
        STORE_QUERY(store, q, COLUMNS SPAN " AND ($5 = '' OR account = $5)" NEWEST,
                    sv_text(s->chain), sv_int(s->before), sv_int(s->from_us), sv_int(s->until_us),
                    sv_text(s->account));
}

static json_t *row_json(const struct store_query *q)
{
    char at[SERVICE_TIME_MAX];
    return json_pack("{s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "number",
                     (json_int_t)store_int(q, 0), "at", service_time_text(store_int(q, 1), at),
                     "accountId", store_text(q, 2), "act", store_text(q, 3), "objectId",
                     store_text(q, 4), "detail", store_text(q, 5), "accountName", store_text(q, 6),
                     "objectName", store_text(q, 7));
}

static int list(struct call *call)
{
    struct search search;
    struct store_query q;
    json_t *rows = NULL;
    int64_t last = 0;
    size_t count = 0;
    int bad = 0;
    if (!read_search(call, &search))
        return call_fail(call, SQ_ERR_INVALID, "from or until is no time of the calendar.",
                         "from 或 until 不是有效时间。");
    snprintf(call->audit_object, sizeof(call->audit_object), "%s",
             search.object[0] ? search.object : search.chain);
    int status = may_search(call, &search);
    if (status < 0)
        return status;
    rows = json_array();
    begin(call->service->store, &q, &search);
    while (store_next(&q) && count++ < LIST_MAX) {
        last = store_int(&q, 0);
        bad |= json_array_append_new(rows, row_json(&q));
    }
    status = store_query_end(&q);
    call->result = json_pack("{s:s, s:o}", "institutionId", search.chain, "rows", rows);
    if (count > LIST_MAX)
        bad |= json_object_set_new(call->result, "next", json_integer(last));
    return status < 0 ? status : call->result && !bad ? 0 : SQ_ERR_NOMEM;
}

static const struct method methods[] = {
    {.name = "audit.list", .flags = METHOD_VIEWS, .handle = list},
};
const struct method_table audit_method_table = {methods, sizeof(methods) / sizeof(methods[0])};
