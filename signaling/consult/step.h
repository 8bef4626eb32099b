/* SPDX-License-Identifier: Apache-2.0 */
/* The life cycle of a consultation of any kind as a pure function over one transition table:
 * consult_step(consultation, event, times, time) -> next consultation, commands. Knows nothing
 * else: no JSON, SQL, clock, account, institution. People are the applicant and members by number.
 * Refuses to know who may cause an event (auth/rights.h) and who stands behind a number. */
#ifndef SIGNALING_CONSULT_STEP_H
#define SIGNALING_CONSULT_STEP_H

#include "base/time.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONSULT_MEMBERS_MAX   64 /* a set of members is one uint64_t */
#define CONSULT_COMMANDS_MAX  12
#define CONSULT_FOLLOW_UP_MAX 3650 /* days */

/* A person of a consultation: member number 0 .. member_count - 1, or one of these. */
#define CONSULT_NOBODY    (-1)
#define CONSULT_APPLICANT (-2)

/* DESIGN section 5. */
enum consult_kind {
    CONSULT_LIVE,
    CONSULT_EMERGENCY,
    CONSULT_GUIDANCE,
    CONSULT_READING,
    CONSULT_MDT,
    CONSULT_JOINT_CLINIC,
    CONSULT_KIND_COUNT
};

enum consult_urgency {
    CONSULT_URGENCY_KEEP, /* in an event: as it was */
    CONSULT_URGENCY_ROUTINE,
    CONSULT_URGENCY_URGENT,
    CONSULT_URGENCY_EMERGENCY,
    CONSULT_URGENCY_COUNT
};

/* DESIGN section 5. */
enum consult_state {
    CONSULT_DRAFT,
    CONSULT_SUBMITTED,
    CONSULT_RETURNED,
    CONSULT_APPROVED,
    CONSULT_TRIAGED,
    CONSULT_ROUTED,
    CONSULT_ACCEPTED,
    CONSULT_REFUSED,
    CONSULT_SCHEDULED,
    CONSULT_READY,
    CONSULT_IN_PROGRESS,
    CONSULT_INTERRUPTED,
    CONSULT_OPINION_DRAFTED,
    CONSULT_OPINION_SIGNED,
    CONSULT_DELIVERED,
    CONSULT_ACKNOWLEDGED,
    CONSULT_FOLLOW_UP_DUE,
    CONSULT_OUTCOME_RECORDED,
    CONSULT_ARCHIVED,
    CONSULT_CANCELLED,
    CONSULT_EXPIRED,
    CONSULT_NO_SHOW,
    CONSULT_STATE_COUNT
};

/* The fields of struct consult_event that an event reads stand behind it. */
enum consult_event_type {
    CONSULT_EDIT,        /* the applicant saved the draft or the returned request */
    CONSULT_MATERIAL,    /* reading: ready: there is something to read; else the last was taken
                            away. By the system */
    CONSULT_SUBMIT,      /* it passed the completeness gate (completeness.h) */
    CONSULT_APPROVE,     /* needs: the sides that approve; 0 by the system when none is left */
    CONSULT_RETURN,      /* to the applicant, with a reason that the layer above keeps */
    CONSULT_TRIAGE,      /* urgency; needs: approvals that the place chosen asks for anew */
    CONSULT_ROUTE,       /* route; needs: approvals that the panel above asks for first */
    CONSULT_REROUTE,     /* a coordinator takes it back to choose another panel; needs likewise */
    CONSULT_REOPEN,      /* a coordinator tries again */
    CONSULT_ACCEPT,      /* member */
    CONSULT_REFUSE,      /* member; also who accepted and can't come after all */
    CONSULT_CLAIM,       /* member: reading */
    CONSULT_RELEASE,     /* reading: by the specialist, back to the worklist */
    CONSULT_GONE,        /* member: rung alone or next in line, and signed out */
    CONSULT_SCHEDULE,    /* slot */
    CONSULT_READY_CHECK, /* member or applicant, ready */
    CONSULT_ENTER,       /* member or applicant */
    CONSULT_LEAVE,       /* member or applicant */
    CONSULT_DROP,        /* member or applicant: the connection is lost */
    CONSULT_GO_LIVE,     /* reading: by the specialist; the applicant is rung */
    CONSULT_END,         /* of the call, by a party */
    CONSULT_CANCEL,      /* by the applicant, up to READY */
    CONSULT_ADD,         /* member (member_count: a new one), role */
    CONSULT_REMOVE,      /* member */
    CONSULT_CONSENT,     /* consent: purposes given */
    CONSULT_CONSENT_WITHDRAWN, /* consent: purposes withdrawn or refused */
    CONSULT_BACKFILL,          /* needs: what was made up for after an emergency */
    CONSULT_CRITICAL,          /* reading: a critical value was seen */
    CONSULT_CRITICAL_ACK,      /* the base has taken note of it */
    CONSULT_SAVE,              /* member: a draft of the opinion */
    CONSULT_SIGN,              /* member, follow_up_days (of the specialist's opinion) */
    CONSULT_EXCUSE,            /* mdt: member need not write; by the chair */
    CONSULT_CONCLUDE,          /* mdt: the chair signs the conclusion; follow_up_days */
    CONSULT_SUPERSEDE,         /* member signed a newer version; follow_up_days */
    CONSULT_DELIVER,
    CONSULT_ACKNOWLEDGE,
    CONSULT_OUTCOME,
    CONSULT_ARCHIVE,
    CONSULT_TIMEOUT, /* deadline */
    CONSULT_EVENT_COUNT
};

/* What an agreement (or the lack of one) asks for. */
enum consult_need {
    CONSULT_NEEDS_INVITING = 1u << 0,  /* approval by the inviting institution */
    CONSULT_NEEDS_INVITED = 1u << 1,   /* approval by the invited institution */
    CONSULT_NEEDS_TRIAGE = 1u << 2,    /* by a coordinator */
    CONSULT_NEEDS_SCHEDULE = 1u << 3,  /* a slot before the call */
    CONSULT_NEEDS_AGREEMENT = 1u << 4, /* emergency: to be concluded afterwards */
    CONSULT_NEEDS_CONSENT = 1u << 5,   /* emergency: `share` to be given afterwards */
    CONSULT_NEEDS_MATERIAL = 1u << 6   /* reading: nothing to read has arrived yet */
};
#define CONSULT_NEEDS_APPROVAL (CONSULT_NEEDS_INVITING | CONSULT_NEEDS_INVITED)
#define CONSULT_NEEDS_LATER                                                                        \
    (CONSULT_NEEDS_APPROVAL | CONSULT_NEEDS_AGREEMENT | CONSULT_NEEDS_CONSENT)

enum consult_consent {
    CONSULT_CONSENT_SHARE = 1u << 0,
    CONSULT_CONSENT_RECORDING = 1u << 1,
    CONSULT_CONSENT_TEACHING = 1u << 2
};
#define CONSULT_CONSENT_ALL 7u

/* Why a consultation ended without an opinion, or its call did. */
enum consult_reason {
    CONSULT_WHY_NONE,
    CONSULT_WHY_NOBODY_ON_DUTY,
    CONSULT_WHY_NO_ANSWER,
    CONSULT_WHY_ALL_REFUSED,
    CONSULT_WHY_NOT_STARTED,
    CONSULT_WHY_CANCELLED,
    CONSULT_WHY_ABANDONED,
    CONSULT_WHY_NOT_APPROVED, /* in time */
    CONSULT_WHY_NOT_TRIAGED,
    CONSULT_WHY_NOT_SCHEDULED,
    CONSULT_WHY_CONSENT_WITHDRAWN,
    CONSULT_WHY_RETURNED,
    CONSULT_WHY_NO_MATERIAL, /* in time */
    CONSULT_REASON_COUNT
};

/* One byte each: a consultation is copied at every step. The numbers stand in the store. */
enum __attribute__((packed)) consult_role {
    CONSULT_EXPERT,
    CONSULT_CHAIR,   /* mdt: exactly one at a time who may still come */
    CONSULT_OBSERVER /* is never rung; needs the consent for teaching */
};

enum __attribute__((packed)) consult_ring {
    CONSULT_RING_ON, /* is rung, invited, or has it in the worklist */
    CONSULT_RING_REFUSED,
    CONSULT_RING_STOPPED, /* rang out, somebody else was first, rerouted */
    CONSULT_RING_WON,     /* accepted */
    CONSULT_RING_WAITING, /* next in line */
    CONSULT_RING_REMOVED, /* has no part in it any more */
    CONSULT_RING_NONE     /* observer */
};

enum __attribute__((packed)) consult_presence { CONSULT_AWAY, CONSULT_PRESENT, CONSULT_DROPPED };

enum __attribute__((packed)) consult_opinion {
    CONSULT_OPINION_NONE,
    CONSULT_OPINION_DRAFT,
    CONSULT_OPINION_BY_HAND, /* signed */
    CONSULT_OPINION_EXCUSED
};

struct consult_member {
    enum consult_role role;
    enum consult_ring ring;
    enum consult_presence presence;
    enum consult_opinion opinion;
    bool ready;     /* readiness check passed */
    bool took_part; /* was in the call while it ran */
};

enum consult_strategy {
    CONSULT_RING_ALL,     /* everybody at once */
    CONSULT_RING_ONE,     /* the first; unanswered, the next panel */
    CONSULT_NEXT_IN_LINE, /* one after the other */
    CONSULT_STRATEGY_COUNT
};

struct consult_plan { /* of ringing, since TRIAGED */
    enum consult_strategy strategy;
    int level;                      /* 0: the panel that was asked for, n: the n-th above it */
    bool escalating;                /* DO_ESCALATE was said, its ROUTE is awaited */
    bool exhausted;                 /* there is no panel above */
    bool rang, refused, unanswered; /* somebody was rung; refused; did not answer */
};

enum consult_backfill_state {
    CONSULT_BACKFILL_NONE,
    CONSULT_BACKFILL_DUE,
    CONSULT_BACKFILL_DONE,
    CONSULT_BACKFILL_OVERDUE,
    CONSULT_BACKFILL_STATE_COUNT
};

struct consult_backfill {
    enum consult_backfill_state state;
    uint32_t left; /* CONSULT_NEEDS_LATER bits still to be made up for */
};

enum consult_critical {
    CONSULT_CRITICAL_NONE,
    CONSULT_CRITICAL_RAISED,
    CONSULT_CRITICAL_ACKNOWLEDGED,
    CONSULT_CRITICAL_COUNT
};

struct consult_slot { /* 0, 0: none */
    time_us start_utc_us, end_utc_us;
};

struct consult_room {
    bool open;
    bool live; /* media flows: somebody accepted */
};

struct consult_stamps { /* UTC; 0: not yet */
    time_us submitted_utc_us, accepted_utc_us, started_utc_us, ended_utc_us;
    time_us signed_utc_us; /* the version that holds: the last one before the archive */
};

struct consult_absence { /* NO_SHOW: who was not there */
    bool applicant;
    uint64_t members;
};

enum consult_deadline {
    CONSULT_DUE_STATE,    /* of the present state */
    CONSULT_DUE_BACKFILL, /* emergency */
    CONSULT_DUE_CRITICAL, /* rings again */
    CONSULT_DUE_READING,  /* reading: the panel's time; kept while somebody has it claimed */
    CONSULT_DEADLINE_COUNT
};

/* The layer above sets kind, urgency and needs before SUBMIT (and needs again before a later
 * SUBMIT); everything else is changed by consult_step only. */
struct consult {
    enum consult_kind kind;
    enum consult_urgency urgency;
    enum consult_state state;
    enum consult_reason reason;
    uint32_t needs;     /* CONSULT_NEEDS_ bits of the agreement */
    uint32_t approvals; /* CONSULT_NEEDS_APPROVAL bits still missing */
    uint32_t consent;   /* CONSULT_CONSENT_ bits given */
    enum consult_presence applicant;
    bool applicant_ready;
    int specialist; /* member who accepted; mdt: the chair who did; or CONSULT_NOBODY */
    int member_count;
    struct consult_member members[CONSULT_MEMBERS_MAX];
    struct consult_plan plan;
    struct consult_slot slot;
    struct consult_room room;
    struct consult_backfill backfill;
    enum consult_critical critical;
    struct consult_absence absence;
    int follow_up_days;                        /* 0: none asked for */
    time_us deadlines[CONSULT_DEADLINE_COUNT]; /* UTC; TIME_US_NEVER: none */
    struct consult_stamps at;
};

struct consult_route { /* who is asked */
    enum consult_strategy strategy;
    int added;      /* new members behind the present ones; all experts but the chair */
    int chair;      /* mdt: number of the chair; CONSULT_NOBODY: as before, or in an escalation
                       the first one asked. Experts are not asked without a chair */
    uint64_t again; /* present members to be asked again (not removed ones) */
};

struct consult_event {
    enum consult_event_type type;
    int member; /* or CONSULT_APPLICANT */
    enum consult_role role;
    enum consult_urgency urgency;
    uint32_t needs;
    uint32_t consent;
    bool ready;
    int follow_up_days;
    struct consult_slot slot;
    struct consult_route route;
    enum consult_deadline deadline;
};

struct consult_times { /* how long it may last */
    time_us ring_us;   /* one member is rung (ring one, next in line) */
    time_us wave_us;   /* everybody is rung at once */
    time_us invite_us; /* an invitation to something with a slot is open */
    time_us start_us;  /* from accept or slot start until both are there */
    time_us early_us;  /* before slot start: people may come in */
    time_us abandoned_us;
    time_us approval_us, triage_us, schedule_us;
    time_us material_us;                       /* reading: from SUBMIT to the first material */
    time_us reading_us[CONSULT_URGENCY_COUNT]; /* per panel, by urgency */
    time_us claim_us;                          /* since the claim or the last draft */
    time_us critical_us;                       /* rings again */
    time_us backfill_us;
    time_us opinion_us, acknowledge_us, follow_up_us; /* reminders */
    time_us outcome_us; /* asked for so long after the signature, unless the opinion says when */
    time_us outcome_over_us; /* since it is asked for: after that it is archived without */
};

enum consult_command_type {
    CONSULT_DO_RING,           /* `members` */
    CONSULT_DO_STOP_RING,      /* `members`, because `why`; they leave the room */
    CONSULT_DO_RING_APPLICANT, /* into the call of a reading */
    CONSULT_DO_ESCALATE,       /* ask the directory for the panel above, then CONSULT_ROUTE with its
                                  members, or with none when there is no such panel */
    CONSULT_DO_ROOM_OPEN,
    CONSULT_DO_ROOM_LIVE,
    CONSULT_DO_ROOM_CLOSE,
    CONSULT_DO_ROOM_REMOVE,    /* `members` */
    CONSULT_DO_STOP_RECORDING, /* the consent for it is gone */
    CONSULT_DO_TELL_STATE,     /* everybody who belongs to it */
    CONSULT_DO_TELL_PRESENCE,  /* `member` */
    CONSULT_DO_TELL_MEMBERS,   /* who belongs to it changed, or who is ready */
    CONSULT_DO_TELL_CONSENT,
    CONSULT_DO_TELL_BACKFILL, /* coordinators of both sides; overdue or done */
    CONSULT_DO_TELL_CRITICAL, /* applicant and coordinators; raised: rings */
    CONSULT_DO_TELL_OPINION,  /* a newer version of a signed opinion, after the archive too */
    CONSULT_DO_REMIND,        /* `member` who has to act in this state */
    CONSULT_DO_ARM            /* `deadline` changed (TIME_US_NEVER: disarm) */
};

enum consult_ring_end {
    CONSULT_BY_OTHER,
    CONSULT_BY_CANCEL,
    CONSULT_BY_EXPIRY,
    CONSULT_BY_REFUSAL,
    CONSULT_BY_REROUTE,
    CONSULT_BY_REMOVAL
};

struct consult_command {
    enum consult_command_type type;
    int member;
    uint64_t members;
    enum consult_ring_end why;
    enum consult_deadline deadline;
};

struct consult_commands {
    size_t count;
    struct consult_command items[CONSULT_COMMANDS_MAX];
};

/* A new consultation, a routine draft. mdt and joint clinic need a slot unless the layer above
 * takes the bit away. */
void consult_init(struct consult *c, enum consult_kind kind);

/* Times as the plans of the counties and DOMAIN suggest them; the layer above overrides. */
struct consult_times consult_times_default(void);

/* Applies `e` to *c at utc_us. On success *c is the next state and *out the commands (may be none:
 * nothing to do, such as leaving twice). On error nothing changed and out->count is 0:
 * SQ_ERR_STATE (not now), SQ_ERR_CONFLICT (somebody else accepted before), SQ_ERR_INVALID (a number
 * out of range), SQ_ERR_DENIED (the consent for it is missing), SQ_ERR_LIMIT (too many members). */
int consult_step(struct consult *c, const struct consult_event *e,
                 const struct consult_times *times, time_us utc_us, struct consult_commands *out);

/* The event that the system itself has to bring next, in the same transaction, or
 * CONSULT_EVENT_COUNT: APPROVE (needs 0), TRIAGE, ROUTE (plan.level says which panel), MATERIAL
 * (not ready), DELIVER. */
enum consult_event_type consult_next(const struct consult *c);

/* Is from -> to by this event in the table? (from == to too, where an event is heard but changes no
 * state.) */
bool consult_transition_allowed(enum consult_kind kind, enum consult_state from,
                                enum consult_event_type event, enum consult_state to);
/* Some row of the table has it. */
bool consult_event_heard(enum consult_kind kind, enum consult_state from,
                         enum consult_event_type event);

/* Nobody has to do anything any more: archived, or it ended without an opinion (a coordinator may
 * reopen some of these). */
bool consult_is_over(enum consult_state state);

/* A reading that has nothing to read: it is shown to nobody yet. */
bool consult_waits_for_material(const struct consult *c);

/* Sets of members. */
static inline uint64_t consult_bit(int member)
{
    return UINT64_C(1) << member;
}
uint64_t consult_ringing(const struct consult *c); /* CONSULT_RING_ON */
/* Those whose word counts now: accepted, not removed; mdt: chair and experts. */
uint64_t consult_accepted(const struct consult *c);
/* mdt: experts who took part, and neither signed nor were excused: the chair can't conclude. */
uint64_t consult_unwritten(const struct consult *c);
/* Presence of a member or the applicant; CONSULT_AWAY for CONSULT_NOBODY. */
enum consult_presence consult_presence_of(const struct consult *c, int person);

/* Names as they stand on the wire and in the store. Parsing: _COUNT (-1 for the reason) when
 * unknown. */
const char *consult_kind_name(enum consult_kind kind); /* "joint_clinic" */
enum consult_kind consult_kind_parse(const char *name);
const char *consult_urgency_name(enum consult_urgency urgency); /* "" for KEEP */
enum consult_urgency consult_urgency_parse(const char *name);
const char *consult_state_name(enum consult_state state); /* "in_progress" */
enum consult_state consult_state_parse(const char *name);
const char *consult_event_name(enum consult_event_type type);
const char *consult_reason_name(enum consult_reason reason); /* "nobody_on_duty"; "" for none */
int consult_reason_parse(const char *name);
const char *consult_role_name(enum consult_role role);             /* "chair" */
int consult_role_parse(const char *name);                          /* -1 when unknown */
const char *consult_strategy_name(enum consult_strategy strategy); /* "ring_all" */
enum consult_strategy consult_strategy_parse(const char *name);
const char *consult_deadline_name(enum consult_deadline deadline); /* "state" */
enum consult_deadline consult_deadline_parse(const char *name);
const char *consult_backfill_name(enum consult_backfill_state state); /* "overdue" */
const char *consult_critical_name(enum consult_critical critical);    /* "raised" */
const char *consult_ring_end_name(enum consult_ring_end why);         /* "accepted_by_other" */

#endif
