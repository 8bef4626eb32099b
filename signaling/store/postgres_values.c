/* SPDX-License-Identifier: Apache-2.0 */
/* Values on their way to PostgreSQL and back, in libpq's binary forms. Refuses to know statements
 * and connections. */
#include "signaling/store/postgres_values.h"

#include "base/bytes.h"
#include "shanqiao/error.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Type numbers of PostgreSQL's catalogue (pg_type.dat); they never change. */
enum {
    OID_BOOL = 16,
    OID_BYTEA = 17,
    OID_INT8 = 20,
    OID_INT2 = 21,
    OID_INT4 = 23,
    OID_TEXT = 25,
    OID_NUMERIC = 1700
};

int postgres_bind(struct postgres_bound *b, const struct store_value *values, size_t count)
{
    memset(b->signature, 0, sizeof b->signature);
    for (size_t i = 0; i < count; i++) {
        const struct store_value *v = &values[i];
        if (v->len_bytes > INT32_MAX)
            return SQ_ERR_LIMIT;
        b->types[i] = v->type == STORE_INT     ? OID_INT8
                      : v->type == STORE_TEXT  ? OID_TEXT
                      : v->type == STORE_BYTES ? OID_BYTEA
                                               : 0; /* null: what the place wants */
        b->formats[i] = 1;                          /* binary: text is its bytes */
        b->lengths[i] = v->type == STORE_INT ? 8 : (int)v->len_bytes;
        bytes_put_u64(b->integers[i], (uint64_t)v->integer);
        b->values[i] = v->type == STORE_INT    ? (const char *)b->integers[i]
                       : v->type == STORE_NULL ? NULL
                                               : v->data;
        b->signature[i] = (uint8_t)v->type;
    }
    return 0;
}

bool postgres_is_null(void *cursor, int column)
{
    struct postgres_cursor *c = cursor;
    return PQgetisnull(c->result, c->row, column);
}

/* What SUM of a BIGINT gives: numeric's binary form (numeric_send), digits to base 10000, cut to
 * the whole part. */
static int64_t whole_of_numeric(const uint8_t *p)
{
    int digits = bytes_get_u16(p), weight = (int16_t)bytes_get_u16(p + 2);
    int64_t value = 0;
    for (int i = 0; i <= weight; i++)
        value = value * 10000 + (i < digits ? bytes_get_u16(p + 8 + 2 * i) : 0);
    return bytes_get_u16(p + 4) == 0x4000 ? -value : value;
}

int64_t postgres_int(void *cursor, int column)
{
    struct postgres_cursor *c = cursor;
    const uint8_t *p = (const uint8_t *)PQgetvalue(c->result, c->row, column);
    if (postgres_is_null(c, column))
        return 0;
    switch (PQftype(c->result, column)) {
    case OID_INT8:
        return (int64_t)bytes_get_u64(p);
    case OID_INT4:
        return (int32_t)bytes_get_u32(p);
    case OID_INT2:
        return (int16_t)bytes_get_u16(p);
    case OID_BOOL:
        return *p;
    case OID_NUMERIC:
        return whole_of_numeric(p);
    default:
        return strtoll((const char *)p, NULL, 10);
    }
}

static bool is_number(const struct postgres_cursor *c, int column)
{
    Oid type = PQftype(c->result, column);
    return type == OID_INT8 || type == OID_INT4 || type == OID_INT2 || type == OID_BOOL ||
           type == OID_NUMERIC;
}

const char *postgres_text(void *cursor, int column)
{
    struct postgres_cursor *c = cursor;
    if (postgres_is_null(c, column))
        return NULL;
    if (!is_number(c, column))
        return PQgetvalue(c->result, c->row, column); /* libpq ends each value with a zero */
    snprintf(c->number, sizeof c->number, "%lld", (long long)postgres_int(c, column));
    return c->number;
}

const void *postgres_bytes(void *cursor, int column, size_t *len_bytes)
{
    struct postgres_cursor *c = cursor;
    *len_bytes = (size_t)PQgetlength(c->result, c->row, column);
    return *len_bytes ? PQgetvalue(c->result, c->row, column) : NULL;
}
