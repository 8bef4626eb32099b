/* SPDX-License-Identifier: Apache-2.0 */
/* Events on their way to the application: what came is kept as it came, and becomes a public
 * structure when it is taken. Not thread-safe: the client's lock. */
#ifndef CLIENT_LIB_API_EVENTS_H
#define CLIENT_LIB_API_EVENTS_H

#include "client-lib/session/session.h"
#include "client-lib/signal/rpc.h"
#include <shanqiao/client.h>

#define EVENTS_DROPPABLE_MAX 1024

struct events;

int events_new(struct events **out);
void events_free(struct events *e);

/* Takes rpc->body. `visible` false: only its sequence number counts (the library dealt with it). */
void events_put_rpc(struct events *e, const struct rpc_event *rpc, bool visible);
void events_put_call(struct events *e, sq_call *call, enum sq_call_state state, int error,
                     const char *text);
void events_put_track(struct events *e, const struct session_event *event);
void events_put_quality(struct events *e, const struct session_event *event, const char *text);
void events_put_connection(struct events *e, enum sq_connection_state state, const char *reason,
                           int error);
/* No event of this call is left: it is about to be freed. */
void events_forget_call(struct events *e, const sq_call *call);

bool events_next(struct events *e, struct sq_event *out);
/* Sequence number of the newest notification that the application has taken, and all before it; 0
 * none. */
int64_t events_taken_seq(const struct events *e);

#endif
