/* SPDX-License-Identifier: Apache-2.0 */
/* Who a datagram is for: by its tuple once an authenticated check passed it, by the user fragment
 * of a check before that. A transport keeps few tuples (TRUST STN-05), the oldest unselected gives
 * way. Refuses to know: what is in the datagram. */
#include "relay/room/room.h"
#include <string.h>

static uint64_t tuple_key(const struct router *r, const struct net_tuple *tuple)
{
    return net_tuple_hash(tuple, r->config.hash_seed);
}

static bool owns_tuple(const struct room_transport *t, const struct net_tuple *tuple)
{
    for (size_t i = 0; i < t->tuples.count; i++)
        if (net_tuple_equal(&t->tuples.list[i], tuple))
            return true;
    return false;
}

struct room_transport *room_tuple_find(const struct router *r, const struct net_tuple *tuple)
{
    struct room_transport *t = table_get(r->tuples, tuple_key(r, tuple));
    return t && owns_tuple(t, tuple) ? t : NULL;
}

static void drop_tuple(struct router *r, struct room_transport *t, const struct net_tuple *tuple)
{
    uint64_t key = tuple_key(r, tuple);
    if (table_get(r->tuples, key) == t)
        table_remove(r->tuples, key);
}

/* The place for one more: a free one, or the oldest that isn't the selected path. */
static struct net_tuple *tuple_place(struct router *r, struct room_transport *t)
{
    if (t->tuples.count < ICE_TUPLES_MAX)
        return &t->tuples.list[t->tuples.count++];
    const struct net_tuple *selected = transport_tuple(t->rtc);
    struct net_tuple *place = &t->tuples.list[t->tuples.next++ % ICE_TUPLES_MAX];
    if (selected && net_tuple_equal(place, selected))
        place = &t->tuples.list[t->tuples.next++ % ICE_TUPLES_MAX];
    drop_tuple(r, t, place);
    return place;
}

void room_tuple_add(struct router *r, struct room_transport *t, const struct net_tuple *tuple)
{
    struct room_transport *owner = table_get(r->tuples, tuple_key(r, tuple));
    if (owner == t && owns_tuple(t, tuple))
        return;
    /* An address that another transport had: an authenticated check says that it is ours now. */
    if (!owns_tuple(t, tuple))
        *tuple_place(r, t) = *tuple;
    (void)table_put(r->tuples, tuple_key(r, tuple), t); /* sized for all tuples of all transports */
}

void room_tuples_forget(struct router *r, struct room_transport *t)
{
    for (size_t i = 0; i < t->tuples.count; i++)
        drop_tuple(r, t, &t->tuples.list[i]);
    t->tuples.count = 0;
}

struct room_transport *room_ufrag_find(const struct router *r, const char *ufrag, size_t len)
{
    struct room_transport *t =
        table_get(r->ufrags, table_hash_bytes(ufrag, len, r->config.hash_seed));
    if (!t)
        return NULL;
    bool newest = strlen(t->local.ufrag) == len && memcmp(t->local.ufrag, ufrag, len) == 0;
    bool former = strlen(t->old_ufrag) == len && memcmp(t->old_ufrag, ufrag, len) == 0;
    return newest || former ? t : NULL;
}
