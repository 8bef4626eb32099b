/* SPDX-License-Identifier: Apache-2.0 */
/* How long what is kept, and its end: classes with terms, legal holds, deletion that deletes, and a
 * proof of it. Refuses to know what is in what it deletes: a proof holds hashes of sealed values
 * only. Records of patients wait for a person (`shanqiaoctl retention run`), since a clock that
 * went wrong must not destroy them; what was never a record goes by itself. */
#ifndef SIGNALING_RETENTION_RETENTION_H
#define SIGNALING_RETENTION_RETENTION_H

#include "signaling/proto/method.h"

struct service;

enum retention_class {
    RETENTION_OUTPATIENT,     /* record of a consultation: 15 years */
    RETENTION_INPATIENT,      /* likewise of an in-patient: 30 years */
    RETENTION_PROCESS_RECORD, /* recorded sound and pictures of a call: 3 years */
    RETENTION_DRAFT,          /* a request that was never submitted: 90 days */
    RETENTION_SESSION,        /* who was signed in from where: 180 days after its end */
    RETENTION_AUDIT,          /* the audit log: 15 years */
    RETENTION_CLASS_COUNT
};

struct retention_rule {
    const char *name;   /* "outpatient" */
    int years, days;    /* calendar, UTC, after the object's end */
    bool by_itself;     /* the server deletes it when it is due; else a person runs it */
    const char *source; /* the rule, as it stands in proofs */
};
const struct retention_rule *retention_rule(enum retention_class class);
/* false: there is no such class. */
bool retention_class_parse(const char *name, enum retention_class *out);
time_us retention_due_at(enum retention_class class, time_us from_utc_us);

/* All below run inside a transaction where they write. Errors: SQ_ERR_STORE, SQ_ERR_NOMEM and what
 * is said. */

/* An object came to its end at from_utc_us; again: moves its term. */
int retention_put(struct service *s, const char *object, enum retention_class class,
                  const char *institution, time_us from_utc_us);
/* Of an object that is kept already. SQ_ERR_NOT_FOUND. */
int retention_reclassify(struct service *s, const char *object, enum retention_class class);

struct retention_item {
    char object[ID_MAX], institution[ID_MAX];
    enum retention_class class;
    time_us from_utc_us, due_utc_us;
    bool held;
};
/* What is kept and due before until_utc_us, by due time. `each` may write, and stops the walk by a
 * value other than 0, which is returned. */
int retention_each(struct service *s, time_us until_utc_us,
                   int (*each)(const struct retention_item *item, void *user), void *user);
int retention_find(struct service *s, const char *object, struct retention_item *out);

/* Takes up cases that ended since the last call, at most 64. Returns how many. */
int retention_classify(struct service *s);

/* Deletes one object that is due, and leaves the proof. SQ_ERR_NOT_FOUND; SQ_ERR_STATE: not due,
 * held, or its case goes on again (that one's term ends with it). `account` may be "" (the
 * system). */
int retention_delete(struct service *s, const char *object, const char *account, time_us utc_us);

/* Ended sessions and rows of the audit log past their term, at most `limit` of each. Returns how
 * many went. */
int retention_trim(struct service *s, time_us utc_us, int64_t limit);

/* The server's timer: classifies, and deletes what goes by itself; a few at a time, so the next
 * call goes on. 0 or an error. */
int retention_sweep(struct service *s, time_us utc_us);

/* ---- legal hold: what is held is not deleted, nor is anything of a held institution ---- */

#define RETENTION_REASON_MAX 500 /* bytes */

/* `object`: a consultation or an institution. SQ_ERR_NOT_FOUND: no such object. id of the hold. */
int retention_hold(struct service *s, const char *object, const char *reason, const char *account,
                   time_us utc_us, char id[ID_MAX]);
/* SQ_ERR_NOT_FOUND, SQ_ERR_STATE: released already. */
int retention_release(struct service *s, const char *hold, const char *account, time_us utc_us);
int retention_held(struct service *s, const char *object, const char *institution, bool *out);
/* New reference: [{id, object, reason, placedAt, placedBy}] of holds in force. */
int retention_holds(struct service *s, json_t **out);

/* ---- proof of deletion ---- */

#define RETENTION_PROOF_SCHEMA "shanqiao.deletion.v1"

struct retention_proof {
    json_t *manifest;    /* owned: {schema, object, class, rule, from, due, deletedAt, by, parts} */
    json_t *row;         /* owned: the row of the audit log that holds the manifest's SHA-256 */
    const char *verdict; /* literal: "ok", "manifest", "row", "not_in_log", "remains" */
};
/* SQ_ERR_NOT_FOUND: nothing of this id was deleted. */
int retention_proof(struct service *s, const char *object, struct retention_proof *out);
void retention_proof_clear(struct retention_proof *p);

extern const struct method_table retention_method_table; /* retention.placeHold, .releaseHold */

#endif
