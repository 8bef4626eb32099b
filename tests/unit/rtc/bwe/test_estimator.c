/* SPDX-License-Identifier: Apache-2.0 */
/* The estimator over a simulated bottleneck in virtual time: it finds the rate, keeps the queue
 * short, ignores loss without delay, freezes over outages. */
#include "rtc/bwe/estimator.h"
#include "rtc/bwe/twcc_receiver.h"
#include "tests/support/prng.h"
#include <criterion/criterion.h>

#define MS      TIME_US_PER_MS
#define S       TIME_US_PER_S
#define LATER   512 /* feedback packets on their way */
#define ONE_WAY (25 * MS)

/* One sender, a bottleneck with a drop-tail queue, one receiver, feedback that takes ONE_WAY back.
 */
struct world {
    double capacity_bps, loss;
    double app_bps; /* what the sender has to send at most; 0: as much as allowed */
    time_us jitter_us, last_arrival_us;
    time_us queue_limit_us;
    time_us now_us, free_us, next_send_us, down_from_us, down_until_us;
    struct prng random;
    struct twcc_sender sender;
    struct twcc_receiver receiver;
    struct estimator estimator;
    struct flight {
        time_us at_us;
        uint16_t seq16;
    } packets[4096];
    size_t packet_first, packet_count;
    struct echo {
        time_us at_us;
        size_t len;
        uint8_t data[1200];
    } echoes[LATER];
    size_t echo_first, echo_count;
    time_us queue_max_us; /* since last reset */
    double rate_sum;
    unsigned rate_count;
};

static struct world w;
static struct twcc_result results[TWCC_RESULTS_MAX];

static void world_init(double capacity_bps, uint32_t start_bps)
{
    memset(&w, 0, sizeof w);
    w.capacity_bps = capacity_bps;
    w.queue_limit_us = 2 * S;
    w.random = prng_of(42);
    w.now_us = 10 * S;
    w.free_us = w.now_us;
    w.next_send_us = w.now_us;
    twcc_sender_init(&w.sender);
    twcc_receiver_init(&w.receiver, 0);
    estimator_init(&w.estimator, &(struct estimator_config){.start_bps = start_bps}, w.now_us);
}

static bool down(time_us t)
{
    return t >= w.down_from_us && t < w.down_until_us;
}

static void send_one(void)
{
    double rate = estimator_bps(&w.estimator);
    if (w.app_bps > 0 && rate > w.app_bps)
        rate = w.app_bps;
    size_t size = rate < 100000 ? 200 : 1200;
    uint16_t seq = twcc_sender_on_send(&w.sender, size, w.now_us);
    w.next_send_us += (time_us)((double)size * 8e6 / rate);
    time_us queued = w.free_us > w.now_us ? w.free_us - w.now_us : 0;
    if (queued > w.queue_max_us)
        w.queue_max_us = queued;
    if (queued > w.queue_limit_us || prng_chance(&w.random, w.loss) || down(w.now_us))
        return;
    w.free_us = w.now_us + queued + (time_us)((double)size * 8e6 / w.capacity_bps);
    cr_assert_lt(w.packet_count, 4096);
    time_us arrival_us = w.free_us + ONE_WAY + prng_between(&w.random, 0, w.jitter_us);
    if (arrival_us < w.last_arrival_us)
        arrival_us = w.last_arrival_us;
    w.last_arrival_us = arrival_us;
    w.packets[(w.packet_first + w.packet_count++) % 4096] = (struct flight){arrival_us, seq};
}

/* Feedback that is due goes on its way; what has arrived at the sender is consumed. */
static void feed_back(void)
{
    uint8_t data[1200];
    struct byte_writer out = byte_writer_of(data, sizeof data);
    if (twcc_receiver_write(&w.receiver, &out, 1, 2, w.now_us) && !down(w.now_us)) {
        struct echo *e = &w.echoes[(w.echo_first + w.echo_count++) % LATER];
        e->at_us = w.now_us + ONE_WAY;
        e->len = byte_writer_len(&out);
        memcpy(e->data, data, e->len);
    }
    while (w.echo_count && w.echoes[w.echo_first].at_us <= w.now_us) {
        struct echo *e = &w.echoes[w.echo_first];
        struct rtcp_iterator it;
        struct rtcp_packet p;
        struct rtcp_twcc f;
        cr_assert_eq(rtcp_begin(&it, e->data, e->len), 0);
        cr_assert(rtcp_next(&it, &p));
        cr_assert_eq(rtcp_parse_twcc(&f, &p), 0);
        size_t n = twcc_sender_on_feedback(&w.sender, &f, results, TWCC_RESULTS_MAX);
        estimator_on_results(&w.estimator, results, n, 2 * ONE_WAY, w.now_us);
        w.echo_first = (w.echo_first + 1) % LATER;
        w.echo_count--;
    }
}

static void run(time_us duration_us)
{
    time_us end = w.now_us + duration_us;
    w.queue_max_us = 0;
    w.rate_sum = 0;
    w.rate_count = 0;
    for (; w.now_us < end; w.now_us += MS) {
        while (w.next_send_us <= w.now_us)
            send_one();
        while (w.packet_count && w.packets[w.packet_first].at_us <= w.now_us) {
            twcc_receiver_on_packet(&w.receiver, w.packets[w.packet_first].seq16,
                                    w.packets[w.packet_first].at_us);
            w.packet_first = (w.packet_first + 1) % 4096;
            w.packet_count--;
        }
        feed_back();
        w.rate_sum += estimator_bps(&w.estimator);
        w.rate_count++;
    }
}

static double mean(void)
{
    return w.rate_sum / w.rate_count;
}

Test(estimator, finds_the_bottleneck_and_keeps_its_queue_short)
{
    static const double rates[] = {16e3, 32e3, 100e3, 500e3, 2e6};
    for (size_t i = 0; i < 5; i++) {
        world_init(rates[i], 300000);
        run(30 * S);
        run(60 * S);
        cr_assert_gt(mean(), 0.70 * rates[i], "%f of %f", mean(), rates[i]);
        cr_assert_lt(mean(), 1.02 * rates[i], "%f of %f", mean(), rates[i]);
        time_us two_packets_us = (time_us)(2 * 200 * 8e6 / rates[i]);
        cr_assert_lt(w.queue_max_us, 400 * MS + two_packets_us, "%ld at %f", (long)w.queue_max_us,
                     rates[i]);
    }
}

Test(estimator, grows_on_a_free_link)
{
    world_init(50e6, 300000);
    run(20 * S);
    cr_assert_gt(estimator_bps(&w.estimator), 3000000);
}

Test(estimator, loss_on_a_flat_queue_does_not_cut)
{
    world_init(2e6, 300000);
    w.loss = 0.20;
    run(5 * S);
    uint32_t before = estimator_bps(&w.estimator);
    run(20 * S);
    cr_assert_geq(estimator_bps(&w.estimator), before);
    cr_assert_gt(mean(), 300000);
    cr_assert_gt(estimator_loss(&w.estimator), 0.1);
}

Test(estimator, follows_a_drop_of_capacity)
{
    world_init(2e6, 1000000);
    run(30 * S);
    w.capacity_bps = 500e3;
    run(5 * S);
    run(20 * S);
    cr_assert_lt(mean(), 520e3);
    cr_assert_gt(mean(), 300e3);
    cr_assert_lt(w.queue_max_us, 400 * MS);
}

Test(estimator, never_leaves_its_bounds)
{
    world_init(3e3, 300000); /* a link below the floor */
    run(60 * S);
    cr_assert_geq(estimator_bps(&w.estimator), ESTIMATOR_FLOOR_BPS);
    cr_assert_leq(estimator_bps(&w.estimator), 2 * ESTIMATOR_FLOOR_BPS);
    cr_assert_eq(estimator_bps(&w.estimator), ESTIMATOR_FLOOR_BPS);
    struct estimator e;
    estimator_init(&e, &(struct estimator_config){.start_bps = 1, .min_bps = 1}, 0);
    cr_assert_eq(estimator_bps(&e), ESTIMATOR_FLOOR_BPS);
    estimator_init(&e, &(struct estimator_config){.start_bps = 4000000000u, .max_bps = 50000}, 0);
    cr_assert_eq(estimator_bps(&e), 50000);
}

Test(estimator, freezes_over_an_outage_and_comes_back)
{
    world_init(1e6, 300000);
    run(40 * S);
    double before = estimator_bps(&w.estimator);
    w.down_from_us = w.now_us;
    w.down_until_us = w.now_us + 15 * S;
    run(15 * S);
    cr_assert_gt(estimator_bps(&w.estimator), 0.5 * before, "state is held while nothing is heard");
    run(1 * S + 3 * 2 * ONE_WAY);
    cr_assert_eq(w.estimator.outages, 1);
    cr_assert_gt(estimator_bps(&w.estimator), 0.75 * before, "%u of %f",
                 estimator_bps(&w.estimator), before);
}

Test(estimator, jitter_of_a_thin_stream_does_not_starve_it)
{
    world_init(2e6, 300000);
    w.app_bps = 20000;
    w.jitter_us = 40 * MS;
    run(120 * S);
    cr_assert_gt(estimator_bps(&w.estimator), 40000, "%u", estimator_bps(&w.estimator));
}

Test(estimator, remb_limits_from_above)
{
    struct estimator e;
    estimator_init(&e, &(struct estimator_config){.start_bps = 500000}, 0);
    cr_assert(estimator_on_remb(&e, 100000, 0));
    cr_assert_eq(estimator_bps(&e), 100000);
    cr_assert(estimator_on_remb(&e, 1, 0));
    cr_assert_eq(estimator_bps(&e), ESTIMATOR_FLOOR_BPS);
    cr_assert(estimator_on_remb(&e, UINT64_MAX, 0));
    cr_assert_eq(estimator_bps(&e), 500000);
    estimator_on_remb(&e, 100000, 0);
    cr_assert(estimator_on_remb(&e, 0, 0), "0 lifts it");
    cr_assert_eq(estimator_bps(&e), 500000);
}

Test(estimator, feedback_of_nothing_changes_nothing)
{
    struct estimator e;
    estimator_init(&e, &(struct estimator_config){0}, 0);
    cr_assert_not(estimator_on_results(&e, NULL, 0, 0, 0));
    cr_assert_eq(estimator_bps(&e), 300000);
}
