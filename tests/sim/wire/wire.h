/* SPDX-License-Identifier: Apache-2.0 */
/* A terminal's link in the worlds of virtual time: two directions of loadtest/link under one
 * profile, either a shipped one (tests/data/links/profiles.json) or one that a test writes down.
 * Refuses to know: addresses, and what is in a datagram. */
#ifndef TESTS_SIM_WIRE_WIRE_H
#define TESTS_SIM_WIRE_WIRE_H

#include "loadtest/link/link.h"
#include "loadtest/profile/profile.h"

/* A link as fast as profiles may be, of independent losses: what a test writes down. */
struct wire_manner {
    time_us delay_us, jitter_sd_us;  /* one way; jitter is uniform and keeps the order */
    double loss, duplicate, reorder; /* shares, 0 to 1 */
};

struct wire {
    struct link *way[2];          /* by enum link_direction */
    struct link_profile own;      /* of a manner; unused with a shipped profile */
    struct link_rate_point point; /* the rate of `own` */
};

/* The wire must not move until wire_close: its links borrow from it. `profile` NULL: by `manner`;
 * borrowed otherwise. Fails the test when the link cannot be made. */
void wire_open(struct wire *w, const struct link_profile *profile, const struct wire_manner *manner,
               uint64_t seed, time_us start_us);
void wire_close(struct wire *w);
/* For what comes out of the queue from now on; only of a wire without a shipped profile. */
void wire_set_manner(struct wire *w, const struct wire_manner *manner);

/* A UDP payload. */
void wire_send(struct wire *w, enum link_direction way, time_us now_us, const void *data,
               size_t len_bytes);
/* What came out until now, of either direction; false when there is none. */
bool wire_next(struct wire *w, time_us now_us, enum link_direction *way, struct link_event *out);
time_us wire_deadline(const struct wire *w, time_us now_us); /* never before now_us */

/* Share of the datagrams handed in that came out at least once; of those still inside nothing is
 * known. */
double wire_delivered_share(const struct wire *w, enum link_direction way);
uint64_t wire_sent(const struct wire *w); /* both ways */
uint64_t wire_lost(const struct wire *w);

/* The shipped profiles, read once for a process. */
const struct link_profiles *wire_profiles(void);
const struct link_profile *wire_profile(const char *name); /* fails the test when there is none */
/* Needs what the emulator refuses (cross_tcp, bearers); asserts that it does refuse. */
bool wire_refused(const struct link_profile *profile);

/* Speech that a link's slower direction has room for: Opus frames of 6 kb/s in the fewest packets
 * that take at most 85 % of it. */
struct wire_speech {
    time_us frame_us;
    size_t payload_bytes;
};
struct wire_speech wire_speech_for(const struct link_profile *profile);

#endif
