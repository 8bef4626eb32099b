/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of the life cycle, one by one. Every pair is walked in test_pairs.c, random lives in
 * test_histories.c. */
#include "life.h"
#include "shanqiao/error.h"
#include <criterion/criterion.h>
#include <string.h>

TestSuite(consult_step);

Test(consult_step, a_new_one_is_a_draft_that_needs_what_its_kind_needs)
{
    for (int kind = 0; kind < CONSULT_KIND_COUNT; kind++) {
        struct consult c;
        bool slot = kind == CONSULT_MDT || kind == CONSULT_JOINT_CLINIC;
        consult_init(&c, (enum consult_kind)kind);
        cr_expect_eq(c.state, CONSULT_DRAFT);
        cr_expect_eq(c.needs, slot ? CONSULT_NEEDS_SCHEDULE : 0);
        cr_expect_eq(c.urgency, kind == CONSULT_EMERGENCY ? CONSULT_URGENCY_EMERGENCY
                                                          : CONSULT_URGENCY_ROUTINE);
        for (int person = -3; person < 3; person++)
            cr_expect_eq(consult_presence_of(&c, person), CONSULT_AWAY);
    }
    struct life l = life_of(CONSULT_LIVE, 0);
    l.c.urgency = CONSULT_URGENCY_COUNT;
    life_no(&l, (struct consult_event){.type = CONSULT_SUBMIT}, SQ_ERR_INVALID);
    l.c.urgency = CONSULT_URGENCY_KEEP;
    life_no(&l, (struct consult_event){.type = CONSULT_SUBMIT}, SQ_ERR_INVALID);
}

Test(consult_step, everything_automatic_rings_at_once)
{
    struct life l = life_of(CONSULT_LIVE, 0);
    life_to_routed(&l, 3);
    cr_expect_eq(l.c.state, CONSULT_ROUTED);
    cr_expect(life_told(&l, CONSULT_DO_RING));
    cr_expect(l.c.room.open && !l.c.room.live);
}

Test(consult_step, both_sides_approve_in_any_order_and_only_once)
{
    struct life l = life_of(CONSULT_LIVE, CONSULT_NEEDS_APPROVAL | CONSULT_NEEDS_TRIAGE);
    life_ok(&l, (struct consult_event){.type = CONSULT_SUBMIT});
    cr_expect_eq(consult_next(&l.c), CONSULT_EVENT_COUNT);
    life_no(&l, (struct consult_event){.type = CONSULT_APPROVE}, SQ_ERR_STATE); /* not by itself */
    life_ok(&l, (struct consult_event){.type = CONSULT_APPROVE, .needs = CONSULT_NEEDS_INVITED});
    cr_expect_eq(l.c.state, CONSULT_SUBMITTED);
    cr_expect(life_told(&l, CONSULT_DO_TELL_STATE)); /* one side less to wait for */
    life_no(&l, (struct consult_event){.type = CONSULT_APPROVE, .needs = CONSULT_NEEDS_INVITED},
            SQ_ERR_STATE);
    life_no(&l, (struct consult_event){.type = CONSULT_APPROVE, .needs = CONSULT_NEEDS_SCHEDULE},
            SQ_ERR_INVALID);
    life_ok(&l, (struct consult_event){.type = CONSULT_APPROVE, .needs = CONSULT_NEEDS_INVITING});
    cr_expect_eq(l.c.state, CONSULT_APPROVED);
    cr_expect_eq(consult_next(&l.c), CONSULT_EVENT_COUNT); /* a coordinator triages */
    life_ok(&l, (struct consult_event){.type = CONSULT_TRIAGE, .urgency = CONSULT_URGENCY_URGENT});
    cr_expect_eq(l.c.urgency, CONSULT_URGENCY_URGENT);
    cr_expect_eq(consult_next(&l.c), CONSULT_ROUTE);
}

Test(consult_step, a_returned_request_is_approved_anew)
{
    struct life l = life_of(CONSULT_LIVE, CONSULT_NEEDS_APPROVAL);
    life_ok(&l, (struct consult_event){.type = CONSULT_SUBMIT});
    life_ok(&l, (struct consult_event){.type = CONSULT_APPROVE, .needs = CONSULT_NEEDS_INVITING});
    life_ok(&l, (struct consult_event){.type = CONSULT_RETURN});
    cr_expect_eq(l.c.state, CONSULT_RETURNED);
    cr_expect_eq(l.c.reason, CONSULT_WHY_RETURNED);
    life_ok(&l, (struct consult_event){.type = CONSULT_EDIT});
    life_ok(&l, (struct consult_event){.type = CONSULT_SUBMIT});
    cr_expect_eq(l.c.approvals, CONSULT_NEEDS_APPROVAL);
    cr_expect_eq(l.c.reason, CONSULT_WHY_NONE);
}

Test(consult_step, reopening_does_not_step_over_an_approval)
{
    struct life l = life_of(CONSULT_LIVE, CONSULT_NEEDS_INVITED);
    life_ok(&l, (struct consult_event){.type = CONSULT_SUBMIT});
    life_timeout(&l, CONSULT_DUE_STATE);
    cr_expect_eq(l.c.state, CONSULT_EXPIRED);
    cr_expect_eq(l.c.reason, CONSULT_WHY_NOT_APPROVED);
    life_ok(&l, (struct consult_event){.type = CONSULT_REOPEN});
    cr_expect_eq(l.c.state, CONSULT_SUBMITTED);
    cr_expect_eq(consult_next(&l.c), CONSULT_EVENT_COUNT);
}

Test(consult_step, nobody_on_duty_anywhere_expires_and_opens_no_room)
{
    struct life l = life_of(CONSULT_LIVE, 0);
    life_to_routed(&l, 0);
    cr_expect_eq(l.c.state, CONSULT_ROUTED);
    cr_expect(life_told(&l, CONSULT_DO_ESCALATE));
    cr_expect_not(l.c.room.open);
    life_route(&l, 0);
    cr_expect_eq(l.c.state, CONSULT_EXPIRED);
    cr_expect_eq(l.c.reason, CONSULT_WHY_NOBODY_ON_DUTY);
    cr_expect_not(life_told(&l, CONSULT_DO_ROOM_CLOSE));
}

Test(consult_step, first_accept_wins_and_the_others_stop_ringing)
{
    struct life l = life_of(CONSULT_LIVE, 0);
    life_to_routed(&l, 3);
    life_by(&l, CONSULT_ACCEPT, 1);
    cr_expect_eq(l.c.state, CONSULT_ACCEPTED);
    cr_expect(l.c.room.live && life_told(&l, CONSULT_DO_ROOM_LIVE));
    cr_expect_eq(life_command(&l, CONSULT_DO_STOP_RING)->members, consult_bit(0) | consult_bit(2));
    life_no(&l, (struct consult_event){.type = CONSULT_ACCEPT, .member = 0}, SQ_ERR_CONFLICT);
    life_no(&l, (struct consult_event){.type = CONSULT_ACCEPT, .member = 1}, SQ_ERR_STATE);
    life_no(&l, (struct consult_event){.type = CONSULT_ACCEPT, .member = 77}, SQ_ERR_STATE);
    cr_expect_eq(l.c.specialist, 1);
}

Test(consult_step, county_then_city_then_province)
{
    struct life l = life_of(CONSULT_LIVE, 0);
    life_to_routed(&l, 2);
    life_timeout(&l, CONSULT_DUE_STATE);
    cr_expect_eq(l.c.state, CONSULT_ROUTED);
    cr_expect_eq(l.c.plan.level, 0);
    cr_expect_eq(consult_next(&l.c), CONSULT_ROUTE);
    life_route(&l, 1);
    cr_expect_eq(l.c.plan.level, 1);
    cr_expect_eq(consult_ringing(&l.c), consult_bit(2));
    life_no(&l, (struct consult_event){.type = CONSULT_ACCEPT, .member = 0},
            SQ_ERR_STATE); /* late */
    life_by(&l, CONSULT_REFUSE, 2);
    life_route(&l, 1);
    cr_expect_eq(l.c.plan.level, 2);
    life_by(&l, CONSULT_ACCEPT, 3);
    cr_expect_eq(l.c.specialist, 3);
    life_no(&l, (struct consult_event){.type = CONSULT_ACCEPT, .member = 0}, SQ_ERR_CONFLICT);
}

Test(consult_step, an_escalation_that_is_not_answered_ends)
{
    struct life l = life_of(CONSULT_LIVE, 0);
    life_to_routed(&l, 1);
    life_timeout(&l, CONSULT_DUE_STATE);
    cr_expect(l.c.plan.escalating);
    life_timeout(&l, CONSULT_DUE_STATE);
    cr_expect_eq(l.c.state, CONSULT_EXPIRED);
    cr_expect_eq(l.c.reason, CONSULT_WHY_NO_ANSWER);
}

Test(consult_step, all_refused_ends_it_and_one_refusal_does_not)
{
    struct life l = life_of(CONSULT_LIVE, 0);
    life_to_routed(&l, 2);
    life_by(&l, CONSULT_REFUSE, 0);
    cr_expect_eq(l.c.state, CONSULT_ROUTED);
    life_no(&l, (struct consult_event){.type = CONSULT_REFUSE, .member = 0}, SQ_ERR_STATE);
    life_no(&l, (struct consult_event){.type = CONSULT_ACCEPT, .member = 0}, SQ_ERR_STATE);
    life_by(&l, CONSULT_REFUSE, 1);
    cr_expect(l.c.plan.escalating);
    life_route(&l, 0);
    cr_expect_eq(l.c.state, CONSULT_REFUSED);
    cr_expect_eq(l.c.reason, CONSULT_WHY_ALL_REFUSED);
    cr_expect(life_told(&l, CONSULT_DO_ROOM_CLOSE));
    cr_expect_eq(l.c.deadlines[CONSULT_DUE_STATE], TIME_US_NEVER);
}

Test(consult_step, next_in_line_goes_down_the_line)
{
    struct life l = life_of(CONSULT_LIVE, 0);
    l.strategy = CONSULT_NEXT_IN_LINE;
    life_to_routed(&l, 3);
    cr_expect_eq(consult_ringing(&l.c), consult_bit(0));
    life_timeout(&l, CONSULT_DUE_STATE);
    cr_expect_eq(consult_ringing(&l.c), consult_bit(1));
    life_by(&l, CONSULT_REFUSE, 1);
    cr_expect_eq(consult_ringing(&l.c), consult_bit(2));
    life_add(&l, 3, CONSULT_EXPERT); /* comes on duty: waits for its turn */
    cr_expect_eq(consult_ringing(&l.c), consult_bit(2));
    life_timeout(&l, CONSULT_DUE_STATE);
    cr_expect_eq(consult_ringing(&l.c), consult_bit(3));
    life_timeout(&l, CONSULT_DUE_STATE);
    cr_expect(l.c.plan.escalating);
}

Test(consult_step, ring_one_does_not_go_down_the_line)
{
    struct life l = life_of(CONSULT_LIVE, 0);
    l.strategy = CONSULT_RING_ONE;
    life_to_routed(&l, 3);
    cr_expect_eq(consult_ringing(&l.c), consult_bit(0));
    life_timeout(&l, CONSULT_DUE_STATE);
    cr_expect(l.c.plan.escalating);
    cr_expect_eq(consult_ringing(&l.c), 0);
}

Test(consult_step, each_panel_is_rung_in_its_own_way)
{
    struct life l = life_of(CONSULT_LIVE, 0);
    life_to_routed(&l, 2);
    life_by(&l, CONSULT_REFUSE, 0);
    life_timeout(&l, CONSULT_DUE_STATE);
    l.strategy = CONSULT_NEXT_IN_LINE;
    life_route(&l, 2);
    cr_expect_eq(consult_ringing(&l.c), consult_bit(2));
    life_by(&l, CONSULT_REFUSE, 2);
    life_by(&l, CONSULT_REFUSE, 3);
    life_route(&l, 0);
    cr_expect_eq(l.c.state, CONSULT_EXPIRED); /* one did not answer: not all refused */
    cr_expect_eq(l.c.reason, CONSULT_WHY_NO_ANSWER);
}

Test(consult_step, who_comes_when_nobody_was_left_is_rung_at_once)
{
    static const enum consult_strategy strategies[] = {CONSULT_RING_ALL, CONSULT_NEXT_IN_LINE};
    for (int i = 0; i < 2; i++) {
        struct life l = life_of(CONSULT_LIVE, 0);
        l.strategy = strategies[i];
        life_to_routed(&l, 1);
        life_timeout(&l, CONSULT_DUE_STATE);
        cr_expect(l.c.plan.escalating);
        l.utc_us += TIME_US_PER_S;
        life_add(&l, 1, CONSULT_EXPERT);
        cr_expect_eq(consult_ringing(&l.c), consult_bit(1));
        cr_expect_eq(l.c.deadlines[CONSULT_DUE_STATE],
                     l.utc_us + (i == 0 ? l.times.wave_us : l.times.ring_us));
        life_by(&l, CONSULT_ACCEPT, 1);
    }
}

Test(consult_step, a_route_that_makes_no_sense)
{
    static const struct consult_route routes[] = {
        {.added = -1, .chair = -1},
        {.added = 1, .chair = -1, .strategy = CONSULT_STRATEGY_COUNT},
        {.added = 1, .chair = 1},
        {.added = 1, .chair = -3},
        {.added = 1, .chair = -1, .again = 1},
    };
    for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
        struct life l = life_of(CONSULT_MDT, 0);
        life_ok(&l, (struct consult_event){.type = CONSULT_SUBMIT});
        life_by(&l, CONSULT_APPROVE, 0);
        life_by(&l, CONSULT_TRIAGE, 0);
        life_no(&l, (struct consult_event){.type = CONSULT_ROUTE, .route = routes[i]},
                SQ_ERR_INVALID);
    }
}

Test(consult_step, who_comes_on_duty_while_all_ring_is_rung_too)
{
    struct life l = life_of(CONSULT_LIVE, 0);
    life_to_routed(&l, 1);
    time_us due = l.c.deadlines[CONSULT_DUE_STATE];
    life_add(&l, 1, CONSULT_EXPERT);
    cr_expect_eq(life_command(&l, CONSULT_DO_RING)->members, consult_bit(1));
    cr_expect_eq(l.c.deadlines[CONSULT_DUE_STATE], due); /* the patient waits no longer for it */
    life_by(&l, CONSULT_ACCEPT, 1);
    cr_expect_eq(l.c.specialist, 1);
}

Test(consult_step, a_time_out_that_comes_after_the_accept_is_too_early)
{
    struct life l = life_of(CONSULT_LIVE, 0);
    life_to_routed(&l, 1);
    l.utc_us = l.c.deadlines[CONSULT_DUE_STATE];
    life_by(&l, CONSULT_ACCEPT, 0);
    life_no(&l, (struct consult_event){.type = CONSULT_TIMEOUT}, SQ_ERR_STATE);
    cr_expect_eq(l.c.state, CONSULT_ACCEPTED);
}

Test(consult_step, who_accepted_and_cannot_come_is_replaced)
{
    struct life l = life_of(CONSULT_LIVE, 0);
    life_to_routed(&l, 2);
    life_by(&l, CONSULT_ACCEPT, 0);
    life_by(&l, CONSULT_ENTER, 0);
    life_by(&l, CONSULT_REFUSE, 0);
    cr_expect_eq(l.c.state, CONSULT_TRIAGED);
    cr_expect_eq(l.c.specialist, CONSULT_NOBODY);
    cr_expect_not(l.c.room.open);
    cr_expect_eq(consult_next(&l.c), CONSULT_ROUTE);
    life_ok(&l, (struct consult_event){.type = CONSULT_ROUTE,
                                       .route = {.again = consult_bit(1), .chair = -1}});
    cr_expect_eq(consult_ringing(&l.c), consult_bit(1));
    life_by(&l, CONSULT_ACCEPT, 1);
    life_by(&l, CONSULT_ENTER, CONSULT_APPLICANT);
    life_by(&l, CONSULT_ENTER, 1);
    life_no(&l, (struct consult_event){.type = CONSULT_REFUSE, .member = 1}, SQ_ERR_STATE);
}

Test(consult_step, a_removed_specialist_loses_the_call_at_once)
{
    struct life l = life_of(CONSULT_LIVE, 0);
    life_to_call(&l);
    life_by(&l, CONSULT_REMOVE, 0);
    cr_expect_eq(l.c.state, CONSULT_TRIAGED);
    cr_expect_not(l.c.room.open);
    cr_expect_eq(l.c.members[0].presence, CONSULT_AWAY);
    life_no(&l, (struct consult_event){.type = CONSULT_ROUTE, .route = {.again = 1, .chair = -1}},
            SQ_ERR_STATE); /* never again */
}

Test(consult_step, leave_is_not_end_and_the_room_outlives_drops)
{
    struct life l = life_of(CONSULT_LIVE, 0);
    life_to_routed(&l, 2);
    life_by(&l, CONSULT_ENTER, CONSULT_APPLICANT);
    cr_expect_eq(l.c.state, CONSULT_ROUTED);
    life_no(&l, (struct consult_event){.type = CONSULT_ENTER, .member = 1}, SQ_ERR_STATE);
    life_by(&l, CONSULT_ACCEPT, 1);
    life_by(&l, CONSULT_ENTER, 1);
    cr_expect_eq(l.c.state, CONSULT_IN_PROGRESS);
    cr_expect_eq(l.c.at.started_utc_us, l.utc_us);
    life_by(&l, CONSULT_LEAVE, CONSULT_APPLICANT);
    cr_expect_eq(l.c.state, CONSULT_INTERRUPTED);
    life_by(&l, CONSULT_LEAVE, CONSULT_APPLICANT);
    cr_expect_eq(l.out.count, 0); /* twice: nothing to do */
    life_by(&l, CONSULT_DROP, CONSULT_APPLICANT);
    cr_expect_eq(l.c.applicant, CONSULT_AWAY); /* who left isn't dropped */
    life_by(&l, CONSULT_DROP, 1);
    cr_expect(l.c.room.open && l.c.room.live);
    life_by(&l, CONSULT_ENTER, 1);
    cr_expect_eq(l.c.state, CONSULT_INTERRUPTED);
    life_by(&l, CONSULT_ENTER, CONSULT_APPLICANT);
    cr_expect_eq(l.c.state, CONSULT_IN_PROGRESS);
    cr_expect_eq(l.c.deadlines[CONSULT_DUE_STATE], TIME_US_NEVER);
}

Test(consult_step, end_before_the_call_began_cancels)
{
    struct life l = life_of(CONSULT_LIVE, 0);
    life_to_routed(&l, 1);
    life_no(&l, (struct consult_event){.type = CONSULT_END}, SQ_ERR_STATE);
    life_by(&l, CONSULT_ACCEPT, 0);
    life_by(&l, CONSULT_END, CONSULT_APPLICANT);
    cr_expect_eq(l.c.state, CONSULT_CANCELLED);
    cr_expect_eq(l.c.reason, CONSULT_WHY_NOT_STARTED);
}

Test(consult_step, guidance_ends_without_an_opinion)
{
    struct life l = life_of(CONSULT_GUIDANCE, 0);
    life_to_call(&l);
    life_no(&l, (struct consult_event){.type = CONSULT_SAVE}, SQ_ERR_STATE);
    life_by(&l, CONSULT_END, 0);
    cr_expect_eq(l.c.state, CONSULT_ARCHIVED);
}

/* ---- slots ---- */

static struct life scheduled(time_us in_us)
{
    struct life l = life_of(CONSULT_JOINT_CLINIC, CONSULT_NEEDS_SCHEDULE);
    life_to_routed(&l, 1);
    cr_assert_not(l.c.room.open);
    life_by(&l, CONSULT_ACCEPT, 0);
    life_no(&l, (struct consult_event){.type = CONSULT_ENTER, .member = 0}, SQ_ERR_STATE);
    life_slot(&l, in_us);
    return l;
}

Test(consult_step, a_slot_opens_its_room_when_its_time_comes)
{
    struct life l = scheduled(LIFE_DAY_US);
    cr_expect_eq(l.c.state, CONSULT_SCHEDULED);
    life_no(&l, (struct consult_event){.type = CONSULT_ENTER, .member = 0},
            SQ_ERR_STATE); /* early */
    l.utc_us = l.c.slot.start_utc_us - l.times.early_us;
    life_by(&l, CONSULT_ENTER, 0);
    cr_expect(life_told(&l, CONSULT_DO_ROOM_OPEN) && life_told(&l, CONSULT_DO_ROOM_LIVE));
    cr_expect_eq(l.c.state, CONSULT_SCHEDULED);
    life_no(&l, (struct consult_event){.type = CONSULT_END, .member = 0}, SQ_ERR_STATE);
    struct life ready = l;
    life_ready(&ready, 0, true);
    life_ready(&ready, CONSULT_APPLICANT, true);
    life_no(&ready, (struct consult_event){.type = CONSULT_END}, SQ_ERR_STATE); /* an appointment */
    life_by(&l, CONSULT_ENTER, CONSULT_APPLICANT);
    cr_expect_eq(l.c.state, CONSULT_IN_PROGRESS);
}

Test(consult_step, who_does_not_show_up_is_remembered)
{
    struct life l = scheduled(LIFE_DAY_US);
    l.utc_us = l.c.slot.start_utc_us;
    life_by(&l, CONSULT_ENTER, CONSULT_APPLICANT);
    life_timeout(&l, CONSULT_DUE_STATE);
    cr_expect_eq(l.utc_us, l.c.slot.start_utc_us + l.times.start_us);
    cr_expect_eq(l.c.state, CONSULT_NO_SHOW);
    cr_expect_not(l.c.absence.applicant);
    cr_expect_eq(l.c.absence.members, consult_bit(0));
    life_ok(&l, (struct consult_event){.type = CONSULT_REOPEN});
    cr_expect_eq(l.c.state, CONSULT_APPROVED);
    cr_expect_eq(l.c.specialist, CONSULT_NOBODY);
    cr_expect_eq(l.c.slot.end_utc_us, 0);
}

Test(consult_step, a_new_slot_makes_readiness_void)
{
    struct life l = scheduled(LIFE_DAY_US);
    life_ready(&l, CONSULT_APPLICANT, true);
    cr_expect_eq(l.c.state, CONSULT_SCHEDULED);
    life_ready(&l, 0, true);
    cr_expect_eq(l.c.state, CONSULT_READY);
    life_ready(&l, 0, false); /* the camera broke */
    cr_expect_eq(l.c.state, CONSULT_SCHEDULED);
    life_ready(&l, 0, true);
    life_slot(&l, 2 * LIFE_DAY_US);
    cr_expect_eq(l.c.state, CONSULT_SCHEDULED);
    cr_expect_not(l.c.applicant_ready || l.c.members[0].ready);
    l.utc_us = l.c.slot.start_utc_us;
    life_no(&l, life_slot_event(&l, -1), SQ_ERR_INVALID); /* in the past */
}

Test(consult_step, no_slot_found_expires)
{
    struct life l = life_of(CONSULT_LIVE, CONSULT_NEEDS_SCHEDULE);
    life_to_routed(&l, 1);
    life_no(&l, (struct consult_event){.type = CONSULT_ENTER, .member = CONSULT_APPLICANT},
            SQ_ERR_STATE);
    life_by(&l, CONSULT_ACCEPT, 0);
    life_timeout(&l, CONSULT_DUE_STATE);
    cr_expect_eq(l.c.state, CONSULT_EXPIRED);
    cr_expect_eq(l.c.reason, CONSULT_WHY_NOT_SCHEDULED);
}

/* ---- consent ---- */

Test(consult_step, without_consent_nobody_comes_in)
{
    struct life l = life_of(CONSULT_LIVE, 0);
    l.c.consent = 0;
    life_to_routed(&l, 1);
    life_no(&l, (struct consult_event){.type = CONSULT_ENTER, .member = CONSULT_APPLICANT},
            SQ_ERR_DENIED);
    life_consent(&l, CONSULT_CONSENT, CONSULT_CONSENT_SHARE);
    life_by(&l, CONSULT_ENTER, CONSULT_APPLICANT);
}

Test(consult_step, consent_is_for_a_purpose)
{
    struct life l = life_of(CONSULT_LIVE, 0);
    static const enum consult_event_type types[] = {CONSULT_CONSENT, CONSULT_CONSENT_WITHDRAWN};
    for (int i = 0; i < 2; i++) {
        life_no(&l, (struct consult_event){.type = types[i]}, SQ_ERR_INVALID);
        life_no(&l, (struct consult_event){.type = types[i], .consent = 8}, SQ_ERR_INVALID);
        life_no(&l, (struct consult_event){.type = types[i], .consent = 9}, SQ_ERR_INVALID);
    }
    life_consent(&l, CONSULT_CONSENT_WITHDRAWN, CONSULT_CONSENT_SHARE);
    cr_expect_eq(l.c.state, CONSULT_DRAFT); /* nothing was asked yet */
}

Test(consult_step, consent_withdrawn_while_ringing_or_talking_ends_all)
{
    for (int talking = 0; talking < 2; talking++) {
        struct life l = life_of(CONSULT_LIVE, 0);
        if (talking)
            life_to_call(&l);
        else
            life_to_routed(&l, 2);
        life_consent(&l, CONSULT_CONSENT_WITHDRAWN, CONSULT_CONSENT_SHARE);
        cr_expect_eq(l.c.state, CONSULT_CANCELLED);
        cr_expect_eq(l.c.reason, CONSULT_WHY_CONSENT_WITHDRAWN);
        cr_expect(life_told(&l, CONSULT_DO_ROOM_CLOSE));
        cr_expect_eq(life_told(&l, CONSULT_DO_STOP_RING), !talking);
        life_no(&l, (struct consult_event){.type = CONSULT_CONSENT, .consent = 1}, SQ_ERR_STATE);
    }
}

Test(consult_step, consent_withdrawn_after_signing_unsigns_nothing)
{
    struct life l = life_of(CONSULT_LIVE, 0);
    life_to_call(&l);
    life_by(&l, CONSULT_END, 0);
    life_by(&l, CONSULT_SIGN, 0);
    life_consent(&l, CONSULT_CONSENT_WITHDRAWN, CONSULT_CONSENT_SHARE);
    cr_expect_eq(l.c.state, CONSULT_OPINION_SIGNED);
    cr_expect_not(l.c.consent & CONSULT_CONSENT_SHARE);
    cr_expect(life_told(&l, CONSULT_DO_TELL_CONSENT));
}

Test(consult_step, recording_and_teaching_end_without_the_call)
{
    struct life l = life_of(CONSULT_LIVE, 0);
    life_to_call(&l);
    life_no(&l, (struct consult_event){.type = CONSULT_ADD, .member = 1, .role = CONSULT_OBSERVER},
            SQ_ERR_DENIED);
    life_consent(&l, CONSULT_CONSENT, CONSULT_CONSENT_RECORDING | CONSULT_CONSENT_TEACHING);
    life_add(&l, 1, CONSULT_OBSERVER);
    life_by(&l, CONSULT_ENTER, 1);
    life_consent(&l, CONSULT_CONSENT_WITHDRAWN, CONSULT_CONSENT_TEACHING);
    cr_expect_eq(life_command(&l, CONSULT_DO_ROOM_REMOVE)->members, consult_bit(1));
    cr_expect_eq(l.c.members[1].presence, CONSULT_AWAY);
    life_consent(&l, CONSULT_CONSENT_WITHDRAWN, CONSULT_CONSENT_RECORDING);
    cr_expect(life_told(&l, CONSULT_DO_STOP_RECORDING));
    cr_expect_eq(l.c.state, CONSULT_IN_PROGRESS);
    life_no(&l, (struct consult_event){.type = CONSULT_ENTER, .member = 1}, SQ_ERR_STATE);
}
