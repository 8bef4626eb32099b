/* SPDX-License-Identifier: Apache-2.0 */
/* A mutex, a ring and an eventfd. Refuses to know: what the items mean. */
#include "relay/worker/mailbox.h"
#include "shanqiao/error.h"
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

int mailbox_init(struct mailbox *m, size_t item_bytes, size_t capacity)
{
    *m = (struct mailbox){.item_bytes = item_bytes, .capacity = capacity, .fd = -1};
    pthread_mutex_init(&m->lock, NULL);
    m->items = calloc(capacity, item_bytes);
    m->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (m->items && m->fd >= 0)
        return 0;
    int code = m->items ? SQ_ERR_IO : SQ_ERR_NOMEM;
    mailbox_fini(m);
    return code;
}

void mailbox_fini(struct mailbox *m)
{
    if (!m->capacity)
        return;
    if (m->fd >= 0)
        close(m->fd);
    free(m->items);
    pthread_mutex_destroy(&m->lock);
    *m = (struct mailbox){.fd = -1};
}

void mailbox_ring(struct mailbox *m)
{
    uint64_t one = 1;
    ssize_t n = write(m->fd, &one, sizeof one);
    (void)n; /* a full counter is readable already */
}

bool mailbox_put(struct mailbox *m, const void *item)
{
    pthread_mutex_lock(&m->lock);
    bool room = m->count < m->capacity;
    if (room)
        memcpy(m->items + (m->first + m->count++) % m->capacity * m->item_bytes, item,
               m->item_bytes);
    pthread_mutex_unlock(&m->lock);
    if (room)
        mailbox_ring(m);
    return room;
}

bool mailbox_take(struct mailbox *m, void *item)
{
    pthread_mutex_lock(&m->lock);
    bool any = m->count > 0;
    if (any) {
        memcpy(item, m->items + m->first * m->item_bytes, m->item_bytes);
        m->first = (m->first + 1) % m->capacity;
        m->count--;
    } else {
        uint64_t rung;
        ssize_t n = read(m->fd, &rung, sizeof rung);
        (void)n; /* nothing rung: not readable anyway */
    }
    pthread_mutex_unlock(&m->lock);
    return any;
}

size_t mailbox_room(struct mailbox *m)
{
    pthread_mutex_lock(&m->lock);
    size_t room = m->capacity - m->count;
    pthread_mutex_unlock(&m->lock);
    return room;
}
