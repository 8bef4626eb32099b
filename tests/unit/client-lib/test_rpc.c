/* SPDX-License-Identifier: Apache-2.0 */
#include "client-lib/signal/rpc.h"
#include <criterion/criterion.h>
#include <shanqiao/error.h>
#include <stdlib.h>
#include <string.h>

struct sent {
    char id[64], method[64];
    json_t *params;
};

static bool next_sent(struct rpc *r, struct sent *out)
{
    char *text = rpc_next_send(r);
    if (!text)
        return false;
    json_t *frame = json_loads(text, 0, NULL);
    cr_assert_not_null(frame);
    strcpy(out->id, json_string_value(json_object_get(frame, "id")));
    strcpy(out->method, json_string_value(json_object_get(frame, "method")));
    out->params = json_incref(json_object_get(frame, "params"));
    json_decref(frame);
    free(text);
    return true;
}

static void take_sent(struct rpc *r, struct sent *out, const char *method)
{
    cr_assert(next_sent(r, out), "nothing sent, wanted %s", method);
    cr_assert_str_eq(out->method, method);
    json_decref(out->params);
}

static void say(struct rpc *r, json_t *frame)
{
    char *text = json_dumps(frame, 0);
    rpc_on_message(r, text, strlen(text), 0);
    free(text);
    json_decref(frame);
}

static void answer(struct rpc *r, const char *id, json_t *result)
{
    say(r, json_pack("{s:s, s:s, s:o}", "jsonrpc", "2.0", "id", id, "result", result));
}

static void refuse(struct rpc *r, const char *id, int error)
{
    say(r, json_pack("{s:s, s:s, s:{s:i, s:s, s:{s:s, s:{s:s, s:s}}}}", "jsonrpc", "2.0", "id", id,
                     "error", "code", -32000 + error, "message", "no", "data", "error", "X",
                     "remedy", "zh-CN", "请重试", "en", "try again"));
}

static void notify(struct rpc *r, const char *method, int seq)
{
    say(r,
        json_pack("{s:s, s:s, s:{s:i}}", "jsonrpc", "2.0", "method", method, "params", "seq", seq));
}

static struct rpc_event expect(struct rpc *r, enum rpc_event_type type)
{
    struct rpc_event e;
    cr_assert(rpc_next_event(r, &e), "no event");
    cr_assert_eq(e.type, type);
    json_decref(e.body);
    e.body = NULL;
    return e;
}

static struct rpc *online(time_us now)
{
    struct rpc *r;
    struct sent s;
    cr_assert_eq(rpc_new(&r, "test", "en"), 0);
    cr_assert_gt(rpc_login(r, "doctor", "secret", false, now), 0);
    cr_assert_eq(rpc_wish(r, now), RPC_WISH_CONNECT);
    rpc_on_connecting(r);
    rpc_on_open(r, now);
    take_sent(r, &s, "auth.login");
    answer(r, s.id, json_pack("{s:s, s:i}", "token", "TOKEN", "seq", 4));
    cr_assert_eq(expect(r, RPC_EVENT_STATE).state, RPC_ONLINE);
    cr_assert_eq(expect(r, RPC_EVENT_REPLY).error, 0);
    return r;
}

static void reconnect(struct rpc *r, time_us *now)
{
    rpc_on_closed(r, *now);
    *now = rpc_deadline(r);
    cr_assert_neq(*now, TIME_US_NEVER);
    cr_assert_eq(rpc_wish(r, *now), RPC_WISH_CONNECT);
    rpc_on_connecting(r);
    rpc_on_open(r, *now);
}

Test(rpc, a_request_is_sent_again_under_its_key_and_answered_once)
{
    time_us now = 0;
    struct rpc *r = online(now);
    struct sent first, again, resume;
    int64_t number = rpc_request(r, "consultation.submit", NULL, now);
    cr_assert_gt(number, 0);
    take_sent(r, &first, "consultation.submit");
    cr_expect_null(rpc_next_send(r));
    reconnect(r, &now);
    cr_assert_eq(expect(r, RPC_EVENT_STATE).state, RPC_WAITING);
    take_sent(r, &resume, "session.resume");
    cr_expect_null(rpc_next_send(r)); /* nothing before the session is back */
    answer(r, resume.id, json_pack("{s:i}", "seq", 4));
    cr_assert_eq(expect(r, RPC_EVENT_STATE).state, RPC_ONLINE);
    take_sent(r, &again, "consultation.submit");
    cr_expect_str_eq(first.id, again.id);
    answer(r, again.id, json_object());
    struct rpc_event e = expect(r, RPC_EVENT_REPLY);
    cr_expect_eq(e.request, number);
    answer(r, again.id, json_object());
    cr_expect_not(rpc_next_event(r, &e));
    cr_expect_eq(rpc_dropped(r), 1);
    rpc_free(r);
}

Test(rpc, notifications_come_once_in_order_and_a_gap_reconnects)
{
    time_us now = 0;
    struct rpc *r = online(now);
    struct rpc_event e;
    struct sent resume;
    notify(r, "consultation.ring", 5);
    expect(r, RPC_EVENT_NOTIFICATION);
    notify(r, "consultation.ring", 5);
    cr_expect_not(rpc_next_event(r, &e));
    notify(r, "consultation.ring", 8);
    cr_expect_not(rpc_next_event(r, &e));
    cr_expect_eq(rpc_wish(r, now), RPC_WISH_CLOSE);
    reconnect(r, &now);
    expect(r, RPC_EVENT_STATE);
    cr_assert(next_sent(r, &resume));
    cr_expect_eq(json_integer_value(json_object_get(resume.params, "lastSeq")), 5);
    json_decref(resume.params);
    rpc_free(r);
}

Test(rpc, pauses_between_attempts_grow_to_a_bound)
{
    time_us now = 0;
    struct rpc *r = online(now);
    time_us last = 0;
    for (int i = 0; i < 12; i++) {
        rpc_on_closed(r, now);
        time_us pause = rpc_deadline(r) - now;
        cr_expect_geq(pause, RPC_BACKOFF_MIN_US / 2);
        cr_expect_leq(pause, RPC_BACKOFF_MAX_US);
        last = pause;
        now = rpc_deadline(r);
        cr_expect_eq(rpc_wish(r, now - 1), RPC_WISH_NOTHING);
        rpc_on_connecting(r);
    }
    cr_expect_geq(last, RPC_BACKOFF_MAX_US / 2);
    rpc_free(r);
}

Test(rpc, a_wrong_password_is_said_in_the_persons_language)
{
    struct rpc *r;
    struct sent s;
    cr_assert_eq(rpc_new(&r, NULL, "en"), 0);
    cr_assert_gt(rpc_login(r, "doctor", "wrong", false, 0), 0);
    cr_expect_eq(rpc_login(r, "doctor", "wrong", false, 0), SQ_ERR_STATE);
    rpc_on_connecting(r);
    rpc_on_open(r, 0);
    take_sent(r, &s, "auth.login");
    refuse(r, s.id, SQ_ERR_UNAUTHENTICATED);
    struct rpc_event e = expect(r, RPC_EVENT_REPLY);
    cr_expect_eq(e.error, SQ_ERR_UNAUTHENTICATED);
    cr_expect_str_eq(e.text, "try again");
    cr_expect_eq(rpc_state(r), RPC_IDLE);
    cr_expect_eq(rpc_request(r, "x", NULL, 0), SQ_ERR_STATE);
    cr_assert_gt(rpc_login(r, "doctor", "right", false, 0), 0); /* on the same connection */
    take_sent(r, &s, "auth.login");
    rpc_free(r);
}

Test(rpc, an_ended_session_answers_what_is_open)
{
    struct rpc *r = online(0);
    int64_t number = rpc_request(r, "consultation.list", NULL, 0);
    say(r, json_pack("{s:s, s:s, s:{s:i, s:s}}", "jsonrpc", "2.0", "method", "session.ended",
                     "params", "seq", 5, "reason", "takeover"));
    struct rpc_event e = expect(r, RPC_EVENT_REPLY);
    cr_expect_eq(e.request, number);
    cr_expect_eq(e.error, SQ_ERR_UNAUTHENTICATED);
    e = expect(r, RPC_EVENT_STATE);
    cr_expect_eq(e.state, RPC_ENDED);
    cr_expect_str_eq(e.reason, "takeover");
    cr_expect_str_eq(rpc_token(r), "");
    cr_expect_eq(rpc_wish(r, 0), RPC_WISH_CLOSE);
    rpc_free(r);
}

Test(rpc, a_token_brings_a_new_process_back)
{
    struct rpc *r;
    struct sent s;
    cr_assert_eq(rpc_new(&r, NULL, NULL), 0);
    cr_expect_eq(rpc_resume(r, "", 0, 0), SQ_ERR_INVALID);
    cr_expect_eq(rpc_resume(r, "T", -1, 0), SQ_ERR_INVALID);
    cr_assert_gt(rpc_resume(r, "T", 9, 0), 0);
    rpc_on_connecting(r);
    rpc_on_open(r, 0);
    take_sent(r, &s, "session.resume");
    answer(r, s.id, json_object());
    expect(r, RPC_EVENT_STATE);
    expect(r, RPC_EVENT_REPLY);
    notify(r, "consultation.state", 10);
    expect(r, RPC_EVENT_NOTIFICATION);
    rpc_free(r);
}

Test(rpc, an_expired_token_ends_it)
{
    struct rpc *r;
    struct sent s;
    cr_assert_eq(rpc_new(&r, NULL, NULL), 0);
    cr_assert_gt(rpc_resume(r, "T", 9, 0), 0);
    rpc_on_connecting(r);
    rpc_on_open(r, 0);
    take_sent(r, &s, "session.resume");
    refuse(r, s.id, SQ_ERR_UNAUTHENTICATED);
    cr_expect_eq(expect(r, RPC_EVENT_STATE).state, RPC_ENDED);
    cr_expect_eq(expect(r, RPC_EVENT_REPLY).error, SQ_ERR_UNAUTHENTICATED);
    rpc_free(r);
}

Test(rpc, frames_that_make_no_sense_change_nothing)
{
    static const char *const bad[] = {"",
                                      "{",
                                      "[]",
                                      "3",
                                      "{\"id\":\"x\"}",
                                      "{\"id\":5,\"result\":{}}",
                                      "{\"method\":\"a\"}",
                                      "{\"method\":\"a\",\"params\":{\"seq\":\"1\"}}",
                                      "{\"id\":\"a\",\"method\":\"b\"}",
                                      "{\"a\":1,\"a\":2}"};
    struct rpc *r = online(0);
    struct rpc_event e;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        rpc_on_message(r, bad[i], strlen(bad[i]), 0);
    cr_expect_eq(rpc_dropped(r), sizeof(bad) / sizeof(bad[0]));
    char deep[400] = "";
    for (int i = 0; i < 40; i++)
        strcat(deep, "{\"a\":");
    strcat(deep, "1");
    for (int i = 0; i < 40; i++)
        strcat(deep, "}");
    rpc_on_message(r, deep, strlen(deep), 0);
    cr_expect_eq(rpc_dropped(r), sizeof(bad) / sizeof(bad[0]) + 1);
    cr_expect_not(rpc_next_event(r, &e));
    cr_expect_eq(rpc_state(r), RPC_ONLINE);
    rpc_free(r);
}
