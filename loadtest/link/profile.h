/* SPDX-License-Identifier: Apache-2.0 */
/* What a link is like, as numbers; read from files by loadtest/profile. Refuses to know how a link
 * behaves. Const once read. */
#ifndef LOADTEST_LINK_PROFILE_H
#define LOADTEST_LINK_PROFILE_H

#include "base/time.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINK_NAME_MAX      64      /* bytes of a profile's name, final zero included */
#define LINK_ERROR_MAX     512     /* bytes of an error text */
#define LINK_PROFILES_MAX  256     /* in a file */
#define LINK_POINTS_MAX    1000000 /* lines of a trace: 11 days of seconds */
#define LINK_BEARERS_MAX   4
#define LINK_RATE_MAX_KBPS 100000000 /* 100 Gbit/s: keeps bits x 1e6 inside 63 bits */
#define LINK_OUTAGE_KBPS                                                                           \
    16 /* below this a second of a trace counts as outage, as in the traces' own statistics */
#define LINK_DEFAULT_QUEUE 64000 /* bytes, where a profile names none */

enum link_direction { LINK_DOWN = 0, LINK_UP = 1 };

enum link_jitter {
    LINK_JITTER_NONE = 0,
    LINK_JITTER_GAMMA,
    LINK_JITTER_LOGNORMAL,
    LINK_JITTER_NORMAL,
    LINK_JITTER_UNIFORM
};

enum link_outage_mode { LINK_OUTAGE_QUEUE = 0, LINK_OUTAGE_DROP };

struct link_rate_point {
    time_us at_us; /* from the start of the loop; strictly growing, the first is 0 */
    int64_t bps;   /* IP bits a second until the next point; 0 serves nothing */
    bool outage;   /* the trace was below LINK_OUTAGE_KBPS before it was scaled */
};

struct link_rate {
    struct link_rate_point *points; /* one for a constant rate */
    size_t count;
    time_us period_us; /* length of the loop; TIME_US_NEVER for a constant rate */
};

struct link_loss { /* Gilbert-Elliott, per packet */
    bool on;
    double good_to_bad, bad_to_good;
    double delivery_in_bad, delivery_in_good;
};

struct link_outages { /* the k-th (k >= 1) lasts from k x every_us for length_us; every_us 0: none
                       */
    time_us every_us, length_us;
    enum link_outage_mode mode;
};

struct link_profile {
    char name[LINK_NAME_MAX];
    struct link_rate rate[2]; /* by enum link_direction */
    time_us delay_us;         /* mean one way, without queue */
    enum link_jitter jitter;  /* the delay is drawn from this model with mean delay_us and ... */
    time_us jitter_sd_us;     /* ... this standard deviation */
    struct link_loss loss;
    uint64_t queue_bytes;
    struct link_outages outages;
    uint32_t mtu_bytes; /* 0: no limit */
    double duplicate, reorder;
    double address_share; /* of the outages longer than address_min_us; 0: never */
    time_us address_min_us;
    unsigned cross_tcp; /* accepted, not emulated: link_new refuses it */
    char bearers[LINK_BEARERS_MAX][LINK_NAME_MAX];
    size_t bearer_count; /* accepted, not emulated: link_new refuses it */
};

/* Mean over a loop. */
double link_rate_mean_bps(const struct link_rate *r);

#endif
