/* SPDX-License-Identifier: Apache-2.0 */
/* material.list, .get, .remove, .vitals; the table, with what marks.c handles. */
#include "signaling/consult/consult.h"
#include "signaling/consult/record.h"
#include "signaling/materials/room.h"

#include "base/text.h"
#include "shanqiao/error.h"
#include "signaling/materials/vitals.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIST_BYTES_MAX (224 * 1024) /* what fits a message of 256 KiB beside the rest */

static const char *param(const struct call *call, const char *name)
{
    const char *text = json_string_value(json_object_get(call->params, name));
    return text ? text : "";
}

static bool sees_identity(const struct call *call, uint32_t relations)
{
    return rights_allow_any(call->caller->roles, relations, ACT_SEE_IDENTITY);
}

/* ---- list ---- */

static json_t *describe_limits(const struct material_usage *u)
{
    json_t *limits = json_object();
    uint64_t in_case = u->consultation_bytes < MATERIALS_CONSULTATION_MAX
                           ? MATERIALS_CONSULTATION_MAX - u->consultation_bytes
                           : 0;
    uint64_t own =
        u->account_bytes < MATERIALS_ACCOUNT_MAX ? MATERIALS_ACCOUNT_MAX - u->account_bytes : 0;
    for (unsigned i = 0; i < material_type_count; i++)
        json_object_set_new(limits, material_types[i].name,
                            json_integer((json_int_t)material_types[i].bytes_max));
    json_object_set_new(limits, "consultation",
                        json_integer((json_int_t)MATERIALS_CONSULTATION_MAX));
    json_object_set_new(limits, "left", json_integer((json_int_t)(in_case < own ? in_case : own)));
    return limits;
}

static json_t *describe_order(void)
{
    json_t *order = json_array();
    for (size_t i = 0; material_order[i]; i++)
        json_array_append_new(order, json_string(material_order[i]));
    return order;
}

/* What does not fit a message any more is left out, the details of a file first. */
static int append(struct call *call, json_t *rows, size_t *bytes, const char *id, bool identity)
{
    struct material m;
    json_t *described = NULL;
    int status = material_load(call->service, id, &m);
    if (status < 0)
        return status;
    status = material_describe(call->service, &m, identity, &described);
    material_clear(&m);
    if (status < 0)
        return status;
    size_t size = json_dumpb(described, NULL, 0, JSON_COMPACT);
    if (*bytes + size > LIST_BYTES_MAX) {
        json_object_del(described, "details");
        size = json_dumpb(described, NULL, 0, JSON_COMPACT);
    }
    *bytes += size;
    return json_array_append_new(rows, described) == 0 ? 0 : SQ_ERR_NOMEM;
}

static int list_rows(struct call *call, const char *consultation, bool identity, json_t *rows)
{
    char(*ids)[ID_MAX] = calloc(MATERIALS_LIST_MAX, ID_MAX);
    size_t count = 0, bytes = 0;
    int status = ids ? material_ids(call->service, consultation, ids, &count) : SQ_ERR_NOMEM;
    for (size_t i = 0; status == 0 && i < count; i++)
        status = append(call, rows, &bytes, ids[i], identity);
    free(ids);
    return status;
}

static int list(struct call *call)
{
    struct consult_record *r = malloc(sizeof *r);
    const char *id = param(call, "consultationId");
    uint32_t relations = 0;
    struct material_usage usage;
    int status = r ? consult_open(call, id, ACT_SEE_MATERIAL, r, &relations) : SQ_ERR_NOMEM;
    if (status == 0)
        consult_record_clear(r);
    free(r);
    if (status == 0)
        status = material_usage_of(call->service, id, call->caller->account, &usage);
    if (status < 0)
        return status;
    json_t *rows = json_array();
    status = rows ? list_rows(call, id, sees_identity(call, relations), rows) : SQ_ERR_NOMEM;
    if (status == 0)
        call->result = json_pack("{s:O, s:o, s:o}", "materials", rows, "uploadOrder",
                                 describe_order(), "limits", describe_limits(&usage));
    json_decref(rows);
    return status == 0 && !call->result ? SQ_ERR_NOMEM : status;
}

/* ---- get, remove ---- */

static int reply(struct call *call, const struct material *m, bool identity)
{
    json_t *described = NULL;
    int status = material_describe(call->service, m, identity, &described);
    if (status == 0)
        call->result = json_pack("{s:o}", "material", described);
    return status == 0 && !call->result ? SQ_ERR_NOMEM : status;
}

static int get(struct call *call)
{
    struct material m;
    uint32_t relations = 0;
    int status = material_open(call, param(call, "id"), ACT_SEE_MATERIAL, &m, &relations);
    if (status < 0)
        return status;
    status = reply(call, &m, sees_identity(call, relations));
    material_clear(&m);
    return status;
}

/* What a signed opinion may rest on stays. */
static int check_unsigned(struct call *call, const char *consultation)
{
    struct store_query q;
    STORE_QUERY(call->service->store, &q,
                "SELECT 1 FROM consultation WHERE id = $1 AND signed_us > 0",
                sv_text(consultation));
    bool is_signed = store_next(&q);
    int status = store_query_end(&q);
    if (status < 0 || !is_signed)
        return status;
    return call_fail(call, SQ_ERR_STATE,
                     "The opinion is signed, so what it rests on stays. Add a corrected material "
                     "instead.",
                     "会诊意见已签署，所依据的资料不能删除；如有误，请另行补充资料。");
}

static int check_pair(struct call *call, const char *id)
{
    struct store_query q;
    STORE_QUERY(call->service->store, &q, "SELECT 1 FROM material WHERE header = $1 LIMIT 1",
                sv_text(id));
    bool used = store_next(&q);
    int status = store_query_end(&q);
    if (status < 0 || !used)
        return status;
    return call_fail(call, SQ_ERR_STATE,
                     "A signal file needs this header. Remove the signal first.",
                     "有信号文件依赖此头文件，请先删除信号文件。");
}

static int remove_one(struct call *call)
{
    struct material m;
    int status = material_open(call, param(call, "id"), ACT_REMOVE_MATERIAL, &m, NULL);
    if (status < 0)
        return status;
    status = check_unsigned(call, m.consultation);
    if (status == 0)
        status = check_pair(call, m.id);
    if (status == 0)
        status = material_delete(call->service, &m);
    if (status == 0)
        status = materials_tell(call, "material.changed", &m, "removed");
    if (status == 0)
        status = consult_material_changed(call, m.consultation);
    material_clear(&m);
    return status;
}

/* ---- vitals ---- */

static int refuse_vital(struct call *call, const struct vital *v, bool twice)
{
    snprintf(call->message_en, sizeof call->message_en,
             twice ? "The value %s is there twice. Send one of each."
                   : "%s must be in %s from %g to %g. Measure again or correct the value.",
             v->code, v->unit, v->least, v->most);
    snprintf(call->message_zh, sizeof call->message_zh,
             twice ? "%s 重复，每项只能填写一个数值。"
                   : "%s 的单位应为 %s，数值应在 %g 至 %g 之间，请复测或更正。",
             v->code, v->unit, v->least, v->most);
    return SQ_ERR_INVALID;
}

static int check_vitals(struct call *call)
{
    time_us taken_us = 0;
    bool twice = false;
    const struct vital *bad = vitals_check(json_object_get(call->params, "values"), &twice);
    if (bad)
        return refuse_vital(call, bad, twice);
    if (!service_time_parse(param(call, "takenAt"), &taken_us) ||
        taken_us > call->utc_us + 3600 * TIME_US_PER_S)
        return call_fail(call, SQ_ERR_INVALID,
                         "takenAt is no time, or one to come. Check this machine's clock.",
                         "测量时间无效或晚于当前时间，请检查本机时钟。");
    return 0;
}

static int check_count(struct call *call, const char *consultation)
{
    struct material_usage usage;
    int status = material_usage_of(call->service, consultation, call->caller->account, &usage);
    if (status < 0 || usage.consultation_count < MATERIALS_COUNT_MAX)
        return status;
    return call_fail(call, SQ_ERR_LIMIT, "This consultation holds as many materials as it may.",
                     "本次会诊的资料已达上限。");
}

static int add_vitals(struct call *call, struct material *m)
{
    store_new_id(m->id, "mat");
    text_copy(m->consultation, sizeof m->consultation, param(call, "consultationId"));
    text_copy(m->account, sizeof m->account, call->caller->account);
    text_copy(m->type, sizeof m->type, "vitals");
    text_copy(m->status, sizeof m->status, "read");
    m->added_us = call->utc_us;
    m->details = json_pack("{s:O, s:O}", "takenAt", json_object_get(call->params, "takenAt"),
                           "values", json_object_get(call->params, "values"));
    int status = m->details ? material_insert(call->service, m) : SQ_ERR_NOMEM;
    if (status == 0)
        status = materials_tell(call, "material.added", m, m->status);
    if (status == 0)
        status = consult_material_changed(call, m->consultation);
    text_copy(call->audit_object, sizeof call->audit_object, m->id);
    return status < 0 ? status : reply(call, m, false);
}

static int vitals(struct call *call)
{
    struct material m = {.has_file = false};
    const char *consultation = param(call, "consultationId");
    int status = materials_may_add(call->service, call->caller, consultation, call->utc_us);
    if (status == 0)
        status = check_vitals(call);
    if (status == 0)
        status = check_count(call, consultation);
    if (status == 0)
        status = add_vitals(call, &m);
    material_clear(&m);
    return status;
}

static const struct method methods[] = {
    {.name = "material.list", .flags = METHOD_READS | METHOD_VIEWS, .handle = list},
    {.name = "material.get", .flags = METHOD_READS | METHOD_VIEWS, .handle = get},
    {.name = "material.remove", .flags = METHOD_WRITES, .handle = remove_one},
    {.name = "material.vitals", .flags = METHOD_WRITES, .handle = vitals},
    {.name = "material.mark", .flags = METHOD_WRITES, .handle = material_mark},
    {.name = "material.marks", .flags = METHOD_READS | METHOD_VIEWS, .handle = material_marks},
};
const struct method_table material_method_table = {methods, sizeof methods / sizeof methods[0]};
