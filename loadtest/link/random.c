/* SPDX-License-Identifier: Apache-2.0 */
/* Generator and distributions; see random.h. */
#include "loadtest/link/random.h"
#include <math.h>

#define SPLITMIX_STEP UINT64_C(0x9e3779b97f4a7c15)

static uint64_t finish(uint64_t z)
{
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

uint64_t link_random_mix(uint64_t a, uint64_t b)
{
    return finish(finish(a + SPLITMIX_STEP) + b * SPLITMIX_STEP);
}

void link_random_init(struct link_random *r, uint64_t seed)
{
    for (int i = 0; i < 4; i++) {
        seed += SPLITMIX_STEP;
        r->state[i] = finish(seed);
    }
}

static uint64_t rotate(uint64_t v, int bits)
{
    return v << bits | v >> (64 - bits);
}

uint64_t link_random_u64(struct link_random *r)
{
    uint64_t *s = r->state;
    uint64_t result = rotate(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

double link_random_unit(struct link_random *r)
{
    return (double)(link_random_u64(r) >> 11) * 0x1p-53;
}

bool link_random_chance(struct link_random *r, double probability)
{
    return link_random_unit(r) < probability;
}

/* Box and Muller 1958; the second value is thrown away, so that each call draws the same number of
 * times. */
double link_random_normal(struct link_random *r)
{
    double u = 1.0 - link_random_unit(r);
    double v = link_random_unit(r);
    return sqrt(-2.0 * log(u)) * cos(2.0 * M_PI * v);
}

/* Marsaglia and Tsang, A simple method for generating gamma variables, 2000; shape >= 1. */
static double gamma_of_shape(struct link_random *r, double shape)
{
    double d = shape - 1.0 / 3.0;
    double c = 1.0 / sqrt(9.0 * d);
    for (;;) {
        double x = link_random_normal(r);
        double v = 1.0 + c * x;
        double u = 1.0 - link_random_unit(r);
        if (v <= 0.0)
            continue;
        v = v * v * v;
        if (log(u) < 0.5 * x * x + d - d * v + d * log(v))
            return d * v;
    }
}

double link_random_gamma(struct link_random *r, double mean, double sd)
{
    double shape = (mean / sd) * (mean / sd);
    double scale = mean / shape;
    if (shape >= 1.0)
        return scale * gamma_of_shape(r, shape);
    /* The same paper, section 6: shape + 1, times u^(1 / shape). */
    double u = 1.0 - link_random_unit(r);
    return scale * gamma_of_shape(r, shape + 1.0) * pow(u, 1.0 / shape);
}

double link_random_lognormal(struct link_random *r, double mean, double sd)
{
    double variance = log1p((sd / mean) * (sd / mean));
    double mu = log(mean) - variance / 2.0;
    return exp(mu + sqrt(variance) * link_random_normal(r));
}

double link_random_uniform(struct link_random *r, double mean, double sd)
{
    double half = sd * sqrt(3.0);
    return mean + half * (2.0 * link_random_unit(r) - 1.0);
}
