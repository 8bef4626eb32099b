/* SPDX-License-Identifier: Apache-2.0 */
/* account.*: what an administrator does with the accounts of the own institution and those below
 * it. Never with the own one: that takes a colleague, or shanqiaoctl. */
#include "shanqiao/error.h"
#include "signaling/auth/rights.h"
#include "signaling/auth/session.h"
#include "signaling/directory/directory.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include <stdio.h>
#include <string.h>

#define LIST_MAX 50 /* accounts of one answer */

struct target {
    char account[ID_MAX], institution[ID_MAX];
    bool found;
};

static int load(struct call *call, struct target *t)
{
    struct store_query q;
    const char *id = json_string_value(json_object_get(call->params, "accountId"));
    *t = (struct target){0};
    STORE_QUERY(call->service->store, &q, "SELECT id, institution FROM account WHERE id = $1",
                sv_text(id));
    if ((t->found = store_next(&q))) {
        store_copy_text(&q, 0, t->account, sizeof(t->account));
        store_copy_text(&q, 1, t->institution, sizeof(t->institution));
    }
    return store_query_end(&q);
}

static int may_manage(struct call *call, enum relation relation)
{
    if (rights_allow(call->caller->roles, relation, ACT_MANAGE_ACCOUNTS))
        return 0;
    if (relation == RELATION_NONE)
        return call_fail(call, SQ_ERR_NOT_FOUND,
                         "There is no such account in your institution or below it.",
                         "本机构及下属机构中没有该账号。");
    if (relation == RELATION_SELF)
        return call_fail(call, SQ_ERR_DENIED,
                         "Nobody changes the own account. Ask another administrator.",
                         "不能更改自己的账号，请联系其他管理员。");
    return call_fail(call, SQ_ERR_DENIED, "Only an administrator manages accounts.",
                     "只有管理员可以管理账号。");
}

/* The account of the params, if the caller may manage it. */
static int begin(struct call *call, struct target *t)
{
    bool belongs = false;
    int status = load(call, t);
    if (status == 0 && t->found)
        status =
            directory_belongs(call->service, t->institution, call->caller->institution, &belongs);
    if (status < 0)
        return status;
    bool self = strcmp(t->account, call->caller->account) == 0;
    snprintf(call->audit_object, sizeof(call->audit_object), "%s", t->account);
    return may_manage(call, !t->found || !belongs ? RELATION_NONE
                            : self                ? RELATION_SELF
                                                  : RELATION_SAME_INSTITUTION);
}

static uint32_t roles_of(const json_t *names)
{
    uint32_t roles = 0;
    for (size_t i = 0; i < json_array_size(names); i++) {
        uint32_t role = role_parse(json_string_value(json_array_get(names, i)));
        if (!role)
            return 0;
        roles |= role;
    }
    return roles;
}

static int set_roles(struct call *call)
{
    struct target t;
    uint32_t roles = roles_of(json_object_get(call->params, "roles"));
    int status = begin(call, &t);
    if (status < 0)
        return status;
    if (!rights_roles_fit(roles))
        return call_fail(call, SQ_ERR_INVALID,
                         "These roles do not go together. Operator, quality and admin are three "
                         "people; trainee and service stand alone.",
                         "这些角色不能兼任：运维、质控、管理员须由三人分任；学员和外部系统不得"
                         "兼任其他角色。");
    status = STORE_RUN(call->service->store, "UPDATE account SET roles = $1 WHERE id = $2",
                       sv_int(roles), sv_text(t.account));
    return status < 0 ? status
                      : auth_account_apply(call->service, t.account, call->utc_us, &call->effects);
}

static int set_disabled(struct call *call, bool disabled)
{
    struct target t;
    int status = begin(call, &t);
    if (status == 0)
        status = STORE_RUN(call->service->store, "UPDATE account SET disabled = $1 WHERE id = $2",
                           sv_int(disabled), sv_text(t.account));
    if (status >= 0 && disabled)
        status = session_end_all(call->service, t.account, "revoked", call->utc_us, &call->effects);
    return status < 0 ? status
                      : auth_account_apply(call->service, t.account, call->utc_us, &call->effects);
}

static int disable(struct call *call)
{
    return set_disabled(call, true);
}

static int enable(struct call *call)
{
    return set_disabled(call, false);
}

static int revoke_sessions(struct call *call)
{
    struct target t;
    int status = begin(call, &t);
    if (status == 0)
        status = session_end_all(call->service, t.account, "revoked", call->utc_us, &call->effects);
    return status < 0 ? status : 0;
}

static json_t *account_json(const struct store_query *q)
{
    return json_pack("{s:s, s:s, s:o, s:s, s:b}", "id", store_text(q, 0), "name", store_text(q, 1),
                     "roles", auth_roles_json((uint32_t)store_int(q, 2)), "institutionId",
                     store_text(q, 3), "disabled", store_int(q, 4) != 0);
}

static int list_of(struct call *call, const char *institution, const char *after)
{
    struct store_query q;
    json_t *accounts = json_array();
    size_t count = 0;
    int bad = 0;
    char next[ID_MAX] = "";
    STORE_QUERY(call->service->store, &q,
                "SELECT id, name, roles, institution, disabled FROM account"
                " WHERE institution = $1 AND id > $2 ORDER BY id LIMIT 51",
                sv_text(institution), sv_text(after));
    while (store_next(&q)) {
        if (count++ == LIST_MAX)
            break;
        store_copy_text(&q, 0, next, sizeof(next));
        bad |= json_array_append_new(accounts, account_json(&q));
    }
    int status = store_query_end(&q);
    call->result = json_pack("{s:o}", "accounts", accounts);
    if (count > LIST_MAX)
        bad |= json_object_set_new(call->result, "next", json_string(next));
    return status < 0 ? status : call->result && !bad ? 0 : SQ_ERR_NOMEM;
}

static int list(struct call *call)
{
    const char *institution = json_string_value(json_object_get(call->params, "institutionId"));
    const char *after = json_string_value(json_object_get(call->params, "after"));
    bool belongs = false;
    if (!institution)
        institution = call->caller->institution;
    snprintf(call->audit_object, sizeof(call->audit_object), "%s", institution);
    int status = directory_belongs(call->service, institution, call->caller->institution, &belongs);
    if (status < 0)
        return status;
    status = may_manage(call, belongs ? RELATION_SAME_INSTITUTION : RELATION_NONE);
    return status < 0 ? status : list_of(call, institution, after ? after : "");
}

static const struct method methods[] = {
    {.name = "account.list", .flags = METHOD_VIEWS, .handle = list},
    {.name = "account.setRoles", .flags = METHOD_WRITES, .handle = set_roles},
    {.name = "account.disable", .flags = METHOD_WRITES, .handle = disable},
    {.name = "account.enable", .flags = METHOD_WRITES, .handle = enable},
    {.name = "account.revokeSessions", .flags = METHOD_WRITES, .handle = revoke_sessions},
};
const struct method_table account_method_table = {methods, sizeof(methods) / sizeof(methods[0])};
