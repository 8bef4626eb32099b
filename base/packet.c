/* SPDX-License-Identifier: Apache-2.0 */
/* The packet pool: one slab taken at creation, a stack of free packets in it. Under
 * AddressSanitizer the packets that nobody holds are poisoned, so a use after the last unref is
 * found like any other. */
#include "base/packet.h"
#include "base/check.h"
#include "shanqiao/error.h"
#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#define POISON(p)   ASAN_POISON_MEMORY_REGION((p), sizeof *(p))
#define UNPOISON(p) ASAN_UNPOISON_MEMORY_REGION((p), sizeof *(p))
#else
#define POISON(p)   ((void)(p))
#define UNPOISON(p) ((void)(p))
#endif

struct packet_pool {
    size_t count;
    size_t free_count;
    struct packet *slab;
    struct packet *free[]; /* the first free_count are nobody's */
};

int packet_pool_new(struct packet_pool **out, size_t count)
{
    *out = NULL;
    if (count == 0 || count > SIZE_MAX / sizeof(struct packet))
        return count == 0 ? SQ_ERR_INVALID : SQ_ERR_NOMEM;
    struct packet_pool *pool = malloc(sizeof *pool + count * sizeof pool->free[0]);
    if (!pool)
        return SQ_ERR_NOMEM;
    pool->slab = malloc(count * sizeof *pool->slab);
    if (!pool->slab) {
        free(pool);
        return SQ_ERR_NOMEM;
    }
    pool->count = pool->free_count = count;
    for (size_t i = 0; i < count; i++) {
        struct packet *p = &pool->slab[count - 1 - i]; /* the lowest address leaves first */
        pool->free[i] = p;
        POISON(p);
    }
    *out = pool;
    return 0;
}

void packet_pool_free(struct packet_pool *pool)
{
    if (!pool)
        return;
    CHECK(pool->free_count == pool->count);
    for (size_t i = 0; i < pool->count; i++)
        UNPOISON(&pool->slab[i]);
    free(pool->slab);
    free(pool);
}

size_t packet_pool_free_count(const struct packet_pool *pool)
{
    return pool->free_count;
}

struct packet *packet_take(struct packet_pool *pool)
{
    if (pool->free_count == 0)
        return NULL;
    struct packet *p = pool->free[--pool->free_count];
    UNPOISON(p);
    p->pool = pool;
    p->refs = 1;
    p->len_bytes = 0;
    p->received_us = 0;
    return p;
}

struct packet *packet_ref(struct packet *p)
{
    CHECK(p->refs > 0 && p->refs < UINT32_MAX);
    p->refs++;
    return p;
}

void packet_unref(struct packet *p)
{
    if (!p)
        return;
    CHECK(p->refs > 0);
    if (--p->refs > 0)
        return;
    struct packet_pool *pool = p->pool;
    CHECK(pool->free_count < pool->count);
    pool->free[pool->free_count++] = p;
    POISON(p);
}
