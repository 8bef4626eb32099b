/* SPDX-License-Identifier: Apache-2.0 */
/* Rooms: join in one reply, who hears whom and when, refusals, failures that leave nothing behind.
 */
#include "bench.h"

#include "shanqiao/error.h"
#include <criterion/criterion.h>
#include <string.h>

static void ringing(void)
{
    bench_init();
    bench_allow(VILLAGER, ROOM_RIGHT_WAITING);
    bench_allow(EXPERT_1, ROOM_RIGHT_RUNG);
    bench_effect(EFFECT_ROOM_OPEN, "", "");
}

TestSuite(rooms, .init = ringing, .fini = bench_fini);

static const char *get(const json_t *o, const char *name)
{
    const char *text = json_string_value(json_object_get(o, name));
    return text ? text : "";
}

static json_t *join(const char *account, const char *source)
{
    int error;
    json_t *result = ask(account, "media.join", join_params(source), &error);
    cr_assert_eq(error, 0, "join of %s: %s", account, sq_error_name(error));
    return result;
}

static void accept_call(void)
{
    bench_allow(VILLAGER, ROOM_RIGHT_LIVE);
    bench_allow(EXPERT_1, ROOM_RIGHT_LIVE);
    bench_effect(EFFECT_ROOM_LIVE, "", "");
}

Test(rooms, one_reply_of_join_has_everything)
{
    json_t *first = join(VILLAGER, "microphone");
    cr_expect_eq(json_array_size(json_object_get(first, "producers")), 1);
    cr_expect_eq(json_array_size(json_object_get(first, "consumers")), 0);
    cr_expect(json_object_get(first, "iceParameters") && json_object_get(first, "iceServers"));
    json_t *second = join(EXPERT_1, "camera");
    json_t *consumer = json_array_get(json_object_get(second, "consumers"), 0);
    cr_expect_str_eq(get(consumer, "participantId"), VILLAGER);
    cr_expect_str_eq(get(consumer, "source"), "microphone");
    cr_expect(json_is_true(json_object_get(consumer, "paused")), "it rings");
    json_t *pushed = json_object_get(told(VILLAGER, "media.newConsumer"), "consumer");
    cr_expect_str_eq(get(pushed, "participantId"), EXPERT_1);
    cr_expect(json_is_true(json_object_get(pushed, "paused")));
    cr_expect_eq(relay_count("transport.connect"), 2);
    cr_expect_eq(relay_count("room.create"), 1);
}

Test(rooms, nothing_flows_while_it_rings_whatever_the_client_asks)
{
    join(VILLAGER, "microphone");
    json_t *consumer =
        json_array_get(json_object_get(join(EXPERT_1, "microphone"), "consumers"), 0);
    int error;
    relay_forget();
    ask(EXPERT_1, "media.resume", json_pack("{s:s}", "id", get(consumer, "id")), &error);
    cr_expect_eq(error, 0);
    cr_expect_eq(relay_count("consumer.resume"), 0);
}

Test(rooms, accept_resumes_both_ways_and_removes_the_others)
{
    bench_allow(EXPERT_2, ROOM_RIGHT_RUNG);
    join(VILLAGER, "microphone");
    join(EXPERT_1, "microphone");
    join(EXPERT_2, "microphone");
    relay_forget();
    bench_allow(EXPERT_2, ROOM_RIGHT_NONE);
    bench_effect(EFFECT_ROOM_REMOVE, EXPERT_2, "");
    cr_expect_eq(relay_count("transport.close"), 1);
    cr_expect(told(VILLAGER, "media.consumerClosed"));
    accept_call();
    cr_expect_eq(relay_count("consumer.resume"), 2);
    cr_expect(told(VILLAGER, "media.consumerResumed"));
    cr_expect(told(EXPERT_1, "media.consumerResumed"));
    cr_expect_null(told(EXPERT_2, "media.consumerResumed"));
}

Test(rooms, a_rung_member_who_did_not_accept_is_never_heard)
{
    bench_allow(EXPERT_2, ROOM_RIGHT_RUNG);
    join(VILLAGER, "microphone");
    join(EXPERT_1, "microphone");
    json_t *rung = join(EXPERT_2, "microphone");
    const char *producer = get(json_array_get(json_object_get(rung, "producers"), 0), "id");
    relay_forget();
    accept_call();
    json_t *state = relay_state(), *c;
    size_t i, heard = 0;
    json_array_foreach(
        json_object_get(json_array_get(json_object_get(state, "rooms"), 0), "consumers"), i, c)
    {
        heard += !json_is_true(json_object_get(c, "paused"));
    }
    cr_expect_eq(heard, 2, "only the applicant and the one who accepted");
    cr_expect(*producer);
    json_decref(state);
}

Test(rooms, an_observer_hears_and_is_not_heard)
{
    join(VILLAGER, "microphone");
    join(EXPERT_1, "microphone");
    accept_call();
    cr_expect(told(VILLAGER, "media.newConsumer"), "the specialist");
    bench_allow(EXPERT_2, ROOM_RIGHT_LISTEN);
    json_t *observer = join(EXPERT_2, "microphone");
    cr_expect_eq(json_array_size(json_object_get(observer, "consumers")), 2);
    size_t i;
    json_t *consumer;
    json_array_foreach(json_object_get(observer, "consumers"), i, consumer)
    {
        cr_expect_not(json_is_true(json_object_get(consumer, "paused")));
    }
    cr_expect_null(told(VILLAGER, "media.newConsumer"));
    cr_expect_null(told(EXPERT_1, "media.newConsumer"));
}

Test(rooms, joining_again_replaces_the_former_transport)
{
    join(EXPERT_1, "microphone");
    const char *first = get(join(VILLAGER, "microphone"), "transportId");
    json_t *second = join(VILLAGER, "microphone");
    cr_expect_str_neq(get(second, "transportId"), first);
    cr_expect_str_eq(get(relay_last("transport.close"), "transport"), first);
    cr_expect(told(EXPERT_1, "media.consumerClosed"));
    cr_expect_eq(json_array_size(json_object_get(second, "consumers")), 1);
}

Test(rooms, an_outsider_finds_no_room)
{
    static const char *const methods[] = {"media.join", "media.createTransport",
                                          "media.routerRtpCapabilities"};
    for (size_t i = 0; i < 3; i++) {
        int error;
        ask(OTHER_DOCTOR, methods[i], join_params("microphone"), &error);
        cr_expect_eq(error, SQ_ERR_NOT_FOUND, "%s", methods[i]);
    }
    cr_expect_eq(relay_count("transport.create"), 0);
}

Test(rooms, objects_of_others_are_not_there)
{
    json_t *village = join(VILLAGER, "microphone");
    const char *transport = get(village, "transportId");
    const char *producer = get(json_array_get(json_object_get(village, "producers"), 0), "id");
    int error;
    relay_forget();
    ask(EXPERT_1, "media.connectTransport",
        json_pack("{s:s, s:{}}", "transportId", transport, "dtlsParameters"), &error);
    cr_expect_eq(error, SQ_ERR_NOT_FOUND);
    ask(EXPERT_1, "media.pause", json_pack("{s:s}", "id", producer), &error);
    cr_expect_eq(error, SQ_ERR_NOT_FOUND);
    ask(EXPERT_1, "media.close", json_pack("{s:s}", "id", producer), &error);
    cr_expect_eq(error, 0, "what is not there is closed");
    ask(VILLAGER, "media.consume",
        json_pack("{s:s, s:s, s:{}}", "transportId", transport, "producerId", producer,
                  "rtpCapabilities"),
        &error);
    cr_expect_eq(error, SQ_ERR_NOT_FOUND, "nobody hears himself");
    cr_expect_eq(relay_count("producer.close") + relay_count("producer.pause"), 0);
}

Test(rooms, a_join_that_fails_leaves_nothing)
{
    static const char *const steps[] = {"room.create", "transport.create", "transport.connect",
                                        "producer.create"};
    for (size_t i = 0; i < 4; i++) {
        int error;
        relay_fail(steps[i], SQ_ERR_LIMIT);
        ask(VILLAGER, "media.join", join_params("microphone"), &error);
        cr_expect_eq(error, SQ_ERR_LIMIT, "%s", steps[i]);
        relay_fail("", 0);
        json_t *state = relay_state();
        json_t *room = json_array_get(json_object_get(state, "rooms"), 0);
        cr_expect_eq(json_array_size(json_object_get(room, "transports")), 0, "%s", steps[i]);
        json_decref(state);
    }
    join(VILLAGER, "microphone");
}

/* Whatever refuses a join, the call that the caller is in goes on. */
static void still_in_the_call(const char *transport, const char *after)
{
    int error;
    json_t *expert_hears = relay_state();
    json_t *room = json_array_get(json_object_get(expert_hears, "rooms"), 0);
    cr_expect_eq(json_array_size(json_object_get(room, "transports")), 2, "%s", after);
    cr_expect_eq(json_array_size(json_object_get(room, "consumers")), 2, "%s", after);
    cr_expect_null(told(EXPERT_1, "media.consumerClosed"), "%s", after);
    json_decref(expert_hears);
    ask(VILLAGER, "media.restartIce", json_pack("{s:s}", "transportId", transport), &error);
    cr_expect_eq(error, 0, "%s", after);
}

Test(rooms, a_refused_join_leaves_the_live_call_alone)
{
    static const char *const steps[] = {"transport.create", "transport.connect", "producer.create",
                                        "consumer.create"};
    const char *transport = get(join(VILLAGER, "microphone"), "transportId");
    int error;
    join(EXPERT_1, "camera");
    accept_call();
    for (size_t i = 0; i < 4; i++) {
        relay_fail(steps[i], SQ_ERR_TIMEOUT);
        ask(VILLAGER, "media.join", join_params("microphone"), &error);
        cr_expect_eq(error, SQ_ERR_TIMEOUT);
        relay_fail("", 0);
        still_in_the_call(transport, steps[i]);
    }
    relay_lose_all(); /* a refusal has not made us forget that the relay should have the room */
    relay_snapshot(relay_state());
    step(0);
    cr_expect_str_eq(get(told(VILLAGER, "media.transportState"), "state"), "closed");
}

Test(rooms, parameters_are_judged_before_anything_changes)
{
    const char *transport = get(join(VILLAGER, "microphone"), "transportId");
    join(EXPERT_1, "camera");
    accept_call();
    static const char *const values[][2] = {{"sha-256", "AA:BB"},
                                            {"sha-256", "not a fingerprint"},
                                            {"sha-1", BENCH_FINGERPRINT},
                                            {"sha-512", BENCH_FINGERPRINT}};
    int error;
    relay_forget();
    for (size_t i = 0; i < 4; i++) {
        json_t *params = join_params("microphone");
        json_object_set_new(
            json_object_get(params, "dtlsParameters"), "fingerprints",
            json_pack("[{s:s, s:s}]", "algorithm", values[i][0], "value", values[i][1]));
        ask(VILLAGER, "media.join", params, &error);
        cr_expect(error == SQ_ERR_INVALID || error == SQ_ERR_UNSUPPORTED, "%s", values[i][1]);
        still_in_the_call(transport, values[i][1]);
    }
    json_t *params = join_params("camera"), *produce = json_object_get(params, "produce");
    json_array_append(produce, json_array_get(produce, 0)); /* the same SSRC twice */
    ask(VILLAGER, "media.join", params, &error);
    cr_expect_eq(error, SQ_ERR_INVALID);
    still_in_the_call(transport, "same SSRC");
    cr_expect_eq(relay_count("transport.create") + relay_count("transport.close"), 0);
}

Test(rooms, of_two_joins_of_one_account_the_younger_stays)
{
    int first, second;
    relay_hold(true);
    uint64_t a = ask_later(VILLAGER, "media.join", join_params("microphone"));
    uint64_t z = ask_later(VILLAGER, "media.join", join_params("microphone"));
    relay_answer();
    reply_to(a, &first);
    json_t *joined = reply_to(z, &second);
    cr_expect(first == 0 || first == SQ_ERR_CLOSED);
    cr_assert_eq(second, 0);
    json_t *state = relay_state();
    json_t *room = json_array_get(json_object_get(state, "rooms"), 0);
    json_t *left = json_object_get(room, "transports");
    cr_assert_eq(json_array_size(left), 1);
    cr_expect_str_eq(get(json_array_get(left, 0), "transport"), get(joined, "transportId"));
    json_decref(state);
}

Test(rooms, a_bad_stream_fails_the_whole_join)
{
    json_t *params = join_params("camera");
    json_t *rtp =
        json_object_get(json_array_get(json_object_get(params, "produce"), 0), "rtpParameters");
    int error;
    json_object_set_new(json_array_get(json_object_get(rtp, "codecs"), 0), "mimeType",
                        json_string("video/AV1"));
    ask(VILLAGER, "media.join", params, &error);
    cr_expect_eq(error, SQ_ERR_UNSUPPORTED);
    cr_expect_eq(relay_count("transport.create"), 0, "known before the relay is asked");
}

Test(rooms, without_a_relay_the_refusal_is_plain)
{
    int error;
    relay_alive(false);
    ask(VILLAGER, "media.join", join_params("microphone"), &error);
    cr_expect_eq(error, SQ_ERR_UNREACHABLE);
    relay_alive(true);
    join(VILLAGER, "microphone");
}

Test(rooms, two_joins_at_once_still_hear_each_other)
{
    relay_hold(true);
    uint64_t a = ask_later(VILLAGER, "media.join", join_params("microphone"));
    uint64_t b = ask_later(EXPERT_1, "media.join", join_params("camera"));
    relay_answer();
    int error;
    json_t *first = reply_to(a, &error), *second = reply_to(b, &error);
    cr_assert(first && second);
    size_t heard = json_array_size(json_object_get(first, "consumers")) +
                   json_array_size(json_object_get(second, "consumers"));
    heard += told(VILLAGER, "media.newConsumer") != NULL;
    heard += told(EXPERT_1, "media.newConsumer") != NULL;
    cr_expect_eq(heard, 2);
}

Test(rooms, a_room_that_closes_under_a_join_ends_it)
{
    int error;
    relay_hold(true);
    uint64_t ticket = ask_later(VILLAGER, "media.join", join_params("microphone"));
    bench_effect(EFFECT_ROOM_CLOSE, "", "");
    relay_answer();
    reply_to(ticket, &error);
    cr_expect_eq(error, SQ_ERR_CLOSED);
}

Test(rooms, browsers_are_told_of_streams_and_consume_them)
{
    int error;
    json_t *caps =
        ask(EXPERT_1, "media.routerRtpCapabilities", json_pack("{s:s}", "room", ROOM), &error);
    join(VILLAGER, "camera");
    json_t *transport = ask(EXPERT_1, "media.createTransport",
                            json_pack("{s:s, s:s}", "room", ROOM, "direction", "recv"), &error);
    cr_assert_eq(error, 0);
    json_t *announced = told(EXPERT_1, "media.newProducer");
    cr_assert(announced, "what was there before it came");
    json_t *consumer =
        ask(EXPERT_1, "media.consume",
            json_pack("{s:s, s:s, s:O}", "transportId", get(transport, "id"), "producerId",
                      get(announced, "producerId"), "rtpCapabilities", caps),
            &error);
    cr_assert_eq(error, 0);
    cr_expect(json_is_true(json_object_get(consumer, "paused")));
    json_t *params = join_params("camera");
    json_t *stream = json_incref(json_array_get(json_object_get(params, "produce"), 0));
    json_object_set_new(stream, "transportId", json_string(get(transport, "id")));
    ask(EXPERT_1, "media.produce", stream, &error);
    json_decref(params);
    cr_expect_eq(error, SQ_ERR_STATE, "that transport only receives");
}

Test(rooms, a_browsers_stream_is_pushed_to_native_terminals)
{
    int error;
    join(VILLAGER, "microphone");
    json_t *transport = ask(EXPERT_1, "media.createTransport",
                            json_pack("{s:s, s:s}", "room", ROOM, "direction", "send"), &error);
    json_t *params = join_params("microphone");
    json_t *stream = json_incref(json_array_get(json_object_get(params, "produce"), 0));
    json_object_set_new(stream, "transportId", json_string(get(transport, "id")));
    json_t *producer = ask(EXPERT_1, "media.produce", stream, &error);
    cr_assert_eq(error, 0);
    json_t *pushed = json_object_get(told(VILLAGER, "media.newConsumer"), "consumer");
    cr_expect_str_eq(get(pushed, "producerId"), get(producer, "id"));
    json_decref(params);
    ask(EXPERT_1, "media.close", json_pack("{s:s}", "id", get(producer, "id")), &error);
    cr_expect_str_eq(get(told(VILLAGER, "media.consumerClosed"), "consumerId"), get(pushed, "id"));
}

Test(rooms, a_session_that_ends_closes_its_transport)
{
    join(VILLAGER, "microphone");
    relay_forget();
    bench_effect(EFFECT_SESSION_ENDED, "", "ses_" VILLAGER);
    cr_expect_eq(relay_count("transport.close"), 1);
}

Test(rooms, a_seat_outlives_a_drop_for_two_minutes)
{
    join(VILLAGER, "microphone");
    relay_forget();
    media_presence(bench.media, "ses_" VILLAGER, false, bench.now_us);
    step(MEDIA_AWAY_US);
    cr_expect_eq(relay_count("transport.close"), 0);
    media_presence(bench.media, "ses_" VILLAGER, true, bench.now_us);
    step(2 * MEDIA_AWAY_US);
    cr_expect_eq(relay_count("transport.close"), 0);
    media_presence(bench.media, "ses_" VILLAGER, false, bench.now_us);
    step(MEDIA_AWAY_US + 1);
    cr_expect_eq(relay_count("transport.close"), 1);
}

Test(rooms, ssrcs_and_mids_of_consumers_are_distinct)
{
    bench_allow(EXPERT_2, ROOM_RIGHT_RUNG);
    join(EXPERT_1, "camera");
    join(EXPERT_2, "camera");
    json_t *consumers = json_object_get(join(VILLAGER, ""), "consumers");
    cr_assert_eq(json_array_size(consumers), 2);
    json_t *a = json_object_get(json_array_get(consumers, 0), "rtpParameters");
    json_t *b = json_object_get(json_array_get(consumers, 1), "rtpParameters");
    cr_expect_str_neq(get(a, "mid"), get(b, "mid"));
    cr_expect(!json_equal(json_object_get(a, "encodings"), json_object_get(b, "encodings")));
}

/* ---- those who are rung at the same time ---- */

Test(rooms, who_is_rung_learns_nothing_of_the_others_who_are)
{
    int error;
    bench_allow(EXPERT_2, ROOM_RIGHT_RUNG);
    join(VILLAGER, "microphone");
    json_t *first = join(EXPERT_1, "camera"), *second = join(EXPERT_2, "camera");
    cr_expect_eq(json_array_size(json_object_get(second, "consumers")), 1, "the applicant's");
    cr_expect_null(told(EXPERT_1, "media.newConsumer"));
    cr_expect(told(VILLAGER, "media.newConsumer") && told(VILLAGER, "media.newConsumer"));
    const char *producer = get(json_array_get(json_object_get(first, "producers"), 0), "id");
    json_t *params = join_params("");
    ask(EXPERT_2, "media.consume",
        json_pack("{s:s, s:s, s:O}", "transportId", get(second, "transportId"), "producerId",
                  producer, "rtpCapabilities", json_object_get(params, "rtpCapabilities")),
        &error);
    json_decref(params);
    cr_expect_eq(error, SQ_ERR_NOT_FOUND);
    ask(EXPERT_2, "media.createTransport",
        json_pack("{s:s, s:s}", "room", ROOM, "direction", "recv"), &error);
    cr_expect_str_eq(get(told(EXPERT_2, "media.newProducer"), "participantId"), VILLAGER);
    cr_expect_null(told(EXPERT_2, "media.newProducer"));
}

Test(rooms, two_who_both_take_part_meet_when_the_room_goes_live)
{
    int error;
    bench_allow(EXPERT_2, ROOM_RIGHT_RUNG);
    join(VILLAGER, "microphone");
    join(EXPERT_1, "camera");
    ask(EXPERT_2, "media.createTransport",
        json_pack("{s:s, s:s}", "room", ROOM, "direction", "recv"), &error);
    cr_expect(told(EXPERT_2, "media.newProducer"));
    join(EXPERT_1, "camera");
    cr_expect_null(told(EXPERT_2, "media.newProducer"));
    bench_allow(EXPERT_2, ROOM_RIGHT_LIVE);
    accept_call();
    cr_expect_str_eq(get(told(EXPERT_2, "media.newProducer"), "participantId"), EXPERT_1);
    cr_expect_null(told(EXPERT_2, "media.newProducer"), "the applicant's was told before");
}

Test(rooms, a_browser_that_came_first_connects_its_receiver_while_it_rings)
{
    int error;
    json_t *caps =
        ask(EXPERT_1, "media.routerRtpCapabilities", json_pack("{s:s}", "room", ROOM), &error);
    json_t *transport = ask(EXPERT_1, "media.createTransport",
                            json_pack("{s:s, s:s}", "room", ROOM, "direction", "recv"), &error);
    cr_expect_null(told(EXPERT_1, "media.newProducer"));
    join(VILLAGER, "microphone");
    json_t *consumer = ask(
        EXPERT_1, "media.consume",
        json_pack("{s:s, s:s, s:O}", "transportId", get(transport, "id"), "producerId",
                  get(told(EXPERT_1, "media.newProducer"), "producerId"), "rtpCapabilities", caps),
        &error);
    cr_assert_eq(error, 0);
    cr_expect(json_is_true(json_object_get(consumer, "paused")));
    json_t *params = join_params("");
    ask(EXPERT_1, "media.connectTransport",
        json_pack("{s:s, s:O}", "transportId", get(transport, "id"), "dtlsParameters",
                  json_object_get(params, "dtlsParameters")),
        &error);
    json_decref(params);
    cr_expect_eq(error, 0);
}

Test(rooms, who_comes_later_is_told_who_is_muted)
{
    json_t *village = join(VILLAGER, "microphone");
    const char *microphone = get(json_array_get(json_object_get(village, "producers"), 0), "id");
    char id[ID_MAX];
    int error;
    snprintf(id, sizeof id, "%s", microphone);
    ask(VILLAGER, "media.pause", json_pack("{s:s}", "id", id), &error);
    json_t *consumers = json_object_get(join(EXPERT_1, "microphone"), "consumers");
    cr_expect(json_is_true(json_object_get(json_array_get(consumers, 0), "paused")));
    accept_call();
    cr_expect_null(told(EXPERT_1, "media.consumerResumed"), "answered, and still muted");
    bench_allow(EXPERT_2, ROOM_RIGHT_LIVE);
    consumers = json_object_get(join(EXPERT_2, "microphone"), "consumers");
    size_t i, silent = 0;
    json_t *consumer;
    json_array_foreach(consumers, i, consumer)
    {
        bool muted = json_is_true(json_object_get(consumer, "paused"));
        cr_expect_eq(muted, !strcmp(get(consumer, "participantId"), VILLAGER));
        silent += muted;
    }
    cr_expect_eq(silent, 1);
    ask(VILLAGER, "media.resume", json_pack("{s:s}", "id", id), &error);
    cr_expect(told(EXPERT_1, "media.consumerResumed"));
    cr_expect(told(EXPERT_2, "media.consumerResumed"));
}
