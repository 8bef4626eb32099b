/* SPDX-License-Identifier: Apache-2.0 */
/* A patient's consent, one object per purpose: which text was shown (version and hash), who signed,
 * how, who entered it; its withdrawal. Rows are never changed but for one withdrawal, so the
 * history stays. Refuses to know what a purpose switches off: that is consult/step.h, told by
 * events. */
#ifndef SIGNALING_CONSENT_CONSENT_H
#define SIGNALING_CONSENT_CONSENT_H

#include "signaling/proto/method.h"

enum consent_purpose {
    CONSENT_CARE,      /* the consultation itself: its content and fees were told */
    CONSENT_SHARE,     /* the record goes to the consulted institution */
    CONSENT_RECORDING, /* sound and picture are kept */
    CONSENT_TEACHING,  /* observers, de-identified */
    CONSENT_PURPOSES
};
#define CONSENT_BIT(purpose) (1u << (purpose))

/* Years; below, a guardian signs (Civil Code of China, articles 17-20). The texts in docs/consent
 * and the pages (signaling/web/src/village/request.ts) say the same. */
#define CONSENT_OWN_AGE 18

extern const struct method_table consent_method_table; /* consent.texts, .give, .withdraw, .get */

const char *consent_purpose_name(enum consent_purpose purpose); /* "care" */
/* CONSENT_PURPOSES when unknown. */
enum consent_purpose consent_purpose_parse(const char *name);

/* The gate: nothing is allowed that was not consented to. `given` are bits of what is in force. */
bool consent_allows(uint32_t given, enum consent_purpose purpose);

/* What is in force now, bits. 0, SQ_ERR_STORE. */
int consent_in_force(struct service *s, const char *consultation, uint32_t *given);
/* What was ever asked and answered: in force, refused or taken back, bits. 0, SQ_ERR_STORE. */
int consent_answered(struct service *s, const char *consultation, uint32_t *purposes);

/* The member `consent` of consultation.submit {share, signer, relation, recording?, teaching?,
 * textVersion?, language?, how?, witness?, materialId?}: which purposes it names. NULL: none. Pure.
 */
uint32_t consent_of_submit(const json_t *consent);
/* Does somebody of this relation sign for the patient of the request? A child does not for itself.
 * Pure. */
bool consent_may_sign(const json_t *request, const char *relation);
/* Says so to the caller: SQ_ERR_INVALID. */
int consent_of_child(struct call *call);
/* Writes it as rows, in the transaction of the submit, after the consultation's own row; what was
 * answered before stands (a returned request is submitted again with its old words). Without
 * textVersion no text is claimed to have been shown. 0, SQ_ERR_INVALID (no such text; the words are
 * in `call`), SQ_ERR_STORE, SQ_ERR_NOMEM. */
int consent_submit(struct call *call, const char *consultation, const json_t *consent);

/* All consents of a consultation, oldest first, as consent.get tells them: a new reference to an
 * array in *out. SQ_ERR_STORE, SQ_ERR_NOMEM, SQ_ERR_FORGED. */
int consent_describe(struct service *s, const char *consultation, json_t **out);

#endif
