/* SPDX-License-Identifier: Apache-2.0 */
/* A consultation as it stands in the store: who is behind the numbers of consult/step.h, where it
 * was routed, and the sealed texts. Refuses to know which events are allowed. */
#ifndef SIGNALING_CONSULT_RECORD_H
#define SIGNALING_CONSULT_RECORD_H

#include "signaling/auth/rights.h"
#include "signaling/consult/step.h"
#include "signaling/directory/directory.h"
#include "signaling/proto/method.h"

struct store_query;

#define CONSULT_PANELS_MAX  (1 + DIRECTORY_PANELS_MAX) /* that one consultation is offered to */
#define CONSULT_ENTRIES_MAX 64                         /* texts in the course of one consultation */

struct consult_person {
    char account[ID_MAX];
    char session[ID_MAX]; /* through which that one was last present */
    char panel[ID_MAX];   /* by which it was asked; "": added by a person */
};

/* Where a consultation belongs: what rights and lists go by. */
struct consult_place {
    char panel[ID_MAX]; /* that is asked now, or whose member accepted */
    char specialty[DIRECTORY_WORD_MAX];
    char institution[ID_MAX];   /* the applicant's */
    char inviting[ID_MAX];      /* of the agreement: that one or one above it */
    char inviting_desk[ID_MAX]; /* whose coordinators serve the applicant's institution */
    char invited[ID_MAX];       /* the panel's */
    char invited_desk[ID_MAX];
    char agreement[ID_MAX];         /* "": none needed, or none yet (emergency) */
    char slot[ID_MAX];              /* of the panel, booked for it; "": none */
    time_us ring_us;                /* as the agreement says; 0: as the installation does */
    enum consult_strategy strategy; /* of the agreement, or as triage decided */
};

struct consult_record {
    char id[ID_MAX];
    struct consult_place place;
    char applicant[ID_MAX];
    char applicant_session[ID_MAX];
    struct consult_person people[CONSULT_MEMBERS_MAX]; /* by member number */
    char panels[CONSULT_PANELS_MAX][ID_MAX];           /* asked so far, in that order */
    int panel_count;
    struct consult step;
    int64_t revision; /* of what is stored; 0: not stored yet */
    json_t *request;  /* owned: patient, complaint, ... as submitted */
    char *reason;     /* owned heap text that a person gave, or NULL */
    bool moved;       /* place or request changed since the load */
    json_t *known;    /* owned: what the directory and the entries told, for the time of one act */

    struct { /* as loaded: only what differs is written */
        struct consult step;
        char (*sessions)[ID_MAX]; /* owned; the applicant's, then the members' */
        int panel_count;
    } stored;
};

#define CONSULT_KNOWN_ENTRIES "entries" /* goes from `known` when another is written */

/* A new one, before its first save. */
void consult_record_init(struct consult_record *r, enum consult_kind kind);
/* 0, SQ_ERR_NOT_FOUND, SQ_ERR_STORE, SQ_ERR_FORGED (sealed by another key, or moved), SQ_ERR_NOMEM,
 * SQ_ERR_UNSUPPORTED (written by a newer program). */
int consult_record_load(struct service *s, const char *id, struct consult_record *out);
void consult_record_clear(struct consult_record *r);

/* First save inserts, later ones update where the revision is the loaded one (SQ_ERR_CONFLICT
 * otherwise). Arms and disarms the deadlines of r->step. */
int consult_record_save(struct service *s, struct consult_record *r);

/* Account of a member, of CONSULT_APPLICANT; "" for CONSULT_NOBODY. r->step.specialist is the one
 * who answers for it. */
const char *consult_record_account(const struct consult_record *r, int person);
/* Number of the member, removed ones too; CONSULT_NOBODY when it is none. */
int consult_record_member(const struct consult_record *r, const char *account);

/* All relations (RIGHTS_BIT) in which a caller stands to the consultation; 0: none at all. Only
 * account, institution and roles of *caller are read. 0, SQ_ERR_STORE, SQ_ERR_NOMEM. */
int consult_relations(struct service *s, const struct consult_record *r,
                      const struct caller *caller, uint32_t *out);

/* Loads what the caller may do `act` on. SQ_ERR_NOT_FOUND for an outsider, whether there is one or
 * not; SQ_ERR_DENIED for those who see it but may not do it; then *r is cleared. *relations may be
 * NULL. Sets call->audit_object. */
int consult_open(struct call *call, const char *id, enum act act, struct consult_record *r,
                 uint32_t *relations);

/* ---- what people wrote in its course, sealed ---- */

struct consult_entry {
    const char *kind;   /* literal: "returned", "refused", "note", "outcome", "critical", ... */
    const char *author; /* account */
    const json_t *body; /* object: text, and what else the kind has; borrowed */
};
/* SQ_ERR_LIMIT after CONSULT_ENTRIES_MAX, or 64 KiB; notes and problems stop earlier. */
int consult_entry_add(struct service *s, const char *consultation, const struct consult_entry *e,
                      time_us utc_us);
/* A new reference to an array in *out, oldest first: the bodies with id, kind, by, at. `kind` NULL:
 * all. */
int consult_entries(struct service *s, const char *consultation, const char *kind, json_t **out);
/* The same in two halves, so that what is asked between them shares the way to the store. */
void consult_ask_entries(struct service *s, const char *consultation, const char *kind,
                         struct store_query *q);
int consult_take_entries(struct service *s, struct store_query *q, json_t **out);

#endif
