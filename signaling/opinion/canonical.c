/* SPDX-License-Identifier: Apache-2.0 */
/* Canonical JSON: RFC 8785 for objects, arrays, strings, integers, true, false and null. Real
 * numbers are refused: nothing that we sign holds one, so no number formatting can differ. */
#include "signaling/opinion/opinion.h"
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NESTING_MAX 16
#define INTEGER_MAX_JCS                                                                            \
    INT64_C(9007199254740991) /* 2^53 - 1: RFC 8785 section 3.2.2.3, IEEE doubles */

struct text {
    char *bytes;
    size_t len, capacity;
    bool failed;
};

static void put(struct text *t, const char *bytes, size_t len)
{
    if (t->failed)
        return;
    if (t->len + len + 1 > t->capacity) {
        size_t capacity = (t->len + len + 1) * 2;
        char *grown = realloc(t->bytes, capacity);
        if (!grown) {
            t->failed = true;
            return;
        }
        t->bytes = grown;
        t->capacity = capacity;
    }
    memcpy(t->bytes + t->len, bytes, len);
    t->len += len;
    t->bytes[t->len] = '\0';
}

static void put_text(struct text *t, const char *text)
{
    put(t, text, strlen(text));
}

/* RFC 8785 section 3.2.2.2. */
static void put_string(struct text *t, const char *s, size_t len)
{
    put_text(t, "\"");
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)s[i];
        static const char letters[] = "btnvfr"; /* for 8..13; 11 (v) has no short form */
        char escaped[8];
        if (c == '"' || c == '\\') {
            snprintf(escaped, sizeof(escaped), "\\%c", c);
            put_text(t, escaped);
        } else if (c >= 8 && c <= 13 && c != 11) {
            snprintf(escaped, sizeof(escaped), "\\%c", letters[c - 8]);
            put_text(t, escaped);
        } else if (c < 0x20) {
            snprintf(escaped, sizeof(escaped), "\\u%04x", c);
            put_text(t, escaped);
        } else {
            put(t, s + i, 1);
        }
    }
    put_text(t, "\"");
}

/* UTF-16 order differs from byte order only where a surrogate pair (U+10000 and above, lead byte
 * F0..F4) meets U+E000..U+FFFF (lead bytes EE, EF): lift those two above the pairs. */
static int utf16_weight(unsigned char lead)
{
    if (lead == 0xee || lead == 0xef)
        return lead + 0x10;
    return lead >= 0xf0 ? lead - 0x02 : lead;
}

static int compare_names(const void *a, const void *b)
{
    const unsigned char *x = *(const unsigned char *const *)a;
    const unsigned char *y = *(const unsigned char *const *)b;
    while (*x && *x == *y) {
        x++;
        y++;
    }
    return utf16_weight(*x) - utf16_weight(*y);
}

static void put_value(struct text *t, const json_t *value, int nesting);

static void put_object(struct text *t, json_t *object, int nesting)
{
    size_t count = json_object_size(object), n = 0;
    const char **names = calloc(count + 1, sizeof(*names));
    const char *name;
    json_t *member;
    if (!names) {
        t->failed = true;
        return;
    }
    json_object_foreach(object, name, member) names[n++] = name;
    qsort(names, n, sizeof(*names), compare_names);
    put_text(t, "{");
    for (size_t i = 0; i < n; i++) {
        if (i)
            put_text(t, ",");
        put_string(t, names[i], strlen(names[i]));
        put_text(t, ":");
        put_value(t, json_object_get(object, names[i]), nesting + 1);
    }
    put_text(t, "}");
    free(names);
}

static void put_array(struct text *t, const json_t *array, int nesting)
{
    put_text(t, "[");
    for (size_t i = 0; i < json_array_size(array); i++) {
        if (i)
            put_text(t, ",");
        put_value(t, json_array_get(array, i), nesting + 1);
    }
    put_text(t, "]");
}

static void put_integer(struct text *t, json_int_t value)
{
    char digits[32];
    if (value > INTEGER_MAX_JCS || value < -INTEGER_MAX_JCS) {
        t->failed = true;
        return;
    }
    snprintf(digits, sizeof(digits), "%lld", (long long)value);
    put_text(t, digits);
}

static void put_value(struct text *t, const json_t *value, int nesting)
{
    if (!value || nesting > NESTING_MAX || json_is_real(value)) {
        t->failed = true;
        return;
    }
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        put_object(t, (json_t *)value, nesting);
        break;
    case JSON_ARRAY:
        put_array(t, value, nesting);
        break;
    case JSON_STRING:
        put_string(t, json_string_value(value), json_string_length(value));
        break;
    case JSON_INTEGER:
        put_integer(t, json_integer_value(value));
        break;
    case JSON_TRUE:
        put_text(t, "true");
        break;
    case JSON_FALSE:
        put_text(t, "false");
        break;
    default:
        put_text(t, "null");
        break;
    }
}

char *opinion_canonical(const json_t *value)
{
    struct text t = {0};
    put_value(&t, value, 0);
    if (t.failed) {
        free(t.bytes);
        return NULL;
    }
    return t.bytes;
}
