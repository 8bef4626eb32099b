/* SPDX-License-Identifier: Apache-2.0 */
/* The life cycle. One table says which state may follow which by which event; one setter asserts
 * it; one small function per event decides. Nothing here knows JSON, SQL, clocks or accounts. */
#include "signaling/consult/step.h"
#include "base/check.h"
#include "shanqiao/error.h"
#include <string.h>

struct transition {
    enum consult_state from;
    enum consult_event_type event;
    enum consult_state to;
};

/* Where from == to the event is heard and changes no state (rings, presence, a saved draft). */
static const struct transition transitions[] = {
    {CONSULT_DRAFT, CONSULT_CONSENT, CONSULT_DRAFT},
    {CONSULT_DRAFT, CONSULT_SUBMIT, CONSULT_SUBMITTED},

    {CONSULT_SUBMITTED, CONSULT_ROUTE, CONSULT_ROUTED},
    {CONSULT_SUBMITTED, CONSULT_ROUTE, CONSULT_EXPIRED},
    {CONSULT_SUBMITTED, CONSULT_CANCEL, CONSULT_CANCELLED},

    {CONSULT_ROUTED, CONSULT_ACCEPT, CONSULT_ACCEPTED},
    {CONSULT_ROUTED, CONSULT_REFUSE, CONSULT_ROUTED},
    {CONSULT_ROUTED, CONSULT_REFUSE, CONSULT_REFUSED},
    {CONSULT_ROUTED, CONSULT_CANCEL, CONSULT_CANCELLED},
    {CONSULT_ROUTED, CONSULT_TIMEOUT, CONSULT_EXPIRED},
    {CONSULT_ROUTED, CONSULT_ENTER, CONSULT_ROUTED},
    {CONSULT_ROUTED, CONSULT_LEAVE, CONSULT_ROUTED},
    {CONSULT_ROUTED, CONSULT_DROP, CONSULT_ROUTED},

    {CONSULT_ACCEPTED, CONSULT_ENTER, CONSULT_ACCEPTED},
    {CONSULT_ACCEPTED, CONSULT_ENTER, CONSULT_IN_PROGRESS},
    {CONSULT_ACCEPTED, CONSULT_LEAVE, CONSULT_ACCEPTED},
    {CONSULT_ACCEPTED, CONSULT_DROP, CONSULT_ACCEPTED},
    {CONSULT_ACCEPTED, CONSULT_SAVE, CONSULT_ACCEPTED},
    {CONSULT_ACCEPTED, CONSULT_END, CONSULT_CANCELLED},
    {CONSULT_ACCEPTED, CONSULT_TIMEOUT, CONSULT_NO_SHOW},

    {CONSULT_IN_PROGRESS, CONSULT_ENTER, CONSULT_IN_PROGRESS},
    {CONSULT_IN_PROGRESS, CONSULT_LEAVE, CONSULT_INTERRUPTED},
    {CONSULT_IN_PROGRESS, CONSULT_DROP, CONSULT_INTERRUPTED},
    {CONSULT_IN_PROGRESS, CONSULT_SAVE, CONSULT_IN_PROGRESS},
    {CONSULT_IN_PROGRESS, CONSULT_END, CONSULT_OPINION_DRAFTED},

    {CONSULT_INTERRUPTED, CONSULT_ENTER, CONSULT_INTERRUPTED},
    {CONSULT_INTERRUPTED, CONSULT_ENTER, CONSULT_IN_PROGRESS},
    {CONSULT_INTERRUPTED, CONSULT_LEAVE, CONSULT_INTERRUPTED},
    {CONSULT_INTERRUPTED, CONSULT_DROP, CONSULT_INTERRUPTED},
    {CONSULT_INTERRUPTED, CONSULT_SAVE, CONSULT_INTERRUPTED},
    {CONSULT_INTERRUPTED, CONSULT_END, CONSULT_OPINION_DRAFTED},
    {CONSULT_INTERRUPTED, CONSULT_TIMEOUT, CONSULT_OPINION_DRAFTED},

    {CONSULT_OPINION_DRAFTED, CONSULT_SAVE, CONSULT_OPINION_DRAFTED},
    {CONSULT_OPINION_DRAFTED, CONSULT_SIGN, CONSULT_OPINION_SIGNED},
    {CONSULT_OPINION_SIGNED, CONSULT_DELIVER, CONSULT_DELIVERED},
    {CONSULT_DELIVERED, CONSULT_ACKNOWLEDGE, CONSULT_ACKNOWLEDGED},
    {CONSULT_ACKNOWLEDGED, CONSULT_ARCHIVE, CONSULT_ARCHIVED},
};
#define TRANSITION_COUNT (sizeof(transitions) / sizeof(transitions[0]))

/* What a step works on: a copy that becomes the consultation only when the step succeeds. */
struct step {
    struct consult c;
    const struct consult_event *e;
    const struct consult_times *times;
    time_us utc_us;
    struct consult_commands commands;
};

uint64_t consult_ringing(const struct consult *c)
{
    uint64_t set = 0;
    for (int i = 0; i < c->member_count; i++)
        if (c->members[i].ring == CONSULT_RING_ON)
            set |= consult_bit(i);
    return set;
}

uint64_t consult_accepted(const struct consult *c)
{
    uint64_t set = 0;
    for (int i = 0; i < c->member_count; i++)
        if (c->members[i].ring == CONSULT_RING_WON)
            set |= consult_bit(i);
    return set;
}

enum consult_presence consult_presence_of(const struct consult *c, int person)
{
    if (person == CONSULT_APPLICANT)
        return c->applicant;
    return person >= 0 && person < c->member_count ? c->members[person].presence : CONSULT_AWAY;
}

enum consult_event_type consult_next(const struct consult *c)
{
    return c->state == CONSULT_SUBMITTED        ? CONSULT_ROUTE
           : c->state == CONSULT_OPINION_SIGNED ? CONSULT_DELIVER
                                                : CONSULT_EVENT_COUNT;
}

struct consult_times consult_times_default(void)
{
    return (struct consult_times){.ring_us = 45 * TIME_US_PER_S};
}

bool consult_event_heard(enum consult_kind kind, enum consult_state from,
                         enum consult_event_type event)
{
    (void)kind;
    for (size_t i = 0; i < TRANSITION_COUNT; i++)
        if (transitions[i].from == from && transitions[i].event == event)
            return true;
    return false;
}

bool consult_transition_allowed(enum consult_kind kind, enum consult_state from,
                                enum consult_event_type event, enum consult_state to)
{
    (void)kind;
    for (size_t i = 0; i < TRANSITION_COUNT; i++)
        if (transitions[i].from == from && transitions[i].event == event && transitions[i].to == to)
            return true;
    return false;
}

static bool is_heard(enum consult_state from, enum consult_event_type event)
{
    for (size_t i = 0; i < TRANSITION_COUNT; i++)
        if (transitions[i].from == from && transitions[i].event == event)
            return true;
    return false;
}

bool consult_is_over(enum consult_state state)
{
    for (size_t i = 0; i < TRANSITION_COUNT; i++)
        if (transitions[i].from == state)
            return false;
    return true;
}

static void command(struct step *s, struct consult_command c)
{
    CHECK(s->commands.count < CONSULT_COMMANDS_MAX);
    s->commands.items[s->commands.count++] = c;
}

static void command_simple(struct step *s, enum consult_command_type type)
{
    command(s, (struct consult_command){.type = type, .member = CONSULT_NOBODY});
}

static void arm(struct step *s, time_us at_utc_us)
{
    if (s->c.deadlines[CONSULT_DUE_STATE] == at_utc_us)
        return;
    s->c.deadlines[CONSULT_DUE_STATE] = at_utc_us;
    command_simple(s, CONSULT_DO_ARM);
}

/* The one place where a state changes. */
static void set_state(struct step *s, enum consult_state to)
{
    CHECK(consult_transition_allowed(s->c.kind, s->c.state, s->e->type, to));
    if (s->c.state == to)
        return;
    s->c.state = to;
    command_simple(s, CONSULT_DO_TELL_STATE);
}

static void stop_rings(struct step *s, enum consult_ring_end why)
{
    uint64_t any = 0;
    for (int i = 0; i < s->c.member_count; i++) {
        if (s->c.members[i].ring != CONSULT_RING_ON)
            continue;
        s->c.members[i].ring = CONSULT_RING_STOPPED;
        any |= consult_bit(i);
    }
    if (any)
        command(s,
                (struct consult_command){.type = CONSULT_DO_STOP_RING, .members = any, .why = why});
}

/* The call is over (the consultation may go on): no room, nobody present, no deadline. */
static void close_call(struct step *s)
{
    arm(s, TIME_US_NEVER);
    s->c.applicant = CONSULT_AWAY;
    for (int i = 0; i < s->c.member_count; i++)
        s->c.members[i].presence = CONSULT_AWAY;
    if (s->c.room.open)
        command_simple(s, CONSULT_DO_ROOM_CLOSE);
    s->c.room.open = false;
    s->c.room.live = false;
    s->c.at.ended_utc_us = s->utc_us;
}

static int on_submit(struct step *s)
{
    s->c.at.submitted_utc_us = s->utc_us;
    set_state(s, CONSULT_SUBMITTED);
    return 0;
}

static int on_route(struct step *s)
{
    if (s->e->route.added < 0 || s->e->route.added > CONSULT_MEMBERS_MAX)
        return SQ_ERR_INVALID;
    s->c.member_count = s->e->route.added;
    if (s->c.member_count == 0) {
        s->c.reason = CONSULT_WHY_NOBODY_ON_DUTY;
        set_state(s, CONSULT_EXPIRED);
        close_call(s);
        return 0;
    }
    for (int i = 0; i < s->c.member_count; i++)
        s->c.members[i].ring = CONSULT_RING_ON;
    s->c.room.open = true;
    command_simple(s, CONSULT_DO_ROOM_OPEN);
    set_state(s, CONSULT_ROUTED);
    command(s,
            (struct consult_command){.type = CONSULT_DO_RING, .members = consult_ringing(&s->c)});
    arm(s, s->utc_us + s->times->ring_us);
    return 0;
}

static int check_ringing(const struct step *s)
{
    if (s->e->member < 0 || s->e->member >= s->c.member_count)
        return SQ_ERR_INVALID;
    return s->c.members[s->e->member].ring == CONSULT_RING_ON ? 0 : SQ_ERR_STATE;
}

static int on_accept(struct step *s)
{
    int status = check_ringing(s);
    if (status < 0)
        return status;
    s->c.members[s->e->member].ring = CONSULT_RING_WON;
    s->c.specialist = s->e->member;
    s->c.at.accepted_utc_us = s->utc_us;
    set_state(s, CONSULT_ACCEPTED);
    stop_rings(s, CONSULT_BY_OTHER);
    s->c.room.live = true;
    command_simple(s, CONSULT_DO_ROOM_LIVE);
    arm(s, s->utc_us + s->times->start_us);
    return 0;
}

static int on_refuse(struct step *s)
{
    int status = check_ringing(s);
    if (status < 0)
        return status;
    s->c.members[s->e->member].ring = CONSULT_RING_REFUSED;
    command(s, (struct consult_command){.type = CONSULT_DO_STOP_RING,
                                        .members = consult_bit(s->e->member),
                                        .why = CONSULT_BY_REFUSAL});
    for (int i = 0; i < s->c.member_count; i++)
        if (s->c.members[i].ring == CONSULT_RING_ON)
            return 0;
    s->c.reason = CONSULT_WHY_ALL_REFUSED;
    set_state(s, CONSULT_REFUSED);
    close_call(s);
    return 0;
}

/* Both there: the call runs. One missing after it ran: interrupted, for abandoned_us at most. */
static void follow_presence(struct step *s)
{
    bool both = s->c.applicant == CONSULT_PRESENT &&
                consult_presence_of(&s->c, s->c.specialist) == CONSULT_PRESENT;
    if (both && s->c.state != CONSULT_IN_PROGRESS) {
        if (!s->c.at.started_utc_us)
            s->c.at.started_utc_us = s->utc_us;
        set_state(s, CONSULT_IN_PROGRESS);
        arm(s, TIME_US_NEVER);
    } else if (!both && s->c.state == CONSULT_IN_PROGRESS) {
        set_state(s, CONSULT_INTERRUPTED);
        arm(s, s->utc_us + s->times->abandoned_us);
    }
}

static int on_presence(struct step *s)
{
    static const enum consult_presence by_event[CONSULT_EVENT_COUNT] = {
        [CONSULT_ENTER] = CONSULT_PRESENT,
        [CONSULT_LEAVE] = CONSULT_AWAY,
        [CONSULT_DROP] = CONSULT_DROPPED,
    };
    int person = s->e->member;
    bool member = person >= 0 && person < s->c.member_count;
    if (person != CONSULT_APPLICANT && !member)
        return SQ_ERR_INVALID;
    if (member && person != s->c.specialist)
        return SQ_ERR_STATE;
    enum consult_presence before = consult_presence_of(&s->c, person);
    enum consult_presence after = by_event[s->e->type];
    if (s->e->type == CONSULT_DROP && before != CONSULT_PRESENT)
        return 0; /* who left before can't be dropped */
    *(member ? &s->c.members[person].presence : &s->c.applicant) = after;
    if ((before == CONSULT_PRESENT) != (after == CONSULT_PRESENT))
        command(s, (struct consult_command){.type = CONSULT_DO_TELL_PRESENCE, .member = person});
    follow_presence(s);
    return 0;
}

static int on_end(struct step *s)
{
    bool ran = s->c.state != CONSULT_ACCEPTED;
    if (!ran)
        s->c.reason = CONSULT_WHY_NOT_STARTED;
    set_state(s, ran ? CONSULT_OPINION_DRAFTED : CONSULT_CANCELLED);
    close_call(s);
    return 0;
}

static int on_cancel(struct step *s)
{
    s->c.reason = CONSULT_WHY_CANCELLED;
    set_state(s, CONSULT_CANCELLED);
    stop_rings(s, CONSULT_BY_CANCEL);
    close_call(s);
    return 0;
}

static int on_timeout(struct step *s)
{
    if (s->c.deadlines[CONSULT_DUE_STATE] > s->utc_us)
        return SQ_ERR_STATE;
    switch (s->c.state) {
    case CONSULT_ROUTED:
        s->c.reason = CONSULT_WHY_NO_ANSWER;
        set_state(s, CONSULT_EXPIRED);
        stop_rings(s, CONSULT_BY_EXPIRY);
        break;
    case CONSULT_ACCEPTED:
        s->c.reason = CONSULT_WHY_NOT_STARTED;
        set_state(s, CONSULT_NO_SHOW);
        break;
    default:
        s->c.reason = CONSULT_WHY_ABANDONED;
        set_state(s, CONSULT_OPINION_DRAFTED);
        break;
    }
    close_call(s);
    return 0;
}

static int on_consent(struct step *s)
{
    s->c.consent |= s->e->consent;
    return 0;
}

static int on_save(struct step *s)
{
    set_state(s, s->c.state);
    return 0;
}

static int on_sign(struct step *s)
{
    set_state(s, CONSULT_OPINION_SIGNED);
    return 0;
}

static int on_deliver(struct step *s)
{
    set_state(s, CONSULT_DELIVERED);
    return 0;
}

static int on_acknowledge(struct step *s)
{
    set_state(s, CONSULT_ACKNOWLEDGED);
    return 0;
}

static int on_archive(struct step *s)
{
    set_state(s, CONSULT_ARCHIVED);
    return 0;
}

static int (*const on_event[CONSULT_EVENT_COUNT])(struct step *s) = {
    [CONSULT_SUBMIT] = on_submit,   [CONSULT_ROUTE] = on_route,
    [CONSULT_ACCEPT] = on_accept,   [CONSULT_REFUSE] = on_refuse,
    [CONSULT_ENTER] = on_presence,  [CONSULT_LEAVE] = on_presence,
    [CONSULT_DROP] = on_presence,   [CONSULT_END] = on_end,
    [CONSULT_CANCEL] = on_cancel,   [CONSULT_SAVE] = on_save,
    [CONSULT_SIGN] = on_sign,       [CONSULT_DELIVER] = on_deliver,
    [CONSULT_ARCHIVE] = on_archive, [CONSULT_ACKNOWLEDGE] = on_acknowledge,
    [CONSULT_TIMEOUT] = on_timeout, [CONSULT_CONSENT] = on_consent,
};

void consult_init(struct consult *c, enum consult_kind kind)
{
    memset(c, 0, sizeof(*c));
    c->kind = kind;
    c->urgency = CONSULT_URGENCY_ROUTINE;
    c->state = CONSULT_DRAFT;
    c->specialist = CONSULT_NOBODY;
    for (int i = 0; i < CONSULT_DEADLINE_COUNT; i++)
        c->deadlines[i] = TIME_US_NEVER;
}

static bool somebody_else_accepted(const struct consult *c, const struct consult_event *e)
{
    return e->type == CONSULT_ACCEPT && c->specialist != CONSULT_NOBODY &&
           c->specialist != e->member && e->member >= 0 && e->member < c->member_count;
}

int consult_step(struct consult *c, const struct consult_event *e,
                 const struct consult_times *times, time_us utc_us, struct consult_commands *out)
{
    out->count = 0;
    if ((unsigned)e->type >= CONSULT_EVENT_COUNT)
        return SQ_ERR_INVALID;
    if (somebody_else_accepted(c, e))
        return SQ_ERR_CONFLICT;
    if (!is_heard(c->state, e->type))
        return SQ_ERR_STATE;
    struct step s = {.c = *c, .e = e, .times = times, .utc_us = utc_us};
    int status = on_event[e->type](&s);
    if (status < 0)
        return status;
    *c = s.c;
    *out = s.commands;
    return 0;
}
