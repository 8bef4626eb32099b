/* SPDX-License-Identifier: Apache-2.0 */
/* Deadlines, lost and returning sessions, restarts. */
#include "people.h"
#include "shanqiao/error.h"
#include "signaling/audit/audit.h"
#include "signaling/consult/step.h"
#include "signaling/store/store.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct people p;

static void up(void)
{
    people_init(&p);
}

static void down(void)
{
    people_fini(&p);
}

TestSuite(consult_events, .init = up, .fini = down);

static const char *const one_on_duty[] = {EXPERT_1, NULL};

static const char *state_of(const char *id)
{
    cr_assert_eq(people_call(&p, VILLAGER, "consultation.get", people_id(id)), 0);
    return people_result(&p, "state");
}

static void in_call(char id[ID_MAX])
{
    cr_assert_eq(people_submit(&p, one_on_duty, id), 0);
    cr_assert_eq(people_call(&p, VILLAGER, "consultation.enter", people_id(id)), 0);
    cr_assert_eq(people_call(&p, EXPERT_1, "consultation.accept", people_id(id)), 0);
    cr_assert_eq(people_call(&p, EXPERT_1, "consultation.enter", people_id(id)), 0);
}

static size_t run_due(bool *more)
{
    struct effects effects = {0};
    cr_assert_eq(store_begin(p.service.store), 0);
    cr_assert_eq(service_deadlines_due(&p.service, p.utc_us, &effects, more), 0);
    cr_assert_eq(store_commit(p.service.store), 0);
    size_t count = effects.count;
    effects_clear(&effects);
    return count;
}

static void session(int (*happens)(struct service *, const char *, time_us, struct effects *),
                    const char *account)
{
    struct effects effects = {0};
    char id[ID_MAX];
    snprintf(id, sizeof(id), "ses_%s", account);
    cr_assert_eq(store_begin(p.service.store), 0);
    cr_assert_eq(happens(&p.service, id, p.utc_us, &effects), 0);
    cr_assert_eq(store_commit(p.service.store), 0);
    effects_clear(&effects);
}

/* Of the rows. The server looks again by then, or earlier where other nodes share its store. */
static time_us earliest(void)
{
    struct store_query q;
    time_us at = TIME_US_NEVER, look = 0;
    store_query(p.service.store, &q, "SELECT at_us FROM deadline ORDER BY at_us LIMIT 1", NULL, 0);
    if (store_next(&q))
        at = store_int(&q, 0);
    cr_assert_eq(store_query_end(&q), 0);
    cr_assert_eq(service_next_deadline(&p.service, &look), 0);
    if (store_shared(p.service.store))
        cr_expect_leq(look, at);
    else
        cr_expect_eq(look, at);
    return at;
}

Test(consult_events, ringing_expires_also_after_a_restart)
{
    char id[ID_MAX];
    time_us at = 0;
    bool more = true;
    cr_assert_eq(people_submit(&p, one_on_duty, id), 0);
    people_restart(&p);
    at = earliest();
    cr_expect_eq(at, p.utc_us + p.service.limits.ring_timeout_us);
    p.utc_us = at - 1;
    cr_expect_eq(run_due(&more), 0);
    cr_expect_str_eq(state_of(id), "routed");
    p.utc_us = at;
    cr_expect_gt(run_due(&more), 0);
    cr_expect_not(more);
    cr_expect_str_eq(state_of(id), "expired");
    cr_expect_str_eq(people_result(&p, "reason"), "no_answer");
    cr_expect_eq(earliest(), TIME_US_NEVER);
}

Test(consult_events, a_lost_session_interrupts_and_its_return_goes_on)
{
    char id[ID_MAX];
    in_call(id);
    cr_expect_str_eq(state_of(id), "in_progress");
    session(service_session_lost, EXPERT_1);
    cr_expect_str_eq(state_of(id), "interrupted");
    session(service_session_back, EXPERT_1);
    cr_expect_str_eq(state_of(id), "in_progress");
}

static int64_t seats_with(int presence)
{
    struct store_query q;
    STORE_QUERY(p.service.store, &q,
                "SELECT COUNT(*) FROM participant WHERE session = $1 AND presence = $2",
                sv_text("ses_" EXPERT_1), sv_int(presence));
    int64_t n = store_next(&q) ? store_int(&q, 0) : -1;
    cr_assert_eq(store_query_end(&q), 0);
    return n;
}

static void run_all_due(void)
{
    bool more = true;
    while (more)
        cr_expect_lt(run_due(&more), EFFECTS_MAX);
}

Test(consult_events, every_seat_of_a_session_is_lost_and_comes_back)
{
    enum { SEATS = 40 }; /* more than one look finds, and more than one transaction tells of */
    char id[ID_MAX];
    cr_assert_eq(people_submit(&p, one_on_duty, id), 0);
    for (int i = 0; i < SEATS; i++) {
        if (i > 0) /* an applicant has a bounded number */
            cr_assert_eq(people_call(&p, i < SEATS / 2 ? VILLAGER : OTHER_DOCTOR,
                                     "consultation.submit", people_request()),
                         0);
        snprintf(id, sizeof id, "%s", people_result(&p, "id"));
        cr_assert_eq(people_call(&p, EXPERT_1, "consultation.accept", people_id(id)), 0);
        cr_assert_eq(people_call(&p, EXPERT_1, "consultation.enter", people_id(id)), 0);
    }
    cr_assert_eq(seats_with(CONSULT_PRESENT), SEATS);
    session(service_session_lost, EXPERT_1);
    run_all_due();
    cr_expect_eq(seats_with(CONSULT_PRESENT), 0);
    cr_expect_eq(seats_with(CONSULT_DROPPED), SEATS);
    session(service_session_back, EXPERT_1);
    run_all_due();
    cr_expect_eq(seats_with(CONSULT_PRESENT), SEATS);
    session(service_session_lost, EXPERT_1);
    session(service_session_back, EXPERT_1); /* before all of them were told */
    run_all_due();
    cr_expect_eq(seats_with(CONSULT_PRESENT), SEATS);
}

Test(consult_events, who_left_does_not_come_back_by_resuming)
{
    char id[ID_MAX];
    in_call(id);
    cr_assert_eq(people_call(&p, EXPERT_1, "consultation.leave", people_id(id)), 0);
    session(service_session_lost, EXPERT_1);
    session(service_session_back, EXPERT_1);
    cr_expect_str_eq(state_of(id), "interrupted");
}

Test(consult_events, a_late_loss_of_an_older_session_changes_nothing)
{
    struct effects effects = {0};
    char id[ID_MAX];
    in_call(id);
    cr_assert_eq(store_begin(p.service.store), 0);
    cr_assert_eq(service_session_lost(&p.service, "ses_older", p.utc_us, &effects), 0);
    cr_assert_eq(store_commit(p.service.store), 0);
    cr_expect_eq(effects.count, 0);
    effects_clear(&effects);
    cr_expect_str_eq(state_of(id), "in_progress");
}

static bool only_villager(void *user, const char *session_id)
{
    (void)user;
    return strcmp(session_id, "ses_" VILLAGER) == 0;
}

Test(consult_events, after_a_restart_rooms_reopen_and_empty_seats_are_dropped)
{
    struct effects effects = {0};
    char id[ID_MAX];
    bool more = false;
    in_call(id);
    people_restart(&p);
    p.service.session_connected = only_villager;
    cr_assert_eq(store_begin(p.service.store), 0);
    cr_assert_eq(service_recover(&p.service, p.utc_us, &effects), 0);
    cr_assert_eq(store_commit(p.service.store), 0);
    cr_assert_eq(effects.count, 2);
    cr_expect_eq(effects.items[0].type, EFFECT_ROOM_OPEN);
    cr_expect_eq(effects.items[1].type, EFFECT_ROOM_LIVE);
    effects_clear(&effects);
    cr_expect_str_eq(state_of(id), "in_progress"); /* media flows meanwhile */
    p.utc_us += p.service.limits.presence_grace_us;
    run_due(&more);
    cr_expect_str_eq(state_of(id), "interrupted");
    session(service_session_back, EXPERT_1);
    cr_expect_str_eq(state_of(id), "in_progress");
}

Test(consult_events, more_rooms_than_fit_one_portion_all_reopen)
{
    struct effects effects = {0};
    char id[ID_MAX];
    int opened = 0;
    bool more = true;
    cr_assert_eq(people_submit(&p, one_on_duty, id), 0);
    for (int i = 0; i < 130; i++) {
        char copy[ID_MAX];
        snprintf(copy, sizeof(copy), "%s%03d", i % 2 ? "con_" : "zzz_", i);
        cr_assert_eq(
            STORE_RUN(p.service.store,
                      "INSERT INTO consultation (id, kind, urgency, panel, applicant, specialist,"
                      " state, reason, room_open, room_live, submitted_us, accepted_us, started_us,"
                      " ended_us, revision, sealed_request, sealed_reason)"
                      " SELECT $1, kind, urgency, panel, applicant,"
                      " specialist, state, reason, room_open, room_live, submitted_us,"
                      " accepted_us, started_us, ended_us, revision, sealed_request,"
                      " sealed_reason FROM consultation WHERE id = $2",
                      sv_text(copy), sv_text(id)),
            1);
    }
    cr_assert_eq(store_begin(p.service.store), 0);
    cr_assert_eq(service_recover(&p.service, p.utc_us, &effects), 0);
    cr_assert_eq(store_commit(p.service.store), 0);
    opened = (int)effects.count;
    effects_clear(&effects);
    cr_expect_eq(opened, 100);
    /* The copies' requests are sealed for another row: a consultation that does not open stops
     * nobody. */
    while (more)
        opened += (int)run_due(&more);
    cr_expect_eq(opened, 100);
    cr_expect_eq(earliest(),
                 PEOPLE_START_US + p.service.limits.ring_timeout_us); /* all portions are done */
}

Test(consult_events, abandoned_calls_end)
{
    char id[ID_MAX];
    bool more = false;
    in_call(id);
    session(service_session_lost, VILLAGER);
    session(service_session_lost, EXPERT_1);
    p.utc_us += p.service.limits.abandoned_timeout_us;
    run_due(&more);
    cr_expect_str_eq(state_of(id), "opinion_drafted");
    cr_expect_str_eq(people_result(&p, "reason"), "abandoned");
    struct audit_verdict verdict;
    cr_assert_eq(audit_verify(p.service.store, &verdict), 0);
    cr_expect_eq(verdict.first_bad, 0);
    cr_expect_geq(verdict.rows, 3); /* two drops, one timeout */
}
