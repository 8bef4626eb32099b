/* SPDX-License-Identifier: Apache-2.0 */
/* The document that is signed (docs/protocol/opinion.md): made from a draft, checked against the
 * store. */
#ifndef SIGNALING_OPINION_DOCUMENT_H
#define SIGNALING_OPINION_DOCUMENT_H

#include "signaling/consult/record.h"
#include "signaling/opinion/record.h"

#define DOCUMENT_SCHEMA    "shanqiao.opinion.v2"
#define DOCUMENT_SCHEMA_V1 "shanqiao.opinion.v1" /* still checked: signed before versions */

/* The six texts, "" where the params left one out, and the structured members that were given. New
 * reference or NULL (memory). */
json_t *document_draft(const json_t *opinion);
/* Does the draft say anything? */
bool document_says_something(const json_t *draft);
/* Days until an outcome is asked for; 0: not asked. */
int document_follow_up_days(const json_t *draft);

/* What a version says besides its own texts. All borrowed. */
struct document_context {
    const struct consult_record *consultation;
    const struct opinion_list *opinions; /* of the consultation: the former version, the members */
    const char *reason;                  /* of the change; NULL: a first version */
    const json_t *dissent;               /* conclusion: [{author, text}]; NULL: none */
    const json_t *excused;               /* conclusion: [{author, reason}]; NULL: none */
};

/* Fills o->canonical and o->hash from the draft, the author, the request and o->signed_utc_us. */
int document_make(struct service *s, const struct document_context *c, struct opinion_record *o,
                  const char *algorithm);
/* true when the canonical bytes speak of this consultation, author and request, and of the versions
 * that they name. */
bool document_matches(const struct consult_record *r, const struct opinion_list *l,
                      const struct opinion_record *o);

#endif
