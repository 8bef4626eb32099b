/* SPDX-License-Identifier: Apache-2.0 */
/* Lists by kind and tables by id. Control's rates are commands, not packets, so lists are walked.
 * Refuses to know: JSON, threads, media. */
#include "relay/control/registry.h"
#include "base/random.h"
#include "base/text.h"
#include "relay/room/router.h"
#include "relay/room/table.h"
#include "shanqiao/error.h"
#include <stdlib.h>
#include <string.h>

#define ENTRIES_MAX ROUTER_STREAMS_MAX /* of one kind over all workers */

struct registry {
    uint64_t seed;
    struct table *ids[REGISTRY_KINDS];
    LIST_HEAD(, registry_entry) lists[REGISTRY_KINDS];
};

int registry_new(struct registry **out)
{
    struct registry *r = calloc(1, sizeof *r);
    if (!r)
        return SQ_ERR_NOMEM;
    random_bytes(&r->seed, sizeof r->seed);
    for (int k = 0; k < REGISTRY_KINDS; k++) {
        LIST_INIT(&r->lists[k]);
        if (table_new(&r->ids[k], ENTRIES_MAX, r->seed)) {
            registry_free(r);
            return SQ_ERR_NOMEM;
        }
    }
    *out = r;
    return 0;
}

void registry_free(struct registry *r)
{
    if (!r)
        return;
    for (int k = 0; k < REGISTRY_KINDS; k++) {
        while (!LIST_EMPTY(&r->lists[k])) {
            struct registry_entry *e = LIST_FIRST(&r->lists[k]);
            LIST_REMOVE(e, of_kind);
            free(e);
        }
        table_free(r->ids[k]);
    }
    free(r);
}

struct registry_entry *registry_find(const struct registry *r, enum registry_kind kind,
                                     const char *id)
{
    struct registry_entry *e = table_get(r->ids[kind], table_hash_text(id, r->seed));
    return e && strcmp(e->id, id) == 0 ? e : NULL;
}

struct registry_entry *registry_add(struct registry *r, enum registry_kind kind, const char *id,
                                    int worker, struct registry_entry *parent,
                                    struct registry_entry *producer)
{
    struct registry_entry *e = calloc(1, sizeof *e);
    if (!e)
        return NULL;
    e->kind = kind;
    text_copy(e->id, sizeof e->id, id);
    e->worker = worker;
    e->parent = parent;
    e->room = parent ? parent->room : e;
    e->producer = producer;
    if (table_put(r->ids[kind], table_hash_text(id, r->seed), e)) {
        free(e);
        return NULL;
    }
    LIST_INSERT_HEAD(&r->lists[kind], e, of_kind);
    return e;
}

void registry_remove(struct registry *r, struct registry_entry *e)
{
    for (int k = (int)e->kind + 1; k < REGISTRY_KINDS; k++) {
        struct registry_entry *at = LIST_FIRST(&r->lists[k]);
        while (at) {
            struct registry_entry *next = LIST_NEXT(at, of_kind);
            if (at->parent == e || at->room == e || at->producer == e) {
                registry_remove(r, at);
                next = LIST_FIRST(&r->lists[k]); /* what hung on it may be gone too */
            }
            at = next;
        }
    }
    table_remove(r->ids[e->kind], table_hash_text(e->id, r->seed));
    LIST_REMOVE(e, of_kind);
    free(e);
}

size_t registry_count(const struct registry *r, enum registry_kind kind)
{
    return table_count(r->ids[kind]);
}

size_t registry_rooms_of(const struct registry *r, int worker)
{
    const struct registry_entry *e;
    size_t count = 0;
    LIST_FOREACH(e, &r->lists[REGISTRY_ROOM], of_kind)
    count += e->worker == worker;
    return count;
}

static int by_id(const void *a, const void *b)
{
    const struct registry_entry *const *x = a, *const *y = b;
    return strcmp((*x)->id, (*y)->id);
}

size_t registry_rooms(const struct registry *r, const char *after,
                      const struct registry_entry **out, size_t capacity)
{
    const struct registry_entry *e;
    size_t count = 0;
    LIST_FOREACH(e, &r->lists[REGISTRY_ROOM], of_kind)
    if (e->confirmed && strcmp(e->id, after) > 0 && count < capacity)
        out[count++] = e;
    qsort(out, count, sizeof *out, by_id);
    return count;
}

const struct registry_entry *registry_next(const struct registry *r, enum registry_kind kind,
                                           const struct registry_entry *room,
                                           const struct registry_entry *before)
{
    const struct registry_entry *e =
        before ? LIST_NEXT(before, of_kind) : LIST_FIRST(&r->lists[kind]);
    while (e && !(e->confirmed && e->room == room))
        e = LIST_NEXT(e, of_kind);
    return e;
}
