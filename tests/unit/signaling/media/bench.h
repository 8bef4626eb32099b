/* SPDX-License-Identifier: Apache-2.0 */
/* media/ with the test installation's store and a relay that lives in the test: it records commands
 * and answers them when told. Rights are a table of the test. */
#ifndef TESTS_UNIT_SIGNALING_MEDIA_BENCH_H
#define TESTS_UNIT_SIGNALING_MEDIA_BENCH_H

#include "people.h"
#include "signaling/media/media.h"
#include "signaling/relays/relays.h"

#define ROOM "con_room"
#define BENCH_FINGERPRINT                                                                          \
    "AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:AA:"   \
    "AA:AA"

struct bench {
    struct people people;
    struct media *media;
    time_us now_us;
    uint64_t next_ticket;
};
extern struct bench bench;

void bench_init(void);
void bench_fini(void);
void bench_restart(void); /* a new media/ over the same store */

void bench_allow(const char *account, enum room_right right);
void bench_effect(enum effect_type type, const char *account, const char *session);

/* The relay. By default it answers at once and well. */
void relay_hold(bool hold);                     /* answers wait for relay_answer */
void relay_answer(void);                        /* answers what waits */
void relay_fail(const char *method, int error); /* "" : nothing fails */
void relay_alive(bool alive);
void relay_other_alive(bool alive);            /* "city-1", dead at first */
const char *relay_of_last(const char *method); /* which of the two heard it */
size_t relay_count(const char *method);        /* commands heard since relay_forget */
json_t *relay_last(const char *method);        /* params of the last, borrowed */
void relay_forget(void);
void relay_snapshot(json_t *snapshot); /* takes over; handed out by the next step */
void relay_snapshot_asked(json_t *snapshot, time_us asked_us);
json_t *relay_state(void);       /* what the relay has, as a snapshot: new reference */
void relay_lose_all(void);       /* it was started again */
void relay_stats(json_t *stats); /* takes over: its answer to `stats` from now on */

/* A request of an account; the session is "ses_<account>" unless given. Takes over params. The
 * reply's body (owned by the bench until the next call) or NULL; the error in *error. */
json_t *ask(const char *account, const char *method, json_t *params, int *error);
uint64_t ask_later(const char *account, const char *method,
                   json_t *params);            /* no reply awaited: ticket */
json_t *reply_to(uint64_t ticket, int *error); /* NULL and SQ_ERR_TIMEOUT: none yet */
/* Next unread notification for the account's session; params, NULL: none. */
json_t *told(const char *account, const char *method);
void step(time_us passed);

json_t *join_params(const char *source); /* media.join: one VP8 or Opus stream, by source */
#endif
