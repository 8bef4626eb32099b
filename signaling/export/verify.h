/* SPDX-License-Identifier: Apache-2.0 */
/* The contents of a package while they are checked. Inside export only. Checks give NULL when all
 * is well, else a literal code. */
#ifndef SIGNALING_EXPORT_VERIFY_H
#define SIGNALING_EXPORT_VERIFY_H

#include "signaling/export/package.h"
#include "signaling/opinion/x509.h"
#include <jansson.h>
#include <stdio.h>

#define TRUST_MAX 8 /* CAs in one file: an installation renews its own every few years */

struct trust {
    X509 *ca[TRUST_MAX]; /* owned */
    size_t count;        /* 0: the CA in the package */
};
/* 0; SQ_ERR_INVALID: no certificate in it, or more than TRUST_MAX. */
int trust_read(struct trust *t, const char *pem);
void trust_clear(struct trust *t);

struct evidence {
    const struct package *package; /* borrowed; the rest is owned */
    X509 *certificate, *ca;
    json_t *document, *record, *audit;
};

/* Is it a signed document of ours, by whom its certificate names, whom a trusted CA certified? */
const char *evidence_check_signature(const struct evidence *e, const struct trust *trust,
                                     struct export_verdict *v, int *file);
/* Does the record speak of the same consultation, author and request? */
const char *evidence_check_record(const struct evidence *e, int *file);
/* Is each row what its hash says, and do neighbours follow each other? *row: number of the bad one.
 */
const char *evidence_check_audit(const struct evidence *e, size_t *row);

#endif
