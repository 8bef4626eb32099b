/* SPDX-License-Identifier: Apache-2.0 */
/* Hash table from a 64-bit key to a pointer, fixed capacity, open addressing, nothing allocated
 * after the start. Keys are hashes themselves or small numbers; equal keys replace. Refuses to
 * know: what it points to. */
#ifndef RELAY_ROOM_TABLE_H
#define RELAY_ROOM_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct table;

/* Room for `capacity` entries. 0 or SQ_ERR_NOMEM. */
int table_new(struct table **out, size_t capacity, uint64_t seed);
void table_free(struct table *t);

/* 0, or SQ_ERR_LIMIT when it is full. `value` is borrowed and not NULL. */
int table_put(struct table *t, uint64_t key, void *value);
void *table_get(const struct table *t, uint64_t key);
/* No effect when the key isn't there. */
void table_remove(struct table *t, uint64_t key);
size_t table_count(const struct table *t);

/* Seeded 64-bit hash of bytes, for ids and user fragments; compare what you find with what you
 * looked for. */
uint64_t table_hash_bytes(const void *data, size_t len_bytes, uint64_t seed);
uint64_t table_hash_text(const char *text, uint64_t seed);

#endif
