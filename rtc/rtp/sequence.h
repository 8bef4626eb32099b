/* SPDX-License-Identifier: Apache-2.0 */
/* Serial-number arithmetic of RTP: comparing and unwrapping 16-bit sequence numbers and 32-bit
 * timestamps into 64 bits (RFC 3550 section 5.1, RFC 1982). Pure functions over small caller-owned
 * state. Refuses to know: packets, clocks, loss. */
#ifndef RTC_RTP_SEQUENCE_H
#define RTC_RTP_SEQUENCE_H

#include <stdbool.h>
#include <stdint.h>

/* Signed distance from b to a, -32768..32767: positive when a is newer. Half the circle counts as
 * older. */
static inline int seq16_diff(uint16_t a, uint16_t b)
{
    return (int16_t)(uint16_t)(a - b);
}

static inline bool seq16_newer(uint16_t a, uint16_t b)
{
    return seq16_diff(a, b) > 0;
}

/* Signed distance from b to a in timestamp units. */
static inline int32_t ts32_diff(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b);
}

static inline bool ts32_newer(uint32_t a, uint32_t b)
{
    return ts32_diff(a, b) > 0;
}

/* Unwrapping state; all zeros is the initial state. `newest` is the largest value seen. */
struct seq16_unwrap {
    int64_t newest;
    bool started;
};

struct ts32_unwrap {
    int64_t newest;
    bool started;
};

/* The 64-bit number whose low 16 bits are seq and which lies nearest to the newest seen. The first
 * call yields seq itself, so numbers before the first become negative. The peek form leaves the
 * state alone. */
static inline int64_t seq16_unwrap_peek(const struct seq16_unwrap *u, uint16_t seq)
{
    if (!u->started)
        return seq;
    return u->newest + seq16_diff(seq, (uint16_t)(uint64_t)u->newest);
}

static inline int64_t seq16_unwrap(struct seq16_unwrap *u, uint16_t seq)
{
    int64_t v = seq16_unwrap_peek(u, seq);
    if (!u->started || v > u->newest)
        u->newest = v;
    u->started = true;
    return v;
}

static inline int64_t ts32_unwrap_peek(const struct ts32_unwrap *u, uint32_t timestamp)
{
    if (!u->started)
        return timestamp;
    return u->newest + ts32_diff(timestamp, (uint32_t)(uint64_t)u->newest);
}

static inline int64_t ts32_unwrap(struct ts32_unwrap *u, uint32_t timestamp)
{
    int64_t v = ts32_unwrap_peek(u, timestamp);
    if (!u->started || v > u->newest)
        u->newest = v;
    u->started = true;
    return v;
}

#endif
