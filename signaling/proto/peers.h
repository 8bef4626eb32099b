/* SPDX-License-Identifier: Apache-2.0 */
/* Connections by number and by session. Refuses to know what is said on them. */
#ifndef SIGNALING_PROTO_PEERS_H
#define SIGNALING_PROTO_PEERS_H

#include "base/time.h"
#include "signaling/proto/method.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PEER_TOKEN_MAX 48 /* AUTH_TOKEN_MAX */

struct peer {
    uint64_t connection;
    struct caller caller;       /* session empty: not signed in */
    char token[PEER_TOKEN_MAX]; /* that it came with, until it speaks for a session; "": none */
    bool closing;               /* told to close: nothing more is read from it */
    time_us opened_us;
    unsigned pending;  /* requests that wait for a relay or a hash */
    int64_t last_seq;  /* highest sequence number sent to it */
    bool behind;       /* another node wrote to its outbox: that is read after the commit */
    int64_t tokens;    /* rate limit, in millionths of a message */
    time_us tokens_us; /* when they were last counted */
    unsigned refused;  /* messages over the rate, in a row */
    int64_t signals;   /* rate limit of signs, likewise (signal.h) */
    time_us signals_us;
    struct peer *next_by_number;
    struct peer *next_by_session;
    struct peer *older, *newer; /* all, by age */
};

struct peers {
    struct peer **by_number, **by_session;
    size_t buckets;      /* a power of two */
    size_t count, bound; /* of them signed in */
    struct peer *oldest, *newest;
    uint64_t seed;
};

int peers_init(struct peers *peers);
void peers_fini(struct peers *peers);
/* A new one; NULL when memory is used up. The number must be new. */
struct peer *peers_add(struct peers *peers, uint64_t connection, time_us now_us);
struct peer *peers_find(const struct peers *peers, uint64_t connection);
struct peer *peers_find_session(const struct peers *peers, const char *session);
/* The connection speaks for this caller from now on; no other connection may (the caller unbinds it
 * before). */
void peers_bind(struct peers *peers, struct peer *peer, const struct caller *caller);
void peers_unbind(struct peers *peers, struct peer *peer);
void peers_remove(struct peers *peers, struct peer *peer);

#endif
