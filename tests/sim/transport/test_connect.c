/* SPDX-License-Identifier: Apache-2.0 */
/* Coming up: two transports over a virtual link, with and without loss, over UDP and TCP, each
 * profile. */
#include "shanqiao/error.h"
#include "world.h"
#include <criterion/criterion.h>

#define RTT_US       (100 * TIME_US_PER_MS)
#define SERIALISE_US 4 /* of the fastest link there is, for a handful of packets each way */

static struct world w;

Test(connect, takes_two_round_trips_without_loss)
{
    world_init(&w, &(struct world_config){.seed = 1});
    const time_us start = w.now_us;
    cr_assert(world_run(&w, start + 10 * TIME_US_PER_S, world_both_connected));
    cr_expect_leq(w.now_us - start, 2 * (RTT_US + SERIALISE_US));
    cr_expect_leq(w.relay.largest_datagram, TRANSPORT_DATAGRAM_MAX);
    cr_expect_leq(w.terminal.largest_datagram, TRANSPORT_DATAGRAM_MAX);
    struct transport_stats s;
    transport_get_stats(w.terminal.transport, &s);
    cr_expect_eq(s.srtp_profile, SRTP_PROFILE_AEAD_AES_128_GCM);
    cr_expect_geq(s.rtt_us, RTT_US);
    cr_expect_leq(s.rtt_us, RTT_US + SERIALISE_US);
    world_run(&w, w.now_us + TIME_US_PER_S, NULL);
    world_fini(&w);
}

static void send_both_ways(size_t count)
{
    for (uint16_t i = 0; i < count; i++) {
        cr_assert_eq(world_send_rtp(&w, false, 0x1111, i, 100), 0);
        cr_assert_eq(world_send_rtp(&w, true, 0x2222, i, 100), 0);
        world_run(&w, w.now_us + 20 * TIME_US_PER_MS, NULL);
    }
    world_run(&w, w.now_us + TIME_US_PER_S, NULL);
}

Test(connect, media_flows_both_ways_with_each_profile)
{
    for (int p = 1; p <= SRTP_PROFILE_COUNT; p++) {
        world_init(&w, &(struct world_config){.seed = 2,
                                              .relay_profiles = {(enum srtp_profile)p},
                                              .relay_profile_count = 1});
        cr_assert(world_run(&w, w.now_us + 10 * TIME_US_PER_S, world_both_connected));
        send_both_ways(50);
        cr_expect_eq(w.relay.rtp_received, 50);
        cr_expect_eq(w.terminal.rtp_received, 50);
        cr_expect_eq(w.terminal.last_rtp_len, 112);
        cr_expect_eq(w.terminal.last_rtp[12], 49);
        struct transport_stats s;
        transport_get_stats(w.relay.transport, &s);
        cr_expect_eq(s.srtp_profile, (enum srtp_profile)p);
        world_fini(&w);
    }
}

/* Chromium offers AES-CM first; the relay wants GCM first, and its order decides. */
Test(connect, the_servers_order_of_profiles_decides)
{
    world_init(&w,
               &(struct world_config){.terminal_profiles = {SRTP_PROFILE_AES_CM_128_HMAC_SHA1_32,
                                                            SRTP_PROFILE_AES_CM_128_HMAC_SHA1_80,
                                                            SRTP_PROFILE_AEAD_AES_128_GCM},
                                      .terminal_profile_count = 3,
                                      .relay_profiles = {SRTP_PROFILE_AEAD_AES_128_GCM,
                                                         SRTP_PROFILE_AES_CM_128_HMAC_SHA1_80},
                                      .relay_profile_count = 2});
    cr_assert(world_run(&w, w.now_us + 10 * TIME_US_PER_S, world_both_connected));
    struct transport_stats s;
    transport_get_stats(w.terminal.transport, &s);
    cr_expect_eq(s.srtp_profile, SRTP_PROFILE_AEAD_AES_128_GCM);
    world_fini(&w);
}

static bool both_failed(const struct world *world)
{
    return transport_state(world->terminal.transport) == TRANSPORT_FAILED &&
           transport_state(world->relay.transport) == TRANSPORT_FAILED;
}

Test(connect, no_common_profile_fails_on_both_sides)
{
    world_init(&w,
               &(struct world_config){.terminal_profiles = {SRTP_PROFILE_AES_CM_128_HMAC_SHA1_32},
                                      .terminal_profile_count = 1,
                                      .relay_profiles = {SRTP_PROFILE_AEAD_AES_128_GCM},
                                      .relay_profile_count = 1});
    cr_expect(world_run(&w, w.now_us + 21 * TIME_US_PER_S, both_failed));
    cr_expect_not(world_saw_state(&w.terminal, TRANSPORT_CONNECTED));
    cr_expect_not(world_saw_state(&w.relay, TRANSPORT_CONNECTED));
    world_fini(&w);
}

Test(connect, a_wrong_fingerprint_fails_and_is_named)
{
    world_init(&w, &(struct world_config){.wrong_fingerprint = true});
    cr_expect(world_run(&w, w.now_us + 21 * TIME_US_PER_S, both_failed));
    cr_expect_not(world_saw_state(&w.terminal, TRANSPORT_CONNECTED));
    cr_expect_not(world_saw_state(&w.relay, TRANSPORT_CONNECTED));
    cr_expect_str_eq(transport_failure(w.terminal.transport), "fingerprint");
    world_fini(&w);
}

Test(connect, a_fingerprint_that_comes_later_completes_the_relay)
{
    world_init(&w, &(struct world_config){.late_fingerprint = true});
    world_run(&w, w.now_us + 2 * TIME_US_PER_S, NULL);
    cr_expect_eq(transport_state(w.terminal.transport), TRANSPORT_CONNECTED);
    cr_expect_eq(transport_state(w.relay.transport), TRANSPORT_CONNECTING);
    struct dtls_fingerprint fp;
    dtls_identity_fingerprint(world_identity(false), &fp);
    cr_expect_eq(transport_set_remote_fingerprint(w.relay.transport, &fp, w.now_us), 0);
    cr_expect_eq(transport_state(w.relay.transport), TRANSPORT_CONNECTED);
    cr_expect_eq(transport_set_remote_fingerprint(w.relay.transport, &fp, w.now_us), SQ_ERR_STATE);
    world_fini(&w);
}

Test(connect, a_late_fingerprint_that_is_wrong_never_connects)
{
    world_init(&w, &(struct world_config){.late_fingerprint = true});
    world_run(&w, w.now_us + 2 * TIME_US_PER_S, NULL);
    struct dtls_fingerprint fp;
    dtls_identity_fingerprint(world_identity(true), &fp);
    transport_set_remote_fingerprint(w.relay.transport, &fp, w.now_us);
    world_run(&w, w.now_us + 30 * TIME_US_PER_S, NULL);
    cr_expect_not(world_saw_state(&w.relay, TRANSPORT_CONNECTED));
    world_fini(&w);
}

/* A round trip gets through with a chance of 0.49, so one of some thousand worlds loses all checks
 * of the first 20 s: those may take longer, but few, and each connects. */
#define SEEDS    300
#define SLOW_MAX (SEEDS / 100)

Test(connect, thirty_percent_loss_still_connects)
{
    time_us worst = 0;
    int slow = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        world_init(&w, &(struct world_config){.seed = seed});
        w.manner = (struct wire_manner){
            .delay_us = 50 * TIME_US_PER_MS, .loss = 0.3, .duplicate = 0.1, .reorder = 0.2};
        const time_us start = w.now_us;
        cr_assert(world_run(&w, start + 40 * TIME_US_PER_S, world_both_connected), "seed %zu",
                  (size_t)seed);
        slow += w.now_us - start > 20 * TIME_US_PER_S;
        worst = w.now_us - start > worst ? w.now_us - start : worst;
        w.manner.loss = 0;
        send_both_ways(3);
        cr_assert_geq(w.relay.rtp_received, 3, "seed %zu", (size_t)seed);
        cr_assert_eq(w.terminal.rtp_received, 3, "seed %zu", (size_t)seed);
        world_fini(&w);
    }
    cr_expect_leq(slow, SLOW_MAX, "%d took more than 20 s", slow);
    cr_log_info("slowest of %d seeds, %lld ms", SEEDS, (long long)(worst / TIME_US_PER_MS));
}

Test(connect, tcp_takes_over_when_udp_is_blocked)
{
    world_init(&w, &(struct world_config){.with_tcp = true});
    w.udp_blocked = true;
    w.terminal_tcp =
        (struct net_address){.family = NET_IPV4, .ip = {198, 51, 100, 9}, .port = 6000};
    const time_us start = w.now_us;
    cr_assert(world_run(&w, start + 10 * TIME_US_PER_S, world_both_connected));
    cr_expect_leq(w.now_us - start, 3 * TIME_US_PER_S);
    cr_expect_eq(transport_tuple(w.terminal.transport)->protocol, NET_TCP);
    send_both_ways(5);
    cr_expect_eq(w.relay.rtp_received, 5);
    cr_expect_eq(w.terminal.rtp_received, 5);
    /* UDP opens later and is taken. */
    w.udp_blocked = false;
    world_run(&w, w.now_us + 15 * TIME_US_PER_S, NULL);
    cr_expect_eq(transport_tuple(w.terminal.transport)->protocol, NET_UDP);
    cr_expect_eq(transport_tuple(w.relay.transport)->protocol, NET_UDP);
    world_fini(&w);
}

Test(connect, a_broken_tcp_connection_is_opened_again)
{
    world_init(&w, &(struct world_config){.with_tcp = true});
    w.udp_blocked = true;
    w.terminal_tcp =
        (struct net_address){.family = NET_IPV4, .ip = {198, 51, 100, 9}, .port = 6000};
    cr_assert(world_run(&w, w.now_us + 10 * TIME_US_PER_S, world_both_connected));
    const uint32_t broken = w.tcp_stream;
    w.tcp_stream = 0;
    transport_tcp_state(w.relay.transport, 7, NULL, false, w.now_us);
    world_run(&w, w.now_us + TIME_US_PER_MS, NULL);
    cr_expect_eq(transport_state(w.relay.transport), TRANSPORT_INTERRUPTED);
    transport_tcp_state(w.terminal.transport, broken, &w.terminal_tcp, false, w.now_us);
    cr_assert(world_run(&w, w.now_us + TIME_US_PER_S, world_both_connected));
    cr_expect_neq(w.tcp_stream, broken);
    send_both_ways(3);
    cr_expect_eq(w.relay.rtp_received, 3);
    cr_expect_eq(w.terminal.rtp_received, 3);
    world_fini(&w);
}

Test(connect, udp_that_works_never_asks_for_tcp)
{
    world_init(&w, &(struct world_config){.with_tcp = true});
    world_run(&w, w.now_us + 60 * TIME_US_PER_S, NULL);
    cr_expect(world_both_connected(&w));
    for (size_t i = 0; i < w.terminal.event_count; i++)
        cr_expect_neq(w.terminal.events[i].type, TRANSPORT_EVENT_OPEN_TCP);
    world_fini(&w);
}
