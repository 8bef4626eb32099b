/* SPDX-License-Identifier: Apache-2.0 */
/* material.mark and material.marks: what people drew on a material, one sealed row an author. Each
 * writes the own row alone, so nobody changes what another drew, and two who draw at the same time
 * lose nothing. */
#include "signaling/consult/record.h"
#include "signaling/materials/room.h"
#include "signaling/materials/seal.h"

#include "base/text.h"
#include "shanqiao/error.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TABLE     "material_mark"
#define COLUMN    "sealed_marks"
#define BYTES_MAX (64 * 1024) /* of all marks of a material, sealed */
#define COUNT_MAX 4000        /* likewise; docs/protocol/methods/material.marks.json */
#define PLACE_MAX (2 * ID_MAX)

/* A seal is bound to its row: material and author. */
static const char *place_of(const char *material, const char *author, char out[PLACE_MAX])
{
    snprintf(out, PLACE_MAX, "%s/%s", material, author);
    return out;
}

static const char *param(const struct call *call, const char *name)
{
    const char *text = json_string_value(json_object_get(call->params, name));
    return text ? text : "";
}

/* ---- material.mark ---- */

/* The caller's of the given ones, without `by`: who holds the row is their author. */
static json_t *own_marks(const struct call *call)
{
    json_t *own = json_array();
    size_t i;
    const json_t *mark;
    json_array_foreach(json_object_get(call->params, "marks"), i, mark)
    {
        const char *by = json_string_value(json_object_get(mark, "by"));
        if (by && strcmp(by, call->caller->account) != 0)
            continue;
        json_t *copy = json_copy((json_t *)mark);
        json_object_del(copy, "by");
        if (json_array_append_new(own, copy) != 0) {
            json_decref(own);
            return NULL;
        }
    }
    return own;
}

struct others {
    int64_t revision;     /* of all */
    int64_t bytes, count; /* without the caller's */
};

static int look_at_others(struct call *call, const char *material, struct others *out)
{
    struct store_query q;
    STORE_QUERY(call->service->store, &q,
                "SELECT COALESCE(MAX(revision), 0),"
                " COALESCE(SUM(CASE WHEN author <> $2 THEN LENGTH(sealed_marks) ELSE 0 END), 0),"
                " COALESCE(SUM(CASE WHEN author <> $2 THEN marks ELSE 0 END), 0)"
                " FROM material_mark WHERE material = $1",
                sv_text(material), sv_text(call->caller->account));
    if (store_next(&q))
        *out = (struct others){store_int(&q, 0), store_int(&q, 1), store_int(&q, 2)};
    return store_query_end(&q);
}

static int put(struct call *call, const char *material, const json_t *own, struct others *o)
{
    char place[PLACE_MAX];
    struct seal_json row = {.table = TABLE, .id = place_of(material, call->caller->account, place)};
    int64_t count = (int64_t)json_array_size(own);
    int status = seal_add(call->service, &row, COLUMN, own);
    if (status == 0 &&
        (o->bytes + (int64_t)row.len_bytes[0] > BYTES_MAX || o->count + count > COUNT_MAX))
        status = call_fail(call, SQ_ERR_LIMIT,
                           "There are too many marks on this material. Remove some first.",
                           "该资料上的标注过多，请先删除一部分。");
    if (status == 0)
        status = STORE_RUN(call->service->store,
                           "INSERT INTO material_mark (material, author, revision, marks, at_us,"
                           " sealed_marks) VALUES ($1, $2, $3, $4, $5, $6)"
                           " ON CONFLICT (material, author) DO UPDATE SET"
                           " revision = excluded.revision, marks = excluded.marks,"
                           " at_us = excluded.at_us, sealed_marks = excluded.sealed_marks",
                           sv_text(material), sv_text(call->caller->account), sv_int(++o->revision),
                           sv_int(count), sv_int(call->utc_us), seal_value(&row, 0));
    seal_clear(&row);
    return status < 0 ? status : 0;
}

static int tell(struct call *call, const struct material *m, int64_t revision)
{
    return materials_tell_all(call, "material.marked", m->consultation,
                              json_pack("{s:s, s:s, s:s, s:I}", "consultationId", m->consultation,
                                        "id", m->id, "by", call->caller->account, "revision",
                                        (json_int_t)revision));
}

static int change(struct call *call, const struct material *m)
{
    struct others o = {0};
    json_t *own = own_marks(call);
    int status = own ? look_at_others(call, m->id, &o) : SQ_ERR_NOMEM;
    if (status == 0)
        status = put(call, m->id, own, &o);
    if (status == 0)
        status = tell(call, m, o.revision);
    if (status == 0 && !(call->result = json_pack("{s:I}", "revision", (json_int_t)o.revision)))
        status = SQ_ERR_NOMEM;
    json_decref(own);
    return status;
}

int material_mark(struct call *call)
{
    struct material m;
    int status = material_open(call, param(call, "id"), ACT_MARK_MATERIAL, &m, NULL);
    if (status < 0)
        return status;
    status = materials_is_over(call->service, m.consultation);
    if (status == SQ_ERR_STATE)
        status = call_fail(call, status, "The consultation is over. Its marks stay as they are.",
                           "此会诊已结束，标注不能再修改。");
    if (status == 0)
        status = change(call, &m);
    material_clear(&m);
    return status;
}

/* ---- material.marks ---- */

struct found {
    json_t *marks, *by;
    int64_t revision;
};

static int take_row(struct service *s, const char *material, const struct store_query *q,
                    struct found *out)
{
    char place[PLACE_MAX];
    const char *author = store_text(q, 0);
    json_t *own = NULL, *mark;
    size_t i;
    if (store_int(q, 1) > out->revision)
        out->revision = store_int(q, 1);
    int status = seal_read(s, TABLE, place_of(material, author, place), COLUMN, q, 2, &own);
    if (status == 0 && json_array_size(own))
        status = json_array_append_new(out->by, json_string(author)) == 0 ? 0 : SQ_ERR_NOMEM;
    json_array_foreach(own, i, mark)
    {
        if (status == 0 && (json_object_set_new(mark, "by", json_string(author)) != 0 ||
                            json_array_append(out->marks, mark) != 0))
            status = SQ_ERR_NOMEM;
    }
    json_decref(own);
    return status;
}

static int find(struct call *call, const char *material, struct found *out)
{
    struct store_query q;
    int status = out->marks && out->by ? 0 : SQ_ERR_NOMEM;
    STORE_QUERY(call->service->store, &q,
                "SELECT author, revision, sealed_marks FROM material_mark WHERE material = $1"
                " ORDER BY author",
                sv_text(material));
    while (status == 0 && store_next(&q))
        status = take_row(call->service, material, &q, out);
    int ended = store_query_end(&q);
    return status < 0 ? status : ended;
}

int material_marks(struct call *call)
{
    struct material m;
    struct found f = {json_array(), json_array(), 0};
    int status = material_open(call, param(call, "id"), ACT_SEE_MATERIAL, &m, NULL);
    if (status == 0) {
        status = find(call, m.id, &f);
        material_clear(&m);
    }
    if (status == 0)
        call->result = json_pack("{s:O, s:I, s:O}", "marks", f.marks, "revision",
                                 (json_int_t)f.revision, "by", f.by);
    json_decref(f.marks);
    json_decref(f.by);
    return status == 0 && !call->result ? SQ_ERR_NOMEM : status;
}

int material_marks_delete(struct service *s, const char *material)
{
    int status =
        STORE_RUN(s->store, "DELETE FROM material_mark WHERE material = $1", sv_text(material));
    return status < 0 ? status : 0;
}
