/* SPDX-License-Identifier: Apache-2.0 */
/* A flowing A4 document on pangocairo: headings, label-and-text rows, boxes; texts of any length go
 * on over pages, each page has a foot, which also names
 * the characters of that page that no font has: a box stands for each. Plain text, never markup.
 * Refuses to know opinions.
 */
#ifndef SIGNALING_EXPORT_PDF_H
#define SIGNALING_EXPORT_PDF_H

#include "signaling/export/export.h"

struct pdf;

/* 0; SQ_ERR_UNSUPPORTED with EXPORT_NO_FONT; SQ_ERR_NOMEM. `foot` (borrowed) stands on each page
 * beside its number; total_pages 0: not known yet (the first of two passes). */
int pdf_new(struct pdf **out, const char *foot, int total_pages, struct export_problem *problem);

void pdf_title(struct pdf *p, const char *zh, const char *en);
void pdf_heading(struct pdf *p, const char *zh, const char *en);
/* A label in the left column, text that flows in the right one. */
void pdf_row(struct pdf *p, const char *zh, const char *en, const char *text);
/* Lines with a frame around, kept on one page; `alarm` makes it red. */
void pdf_box(struct pdf *p, const char *zh, const char *en, bool alarm);

/* Pages so far. */
int pdf_pages(const struct pdf *p);
/* Ends the document: 0 and its bytes, SQ_ERR_NOMEM, SQ_ERR_LIMIT (EXPORT_TOO_LONG). `utc_us` is the
 * date of creation. */
int pdf_finish(struct pdf *p, const char *title, time_us utc_us, struct export_bytes *out,
               struct export_problem *problem);
void pdf_free(struct pdf *p);

#endif
