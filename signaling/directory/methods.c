/* SPDX-License-Identifier: Apache-2.0 */
/* directory.*: the directory page by page, for those who are signed in. A cursor is the last row's
 * place in the order: "LEVEL.ID". */
#include "shanqiao/error.h"
#include "signaling/auth/rights.h"
#include "signaling/directory/directory.h"
#include "signaling/duty/duty.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_DEFAULT 100
#define MIN_PER_DAY  1440
#define US_PER_MIN   (60 * TIME_US_PER_S)
#define PATTERN_MAX  240 /* 80 characters of three bytes: a part of a name, escaped or not */
#define E6           1e6

/* On the local day of institution i; $n: minutes since 1970. */
#define IS_OPEN(t, n) " " t ".until_day >= ($" n " + i.utc_offset_min) / 1440"

struct page {
    int64_t level;
    char id[ID_MAX];
    int64_t limit;
};

static const char *param(const struct call *call, const char *name)
{
    const char *text = json_string_value(json_object_get(call->params, name));
    return text ? text : "";
}

/* `first`: a level before the first row's. */
static int read_page(struct call *call, int64_t first, struct page *out)
{
    const json_t *limit = json_object_get(call->params, "limit");
    const char *cursor = param(call, "cursor");
    char *end = NULL;
    *out = (struct page){.level = first, .limit = limit ? json_integer_value(limit) : PAGE_DEFAULT};
    if (!*cursor)
        return 0;
    out->level = strtol(cursor, &end, 10);
    if (*end != '.' || strlen(end + 1) >= ID_MAX || out->level < 0 || out->level > 6)
        return call_fail(call, SQ_ERR_INVALID, "cursor is none that a page gave; begin anew.",
                         "cursor 不是上一页给出的值，请从头开始。");
    snprintf(out->id, sizeof(out->id), "%s", end + 1);
    return 0;
}

/* One row more than the page was asked for: there is a next page, from the last row shown. */
static int finish_page(struct call *call, const char *name, json_t *rows, const char *cursor)
{
    call->result = json_pack("{s:O}", name, rows);
    if (!call->result)
        return SQ_ERR_NOMEM;
    return *cursor ? json_object_set_new(call->result, "next", json_string(cursor)) : 0;
}

/* Packs rows of q up to the limit; *more: there was another. */
static int collect(struct store_query *q, int64_t limit,
                   json_t *(*pack)(const struct store_query *), json_t *rows, bool *more)
{
    int status = 0;
    *more = false;
    while (status == 0 && store_next(q)) {
        if ((*more = json_array_size(rows) == (size_t)limit))
            break;
        status = json_array_append_new(rows, pack(q)) == 0 ? 0 : SQ_ERR_NOMEM;
    }
    int ended = store_query_end(q);
    return status == 0 ? ended : status;
}

static void level_cursor(const json_t *rows, bool more, char cursor[ID_MAX + 4])
{
    const json_t *last = json_array_get(rows, json_array_size(rows) - 1);
    cursor[0] = '\0';
    if (more && last)
        snprintf(cursor, ID_MAX + 4, "%d.%s",
                 (int)json_integer_value(json_object_get(last, "level")),
                 json_string_value(json_object_get(last, "id")));
}

static bool may_see(const struct call *call)
{
    return rights_allow(call->caller->roles, RELATION_NONE, ACT_SEE_DIRECTORY);
}

/* ---- directory.institutions ---- */

static void set_text(json_t *o, const char *name, const char *text)
{
    if (text && *text)
        json_object_set_new(o, name, json_string(text));
}

static json_t *pack_institution(const struct store_query *q)
{
    json_t *o = json_pack("{s:s, s:s, s:I, s:s}", "id", store_text(q, 0), "name", store_text(q, 1),
                          "level", (json_int_t)store_int(q, 2), "kind", store_text(q, 3));
    set_text(o, "parent", store_text(q, 4));
    set_text(o, "address", store_text(q, 5));
    set_text(o, "adminCode", store_text(q, 6));
    if (!store_is_null(q, 7) && !store_is_null(q, 8)) {
        json_object_set_new(o, "latitude", json_real((double)store_int(q, 7) / E6));
        json_object_set_new(o, "longitude", json_real((double)store_int(q, 8) / E6));
    }
    return o;
}

/* "%part%" for LIKE, with its own signs escaped by "!". */
static void make_pattern(const char *part, char out[2 * PATTERN_MAX + 3])
{
    size_t used = 0;
    out[used++] = '%';
    for (; *part && used < (size_t)2 * PATTERN_MAX; part++) {
        if (strchr("%_!", *part))
            out[used++] = '!';
        out[used++] = *part;
    }
    out[used++] = '%';
    out[used] = '\0';
}

static int institutions(struct call *call)
{
    struct store_query q;
    struct page page;
    char pattern[2 * PATTERN_MAX + 3], cursor[ID_MAX + 4];
    bool more = false;
    int64_t level = json_integer_value(json_object_get(call->params, "level"));
    int status = may_see(call) ? read_page(call, 6, &page) : SQ_ERR_DENIED;
    json_t *rows = json_array();
    make_pattern(param(call, "q"), pattern);
    if (status == 0) {
        STORE_QUERY(call->service->store, &q,
                    "SELECT i.id, i.name, i.level, i.kind, i.parent, i.address, i.admin_code,"
                    " i.latitude_e6, i.longitude_e6 FROM institution i WHERE i.level <= $1"
                    " AND (i.level < $1 OR i.id > $2) AND ($3 = 0 OR i.level = $3)"
                    " AND ($4 = '' OR i.kind = $4) AND ($5 = '' OR i.parent = $5)"
                    " AND ($6 = '' OR i.name LIKE $7 ESCAPE '!') AND" IS_OPEN(
                        "i", "8") " ORDER BY i.level DESC, i.id LIMIT $9",
                    sv_int(page.level), sv_text(page.id), sv_int(level),
                    sv_text(param(call, "kind")), sv_text(param(call, "parent")),
                    sv_text(param(call, "q")), sv_text(pattern), sv_int(call->utc_us / US_PER_MIN),
                    sv_int(page.limit + 1));
        status = collect(&q, page.limit, pack_institution, rows, &more);
    }
    level_cursor(rows, more, cursor);
    if (status == 0)
        status = finish_page(call, "institutions", rows, cursor);
    json_decref(rows);
    return status;
}

/* ---- directory.panels ---- */

static json_t *pack_panel(const struct store_query *q)
{
    return json_pack("{s:s, s:s, s:s, s:I, s:{s:s, s:s, s:I}}", "id", store_text(q, 0), "name",
                     store_text(q, 1), "specialty", store_text(q, 2), "level",
                     (json_int_t)store_int(q, 3), "institution", "id", store_text(q, 4), "name",
                     store_text(q, 5), "level", (json_int_t)store_int(q, 6));
}

#define PANEL_ROWS                                                                                 \
    "SELECT p.id, p.name, p.specialty, p.level, i.id, i.name, i.level FROM panel p"                \
    " JOIN institution i ON i.id = p.institution WHERE"

static int add_duty(struct call *call, json_t *rows)
{
    struct duty_roster roster;
    json_t *row;
    size_t i;
    json_array_foreach(rows, i, row)
    {
        const char *panel = json_string_value(json_object_get(row, "id"));
        int status = duty_roster(call->service, panel, "", call->utc_us, &roster);
        if (status < 0)
            return status;
        if (json_object_set_new(row, "onDuty", json_integer((json_int_t)roster.count)) != 0)
            return SQ_ERR_NOMEM;
    }
    return 0;
}

static int add_nearby(struct call *call, const struct directory_panel *panel, json_t *rows)
{
    struct store_query q;
    struct directory_agreement agreement;
    const char *kind = *param(call, "kind") ? param(call, "kind") : "live";
    bool more;
    STORE_QUERY(call->service->store, &q, PANEL_ROWS " p.id = $1", sv_text(panel->id));
    int status = collect(&q, (int64_t)json_array_size(rows) + 1, pack_panel, rows, &more);
    if (status < 0)
        return status;
    status = directory_agreement(call->service, call->caller->institution, panel->institution, kind,
                                 panel->specialty, call->utc_us, &agreement);
    if (status < 0 && status != SQ_ERR_NOT_FOUND)
        return status;
    json_t *row = json_array_get(rows, json_array_size(rows) - 1);
    json_object_set_new(row, "distance", json_integer(panel->distance));
    return json_object_set_new(row, "agreed", json_boolean(status == 0)) == 0 ? 0 : SQ_ERR_NOMEM;
}

static int nearby_panels(struct call *call, json_t *rows)
{
    struct directory_panels near;
    const char *specialty = param(call, "specialty");
    int status = directory_around(call->service, call->caller->institution,
                                  *specialty ? specialty : NULL, call->utc_us, &near);
    for (size_t i = 0; i < near.count && status == 0; i++)
        status = add_nearby(call, &near.items[i], rows);
    return status;
}

static int all_panels(struct call *call, json_t *rows, bool *more)
{
    struct store_query q;
    struct page page;
    int64_t level = json_integer_value(json_object_get(call->params, "level"));
    bool mine = json_is_true(json_object_get(call->params, "mine"));
    int status = read_page(call, 0, &page);
    if (status < 0)
        return status;
    STORE_QUERY(
        call->service->store, &q,
        PANEL_ROWS
        " p.level >= $1 AND (p.level > $1 OR p.id > $2)"
        " AND ($3 = 0 OR p.level = $3) AND ($4 = '' OR p.institution = $4)"
        " AND ($5 = '' OR p.specialty = $5)"
        " AND ($8 = '' OR EXISTS (SELECT 1 FROM panel_member m"
        "  WHERE m.panel = p.id AND m.account = $8))"
        " AND" IS_OPEN("p", "6") " AND" IS_OPEN("i", "6") " ORDER BY p.level, p.id LIMIT $7",
        sv_int(page.level), sv_text(page.id), sv_int(level), sv_text(param(call, "institution")),
        sv_text(param(call, "specialty")), sv_int(call->utc_us / US_PER_MIN),
        sv_int(page.limit + 1), sv_text(mine ? call->caller->account : ""));
    return collect(&q, page.limit, pack_panel, rows, more);
}

static int panels(struct call *call)
{
    char cursor[ID_MAX + 4];
    bool more = false;
    if (!may_see(call))
        return SQ_ERR_DENIED;
    json_t *rows = json_array();
    int status = json_is_true(json_object_get(call->params, "around"))
                     ? nearby_panels(call, rows)
                     : all_panels(call, rows, &more);
    if (status == 0)
        status = add_duty(call, rows);
    level_cursor(rows, more, cursor);
    if (status == 0)
        status = finish_page(call, "panels", rows, cursor);
    json_decref(rows);
    return status;
}

/* ---- directory.agreements ---- */

static json_t *word_list(const char *words)
{
    json_t *list = json_array();
    for (const char *at = words; *at; at += strspn(at, " ")) {
        size_t len = strcspn(at, " ");
        json_array_append_new(list, json_stringn(at, len));
        at += len;
    }
    return list;
}

static void set_day(json_t *o, const char *name, int64_t day, int64_t offset_min)
{
    char text[SERVICE_TIME_MAX];
    time_us utc_us = (day * MIN_PER_DAY - offset_min) * US_PER_MIN;
    json_object_set_new(o, name, json_string(service_time_text(utc_us, text)));
}

static json_t *pack_agreement(const struct store_query *q)
{
    static const char *const by[] = {"automatic", "manual"};
    static const char *const members[] = {"approveInviting", "approveInvited", "triage",
                                          "schedule"};
    json_t *o =
        json_pack("{s:s, s:{s:s, s:s, s:I}, s:{s:s, s:s, s:I}, s:o, s:o, s:s, s:I, s:s, s:b}", "id",
                  store_text(q, 0), "inviting", "id", store_text(q, 1), "name", store_text(q, 2),
                  "level", (json_int_t)store_int(q, 3), "invited", "id", store_text(q, 4), "name",
                  store_text(q, 5), "level", (json_int_t)store_int(q, 6), "kinds",
                  word_list(store_text(q, 7)), "specialties", word_list(store_text(q, 8)),
                  "strategy", directory_strategy_name((enum directory_strategy)store_int(q, 13)),
                  "ringSeconds", (json_int_t)store_int(q, 14), "reference", store_text(q, 15),
                  "inForce", (int)store_int(q, 19));
    for (int i = 0; i < 4; i++)
        json_object_set_new(o, members[i], json_string(by[store_int(q, 9 + i) != 0]));
    set_day(o, "from", store_int(q, 16), store_int(q, 18));
    if (store_int(q, 17) < DIRECTORY_OPEN_DAY)
        set_day(o, "until", store_int(q, 17) + 1, store_int(q, 18));
    return o;
}

/* Of which institution does the caller ask? Only what is below the caller's own may be asked. */
static int choose_institution(struct call *call, const char **out)
{
    const char *wanted = param(call, "institution");
    bool below = true;
    *out = *wanted ? wanted : call->caller->institution;
    int status =
        *wanted ? directory_belongs(call->service, wanted, call->caller->institution, &below) : 0;
    return status == 0 && !below ? SQ_ERR_NOT_FOUND : status;
}

static int agreements(struct call *call)
{
    struct store_query q;
    const char *of = NULL;
    char cursor[ID_MAX] = "";
    bool more = false;
    const json_t *asked = json_object_get(call->params, "limit");
    int64_t limit = asked ? json_integer_value(asked) : PAGE_DEFAULT;
    int status = may_see(call) ? choose_institution(call, &of) : SQ_ERR_DENIED;
    json_t *rows = json_array();
    if (status == 0) {
        STORE_QUERY(
            call->service->store, &q,
            "WITH RECURSIVE up (id, parent, distance) AS (SELECT id, parent,"
            "  CAST(0 AS BIGINT) FROM institution WHERE id = $1 UNION ALL SELECT i.id,"
            "  i.parent, up.distance + 1 FROM up JOIN institution i ON i.id = up.parent"
            "  WHERE up.distance < 7)"
            " SELECT g.id, i.id, i.name, i.level, v.id, v.name, v.level, g.kinds,"
            " g.specialties, g.approve_inviting, g.approve_invited, g.triage, g.schedule,"
            " g.strategy, g.ring_s, g.reference, g.from_day, g.until_day,"
            " i.utc_offset_min, CASE WHEN g.from_day <= ($4 + i.utc_offset_min) / 1440"
            " AND" IS_OPEN("g", "4") " AND" IS_OPEN("i", "4") " AND" IS_OPEN(
                "v",
                "4") " THEN 1 ELSE 0 END FROM agreement g"
                     " JOIN institution i ON i.id = g.inviting"
                     " JOIN institution v ON v.id = g.invited"
                     " WHERE (g.invited = $1 OR g.inviting IN (SELECT id FROM up)) AND g.id > $2"
                     " ORDER BY g.id LIMIT $3",
            sv_text(of), sv_text(param(call, "cursor")), sv_int(limit + 1),
            sv_int(call->utc_us / US_PER_MIN));
        status = collect(&q, limit, pack_agreement, rows, &more);
    }
    const json_t *last = json_array_get(rows, json_array_size(rows) - 1);
    if (more && last)
        snprintf(cursor, sizeof(cursor), "%s", json_string_value(json_object_get(last, "id")));
    if (status == 0)
        status = finish_page(call, "agreements", rows, cursor);
    json_decref(rows);
    return status;
}

/* ---- directory.specialties ---- */

static json_t *pack_specialty(const struct store_query *q)
{
    return json_pack("{s:s, s:s, s:s}", "id", store_text(q, 0), "zh", store_text(q, 1), "en",
                     store_text(q, 2));
}

static int specialties(struct call *call)
{
    struct store_query q;
    bool more = false;
    if (!may_see(call))
        return SQ_ERR_DENIED;
    json_t *rows = json_array();
    store_query(call->service->store, &q, "SELECT id, name_zh, name_en FROM specialty ORDER BY id",
                NULL, 0);
    int status = collect(&q, INT16_MAX, pack_specialty, rows, &more);
    if (status == 0)
        status = finish_page(call, "specialties", rows, "");
    json_decref(rows);
    return status;
}

static const struct method methods[] = {
    {.name = "directory.institutions", .flags = METHOD_READS, .handle = institutions},
    {.name = "directory.panels", .flags = METHOD_READS, .handle = panels},
    {.name = "directory.agreements", .flags = METHOD_READS, .handle = agreements},
    {.name = "directory.specialties", .flags = METHOD_READS, .handle = specialties},
};
const struct method_table directory_method_table = {methods, sizeof(methods) / sizeof(methods[0])};
