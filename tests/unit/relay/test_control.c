/* SPDX-License-Identifier: Apache-2.0 */
/* relay/control with real routers behind it and no threads: commands, idempotency, snapshot, what
 * is published. */
#include "base/random.h"
#include "relay/control/control.h"
#include "relay/room/router.h"
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define WORKERS 2

struct rig {
    struct control *control;
    struct router *routers[WORKERS];
    struct dtls_identity *identity;
    time_us now_us;
    uint64_t ticket;
    json_t *answer, *published;
    size_t publications;
    bool hold; /* keep posts, don't run them */
    struct control_output held;
};

static void drain(struct rig *r)
{
    struct control_output out;
    while (control_next(r->control, &out)) {
        if (out.type == CONTROL_POST && r->hold) {
            r->held = out;
            continue;
        }
        if (out.type == CONTROL_POST) {
            struct relay_reply reply;
            router_command(r->routers[out.worker], &out.command, &reply, r->now_us);
            control_reply(r->control, &reply, r->now_us);
            continue;
        }
        json_t **to = out.type == CONTROL_ANSWER ? &r->answer : &r->published;
        if (out.type == CONTROL_ANSWER)
            cr_assert_eq(out.ticket, r->ticket);
        else
            r->publications++;
        json_decref(*to);
        *to = json_loads(out.text, 0, NULL);
        cr_assert_not_null(*to, "%s", out.text);
        free(out.text);
    }
}

/* The reply's part; the other part must be absent. */
static json_t *ask(struct rig *r, const char *part, const char *text)
{
    r->ticket++;
    json_decref(r->answer);
    r->answer = NULL;
    control_request(r->control, r->ticket, text, strlen(text), r->now_us);
    drain(r);
    if (!part)
        return NULL;
    cr_assert_not_null(r->answer, "%s: no answer", text);
    cr_expect_eq(json_object_size(r->answer), 2);
    cr_assert_not_null(json_object_get(r->answer, part), "%s: %s", text,
                       json_dumps(r->answer, JSON_COMPACT));
    return json_object_get(r->answer, part);
}

static void rig_open(struct rig *r)
{
    *r = (struct rig){.now_us = 1000000};
    struct control_config config = {.id = "county-1",
                                    .level = "county",
                                    .boot = "boot",
                                    .announce_count = 2,
                                    .ports = {40000, 40001},
                                    .worker_count = WORKERS};
    cr_assert_eq(net_address_parse(&config.announce[0], "192.0.2.7", 0), 0);
    cr_assert_eq(net_address_parse(&config.announce[1], "2001:db8::7", 0), 0);
    cr_assert_eq(dtls_identity_new(&r->identity, INT64_C(1790000000000000)), 0);
    cr_assert_eq(control_new(&r->control, &config, r->now_us), 0);
    for (int i = 0; i < WORKERS; i++) {
        struct router_config router = {.identity = r->identity, .hash_seed = 1};
        cr_assert_eq(router_new(&r->routers[i], &router, r->now_us), 0);
    }
    (void)ask(r, "result", "{\"v\":1,\"method\":\"room.create\",\"params\":{\"room\":\"r\"}}");
}

static void rig_close(struct rig *r)
{
    control_free(r->control);
    for (int i = 0; i < WORKERS; i++)
        router_free(r->routers[i]);
    dtls_identity_free(r->identity);
    json_decref(r->answer);
    json_decref(r->published);
}

static const char *text_of(const json_t *json, const char *key)
{
    return json_string_value(json_object_get(json, key));
}

static const char *code_of(struct rig *r, const char *text)
{
    return text_of(ask(r, "error", text), "code");
}

#define TRANSPORT(id)                                                                              \
    "{\"v\":1,\"method\":\"transport.create\",\"params\":{\"room\":\"r\",\"transport\":\"" id      \
    "\",\"tcp\":true}}"
#define PRODUCER(id, transport, ssrc)                                                              \
    "{\"v\":1,\"method\":\"producer.create\",\"params\":{\"transport\":\"" transport               \
    "\",\"producer\":\"" id "\",\"kind\":\"audio\",\"rtpParameters\":{\"codecs\":[{\"mimeType\":"  \
    "\"audio/opus\",\"payloadType\":111,"                                                          \
    "\"clockRate\":48000,\"channels\":2}],\"encodings\":[{\"ssrc\":" ssrc "}]}}}"
#define CONSUMER(id, transport, producer)                                                          \
    "{\"v\":1,\"method\":\"consumer.create\",\"params\":{\"transport\":\"" transport               \
    "\",\"consumer\":\"" id "\",\"producer\":\"" producer                                          \
    "\",\"paused\":true,\"rtpParameters\":{\"codecs\":[{\"mimeType\":\"audio/opus\","              \
    "\"payloadType\":100,\"clockRate\":48000}],\"encodings\":[{\"ssrc\":9}]}}}"
#define ON(method, name, id)                                                                       \
    "{\"v\":1,\"method\":\"" method "\",\"params\":{\"" name "\":\"" id "\"}}"
#define SNAPSHOT "{\"v\":1,\"method\":\"snapshot\"}"

Test(control, answers_a_transport_in_the_shapes_of_mediasoup)
{
    struct rig r;
    rig_open(&r);
    json_t *made = ask(&r, "result", TRANSPORT("t"));
    json_t *ice = json_object_get(made, "iceParameters");
    json_t *candidates = json_object_get(made, "iceCandidates");
    json_t *dtls = json_object_get(made, "dtlsParameters");
    cr_expect_geq(strlen(text_of(ice, "usernameFragment")), 4);
    cr_expect_geq(strlen(text_of(ice, "password")), 22);
    cr_expect(json_is_true(json_object_get(ice, "iceLite")));
    cr_assert_eq(json_array_size(candidates), 4);
    json_t *udp = json_array_get(candidates, 0), *tcp = json_array_get(candidates, 3);
    cr_expect_str_eq(text_of(udp, "ip"), "192.0.2.7");
    cr_expect_str_eq(text_of(udp, "protocol"), "udp");
    cr_expect_str_eq(text_of(udp, "type"), "host");
    cr_expect_null(json_object_get(udp, "tcpType"));
    cr_expect_eq(json_integer_value(json_object_get(udp, "port")) / 10, 4000);
    cr_expect_str_eq(text_of(tcp, "ip"), "2001:db8::7");
    cr_expect_str_eq(text_of(tcp, "tcpType"), "passive");
    cr_expect_gt(json_integer_value(json_object_get(udp, "priority")),
                 json_integer_value(json_object_get(tcp, "priority")));
    cr_expect_str_eq(text_of(json_array_get(json_object_get(dtls, "fingerprints"), 0), "algorithm"),
                     "sha-256");
    char *first = json_dumps(r.answer, JSON_COMPACT);
    (void)ask(&r, "result", TRANSPORT("t"));
    char *again = json_dumps(r.answer, JSON_COMPACT);
    cr_expect_str_eq(first, again, "the same command, the same reply");
    free(first);
    free(again);
    rig_close(&r);
}

Test(control, refuses_without_any_change)
{
    static const struct {
        const char *text, *code;
    } cases[] = {
        {"nonsense", "SQ_ERR_INVALID"},
        {"{\"v\":1,\"method\":\"transport.create\",\"params\":{\"room\":\"x\",\"transport\":\"n\"}"
         "}",
         "SQ_ERR_NOT_FOUND"},
        {PRODUCER("p9", "nobody", "1"), "SQ_ERR_NOT_FOUND"},
        {PRODUCER("p9", "a", "5"), "SQ_ERR_CONFLICT"}, /* the SSRC of p */
        {PRODUCER("p", "b", "77"), "SQ_ERR_CONFLICT"}, /* p is a's */
        {CONSUMER("c9", "b", "nobody"), "SQ_ERR_NOT_FOUND"},
        {CONSUMER("c9", "nobody", "p"), "SQ_ERR_NOT_FOUND"},
        {CONSUMER("c9", "z", "p"), "SQ_ERR_DENIED"},   /* z is in another room */
        {CONSUMER("c9", "b", "p"), "SQ_ERR_CONFLICT"}, /* SSRC 9 is c's */
        {ON("producer.pause", "producer", "none"), "SQ_ERR_NOT_FOUND"},
        {ON("consumer.resume", "consumer", "none"), "SQ_ERR_NOT_FOUND"},
        {ON("transport.restartIce", "transport", "none"), "SQ_ERR_NOT_FOUND"},
        {ON("stats", "room", "none"), "SQ_ERR_NOT_FOUND"},
    };
    struct rig r;
    rig_open(&r);
    (void)ask(&r, "result", ON("room.create", "room", "other"));
    (void)ask(&r, "result", TRANSPORT("a"));
    (void)ask(&r, "result", TRANSPORT("b"));
    (void)ask(&r, "result",
              "{\"v\":1,\"method\":\"transport.create\",\"params\":{\"room\":\"other\","
              "\"transport\":\"z\"}}");
    (void)ask(&r, "result", PRODUCER("p", "a", "5"));
    (void)ask(&r, "result", CONSUMER("c", "b", "p"));
    (void)ask(&r, "result", SNAPSHOT);
    char *before = json_dumps(r.answer, JSON_COMPACT | JSON_SORT_KEYS);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *code = code_of(&r, cases[i].text);
        cr_expect_str_eq(code, cases[i].code, "%s: %s", cases[i].text, code);
        (void)ask(&r, "result", SNAPSHOT);
        char *after = json_dumps(r.answer, JSON_COMPACT | JSON_SORT_KEYS);
        cr_expect_str_eq(before, after, "%s changed something", cases[i].text);
        free(after);
    }
    free(before);
    rig_close(&r);
}

Test(control, closing_what_is_not_there_succeeds)
{
    struct rig r;
    rig_open(&r);
    (void)ask(&r, "result", ON("room.close", "room", "none"));
    (void)ask(&r, "result", ON("transport.close", "transport", "none"));
    (void)ask(&r, "result", ON("producer.close", "producer", "none"));
    (void)ask(&r, "result", ON("consumer.close", "consumer", "none"));
    rig_close(&r);
}

Test(control, snapshot_follows_what_is_done)
{
    struct rig r;
    rig_open(&r);
    (void)ask(&r, "result", TRANSPORT("a"));
    (void)ask(&r, "result", TRANSPORT("b"));
    (void)ask(&r, "result", PRODUCER("p", "a", "5"));
    (void)ask(&r, "result", CONSUMER("c", "b", "p"));
    json_t *s = ask(&r, "result", SNAPSHOT);
    long long revision = json_integer_value(json_object_get(s, "revision"));
    json_t *room = json_array_get(json_object_get(s, "rooms"), 0);
    cr_expect_eq(json_array_size(json_object_get(room, "transports")), 2);
    json_t *c = json_array_get(json_object_get(room, "consumers"), 0);
    cr_expect(json_is_true(json_object_get(c, "paused")));
    cr_expect_str_eq(text_of(c, "producer"), "p");
    (void)ask(&r, "result", ON("consumer.resume", "consumer", "c"));
    (void)ask(&r, "result", ON("consumer.resume", "consumer", "c"));
    s = ask(&r, "result", SNAPSHOT);
    cr_expect_eq(json_integer_value(json_object_get(s, "revision")), revision + 1, "one change");
    (void)ask(&r, "result", ON("transport.close", "transport", "a"));
    s = ask(&r, "result", SNAPSHOT);
    room = json_array_get(json_object_get(s, "rooms"), 0);
    cr_expect_eq(json_array_size(json_object_get(room, "producers")), 0);
    cr_expect_eq(json_array_size(json_object_get(room, "consumers")), 0);
    json_t *stats = ask(&r, "result", ON("stats", "room", "r"));
    cr_expect_eq(json_array_size(json_object_get(stats, "transports")), 1);
    rig_close(&r);
}

Test(control, snapshot_of_many_rooms_is_split)
{
    struct rig r;
    char text[256], after[64] = "";
    size_t seen = 0, parts = 0;
    rig_open(&r);
    for (int i = 0; i < 1500; i++) {
        snprintf(text, sizeof text, ON("room.create", "room", "room-%04d"), i);
        (void)ask(&r, "result", text);
    }
    for (;;) {
        snprintf(text, sizeof text, "{\"v\":1,\"method\":\"snapshot\",\"params\":{%s%s%s}}",
                 *after ? "\"after\":\"" : "", after, *after ? "\"" : "");
        json_t *s = ask(&r, "result", text);
        json_t *rooms = json_object_get(s, "rooms");
        char *whole = json_dumps(r.answer, JSON_COMPACT);
        cr_expect_lt(strlen(whole), 60 * 1024);
        free(whole);
        seen += json_array_size(rooms);
        parts++;
        snprintf(after, sizeof after, "%s",
                 text_of(json_array_get(rooms, json_array_size(rooms) - 1), "room"));
        if (!json_is_true(json_object_get(s, "more")))
            break;
    }
    cr_expect_eq(seen, 1501);
    cr_expect_gt(parts, 1);
    rig_close(&r);
}

Test(control, rooms_go_to_the_worker_with_fewest)
{
    struct rig r;
    rig_open(&r);
    json_t *second = ask(&r, "result", ON("room.create", "room", "s"));
    cr_expect_eq(json_integer_value(json_object_get(second, "worker")), 1);
    json_t *again = ask(&r, "result", ON("room.create", "room", "r"));
    cr_expect_eq(json_integer_value(json_object_get(again, "worker")), 0);
    rig_close(&r);
}

Test(control, heartbeats_come_four_a_second_and_soon_after_a_change)
{
    struct rig r;
    rig_open(&r);
    for (time_us t = 0; t < 2 * TIME_US_PER_S; t += TIME_US_PER_MS) {
        r.now_us += TIME_US_PER_MS;
        control_timeout(r.control, r.now_us);
        drain(&r);
    }
    cr_expect(r.publications >= 8 && r.publications <= 9, "%zu", r.publications);
    cr_expect_str_eq(text_of(r.published, "type"), "heartbeat");
    cr_expect_eq(json_integer_value(json_object_get(r.published, "rooms")), 1);
    size_t before = r.publications;
    r.now_us += CONTROL_CHANGE_GAP_US;
    control_timeout(r.control, r.now_us);
    (void)ask(&r, "result", TRANSPORT("a"));
    cr_expect_leq(control_deadline(r.control), r.now_us + CONTROL_CHANGE_GAP_US);
    r.now_us = control_deadline(r.control);
    control_timeout(r.control, r.now_us);
    drain(&r);
    cr_expect_gt(r.publications, before);
    struct relay_event event = {.room = "r",
                                .transport = "a",
                                .state = TRANSPORT_CONNECTED,
                                .profile = SRTP_PROFILE_AEAD_AES_128_GCM};
    control_event(r.control, &event, r.now_us);
    drain(&r);
    cr_expect_str_eq(text_of(r.published, "event"), "transport.state");
    cr_expect_str_eq(text_of(r.published, "state"), "connected");
    cr_expect_str_eq(text_of(r.published, "srtpProfile"), "AEAD_AES_128_GCM");
    strcpy(event.transport, "ghost");
    before = r.publications;
    control_event(r.control, &event, r.now_us);
    drain(&r);
    cr_expect_eq(r.publications, before, "of a transport that is closed already");
    rig_close(&r);
}

Test(control, a_busy_worker_is_said_so_and_nothing_stays)
{
    struct rig r;
    rig_open(&r);
    r.hold = true;
    (void)ask(&r, NULL, TRANSPORT("a"));
    control_refused(r.control, &r.held.command);
    drain(&r);
    cr_expect_str_eq(text_of(json_object_get(r.answer, "error"), "code"), "SQ_ERR_LIMIT");
    r.hold = false;
    json_t *s = ask(&r, "result", SNAPSHOT);
    json_t *room = json_array_get(json_object_get(s, "rooms"), 0);
    cr_expect_eq(json_array_size(json_object_get(room, "transports")), 0);
    (void)ask(&r, "result", TRANSPORT("a"));
    rig_close(&r);
}
