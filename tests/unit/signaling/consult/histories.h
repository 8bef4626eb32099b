/* SPDX-License-Identifier: Apache-2.0 */
/* Random lives of consultations: what people, the system and time might bring next, and what has to
 * hold after each step whatever they brought. */
#ifndef TESTS_CONSULT_HISTORIES_H
#define TESTS_CONSULT_HISTORIES_H

#include "../../../support/prng.h"
#include "signaling/consult/step.h"

extern const struct consult_times history_times;

struct history {
    struct prng random;
    struct consult c;
    time_us utc_us;
    bool lazy;     /* the layer above forgets what should follow at once */
    bool dramatic; /* what is seldom comes often */
};

struct history history_of(uint64_t seed);

/* The next event: mostly one that is heard now, with fields that mostly fit. May let time pass. */
struct consult_event history_event(struct history *h);
/* Fields at random for this type. */
struct consult_event history_fill(struct history *h, enum consult_event_type type);

/* NULL, or what is broken: `before` heard `e` with `status` and became `after`. */
const char *history_broken(const struct consult *before, const struct consult_event *e, int status,
                           const struct consult *after, const struct consult_commands *out,
                           const struct consult_times *times, time_us utc_us);

#endif
