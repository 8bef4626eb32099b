/* SPDX-License-Identifier: Apache-2.0 */
/* Books from the store and into files: the same canonical texts both ways. */
#ifndef SIGNALING_EXCHANGE_SHELF_H
#define SIGNALING_EXCHANGE_SHELF_H

#include "signaling/exchange/book.h"
#include <stdio.h>

/* All tables as they are, sorted. 0, SQ_ERR_STORE, SQ_ERR_NOMEM. */
int book_load(struct book *b, struct store *store);

/* One JSON document, a row a line; secrets are left out. 0, SQ_ERR_IO. */
int book_write_json(const struct book *b, FILE *to);
/* institutions.csv ... into an existing folder, with a byte order mark (spreadsheets take other
 * files for the local encoding), CRLF line ends. 0, SQ_ERR_IO (errno). */
int book_write_csv(const struct book *b, const char *folder);

#endif
