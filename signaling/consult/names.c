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
    [CONSULT_SUBMIT] = "submit",   [CONSULT_ROUTE] = "route",
    [CONSULT_ACCEPT] = "accept",   [CONSULT_REFUSE] = "refuse",
    [CONSULT_ENTER] = "enter",     [CONSULT_LEAVE] = "leave",
    [CONSULT_DROP] = "drop",       [CONSULT_END] = "end",
    [CONSULT_CANCEL] = "cancel",   [CONSULT_SAVE] = "save",
    [CONSULT_SIGN] = "sign",       [CONSULT_DELIVER] = "deliver",
    [CONSULT_ARCHIVE] = "archive", [CONSULT_ACKNOWLEDGE] = "acknowledge",
    [CONSULT_TIMEOUT] = "timeout",
};

static const char *const reason_names[] = {
    [CONSULT_WHY_NONE] = "",
    [CONSULT_WHY_NOBODY_ON_DUTY] = "nobody_on_duty",
    [CONSULT_WHY_NO_ANSWER] = "no_answer",
    [CONSULT_WHY_ALL_REFUSED] = "all_refused",
    [CONSULT_WHY_NOT_STARTED] = "not_started",
    [CONSULT_WHY_CANCELLED] = "cancelled",
    [CONSULT_WHY_ABANDONED] = "abandoned",
};
#define REASON_COUNT (sizeof(reason_names) / sizeof(reason_names[0]))

const char *consult_state_name(enum consult_state state)
{
    CHECK((unsigned)state < CONSULT_STATE_COUNT);
    return state_names[state];
}

enum consult_state consult_state_parse(const char *name)
{
    for (unsigned i = 0; name && i < CONSULT_STATE_COUNT; i++)
        if (strcmp(state_names[i], name) == 0)
            return (enum consult_state)i;
    return CONSULT_STATE_COUNT;
}

const char *consult_event_name(enum consult_event_type type)
{
    CHECK((unsigned)type < CONSULT_EVENT_COUNT);
    return event_names[type];
}

const char *consult_reason_name(enum consult_reason reason)
{
    CHECK((size_t)reason < REASON_COUNT);
    return reason_names[reason];
}

int consult_reason_parse(const char *name)
{
    for (size_t i = 0; name && i < REASON_COUNT; i++)
        if (strcmp(reason_names[i], name) == 0)
            return (int)i;
    return -1;
}
