/* SPDX-License-Identifier: Apache-2.0 */
/* Duty by hand is a row for each member of a panel: on since, or off for the shift that the roster
 * names. The line is kept by panel_member.turn_us. */
#include "signaling/duty/duty.h"
#include "shanqiao/error.h"
#include "signaling/auth/rights.h"
#include "signaling/consult/consult.h"
#include "signaling/duty/member.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool rings(const struct duty_member *member, const char *except, time_us utc_us)
{
    return duty_why(member, utc_us) && strcmp(member->account, except) != 0 &&
           rights_allow(member->roles, RELATION_RUNG, ACT_ACCEPT);
}

int duty_roster(struct service *s, const char *panel, const char *except, time_us utc_us,
                struct duty_roster *out)
{
    size_t count = 0;
    out->count = 0;
    struct duty_member *members = calloc(DUTY_MEMBERS_MAX, sizeof(*members));
    if (!members)
        return SQ_ERR_NOMEM;
    int status = duty_members(s, panel, NULL, utc_us, members, DUTY_MEMBERS_MAX, &count);
    if (status == 0)
        qsort(members, count, sizeof(*members), duty_in_line);
    for (size_t i = 0; status == 0 && i < count && out->count < DUTY_RUNG_MAX; i++)
        if (rings(&members[i], except, utc_us))
            memcpy(out->accounts[out->count++], members[i].account, ID_MAX);
    free(members);
    return status;
}

int duty_turn(struct service *s, const char *panel, const char *account, time_us utc_us)
{
    int status = STORE_LATER(
        s->store, "UPDATE panel_member SET turn_us = $3 WHERE panel = $1 AND account = $2",
        sv_text(panel), sv_text(account), sv_int(utc_us));
    return status < 0 ? status : 0;
}

/* What was switched off for a shift stays off: that is no duty to end. */
int duty_end(struct service *s, const char *account, time_us utc_us)
{
    int status = STORE_RUN(s->store,
                           "DELETE FROM duty WHERE account = $1 AND off_until_us = 0"
                           " AND NOT EXISTS (SELECT 1 FROM session WHERE account = $1"
                           " AND ended_us IS NULL AND expires_us > $2)",
                           sv_text(account), sv_int(utc_us));
    return status < 0 ? status : 0;
}

int duty_panels(struct service *s, const char *account, time_us utc_us, char (*panels)[ID_MAX],
                size_t max, size_t *count)
{
    struct store_query q;
    size_t all = 0, kept = 0;
    STORE_QUERY(s->store, &q,
                "SELECT m.panel FROM panel_member m JOIN panel p ON p.id = m.panel"
                " JOIN institution i ON i.id = p.institution WHERE m.account = $1"
                " AND p.until_day >= ($2 / 60000000 + i.utc_offset_min) / 1440 ORDER BY m.panel",
                sv_text(account), sv_int(utc_us));
    while (all < max && store_next(&q))
        store_copy_text(&q, 0, panels[all++], ID_MAX);
    int status = store_query_end(&q);
    for (size_t i = 0; i < all && status == 0; i++) {
        struct duty_member member;
        size_t found = 0;
        status = duty_members(s, panels[i], account, utc_us, &member, 1, &found);
        if (status == 0 && found && rings(&member, "", utc_us))
            memmove(panels[kept++], panels[i], ID_MAX);
    }
    *count = kept;
    return status;
}

/* ---- duty.set ---- */

static int go_on(struct call *call, const char *panel)
{
    int status = STORE_RUN(call->service->store,
                           "INSERT INTO duty (panel, account, since_us) VALUES ($1, $2, $3)"
                           " ON CONFLICT (panel, account) DO UPDATE SET since_us ="
                           " CASE WHEN duty.off_until_us = 0 THEN duty.since_us"
                           " ELSE excluded.since_us END, off_until_us = 0",
                           sv_text(panel), sv_text(call->caller->account), sv_int(call->utc_us));
    return status < 0 ? status
                      : consult_came_on_duty(call->service, &call->effects, panel,
                                             call->caller->account, call->utc_us);
}

/* Whom the roster names is off until that shift ends; others simply are no longer on. */
static int go_off(struct call *call, const char *panel, const struct duty_member *member)
{
    struct store *store = call->service->store;
    int status;
    if (roster_on_duty(&member->roster))
        status = STORE_RUN(store,
                           "INSERT INTO duty (panel, account, since_us, off_until_us)"
                           " VALUES ($1, $2, $3, $4) ON CONFLICT (panel, account) DO UPDATE"
                           " SET since_us = excluded.since_us,"
                           " off_until_us = excluded.off_until_us",
                           sv_text(panel), sv_text(call->caller->account), sv_int(call->utc_us),
                           sv_int(roster_utc_us(member->roster.until_min, member->utc_offset_min)));
    else
        status = STORE_RUN(store, "DELETE FROM duty WHERE panel = $1 AND account = $2",
                           sv_text(panel), sv_text(call->caller->account));
    return status < 0 ? status : 0;
}

static int duty_set(struct call *call)
{
    const char *panel = json_string_value(json_object_get(call->params, "panelId"));
    bool on = json_is_true(json_object_get(call->params, "onDuty"));
    struct duty_member member;
    size_t found = 0;
    if (!panel)
        return SQ_ERR_INVALID;
    int status =
        duty_members(call->service, panel, call->caller->account, call->utc_us, &member, 1, &found);
    if (status < 0)
        return status;
    enum relation relation = !found        ? RELATION_NONE
                             : member.head ? RELATION_PANEL_HEAD
                                           : RELATION_PANEL_MEMBER;
    if (!rights_allow(call->caller->roles, relation, ACT_SET_DUTY))
        return call_fail(call, SQ_ERR_DENIED,
                         "Only specialists of this panel can be on duty in it.",
                         "只有该专家组的成员可以设置值班状态。");
    snprintf(call->audit_object, sizeof(call->audit_object), "%s", panel);
    call->audit_act = on ? "duty.on" : "duty.off";
    return on ? go_on(call, panel) : go_off(call, panel, &member);
}

static const struct method methods[] = {
    {.name = "duty.set", .flags = METHOD_WRITES, .handle = duty_set},
    {.name = "directory.presence", .flags = METHOD_READS, .handle = duty_presence},
    {.name = "roster.get", .flags = METHOD_READS, .handle = duty_roster_get},
    {.name = "roster.set", .flags = METHOD_WRITES, .handle = duty_roster_set},
};
const struct method_table duty_method_table = {methods, sizeof(methods) / sizeof(methods[0])};
