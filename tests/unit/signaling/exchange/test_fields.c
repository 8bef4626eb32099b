/* SPDX-License-Identifier: Apache-2.0 */
/* Cells: what is taken, its canonical spelling, what is refused; and dates against a calendar. */
#include "signaling/exchange/field.h"
#include "signaling/exchange/table.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

struct cell {
    int table, field;
    const char *in, *out; /* out NULL: refused */
};

static const struct cell cells[] = {
    {TABLE_INSTITUTIONS, I_ID, " ins_1.a-B ", "ins_1.a-B"},
    {TABLE_INSTITUTIONS, I_ID, "", NULL},
    {TABLE_INSTITUTIONS, I_ID, "a b", NULL},
    {TABLE_INSTITUTIONS, I_ID, "村", NULL},
    {TABLE_INSTITUTIONS, I_ID, "a23456789012345678901234567890123456789",
     "a23456789012345678901234567890123456789"},
    {TABLE_INSTITUTIONS, I_ID, "a234567890123456789012345678901234567890", NULL},
    {TABLE_INSTITUTIONS, I_NAME, "村卫生室 \"A\", b", "村卫生室 \"A\", b"},
    {TABLE_INSTITUTIONS, I_NAME, "=1+1", NULL},
    {TABLE_INSTITUTIONS, I_NAME, "-1+1", NULL},
    {TABLE_INSTITUTIONS, I_NAME, " -1+1", NULL},
    {TABLE_INSTITUTIONS, I_NAME, "\t=1+1", NULL},
    {TABLE_INSTITUTIONS, I_NAME, "+1", NULL},
    {TABLE_INSTITUTIONS, I_NAME, "@A1", NULL},
    {TABLE_INSTITUTIONS, I_NAME, "a-1", "a-1"},
    {TABLE_INSTITUTIONS, I_NAME, "a\xEE\x80\x80", NULL}, /* U+E000, private use */
    {TABLE_INSTITUTIONS, I_NAME, "a\xEF\xBF\xBE", NULL}, /* U+FFFE, no character */
    {TABLE_INSTITUTIONS, I_ID, "-1", NULL},
    {TABLE_INSTITUTIONS, I_ID, "1-1", "1-1"},
    {TABLE_INSTITUTIONS, I_LATITUDE, "-1.5", "-1.500000"},
    {TABLE_INSTITUTIONS, I_NAME, "a\tb", NULL},
    {TABLE_INSTITUTIONS, I_NAME,
     "a\xE2\x80\xAE"
     "b",
     NULL},                                             /* U+202E turns the direction */
    {TABLE_INSTITUTIONS, I_NAME, "\xB4\xE5", NULL},     /* 村 in GB18030 */
    {TABLE_INSTITUTIONS, I_NAME, "\xED\xA0\x80", NULL}, /* a surrogate */
    {TABLE_INSTITUTIONS, I_NAME, "\xC0\xAF", NULL},     /* overlong */
    {TABLE_INSTITUTIONS, I_LEVEL, "3", "county"},
    {TABLE_INSTITUTIONS, I_LEVEL, "county", "county"},
    {TABLE_INSTITUTIONS, I_LEVEL, "6", NULL},
    {TABLE_INSTITUTIONS, I_LEVEL, "0", NULL},
    {TABLE_INSTITUTIONS, I_KIND, "ambulance", "ambulance"},
    {TABLE_INSTITUTIONS, I_KIND, "Ambulance", NULL},
    {TABLE_INSTITUTIONS, I_LATITUDE, "29.65", "29.650000"},
    {TABLE_INSTITUTIONS, I_LATITUDE, "-0.1234567", "-0.123456"},
    {TABLE_INSTITUTIONS, I_LATITUDE, "90", "90.000000"},
    {TABLE_INSTITUTIONS, I_LATITUDE, "90.000001", NULL},
    {TABLE_INSTITUTIONS, I_LATITUDE, "1e1", NULL},
    {TABLE_INSTITUTIONS, I_LATITUDE, ".5", NULL},
    {TABLE_INSTITUTIONS, I_LATITUDE, "", ""},
    {TABLE_INSTITUTIONS, I_LONGITUDE, "180.0", "180.000000"},
    {TABLE_INSTITUTIONS, I_ADMIN_CODE, "532101196501", "532101196501"},
    {TABLE_INSTITUTIONS, I_ADMIN_CODE, "5321x", NULL},
    {TABLE_INSTITUTIONS, I_OFFSET, "+08:00", "+08:00"},
    {TABLE_INSTITUTIONS, I_OFFSET, "-03:30", "-03:30"},
    {TABLE_INSTITUTIONS, I_OFFSET, "+15:00", NULL},
    {TABLE_INSTITUTIONS, I_OFFSET, "08:00", NULL},
    {TABLE_INSTITUTIONS, I_UNTIL, "2028-02-29", "2028-02-29"},
    {TABLE_INSTITUTIONS, I_UNTIL, "2027-02-29", NULL},
    {TABLE_INSTITUTIONS, I_UNTIL, "2026-04-31", NULL},
    {TABLE_INSTITUTIONS, I_UNTIL, "2026-4-3", NULL},
    {TABLE_INSTITUTIONS, I_UNTIL, "0000-01-01", NULL},
    {TABLE_SPECIALTIES, S_ID, "Cardiology", NULL},
    {TABLE_ACCOUNTS, A_ROLES, "specialist,coordinator", "specialist coordinator"},
    {TABLE_ACCOUNTS, A_ROLES, "coordinator specialist", "specialist coordinator"},
    {TABLE_ACCOUNTS, A_ROLES, "king", NULL},
    {TABLE_ACCOUNTS, A_DISABLED, "true", "yes"},
    {TABLE_ACCOUNTS, A_DISABLED, "0", "no"},
    {TABLE_ACCOUNTS, A_DISABLED, "maybe", NULL},
    {TABLE_ACCOUNTS, A_PASSWORD, " 1234567 ", " 1234567 "}, /* its blanks count */
    {TABLE_ACCOUNTS, A_PASSWORD, "1234567", NULL},
    {TABLE_AGREEMENTS, G_SPECIALTIES, "stroke; burns", "stroke burns"},
    {TABLE_AGREEMENTS, G_KINDS, "reading live", "live reading"},
    {TABLE_AGREEMENTS, G_RING, "4", NULL},
    {TABLE_AGREEMENTS, G_RING, "005", "5"},
    {TABLE_AGREEMENTS, G_RING, "-5", NULL},
    {TABLE_AGREEMENTS, G_RING, "3600", "3600"},
    {TABLE_AGREEMENTS, G_RING, "3601", NULL},
    {TABLE_SHIFTS, R_START, "24:00", "00:00"},
    {TABLE_SHIFTS, R_START, "23:60", NULL},
    {TABLE_SHIFTS, R_WEEKDAYS, "sun mon", "mon sun"},
    {TABLE_EXCEPTIONS, X_FROM, "2026-01-31T08:30", "2026-01-31 08:30"},
    {TABLE_EXCEPTIONS, X_FROM, "2026-01-31 24:00", NULL},
};

Test(fields, each_cell_is_canonical_or_refused)
{
    char out[FIELD_MAX];
    for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
        const struct cell *c = &cells[i];
        const struct field *f = &tables[c->table].fields[c->field];
        bool good = field_read(f, c->in, strlen(c->in), out);
        cr_expect_eq(good, c->out != NULL, "%s \"%s\"", f->name, c->in);
        if (good && c->out)
            cr_expect_str_eq(out, c->out, "%s \"%s\"", f->name, c->in);
        if (good && c->out) /* what is canonical stays as it is */
            cr_expect(field_read(f, c->out, strlen(c->out), out) && strcmp(out, c->out) == 0);
    }
}

Test(fields, a_zero_byte_is_no_end)
{
    char out[FIELD_MAX];
    cr_expect_not(field_read(&tables[TABLE_INSTITUTIONS].fields[I_NAME], "a\0b", 3, out));
}

/* Every day of four centuries, counted as a calendar does. */
Test(fields, days_follow_the_calendar)
{
    static const unsigned lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    char wanted[16], text[16];
    int64_t days = 0;
    for (int64_t year = 1970; year < 2370; year++)
        for (unsigned month = 1; month <= 12; month++) {
            bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
            unsigned length = lengths[month - 1] + (month == 2 && leap);
            for (unsigned day = 1; day <= length; day++, days++) {
                cr_assert_eq(field_days(year, month, day), days);
                snprintf(wanted, sizeof(wanted), "%04d-%02u-%02u", (int)year, month, day);
                field_date_text(days, text);
                cr_assert_str_eq(text, wanted);
            }
        }
    cr_expect_eq(field_days(9999, 12, 31), 2932896);
}

Test(fields, every_field_says_what_it_wants)
{
    char en[256], zh[256];
    for (int t = 0; t < TABLE_COUNT; t++) {
        cr_assert_leq(tables[t].count, TABLE_FIELDS_MAX);
        for (size_t i = 0; i < tables[t].count; i++) {
            field_wanted(&tables[t].fields[i], false, en, sizeof(en));
            field_wanted(&tables[t].fields[i], true, zh, sizeof(zh));
            cr_expect(en[0] && zh[0], "%s.%s", tables[t].name, tables[t].fields[i].name);
        }
    }
}
