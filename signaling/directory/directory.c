/* SPDX-License-Identifier: Apache-2.0 */
/* Institutions, panels, people: reads for those who are signed in. */
#include "signaling/directory/directory.h"
#include "shanqiao/error.h"
#include "signaling/auth/rights.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include <string.h>

int directory_institution(struct service *s, const char *institution, json_t **out)
{
    struct store_query q;
    bool found = false;
    *out = NULL;
    STORE_QUERY(s->store, &q, "SELECT id, name, level FROM institution WHERE id = $1",
                sv_text(institution));
    if ((found = store_next(&q)))
        *out = json_pack("{s:s, s:s, s:I}", "id", store_text(&q, 0), "name", store_text(&q, 1),
                         "level", (json_int_t)store_int(&q, 2));
    int status = store_query_end(&q);
    if (status == 0 && !*out)
        status = found ? SQ_ERR_NOMEM : SQ_ERR_NOT_FOUND;
    return status;
}

int directory_person(struct service *s, const char *account, json_t **out)
{
    struct store_query q;
    bool found = false;
    *out = NULL;
    STORE_QUERY(s->store, &q,
                "SELECT a.id, a.name, i.id, i.name, i.level FROM account a"
                " JOIN institution i ON i.id = a.institution WHERE a.id = $1",
                sv_text(account));
    if ((found = store_next(&q)))
        *out = json_pack("{s:s, s:s, s:{s:s, s:s, s:I}}", "id", store_text(&q, 0), "name",
                         store_text(&q, 1), "institution", "id", store_text(&q, 2), "name",
                         store_text(&q, 3), "level", (json_int_t)store_int(&q, 4));
    int status = store_query_end(&q);
    if (status == 0 && !*out)
        status = found ? SQ_ERR_NOMEM : SQ_ERR_NOT_FOUND;
    return status;
}

/* Runs the query and packs each row; *out becomes {name: [rows]}. */
static int list_rows(struct call *call, const char *sql, const char *name,
                     json_t *(*pack)(const struct store_query *q))
{
    struct store_query q;
    if (!rights_allow(call->caller->roles, RELATION_NONE, ACT_SEE_DIRECTORY))
        return SQ_ERR_DENIED;
    json_t *rows = json_array();
    int status = rows ? 0 : SQ_ERR_NOMEM;
    store_query(call->service->store, &q, sql, NULL, 0);
    while (status == 0 && store_next(&q))
        if (json_array_append_new(rows, pack(&q)) != 0)
            status = SQ_ERR_NOMEM;
    int ended = store_query_end(&q);
    if (status == 0)
        status = ended;
    if (status == 0 && !(call->result = json_pack("{s:O}", name, rows)))
        status = SQ_ERR_NOMEM;
    json_decref(rows);
    return status;
}

static json_t *pack_institution(const struct store_query *q)
{
    return json_pack("{s:s, s:s, s:I, s:s}", "id", store_text(q, 0), "name", store_text(q, 1),
                     "level", (json_int_t)store_int(q, 2), "kind", store_text(q, 3));
}

static json_t *pack_panel(const struct store_query *q)
{
    return json_pack("{s:s, s:s, s:s, s:I, s:{s:s, s:s, s:I}, s:I}", "id", store_text(q, 0), "name",
                     store_text(q, 1), "specialty", store_text(q, 2), "level",
                     (json_int_t)store_int(q, 3), "institution", "id", store_text(q, 4), "name",
                     store_text(q, 5), "level", (json_int_t)store_int(q, 6), "onDuty",
                     (json_int_t)store_int(q, 7));
}

static int institutions(struct call *call)
{
    return list_rows(call, "SELECT id, name, level, kind FROM institution ORDER BY level DESC, id",
                     "institutions", pack_institution);
}

static int panels(struct call *call)
{
    return list_rows(
        call,
        "SELECT p.id, p.name, p.specialty, p.level, i.id, i.name, i.level,"
        " (SELECT COUNT(*) FROM duty d JOIN account a ON a.id = d.account"
        "  WHERE d.panel = p.id AND a.disabled = 0)"
        " FROM panel p JOIN institution i ON i.id = p.institution ORDER BY p.level, p.id",
        "panels", pack_panel);
}

static const struct method methods[] = {
    {.name = "directory.institutions", .flags = METHOD_READS, .handle = institutions},
    {.name = "directory.panels", .flags = METHOD_READS, .handle = panels},
};
const struct method_table directory_method_table = {methods, sizeof(methods) / sizeof(methods[0])};
