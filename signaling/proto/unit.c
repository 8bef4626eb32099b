/* SPDX-License-Identifier: Apache-2.0 */
/* One part of the turn's transaction and what shall leave after its commit: replies, notifications,
 * effects. */
#include "signaling/proto/unit.h"

#include "base/log.h"
#include "shanqiao/error.h"
#include "signaling/media/media.h"
#include "signaling/proto/across.h"
#include "signaling/proto/jsonrpc.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void outputs_clear(struct outputs *o)
{
    for (size_t i = o->next; i < o->count; i++)
        free(o->items[i].text);
    free(o->items);
    memset(o, 0, sizeof *o);
}

int outputs_add(struct outputs *o, const struct dispatch_output *item)
{
    if (o->count == o->capacity) {
        size_t capacity = o->capacity ? 2 * o->capacity : 16;
        struct dispatch_output *grown = reallocarray(o->items, capacity, sizeof *grown);
        if (!grown) {
            free(item->text);
            return SQ_ERR_NOMEM;
        }
        o->items = grown;
        o->capacity = capacity;
    }
    o->items[o->count++] = *item;
    return 0;
}

void unit_fail(struct unit *u, int error)
{
    if (error < 0 && !u->error)
        u->error = error;
}

int told_add(struct told_list *list, uint64_t connection, const char *key)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? 2 * list->capacity : 4;
        struct told *grown = reallocarray(list->items, capacity, sizeof *grown);
        if (!grown)
            return SQ_ERR_NOMEM;
        list->items = grown;
        list->capacity = capacity;
    }
    struct told *t = &list->items[list->count++];
    *t = (struct told){.connection = connection};
    snprintf(t->key, sizeof t->key, "%s", key);
    return 0;
}

void unit_begin(struct unit *u, struct dispatch *d, time_us now_us, time_us utc_us)
{
    *u = (struct unit){.d = d, .now_us = now_us, .utc_us = utc_us};
    unit_fail(u, across_hold(d, now_us) ? group_enter(d, now_us, utc_us) : SQ_ERR_STORE);
    u->in_part = !u->error;
}

void unit_send(struct unit *u, uint64_t connection, char *text, size_t len_bytes)
{
    struct dispatch_output item = {
        .type = DISPATCH_SEND, .connection = connection, .text = text, .len_bytes = len_bytes};
    unit_fail(u, text ? outputs_add(&u->sends, &item) : SQ_ERR_NOMEM);
}

static void notify_at(struct unit *u, const char *session, int64_t seq, const char *method,
                      json_t *params)
{
    size_t len = 0;
    if (u->error)
        return;
    char *text = jsonrpc_notification(method, params, seq, &len);
    int error = text ? delivery_outbox_put(u->d->service, session, seq, text) : SQ_ERR_NOMEM;
    struct peer *peer = error ? NULL : peers_find_session(&u->d->peers, session);
    unit_fail(u, error);
    if (!peer)
        across_wake(u, session);
    else if (seq != peer->last_seq + 1)
        across_fall_behind(u->d, peer); /* what another node wrote goes first */
    if (!peer || peer->behind) {
        free(text);
        return;
    }
    peer->last_seq = seq;
    struct dispatch_output item = {.type = DISPATCH_SEND,
                                   .connection = peer->connection,
                                   .text = text,
                                   .len_bytes = len,
                                   .seq = seq};
    unit_fail(u, outputs_add(&u->sends, &item));
}

void unit_notify_session(struct unit *u, const char *session, const char *method, json_t *params)
{
    int64_t seq = 0;
    if (u->error)
        return;
    int error = delivery_next_seq(u->d->service, session, &seq);
    if (error == SQ_ERR_NOT_FOUND)
        return; /* ended meanwhile: nobody to tell */
    unit_fail(u, error);
    notify_at(u, session, seq, method, params);
}

void unit_reply(struct unit *u, uint64_t connection, const char *key, char *text, size_t len_bytes)
{
    unit_fail(u, told_add(&u->told, connection, key));
    unit_send(u, connection, text, len_bytes);
}

void unit_ask_effects(struct unit *u, const struct effects *effects)
{
    if (u->error || !effects->count)
        return;
    u->asked = calloc(effects->count, sizeof *u->asked);
    if (!u->asked)
        unit_fail(u, SQ_ERR_NOMEM);
    for (; u->asked && u->asked_count < effects->count; u->asked_count++) {
        const struct effect *e = &effects->items[u->asked_count];
        if (e->type == EFFECT_NOTIFY && e->session[0])
            return; /* it takes its number itself, and those after it a later one */
        if (e->type == EFFECT_NOTIFY)
            delivery_ask_seqs(u->d->service, e->account, u->utc_us, &u->asked[u->asked_count]);
    }
}

static void notify(struct unit *u, size_t i, const struct effect *e)
{
    struct delivery_places to;
    struct store_query now, *q = i < u->asked_count ? &u->asked[i] : &now;
    if (e->session[0]) {
        unit_notify_session(u, e->session, e->method, e->params);
        return;
    }
    if (q == &now)
        delivery_ask_seqs(u->d->service, e->account, u->utc_us, q);
    int error = delivery_take_seqs(q, &to);
    unit_fail(u, error);
    for (size_t at = 0; !error && at < to.count; at++)
        notify_at(u, to.items[at].session, to.items[at].seq, e->method, e->params);
}

static void forget_asked(struct unit *u)
{
    for (size_t i = 0; i < u->asked_count; i++)
        store_query_end(&u->asked[i]); /* of an undone unit; else ended already */
    free(u->asked);
    u->asked = NULL;
    u->asked_count = 0;
}

void unit_take_effects(struct unit *u, struct effects *effects)
{
    if (!u->asked)
        unit_ask_effects(u, effects);
    for (size_t i = 0; i < effects->count && !u->error; i++) {
        struct effect *e = &effects->items[i];
        if (e->type == EFFECT_NOTIFY) {
            notify(u, i, e);
            continue;
        }
        if (across_take(u, e))
            continue;
        unit_fail(u, effects_add(&u->after, e));
        e->params = NULL; /* moved */
    }
    forget_asked(u);
    effects_clear(effects);
}

void unit_take_media(struct unit *u)
{
    struct media_output out;
    while (u->d->config.media && media_next(u->d->config.media, &out)) {
        if (out.type == MEDIA_NOTIFY) {
            unit_notify_session(u, out.session, out.method, out.body);
        } else if (!across_reply(u, &out)) {
            struct pending *p = dispatch_pending_find(u->d, out.ticket);
            if (p)
                dispatch_finish(u, p, out.error, out.body, out.object, out.message_en,
                                out.message_zh);
        }
        json_decref(out.body);
    }
}

/* The last words to a session that is over: its outbox is closed, so the text goes to the
 * connection alone. */
static void end_session(struct unit *u, const struct effect *e)
{
    struct effects more = {0};
    struct peer *peer = peers_find_session(&u->d->peers, e->session);
    session_forget_away(u->d, e->session);
    if (peer) {
        size_t len = 0;
        json_t *params = json_pack("{s:s}", "reason", e->reason ? e->reason : "revoked");
        char *text = jsonrpc_notification("session.ended", params, ++peer->last_seq, &len);
        json_decref(params);
        unit_send(u, peer->connection, text, len);
        peers_unbind(&u->d->peers, peer);
        peer->closing = true;
        struct dispatch_output close = {
            .type = DISPATCH_CLOSE, .connection = peer->connection, .code = DISPATCH_CLOSE_ENDED};
        unit_fail(u, outputs_add(&u->sends, &close));
    }
    unit_fail(u, service_session_lost(u->d->service, e->session, u->utc_us, &more));
    unit_take_effects(u, &more);
}

void unit_carry_out(struct unit *u, const struct effect *e)
{
    switch (e->type) {
    case EFFECT_SESSION_ENDED:
        end_session(u, e);
        break;
    case EFFECT_DEADLINE: /* needs no unit: group.c */
        return;
    case EFFECT_NOTIFY:
    case EFFECT_SIGNAL: /* of reads only: signal.c */
    case EFFECT_ROOM_OPEN:
    case EFFECT_ROOM_LIVE:
    case EFFECT_ROOM_REMOVE:
    case EFFECT_ROOM_CLOSE:
        break;
    }
    if (u->d->config.media) {
        media_effect(u->d->config.media, e, u->now_us);
        unit_take_media(u);
    }
    across_done(u, e);
}

/* Nothing was sent, so the numbers are given out again. */
void outputs_take_numbers_back(struct dispatch *d, const struct outputs *o)
{
    for (size_t i = o->count; i-- > o->next;) {
        struct peer *peer = o->items[i].seq ? peers_find(&d->peers, o->items[i].connection) : NULL;
        if (peer)
            peer->last_seq = o->items[i].seq - 1;
    }
}

static void forget(struct unit *u)
{
    forget_asked(u);
    outputs_take_numbers_back(u->d, &u->sends);
    outputs_clear(&u->sends);
    effects_clear(&u->after);
    free(u->told.items);
    u->told = (struct told_list){0};
}

static void tell_undone(struct unit *u)
{
    log_write(LOG_ERROR, "dispatch.undone", LOG_TEXT("error", sq_error_name(u->error)),
              LOG_TEXT("store", store_error(u->d->service->store)));
    for (size_t i = 0; i < u->told.count; i++)
        dispatch_refuse(u->d, u->told.items[i].connection, u->told.items[i].key, u->error, NULL,
                        NULL);
}

void unit_drop(struct unit *u)
{
    if (u->in_part)
        group_leave(u->d, false);
    u->in_part = false;
    forget(u);
}

int unit_end(struct unit *u)
{
    /* what fails undoes this unit alone; the first one is alone anyway, until another enters */
    if (u->in_part && !u->error && u->d->group.parts > 1)
        unit_fail(u, store_settle(u->d->service->store));
    if (u->in_part && !u->error)
        unit_fail(u, group_leave(u->d, true));
    else if (u->in_part)
        group_leave(u->d, false);
    u->in_part = false;
    if (!u->error)
        unit_fail(u, group_take(u->d, u));
    if (u->error)
        tell_undone(u);
    forget(u);
    return u->error;
}
