/* SPDX-License-Identifier: Apache-2.0 */
/* The dispatcher over a real store: sign-in, rights to speak, schema, idempotency, limits,
 * deadlines. */
#include "terminal.h"

#include "signaling/audit/audit.h"
#include "signaling/auth/auth.h"
#include "signaling/proto/refused.h"
#include "signaling/store/store.h"
#include <criterion/criterion.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static struct bench b;

static void init(void)
{
    bench_init(&b);
}

static void fini(void)
{
    bench_fini(&b);
}

/* Of another institution: colleagues of the applicant's see that a case is there. */
static void other_doctor(uint64_t connection)
{
    cr_assert_eq(STORE_RUN(b.people.service.store,
                           "UPDATE account SET institution = 'county' WHERE id = $1",
                           sv_text(OTHER_DOCTOR)),
                 1);
    bench_open(&b, connection);
    bench_login(&b, connection, OTHER_DOCTOR, false);
}

TestSuite(dispatch, .init = init, .fini = fini);

static int64_t audit_rows(void)
{
    struct store_query q;
    store_query(b.people.service.store, &q, "SELECT COUNT(*) FROM audit", NULL, 0);
    int64_t rows = store_next(&q) ? store_int(&q, 0) : -1;
    cr_assert_eq(store_query_end(&q), 0);
    return rows;
}

static json_t *submit(uint64_t connection, const char *key)
{
    return bench_call_as(&b, connection, key, "consultation.submit", people_request());
}

/* VILLAGER on connection 1, EXPERT_1 on duty on connection 2. */
static void two_people(void)
{
    bench_open(&b, 1);
    bench_open(&b, 2);
    bench_login(&b, 1, VILLAGER, false);
    bench_login(&b, 2, EXPERT_1, false);
    json_t *reply =
        bench_call(&b, 2, "duty.set", json_pack("{s:s, s:b}", "panelId", PANEL, "onDuty", 1));
    cr_assert(bench_result(reply), "%s", bench_error(reply));
}

Test(dispatch, every_method_but_two_wants_a_session)
{
    static const char *const methods[] = {"auth.logout",       "directory.panels",
                                          "consultation.list", "consultation.submit",
                                          "opinion.sign",      "duty.set"};
    bench_open(&b, 1);
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        cr_expect_str_eq(bench_error(bench_call(&b, 1, methods[i], NULL)),
                         "SQ_ERR_UNAUTHENTICATED");
    cr_expect_eq(audit_rows(), 0);
}

Test(dispatch, a_wrong_password_and_a_wrong_name_are_told_alike)
{
    json_t *replies[2];
    static const char *const names[] = {VILLAGER, "nobody-here"};
    bench_open(&b, 1);
    for (int i = 0; i < 2; i++)
        replies[i] =
            bench_call_as(&b, 1, "same-key-1", "auth.login",
                          json_pack("{s:s, s:s}", "account", names[i], "password", "guess guess"));
    cr_expect_str_eq(bench_error(replies[0]), "SQ_ERR_UNAUTHENTICATED");
    cr_expect(json_equal(replies[0], replies[1]));
}

Test(dispatch, a_busy_pool_refuses_and_the_connection_may_try_again)
{
    bench_open(&b, 1);
    b.pool_full = true;
    cr_expect_str_eq(bench_error(bench_call(&b, 1, "auth.login",
                                            json_pack("{s:s, s:s}", "account", VILLAGER, "password",
                                                      PEOPLE_PASSWORD))),
                     "SQ_ERR_LIMIT");
    b.pool_full = false;
    bench_login(&b, 1, VILLAGER, false);
}

Test(dispatch, a_second_sign_in_is_refused_unless_it_takes_over)
{
    bench_open(&b, 1);
    bench_open(&b, 2);
    bench_login(&b, 1, VILLAGER, false);
    json_t *reply =
        bench_call(&b, 2, "auth.login",
                   json_pack("{s:s, s:s}", "account", VILLAGER, "password", PEOPLE_PASSWORD));
    cr_expect_str_eq(bench_error(reply), "SQ_ERR_CONFLICT");
    cr_expect_eq(bench_closed(&b, 1), 0);
    bench_login(&b, 2, VILLAGER, true);
    json_t *ended = bench_told(&b, 1, "session.ended");
    cr_expect_str_eq(bench_get(ended, "reason"), "takeover");
    cr_expect_eq(bench_closed(&b, 1), DISPATCH_CLOSE_ENDED);
    cr_expect(bench_result(bench_call(&b, 2, "consultation.list", NULL)));
}

Test(dispatch, a_session_without_a_connection_is_superseded_without_asking)
{
    bench_open(&b, 1);
    bench_login(&b, 1, VILLAGER, false);
    bench_close(&b, 1);
    bench_open(&b, 2);
    bench_login(&b, 2, VILLAGER, false);
}

/* What VILLAGER on connection 1 is told when submitting now. */
static void expect_submitted(const char *key, const char *state, const char *reason)
{
    json_t *reply = submit(1, key);
    const json_t *consultation = json_object_get(bench_result(reply), "consultation");
    cr_expect_str_eq(bench_get(consultation, "state"), state, "%s", bench_error(reply));
    cr_expect_str_eq(bench_get(consultation, "reason"), reason);
}

Test(dispatch, duty_ends_with_signing_out)
{
    two_people();
    expect_submitted("submit-0001", "routed", "");
    cr_expect(bench_result(bench_call(&b, 2, "auth.logout", NULL)));
    expect_submitted("submit-0002", "expired", "nobody_on_duty");
    bench_open(&b, 3);
    bench_login(&b, 3, EXPERT_1, false);
    expect_submitted("submit-0003", "expired", "nobody_on_duty");
}

Test(dispatch, duty_outlives_a_lost_connection_and_the_next_sign_in)
{
    two_people();
    bench_close(&b, 2);
    bench_pass(&b, 2 * DISPATCH_LOST_US);
    expect_submitted("submit-0001", "routed", "");
    bench_open(&b, 3);
    bench_login(&b, 3, EXPERT_1, false);
    expect_submitted("submit-0002", "routed", "");
    cr_expect(bench_told(&b, 3, "consultation.ring"));
}

Test(dispatch, duty_ends_with_a_takeover)
{
    two_people();
    bench_open(&b, 3);
    bench_login(&b, 3, EXPERT_1, true);
    expect_submitted("submit-0001", "expired", "nobody_on_duty");
}

Test(dispatch, duty_ends_when_the_account_is_locked)
{
    two_people();
    STORE_RUN(b.people.service.store, "UPDATE account SET disabled = 1 WHERE id = $1",
              sv_text(EXPERT_1));
    bench_pass(&b, 2 * TIME_US_PER_S);
    STORE_RUN(b.people.service.store, "UPDATE account SET disabled = 0 WHERE id = $1",
              sv_text(EXPERT_1));
    expect_submitted("submit-0001", "expired", "nobody_on_duty");
}

Test(dispatch, duty_ends_with_an_expired_session)
{
    two_people();
    bench_pass(&b, b.people.service.limits.session_lifetime_us);
    bench_open(&b, 3);
    bench_login(&b, 3, VILLAGER, false);
    json_t *reply = submit(3, "submit-0001");
    const json_t *consultation = json_object_get(bench_result(reply), "consultation");
    cr_expect_str_eq(bench_get(consultation, "state"), "expired", "%s", bench_error(reply));
}

Test(dispatch, accepting_what_does_not_ring_is_told_plainly)
{
    two_people();
    bench_open(&b, 3);
    bench_login(&b, 3, EXPERT_2, false);
    json_t *consultation = json_object_get(bench_result(submit(1, "submit-0001")), "consultation");
    const char *ids[] = {bench_get(consultation, "id"), "con_none"};
    for (size_t i = 0; i < 2; i++) {
        json_t *reply = bench_call(&b, 3, "consultation.accept", people_id(ids[i]));
        cr_expect_str_eq(bench_error(reply), "SQ_ERR_NOT_FOUND");
        cr_expect_str_eq(bench_get(json_object_get(reply, "error"), "message"),
                         "No such consultation rings for you. Load the list again.");
    }
}

Test(dispatch, one_connection_signs_in_once)
{
    bench_open(&b, 1);
    bench_login(&b, 1, VILLAGER, false);
    json_t *reply =
        bench_call(&b, 1, "auth.login",
                   json_pack("{s:s, s:s}", "account", EXPERT_1, "password", PEOPLE_PASSWORD));
    cr_expect_str_eq(bench_error(reply), "SQ_ERR_STATE");
}

Test(dispatch, signing_out_ends_session_and_connection)
{
    bench_open(&b, 1);
    const char *token = bench_get(bench_login(&b, 1, VILLAGER, false), "token");
    cr_expect(bench_result(bench_call(&b, 1, "auth.logout", NULL)));
    cr_expect_str_eq(bench_get(bench_told(&b, 1, "session.ended"), "reason"), "logout");
    cr_expect_eq(bench_closed(&b, 1), DISPATCH_CLOSE_ENDED);
    bench_open(&b, 2);
    json_t *reply =
        bench_call(&b, 2, "session.resume", json_pack("{s:s, s:i}", "token", token, "lastSeq", 0));
    cr_expect_str_eq(bench_error(reply), "SQ_ERR_UNAUTHENTICATED");
}

Test(dispatch, a_repeated_request_is_applied_once_and_gets_the_same_reply)
{
    two_people();
    json_t *first = submit(1, "submit-0001");
    cr_assert(bench_result(first), "%s", bench_error(first));
    cr_expect(bench_told(&b, 2, "consultation.ring"));
    int64_t rows = audit_rows();
    json_t *second = submit(1, "submit-0001");
    cr_expect(json_equal(first, second));
    cr_expect_null(bench_told(&b, 2, "consultation.ring"));
    cr_expect_eq(audit_rows(), rows);
    json_t *list = bench_result(bench_call(&b, 1, "consultation.list", NULL));
    cr_expect_eq(json_array_size(json_object_get(list, "consultations")), 1);
}

Test(dispatch, the_same_id_for_another_request_is_refused)
{
    two_people();
    cr_assert(bench_result(submit(1, "submit-0001")));
    json_t *other = people_request();
    json_object_set_new(other, "complaint", json_string("something else"));
    cr_expect_str_eq(bench_error(bench_call_as(&b, 1, "submit-0001", "consultation.submit", other)),
                     "SQ_ERR_CONFLICT");
    cr_expect_str_eq(bench_error(bench_call_as(&b, 1, "submit-0001", "auth.logout", NULL)),
                     "SQ_ERR_CONFLICT");
    cr_expect_str_eq(bench_error(bench_call_as(&b, 1, "submit-0001", "consultation.list", NULL)),
                     "SQ_ERR_CONFLICT", "a read under the id of a write");
    cr_expect(bench_result(bench_call_as(&b, 1, "list-0001", "consultation.list", NULL)));
    cr_expect(bench_result(bench_call_as(&b, 1, "list-0001", "consultation.list", NULL)),
              "reads are not kept");
    /* keys are the session's own: another person may use the same */
    cr_expect_str_eq(
        bench_error(bench_call_as(&b, 2, "submit-0001", "consultation.submit", people_request())),
        "SQ_ERR_DENIED");
}

Test(dispatch, members_in_another_order_are_the_same_request)
{
    two_people();
    const char *a = "{\"jsonrpc\":\"2.0\",\"id\":\"duty-set-1\",\"method\":\"duty.set\","
                    "\"params\":{\"panelId\":\"" PANEL "\",\"onDuty\":false}}";
    const char *z =
        "{\"method\":\"duty.set\",\"params\":{\"onDuty\":false,\"panelId\":\"" PANEL "\"},"
        "\"id\":\"duty-set-1\",\"jsonrpc\":\"2.0\"}";
    int64_t rows = audit_rows();
    bench_text(&b, 2, a);
    bench_text(&b, 2, z);
    cr_expect_eq(audit_rows(), rows + 1);
    cr_expect(json_equal(b.heard[b.heard_count - 1].text, b.heard[b.heard_count - 2].text));
}

Test(dispatch, a_refused_request_changes_nothing_and_may_be_repeated)
{
    two_people();
    int64_t rows = audit_rows();
    json_t *params = json_pack("{s:s}", "id", "con_0000000000000000000000");
    cr_expect_str_eq(bench_error(bench_call_as(&b, 2, "accept-0001", "consultation.accept",
                                               json_incref(params))),
                     "SQ_ERR_NOT_FOUND");
    cr_expect_str_eq(
        bench_error(bench_call_as(&b, 2, "accept-0001", "consultation.accept", params)),
        "SQ_ERR_NOT_FOUND");
    cr_expect_eq(audit_rows(), rows);
}

Test(dispatch, params_that_do_not_fit_name_the_field_and_not_the_value)
{
    two_people();
    json_t *params = people_request();
    json_object_set_new(params, "secretMember", json_string("patient-secret"));
    json_t *reply = bench_call(&b, 1, "consultation.submit", params);
    char *text = json_dumps(reply, JSON_COMPACT);
    cr_expect_eq(json_integer_value(json_object_get(json_object_get(reply, "error"), "code")),
                 -32602);
    cr_expect_null(strstr(text, "secret"));
    free(text);
}

Test(dispatch, texts_that_would_steer_a_screen_are_refused_by_place)
{
    static const char *const texts[] = {"\x1b]0;title\a",
                                        "a\xe2\x80\xae"
                                        "b",
                                        "\xe3\x80\x80 "};
    two_people();
    int64_t rows = audit_rows();
    for (size_t i = 0; i < 3; i++) {
        json_t *params = people_request();
        json_object_set_new(json_object_get(params, "patient"), "name", json_string(texts[i]));
        json_t *reply = bench_call(&b, 1, "consultation.submit", params);
        cr_expect_str_eq(bench_error(reply), "SQ_ERR_INVALID");
        json_t *remedy =
            json_object_get(json_object_get(json_object_get(reply, "error"), "data"), "remedy");
        cr_expect(strstr(bench_get(remedy, "en"), "/patient/name"));
        cr_expect(strstr(bench_get(remedy, "zh-CN"), "/patient/name"));
    }
    cr_expect_eq(audit_rows(), rows);
    cr_expect_null(bench_told(&b, 2, "consultation.ring"));
}

Test(dispatch, unknown_methods_and_bad_texts_get_their_codes)
{
    bench_open(&b, 1);
    json_t *reply = bench_call(&b, 1, "consultation.destroy", NULL);
    cr_expect_eq(json_integer_value(json_object_get(json_object_get(reply, "error"), "code")),
                 -32601);
    bench_text(&b, 1, "{");
    reply = b.heard[b.heard_count - 1].text;
    cr_expect_eq(json_integer_value(json_object_get(json_object_get(reply, "error"), "code")),
                 -32700);
    json_t *remedy =
        json_object_get(json_object_get(json_object_get(reply, "error"), "data"), "remedy");
    cr_expect_str_eq(bench_get(remedy, "en"), "The message could not be read: the text is not JSON "
                                              "(UTF-8, no member twice). Update the program.");
    cr_expect(json_is_null(json_object_get(reply, "id")));
    cr_expect_eq(bench_closed(&b, 1), 0);
}

Test(dispatch, a_connection_that_does_not_sign_in_is_closed_after_ten_seconds)
{
    bench_open(&b, 1);
    bench_pass(&b, DISPATCH_SIGN_IN_US - 1);
    cr_expect_eq(bench_closed(&b, 1), 0);
    bench_open(&b, 2);
    bench_pass(&b, 1);
    cr_expect_eq(bench_closed(&b, 1), DISPATCH_CLOSE_SIGN_IN);
    cr_expect_eq(bench_closed(&b, 2), 0);
    /* nothing that comes after the close is heard */
    cr_expect_null(bench_call(&b, 1, "directory.panels", NULL));
}

Test(dispatch, too_many_messages_are_refused_then_the_connection_is_closed)
{
    bench_open(&b, 1);
    bench_login(&b, 1, VILLAGER, false);
    for (int i = 0; i < DISPATCH_RATE_BURST - 1; i++)
        cr_assert(bench_result(bench_call(&b, 1, "directory.panels", NULL)));
    cr_expect_str_eq(bench_error(bench_call(&b, 1, "directory.panels", NULL)), "SQ_ERR_LIMIT");
    bench_pass(&b, TIME_US_PER_S);
    for (int i = 0; i < DISPATCH_RATE_PER_S; i++)
        cr_assert(bench_result(bench_call(&b, 1, "directory.panels", NULL)));
    for (int i = 0; i <= DISPATCH_REFUSED_MAX; i++)
        bench_text(&b, 1, "{");
    cr_expect_eq(bench_closed(&b, 1), DISPATCH_CLOSE_RATE);
}

Test(dispatch, a_consultation_nobody_answers_expires_by_its_deadline)
{
    two_people();
    cr_assert(bench_result(submit(1, "submit-0001")));
    time_us at_us = dispatch_deadline(b.dispatch, b.now_us, b.people.utc_us);
    cr_expect_leq(at_us, b.now_us + b.people.service.limits.ring_timeout_us);
    bench_pass(&b, b.people.service.limits.ring_timeout_us + TIME_US_PER_S);
    cr_expect_str_eq(bench_get(bench_told(&b, 2, "consultation.ringStopped"), "reason"), "expired");
    json_t *state = bench_told(&b, 1, "consultation.state");
    while (state && strcmp(bench_get(json_object_get(state, "consultation"), "state"), "expired"))
        state = bench_told(&b, 1, "consultation.state");
    cr_expect(state);
}

Test(dispatch, an_expired_session_is_told_and_closed_within_two_seconds)
{
    bench_open(&b, 1);
    bench_login(&b, 1, VILLAGER, false);
    bench_pass(&b, b.people.service.limits.session_lifetime_us + TIME_US_PER_S);
    cr_expect_str_eq(bench_get(bench_told(&b, 1, "session.ended"), "reason"), "expired");
    cr_expect_eq(bench_closed(&b, 1), DISPATCH_CLOSE_ENDED);
}

static int rows_of(const char *act, const char *account, const char *object, const char *detail);

Test(dispatch, what_is_seen_leaves_a_row_in_the_chain_of_who_saw_it)
{
    two_people();
    json_t *reply = submit(1, "submit-0001");
    const char *id = bench_get(json_object_get(bench_result(reply), "consultation"), "id");
    bench_call(&b, 2, "consultation.get", people_id(id));
    bench_call(&b, 1, "consultation.list", NULL);
    cr_expect_eq(rows_of("consultation.get", EXPERT_1, id, ""), 1);
    cr_expect_eq(rows_of("consultation.list", VILLAGER, "", ""), 1);
    int64_t rows = audit_rows();
    bench_call(&b, 1, "directory.institutions", NULL);
    cr_expect_eq(audit_rows(), rows, "the directory is everybody's");
}

Test(dispatch, a_room_of_others_is_not_there)
{
    two_people();
    json_t *reply = submit(1, "submit-0001");
    const char *id = bench_get(json_object_get(bench_result(reply), "consultation"), "id");
    other_doctor(3);
    cr_expect_str_eq(bench_error(bench_call(&b, 3, "consultation.get", people_id(id))),
                     "SQ_ERR_NOT_FOUND");
    cr_expect_str_eq(bench_error(bench_call(&b, 3, "consultation.cancel",
                                            json_pack("{s:s, s:s}", "id", id, "reason", "x"))),
                     "SQ_ERR_NOT_FOUND");
}

/* ---- what the audit log says of sign-ins and refusals ---- */

static int rows_of(const char *act, const char *account, const char *object, const char *detail)
{
    struct store_query q;
    STORE_QUERY(b.people.service.store, &q,
                "SELECT COUNT(*) FROM audit WHERE act = $1 AND account = $2 AND object = $3"
                " AND detail = $4",
                sv_text(act), sv_text(account), sv_text(object), sv_text(detail));
    int count = store_next(&q) ? (int)store_int(&q, 0) : -1;
    cr_assert_eq(store_query_end(&q), 0);
    return count;
}

Test(dispatch, sign_in_and_resume_leave_rows_with_the_account)
{
    bench_open(&b, 1);
    json_t *login = bench_login(&b, 1, VILLAGER, false);
    const char *session = bench_get(login, "sessionId");
    cr_expect_eq(rows_of("auth.login", VILLAGER, VILLAGER, ""), 1);
    bench_open(&b, 2);
    cr_assert(bench_result(
        bench_call(&b, 2, "session.resume",
                   json_pack("{s:s, s:i}", "token", bench_get(login, "token"), "lastSeq", 0))));
    cr_expect_eq(rows_of("session.resume", VILLAGER, session, ""), 1);
}

Test(dispatch, a_refused_sign_in_leaves_the_hash_of_its_name)
{
    char hex[2 * AUTH_LOGIN_HASH_BYTES + 1];
    uint8_t bytes[AUTH_LOGIN_HASH_BYTES];
    auth_login_hash("nobody-here", bytes);
    sodium_bin2hex(hex, sizeof hex, bytes, sizeof bytes);
    bench_open(&b, 1);
    json_t *params = json_pack("{s:s, s:s}", "account", "nobody-here", "password", "guess guess");
    for (int i = 0; i < AUTH_FREE_FAILURES + 20; i++)
        bench_call(&b, 1, "auth.login", json_incref(params));
    json_decref(params);
    cr_expect_eq(rows_of("auth.refused", "", hex, "SQ_ERR_UNAUTHENTICATED"), AUTH_FREE_FAILURES);
    cr_expect_eq(rows_of("auth.refused", "", hex, "SQ_ERR_LIMIT"),
                 REFUSED_ROWS_MAX - AUTH_FREE_FAILURES, "bounded");
}

Test(dispatch, whatever_a_refused_act_was_on_stands_in_its_row)
{
    two_people();
    bench_call(&b, 2, "account.disable", json_pack("{s:s}", "accountId", VILLAGER));
    cr_expect_eq(rows_of("account.disable", EXPERT_1, VILLAGER, "SQ_ERR_NOT_FOUND"), 1);
    bench_call(&b, 2, "account.disable", json_pack("{s:s}", "accountId", EXPERT_2));
    cr_expect_eq(rows_of("account.disable", EXPERT_1, EXPERT_2, "SQ_ERR_DENIED"), 1);
    bench_call(&b, 2, "audit.list", json_pack("{s:s}", "institutionId", "county"));
    cr_expect_eq(rows_of("audit.list", EXPERT_1, "county", "SQ_ERR_DENIED"), 1);
}

Test(dispatch, acts_on_what_is_not_ones_own_leave_rows_up_to_a_bound)
{
    two_people();
    json_t *reply = submit(1, "submit-0001");
    const char *id = bench_get(json_object_get(bench_result(reply), "consultation"), "id");
    other_doctor(3);
    int64_t rows = audit_rows();
    bench_call(&b, 3, "consultation.get", people_id("con_0000000000000000000000"));
    cr_expect_eq(audit_rows(), rows, "there is none such");
    bench_call(&b, 3, "consultation.cancel", json_pack("{s:s, s:s}", "id", id, "reason", "x"));
    cr_expect_eq(rows_of("consultation.cancel", OTHER_DOCTOR, id, "SQ_ERR_NOT_FOUND"), 1);
    bench_call(&b, 2, "consultation.submit", people_request());
    cr_expect_eq(rows_of("consultation.submit", EXPERT_1, PANEL, "SQ_ERR_DENIED"), 1);
    for (int i = 0; i < 30; i++)
        bench_call(&b, 3, "consultation.get", people_id(id));
    cr_expect_eq(rows_of("consultation.get", OTHER_DOCTOR, id, "SQ_ERR_NOT_FOUND"),
                 REFUSED_ROWS_MAX - 1);
    bench_pass(&b, REFUSED_SPAN_US);
    bench_call(&b, 3, "consultation.get", people_id(id));
    cr_expect_eq(rows_of("consultation.get", OTHER_DOCTOR, id, "SQ_ERR_NOT_FOUND"),
                 REFUSED_ROWS_MAX);
}
