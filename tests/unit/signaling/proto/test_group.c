/* SPDX-License-Identifier: Apache-2.0 */
/* Requests of one turn share a commit: what one of them does wrong stays its own, and nothing any
 * of them has to say leaves before the commit, or at all when there is none. */
#include "terminal.h"

#include "shanqiao/error.h"
#include "signaling/store/store.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct bench b;
static const struct store_ops *engine_ops;
static struct store_ops counting;
static int commits, failing;

static int commit(void *engine)
{
    commits++;
    if (failing && failing--)
        return SQ_ERR_STORE;
    return engine_ops->commit(engine);
}

static void watch_commits(void)
{
    engine_ops = b.people.service.store->ops;
    counting = *engine_ops;
    counting.commit = commit;
    b.people.service.store->ops = &counting;
    commits = failing = 0;
}

/* VILLAGER on connection 1, EXPERT_1 on duty on connection 2. */
static void init(void)
{
    bench_init(&b);
    bench_open(&b, 1);
    bench_open(&b, 2);
    bench_login(&b, 1, VILLAGER, false);
    bench_login(&b, 2, EXPERT_1, false);
    bench_call(&b, 2, "duty.set", json_pack("{s:s, s:b}", "panelId", PANEL, "onDuty", 1));
    bench_pass(&b, 0);
    watch_commits();
}

static void fini(void)
{
    b.people.service.store->ops = engine_ops;
    bench_fini(&b);
}

TestSuite(group, .init = init, .fini = fini);

/* A request that arrives in this turn; bench_pass(&b, 0) ends the turn. Takes over params. */
static void hand(uint64_t connection, const char *key, const char *method, json_t *params)
{
    json_t *message = json_pack("{s:s, s:s, s:s, s:o}", "jsonrpc", "2.0", "id", key, "method",
                                method, "params", params);
    char *text = json_dumps(message, JSON_COMPACT);
    dispatch_receive(b.dispatch, connection, text, strlen(text), b.now_us, b.people.utc_us);
    free(text);
    json_decref(message);
}

static void hand_submit(const char *key)
{
    hand(1, key, "consultation.submit", people_request());
}

static json_t *elsewhere(void)
{
    json_t *params = people_request();
    json_object_set_new(params, "panelId", json_string("no-such-panel"));
    return params;
}

/* The i-th reply to this key, NULL: none. */
static const json_t *reply_to(const char *key, int i)
{
    for (size_t h = 0; h < b.heard_count; h++) {
        const char *id = json_string_value(json_object_get(b.heard[h].text, "id"));
        if (id && !strcmp(id, key) && i-- == 0)
            return b.heard[h].text;
    }
    return NULL;
}

static int64_t count(const char *sql)
{
    struct store_query q;
    store_query(b.people.service.store, &q, sql, NULL, 0);
    int64_t rows = store_next(&q) ? store_int(&q, 0) : -1;
    cr_assert_eq(store_query_end(&q), 0);
    return rows;
}

static int64_t cases(void)
{
    return count("SELECT COUNT(*) FROM consultation");
}

Test(group, a_turn_is_one_commit_and_its_replies_keep_their_order)
{
    size_t heard = b.heard_count;
    hand_submit("group-key-1");
    hand_submit("group-key-2");
    hand(1, "group-key-3", "consultation.list", json_object());
    hand_submit("group-key-4");
    cr_expect_eq(commits, 0);
    bench_pass(&b, 0);
    cr_expect_eq(cases(), 3);
    cr_expect_leq(commits, 2, "one for the requests, one for what they set off: %d", commits);
    char wanted = '1';
    for (size_t i = heard; i < b.heard_count; i++) {
        const char *id = json_string_value(json_object_get(b.heard[i].text, "id"));
        if (id)
            cr_expect_eq(id[10], wanted++, "%s", id);
    }
    cr_expect_eq(wanted, '5');
    cr_expect(bench_told(&b, 2, "consultation.ring"));
}

Test(group, one_that_fails_changes_nothing_of_its_neighbours)
{
    hand_submit("group-key-1");
    hand(1, "group-key-2", "consultation.submit", elsewhere());
    hand_submit("group-key-3");
    bench_pass(&b, 0);
    cr_expect(bench_result(reply_to("group-key-1", 0)));
    cr_expect_str_eq(bench_error(reply_to("group-key-2", 0)), "SQ_ERR_NOT_FOUND");
    cr_expect(bench_result(reply_to("group-key-3", 0)));
    cr_expect_eq(cases(), 2);
    cr_expect_eq(count("SELECT COUNT(*) FROM idempotency WHERE request = 'group-key-2'"), 0);
}

Test(group, a_failed_commit_refuses_all_and_nothing_leaves)
{
    size_t heard = b.heard_count;
    failing = 1;
    hand_submit("group-key-1");
    hand(1, "group-key-2", "consultation.submit", elsewhere());
    hand(1, "group-key-3", "consultation.list", json_object());
    hand_submit("group-key-4");
    bench_pass(&b, 0);
    static const char *const keys[] = {"group-key-1", "group-key-2", "group-key-3", "group-key-4"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        cr_expect_str_eq(bench_error(reply_to(keys[i], 0)), "SQ_ERR_STORE", "%s", keys[i]);
        cr_expect_null(reply_to(keys[i], 1));
    }
    cr_expect_eq(b.heard_count, heard + 4, "nobody hears of what is not there");
    cr_expect_eq(cases(), 0);
    /* the same requests again, under the same ids, as terminals do */
    hand_submit("group-key-1");
    bench_pass(&b, 0);
    cr_expect(bench_result(reply_to("group-key-1", 1)));
    cr_expect_eq(cases(), 1);
}

Test(group, a_repeat_in_the_same_turn_gets_the_same_reply)
{
    hand_submit("group-key-1");
    hand_submit("group-key-1");
    bench_pass(&b, 0);
    cr_assert(bench_result(reply_to("group-key-1", 0)));
    cr_expect(json_equal(reply_to("group-key-1", 0), reply_to("group-key-1", 1)));
    cr_expect_eq(cases(), 1);
}

Test(group, a_crash_before_the_commit_leaves_nothing_and_after_it_all)
{
    hand_submit("group-key-1");
    b.people.service.store->ops = engine_ops;
    bench_restart(&b);
    engine_ops = b.people.service.store->ops;
    cr_expect_eq(cases(), 0);
    cr_expect_null(reply_to("group-key-1", 0));
}

Test(group, a_resume_that_is_not_on_disk_speaks_for_nobody)
{
    bench_open(&b, 3);
    json_t *login = bench_login(&b, 3, OTHER_DOCTOR, false);
    json_t *token = json_incref(json_object_get(login, "token"));
    bench_close(&b, 3);
    bench_open(&b, 4);
    failing = 1;
    hand(4, "group-key-1", "session.resume", json_pack("{s:O, s:i}", "token", token, "lastSeq", 0));
    bench_pass(&b, 0);
    cr_expect_str_eq(bench_error(reply_to("group-key-1", 0)), "SQ_ERR_STORE");
    hand(4, "group-key-2", "consultation.list", json_object());
    bench_pass(&b, 0);
    cr_expect_str_eq(bench_error(reply_to("group-key-2", 0)), "SQ_ERR_UNAUTHENTICATED");
    hand(4, "group-key-3", "session.resume", json_pack("{s:O, s:i}", "token", token, "lastSeq", 0));
    bench_pass(&b, 0);
    cr_expect(bench_result(reply_to("group-key-3", 0)));
    json_decref(token);
}

Test(group, a_long_turn_is_cut)
{
    hand_submit("group-key-1");
    b.now_us += DISPATCH_GROUP_US;
    hand_submit("group-key-2");
    cr_expect_geq(commits, 1, "the first does not wait for the end of a long turn");
    bench_pass(&b, 0);
    cr_expect_eq(cases(), 2);
}

/* ---- acts that come another way ---- */

static int told[2];

static void done(void *user, int error)
{
    int *slot = user;
    *slot = error ? error : 1;
}

static int rename_villager(struct call *call)
{
    int status = STORE_RUN(call->service->store, "UPDATE account SET name = $1 WHERE id = $2",
                           sv_text("by an act"), sv_text(VILLAGER));
    cr_assert_eq(status, 1);
    return call->work ? call_fail(call, SQ_ERR_STATE, "no", "no") : 0;
}

static int act(void *work, int *slot)
{
    struct call call = {.work = work};
    int error = dispatch_act(b.dispatch, "test.act", rename_villager, &call, done, slot, b.now_us,
                             b.people.utc_us);
    json_decref(call.result);
    return error;
}

static int64_t renamed(void)
{
    return count("SELECT COUNT(*) FROM account WHERE name = 'by an act'");
}

Test(group, an_act_joins_the_turn_and_is_told_after_its_commit)
{
    memset(told, 0, sizeof told);
    cr_expect_eq(act(&told, &told[1]), SQ_ERR_STATE);
    cr_expect_eq(renamed(), 0, "undone at once");
    cr_expect_eq(act(NULL, &told[0]), 0);
    hand_submit("group-key-1");
    cr_expect_eq(told[0], 0, "not on disk yet");
    bench_pass(&b, 0);
    cr_expect_eq(told[0], 1);
    cr_expect_eq(told[1], 0, "an act that was refused is not told");
    cr_expect_eq(renamed(), 1);
    cr_expect_eq(count("SELECT COUNT(*) FROM audit WHERE act = 'test.act'"), 1);
}

Test(group, an_act_whose_commit_fails_is_told_so)
{
    memset(told, 0, sizeof told);
    failing = 1;
    cr_expect_eq(act(NULL, &told[0]), 0);
    dispatch_after(b.dispatch, done, &told[1]);
    bench_pass(&b, 0);
    cr_expect_eq(told[0], SQ_ERR_STORE);
    cr_expect_eq(told[1], SQ_ERR_STORE);
    cr_expect_eq(renamed(), 0);
    dispatch_after(b.dispatch, done, &told[1]);
    cr_expect_eq(told[1], 1, "nothing is open: at once");
}
