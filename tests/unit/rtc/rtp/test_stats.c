/* SPDX-License-Identifier: Apache-2.0 */
/* Receiver and sender statistics against the worked rules of RFC 3550 A.1, A.3 and A.8. */
#include "rtc/rtp/receive_stats.h"
#include "rtc/rtp/send_stats.h"
#include <criterion/criterion.h>

#define FRAME_US 20000
#define FRAME_TS 960

static void feed(struct receive_stats *s, uint16_t first, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        receive_stats_on_packet(s, (uint16_t)(first + i), (first + i) * FRAME_TS, 100,
                                (time_us)(first + i) * FRAME_US);
}

Test(stats, counts_loss_and_its_fraction)
{
    struct receive_stats s;
    struct rtcp_block b;
    receive_stats_init(&s, 7, 48000);
    cr_assert_not(receive_stats_report(&s, &b, 0));
    feed(&s, 100, 10);
    feed(&s, 112, 8); /* 110 and 111 are missing: 18 of 20 */
    cr_assert(receive_stats_report(&s, &b, 0));
    cr_assert_eq(b.ssrc, 7);
    cr_assert_eq(b.cumulative_lost, 2);
    cr_assert_eq(b.fraction_lost, 2 * 256 / 20);
    cr_assert_eq(b.highest_seq32, 119);
    feed(&s, 120, 10);
    cr_assert(receive_stats_report(&s, &b, 0));
    cr_assert_eq(b.fraction_lost, 0, "only the interval since the last report counts");
    cr_assert_eq(b.cumulative_lost, 2);
}

Test(stats, duplicates_make_loss_negative)
{
    struct receive_stats s;
    struct rtcp_block b;
    receive_stats_init(&s, 7, 48000);
    feed(&s, 0, 10);
    feed(&s, 5, 5);
    cr_assert(receive_stats_report(&s, &b, 0));
    cr_assert_eq(b.cumulative_lost, -5);
    cr_assert_eq(b.fraction_lost, 0);
}

Test(stats, counts_cycles)
{
    struct receive_stats s;
    struct rtcp_block b;
    receive_stats_init(&s, 7, 48000);
    receive_stats_on_packet(&s, 65534, 0, 1, 0);
    receive_stats_on_packet(&s, 65535, 960, 1, 20000);
    receive_stats_on_packet(&s, 1, 2880, 1, 60000);
    receive_stats_on_packet(&s, 0, 1920, 1, 61000); /* late, before the newest */
    cr_assert(receive_stats_report(&s, &b, 0));
    cr_assert_eq(b.highest_seq32, 65536 + 1);
    cr_assert_eq(b.cumulative_lost, 0);
}

Test(stats, a_jump_needs_two_in_sequence)
{
    struct receive_stats s;
    receive_stats_init(&s, 7, 48000);
    feed(&s, 0, 5);
    cr_assert_not(receive_stats_on_packet(&s, 30000, 0, 1, 0));
    cr_assert_not(receive_stats_on_packet(&s, 40000, 0, 1, 0));
    cr_assert_eq(s.received, 5);
    cr_assert(receive_stats_on_packet(&s, 40001, 0, 1, 0), "the source restarted");
    cr_assert_eq(s.received, 1);
    cr_assert_eq(receive_stats_lost(&s), 0);
}

Test(stats, jitter_follows_appendix_a8)
{
    struct receive_stats s;
    struct rtcp_block b;
    receive_stats_init(&s, 7, 8000);
    uint32_t expected_q4 = 0;
    /* Arrival alternates 0 and 5 ms late: |D| is 40 units of 8 kHz each time. */
    for (uint32_t i = 0; i < 50; i++) {
        receive_stats_on_packet(&s, (uint16_t)i, i * 160, 1, i * 20000 + (i % 2) * 5000);
        if (i > 0)
            expected_q4 += 40 - ((expected_q4 + 8) >> 4);
    }
    cr_assert(receive_stats_report(&s, &b, 0));
    cr_assert_eq(b.jitter, expected_q4 >> 4);
    cr_assert_geq(b.jitter, 36);
    cr_assert_eq(receive_stats_jitter_us(&s), b.jitter * 125);
}

Test(stats, packets_of_one_frame_make_no_jitter)
{
    struct receive_stats s;
    receive_stats_init(&s, 7, 90000);
    for (uint32_t i = 0; i < 40; i++)
        receive_stats_on_packet(&s, (uint16_t)i, i / 4 * 3000, 1, i / 4 * 33333 + i % 4 * 900);
    cr_assert_leq(receive_stats_jitter_us(&s), 50);
}

Test(stats, reports_lsr_and_dlsr)
{
    struct receive_stats s;
    struct rtcp_block b;
    receive_stats_init(&s, 7, 48000);
    feed(&s, 0, 2);
    cr_assert(receive_stats_report(&s, &b, 0));
    cr_assert_eq(b.lsr, 0);
    receive_stats_on_sr(&s, UINT64_C(0x123456789abcdef0), 1000000);
    cr_assert(receive_stats_report(&s, &b, 1500000));
    cr_assert_eq(b.lsr, 0x56789abc);
    cr_assert_eq(b.dlsr, 32768);
}

Test(stats, sender_report_is_one_instant_in_two_clocks)
{
    struct send_stats s;
    struct rtcp_sr sr;
    send_stats_init(&s, 9, 90000);
    cr_assert_not(send_stats_report(&s, &sr, 0, 0));
    send_stats_on_packet(&s, 1000, 500, 5000000);
    send_stats_on_packet(&s, 4000, 300, 5033333);
    send_stats_on_packet(&s, 1000, 500, 5040000); /* resent: the clock stays */
    cr_assert(send_stats_report(&s, &sr, INT64_C(1700000000000000), 5133333));
    cr_assert_eq(sr.ssrc, 9);
    cr_assert_eq(sr.packet_count, 3);
    cr_assert_eq(sr.octet_count, 1300);
    cr_assert_eq(sr.rtp_timestamp, 4000 + 9000);
    cr_assert_eq(rtcp_utc_us_of_ntp(sr.ntp), INT64_C(1700000000000000));
}

Test(stats, round_trip_of_the_rfc_example)
{
    /* RFC 3550 figure 2: A 0xb710:8000, DLSR 5.250 s, LSR 0xb705:2000 give 6.125 s. */
    struct send_stats s;
    time_us utc = rtcp_utc_us_of_ntp(UINT64_C(0xb44db710) << 32 | UINT64_C(0x80000000));
    struct rtcp_block b = {.ssrc = 9, .lsr = 0xb7052000, .dlsr = 0x00054000, .fraction_lost = 3};
    send_stats_init(&s, 9, 48000);
    send_stats_on_block(&s, &b, utc);
    cr_assert_eq(s.rtt_us, 6125000);
    cr_assert_eq(s.fraction_lost, 3);
    b.ssrc = 8;
    b.fraction_lost = 200;
    send_stats_on_block(&s, &b, utc);
    cr_assert_eq(s.fraction_lost, 3, "about another stream");
}

Test(stats, a_lying_report_gives_no_round_trip)
{
    time_us rtt_us = -1;
    struct rtcp_block b = {.lsr = 0};
    cr_assert_not(rtcp_round_trip_us(&b, INT64_C(1700000000000000), &rtt_us));
    b.lsr = rtcp_ntp_middle(rtcp_ntp_of_utc_us(INT64_C(1700000000000000))) - 65536 * 61;
    cr_assert_not(rtcp_round_trip_us(&b, INT64_C(1700000000000000), &rtt_us));
    b.lsr += 65536 * 61;
    b.dlsr = 65536; /* claims to have held it longer than has passed */
    cr_assert(rtcp_round_trip_us(&b, INT64_C(1700000000000000), &rtt_us));
    cr_assert_eq(rtt_us, 0);
}
