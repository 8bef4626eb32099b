/* SPDX-License-Identifier: Apache-2.0 */
/* Consents as rows. Inside consent only. */
#ifndef SIGNALING_CONSENT_RECORD_H
#define SIGNALING_CONSENT_RECORD_H

#include "signaling/consent/consent.h"
#include "signaling/consent/text.h"

/* Rows of one consultation: each purpose given and taken back a few times. */
#define CONSENT_ROWS_MAX 100

/* One signature. All borrowed. */
struct consent_entry {
    const char *consultation;
    const struct consent_text *text; /* NULL: none was named */
    const json_t *body; /* {signer {name, relation}, how?, materialId?, witness?, feesTold?,
                           contentTold?, fees?, lateReason?, refused?} */
    time_us given_utc_us, entered_utc_us;
    const char *entered_by; /* account */
};

/* May these be added? SQ_ERR_CONFLICT: one is in force already (the index says so too, but a
 * statement that fails ends a transaction of PostgreSQL). SQ_ERR_LIMIT, SQ_ERR_STORE. */
int consent_record_check(struct service *s, const char *consultation, uint32_t purposes);
/* A row for each purpose. SQ_ERR_CONFLICT, SQ_ERR_STORE, SQ_ERR_NOMEM. */
int consent_record_add(struct service *s, const struct consent_entry *e, uint32_t purposes);

/* Takes back what is in force of `purposes`; `why` {by {name, relation}, reason}. Which were in
 * force: *withdrawn. */
int consent_record_withdraw(struct service *s, const char *consultation, uint32_t purposes,
                            const json_t *why, const char *entered_by, time_us utc_us,
                            uint32_t *withdrawn);

/* Names what shows the signature to what is in force of `purposes` and was entered by `account`.
 * Which these are: *attached (the same material again changes nothing). SQ_ERR_DENIED: one was
 * entered by somebody else; SQ_ERR_CONFLICT: one names another material; both before any change. */
int consent_record_attach(struct service *s, const char *consultation, uint32_t purposes,
                          const char *material, const char *account, time_us utc_us,
                          uint32_t *attached);

#endif
