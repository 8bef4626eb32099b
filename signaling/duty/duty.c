/* SPDX-License-Identifier: Apache-2.0 */
/* Duty is a row for each member of a panel who is on duty; the oldest duty is rung first. */
#include "signaling/duty/duty.h"
#include "shanqiao/error.h"
#include "signaling/auth/rights.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include <stdio.h>

int duty_roster(struct service *s, const char *panel, const char *except, time_us utc_us,
                struct duty_roster *out)
{
    struct store_query q;
    (void)utc_us;
    out->count = 0;
    STORE_QUERY(s->store, &q,
                "SELECT d.account, a.roles FROM duty d JOIN account a ON a.id = d.account"
                " WHERE d.panel = $1 AND d.account <> $2 AND a.disabled = 0"
                " ORDER BY d.since_us, d.account",
                sv_text(panel), sv_text(except));
    while (out->count < DUTY_RUNG_MAX && store_next(&q))
        if (rights_allow((uint32_t)store_int(&q, 1), RELATION_RUNG, ACT_ACCEPT))
            store_copy_text(&q, 0, out->accounts[out->count++], ID_MAX);
    return store_query_end(&q);
}

int duty_end(struct service *s, const char *account, time_us utc_us)
{
    int status = STORE_RUN(s->store,
                           "DELETE FROM duty WHERE account = $1 AND NOT EXISTS (SELECT 1"
                           " FROM session WHERE account = $1 AND ended_us IS NULL"
                           " AND expires_us > $2)",
                           sv_text(account), sv_int(utc_us));
    return status < 0 ? status : 0;
}

static int is_member(struct service *s, const char *panel, const char *account, bool *member)
{
    struct store_query q;
    STORE_QUERY(s->store, &q, "SELECT 1 FROM panel_member WHERE panel = $1 AND account = $2",
                sv_text(panel), sv_text(account));
    *member = store_next(&q);
    return store_query_end(&q);
}

static int go_on(struct call *call, const char *panel)
{
    int status = STORE_RUN(call->service->store,
                           "INSERT INTO duty (panel, account, since_us) VALUES ($1, $2, $3)"
                           " ON CONFLICT (panel, account) DO NOTHING",
                           sv_text(panel), sv_text(call->caller->account), sv_int(call->utc_us));
    return status < 0 ? status : 0;
}

static int go_off(struct call *call, const char *panel)
{
    int status =
        STORE_RUN(call->service->store, "DELETE FROM duty WHERE panel = $1 AND account = $2",
                  sv_text(panel), sv_text(call->caller->account));
    return status < 0 ? status : 0;
}

static int duty_set(struct call *call)
{
    const char *panel = json_string_value(json_object_get(call->params, "panelId"));
    bool on = json_is_true(json_object_get(call->params, "onDuty"));
    bool member = false;
    if (!panel)
        return SQ_ERR_INVALID;
    int status = is_member(call->service, panel, call->caller->account, &member);
    if (status < 0)
        return status;
    enum relation relation = member ? RELATION_PANEL_MEMBER : RELATION_NONE;
    if (!rights_allow(call->caller->roles, relation, ACT_SET_DUTY))
        return call_fail(call, SQ_ERR_DENIED,
                         "Only specialists of this panel can be on duty in it.",
                         "只有该专家组的成员可以设置值班状态。");
    snprintf(call->audit_object, sizeof(call->audit_object), "%s", panel);
    call->audit_act = on ? "duty.on" : "duty.off";
    return on ? go_on(call, panel) : go_off(call, panel);
}

static const struct method methods[] = {
    {.name = "duty.set", .flags = METHOD_WRITES, .handle = duty_set},
};
const struct method_table duty_method_table = {methods, sizeof(methods) / sizeof(methods[0])};
