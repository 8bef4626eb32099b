/* SPDX-License-Identifier: Apache-2.0 */
/* Sealed columns of the materials' tables: JSON values and keys by the vault. Inside materials
 * only. */
#ifndef SIGNALING_MATERIALS_SEAL_H
#define SIGNALING_MATERIALS_SEAL_H

#include "signaling/store/store.h"
#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

struct service;

#define SEAL_COLUMNS_MAX 2

/* Values to be written into one row, in the order of seal_add. */
struct seal_json {
    const char *table, *id;
    uint8_t *sealed[SEAL_COLUMNS_MAX]; /* owned; NULL: null */
    size_t len_bytes[SEAL_COLUMNS_MAX];
    unsigned count;
};
/* `value` borrowed; NULL: SQL null. 0, SQ_ERR_NOMEM. */
int seal_add(struct service *s, struct seal_json *row, const char *column, const json_t *value);
struct store_value seal_value(const struct seal_json *row, unsigned i);
void seal_clear(struct seal_json *row);

/* A new reference in *out, NULL for a null. 0, SQ_ERR_FORGED, SQ_ERR_NOMEM. */
int seal_read(struct service *s, const char *table, const char *id, const char *column,
              const struct store_query *q, int at, json_t **out);

/* Column sealed_key. */
int seal_bytes(struct service *s, const char *table, const char *id, const char *column,
               const void *plain, size_t len_bytes, uint8_t **out, size_t *out_len);
int seal_read_key(struct service *s, const char *table, const char *id, const struct store_query *q,
                  int at, uint8_t *key);

#endif
