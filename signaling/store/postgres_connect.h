/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the PostgreSQL engine: its state, and how a connection is made. */
#ifndef SIGNALING_STORE_POSTGRES_CONNECT_H
#define SIGNALING_STORE_POSTGRES_CONNECT_H

#include "base/time.h"
#include "signaling/store/postgres_values.h"

#define POSTGRES_SLOTS 2048 /* a power of two, several times the statements of the tree */
#define POSTGRES_LINE  64

/* A statement that this connection has prepared. Types are part of it: a null has none. */
struct postgres_slot {
    char *sql; /* owned; NULL: free */
    uint8_t types[STORE_BINDS_MAX];
};

/* A part of the transaction (store_savepoint): begun with its first statement. */
enum postgres_part { POSTGRES_NO_PART = 0, POSTGRES_PART_WANTED, POSTGRES_PART };

/* A statement in the pipeline. */
struct postgres_waiting {
    struct postgres_cursor *cursor; /* who asks for its result; NULL: nobody */
    bool one;                       /* exactly one row has to change */
};

struct postgres_engine {
    PGconn *db; /* NULL or bad: the next begin or read makes a new one */
    struct store *store;
    char *uri;     /* with a password perhaps: never in a message */
    char *channel; /* of store_listen; NULL: this is no node of several */
    bool in_transaction;
    enum postgres_part part;
    struct postgres_waiting line[POSTGRES_LINE]; /* the pipeline, which is off while it is empty */
    int waiting;
    int late;         /* what came of one that nobody asked for, until its part is undone */
    bool was_up;      /* there was a connection before this one */
    bool reconnected; /* not told by engine_notice yet */
    time_us retry_us; /* monotonic: no new connection before */
    int64_t changed;
    struct postgres_slot slots[POSTGRES_SLOTS];
};

/* The server's words of a failed command become the store's error; SQ_ERR_CONFLICT, SQ_ERR_NOMEM or
 * SQ_ERR_STORE. r may be NULL. */
int postgres_fail(struct postgres_engine *e, const PGresult *r);
/* A connection that answers: the one there is, or a new one that keeps what it acknowledges. Not
 * for use inside a transaction. */
int postgres_connect(struct postgres_engine *e);
void postgres_disconnect(struct postgres_engine *e);
/* Several statements without parameters and rows of interest. */
int postgres_script(struct postgres_engine *e, const char *sql);

#endif
