/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of an ICE agent, one file each: outbox, lite side, controlling side. Private to
 * rtc/ice. */
#ifndef RTC_ICE_ICE_PRIVATE_H
#define RTC_ICE_ICE_PRIVATE_H

#include "rtc/ice/ice.h"
#include "rtc/stun/stun.h"

#define ICE_CONSENT_US   (30 * TIME_US_PER_S) /* RFC 7675 section 5.1 */
#define ICE_OUTBOX_MAX   4   /* one answer, or one check and one nomination, a call */
#define ICE_DATAGRAM_MAX 640 /* a check with the longest user names of RFC 8445 has 608 bytes */

/* ---- ice_outbox.c ---- */

struct ice_out {
    struct net_tuple tuple;
    size_t len_bytes;
    uint8_t data[ICE_DATAGRAM_MAX];
};

struct ice_outbox {
    struct ice_out ring[ICE_OUTBOX_MAX];
    size_t first, count;
};

/* Room for one datagram; NULL when the box is full (the datagram is lost, as any may be). The
 * caller sets len_bytes, then ice_outbox_push. */
struct ice_out *ice_outbox_room(struct ice_outbox *box, const struct net_tuple *to);
void ice_outbox_push(struct ice_outbox *box);

/* ---- ice_lite.c ---- */

#define ICE_RECENT_MAX                                                                             \
    64 /* transactions remembered against replay: five minutes of consent checks */

struct ice_lite_tuple {
    struct net_tuple tuple;
    time_us last_check_us;
};

struct ice_recent {
    uint8_t transaction[STUN_TRANSACTION_BYTES];
    struct net_tuple tuple;
};

struct ice_lite {
    struct ice_lite_tuple tuples[ICE_TUPLES_MAX];
    size_t tuple_count;
    struct ice_recent recent[ICE_RECENT_MAX];
    size_t recent_next, recent_count;
};

/* ---- ice_pairs.c, ice_controlling.c ---- */

#define ICE_OUTSTANDING_MAX 8 /* checks of one pair that may still be answered: 2 s at 250 ms */

struct ice_check {
    bool live, nominating;
    uint8_t transaction[STUN_TRANSACTION_BYTES];
    time_us sent_us;
};

enum ice_tcp { ICE_TCP_NONE = 0 /* UDP */, ICE_TCP_CLOSED, ICE_TCP_OPENING, ICE_TCP_OPEN };

struct ice_pair {
    struct ice_candidate candidate;
    struct net_tuple tuple;
    enum ice_tcp tcp;
    bool valid;          /* a check was answered within the consent time */
    bool open_requested; /* an OPEN_TCP event waits for the caller */
    int misses;          /* checks in a row without an answer */
    int tcp_failures;
    time_us check_at;    /* next check; TIME_US_NEVER: none */
    time_us open_at;     /* TCP: when to ask for the connection */
    time_us answered_us; /* last answer */
    time_us rtt_us;      /* smoothed; 0 when unknown */
    struct ice_check checks[ICE_OUTSTANDING_MAX];
    size_t next_check;
};

#define ICE_NO_PAIR SIZE_MAX

struct ice_controlling {
    struct ice_credentials remote;
    struct ice_pair pairs[ICE_CANDIDATES_MAX];
    size_t pair_count;
    size_t selected; /* index; ICE_NO_PAIR: none, or of the time before a restart */
    size_t nominee;  /* index of the pair that is being nominated */
    struct net_address local_udp;
    uint64_t tie_breaker;
    uint64_t jitter; /* state of a generator; needs no secrecy */
    uint32_t next_stream;
    bool searching;          /* all candidates are checked, not only the selected one */
    time_us search_since_us; /* while searching */
    time_us pace_at;         /* RFC 8445 section 14.2 */
    time_us silence_at;      /* a flow has stopped: check */
    time_us last_data_us;
    time_us rtt_us; /* of the selected path */
};

/* ---- ice.c ---- */

struct ice_agent {
    enum ice_role role;
    enum ice_state state;
    struct ice_credentials local, previous; /* previous: until the first check with the new ones */
    bool has_previous;
    bool event_state, event_tuple;
    bool has_selected;
    struct net_tuple selected;
    time_us consent_until; /* of the selected path; TIME_US_NEVER before there is one */
    struct ice_outbox outbox;
    union {
        struct ice_lite lite;
        struct ice_controlling controlling;
    };
};

void ice_set_state(struct ice_agent *a, enum ice_state state);
/* The tuple is selected and has fresh consent. */
void ice_select(struct ice_agent *a, const struct net_tuple *tuple, time_us now_us);

enum ice_received ice_lite_receive(struct ice_agent *a, const struct net_tuple *from,
                                   const struct stun_message *m, time_us now_us);
time_us ice_lite_deadline(const struct ice_agent *a);
void ice_lite_timeout(struct ice_agent *a, time_us now_us);
/* The stream is gone, and what was validated over it. */
void ice_lite_stream_down(struct ice_agent *a, uint32_t stream, time_us now_us);
const struct net_tuple *ice_lite_latest(const struct ice_agent *a);
bool ice_lite_has(const struct ice_agent *a, const struct net_tuple *t);

void ice_controlling_start(struct ice_agent *a, const struct ice_config *config, time_us now_us);
void ice_controlling_restart(struct ice_agent *a, const struct ice_credentials *remote,
                             const struct ice_candidate *candidates, size_t count, time_us now_us);
enum ice_received ice_controlling_receive(struct ice_agent *a, const struct net_tuple *from,
                                          const struct stun_message *m, time_us now_us);
void ice_controlling_tcp_state(struct ice_agent *a, uint32_t stream,
                               const struct net_address *local, bool up, time_us now_us);
time_us ice_controlling_deadline(const struct ice_agent *a);
void ice_controlling_timeout(struct ice_agent *a, time_us now_us);
bool ice_controlling_open_event(struct ice_agent *a, struct ice_event *out);
const struct net_tuple *ice_controlling_best(const struct ice_agent *a);
bool ice_controlling_has(const struct ice_agent *a, const struct net_tuple *t);

/* ---- ice_pairs.c: one pair ---- */

/* The same path, whatever the caller says of its own address (a wildcard socket may not know it).
 */
bool ice_same_remote(const struct net_tuple *a, const struct net_tuple *b);
void ice_pair_init(struct ice_pair *p, const struct ice_candidate *candidate,
                   const struct net_address *local_udp);
/* Writes a check of this pair into the outbox. */
void ice_pair_send(struct ice_agent *a, struct ice_pair *p, bool nominating, time_us now_us);
/* The check that this transaction answers; NULL for none. */
struct ice_check *ice_pair_find_check(struct ice_pair *p, const uint8_t *transaction);
void ice_pair_answered(struct ice_pair *p, struct ice_check *check, time_us now_us);
/* True when checks can leave by this pair. */
bool ice_pair_usable(const struct ice_pair *p);

#endif
