/* SPDX-License-Identifier: Apache-2.0 */
/* Send-side bandwidth estimate in the manner of draft-ietf-rmcat-gcc-02: a trendline over
 * queuing-delay variation drives over-use detection and AIMD; loss counts only when the queue is
 * not flat, since on radio links loss without delay is noise. An outage freezes the state:
 * afterwards it starts from half of what it knew and doubles per round trip up to there. Refuses to
 * know: packets, feedback formats, pacing, who shares the rate. */
#ifndef RTC_BWE_ESTIMATOR_H
#define RTC_BWE_ESTIMATOR_H

#include "base/time.h"
#include "rtc/bwe/twcc_sender.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ESTIMATOR_FLOOR_BPS   6000u /* speech at 6 kb/s: below this there is nothing left to send */
#define ESTIMATOR_CEILING_BPS 100000000u
#define ESTIMATOR_TREND_WINDOW                                                                     \
    20 /* groups in the regression, draft-ietf-rmcat-gcc-02 section 5.3 (libwebrtc) */
#define ESTIMATOR_ACKED_BUCKETS 10 /* acknowledged rate: that many buckets of 100 ms */

enum estimator_usage { ESTIMATOR_NORMAL = 0, ESTIMATOR_OVERUSE, ESTIMATOR_UNDERUSE };

struct estimator_config {
    uint32_t start_bps; /* 0: 300000 */
    uint32_t min_bps;   /* 0: ESTIMATOR_FLOOR_BPS; never lower than that */
    uint32_t max_bps;   /* 0: ESTIMATOR_CEILING_BPS */
};

/* One burst of packets sent within 5 ms (section 5.2). */
struct estimator_group {
    time_us first_sent_us, last_sent_us, first_arrived_us, last_arrived_us;
    bool valid;
};

struct estimator_trend {
    struct estimator_group current, previous;
    double accumulated_ms, smoothed_ms;
    double x_ms[ESTIMATOR_TREND_WINDOW], y_ms[ESTIMATOR_TREND_WINDOW];
    unsigned sample_count; /* groups seen, capped by use */
    time_us first_arrived_us;
    double threshold_ms;  /* adaptive gamma, section 5.4 */
    time_us threshold_us; /* when it was adapted last (remote clock) */
    double overuse_ms;    /* time over threshold so far */
    unsigned overuse_count;
    double previous_trend;
    enum estimator_usage usage;
};

struct estimator_acked {
    uint64_t bytes[ESTIMATOR_ACKED_BUCKETS];
    int64_t bucket; /* number of the newest bucket (remote clock / 100 ms) */
    int64_t first_bucket;
    bool started;
};

struct estimator_loss {
    uint32_t sent, lost; /* since the last judgement */
    time_us since_us;
    double fraction; /* smoothed */
};

/* Delay of packets above the smallest of the last 10 to 20 s; the two clocks' offset cancels out.
 */
struct estimator_queue {
    time_us base_us, previous_base_us, base_since_us;
    time_us smoothed_us;
    bool started;
};

struct estimator {
    struct estimator_config config;
    struct estimator_trend trend;
    struct estimator_acked acked;
    struct estimator_loss loss;
    double rate_bps;
    double link_capacity_bps; /* mean acknowledged rate where over-use began; 0 unknown */
    double link_deviation;
    double recover_bps; /* rate before an outage; 0 when not recovering */
    uint32_t remb_bps;  /* receiver's own limit; 0 none */
    time_us rtt_us;
    struct estimator_queue queue;
    time_us last_feedback_us; /* local clock */
    time_us last_change_us;
    time_us last_decrease_us;
    uint32_t outages;
};

void estimator_init(struct estimator *e, const struct estimator_config *config, time_us now_us);
/* Results of one feedback (twcc_sender_on_feedback). rtt_us: smoothed round trip, 0 when unknown
 * (200 ms assumed). True when estimator_bps changed. */
bool estimator_on_results(struct estimator *e, const struct twcc_result *results, size_t count,
                          time_us rtt_us, time_us now_us);
/* Receiver-estimated maximum (REMB); 0 lifts it. Values below the floor count as the floor. */
bool estimator_on_remb(struct estimator *e, uint64_t rate_bps, time_us now_us);
/* The rate for everything sent on the transport, headers included; within [min_bps, max_bps]. */
uint32_t estimator_bps(const struct estimator *e);
/* Queuing delay that the last feedback showed, 0 when unknown. */
time_us estimator_queue_us(const struct estimator *e);
/* Smoothed share of lost packets, 0..1. */
double estimator_loss(const struct estimator *e);
enum estimator_usage estimator_usage(const struct estimator *e);

#endif
