/* SPDX-License-Identifier: Apache-2.0 */
/* Two dispatchers as two nodes on one PostgreSQL database, by the tests' clock: what one does for
 * the sessions of the other, and what becomes of both when one stops to beat. */
#include "shanqiao/error.h"
#include "signaling/nodes/nodes.h"
#include "signaling/store/store.h"
#include "terminal.h"
#include <criterion/criterion.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#define STEP_US (100 * TIME_US_PER_MS)

static struct bench a, b;

static void start_node(struct bench *n, const char *id)
{
    struct schema_reason reason;
    cr_assert_eq(schema_set_new(&n->schemas, &reason), 0);
    cr_assert_eq(nodes_new(&n->nodes, &n->people.service, id, n->now_us), 0);
    bench_start(n);
}

static void up(void)
{
    char error[SERVICE_ERROR_MAX];
    struct service_config config = {0};
    if (!database_is_postgres())
        return;
    people_init(&a.people);
    a.now_us = b.now_us = 1000 * TIME_US_PER_S;
    b.people.utc_us = a.people.utc_us;
    snprintf(config.database, sizeof config.database, "%s", a.people.database);
    snprintf(config.keys, sizeof config.keys, "%s", a.people.dir);
    cr_assert_eq(service_open(&b.people.service, &config, error), 0, "%s", error);
    start_node(&a, "a");
    start_node(&b, "b");
}

static void end_node(struct bench *n)
{
    dispatch_free(n->dispatch);
    nodes_free(n->nodes);
    for (size_t i = 0; i < n->heard_count; i++)
        json_decref(n->heard[i].text);
    schema_set_free(n->schemas);
}

static void down(void)
{
    if (!database_is_postgres())
        return;
    end_node(&b);
    service_close(&b.people.service);
    end_node(&a);
    people_fini(&a.people);
}

TestSuite(nodes, .init = up, .fini = down);

static int64_t ask(const char *sql)
{
    struct store_query q;
    store_query(b.people.service.store, &q, sql, NULL, 0);
    int64_t n = store_next(&q) ? store_int(&q, 0) : -1;
    cr_assert_eq(store_query_end(&q), 0, "%s", store_error(b.people.service.store));
    return n;
}

/* Lets the node look until it has heard what the other said: bounded, for notices take their time
 * and may come with an answer of the database. */
static bool hear_until(struct bench *n, bool (*heard)(void))
{
    for (int i = 0; i < 1000; i++) {
        struct pollfd fd = {.fd = dispatch_fd(n->dispatch), .events = POLLIN};
        bench_pass(n, 0);
        if (heard())
            return true;
        (void)poll(&fd, 1, 10);
    }
    return false;
}

static bool said(const struct bench *n, uint64_t connection, const char *method)
{
    for (size_t i = 0; i < n->heard_count; i++) {
        if (n->heard[i].connection == connection &&
            strcmp(bench_get(n->heard[i].text, "method"), method) == 0)
            return true;
    }
    return false;
}

static bool rings_at_b(void)
{
    return said(&b, 1, "consultation.ring");
}

static bool rings_six_times_at_b(void)
{
    int count = 0;
    for (size_t i = 0; i < b.heard_count; i++)
        count += b.heard[i].connection == 1 &&
                 strcmp(bench_get(b.heard[i].text, "method"), "consultation.ring") == 0;
    return count == 6;
}

static bool state_at_a(void)
{
    return said(&a, 1, "consultation.state");
}

static bool closed_at_a(void)
{
    return bench_closed(&a, 1) != 0;
}

static bool b_owns_a_room(void)
{
    return ask("SELECT COUNT(*) FROM room_owner WHERE node = 'b'") == 1;
}

static void pass_both(time_us time)
{
    for (; time > 0; time -= STEP_US) {
        bench_pass(&a, STEP_US);
        bench_pass(&b, STEP_US);
    }
}

static void go_on_duty(struct bench *n, uint64_t connection, const char *account)
{
    bench_open(n, connection);
    bench_login(n, connection, account, false);
    cr_assert(bench_result(bench_call(n, connection, "duty.set",
                                      json_pack("{s:s, s:b}", "panelId", PANEL, "onDuty", 1))));
}

/* The doctor on `n` asks; the consultation's id. */
static const char *submit(struct bench *n, uint64_t connection)
{
    json_t *reply = bench_call(n, connection, "consultation.submit", people_request());
    cr_assert(bench_result(reply), "%s", bench_error(reply));
    return bench_get(json_object_get(bench_result(reply), "consultation"), "id");
}

Test(nodes, a_ring_reaches_who_is_on_the_other_node)
{
    if (!database_is_postgres())
        return;
    go_on_duty(&b, 1, EXPERT_1);
    bench_open(&a, 1);
    bench_login(&a, 1, VILLAGER, false);
    const char *id = submit(&a, 1);
    cr_assert(hear_until(&b, rings_at_b));
    json_t *ring = bench_told(&b, 1, "consultation.ring");
    cr_assert(ring);
    cr_expect_str_eq(bench_get(json_object_get(ring, "consultation"), "id"), id);
    cr_expect_eq(json_integer_value(json_object_get(ring, "seq")), 1);
    cr_expect_eq(bench_told(&b, 1, "consultation.ring"), NULL, "once");
    cr_assert(bench_result(bench_call(&b, 1, "consultation.accept", people_id(id))));
    cr_expect(hear_until(&a, state_at_a));
}

/* Numbers must not have gaps: a terminal that sees one closes and resumes. */
static void expect_numbers(const struct bench *n, uint64_t connection)
{
    int64_t last = 0;
    for (size_t i = 0; i < n->heard_count; i++) {
        json_t *params = json_object_get(n->heard[i].text, "params");
        json_t *seq = json_object_get(params, "seq");
        if (n->heard[i].connection != connection || !seq)
            continue;
        cr_expect_eq(json_integer_value(seq), last + 1);
        last = json_integer_value(seq);
    }
    cr_expect_gt(last, 3);
}

Test(nodes, what_both_nodes_say_to_one_comes_in_order)
{
    if (!database_is_postgres())
        return;
    go_on_duty(&b, 1, EXPERT_1);
    bench_open(&a, 1);
    bench_login(&a, 1, VILLAGER, false);
    bench_open(&b, 2);
    bench_login(&b, 2, OTHER_DOCTOR, false);
    for (int i = 0; i < 3; i++) {
        submit(&a, 1); /* its notice waits ... */
        submit(&b, 2); /* ... when this node has something to say itself */
    }
    cr_expect(hear_until(&b, rings_six_times_at_b));
    expect_numbers(&b, 1);
}

Test(nodes, a_session_moves_with_its_connection)
{
    if (!database_is_postgres())
        return;
    bench_open(&a, 1);
    json_t *session = bench_login(&a, 1, VILLAGER, false);
    char token[128];
    snprintf(token, sizeof token, "%s", bench_get(session, "token"));
    bench_open(&b, 1);
    cr_assert(bench_result(bench_call(&b, 1, "session.resume",
                                      json_pack("{s:s, s:i}", "token", token, "lastSeq", 0))));
    cr_expect(hear_until(&a, closed_at_a));
    cr_expect_eq(bench_closed(&a, 1), DISPATCH_CLOSE_REPLACED);
    cr_expect_eq(ask("SELECT COUNT(*) FROM session WHERE node = 'b'"), 1);
    bench_close(&a, 1);
    cr_expect_eq(ask("SELECT COUNT(*) FROM session WHERE node = 'b'"), 1,
                 "not the former's to say");
}

Test(nodes, a_sign_in_that_takes_over_ends_the_session_on_the_other_node)
{
    if (!database_is_postgres())
        return;
    bench_open(&a, 1);
    bench_login(&a, 1, VILLAGER, false);
    bench_open(&b, 1);
    bench_login(&b, 1, VILLAGER, true);
    cr_expect(hear_until(&a, closed_at_a));
    cr_expect(bench_told(&a, 1, "session.ended"));
    cr_expect_eq(bench_closed(&a, 1), DISPATCH_CLOSE_ENDED);
}

Test(nodes, a_deadline_is_carried_out_once)
{
    if (!database_is_postgres())
        return;
    go_on_duty(&b, 1, EXPERT_1);
    bench_open(&a, 1);
    bench_login(&a, 1, VILLAGER, false);
    submit(&a, 1);
    pass_both(a.people.service.limits.ring_timeout_us + 2 * TIME_US_PER_S);
    cr_expect_eq(ask("SELECT COUNT(*) FROM audit WHERE act = 'consultation.timeout'"), 1);
}

Test(nodes, a_dead_node_is_followed_and_its_deadlines_kept)
{
    if (!database_is_postgres())
        return;
    go_on_duty(&b, 1, EXPERT_1);
    bench_open(&a, 1);
    bench_login(&a, 1, VILLAGER, false);
    submit(&a, 1);
    cr_expect_eq(ask("SELECT COUNT(*) FROM room_owner WHERE node = 'a'"), 1);
    pass_both(TIME_US_PER_S); /* they know each other */
    time_us silent_us = 0;
    while (ask("SELECT COUNT(*) FROM node") == 2 && silent_us < 2 * NODES_LEASE_US) {
        bench_pass(&b, STEP_US);
        silent_us += STEP_US;
    }
    cr_expect_geq(silent_us, NODES_LEASE_US - NODES_BEAT_US, "nobody is given up early");
    cr_expect_leq(silent_us, NODES_LEASE_US + NODES_BEAT_US + STEP_US);
    cr_expect_eq(ask("SELECT COUNT(*) FROM room_owner WHERE node = 'b'"), 1);
    cr_expect_eq(ask("SELECT COUNT(*) FROM session WHERE node = 'a'"), 0);
    for (int i = 0; i < 1000 && !ask("SELECT COUNT(*) FROM audit WHERE act ="
                                     " 'consultation.timeout'");
         i++)
        bench_pass(&b, STEP_US);
    cr_expect_eq(ask("SELECT COUNT(*) FROM audit WHERE act = 'consultation.timeout'"), 1);
}

/* Due when the node that set it may be dead already, and when the other has just taken over. */
static void expect_in_time(time_us ring_us)
{
    a.people.service.limits.ring_timeout_us = ring_us;
    cr_assert_eq(store_run(a.people.service.store, "UPDATE agreement SET ring_s = 0", NULL, 0), 1);
    go_on_duty(&b, 1, EXPERT_1);
    pass_both(TIME_US_PER_S);
    bench_open(&a, 1);
    bench_login(&a, 1, VILLAGER, false);
    submit(&a, 1);
    int64_t due_us = ask("SELECT MIN(at_us) FROM deadline");
    cr_assert_gt(due_us, 0);
    while (b.people.utc_us < due_us + STEP_US)
        bench_pass(&b, STEP_US);
    cr_expect_eq(ask("SELECT COUNT(*) FROM audit WHERE act = 'consultation.timeout'"), 1,
                 "%lld us after it was set", (long long)ring_us);
}

Test(nodes, a_deadline_of_a_dead_node_is_in_time)
{
    if (database_is_postgres())
        expect_in_time(NODES_LEASE_US + STEP_US);
}

Test(nodes, a_deadline_that_came_while_nobody_had_taken_over_is_in_time)
{
    if (database_is_postgres())
        expect_in_time(NODES_LEASE_US - STEP_US);
}

Test(nodes, a_deadline_that_comes_after_the_taking_over_is_in_time)
{
    if (database_is_postgres())
        expect_in_time(NODES_LEASE_US + NODES_BEAT_US + STEP_US);
}

Test(nodes, a_node_that_lost_its_lease_writes_nothing)
{
    if (!database_is_postgres())
        return;
    bench_open(&a, 1);
    bench_login(&a, 1, VILLAGER, false);
    pass_both(TIME_US_PER_S);
    for (int i = 0; i < 40; i++)
        bench_pass(&b, STEP_US); /* a hangs */
    cr_assert_eq(ask("SELECT COUNT(*) FROM node WHERE id = 'a'"), 0);
    int64_t rows = ask("SELECT COUNT(*) FROM audit");
    /* its own clock stood still meanwhile, so it believes in its lease: the store does not */
    cr_expect_str_eq(bench_error(bench_call(&a, 1, "consultation.submit", people_request())),
                     "SQ_ERR_STORE");
    cr_expect(dispatch_over(a.dispatch));
    cr_expect_eq(ask("SELECT COUNT(*) FROM audit"), rows);
    cr_expect_eq(ask("SELECT COUNT(*) FROM consultation"), 0);
}

static int refuse(void *engine)
{
    (void)engine;
    return SQ_ERR_STORE;
}

static int refuse_statement(void *engine, const char *sql, const struct store_value *values,
                            size_t count, void **cursor)
{
    (void)engine;
    (void)sql;
    (void)values;
    (void)count;
    (void)cursor;
    return SQ_ERR_STORE;
}

/* As when the database is away; NULL: it is back. */
static void set_away(struct bench *n, const struct store_ops *back)
{
    static struct store_ops away[2];
    struct store *s = n->people.service.store;
    struct store_ops *ops = &away[n == &b];
    if (!back) {
        *ops = *s->ops;
        ops->begin = refuse;
        ops->prepare = refuse_statement;
    }
    s->ops = back ? back : ops;
}

Test(nodes, nobody_is_given_up_because_the_database_was_away)
{
    if (!database_is_postgres())
        return;
    const struct store_ops *real = a.people.service.store->ops;
    pass_both(TIME_US_PER_S);
    set_away(&a, NULL);
    set_away(&b, NULL);
    pass_both(4 * NODES_LEASE_US);
    set_away(&a, real);
    set_away(&b, real);
    pass_both(2 * NODES_LEASE_US);
    cr_expect_eq(ask("SELECT COUNT(*) FROM node"), 2);
    cr_expect_not(dispatch_over(a.dispatch));
    cr_expect_not(dispatch_over(b.dispatch));
}

Test(nodes, a_node_whose_clock_went_on_stops_by_itself)
{
    if (!database_is_postgres())
        return;
    struct nodes *n = a.nodes;
    cr_expect(nodes_hold(n, a.now_us + NODES_LEASE_US - NODES_MARGIN_US - 1));
    cr_assert_eq(ask("SELECT beat FROM node WHERE id = 'a'"), 0);
    cr_expect(nodes_hold(n, a.now_us + NODES_LEASE_US), "nobody took it: it is renewed");
    cr_expect_eq(ask("SELECT beat FROM node WHERE id = 'a'"), 1);
    for (int i = 0; i < 70; i++)
        bench_pass(&b, STEP_US);
    cr_expect_not(nodes_hold(n, a.now_us + 3 * NODES_LEASE_US));
    cr_expect(nodes_lost(n));
}

Test(nodes, who_leaves_is_followed_at_once)
{
    if (!database_is_postgres())
        return;
    go_on_duty(&b, 1, EXPERT_1);
    bench_open(&a, 1);
    bench_login(&a, 1, VILLAGER, false);
    submit(&a, 1);
    pass_both(TIME_US_PER_S);
    dispatch_free(a.dispatch);
    nodes_free(a.nodes);
    a.dispatch = NULL;
    a.nodes = NULL;
    cr_expect(hear_until(&b, b_owns_a_room));
    cr_expect_eq(ask("SELECT COUNT(*) FROM node"), 1);
}

Test(nodes, mail_is_done_once_in_order_and_sealed)
{
    if (!database_is_postgres())
        return;
    struct store *s = a.people.service.store;
    struct nodes_mail mail;
    static const char *const kinds[] = {"one", "two"};
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(store_begin(s), 0);
        cr_assert_eq(nodes_send(a.nodes, "b", kinds[i], "", json_pack("{s:s}", "x", "chest pain")),
                     0);
        cr_assert_eq(store_commit(s), 0);
    }
    cr_expect_eq(ask("SELECT COUNT(*) FROM node_mail WHERE POSITION('chest' IN"
                     " ENCODE(sealed_body, 'escape')) > 0"),
                 0);
    s = b.people.service.store;
    cr_assert_eq(store_begin(s), 0);
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(nodes_receive(b.nodes, &mail), 1);
        cr_expect_str_eq(mail.kind, kinds[i]);
        cr_expect_str_eq(bench_get(mail.body, "x"), "chest pain");
        json_decref(mail.body);
    }
    cr_expect_eq(nodes_receive(b.nodes, &mail), 0, "both are taken");
    store_rollback(s);
    cr_assert_eq(store_begin(s), 0);
    cr_assert_eq(nodes_receive(b.nodes, &mail), 1, "what was not committed waits");
    json_decref(mail.body);
    cr_assert_eq(nodes_done(b.nodes, mail.number), 0);
    cr_assert_eq(store_commit(s), 0);
    cr_expect_eq(ask("SELECT COUNT(*) FROM node_mail"), 1);
}

Test(nodes, notices_lost_with_the_connection_are_made_up_for)
{
    struct store_query q;
    if (!database_is_postgres())
        return;
    go_on_duty(&b, 1, EXPERT_1);
    bench_open(&a, 1);
    bench_login(&a, 1, VILLAGER, false);
    int64_t pid = ask("SELECT pg_backend_pid()");
    STORE_QUERY(a.people.service.store, &q,
                "SELECT 1 WHERE pg_terminate_backend(CAST($1 AS INTEGER))", sv_int(pid));
    cr_assert(store_next(&q));
    cr_assert_eq(store_query_end(&q), 0);
    submit(&a, 1);
    bench_pass(&b, NODES_BEAT_US); /* finds out */
    bench_pass(&b, NODES_BEAT_US); /* has a new one */
    cr_expect(bench_told(&b, 1, "consultation.ring"));
}
