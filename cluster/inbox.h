/* SPDX-License-Identifier: Apache-2.0 */
/* Commands that came in: those being worked on, and the latest replies, so that a command which is
 * sent again is neither worked on twice at a time nor left without its reply. Knows tickets;
 * refuses to know frames and sockets. */
#ifndef CLUSTER_INBOX_H
#define CLUSTER_INBOX_H

#include "cluster/cluster.h"
#include "cluster/process_protocol.h"

#define INBOX_MAX                                                                                  \
    4096 /* commands, answered ones included: as many as a node may have in flight                 \
          */
#define INBOX_REPLIES_MAX (4 * 1024 * 1024) /* bytes of kept replies; the oldest go first */
#define INBOX_SLOT_BITS   12

struct inbox_entry {
    uint64_t ticket; /* ours, told to the owner; 0: free */
    uint64_t their_ticket, boot;
    char node[CLUSTER_NODE_MAX]; /* zero-padded */
    uint8_t route[PROCESS_ROUTE_MAX];
    size_t route_bytes;
    bool answered;
    uint8_t *reply;
    size_t reply_bytes;
};

struct inbox {
    struct inbox_entry entries[INBOX_MAX];
    uint64_t their_tickets[INBOX_MAX]; /* of the entries, side by side to be searched; 0: free */
    uint16_t free[INBOX_MAX];
    uint16_t answered[INBOX_MAX]; /* ring of slots, the oldest answer first */
    size_t free_count, answered_first, answered_count;
    uint64_t next_number;
    size_t reply_bytes;
};

void inbox_init(struct inbox *in);
void inbox_fini(struct inbox *in);

/* The entry of a command that was seen before; NULL: new. */
struct inbox_entry *inbox_find(struct inbox *in, const char *node, uint64_t boot,
                               uint64_t their_ticket);
/* A new entry (their_ticket is not 0); the oldest answered one gives way. NULL: INBOX_MAX commands
 * are being worked on. */
struct inbox_entry *inbox_add(struct inbox *in, const char *node, uint64_t boot,
                              uint64_t their_ticket);
/* NULL: no such command is being worked on (any more). */
struct inbox_entry *inbox_open(struct inbox *in, uint64_t ticket);
/* Where the reply goes: the route of the latest sending. */
void inbox_route(struct inbox_entry *e, const uint8_t *route, size_t route_bytes);
/* Keeps the reply. 0 or SQ_ERR_NOMEM. */
int inbox_answer(struct inbox *in, struct inbox_entry *e, const void *reply, size_t len_bytes);

#endif
