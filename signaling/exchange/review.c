/* SPDX-License-Identifier: Apache-2.0 */
/* See review.h: one pass a table. */
#include "signaling/exchange/review.h"
#include <stdlib.h>
#include <string.h>

static bool closed(const char *until, const char *today)
{
    return *until && strcmp(until, today) < 0;
}

static const struct row *find(const struct book *b, int table, const char *id)
{
    return sheet_find_id(&b->sheets[table], table, id);
}

/* ---- circles of help: a walk in depth along the sorted rows ---- */

enum colour { UNSEEN, OPEN, DONE };

struct walk {
    struct book *book;
    unsigned char *colours; /* of institutions, by their place in the sheet */
};

static size_t first_help(const struct sheet *help, const char *helped)
{
    size_t low = 0, high = help->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(help->rows[middle].cells[H_HELPED], helped) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Deep only where help is: a directory's chains are short, a circle is met at its first return. */
static void follow(struct walk *w, const struct row *institution, int depth)
{
    const struct sheet *help = &w->book->sheets[TABLE_HELP];
    const struct sheet *all = &w->book->sheets[TABLE_INSTITUTIONS];
    const char *id = institution->cells[I_ID];
    w->colours[institution - all->rows] = OPEN;
    for (size_t i = first_help(help, id);
         i < help->count && strcmp(help->rows[i].cells[H_HELPED], id) == 0; i++) {
        const struct row *helper = find(w->book, TABLE_INSTITUTIONS, help->rows[i].cells[H_HELPER]);
        unsigned char colour = helper ? w->colours[helper - all->rows] : (unsigned char)DONE;
        if (colour == OPEN)
            book_fault(w->book, TABLE_HELP, &help->rows[i], H_HELPER, -1,
                       "\"%.60s\" helps \"%.60s\" in a circle; escalation ends there",
                       "“%.60s”对“%.60s”的帮扶成环；升级到此为止", help->rows[i].cells[H_HELPER],
                       id);
        else if (colour == UNSEEN && depth < 1000)
            follow(w, helper, depth + 1);
    }
    w->colours[institution - all->rows] = DONE;
}

static void review_help(struct book *b)
{
    const struct sheet *all = &b->sheets[TABLE_INSTITUTIONS];
    struct walk w = {b, calloc(all->count + 1, 1)};
    for (size_t i = 0; w.colours && i < all->count; i++)
        if (w.colours[i] == UNSEEN)
            follow(&w, &all->rows[i], 0);
    free(w.colours);
}

/* ---- the others ---- */

static void review_agreements(struct book *b, const char *today)
{
    char soon[16];
    const struct sheet *sheet = &b->sheets[TABLE_AGREEMENTS];
    const struct field *until = &tables[TABLE_AGREEMENTS].fields[G_UNTIL];
    field_date_text(field_value(until, today).integer + REVIEW_SOON_DAYS, soon);
    for (size_t i = 0; i < sheet->count; i++) {
        const char *end = sheet->rows[i].cells[G_UNTIL];
        if (!*end || strcmp(end, soon) > 0)
            continue;
        book_fault(b, TABLE_AGREEMENTS, &sheet->rows[i], G_UNTIL, -1,
                   closed(end, today) ? "\"%.60s\" ended on %s" : "\"%.60s\" ends on %s; renew it",
                   closed(end, today) ? "“%.60s”已于 %s 到期" : "“%.60s”将于 %s 到期，请续签",
                   sheet->rows[i].cells[G_ID], end);
    }
}

static bool has_member(const struct book *b, const char *panel)
{
    const struct sheet *members = &b->sheets[TABLE_MEMBERS];
    size_t low = 0, high = members->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(members->rows[middle].cells[M_PANEL], panel) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < members->count && strcmp(members->rows[low].cells[M_PANEL], panel) == 0;
}

static void review_panels(struct book *b, const char *today)
{
    const struct sheet *sheet = &b->sheets[TABLE_PANELS];
    for (size_t i = 0; i < sheet->count; i++) {
        const char *const *cells = (const char *const *)sheet->rows[i].cells;
        const struct row *of = find(b, TABLE_INSTITUTIONS, cells[P_INSTITUTION]);
        if (closed(cells[P_UNTIL], today))
            continue;
        if (!has_member(b, cells[P_ID]))
            book_fault(b, TABLE_PANELS, &sheet->rows[i], -1, -1, "\"%.60s\" has no members",
                       "“%.60s”没有成员", cells[P_ID]);
        if (of && closed(of->cells[I_UNTIL], today))
            book_fault(b, TABLE_PANELS, &sheet->rows[i], P_INSTITUTION, -1,
                       "\"%.60s\" belongs to an institution that is closed",
                       "“%.60s”所属机构已关闭", cells[P_ID]);
    }
}

void review_directory(struct book *directory, const char *today)
{
    review_help(directory);
    review_agreements(directory, today);
    review_panels(directory, today);
}
