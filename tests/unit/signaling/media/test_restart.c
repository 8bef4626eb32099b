/* SPDX-License-Identifier: Apache-2.0 */
/* Signalling dies, or a relay does: what is loaded again, what the snapshot puts right. */
#include "bench.h"

#include "shanqiao/error.h"
#include <criterion/criterion.h>
#include <string.h>

static void in_a_call(void)
{
    int error;
    bench_init();
    bench_allow(VILLAGER, ROOM_RIGHT_LIVE);
    bench_allow(EXPERT_1, ROOM_RIGHT_LIVE);
    bench_effect(EFFECT_ROOM_OPEN, "", "");
    bench_effect(EFFECT_ROOM_LIVE, "", "");
    ask(VILLAGER, "media.join", join_params("microphone"), &error);
    cr_assert_eq(error, 0);
    ask(EXPERT_1, "media.join", join_params("camera"), &error);
    cr_assert_eq(error, 0);
    relay_forget();
}

TestSuite(restart, .init = in_a_call, .fini = bench_fini);

static void come_back(bool room_open)
{
    bench_restart();
    if (room_open) {
        bench_effect(EFFECT_ROOM_OPEN, "", "");
        bench_effect(EFFECT_ROOM_LIVE, "", "");
    }
    step(0);
    relay_snapshot(relay_state());
    step(0);
}

static size_t commands(void)
{
    static const char *const all[] = {"room.create",    "room.close",      "transport.close",
                                      "producer.close", "consumer.close",  "consumer.pause",
                                      "producer.pause", "producer.resume", "transport.create"};
    size_t count = 0;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        count += relay_count(all[i]);
    return count;
}

Test(restart, media_does_not_notice_a_restart_of_signalling)
{
    json_t *before = relay_state();
    come_back(true);
    json_t *after = relay_state();
    cr_expect(json_equal(before, after));
    cr_expect_eq(commands(), 0);
    cr_expect_null(told(VILLAGER, "media.transportState"));
    json_decref(before);
    json_decref(after);
}

Test(restart, objects_are_their_owners_again_after_a_restart)
{
    int error;
    come_back(true);
    media_presence(bench.media, "ses_" VILLAGER, true, bench.now_us);
    media_presence(bench.media, "ses_" EXPERT_1, true, bench.now_us);
    step(2 * MEDIA_AWAY_US);
    cr_expect_eq(relay_count("transport.close"), 0);
    json_t *result = ask(EXPERT_1, "media.join", join_params("camera"), &error);
    cr_assert_eq(error, 0);
    cr_expect_eq(json_array_size(json_object_get(result, "consumers")), 1);
    cr_expect_eq(relay_count("transport.close"), 1, "the former one");
    cr_expect(told(VILLAGER, "media.newConsumer"));
}

Test(restart, who_does_not_come_back_loses_the_seat)
{
    come_back(true);
    media_presence(bench.media, "ses_" VILLAGER, true, bench.now_us);
    step(MEDIA_AWAY_US + 1);
    cr_expect_eq(relay_count("transport.close"), 1);
    cr_expect(told(VILLAGER, "media.consumerClosed"));
}

Test(restart, a_room_that_is_over_is_closed_on_the_relay)
{
    bench_allow(VILLAGER, ROOM_RIGHT_NONE);
    bench_allow(EXPERT_1, ROOM_RIGHT_NONE);
    come_back(false);
    cr_expect_geq(relay_count("room.close"), 1);
    int error;
    ask(VILLAGER, "media.pause", json_pack("{s:s}", "id", "pr_x"), &error);
    cr_expect_eq(error, SQ_ERR_NOT_FOUND);
}

Test(restart, a_room_that_recovery_opens_late_keeps_its_seats)
{
    come_back(false);
    cr_expect_eq(relay_count("room.close") + relay_count("transport.close"), 0);
    bench_effect(EFFECT_ROOM_LIVE, "", "");
    cr_expect_eq(relay_count("consumer.pause"), 0);
}

Test(restart, a_relay_that_forgot_everything_is_told_to_the_owners)
{
    relay_lose_all();
    relay_snapshot(relay_state());
    step(0);
    cr_expect_str_eq(
        json_string_value(json_object_get(told(VILLAGER, "media.transportState"), "state")),
        "closed");
    cr_expect_str_eq(
        json_string_value(json_object_get(told(EXPERT_1, "media.transportState"), "state")),
        "closed");
    int error;
    ask(VILLAGER, "media.join", join_params("microphone"), &error);
    cr_expect_eq(error, 0, "and they can join again");
}

Test(restart, what_the_relay_should_not_have_is_closed)
{
    json_t *state = relay_state(), *rooms = json_object_get(state, "rooms");
    json_array_append_new(
        json_object_get(json_array_get(rooms, 0), "transports"),
        json_pack("{s:s, s:s}", "transport", "tr_stranger", "state", "connected"));
    json_array_append_new(rooms, json_pack("{s:s, s:[], s:[], s:[]}", "room", "con_stranger",
                                           "transports", "producers", "consumers"));
    relay_snapshot(state);
    step(0);
    cr_expect_str_eq(json_string_value(json_object_get(relay_last("transport.close"), "transport")),
                     "tr_stranger");
    cr_expect_str_eq(json_string_value(json_object_get(relay_last("room.close"), "room")),
                     "con_stranger");
    cr_expect_eq(commands(), 2);
}

Test(restart, a_pause_that_was_lost_is_put_right)
{
    json_t *state = relay_state(), *c;
    size_t i;
    json_array_foreach(
        json_object_get(json_array_get(json_object_get(state, "rooms"), 0), "consumers"), i, c)
    {
        json_object_set_new(c, "paused", json_true());
    }
    relay_snapshot(state);
    step(0);
    cr_expect_eq(relay_count("consumer.resume"), 2);
}

Test(restart, what_is_being_made_is_left_alone_by_a_snapshot)
{
    int error;
    relay_hold(true);
    uint64_t ticket = ask_later(VILLAGER, "media.join", join_params("microphone"));
    json_t *state = relay_state(); /* taken before the relay heard of the new transport */
    json_object_set_new(json_array_get(json_object_get(state, "rooms"), 0), "transports",
                        json_array());
    relay_forget();
    relay_snapshot(state);
    step(0);
    cr_expect_eq(relay_count("transport.close"), 0);
    relay_answer();
    reply_to(ticket, &error);
    cr_expect_eq(error, 0);
}

Test(restart, what_was_made_after_the_question_is_not_missed_in_the_answer)
{
    int error;
    json_t *old = relay_state(); /* asked for now, handed out when the join is through */
    time_us asked_us = bench.now_us;
    bench.now_us += TIME_US_PER_MS;
    json_t *joined = ask(EXPERT_1, "media.join", join_params("camera"), &error);
    cr_assert(joined);
    relay_snapshot_asked(old, asked_us);
    step(0);
    cr_expect_null(told(EXPERT_1, "media.transportState"));
    ask(EXPERT_1, "media.restartIce",
        json_pack("{s:O}", "transportId", json_object_get(joined, "transportId")), &error);
    cr_expect_eq(error, 0, "it is still there");
}

/* ---- a relay falls silent ---- */

static const char *state_told(const char *account)
{
    const char *state =
        json_string_value(json_object_get(told(account, "media.transportState"), "state"));
    return state ? state : "";
}

Test(restart, a_silent_relay_is_told_at_once_and_once)
{
    relay_alive(false);
    step(0);
    json_t *notice = told(VILLAGER, "media.transportState");
    cr_expect_str_eq(json_string_value(json_object_get(notice, "state")), "interrupted");
    cr_expect_str_eq(json_string_value(json_object_get(notice, "reason")), "relay_down");
    cr_expect_str_eq(state_told(EXPERT_1), "interrupted");
    step(TIME_US_PER_S);
    cr_expect_str_eq(state_told(VILLAGER), "");
    cr_expect_eq(media_deadline(bench.media), bench.now_us - TIME_US_PER_S + MEDIA_RELAY_GRACE_US);
}

Test(restart, after_the_grace_the_room_goes_to_a_relay_that_is_alive)
{
    int error;
    relay_alive(false);
    relay_other_alive(true);
    step(0);
    cr_expect_str_eq(state_told(VILLAGER), "interrupted");
    cr_expect_str_eq(state_told(EXPERT_1), "interrupted");
    step(MEDIA_RELAY_GRACE_US - 1);
    cr_expect_str_eq(state_told(VILLAGER), "", "it may come back");
    step(1);
    cr_expect_str_eq(state_told(VILLAGER), "failed");
    cr_expect_str_eq(state_told(EXPERT_1), "failed");
    ask(VILLAGER, "media.join", join_params("microphone"), &error);
    cr_assert_eq(error, 0);
    cr_expect_str_eq(relay_of_last("room.create"), "city-1");
    cr_expect_str_eq(relay_of_last("transport.create"), "city-1");
    json_t *joined = ask(EXPERT_1, "media.join", join_params("camera"), &error);
    cr_expect_eq(json_array_size(json_object_get(joined, "consumers")), 1);
    cr_expect_eq(media_deadline(bench.media), TIME_US_NEVER);
}

Test(restart, with_no_relay_alive_the_room_waits_for_one)
{
    int error;
    relay_alive(false);
    step(0);
    cr_expect_str_eq(state_told(VILLAGER), "interrupted");
    step(100 * MEDIA_RELAY_GRACE_US);
    cr_expect_str_eq(state_told(VILLAGER), "");
    cr_expect_eq(media_deadline(bench.media), TIME_US_NEVER, "no busy waiting");
    ask(VILLAGER, "media.join", join_params("microphone"), &error);
    cr_expect_eq(error, SQ_ERR_UNREACHABLE);
    relay_other_alive(true);
    step(0);
    cr_expect_str_eq(state_told(VILLAGER), "failed");
    ask(VILLAGER, "media.join", join_params("microphone"), &error);
    cr_expect_eq(error, 0);
}

Test(restart, a_relay_that_was_only_out_of_hearing_is_told_as_it_is)
{
    relay_alive(false);
    step(0);
    cr_expect_str_eq(state_told(VILLAGER), "interrupted");
    cr_expect_str_eq(state_told(EXPERT_1), "interrupted");
    relay_alive(true);
    relay_snapshot(relay_state());
    step(TIME_US_PER_S);
    cr_expect_str_eq(state_told(VILLAGER), "connected");
    cr_expect_str_eq(state_told(EXPERT_1), "connected");
    step(2 * MEDIA_RELAY_GRACE_US);
    cr_expect_str_eq(state_told(VILLAGER), "");
    cr_expect_eq(commands(), 0);
}

Test(restart, a_relay_that_died_while_signalling_was_away_is_told)
{
    bench_restart();
    relay_alive(false);
    bench_effect(EFFECT_ROOM_OPEN, "", "");
    step(0);
    cr_expect_str_eq(state_told(VILLAGER), "interrupted");
}
