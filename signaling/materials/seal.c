/* SPDX-License-Identifier: Apache-2.0 */
/* JSON text in, sealed bytes out, and back. */
#include "signaling/materials/seal.h"

#include "base/check.h"
#include "shanqiao/error.h"
#include "signaling/materials/box.h"
#include "signaling/service.h"
#include "signaling/store/vault.h"
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

int seal_bytes(struct service *s, const char *table, const char *id, const char *column,
               const void *plain, size_t len_bytes, uint8_t **out, size_t *out_len)
{
    struct vault_place place = {table, id, column};
    return vault_seal(s->vault, &place, plain, len_bytes, out, out_len);
}

int seal_add(struct service *s, struct seal_json *row, const char *column, const json_t *value)
{
    unsigned i = row->count;
    CHECK(i < SEAL_COLUMNS_MAX);
    row->count++;
    if (!value)
        return 0;
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    if (!text)
        return SQ_ERR_NOMEM;
    int status = seal_bytes(s, row->table, row->id, column, text, strlen(text), &row->sealed[i],
                            &row->len_bytes[i]);
    sodium_memzero(text, strlen(text));
    free(text);
    return status;
}

struct store_value seal_value(const struct seal_json *row, unsigned i)
{
    return row->sealed[i] ? sv_bytes(row->sealed[i], row->len_bytes[i]) : sv_null();
}

void seal_clear(struct seal_json *row)
{
    for (unsigned i = 0; i < row->count; i++)
        free(row->sealed[i]);
    row->count = 0;
}

static int unseal(struct service *s, const struct vault_place *place, const struct store_query *q,
                  int at, uint8_t **out, size_t *out_len)
{
    size_t len = 0;
    const void *sealed = store_bytes(q, at, &len);
    return sealed ? vault_unseal(s->vault, place, sealed, len, out, out_len) : SQ_ERR_STORE;
}

int seal_read(struct service *s, const char *table, const char *id, const char *column,
              const struct store_query *q, int at, json_t **out)
{
    struct vault_place place = {table, id, column};
    uint8_t *plain = NULL;
    size_t len = 0;
    *out = NULL;
    if (store_is_null(q, at))
        return 0;
    int status = unseal(s, &place, q, at, &plain, &len);
    if (status < 0)
        return status;
    *out = json_loadb((const char *)plain, len, JSON_DECODE_ANY, NULL);
    sodium_memzero(plain, len);
    free(plain);
    return *out ? 0 : SQ_ERR_NOMEM;
}

int seal_read_key(struct service *s, const char *table, const char *id, const struct store_query *q,
                  int at, uint8_t *key)
{
    struct vault_place place = {table, id, "sealed_key"};
    uint8_t *plain = NULL;
    size_t len = 0;
    int status = unseal(s, &place, q, at, &plain, &len);
    if (status < 0)
        return status;
    bool fits = len == BOX_KEY_BYTES;
    if (fits)
        memcpy(key, plain, len);
    sodium_memzero(plain, len);
    free(plain);
    return fits ? 0 : SQ_ERR_STORE;
}
