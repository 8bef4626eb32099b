/* SPDX-License-Identifier: Apache-2.0 */
/* See capture.h. The time of the newest push dates all samples that wait: the card's clock is
 * steadier than the moments at which its blocks arrive, and a drift is corrected with each push. */
#include "client-lib/audio/capture.h"

#include <pthread.h>
#include <shanqiao/error.h>
#include <stdlib.h>
#include <string.h>

#define SAMPLES_PER_S 48000

struct capture {
    pthread_mutex_t lock; /* guards all below */
    size_t count;
    time_us first_us; /* capture time of samples[0] */
    int16_t samples[CAPTURE_MAX_SAMPLES];
};

static time_us duration_us(size_t samples)
{
    return (time_us)samples * TIME_US_PER_S / SAMPLES_PER_S;
}

int capture_new(struct capture **out)
{
    struct capture *c = calloc(1, sizeof(*c));
    if (!c || pthread_mutex_init(&c->lock, NULL)) {
        free(c);
        return SQ_ERR_NOMEM;
    }
    *out = c;
    return 0;
}

void capture_free(struct capture *c)
{
    if (!c)
        return;
    pthread_mutex_destroy(&c->lock);
    free(c);
}

static void drop(struct capture *c, size_t count)
{
    c->count -= count;
    c->first_us += duration_us(count);
    memmove(c->samples, c->samples + count, c->count * sizeof(*c->samples));
}

void capture_push(struct capture *c, const int16_t *samples, size_t count, time_us capture_us)
{
    if (count > CAPTURE_MAX_SAMPLES) {
        size_t excess = count - CAPTURE_MAX_SAMPLES;
        samples += excess;
        capture_us += duration_us(excess);
        count = CAPTURE_MAX_SAMPLES;
    }
    pthread_mutex_lock(&c->lock);
    if (c->count + count > CAPTURE_MAX_SAMPLES)
        drop(c, c->count + count - CAPTURE_MAX_SAMPLES);
    c->first_us = capture_us - duration_us(c->count);
    memcpy(c->samples + c->count, samples, count * sizeof(*samples));
    c->count += count;
    pthread_mutex_unlock(&c->lock);
}

bool capture_take(struct capture *c, int16_t *out, size_t count, time_us *capture_us)
{
    pthread_mutex_lock(&c->lock);
    bool enough = c->count >= count;
    if (enough) {
        *capture_us = c->first_us;
        memcpy(out, c->samples, count * sizeof(*out));
        drop(c, count);
    }
    pthread_mutex_unlock(&c->lock);
    return enough;
}

size_t capture_waiting(struct capture *c)
{
    pthread_mutex_lock(&c->lock);
    size_t count = c->count;
    pthread_mutex_unlock(&c->lock);
    return count;
}
