/* SPDX-License-Identifier: Apache-2.0 */
/* All that leaves with a signed opinion, out of the store. Refuses to know paper and zip. */
#ifndef SIGNALING_EXPORT_DOSSIER_H
#define SIGNALING_EXPORT_DOSSIER_H

#include "signaling/consult/record.h"
#include "signaling/export/export.h"
#include "signaling/opinion/opinion.h"
#include "signaling/opinion/record.h"

#define DOSSIER_AUDIT_ROWS_MAX 20000 /* of one case; what is more fits no package */

struct dossier {
    struct consult_record record;
    struct opinion_record opinion;
    json_t *consultation; /* owned; as the wire has it */
    json_t *document;     /* owned; the signed document */
    json_t *audit;        /* owned; array of rows of this case */
    char *ca;             /* owned; PEM of the CA that issued the certificate, "" when none did */
    struct opinion_verdict verdict;
};

/* Fills *out, also clear it after an error. Errors as export_print. */
int dossier_load(struct service *s, const char *consultation, struct dossier *out,
                 struct export_problem *problem);
void dossier_clear(struct dossier *d);

/* May the record have this member? Nothing that the request says is said twice. */
bool dossier_record_member(const char *name);
/* Canonical JSON of the record (state, people, times, request) and of the audit rows. Heap text,
 * NULL: no memory. */
char *dossier_record_text(const struct dossier *d, time_us utc_us);
char *dossier_audit_text(const struct dossier *d);

#endif
