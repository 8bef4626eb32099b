/* SPDX-License-Identifier: Apache-2.0 */
/* What those who keep machines running see and do: nodes, relays with load and quality over the
 * last week, links, which institution can't speak now; draining, adding and removing relays. Knows
 * ids of institutions and numbers; refuses to know patients, cases and what is said in them. What
 * an operator decides is a row, and the sweep brings the relays to it: nothing is lost by a crash,
 * and each node of an installation follows within seconds. One thread. */
#ifndef SIGNALING_OPERATOR_OPERATOR_H
#define SIGNALING_OPERATOR_OPERATOR_H

#include "base/time.h"
#include "signaling/proto/method.h"
#include "signaling/relays/relays.h"

extern const struct method_table operator_method_table;

#define WATCH_HISTORY_MIN (7 * 1440) /* a week of minutes is kept for each relay */
#define WATCH_POINTS_MAX  1440       /* of one answer; a longer span comes in steps of minutes */
#define WATCH_STEP_MIN    10
#define WATCH_RELAYS      RELAYS_MAX
#define WATCH_APPLY_US    (2 * TIME_US_PER_S) /* a row is felt by all nodes after at most that */
#define WATCH_TELL_US     (5 * TIME_US_PER_S) /* nodes tell each other what they see */
#define WATCH_FRESH_US    (20 * TIME_US_PER_S)
#define WATCH_LOST_US     (15 * TIME_US_PER_S) /* a reload of a page is shorter */
#define WATCH_CLEAN_US    (3600 * TIME_US_PER_S)
#define WATCH_FORGET_US   (30 * 60 * TIME_US_PER_S) /* whoever is gone that long went home */

struct watch;

/* The table of relays: its functions, so that tests bring their own. */
struct watch_port {
    struct relays *relays; /* borrowed */
    bool (*info)(const struct relays *r, size_t index, time_us now_us, struct relays_info *out);
    int (*add)(struct relays *r, const struct cluster_peer *peer, time_us now_us);
    int (*remove)(struct relays *r, const char *relay);
    int (*drain)(struct relays *r, const char *relay, bool drained);
    uint64_t (*refused)(const struct relays *r);
};

/* `node`: of this node among several, else "". 0 and service->watch, or SQ_ERR_NOMEM. */
int watch_new(struct service *service, const struct watch_port *port, const char *node);
void watch_free(struct service *service);

/* A session's connection came or went on this node. */
void watch_presence(struct service *service, const char *session, bool connected, time_us utc_us);

/* About every second, inside a transaction. Brings relays to what was decided, keeps the minute's
 * numbers, tells other nodes. 0, SQ_ERR_STORE, SQ_ERR_NOMEM. */
int watch_sweep(struct service *service, time_us utc_us);

#endif
