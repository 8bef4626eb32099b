/* SPDX-License-Identifier: Apache-2.0 */
/* The delay detector of the estimator. */
#include "rtc/bwe/trend.h"

#include <math.h>
#include <string.h>

#define GROUP_US           (5 * TIME_US_PER_MS)   /* section 5.2: burst_time */
#define GROUP_LONG_US      (100 * TIME_US_PER_MS) /* a burst grows no longer than this */
#define SMOOTHING          0.9
#define GAIN               4.0  /* libwebrtc: threshold gain of the slope */
#define SAMPLES_MAX        60   /* the slope is scaled by samples seen, up to here */
#define THRESHOLD_START_MS 12.5 /* section 5.4: del_var_th(0) */
#define THRESHOLD_MIN_MS   6.0
#define THRESHOLD_MAX_MS   600.0
#define K_UP               0.0087 /* libwebrtc's; section 5.4 gives 0.01 */
#define K_DOWN             0.039  /* libwebrtc's; section 5.4 gives 0.00018 per ms */
#define ADAPT_OUTLIER_MS   15.0   /* section 5.4: spikes further away do not adapt it */
#define OVERUSE_TIME_MS    10.0   /* section 5.4: overuse_time_th */
#define GROUP_GAP_US       (3 * TIME_US_PER_S) /* arrivals further apart start anew */

void trend_init(struct estimator_trend *t)
{
    memset(t, 0, sizeof *t);
    t->threshold_ms = THRESHOLD_START_MS;
}

static bool same_group(const struct estimator_group *g, time_us sent_us, time_us arrived_us)
{
    if (sent_us - g->first_sent_us <= GROUP_US)
        return true;
    /* Section 5.2: a burst: it came within 5 ms of the one before and faster than it was sent. */
    time_us sent_delta = sent_us - g->last_sent_us;
    time_us arrived_delta = arrived_us - g->last_arrived_us;
    return arrived_delta <= GROUP_US && arrived_delta < sent_delta &&
           arrived_us - g->first_arrived_us < GROUP_LONG_US;
}

/* Slope of the least-squares line through the window; 0 when all x are alike. */
static double slope(const struct estimator_trend *t)
{
    double mean_x = 0, mean_y = 0, over = 0, under = 0;
    for (size_t i = 0; i < ESTIMATOR_TREND_WINDOW; i++) {
        mean_x += t->x_ms[i] / ESTIMATOR_TREND_WINDOW;
        mean_y += t->y_ms[i] / ESTIMATOR_TREND_WINDOW;
    }
    for (size_t i = 0; i < ESTIMATOR_TREND_WINDOW; i++) {
        over += (t->x_ms[i] - mean_x) * (t->y_ms[i] - mean_y);
        under += (t->x_ms[i] - mean_x) * (t->x_ms[i] - mean_x);
    }
    return under > 0 ? over / under : 0;
}

static void adapt_threshold(struct estimator_trend *t, double modified, time_us arrived_us)
{
    double distance = fabs(modified) - t->threshold_ms;
    if (t->threshold_us != 0 && distance <= ADAPT_OUTLIER_MS) {
        double k = distance < 0 ? K_DOWN : K_UP;
        double passed_ms = (double)(arrived_us - t->threshold_us) / 1000.0;
        passed_ms = fmin(fmax(passed_ms, 0), 100.0);
        t->threshold_ms += k * distance * passed_ms;
        t->threshold_ms = fmin(fmax(t->threshold_ms, THRESHOLD_MIN_MS), THRESHOLD_MAX_MS);
    }
    t->threshold_us = arrived_us;
}

static void detect(struct estimator_trend *t, double trend, double sent_delta_ms,
                   time_us arrived_us)
{
    double samples = t->sample_count < SAMPLES_MAX ? t->sample_count : SAMPLES_MAX;
    double modified = samples * trend * GAIN;
    if (modified > t->threshold_ms) {
        t->overuse_ms += t->overuse_count == 0 ? sent_delta_ms / 2 : sent_delta_ms;
        t->overuse_count++;
        if (t->overuse_ms > OVERUSE_TIME_MS && t->overuse_count > 1 && trend >= t->previous_trend) {
            t->overuse_ms = 0;
            t->overuse_count = 0;
            t->usage = ESTIMATOR_OVERUSE;
        }
    } else {
        t->overuse_ms = 0;
        t->overuse_count = 0;
        t->usage = modified < -t->threshold_ms ? ESTIMATOR_UNDERUSE : ESTIMATOR_NORMAL;
    }
    t->previous_trend = trend;
    adapt_threshold(t, modified, arrived_us);
}

/* Two complete groups: their delay variation goes into the line. */
static void on_group(struct estimator_trend *t)
{
    const struct estimator_group *a = &t->previous, *b = &t->current;
    double sent_ms = (double)(b->last_sent_us - a->last_sent_us) / 1000.0;
    double arrived_ms = (double)(b->last_arrived_us - a->last_arrived_us) / 1000.0;
    if (t->sample_count == 0)
        t->first_arrived_us = b->last_arrived_us;
    size_t slot = t->sample_count % ESTIMATOR_TREND_WINDOW;
    t->sample_count++;
    if (t->sample_count == 1000 * ESTIMATOR_TREND_WINDOW)
        t->sample_count = 100 * ESTIMATOR_TREND_WINDOW; /* keeps the slot, never overflows */
    t->accumulated_ms += arrived_ms - sent_ms;
    t->smoothed_ms = SMOOTHING * t->smoothed_ms + (1 - SMOOTHING) * t->accumulated_ms;
    t->x_ms[slot] = (double)(b->last_arrived_us - t->first_arrived_us) / 1000.0;
    t->y_ms[slot] = t->smoothed_ms;
    double trend = t->previous_trend;
    if (t->sample_count >= ESTIMATOR_TREND_WINDOW)
        trend = slope(t);
    detect(t, trend, sent_ms, b->last_arrived_us);
}

void trend_on_packet(struct estimator_trend *t, time_us sent_us, time_us arrived_us)
{
    struct estimator_group *g = &t->current;
    if (g->valid && arrived_us - g->last_arrived_us > GROUP_GAP_US) {
        double threshold_ms = t->threshold_ms;
        trend_init(t);
        t->threshold_ms = threshold_ms;
    }
    if (g->valid && sent_us < g->first_sent_us)
        return; /* sent before this group: came late, says nothing about the queue now */
    if (g->valid && same_group(g, sent_us, arrived_us)) {
        if (sent_us > g->last_sent_us)
            g->last_sent_us = sent_us;
        if (arrived_us > g->last_arrived_us)
            g->last_arrived_us = arrived_us;
        return;
    }
    if (g->valid && t->previous.valid)
        on_group(t);
    if (g->valid)
        t->previous = *g;
    *g = (struct estimator_group){sent_us, sent_us, arrived_us, arrived_us, true};
}
