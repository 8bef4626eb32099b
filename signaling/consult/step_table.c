/* SPDX-License-Identifier: Apache-2.0 */
/* The one table of the life cycle: for which kinds, from which states, which event may lead where.
 * Whether it does so now is for the handlers; what isn't here is never heard. */
#include "signaling/consult/step.h"

#define K(kind)  (1u << CONSULT_##kind)
#define S(state) (1u << CONSULT_##state)
#define SAME     CONSULT_STATE_COUNT /* heard, and the state stays */

#define ALL       ((1u << CONSULT_KIND_COUNT) - 1)
#define REQUESTED (ALL & ~K(EMERGENCY))                  /* approved and triaged before */
#define CALLED    (ALL & ~K(READING))                    /* somebody is asked for a call */
#define RUNG      (K(LIVE) | K(EMERGENCY) | K(GUIDANCE)) /* the applicant waits in the room */
#define SLOTTED   (K(LIVE) | K(MDT) | K(JOINT_CLINIC))
#define BY_ONE    (ALL & ~K(MDT)) /* opinion of one specialist */

#define EVERYWHERE ((1u << CONSULT_STATE_COUNT) - 1)
#define SOUGHT     (S(APPROVED) | S(TRIAGED) | S(ROUTED))
#define TO_MEET    (S(ACCEPTED) | S(SCHEDULED) | S(READY)) /* not begun */
#define CALL       (S(IN_PROGRESS) | S(INTERRUPTED))
#define CLAIMED    (S(ACCEPTED) | S(OPINION_DRAFTED))     /* reading */
#define FAILED     (S(REFUSED) | S(EXPIRED) | S(NO_SHOW)) /* may be reopened */
#define UNSIGNED   (S(SUBMITTED) | S(RETURNED) | SOUGHT | TO_MEET | CALL | S(OPINION_DRAFTED))
#define SIGNED                                                                                     \
    (S(OPINION_SIGNED) | S(DELIVERED) | S(ACKNOWLEDGED) | S(FOLLOW_UP_DUE) | S(OUTCOME_RECORDED))
#define AFTER_ROUTE (EVERYWHERE & ~(S(DRAFT) | S(SUBMITTED) | S(RETURNED) | S(APPROVED)))

/* The states that a kind has; rows count for these only. */
static const unsigned states_of[CONSULT_KIND_COUNT] = {
    [CONSULT_LIVE] = EVERYWHERE,
    [CONSULT_EMERGENCY] = EVERYWHERE & ~(S(RETURNED) | S(APPROVED) | S(SCHEDULED)),
    [CONSULT_GUIDANCE] = EVERYWHERE & ~(S(SCHEDULED) | S(OPINION_DRAFTED) | SIGNED),
    [CONSULT_READING] = EVERYWHERE & ~(S(SCHEDULED) | S(READY) | S(NO_SHOW)),
    [CONSULT_MDT] = EVERYWHERE,
    [CONSULT_JOINT_CLINIC] = EVERYWHERE,
};

static const struct transition {
    unsigned kinds;
    unsigned from;
    enum consult_event_type event;
    enum consult_state to;
} transitions[] = {
    /* The request. */
    {ALL, S(DRAFT) | S(RETURNED), CONSULT_EDIT, SAME},
    {ALL, S(DRAFT) | S(RETURNED), CONSULT_SUBMIT, CONSULT_SUBMITTED},
    {REQUESTED, S(SUBMITTED), CONSULT_APPROVE, SAME},
    {REQUESTED, S(SUBMITTED), CONSULT_APPROVE, CONSULT_APPROVED},
    {REQUESTED, S(SUBMITTED) | S(APPROVED), CONSULT_RETURN, CONSULT_RETURNED},
    {REQUESTED, S(APPROVED), CONSULT_TRIAGE, CONSULT_TRIAGED},
    {REQUESTED, S(TRIAGED), CONSULT_TRIAGE, SAME},
    {REQUESTED, S(APPROVED) | S(TRIAGED), CONSULT_TRIAGE, CONSULT_SUBMITTED}, /* elsewhere */
    {ALL, S(DRAFT) | S(SUBMITTED) | S(RETURNED) | SOUGHT | TO_MEET, CONSULT_CANCEL,
     CONSULT_CANCELLED},

    /* Who takes it. */
    {K(EMERGENCY), S(SUBMITTED), CONSULT_ROUTE, CONSULT_ROUTED},
    {ALL, S(TRIAGED), CONSULT_ROUTE, CONSULT_ROUTED},
    {K(READING), UNSIGNED | FAILED, CONSULT_MATERIAL, SAME},
    {K(READING), S(ROUTED), CONSULT_MATERIAL, CONSULT_TRIAGED}, /* the last one is gone */
    {ALL, S(ROUTED), CONSULT_ROUTE, SAME},
    {ALL, S(ROUTED), CONSULT_ROUTE, CONSULT_EXPIRED},
    {ALL, S(ROUTED), CONSULT_ROUTE, CONSULT_REFUSED},
    {K(MDT), S(TRIAGED) | S(ROUTED), CONSULT_ROUTE, CONSULT_ACCEPTED}, /* an expert is chair */
    {ALL, S(ROUTED), CONSULT_REROUTE, CONSULT_TRIAGED},
    {REQUESTED, S(ROUTED), CONSULT_REROUTE, CONSULT_SUBMITTED},
    {REQUESTED, S(ROUTED), CONSULT_ROUTE, CONSULT_SUBMITTED}, /* the one above approves first */
    {REQUESTED, FAILED, CONSULT_REOPEN, CONSULT_APPROVED},
    {REQUESTED, FAILED, CONSULT_REOPEN, CONSULT_SUBMITTED}, /* an approval is missing still, or
                                                               another place wants one */
    {K(EMERGENCY), FAILED, CONSULT_REOPEN, CONSULT_TRIAGED},
    {CALLED, S(ROUTED), CONSULT_ACCEPT, CONSULT_ACCEPTED},
    {K(MDT), S(ROUTED) | S(ACCEPTED) | S(SCHEDULED) | CALL, CONSULT_ACCEPT, SAME},
    {K(MDT), S(READY), CONSULT_ACCEPT, CONSULT_ACCEPTED}, /* the new one isn't ready */
    {K(MDT), S(READY), CONSULT_ACCEPT, CONSULT_SCHEDULED},
    {ALL, S(ROUTED), CONSULT_REFUSE, SAME},
    {ALL, S(ROUTED), CONSULT_REFUSE, CONSULT_REFUSED},
    {ALL, S(ROUTED), CONSULT_REFUSE, CONSULT_EXPIRED},
    {CALLED, TO_MEET, CONSULT_REFUSE, CONSULT_TRIAGED}, /* accepted, and can't come after all */
    {K(MDT), TO_MEET | CALL, CONSULT_REFUSE, SAME},
    {K(READING), S(ROUTED), CONSULT_CLAIM, CONSULT_ACCEPTED},
    {K(READING), CLAIMED, CONSULT_RELEASE, CONSULT_ROUTED},
    {RUNG, S(ROUTED), CONSULT_GONE, SAME},
    {RUNG, S(ROUTED), CONSULT_GONE, CONSULT_EXPIRED},

    /* Who belongs to it. */
    {ALL, SOUGHT | TO_MEET | CALL, CONSULT_ADD, SAME},
    {K(MDT), S(ROUTED), CONSULT_ADD, CONSULT_ACCEPTED}, /* another chair */
    {K(MDT), S(IN_PROGRESS), CONSULT_ADD, CONSULT_INTERRUPTED},
    {K(MDT), TO_MEET | S(INTERRUPTED), CONSULT_ADD, CONSULT_IN_PROGRESS},
    {K(MDT), S(OPINION_DRAFTED), CONSULT_ADD, SAME},
    {ALL, SOUGHT | TO_MEET | CALL | S(OPINION_DRAFTED) | SIGNED, CONSULT_REMOVE, SAME},
    {ALL, S(ROUTED), CONSULT_REMOVE, CONSULT_EXPIRED},
    {CALLED, TO_MEET | CALL | S(OPINION_DRAFTED), CONSULT_REMOVE, CONSULT_TRIAGED},
    {K(READING), CLAIMED | CALL, CONSULT_REMOVE, CONSULT_ROUTED},

    /* The call. */
    {SLOTTED, TO_MEET, CONSULT_SCHEDULE, CONSULT_SCHEDULED},
    {CALLED, TO_MEET, CONSULT_READY_CHECK, SAME},
    {CALLED, S(ACCEPTED) | S(SCHEDULED), CONSULT_READY_CHECK, CONSULT_READY},
    {CALLED, S(READY), CONSULT_READY_CHECK, CONSULT_ACCEPTED},
    {CALLED, S(READY), CONSULT_READY_CHECK, CONSULT_SCHEDULED},
    {RUNG, S(ROUTED), CONSULT_ENTER, SAME},
    {ALL, TO_MEET | CALL, CONSULT_ENTER, SAME},
    {K(READING), S(OPINION_DRAFTED), CONSULT_ENTER, SAME},
    {ALL, TO_MEET | S(INTERRUPTED), CONSULT_ENTER, CONSULT_IN_PROGRESS},
    {K(READING), S(OPINION_DRAFTED), CONSULT_ENTER, CONSULT_IN_PROGRESS},
    {RUNG, S(ROUTED), CONSULT_LEAVE, SAME},
    {ALL, TO_MEET | CALL, CONSULT_LEAVE, SAME},
    {K(READING), S(OPINION_DRAFTED), CONSULT_LEAVE, SAME},
    {ALL, S(IN_PROGRESS), CONSULT_LEAVE, CONSULT_INTERRUPTED},
    {RUNG, S(ROUTED), CONSULT_DROP, SAME},
    {ALL, TO_MEET | CALL, CONSULT_DROP, SAME},
    {K(READING), S(OPINION_DRAFTED), CONSULT_DROP, SAME},
    {ALL, S(IN_PROGRESS), CONSULT_DROP, CONSULT_INTERRUPTED},
    {K(READING), CLAIMED, CONSULT_GO_LIVE, SAME},
    {K(READING), CLAIMED, CONSULT_END, SAME},
    {CALLED, S(ACCEPTED) | S(READY), CONSULT_END, CONSULT_CANCELLED},
    {ALL, CALL, CONSULT_END, CONSULT_OPINION_DRAFTED},
    {K(GUIDANCE), CALL, CONSULT_END, CONSULT_ARCHIVED},

    /* What runs beside. */
    {ALL, EVERYWHERE & ~S(CANCELLED), CONSULT_CONSENT, SAME},
    {ALL, EVERYWHERE, CONSULT_CONSENT_WITHDRAWN, SAME},
    {ALL, UNSIGNED, CONSULT_CONSENT_WITHDRAWN, CONSULT_CANCELLED},
    {K(EMERGENCY), AFTER_ROUTE & ~S(ARCHIVED), CONSULT_BACKFILL, SAME},
    {K(READING), CLAIMED | CALL, CONSULT_CRITICAL, SAME},
    {K(READING), EVERYWHERE & ~(S(DRAFT) | S(ARCHIVED)), CONSULT_CRITICAL_ACK, SAME},

    /* The opinion and what follows it. */
    {CALLED & ~K(GUIDANCE), TO_MEET | CALL | S(OPINION_DRAFTED), CONSULT_SAVE, SAME},
    {K(READING), CALL | S(OPINION_DRAFTED), CONSULT_SAVE, SAME},
    {K(READING), S(ACCEPTED), CONSULT_SAVE, CONSULT_OPINION_DRAFTED},
    {BY_ONE, S(OPINION_DRAFTED), CONSULT_SIGN, CONSULT_OPINION_SIGNED},
    {K(READING), S(ACCEPTED), CONSULT_SIGN, CONSULT_OPINION_SIGNED}, /* without a draft */
    {K(MDT), S(OPINION_DRAFTED), CONSULT_SIGN, SAME},
    {K(MDT), S(OPINION_DRAFTED), CONSULT_EXCUSE, SAME},
    {K(MDT), S(OPINION_DRAFTED), CONSULT_CONCLUDE, CONSULT_OPINION_SIGNED},
    {K(MDT), S(OPINION_DRAFTED), CONSULT_SUPERSEDE, SAME},
    {ALL, SIGNED, CONSULT_SUPERSEDE, CONSULT_DELIVERED},
    {ALL & ~K(GUIDANCE), S(ARCHIVED), CONSULT_SUPERSEDE, SAME},
    {ALL, S(OPINION_SIGNED), CONSULT_DELIVER, CONSULT_DELIVERED},
    {ALL, S(DELIVERED), CONSULT_ACKNOWLEDGE, CONSULT_ACKNOWLEDGED},
    {ALL, S(ACKNOWLEDGED) | S(FOLLOW_UP_DUE), CONSULT_OUTCOME, CONSULT_OUTCOME_RECORDED},
    {ALL, S(OUTCOME_RECORDED), CONSULT_OUTCOME, SAME}, /* a later one */
    {ALL, S(FOLLOW_UP_DUE) | S(OUTCOME_RECORDED), CONSULT_ARCHIVE, CONSULT_ARCHIVED},

    /* Deadlines. */
    {ALL, S(SUBMITTED) | S(APPROVED) | S(TRIAGED), CONSULT_TIMEOUT, CONSULT_EXPIRED},
    {ALL, S(ROUTED), CONSULT_TIMEOUT, SAME},
    {ALL, S(ROUTED), CONSULT_TIMEOUT, CONSULT_EXPIRED},
    {ALL, S(ROUTED), CONSULT_TIMEOUT, CONSULT_REFUSED},
    {ALL, TO_MEET, CONSULT_TIMEOUT, CONSULT_NO_SHOW},
    {SLOTTED, S(ACCEPTED), CONSULT_TIMEOUT, CONSULT_EXPIRED}, /* no slot was found */
    {K(EMERGENCY), S(ACCEPTED) | S(READY), CONSULT_TIMEOUT, CONSULT_TRIAGED}, /* rings on */
    {K(READING), CLAIMED, CONSULT_TIMEOUT, CONSULT_ROUTED},
    {ALL, S(INTERRUPTED), CONSULT_TIMEOUT, CONSULT_OPINION_DRAFTED},
    {K(GUIDANCE), S(INTERRUPTED), CONSULT_TIMEOUT, CONSULT_ARCHIVED},
    {ALL, S(OPINION_DRAFTED) | S(DELIVERED) | S(FOLLOW_UP_DUE), CONSULT_TIMEOUT, SAME},
    {ALL, S(ACKNOWLEDGED), CONSULT_TIMEOUT, CONSULT_FOLLOW_UP_DUE},
    {K(EMERGENCY), AFTER_ROUTE & ~S(ARCHIVED), CONSULT_TIMEOUT, SAME}, /* backfill */
    /* critical value, panel's time */
    {K(READING), EVERYWHERE & ~(S(DRAFT) | S(ARCHIVED)), CONSULT_TIMEOUT, SAME},
};
#define TRANSITION_COUNT (sizeof(transitions) / sizeof(transitions[0]))

static bool has_event(const struct transition *t, enum consult_kind kind, enum consult_state from,
                      enum consult_event_type event)
{
    return t->event == event && t->kinds >> kind & 1 && (t->from & states_of[kind]) >> from & 1 &&
           (t->to == SAME || states_of[kind] >> t->to & 1);
}

bool consult_transition_allowed(enum consult_kind kind, enum consult_state from,
                                enum consult_event_type event, enum consult_state to)
{
    for (size_t i = 0; i < TRANSITION_COUNT; i++)
        if (has_event(&transitions[i], kind, from, event) &&
            (transitions[i].to == SAME ? from : transitions[i].to) == to)
            return true;
    return false;
}

bool consult_event_heard(enum consult_kind kind, enum consult_state from,
                         enum consult_event_type event)
{
    for (size_t i = 0; i < TRANSITION_COUNT; i++)
        if (has_event(&transitions[i], kind, from, event))
            return true;
    return false;
}

bool consult_is_over(enum consult_state state)
{
    return ((FAILED | S(ARCHIVED) | S(CANCELLED)) >> state & 1) != 0;
}
