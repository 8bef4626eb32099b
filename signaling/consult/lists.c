/* SPDX-License-Identifier: Apache-2.0 */
/* consultation.get and .list: what concerns the caller, page by page. What a row shows follows from
 * the rights of the caller, row by row. */
#include "shanqiao/error.h"
#include "signaling/consult/methods.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIST_MAX       50           /* the schema of consultation.list says so too */
#define LIST_BYTES_MAX (160 * 1024) /* of the texts: leaves room in a message of 256 KiB */

/* ---- page marks ---- */

int method_mark_read(struct call *call, struct method_mark *out)
{
    const char *text = method_text(call, "cursor");
    int used = 0;
    *out = (struct method_mark){.utc_us = INT64_MAX};
    if (!text[0])
        return 0;
    if (sscanf(text, "%" SCNd64 ".%39[A-Za-z0-9_.-]%n", &out->utc_us, out->id, &used) != 2 ||
        text[used])
        return call_fail(call, SQ_ERR_INVALID, "This is no page mark of ours. Begin without one.",
                         "分页标记无效，请从第一页开始。");
    return 0;
}

const char *method_mark_text(const struct method_mark *mark, char out[METHOD_MARK_MAX])
{
    snprintf(out, METHOD_MARK_MAX, "%" PRId64 ".%s", mark->utc_us, mark->id);
    return out;
}

size_t method_limit(const struct call *call, size_t most)
{
    json_int_t limit = json_integer_value(json_object_get(call->params, "limit"));
    return limit > 0 && (size_t)limit < most ? (size_t)limit : most;
}

/* ---- get ---- */

int list_get(struct call *call)
{
    struct method_work *w;
    int status = method_load(call, ACT_SEE, &w);
    return status < 0 ? status : method_end(call, w, 0);
}

/* ---- list ---- */

struct found {
    struct method_mark rows[LIST_MAX];
    size_t count;
    bool more;
};

/* Ring 0: is rung; 3: accepted; 6: observes. A coordinator's institution stands on one of the two
 * sides; for others $2 is null and finds nothing. */
#define LIST_OF_CALLER                                                                             \
    "SELECT c.id, c.submitted_us, LENGTH(c.sealed_request) + COALESCE((SELECT"                     \
    " SUM(LENGTH(e.sealed_body)) FROM consultation_entry e WHERE e.consultation = c.id), 0)"       \
    " FROM consultation c WHERE c.id IN ("                                                         \
    "SELECT id FROM consultation WHERE applicant = $1"                                             \
    " UNION SELECT consultation FROM ring WHERE account = $1 AND state IN (0, 3, 6)"               \
    " UNION SELECT id FROM consultation WHERE institution = $2"                                    \
    " UNION SELECT id FROM consultation WHERE inviting = $2"                                       \
    " UNION SELECT id FROM consultation WHERE inviting_desk = $2"                                  \
    " UNION SELECT id FROM consultation WHERE invited = $2"                                        \
    " UNION SELECT id FROM consultation WHERE invited_desk = $2)"                                  \
    " AND (c.submitted_us < $3 OR (c.submitted_us = $3 AND c.id > $4))"                            \
    " AND ($5 = 0 OR c.state NOT IN ('archived', 'cancelled', 'expired', 'refused', 'no_show'))"   \
    " ORDER BY c.submitted_us DESC, c.id LIMIT $6"

static int find_rows(struct call *call, const struct method_mark *after, size_t limit,
                     struct found *out)
{
    struct store_query q;
    int64_t bytes = 0;
    bool active = json_is_true(json_object_get(call->params, "active"));
    bool coordinates = rights_allow_any(call->caller->roles,
                                        RIGHTS_BIT(RELATION_INVITING_COORDINATOR), ACT_TRIAGE);
    out->count = 0;
    out->more = false;
    STORE_QUERY(call->service->store, &q, LIST_OF_CALLER, sv_text(call->caller->account),
                sv_text(coordinates ? call->caller->institution : NULL), sv_int(after->utc_us),
                sv_text(after->id), sv_int(active), sv_int((int64_t)limit + 1));
    while (store_next(&q)) {
        bytes += store_int(&q, 2);
        if (out->count == limit || (out->count > 0 && bytes > LIST_BYTES_MAX)) {
            out->more = true;
            break;
        }
        store_copy_text(&q, 0, out->rows[out->count].id, ID_MAX);
        out->rows[out->count++].utc_us = store_int(&q, 1);
    }
    return store_query_end(&q);
}

/* What the caller may not even see is left out. */
static int append(struct call *call, json_t *list, const char *id, struct consult_record *r)
{
    uint32_t relations = 0, roles = call->caller->roles;
    json_t *described = NULL;
    int status = consult_record_load(call->service, id, r);
    if (status < 0)
        return status;
    status = consult_relations(call->service, r, call->caller, &relations);
    if (status == 0 && rights_allow_any(roles, relations, ACT_SEE))
        status = consult_describe(call->service, r, consult_view(roles, relations), &described);
    consult_record_clear(r);
    if (described && json_array_append_new(list, described) != 0)
        status = SQ_ERR_NOMEM;
    return status;
}

static int reply_list(struct call *call, json_t *list, const struct found *found)
{
    char mark[METHOD_MARK_MAX];
    call->result = json_pack("{s:O, s:b}", "consultations", list, "more", (int)found->more);
    if (!call->result)
        return SQ_ERR_NOMEM;
    if (!found->more)
        return 0;
    method_mark_text(&found->rows[found->count - 1], mark);
    return json_object_set_new(call->result, "cursor", json_string(mark)) == 0 ? 0 : SQ_ERR_NOMEM;
}

int list_all(struct call *call)
{
    struct consult_record *r = calloc(1, sizeof(*r));
    struct found *found = calloc(1, sizeof(*found));
    json_t *list = json_array();
    struct method_mark after;
    int status = r && found && list ? method_mark_read(call, &after) : SQ_ERR_NOMEM;
    if (status == 0)
        status = find_rows(call, &after, method_limit(call, LIST_MAX), found);
    for (size_t i = 0; status == 0 && i < found->count; i++)
        status = append(call, list, found->rows[i].id, r);
    if (status == 0)
        status = reply_list(call, list, found);
    json_decref(list);
    free(found);
    free(r);
    return status;
}
