/* SPDX-License-Identifier: Apache-2.0 */
/* The document that is signed (docs/protocol/opinion.md): made from a draft, checked against the
 * store. */
#ifndef SIGNALING_OPINION_DOCUMENT_H
#define SIGNALING_OPINION_DOCUMENT_H

#include "signaling/consult/record.h"
#include "signaling/opinion/record.h"

/* The six texts, "" where the params left one out. New reference or NULL (memory). */
json_t *document_draft(const json_t *opinion);
/* Does the draft say anything? */
bool document_says_something(const json_t *draft);

/* Fills o->canonical and o->hash from the draft, the author, the request and o->signed_utc_us. */
int document_make(struct service *s, const struct consult_record *r, struct opinion_record *o,
                  const char *algorithm);
/* true when the canonical bytes speak of this consultation, author and request. */
bool document_matches(const struct consult_record *r, const struct opinion_record *o);

#endif
