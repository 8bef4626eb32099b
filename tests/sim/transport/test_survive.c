/* SPDX-License-Identifier: Apache-2.0 */
/* Staying up: outage, new address, NAT rebinding, ICE restart, spoofed and replayed datagrams. */
#include "base/bytes.h"
#include "shanqiao/error.h"
#include "world.h"
#include <criterion/criterion.h>
#include <string.h>

static struct world w;

static void connect_world(const struct world_config *config)
{
    world_init(&w, config);
    cr_assert(world_run(&w, w.now_us + 10 * TIME_US_PER_S, world_both_connected));
}

static void run_for(time_us span_us)
{
    world_run(&w, w.now_us + span_us, NULL);
}

/* One packet each way arrives. */
static void expect_media(uint16_t seq16)
{
    const unsigned at_relay = w.relay.rtp_received, at_terminal = w.terminal.rtp_received;
    cr_assert_eq(world_send_rtp(&w, false, 0x1111, seq16, 80), 0);
    cr_assert_eq(world_send_rtp(&w, true, 0x2222, seq16, 80), 0);
    run_for(TIME_US_PER_S);
    cr_assert_eq(w.relay.rtp_received, at_relay + 1);
    cr_assert_eq(w.terminal.rtp_received, at_terminal + 1);
}

Test(survive, outage_of_a_minute_recovers_with_the_same_keys)
{
    for (uint64_t seed = 0; seed < 20; seed++) {
        connect_world(&(struct world_config){.seed = seed});
        expect_media(1);
        w.down = true;
        run_for(60 * TIME_US_PER_S);
        cr_assert_eq(transport_state(w.terminal.transport), TRANSPORT_INTERRUPTED);
        cr_assert_eq(transport_state(w.relay.transport), TRANSPORT_INTERRUPTED);
        cr_assert_eq(world_send_rtp(&w, false, 0x1111, 2, 80), SQ_ERR_STATE);
        w.down = false;
        const time_us back = w.now_us;
        cr_assert(world_run(&w, back + 5 * TIME_US_PER_S, world_both_connected));
        cr_assert_leq(w.now_us - back, 100 * TIME_US_PER_MS + 300 * TIME_US_PER_MS);
        expect_media(3);
        world_fini(&w);
    }
}

Test(survive, outage_of_an_hour_too)
{
    connect_world(&(struct world_config){.seed = 1, .with_tcp = true});
    w.down = true;
    run_for(3600 * TIME_US_PER_S);
    w.down = false;
    cr_assert(world_run(&w, w.now_us + 5 * TIME_US_PER_S, world_both_connected));
    expect_media(1);
    world_fini(&w);
}

Test(survive, outage_shorter_than_consent_is_not_noticed)
{
    connect_world(&(struct world_config){.seed = 1});
    run_for(7 * TIME_US_PER_S);
    w.down = true;
    run_for(20 * TIME_US_PER_S);
    w.down = false;
    run_for(2 * TIME_US_PER_S);
    cr_expect_not(world_saw_state(&w.terminal, TRANSPORT_INTERRUPTED));
    cr_expect_not(world_saw_state(&w.relay, TRANSPORT_INTERRUPTED));
    expect_media(1);
    world_fini(&w);
}

Test(survive, a_new_local_address_moves_the_path_in_one_round_trip)
{
    connect_world(&(struct world_config){.seed = 3});
    expect_media(1);
    const struct net_address local = {.family = NET_IPV4, .ip = {172, 20, 0, 3}, .port = 5002};
    w.terminal_outside =
        (struct net_address){.family = NET_IPV4, .ip = {203, 0, 113, 8}, .port = 777};
    transport_path_changed(w.terminal.transport, &local, w.now_us);
    run_for(110 * TIME_US_PER_MS);
    const struct net_tuple *t = transport_tuple(w.relay.transport);
    cr_expect(net_address_equal(&t->remote, &w.terminal_outside));
    expect_media(2);
    world_fini(&w);
}

/* The terminal does not know of it; its media stops coming back, so it checks. */
Test(survive, nat_rebinding_is_found_within_a_second)
{
    connect_world(&(struct world_config){.seed = 4});
    uint16_t seq16 = 0;
    for (; seq16 < 100; seq16++) {
        world_send_rtp(&w, false, 0x1111, seq16, 80);
        world_send_rtp(&w, true, 0x2222, seq16, 80);
        run_for(20 * TIME_US_PER_MS);
    }
    w.terminal_outside.port = 62345;
    for (; seq16 < 150; seq16++) {
        world_send_rtp(&w, false, 0x1111, seq16, 80);
        world_send_rtp(&w, true, 0x2222, seq16, 80);
        run_for(20 * TIME_US_PER_MS);
    }
    cr_expect_eq(transport_tuple(w.relay.transport)->remote.port, 62345);
    run_for(200 * TIME_US_PER_MS);
    expect_media(seq16);
    world_fini(&w);
}

static bool relay_uses(const struct world *world)
{
    return strcmp(transport_local_ufrag(world->relay.transport), "newufrag") == 0 &&
           world_both_connected(world);
}

Test(survive, ice_restart_keeps_keys_and_media)
{
    connect_world(&(struct world_config){.seed = 5});
    expect_media(1);
    struct ice_credentials relay = {.ufrag = "newufrag", .pwd = "newpasswordnewpassword12"};
    struct ice_credentials terminal = {.ufrag = "termufrg", .pwd = "termpasswordtermpasswd12"};
    struct ice_candidate candidate;
    ice_candidate_host(&candidate, NET_UDP, &w.relay_address, 0);
    cr_assert_eq(transport_restart_ice(w.relay.transport, &relay, NULL, NULL, 0, w.now_us), 0);
    expect_media(2); /* the old credentials hold until the first check with the new */
    cr_assert_eq(
        transport_restart_ice(w.terminal.transport, &terminal, &relay, &candidate, 1, w.now_us), 0);
    expect_media(3);
    cr_assert(world_run(&w, w.now_us + TIME_US_PER_S, relay_uses));
    run_for(90 * TIME_US_PER_S);
    cr_expect(world_both_connected(&w));
    cr_expect_not(world_saw_state(&w.terminal, TRANSPORT_INTERRUPTED));
    expect_media(4);
    world_fini(&w);
}

static bool only_the_first_check(struct world *world, struct world_datagram *d)
{
    (void)world;
    static unsigned checks;
    return !d->to_relay || d->data[0] > 3 || checks++ == 0;
}

/* DTLS and media may run before nomination; when that never comes, the path is lost like any other.
 */
Test(survive, a_path_that_is_never_nominated_is_lost_and_found)
{
    world_init(&w, &(struct world_config){.seed = 13});
    w.tap = only_the_first_check;
    cr_assert(world_run(&w, w.now_us + TIME_US_PER_S, world_both_connected));
    expect_media(1);
    run_for(40 * TIME_US_PER_S);
    cr_expect_eq(transport_state(w.relay.transport), TRANSPORT_INTERRUPTED);
    cr_expect_eq(transport_state(w.terminal.transport), TRANSPORT_INTERRUPTED);
    cr_expect_null(transport_tuple(w.relay.transport));
    w.tap = NULL;
    cr_assert(world_run(&w, w.now_us + 5 * TIME_US_PER_S, world_both_connected));
    expect_media(2);
    world_fini(&w);
}

Test(survive, close_notify_closes_the_other_side)
{
    connect_world(&(struct world_config){.seed = 6});
    transport_close(w.terminal.transport, w.now_us);
    run_for(TIME_US_PER_S);
    cr_expect_eq(transport_state(w.relay.transport), TRANSPORT_CLOSED);
    cr_expect_eq(transport_state(w.terminal.transport), TRANSPORT_CLOSED);
    cr_expect_eq(transport_deadline(w.relay.transport), TIME_US_NEVER);
    world_fini(&w);
}

/* ---- what is thrown at it ---- */

#define RECORDED_MAX 64

struct recording {
    size_t count;
    struct world_datagram datagrams[RECORDED_MAX];
};

static struct recording recorded;

static bool record(struct world *world, struct world_datagram *d)
{
    (void)world;
    if (recorded.count < RECORDED_MAX)
        recorded.datagrams[recorded.count++] = *d;
    return true;
}

static struct net_tuple elsewhere(bool at_relay)
{
    struct net_tuple t = world_tuple(&w, at_relay);
    t.remote.ip[3] ^= 0x55;
    return t;
}

static void expect_untouched(const char *what)
{
    cr_assert_eq(transport_state(w.terminal.transport), TRANSPORT_CONNECTED, "%s", what);
    cr_assert_eq(transport_state(w.relay.transport), TRANSPORT_CONNECTED, "%s", what);
    cr_assert(net_address_equal(&transport_tuple(w.relay.transport)->remote, &w.terminal_outside),
              "%s", what);
}

Test(survive, a_replay_of_the_whole_call_changes_nothing)
{
    recorded.count = 0;
    world_init(&w, &(struct world_config){.seed = 7});
    w.tap = record;
    cr_assert(world_run(&w, w.now_us + 10 * TIME_US_PER_S, world_both_connected));
    expect_media(1);
    w.tap = NULL;
    const unsigned at_relay = w.relay.rtp_received, at_terminal = w.terminal.rtp_received;
    for (size_t i = 0; i < recorded.count; i++) {
        const struct world_datagram *d = &recorded.datagrams[i];
        const struct net_tuple other = elsewhere(d->to_relay);
        world_inject(&w, d->to_relay, &d->tuple, d->data, d->len_bytes);
        world_inject(&w, d->to_relay, &other, d->data, d->len_bytes);
        expect_untouched("replay");
    }
    cr_expect_eq(w.relay.rtp_received, at_relay);
    cr_expect_eq(w.terminal.rtp_received, at_terminal);
    struct transport_stats s;
    transport_get_stats(w.relay.transport, &s);
    cr_expect_gt(s.dropped_replayed, 0);
    expect_media(2);
    world_fini(&w);
}

Test(survive, random_and_damaged_datagrams_change_nothing)
{
    recorded.count = 0;
    world_init(&w, &(struct world_config){.seed = 8});
    w.tap = record;
    cr_assert(world_run(&w, w.now_us + 10 * TIME_US_PER_S, world_both_connected));
    expect_media(1);
    w.tap = NULL;
    for (int round = 0; round < 3000; round++) {
        struct world_datagram d = recorded.datagrams[world_random(&w, (uint32_t)recorded.count)];
        if (world_random(&w, 4) == 0) { /* random bytes behind a plausible first one */
            d.len_bytes = 1 + world_random(&w, 1400);
            for (size_t i = 1; i < d.len_bytes; i++)
                d.data[i] = (uint8_t)world_random(&w, 256);
        } else {
            for (uint32_t n = world_random(&w, 4); n > 0; n--)
                d.data[world_random(&w, (uint32_t)d.len_bytes)] ^=
                    (uint8_t)(1 + world_random(&w, 255));
            d.len_bytes = 1 + world_random(&w, (uint32_t)d.len_bytes);
        }
        world_inject(&w, d.to_relay, &d.tuple, d.data, d.len_bytes);
        expect_untouched("damage");
    }
    expect_media(2);
    world_fini(&w);
}

/* DTL-02: clear-text records from the validated tuple after the handshake. */
Test(survive, cleartext_dtls_after_the_handshake_changes_nothing)
{
    static const uint8_t alert[] = {21, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 99, 0, 2, 2, 40};
    static const uint8_t close_notify[] = {21, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 100, 0, 2, 1, 0};
    static const uint8_t hello_request[] = {22, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 101, 0, 12,
                                            0,  0,    0,    0, 0, 0, 0, 0, 0, 0, 0,   0};
    static const uint8_t ccs[] = {20, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 102, 0, 1, 1};
    static const uint8_t fake_encrypted[] = {21, 0xFE, 0xFD, 0, 1, 0, 0, 0, 0, 0, 9, 0, 2, 2, 40};
    connect_world(&(struct world_config){.seed = 9});
    for (int at_relay = 0; at_relay < 2; at_relay++) {
        const struct net_tuple t = world_tuple(&w, at_relay);
        world_inject(&w, at_relay, &t, alert, sizeof(alert));
        world_inject(&w, at_relay, &t, close_notify, sizeof(close_notify));
        world_inject(&w, at_relay, &t, hello_request, sizeof(hello_request));
        world_inject(&w, at_relay, &t, ccs, sizeof(ccs));
        world_inject(&w, at_relay, &t, fake_encrypted, sizeof(fake_encrypted));
        expect_untouched("clear text");
    }
    expect_media(1);
    world_fini(&w);
}

/* The same before and during the handshake: it begins again and gets through. */
Test(survive, a_spoofed_alert_during_the_handshake_only_delays_it)
{
    static const uint8_t alert[] = {21, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 99, 0, 2, 2, 40};
    for (int at_relay = 0; at_relay < 2; at_relay++) {
        world_init(&w, &(struct world_config){.seed = 10});
        run_for(160 * TIME_US_PER_MS); /* ClientHello has come, ServerHello is on its way */
        const struct net_tuple t = world_tuple(&w, at_relay);
        world_inject(&w, at_relay, &t, alert, sizeof(alert));
        cr_assert(world_run(&w, w.now_us + 10 * TIME_US_PER_S, world_both_connected),
                  "alert to the %s", at_relay ? "relay" : "terminal");
        expect_media(1);
        world_fini(&w);
    }
}

Test(survive, dtls_and_media_from_a_tuple_without_check_leave_no_trace)
{
    static const uint8_t hello[] = {22, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 0, 0, 12,
                                    1,  0,    0,    0, 0, 0, 0, 0, 0, 0, 0, 0};
    static const uint8_t rtp[] = {0x80, 96, 0, 1, 0, 0, 0, 1, 0, 0, 0,
                                  1,    1,  2, 3, 4, 5, 6, 7, 8, 9, 10};
    world_init(&w, &(struct world_config){.seed = 11});
    const struct net_tuple t = world_tuple(&w, true);
    for (int i = 0; i < 100; i++) {
        world_inject(&w, true, &t, hello, sizeof(hello));
        world_inject(&w, true, &t, rtp, sizeof(rtp));
    }
    struct transport_stats s;
    transport_get_stats(w.relay.transport, &s);
    cr_expect_eq(s.dropped_unvalidated, 200);
    cr_expect_eq(s.bytes_received, 0);
    cr_expect_eq(w.relay.datagrams_sent, 0);
    cr_expect_eq(transport_state(w.relay.transport), TRANSPORT_NEW);
    cr_expect_eq(transport_deadline(w.relay.transport), TIME_US_NEVER);
    cr_assert(world_run(&w, w.now_us + 10 * TIME_US_PER_S, world_both_connected));
    world_fini(&w);
}

/* 2^15 packets and more are lost on one stream while the path stays. */
Test(survive, a_gap_of_40000_packets_on_one_ssrc)
{
    connect_world(&(struct world_config){.seed = 12});
    expect_media(100);
    const unsigned before = w.relay.rtp_received;
    for (uint32_t i = 101; i < 101 + 40000; i++) { /* sealed, sent, lost */
        w.down = true;
        cr_assert_eq(world_send_rtp(&w, false, 0x1111, (uint16_t)i, 10), 0);
    }
    w.down = false;
    for (uint32_t i = 101 + 40000; i < 101 + 40000 + 50; i++) {
        cr_assert_eq(world_send_rtp(&w, false, 0x1111, (uint16_t)i, 10), 0);
        run_for(TIME_US_PER_MS);
    }
    run_for(TIME_US_PER_S);
    cr_expect_geq(w.relay.rtp_received, before + 40);
    world_fini(&w);
}
