/* SPDX-License-Identifier: Apache-2.0 */
/* The contents of a package while they are checked. Inside export only. Checks give NULL when all
 * is well, else a literal code, and the number of the file that it is about. */
#ifndef SIGNALING_EXPORT_VERIFY_H
#define SIGNALING_EXPORT_VERIFY_H

#include "signaling/export/package.h"
#include "signaling/export/trust.h"
#include <jansson.h>
#include <stdio.h>

struct evidence_opinion {
    json_t *document;  /* owned */
    X509 *certificate; /* owned */
};

struct evidence {
    const struct package *package; /* borrowed; the rest is owned */
    const struct trust *outside;   /* borrowed: the CAs of --ca; NULL: those in the package */
    struct trust inside;
    X509 *installation;
    json_t *record, *consents, *materials, *audit;
    struct evidence_opinion opinions[PACKAGE_OPINIONS_MAX];
};

/* Parses the files. A new evidence, NULL: no memory. *good false: a file can't be read, v says
 * which; only evidence_free is then allowed. */
struct evidence *evidence_new(const struct package *p, const struct trust *outside,
                              struct export_verdict *v, bool *good);
void evidence_free(struct evidence *e);

/* Did the installation sign the manifest? */
const char *evidence_check_manifest(const struct evidence *e, int *file);
/* Is each opinion a signed document of ours, by whom its certificate names, whom a trusted CA
 * certified; and are the versions that it names here? v: of the one that counts. */
const char *evidence_check_opinions(const struct evidence *e, struct export_verdict *v, int *file);
/* Does the record speak of the same consultation, authors and request? */
const char *evidence_check_record(const struct evidence *e, int *file);
/* Are the words there that consents were given to? Is the list of materials one? */
const char *evidence_check_lists(const struct evidence *e, int *file);
/* Is each row what its hash says, and do neighbours follow each other? *row: number of the bad one.
 */
const char *evidence_check_audit(const struct evidence *e, size_t *row);

/* ---- shared by the checks ---- */

const char *evidence_text(const json_t *object, const char *name); /* "" when it is not there */
bool evidence_same(const char *a, const char *b);                  /* "" is like nothing */
/* Canonical bytes are canonical: they say what they say in one way only. */
bool evidence_canonical(const struct evidence *e, const json_t *value, int file);

#endif
