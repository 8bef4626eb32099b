/* SPDX-License-Identifier: Apache-2.0 */
/* Opinions: a structured draft, its canonical bytes (RFC 8785 for the subset that we write:
 * objects, strings, integers), a detached signature with the certificate of the one who signed. A
 * signed opinion never changes. Who signs how is a port (struct signer): ECDSA P-256 with the
 * installation's CA now. */
#ifndef SIGNALING_OPINION_OPINION_H
#define SIGNALING_OPINION_OPINION_H

#include "signaling/opinion/signer.h"
#include "signaling/proto/method.h"

extern const struct method_table opinion_method_table; /* opinion.save, .sign, .get, .verify */

/* Canonical JSON text of `value`: members sorted by UTF-16 code units, no white space, shortest
 * escapes. New heap text (the caller frees), or NULL when out of memory or a real number, true size
 * of nesting over 16 or invalid value is inside. */
char *opinion_canonical(const json_t *value);

struct opinion_verdict {
    bool verified;
    const char *reason; /* literal: "ok", "not_signed", "hash_mismatch", "signature_invalid",
                           "certificate_invalid", "content_differs" */
};

/* Checks the stored opinion of a consultation. 0 and *out, SQ_ERR_NOT_FOUND, SQ_ERR_STORE,
 * SQ_ERR_NOMEM. */
int opinion_verify(struct service *s, const char *consultation, struct opinion_verdict *out);

#endif
