/* SPDX-License-Identifier: Apache-2.0 */
/* The operator's methods over relays that live in the test: who may, what is seen and what is not,
 * decisions that outlive a restart, who can't speak, the day's numbers. */
#include "people.h"
#include "shanqiao/error.h"
#include "signaling/operator/operator.h"
#include "signaling/rooms.h"
#include "signaling/store/store.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define MINUTE_US (60 * TIME_US_PER_S)

static struct people p;
static struct relays_info table[RELAYS_MAX];
static size_t table_count;
static struct cluster_peer added;
static const char *online; /* the session that is connected */

static bool info(const struct relays *r, size_t index, time_us now_us, struct relays_info *out)
{
    (void)r;
    (void)now_us;
    if (index < table_count)
        *out = table[index];
    return index < table_count;
}

static struct relays_info *find(const char *id)
{
    for (size_t i = 0; i < table_count; i++) {
        if (!strcmp(table[i].node, id))
            return &table[i];
    }
    return NULL;
}

static int add(struct relays *r, const struct cluster_peer *peer, time_us now_us)
{
    (void)r;
    (void)now_us;
    added = *peer;
    if (!find(peer->node)) {
        struct relays_info *one = &table[table_count++];
        *one = (struct relays_info){.added = true};
        snprintf(one->node, sizeof one->node, "%s", peer->node);
    }
    return 0;
}

static int remove_one(struct relays *r, const char *id)
{
    struct relays_info *one = find(id);
    (void)r;
    *one = table[--table_count];
    return 0;
}

static int drain(struct relays *r, const char *id, bool drained)
{
    (void)r;
    find(id)->drained = drained;
    return 0;
}

static uint64_t refused(const struct relays *r)
{
    (void)r;
    return 7;
}

static const struct watch_port port = {
    .info = info, .add = add, .remove = remove_one, .drain = drain, .refused = refused};

static bool connected(void *user, const char *session)
{
    (void)user;
    return online && !strcmp(online, session);
}

static void begin_watch(const char *node)
{
    table_count = 1;
    table[0] = (struct relays_info){.node = "county-1",
                                    .level = "county",
                                    .alive = true,
                                    .heard_us = 1,
                                    .load = 0.25,
                                    .rooms = 2,
                                    .transports = 5,
                                    .workers = 2};
    cr_assert_eq(watch_new(&p.service, &port, node), 0);
    p.service.session_connected = connected;
}

static void up(void)
{
    online = NULL;
    people_init(&p);
    begin_watch("");
}

static void down(void)
{
    watch_free(&p.service);
    people_fini(&p);
}

TestSuite(operator, .init = up, .fini = down);

static void sweep(time_us passed_us)
{
    p.utc_us += passed_us;
    cr_assert_eq(store_begin(p.service.store), 0);
    cr_assert_eq(watch_sweep(&p.service, p.utc_us), 0, "%s", store_error(p.service.store));
    cr_assert_eq(store_commit(p.service.store), 0);
}

static void sql(const char *text)
{
    cr_assert_geq(store_run(p.service.store, text, NULL, 0), 0, "%s", store_error(p.service.store));
}

/* A session of the account, as a sign-in leaves it. */
static void signed_in(const char *account)
{
    char session[ID_MAX];
    snprintf(session, sizeof session, "ses_%s", account);
    cr_assert_eq(STORE_RUN(p.service.store,
                           "INSERT INTO session (id, token_hash, account, device, created_us,"
                           " expires_us) VALUES ($1, $2, $3, '', $4, $5)",
                           sv_text(session), sv_bytes(session, strlen(session)), sv_text(account),
                           sv_int(p.utc_us), sv_int(p.utc_us + 3600 * TIME_US_PER_S)),
                 1);
}

static json_t *overview(void)
{
    cr_assert_eq(people_call(&p, OPERATOR, "operator.overview", json_object()), 0, "%s",
                 p.call.message_en);
    return p.call.result;
}

static const json_t *entry(const json_t *object, const char *list, size_t index)
{
    return json_array_get(json_object_get(object, list), index);
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

static json_int_t number(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

Test(operator, only_operators)
{
    cr_expect_eq(people_call(&p, EXPERT_1, "operator.overview", json_object()), SQ_ERR_DENIED);
    cr_expect_eq(people_call(&p, VILLAGER, "operator.drain",
                             json_pack("{s:s, s:b}", "relayId", "county-1", "drain", 1)),
                 SQ_ERR_DENIED);
    cr_expect_eq(people_call(&p, OPERATOR, "operator.drain",
                             json_pack("{s:s, s:b}", "relayId", "nobody", "drain", 1)),
                 SQ_ERR_NOT_FOUND);
}

Test(operator, relays_people_and_nothing_of_a_case)
{
    static const char *const on_duty[] = {EXPERT_1, NULL};
    char id[ID_MAX];
    signed_in(VILLAGER);
    signed_in(EXPERT_1);
    online = "ses_" VILLAGER;
    people_submit(&p, on_duty, id);
    json_t *o = overview();
    const json_t *relay = entry(o, "relays", 0);
    cr_expect_str_eq(text_of(relay, "state"), "up");
    cr_expect_str_eq(text_of(relay, "level"), "county");
    cr_expect_eq(number(relay, "transports"), 5);
    cr_expect_eq(number(o, "refusedFrames"), 7);
    cr_expect_eq(json_array_size(json_object_get(o, "institutions")), 2);
    cr_expect_str_eq(text_of(entry(o, "institutions", 0), "id"), "village", "most people first");
    cr_expect_eq(number(entry(o, "institutions", 0), "online"), 1);
    cr_expect_eq(number(entry(o, "institutions", 1), "online"), 0);
    char *all = json_dumps(o, 0);
    cr_expect(!strstr(all, id) && !strstr(all, "acc_") && !strstr(all, "complaint"), "%s", all);
    free(all);
}

Test(operator, institutions_hang_in_one_tree)
{
    sql("INSERT INTO institution (id, name, level, kind) VALUES ('town', 'Town', 2, 'hospital')");
    sql("UPDATE institution SET parent = 'town' WHERE id = 'village'");
    signed_in(VILLAGER);
    json_t *o = overview();
    cr_assert_eq(json_array_size(json_object_get(o, "institutions")), 2);
    cr_expect_str_eq(text_of(entry(o, "institutions", 0), "parent"), "town");
    cr_expect_str_eq(text_of(entry(o, "institutions", 1), "id"), "town");
    cr_expect_null(json_object_get(entry(o, "institutions", 1), "lastSeen"));
}

Test(operator, a_drained_relay_stays_so_over_a_restart)
{
    cr_assert_eq(people_call(&p, OPERATOR, "operator.drain",
                             json_pack("{s:s, s:b}", "relayId", "county-1", "drain", 1)),
                 0);
    sweep(0);
    cr_expect(table[0].drained);
    watch_free(&p.service);
    people_restart(&p);
    begin_watch("");
    cr_expect_not(table[0].drained);
    sweep(0);
    cr_expect(table[0].drained);
    cr_expect(json_is_true(json_object_get(entry(overview(), "relays", 0), "drained")));
    cr_assert_eq(people_call(&p, OPERATOR, "operator.drain",
                             json_pack("{s:s, s:b}", "relayId", "county-1", "drain", 0)),
                 0);
    sweep(0);
    cr_expect_not(table[0].drained);
}

static int add_relay(const char *id, const char *commands)
{
    return people_call(&p, OPERATOR, "operator.addRelay",
                       json_pack("{s:s, s:s, s:s, s:s}", "id", id, "commands", commands,
                                 "heartbeats", "tcp://10.0.0.9:7401", "level", "city"));
}

static int remove_relay(const char *id)
{
    return people_call(&p, OPERATOR, "operator.removeRelay", json_pack("{s:s}", "relayId", id));
}

Test(operator, a_relay_is_added_changed_and_removed)
{
    cr_expect_eq(add_relay("county-1", "tcp://10.0.0.9:7400"), SQ_ERR_CONFLICT);
    cr_expect_eq(add_relay("city-1", "tcp://10.0.0.9:70000"), SQ_ERR_INVALID);
    cr_assert_eq(add_relay("city-1", "tcp://10.0.0.9:7400"), 0);
    sweep(0);
    cr_expect_str_eq(added.commands, "tcp://10.0.0.9:7400");
    const json_t *relay = entry(overview(), "relays", 1);
    cr_expect_str_eq(text_of(relay, "state"), "never");
    cr_expect_str_eq(text_of(relay, "level"), "city", "as it was entered");
    cr_assert_eq(add_relay("city-1", "tcp://10.0.0.9:7500"), 0);
    sweep(0);
    cr_expect_str_eq(added.commands, "tcp://10.0.0.9:7500");
    find("city-1")->alive = true;
    find("city-1")->rooms = 1;
    cr_expect_eq(remove_relay("city-1"), SQ_ERR_STATE, "a call goes over it");
    find("city-1")->rooms = 0;
    cr_expect_eq(remove_relay("county-1"), SQ_ERR_STATE, "of the configuration file");
    cr_assert_eq(remove_relay("city-1"), 0);
    sweep(0);
    cr_expect_null(find("city-1"));
    cr_expect_eq(remove_relay("city-1"), SQ_ERR_NOT_FOUND);
}

/* The village's and the expert's call, both present. */
static void in_call(void)
{
    static const char *const on_duty[] = {EXPERT_1, NULL};
    char id[ID_MAX];
    signed_in(VILLAGER);
    signed_in(EXPERT_1);
    people_submit(&p, on_duty, id);
    cr_assert_eq(people_call(&p, EXPERT_1, "consultation.accept", people_id(id)), 0);
    cr_assert_eq(people_call(&p, EXPERT_1, "consultation.enter", people_id(id)), 0);
    cr_assert_eq(people_call(&p, VILLAGER, "consultation.enter", people_id(id)), 0);
    cr_assert_str_eq(people_result(&p, "state"), "in_progress");
}

static const json_t *unable(const json_t *o, const char *institution)
{
    const json_t *e;
    for (size_t i = 0; (e = entry(o, "unable", i)) != NULL; i++) {
        if (!strcmp(text_of(e, "institutionId"), institution))
            return e;
    }
    return NULL;
}

Test(operator, in_a_call_without_media)
{
    in_call();
    cr_expect_null(unable(overview(), "village"), "it comes up");
    p.utc_us += WATCH_LOST_US + 1;
    cr_expect_str_eq(text_of(unable(overview(), "village"), "reason"), "no_media");
    watch_presence(&p.service, "ses_" VILLAGER, false, p.utc_us);
    const json_t *one = unable(overview(), "village");
    char since[SERVICE_TIME_MAX];
    cr_expect_str_eq(text_of(one, "reason"), "connection_lost");
    cr_expect_str_eq(text_of(one, "since"), service_time_text(p.utc_us, since));
    cr_expect_str_eq(text_of(unable(p.call.result, "county"), "reason"), "no_media");
    watch_presence(&p.service, "ses_" VILLAGER, true, p.utc_us);
    cr_expect_str_eq(text_of(unable(overview(), "village"), "reason"), "no_media");
}

Test(operator, signed_in_and_out_of_reach)
{
    signed_in(VILLAGER);
    watch_presence(&p.service, "ses_" VILLAGER, false, p.utc_us);
    cr_expect_null(unable(overview(), "village"), "a reload is shorter");
    p.utc_us += WATCH_LOST_US;
    cr_expect_str_eq(text_of(unable(overview(), "village"), "reason"), "offline");
    sweep(WATCH_FORGET_US);
    cr_expect_null(unable(overview(), "village"), "went home");
}

Test(operator, numbers_of_each_minute_and_gaps)
{
    json_t *points;
    for (int i = 0; i < 5; i++) {
        table[0].load = i == 2 ? 0.75 : 0.25;
        sweep(20 * TIME_US_PER_S);
    }
    table[0].alive = false;
    sweep(3 * MINUTE_US);
    table[0].alive = true;
    sweep(MINUTE_US);
    cr_assert_eq(
        people_call(&p, OPERATOR, "operator.history", json_pack("{s:s}", "relayId", "county-1")),
        0);
    points = json_object_get(p.call.result, "points");
    cr_expect_geq(json_array_size(points), 3);
    double most = 0;
    for (size_t i = 0; i < json_array_size(points); i++) {
        double load = json_real_value(json_object_get(json_array_get(points, i), "load"));
        most = load > most ? load : most;
    }
    cr_expect_float_eq(most, 0.75, 0.001, "the highest of the minute");
    cr_expect_eq(people_call(&p, OPERATOR, "operator.history",
                             json_pack("{s:s, s:i}", "relayId", "county-1", "minutes", 1)),
                 0);
    cr_expect_eq(json_array_size(json_object_get(p.call.result, "points")), 1);
}

static json_t *history(int64_t minutes)
{
    cr_assert_eq(
        people_call(&p, OPERATOR, "operator.history",
                    json_pack("{s:s, s:I}", "relayId", "county-1", "minutes", (json_int_t)minutes)),
        0);
    return json_object_get(p.call.result, "points");
}

Test(operator, minutes_outlive_a_restart)
{
    for (int i = 0; i < 5; i++)
        sweep(MINUTE_US);
    watch_free(&p.service);
    begin_watch("");
    cr_expect_eq(json_array_size(history(60)), 4, "the running one was not stored yet");
    table[0].alive = false;
    sweep(3 * MINUTE_US);
    table[0].alive = true;
    sweep(MINUTE_US);
    json_t *points = history(60);
    cr_expect_eq(json_array_size(points), 5);
    cr_expect_str_lt(text_of(json_array_get(points, 0), "at"),
                     text_of(json_array_get(points, 4), "at"));
}

Test(operator, a_week_is_kept_and_no_more)
{
    char text[512];
    int64_t last = p.utc_us / MINUTE_US;
    snprintf(text, sizeof text,
             "INSERT INTO relay_minute WITH RECURSIVE m (minute) AS (SELECT CAST(%lld AS BIGINT)"
             " UNION ALL SELECT minute + 1 FROM m WHERE minute < %lld)"
             " SELECT 'county-1', minute, '', 250, 4, 0, 0, 0, 0 FROM m",
             (long long)(last - WATCH_HISTORY_MIN - 500), (long long)last);
    sql(text);
    sweep(MINUTE_US);
    json_t *points = history(WATCH_HISTORY_MIN);
    cr_expect_geq(json_array_size(points), WATCH_HISTORY_MIN / WATCH_STEP_MIN);
    cr_expect_leq(json_array_size(points), WATCH_HISTORY_MIN / WATCH_STEP_MIN + 1);
    cr_expect_eq(json_integer_value(json_object_get(p.call.result, "stepMinutes")), WATCH_STEP_MIN);
    cr_expect_eq(json_array_size(history(WATCH_POINTS_MAX)), WATCH_POINTS_MAX);
    struct store_query q;
    store_query(p.service.store, &q, "SELECT COUNT(*) FROM relay_minute", NULL, 0);
    cr_assert(store_next(&q));
    cr_expect_leq(store_int(&q, 0), WATCH_HISTORY_MIN, "older ones went");
    cr_expect_eq(store_query_end(&q), 0);
}

Test(operator, minutes_of_several_nodes_are_put_together)
{
    char text[512];
    sweep(0);
    int64_t minute = p.utc_us / MINUTE_US - 3;
    snprintf(text, sizeof text,
             "INSERT INTO relay_minute (relay, minute, node, load_permille, transports, people,"
             " kbps, loss_percent, rtt_ms) VALUES"
             " ('county-1', %lld, 'a', 250, 4, 1, 100, 10, 40),"
             " ('county-1', %lld, 'b', 260, 5, 3, 300, 2, 80)",
             (long long)minute, (long long)minute);
    sql(text);
    json_t *point = json_array_get(history(60), 0);
    cr_expect_float_eq(json_real_value(json_object_get(point, "load")), 0.26, 0.001);
    cr_expect_eq(number(point, "transports"), 5);
    cr_expect_eq(number(point, "kbps"), 400);
    cr_expect_eq(number(point, "lossPercent"), 4, "weighed by people");
    cr_expect_eq(number(point, "rttMs"), 70);
}

Test(operator, what_other_nodes_see_is_put_together)
{
    char text[512], since[SERVICE_TIME_MAX];
    watch_free(&p.service);
    begin_watch("signaling-1");
    sql("INSERT INTO node (id, boot, beat) VALUES ('signaling-2', 'b', 1)");
    signed_in(VILLAGER);
    snprintf(text, sizeof text,
             "INSERT INTO node_view (node, at_us, view) VALUES ('signaling-2', %lld, "
             "'{\"links\":[{\"relayId\":\"county-1\",\"institutionId\":\"village\",\"people\":2,"
             "\"kbps\":300,\"lossUpPercent\":4,\"lossDownPercent\":20,\"rttMs\":90,"
             "\"quality\":\"poor\"}],\"unable\":[{\"institutionId\":\"village\",\"reason\":"
             "\"poor\",\"people\":2,\"since\":\"%s\"}]}')",
             (long long)p.utc_us, service_time_text(p.utc_us, since));
    sql(text);
    sweep(0); /* tells its own view */
    json_t *o = overview();
    cr_expect_eq(json_array_size(json_object_get(o, "nodes")), 2);
    cr_expect_eq(number(entry(o, "relays", 0), "kbps"), 300);
    cr_expect_eq(number(entry(o, "relays", 0), "lossPercent"), 20);
    cr_expect_eq(number(entry(o, "institutions", 0), "inCall"), 2);
    cr_expect_str_eq(text_of(unable(o, "village"), "reason"), "poor");
    p.utc_us += WATCH_FRESH_US + 1;
    o = overview();
    cr_expect_null(unable(o, "village"), "old words of a node that is silent");
    cr_expect(json_is_false(json_object_get(entry(o, "nodes", 1), "fresh")));
}
