/* SPDX-License-Identifier: Apache-2.0 */
/* How many lines of each key the log lets through. Pure: time handed in, fixed memory, not
 * thread-safe by itself. */
#ifndef BASE_LOG_RATE_H
#define BASE_LOG_RATE_H

#include "base/time.h"
#include <stdbool.h>
#include <stdint.h>

#define LOG_RATE_PER_S   20  /* lines of one key each second, and the burst */
#define LOG_RATE_KEYS    256 /* keys told apart; further keys share one bucket */
#define LOG_RATE_KEY_MAX 48  /* bytes of a key that count, final zero included */

struct log_rate_bucket {
    char key[LOG_RATE_KEY_MAX];
    time_us credit_us; /* each line costs TIME_US_PER_S / LOG_RATE_PER_S */
    time_us seen_us;
    uint64_t suppressed;
};

struct log_rate {
    struct log_rate_bucket buckets[LOG_RATE_KEYS + 1]; /* the last is shared */
};

/* True when the line may go out; *suppressed is then the number of lines of this key held back
 * since the last. */
bool log_rate_allow(struct log_rate *rate, const char *key, time_us now_us, uint64_t *suppressed);

#endif
