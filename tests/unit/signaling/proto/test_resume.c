/* SPDX-License-Identifier: Apache-2.0 */
/* session.resume: what was missed comes again, in order, once; over restarts too. */
#include "terminal.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct bench b;
static char token[64];

static void init(void)
{
    bench_init(&b);
    bench_open(&b, 1);
    bench_open(&b, 2);
    bench_login(&b, 1, VILLAGER, false);
    snprintf(token, sizeof token, "%s", bench_get(bench_login(&b, 2, EXPERT_1, false), "token"));
    bench_call(&b, 2, "duty.set", json_pack("{s:s, s:b}", "panelId", PANEL, "onDuty", 1));
}

static void fini(void)
{
    bench_fini(&b);
}

TestSuite(resume, .init = init, .fini = fini);

static json_t *resume(uint64_t connection, const char *with, int64_t last_seq)
{
    return bench_call(&b, connection, "session.resume",
                      json_pack("{s:s, s:I}", "token", with, "lastSeq", (json_int_t)last_seq));
}

static json_t *submit(const char *key)
{
    json_t *reply = bench_call_as(&b, 1, key, "consultation.submit", people_request());
    cr_assert(bench_result(reply), "%s", bench_error(reply));
    return json_object_get(bench_result(reply), "consultation");
}

static int64_t seq_of(const json_t *params)
{
    return json_integer_value(json_object_get(params, "seq"));
}

Test(resume, what_was_missed_follows_the_reply_in_order_without_gaps)
{
    submit("submit-0001");
    cr_assert_eq(seq_of(bench_told(&b, 2, "consultation.ring")), 1);
    bench_close(&b, 2);
    const char *id = bench_get(submit("submit-0002"), "id");
    bench_call(&b, 1, "consultation.cancel",
               json_pack("{s:s, s:s}", "id", id, "reason", "better now"));
    bench_open(&b, 3);
    size_t from = b.heard_count;
    json_t *reply = resume(3, token, 1);
    json_t *result = bench_result(reply);
    cr_assert(result, "%s", bench_error(reply));
    int64_t replayed = json_integer_value(json_object_get(result, "replayed"));
    cr_expect_gt(replayed, 1);
    cr_expect_eq(b.heard[from].text, reply, "the reply comes first");
    for (int64_t i = 1; i <= replayed; i++)
        cr_expect_eq(seq_of(json_object_get(b.heard[from + (size_t)i].text, "params")), 1 + i);
    cr_expect_eq(json_integer_value(json_object_get(result, "seq")), 1 + replayed);
    submit("submit-0003");
    json_t *ring = NULL, *last = NULL;
    while ((ring = bench_told(&b, 3, "consultation.ring")))
        last = ring;
    cr_expect_eq(seq_of(last), 2 + replayed, "numbers go on after the replay");
}

Test(resume, nothing_missed_replays_nothing)
{
    bench_close(&b, 2);
    bench_open(&b, 3);
    json_t *result = bench_result(resume(3, token, 0));
    cr_expect_eq(json_integer_value(json_object_get(result, "replayed")), 0);
}

Test(resume, a_resumed_session_leaves_its_former_connection)
{
    bench_open(&b, 3);
    cr_assert(bench_result(resume(3, token, 0)));
    cr_expect_eq(bench_closed(&b, 2), DISPATCH_CLOSE_REPLACED);
    cr_expect_null(bench_call(&b, 2, "consultation.list", NULL));
    bench_close(&b, 2);
    bench_pass(&b, 2 * DISPATCH_LOST_US);
    cr_expect(bench_result(bench_call(&b, 3, "consultation.list", NULL)));
    submit("submit-0001");
    cr_expect(bench_told(&b, 3, "consultation.ring"));
    cr_expect_null(bench_told(&b, 2, "consultation.ring"));
}

Test(resume, a_wrong_token_or_a_number_never_sent_is_refused)
{
    static const char guess[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    bench_open(&b, 3);
    cr_expect_str_eq(bench_error(resume(3, guess, 0)), "SQ_ERR_UNAUTHENTICATED");
    cr_expect_str_eq(bench_error(resume(3, token, 99)), "SQ_ERR_INVALID");
    cr_expect_str_eq(bench_error(resume(3, "short", 0)), "SQ_ERR_INVALID");
    cr_expect_eq(bench_closed(&b, 2), 0, "the session keeps its connection");
}

Test(resume, after_too_much_the_state_is_loaded_anew)
{
    bench_close(&b, 2);
    bench_pass(&b, 2 * TIME_US_PER_S);
    for (int i = 0; i < DISPATCH_REPLAY_MAX / 2 + 15; i++) { /* a ring and its end are two */
        char key[32];
        snprintf(key, sizeof key, "submit-%07d", i);
        const char *id = bench_get(submit(key), "id");
        bench_call(&b, 1, "consultation.cancel", json_pack("{s:s, s:s}", "id", id, "reason", "x"));
        bench_pass(&b, TIME_US_PER_S);
    }
    bench_open(&b, 3);
    cr_expect_str_eq(bench_error(resume(3, token, 0)), "SQ_ERR_STATE");
    json_t *reply =
        bench_call(&b, 3, "session.resume",
                   json_pack("{s:s, s:i, s:b}", "token", token, "lastSeq", 0, "reload", 1));
    cr_assert(bench_result(reply), "%s", bench_error(reply));
    cr_expect_eq(json_integer_value(json_object_get(bench_result(reply), "replayed")), 0);
    cr_expect_gt(json_integer_value(json_object_get(bench_result(reply), "seq")),
                 DISPATCH_REPLAY_MAX);
}

Test(resume, replies_and_notifications_outlive_a_restart)
{
    json_t *first = bench_call_as(&b, 1, "submit-0001", "consultation.submit", people_request());
    cr_assert(bench_result(first));
    bench_restart(&b);
    bench_open(&b, 11);
    bench_open(&b, 12);
    json_t *reply = resume(12, token, 0);
    cr_assert(bench_result(reply), "%s", bench_error(reply));
    cr_expect_eq(seq_of(bench_told(&b, 12, "consultation.ring")), 1);
    cr_expect(bench_result(bench_call(&b, 12, "consultation.list", NULL)));
}

Test(resume, a_request_whose_reply_was_lost_is_answered_after_resume)
{
    char village[64];
    bench_close(&b, 1);
    bench_open(&b, 4);
    snprintf(village, sizeof village, "%s",
             bench_get(bench_login(&b, 4, VILLAGER, false), "token"));
    json_t *first = bench_call_as(&b, 4, "submit-0009", "consultation.submit", people_request());
    cr_assert(bench_result(first));
    bench_close(&b, 4);
    bench_restart(&b);
    bench_open(&b, 5);
    cr_assert(bench_result(resume(5, village, 0)));
    json_t *again = bench_call_as(&b, 5, "submit-0009", "consultation.submit", people_request());
    cr_expect(json_equal(first, again));
}

Test(resume, presence_is_told_when_a_connection_stays_away)
{
    json_t *consultation = submit("submit-0001");
    const char *id = bench_get(consultation, "id");
    cr_assert(bench_result(bench_call(&b, 2, "consultation.accept", people_id(id))));
    cr_assert(bench_result(bench_call(&b, 1, "consultation.enter", people_id(id))));
    cr_assert(bench_result(bench_call(&b, 2, "consultation.enter", people_id(id))));
    while (bench_told(&b, 1, "consultation.participant"))
        ;
    bench_close(&b, 2);
    bench_pass(&b, DISPATCH_LOST_US - TIME_US_PER_S);
    cr_expect_null(bench_told(&b, 1, "consultation.participant"),
                   "a short break is nobody's business");
    bench_pass(&b, 2 * TIME_US_PER_S);
    json_t *gone = bench_told(&b, 1, "consultation.participant");
    cr_expect(json_is_false(json_object_get(gone, "present")));
    bench_open(&b, 3);
    cr_assert(bench_result(resume(3, token, 0)));
    json_t *back = bench_told(&b, 1, "consultation.participant");
    cr_expect(json_is_true(json_object_get(back, "present")));
}

/* Notifications on a connection from heard[from] on: their numbers are 1, 2, ... */
static int64_t numbered_from_one(uint64_t connection, size_t from)
{
    int64_t last = 0;
    for (size_t i = from; i < b.heard_count; i++) {
        const json_t *params = json_object_get(b.heard[i].text, "params");
        if (b.heard[i].connection == connection && params)
            cr_expect_eq(seq_of(params), ++last);
    }
    return last;
}

Test(resume, what_a_sign_in_sets_off_follows_its_reply_without_gaps)
{
    const char *id = bench_get(submit("submit-0001"), "id");
    cr_assert(bench_result(bench_call(&b, 2, "consultation.accept", people_id(id))));
    cr_assert(bench_result(bench_call(&b, 1, "consultation.enter", people_id(id))));
    cr_assert(bench_result(bench_call(&b, 2, "consultation.enter", people_id(id))));
    bench_close(&b, 2);
    bench_open(&b, 3);
    size_t from = b.heard_count;
    json_t *signed_in = bench_login(&b, 3, EXPERT_1, false);
    cr_expect_eq(seq_of(signed_in), 0);
    cr_expect_eq(bench_result(b.heard[from].text), signed_in, "the reply comes first");
    json_t *gone = bench_told(&b, 3, "consultation.participant");
    cr_expect_str_eq(bench_get(gone, "participantId"), EXPERT_1);
    int64_t first = numbered_from_one(3, from);
    cr_expect_gt(first, 1, "presence and state");
    cr_assert(bench_result(bench_call(&b, 3, "consultation.enter", people_id(id))));
    cr_expect_gt(numbered_from_one(3, from), first, "numbers go on");
}

Test(resume, a_takeover_hears_what_it_set_off)
{
    const char *id = bench_get(submit("submit-0001"), "id");
    cr_assert(bench_result(bench_call(&b, 2, "consultation.accept", people_id(id))));
    cr_assert(bench_result(bench_call(&b, 2, "consultation.enter", people_id(id))));
    bench_open(&b, 3);
    size_t from = b.heard_count;
    bench_login(&b, 3, EXPERT_1, true);
    cr_expect(bench_told(&b, 3, "consultation.participant"));
    cr_expect_gt(numbered_from_one(3, from), 0);
}
