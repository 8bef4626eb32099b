/* SPDX-License-Identifier: Apache-2.0 */
/* The schema, as numbered steps that are never edited once released. */
#ifndef SIGNALING_STORE_MIGRATIONS_H
#define SIGNALING_STORE_MIGRATIONS_H

#include <stddef.h>

struct store;

struct migration {
    int number; /* from 1, without gaps */
    const char *name;
    const char *sql;
};
extern const struct migration migrations[];
extern const size_t migration_count;

/* Brings the schema up to date, a transaction for each step. 0; SQ_ERR_UNSUPPORTED when the
 * database is newer than this program; SQ_ERR_STORE when an applied step is not the one compiled
 * in, or failed; SQ_ERR_NOMEM. */
int migrations_run(struct store *s);
/* For tests: with another list. */
int migrations_run_list(struct store *s, const struct migration *list, size_t count);

#endif
