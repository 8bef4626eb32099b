/* SPDX-License-Identifier: Apache-2.0 */
/* The timer wheel: eleven levels of 64 slots, one for each six bits of a time in microseconds. A
 * timer stands on the level of the highest bits in which it differs from now; when time comes to
 * its slot it moves down. Those that are due stand in a heap. A hash table finds timers by key. */
#include "signaling/consult/wheel.h"
#include "base/check.h"
#include "shanqiao/error.h"
#include <stdlib.h>
#include <string.h>

#define BITS        6 /* of a level */
#define SLOTS       64
#define LEVELS      11 /* 66 bits: every time_us */
#define IN_HEAP     LEVELS
#define BUCKETS_MIN 64

struct timer {
    struct timer *next_in_bucket;
    struct timer *next, *before; /* in its slot */
    time_us at_utc_us;
    size_t place; /* slot, or position in the heap */
    int level;    /* IN_HEAP: due */
    char key[WHEEL_KEY_MAX];
};

struct slot {
    struct timer *first;
    time_us min_utc_us; /* while `known` */
    bool known;
};

struct wheel {
    time_us now_utc_us;
    struct slot slots[LEVELS][SLOTS];
    uint64_t used[LEVELS]; /* bit n: slot n has timers */
    struct timer **heap;   /* room for all timers, so that time can pass without memory */
    size_t due, heap_room;
    struct timer **buckets;
    size_t bucket_count, count;
};

/* ---- by key ---- */

/* FNV-1a, 64 bits. */
static uint64_t hash_of(const char *key)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *key; key++)
        hash = (hash ^ (unsigned char)*key) * UINT64_C(0x100000001b3);
    return hash;
}

static struct timer **bucket_of(struct timer **buckets, size_t count, const char *key)
{
    return &buckets[hash_of(key) & (count - 1)];
}

static struct timer **find(struct wheel *w, const char *key)
{
    struct timer **at = bucket_of(w->buckets, w->bucket_count, key);
    while (*at && strcmp((*at)->key, key) != 0)
        at = &(*at)->next_in_bucket;
    return at;
}

static int grow_buckets(struct wheel *w)
{
    size_t count = w->bucket_count ? w->bucket_count * 2 : BUCKETS_MIN;
    struct timer **buckets = calloc(count, sizeof(struct timer *));
    if (!buckets)
        return SQ_ERR_NOMEM;
    for (size_t i = 0; i < w->bucket_count; i++) {
        for (struct timer *t = w->buckets[i], *next; t; t = next) {
            struct timer **at = bucket_of(buckets, count, t->key);
            next = t->next_in_bucket;
            t->next_in_bucket = *at;
            *at = t;
        }
    }
    free(w->buckets);
    w->buckets = buckets;
    w->bucket_count = count;
    return 0;
}

static int grow_heap(struct wheel *w)
{
    size_t room = w->heap_room ? w->heap_room * 2 : BUCKETS_MIN;
    struct timer **heap = realloc(w->heap, room * sizeof(struct timer *));
    if (!heap)
        return SQ_ERR_NOMEM;
    w->heap = heap;
    w->heap_room = room;
    return 0;
}

/* ---- those that are due ---- */

static bool is_before(const struct timer *a, const struct timer *b)
{
    return a->at_utc_us != b->at_utc_us ? a->at_utc_us < b->at_utc_us : strcmp(a->key, b->key) < 0;
}

static void heap_put(struct wheel *w, size_t place, struct timer *t)
{
    w->heap[place] = t;
    t->place = place;
}

/* Puts `t` where it belongs, beginning at an empty place. */
static void heap_settle(struct wheel *w, size_t place, struct timer *t)
{
    while (place > 0 && is_before(t, w->heap[(place - 1) / 2])) {
        heap_put(w, place, w->heap[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    for (size_t child = 2 * place + 1; child < w->due; child = 2 * place + 1) {
        if (child + 1 < w->due && is_before(w->heap[child + 1], w->heap[child]))
            child++;
        if (!is_before(w->heap[child], t))
            break;
        heap_put(w, place, w->heap[child]);
        place = child;
    }
    heap_put(w, place, t);
}

static void heap_remove(struct wheel *w, const struct timer *t)
{
    size_t place = t->place;
    struct timer *last = w->heap[--w->due];
    if (last != t)
        heap_settle(w, place, last);
}

/* ---- those to come ---- */

static unsigned digit(time_us utc_us, int level)
{
    return (unsigned)((uint64_t)utc_us >> (BITS * level)) & (SLOTS - 1);
}

/* The level of the highest bits in which two different times differ. */
static int level_of(time_us a, time_us b)
{
    return (63 - __builtin_clzll((uint64_t)(a ^ b))) / BITS;
}

static void place(struct wheel *w, struct timer *t)
{
    if (t->at_utc_us <= w->now_utc_us) {
        t->level = IN_HEAP;
        heap_settle(w, w->due++, t);
        return;
    }
    t->level = level_of(t->at_utc_us, w->now_utc_us);
    t->place = digit(t->at_utc_us, t->level);
    struct slot *slot = &w->slots[t->level][t->place];
    if (!slot->first || t->at_utc_us < slot->min_utc_us)
        slot->min_utc_us = t->at_utc_us;
    slot->known = slot->first ? slot->known : true;
    t->before = NULL;
    t->next = slot->first;
    if (t->next)
        t->next->before = t;
    slot->first = t;
    w->used[t->level] |= UINT64_C(1) << t->place;
}

static void unplace(struct wheel *w, struct timer *t)
{
    if (t->level == IN_HEAP) {
        heap_remove(w, t);
        return;
    }
    struct slot *slot = &w->slots[t->level][t->place];
    *(t->before ? &t->before->next : &slot->first) = t->next;
    if (t->next)
        t->next->before = t->before;
    if (t->at_utc_us == slot->min_utc_us)
        slot->known = false;
    if (!slot->first)
        w->used[t->level] &= ~(UINT64_C(1) << t->place);
}

/* Time came to these slots, or passed them: what is in them is placed anew. */
static void empty_slots(struct wheel *w, int level, uint64_t slots)
{
    slots &= w->used[level];
    w->used[level] &= ~slots;
    for (; slots; slots &= slots - 1) {
        struct slot *slot = &w->slots[level][__builtin_ctzll(slots)];
        struct timer *t = slot->first;
        slot->first = NULL;
        for (struct timer *next; t; t = next) {
            next = t->next;
            place(w, t);
        }
    }
}

static void advance(struct wheel *w, time_us utc_us)
{
    time_us before = w->now_utc_us;
    if (utc_us <= before)
        return;
    w->now_utc_us = utc_us;
    int top = level_of(before, utc_us);
    for (int level = 0; level < top; level++)
        empty_slots(w, level, UINT64_MAX);
    uint64_t up_to_now = UINT64_MAX >> (SLOTS - 1 - digit(utc_us, top));
    empty_slots(w, top, up_to_now);
}

static time_us slot_min(struct slot *slot)
{
    if (slot->known)
        return slot->min_utc_us;
    slot->min_utc_us = TIME_US_NEVER;
    for (const struct timer *t = slot->first; t; t = t->next)
        slot->min_utc_us = time_us_min(slot->min_utc_us, t->at_utc_us);
    slot->known = true;
    return slot->min_utc_us;
}

/* ---- public ---- */

struct wheel *wheel_new(time_us utc_us)
{
    CHECK(utc_us >= 0);
    struct wheel *w = calloc(1, sizeof(*w));
    if (!w)
        return NULL;
    w->now_utc_us = utc_us;
    if (grow_buckets(w) < 0) {
        free(w);
        return NULL;
    }
    return w;
}

void wheel_free(struct wheel *w)
{
    if (!w)
        return;
    for (size_t i = 0; i < w->bucket_count; i++) {
        for (struct timer *t = w->buckets[i], *next; t; t = next) {
            next = t->next_in_bucket;
            free(t);
        }
    }
    free(w->buckets);
    free(w->heap);
    free(w);
}

static void drop(struct wheel *w, struct timer **found)
{
    struct timer *t = *found;
    unplace(w, t);
    *found = t->next_in_bucket;
    w->count--;
    free(t);
}

static int add(struct wheel *w, const char *key, size_t len, time_us at_utc_us)
{
    if (w->count == w->heap_room && grow_heap(w) < 0)
        return SQ_ERR_NOMEM;
    if (w->count >= w->bucket_count && grow_buckets(w) < 0)
        return SQ_ERR_NOMEM;
    struct timer *t = calloc(1, sizeof(*t));
    if (!t)
        return SQ_ERR_NOMEM;
    memcpy(t->key, key, len + 1);
    t->at_utc_us = at_utc_us;
    *find(w, key) = t;
    w->count++;
    place(w, t);
    return 0;
}

int wheel_set(struct wheel *w, const char *key, time_us at_utc_us)
{
    size_t len = strnlen(key, WHEEL_KEY_MAX);
    if (len == 0 || len == WHEEL_KEY_MAX)
        return SQ_ERR_INVALID;
    struct timer **found = find(w, key);
    if (at_utc_us == TIME_US_NEVER) {
        if (*found)
            drop(w, found);
        return 0;
    }
    if (!*found)
        return add(w, key, len, at_utc_us);
    unplace(w, *found);
    (*found)->at_utc_us = at_utc_us;
    place(w, *found);
    return 0;
}

void wheel_cancel(struct wheel *w, const char *key)
{
    struct timer **found = find(w, key);
    if (*found)
        drop(w, found);
}

bool wheel_take(struct wheel *w, time_us utc_us, char key[WHEEL_KEY_MAX], time_us *at_utc_us)
{
    advance(w, utc_us);
    if (w->due == 0)
        return false;
    const struct timer *t = w->heap[0];
    if (key)
        memcpy(key, t->key, WHEEL_KEY_MAX);
    if (at_utc_us)
        *at_utc_us = t->at_utc_us;
    drop(w, find(w, t->key));
    return true;
}

time_us wheel_next(struct wheel *w)
{
    if (w->due > 0)
        return w->heap[0]->at_utc_us;
    for (int level = 0; level < LEVELS; level++)
        if (w->used[level])
            return slot_min(&w->slots[level][__builtin_ctzll(w->used[level])]);
    return TIME_US_NEVER;
}

size_t wheel_count(const struct wheel *w)
{
    return w->count;
}
