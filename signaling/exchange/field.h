/* SPDX-License-Identifier: Apache-2.0 */
/* Cells of directory files: what each kind of field may hold, its one canonical spelling, and how
 * it stands in the store. Files are compared by canonical spellings, so equal meant is equal
 * written. Refuses to know: files, rows, other cells. */
#ifndef SIGNALING_EXCHANGE_FIELD_H
#define SIGNALING_EXCHANGE_FIELD_H

#include "signaling/store/store.h"

#define FIELD_MAX 1200 /* bytes of a cell, final zero included: all specialties of an agreement */
#define FIELD_NAME_MAX                                                                             \
    480 /* bytes of a name: 120 characters of UTF-8, the bound of the schemas                      \
         */

enum field_type {
    FIELD_ID,       /* letters, digits, "_", ".", "-", at most 39 */
    FIELD_CODE,     /* lower-case letters, digits, "_", at most 39: a code on the wire */
    FIELD_IDS,      /* several of them, parted by blanks */
    FIELD_TEXT,     /* one line, at most field.max bytes */
    FIELD_WORD,     /* one of field.words, stored as text */
    FIELD_CHOICE,   /* one of field.words, stored as its place, from field.min */
    FIELD_WORDS,    /* some of field.words, parted by blanks, stored as text in the list's order */
    FIELD_BITS,     /* some of field.words, stored as a set of bits */
    FIELD_FLAG,     /* "yes" or "no" ("true", "false", "1", "0" are read too) */
    FIELD_NUMBER,   /* field.min ... field.max */
    FIELD_DEGREES,  /* decimal degrees within +-field.max, six places; "" is null in the store */
    FIELD_OFFSET,   /* of UTC: "+08:00" */
    FIELD_DATE,     /* "2026-01-31", stored as days from 1970; "" is field.blank */
    FIELD_CLOCK,    /* "08:30", stored as minutes of the day; "24:00" is "00:00" */
    FIELD_MOMENT,   /* "2026-01-31 08:30", local, stored as minutes from 1970 */
    FIELD_DIGITS,   /* digits only, at most field.max */
    FIELD_PASSWORD, /* never stored nor shown; becomes a hash */
    FIELD_HASH      /* Argon2id; never shown */
};

enum field_flags {
    FIELD_KEY = 1,    /* keys come first in a table and name the row */
    FIELD_NEEDED = 2, /* may not be blank */
    FIELD_SECRET = 4  /* never exported nor printed */
};

struct field {
    const char *name;   /* of the column and of the JSON member */
    const char *column; /* in the store; NULL: not there */
    enum field_type type;
    unsigned flags;
    int refers;           /* to the table of this number (enum table_id), or -1 */
    const char *fallback; /* of a new row that does not say; "@id": the same as the first key */
    const char *const *words;
    int64_t min, max, blank; /* see the types; blank: stored for "" where the type stores numbers */
};

/* The canonical spelling of in[len] into out. false: not such a value (out is then undefined).
 * Blanks at both ends do not count; "" is good unless the field is needed. */
bool field_read(const struct field *f, const char *in, size_t len, char out[FIELD_MAX]);

/* What would be good, for a person ("wanted: ..."). */
void field_wanted(const struct field *f, bool chinese, char *out, size_t size);

/* Canonical spelling <-> the store. The value borrows `text`. */
struct store_value field_value(const struct field *f, const char *text);
void field_from_store(const struct field *f, const struct store_query *q, int column,
                      char out[FIELD_MAX]);

/* Days from 1970-01-01 <-> proleptic Gregorian date (the algorithm of days_from_civil, H. Hinnant).
 */
int64_t field_days(int64_t year, unsigned month, unsigned day);
void field_date_text(int64_t days, char out[16]);

/* A number of `places` digits; false when there are other characters. */
bool field_digits(const char *text, size_t places, int64_t *out);

#endif
