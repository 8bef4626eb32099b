/* SPDX-License-Identifier: Apache-2.0 */
/* Single accounts: add, new password, lock, unlock, list. Passwords come from standard input only,
 * so that none stands in a process list or a shell's history. */
#include "shanqiao/error.h"
#include "signaling/auth/auth.h"
#include "signaling/auth/rights.h"
#include "signaling/ctl/ctl.h"
#include "signaling/store/store.h"
#include <sodium.h>
#include <string.h>

/* Inside one transaction; returns rows changed or an error. */
typedef int (*change_fn)(struct ctl *c, struct service *s, const char *hash);

static int store_failed(const struct ctl *c, const struct service *s, int status)
{
    return ctl_fail(c, "%s: %s", "%s：%s", sq_error_name(status), store_error(s->store));
}

static int change(struct ctl *c, const char *act, const char *hash, change_fn fn)
{
    struct service s;
    int status = ctl_open(c, &s);
    if (status != CTL_OK)
        return status;
    int rows = store_begin(s.store);
    if (rows == 0)
        rows = fn(c, &s, hash);
    int error = rows < 0 ? rows : rows > 0 ? ctl_audit(c, &s, act, c->arguments[0]) : 0;
    if (error == 0)
        error = store_commit(s.store);
    store_rollback(s.store);
    if (error == SQ_ERR_CONFLICT)
        status = ctl_fail(c, "the account %s is there already", "账号 %s 已存在", c->arguments[0]);
    else if (error < 0)
        status = store_failed(c, &s, error);
    else if (rows == 0)
        status = ctl_fail(c, "there is no account %s", "没有账号 %s", c->arguments[0]);
    service_close(&s);
    return status;
}

static int read_hash(struct ctl *c, char hash[AUTH_HASH_MAX])
{
    char password[AUTH_PASSWORD_MAX + 3] = "";
    if (!ctl_read_password(c, password, sizeof(password)))
        return ctl_fail(c, "no password on standard input", "标准输入中没有密码");
    int error = auth_password_hash(password, hash);
    sodium_memzero(password, sizeof(password));
    if (error == SQ_ERR_LIMIT)
        return ctl_fail(c, "a password has %d to %d bytes", "密码长度应为 %d 到 %d 字节",
                        AUTH_PASSWORD_MIN, AUTH_PASSWORD_MAX);
    return error < 0 ? ctl_fail(c, "out of memory", "内存不足") : CTL_OK;
}

static uint32_t parse_roles(const struct ctl *c)
{
    uint32_t roles = 0;
    for (size_t i = 0; i < c->role_count; i++) {
        uint32_t role = role_parse(c->roles[i]);
        if (!role)
            return 0;
        roles |= role;
    }
    return roles;
}

static int insert(struct ctl *c, struct service *s, const char *hash)
{
    char id[ID_MAX];
    store_new_id(id, "acc");
    return STORE_RUN(s->store,
                     "INSERT INTO account (id, login, name, password_hash, roles, institution,"
                     " language) VALUES ($1, $2, $3, $4, $5, $6, $7)",
                     sv_text(id), sv_text(c->arguments[0]), sv_text(c->name), sv_text(hash),
                     sv_int(parse_roles(c)), sv_text(c->institution),
                     sv_text(c->language ? c->language : "zh-CN"));
}

int ctl_account_add(struct ctl *c)
{
    char hash[AUTH_HASH_MAX];
    if (!c->name || !c->institution || !c->role_count) {
        ctl_fail(c, "--name, --institution and --role are needed",
                 "需要 --name、--institution 和 --role");
        return CTL_USAGE;
    }
    if (!rights_roles_fit(parse_roles(c)) || strlen(c->arguments[0]) >= AUTH_LOGIN_MAX) {
        ctl_fail(c, "a role, their combination or the login name is not valid; see --help",
                 "角色、角色组合或登录名无效，请看 --help");
        return CTL_USAGE;
    }
    int status = read_hash(c, hash);
    return status != CTL_OK ? status : change(c, "ctl.account_add", hash, insert);
}

static int forget_failures(struct ctl *c, struct service *s)
{
    uint8_t hash[AUTH_LOGIN_HASH_BYTES];
    auth_login_hash(c->arguments[0], hash);
    return STORE_RUN(s->store, "DELETE FROM login_wait WHERE login_hash = $1",
                     sv_bytes(hash, sizeof(hash)));
}

/* Whoever knew the old password is out: open sessions expire now, and the server's sweep tells
 * them. */
static int set_password(struct ctl *c, struct service *s, const char *hash)
{
    int status = STORE_RUN(s->store,
                           "UPDATE session SET expires_us = $1 WHERE ended_us IS NULL AND account ="
                           " (SELECT id FROM account WHERE login = $2)",
                           sv_int(c->utc_us), sv_text(c->arguments[0]));
    if (status < 0)
        return status;
    status = forget_failures(c, s);
    if (status < 0)
        return status;
    return STORE_RUN(s->store, "UPDATE account SET password_hash = $1 WHERE login = $2",
                     sv_text(hash), sv_text(c->arguments[0]));
}

int ctl_account_passwd(struct ctl *c)
{
    char hash[AUTH_HASH_MAX];
    int status = read_hash(c, hash);
    return status != CTL_OK ? status : change(c, "ctl.account_passwd", hash, set_password);
}

/* The server applies it within a second (auth_sessions_sweep). */
static int tell_server(struct ctl *c, struct service *s)
{
    struct store_query q;
    char account[ID_MAX] = "";
    STORE_QUERY(s->store, &q, "SELECT id FROM account WHERE login = $1", sv_text(c->arguments[0]));
    if (store_next(&q))
        store_copy_text(&q, 0, account, sizeof(account));
    int status = store_query_end(&q);
    if (status < 0 || !account[0])
        return status;
    status = auth_account_changed(s->store, account, c->utc_us);
    return status < 0 ? status : 1;
}

static int set_roles(struct ctl *c, struct service *s, const char *hash)
{
    (void)hash;
    int rows = STORE_RUN(s->store, "UPDATE account SET roles = $1 WHERE login = $2",
                         sv_int(parse_roles(c)), sv_text(c->arguments[0]));
    return rows > 0 ? tell_server(c, s) : rows;
}

static int end_sessions(struct ctl *c, struct service *s, const char *hash)
{
    (void)hash;
    int status = STORE_RUN(s->store,
                           "UPDATE session SET expires_us = 0 WHERE ended_us IS NULL AND account ="
                           " (SELECT id FROM account WHERE login = $1)",
                           sv_text(c->arguments[0]));
    return status < 0 ? status : tell_server(c, s);
}

static int disable(struct ctl *c, struct service *s, const char *hash)
{
    (void)hash;
    return STORE_RUN(s->store, "UPDATE account SET disabled = 1 WHERE login = $1",
                     sv_text(c->arguments[0]));
}

static int enable(struct ctl *c, struct service *s, const char *hash)
{
    (void)hash;
    int status = forget_failures(c, s);
    if (status < 0)
        return status;
    return STORE_RUN(s->store, "UPDATE account SET disabled = 0 WHERE login = $1",
                     sv_text(c->arguments[0]));
}

int ctl_account_disable(struct ctl *c)
{
    return change(c, "ctl.account_disable", NULL, disable);
}

int ctl_account_enable(struct ctl *c)
{
    return change(c, "ctl.account_enable", NULL, enable);
}

int ctl_account_roles(struct ctl *c)
{
    uint32_t roles = parse_roles(c);
    if (roles && rights_roles_fit(roles))
        return change(c, "ctl.account_roles", NULL, set_roles);
    ctl_fail(c,
             "--role names no role, or these do not go together: operator, quality and admin are "
             "three people, trainee and service stand alone",
             "--role 无效或不能兼任：运维、质控、管理员须由三人分任，学员和外部系统不得兼任");
    return CTL_USAGE;
}

int ctl_account_logout(struct ctl *c)
{
    return change(c, "ctl.account_logout", NULL, end_sessions);
}

int ctl_account_list(struct ctl *c)
{
    struct service s;
    struct store_query q;
    int status = ctl_open(c, &s);
    if (status != CTL_OK)
        return status;
    store_query(
        s.store, &q,
        "SELECT login, institution, roles, disabled FROM account ORDER BY institution, login", NULL,
        0);
    while (store_next(&q)) {
        fprintf(c->out, "%s\t%s\t", store_text(&q, 0), store_text(&q, 1));
        for (uint32_t i = 0; i < ROLES_COUNT; i++)
            if ((uint32_t)store_int(&q, 2) & 1u << i)
                fprintf(c->out, "%s ", role_name((enum role)(1u << i)));
        fprintf(c->out, "%s\n", store_int(&q, 3) ? ctl_text(c, "\tdisabled", "\t已停用") : "");
    }
    int error = store_query_end(&q);
    if (error < 0)
        status = store_failed(c, &s, error);
    service_close(&s);
    return status;
}
