/* SPDX-License-Identifier: Apache-2.0 */
/* Linear probing with backward-shift deletion, at most half full. Refuses to know: what it points
 * to. */
#include "relay/room/table.h"
#include "shanqiao/error.h"
#include <stdlib.h>
#include <string.h>

struct table_slot {
    uint64_t key;
    void *value; /* NULL: free */
};

struct table {
    size_t mask; /* slots - 1; slots are a power of two */
    size_t count, capacity;
    uint64_t seed;
    struct table_slot slots[];
};

static uint64_t mix(uint64_t x)
{
    /* finaliser of splitmix64 (Steele, Lea, Flood 2014) */
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

static size_t home(const struct table *t, uint64_t key)
{
    return (size_t)mix(key ^ t->seed) & t->mask;
}

static size_t find(const struct table *t, uint64_t key)
{
    size_t at = home(t, key);
    while (t->slots[at].value && t->slots[at].key != key)
        at = (at + 1) & t->mask;
    return at;
}

int table_new(struct table **out, size_t capacity, uint64_t seed)
{
    size_t slots = 16;
    while (slots < capacity * 2)
        slots *= 2;
    struct table *t = calloc(1, sizeof *t + slots * sizeof t->slots[0]);
    if (!t)
        return SQ_ERR_NOMEM;
    t->mask = slots - 1;
    t->capacity = capacity;
    t->seed = seed;
    *out = t;
    return 0;
}

void table_free(struct table *t)
{
    free(t);
}

int table_put(struct table *t, uint64_t key, void *value)
{
    size_t at = find(t, key);
    if (!t->slots[at].value) {
        if (t->count == t->capacity)
            return SQ_ERR_LIMIT;
        t->count++;
    }
    t->slots[at] = (struct table_slot){key, value};
    return 0;
}

void *table_get(const struct table *t, uint64_t key)
{
    return t->slots[find(t, key)].value;
}

void table_remove(struct table *t, uint64_t key)
{
    size_t hole = find(t, key);
    if (!t->slots[hole].value)
        return;
    t->count--;
    for (size_t at = (hole + 1) & t->mask; t->slots[at].value; at = (at + 1) & t->mask) {
        size_t want = home(t, t->slots[at].key);
        /* move it back unless its home lies between the hole and where it is */
        if (((at - want) & t->mask) >= ((at - hole) & t->mask)) {
            t->slots[hole] = t->slots[at];
            hole = at;
        }
    }
    t->slots[hole].value = NULL;
}

size_t table_count(const struct table *t)
{
    return t->count;
}

uint64_t table_hash_bytes(const void *data, size_t len_bytes, uint64_t seed)
{
    const uint8_t *p = data;
    uint64_t h = mix(seed ^ UINT64_C(0x9e3779b97f4a7c15));
    for (size_t i = 0; i < len_bytes; i++)
        h = (h ^ p[i]) * UINT64_C(0x100000001b3); /* FNV-1a, seeded */
    return mix(h);
}

uint64_t table_hash_text(const char *text, uint64_t seed)
{
    return table_hash_bytes(text, strlen(text), seed);
}
