/* SPDX-License-Identifier: Apache-2.0 */
/* Referrals as rows beside their consultation: load, save, describe; what doctors wrote is sealed.
 * Refuses to know who may do what. Inside consult only. */
#ifndef SIGNALING_CONSULT_REFERRAL_H
#define SIGNALING_CONSULT_REFERRAL_H

#include "signaling/consult/perform.h"
#include "signaling/consult/referral_step.h"
#include "signaling/store/store.h"

#define REFERRAL_DEADLINE                                                                          \
    "referral" /* kind in the table of deadlines; the object is the referral */

enum referral_text {
    REFERRAL_PLAN,
    REFERRAL_REASON,
    REFERRAL_PLAN_BACK, /* of the discharge */
    REFERRAL_TEXTS
};

struct referral_record {
    char id[ID_MAX];
    char consultation[ID_MAX];
    char from[ID_MAX], to[ID_MAX]; /* institutions */
    char proposed_by[ID_MAX];
    time_us arrive_by_us; /* 0: not said */
    struct referral step;
    char *texts[REFERRAL_TEXTS]; /* owned */
    int64_t revision;
};

/* 0, SQ_ERR_NOT_FOUND, SQ_ERR_STORE, SQ_ERR_FORGED, SQ_ERR_UNSUPPORTED, SQ_ERR_NOMEM. Clear it also
 * after an error. */
int referral_load(struct service *s, const char *id, struct referral_record *out);
/* A row of a query that began with REFERRAL_COLUMNS (table referral is r). */
int referral_read(struct service *s, const struct store_query *q, struct referral_record *out);
void referral_clear(struct referral_record *r);
/* Inserts or updates where the revision is the loaded one (SQ_ERR_CONFLICT), arms its deadline. */
int referral_save(struct service *s, struct referral_record *r);
/* As the wire has it: a new reference in *out; without `words` nothing that doctors wrote. */
int referral_describe(struct service *s, const struct referral_record *r, bool words, json_t **out);

#define REFERRAL_COLUMNS                                                                           \
    "SELECT r.id, r.consultation, r.from_institution, r.to_institution, r.proposed_by,"            \
    " r.direction, r.state, r.proposed_us, r.arrive_by_us, r.revision, r.sealed_plan,"             \
    " r.sealed_reason, r.sealed_discharge, r.arrived_us, r.closed_us, r.unanswered,"               \
    " COALESCE((SELECT at_us FROM deadline d WHERE d.object = r.id AND d.kind = "                  \
    "'" REFERRAL_DEADLINE "'), 0) FROM referral r"

/* Its deadline passed. SQ_ERR_NOT_FOUND, store errors. */
int referral_due(const struct consult_act *act, const char *id);

#endif
