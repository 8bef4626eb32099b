/* SPDX-License-Identifier: Apache-2.0 */
/* The table of relays over a cluster that lives in the test: the functions of cluster/cluster.h are
 * here, and the linker takes them before the library's. */
#include "shanqiao/error.h"
#include "signaling/relays/relays.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAITING_MAX 64

static struct {
    struct cluster_message waiting[WAITING_MAX];
    char bodies[WAITING_MAX][4096];
    size_t count, next;
    char sent[WAITING_MAX][512];
    char sent_to[WAITING_MAX][CLUSTER_NODE_MAX];
    int64_t tickets;
    char set_peer[CLUSTER_NODE_MAX];
} wire;

static struct relays *relays;
static time_us now_us = 1000 * TIME_US_PER_S;

int cluster_new(struct cluster **out, const struct cluster_config *config, time_us now)
{
    (void)config;
    (void)now;
    *out = NULL;
    return 0;
}

void cluster_free(struct cluster *c)
{
    (void)c;
}

int cluster_fd(const struct cluster *c)
{
    (void)c;
    return -1;
}

time_us cluster_deadline(const struct cluster *c)
{
    (void)c;
    return TIME_US_NEVER;
}

void cluster_step(struct cluster *c, time_us now)
{
    (void)c;
    (void)now;
}

bool cluster_next(struct cluster *c, struct cluster_message *out)
{
    (void)c;
    if (wire.next == wire.count)
        return false;
    *out = wire.waiting[wire.next++];
    return true;
}

int64_t cluster_request(struct cluster *c, const char *node, const char *body, size_t len,
                        time_us timeout, time_us now)
{
    (void)c;
    (void)len;
    (void)timeout;
    (void)now;
    snprintf(wire.sent[wire.tickets], sizeof wire.sent[0], "%s", body);
    snprintf(wire.sent_to[wire.tickets], CLUSTER_NODE_MAX, "%s", node);
    return ++wire.tickets;
}

int cluster_set_peer(struct cluster *c, const struct cluster_peer *peer, time_us now)
{
    (void)c;
    (void)now;
    snprintf(wire.set_peer, sizeof wire.set_peer, "%s", peer->node);
    return 0;
}

void cluster_get_counters(const struct cluster *c, struct cluster_counters *out)
{
    (void)c;
    *out = (struct cluster_counters){.dropped_forged = 2, .dropped_unknown = 3};
}

static void arrives(enum cluster_message_type type, const char *node, uint64_t ticket, int error,
                    const char *body)
{
    cr_assert_lt(wire.count, WAITING_MAX);
    char *copy = wire.bodies[wire.count];
    snprintf(copy, sizeof wire.bodies[0], "%s", body ? body : "");
    struct cluster_message *m = &wire.waiting[wire.count++];
    *m = (struct cluster_message){.type = type, .ticket = ticket, .error = error};
    snprintf(m->node, sizeof m->node, "%s", node);
    m->body = body ? copy : NULL;
    m->len_bytes = strlen(copy);
}

static void heartbeat(const char *node, const char *boot, int revision, double load)
{
    char body[256];
    snprintf(body, sizeof body,
             "{\"v\":1,\"type\":\"heartbeat\",\"relay\":\"%s\",\"boot\":\"%s\",\"revision\":%d,"
             "\"load\":%.2f}",
             node, boot, revision, load);
    arrives(CLUSTER_PUBLISHED, node, 0, 0, body);
    relays_step(relays, now_us);
}

/* Time in which we listen: steps come when they are due. */
static void passes(time_us us)
{
    time_us until_us = now_us + us;
    while (now_us < until_us) {
        now_us = time_us_min(until_us, relays_deadline(relays));
        relays_step(relays, now_us);
    }
}

/* Answers the last request, which must be a snapshot. */
static void snapshot(const char *node, const char *rest)
{
    char body[512];
    cr_assert(strstr(wire.sent[wire.tickets - 1], "\"snapshot\""), "%s",
              wire.sent[wire.tickets - 1]);
    snprintf(body, sizeof body, "{\"v\":1,\"result\":%s}", rest);
    arrives(CLUSTER_REPLY, node, (uint64_t)wire.tickets, 0, body);
    relays_step(relays, now_us);
}

/* Type of the next output, -1: none. */
static int next(struct relays_output *out)
{
    return relays_next(relays, out) ? (int)out->type : -1;
}

static void init(void)
{
    static struct cluster_config config;
    memset(&wire, 0, sizeof wire);
    config.peer_count = 2;
    strcpy(config.peers[0].node, "county-1");
    strcpy(config.peers[1].node, "county-2");
    cr_assert_eq(relays_new(&relays, &config, now_us), 0);
}

static void fini(void)
{
    relays_free(relays);
}

TestSuite(relays, .init = init, .fini = fini);

Test(relays, the_first_heartbeat_brings_a_relay_up_and_asks_for_its_state)
{
    struct relays_output out;
    cr_expect_null(relays_place(relays, now_us));
    heartbeat("county-1", "b1", 3, 0.1);
    cr_expect_eq(next(&out), RELAYS_UP);
    cr_expect_eq(next(&out), -1);
    snapshot("county-1", "{\"boot\":\"b1\",\"revision\":3,\"rooms\":[{\"room\":\"r1\"}]}");
    cr_expect_eq(next(&out), RELAYS_SNAPSHOT);
    cr_expect_eq(json_array_size(json_object_get(out.body, "rooms")), 1);
    heartbeat("county-1", "b1", 3, 0.1);
    cr_expect_eq(wire.tickets, 1, "no gap, no question");
}

Test(relays, a_drained_relay_gets_a_room_only_where_there_is_no_other)
{
    struct relays_info info;
    heartbeat("county-1", "b1", 3, 0.1);
    heartbeat("county-2", "b2", 3, 0.9);
    cr_assert_eq(relays_drain(relays, "county-1", true), 0);
    cr_expect_str_eq(relays_place(relays, now_us), "county-2");
    cr_assert_eq(relays_drain(relays, "county-2", true), 0);
    cr_expect_str_eq(relays_place(relays, now_us), "county-1", "a patient waits");
    cr_assert_eq(relays_drain(relays, "county-1", false), 0);
    cr_expect_str_eq(relays_place(relays, now_us), "county-1");
    cr_assert(relays_info(relays, 1, now_us, &info));
    cr_expect(info.drained && info.alive && !info.added && info.load > 0.8);
    cr_expect_eq(relays_drain(relays, "nobody", true), SQ_ERR_NOT_FOUND);
}

Test(relays, a_relay_is_added_and_removed_without_a_restart)
{
    const struct cluster_peer peer = {
        .node = "city-1", .commands = "tcp://10.0.0.9:7400", .heartbeats = "tcp://10.0.0.9:7401"};
    struct cluster_peer known = peer;
    struct relays_info info;
    strcpy(known.node, "county-1");
    cr_expect_eq(relays_add(relays, &known, now_us), SQ_ERR_CONFLICT, "the configuration's");
    cr_assert_eq(relays_add(relays, &peer, now_us), 0);
    cr_expect_str_eq(wire.set_peer, "city-1");
    cr_expect_not(relays_info(relays, 3, now_us, &info));
    cr_assert(relays_info(relays, 2, now_us, &info));
    cr_expect(info.added && !info.alive && !info.heard_us);
    heartbeat("city-1", "b3", 1, 0.2);
    cr_expect_str_eq(relays_place(relays, now_us), "city-1");
    cr_expect_eq(relays_remove(relays, "county-1"), SQ_ERR_NOT_FOUND);
    cr_assert_eq(relays_remove(relays, "city-1"), 0);
    cr_expect_null(relays_place(relays, now_us));
    heartbeat("city-1", "b3", 1, 0.2);
    cr_expect_null(relays_place(relays, now_us), "what it says is not heard any more");
    cr_expect_eq(relays_refused(relays), 5);
}

Test(relays, a_room_goes_to_the_least_loaded_that_is_alive)
{
    heartbeat("county-1", "b1", 1, 0.7);
    cr_expect_str_eq(relays_place(relays, now_us), "county-1");
    heartbeat("county-2", "b2", 1, 0.2);
    cr_expect_str_eq(relays_place(relays, now_us), "county-2");
    passes(RELAYS_ALIVE_US);
    heartbeat("county-1", "b1", 1, 0.7);
    now_us += 1;
    cr_expect_str_eq(relays_place(relays, now_us), "county-1");
    cr_expect_not(relays_alive(relays, "county-2", now_us));
}

Test(relays, silence_is_told_and_the_state_is_asked_anew_after_it)
{
    struct relays_output out;
    heartbeat("county-1", "b1", 1, 0);
    snapshot("county-1", "{\"boot\":\"b1\",\"revision\":1,\"rooms\":[]}");
    while (next(&out) >= 0)
        ;
    passes(RELAYS_ALIVE_US);
    cr_expect_eq(next(&out), -1);
    cr_expect_eq(relays_deadline(relays), now_us + 1);
    passes(1);
    cr_expect_eq(next(&out), RELAYS_DOWN);
    cr_expect_eq(relays_request(relays, "county-1", "room.create", json_object(), now_us),
                 SQ_ERR_UNREACHABLE);
    heartbeat("county-1", "b1", 1, 0);
    cr_expect_eq(next(&out), RELAYS_UP);
    cr_expect_eq(wire.tickets, 2);
}

Test(relays, a_gap_or_a_new_boot_asks_for_a_snapshot)
{
    heartbeat("county-1", "b1", 5, 0);
    snapshot("county-1", "{\"boot\":\"b1\",\"revision\":5,\"rooms\":[]}");
    arrives(CLUSTER_PUBLISHED, "county-1", 0, 0,
            "{\"v\":1,\"type\":\"event\",\"boot\":\"b1\",\"revision\":6,\"event\":\"transport."
            "state\"}");
    heartbeat("county-1", "b1", 6, 0);
    cr_expect_eq(wire.tickets, 1, "the event was the change");
    heartbeat("county-1", "b1", 8, 0);
    cr_expect_eq(wire.tickets, 2);
    heartbeat("county-1", "b1", 8, 0);
    cr_expect_eq(wire.tickets, 2, "one question at a time");
    snapshot("county-1", "{\"boot\":\"b1\",\"revision\":8,\"rooms\":[]}");
    heartbeat("county-1", "b2", 8, 0);
    cr_expect_eq(wire.tickets, 3);
}

Test(relays, a_snapshot_comes_in_pages)
{
    struct relays_output out;
    heartbeat("county-1", "b1", 1, 0);
    snapshot("county-1", "{\"boot\":\"b1\",\"revision\":1,\"rooms\":[{\"room\":\"r1\"},{\"room\":"
                         "\"r2\"}],\"more\":true}");
    cr_expect(strstr(wire.sent[1], "\"after\":\"r2\""), "%s", wire.sent[1]);
    snapshot("county-1", "{\"boot\":\"b1\",\"revision\":1,\"rooms\":[{\"room\":\"r3\"}]}");
    cr_expect_eq(next(&out), RELAYS_UP);
    cr_expect_eq(next(&out), RELAYS_SNAPSHOT);
    cr_expect_eq(json_array_size(json_object_get(out.body, "rooms")), 3);
}

Test(relays, replies_carry_result_error_or_timeout)
{
    struct relays_output out;
    heartbeat("county-1", "b1", 1, 0);
    next(&out);
    int64_t a = relays_request(relays, "county-1", "room.create", json_object(), now_us);
    int64_t b = relays_request(relays, "county-1", "room.create", json_object(), now_us);
    int64_t c = relays_request(relays, "county-1", "room.create", json_object(), now_us);
    arrives(CLUSTER_REPLY, "county-1", (uint64_t)a, 0, "{\"v\":1,\"result\":{\"worker\":0}}");
    arrives(CLUSTER_REPLY, "county-1", (uint64_t)b, 0,
            "{\"v\":1,\"error\":{\"code\":\"SQ_ERR_NOT_FOUND\",\"message\":\"no room r1\"}}");
    arrives(CLUSTER_REPLY, "county-1", (uint64_t)c, SQ_ERR_TIMEOUT, NULL);
    relays_step(relays, now_us);
    cr_expect(next(&out) == RELAYS_REPLY && out.ticket == a && out.error == 0 &&
              json_is_object(out.body));
    cr_expect(next(&out) == RELAYS_REPLY && out.ticket == b && out.error == SQ_ERR_NOT_FOUND);
    cr_expect_str_eq(out.message, "no room r1");
    cr_expect(next(&out) == RELAYS_REPLY && out.ticket == c && out.error == SQ_ERR_UNREACHABLE);
}

Test(relays, nonsense_from_a_relay_changes_nothing)
{
    static const char *const bodies[] = {"",
                                         "{",
                                         "[]",
                                         "{\"v\":2,\"type\":\"heartbeat\"}",
                                         "{\"v\":1,\"v\":1}",
                                         "{\"type\":\"heartbeat\"}"};
    struct relays_output out;
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++)
        arrives(CLUSTER_PUBLISHED, "county-1", 0, 0, bodies[i]);
    arrives(CLUSTER_PUBLISHED, "stranger", 0, 0,
            "{\"v\":1,\"type\":\"heartbeat\",\"boot\":\"x\",\"revision\":1}");
    relays_step(relays, now_us);
    cr_expect_eq(next(&out), -1);
    cr_expect_null(relays_place(relays, now_us));
    arrives(CLUSTER_REPLY, "county-1", 77, 0, "{\"v\":1}");
    relays_step(relays, now_us);
    cr_expect(next(&out) == RELAYS_REPLY && out.error == SQ_ERR_INTERNAL);
}

Test(relays, after_our_own_start_relays_get_time_to_be_heard)
{
    cr_expect(relays_alive(relays, "county-1", now_us));
    cr_expect_not(relays_alive(relays, "stranger", now_us));
    cr_expect_gt(relays_request(relays, "county-1", "transport.restartIce", json_object(), now_us),
                 0);
    cr_expect_null(relays_place(relays, now_us), "but no new room goes there");
    passes(RELAYS_ALIVE_US + 1);
    cr_expect_not(relays_alive(relays, "county-1", now_us));
}

/* A lock of the store held this program: no relay fell silent, it did not listen. */
Test(relays, while_we_hang_no_relay_falls_silent)
{
    struct relays_output out;
    heartbeat("county-1", "b1", 1, 0);
    snapshot("county-1", "{\"boot\":\"b1\",\"revision\":1,\"rooms\":[]}");
    while (next(&out) >= 0)
        ;
    now_us += 6 * TIME_US_PER_S;
    cr_expect(relays_alive(relays, "county-1", now_us), "asked before anything was read");
    cr_expect_str_eq(relays_place(relays, now_us), "county-1");
    relays_step(relays, now_us);
    cr_expect_eq(next(&out), -1, "and nothing waited to be read yet");
    cr_expect(relays_alive(relays, "county-1", now_us));
    passes(RELAYS_ALIVE_US + 1);
    cr_expect_eq(next(&out), RELAYS_DOWN, "silent since we listen again");
    cr_expect_not(relays_alive(relays, "county-1", now_us));
}

Test(relays, a_relay_that_was_silent_before_we_hung_stays_so)
{
    struct relays_output out;
    heartbeat("county-1", "b1", 1, 0);
    passes(RELAYS_ALIVE_US + 1);
    now_us += 6 * TIME_US_PER_S;
    relays_step(relays, now_us);
    cr_expect_not(relays_alive(relays, "county-1", now_us));
    cr_expect_eq(next(&out), RELAYS_UP);
    cr_expect_eq(next(&out), RELAYS_DOWN);
    cr_expect_eq(next(&out), -1);
}
