/* SPDX-License-Identifier: Apache-2.0 */
/* How people in a room fare, by what the relay tells: good, poor since when, silent, gone. */
#include "bench.h"

#include "shanqiao/error.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static char transport[ID_MAX], producer[ID_MAX];

static const char *get(const json_t *o, const char *name)
{
    const char *text = json_string_value(json_object_get(o, name));
    return text ? text : "";
}

/* The villager speaks in a live room. */
static void talking(void)
{
    int error;
    bench_init();
    bench_allow(VILLAGER, ROOM_RIGHT_LIVE);
    bench_effect(EFFECT_ROOM_OPEN, "", "");
    bench_effect(EFFECT_ROOM_LIVE, "", "");
    json_t *joined = ask(VILLAGER, "media.join", join_params("microphone"), &error);
    cr_assert_eq(error, 0);
    snprintf(transport, sizeof transport, "%s", get(joined, "transportId"));
    snprintf(producer, sizeof producer, "%s",
             get(json_array_get(json_object_get(joined, "producers"), 0), "id"));
}

TestSuite(quality, .init = talking, .fini = bench_fini);

/* The relay's next answer, five seconds later. */
static void told_numbers(const char *state, int packets, int lost, int rtt_ms)
{
    relay_stats(json_pack("{s:[{s:s, s:s, s:i, s:i, s:i}], s:[{s:s, s:i, s:i}], s:[]}",
                          "transports", "transport", transport, "state", state, "rttMs", rtt_ms,
                          "bytesReceived", packets * 100, "bytesSent", 0, "producers", "producer",
                          producer, "packets", packets, "lost", lost, "consumers"));
    step(MEDIA_QUALITY_US);
    media_quality_ask(bench.media);
    step(0);
}

struct found {
    struct media_seat seat;
    int count;
};

static void take(const struct media_seat *seat, void *user)
{
    struct found *f = user;
    f->seat = *seat;
    f->count++;
}

static struct media_seat look(void)
{
    struct found f = {0};
    media_each_seat(bench.media, take, &f);
    cr_assert_eq(f.count, 1);
    return f.seat;
}

Test(quality, numbers_are_of_the_time_between_two_answers)
{
    told_numbers("connected", 1000, 500, 40);
    told_numbers("connected", 1250, 500, 40);
    struct media_seat seat = look();
    cr_expect_eq(seat.health, MEDIA_GOOD, "the loss was long ago");
    cr_expect_str_eq(seat.relay, "county-1");
    cr_expect_eq(seat.kbps, 250 * 100 * 8 / 5000);
    told_numbers("connected", 1440, 510, 40);
    cr_expect_eq(look().health, MEDIA_FAIR);
    cr_expect_eq(look().loss_up_percent, 5);
}

Test(quality, poor_is_known_since_its_beginning)
{
    told_numbers("connected", 100, 0, 40);
    told_numbers("connected", 180, 20, 40);
    time_us since_us = bench.now_us;
    told_numbers("connected", 260, 40, 40);
    struct media_seat seat = look();
    cr_expect_eq(seat.health, MEDIA_POOR);
    cr_expect_str_eq(seat.reason, "poor");
    cr_expect_eq(seat.since_us, since_us);
    told_numbers("connected", 500, 40, 40);
    cr_expect_eq(look().health, MEDIA_GOOD);
    told_numbers("connected", 700, 40, 1200);
    cr_expect_str_eq(look().reason, "poor", "by its delay");
}

Test(quality, who_speaks_and_is_not_heard)
{
    told_numbers("connected", 100, 0, 40);
    told_numbers("connected", 100, 0, 40);
    cr_expect_eq(look().health, MEDIA_GOOD, "a pause");
    told_numbers("connected", 100, 0, 40);
    told_numbers("connected", 100, 0, 40);
    told_numbers("connected", 100, 0, 40);
    cr_expect_str_eq(look().reason, "no_media");
    told_numbers("connected", 200, 0, 40);
    cr_expect_eq(look().health, MEDIA_GOOD);
}

Test(quality, a_path_that_breaks_and_a_connection_that_goes)
{
    told_numbers("connected", 100, 0, 40);
    told_numbers("interrupted", 100, 0, 40);
    struct media_seat seat = look();
    cr_expect_eq(seat.health, MEDIA_NONE);
    cr_expect_str_eq(seat.reason, "media_lost");
    cr_expect_eq(seat.since_us, bench.now_us);
    media_presence(bench.media, "ses_" VILLAGER, false, bench.now_us);
    step(TIME_US_PER_S);
    told_numbers("connected", 200, 0, 40);
    cr_expect_str_eq(look().reason, "connection_lost");
}

Test(quality, a_room_is_asked_about_now_and_then_and_only_while_it_is_live)
{
    relay_forget();
    step(MEDIA_QUALITY_US);
    media_quality_ask(bench.media);
    media_quality_ask(bench.media);
    cr_expect_eq(relay_count("stats"), 1);
}
