/* SPDX-License-Identifier: Apache-2.0 */
/* What exists on this relay and which worker has it: control's own list, so that a command finds
 * its worker and a snapshot needs no worker. Entries are announced when a command is posted and
 * confirmed by its reply. Refuses to know: JSON, threads, media. */
#ifndef RELAY_CONTROL_REGISTRY_H
#define RELAY_CONTROL_REGISTRY_H

#include "relay/room/command.h"
#include <sys/queue.h>

enum registry_kind { REGISTRY_ROOM = 0, REGISTRY_TRANSPORT, REGISTRY_PRODUCER, REGISTRY_CONSUMER };
#define REGISTRY_KINDS 4

struct registry_entry {
    enum registry_kind kind;
    char id[RELAY_ID_MAX];
    int worker;
    bool confirmed;                  /* its worker said yes */
    bool paused;                     /* producer, consumer */
    enum transport_state state;      /* transport */
    struct registry_entry *room;     /* itself for a room */
    struct registry_entry *parent;   /* transport of a producer or consumer; room of a transport */
    struct registry_entry *producer; /* of a consumer */
    LIST_ENTRY(registry_entry) of_kind;
};

struct registry;

/* 0 or SQ_ERR_NOMEM. */
int registry_new(struct registry **out);
void registry_free(struct registry *r);

struct registry_entry *registry_find(const struct registry *r, enum registry_kind kind,
                                     const char *id);
/* parent: NULL for a room; producer: for a consumer only. NULL when memory or places are used up.
 */
struct registry_entry *registry_add(struct registry *r, enum registry_kind kind, const char *id,
                                    int worker, struct registry_entry *parent,
                                    struct registry_entry *producer);
/* With all that hangs on it. */
void registry_remove(struct registry *r, struct registry_entry *e);
size_t registry_count(const struct registry *r, enum registry_kind kind);
/* Rooms of one worker. */
size_t registry_rooms_of(const struct registry *r, int worker);

/* Confirmed rooms whose id comes after `after` ("" for all), by id; at most `capacity`. Their
 * number. */
size_t registry_rooms(const struct registry *r, const char *after,
                      const struct registry_entry **out, size_t capacity);
/* The next confirmed entry of a kind in a room: start with NULL; NULL at the end. */
const struct registry_entry *registry_next(const struct registry *r, enum registry_kind kind,
                                           const struct registry_entry *room,
                                           const struct registry_entry *before);

#endif
