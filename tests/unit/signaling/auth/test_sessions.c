/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions end by expiry, by locking the account, by sign-out; stored tokens sign nobody in. */
#include "people.h"
#include "shanqiao/error.h"
#include "signaling/auth/auth.h"
#include "signaling/auth/session.h"
#include "signaling/store/store.h"
#include <criterion/criterion.h>
#include <string.h>

static struct people p;
static char session[ID_MAX], token[AUTH_TOKEN_MAX];

static void up(void)
{
    people_init(&p);
    cr_assert_eq(session_create(&p.service, VILLAGER, "tablet", p.utc_us, session, token), 0);
}

static void down(void)
{
    people_fini(&p);
}

TestSuite(sessions, .init = up, .fini = down);

static int by_token(void)
{
    struct auth_session s;
    return auth_session_by_token(&p.service, token, p.utc_us, &s);
}

Test(sessions, expire_after_twelve_hours)
{
    struct auth_session s;
    p.utc_us += 12 * 3600 * TIME_US_PER_S - 1;
    cr_expect_eq(by_token(), 0);
    p.utc_us += 1;
    cr_expect_eq(by_token(), SQ_ERR_UNAUTHENTICATED);
    cr_expect_eq(auth_session_check(&p.service, session, p.utc_us, &s), SQ_ERR_UNAUTHENTICATED);
}

Test(sessions, tokens_are_not_in_the_store)
{
    struct store_query q;
    STORE_QUERY(p.service.store, &q, "SELECT 1 FROM session WHERE token_hash = $1",
                sv_bytes(token, strlen(token)));
    cr_expect_not(store_next(&q));
    store_query_end(&q);
    struct auth_session s;
    cr_expect_eq(auth_session_by_token(&p.service, "", p.utc_us, &s), SQ_ERR_UNAUTHENTICATED);
    cr_expect_eq(auth_session_by_token(&p.service, session, p.utc_us, &s), SQ_ERR_UNAUTHENTICATED);
    token[0] ^= 1;
    cr_expect_eq(by_token(), SQ_ERR_UNAUTHENTICATED);
}

Test(sessions, a_changed_role_is_seen_at_once)
{
    struct auth_session s;
    STORE_RUN(p.service.store, "UPDATE account SET roles = 0 WHERE id = $1", sv_text(VILLAGER));
    cr_assert_eq(auth_session_check(&p.service, session, p.utc_us, &s), 0);
    cr_expect_eq(s.caller.roles, 0);
}

static size_t sweep(const char **reason)
{
    struct effects effects = {0};
    cr_assert_eq(auth_sessions_sweep(&p.service, p.utc_us, &effects), 0);
    size_t count = effects.count;
    *reason = count ? effects.items[0].reason : "";
    effects_clear(&effects);
    return count;
}

Test(sessions, the_sweep_ends_expired_and_disabled_ones_once)
{
    const char *reason = NULL;
    cr_expect_eq(sweep(&reason), 0);
    STORE_RUN(p.service.store, "UPDATE account SET disabled = 1 WHERE id = $1", sv_text(VILLAGER));
    cr_expect_eq(by_token(), SQ_ERR_UNAUTHENTICATED);
    cr_expect_eq(sweep(&reason), 1);
    cr_expect_str_eq(reason, "revoked");
    cr_expect_eq(sweep(&reason), 0);
    char other[ID_MAX];
    cr_assert_eq(session_create(&p.service, EXPERT_1, "", p.utc_us, other, token), 0);
    p.utc_us += p.service.limits.session_lifetime_us;
    cr_expect_eq(sweep(&reason), 1);
    cr_expect_str_eq(reason, "expired");
}

Test(sessions, sign_out_ends_it)
{
    STORE_RUN(p.service.store, "UPDATE session SET id = 'ses_acc_villager'");
    cr_assert_eq(people_call(&p, VILLAGER, "auth.logout", json_object()), 0);
    cr_assert_eq(p.call.effects.count, 1);
    cr_expect_str_eq(p.call.effects.items[0].reason, "logout");
    cr_expect_eq(by_token(), SQ_ERR_UNAUTHENTICATED);
}
