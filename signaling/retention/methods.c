/* SPDX-License-Identifier: Apache-2.0 */
/* retention.*: legal holds on cases of the own institution. */
#include "shanqiao/error.h"
#include "signaling/auth/rights.h"
#include "signaling/directory/directory.h"
#include "signaling/retention/retention.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include <stdio.h>
#include <string.h>

/* Institution of a case or of itself; "" when there is no such object. */
static int owner_of(struct service *s, const char *object, char out[ID_MAX])
{
    struct store_query q;
    out[0] = '\0';
    STORE_QUERY(s->store, &q,
                "SELECT institution FROM consultation WHERE id = $1"
                " UNION SELECT id FROM institution WHERE id = $1",
                sv_text(object));
    if (store_next(&q))
        store_copy_text(&q, 0, out, ID_MAX);
    return store_query_end(&q);
}

static int may(struct call *call, const char *object, enum act act)
{
    char owner[ID_MAX];
    bool belongs = false;
    int status = owner_of(call->service, object, owner);
    if (status == 0 && owner[0])
        status = directory_belongs(call->service, owner, call->caller->institution, &belongs);
    if (status < 0)
        return status;
    if (!belongs)
        return call_fail(call, SQ_ERR_NOT_FOUND,
                         "There is no such case or institution in your institution or below it.",
                         "本机构及下属机构中没有该会诊或机构。");
    if (!rights_allow(call->caller->roles, RELATION_SAME_INSTITUTION, act))
        return call_fail(call, SQ_ERR_DENIED, "Only an administrator places and releases holds.",
                         "只有管理员可以设置或解除保全。");
    return 0;
}

static int place_hold(struct call *call)
{
    const char *object = json_string_value(json_object_get(call->params, "objectId"));
    const char *reason = json_string_value(json_object_get(call->params, "reason"));
    char id[ID_MAX];
    snprintf(call->audit_object, sizeof(call->audit_object), "%s", object);
    int status = may(call, object, ACT_PLACE_HOLD);
    if (status == 0)
        status =
            retention_hold(call->service, object, reason, call->caller->account, call->utc_us, id);
    if (status == 0)
        call->result = json_pack("{s:s}", "holdId", id);
    return status < 0 ? status : call->result ? 0 : SQ_ERR_NOMEM;
}

static int held_object(struct service *s, const char *hold, char out[ID_MAX])
{
    struct store_query q;
    out[0] = '\0';
    STORE_QUERY(s->store, &q, "SELECT object FROM hold WHERE id = $1", sv_text(hold));
    if (store_next(&q))
        store_copy_text(&q, 0, out, ID_MAX);
    return store_query_end(&q);
}

static int release_hold(struct call *call)
{
    const char *hold = json_string_value(json_object_get(call->params, "holdId"));
    char object[ID_MAX];
    int status = held_object(call->service, hold, object);
    snprintf(call->audit_object, sizeof(call->audit_object), "%s", object);
    if (status == 0)
        status = may(call, object, ACT_RELEASE_HOLD);
    if (status == 0)
        status = retention_release(call->service, hold, call->caller->account, call->utc_us);
    if (status == SQ_ERR_STATE)
        return call_fail(call, SQ_ERR_STATE, "This hold was released already.", "该保全已解除。");
    return status;
}

static const struct method methods[] = {
    {.name = "retention.placeHold", .flags = METHOD_WRITES, .handle = place_hold},
    {.name = "retention.releaseHold", .flags = METHOD_WRITES, .handle = release_hold},
};
const struct method_table retention_method_table = {methods, sizeof(methods) / sizeof(methods[0])};
