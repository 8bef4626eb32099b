/* SPDX-License-Identifier: Apache-2.0 */
/* What is allowed but will let somebody down: circles of help, agreements that ended or end soon,
 * panels and institutions that nobody reaches. Pure. */
#ifndef SIGNALING_EXCHANGE_REVIEW_H
#define SIGNALING_EXCHANGE_REVIEW_H

#include "signaling/exchange/book.h"

#define REVIEW_SOON_DAYS 30

/* Adds remarks to the faults of the loaded, sorted directory. today: "2026-01-31". */
void review_directory(struct book *directory, const char *today);

#endif
