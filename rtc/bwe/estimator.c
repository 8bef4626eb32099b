/* SPDX-License-Identifier: Apache-2.0 */
/* Rate control: AIMD on over-use (draft-ietf-rmcat-gcc-02 section 5.5), loss only with a standing
 * queue, freeze and recovery over outages. The delay detector is in trend.c. */
#include "rtc/bwe/estimator.h"

#include "rtc/bwe/trend.h"
#include <math.h>
#include <string.h>

#define START_BPS         300000.0
#define BETA              0.85 /* section 5.5: decrease to that share of the acknowledged rate */
#define ETA_PER_S         1.08 /* section 5.5: multiplicative increase per second */
#define ETA_START_PER_S   1.5  /* of ours, instead of probing: until the limit was met once */
#define ACKED_CAP         1.5  /* section 5.5: never above 1.5 times what arrives */
#define ACKED_CAP_EXTRA   10000.0
#define RTT_DEFAULT_US    (200 * TIME_US_PER_MS)
#define RESPONSE_EXTRA_US (100 * TIME_US_PER_MS) /* section 5.5: response_time = 100 ms + RTT */
#define PACKET_BITS       9600.0 /* additive increase is about one packet per response time */
#define LOSS_WINDOW_US    (500 * TIME_US_PER_MS)
#define LOSS_PACKETS_MIN  20
#define LOSS_DECREASE     0.10 /* section 6: above 10 % down by half of it */
#define LOSS_HEAVY                                                                                 \
    0.50 /* of ours: no radio link loses this much; a queue that is always full does */
#define LOSS_HOLD     0.25 /* of ours: with a flat queue it may be a policer, so go no further up */
#define QUEUE_FLAT_US (30 * TIME_US_PER_MS)
#define QUEUE_HIGH_US                                                                              \
    (150 * TIME_US_PER_MS) /* of ours: a queue that stands has no trend, yet must go */
#define QUEUE_DRAIN_US  (1000 * TIME_US_PER_MS) /* in about that time */
#define DRAIN_SHARE_MIN 0.5
#define THIN_SHARE      0.6                  /* of ours */
#define BASE_WINDOW_US  (10 * TIME_US_PER_S) /* then the smallest delay is learned anew */
#define OUTAGE_MIN_US   (1000 * TIME_US_PER_MS)
#define BUCKET_US       (100 * TIME_US_PER_MS)
#define SMOOTH          0.1
#define DEVIATION_WIDTH 3.0 /* section 5.5: near the average means within three deviations */

void estimator_init(struct estimator *e, const struct estimator_config *config, time_us now_us)
{
    memset(e, 0, sizeof *e);
    e->config = *config;
    if (e->config.min_bps < ESTIMATOR_FLOOR_BPS)
        e->config.min_bps = ESTIMATOR_FLOOR_BPS;
    if (e->config.max_bps == 0 || e->config.max_bps > ESTIMATOR_CEILING_BPS)
        e->config.max_bps = ESTIMATOR_CEILING_BPS;
    if (e->config.max_bps < e->config.min_bps)
        e->config.max_bps = e->config.min_bps;
    e->rate_bps = config->start_bps ? (double)config->start_bps : START_BPS;
    e->rate_bps = fmin(fmax(e->rate_bps, e->config.min_bps), e->config.max_bps);
    e->last_feedback_us = now_us;
    e->last_change_us = now_us;
    trend_init(&e->trend);
}

uint32_t estimator_bps(const struct estimator *e)
{
    double rate = e->rate_bps;
    if (e->remb_bps != 0)
        rate = fmin(rate, e->remb_bps);
    return (uint32_t)fmin(fmax(rate, e->config.min_bps), e->config.max_bps);
}

time_us estimator_queue_us(const struct estimator *e)
{
    return e->queue.smoothed_us;
}

double estimator_loss(const struct estimator *e)
{
    return e->loss.fraction;
}

enum estimator_usage estimator_usage(const struct estimator *e)
{
    return e->trend.usage;
}

bool estimator_on_remb(struct estimator *e, uint64_t rate_bps, time_us now_us)
{
    uint32_t before = estimator_bps(e);
    (void)now_us;
    if (rate_bps != 0 && rate_bps < e->config.min_bps)
        rate_bps = e->config.min_bps;
    e->remb_bps = rate_bps > UINT32_MAX ? UINT32_MAX : (uint32_t)rate_bps;
    return estimator_bps(e) != before;
}

/* ---- what arrives ---- */

static void acked_add(struct estimator_acked *a, time_us arrived_us, size_t bytes)
{
    int64_t bucket = arrived_us / BUCKET_US;
    if (!a->started || bucket > a->bucket + ESTIMATOR_ACKED_BUCKETS) {
        memset(a->bytes, 0, sizeof a->bytes);
        a->started = true;
        a->first_bucket = bucket;
        a->bucket = bucket;
    }
    if (bucket <= a->bucket - ESTIMATOR_ACKED_BUCKETS)
        return;
    while (a->bucket < bucket)
        a->bytes[(uint64_t)++a->bucket % ESTIMATOR_ACKED_BUCKETS] = 0;
    a->bytes[(uint64_t)bucket % ESTIMATOR_ACKED_BUCKETS] += bytes;
}

/* Acknowledged rate over the full buckets; 0 while there are fewer than three. */
static double acked_bps(const struct estimator_acked *a)
{
    int64_t full = a->bucket - a->first_bucket; /* without the newest, which is not complete */
    if (!a->started || full < 3)
        return 0;
    if (full > ESTIMATOR_ACKED_BUCKETS - 1)
        full = ESTIMATOR_ACKED_BUCKETS - 1;
    uint64_t bytes = 0;
    for (int64_t i = 1; i <= full; i++)
        bytes += a->bytes[(uint64_t)(a->bucket - i) % ESTIMATOR_ACKED_BUCKETS];
    return (double)bytes * 8 * (double)TIME_US_PER_S / ((double)full * (double)BUCKET_US);
}

static void observe_queue(struct estimator_queue *q, const struct twcc_result *r)
{
    time_us delay = r->arrived_us - r->sent_us;
    if (!q->started) {
        *q = (struct estimator_queue){delay, delay, r->sent_us, 0, true};
    } else if (r->sent_us - q->base_since_us > BASE_WINDOW_US) {
        q->previous_base_us = q->base_us;
        q->base_us = delay;
        q->base_since_us = r->sent_us;
    }
    q->base_us = time_us_min(q->base_us, delay);
    delay -= time_us_min(q->base_us, q->previous_base_us);
    q->smoothed_us += (delay - q->smoothed_us) / 4;
}

static bool queue_is_flat(const struct estimator *e)
{
    return e->queue.smoothed_us < QUEUE_FLAT_US && e->trend.usage != ESTIMATOR_OVERUSE;
}

/* ---- rate ---- */

static time_us rtt_or_default(const struct estimator *e)
{
    return e->rtt_us > 0 ? e->rtt_us : RTT_DEFAULT_US;
}

static void set_rate(struct estimator *e, double bps, time_us now_us)
{
    e->rate_bps = fmin(fmax(bps, e->config.min_bps), e->config.max_bps);
    e->last_change_us = now_us;
}

/* Where over-use begins is remembered as an average and its spread (section 5.5). */
static void learn_capacity(struct estimator *e, double acked)
{
    if (e->link_capacity_bps == 0) {
        e->link_capacity_bps = acked;
        e->link_deviation = 0.1 * acked;
        return;
    }
    double error = acked - e->link_capacity_bps;
    e->link_capacity_bps += SMOOTH * error;
    e->link_deviation += SMOOTH * (fabs(error) - e->link_deviation);
}

/* Beta, or less where a long queue stands. */
static double decrease_share(const struct estimator *e)
{
    double share = 1.0 - (double)e->queue.smoothed_us / (double)QUEUE_DRAIN_US;
    return fmin(fmax(share, DRAIN_SHARE_MIN), BETA);
}

static void decrease(struct estimator *e, time_us now_us)
{
    double acked = acked_bps(&e->acked);
    if (now_us - e->last_decrease_us < rtt_or_default(e) && e->last_decrease_us != 0)
        return; /* once per round trip: what was sent before still arrives */
    double share = decrease_share(e);
    /* A stream that uses little of its rate shows nothing about the link: what arrives is what it
     * sends. */
    bool thin = acked < THIN_SHARE * e->rate_bps && e->queue.smoothed_us <= QUEUE_HIGH_US;
    double target = thin ? BETA * e->rate_bps : share * acked;
    if (acked == 0)
        target = share * e->rate_bps; /* nothing measured yet */
    target = fmin(target, e->rate_bps);
    if (!thin && acked > 0)
        learn_capacity(e, acked);
    e->recover_bps = 0;
    e->last_decrease_us = now_us;
    set_rate(e, target, now_us);
}

/* After an outage, up to what was known before: doubles per round trip. */
static bool recover(struct estimator *e, double passed_s, time_us now_us)
{
    if (e->recover_bps == 0)
        return false;
    double rtt_s = (double)rtt_or_default(e) / (double)TIME_US_PER_S;
    double rate = e->rate_bps * exp2(fmin(passed_s / rtt_s, 1.0));
    if (rate >= e->recover_bps) {
        rate = e->recover_bps;
        e->recover_bps = 0;
    }
    set_rate(e, rate, now_us);
    return true;
}

static void increase(struct estimator *e, time_us now_us)
{
    double passed_s = (double)(now_us - e->last_change_us) / (double)TIME_US_PER_S;
    passed_s = fmin(fmax(passed_s, 0), 1.0);
    if (recover(e, passed_s, now_us))
        return;
    double acked = acked_bps(&e->acked);
    double cap = acked > 0 ? ACKED_CAP * acked + ACKED_CAP_EXTRA : e->rate_bps;
    bool near = e->link_capacity_bps > 0 &&
                fabs(acked - e->link_capacity_bps) < DEVIATION_WIDTH * e->link_deviation;
    if (e->link_capacity_bps > 0 &&
        acked > e->link_capacity_bps + DEVIATION_WIDTH * e->link_deviation)
        e->link_capacity_bps = 0; /* the link has grown: forget */
    double rate;
    if (near) {
        double response_s = (double)(rtt_or_default(e) + RESPONSE_EXTRA_US) / (double)TIME_US_PER_S;
        /* One packet per response time, but at low rates a packet is the whole rate: 5 % at most.
         */
        double step = fmin(PACKET_BITS / response_s, 0.05 * e->rate_bps / response_s);
        rate = e->rate_bps + fmax(step, 1000.0) * passed_s;
    } else {
        double eta = e->last_decrease_us == 0 ? ETA_START_PER_S : ETA_PER_S;
        rate = e->rate_bps * pow(eta, passed_s) + 1000.0 * passed_s;
    }
    if (rate > cap)
        rate = fmax(e->rate_bps, cap); /* the cap stops growth, it takes nothing away */
    set_rate(e, rate, now_us);
}

/* Loss over the last half second at least. True when it took the rate down or forbids going up. */
static bool judge_loss(struct estimator *e, time_us now_us)
{
    struct estimator_loss *l = &e->loss;
    if (now_us - l->since_us >= LOSS_WINDOW_US && l->sent >= LOSS_PACKETS_MIN) {
        l->fraction += 0.5 * ((double)l->lost / l->sent - l->fraction);
        l->sent = 0;
        l->lost = 0;
        l->since_us = now_us;
        if (l->fraction > (queue_is_flat(e) ? LOSS_HEAVY : LOSS_DECREASE)) {
            set_rate(e, e->rate_bps * (1 - 0.5 * l->fraction), now_us);
            return true;
        }
    }
    return l->fraction > (queue_is_flat(e) ? LOSS_HOLD : LOSS_DECREASE);
}

/* ---- feedback ---- */

/* Silence of more than two round trips: nothing of it is learned. */
static bool outage_ended(struct estimator *e, time_us now_us)
{
    time_us limit = 2 * rtt_or_default(e);
    if (limit < OUTAGE_MIN_US)
        limit = OUTAGE_MIN_US;
    if (!e->queue.started || now_us - e->last_feedback_us <= limit)
        return false;
    e->outages++;
    e->recover_bps = fmax(e->rate_bps, e->recover_bps);
    set_rate(e, e->rate_bps / 2, now_us);
    trend_init(&e->trend);
    memset(&e->acked, 0, sizeof e->acked);
    e->loss = (struct estimator_loss){.since_us = now_us, .fraction = e->loss.fraction / 2};
    e->queue.smoothed_us = 0;
    return true;
}

static void observe(struct estimator *e, const struct twcc_result *r)
{
    e->loss.sent++;
    if (r->arrived_us == TIME_US_NEVER) {
        e->loss.lost++;
        return;
    }
    acked_add(&e->acked, r->arrived_us, r->size_bytes);
    observe_queue(&e->queue, r);
    trend_on_packet(&e->trend, r->sent_us, r->arrived_us);
}

bool estimator_on_results(struct estimator *e, const struct twcc_result *results, size_t count,
                          time_us rtt_us, time_us now_us)
{
    uint32_t before = estimator_bps(e);
    if (count == 0)
        return false;
    if (rtt_us > 0)
        e->rtt_us = rtt_us;
    bool resumed = outage_ended(e, now_us);
    e->last_feedback_us = now_us;
    if (resumed) /* these packets lived through the outage: their delay and loss say nothing */
        return estimator_bps(e) != before;
    for (size_t i = 0; i < count; i++)
        observe(e, &results[i]);

    bool held = judge_loss(e, now_us);
    bool standing = e->queue.smoothed_us > QUEUE_HIGH_US;
    if (e->trend.usage == ESTIMATOR_OVERUSE || standing)
        decrease(e, now_us);
    else if (e->trend.usage == ESTIMATOR_NORMAL && !held)
        increase(e, now_us);
    else
        e->last_change_us = now_us; /* under-use: the queue drains, hold */
    return estimator_bps(e) != before;
}
