/* SPDX-License-Identifier: Apache-2.0 */
/* The embedded engine: SQLite 3 in WAL mode with synchronous=FULL. */
#ifndef SIGNALING_STORE_SQLITE_H
#define SIGNALING_STORE_SQLITE_H

#include "signaling/store/store.h"

/* Fills s->ops and s->engine. 0, SQ_ERR_STORE, SQ_ERR_NOMEM with s->error set. ":memory:" is for
 * tests. */
int sqlite_engine_open(struct store *s, const char *path);

#endif
