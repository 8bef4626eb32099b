/* SPDX-License-Identifier: Apache-2.0 */
/* Seeded randomness and the distributions of delays. xoshiro256** seeded by SplitMix64 (Blackman
 * and Vigna, public domain algorithms). Never for keys. */
#ifndef LOADTEST_LINK_RANDOM_H
#define LOADTEST_LINK_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct link_random {
    uint64_t state[4];
};

void link_random_init(struct link_random *r, uint64_t seed);
uint64_t link_random_u64(struct link_random *r);
double link_random_unit(struct link_random *r); /* [0, 1) */
bool link_random_chance(struct link_random *r, double probability);
double link_random_normal(struct link_random *r); /* mean 0, standard deviation 1 */
/* By mean and standard deviation, both > 0. */
double link_random_gamma(struct link_random *r, double mean, double sd);
double link_random_lognormal(struct link_random *r, double mean, double sd);
double link_random_uniform(struct link_random *r, double mean, double sd);

/* A well mixed number of two: SplitMix64's finish. */
uint64_t link_random_mix(uint64_t a, uint64_t b);

#endif
