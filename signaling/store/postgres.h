/* SPDX-License-Identifier: Apache-2.0 */
/* The engine that several signalling nodes share: PostgreSQL 13 or newer through libpq. */
#ifndef SIGNALING_STORE_POSTGRES_H
#define SIGNALING_STORE_POSTGRES_H

#include "signaling/store/store.h"

/* Is this setting a connection URI (postgresql:// or postgres://) and no file? */
bool postgres_uri(const char *database);

/* Fills s->ops and s->engine. The URI is libpq's, with all of its parameters; it is never logged.
 * 0, or SQ_ERR_STORE (no connection; a server that would not keep what it acknowledged; a database
 * that sorts otherwise than by bytes or is not UTF-8), SQ_ERR_NOMEM with s->error set. */
int postgres_engine_open(struct store *s, const char *uri);

#endif
