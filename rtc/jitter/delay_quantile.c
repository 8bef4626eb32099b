/* SPDX-License-Identifier: Apache-2.0 */
/* Base offset and histogram of delays above it. */
#include "rtc/jitter/delay_quantile.h"

#include <string.h>

#define SAMPLES_MIN 10
#define START_WEIGHT                                                                               \
    2.0 /* NetEQ: early samples count more, until the forgetting factor takes over */

void delay_quantile_init(struct delay_quantile *d, double quantile, double forget)
{
    memset(d, 0, sizeof *d);
    d->quantile = quantile;
    d->forget = forget;
}

time_us delay_quantile_base_us(const struct delay_quantile *d)
{
    return time_us_min(d->base_us, d->previous_base_us);
}

static void update_base(struct delay_quantile *d, time_us offset_us, time_us now_us)
{
    if (!d->started) {
        d->base_us = offset_us;
        d->previous_base_us = offset_us;
        d->base_since_us = now_us;
    } else if (now_us - d->base_since_us > DELAY_BASE_SPAN_US) {
        d->previous_base_us = d->base_us;
        d->base_us = offset_us;
        d->base_since_us = now_us;
    }
    d->base_us = time_us_min(d->base_us, offset_us);
}

/* True while what arrives is the backlog of a stall. */
static bool draining(struct delay_quantile *d, time_us media_us, time_us above_us, time_us now_us)
{
    time_us late_us = (now_us - d->last_arrival_us) - (media_us - d->last_media_us);
    if (d->started && late_us > DELAY_STALL_US)
        d->draining_until_us = now_us + DELAY_DRAIN_US;
    if (now_us >= d->draining_until_us || above_us < DELAY_STALL_US / 2)
        d->draining_until_us = 0;
    return d->draining_until_us != 0;
}

static void learn(struct delay_quantile *d, time_us above_us)
{
    double forget = 1.0 - START_WEIGHT / (d->samples + 2.0);
    if (forget > d->forget)
        forget = d->forget;
    size_t bucket = (size_t)(above_us / DELAY_BUCKET_US);
    if (bucket >= DELAY_BUCKETS)
        bucket = DELAY_BUCKETS - 1;
    for (size_t i = 0; i < DELAY_BUCKETS; i++)
        d->share[i] *= forget;
    d->share[bucket] += 1.0 - forget;
    if (d->samples < 1000000)
        d->samples++;
}

void delay_quantile_add(struct delay_quantile *d, time_us media_us, time_us now_us)
{
    time_us offset_us = now_us - media_us;
    bool first = !d->started;
    update_base(d, offset_us, now_us);
    time_us above_us = offset_us - delay_quantile_base_us(d);
    bool skip = !first && draining(d, media_us, above_us, now_us);
    d->started = true;
    d->last_arrival_us = now_us;
    d->last_media_us = media_us;
    if (!skip)
        learn(d, above_us);
}

time_us delay_quantile_us(const struct delay_quantile *d, time_us start_us)
{
    double sum = 0, total = 0;
    if (d->samples < SAMPLES_MIN)
        return start_us;
    for (size_t i = 0; i < DELAY_BUCKETS; i++)
        total += d->share[i];
    for (size_t i = 0; i < DELAY_BUCKETS; i++) {
        sum += d->share[i];
        if (sum >= d->quantile * total)
            return (time_us)(i + 1) * DELAY_BUCKET_US;
    }
    return DELAY_BUCKETS * DELAY_BUCKET_US;
}
