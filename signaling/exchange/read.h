/* SPDX-License-Identifier: Apache-2.0 */
/* Directory files into a book: one JSON document, one CSV file named after its table, or a folder
 * of those. What is malformed becomes faults with file, line, column and remedy, as many as are
 * found. */
#ifndef SIGNALING_EXCHANGE_READ_H
#define SIGNALING_EXCHANGE_READ_H

#include "signaling/exchange/book.h"

#define READ_FILE_MAX (256u * 1024 * 1024)

/* 0 (look at book->fault_count too), SQ_ERR_IO (can't read, errno), SQ_ERR_LIMIT (file too large),
 * SQ_ERR_NOMEM. Rows are not yet sorted. `path` is copied. */
int book_read(struct book *b, const char *path);

/* The parts, for texts in memory. `text` of a JSON document is copied. */
int book_read_csv(struct book *b, int table, const char *file, const char *text, size_t len);
int book_read_json(struct book *b, const char *file, const char *text, size_t len);

#endif
