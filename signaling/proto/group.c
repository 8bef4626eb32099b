/* SPDX-License-Identifier: Apache-2.0 */
/* The transaction that the units of one turn share. One commit (and its wait for the disk) serves
 * them all; what they have to say waits in order, and leaves after it or not at all. */
#include "base/log.h"
#include "shanqiao/error.h"
#include "signaling/proto/across.h"
#include "signaling/proto/jsonrpc.h"
#include "signaling/proto/unit.h"
#include "signaling/service.h"
#include "signaling/store/store.h"
#include <stdlib.h>
#include <string.h>

static void doom(struct group *g, int error)
{
    if (error < 0 && !g->error)
        g->error = error;
}

int group_open(struct dispatch *d, time_us now_us, time_us utc_us)
{
    struct group *g = &d->group;
    if (g->open)
        return 0;
    int error = store_begin(d->service->store);
    if (!error)
        *g = (struct group){.open = true, .now_us = now_us, .utc_us = utc_us};
    return error;
}

int group_enter(struct dispatch *d, time_us now_us, time_us utc_us)
{
    struct group *g = &d->group;
    if (g->open && g->parts && !g->error && store_settle(d->service->store) < 0) {
        doom(g, SQ_ERR_STORE); /* what the parts before wrote: they fall without this one */
        group_commit(d);
    }
    int error = group_open(d, now_us, utc_us);
    if (error)
        return error;
    if (!g->error)
        doom(g, store_savepoint(d->service->store));
    g->parts++;
    return g->error;
}

int group_leave(struct dispatch *d, bool keep)
{
    struct store *store = d->service->store;
    doom(&d->group, keep ? store_release(store) : store_rollback_to(store));
    return d->group.error;
}

static int move_effects(struct effects *to, struct effects *from)
{
    if (!from->count)
        return 0;
    struct effect *grown = reallocarray(to->items, to->count + from->count, sizeof *to->items);
    if (!grown)
        return SQ_ERR_NOMEM;
    memcpy(grown + to->count, from->items, from->count * sizeof *grown);
    to->items = grown;
    to->count += from->count;
    from->count = 0; /* moved */
    return 0;
}

int group_take(struct dispatch *d, struct unit *u)
{
    struct group *g = &d->group;
    for (size_t i = 0; i < u->told.count; i++) {
        doom(g, told_add(&g->told, u->told.items[i].connection, u->told.items[i].key));
        if (!g->error)
            g->told.items[g->told.count - 1].unbind = u->told.items[i].unbind;
    }
    for (; u->sends.next < u->sends.count && !g->error; u->sends.next++)
        doom(g, outputs_add(&g->sends, &u->sends.items[u->sends.next]));
    doom(g, move_effects(&g->after, &u->after));
    return g->error;
}

static void add(struct dispatch *d, const char *key, const struct dispatch_output *item)
{
    struct group *g = &d->group;
    if (!g->open) {
        if (outputs_add(&d->outputs, item))
            log_write(LOG_ERROR, "dispatch.no_memory");
        return;
    }
    if (key)
        doom(g, told_add(&g->told, item->connection, key));
    doom(g, outputs_add(&g->sends, item));
}

void group_send(struct dispatch *d, uint64_t connection, const char *key, char *text,
                size_t len_bytes)
{
    struct dispatch_output item = {
        .type = DISPATCH_SEND, .connection = connection, .text = text, .len_bytes = len_bytes};
    if (text)
        add(d, key, &item);
    else
        log_write(LOG_ERROR, "dispatch.no_memory");
}

void group_close(struct dispatch *d, uint64_t connection, uint16_t code)
{
    add(d, NULL,
        &(struct dispatch_output){.type = DISPATCH_CLOSE, .connection = connection, .code = code});
}

/* ---- the end ---- */

static void let_out(struct dispatch *d, struct group *g)
{
    for (; g->sends.next < g->sends.count; g->sends.next++) {
        if (outputs_add(&d->outputs, &g->sends.items[g->sends.next]))
            log_write(LOG_ERROR, "dispatch.no_memory");
    }
}

static void look_at_deadlines(struct dispatch *d, time_us utc_us)
{
    if (service_next_deadline(d->service, &d->deadline_utc_us))
        d->deadline_utc_us = utc_us; /* tried again soon */
}

/* Each request is answered with the error; connections that were to be closed still are. */
static void undo(struct dispatch *d, struct group *g)
{
    log_write(LOG_ERROR, "dispatch.group_undone", LOG_TEXT("error", sq_error_name(g->error)),
              LOG_TEXT("store", store_error(d->service->store)), LOG_INT("parts", g->parts));
    store_rollback(d->service->store);
    outputs_take_numbers_back(d, &g->sends);
    for (size_t i = 0; i < g->told.count; i++) {
        const struct told *t = &g->told.items[i];
        struct peer *peer = t->unbind ? peers_find(&d->peers, t->connection) : NULL;
        if (peer)
            peers_unbind(&d->peers, peer);
        dispatch_refuse(d, t->connection, t->key, g->error, NULL, NULL);
    }
    for (; g->sends.next < g->sends.count; g->sends.next++) {
        const struct dispatch_output *item = &g->sends.items[g->sends.next];
        free(item->text);
        if (item->type == DISPATCH_CLOSE)
            group_close(d, item->connection, item->code);
    }
    look_at_deadlines(d, g->utc_us);
}

static void clear(struct group *g)
{
    outputs_clear(&g->sends);
    effects_clear(&g->after);
    free(g->told.items);
    free(g->waiters);
    *g = (struct group){0};
}

static int end(struct dispatch *d, struct group *g)
{
    if (!g->error)
        g->error = store_commit(d->service->store);
    if (g->error)
        undo(d, g);
    else
        let_out(d, g);
    if (g->behind)
        across_catch_up_all(d);
    for (size_t i = 0; i < g->waiter_count; i++)
        g->waiters[i].done(g->waiters[i].user, g->error);
    for (size_t i = 0; i < g->after.count && !g->error; i++) {
        struct unit u;
        if (g->after.items[i].type == EFFECT_DEADLINE) { /* needs no transaction */
            look_at_deadlines(d, g->utc_us);
            continue;
        }
        unit_begin(&u, d, g->now_us, g->utc_us);
        if (across_may(&u))
            unit_carry_out(&u, &g->after.items[i]);
        unit_end(&u);
    }
    return g->error;
}

int group_commit(struct dispatch *d)
{
    int first = 0;
    for (bool again = false; d->group.open; again = true) {
        struct group g = d->group;
        d->group = (struct group){0};
        int error = end(d, &g);
        if (!again)
            first = error;
        clear(&g);
    }
    return first;
}

void group_bound(struct dispatch *d, time_us now_us)
{
    const struct group *g = &d->group;
    if (g->open &&
        (g->error || g->parts >= DISPATCH_GROUP_MAX || now_us - g->now_us >= DISPATCH_GROUP_US))
        group_commit(d);
}

void group_drop(struct dispatch *d)
{
    if (d->group.open)
        store_rollback(d->service->store);
    clear(&d->group);
}

void dispatch_after(struct dispatch *d, void (*done)(void *user, int error), void *user)
{
    struct group *g = &d->group;
    struct commit_waiter *grown =
        g->open ? reallocarray(g->waiters, g->waiter_count + 1, sizeof *grown) : NULL;
    if (grown) {
        g->waiters = grown;
        g->waiters[g->waiter_count++] = (struct commit_waiter){done, user};
        return;
    }
    /* no room to remember whom to tell: the turn ends here */
    done(user, group_commit(d));
}
