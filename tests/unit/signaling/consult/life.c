/* SPDX-License-Identifier: Apache-2.0 */
/* Words for the events of one consultation. */
#include "life.h"
#include "histories.h"
#include "shanqiao/error.h"
#include <criterion/criterion.h>
#include <string.h>

struct life life_of(enum consult_kind kind, uint32_t needs)
{
    struct life l = {.times = consult_times_default(), .utc_us = 1000 * LIFE_DAY_US};
    consult_init(&l.c, kind);
    l.c.needs = needs;
    l.c.consent = CONSULT_CONSENT_SHARE;
    return l;
}

static int step(struct life *l, const struct consult_event *e, struct consult *before)
{
    memcpy(before, &l->c, sizeof(*before));
    return consult_step(&l->c, e, &l->times, l->utc_us, &l->out);
}

void life_ok(struct life *l, struct consult_event e)
{
    struct consult before;
    int status = step(l, &e, &before);
    cr_assert_eq(status, 0, "%s when %s: %d", consult_event_name(e.type),
                 consult_state_name(before.state), status);
    const char *wrong = history_broken(&before, &e, status, &l->c, &l->out, &l->times, l->utc_us);
    cr_assert_null(wrong, "%s when %s: %s", consult_event_name(e.type),
                   consult_state_name(before.state), wrong);
}

void life_no(struct life *l, struct consult_event e, int error)
{
    struct consult before;
    cr_expect_eq(step(l, &e, &before), error, "%s when %s", consult_event_name(e.type),
                 consult_state_name(before.state));
    cr_expect_eq(memcmp(&l->c, &before, sizeof(before)), 0);
    cr_expect_eq(l->out.count, 0);
}

void life_by(struct life *l, enum consult_event_type type, int member)
{
    life_ok(l, (struct consult_event){.type = type, .member = member});
}

void life_timeout(struct life *l, enum consult_deadline deadline)
{
    struct consult_event e = {.type = CONSULT_TIMEOUT, .deadline = deadline};
    cr_assert_neq(l->c.deadlines[deadline], TIME_US_NEVER, "no deadline when %s",
                  consult_state_name(l->c.state));
    if (l->utc_us < l->c.deadlines[deadline]) {
        l->utc_us = l->c.deadlines[deadline] - 1;
        life_no(l, e, SQ_ERR_STATE); /* too early */
        l->utc_us++;
    }
    life_ok(l, e);
}

void life_add(struct life *l, int member, enum consult_role role)
{
    life_ok(l, (struct consult_event){.type = CONSULT_ADD, .member = member, .role = role});
}

void life_ready(struct life *l, int person, bool ready)
{
    life_ok(l,
            (struct consult_event){.type = CONSULT_READY_CHECK, .member = person, .ready = ready});
}

void life_consent(struct life *l, enum consult_event_type type, uint32_t purposes)
{
    life_ok(l, (struct consult_event){.type = type, .consent = purposes});
}

struct consult_event life_slot_event(const struct life *l, time_us in_us)
{
    time_us start = l->utc_us + in_us;
    return (struct consult_event){.type = CONSULT_SCHEDULE,
                                  .slot = {start, start + LIFE_DAY_US / 24}};
}

void life_slot(struct life *l, time_us in_us)
{
    life_ok(l, life_slot_event(l, in_us));
}

void life_route(struct life *l, int added)
{
    bool mdt = l->c.kind == CONSULT_MDT && added > 0;
    struct consult_route route = {
        .strategy = l->strategy, .added = added, .chair = mdt ? l->c.member_count : CONSULT_NOBODY};
    life_ok(l, (struct consult_event){.type = CONSULT_ROUTE, .route = route});
}

void life_to_routed(struct life *l, int added)
{
    life_ok(l, (struct consult_event){.type = CONSULT_SUBMIT});
    enum consult_event_type next;
    while ((next = consult_next(&l->c)) != CONSULT_ROUTE && next != CONSULT_EVENT_COUNT)
        life_ok(l, (struct consult_event){.type = next});
    life_route(l, added);
}

void life_to_call(struct life *l)
{
    life_to_routed(l, 1);
    life_by(l, CONSULT_ACCEPT, 0);
    life_by(l, CONSULT_ENTER, CONSULT_APPLICANT);
    life_by(l, CONSULT_ENTER, 0);
    cr_assert_eq(l->c.state, CONSULT_IN_PROGRESS);
}

static const struct consult_command *find(const struct life *l, enum consult_command_type type)
{
    for (size_t i = 0; i < l->out.count; i++)
        if (l->out.items[i].type == type)
            return &l->out.items[i];
    return NULL;
}

bool life_told(const struct life *l, enum consult_command_type type)
{
    return find(l, type) != NULL;
}

const struct consult_command *life_command(const struct life *l, enum consult_command_type type)
{
    const struct consult_command *c = find(l, type);
    cr_assert_not_null(c, "no such command");
    return c;
}
