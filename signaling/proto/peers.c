/* SPDX-License-Identifier: Apache-2.0 */
/* Two chained hash tables over the same objects, and a list by age. */
#include "signaling/proto/peers.h"

#include "base/check.h"
#include "base/random.h"
#include "shanqiao/error.h"
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define PEERS_BUCKETS 8192 /* 20,000 connections: chains of two or three */

static size_t number_bucket(const struct peers *peers, uint64_t connection)
{
    uint64_t h = (connection ^ peers->seed) * UINT64_C(0x9E3779B97F4A7C15);
    return (size_t)(h >> 32) & (peers->buckets - 1);
}

static size_t session_bucket(const struct peers *peers, const char *session)
{
    uint64_t h = UINT64_C(0xCBF29CE484222325) ^ peers->seed; /* FNV-1a */
    for (const char *p = session; *p; p++)
        h = (h ^ (unsigned char)*p) * UINT64_C(0x100000001B3);
    return (size_t)(h >> 32) & (peers->buckets - 1);
}

int peers_init(struct peers *peers)
{
    memset(peers, 0, sizeof *peers);
    peers->buckets = PEERS_BUCKETS;
    peers->by_number = calloc(peers->buckets, sizeof *peers->by_number);
    peers->by_session = calloc(peers->buckets, sizeof *peers->by_session);
    random_bytes(&peers->seed, sizeof peers->seed);
    if (peers->by_number && peers->by_session)
        return 0;
    peers_fini(peers);
    return SQ_ERR_NOMEM;
}

void peers_fini(struct peers *peers)
{
    while (peers->oldest)
        peers_remove(peers, peers->oldest);
    free(peers->by_number);
    free(peers->by_session);
    peers->by_number = peers->by_session = NULL;
}

struct peer *peers_add(struct peers *peers, uint64_t connection, time_us now_us)
{
    CHECK(!peers_find(peers, connection));
    struct peer *peer = calloc(1, sizeof *peer);
    if (!peer)
        return NULL;
    struct peer **slot = &peers->by_number[number_bucket(peers, connection)];
    peer->connection = connection;
    peer->opened_us = peer->tokens_us = now_us;
    peer->next_by_number = *slot;
    *slot = peer;
    peer->older = peers->newest;
    *(peers->newest ? &peers->newest->newer : &peers->oldest) = peer;
    peers->newest = peer;
    peers->count++;
    return peer;
}

struct peer *peers_find(const struct peers *peers, uint64_t connection)
{
    struct peer *p = peers->by_number[number_bucket(peers, connection)];
    while (p && p->connection != connection)
        p = p->next_by_number;
    return p;
}

struct peer *peers_find_session(const struct peers *peers, const char *session)
{
    struct peer *p = peers->by_session[session_bucket(peers, session)];
    while (p && strcmp(p->caller.session, session))
        p = p->next_by_session;
    return p;
}

void peers_bind(struct peers *peers, struct peer *peer, const struct caller *caller)
{
    CHECK(!peer->caller.session[0] && caller->session[0]);
    CHECK(!peers_find_session(peers, caller->session));
    struct peer **slot = &peers->by_session[session_bucket(peers, caller->session)];
    peer->caller = *caller;
    sodium_memzero(peer->token, sizeof peer->token);
    peer->next_by_session = *slot;
    *slot = peer;
    peers->bound++;
}

void peers_unbind(struct peers *peers, struct peer *peer)
{
    if (!peer->caller.session[0])
        return;
    struct peer **at = &peers->by_session[session_bucket(peers, peer->caller.session)];
    while (*at != peer)
        at = &(*at)->next_by_session;
    *at = peer->next_by_session;
    memset(&peer->caller, 0, sizeof peer->caller);
    peers->bound--;
}

void peers_remove(struct peers *peers, struct peer *peer)
{
    peers_unbind(peers, peer);
    struct peer **at = &peers->by_number[number_bucket(peers, peer->connection)];
    while (*at != peer)
        at = &(*at)->next_by_number;
    *at = peer->next_by_number;
    *(peer->older ? &peer->older->newer : &peers->oldest) = peer->newer;
    *(peer->newer ? &peer->newer->older : &peers->newest) = peer->older;
    peers->count--;
    sodium_memzero(peer->token, sizeof peer->token);
    free(peer);
}
