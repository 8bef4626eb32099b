/* SPDX-License-Identifier: Apache-2.0 */
/* One token bucket a key, found by linear probing in a table that never grows. */
#include "base/log_rate.h"
#include <stddef.h>
#include <string.h>

#define LINE_COST_US (TIME_US_PER_S / LOG_RATE_PER_S)

static struct log_rate_bucket *bucket_of(struct log_rate *rate, const char *key, time_us now_us)
{
    uint32_t hash = UINT32_C(2166136261); /* FNV-1a; keys are our literals, nobody aims at them */
    size_t len = strnlen(key, LOG_RATE_KEY_MAX - 1);
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (uint8_t)key[i]) * UINT32_C(16777619);
    struct log_rate_bucket *b = &rate->buckets[LOG_RATE_KEYS];
    for (size_t i = 0; i < LOG_RATE_KEYS; i++) {
        struct log_rate_bucket *probe = &rate->buckets[(hash + i) % LOG_RATE_KEYS];
        if (probe->key[0] == '\0' || strncmp(probe->key, key, LOG_RATE_KEY_MAX - 1) == 0) {
            b = probe;
            break;
        }
    }
    if (b->key[0] == '\0') {
        bool shared = b == &rate->buckets[LOG_RATE_KEYS];
        memcpy(b->key, shared ? "*" : key, shared ? 2 : len);
        b->credit_us = TIME_US_PER_S;
        b->seen_us = now_us;
    }
    return b;
}

bool log_rate_allow(struct log_rate *rate, const char *key, time_us now_us, uint64_t *suppressed)
{
    struct log_rate_bucket *b = bucket_of(rate, key, now_us);
    if (now_us > b->seen_us) {
        time_us gained = now_us - b->seen_us;
        b->credit_us =
            time_us_min(TIME_US_PER_S, b->credit_us + time_us_min(gained, TIME_US_PER_S));
        b->seen_us = now_us;
    }
    if (b->credit_us < LINE_COST_US) {
        b->suppressed++;
        return false;
    }
    b->credit_us -= LINE_COST_US;
    *suppressed = b->suppressed;
    b->suppressed = 0;
    return true;
}
