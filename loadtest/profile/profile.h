/* SPDX-License-Identifier: Apache-2.0 */
/* Profiles of links: the JSON format "shanqiao-link-1" and the trace format "rate-v1"
 * (tests/data/links/README.md). Knows the formats and their limits; refuses to know how a link
 * behaves. Read once, const from then on. */
#ifndef LOADTEST_PROFILE_PROFILE_H
#define LOADTEST_PROFILE_PROFILE_H

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

struct link_profiles;

/* Reads a file of profiles and the traces they name; `traces` is their folder, NULL for "traces"
 * beside the file. 0, SQ_ERR_NOMEM, SQ_ERR_IO (a file can't be read), SQ_ERR_INVALID; `error` then
 * says file, profile, field, what was found and what is wanted. */
int link_profiles_read(struct link_profiles **out, const char *file, const char *traces,
                       char error[LINK_ERROR_MAX]);
void link_profiles_free(struct link_profiles *set);

size_t link_profiles_count(const struct link_profiles *set);
const struct link_profile *link_profiles_at(const struct link_profiles *set, size_t index);
const struct link_profile *link_profiles_find(const struct link_profiles *set,
                                              const char *name); /* NULL: none */

/* Reads one trace, its rates multiplied by `scale`. Errors as above; the caller frees with
 * link_rate_fini. */
int link_trace_read(struct link_rate *out, const char *file, double scale,
                    char error[LINK_ERROR_MAX]);
void link_rate_fini(struct link_rate *r);

/* Mean over a loop. */
double link_rate_mean_bps(const struct link_rate *r);

#endif
