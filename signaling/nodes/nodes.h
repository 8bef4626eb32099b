/* SPDX-License-Identifier: Apache-2.0 */
/* Several signalling nodes on one database: who lives (a lease that each renews), which node has a
 * session's connection, which node commands the relay for a room, and the mail between them. What
 * is said to another node stands in the database before a notice wakes that node, so a notice that
 * is lost costs time and nothing else. Refuses to know what mail says, sockets and media.
 *
 * No clock is compared between nodes: a lease is over when its beat stood still for NODES_LEASE_US
 * of the watcher's clock. Its owner counts from the beginning of its last renewal that succeeded
 * and stops NODES_MARGIN_US earlier; besides, each transaction begins with a look at the own row
 * under the writer lock, so that a node that hung writes nothing once another took over. */
#ifndef SIGNALING_NODES_NODES_H
#define SIGNALING_NODES_NODES_H

#include "base/time.h"
#include "signaling/proto/method.h"
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* Six beats; twice what a living node may wait for the writer lock (store/postgres_connect.c). A
 * shorter one would take rooms from nodes that only wait; during a longer one nobody could change
 * a call whose node is dead. Media flows on through the relay meanwhile. */
#define NODES_LEASE_US  (3 * TIME_US_PER_S)
#define NODES_MARGIN_US (500 * TIME_US_PER_MS)
#define NODES_BEAT_US   (500 * TIME_US_PER_MS)
#define NODES_MAX       16 /* more than one database serves */
#define NODE_ID_MAX     40 /* as of cluster.node */

struct nodes;
struct service;

/* Registers this node, under the writer lock, with a new boot: a former process of the same id
 * loses its lease. What the former one owned is this one's; its mail waits. Listens, and guards the
 * store's transactions from now on. 0 and *out; SQ_ERR_STORE, SQ_ERR_NOMEM. */
int nodes_new(struct nodes **out, struct service *service, const char *id, time_us now_us);
/* Gives the lease back (the others take over at once). NULL is fine. */
void nodes_free(struct nodes *n);

/* May this node act now? Renews when the last renewal is old (not within a transaction); false: not
 * now (no database), or never again (nodes_lost). */
bool nodes_hold(struct nodes *n, time_us now_us);
/* Another node took over: this process has to end. */
bool nodes_lost(const struct nodes *n);

/* Is it time for the next beat? */
bool nodes_beats(const struct nodes *n, time_us now_us);
/* Beats when it is time, and looks at the others. true: somebody's lease is over, or rooms have no
 * living owner: call nodes_take_over. */
bool nodes_step(struct nodes *n, time_us now_us);
/* Monotonic; now_us when notices wait. */
time_us nodes_deadline(struct nodes *n, time_us now_us);

/* ---- inside a transaction ---- */

/* Ends leases that ran out and takes the rooms and the mail of dead nodes; their sessions have no
 * node any more. *count: rooms that are this node's since. */
int nodes_take_over(struct nodes *n, int *count);
/* Calls `each` for every room that nodes_take_over took and that is still this node's; forgets
 * them. Outside of a transaction too. */
int nodes_each_taken(struct nodes *n, int (*each)(const char *room, void *user), void *user);

enum nodes_place { NODES_HERE, NODES_ELSEWHERE, NODES_NOWHERE };

/* Whose room it is. A store error counts as elsewhere: nothing is done to it. `owner` may be NULL.
 */
enum nodes_place nodes_room(struct nodes *n, const char *room, char owner[NODE_ID_MAX]);
/* Room of a media object (its transport, producer or consumer) that is kept; "" when none is. */
int nodes_room_of(struct nodes *n, const char *object, char room[ID_MAX]);
/* Takes a room that nobody has; whoever was first has it. */
int nodes_claim(struct nodes *n, const char *room);
int nodes_release(struct nodes *n, const char *room);

/* The session has its connection here, or no more. The node that had it before hears of it. */
int nodes_session_here(struct nodes *n, const char *session);
int nodes_session_gone(struct nodes *n, const char *session);
/* The node that has the session, "" for none. */
int nodes_session(struct nodes *n, const char *session, char node[NODE_ID_MAX]);
/* `node` looks for what is new in the session's outbox, or hears that it ended. `node` "" or this
 * one: nothing is said. */
int nodes_wake(struct nodes *n, const char *node, const char *session);
int nodes_say_ended(struct nodes *n, const char *node, const char *session, const char *reason);

/* Calls `each` for every session that `what` finds: those here ("" for others), with last_seq. */
int nodes_each_session(struct nodes *n, int (*each)(const char *session, int64_t seq, void *user),
                       void *user);
/* Nodes that own rooms in which the session has transports, this one excepted. */
int nodes_each_owner(struct nodes *n, const char *session,
                     int (*each)(const char *node, void *user), void *user);
/* Sessions with transports in rooms of this node that have a connection on another node. */
int nodes_each_remote(struct nodes *n, int (*each)(const char *session, void *user), void *user);

/* ---- mail, inside a transaction ---- */

struct nodes_mail {
    int64_t number; /* ascending, never used twice */
    char kind[16];
    char room[ID_MAX]; /* goes with the room to its next owner; "" : stays with the node */
    json_t *body;      /* owned by whoever asked */
};

/* Sealed; takes over body. */
int nodes_send(struct nodes *n, const char *node, const char *kind, const char *room, json_t *body);
/* The first mail for this node that nobody is at; it is marked as taken. 1, 0 for none, an error.
 */
int nodes_receive(struct nodes *n, struct nodes_mail *out);
/* It is done: forgotten. */
int nodes_done(struct nodes *n, int64_t number);

/* ---- notices ---- */

enum nodes_notice_type {
    NODES_MAIL,
    NODES_WAKE,  /* session */
    NODES_MOVED, /* session: connected elsewhere now */
    NODES_ENDED, /* session, reason */
    NODES_MISSED /* the connection to the database was new: look at everything */
};
struct nodes_notice {
    enum nodes_notice_type type;
    char session[ID_MAX];
    char reason[24];
};
bool nodes_next(struct nodes *n, struct nodes_notice *out);

/* Tells this process's life from a former one of the same node. */
const char *nodes_boot(const struct nodes *n);
const char *nodes_id(const struct nodes *n);

#endif
