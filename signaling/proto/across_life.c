/* SPDX-License-Identifier: Apache-2.0 */
/* The other nodes as time goes: the own lease, what they say, and what is taken over when one is
 * dead. */
#include "base/log.h"
#include "shanqiao/error.h"
#include "signaling/media/media.h"
#include "signaling/nodes/nodes.h"
#include "signaling/proto/across_mail.h"
#include "signaling/proto/jsonrpc.h"
#include "signaling/service.h"
#include <string.h>

#define MAIL_AT_ONCE 64 /* then connections get their turn */

/* ---- taking over ---- */

static int adopt(const char *room, void *user)
{
    struct dispatch *d = user;
    log_write(LOG_WARN, "across.room_taken", LOG_TEXT("room", room));
    return d->config.media ? media_adopt(d->config.media, room, d->adopt_us) : 0;
}

static int mark_present(const char *session, void *user)
{
    struct dispatch *d = user;
    media_presence(d->config.media, session, true, d->adopt_us);
    return 0;
}

/* Rooms that came from the store know nobody; those who are connected anywhere are there. */
static void mark_all_present(struct dispatch *d, time_us now_us)
{
    d->adopt_us = now_us;
    if (d->config.media && nodes_each_remote(d->config.nodes, mark_present, d))
        log_write(LOG_ERROR, "across.presence");
}

/* Rooms open again, seats have their time of grace: as after a start. */
static void recover(struct dispatch *d, time_us now_us, time_us utc_us)
{
    struct effects effects = {0};
    struct unit u;
    unit_begin(&u, d, now_us, utc_us);
    if (!u.error)
        unit_fail(&u, service_recover(d->service, utc_us, &effects));
    d->recovering = true;
    unit_take_effects(&u, &effects);
    d->recovering = false;
    d->recover_due = unit_end(&u) != 0 || group_commit(d) != 0;
}

static void take_over(struct dispatch *d, time_us now_us, time_us utc_us)
{
    struct unit u;
    int count = 0;
    group_commit(d);
    unit_begin(&u, d, now_us, utc_us);
    if (!u.error)
        unit_fail(&u, nodes_take_over(d->config.nodes, &count));
    if (unit_end(&u) || group_commit(d))
        return; /* at the next beat */
    d->adopt_us = now_us;
    if (nodes_each_taken(d->config.nodes, adopt, d))
        log_write(LOG_ERROR, "across.adopt");
    mark_all_present(d, now_us);
    d->recover_due = true;
    d->mail_due = true;
    log_write(LOG_WARN, "across.taken_over", LOG_INT("rooms", count));
}

void across_started(struct dispatch *d, time_us now_us)
{
    if (!d->config.nodes)
        return;
    mark_all_present(d, now_us);
    d->mail_due = true;
}

/* ---- notices ---- */

static void drop_peer(struct dispatch *d, struct peer *peer, uint16_t code)
{
    peers_unbind(&d->peers, peer);
    dispatch_close_peer(d, peer, code);
}

/* A notice may be older than a return to this node: the store knows. */
static void moved(struct dispatch *d, const char *session)
{
    struct peer *peer = peers_find_session(&d->peers, session);
    if (!across_connected(d, session))
        return;
    session_forget_away(d, session);
    if (peer)
        drop_peer(d, peer, DISPATCH_CLOSE_REPLACED);
}

static void ended(struct dispatch *d, const char *session, const char *reason)
{
    struct peer *peer = peers_find_session(&d->peers, session);
    session_forget_away(d, session);
    if (!peer)
        return;
    size_t len = 0;
    json_t *params = json_pack("{s:s}", "reason", *reason ? reason : "revoked");
    char *text = jsonrpc_notification("session.ended", params, ++peer->last_seq, &len);
    struct dispatch_output item = {
        .type = DISPATCH_SEND, .connection = peer->connection, .text = text, .len_bytes = len};
    json_decref(params);
    if (!text || outputs_add(&d->outputs, &item))
        log_write(LOG_ERROR, "dispatch.no_memory");
    drop_peer(d, peer, DISPATCH_CLOSE_ENDED);
}

static int compare_session(const char *session, int64_t seq, void *user)
{
    struct dispatch *d = user;
    struct peer *peer = peers_find_session(&d->peers, session);
    if (peer && peer->last_seq < seq)
        peer->behind = true;
    return 0;
}

/* Notices may be lost with a connection to the database. */
static void look_at_everything(struct dispatch *d)
{
    struct peer *newer;
    if (nodes_each_session(d->config.nodes, compare_session, d))
        return;
    for (struct peer *p = d->peers.oldest; p; p = newer) {
        newer = p->newer;
        if (p->caller.session[0] && across_connected(d, p->caller.session))
            moved(d, p->caller.session);
    }
    across_catch_up_all(d);
    d->mail_due = true;
}

static void take_notices(struct dispatch *d)
{
    struct nodes_notice notice;
    while (nodes_next(d->config.nodes, &notice)) {
        struct peer *peer = peers_find_session(&d->peers, notice.session);
        if (notice.type == NODES_MAIL)
            d->mail_due = true;
        else if (notice.type == NODES_WAKE && peer)
            across_fall_behind(d, peer);
        else if (notice.type == NODES_MOVED)
            moved(d, notice.session);
        else if (notice.type == NODES_ENDED)
            ended(d, notice.session, notice.reason);
        else if (notice.type == NODES_MISSED)
            look_at_everything(d);
    }
}

/* ---- time ---- */

void across_step(struct dispatch *d, time_us now_us, time_us utc_us)
{
    if (!d->config.nodes)
        return;
    bool beat = nodes_beats(d->config.nodes, now_us);
    if (beat)
        group_commit(d); /* a beat is no part of a transaction */
    bool dead = nodes_step(d->config.nodes, now_us);
    if (!across_hold(d, now_us))
        return;
    if (dead)
        take_over(d, now_us, utc_us);
    if (d->recover_due)
        recover(d, now_us, utc_us);
    take_notices(d);
    for (int i = 0; d->mail_due && i < MAIL_AT_ONCE; i++)
        d->mail_due = across_take_mail(d, now_us, utc_us);
    if (!beat)
        return;
    d->mail_due = true; /* for what failed before */
    /* others set deadlines too, and may die before these are due */
    (void)service_next_deadline(d->service, &d->deadline_utc_us);
}

time_us across_deadline(const struct dispatch *d, time_us now_us)
{
    if (!d->config.nodes)
        return TIME_US_NEVER;
    return d->mail_due ? now_us : nodes_deadline(d->config.nodes, now_us);
}
