/* SPDX-License-Identifier: Apache-2.0 */
/* The lease: registering, beating, watching the others, taking over. */
#include "signaling/nodes/nodes.h"

#include "base/log.h"
#include "shanqiao/error.h"
#include "signaling/nodes/inside.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void lose(struct nodes *n)
{
    if (!n->lost)
        log_write(LOG_ERROR, "nodes.lease_lost", LOG_TEXT("node", n->id));
    n->lost = true;
}

static int guard(struct store *s, void *user)
{
    struct nodes *n = user;
    struct store_query q;
    STORE_QUERY(s, &q, "SELECT 1 FROM node WHERE id = $1 AND boot = $2", sv_text(n->id),
                sv_text(n->boot));
    bool found = store_next(&q);
    int status = store_query_end(&q);
    if (status == 0 && !found) {
        lose(n);
        store_set_error(s, "another node has taken over from this one");
        status = SQ_ERR_STORE;
    }
    return status;
}

/* ---- coming and going ---- */

static int enter(struct nodes *n)
{
    struct store *s = n->service->store;
    int status = STORE_RUN(s,
                           "INSERT INTO node (id, boot, beat) VALUES ($1, $2, 0)"
                           " ON CONFLICT (id) DO UPDATE SET boot = excluded.boot, beat = 0",
                           sv_text(n->id), sv_text(n->boot));
    if (status >= 0) /* connections of the former process are gone with it */
        status = STORE_RUN(s, "UPDATE session SET node = '' WHERE node = $1", sv_text(n->id));
    if (status >= 0) /* nobody waits for replies to the former process */
        status = STORE_RUN(s, "DELETE FROM node_mail WHERE node = $1 AND kind = 'reply'",
                           sv_text(n->id));
    if (status >= 0) /* rooms of before there were several nodes, or of a way back in the schema */
        status = STORE_RUN(s,
                           "INSERT INTO room_owner (room, node) SELECT DISTINCT room,"
                           " CAST($1 AS TEXT) FROM media_object WHERE room NOT IN"
                           " (SELECT room FROM room_owner)",
                           sv_text(n->id));
    return status < 0 ? status : 0;
}

static int enter_now(struct nodes *n)
{
    struct store *s = n->service->store;
    int status = store_begin(s);
    if (status == 0)
        status = enter(n);
    if (status == 0)
        status = store_commit(s);
    store_rollback(s);
    return status;
}

int nodes_new(struct nodes **out, struct service *service, const char *id, time_us now_us)
{
    char channel[NODES_CHANNEL_MAX];
    struct nodes *n = calloc(1, sizeof *n);
    *out = NULL;
    if (!n)
        return SQ_ERR_NOMEM;
    n->service = service;
    snprintf(n->id, sizeof n->id, "%s", id);
    store_new_id(n->boot, "boot");
    int status = store_listen(service->store, nodes_channel(n->id, channel));
    if (status == 0)
        status = enter_now(n);
    if (status < 0) {
        free(n);
        return status;
    }
    n->renewed_us = n->watched_us = now_us;
    n->beat_us = now_us + NODES_BEAT_US;
    store_set_guard(service->store, guard, n);
    *out = n;
    return 0;
}

/* The lease is given back under the guard: a process that lost it gives nothing. */
static int leave(struct nodes *n)
{
    struct store *s = n->service->store;
    int status = store_begin(s);
    if (status == 0)
        status = STORE_RUN(s, "DELETE FROM node WHERE id = $1", sv_text(n->id));
    if (status >= 0)
        status = STORE_RUN(s, "UPDATE session SET node = '' WHERE node = $1", sv_text(n->id));
    for (size_t i = 0; i < n->known_count && status >= 0; i++)
        status = nodes_notify(n, n->known[i].id, "gone");
    if (status >= 0)
        status = store_commit(s);
    store_rollback(s);
    return status;
}

void nodes_free(struct nodes *n)
{
    if (!n)
        return;
    if (!n->lost && leave(n) < 0)
        log_write(LOG_WARN, "nodes.not_left", LOG_TEXT("store", store_error(n->service->store)));
    store_set_guard(n->service->store, NULL, NULL);
    free(n->taken);
    free(n);
}

const char *nodes_boot(const struct nodes *n)
{
    return n->boot;
}

const char *nodes_id(const struct nodes *n)
{
    return n->id;
}

/* ---- the own lease ---- */

/* Without the writer lock: who waits for that still renews. */
static bool renew(struct nodes *n, time_us now_us)
{
    int changed =
        STORE_RUN(n->service->store, "UPDATE node SET beat = beat + 1 WHERE id = $1 AND boot = $2",
                  sv_text(n->id), sv_text(n->boot));
    if (changed == 0)
        lose(n);
    if (changed == 1)
        n->renewed_us = now_us; /* when it began, at the latest */
    return changed == 1;
}

bool nodes_hold(struct nodes *n, time_us now_us)
{
    if (n->lost)
        return false;
    if (now_us - n->renewed_us < NODES_LEASE_US - NODES_MARGIN_US)
        return true;
    return !n->service->store->in_transaction && renew(n, now_us);
}

bool nodes_lost(const struct nodes *n)
{
    return n->lost;
}

/* ---- the others ---- */

static struct known *find_known(struct nodes *n, const char *id)
{
    for (size_t i = 0; i < n->known_count; i++) {
        if (strcmp(n->known[i].id, id) == 0)
            return &n->known[i];
    }
    return NULL;
}

static void see(struct nodes *n, const struct store_query *q, time_us now_us)
{
    const char *id = store_text(q, 0), *boot = store_text(q, 1);
    int64_t beat = store_int(q, 2);
    struct known *k = find_known(n, id);
    if (!k && n->known_count < NODES_MAX) {
        k = &n->known[n->known_count++];
        *k = (struct known){.since_us = now_us};
        snprintf(k->id, sizeof k->id, "%s", id);
        log_write(LOG_INFO, "nodes.seen", LOG_TEXT("node", id));
    }
    if (!k)
        return;
    k->here = true;
    if (k->beat == beat && strcmp(k->boot, boot) == 0)
        return;
    snprintf(k->boot, sizeof k->boot, "%s", boot);
    k->beat = beat;
    k->since_us = now_us;
}

static void forget_gone(struct nodes *n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n->known_count; i++) {
        if (n->known[i].here)
            n->known[kept++] = n->known[i];
    }
    n->gone |= kept < n->known_count;
    n->known_count = kept;
}

static bool over(const struct known *k, time_us now_us)
{
    return now_us - k->since_us >= NODES_LEASE_US;
}

/* Reads everybody's beat. Time in which nobody could be seen, because this node hung or the
 * database was away, counts against nobody. */
static void watch(struct nodes *n, time_us now_us)
{
    struct store_query q;
    time_us unseen_us = now_us - n->watched_us - 2 * NODES_BEAT_US;
    for (size_t i = 0; i < n->known_count; i++) {
        n->known[i].here = false;
        if (unseen_us > 0)
            n->known[i].since_us += unseen_us;
    }
    STORE_QUERY(n->service->store, &q, "SELECT id, boot, beat FROM node WHERE id <> $1",
                sv_text(n->id));
    while (store_next(&q))
        see(n, &q, now_us);
    if (store_query_end(&q) < 0)
        return;
    n->watched_us = now_us;
    forget_gone(n);
    for (size_t i = 0; i < n->known_count; i++)
        n->dead |= over(&n->known[i], now_us);
}

bool nodes_beats(const struct nodes *n, time_us now_us)
{
    return now_us >= n->beat_us;
}

bool nodes_step(struct nodes *n, time_us now_us)
{
    if (n->lost)
        return false;
    n->dead = false; /* nobody is judged by an old look: without the database nobody beats */
    if (nodes_beats(n, now_us)) {
        n->beat_us = now_us + NODES_BEAT_US;
        if (renew(n, now_us))
            watch(n, now_us);
    }
    n->now_us = now_us;
    nodes_gather(n);
    return (n->dead || n->gone) && !n->lost;
}

time_us nodes_deadline(struct nodes *n, time_us now_us)
{
    nodes_gather(n);
    return n->notice_count || n->gone ? now_us : n->beat_us;
}

/* ---- taking over ---- */

static int end_leases(struct nodes *n)
{
    int status = 0;
    for (size_t i = 0; i < n->known_count && status >= 0; i++) {
        const struct known *k = &n->known[i];
        if (!over(k, n->now_us))
            continue;
        status = STORE_RUN(n->service->store,
                           "DELETE FROM node WHERE id = $1 AND boot = $2 AND beat = $3",
                           sv_text(k->id), sv_text(k->boot), sv_int(k->beat));
        log_write(LOG_WARN, "nodes.lease_over", LOG_TEXT("node", k->id));
    }
    return status < 0 ? status : 0;
}

static int take_room(struct nodes *n, const char *room)
{
    struct taken *grown = reallocarray(n->taken, n->taken_count + 1, sizeof *grown);
    if (!grown)
        return SQ_ERR_NOMEM;
    n->taken = grown;
    snprintf(n->taken[n->taken_count++].room, ID_MAX, "%s", room);
    return 0;
}

#define OF_NO_NODE " NOT IN (SELECT id FROM node)"

static int take_rooms(struct nodes *n)
{
    struct store_query q;
    int status = 0;
    store_query(n->service->store, &q, "SELECT room FROM room_owner WHERE node" OF_NO_NODE, NULL,
                0);
    while (status == 0 && store_next(&q))
        status = take_room(n, store_text(&q, 0));
    int ended = store_query_end(&q);
    return status < 0 ? status : ended;
}

int nodes_take_over(struct nodes *n, int *count)
{
    static const char *const without_values[] = {
        "DELETE FROM node_mail WHERE room = '' AND node" OF_NO_NODE,
        "UPDATE session SET node = '' WHERE node <> '' AND node" OF_NO_NODE};
    static const char *const to_us[] = {
        "UPDATE node_mail SET node = $1, taken = '' WHERE node" OF_NO_NODE,
        "UPDATE room_owner SET node = $1 WHERE node" OF_NO_NODE};
    size_t before = n->taken_count;
    int status = end_leases(n);
    if (status == 0)
        status = take_rooms(n);
    for (size_t i = 0; i < 2 && status >= 0; i++)
        status = store_run(n->service->store, without_values[i], NULL, 0);
    for (size_t i = 0; i < 2 && status >= 0; i++)
        status = STORE_RUN(n->service->store, to_us[i], sv_text(n->id));
    if (status < 0) {
        n->taken_count = before;
        return status;
    }
    n->gone = false;
    for (size_t i = n->known_count; i-- > 0;) {
        if (over(&n->known[i], n->now_us))
            n->known[i] = n->known[--n->known_count];
    }
    *count = (int)(n->taken_count - before);
    return 0;
}

int nodes_each_taken(struct nodes *n, int (*each)(const char *room, void *user), void *user)
{
    int status = 0;
    for (size_t i = 0; i < n->taken_count && status == 0; i++) {
        if (nodes_room(n, n->taken[i].room, NULL) == NODES_HERE)
            status = each(n->taken[i].room, user);
    }
    free(n->taken);
    n->taken = NULL;
    n->taken_count = 0;
    return status;
}
