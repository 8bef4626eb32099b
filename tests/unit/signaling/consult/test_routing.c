/* SPDX-License-Identifier: Apache-2.0 */
/* Who is asked, in which order and for how long; which panel when these don't answer; agreements.
 */
#include "region.h"
#include "shanqiao/error.h"
#include "signaling/auth/session.h"
#include "signaling/consult/consult.h"
#include "signaling/rooms.h"
#include "signaling/store/store.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define MINUTE_US    (60 * TIME_US_PER_S)
#define NEXT_IN_LINE 2
#define RING_ONE     1

static struct people p;
static time_us ring_us;

static void up(void)
{
    region_init(&p);
    ring_us = p.service.limits.ring_timeout_us;
}

static void down(void)
{
    people_fini(&p);
}

TestSuite(consult_routing, .init = up, .fini = down);

/* Who of all rings now; the text of the names' first letters: "12cp". */
static const char *ringing(const char *id)
{
    static const struct {
        const char *account;
        char letter;
    } people[] = {{EXPERT_1, '1'},
                  {EXPERT_2, '2'},
                  {EXPERT_3, '3'},
                  {CITY_EXPERT, 'c'},
                  {PROVINCE_EXPERT, 'p'}};
    static char text[8];
    size_t count = 0;
    for (size_t i = 0; i < sizeof(people) / sizeof(people[0]); i++) {
        struct store_query q;
        STORE_QUERY(p.service.store, &q,
                    "SELECT 1 FROM ring WHERE consultation = $1 AND account = $2 AND state = 0",
                    sv_text(id), sv_text(people[i].account));
        if (store_next(&q))
            text[count++] = people[i].letter;
        cr_assert_eq(store_query_end(&q), 0);
    }
    text[count] = '\0';
    return text;
}

static void wait_ring(time_us us)
{
    p.utc_us += us;
    region_due(&p);
}

Test(consult_routing, next_in_line_then_up_through_the_levels)
{
    char id[ID_MAX];
    region_agreement(&p, 0, 0, 0, NEXT_IN_LINE);
    region_on_duty(&p, EXPERT_1, PANEL);
    p.utc_us += TIME_US_PER_S;
    region_on_duty(&p, EXPERT_2, PANEL);
    region_on_duty(&p, CITY_EXPERT, CITY_PANEL);
    region_on_duty(&p, PROVINCE_EXPERT, PROVINCE_PANEL);
    region_submit(&p, region_request("live"), id);
    cr_expect_str_eq(ringing(id), "1");
    wait_ring(ring_us - 1);
    cr_expect_str_eq(ringing(id), "1");
    wait_ring(1);
    cr_expect_str_eq(ringing(id), "2");
    cr_expect_eq(people_told(&p, EXPERT_1, "consultation.ringStopped"), 1);
    people_restart(&p); /* the deadline is a row */
    wait_ring(ring_us);
    cr_expect_str_eq(ringing(id), "c");
    region_act(&p, VILLAGER, "consultation.get", id);
    cr_expect_str_eq(
        json_string_value(json_object_get(
            json_object_get(json_object_get(p.call.result, "consultation"), "panel"), "id")),
        CITY_PANEL);
    wait_ring(ring_us);
    cr_expect_str_eq(ringing(id), "p");
    wait_ring(ring_us);
    cr_expect_str_eq(region_state(&p, id), "expired");
    cr_expect_str_eq(people_result(&p, "reason"), "no_answer");
    cr_expect_str_eq(ringing(id), "");
}

Test(consult_routing, the_agreement_says_how_long_a_panel_rings)
{
    char id[ID_MAX];
    cr_assert_eq(store_run(p.service.store,
                           "UPDATE agreement SET ring_s = 600 WHERE id = 'agr_all'", NULL, 0),
                 1);
    region_on_duty(&p, EXPERT_1, PANEL);
    region_submit(&p, region_request("live"), id);
    wait_ring(600 * TIME_US_PER_S - 1); /* longer than the setting */
    cr_expect_str_eq(ringing(id), "1");
    wait_ring(1);
    cr_expect_str_eq(ringing(id), "");
}

static void city_approves(void)
{
    cr_assert_eq(store_run(p.service.store,
                           "UPDATE agreement SET approve_invited = 1 WHERE id = 'agr_city'", NULL,
                           0),
                 1);
}

/* Submitted again: the city's word is missing, nobody else's will do. */
static void expect_city_is_asked(const char *id)
{
    cr_expect_str_eq(ringing(id), "");
    cr_expect_eq(people_told(&p, CITY_DESK, "consultation.state"), 1);
    cr_expect_str_eq(region_state(&p, id), "submitted");
    const json_t *awaits =
        json_object_get(json_object_get(p.call.result, "consultation"), "awaits");
    cr_assert_eq(json_array_size(awaits), 1);
    cr_expect_str_eq(json_string_value(json_array_get(awaits, 0)), "approval_invited");
    cr_expect_eq(people_call(&p, BASE_DESK, "consultation.approve", people_id(id)), SQ_ERR_STATE);
    region_act(&p, CITY_DESK, "consultation.approve", id);
    cr_expect_str_eq(people_result(&p, "state"), "routed");
    cr_expect_str_eq(ringing(id), "c");
}

Test(consult_routing, triage_to_another_hospital_asks_for_its_approval)
{
    char id[ID_MAX];
    region_agreement(&p, 0, 1, 1, 0);
    city_approves();
    region_on_duty(&p, CITY_EXPERT, CITY_PANEL);
    region_submit(&p, region_request("live"), id);
    region_act(&p, COUNTY_DESK, "consultation.approve", id);
    region_ok(&p, COUNTY_DESK, "consultation.triage",
              json_pack("{s:s, s:s}", "id", id, "panelId", CITY_PANEL));
    expect_city_is_asked(id);
}

Test(consult_routing, rerouting_to_another_hospital_asks_for_its_approval)
{
    char id[ID_MAX];
    city_approves();
    region_on_duty(&p, EXPERT_1, PANEL);
    region_on_duty(&p, CITY_EXPERT, CITY_PANEL);
    region_submit(&p, region_request("live"), id);
    region_ok(&p, COUNTY_DESK, "consultation.reroute",
              json_pack("{s:s, s:s, s:s}", "id", id, "panelId", CITY_PANEL, "reason", "no bed"));
    expect_city_is_asked(id);
}

Test(consult_routing, the_hospital_above_approves_before_it_is_asked)
{
    char id[ID_MAX];
    city_approves();
    region_on_duty(&p, EXPERT_1, PANEL);
    region_on_duty(&p, CITY_EXPERT, CITY_PANEL);
    region_submit(&p, region_request("live"), id);
    cr_expect_str_eq(ringing(id), "1");
    wait_ring(ring_us);
    expect_city_is_asked(id);
}

Test(consult_routing, what_the_same_hospital_approved_is_not_asked_again)
{
    char id[ID_MAX];
    region_agreement(&p, 1, 1, 1, 0);
    region_on_duty(&p, EXPERT_1, PANEL);
    region_submit(&p, region_request("live"), id);
    region_act(&p, BASE_DESK, "consultation.approve", id);
    region_act(&p, COUNTY_DESK, "consultation.approve", id);
    region_ok(&p, COUNTY_DESK, "consultation.triage",
              json_pack("{s:s, s:s}", "id", id, "panelId", PANEL));
    cr_expect_str_eq(people_result(&p, "state"), "routed");
}

Test(consult_routing, ring_one_leaves_the_others_of_the_panel_alone)
{
    char id[ID_MAX];
    region_agreement(&p, 0, 0, 0, RING_ONE);
    region_on_duty(&p, EXPERT_1, PANEL);
    p.utc_us += TIME_US_PER_S;
    region_on_duty(&p, EXPERT_2, PANEL);
    region_on_duty(&p, CITY_EXPERT, CITY_PANEL);
    region_submit(&p, region_request("live"), id);
    cr_expect_str_eq(ringing(id), "1");
    region_ok(&p, EXPERT_1, "consultation.refuse",
              json_pack("{s:s, s:s}", "id", id, "reason", "in theatre"));
    cr_expect_str_eq(ringing(id), "c");
}

Test(consult_routing, whose_turn_was_is_last_in_line)
{
    char id[ID_MAX], second[ID_MAX];
    region_agreement(&p, 0, 0, 0, NEXT_IN_LINE);
    region_on_duty(&p, EXPERT_1, PANEL);
    p.utc_us += TIME_US_PER_S;
    region_on_duty(&p, EXPERT_2, PANEL);
    region_submit(&p, region_request("live"), id);
    region_act(&p, EXPERT_1, "consultation.accept", id);
    region_submit(&p, region_request("live"), second);
    cr_expect_str_eq(ringing(second), "2");
}

Test(consult_routing, nobody_on_duty_goes_up_at_once)
{
    char id[ID_MAX];
    region_on_duty(&p, PROVINCE_EXPERT, PROVINCE_PANEL);
    region_submit(&p, region_request("live"), id);
    cr_expect_str_eq(ringing(id), "p");
}

/* As the server does every second. Effects stay in p.call. */
static void sweep(void)
{
    effects_clear(&p.call.effects);
    memset(&p.call.effects, 0, sizeof(p.call.effects));
    cr_assert_eq(store_begin(p.service.store), 0);
    cr_assert_eq(rooms_sweep(&p.service, p.utc_us, &p.call.effects), 0);
    cr_assert_eq(store_commit(p.service.store), 0);
}

static void sign_in(const char *account)
{
    cr_assert_eq(STORE_RUN(p.service.store,
                           "INSERT INTO session (id, token_hash, account, device, created_us,"
                           " expires_us) VALUES ('ses_2', $1, $2, '', 0, $3)",
                           sv_bytes("ses_2", 5), sv_text(account),
                           sv_int(p.utc_us + 60 * MINUTE_US)),
                 1);
}

/* EXPERT_2 is on duty from so many minutes of the day on. */
static void shift_from(int64_t start_min)
{
    cr_assert_eq(STORE_RUN(p.service.store,
                           "INSERT INTO roster_shift (panel, account, weekdays, start_min, end_min,"
                           " from_day, until_day) VALUES ($1, $2, 127, $3, $4, 0, 2932896)",
                           sv_text(PANEL), sv_text(EXPERT_2), sv_int(start_min),
                           sv_int((start_min + 480) % 1440)),
                 1);
}

Test(consult_routing, whose_shift_begins_joins_the_ring)
{
    char id[ID_MAX];
    int64_t minute = 0, offset = 0;
    struct store_query q;
    store_query(p.service.store, &q, "SELECT utc_offset_min FROM institution WHERE id = 'county'",
                NULL, 0);
    if (store_next(&q))
        offset = store_int(&q, 0);
    cr_assert_eq(store_query_end(&q), 0);
    p.utc_us = (p.utc_us / MINUTE_US + 1) * MINUTE_US - 20 * TIME_US_PER_S;
    minute = p.utc_us / MINUTE_US + offset + 1;
    sign_in(EXPERT_2);
    shift_from(minute % 1440);
    region_on_duty(&p, EXPERT_1, PANEL);
    region_submit(&p, region_request("live"), id);
    sweep();
    cr_expect_str_eq(ringing(id), "1");
    p.utc_us += 20 * TIME_US_PER_S;
    sweep();
    cr_expect_str_eq(ringing(id), "12");
    cr_expect_eq(people_told(&p, EXPERT_2, "consultation.ring"), 1);
    p.utc_us += MINUTE_US;
    sweep();
    cr_expect_eq(people_told(&p, EXPERT_2, "consultation.ring"), 0, "once is enough");
}

Test(consult_routing, whom_a_changed_roster_names_joins_the_ring)
{
    char id[ID_MAX];
    sign_in(EXPERT_2);
    region_on_duty(&p, EXPERT_1, PANEL);
    region_submit(&p, region_request("live"), id);
    region_ok(&p, COUNTY_DESK, "roster.get", json_pack("{s:s}", "panelId", PANEL));
    json_int_t revision = json_integer_value(json_object_get(p.call.result, "revision"));
    region_ok(&p, COUNTY_DESK, "roster.set",
              json_pack("{s:s, s:I, s:[{s:s, s:[s, s, s, s, s, s, s], s:s, s:s}], s:[]}", "panelId",
                        PANEL, "revision", revision, "shifts", "account", EXPERT_2, "weekdays",
                        "mon", "tue", "wed", "thu", "fri", "sat", "sun", "start", "00:00", "end",
                        "00:00", "exceptions"));
    cr_expect_eq(people_told(&p, EXPERT_2, "consultation.ring"), 1);
    cr_expect_str_eq(ringing(id), "12");
}

Test(consult_routing, who_comes_on_duty_stands_in_line)
{
    char id[ID_MAX];
    region_agreement(&p, 0, 0, 0, NEXT_IN_LINE);
    region_on_duty(&p, EXPERT_1, PANEL);
    region_submit(&p, region_request("live"), id);
    region_on_duty(&p, EXPERT_2, PANEL);
    cr_expect_str_eq(ringing(id), "1");
    wait_ring(ring_us);
    cr_expect_str_eq(ringing(id), "2");
}

Test(consult_routing, who_comes_on_duty_joins_the_ring)
{
    char id[ID_MAX];
    region_on_duty(&p, EXPERT_1, PANEL);
    region_submit(&p, region_request("live"), id);
    cr_expect_str_eq(ringing(id), "1");
    region_on_duty(&p, EXPERT_3, PANEL);
    cr_expect_eq(people_told(&p, EXPERT_3, "consultation.ring"), 1);
    cr_expect_str_eq(ringing(id), "13");
    region_on_duty(&p, EXPERT_3, PANEL); /* once is enough */
    cr_expect_eq(people_told(&p, EXPERT_3, "consultation.ring"), 0);
    region_act(&p, EXPERT_3, "consultation.accept", id);
    region_on_duty(&p, EXPERT_2, PANEL); /* too late */
    cr_expect_eq(people_told(&p, EXPERT_2, "consultation.ring"), 0);
}

Test(consult_routing, who_signs_in_within_a_shift_joins_the_ring)
{
    struct effects effects = {0};
    char id[ID_MAX];
    region_on_duty(&p, EXPERT_1, PANEL);
    region_submit(&p, region_request("live"), id);
    cr_assert_eq(store_begin(p.service.store), 0);
    cr_assert_eq(STORE_RUN(p.service.store,
                           "INSERT INTO duty (panel, account, since_us) VALUES ($1, $2, $3)",
                           sv_text(PANEL), sv_text(EXPERT_2), sv_int(p.utc_us)),
                 1);
    cr_assert_eq(consult_signed_in(&p.service, &effects, EXPERT_2, p.utc_us), 0);
    cr_assert_eq(consult_signed_in(&p.service, &effects, STRANGER, p.utc_us), 0);
    cr_assert_eq(store_commit(p.service.store), 0);
    effects_clear(&effects);
    cr_expect_str_eq(ringing(id), "12");
}

/* As the end of a session does. */
static void sign_out(const char *account)
{
    struct effects effects = {0};
    cr_assert_eq(store_begin(p.service.store), 0);
    cr_assert_eq(STORE_RUN(p.service.store,
                           "INSERT INTO session (id, token_hash, account, device, created_us,"
                           " expires_us) VALUES ($1, $2, $3, '', 0, 0)",
                           sv_text(account), sv_bytes(account, strlen(account)), sv_text(account)),
                 1);
    cr_assert_eq(session_end_all(&p.service, account, "logout", p.utc_us, &effects), 0);
    cr_assert_eq(store_commit(p.service.store), 0);
    effects_clear(&effects);
}

Test(consult_routing, who_signs_out_is_not_rung_alone)
{
    char id[ID_MAX];
    region_agreement(&p, 0, 0, 0, NEXT_IN_LINE);
    region_on_duty(&p, EXPERT_1, PANEL);
    p.utc_us += TIME_US_PER_S;
    region_on_duty(&p, EXPERT_2, PANEL);
    p.utc_us += TIME_US_PER_S;
    region_on_duty(&p, EXPERT_3, PANEL);
    region_on_duty(&p, CITY_EXPERT, CITY_PANEL);
    region_submit(&p, region_request("live"), id);
    cr_expect_str_eq(ringing(id), "1");
    sign_out(EXPERT_2); /* next in line */
    cr_expect_str_eq(ringing(id), "1");
    sign_out(EXPERT_1);
    cr_expect_str_eq(ringing(id), "3");
    sign_out(EXPERT_3);
    cr_expect_str_eq(ringing(id), "c", "up, as when it rang out");
    sign_out(CITY_EXPERT);
    cr_expect_str_eq(region_state(&p, id), "expired");
    cr_expect_str_eq(people_result(&p, "reason"), "no_answer");
}

Test(consult_routing, who_signs_out_leaves_the_others_ringing)
{
    char id[ID_MAX];
    region_on_duty(&p, EXPERT_1, PANEL);
    region_on_duty(&p, EXPERT_2, PANEL);
    region_agreement(&p, 0, 0, 0, 0);
    region_submit(&p, region_request("live"), id);
    sign_out(EXPERT_1);
    cr_expect_str_eq(ringing(id), "12");
    sign_out(STRANGER);
    cr_expect_str_eq(ringing(id), "12");
}

Test(consult_routing, no_way_without_an_agreement)
{
    char id[ID_MAX];
    json_t *request = region_request("live");
    json_object_set_new(request, "panelId", json_string(STRANGE_PANEL));
    cr_expect_eq(people_call(&p, VILLAGER, "consultation.submit", request), SQ_ERR_DENIED);
    cr_expect(strstr(p.call.message_en, "agreement") && p.call.message_zh[0]);
    request = region_request("live");
    json_object_set_new(request, "panelId", json_string("no_such_panel"));
    cr_expect_eq(people_call(&p, VILLAGER, "consultation.submit", request), SQ_ERR_NOT_FOUND);

    /* An emergency goes there all the same; the agreement is made up for. */
    region_on_duty(&p, STRANGER, STRANGE_PANEL);
    request = region_request("emergency");
    json_object_set_new(request, "panelId", json_string(STRANGE_PANEL));
    region_submit(&p, request, id);
    cr_expect_eq(people_told(&p, STRANGER, "consultation.ring"), 1);
    region_act(&p, STRANGER, "consultation.accept", id);
    region_act(&p, BASE_DESK, "consultation.backfill", id);
    const json_t *left = json_object_get(
        json_object_get(json_object_get(p.call.result, "consultation"), "backfill"), "left");
    cr_expect_eq(json_array_size(left), 2, "the other side's word and the agreement");
    cr_assert_eq(STORE_RUN(p.service.store,
                           "INSERT INTO agreement (id, inviting, invited, from_day, until_day,"
                           " kinds, specialties, approve_inviting, approve_invited, triage,"
                           " schedule, strategy, ring_s, reference) VALUES ($1, 'village', 'far',"
                           " 0, 2932896, '', '', 0, 0, 0, 0, 0, 60, '')",
                           sv_text("agr_far")),
                 1);
    region_act(&p, BASE_DESK, "consultation.backfill", id);
    left = json_object_get(
        json_object_get(json_object_get(p.call.result, "consultation"), "backfill"), "left");
    cr_assert_eq(json_array_size(left), 1);
    cr_expect_str_eq(json_string_value(json_array_get(left, 0)), "invited");
}

Test(consult_routing, no_escalation_without_an_agreement)
{
    char id[ID_MAX];
    cr_assert_eq(store_run(p.service.store, "DELETE FROM agreement WHERE id = 'agr_city'", NULL, 0),
                 1);
    region_on_duty(&p, CITY_EXPERT, CITY_PANEL);
    region_on_duty(&p, PROVINCE_EXPERT, PROVINCE_PANEL);
    region_submit(&p, region_request("live"), id);
    cr_expect_str_eq(ringing(id), "p");
}

Test(consult_routing, agreements_end)
{
    cr_assert_eq(store_run(p.service.store,
                           "UPDATE agreement SET until_day = 20000 WHERE id = 'agr_all'", NULL, 0),
                 1); /* 2024 */
    cr_expect_eq(people_call(&p, VILLAGER, "consultation.submit", region_request("live")),
                 SQ_ERR_DENIED);
}

Test(consult_routing, a_specialty_is_enough)
{
    char id[ID_MAX];
    region_on_duty(&p, EXPERT_1, PANEL);
    json_t *request = region_request("live");
    json_object_del(request, "panelId");
    json_object_set_new(request, "specialty", json_string("cardiology"));
    region_submit(&p, request, id);
    cr_expect_str_eq(ringing(id), "1");
    request = region_request("live");
    json_object_del(request, "panelId");
    json_object_set_new(request, "specialty", json_string("dentistry"));
    cr_expect_eq(people_call(&p, VILLAGER, "consultation.submit", request), SQ_ERR_NOT_FOUND);
}

Test(consult_routing, a_coordinator_moves_it_elsewhere)
{
    char id[ID_MAX];
    region_on_duty(&p, EXPERT_1, PANEL);
    region_on_duty(&p, CITY_EXPERT, CITY_PANEL);
    region_submit(&p, region_request("live"), id);
    cr_expect_eq(people_call(&p, CITY_DESK, "consultation.reroute",
                             json_pack("{s:s, s:s}", "id", id, "reason", "mine")),
                 SQ_ERR_NOT_FOUND);
    cr_expect_eq(people_call(&p, BASE_DESK, "consultation.reroute",
                             json_pack("{s:s, s:s, s:s}", "id", id, "panelId", STRANGE_PANEL,
                                       "reason", "there is a friend of mine")),
                 SQ_ERR_DENIED);
    region_ok(&p, BASE_DESK, "consultation.reroute",
              json_pack("{s:s, s:s, s:s}", "id", id, "panelId", CITY_PANEL, "reason", "a stent"));
    cr_expect_str_eq(people_result(&p, "state"), "routed");
    cr_expect_str_eq(ringing(id), "c");
    cr_expect_eq(people_told(&p, EXPERT_1, "consultation.ringStopped"), 1);
    cr_expect_eq(people_call(&p, EXPERT_1, "consultation.get", people_id(id)), SQ_ERR_NOT_FOUND);
    region_act(&p, CITY_DESK, "consultation.get", id); /* concerns the city now */
}

Test(consult_routing, reopened_after_nobody_answered)
{
    char id[ID_MAX];
    region_submit(&p, region_request("live"), id);
    cr_expect_str_eq(people_result(&p, "state"), "expired");
    cr_expect_str_eq(people_result(&p, "reason"), "nobody_on_duty");
    region_on_duty(&p, EXPERT_1, PANEL);
    region_act(&p, COUNTY_DESK, "consultation.reopen", id);
    cr_expect_str_eq(people_result(&p, "state"), "routed");
    cr_expect_str_eq(ringing(id), "1");
    wait_ring(ring_us);
    cr_expect_str_eq(region_state(&p, id), "expired");
    region_act(&p, COUNTY_DESK, "consultation.reopen", id); /* who did not answer is asked again */
    cr_expect_str_eq(ringing(id), "1");
}

/* Its only doctor refused: the same panel would ask nobody. */
static void refused_by_the_county(char *id)
{
    region_on_duty(&p, EXPERT_1, PANEL);
    region_submit(&p, region_request("live"), id);
    region_ok(&p, EXPERT_1, "consultation.refuse",
              json_pack("{s:s, s:s}", "id", id, "reason", "in theatre"));
    cr_expect_str_eq(region_state(&p, id), "refused");
    region_on_duty(&p, CITY_EXPERT, CITY_PANEL);
}

Test(consult_routing, reopened_at_another_panel)
{
    char id[ID_MAX];
    refused_by_the_county(id);
    cr_expect_eq(people_call(&p, BASE_DESK, "consultation.reopen",
                             json_pack("{s:s, s:s}", "id", id, "panelId", STRANGE_PANEL)),
                 SQ_ERR_DENIED);
    region_ok(&p, BASE_DESK, "consultation.reopen",
              json_pack("{s:s, s:s}", "id", id, "panelId", CITY_PANEL));
    cr_expect_str_eq(people_result(&p, "state"), "routed");
    cr_expect_str_eq(ringing(id), "c");
}

Test(consult_routing, reopening_at_another_hospital_asks_for_its_approval)
{
    char id[ID_MAX];
    refused_by_the_county(id);
    city_approves();
    region_ok(&p, BASE_DESK, "consultation.reopen",
              json_pack("{s:s, s:s}", "id", id, "panelId", CITY_PANEL));
    expect_city_is_asked(id);
}

Test(consult_routing, each_refusal_keeps_its_reason)
{
    char id[ID_MAX];
    region_on_duty(&p, EXPERT_1, PANEL);
    region_on_duty(&p, EXPERT_2, PANEL);
    region_submit(&p, region_request("live"), id);
    region_ok(&p, EXPERT_1, "consultation.refuse",
              json_pack("{s:s, s:s}", "id", id, "reason", "in theatre"));
    region_ok(&p, EXPERT_2, "consultation.refuse",
              json_pack("{s:s, s:s}", "id", id, "reason", "needs a surgeon"));
    cr_expect_str_eq(region_state(&p, id), "refused");
    const json_t *entries =
        json_object_get(json_object_get(p.call.result, "consultation"), "entries");
    cr_assert_eq(json_array_size(entries), 2);
    for (size_t i = 0; i < 2; i++) {
        const json_t *entry = json_array_get(entries, i);
        bool first = strcmp(json_string_value(json_object_get(entry, "by")), EXPERT_1) == 0;
        cr_expect_str_eq(json_string_value(json_object_get(entry, "text")),
                         first ? "in theatre" : "needs a surgeon");
    }
    region_act(&p, OTHER_DOCTOR, "consultation.get", id); /* knows that, not why */
    cr_expect_str_eq(people_result(&p, "reason"), "all_refused");
}
