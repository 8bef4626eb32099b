/* SPDX-License-Identifier: Apache-2.0 */
/* Who may do what: one table of (role, relation to the object, act). Every handler asks it, none
 * has rules of its own. Pure. Refuses to know how a relation is found out (signaling/consult,
 * duty, directory do), and in which state an act makes sense (consult_step does). */
#ifndef SIGNALING_AUTH_RIGHTS_H
#define SIGNALING_AUTH_RIGHTS_H

#include <stdbool.h>
#include <stdint.h>

enum role {
    ROLE_VILLAGE_DOCTOR = 1u << 0, /* a doctor at the base who asks, of whatever level */
    ROLE_SPECIALIST = 1u << 1,
    ROLE_COORDINATOR = 1u << 2,
    ROLE_OPERATOR = 1u << 3, /* keeps machines running; sees nothing clinical */
    ROLE_QUALITY = 1u << 4,  /* looks back: de-identified cases, audit; changes nothing */
    ROLE_ADMIN = 1u << 5,    /* accounts, directory; neither cases nor audit */
    ROLE_TRAINEE = 1u << 6,  /* observes: consented, de-identified */
    ROLE_SERVICE = 1u << 7   /* a foreign program of an institution */
};
#define ROLES_COUNT 8

/* What the caller is to the object. A person outside has RELATION_NONE and is told that there is no
 * such object. A caller may stand in several at once: rights_allow_any. */
enum relation {
    RELATION_NONE = 0,     /* none, or there is no object yet */
    RELATION_APPLICANT,    /* submitted the consultation */
    RELATION_RUNG,         /* is being rung now */
    RELATION_RUNG_BEFORE,  /* was rung; refused, or somebody else was first, or it is over */
    RELATION_SPECIALIST,   /* accepted it */
    RELATION_PANEL_MEMBER, /* of the panel in question; of a case only while it waits in the reading
                              worklist of that panel, or to come there */
    RELATION_MEMBER,       /* expert of a multi-disciplinary case who accepted */
    RELATION_CHAIR,        /* of a multi-disciplinary case */
    RELATION_OBSERVER,     /* was added as one, and consent to teaching stands */
    RELATION_PANEL_HEAD,   /* of the panel in question, or of the one the case is routed to */
    RELATION_INVITING_COORDINATOR, /* the caller's institution is the applicant's, or one above it
                                      under agreement */
    RELATION_INVITED_COORDINATOR,  /* the caller's institution is the panel's */
    RELATION_INVITING_STAFF,       /* the caller's institution is the applicant's */
    RELATION_QUALITY_INVITING,     /* the caller's institution is the applicant's or above it */
    RELATION_QUALITY_INVITED,      /* the caller's institution is the panel's or above it */
    RELATION_SAME_INSTITUTION,     /* the object is of the caller's institution or one below it; a
                                      case is of its inviting and of its invited institution; not
                                      shared any more, of the applicant's alone */
    RELATION_SELF,                 /* the caller's own account, session, upload */
    RELATION_COUNT
};

enum act {
    ACT_SUBMIT, /* a new consultation, or an own draft or returned one */
    ACT_SEE,    /* that it exists: state, people, times, urgency; nothing clinical */
    ACT_ACCEPT,
    ACT_REFUSE,
    ACT_ENTER, /* and leave */
    ACT_END,
    ACT_CANCEL,
    ACT_WRITE_OPINION, /* save and sign an own one */
    ACT_ACKNOWLEDGE,
    ACT_JOIN_MEDIA, /* have a transport in the room */
    ACT_SET_DUTY,
    ACT_SEE_DIRECTORY,
    ACT_SAVE_DRAFT,
    ACT_SEE_CLINICAL, /* request, opinion, notes; without SEE_IDENTITY only de-identified */
    ACT_SEE_IDENTITY, /* who the patient is */
    ACT_APPROVE,
    ACT_RETURN,
    ACT_TRIAGE,
    ACT_REROUTE,
    ACT_REOPEN,
    ACT_SCHEDULE,
    ACT_OFFER_SLOTS,
    ACT_READINESS,
    ACT_WRITE_NOTE, /* of a guidance call */
    ACT_CONCLUDE,
    ACT_SUPERSEDE,
    ACT_OUTCOME,
    ACT_ARCHIVE,
    ACT_ADD_MEMBER,
    ACT_REMOVE_MEMBER,
    ACT_BACKFILL,
    ACT_CLAIM,
    ACT_RELEASE,
    ACT_RAISE_CRITICAL,
    ACT_ACK_CRITICAL,
    ACT_GO_LIVE,
    ACT_REFER,
    ACT_ANSWER_REFERRAL,
    ACT_GIVE_CONSENT,
    ACT_WITHDRAW_CONSENT,
    ACT_SEE_CONSENT,
    ACT_ADD_MATERIAL,
    ACT_SEE_MATERIAL, /* list and download originals, which may show who the patient is */
    ACT_REMOVE_MATERIAL,
    ACT_SPEAK,         /* be heard and seen in the room: produce */
    ACT_LISTEN,        /* hear and see: consume */
    ACT_WRITE_MESSAGE, /* in the chat; who sees clinical matters reads it */
    ACT_SIGNAL,        /* to those in the call: pointer, marks, ... */
    ACT_RAISE_HAND,    /* to ask for the word: observers too, who send nothing else */
    ACT_MODERATE,      /* give the word, ask to mute */
    ACT_MARK_MATERIAL, /* draw on it, and change or remove what one drew */
    ACT_EDIT_ROSTER,
    ACT_SEE_STATISTICS,
    ACT_SEE_AUDIT,
    ACT_EXPORT_AUDIT,
    ACT_PLACE_HOLD,
    ACT_RELEASE_HOLD,
    ACT_MANAGE_ACCOUNTS,
    ACT_MANAGE_NODES,
    ACT_READ_FHIR,
    ACT_MAKE_LINK,
    ACT_COUNT
};

bool rights_allow(uint32_t roles, enum relation relation, enum act act);

/* `relations`: a set of RIGHTS_BIT(RELATION_…); the empty set stands for RELATION_NONE. */
#define RIGHTS_BIT(relation) (1u << (relation))
bool rights_allow_any(uint32_t roles, uint32_t relations, enum act act);

/* May one person hold these roles together? Operator, quality and administrator are kept apart from
 * each other (separate administrator roles of level-3 protection), trainee and service from
 * everything. False for no role and for unknown bits too. */
bool rights_roles_fit(uint32_t roles);

/* "village_doctor"; NULL for an unknown bit. */
const char *role_name(enum role role);
/* The bit, or 0 when there is no such role. */
uint32_t role_parse(const char *name);

/* "inviting_coordinator", "see_clinical"; NULL outside of the enum. */
const char *relation_name(enum relation relation);
const char *act_name(enum act act);

#endif
