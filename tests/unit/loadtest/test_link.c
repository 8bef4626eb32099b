/* SPDX-License-Identifier: Apache-2.0 */
/* The emulated link against its own arithmetic, in virtual time. */
#include "loadtest/link/link.h"
#include "loadtest/profile/profile.h"
#include "shanqiao/error.h"
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MS TIME_US_PER_MS
#define S  TIME_US_PER_S

static struct link_rate_point point;
static struct link_profile profile;
static uint8_t bytes[LINK_PACKET_MAX];
static struct link_event e;
static time_us latest; /* time handed to the link */

/* A link that does nothing but carry at a rate. */
static void start(void)
{
    latest = 0;
    point = (struct link_rate_point){.bps = 64000};
    profile = (struct link_profile){.name = "test", .queue_bytes = 1000000000};
    for (int i = 0; i < 2; i++)
        profile.rate[i] =
            (struct link_rate){.points = &point, .count = 1, .period_us = TIME_US_NEVER};
}

TestSuite(link, .init = start);

static struct link *open_link(uint64_t seed)
{
    struct link *l;
    const struct link_options o = {.profile = &profile, .direction = LINK_UP, .seed = seed};
    cr_assert_eq(link_new(&l, &o), 0);
    latest = 0;
    return l;
}

static void send_numbered(struct link *l, time_us now, uint32_t number, size_t len)
{
    memcpy(bytes, &number, sizeof number);
    latest = now;
    cr_assert_eq(link_send(l, now, bytes, len), 0);
}

static uint32_t number_of(const struct link_event *event)
{
    uint32_t n;
    memcpy(&n, event->data, sizeof n);
    return n;
}

/* Runs the link until its next packet. False: none is left. */
static bool next_packet(struct link *l, time_us until)
{
    for (;;) {
        time_us at = link_deadline(l);
        if (at > until)
            return false;
        latest =
            at > latest ? at : latest; /* a deadline may have passed when a packet was handed in */
        while (link_next(l, latest, &e)) {
            if (e.type == LINK_PACKET)
                return true;
        }
    }
}

static struct link_statistics statistics(const struct link *l)
{
    struct link_statistics s;
    link_get_statistics(l, &s);
    return s;
}

Test(link, serialisation_takes_bits_by_rate)
{
    profile.delay_us = 75 * MS;
    struct link *l = open_link(1);
    send_numbered(l, 0, 1, 100); /* 800 bit at 64 kbit/s: 12.5 ms */
    send_numbered(l, 0, 2, 200); /* 25 ms more */
    cr_assert_not(link_next(l, 12500 + 75 * MS - 1, &e));
    cr_assert(link_next(l, 12500 + 75 * MS, &e));
    cr_assert(number_of(&e) == 1 && e.len_bytes == 100 && e.sent_us == 0 &&
              e.delivered_us == 87500);
    cr_assert(next_packet(l, S));
    cr_assert(number_of(&e) == 2 && e.delivered_us == 37500 + 75 * MS);
    cr_assert_not(next_packet(l, 10 * S));
    cr_assert_eq(link_deadline(l), TIME_US_NEVER);
    link_free(l);
}

Test(link, no_part_of_a_microsecond_is_lost_or_won)
{
    point.bps = 300 * 1000 * 1000; /* 40 bytes take 1.0667 us */
    struct link *l = open_link(1);
    for (uint32_t i = 0; i < 30000; i++)
        send_numbered(l, 0, i, 40);
    time_us last = 0;
    while (next_packet(l, S))
        last = e.delivered_us;
    cr_assert_eq(last, 32000);
    link_free(l);
}

Test(link, an_idle_link_saves_nothing_up)
{
    struct link *l = open_link(1);
    send_numbered(l, 10 * S, 1, 100);
    cr_assert(next_packet(l, 20 * S));
    cr_assert_eq(e.delivered_us, 10 * S + 12500);
    link_free(l);
}

Test(link, header_bytes_count_for_rate_queue_and_mtu)
{
    profile.mtu_bytes = 1400;
    struct link *l;
    const struct link_options o = {
        .profile = &profile, .header_bytes = LINK_UDP_IPV4_BYTES, .start_us = 5 * S};
    cr_assert_eq(link_new(&l, &o), 0);
    send_numbered(l, 5 * S, 1, 72);
    send_numbered(l, 5 * S, 2, 1373);
    send_numbered(l, 5 * S, 3, 1372);
    cr_assert(next_packet(l, 9 * S) && number_of(&e) == 1);
    cr_assert_eq(e.delivered_us, 5 * S + 12500);
    cr_assert(next_packet(l, 9 * S) && number_of(&e) == 3);
    struct link_statistics s = statistics(l);
    cr_assert_eq(s.lost_mtu, 1);
    cr_assert_eq(s.queue_max_bytes, 1500);
    cr_assert_eq(s.sent_bytes, 72 + 1373 + 1372);
    cr_assert_eq(s.delivered_bytes, 72 + 1372);
    link_free(l);
}

Test(link, the_queue_drops_its_tail)
{
    profile.queue_bytes = 1000;
    struct link *l = open_link(1);
    for (uint32_t i = 0; i < 8; i++)
        send_numbered(l, 0, i, 300);   /* three fit */
    send_numbered(l, 37500, 100, 300); /* the first has just gone */
    send_numbered(l, 37500, 101, 300);
    uint32_t want[] = {0, 1, 2, 100};
    for (size_t i = 0; i < 4; i++)
        cr_assert(next_packet(l, S) && number_of(&e) == want[i]);
    cr_assert_not(next_packet(l, S));
    cr_assert_eq(statistics(l).lost_queue, 6);
    cr_assert_eq(statistics(l).queue_max_bytes, 900);
    send_numbered(l, S, 7, 5000); /* longer than the queue, but nothing is before it */
    cr_assert(next_packet(l, 2 * S) && e.len_bytes == 5000);
    link_free(l);
}

Test(link, order_is_kept_whatever_the_jitter)
{
    profile.delay_us = 100 * MS;
    profile.jitter = LINK_JITTER_GAMMA;
    profile.jitter_sd_us = 80 * MS;
    point.bps = 10 * 1000 * 1000;
    struct link *l = open_link(3);
    uint32_t want = 0;
    time_us last = 0;
    for (uint32_t i = 0; i < 5000; i++) {
        send_numbered(l, i * 5 * MS, i, 100);
        while (link_next(l, i * 5 * MS, &e)) {
            cr_assert_eq(number_of(&e), want++);
            cr_assert_geq(e.delivered_us, last);
            last = e.delivered_us;
        }
    }
    while (next_packet(l, 100 * S))
        cr_assert_eq(number_of(&e), want++);
    cr_assert_eq(want, 5000);
    link_free(l);
}

/* Bits that a link which never runs dry delivers until `until`. */
static double saturate(struct link *l, time_us until, size_t len)
{
    double bits = 0;
    for (time_us now = 0; now < until; now += 100 * MS) {
        for (uint64_t queued = 0; queued < profile.queue_bytes; queued += len)
            send_numbered(l, now, 0, len);
        while (link_next(l, now, &e))
            bits += (double)e.len_bytes * 8;
    }
    while (next_packet(l, until))
        bits += (double)e.len_bytes * 8;
    return bits;
}

Test(link, a_trace_carries_its_mean_over_each_loop)
{
    static struct link_rate_point points[] = {{.at_us = 0, .bps = 300000},
                                              {.at_us = 1000 * MS, .bps = 0},
                                              {.at_us = 3500 * MS, .bps = 50000}};
    profile.rate[LINK_UP] = (struct link_rate){.points = points, .count = 3, .period_us = 5 * S};
    profile.queue_bytes = 50000;
    double mean = link_rate_mean_bps(&profile.rate[LINK_UP]);
    cr_assert_float_eq(mean, (300000 + 75000) / 5.0, 1e-6);
    struct link *l = open_link(1);
    double bits = saturate(l, 50 * S, 250);
    cr_assert_float_eq(bits, mean * 50, 2 * 250 * 8, "to within the packet that is being sent");
    link_free(l);
}

Test(link, a_real_trace_carries_its_mean_over_a_loop)
{
    char error[LINK_ERROR_MAX];
    cr_assert_eq(link_trace_read(&profile.rate[LINK_UP],
                                 "tests/data/links/traces/be4g_train_0003.rate", 0.02, error),
                 0, "%s", error);
    struct link_rate *r = &profile.rate[LINK_UP];
    profile.queue_bytes = 200000;
    double mean = link_rate_mean_bps(r);
    cr_assert_float_eq(mean / 0.02 / 1000, 20954, 20954 * 0.01,
                       "the mean that the trace states of itself");
    struct link *l = open_link(1);
    double want = mean * (double)r->period_us / 1e6;
    double bits = saturate(l, r->period_us, 1200);
    cr_assert_float_eq(bits, want, 2 * 1200 * 8);
    link_free(l);
    link_rate_fini(r);
}

Test(link, an_outage_serves_nothing_and_is_not_caught_up)
{
    static struct link_rate_point points[] = {{.at_us = 0, .bps = 64000},
                                              {.at_us = 1 * S, .bps = 0}};
    profile.rate[LINK_UP] = (struct link_rate){.points = points, .count = 2, .period_us = 11 * S};
    struct link *l = open_link(1);
    send_numbered(l, 990 * MS, 1, 160); /* 20 ms: half before the outage, half behind it */
    send_numbered(l, 5 * S, 2, 80);
    cr_assert(next_packet(l, 20 * S) && number_of(&e) == 1);
    cr_assert_eq(e.delivered_us, 11 * S + 10 * MS);
    cr_assert(next_packet(l, 20 * S) && number_of(&e) == 2);
    cr_assert_eq(e.delivered_us, 11 * S + 20 * MS);
    link_free(l);
}

Test(link, outages_of_mode_queue_hold_and_those_of_mode_drop_lose)
{
    profile.outages =
        (struct link_outages){.every_us = 10 * S, .length_us = 2 * S, .mode = LINK_OUTAGE_QUEUE};
    for (int drop = 0; drop < 2; drop++) {
        profile.outages.mode = drop ? LINK_OUTAGE_DROP : LINK_OUTAGE_QUEUE;
        struct link *l = open_link(1);
        unsigned inside = 0;
        for (uint32_t i = 0; i < 400; i++) /* each 100 ms until 40 s; three outages by then */
            send_numbered(l, i * 100 * MS + 50 * MS, i, 80);
        while (next_packet(l, 100 * S)) {
            time_us phase = e.delivered_us % (10 * S);
            bool dead = e.delivered_us >= 10 * S && phase < 2 * S;
            cr_assert(!dead || phase == 0, "came out at %lld", (long long)e.delivered_us);
            inside += e.delivered_us - e.sent_us > 10 * MS;
        }
        struct link_statistics s = statistics(l);
        cr_assert_eq(s.lost_outage, drop ? 60 : 0);
        cr_assert_eq(s.delivered, drop ? 340 : 400);
        cr_assert_eq(inside > 0, !drop);
        link_free(l);
    }
}

Test(link, loss_has_the_closed_form_of_gilbert_and_elliott)
{
    static const double cases[][4] = {{0.005, 0.25, 0.3, 0.998},
                                      {0.01, 0.2, 0.2, 0.999},
                                      {0.0005, 0.02, 0.05, 0.997},
                                      {0.002, 0.1, 0.2, 0.98},
                                      {0.3, 0.3, 0, 1}};
    const double n = 100000;
    point.bps = 1000 * 1000 * 1000;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double p = cases[i][0], r = cases[i][1], h = cases[i][2], k = cases[i][3];
        profile.loss = (struct link_loss){true, p, r, h, k};
        struct link *l = open_link(100 + i);
        for (uint32_t j = 0; j < (uint32_t)n; j++) {
            send_numbered(l, j * MS, j, 100);
            while (link_next(l, j * MS, &e))
                continue;
        }
        while (next_packet(l, TIME_US_NEVER - 1))
            continue;
        double bad = p / (p + r), q = bad * (1 - h) + (1 - bad) * (1 - k), rho = 1 - p - r;
        double variance =
            (q * (1 - q) + 2 * bad * (1 - bad) * (h - k) * (h - k) * rho / (1 - rho)) / n;
        struct link_statistics s = statistics(l);
        double loss = (double)s.lost_radio / n;
        cr_assert_lt(fabs(loss - q), 3 * sqrt(variance), "case %zu: %f, expected %f", i, loss, q);
        cr_assert_eq(s.lost_radio + s.delivered, (uint64_t)n);
        link_free(l);
    }
}

Test(link, duplicates_and_reordering_come_at_their_probability)
{
    profile.duplicate = 0.01;
    profile.reorder = 0.02;
    point.bps = 10 * 1000 * 1000;
    struct link *l = open_link(5);
    const uint32_t n = 100000;
    uint32_t highest = 0, late = 0, copies = 0;
    for (uint32_t i = 1; i <= n; i++) {
        send_numbered(l, i * 5 * MS, i, 100);
        while (link_next(l, i * 5 * MS, &e)) {
            late += number_of(&e) < highest && !e.duplicate;
            copies += e.duplicate;
            highest = number_of(&e) > highest ? number_of(&e) : highest;
        }
    }
    struct link_statistics s = statistics(l);
    cr_assert_eq(s.duplicated - copies <= 1, true);
    cr_assert_lt(fabs((double)copies - n * 0.01), 3 * sqrt(n * 0.01 * 0.99));
    cr_assert_lt(fabs((double)late - n * 0.02), 3 * sqrt(n * 0.02 * 0.98) + 1);
    link_free(l);
}

static uint64_t run_digest(uint64_t seed)
{
    struct link *l = open_link(seed);
    uint64_t digest = UINT64_C(1469598103934665603);
    for (uint32_t i = 0; i < 20000; i++) {
        send_numbered(l, i * 3 * MS, i, 40 + i % 900);
        while (link_next(l, i * 3 * MS, &e))
            digest =
                (digest ^ (uint64_t)e.delivered_us ^ (uint64_t)e.type << 60 ^ e.len_bytes << 40) *
                UINT64_C(1099511628211);
    }
    link_free(l);
    return digest;
}

Test(link, the_seed_decides_and_nothing_else)
{
    point.bps = 2000000;
    profile.delay_us = 50 * MS;
    profile.jitter = LINK_JITTER_LOGNORMAL;
    profile.jitter_sd_us = 20 * MS;
    profile.loss = (struct link_loss){true, 0.01, 0.2, 0.2, 0.999};
    profile.duplicate = profile.reorder = 0.01;
    profile.queue_bytes = 30000;
    cr_assert_eq(run_digest(1), run_digest(1));
    cr_assert_neq(run_digest(1), run_digest(2));
}

Test(link, how_often_it_is_asked_changes_nothing)
{
    profile.delay_us = 50 * MS;
    profile.jitter = LINK_JITTER_NORMAL;
    profile.jitter_sd_us = 20 * MS;
    profile.loss = (struct link_loss){true, 0.01, 0.2, 0.2, 0.999};
    struct link *often = open_link(4), *once = open_link(4);
    time_us seen[2000];
    size_t count = 0;
    for (uint32_t i = 0; i < 2000; i++) {
        send_numbered(often, i * 20 * MS, i, 100);
        send_numbered(once, i * 20 * MS, i, 100);
        for (time_us t = 0; t < 20 * MS; t += MS) {
            while (link_next(often, i * 20 * MS + t, &e))
                seen[count++] = e.delivered_us;
        }
    }
    while (next_packet(often, 1000 * S))
        seen[count++] = e.delivered_us;
    for (size_t i = 0; i < count; i++)
        cr_assert(link_next(once, 1000 * S, &e) && e.delivered_us == seen[i]);
    cr_assert_not(link_next(once, 1000 * S, &e));
    link_free(often);
    link_free(once);
}

Test(link, addresses_change_after_their_share_of_long_outages)
{
    profile.outages = (struct link_outages){.every_us = 20 * S, .length_us = 6 * S};
    profile.address_share = 0.33;
    profile.address_min_us = 5 * S;
    const double n = 5000;
    struct link *l = open_link(11);
    struct link *down;
    const struct link_options o = {.profile = &profile, .direction = LINK_DOWN, .seed = 11};
    cr_assert_eq(link_new(&down, &o), 0);
    struct link_event other;
    time_us end = (time_us)(n + 1) * 20 * S - 1;
    while (link_next(l, end, &e)) {
        cr_assert_eq(e.type, LINK_ADDRESS_CHANGE);
        cr_assert_eq(e.delivered_us % (20 * S), 6 * S, "at the end of an outage");
        cr_assert(link_next(down, end, &other) && other.delivered_us == e.delivered_us);
    }
    double changes = (double)statistics(l).address_changes;
    cr_assert_lt(fabs(changes - n * 0.33), 3 * sqrt(n * 0.33 * 0.67), "%f", changes);
    link_free(l);
    link_free(down);
    profile.address_min_us = 6 * S;
    l = open_link(11);
    cr_assert_not(link_next(l, end, &e), "the outages are not longer than that");
    cr_assert_eq(link_deadline(l), TIME_US_NEVER);
    link_free(l);
}

Test(link, outages_of_a_trace_change_addresses_too)
{
    static struct link_rate_point points[] = {{.at_us = 0, .bps = 64000},
                                              {.at_us = 10 * S, .bps = 10, .outage = true},
                                              {.at_us = 14 * S, .bps = 0, .outage = true},
                                              {.at_us = 16 * S, .bps = 64000},
                                              {.at_us = 18 * S, .bps = 0, .outage = true},
                                              {.at_us = 20 * S, .bps = 64000}};
    profile.rate[LINK_UP] = (struct link_rate){.points = points, .count = 6, .period_us = 30 * S};
    profile.address_share = 1;
    profile.address_min_us = 5 * S;
    struct link *l = open_link(1);
    cr_assert_eq(link_deadline(l), 16 * S);
    for (int loop = 0; loop < 3; loop++)
        cr_assert(link_next(l, 100 * S, &e) && e.delivered_us == (16 + 30 * loop) * S);
    cr_assert_not(link_next(l, 100 * S, &e));
    link_free(l);
}

Test(link, percentiles_are_those_of_the_delays)
{
    point.bps = 1000 * 1000 * 1000;
    profile.delay_us = 100 * MS;
    profile.jitter = LINK_JITTER_UNIFORM;
    profile.jitter_sd_us = llround(50e3 / sqrt(3.0)); /* 50 to 150 ms */
    struct link *l = open_link(8);
    for (uint32_t i = 0; i < 20000; i++) {
        send_numbered(l, i * S, i, 100);
        while (link_next(l, i * S, &e))
            continue;
    }
    for (double share = 0.1; share < 0.95; share += 0.1) {
        double want = 50e3 + share * 100e3, got = (double)link_delay_percentile_us(l, share);
        cr_assert_float_eq(got, want, want * 0.03, "%f: %f", share, got);
    }
    cr_assert_leq(link_delay_percentile_us(l, 1), 153 * MS);
    cr_assert_geq(link_delay_percentile_us(l, 0), 50 * MS);
    link_free(l);
}

Test(link, wrong_calls_are_refused)
{
    struct link *l;
    cr_assert_eq(link_new(&l, &(struct link_options){0}), SQ_ERR_INVALID);
    profile.cross_tcp = 4;
    cr_assert_eq(link_new(&l, &(struct link_options){.profile = &profile}), SQ_ERR_UNSUPPORTED);
    profile.cross_tcp = 0;
    profile.bearer_count = 2;
    cr_assert_eq(link_new(&l, &(struct link_options){.profile = &profile}), SQ_ERR_UNSUPPORTED);
    profile.bearer_count = 0;
    l = open_link(1);
    static uint8_t huge[LINK_PACKET_MAX + 1];
    cr_assert_eq(link_send(l, 0, huge, sizeof huge), SQ_ERR_INVALID);
    cr_assert_eq(link_send(l, 0, huge, 0), SQ_ERR_INVALID);
    cr_assert_eq(link_send(l, 0, NULL, 5), SQ_ERR_INVALID);
    cr_assert_eq(statistics(l).sent, 0);
    cr_assert_eq(link_delay_percentile_us(l, 0.5), 0);
    link_free(l);
    link_free(NULL);
}
