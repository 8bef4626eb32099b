/* SPDX-License-Identifier: Apache-2.0 */
/* Signing in: right and wrong passwords, unknown names, waiting, takeover. */
#include "people.h"
#include "shanqiao/error.h"
#include "signaling/auth/auth.h"
#include "signaling/proto/schema.h"
#include "signaling/store/store.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct people p;
static struct call call;
static struct caller nobody;
static bool connected;

static bool is_connected(void *user, const char *session)
{
    (void)user;
    (void)session;
    return connected;
}

static void up(void)
{
    people_init(&p);
    p.service.session_connected = is_connected;
    connected = false;
}

static void forget(void)
{
    json_decref(call.params);
    json_decref(call.result);
    effects_clear(&call.effects);
    memset(&call, 0, sizeof(call));
}

static void down(void)
{
    forget();
    people_fini(&p);
}

TestSuite(login, .init = up, .fini = down);

static int login(const char *account, const char *password, bool takeover)
{
    forget();
    call.service = &p.service;
    call.caller = &nobody;
    call.utc_us = p.utc_us;
    call.params = json_pack("{s:s, s:s, s:b}", "account", account, "password", password, "takeover",
                            (int)takeover);
    return auth_login_now(&call);
}

static const char *result(const char *name)
{
    const char *text = json_string_value(json_object_get(call.result, name));
    return text ? text : "";
}

Test(login, the_right_password_opens_a_session)
{
    struct auth_session session;
    struct schema_reason reason;
    cr_assert_eq(login(VILLAGER, PEOPLE_PASSWORD, false), 0);
    const json_t *document = schema_set_method(p.schemas, "auth.login");
    cr_expect_eq(schema_check(document, json_object_get(document, "result"), call.result, &reason),
                 0, "%s %s", reason.path, reason.text);
    cr_expect_eq(strlen(result("token")), 43);
    cr_assert_eq(auth_session_by_token(&p.service, result("token"), p.utc_us, &session), 0);
    cr_expect_str_eq(session.caller.account, VILLAGER);
    cr_expect_str_eq(session.caller.session, result("sessionId"));
    cr_expect_str_eq(session.caller.language, "en");
    const json_t *account = json_object_get(call.result, "account");
    cr_expect_str_eq(json_string_value(json_array_get(json_object_get(account, "roles"), 0)),
                     "village_doctor");
    cr_expect_str_eq(
        json_string_value(json_object_get(json_object_get(account, "institution"), "id")),
        "village");
}

Test(login, wrong_password_and_unknown_name_read_the_same)
{
    char en[256];
    cr_expect_eq(login(VILLAGER, "wrong password", false), SQ_ERR_UNAUTHENTICATED);
    snprintf(en, sizeof(en), "%s", call.message_en);
    cr_expect_null(call.result);
    cr_expect_eq(login("nobody_at_all", "wrong password", false), SQ_ERR_UNAUTHENTICATED);
    cr_expect_str_eq(call.message_en, en);
}

Test(login, a_disabled_account_reads_like_a_wrong_password)
{
    STORE_RUN(p.service.store, "UPDATE account SET disabled = 1 WHERE id = $1", sv_text(VILLAGER));
    cr_expect_eq(login(VILLAGER, PEOPLE_PASSWORD, false), SQ_ERR_UNAUTHENTICATED);
}

/* The dummy must cost what the real one costs: the same algorithm and limits, and a well-formed
 * hash. */
Test(login, the_dummy_hash_has_the_limits_of_real_ones)
{
    struct auth_login unknown;
    char real[AUTH_HASH_MAX];
    time_us wait_us = 0;
    cr_assert_eq(auth_login_begin(&p.service, "nobody_at_all", p.utc_us, &unknown, &wait_us), 0);
    cr_assert_eq(auth_password_hash("some password", real), 0);
    size_t limits = (size_t)(strstr(real, "p=1$") - real) + 4;
    cr_expect_eq(strncmp(real, unknown.hash, limits), 0, "%s", unknown.hash);
    cr_expect_eq(strlen(real), strlen(unknown.hash));
    cr_expect_not(auth_password_verify(&unknown, ""));
}

Test(login, failures_make_an_account_wait_longer_and_longer)
{
    struct auth_login out;
    time_us wait_us = 0, last_us = 0;
    for (int i = 0; i < AUTH_FREE_FAILURES; i++)
        cr_assert_eq(auth_login_begin(&p.service, VILLAGER, p.utc_us, &out, &wait_us), 0);
    for (int i = 0; i < 15; i++) {
        cr_assert_eq(auth_login_begin(&p.service, VILLAGER, p.utc_us, &out, &wait_us),
                     SQ_ERR_LIMIT);
        cr_expect_geq(wait_us, last_us);
        cr_expect_leq(wait_us, AUTH_WAIT_MAX_US);
        cr_expect_eq(out.account[0], '\0');
        last_us = wait_us;
        people_restart(&p); /* it is stored */
        p.utc_us += wait_us;
        cr_assert_eq(auth_login_begin(&p.service, VILLAGER, p.utc_us, &out, &wait_us), 0);
    }
    cr_expect_eq(last_us, AUTH_WAIT_MAX_US);
    /* Others are not touched, and the right password after the wait forgets it all. */
    cr_expect_eq(auth_login_begin(&p.service, EXPERT_1, p.utc_us, &out, &wait_us), 0);
    p.utc_us += AUTH_WAIT_MAX_US;
    cr_expect_eq(login(VILLAGER, PEOPLE_PASSWORD, false), 0);
    cr_expect_eq(login(VILLAGER, PEOPLE_PASSWORD, false), 0);
}

Test(login, names_that_do_not_exist_wait_alike)
{
    struct auth_login out;
    time_us wait_us = 0;
    for (int i = 0; i < AUTH_FREE_FAILURES; i++)
        cr_assert_eq(auth_login_begin(&p.service, "nobody_at_all", p.utc_us, &out, &wait_us), 0);
    cr_expect_eq(auth_login_begin(&p.service, "nobody_at_all", p.utc_us, &out, &wait_us),
                 SQ_ERR_LIMIT);
    cr_expect_eq(wait_us, TIME_US_PER_S);
    p.utc_us += 2 * 3600 * TIME_US_PER_S; /* forgotten: the table does not grow for ever */
    cr_expect_eq(auth_login_begin(&p.service, "somebody", p.utc_us, &out, &wait_us), 0);
    struct store_query q;
    store_query(p.service.store, &q, "SELECT COUNT(*) FROM login_wait", NULL, 0);
    cr_expect(store_next(&q) && store_int(&q, 0) == 1);
    store_query_end(&q);
}

Test(login, a_second_sign_in_is_refused_or_takes_over)
{
    char first[64], token[64];
    struct auth_session session;
    cr_assert_eq(login(VILLAGER, PEOPLE_PASSWORD, false), 0);
    snprintf(first, sizeof(first), "%s", result("sessionId"));
    snprintf(token, sizeof(token), "%s", result("token"));
    connected = true;
    cr_expect_eq(login(VILLAGER, PEOPLE_PASSWORD, false), SQ_ERR_CONFLICT);
    cr_expect_eq(auth_session_by_token(&p.service, token, p.utc_us, &session), 0);
    cr_assert_eq(login(VILLAGER, PEOPLE_PASSWORD, true), 0);
    cr_assert_eq(call.effects.count, 1);
    cr_expect_eq(call.effects.items[0].type, EFFECT_SESSION_ENDED);
    cr_expect_str_eq(call.effects.items[0].session, first);
    cr_expect_str_eq(call.effects.items[0].reason, "takeover");
    cr_expect_eq(auth_session_by_token(&p.service, token, p.utc_us, &session),
                 SQ_ERR_UNAUTHENTICATED);
}

Test(login, a_session_whose_connection_is_gone_is_superseded)
{
    cr_assert_eq(login(VILLAGER, PEOPLE_PASSWORD, false), 0);
    cr_assert_eq(login(VILLAGER, PEOPLE_PASSWORD, false), 0);
    cr_expect_eq(call.effects.count, 1);
}

Test(login, passwords_have_bounds)
{
    char hash[AUTH_HASH_MAX], longest[AUTH_PASSWORD_MAX + 2];
    memset(longest, 'x', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    cr_expect_eq(auth_password_hash("short", hash), SQ_ERR_LIMIT);
    cr_expect_eq(auth_password_hash(longest, hash), SQ_ERR_LIMIT);
    cr_expect_eq(login(VILLAGER, longest, false), SQ_ERR_UNAUTHENTICATED);
}
