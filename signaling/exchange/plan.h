/* SPDX-License-Identifier: Apache-2.0 */
/* What a file changes: the directory as it is and a book of files give a plan, the plan is checked,
 * shown, carried out. Importing the same file again gives an empty plan. */
#ifndef SIGNALING_EXCHANGE_PLAN_H
#define SIGNALING_EXCHANGE_PLAN_H

#include "signaling/exchange/book.h"
#include <stdio.h>

enum change_op { CHANGE_ADD, CHANGE_UPDATE, CHANGE_CLOSE, CHANGE_DELETE, CHANGE_OPS };

struct change {
    enum change_op op;
    const struct row *before; /* NULL when added */
    const struct row *after;  /* complete; NULL when deleted */
    const struct row *given;  /* as the file has it; NULL when the file does not name it */
};

struct plan_table {
    struct change *changes;
    size_t count, room;
    size_t of[CHANGE_OPS], same;
};

struct plan {
    struct plan_table tables[TABLE_COUNT];
    struct book after; /* the whole directory as it will be, sorted */
    struct book *file; /* borrowed; faults go there */
};

struct plan_options {
    bool remove;        /* rows that a table of the file does not name are removed */
    char yesterday[16]; /* "2026-01-31": the last day of what is closed */
};

/* `now` and `file` are sorted and outlive the plan. What breaks a rule becomes faults of `file`.
 * 0, SQ_ERR_NOMEM. */
int plan_make(struct plan *plan, const struct book *now, struct book *file,
              const struct plan_options *options);
void plan_fini(struct plan *plan);
size_t plan_changes(const struct plan *plan);

/* Rules between rows: references, levels, cycles, dates, names used twice. Only for the given rows
 * of the plan's file; or, `file` being the directory itself, for all. Also used by plan_make. */
void rules_check(struct book *file, const struct book *after);

/* Of shifts and exceptions alone (complete cells): what is needed, and that they end after they
 * begin. */
void rules_check_rosters(struct book *b);

/* A line for each change, at most `most` a table (0: all), then the counts. */
void plan_print(const struct plan *plan, FILE *to, size_t most, bool chinese);

/* Inside a transaction of the caller. `no_password` is the hash for new accounts without one.
 * 0, SQ_ERR_CONFLICT, SQ_ERR_STORE, SQ_ERR_NOMEM. */
int plan_apply(const struct plan *plan, struct store *store, const char *no_password);

/* Every row of one sheet as a new row (complete cells). The same errors. */
int plan_insert(const struct book *b, int table, struct store *store);

#endif
