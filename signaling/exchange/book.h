/* SPDX-License-Identifier: Apache-2.0 */
/* A directory in memory: for each table its rows as canonical texts, where each stood in a file,
 * and what was wrong with the file. Files, the store and the generator all fill books, so that they
 * can be compared. Refuses to know: SQL, file formats. */
#ifndef SIGNALING_EXCHANGE_BOOK_H
#define SIGNALING_EXCHANGE_BOOK_H

#include "signaling/exchange/csv.h"
#include "signaling/exchange/table.h"

#define FAULTS_SHOWN   20 /* more are counted only */
#define FAULT_TEXT_MAX 256

struct fault {
    const char *file; /* lives as long as the book; NULL: the directory itself */
    struct place place;
    char where[96]; /* "accounts[2].roles[1]" */
    char en[FAULT_TEXT_MAX], zh[FAULT_TEXT_MAX];
};

struct row {
    const char **cells;         /* canonical, one a field; NULL: the file does not say */
    const struct place *places; /* of each cell in a CSV file; NULL: elsewhere */
    size_t number;              /* in its list, from 0 */
    int nested; /* -1, or: the row stands as panels[number].members[nested] of a JSON file */
};

struct sheet {
    bool given;       /* the file has this table */
    const char *file; /* NULL: from the store or generated */
    struct row *rows; /* sorted by key once book_sort was called */
    size_t count, room;
};

struct book {
    struct chunk *chunks; /* texts live as long as the book */
    struct sheet sheets[TABLE_COUNT];
    char *json; /* the text of a JSON file, for places in it; owned */
    size_t json_len;
    struct fault faults[FAULTS_SHOWN];
    size_t fault_count;
};

void book_init(struct book *b);
void book_fini(struct book *b);

/* Memory of the book, aligned for pointers; NULL: out of memory. */
void *book_take(struct book *b, size_t size);
const char *book_text(struct book *b, const char *text, size_t len);
/* A row of unsaid cells at the end of the sheet; NULL: out of memory. Valid until the next one. */
struct row *book_add_row(struct book *b, int table);

/* What a new row has in this field when nothing is said. */
const char *book_fallback(int table, size_t field, const struct row *row);
/* Every unsaid or empty cell gets its fallback. */
void book_complete(struct book *b);

/* By key cells. Rows with the same key are faults when `b` is a file. */
void book_sort(struct book *b);
int row_compare(const struct table *t, const struct row *a, const struct row *b);
/* In sorted rows. NULL: none. */
const struct row *sheet_find(const struct sheet *sheet, int table, const char *const *keys);
const struct row *sheet_find_id(const struct sheet *sheet, int table, const char *id);

/* Notes a fault at a cell (field -1: at the row; row NULL: at the file; element -1: the whole
 * cell). Both formats take the same arguments. */
void book_fault(struct book *b, int table, const struct row *row, int field, int element,
                const char *en, const char *zh, ...)
    __attribute__((format(printf, 6, 8), format(printf, 7, 8)));
/* The cell is not what its field wants. */
void book_wanted(struct book *b, int table, const struct row *row, int field, int element);
/* At a place that is no cell. */
void book_fault_at(struct book *b, const char *file, struct place place, const char *where,
                   const char *en, const char *zh);

#endif
