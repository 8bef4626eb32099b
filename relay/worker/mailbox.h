/* SPDX-License-Identifier: Apache-2.0 */
/* A bounded queue of equal items between two threads, with an eventfd to wait on: commands one way,
 * replies and events the other. Items are copied. Refuses to know: what they mean. */
#ifndef RELAY_WORKER_MAILBOX_H
#define RELAY_WORKER_MAILBOX_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mailbox {
    pthread_mutex_t lock;
    uint8_t *items;
    size_t item_bytes, capacity, first, count;
    int fd; /* readable while something is in it (or was): borrowed by the waiter's epoll */
};

/* 0, SQ_ERR_NOMEM, SQ_ERR_IO (no eventfd). */
int mailbox_init(struct mailbox *m, size_t item_bytes, size_t capacity);
void mailbox_fini(struct mailbox *m);
/* False when it is full. */
bool mailbox_put(struct mailbox *m, const void *item);
/* False when it is empty, and then fd is not readable until the next put. */
bool mailbox_take(struct mailbox *m, void *item);
size_t mailbox_room(struct mailbox *m);
/* Makes fd readable without an item. */
void mailbox_ring(struct mailbox *m);

#endif
