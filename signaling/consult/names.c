/* SPDX-License-Identifier: Apache-2.0 */
/* Names of states, events and reasons, as they stand on the wire and in the store. */
#include "base/check.h"
#include "signaling/consult/step.h"
#include <string.h>

static const char *const state_names[CONSULT_STATE_COUNT] = {
    [CONSULT_DRAFT] = "draft",
    [CONSULT_SUBMITTED] = "submitted",
    [CONSULT_RETURNED] = "returned",
    [CONSULT_APPROVED] = "approved",
    [CONSULT_TRIAGED] = "triaged",
    [CONSULT_ROUTED] = "routed",
    [CONSULT_ACCEPTED] = "accepted",
    [CONSULT_REFUSED] = "refused",
    [CONSULT_SCHEDULED] = "scheduled",
    [CONSULT_READY] = "ready",
    [CONSULT_IN_PROGRESS] = "in_progress",
    [CONSULT_INTERRUPTED] = "interrupted",
    [CONSULT_OPINION_DRAFTED] = "opinion_drafted",
    [CONSULT_OPINION_SIGNED] = "opinion_signed",
    [CONSULT_DELIVERED] = "delivered",
    [CONSULT_ACKNOWLEDGED] = "acknowledged",
    [CONSULT_FOLLOW_UP_DUE] = "follow_up_due",
    [CONSULT_OUTCOME_RECORDED] = "outcome_recorded",
    [CONSULT_ARCHIVED] = "archived",
    [CONSULT_CANCELLED] = "cancelled",
    [CONSULT_EXPIRED] = "expired",
    [CONSULT_NO_SHOW] = "no_show",
};

static const char *const event_names[CONSULT_EVENT_COUNT] = {
    [CONSULT_EDIT] = "edit",
    [CONSULT_MATERIAL] = "material",
    [CONSULT_SUBMIT] = "submit",
    [CONSULT_APPROVE] = "approve",
    [CONSULT_RETURN] = "return",
    [CONSULT_TRIAGE] = "triage",
    [CONSULT_ROUTE] = "route",
    [CONSULT_REROUTE] = "reroute",
    [CONSULT_REOPEN] = "reopen",
    [CONSULT_ACCEPT] = "accept",
    [CONSULT_REFUSE] = "refuse",
    [CONSULT_CLAIM] = "claim",
    [CONSULT_RELEASE] = "release",
    [CONSULT_GONE] = "gone",
    [CONSULT_SCHEDULE] = "schedule",
    [CONSULT_READY_CHECK] = "ready_check",
    [CONSULT_ENTER] = "enter",
    [CONSULT_LEAVE] = "leave",
    [CONSULT_DROP] = "drop",
    [CONSULT_GO_LIVE] = "go_live",
    [CONSULT_END] = "end",
    [CONSULT_CANCEL] = "cancel",
    [CONSULT_ADD] = "add",
    [CONSULT_REMOVE] = "remove",
    [CONSULT_CONSENT] = "consent",
    [CONSULT_CONSENT_WITHDRAWN] = "consent_withdrawn",
    [CONSULT_BACKFILL] = "backfill",
    [CONSULT_CRITICAL] = "critical",
    [CONSULT_CRITICAL_ACK] = "critical_ack",
    [CONSULT_SAVE] = "save",
    [CONSULT_SIGN] = "sign",
    [CONSULT_EXCUSE] = "excuse",
    [CONSULT_CONCLUDE] = "conclude",
    [CONSULT_SUPERSEDE] = "supersede",
    [CONSULT_DELIVER] = "deliver",
    [CONSULT_ACKNOWLEDGE] = "acknowledge",
    [CONSULT_OUTCOME] = "outcome",
    [CONSULT_ARCHIVE] = "archive",
    [CONSULT_TIMEOUT] = "timeout",
};

static const char *const reason_names[CONSULT_REASON_COUNT] = {
    [CONSULT_WHY_NONE] = "",
    [CONSULT_WHY_NOBODY_ON_DUTY] = "nobody_on_duty",
    [CONSULT_WHY_NO_ANSWER] = "no_answer",
    [CONSULT_WHY_ALL_REFUSED] = "all_refused",
    [CONSULT_WHY_NOT_STARTED] = "not_started",
    [CONSULT_WHY_CANCELLED] = "cancelled",
    [CONSULT_WHY_ABANDONED] = "abandoned",
    [CONSULT_WHY_NOT_APPROVED] = "not_approved",
    [CONSULT_WHY_NOT_TRIAGED] = "not_triaged",
    [CONSULT_WHY_NOT_SCHEDULED] = "not_scheduled",
    [CONSULT_WHY_CONSENT_WITHDRAWN] = "consent_withdrawn",
    [CONSULT_WHY_RETURNED] = "returned",
    [CONSULT_WHY_NO_MATERIAL] = "no_material",
};

static const char *const kind_names[CONSULT_KIND_COUNT] = {
    [CONSULT_LIVE] = "live",         [CONSULT_EMERGENCY] = "emergency",
    [CONSULT_GUIDANCE] = "guidance", [CONSULT_READING] = "reading",
    [CONSULT_MDT] = "mdt",           [CONSULT_JOINT_CLINIC] = "joint_clinic",
};

static const char *const urgency_names[CONSULT_URGENCY_COUNT] = {
    [CONSULT_URGENCY_KEEP] = "",
    [CONSULT_URGENCY_ROUTINE] = "routine",
    [CONSULT_URGENCY_URGENT] = "urgent",
    [CONSULT_URGENCY_EMERGENCY] = "emergency",
};

static const char *const role_names[] = {
    [CONSULT_EXPERT] = "expert", [CONSULT_CHAIR] = "chair", [CONSULT_OBSERVER] = "observer"};

static const char *const strategy_names[CONSULT_STRATEGY_COUNT] = {
    [CONSULT_RING_ALL] = "ring_all",
    [CONSULT_RING_ONE] = "ring_one",
    [CONSULT_NEXT_IN_LINE] = "next_in_line",
};

static const char *const deadline_names[CONSULT_DEADLINE_COUNT] = {
    [CONSULT_DUE_STATE] = "state",
    [CONSULT_DUE_BACKFILL] = "backfill",
    [CONSULT_DUE_CRITICAL] = "critical",
    [CONSULT_DUE_READING] = "reading",
};

static const char *const backfill_names[CONSULT_BACKFILL_STATE_COUNT] = {
    [CONSULT_BACKFILL_NONE] = "none",
    [CONSULT_BACKFILL_DUE] = "due",
    [CONSULT_BACKFILL_DONE] = "done",
    [CONSULT_BACKFILL_OVERDUE] = "overdue",
};

static const char *const critical_names[CONSULT_CRITICAL_COUNT] = {
    [CONSULT_CRITICAL_NONE] = "none",
    [CONSULT_CRITICAL_RAISED] = "raised",
    [CONSULT_CRITICAL_ACKNOWLEDGED] = "acknowledged",
};

static const char *const ring_end_names[] = {
    [CONSULT_BY_OTHER] = "accepted_by_other", [CONSULT_BY_CANCEL] = "cancelled",
    [CONSULT_BY_EXPIRY] = "expired",          [CONSULT_BY_REFUSAL] = "refused",
    [CONSULT_BY_REROUTE] = "rerouted",        [CONSULT_BY_REMOVAL] = "removed",
};

#define COUNT_OF(table) (sizeof(table) / sizeof((table)[0]))

static const char *name_of(const char *const *names, size_t count, size_t value)
{
    CHECK(value < count);
    return names[value];
}

/* `count` when there is no such name. */
static size_t parse(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; name && i < count; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return count;
}

/* A function pair per enum: name, and value from name. */
#define NAME(function, type, table)                                                                \
    const char *function(type value)                                                               \
    {                                                                                              \
        return name_of(table, COUNT_OF(table), (size_t)value);                                     \
    }
#define PARSE(function, type, table)                                                               \
    type function(const char *name)                                                                \
    {                                                                                              \
        return (type)parse(table, COUNT_OF(table), name);                                          \
    }
#define PARSE_OR_MINUS(function, table)                                                            \
    int function(const char *name)                                                                 \
    {                                                                                              \
        size_t value = parse(table, COUNT_OF(table), name);                                        \
        return value < COUNT_OF(table) ? (int)value : -1;                                          \
    }

NAME(consult_kind_name, enum consult_kind, kind_names)
PARSE(consult_kind_parse, enum consult_kind, kind_names)
NAME(consult_urgency_name, enum consult_urgency, urgency_names)
PARSE(consult_urgency_parse, enum consult_urgency, urgency_names)
NAME(consult_state_name, enum consult_state, state_names)
PARSE(consult_state_parse, enum consult_state, state_names)
NAME(consult_event_name, enum consult_event_type, event_names)
NAME(consult_reason_name, enum consult_reason, reason_names)
PARSE_OR_MINUS(consult_reason_parse, reason_names)
NAME(consult_role_name, enum consult_role, role_names)
PARSE_OR_MINUS(consult_role_parse, role_names)
NAME(consult_strategy_name, enum consult_strategy, strategy_names)
PARSE(consult_strategy_parse, enum consult_strategy, strategy_names)
NAME(consult_deadline_name, enum consult_deadline, deadline_names)
PARSE(consult_deadline_parse, enum consult_deadline, deadline_names)
NAME(consult_backfill_name, enum consult_backfill_state, backfill_names)
NAME(consult_critical_name, enum consult_critical, critical_names)
NAME(consult_ring_end_name, enum consult_ring_end, ring_end_names)
