/* SPDX-License-Identifier: Apache-2.0 */
/* statistics.get over the wire, and GET /statistics for spreadsheets: the caller's own institution
 * and those below it. */
#include "shanqiao/error.h"
#include "signaling/auth/rights.h"
#include "signaling/directory/directory.h"
#include "signaling/service.h"
#include "signaling/statistics/statistics.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int too_many(struct call *call)
{
    return call_fail(call, SQ_ERR_LIMIT,
                     "More than 20000 consultations: choose a shorter span or a smaller "
                     "institution, or ask the operator (shanqiaoctl statistics).",
                     "会诊超过 20000 例：请缩短时间范围或缩小机构范围，或请运维人员使用 "
                     "shanqiaoctl statistics。");
}

static int bad_span(struct call *call)
{
    return call_fail(call, SQ_ERR_INVALID,
                     "\"from\" and \"until\" are times such as 2026-01-31T00:00:00.000Z, and "
                     "\"until\" is the later one.",
                     "from 和 until 为形如 2026-01-31T00:00:00.000Z 的时间，且 until 晚于 from。");
}

/* The institution that is asked about, checked to be the caller's or below it. */
static int scope(struct call *call, const char *wanted, const char **out)
{
    const char *own = call->caller->institution;
    bool below = false;
    if (!rights_allow(call->caller->roles, RELATION_SAME_INSTITUTION, ACT_SEE_STATISTICS))
        return SQ_ERR_DENIED;
    *out = wanted && *wanted ? wanted : own;
    if (strcmp(*out, own) == 0)
        return 0;
    int status = directory_belongs(call->service, *out, own, &below);
    return status < 0 ? status : below ? 0 : SQ_ERR_NOT_FOUND;
}

struct wanted {
    const char *institution, *from, *until;
    uint32_t by;
};

static int collect(struct call *call, const struct wanted *w)
{
    struct statistics_filter f = {.by = w->by, .cases_max = STATISTICS_CASES_MAX};
    int status = scope(call, w->institution, &f.institution);
    if (status < 0)
        return status;
    if (!w->from || !w->until || !service_time_parse(w->from, &f.from_us) ||
        !service_time_parse(w->until, &f.until_us) || f.until_us <= f.from_us)
        return bad_span(call);
    snprintf(call->audit_object, sizeof call->audit_object, "%s", f.institution);
    status = statistics_collect(call->service, &f, &call->result);
    return status == SQ_ERR_LIMIT ? too_many(call) : status;
}

static int get(struct call *call)
{
    struct wanted w = {.institution =
                           json_string_value(json_object_get(call->params, "institutionId")),
                       .from = json_string_value(json_object_get(call->params, "from")),
                       .until = json_string_value(json_object_get(call->params, "until"))};
    json_t *name;
    size_t i;
    json_array_foreach(json_object_get(call->params, "by"), i, name) w.by |=
        statistics_by_parse(json_string_value(name));
    return collect(call, &w);
}

/* ---- GET /statistics?from=…&until=…&by=kind&by=level&institution=…&format=csv ---- */

static int handle(struct call *call)
{
    return collect(call, call->work);
}

static bool read_dimensions(struct exchange *x, uint32_t *by)
{
    const char *name;
    for (unsigned i = 0; (name = http_query(x, "by", i)); i++) {
        uint32_t bit = statistics_by_parse(name);
        if (!bit)
            return false;
        *by |= bit;
    }
    return true;
}

static void respond(struct exchange *x, const json_t *result, bool csv)
{
    const struct http_field fields[] = {
        {"content-type", csv ? "text/csv; charset=utf-8" : "application/json"},
        {"content-disposition", csv ? "attachment; filename=\"statistics.csv\"" : "inline"},
        {"cache-control", "no-store"}};
    char *text = csv ? statistics_csv(result) : json_dumps(result, JSON_COMPACT);
    if (text)
        http_respond(x, 200, fields, 3, text, strlen(text));
    else
        http_fail(x, SQ_ERR_NOMEM, NULL, NULL);
    free(text);
}

static int start(struct exchange *x, void *user, void **state)
{
    struct wanted w = {.institution = http_query(x, "institution", 0),
                       .from = http_query(x, "from", 0),
                       .until = http_query(x, "until", 0)};
    const char *format = http_query(x, "format", 0);
    bool csv = format && strcmp(format, "csv") == 0;
    struct call call = {.work = &w};
    (void)user;
    (void)state;
    if (!read_dimensions(x, &w.by) || (format && !csv && strcmp(format, "json") != 0)) {
        http_fail(
            x, SQ_ERR_INVALID,
            "\"by\" is level, institution, specialty, kind or week; \"format\" is json or csv.",
            "by 取值为 level、institution、specialty、kind 或 week；format 取值为 json 或 csv。");
        return 0;
    }
    int status = http_act(x, "statistics.get", handle, &call);
    if (status < 0)
        http_fail(x, status, call.message_en, call.message_zh);
    else
        respond(x, call.result, csv);
    json_decref(call.result);
    return 0;
}

static const struct http_ops ops = {.start = start};
static const struct http_route routes[] = {
    {.methods = HTTP_GET, .path = "/statistics", .ops = &ops},
};
const struct http_table statistics_http_table = {.routes = routes, .count = 1};

static const struct method methods[] = {
    {.name = "statistics.get", .flags = METHOD_WRITES, .handle = get}, /* leaves an audit row */
};
const struct method_table statistics_method_table = {methods, 1};
