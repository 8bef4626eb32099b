/* SPDX-License-Identifier: Apache-2.0 */
/* The schema, as numbered steps that are never edited once released: migrations/NNN_name.up.sql and
 * its way back, NNN_name.down.sql. SQL that SQLite and PostgreSQL both take: TEXT, BIGINT, BYTEA.
 * Times are microseconds of UTC (…_us). Columns named sealed_… hold what store/vault.h made; no
 * clinical text stands outside of them. */
#ifndef SIGNALING_STORE_MIGRATIONS_H
#define SIGNALING_STORE_MIGRATIONS_H

#include <stdbool.h>
#include <stddef.h>

struct store;

struct migration {
    int number; /* from 1, without gaps */
    const char *name;
    const char *sql;
    const char *down; /* undoes it */
};
extern const struct migration migrations[];
extern const size_t migration_count;

/* Brings the schema up to date, a transaction for each step; several programs may do so at once. 0;
 * SQ_ERR_UNSUPPORTED when the database is newer than this program; SQ_ERR_STORE when an applied
 * step is not the one compiled in, or failed; SQ_ERR_NOMEM. */
int migrations_run(struct store *s);
/* For tests: with another list. */
int migrations_run_list(struct store *s, const struct migration *list, size_t count);

/* Number of the newest applied step, 0 for an empty database. */
int migrations_applied(struct store *s, int *number);

/* Up or down to step `to` (0 .. migration_count). A step back that would drop rows is refused with
 * SQ_ERR_CONFLICT, the store's error names the first table of them and nothing of that step is
 * undone, unless lose_data. Otherwise the errors of migrations_run. */
int migrations_move(struct store *s, int to, bool lose_data);

#endif
