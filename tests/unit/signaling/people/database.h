/* SPDX-License-Identifier: Apache-2.0 */
/* The database of a test, on the engine that the run is about: a SQLite file, or, where
 * SHANQIAO_TEST_POSTGRES holds the URI of a server that allows it, a PostgreSQL database made for
 * the test. */
#ifndef TESTS_UNIT_SIGNALING_DATABASE_H
#define TESTS_UNIT_SIGNALING_DATABASE_H

#include <stdbool.h>
#include <stddef.h>

#define DATABASE_MAX 256

/* Is the run about PostgreSQL? */
bool database_is_postgres(void);
/* What store_open takes: `path` itself, or the URI of a new, empty database. */
void database_make(const char *path, char out[DATABASE_MAX]);
/* Remembers what is in a database, and brings it back to that. Nobody has it open meanwhile. */
void database_keep(const char *database);
void database_restore(const char *database);
/* Removes what database_make gave and store_open made of it. */
void database_remove(const char *database);

#endif
