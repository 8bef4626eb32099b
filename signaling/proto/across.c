/* SPDX-License-Identifier: Apache-2.0 */
/* What one node does for the sessions and rooms of others, at the moment it happens: everything
 * that another node must learn is written in the transaction of the act itself, so that it is not
 * lost with this node. */
#include "signaling/proto/across.h"

#include "base/log.h"
#include "shanqiao/error.h"
#include "signaling/media/media.h"
#include "signaling/nodes/nodes.h"
#include "signaling/service.h"
#include <stdlib.h>
#include <string.h>

bool across_hold(struct dispatch *d, time_us now_us)
{
    return !d->config.nodes || nodes_hold(d->config.nodes, now_us);
}

bool across_may(const struct unit *u)
{
    if (!u->d->config.nodes || !u->error)
        return true;
    u->d->recover_due = true; /* what is left out now is put right then */
    return false;
}

/* ---- effects ---- */

static json_t *effect_json(const struct effect *e)
{
    return json_pack("{s:i, s:s, s:s, s:s}", "type", (int)e->type, "object", e->object, "account",
                     e->account, "session", e->session);
}

static bool of_room(const struct effect *e)
{
    return e->type == EFFECT_ROOM_OPEN || e->type == EFFECT_ROOM_LIVE ||
           e->type == EFFECT_ROOM_REMOVE || e->type == EFFECT_ROOM_CLOSE;
}

static bool take_room_effect(struct unit *u, const struct effect *e)
{
    struct nodes *n = u->d->config.nodes;
    char owner[NODE_ID_MAX];
    if (e->type == EFFECT_ROOM_OPEN || e->type == EFFECT_ROOM_LIVE)
        unit_fail(u, nodes_claim(n, e->object));
    if (u->error || nodes_room(n, e->object, owner) != NODES_ELSEWHERE)
        return false;
    if (!u->d->recovering) /* its owner lives and knows */
        unit_fail(u, nodes_send(n, owner, "effect", e->object, effect_json(e)));
    return true;
}

struct telling {
    struct unit *u;
    const char *kind;
    json_t *body; /* borrowed */
};

static int tell_owner(const char *node, void *user)
{
    const struct telling *t = user;
    return nodes_send(t->u->d->config.nodes, node, t->kind, "", json_incref(t->body));
}

/* Every node that owns a room with this session's media. Takes over body. */
static void tell_owners(struct unit *u, const char *session, const char *kind, json_t *body)
{
    struct telling t = {.u = u, .kind = kind, .body = body};
    if (!u->error)
        unit_fail(u, body ? nodes_each_owner(u->d->config.nodes, session, tell_owner, &t)
                          : SQ_ERR_NOMEM);
    json_decref(body);
}

/* Its connection may be on another node, its media on a third. */
static void take_session_end(struct unit *u, const struct effect *e)
{
    struct nodes *n = u->d->config.nodes;
    char node[NODE_ID_MAX];
    unit_fail(u, nodes_session(n, e->session, node));
    if (!u->error)
        unit_fail(u, nodes_say_ended(n, node, e->session, e->reason));
    tell_owners(u, e->session, "effect", effect_json(e));
}

bool across_take(struct unit *u, const struct effect *e)
{
    if (!u->d->config.nodes || u->error)
        return false;
    if (of_room(e))
        return take_room_effect(u, e);
    if (e->type == EFFECT_SESSION_ENDED)
        take_session_end(u, e);
    return false;
}

void across_done(struct unit *u, const struct effect *e)
{
    if (u->d->config.nodes && e->type == EFFECT_ROOM_CLOSE && !u->error)
        unit_fail(u, nodes_release(u->d->config.nodes, e->object));
}

/* ---- sessions ---- */

void across_wake(struct unit *u, const char *session)
{
    char node[NODE_ID_MAX];
    if (!u->d->config.nodes || u->error)
        return;
    unit_fail(u, nodes_session(u->d->config.nodes, session, node));
    if (!u->error)
        unit_fail(u, nodes_wake(u->d->config.nodes, node, session));
}

void across_signal(struct unit *u, const char *session, const char *text)
{
    struct nodes *n = u->d->config.nodes;
    char node[NODE_ID_MAX];
    if (!n || u->error)
        return;
    unit_fail(u, nodes_session(n, session, node));
    if (!u->error && node[0] && strcmp(node, nodes_id(n)) != 0)
        unit_fail(u, nodes_send(n, node, "signal", "",
                                json_pack("{s:s, s:s}", "session", session, "text", text)));
}

void across_presence(struct unit *u, const char *session, bool there)
{
    struct nodes *n = u->d->config.nodes;
    if (!n || u->error)
        return;
    unit_fail(u, there ? nodes_session_here(n, session) : nodes_session_gone(n, session));
    tell_owners(u, session, "presence",
                json_pack("{s:s, s:b}", "session", session, "there", (int)there));
}

bool across_connected(const struct dispatch *d, const char *session)
{
    char node[NODE_ID_MAX];
    return d->config.nodes && nodes_session(d->config.nodes, session, node) == 0 && node[0] &&
           strcmp(node, nodes_id(d->config.nodes)) != 0;
}

/* ---- notifications that others wrote ---- */

void across_fall_behind(struct dispatch *d, struct peer *peer)
{
    if (!d->config.nodes)
        return;
    peer->behind = d->group.behind = true;
    if (!d->group.open)
        across_catch_up_all(d);
}

struct catching {
    struct dispatch *d;
    struct peer *peer;
};

static int send_missed(int64_t seq, const char *body, void *user)
{
    struct catching *c = user;
    struct dispatch_output item = {.type = DISPATCH_SEND,
                                   .connection = c->peer->connection,
                                   .text = strdup(body),
                                   .len_bytes = strlen(body)};
    if (!item.text)
        return SQ_ERR_NOMEM;
    int error = outputs_add(&c->d->outputs, &item);
    if (!error)
        c->peer->last_seq = seq;
    return error;
}

void across_catch_up(struct dispatch *d, struct peer *peer)
{
    struct catching c = {.d = d, .peer = peer};
    if (!d->config.nodes || !peer->caller.session[0] || peer->closing)
        return;
    int error =
        delivery_outbox_read(d->service, peer->caller.session, peer->last_seq, send_missed, &c);
    if (!error)
        return;
    log_write(LOG_ERROR, "across.catch_up", LOG_TEXT("error", sq_error_name(error)));
    dispatch_close_peer(d, peer, DISPATCH_CLOSE_INTERNAL); /* a resume brings the rest */
}

void across_catch_up_all(struct dispatch *d)
{
    for (struct peer *p = d->peers.oldest; p; p = p->newer) {
        if (!p->behind)
            continue;
        p->behind = false;
        across_catch_up(d, p);
    }
    d->group.behind = false;
}
