/* SPDX-License-Identifier: Apache-2.0 */
/* The look-ups of routing over a small province: ancestry, agreements by date and scope, panels,
 * help with its order and circles, emergencies, coordinators. */
#include "people.h"
#include "shanqiao/error.h"
#include "signaling/directory/directory.h"
#include "signaling/exchange/plan.h"
#include "signaling/exchange/read.h"
#include "signaling/exchange/shelf.h"
#include "signaling/store/store.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct people p;

/* 2026-06-01 00:00 in China. */
#define JUNE_1 (INT64_C(1780243200) * TIME_US_PER_S)
#define DAY    (INT64_C(86400) * TIME_US_PER_S)

static const char province[] =
    "{\"institutions\": ["
    " {\"id\": \"prov\", \"name\": \"P\", \"level\": \"province\"},"
    " {\"id\": \"city\", \"name\": \"C\", \"level\": \"city\", \"parent\": \"prov\"},"
    " {\"id\": \"xian\", \"name\": \"X\", \"level\": \"county\", \"parent\": \"city\"},"
    " {\"id\": \"xian2\", \"name\": \"X2\", \"level\": \"county\", \"parent\": \"city\"},"
    " {\"id\": \"cen\", \"name\": \"K\", \"level\": \"county\", \"parent\": \"xian\","
    "  \"kind\": \"consultation_centre\"},"
    " {\"id\": \"town\", \"name\": \"T\", \"level\": \"township\", \"parent\": \"xian\"},"
    " {\"id\": \"vil\", \"name\": \"V\", \"level\": \"village\", \"parent\": \"town\"}],"
    "\"accounts\": ["
    " {\"id\": \"c1\", \"name\": \"c1\", \"institution\": \"cen\", \"roles\": [\"coordinator\"]},"
    " {\"id\": \"c2\", \"name\": \"c2\", \"institution\": \"city\", \"roles\": [\"coordinator\"]},"
    " {\"id\": \"c3\", \"name\": \"c3\", \"institution\": \"xian\", \"roles\": [\"coordinator\"],"
    "  \"disabled\": true}],"
    "\"panels\": ["
    " {\"id\": \"px\", \"name\": \"px\", \"specialty\": \"stroke\", \"institution\": \"xian\"},"
    " {\"id\": \"px2\", \"name\": \"px2\", \"specialty\": \"stroke\", \"institution\": \"xian2\"},"
    " {\"id\": \"pc\", \"name\": \"pc\", \"specialty\": \"stroke\", \"institution\": \"city\"},"
    " {\"id\": \"pp\", \"name\": \"pp\", \"specialty\": \"stroke\", \"institution\": \"prov\"},"
    " {\"id\": \"ex\", \"name\": \"ex\", \"specialty\": \"emergency\", \"institution\": \"xian\"},"
    " {\"id\": \"burn\", \"name\": \"b\", \"specialty\": \"burns\", \"institution\": \"prov\"}],"
    "\"agreements\": ["
    " {\"id\": \"a1\", \"inviting\": \"town\", \"invited\": \"xian\", \"from\": \"2026-06-01\","
    "  \"until\": \"2026-06-30\", \"kinds\": [\"live\", \"reading\"], \"approveInviting\": "
    "\"automatic\","
    "  \"strategy\": \"next_in_line\", \"ringSeconds\": 20, \"reference\": \"R 1\"},"
    " {\"id\": \"a2\", \"inviting\": \"city\", \"invited\": \"prov\", \"from\": \"2026-01-01\"},"
    " {\"id\": \"a3\", \"inviting\": \"city\", \"invited\": \"prov\", \"from\": \"2026-01-01\","
    "  \"specialties\": [\"stroke\"], \"triage\": \"automatic\"}],"
    "\"help\": ["
    " {\"helped\": \"xian\", \"helper\": \"city\", \"order\": 2},"
    " {\"helped\": \"xian\", \"helper\": \"xian2\", \"order\": 1},"
    " {\"helped\": \"xian2\", \"helper\": \"city\", \"order\": 1},"
    " {\"helped\": \"city\", \"helper\": \"prov\", \"order\": 1},"
    " {\"helped\": \"prov\", \"helper\": \"xian\", \"specialty\": \"stroke\", \"order\": 1}]}";

static void load(const char *json)
{
    struct book file, now;
    struct plan plan;
    struct plan_options options = {.yesterday = "2026-05-31"};
    book_init(&file);
    book_init(&now);
    cr_assert_eq(book_read_json(&file, "province", json, strlen(json)), 0);
    book_sort(&file);
    cr_assert_eq(store_begin(p.service.store), 0);
    cr_assert_eq(book_load(&now, p.service.store), 0);
    cr_assert_eq(plan_make(&plan, &now, &file, &options), 0);
    cr_assert_eq(file.fault_count, 0, "%s %s", file.faults[0].where, file.faults[0].en);
    cr_assert_eq(plan_apply(&plan, p.service.store, "!"), 0, "%s", store_error(p.service.store));
    cr_assert_eq(store_commit(p.service.store), 0);
    plan_fini(&plan);
    book_fini(&now);
    book_fini(&file);
}

static void up(void)
{
    people_init(&p);
    load(province);
}

static void down(void)
{
    people_fini(&p);
}

TestSuite(lookup, .init = up, .fini = down);

static const char *names(const struct directory_panels *panels)
{
    static char out[256];
    out[0] = '\0';
    for (size_t i = 0; i < panels->count; i++)
        snprintf(out + strlen(out), sizeof(out) - strlen(out), "%s%s", i ? " " : "",
                 panels->items[i].id);
    return out;
}

Test(lookup, an_institution_belongs_under_its_ancestors)
{
    struct directory_ids ids;
    static const char *const wanted[] = {"vil", "town", "xian", "city", "prov"};
    cr_assert_eq(directory_ancestors(&p.service, "vil", &ids), 0);
    cr_assert_eq(ids.count, 5);
    for (size_t i = 0; i < 5; i++)
        cr_expect_str_eq(ids.items[i], wanted[i]);
    cr_expect_eq(directory_ancestors(&p.service, "none", &ids), SQ_ERR_NOT_FOUND);
    static const struct {
        const char *one, *above;
        bool belongs;
    } cases[] = {{"vil", "xian", true},   {"vil", "vil", true},  {"xian", "vil", false},
                 {"vil", "xian2", false}, {"vil", "cen", true},  {"city", "cen", false},
                 {"none", "prov", false}, {"vil", "none", false}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bool belongs = !cases[i].belongs;
        cr_assert_eq(directory_belongs(&p.service, cases[i].one, cases[i].above, &belongs), 0);
        cr_expect_eq(belongs, cases[i].belongs, "%s under %s", cases[i].one, cases[i].above);
    }
}

Test(lookup, a_circle_of_parents_ends)
{
    struct directory_ids ids;
    STORE_RUN(p.service.store, "UPDATE institution SET parent = 'vil' WHERE id = $1",
              sv_text("prov"));
    cr_assert_eq(directory_ancestors(&p.service, "vil", &ids), 0);
    cr_expect_eq(ids.count, DIRECTORY_ANCESTORS_MAX);
}

Test(lookup, agreements_hold_from_the_first_to_the_last_day)
{
    struct directory_agreement a;
    static const struct {
        time_us at;
        int status;
    } cases[] = {{JUNE_1 - 1, SQ_ERR_NOT_FOUND},
                 {JUNE_1, 0},
                 {JUNE_1 + 30 * DAY - 1, 0},
                 {JUNE_1 + 30 * DAY, SQ_ERR_NOT_FOUND}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        cr_expect_eq(
            directory_agreement(&p.service, "vil", "xian", "live", "stroke", cases[i].at, &a),
            cases[i].status, "case %zu", i);
    cr_assert_eq(directory_agreement(&p.service, "vil", "xian", "live", NULL, JUNE_1, &a), 0);
    cr_expect_str_eq(a.id, "a1");
    cr_expect_str_eq(a.inviting, "town");
    cr_expect_str_eq(a.reference, "R 1");
    cr_expect_eq(a.from_us, JUNE_1);
    cr_expect_eq(a.until_us, JUNE_1 + 30 * DAY);
    cr_expect_not(a.policy.approve_inviting);
    cr_expect(a.policy.approve_invited);
    cr_expect(a.policy.triage);
    cr_expect_eq(a.policy.strategy, DIRECTORY_NEXT_IN_LINE);
    cr_expect_eq(a.policy.ring_us, 20 * TIME_US_PER_S);
}

Test(lookup, agreements_hold_within_their_scope)
{
    struct directory_agreement a;
    struct service *s = &p.service;
    cr_expect_eq(directory_agreement(s, "vil", "xian", "mdt", NULL, JUNE_1, &a), SQ_ERR_NOT_FOUND);
    cr_expect_eq(directory_agreement(s, "vil", "xian", "read", NULL, JUNE_1, &a), SQ_ERR_NOT_FOUND);
    cr_expect_eq(directory_agreement(s, "vil", "xian2", "live", NULL, JUNE_1, &a),
                 SQ_ERR_NOT_FOUND);
    cr_expect_eq(directory_agreement(s, "xian", "town", "live", NULL, JUNE_1, &a), SQ_ERR_NOT_FOUND,
                 "it does not hold the other way round");
    cr_assert_eq(directory_agreement(s, "vil", "prov", "mdt", "burns", JUNE_1, &a), 0);
    cr_expect_str_eq(a.id, "a2");
    cr_expect_eq(a.until_us, TIME_US_NEVER);
    cr_assert_eq(directory_agreement(s, "vil", "prov", "mdt", "stroke", JUNE_1, &a), 0);
    cr_expect_str_eq(a.id, "a3", "the one that names the specialty");
    cr_assert_eq(directory_agreement(s, "vil", "vil", "live", "stroke", 0, &a), 0);
    cr_expect_str_empty(a.id);
    cr_expect_not(a.policy.approve_inviting || a.policy.triage);
}

Test(lookup, a_closed_institution_agrees_to_nothing)
{
    struct directory_agreement a;
    struct directory_panel panel;
    cr_assert_eq(directory_panel(&p.service, "px", JUNE_1, &panel), 0);
    cr_expect_eq(panel.level, 3);
    load("{\"institutions\": [{\"id\": \"xian\", \"until\": \"2026-05-31\"}]}");
    cr_expect_eq(directory_agreement(&p.service, "vil", "xian", "live", NULL, JUNE_1, &a),
                 SQ_ERR_NOT_FOUND);
    cr_expect_eq(directory_panel(&p.service, "px", JUNE_1, &panel), SQ_ERR_NOT_FOUND);
    cr_expect_eq(directory_panel(&p.service, "px", JUNE_1 - 1, &panel), 0, "the day before it was");
}

Test(lookup, panels_by_institution_level_and_specialty)
{
    struct directory_panels panels;
    struct directory_filter f = {.specialty = "stroke"};
    cr_assert_eq(directory_panels(&p.service, &f, JUNE_1, &panels), 0);
    cr_expect_str_eq(names(&panels), "px px2 pc pp");
    f = (struct directory_filter){.institution = "xian"};
    cr_assert_eq(directory_panels(&p.service, &f, JUNE_1, &panels), 0);
    cr_expect_str_eq(names(&panels), "ex px");
    f = (struct directory_filter){.level = 5};
    cr_assert_eq(directory_panels(&p.service, &f, JUNE_1, &panels), 0);
    cr_expect_str_eq(names(&panels), "burn pp");
}

Test(lookup, escalation_goes_nearest_first_in_order_and_through_a_circle_once)
{
    struct directory_panels panels;
    cr_assert_eq(directory_escalation(&p.service, "px", "stroke", JUNE_1, &panels), 0);
    cr_expect_str_eq(names(&panels), "px2 pc pp");
    cr_expect_eq(panels.items[1].distance, 1);
    cr_expect_eq(panels.items[2].distance, 2);
    cr_assert_eq(directory_escalation(&p.service, "pp", "stroke", JUNE_1, &panels), 0);
    cr_expect_str_eq(names(&panels), "px px2 pc", "the circle leads down, but not back to itself");
    cr_assert_eq(directory_escalation(&p.service, "burn", "burns", JUNE_1, &panels), 0);
    cr_expect_eq(panels.count, 0, "that help is for another specialty");
    load("{\"panels\": [{\"id\": \"px2\", \"until\": \"2026-01-01\"}]}");
    cr_assert_eq(directory_escalation(&p.service, "px", "stroke", JUNE_1, &panels), 0);
    cr_expect_str_eq(names(&panels), "pc pp");
}

Test(lookup, emergencies_ring_every_level_around)
{
    struct directory_panels panels;
    cr_assert_eq(directory_around(&p.service, "vil", "stroke", JUNE_1, &panels), 0);
    cr_expect_str_eq(names(&panels), "px px2 pc pp");
    cr_assert_eq(directory_emergency(&p.service, "vil", "stroke", JUNE_1, &panels), 0);
    cr_expect_str_eq(names(&panels), "ex px px2 pc pp");
    cr_assert_eq(directory_emergency(&p.service, "vil", NULL, JUNE_1, &panels), 0);
    cr_expect_str_eq(names(&panels), "ex");
    cr_assert_eq(directory_around(&p.service, "vil", NULL, JUNE_1, &panels), 0);
    cr_expect_eq(panels.count, 6);
}

Test(lookup, coordinators_of_the_nearest_that_has_any)
{
    struct directory_accounts accounts;
    cr_assert_eq(directory_coordinators(&p.service, "vil", &accounts), 0);
    cr_assert_eq(accounts.count, 1);
    cr_expect_str_eq(accounts.items[0], "c1", "of the county's centre");
    cr_assert_eq(directory_coordinators(&p.service, "xian2", &accounts), 0);
    cr_assert_eq(accounts.count, 1);
    cr_expect_str_eq(accounts.items[0], "c2");
    cr_assert_eq(directory_coordinators(&p.service, "prov", &accounts), 0);
    cr_expect_eq(accounts.count, 0);
}
