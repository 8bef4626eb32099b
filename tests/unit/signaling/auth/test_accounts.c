/* SPDX-License-Identifier: Apache-2.0 */
/* An administrator changes accounts of the own house and below, and it is felt at once; a change by
 * another program is felt by the next sweep, and after a restart too. */
#include "people.h"
#include "shanqiao/error.h"
#include "signaling/auth/auth.h"
#include "signaling/auth/rights.h"
#include "signaling/store/store.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define ADMIN       "acc_admin"
#define OTHER_ADMIN "acc_other_admin"

static struct people p;

static void sql(const char *text)
{
    cr_assert_geq(store_run(p.service.store, text, NULL, 0), 0, "%s: %s", text,
                  store_error(p.service.store));
}

static void up(void)
{
    people_init(&p);
    sql("INSERT INTO account (id, login, name, password_hash, roles, institution, language) VALUES"
        " ('" ADMIN "', 'adm', 'A', 'x', 32, 'county', 'en'),"
        " ('" OTHER_ADMIN "', 'oth', 'B', 'x', 32, 'village', 'en')");
    sql("INSERT INTO session (id, token_hash, account, device, created_us, expires_us) VALUES"
        " ('ses_x', 'h', '" EXPERT_1 "', '', 0, 9000000000000000)");
    sql("INSERT INTO media_object (id, room, transport, kind, account, session, body) VALUES"
        " ('tr_1', 'con_none', 'tr_1', 'transport', '" EXPERT_1 "', 'ses_x', '{}')");
}

static void down(void)
{
    people_fini(&p);
}

TestSuite(accounts, .init = up, .fini = down);

static json_t *roles(const char *account, const char *role)
{
    return json_pack("{s:s, s:[s]}", "accountId", account, "roles", role);
}

static json_t *target(const char *account)
{
    return json_pack("{s:s}", "accountId", account);
}

static const struct effect *find(const struct effects *effects, enum effect_type type)
{
    for (size_t i = 0; i < effects->count; i++)
        if (effects->items[i].type == type)
            return &effects->items[i];
    return NULL;
}

static int64_t number(const char *text)
{
    struct store_query q;
    store_query(p.service.store, &q, text, NULL, 0);
    int64_t n = store_next(&q) ? store_int(&q, 0) : -1;
    cr_assert_eq(store_query_end(&q), 0);
    return n;
}

#define ROLES_NOW "SELECT roles FROM account WHERE id = '" EXPERT_1 "'"

Test(accounts, new_roles_hold_at_once_and_rooms_without_right_are_left)
{
    cr_assert_eq(people_call(&p, ADMIN, "account.setRoles", roles(EXPERT_1, "coordinator")), 0);
    cr_expect_eq(number(ROLES_NOW), ROLE_COORDINATOR);
    const struct effect *e = find(&p.call.effects, EFFECT_ROOM_REMOVE);
    cr_assert(e);
    cr_expect_str_eq(e->object, "con_none");
    cr_expect_str_eq(e->account, EXPERT_1);
    cr_expect_eq(people_told(&p, EXPERT_1, "account.changed"), 1);
    cr_expect_null(find(&p.call.effects, EFFECT_SESSION_ENDED));
}

Test(accounts, a_seat_without_right_is_empty_at_once_though_media_never_came)
{
    static const char *const on_duty[] = {EXPERT_1, NULL};
    char id[ID_MAX];
    sql("DELETE FROM media_object");
    cr_assert_eq(people_submit(&p, on_duty, id), 0);
    cr_assert_eq(people_call(&p, EXPERT_1, "consultation.accept", people_id(id)), 0);
    cr_assert_eq(people_call(&p, EXPERT_1, "consultation.enter", people_id(id)), 0);
    cr_assert_eq(people_call(&p, VILLAGER, "consultation.enter", people_id(id)), 0);
    cr_expect_str_eq(people_result(&p, "state"), "in_progress");
    sql("UPDATE participant SET session = 'ses_x' WHERE session = 'ses_" EXPERT_1 "'");
    cr_assert_eq(people_call(&p, ADMIN, "account.setRoles", roles(EXPERT_1, "coordinator")), 0);
    cr_assert_eq(people_call(&p, VILLAGER, "consultation.get", people_id(id)), 0);
    cr_expect_str_eq(people_result(&p, "state"), "interrupted");
}

Test(accounts, a_locked_account_loses_its_session_at_once)
{
    cr_assert_eq(people_call(&p, ADMIN, "account.disable", target(EXPERT_1)), 0);
    const struct effect *e = find(&p.call.effects, EFFECT_SESSION_ENDED);
    cr_assert(e);
    cr_expect_str_eq(e->session, "ses_x");
    cr_expect_str_eq(e->reason, "revoked");
    cr_expect(find(&p.call.effects, EFFECT_ROOM_REMOVE));
    cr_assert_eq(people_call(&p, ADMIN, "account.enable", target(EXPERT_1)), 0);
    cr_expect_eq(number("SELECT disabled FROM account WHERE id = '" EXPERT_1 "'"), 0);
    cr_expect_eq(number("SELECT COUNT(*) FROM session WHERE ended_us IS NULL"), 0);
}

Test(accounts, sessions_are_revoked)
{
    cr_assert_eq(people_call(&p, ADMIN, "account.revokeSessions", target(EXPERT_1)), 0);
    cr_expect(find(&p.call.effects, EFFECT_SESSION_ENDED));
    cr_assert_eq(people_call(&p, ADMIN, "account.revokeSessions", target(EXPERT_1)), 0);
    cr_expect_null(find(&p.call.effects, EFFECT_SESSION_ENDED), "there is none left");
}

Test(accounts, only_an_administrator_of_the_house_may)
{
    static const char *const methods[] = {"account.disable", "account.enable",
                                          "account.revokeSessions"};
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        cr_expect_eq(people_call(&p, OTHER_ADMIN, methods[i], target(EXPERT_1)), SQ_ERR_NOT_FOUND);
        cr_expect_eq(people_call(&p, EXPERT_2, methods[i], target(EXPERT_1)), SQ_ERR_DENIED);
        cr_expect_eq(people_call(&p, ADMIN, methods[i], target(ADMIN)), SQ_ERR_DENIED);
        cr_expect_eq(people_call(&p, ADMIN, methods[i], target("acc_none")), SQ_ERR_NOT_FOUND);
    }
    cr_expect_eq(people_call(&p, ADMIN, "account.setRoles", roles(ADMIN, "quality")),
                 SQ_ERR_DENIED);
    cr_expect_eq(number("SELECT COUNT(*) FROM account_change"), 0);
}

Test(accounts, roles_that_must_be_apart_are_not_given_together)
{
    json_t *params =
        json_pack("{s:s, s:[s, s]}", "accountId", EXPERT_1, "roles", "admin", "quality");
    cr_expect_eq(people_call(&p, ADMIN, "account.setRoles", params), SQ_ERR_INVALID);
    cr_expect_eq(number(ROLES_NOW), ROLE_SPECIALIST);
    cr_expect_eq(people_call(&p, ADMIN, "account.setRoles",
                             json_pack("{s:s, s:[]}", "accountId", EXPERT_1, "roles")),
                 SQ_ERR_INVALID);
}

static void sweep(struct effects *effects)
{
    effects_clear(effects);
    cr_assert_eq(store_begin(p.service.store), 0);
    cr_assert_eq(auth_sessions_sweep(&p.service, p.utc_us, effects), 0);
    cr_assert_eq(store_commit(p.service.store), 0);
}

Test(accounts, a_change_by_another_program_is_felt_by_the_next_sweep_once)
{
    struct effects effects = {0};
    sql("UPDATE account SET roles = 4 WHERE id = '" EXPERT_1 "'");
    sweep(&effects);
    cr_expect_null(find(&effects, EFFECT_ROOM_REMOVE));
    cr_assert_eq(auth_account_changed(p.service.store, EXPERT_1, p.utc_us), 0);
    sweep(&effects);
    cr_expect(find(&effects, EFFECT_ROOM_REMOVE));
    sweep(&effects);
    cr_expect_null(find(&effects, EFFECT_ROOM_REMOVE));
    effects_clear(&effects);
}

Test(accounts, a_sweep_that_was_undone_is_done_again)
{
    struct effects effects = {0};
    cr_assert_eq(auth_account_changed(p.service.store, EXPERT_1, p.utc_us), 0);
    cr_assert_eq(store_begin(p.service.store), 0);
    cr_assert_eq(auth_sessions_sweep(&p.service, p.utc_us, &effects), 0);
    store_rollback(p.service.store);
    sweep(&effects);
    cr_expect(find(&effects, EFFECT_ROOM_REMOVE));
    effects_clear(&effects);
}

Test(accounts, a_list_shows_the_own_house_a_page_at_a_time)
{
    for (int i = 0; i < 60; i++) {
        char text[260];
        snprintf(text, sizeof(text),
                 "INSERT INTO account (id, login, name, password_hash, roles, institution,"
                 " language) VALUES ('many_%02d', 'many_%02d', 'M', 'x', 1, 'village', 'en')",
                 i, i);
        sql(text);
    }
    cr_assert_eq(people_call(&p, OTHER_ADMIN, "account.list", json_object()), 0);
    cr_expect_eq(json_array_size(json_object_get(p.call.result, "accounts")), 50);
    const char *next = json_string_value(json_object_get(p.call.result, "next"));
    cr_assert(next);
    cr_assert_eq(people_call(&p, OTHER_ADMIN, "account.list", json_pack("{s:s}", "after", next)),
                 0);
    cr_expect_eq(json_array_size(json_object_get(p.call.result, "accounts")), 13);
    cr_expect_null(json_object_get(p.call.result, "next"));
    cr_expect_eq(
        people_call(&p, OTHER_ADMIN, "account.list", json_pack("{s:s}", "institutionId", "county")),
        SQ_ERR_NOT_FOUND);
    cr_expect_eq(people_call(&p, EXPERT_1, "account.list", json_object()), SQ_ERR_DENIED);
}
