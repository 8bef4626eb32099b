/* SPDX-License-Identifier: Apache-2.0 */
/* A consultation as it stands in the store: who is behind the numbers of consult/step.h, and the
 * sealed texts. Refuses to know which events are allowed. */
#ifndef SIGNALING_CONSULT_RECORD_H
#define SIGNALING_CONSULT_RECORD_H

#include "signaling/auth/rights.h"
#include "signaling/consult/step.h"
#include "signaling/proto/method.h"

#define CONSULT_NAME_MAX 32 /* kind, urgency */

enum seat { SEAT_APPLICANT, SEAT_SPECIALIST, SEATS };

struct consult_record {
    char id[ID_MAX];
    char kind[CONSULT_NAME_MAX];
    char urgency[CONSULT_NAME_MAX];
    char panel[ID_MAX];
    char applicant[ID_MAX];
    char rung[CONSULT_MEMBERS_MAX][ID_MAX];
    char sessions[SEATS][ID_MAX]; /* through which a party was last present */
    struct consult step;
    int64_t revision; /* of what is stored; 0: not stored yet */
    json_t *request;  /* owned: patient, complaint, ... consent, as submitted */
    char *reason;     /* owned heap text that a person gave, or NULL */
};

/* 0, SQ_ERR_NOT_FOUND, SQ_ERR_STORE, SQ_ERR_FORGED (sealed by another key, or moved), SQ_ERR_NOMEM.
 */
int consult_record_load(struct service *s, const char *id, struct consult_record *out);
void consult_record_clear(struct consult_record *r);

/* First save inserts, later ones update where the revision is the loaded one (SQ_ERR_CONFLICT
 * otherwise). */
int consult_record_save(struct service *s, struct consult_record *r);

/* Account of a member or of CONSULT_APPLICANT; "" for CONSULT_NOBODY. */
const char *consult_record_account(const struct consult_record *r, int person);
/* CONSULT_APPLICANT, the specialist's number or CONSULT_NOBODY. */
int consult_record_person(const struct consult_record *r, enum seat seat);
/* Number among the rung, CONSULT_NOBODY when not rung. */
int consult_record_member(const struct consult_record *r, const char *account);
enum relation consult_record_relation(const struct consult_record *r, const char *account);

#endif
