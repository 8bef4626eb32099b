/* SPDX-License-Identifier: Apache-2.0 */
/* CSV as RFC 4180 has it, field by field over a text in memory; lines may end in LF too. Refuses to
 * know: what columns mean. */
#ifndef SIGNALING_EXCHANGE_CSV_H
#define SIGNALING_EXCHANGE_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct place {
    uint32_t line, column; /* from 1; the column counts characters; 0: unknown */
};

enum csv_encoding { CSV_UTF8, CSV_UTF16, CSV_NOT_UTF8 };
/* Skips a byte order mark of UTF-8 at *text (moves *text and *len). *at: where it is not UTF-8. */
enum csv_encoding csv_check(const char **text, size_t *len, struct place *at);

struct csv {
    const char *text;
    size_t len, at;
    struct place place; /* of what is next */
    bool after_comma;   /* a field must follow, be it empty */
};
void csv_init(struct csv *c, const char *text, size_t len); /* text is borrowed */

struct csv_field {
    const char *raw; /* without the quotes around it, doubled quotes still double */
    size_t len;
    bool quoted;
    bool last; /* of its record */
    struct place place;
};
enum csv_step { CSV_FIELD, CSV_END, CSV_STRAY_QUOTE, CSV_OPEN_QUOTE, CSV_AFTER_QUOTE };
/* The next field, or the end, or what is wrong at c->place: a quote within a bare field, no closing
 * quote, something behind a closing quote. */
enum csv_step csv_next(struct csv *c, struct csv_field *out);

/* The field with doubled quotes made single, into out[size]; its length, which may be >= size (then
 * out is cut). Ends with a zero. */
size_t csv_copy(const struct csv_field *field, char *out, size_t size);

/* Does this text need quotes? */
bool csv_needs_quotes(const char *text);

#endif
