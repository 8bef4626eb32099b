/* SPDX-License-Identifier: Apache-2.0 */
/* The one table of rights. An act is allowed when a row of it names a role of the caller and a
 * relation in which the caller stands. */
#include "signaling/auth/rights.h"
#include <stddef.h>
#include <string.h>

#define V ROLE_VILLAGE_DOCTOR
#define S ROLE_SPECIALIST
#define C ROLE_COORDINATOR
#define O ROLE_OPERATOR
#define Q ROLE_QUALITY
#define A ROLE_ADMIN
#define T ROLE_TRAINEE
#define X ROLE_SERVICE

#define R(relation) RIGHTS_BIT(RELATION_##relation)
#define ANY         (RIGHTS_BIT(RELATION_COUNT) - 1)

/* Groups that mean one thing */
#define ANSWERS      (R(SPECIALIST) | R(CHAIR)) /* answers for the case */
#define EXPERTS      (ANSWERS | R(MEMBER))      /* speaks in it */
#define COORDINATORS (R(INVITING_COORDINATOR) | R(INVITED_COORDINATOR))
#define OFFICES      (R(QUALITY_INVITING) | R(QUALITY_INVITED))
#define WAS_RUNG     (R(RUNG) | R(RUNG_BEFORE)) /* too late, and told so: knows that it exists */

struct right {
    enum act act;
    uint32_t roles;
    uint32_t relations;
};

/* Each act is asked for by a handler, but for two that wait for pages; what only shanqiaoctl does,
 * which has the files, is no act. */
static const struct right rights[] = {
    /* asking */
    {ACT_SAVE_DRAFT, V, R(NONE) | R(APPLICANT)},
    {ACT_SUBMIT, V, R(NONE) | R(APPLICANT)},
    {ACT_CANCEL, V, R(APPLICANT)},

    /* seeing */
    {ACT_SEE, V, R(APPLICANT) | R(INVITING_STAFF)},
    {ACT_SEE, S, EXPERTS | R(RUNG) | R(PANEL_MEMBER) | R(PANEL_HEAD)},
    {ACT_SEE, C, COORDINATORS},
    {ACT_SEE, Q, OFFICES},
    {ACT_SEE, T, R(OBSERVER)},
    {ACT_SEE_CLINICAL, V, R(APPLICANT)},
    {ACT_SEE_CLINICAL, S, EXPERTS | R(RUNG)},
    {ACT_SEE_CLINICAL, C, COORDINATORS},
    {ACT_SEE_CLINICAL, Q, OFFICES},
    {ACT_SEE_CLINICAL, T, R(OBSERVER)},
    {ACT_SEE_IDENTITY, V, R(APPLICANT)},
    {ACT_SEE_IDENTITY, S, EXPERTS | R(RUNG)},
    {ACT_SEE_IDENTITY, C, COORDINATORS},

    /* the way to a specialist */
    {ACT_APPROVE, C, COORDINATORS},
    {ACT_RETURN, C, COORDINATORS},
    {ACT_TRIAGE, C, COORDINATORS},
    {ACT_REROUTE, C, COORDINATORS},
    {ACT_REOPEN, C, COORDINATORS},
    {ACT_BACKFILL, C, COORDINATORS},
    {ACT_ACCEPT, S, EXPERTS | WAS_RUNG}, /* twice: told that it is not the state */
    {ACT_REFUSE, S, EXPERTS | WAS_RUNG},
    {ACT_OFFER_SLOTS, S, ANSWERS | R(PANEL_MEMBER) | R(PANEL_HEAD)},
    {ACT_OFFER_SLOTS, C, R(INVITED_COORDINATOR)},
    {ACT_SCHEDULE, V, R(APPLICANT)},
    {ACT_SCHEDULE, S, ANSWERS},
    {ACT_SCHEDULE, C, COORDINATORS},
    {ACT_READINESS, V, R(APPLICANT)},
    {ACT_READINESS, S, EXPERTS},
    {ACT_ADD_MEMBER, S, R(CHAIR)},
    {ACT_ADD_MEMBER, C, COORDINATORS},
    {ACT_REMOVE_MEMBER, S, R(CHAIR)},
    {ACT_REMOVE_MEMBER, C, COORDINATORS},

    /* the talk */
    {ACT_ENTER, V, R(APPLICANT)},
    {ACT_ENTER, S, EXPERTS},
    {ACT_ENTER, T, R(OBSERVER)},
    {ACT_END, V, R(APPLICANT)},
    {ACT_END, S, ANSWERS},
    {ACT_JOIN_MEDIA, V, R(APPLICANT)},
    {ACT_JOIN_MEDIA, S, EXPERTS | R(RUNG)}, /* the path comes up while it rings, in silence */
    {ACT_JOIN_MEDIA, T, R(OBSERVER)},
    {ACT_SPEAK, V, R(APPLICANT)},
    {ACT_SPEAK, S, EXPERTS},
    {ACT_LISTEN, V, R(APPLICANT)},
    {ACT_LISTEN, S, EXPERTS},
    {ACT_LISTEN, T, R(OBSERVER)},

    {ACT_WRITE_MESSAGE, V, R(APPLICANT)},
    {ACT_WRITE_MESSAGE, S, EXPERTS},
    {ACT_SIGNAL, V, R(APPLICANT)},
    {ACT_SIGNAL, S, EXPERTS},
    {ACT_RAISE_HAND, V, R(APPLICANT)},
    {ACT_RAISE_HAND, S, EXPERTS},
    {ACT_RAISE_HAND, T, R(OBSERVER)},
    {ACT_MODERATE, S, R(CHAIR)},

    /* the opinion and what follows */
    {ACT_WRITE_NOTE, V, R(APPLICANT)},
    {ACT_WRITE_NOTE, S, R(SPECIALIST)},
    {ACT_WRITE_OPINION, S, EXPERTS},
    {ACT_SUPERSEDE, S, EXPERTS},
    {ACT_CONCLUDE, S, R(CHAIR)},
    {ACT_ACKNOWLEDGE, V, R(APPLICANT)},
    {ACT_OUTCOME, V, R(APPLICANT)},
    {ACT_ARCHIVE, V, R(APPLICANT)},
    {ACT_ARCHIVE, C, R(INVITING_COORDINATOR)},
    {ACT_REFER, V, R(APPLICANT)},
    {ACT_REFER, S, ANSWERS},
    {ACT_ANSWER_REFERRAL, V, R(APPLICANT)},
    {ACT_ANSWER_REFERRAL, S, ANSWERS},
    {ACT_ANSWER_REFERRAL, C, COORDINATORS},

    /* reading */
    {ACT_CLAIM, S, R(SPECIALIST) | WAS_RUNG | R(PANEL_MEMBER)},
    {ACT_RELEASE, S, R(SPECIALIST) | R(PANEL_HEAD)},
    {ACT_RAISE_CRITICAL, S, R(SPECIALIST)},
    {ACT_GO_LIVE, S, R(SPECIALIST)},
    {ACT_ACK_CRITICAL, V, R(APPLICANT) | R(INVITING_STAFF)}, /* whoever is with the patient */
    {ACT_ACK_CRITICAL, C, R(INVITING_COORDINATOR)},

    /* consent and materials */
    {ACT_GIVE_CONSENT, V, R(APPLICANT)},
    {ACT_WITHDRAW_CONSENT, V, R(APPLICANT) | R(INVITING_STAFF)}, /* no withdrawal has to wait */
    {ACT_WITHDRAW_CONSENT, C, R(INVITING_COORDINATOR)},
    {ACT_SEE_CONSENT, V, R(APPLICANT) | R(INVITING_STAFF)},
    {ACT_SEE_CONSENT, S, EXPERTS | R(RUNG)},
    {ACT_SEE_CONSENT, C, COORDINATORS},
    {ACT_SEE_CONSENT, Q, OFFICES},
    {ACT_ADD_MATERIAL, V, R(APPLICANT)},
    {ACT_ADD_MATERIAL, S, EXPERTS},
    {ACT_SEE_MATERIAL, V, R(APPLICANT) | R(SELF)},
    {ACT_SEE_MATERIAL, S, EXPERTS | R(RUNG) | R(SELF)},
    {ACT_SEE_MATERIAL, C, COORDINATORS},
    {ACT_SEE_MATERIAL, X, R(SAME_INSTITUTION)}, /* what DocumentReference points to */
    {ACT_REMOVE_MATERIAL, V | S, R(SELF)},
    {ACT_MARK_MATERIAL, V, R(APPLICANT)},
    {ACT_MARK_MATERIAL, S, EXPERTS},

    /* directory and duty */
    {ACT_SEE_DIRECTORY, V | S | C | O | Q | A | T, ANY},
    {ACT_SET_DUTY, S, R(PANEL_MEMBER) | R(PANEL_HEAD)},
    {ACT_EDIT_ROSTER, S, R(PANEL_HEAD)},
    {ACT_EDIT_ROSTER, C, R(SAME_INSTITUTION)},

    /* looking back */
    {ACT_SEE_STATISTICS, C | Q, R(SAME_INSTITUTION)},
    {ACT_SEE_AUDIT, Q, R(SAME_INSTITUTION) | OFFICES},
    {ACT_EXPORT_AUDIT, Q, R(SAME_INSTITUTION)}, /* today by shanqiaoctl; for the office's pages */

    /* keeping it running; nobody manages the own account */
    {ACT_MANAGE_ACCOUNTS, A, R(SAME_INSTITUTION)},
    {ACT_PLACE_HOLD, A, R(SAME_INSTITUTION)},
    {ACT_RELEASE_HOLD, A, R(SAME_INSTITUTION)},
    {ACT_MANAGE_NODES, O, R(NONE)}, /* likewise: for the operator's pages */

    /* foreign programs */
    {ACT_READ_FHIR, X, R(SAME_INSTITUTION)},
    {ACT_MAKE_LINK, X, R(SAME_INSTITUTION)},
    {ACT_MAKE_LINK, V, R(APPLICANT)},
    {ACT_MAKE_LINK, C, COORDINATORS},
};

bool rights_allow_any(uint32_t roles, uint32_t relations, enum act act)
{
    if (!relations)
        relations = R(NONE);
    for (size_t i = 0; i < sizeof(rights) / sizeof(rights[0]); i++) {
        const struct right *r = &rights[i];
        if (r->act == act && (r->relations & relations) && (r->roles & roles))
            return true;
    }
    return false;
}

bool rights_allow(uint32_t roles, enum relation relation, enum act act)
{
    return (unsigned)relation < RELATION_COUNT &&
           rights_allow_any(roles, RIGHTS_BIT(relation), act);
}

static bool one_bit(uint32_t set)
{
    return set && !(set & (set - 1));
}

bool rights_roles_fit(uint32_t roles)
{
    const uint32_t apart = O | Q | A;
    if (!roles || roles >= 1u << ROLES_COUNT)
        return false;
    if (roles & (T | X))
        return one_bit(roles);
    return !(roles & apart) || one_bit(roles & apart);
}

static const char *const role_names[ROLES_COUNT] = {"village_doctor", "specialist", "coordinator",
                                                    "operator",       "quality",    "admin",
                                                    "trainee",        "service"};

const char *role_name(enum role role)
{
    for (size_t i = 0; i < ROLES_COUNT; i++)
        if ((uint32_t)role == 1u << i)
            return role_names[i];
    return NULL;
}

uint32_t role_parse(const char *name)
{
    for (size_t i = 0; i < ROLES_COUNT; i++)
        if (strcmp(role_names[i], name) == 0)
            return 1u << i;
    return 0;
}

static const char *const relation_names[RELATION_COUNT] = {
    [RELATION_NONE] = "none",
    [RELATION_APPLICANT] = "applicant",
    [RELATION_RUNG] = "rung",
    [RELATION_RUNG_BEFORE] = "rung_before",
    [RELATION_SPECIALIST] = "specialist",
    [RELATION_PANEL_MEMBER] = "panel_member",
    [RELATION_MEMBER] = "member",
    [RELATION_CHAIR] = "chair",
    [RELATION_OBSERVER] = "observer",
    [RELATION_PANEL_HEAD] = "panel_head",
    [RELATION_INVITING_COORDINATOR] = "inviting_coordinator",
    [RELATION_INVITED_COORDINATOR] = "invited_coordinator",
    [RELATION_INVITING_STAFF] = "inviting_staff",
    [RELATION_QUALITY_INVITING] = "quality_inviting",
    [RELATION_QUALITY_INVITED] = "quality_invited",
    [RELATION_SAME_INSTITUTION] = "same_institution",
    [RELATION_SELF] = "self",
};

const char *relation_name(enum relation relation)
{
    return (unsigned)relation < RELATION_COUNT ? relation_names[relation] : NULL;
}

static const char *const act_names[ACT_COUNT] = {
    [ACT_SUBMIT] = "submit",
    [ACT_SEE] = "see",
    [ACT_ACCEPT] = "accept",
    [ACT_REFUSE] = "refuse",
    [ACT_ENTER] = "enter",
    [ACT_END] = "end",
    [ACT_CANCEL] = "cancel",
    [ACT_WRITE_OPINION] = "write_opinion",
    [ACT_ACKNOWLEDGE] = "acknowledge",
    [ACT_JOIN_MEDIA] = "join_media",
    [ACT_SET_DUTY] = "set_duty",
    [ACT_SEE_DIRECTORY] = "see_directory",
    [ACT_SAVE_DRAFT] = "save_draft",
    [ACT_SEE_CLINICAL] = "see_clinical",
    [ACT_SEE_IDENTITY] = "see_identity",
    [ACT_APPROVE] = "approve",
    [ACT_RETURN] = "return",
    [ACT_TRIAGE] = "triage",
    [ACT_REROUTE] = "reroute",
    [ACT_REOPEN] = "reopen",
    [ACT_SCHEDULE] = "schedule",
    [ACT_OFFER_SLOTS] = "offer_slots",
    [ACT_READINESS] = "readiness",
    [ACT_WRITE_NOTE] = "write_note",
    [ACT_CONCLUDE] = "conclude",
    [ACT_SUPERSEDE] = "supersede",
    [ACT_OUTCOME] = "outcome",
    [ACT_ARCHIVE] = "archive",
    [ACT_ADD_MEMBER] = "add_member",
    [ACT_REMOVE_MEMBER] = "remove_member",
    [ACT_BACKFILL] = "backfill",
    [ACT_CLAIM] = "claim",
    [ACT_RELEASE] = "release",
    [ACT_RAISE_CRITICAL] = "raise_critical",
    [ACT_ACK_CRITICAL] = "ack_critical",
    [ACT_GO_LIVE] = "go_live",
    [ACT_REFER] = "refer",
    [ACT_ANSWER_REFERRAL] = "answer_referral",
    [ACT_GIVE_CONSENT] = "give_consent",
    [ACT_WITHDRAW_CONSENT] = "withdraw_consent",
    [ACT_SEE_CONSENT] = "see_consent",
    [ACT_ADD_MATERIAL] = "add_material",
    [ACT_SEE_MATERIAL] = "see_material",
    [ACT_REMOVE_MATERIAL] = "remove_material",
    [ACT_SPEAK] = "speak",
    [ACT_LISTEN] = "listen",
    [ACT_WRITE_MESSAGE] = "write_message",
    [ACT_SIGNAL] = "signal",
    [ACT_RAISE_HAND] = "raise_hand",
    [ACT_MODERATE] = "moderate",
    [ACT_MARK_MATERIAL] = "mark_material",
    [ACT_EDIT_ROSTER] = "edit_roster",
    [ACT_SEE_STATISTICS] = "see_statistics",
    [ACT_SEE_AUDIT] = "see_audit",
    [ACT_EXPORT_AUDIT] = "export_audit",
    [ACT_PLACE_HOLD] = "place_hold",
    [ACT_RELEASE_HOLD] = "release_hold",
    [ACT_MANAGE_ACCOUNTS] = "manage_accounts",
    [ACT_MANAGE_NODES] = "manage_nodes",
    [ACT_READ_FHIR] = "read_fhir",
    [ACT_MAKE_LINK] = "make_link",
};

const char *act_name(enum act act)
{
    return (unsigned)act < ACT_COUNT ? act_names[act] : NULL;
}
