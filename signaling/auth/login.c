/* SPDX-License-Identifier: Apache-2.0 */
/* Signing in: throttled by account, one live session each, and the same answer, at the same pace,
 * for a name that does not exist and for a wrong password. */
#include "shanqiao/error.h"
#include "signaling/audit/audit.h"
#include "signaling/auth/rights.h"
#include "signaling/auth/session.h"
#include "signaling/consult/consult.h"
#include "signaling/directory/directory.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An hour of silence forgets the failures: five free attempts an hour are no more than the longest
 * wait allows. */
#define FORGET_US (3600 * TIME_US_PER_S)

/* Argon2id of 32 random bytes that nobody kept, with the limits of auth_password_hash: verifying
 * against it takes as long as against a real one and never succeeds. */
static const char dummy_hash[AUTH_HASH_MAX] =
    "$argon2id$v=19$m=65536,t=2,p=1$0wJF+VNxLHcm5ERYwEhB8Q$RDFDNYDgd1HiFh5HDJjMcaPaqu3LcH/"
    "dXncgI3gjd7A";

static time_us wait_after(int64_t failures)
{
    if (failures < AUTH_FREE_FAILURES)
        return 0;
    int64_t doublings = failures - AUTH_FREE_FAILURES;
    if (doublings > 20)
        return AUTH_WAIT_MAX_US;
    return time_us_min(TIME_US_PER_S << doublings, AUTH_WAIT_MAX_US);
}

void auth_login_hash(const char *login, uint8_t out[AUTH_LOGIN_HASH_BYTES])
{
    crypto_hash_sha256(out, (const uint8_t *)login, strlen(login));
}

/* Each attempt counts as a failure until finish says otherwise: many at once don't get around the
 * wait. Names that do not exist wait like the others, so that waiting tells nothing. */
static int charge(struct service *s, const char *login, time_us utc_us, time_us *wait_us)
{
    struct store_query q;
    uint8_t hash[AUTH_LOGIN_HASH_BYTES];
    int64_t failures = 0;
    auth_login_hash(login, hash);
    int status = STORE_RUN(s->store, "DELETE FROM login_wait WHERE touched_us < $1",
                           sv_int(utc_us - FORGET_US));
    if (status < 0)
        return status;
    STORE_QUERY(s->store, &q,
                "SELECT failures, wait_until_us FROM login_wait WHERE login_hash = $1",
                sv_bytes(hash, sizeof(hash)));
    if (store_next(&q)) {
        failures = store_int(&q, 0);
        *wait_us = store_int(&q, 1) - utc_us;
    }
    status = store_query_end(&q);
    if (status < 0 || *wait_us > 0)
        return status < 0 ? status : SQ_ERR_LIMIT;
    *wait_us = 0;
    status = STORE_RUN(s->store,
                       "INSERT INTO login_wait (login_hash, failures, wait_until_us, touched_us)"
                       " VALUES ($1, $2, $3, $4) ON CONFLICT (login_hash) DO UPDATE"
                       " SET failures = excluded.failures,"
                       " wait_until_us = excluded.wait_until_us, touched_us = excluded.touched_us",
                       sv_bytes(hash, sizeof(hash)), sv_int(failures + 1),
                       sv_int(utc_us + wait_after(failures + 1)), sv_int(utc_us));
    return status < 0 ? status : 0;
}

static int look_up(struct service *s, const char *login, time_us utc_us, struct auth_login *out)
{
    struct store_query q;
    char account[ID_MAX] = "";
    bool disabled = false;
    STORE_QUERY(s->store, &q, "SELECT id, password_hash, disabled FROM account WHERE login = $1",
                sv_text(login));
    if (store_next(&q)) {
        store_copy_text(&q, 0, account, sizeof(account));
        store_copy_text(&q, 1, out->hash, sizeof(out->hash));
        disabled = store_int(&q, 2) != 0;
    }
    int status = store_query_end(&q);
    if (status < 0 || !account[0])
        return status;
    if (!disabled)
        snprintf(out->account, sizeof(out->account), "%s", account);
    char chain[ID_MAX];
    struct audit_act act = {
        .utc_us = utc_us, .act = "auth.attempt", .object = account, .chain = chain};
    status = audit_chain_of(s->store, account, NULL, chain);
    return status < 0 ? status : audit_append(s->store, &act);
}

int auth_login_begin(struct service *s, const char *login, time_us utc_us, struct auth_login *out,
                     time_us *wait_us)
{
    *wait_us = 0;
    memset(out, 0, sizeof(*out));
    memcpy(out->hash, dummy_hash, sizeof(out->hash));
    int status = store_begin(s->store);
    if (status < 0)
        return status;
    auth_login_hash(login, out->login_hash);
    status = charge(s, login, utc_us, wait_us);
    if (status == 0)
        status = look_up(s, login, utc_us, out);
    if (status == 0)
        status = store_commit(s->store);
    store_rollback(s->store);
    return status;
}

static int check_other_session(struct call *call, const char *account, bool takeover)
{
    struct service *s = call->service;
    char other[ID_MAX];
    int status = session_of_account(s, account, call->utc_us, other);
    if (status < 0 || !other[0])
        return status;
    bool connected = s->session_connected && s->session_connected(s->front_user, other);
    if (connected && !takeover)
        return call_fail(call, SQ_ERR_CONFLICT,
                         "This account is signed in on another device. Sign out there, or take "
                         "over from here.",
                         "该账号已在另一台设备上登录。请先在那里退出，或选择在此接管。");
    if (!connected)
        return session_supersede(s, other, account, call->utc_us, &call->effects);
    return session_end(s, other, account, "takeover", call->utc_us, &call->effects);
}

json_t *auth_roles_json(uint32_t roles)
{
    json_t *list = json_array();
    int bad = 0;
    for (uint32_t i = 0; i < ROLES_COUNT; i++)
        if (roles & 1u << i)
            bad |= json_array_append_new(list, json_string(role_name((enum role)(1u << i))));
    if (bad) {
        json_decref(list);
        return NULL;
    }
    return list;
}

static json_t *account_json(const char *id, const char *name, uint32_t roles, json_t *institution)
{
    return json_pack("{s:s, s:s, s:o, s:o}", "id", id, "name", name, "roles",
                     auth_roles_json(roles), "institution", institution);
}

static int describe_account(struct service *s, const char *account, json_t **out)
{
    struct store_query q;
    json_t *institution = NULL;
    char name[256] = "", institution_id[ID_MAX] = "";
    uint32_t roles = 0;
    *out = NULL;
    STORE_QUERY(s->store, &q, "SELECT name, roles, institution FROM account WHERE id = $1",
                sv_text(account));
    if (store_next(&q)) {
        store_copy_text(&q, 0, name, sizeof(name));
        roles = (uint32_t)store_int(&q, 1);
        store_copy_text(&q, 2, institution_id, sizeof(institution_id));
    }
    int status = store_query_end(&q);
    if (status == 0)
        status = directory_institution(s, institution_id, &institution);
    if (status < 0)
        return status;
    *out = account_json(account, name, roles, institution);
    return *out ? 0 : SQ_ERR_NOMEM;
}

static int open_session(struct call *call, const char *account)
{
    struct service *s = call->service;
    const char *device = json_string_value(json_object_get(call->params, "device"));
    char session[ID_MAX], token[AUTH_TOKEN_MAX], expires[SERVICE_TIME_MAX];
    json_t *described = NULL;
    int status = session_create(s, account, device ? device : "", call->utc_us, session, token);
    if (status == 0)
        status = describe_account(s, account, &described);
    if (status < 0)
        return status;
    service_time_text(call->utc_us + s->limits.session_lifetime_us, expires);
    snprintf(call->signed_in.account, sizeof(call->signed_in.account), "%s", account);
    snprintf(call->signed_in.session, sizeof(call->signed_in.session), "%s", session);
    call->result = json_pack("{s:s, s:s, s:s, s:i, s:o}", "token", token, "sessionId", session,
                             "expiresAt", expires, "seq", 0, "account", described);
    sodium_memzero(token, sizeof(token));
    return call->result ? consult_signed_in(s, &call->effects, account, call->utc_us)
                        : SQ_ERR_NOMEM;
}

/* It may have been disabled since begin. */
static int check_enabled(struct service *s, const char *account)
{
    struct store_query q;
    STORE_QUERY(s->store, &q, "SELECT 1 FROM account WHERE id = $1 AND disabled = 0",
                sv_text(account));
    bool enabled = store_next(&q);
    int status = store_query_end(&q);
    return status < 0 ? status : enabled ? 0 : SQ_ERR_UNAUTHENTICATED;
}

static int forget_failures(struct service *s, const struct auth_login *login)
{
    int status = STORE_RUN(s->store, "DELETE FROM login_wait WHERE login_hash = $1",
                           sv_bytes(login->login_hash, sizeof(login->login_hash)));
    return status < 0 ? status : 0;
}

int auth_login_of(struct service *s, const char *account, char out[AUTH_LOGIN_MAX])
{
    struct store_query q;
    STORE_QUERY(s->store, &q, "SELECT login FROM account WHERE id = $1 AND disabled = 0",
                sv_text(account));
    bool found = store_next(&q);
    if (found)
        store_copy_text(&q, 0, out, AUTH_LOGIN_MAX);
    int status = store_query_end(&q);
    return status < 0 ? status : found ? 0 : SQ_ERR_UNAUTHENTICATED;
}

int auth_confirm_finish(struct call *call, const struct auth_login *login, bool password_ok)
{
    const struct caller *c = call->caller;
    if (!password_ok || strcmp(login->account, c->account) != 0)
        return call_fail(call, SQ_ERR_DENIED,
                         "The password is wrong. Try again, or sign out and let your administrator "
                         "set a new one.",
                         "密码不正确，请重试；忘记密码请退出登录，并联系管理员重置。");
    call->signed_in = *c;
    snprintf(call->audit_object, sizeof(call->audit_object), "%s", c->session);
    return forget_failures(call->service, login);
}

int auth_login_finish(struct call *call, const struct auth_login *login, bool password_ok)
{
    struct service *s = call->service;
    bool takeover = json_is_true(json_object_get(call->params, "takeover"));
    call->audit_act = "auth.login";
    if (!password_ok || !login->account[0])
        return call_fail(call, SQ_ERR_UNAUTHENTICATED,
                         "Account or password is wrong. Check both; your administrator can set a "
                         "new password.",
                         "账号或密码不正确。请检查后重试；忘记密码请联系管理员重置。");
    snprintf(call->audit_object, sizeof(call->audit_object), "%s", login->account);
    int status = check_other_session(call, login->account, takeover);
    if (status >= 0)
        status = check_enabled(s, login->account);
    if (status >= 0)
        status = forget_failures(s, login);
    return status < 0 ? status : open_session(call, login->account);
}

int auth_login_now(struct call *call)
{
    struct service *s = call->service;
    struct auth_login login;
    time_us wait_us = 0;
    const char *account = json_string_value(json_object_get(call->params, "account"));
    const char *password = json_string_value(json_object_get(call->params, "password"));
    if (!account || !password)
        return SQ_ERR_INVALID;
    int status = auth_login_begin(s, account, call->utc_us, &login, &wait_us);
    if (status < 0)
        return status;
    bool ok = auth_password_verify(&login, password);
    status = store_begin(s->store);
    if (status == 0)
        status = auth_login_finish(call, &login, ok);
    if (status == 0)
        status = store_commit(s->store);
    store_rollback(s->store);
    return status;
}
