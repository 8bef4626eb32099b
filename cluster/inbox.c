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
    in->free_count = INBOX_MAX;
    for (size_t i = 0; i < INBOX_MAX; i++)
        in->free[i] = (uint16_t)(INBOX_MAX - 1 - i);
}

void inbox_fini(struct inbox *in)
{
    for (size_t i = 0; i < INBOX_MAX; i++)
        free(in->entries[i].reply);
}

/* Forgets the oldest answered command. */
static void evict(struct inbox *in)
{
    uint16_t slot = in->answered[in->answered_first];
    struct inbox_entry *e = &in->entries[slot];
    in->answered_first = (in->answered_first + 1) % INBOX_MAX;
    in->answered_count--;
    in->reply_bytes -= e->reply_bytes;
    free(e->reply);
    *e = (struct inbox_entry){0};
    in->their_tickets[slot] = 0;
    in->free[in->free_count++] = slot;
}

struct inbox_entry *inbox_find(struct inbox *in, const char *node, uint64_t boot,
                               uint64_t their_ticket)
{
    for (size_t i = 0; i < INBOX_MAX; i++) {
        if (in->their_tickets[i] != their_ticket)
            continue;
        struct inbox_entry *e = &in->entries[i];
        if (e->ticket && e->boot == boot && memcmp(e->node, node, CLUSTER_NODE_MAX) == 0)
            return e;
    }
    return NULL;
}

struct inbox_entry *inbox_add(struct inbox *in, const char *node, uint64_t boot,
                              uint64_t their_ticket)
{
    if (in->free_count == 0 && in->answered_count > 0)
        evict(in);
    if (in->free_count == 0)
        return NULL;
    uint16_t slot = in->free[--in->free_count];
    struct inbox_entry *e = &in->entries[slot];
    e->ticket = in->next_number++ << INBOX_SLOT_BITS | slot;
    in->their_tickets[slot] = their_ticket;
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
    size_t at = (in->answered_first + in->answered_count++) % INBOX_MAX;
    in->answered[at] = (uint16_t)(e - in->entries);
    while (in->reply_bytes > INBOX_REPLIES_MAX && in->answered_count > 1)
        evict(in);
    return 0;
}
