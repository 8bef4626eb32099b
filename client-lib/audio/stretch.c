/* SPDX-License-Identifier: Apache-2.0 */
/* See stretch.h. The search walks lags coarsely on every fourth sample, then finely around the
 * best. */
#include "client-lib/audio/stretch.h"

#include <math.h>
#include <string.h>

#define COARSE_STEP  4
#define ALIKE        0.85 /* correlation from which a cut can't be heard */
#define SILENCE_MEAN 16.0 /* mean square of samples: about -66 dB of full scale */

/* Correlation of the first `lag` samples with the next `lag`, in -1..1; 1 for silence. */
static double likeness(const int16_t *s, size_t lag, size_t step)
{
    double cross = 0, first = 0, second = 0;
    for (size_t i = 0; i < lag; i += step) {
        double a = s[i];
        double b = s[i + lag];
        cross += a * b;
        first += a * a;
        second += b * b;
    }
    double samples = (double)(lag / step);
    if (first < SILENCE_MEAN * samples && second < SILENCE_MEAN * samples)
        return 1.0;
    double norm = sqrt(first * second);
    return norm > 0 ? cross / norm : 0;
}

static size_t best_lag(const int16_t *s, size_t count, double *quality)
{
    size_t best = STRETCH_LAG_MIN;
    size_t longest = count / 2 < STRETCH_LAG_MAX ? count / 2 : STRETCH_LAG_MAX;
    double top = -1;
    for (size_t lag = STRETCH_LAG_MIN; lag <= longest; lag += COARSE_STEP) {
        double q = likeness(s, lag, COARSE_STEP);
        if (q > top) {
            top = q;
            best = lag;
        }
    }
    size_t low = best > STRETCH_LAG_MIN + COARSE_STEP ? best - COARSE_STEP : STRETCH_LAG_MIN;
    size_t high = best + COARSE_STEP < longest ? best + COARSE_STEP : longest;
    top = -1;
    for (size_t lag = low; lag <= high; lag++) {
        double q = likeness(s, lag, 1);
        if (q > top) {
            top = q;
            best = lag;
        }
    }
    *quality = top;
    return best;
}

static int16_t fade(int16_t from, int16_t to, size_t i, size_t len)
{
    int64_t mix = (int64_t)from * (int64_t)(len - i) + (int64_t)to * (int64_t)i;
    return (int16_t)(mix / (int64_t)len);
}

size_t stretch_faster(int16_t *samples, size_t count)
{
    double quality = 0;
    if (count < STRETCH_IN_MIN)
        return count;
    size_t lag = best_lag(samples, count, &quality);
    if (quality < ALIKE)
        return count;
    for (size_t i = 0; i < lag; i++)
        samples[i] = fade(samples[i], samples[i + lag], i, lag);
    memmove(samples + lag, samples + 2 * lag, (count - 2 * lag) * sizeof(*samples));
    return count - lag;
}

size_t stretch_slower(int16_t *samples, size_t count)
{
    double quality = 0;
    if (count < STRETCH_IN_MIN)
        return count;
    size_t lag = best_lag(samples, count, &quality);
    if (quality < ALIKE)
        return count;
    /* period 1, then period 2 fading into period 1 again, then period 2 and the rest */
    int16_t bridge[STRETCH_LAG_MAX];
    for (size_t i = 0; i < lag; i++)
        bridge[i] = fade(samples[i + lag], samples[i], i, lag);
    memmove(samples + 2 * lag, samples + lag, (count - lag) * sizeof(*samples));
    memcpy(samples + lag, bridge, lag * sizeof(*samples));
    return count + lag;
}
