/* SPDX-License-Identifier: Apache-2.0 */
/* Seeded randomness of simulations: the same seed gives the same run on every machine.
 * xoshiro256** 1.0 seeded by SplitMix64 (Blackman and Vigna, https://prng.di.unimi.it, public
 * domain algorithms). Never for keys. */
#ifndef TESTS_SUPPORT_PRNG_H
#define TESTS_SUPPORT_PRNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct prng {
    uint64_t state[4];
};

static inline uint64_t prng_splitmix64(uint64_t *x)
{
    uint64_t z = *x += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static inline struct prng prng_of(uint64_t seed)
{
    struct prng p;
    for (int i = 0; i < 4; i++)
        p.state[i] = prng_splitmix64(&seed);
    return p;
}

static inline uint64_t prng_rotate(uint64_t v, int bits)
{
    return v << bits | v >> (64 - bits);
}

static inline uint64_t prng_u64(struct prng *p)
{
    uint64_t *s = p->state;
    uint64_t result = prng_rotate(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = prng_rotate(s[3], 45);
    return result;
}

static inline uint32_t prng_u32(struct prng *p)
{
    return (uint32_t)(prng_u64(p) >> 32);
}

/* Even over 0 .. bound - 1 (to within 2^-32); bound > 0. */
static inline uint32_t prng_below(struct prng *p, uint32_t bound)
{
    return (uint32_t)((uint64_t)prng_u32(p) * bound >> 32);
}

/* Even over low .. high, both included. */
static inline int64_t prng_between(struct prng *p, int64_t low, int64_t high)
{
    uint64_t span = (uint64_t)high - (uint64_t)low + 1;
    uint64_t draw = prng_u64(p);
    return (int64_t)((uint64_t)low + (span ? draw % span : draw));
}

/* [0, 1) with 53 bits. */
static inline double prng_unit(struct prng *p)
{
    return (double)(prng_u64(p) >> 11) * 0x1p-53;
}

static inline bool prng_chance(struct prng *p, double probability)
{
    return prng_unit(p) < probability;
}

static inline void prng_bytes(struct prng *p, void *out, size_t len_bytes)
{
    uint8_t *at = out;
    for (size_t i = 0; i < len_bytes; i++)
        at[i] = (uint8_t)(prng_u64(p) >> 56);
}

#endif
