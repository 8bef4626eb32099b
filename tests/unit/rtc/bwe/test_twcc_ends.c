/* SPDX-License-Identifier: Apache-2.0 */
/* Both ends of transport-wide feedback joined: what was sent, what arrived, what is reported. */
#include "rtc/bwe/twcc_receiver.h"
#include "rtc/bwe/twcc_sender.h"
#include "tests/support/prng.h"
#include <criterion/criterion.h>

#define MS TIME_US_PER_MS

static struct twcc_sender sender;
static struct twcc_receiver receiver;
static struct twcc_result results[TWCC_RESULTS_MAX];

/* One datagram of feedback to the sender; the number of results. */
static size_t report(time_us now_us)
{
    uint8_t buf[1200];
    struct byte_writer w = byte_writer_of(buf, sizeof buf);
    struct rtcp_iterator it;
    struct rtcp_packet p;
    struct rtcp_twcc f;
    if (!twcc_receiver_write(&receiver, &w, 1, 2, now_us))
        return 0;
    cr_assert_eq(rtcp_begin(&it, buf, byte_writer_len(&w)), 0);
    cr_assert(rtcp_next(&it, &p));
    cr_assert_eq(rtcp_parse_twcc(&f, &p), 0);
    return twcc_sender_on_feedback(&sender, &f, results, TWCC_RESULTS_MAX);
}

static void both_init(void)
{
    twcc_sender_init(&sender);
    twcc_receiver_init(&receiver, 0);
}

Test(twcc_ends, reports_arrivals_and_losses)
{
    both_init();
    cr_assert_eq(twcc_receiver_deadline(&receiver), TIME_US_NEVER);
    for (int i = 0; i < 10; i++) {
        uint16_t seq = twcc_sender_on_send(&sender, 1000, i * 10 * MS);
        if (i != 3 && i != 4)
            twcc_receiver_on_packet(&receiver, seq, 1000 * MS + i * 10 * MS + (i % 2) * 500);
    }
    cr_assert_eq(twcc_sender_in_flight_bytes(&sender), 10000);
    cr_assert_eq(twcc_receiver_deadline(&receiver), 1100 * MS);
    cr_assert_eq(report(1099 * MS), 0, "not due");
    cr_assert_eq(report(1100 * MS), 10);
    for (int i = 0; i < 10; i++) {
        cr_assert_eq(results[i].seq, i);
        cr_assert_eq(results[i].sent_us, i * 10 * MS);
        if (i == 3 || i == 4) {
            cr_assert_eq(results[i].arrived_us, TIME_US_NEVER);
            continue;
        }
        time_us spacing = results[i].arrived_us - results[0].arrived_us;
        cr_assert_eq(spacing, i * 10 * MS + (i % 2) * 500);
    }
    cr_assert_eq(twcc_sender_in_flight_bytes(&sender), 0);
    cr_assert_eq(twcc_receiver_deadline(&receiver), TIME_US_NEVER);
}

Test(twcc_ends, a_late_packet_corrects_its_loss)
{
    both_init();
    for (int i = 0; i < 4; i++)
        twcc_sender_on_send(&sender, 100, i * MS);
    twcc_receiver_on_packet(&receiver, 0, 1 * MS);
    twcc_receiver_on_packet(&receiver, 2, 3 * MS);
    cr_assert_eq(report(200 * MS), 3);
    cr_assert_eq(results[1].arrived_us, TIME_US_NEVER);
    twcc_receiver_on_packet(&receiver, 1, 201 * MS);
    cr_assert_eq(report(400 * MS), 1, "2 is repeated, but no news");
    cr_assert_eq(results[0].seq, 1);
    cr_assert_neq(results[0].arrived_us, TIME_US_NEVER);
}

Test(twcc_ends, duplicates_keep_the_first_arrival)
{
    both_init();
    twcc_sender_on_send(&sender, 100, 0);
    twcc_sender_on_send(&sender, 100, 0);
    twcc_receiver_on_packet(&receiver, 0, 10 * MS);
    twcc_receiver_on_packet(&receiver, 1, 20 * MS);
    twcc_receiver_on_packet(&receiver, 0, 90 * MS);
    cr_assert_eq(report(300 * MS), 2);
    cr_assert_eq(results[1].arrived_us - results[0].arrived_us, 10 * MS);
}

Test(twcc_ends, numbers_of_others_and_old_ones_are_ignored)
{
    both_init();
    twcc_sender_on_send(&sender, 100, 0);
    twcc_receiver_on_packet(&receiver, 7, 10 * MS); /* never sent */
    cr_assert_eq(report(300 * MS), 0);
    cr_assert_gt(sender.unknown_results, 0);
    twcc_receiver_on_packet(&receiver, 7 + 3000, 310 * MS);
    twcc_receiver_on_packet(&receiver, 8, 320 * MS);
    cr_assert_eq(receiver.dropped_old, 1);
}

Test(twcc_ends, a_long_report_is_split)
{
    size_t sum = 0, packets = 0;
    both_init();
    for (int i = 0; i < 1500; i++)
        twcc_receiver_on_packet(&receiver, twcc_sender_on_send(&sender, 100, i * 50), i * 50);
    for (size_t n; (n = report(200 * MS)) != 0; sum += n)
        packets++;
    cr_assert_eq(sum, 1500);
    cr_assert_eq(packets, 3);
}

Test(twcc_ends, arrivals_far_apart_are_split)
{
    both_init();
    twcc_receiver_set_interval(&receiver, 1000 * MS);
    twcc_receiver_on_packet(&receiver, twcc_sender_on_send(&sender, 100, 0), 0);
    twcc_receiver_on_packet(&receiver, twcc_sender_on_send(&sender, 100, 1), 20000 * MS);
    cr_assert_eq(report(21000 * MS), 1);
    time_us first = results[0].arrived_us;
    cr_assert_eq(report(21000 * MS), 1);
    cr_assert_eq(results[0].arrived_us - first, 20000 * MS);
}

Test(twcc_ends, no_room_loses_nothing)
{
    uint8_t buf[20];
    struct byte_writer w = byte_writer_of(buf, sizeof buf);
    both_init();
    twcc_receiver_on_packet(&receiver, twcc_sender_on_send(&sender, 100, 0), 0);
    cr_assert_not(twcc_receiver_write(&receiver, &w, 1, 2, 200 * MS));
    cr_assert_eq(byte_writer_len(&w), 0);
    cr_assert_eq(report(200 * MS), 1);
}

Test(twcc_ends, agree_over_wraps_and_random_loss)
{
    struct prng r = prng_of(16);
    time_us now = 0, offset = INT64_C(123456789012);
    uint64_t arrived = 0, lost = 0, sent = 0, received = 0;
    both_init();
    for (int i = 0; i < 200000; i++) {
        now += prng_between(&r, 0, 3000);
        uint16_t seq = twcc_sender_on_send(&sender, 500, now);
        sent++;
        if (prng_chance(&r, 0.9)) {
            twcc_receiver_on_packet(&receiver, seq, now + offset);
            received++;
        }
        for (size_t n; (n = report(now + offset)) != 0;) {
            for (size_t k = 0; k < n; k++) {
                bool came = results[k].arrived_us != TIME_US_NEVER;
                arrived += came;
                lost += !came;
            }
        }
    }
    cr_assert_gt(arrived, received - 200);
    cr_assert_leq(arrived, received);
    cr_assert_gt(lost, sent - received - 100);
    cr_assert_leq(lost, sent - received);
    cr_assert_eq(sender.unknown_results, 0);
}
