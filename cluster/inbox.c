/* SPDX-License-Identifier: Apache-2.0 */
/* The table of commands that came in; see inbox.h. */
#include "cluster/inbox.h"
#include "base/check.h"
#include "shanqiao/error.h"
#include <stdlib.h>
#include <string.h>

_Static_assert(INBOX_MAX == 1 << INBOX_SLOT_BITS, "a ticket holds its slot");

void inbox_init(struct inbox *in)
{
    in->next_number = 1;
}

void inbox_fini(struct inbox *in)
{
    for (size_t i = 0; i < INBOX_MAX; i++)
        free(in->entries[i].reply);
}

static void entry_clear(struct inbox *in, struct inbox_entry *e)
{
    in->reply_bytes -= e->reply_bytes;
    free(e->reply);
    *e = (struct inbox_entry){0};
}

struct inbox_entry *inbox_find(struct inbox *in, const char *node, uint64_t boot,
                               uint64_t their_ticket)
{
    for (size_t i = 0; i < INBOX_MAX; i++) {
        struct inbox_entry *e = &in->entries[i];
        if (e->ticket && e->their_ticket == their_ticket && e->boot == boot &&
            memcmp(e->node, node, CLUSTER_NODE_MAX) == 0)
            return e;
    }
    return NULL;
}

/* Tickets grow, so the smallest is the oldest. */
static struct inbox_entry *oldest_answered(struct inbox *in)
{
    struct inbox_entry *oldest = NULL;
    for (size_t i = 0; i < INBOX_MAX; i++) {
        struct inbox_entry *e = &in->entries[i];
        if (e->answered && (!oldest || e->ticket < oldest->ticket))
            oldest = e;
    }
    return oldest;
}

static struct inbox_entry *entry_free(struct inbox *in)
{
    for (size_t i = 0; i < INBOX_MAX; i++) {
        if (!in->entries[i].ticket)
            return &in->entries[i];
    }
    struct inbox_entry *e = oldest_answered(in);
    if (e)
        entry_clear(in, e);
    return e;
}

struct inbox_entry *inbox_add(struct inbox *in, const char *node, uint64_t boot,
                              uint64_t their_ticket)
{
    struct inbox_entry *e = entry_free(in);
    if (!e)
        return NULL;
    e->ticket = in->next_number++ << INBOX_SLOT_BITS | (uint64_t)(e - in->entries);
    e->their_ticket = their_ticket;
    e->boot = boot;
    memcpy(e->node, node, CLUSTER_NODE_MAX);
    return e;
}

struct inbox_entry *inbox_open(struct inbox *in, uint64_t ticket)
{
    struct inbox_entry *e = &in->entries[ticket % INBOX_MAX];
    return ticket && e->ticket == ticket && !e->answered ? e : NULL;
}

void inbox_route(struct inbox_entry *e, const uint8_t *route, size_t route_bytes)
{
    CHECK(route_bytes <= PROCESS_ROUTE_MAX);
    memcpy(e->route, route, route_bytes);
    e->route_bytes = route_bytes;
}

int inbox_answer(struct inbox *in, struct inbox_entry *e, const void *reply, size_t len_bytes)
{
    uint8_t *copy = malloc(len_bytes + 1);
    if (!copy)
        return SQ_ERR_NOMEM;
    if (len_bytes)
        memcpy(copy, reply, len_bytes);
    e->reply = copy;
    e->reply_bytes = len_bytes;
    e->answered = true;
    in->reply_bytes += len_bytes;
    while (in->reply_bytes > INBOX_REPLIES_MAX) {
        struct inbox_entry *old = oldest_answered(in);
        if (old == e)
            break;
        entry_clear(in, old);
    }
    return 0;
}
