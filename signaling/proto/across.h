/* SPDX-License-Identifier: Apache-2.0 */
/* Where the dispatcher of one node meets the others (nodes/nodes.h): requests and effects of rooms
 * that another node owns, notifications of sessions that are connected there, and what is taken
 * over from a dead one. Without other nodes (config.nodes NULL) every function does nothing and
 * says so. Inside of the dispatcher. */
#ifndef SIGNALING_PROTO_ACROSS_H
#define SIGNALING_PROTO_ACROSS_H

#include "signaling/proto/unit.h"

struct media_output;

/* A request of another node that media is at. */
struct across_request {
    uint64_t ticket; /* of media_call: ACROSS_TICKET and the mail's number */
    char node[40], boot[ID_MAX];
    int64_t there; /* the ticket of the node that asked */
    struct across_request *next;
};

#define ACROSS_TICKET (UINT64_C(1) << 63) /* dispatch_config's own tickets count from 1 */

/* May this node act at all? */
bool across_hold(struct dispatch *d, time_us now_us);

/* May what the unit is about be done to a relay? Not by a node that could not begin: the room may
 * be another's by now. */
bool across_may(const struct unit *u);

/* Inside the transaction of an act. true: the effect goes to the node that owns the room, nothing
 * is left to do. Claims rooms that are opened. */
bool across_take(struct unit *u, const struct effect *e);
/* A room's effect was carried out here. */
void across_done(struct unit *u, const struct effect *e);

/* true: the request of `p` is on its way to the node that owns its room. */
bool across_call(struct unit *u, const struct pending *p);
/* A reply of media to another node's request. false: it is none. */
bool across_reply(struct unit *u, const struct media_output *out);

/* A notification stands in the outbox of a session that has no connection here. */
void across_wake(struct unit *u, const char *session);
/* A sign of the moment for a session that has its connection on another node; inside a unit. */
void across_signal(struct unit *u, const char *session, const char *text);
/* The session's connection came or went; inside a unit. */
void across_presence(struct unit *u, const char *session, bool there);
/* Has another node its connection? */
bool across_connected(const struct dispatch *d, const char *session);
/* Something may stand in the peer's outbox that it was not sent: read after the group's commit. */
void across_fall_behind(struct dispatch *d, struct peer *peer);
void across_catch_up(struct dispatch *d, struct peer *peer);
void across_catch_up_all(struct dispatch *d); /* those who fell behind */

/* After the recovery of a start: rooms of others are none of ours. */
void across_started(struct dispatch *d, time_us now_us);
/* Lease, notices, mail, dead nodes. */
void across_step(struct dispatch *d, time_us now_us, time_us utc_us);
time_us across_deadline(const struct dispatch *d, time_us now_us);
void across_free(struct dispatch *d);

#endif
