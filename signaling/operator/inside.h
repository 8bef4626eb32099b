/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of operator/: the watch's memory, and its parts. */
#ifndef SIGNALING_OPERATOR_INSIDE_H
#define SIGNALING_OPERATOR_INSIDE_H

#include "signaling/media/media.h"
#include "signaling/nodes/nodes.h"
#include "signaling/operator/operator.h"
#include "signaling/service.h"

#define WATCH_BUCKETS 1024
#define WATCH_LOST_MAX                                                                             \
    8192 /* sessions without a connection that are remembered; more are not shown */

/* One minute of one relay, as this node sees it. */
struct watch_point {
    int64_t minute; /* since 1970, UTC; 0: none */
    int64_t load_permille, transports, people, kbps, loss_percent, rtt_ms;
};

struct watch_relay {
    char id[CLUSTER_NODE_MAX];
    struct watch_point now; /* being filled */
};

/* Minutes after `first`, put together by `step` of them. */
struct watch_span {
    int64_t first, step;
};

struct watch_lost {
    char session[ID_MAX];
    time_us since_utc_us;
    struct watch_lost *next;
};

/* Numbers of all people whose media goes over one relay; of this node. */
struct watch_sum {
    char relay[CLUSTER_NODE_MAX];
    int64_t people, kbps, loss_percent, rtt_ms; /* the last two: sums, for the mean */
};

struct watch {
    struct watch_port port;
    char node[NODE_ID_MAX];
    time_us apply_utc_us, tell_utc_us, forget_utc_us;
    struct watch_relay *relays[WATCH_RELAYS];
    size_t relay_count;
    struct watch_lost *lost[WATCH_BUCKETS];
    size_t lost_count;
};

/* The monotonic time of the relays' and media's last step. */
time_us watch_now(const struct service *s);
bool watch_info(const struct service *s, size_t index, struct relays_info *out);
/* 0: it has a connection, as far as this node knows. */
time_us watch_lost_since(const struct watch *w, const char *session);

/* ---- view.c: what this node sees ---- */
/* How many sums were filled. */
size_t watch_sums(struct service *s, struct watch_sum out[WATCH_RELAYS]);
/* New object {links: [...], unable: [...]} as in docs/protocol/methods/operator.overview.json. */
int watch_view(struct service *s, time_us utc_us, json_t **out);
/* Adds the arrays of `from` to those of `to`; the same relay and institution, or institution and
 * reason, become one. */
int watch_merge(json_t *to, const json_t *from);

/* ---- kept.c: what operators decided ---- */
int watch_apply(struct service *s);
int watch_store_drain(struct service *s, const char *relay, bool drained, time_us utc_us);
int watch_store_relay(struct service *s, const struct cluster_peer *peer, const char *level,
                      time_us utc_us);
int watch_forget_relay(struct service *s, const char *relay);
/* Of an added relay whose first heartbeat has not come, its site's level as it was entered. */
int watch_relay_levels(struct service *s, json_t **out);

/* ---- overview.c ---- */
int watch_overview(struct service *s, time_us utc_us, json_t **out);

/* ---- history.c: the minutes of each relay ---- */
int watch_sample(struct service *s, time_us utc_us);
/* New array of points, the oldest first. */
int watch_history(struct service *s, const char *relay, const struct watch_span *span,
                  json_t **out);

#endif
