/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of what comes after and beside a plain call: emergencies, readings, several experts,
 * opinions, follow-up. */
#include "life.h"
#include "shanqiao/error.h"
#include <criterion/criterion.h>

TestSuite(consult_after);

/* ---- emergency ---- */

Test(consult_after, an_emergency_waits_for_nobody)
{
    struct life l = life_of(CONSULT_EMERGENCY, CONSULT_NEEDS_LATER | CONSULT_NEEDS_TRIAGE);
    l.c.consent = 0;
    life_ok(&l, (struct consult_event){.type = CONSULT_SUBMIT});
    cr_expect_eq(consult_next(&l.c), CONSULT_ROUTE);
    l.strategy = CONSULT_NEXT_IN_LINE; /* no matter */
    life_route(&l, 5);
    cr_expect_eq(l.c.state, CONSULT_ROUTED);
    cr_expect_eq(__builtin_popcountll(consult_ringing(&l.c)), 5);
    cr_expect_eq(l.c.backfill.state, CONSULT_BACKFILL_DUE);
    life_route(&l, 3); /* the level above, beside those who ring */
    cr_expect_eq(__builtin_popcountll(consult_ringing(&l.c)), 8);
    life_by(&l, CONSULT_ENTER, CONSULT_APPLICANT); /* without consent */
    life_by(&l, CONSULT_ACCEPT, 6);
    life_by(&l, CONSULT_ENTER, 6);
    cr_expect_eq(l.c.state, CONSULT_IN_PROGRESS);
}

Test(consult_after, an_emergency_rings_on_when_who_accepted_does_not_come)
{
    struct life l = life_of(CONSULT_EMERGENCY, 0);
    life_to_routed(&l, 3);
    life_by(&l, CONSULT_ENTER, CONSULT_APPLICANT);
    life_by(&l, CONSULT_ACCEPT, 1);
    life_timeout(&l, CONSULT_DUE_STATE);
    cr_expect_eq(l.c.state, CONSULT_TRIAGED);
    cr_expect_eq(consult_next(&l.c), CONSULT_ROUTE);
    life_ok(&l, (struct consult_event){.type = CONSULT_ROUTE, .route = {.again = 5, .chair = -1}});
    cr_expect_eq(consult_ringing(&l.c), 5);
    life_by(&l, CONSULT_ACCEPT, 0);
    life_timeout(&l, CONSULT_DUE_STATE); /* the applicant is gone as well */
    cr_expect_eq(l.c.state, CONSULT_NO_SHOW);
}

static struct life emergency_with_outcome(void)
{
    struct life l = life_of(CONSULT_EMERGENCY, CONSULT_NEEDS_INVITED | CONSULT_NEEDS_AGREEMENT);
    l.c.consent = 0;
    life_to_call(&l);
    life_by(&l, CONSULT_END, 0);
    life_by(&l, CONSULT_SIGN, 0);
    life_by(&l, CONSULT_DELIVER, 0);
    life_by(&l, CONSULT_ACKNOWLEDGE, 0);
    life_by(&l, CONSULT_OUTCOME, 0);
    return l;
}

Test(consult_after, the_archive_waits_for_what_an_emergency_skipped)
{
    struct life l = emergency_with_outcome();
    life_no(&l, (struct consult_event){.type = CONSULT_ARCHIVE}, SQ_ERR_STATE);
    life_timeout(&l, CONSULT_DUE_BACKFILL);
    cr_expect_eq(l.c.backfill.state, CONSULT_BACKFILL_OVERDUE);
    cr_expect(life_told(&l, CONSULT_DO_TELL_BACKFILL));
    life_timeout(&l, CONSULT_DUE_BACKFILL); /* and says so again */
    life_no(&l, (struct consult_event){.type = CONSULT_BACKFILL}, SQ_ERR_INVALID);
    life_no(&l, (struct consult_event){.type = CONSULT_BACKFILL, .needs = CONSULT_NEEDS_TRIAGE},
            SQ_ERR_INVALID);
    life_ok(&l, (struct consult_event){.type = CONSULT_BACKFILL, .needs = CONSULT_NEEDS_INVITED});
    cr_expect(life_told(&l, CONSULT_DO_TELL_BACKFILL));
    life_no(&l, (struct consult_event){.type = CONSULT_BACKFILL, .needs = CONSULT_NEEDS_INVITED},
            SQ_ERR_STATE);
    life_ok(&l, (struct consult_event){.type = CONSULT_BACKFILL, .needs = CONSULT_NEEDS_AGREEMENT});
    life_no(&l, (struct consult_event){.type = CONSULT_ARCHIVE}, SQ_ERR_STATE); /* consent */
    life_consent(&l, CONSULT_CONSENT, CONSULT_CONSENT_SHARE);
    cr_expect_eq(l.c.backfill.state, CONSULT_BACKFILL_DONE);
    life_by(&l, CONSULT_ARCHIVE, 0);
}

Test(consult_after, an_emergency_that_nobody_took_owes_nothing)
{
    struct life l = life_of(CONSULT_EMERGENCY, CONSULT_NEEDS_APPROVAL);
    life_to_routed(&l, 1);
    life_timeout(&l, CONSULT_DUE_STATE);
    life_route(&l, 0);
    cr_expect_eq(l.c.state, CONSULT_EXPIRED);
    cr_expect_eq(l.c.backfill.state, CONSULT_BACKFILL_NONE);
    life_ok(&l, (struct consult_event){.type = CONSULT_REOPEN});
    cr_expect_eq(consult_next(&l.c), CONSULT_ROUTE);
    life_route(&l, 1);
    cr_expect_eq(l.c.backfill.state, CONSULT_BACKFILL_DUE);
}

Test(consult_after, an_emergency_that_was_taken_owes_however_it_ends)
{
    struct life l = life_of(CONSULT_EMERGENCY, CONSULT_NEEDS_APPROVAL);
    life_to_routed(&l, 1);
    life_by(&l, CONSULT_ACCEPT, 0);
    life_by(&l, CONSULT_CANCEL, CONSULT_APPLICANT);
    cr_expect_eq(l.c.backfill.state, CONSULT_BACKFILL_DUE);
    life_timeout(&l, CONSULT_DUE_BACKFILL);
    life_ok(&l, (struct consult_event){.type = CONSULT_BACKFILL, .needs = CONSULT_NEEDS_APPROVAL});
    cr_expect_eq(l.c.backfill.state, CONSULT_BACKFILL_DONE);
}

/* ---- reading ---- */

static struct life worklist(int readers)
{
    struct life l = life_of(CONSULT_READING, 0);
    l.c.urgency = CONSULT_URGENCY_URGENT;
    life_to_routed(&l, readers);
    return l;
}

Test(consult_after, a_reading_that_is_not_claimed_goes_up_and_stays_in_the_worklist)
{
    struct life l = worklist(2);
    cr_expect_not(l.c.room.open);
    cr_expect_eq(l.c.deadlines[CONSULT_DUE_READING],
                 l.utc_us + l.times.reading_us[CONSULT_URGENCY_URGENT]);
    life_timeout(&l, CONSULT_DUE_READING);
    cr_expect(l.c.plan.escalating);
    life_route(&l, 1);
    cr_expect_eq(__builtin_popcountll(consult_ringing(&l.c)), 3);
    life_timeout(&l, CONSULT_DUE_READING);
    life_route(&l, 0); /* nobody above: they all have their time once more */
    cr_expect_eq(l.c.state, CONSULT_ROUTED);
    life_timeout(&l, CONSULT_DUE_READING);
    cr_expect_eq(l.c.state, CONSULT_EXPIRED);
}

Test(consult_after, a_claim_is_one_persons_until_it_runs_out)
{
    struct life l = worklist(2);
    life_by(&l, CONSULT_CLAIM, 0);
    life_no(&l, (struct consult_event){.type = CONSULT_CLAIM, .member = 1}, SQ_ERR_CONFLICT);
    l.utc_us += TIME_US_PER_S;
    life_by(&l, CONSULT_SAVE, 0);
    cr_expect_eq(l.c.state, CONSULT_OPINION_DRAFTED);
    cr_expect_eq(l.c.members[0].opinion, CONSULT_OPINION_DRAFT);
    l.utc_us += TIME_US_PER_S;
    life_by(&l, CONSULT_SAVE, 0); /* who writes keeps it */
    cr_expect_eq(l.c.deadlines[CONSULT_DUE_STATE], l.utc_us + l.times.claim_us);
    life_no(&l, (struct consult_event){.type = CONSULT_SIGN, .member = 1}, SQ_ERR_STATE);
    life_timeout(&l, CONSULT_DUE_STATE);
    cr_expect_eq(l.c.state, CONSULT_ROUTED);
    cr_expect_eq(__builtin_popcountll(consult_ringing(&l.c)), 2);
    life_by(&l, CONSULT_CLAIM, 1);
    life_timeout(&l, CONSULT_DUE_READING); /* late: told so, and keeps it */
    cr_expect_eq(life_command(&l, CONSULT_DO_REMIND)->member, 1);
    time_us due = l.c.deadlines[CONSULT_DUE_READING];
    life_by(&l, CONSULT_RELEASE, 1);
    cr_expect_eq(l.c.state, CONSULT_ROUTED);
    cr_expect_eq(l.c.deadlines[CONSULT_DUE_READING], due); /* the panel gains no time by it */
}

Test(consult_after, a_reader_who_is_removed_has_not_refused)
{
    struct life l = worklist(2);
    life_by(&l, CONSULT_REFUSE, 0);
    life_by(&l, CONSULT_CLAIM, 1);
    life_by(&l, CONSULT_REMOVE, 1);
    cr_expect_eq(l.c.state, CONSULT_ROUTED);
    cr_expect(l.c.plan.escalating);
    life_route(&l, 0);
    cr_expect_eq(l.c.state, CONSULT_EXPIRED);
}

Test(consult_after, without_consent_nothing_is_claimed)
{
    struct life l = worklist(1);
    l.c.consent = 0;
    life_no(&l, (struct consult_event){.type = CONSULT_CLAIM, .member = 0}, SQ_ERR_DENIED);
}

Test(consult_after, a_critical_value_rings_until_somebody_has_taken_note)
{
    struct life l = worklist(1);
    life_no(&l, (struct consult_event){.type = CONSULT_CRITICAL}, SQ_ERR_STATE);
    life_by(&l, CONSULT_CLAIM, 0);
    life_by(&l, CONSULT_CRITICAL, 0);
    life_by(&l, CONSULT_SAVE, 0);
    life_by(&l, CONSULT_SIGN, 0); /* the alert goes on */
    life_timeout(&l, CONSULT_DUE_CRITICAL);
    life_timeout(&l, CONSULT_DUE_CRITICAL);
    cr_expect(life_told(&l, CONSULT_DO_TELL_CRITICAL));
    life_by(&l, CONSULT_DELIVER, 0);
    life_by(&l, CONSULT_ACKNOWLEDGE, 0);
    life_by(&l, CONSULT_OUTCOME, 0);
    life_no(&l, (struct consult_event){.type = CONSULT_ARCHIVE}, SQ_ERR_STATE);
    life_by(&l, CONSULT_CRITICAL_ACK, 0);
    life_no(&l, (struct consult_event){.type = CONSULT_CRITICAL_ACK}, SQ_ERR_STATE);
    life_by(&l, CONSULT_ARCHIVE, 0);
}

Test(consult_after, one_tap_from_a_reading_to_a_call_and_back)
{
    struct life l = worklist(1);
    life_by(&l, CONSULT_CLAIM, 0);
    life_no(&l, (struct consult_event){.type = CONSULT_ENTER, .member = 0}, SQ_ERR_STATE);
    life_by(&l, CONSULT_GO_LIVE, 0);
    cr_expect(life_told(&l, CONSULT_DO_RING_APPLICANT));
    life_timeout(&l, CONSULT_DUE_STATE); /* nobody came: it stays claimed */
    cr_expect_eq(l.c.state, CONSULT_ACCEPTED);
    cr_expect(life_told(&l, CONSULT_DO_TELL_STATE));
    cr_expect_eq(l.c.deadlines[CONSULT_DUE_STATE], l.utc_us + l.times.claim_us);
    cr_expect_not(l.c.room.open);
    life_no(&l, (struct consult_event){.type = CONSULT_END}, SQ_ERR_STATE); /* no call */
    life_by(&l, CONSULT_GO_LIVE, 0);
    life_by(&l, CONSULT_END, 0); /* nobody answers: hung up */
    cr_expect_eq(l.c.state, CONSULT_ACCEPTED);
    cr_expect(!l.c.room.open && life_told(&l, CONSULT_DO_TELL_STATE));
    cr_expect_eq(l.c.deadlines[CONSULT_DUE_STATE], l.utc_us + l.times.claim_us);
    life_by(&l, CONSULT_GO_LIVE, 0);
    life_by(&l, CONSULT_ENTER, CONSULT_APPLICANT);
    life_by(&l, CONSULT_ENTER, 0);
    cr_expect_eq(l.c.state, CONSULT_IN_PROGRESS);
    life_by(&l, CONSULT_DROP, 0);
    life_timeout(&l, CONSULT_DUE_STATE);
    cr_expect_eq(l.c.reason, CONSULT_WHY_ABANDONED);
    life_by(&l, CONSULT_GO_LIVE, 0); /* and once more */
    life_by(&l, CONSULT_ENTER, CONSULT_APPLICANT);
    life_by(&l, CONSULT_ENTER, 0);
    cr_expect_eq(l.c.reason, CONSULT_WHY_NONE);
    life_by(&l, CONSULT_END, 0);
    cr_expect_eq(l.c.state, CONSULT_OPINION_DRAFTED);
    life_by(&l, CONSULT_SIGN, 0);
}

/* ---- mdt ---- */

static struct life mdt_in_call(int experts)
{
    struct life l = life_of(CONSULT_MDT, CONSULT_NEEDS_SCHEDULE);
    life_to_routed(&l, 1 + experts);
    for (int i = 1; i <= experts; i++)
        life_by(&l, CONSULT_ACCEPT, i);
    cr_assert_eq(l.c.state, CONSULT_ROUTED);
    life_by(&l, CONSULT_ACCEPT, 0); /* the chair */
    cr_assert_eq(l.c.state, CONSULT_ACCEPTED);
    life_slot(&l, 0);
    life_by(&l, CONSULT_ENTER, CONSULT_APPLICANT);
    for (int i = experts; i >= 0; i--)
        life_by(&l, CONSULT_ENTER, i);
    cr_assert_eq(l.c.state, CONSULT_IN_PROGRESS);
    return l;
}

Test(consult_after, an_mdt_needs_a_chair_to_be_asked)
{
    struct life l = life_of(CONSULT_MDT, CONSULT_NEEDS_SCHEDULE);
    life_ok(&l, (struct consult_event){.type = CONSULT_SUBMIT});
    life_by(&l, CONSULT_APPROVE, 0);
    life_by(&l, CONSULT_TRIAGE, 0);
    cr_expect_eq(consult_next(&l.c), CONSULT_EVENT_COUNT);
    life_no(&l, (struct consult_event){.type = CONSULT_ROUTE, .route = {.added = 2, .chair = -1}},
            SQ_ERR_INVALID);
    life_add(&l, 0, CONSULT_EXPERT);
    life_add(&l, 1, CONSULT_CHAIR);
    cr_expect_eq(consult_next(&l.c), CONSULT_ROUTE);
    life_route(&l, 0);
    cr_expect_eq(__builtin_popcountll(consult_ringing(&l.c)), 2);
}

Test(consult_after, the_chair_concludes_when_everybody_wrote)
{
    struct life l = mdt_in_call(3);
    life_by(&l, CONSULT_LEAVE, 2); /* an expert who goes interrupts nothing */
    cr_expect_eq(l.c.state, CONSULT_IN_PROGRESS);
    life_by(&l, CONSULT_END, 0);
    cr_expect_eq(consult_unwritten(&l.c), consult_bit(1) | consult_bit(2) | consult_bit(3));
    life_by(&l, CONSULT_SIGN, 1);
    cr_expect_eq(l.c.state, CONSULT_OPINION_DRAFTED);
    life_no(&l, (struct consult_event){.type = CONSULT_SIGN, .member = 1}, SQ_ERR_STATE);
    life_no(&l, (struct consult_event){.type = CONSULT_CONCLUDE}, SQ_ERR_STATE);
    life_by(&l, CONSULT_EXCUSE, 2);
    life_by(&l, CONSULT_REMOVE, 3);
    life_ok(&l, (struct consult_event){.type = CONSULT_CONCLUDE, .follow_up_days = 7});
    cr_expect_eq(l.c.state, CONSULT_OPINION_SIGNED);
}

Test(consult_after, who_was_not_there_while_they_talked_does_not_write)
{
    struct life l = life_of(CONSULT_MDT, CONSULT_NEEDS_SCHEDULE);
    life_to_routed(&l, 4);
    for (int i = 3; i >= 0; i--)
        life_by(&l, CONSULT_ACCEPT, i);
    life_slot(&l, 0);
    life_by(&l, CONSULT_ENTER, 1);
    life_by(&l, CONSULT_LEAVE, 1); /* before it began */
    life_by(&l, CONSULT_ENTER, CONSULT_APPLICANT);
    life_by(&l, CONSULT_ENTER, 0);
    life_by(&l, CONSULT_ENTER, 2); /* later */
    life_by(&l, CONSULT_LEAVE, 2);
    life_by(&l, CONSULT_END, 0);
    cr_expect_eq(consult_unwritten(&l.c), consult_bit(2));
    life_by(&l, CONSULT_SIGN, 3); /* may write all the same */
}

Test(consult_after, the_chair_goes_to_another_in_the_middle)
{
    struct life l = mdt_in_call(2);
    life_by(&l, CONSULT_DROP, 0);
    cr_expect_eq(l.c.state, CONSULT_INTERRUPTED);
    life_add(&l, 2, CONSULT_CHAIR);
    cr_expect_eq(l.c.state, CONSULT_IN_PROGRESS);
    cr_expect_eq(l.c.specialist, 2);
    life_by(&l, CONSULT_REMOVE, 0); /* who was the chair may go now */
    cr_expect_eq(l.c.state, CONSULT_IN_PROGRESS);
    life_by(&l, CONSULT_REMOVE, 1); /* the last expert */
    life_by(&l, CONSULT_END, 2);
    life_by(&l, CONSULT_CONCLUDE, 2);
}

Test(consult_after, a_chair_who_refuses_is_replaced_by_one_who_came)
{
    struct life l = life_of(CONSULT_MDT, CONSULT_NEEDS_SCHEDULE);
    life_to_routed(&l, 3);
    life_by(&l, CONSULT_ACCEPT, 1);
    life_by(&l, CONSULT_REFUSE, 0);
    cr_expect_eq(l.c.state, CONSULT_ROUTED);
    cr_expect(l.c.plan.escalating);
    life_add(&l, 1, CONSULT_CHAIR);
    cr_expect_eq(l.c.state, CONSULT_ACCEPTED);
    cr_expect_eq(l.c.specialist, 1);
    life_by(&l, CONSULT_ACCEPT, 2); /* late, and welcome */
    life_by(&l, CONSULT_REFUSE, 2); /* or not */
    cr_expect_eq(l.c.state, CONSULT_ACCEPTED);
}

Test(consult_after, a_chair_is_sought_in_the_panel_above)
{
    struct life l = life_of(CONSULT_MDT, CONSULT_NEEDS_SCHEDULE);
    life_to_routed(&l, 2);
    life_by(&l, CONSULT_REFUSE, 0);
    life_ok(&l, (struct consult_event){.type = CONSULT_ROUTE, .route = {.added = 1, .chair = -1}});
    life_by(&l, CONSULT_ACCEPT, 2);
    cr_expect_eq(l.c.state, CONSULT_ACCEPTED);
    cr_expect_eq(l.c.specialist, 2);
    cr_expect_eq(consult_ringing(&l.c), consult_bit(1)); /* the other expert is invited still */
}

Test(consult_after, an_expert_who_is_late_ends_the_readiness)
{
    struct life l = life_of(CONSULT_MDT, CONSULT_NEEDS_SCHEDULE);
    life_to_routed(&l, 2);
    life_by(&l, CONSULT_ACCEPT, 0);
    life_slot(&l, LIFE_DAY_US);
    life_ready(&l, CONSULT_APPLICANT, true);
    life_ready(&l, 0, true);
    cr_expect_eq(l.c.state, CONSULT_READY);
    life_by(&l, CONSULT_ACCEPT, 1);
    cr_expect_eq(l.c.state, CONSULT_SCHEDULED);
}

/* ---- opinion and after ---- */

static struct life delivered(int follow_up_days)
{
    struct life l = life_of(CONSULT_LIVE, 0);
    life_to_call(&l);
    life_by(&l, CONSULT_SAVE, 0);
    l.utc_us += TIME_US_PER_S;
    life_by(&l, CONSULT_END, 0);
    cr_expect_eq(l.c.at.ended_utc_us, l.utc_us);
    life_ok(&l, (struct consult_event){.type = CONSULT_SIGN, .follow_up_days = follow_up_days});
    cr_expect_eq(consult_next(&l.c), CONSULT_DELIVER);
    life_by(&l, CONSULT_DELIVER, 0);
    return l;
}

Test(consult_after, an_opinion_that_nobody_writes_is_asked_for)
{
    struct life l = life_of(CONSULT_LIVE, 0);
    life_to_call(&l);
    life_by(&l, CONSULT_LEAVE, 0);
    life_timeout(&l, CONSULT_DUE_STATE);
    cr_expect_eq(l.c.state, CONSULT_OPINION_DRAFTED);
    cr_expect_eq(l.c.reason, CONSULT_WHY_ABANDONED);
    life_timeout(&l, CONSULT_DUE_STATE);
    cr_expect_eq(life_command(&l, CONSULT_DO_REMIND)->member, 0);
    life_no(&l, (struct consult_event){.type = CONSULT_SIGN, .follow_up_days = -1}, SQ_ERR_INVALID);
}

Test(consult_after, the_outcome_comes_back)
{
    struct life l = delivered(14);
    life_timeout(&l, CONSULT_DUE_STATE);
    cr_expect_eq(life_command(&l, CONSULT_DO_REMIND)->member, CONSULT_APPLICANT);
    life_by(&l, CONSULT_ACKNOWLEDGE, 0);
    cr_expect_eq(l.c.deadlines[CONSULT_DUE_STATE], l.c.at.signed_utc_us + 14 * LIFE_DAY_US);
    life_no(&l, (struct consult_event){.type = CONSULT_ARCHIVE}, SQ_ERR_STATE);
    life_timeout(&l, CONSULT_DUE_STATE);
    cr_expect_eq(l.c.state, CONSULT_FOLLOW_UP_DUE);
    life_timeout(&l, CONSULT_DUE_STATE);
    cr_expect(life_told(&l, CONSULT_DO_REMIND));
    life_by(&l, CONSULT_OUTCOME, 0);
    cr_expect_eq(l.c.state, CONSULT_OUTCOME_RECORDED);
    life_by(&l, CONSULT_OUTCOME, 0); /* and another, later */
    cr_expect(life_told(&l, CONSULT_DO_TELL_STATE));
    life_by(&l, CONSULT_ARCHIVE, 0);
    cr_expect(consult_is_over(l.c.state));
}

Test(consult_after, an_outcome_is_asked_for_where_no_day_was_named)
{
    struct life l = delivered(0);
    life_by(&l, CONSULT_ACKNOWLEDGE, 0);
    cr_expect_eq(l.c.deadlines[CONSULT_DUE_STATE], l.c.at.signed_utc_us + l.times.outcome_us);
    life_no(&l, (struct consult_event){.type = CONSULT_ARCHIVE}, SQ_ERR_STATE);
    life_timeout(&l, CONSULT_DUE_STATE);
    cr_expect_eq(l.c.state, CONSULT_FOLLOW_UP_DUE);
    cr_expect_eq(life_command(&l, CONSULT_DO_REMIND)->member, CONSULT_APPLICANT);
    l.utc_us = l.c.at.signed_utc_us + l.times.outcome_us + l.times.outcome_over_us - 1;
    life_no(&l, (struct consult_event){.type = CONSULT_ARCHIVE}, SQ_ERR_STATE);
    l.utc_us++;
    life_by(&l, CONSULT_ARCHIVE, 0); /* asked for in vain */
    cr_expect_eq(l.c.state, CONSULT_ARCHIVED);
}

Test(consult_after, what_is_signed_is_superseded_and_never_unsigned)
{
    struct life l = delivered(0);
    l.utc_us += TIME_US_PER_S;
    life_by(&l, CONSULT_ACKNOWLEDGE, 0);
    life_no(&l, (struct consult_event){.type = CONSULT_SAVE}, SQ_ERR_STATE);
    life_no(&l, (struct consult_event){.type = CONSULT_REMOVE}, SQ_ERR_STATE);
    life_ok(&l, (struct consult_event){.type = CONSULT_SUPERSEDE, .follow_up_days = 3});
    cr_expect_eq(l.c.state, CONSULT_DELIVERED);
    cr_expect(life_told(&l, CONSULT_DO_TELL_OPINION));
    cr_expect_eq(l.c.at.signed_utc_us, l.utc_us);
    cr_expect_eq(l.c.follow_up_days, 3);
    life_by(&l, CONSULT_ACKNOWLEDGE, 0);
    life_by(&l, CONSULT_OUTCOME, 0);
    life_by(&l, CONSULT_ARCHIVE, 0);
    life_by(&l, CONSULT_SUPERSEDE, 0);
    cr_expect_eq(l.c.state, CONSULT_ARCHIVED);
    cr_expect(life_told(&l, CONSULT_DO_TELL_OPINION));
}

Test(consult_after, each_member_of_an_mdt_supersedes_its_own)
{
    struct life l = mdt_in_call(2);
    life_by(&l, CONSULT_END, 0);
    life_by(&l, CONSULT_SIGN, 1);
    life_by(&l, CONSULT_SUPERSEDE, 1); /* before the conclusion: told, no new state */
    cr_expect_eq(l.c.state, CONSULT_OPINION_DRAFTED);
    life_no(&l, (struct consult_event){.type = CONSULT_SUPERSEDE},
            SQ_ERR_STATE); /* no conclusion */
    life_by(&l, CONSULT_EXCUSE, 2);
    life_ok(&l, (struct consult_event){.type = CONSULT_CONCLUDE, .follow_up_days = 5});
    time_us concluded = l.utc_us++;
    life_no(&l, (struct consult_event){.type = CONSULT_SUPERSEDE, .member = 2}, SQ_ERR_STATE);
    life_by(&l, CONSULT_SUPERSEDE, 1);
    cr_expect_eq(l.c.state, CONSULT_DELIVERED);
    cr_expect_eq(l.c.follow_up_days, 5); /* the conclusion's holds */
    cr_expect_eq(l.c.at.signed_utc_us, concluded);
    life_by(&l, CONSULT_SUPERSEDE, 0);
    cr_expect_eq(l.c.follow_up_days, 0);
}

Test(consult_after, cancelled_up_to_ready_and_not_later)
{
    struct life l = life_of(CONSULT_LIVE, 0);
    life_to_routed(&l, 1);
    life_by(&l, CONSULT_ACCEPT, 0);
    life_ready(&l, 0, true);
    life_ready(&l, CONSULT_APPLICANT, true);
    cr_expect_eq(l.c.state, CONSULT_READY);
    struct life copy = l;
    life_by(&copy, CONSULT_CANCEL, CONSULT_APPLICANT);
    cr_expect_eq(copy.c.state, CONSULT_CANCELLED);
    life_by(&l, CONSULT_ENTER, CONSULT_APPLICANT);
    life_by(&l, CONSULT_ENTER, 0);
    life_no(&l, (struct consult_event){.type = CONSULT_CANCEL}, SQ_ERR_STATE);
}

Test(consult_after, more_people_than_a_set_holds)
{
    struct life l = life_of(CONSULT_LIVE, 0);
    life_to_routed(&l, CONSULT_MEMBERS_MAX);
    life_no(&l, (struct consult_event){.type = CONSULT_ADD, .member = CONSULT_MEMBERS_MAX},
            SQ_ERR_LIMIT);
    life_no(&l, (struct consult_event){.type = CONSULT_ROUTE, .route = {.added = 1, .chair = -1}},
            SQ_ERR_LIMIT);
    life_by(&l, CONSULT_ACCEPT, CONSULT_MEMBERS_MAX - 1);
    cr_expect_eq(life_command(&l, CONSULT_DO_STOP_RING)->members, UINT64_MAX >> 1);
}

/* ---- names ---- */

Test(consult_after, names_go_there_and_back)
{
    for (int i = 0; i < CONSULT_STATE_COUNT; i++)
        cr_expect_eq(consult_state_parse(consult_state_name((enum consult_state)i)), i);
    for (int i = 0; i < CONSULT_KIND_COUNT; i++)
        cr_expect_eq(consult_kind_parse(consult_kind_name((enum consult_kind)i)), i);
    for (int i = 0; i < CONSULT_URGENCY_COUNT; i++)
        cr_expect_eq(consult_urgency_parse(consult_urgency_name((enum consult_urgency)i)), i);
    for (int i = 0; i < CONSULT_REASON_COUNT; i++)
        cr_expect_eq(consult_reason_parse(consult_reason_name((enum consult_reason)i)), i);
    for (int i = 0; i < CONSULT_STRATEGY_COUNT; i++)
        cr_expect_eq(consult_strategy_parse(consult_strategy_name((enum consult_strategy)i)), i);
    for (int i = 0; i < CONSULT_DEADLINE_COUNT; i++)
        cr_expect_eq(consult_deadline_parse(consult_deadline_name((enum consult_deadline)i)), i);
    cr_expect_eq(consult_role_parse("chair"), CONSULT_CHAIR);
    cr_expect_eq(consult_role_parse("king"), -1);
    cr_expect_eq(consult_state_parse("no such"), CONSULT_STATE_COUNT);
    cr_expect_eq(consult_kind_parse(NULL), CONSULT_KIND_COUNT);
    cr_expect_eq(consult_reason_parse("?"), -1);
    cr_expect_str_eq(consult_ring_end_name(CONSULT_BY_OTHER), "accepted_by_other");
    cr_expect_str_eq(consult_backfill_name(CONSULT_BACKFILL_OVERDUE), "overdue");
    cr_expect_str_eq(consult_critical_name(CONSULT_CRITICAL_RAISED), "raised");
}
