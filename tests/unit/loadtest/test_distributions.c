/* SPDX-License-Identifier: Apache-2.0 */
/* Delays have the mean and the standard deviation that the profile names; buckets count right. */
#include "loadtest/link/histogram.h"
#include "loadtest/link/link.h"
#include "loadtest/link/random.h"
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#define N 100000

static void moments(enum link_jitter model, time_us mean_us, time_us sd_us, double *mean,
                    double *sd, double *skew)
{
    static struct link_rate_point point = {.bps = INT64_C(100000000000)};
    struct link_profile p = {
        .queue_bytes = 10000, .delay_us = mean_us, .jitter = model, .jitter_sd_us = sd_us};
    p.rate[0] = p.rate[1] =
        (struct link_rate){.points = &point, .count = 1, .period_us = TIME_US_NEVER};
    struct link *l;
    cr_assert_eq(link_new(&l, &(struct link_options){.profile = &p, .seed = 42}), 0);
    static double delays[N];
    double sum = 0, square = 0, cube = 0;
    struct link_event e;
    for (int i = 0; i < N; i++) { /* so far apart that order never holds one back */
        time_us now = i * 10 * TIME_US_PER_S;
        cr_assert_eq(link_send(l, now, "packet", 6), 0);
        cr_assert(link_next(l, now + 10 * TIME_US_PER_S - 1, &e));
        delays[i] = (double)(e.delivered_us - e.sent_us);
        sum += delays[i];
    }
    *mean = sum / N;
    for (int i = 0; i < N; i++) {
        double d = delays[i] - *mean;
        square += d * d;
        cube += d * d * d;
    }
    *sd = sqrt(square / N);
    *skew = cube / N / (*sd * *sd * *sd);
    link_free(l);
}

Test(jitter, models_have_their_mean_deviation_and_skewness)
{
    static const struct {
        enum link_jitter model;
        time_us mean_us, sd_us;
    } cases[] = {{LINK_JITTER_GAMMA, 250000, 80000},
                 {LINK_JITTER_GAMMA, 50000, 80000},
                 {LINK_JITTER_LOGNORMAL, 45000, 25000},
                 {LINK_JITTER_NORMAL, 450000, 40000},
                 {LINK_JITTER_UNIFORM, 290000, 12000}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double m = (double)cases[i].mean_us, s = (double)cases[i].sd_us, mean, sd, skew, cv = s / m;
        moments(cases[i].model, cases[i].mean_us, cases[i].sd_us, &mean, &sd, &skew);
        double want = cases[i].model == LINK_JITTER_GAMMA       ? 2 * cv
                      : cases[i].model == LINK_JITTER_LOGNORMAL ? cv * (3 + cv * cv)
                                                                : 0;
        cr_assert_lt(fabs(mean - m), 4 * s / sqrt(N) + 1, "%zu: mean %f", i, mean);
        cr_assert_lt(fabs(sd - s), 0.03 * s, "%zu: deviation %f", i, sd);
        cr_assert_lt(fabs(skew - want), 0.1 + 0.1 * want, "%zu: skewness %f, expected %f", i, skew,
                     want);
    }
}

Test(jitter, without_a_model_the_delay_is_exact)
{
    double mean, sd, skew;
    moments(LINK_JITTER_NONE, 25000, 0, &mean, &sd, &skew);
    cr_assert_float_eq(mean, 25001, 1); /* a microsecond of service */
    cr_assert_float_eq(sd, 0, 1e-6);
}

Test(random, the_generator_is_the_published_one)
{
    /* xoshiro256** from state 1, 2, 3, 4: the vector of the Rust crate rand_xoshiro, made with the
     * reference code. */
    struct link_random r = {.state = {1, 2, 3, 4}};
    static const uint64_t want[] = {UINT64_C(11520), UINT64_C(0), UINT64_C(1509978240),
                                    UINT64_C(1215971899390074240)};
    for (size_t i = 0; i < 4; i++)
        cr_assert_eq(link_random_u64(&r), want[i]);
}

Test(histogram, a_percentile_is_never_too_low_and_within_its_bucket)
{
    for (uint64_t v = 0; v < UINT64_C(1) << 36; v = v * 5 / 4 + 1) {
        struct histogram h = {0};
        histogram_add(&h, (time_us)v);
        time_us p = histogram_percentile(&h, 0.5);
        cr_assert_geq((uint64_t)p, v);
        cr_assert_leq((double)((uint64_t)p - v), (double)v / 64);
    }
    struct histogram h = {0};
    cr_assert_eq(histogram_percentile(&h, 0.5), 0);
    histogram_add(&h, INT64_MAX);
    cr_assert_eq(histogram_percentile(&h, 0.5), (INT64_C(1) << HISTOGRAM_BITS) - 1);
    memset(&h, 0, sizeof h);
    for (int i = 1; i <= 100; i++)
        histogram_add(&h, i);
    cr_assert_eq(histogram_percentile(&h, 0.5), 50);
    cr_assert_eq(histogram_percentile(&h, 0.99), 99);
    cr_assert_eq(histogram_percentile(&h, 1), 100);
}
