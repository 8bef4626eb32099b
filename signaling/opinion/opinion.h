/* SPDX-License-Identifier: Apache-2.0 */
/* Opinions: a structured draft, its canonical bytes (RFC 8785 for the subset that we write:
 * objects, strings, integers), a detached signature with the certificate of the one who signed. A
 * signed opinion never changes; it is superseded by a later version that names it. Who signs how is
 * a port (struct signer): ECDSA P-256 with the installation's CA now. */
#ifndef SIGNALING_OPINION_OPINION_H
#define SIGNALING_OPINION_OPINION_H

#include "signaling/opinion/signer.h"
#include "signaling/proto/method.h"

/* opinion.save, .sign, .supersede, .conclude, .get, .list, .verify */
extern const struct method_table opinion_method_table;

/* Canonical JSON text of `value`: members sorted by UTF-16 code units, no white space, shortest
 * escapes. New heap text (the caller frees), or NULL when out of memory or a real number, true size
 * of nesting over 16 or invalid value is inside. */
char *opinion_canonical(const json_t *value);

struct opinion_verdict {
    bool verified;
    const char *reason; /* literal: "ok", "not_signed", "hash_mismatch", "signature_invalid",
                           "certificate_invalid", "content_differs" */
};

/* Checks a stored opinion of a consultation; `opinion` NULL or "": the one that counts now. 0 and
 * *out, SQ_ERR_NOT_FOUND (no such consultation or opinion), SQ_ERR_STORE, SQ_ERR_NOMEM. */
int opinion_verify(struct service *s, const char *consultation, const char *opinion,
                   struct opinion_verdict *out);

/* All signed versions of a consultation as opinion.list tells them: a new reference to an array in
 * *out. SQ_ERR_STORE, SQ_ERR_NOMEM, SQ_ERR_FORGED. */
int opinion_describe_signed(struct service *s, const char *consultation, json_t **out);

#endif
