/* SPDX-License-Identifier: Apache-2.0 */
/* Rosters and presence of a panel, for its members, its head, and the coordinators of its
 * institution or of one above it. A roster is checked by the same rules as a directory file
 * (signaling/exchange). */
#include "shanqiao/error.h"
#include "signaling/auth/rights.h"
#include "signaling/consult/consult.h"
#include "signaling/directory/directory.h"
#include "signaling/duty/duty.h"
#include "signaling/duty/member.h"
#include "signaling/exchange/plan.h"
#include "signaling/exchange/read.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct roster_panel {
    const char *id;
    int64_t revision, utc_offset_min;
    uint32_t relations; /* of the caller to it */
};

/* Closed panels too: their roster may be looked at. */
static int find_panel(struct call *call, struct roster_panel *out)
{
    struct store_query q;
    bool member = false, head = false, same = false;
    char institution[ID_MAX] = "";
    out->id = json_string_value(json_object_get(call->params, "panelId"));
    STORE_QUERY(call->service->store, &q,
                "SELECT p.roster_revision, i.utc_offset_min, i.id, m.head FROM panel p"
                " JOIN institution i ON i.id = p.institution"
                " LEFT JOIN panel_member m ON m.panel = p.id AND m.account = $2 WHERE p.id = $1",
                sv_text(out->id), sv_text(call->caller->account));
    if (store_next(&q)) {
        out->revision = store_int(&q, 0);
        out->utc_offset_min = store_int(&q, 1);
        store_copy_text(&q, 2, institution, sizeof(institution));
        member = !store_is_null(&q, 3);
        head = member && store_int(&q, 3);
    }
    int status = store_query_end(&q);
    if (status == 0 && institution[0])
        status = directory_belongs(call->service, institution, call->caller->institution, &same);
    out->relations = (member ? RIGHTS_BIT(RELATION_PANEL_MEMBER) : 0) |
                     (head ? RIGHTS_BIT(RELATION_PANEL_HEAD) : 0) |
                     (same ? RIGHTS_BIT(RELATION_SAME_INSTITUTION) : 0);
    return status < 0 ? status : institution[0] ? 0 : SQ_ERR_NOT_FOUND;
}

static bool may(const struct call *call, const struct roster_panel *panel, enum act act)
{
    return rights_allow_any(call->caller->roles, panel->relations, act);
}

/* Who may be on duty or edit the roster may look. To others there is no such panel's roster. */
static int find_visible(struct call *call, struct roster_panel *out)
{
    int status = find_panel(call, out);
    if (status == 0 && !may(call, out, ACT_SET_DUTY) && !may(call, out, ACT_EDIT_ROSTER))
        return call_fail(
            call, SQ_ERR_DENIED,
            "Only members of this panel and coordinators of its institution, or of one "
            "above it, see its roster.",
            "只有该专家组成员、所属机构及其上级机构的协调员可以查看排班。");
    return status;
}

/* ---- directory.presence ---- */

static json_t *pack_account(struct service *s, const char *account)
{
    struct store_query q;
    json_t *out = NULL;
    STORE_QUERY(s->store, &q, "SELECT id, name FROM account WHERE id = $1", sv_text(account));
    if (store_next(&q))
        out = json_pack("{s:s, s:s}", "id", store_text(&q, 0), "name", store_text(&q, 1));
    store_query_end(&q);
    return out;
}

static json_t *pack_member(struct call *call, const struct duty_member *m)
{
    char text[SERVICE_TIME_MAX];
    const char *why = duty_why(m, call->utc_us);
    json_t *out =
        json_pack("{s:o, s:b, s:b, s:b}", "account", pack_account(call->service, m->account),
                  "head", (int)m->head, "onDuty", why != NULL, "reachable", (int)m->live);
    if (why)
        json_object_set_new(out, "by", json_string(why));
    if (why && !m->by_hand)
        json_object_set_new(out, "until",
                            json_string(service_time_text(
                                roster_utc_us(m->roster.until_min, m->utc_offset_min), text)));
    return out;
}

int duty_presence(struct call *call)
{
    struct roster_panel panel;
    size_t count = 0;
    int status = find_visible(call, &panel);
    if (status < 0)
        return status;
    struct duty_member *members = calloc(DUTY_MEMBERS_MAX, sizeof(*members));
    json_t *rows = json_array();
    status = members ? duty_members(call->service, panel.id, NULL, call->utc_us, members,
                                    DUTY_MEMBERS_MAX, &count)
                     : SQ_ERR_NOMEM;
    if (status == 0)
        qsort(members, count, sizeof(*members), duty_in_line);
    for (size_t i = 0; i < count && status == 0; i++)
        status = json_array_append_new(rows, pack_member(call, &members[i])) ? SQ_ERR_NOMEM : 0;
    free(members);
    if (status == 0 && !(call->result = json_pack("{s:O}", "members", rows)))
        status = SQ_ERR_NOMEM;
    json_decref(rows);
    return status;
}

/* ---- roster.get ---- */

static int list_members(struct call *call, const struct roster_panel *panel, json_t *rows)
{
    struct store_query q;
    int status = 0;
    STORE_QUERY(call->service->store, &q,
                "SELECT a.id, a.name, m.head FROM panel_member m JOIN account a ON a.id = m.account"
                " WHERE m.panel = $1 ORDER BY m.head DESC, a.id LIMIT 256",
                sv_text(panel->id));
    while (status == 0 && store_next(&q))
        if (json_array_append_new(rows, json_pack("{s:{s:s, s:s}, s:b}", "account", "id",
                                                  store_text(&q, 0), "name", store_text(&q, 1),
                                                  "head", (int)store_int(&q, 2))))
            status = SQ_ERR_NOMEM;
    int ended = store_query_end(&q);
    return status ? status : ended;
}

/* A cell as the wire has it; NULL: left out. */
static json_t *cell_json(const struct field *f, const char *text)
{
    if (f->type == FIELD_FLAG)
        return json_boolean(strcmp(text, "yes") == 0);
    if (f->type != FIELD_BITS)
        return *text ? json_string(text) : NULL;
    json_t *list = json_array();
    for (const char *at = text; *at; at += strspn(at, " ")) {
        size_t len = strcspn(at, " ");
        json_array_append_new(list, json_stringn(at, len));
        at += len;
    }
    return list;
}

/* All fields but the first, which is the panel. */
static json_t *pack_line(int table, const struct store_query *q)
{
    char text[FIELD_MAX];
    json_t *out = json_object();
    for (size_t i = 1; i < tables[table].count; i++) {
        field_from_store(&tables[table].fields[i], q, (int)i, text);
        json_t *value = cell_json(&tables[table].fields[i], text);
        if (value)
            json_object_set_new(out, tables[table].fields[i].name, value);
    }
    return out;
}

static int list_lines(struct call *call, int table, const char *sql, const char *panel,
                      json_t *rows)
{
    struct store_query q;
    int status = 0;
    STORE_QUERY(call->service->store, &q, sql, sv_text(panel));
    while (status == 0 && store_next(&q))
        status = json_array_append_new(rows, pack_line(table, &q)) ? SQ_ERR_NOMEM : 0;
    int ended = store_query_end(&q);
    return status ? status : ended;
}

int duty_roster_get(struct call *call)
{
    struct roster_panel panel;
    json_t *members = json_array(), *shifts = json_array(), *exceptions = json_array();
    char zone[8];
    int status = find_visible(call, &panel);
    if (status == 0)
        status = list_members(call, &panel, members);
    if (status == 0)
        status = list_lines(call, TABLE_SHIFTS,
                            "SELECT panel, account, weekdays, start_min, from_day, end_min,"
                            " until_day FROM roster_shift WHERE panel = $1"
                            " ORDER BY account, from_day, weekdays, start_min LIMIT 500",
                            panel.id, shifts);
    if (status == 0)
        status = list_lines(call, TABLE_EXCEPTIONS,
                            "SELECT panel, account, from_min, until_min, on_duty, note"
                            " FROM roster_exception WHERE panel = $1"
                            " ORDER BY from_min DESC, account LIMIT 500",
                            panel.id, exceptions);
    if (status == 0) {
        int64_t size = panel.utc_offset_min < 0 ? -panel.utc_offset_min : panel.utc_offset_min;
        snprintf(zone, sizeof(zone), "%c%02d:%02d", panel.utc_offset_min < 0 ? '-' : '+',
                 (int)(size / 60) % 100, (int)(size % 60));
        call->result = json_pack("{s:s, s:I, s:s, s:O, s:O, s:O}", "panelId", panel.id, "revision",
                                 (json_int_t)panel.revision, "utcOffset", zone, "members", members,
                                 "shifts", shifts, "exceptions", exceptions);
        status = call->result ? 0 : SQ_ERR_NOMEM;
    }
    json_decref(members);
    json_decref(shifts);
    json_decref(exceptions);
    return status;
}

/* ---- roster.set ---- */

/* {"shifts": [...], "exceptions": [...]} with the panel in each row, as a file would have it. */
static char *as_file(const struct call *call, const char *panel)
{
    static const char *const lists[] = {"shifts", "exceptions"};
    json_t *root = json_object();
    for (size_t l = 0; l < 2; l++) {
        json_t *rows = json_deep_copy(json_object_get(call->params, lists[l]));
        for (size_t i = 0; i < json_array_size(rows); i++)
            json_object_set_new(json_array_get(rows, i), "panel", json_string(panel));
        json_object_set_new(root, lists[l], rows);
    }
    char *text = json_dumps(root, 0);
    json_decref(root);
    return text;
}

static int refuse(struct call *call, const struct book *b)
{
    snprintf(call->message_en, sizeof(call->message_en), "%s: %.150s", b->faults[0].where,
             b->faults[0].en);
    snprintf(call->message_zh, sizeof(call->message_zh), "%s：%.150s", b->faults[0].where,
             b->faults[0].zh);
    return SQ_ERR_INVALID;
}

static int check_members(struct call *call, struct book *b)
{
    for (int t = TABLE_SHIFTS; t <= TABLE_EXCEPTIONS; t++)
        for (size_t i = 0; i < b->sheets[t].count; i++) {
            const struct row *row = &b->sheets[t].rows[i];
            struct store_query q;
            STORE_QUERY(call->service->store, &q,
                        "SELECT 1 FROM panel_member WHERE panel = $1 AND account = $2",
                        sv_text(row->cells[R_PANEL]), sv_text(row->cells[R_ACCOUNT]));
            bool member = store_next(&q);
            int status = store_query_end(&q);
            if (status < 0)
                return status;
            if (!member)
                book_fault(b, t, row, R_ACCOUNT, -1, "\"%.60s\" is no member of this panel",
                           "“%.60s”不是该专家组的成员", row->cells[R_ACCOUNT]);
        }
    return b->fault_count ? refuse(call, b) : 0;
}

static int replace(struct call *call, const struct roster_panel *panel, const struct book *b)
{
    struct store *store = call->service->store;
    int status = STORE_RUN(store, "DELETE FROM roster_shift WHERE panel = $1", sv_text(panel->id));
    if (status >= 0)
        status =
            STORE_RUN(store, "DELETE FROM roster_exception WHERE panel = $1", sv_text(panel->id));
    if (status >= 0)
        status = plan_insert(b, TABLE_SHIFTS, store);
    if (status >= 0)
        status = plan_insert(b, TABLE_EXCEPTIONS, store);
    if (status >= 0)
        status =
            STORE_RUN(store, "UPDATE panel SET roster_revision = roster_revision + 1 WHERE id = $1",
                      sv_text(panel->id));
    return status < 0 ? status : 0;
}

static int take_roster(struct call *call, const struct roster_panel *panel)
{
    struct book b;
    book_init(&b);
    char *text = as_file(call, panel->id);
    int status = text ? book_read_json(&b, NULL, text, strlen(text)) : SQ_ERR_NOMEM;
    free(text);
    book_complete(&b);
    book_sort(&b);
    if (status == 0 && !b.fault_count)
        rules_check_rosters(&b);
    if (status == 0)
        status = b.fault_count ? refuse(call, &b) : check_members(call, &b);
    if (status == 0)
        status = replace(call, panel, &b);
    book_fini(&b);
    return status;
}

int duty_roster_set(struct call *call)
{
    struct roster_panel panel;
    int64_t revision = json_integer_value(json_object_get(call->params, "revision"));
    int status = find_panel(call, &panel);
    if (status < 0)
        return status;
    if (!may(call, &panel, ACT_EDIT_ROSTER))
        return call_fail(
            call, SQ_ERR_DENIED,
            "Only the head of this panel and coordinators of its institution, or of one "
            "above it, change its roster.",
            "只有该专家组组长、所属机构及其上级机构的协调员可以修改排班。");
    if (revision != panel.revision)
        return call_fail(call, SQ_ERR_CONFLICT,
                         "Somebody changed this roster meanwhile. Read it again, then change it.",
                         "排班已被他人修改，请重新读取后再改。");
    snprintf(call->audit_object, sizeof(call->audit_object), "%s", panel.id);
    status = take_roster(call, &panel);
    if (status == 0)
        status = consult_roster_changed(call->service, &call->effects, panel.id, call->utc_us);
    if (status == 0 && !(call->result = json_pack("{s:I}", "revision", (json_int_t)revision + 1)))
        status = SQ_ERR_NOMEM;
    return status;
}
