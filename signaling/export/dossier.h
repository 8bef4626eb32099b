/* SPDX-License-Identifier: Apache-2.0 */
/* All that leaves with a signed opinion, out of the store. Refuses to know paper and zip. */
#ifndef SIGNALING_EXPORT_DOSSIER_H
#define SIGNALING_EXPORT_DOSSIER_H

#include "signaling/consult/record.h"
#include "signaling/export/export.h"
#include "signaling/opinion/opinion.h"
#include "signaling/opinion/record.h"

#define DOSSIER_AUDIT_ROWS_MAX 20000 /* of one case; what is more fits no package */
#define DOSSIER_MATERIALS_MAX  5000  /* likewise */

struct dossier {
    struct consult_record record;
    struct opinion_list opinions;
    struct opinion_verdict *verdicts;   /* owned; of each signed one, by its place in the list */
    const struct opinion_record *shown; /* in the list: what is printed */
    json_t *consultation;               /* owned; as the wire has it */
    json_t *consents, *texts;           /* owned; arrays: consent.get's, and the words shown */
    json_t *materials, *referrals;      /* owned; arrays */
    json_t *audit, *heads; /* owned; arrays: rows of this case, heads of their chains */
    char *ca;              /* owned; PEM of the installation's CAs, "" when it has none */
};

/* Fills *out, also clear it after an error. Errors as export_print. */
int dossier_load(struct service *s, const struct export_of *what, struct dossier *out,
                 struct export_problem *problem);
void dossier_clear(struct dossier *d);

/* Of an opinion in the list. */
const struct opinion_verdict *dossier_verdict(const struct dossier *d,
                                              const struct opinion_record *o);
/* The words whose hash a consent has; NULL: none. */
const char *dossier_text(const struct dossier *d, const char *sha256);

/* May the record have this member? Nothing that the request says is said twice. */
bool dossier_record_member(const char *name);
/* Canonical JSON of the record (state, people, times, request, referrals), of the consents with
 * their texts, of the materials, of the audit rows. Heap text, NULL: no memory. */
char *dossier_record_text(const struct dossier *d, time_us utc_us);
char *dossier_consents_text(const struct dossier *d);
char *dossier_materials_text(const struct dossier *d);
char *dossier_audit_text(const struct dossier *d);

/* ---- inside the dossier: what comes straight from tables ---- */

int dossier_load_audit(struct service *s, struct dossier *d, struct export_problem *problem);
int dossier_load_materials(struct service *s, struct dossier *d, struct export_problem *problem);
int dossier_load_texts(struct service *s, struct dossier *d);
int dossier_load_ca(struct service *s, struct dossier *d);
int dossier_fault(struct export_problem *problem, enum export_fault what, const char *detail,
                  int status);

#endif
