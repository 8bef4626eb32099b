/* SPDX-License-Identifier: Apache-2.0 */
/* Paging through the directory, presence, and rosters: who may look, who may write, what is
 * refused. Results are checked against the schemas. */
#include "people.h"
#include "shanqiao/error.h"
#include "signaling/auth/rights.h"
#include "signaling/store/store.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct people p;

static void up(void)
{
    people_init(&p);
    STORE_RUN(p.service.store, "UPDATE panel_member SET head = 1 WHERE account = $1",
              sv_text(EXPERT_1));
    STORE_RUN(p.service.store, "UPDATE account SET roles = $1 WHERE id = $2",
              sv_int(ROLE_COORDINATOR), sv_text(OPERATOR));
}

static void down(void)
{
    people_fini(&p);
}

TestSuite(roster_methods, .init = up, .fini = down);

static json_t *panel_id(void)
{
    return json_pack("{s:s}", "panelId", PANEL);
}

static int set_roster(const char *account, int revision, const char *shifts, const char *exceptions)
{
    json_error_t error;
    json_t *s = json_loads(shifts, 0, &error), *x = json_loads(exceptions, 0, &error);
    cr_assert(s && x, "%s", error.text);
    return people_call(&p, account, "roster.set",
                       json_pack("{s:s, s:i, s:o, s:o}", "panelId", PANEL, "revision", revision,
                                 "shifts", s, "exceptions", x));
}

#define DAILY                                                                                      \
    "[{\"account\": \"" EXPERT_2 "\", \"weekdays\": [\"sun\", \"mon\"], \"start\": \"20:00\","     \
    " \"end\": \"08:00\", \"until\": \"2027-01-31\"}]"
#define LEAVE                                                                                      \
    "[{\"account\": \"" EXPERT_2                                                                   \
    "\", \"from\": \"2026-06-01 20:00\", \"until\": \"2026-06-02 08:00\","                         \
    " \"note\": \"轮休\"}]"

Test(roster_methods, a_roster_is_read_as_it_was_written)
{
    cr_assert_eq(set_roster(EXPERT_1, 0, DAILY, LEAVE), 0, "%s", p.call.message_en);
    cr_expect_eq(json_integer_value(json_object_get(p.call.result, "revision")), 1);
    cr_assert_eq(people_call(&p, EXPERT_3, "roster.get", panel_id()), 0);
    const json_t *shift = json_array_get(json_object_get(p.call.result, "shifts"), 0);
    cr_expect_str_eq(json_string_value(json_object_get(shift, "start")), "20:00");
    cr_expect_str_eq(json_string_value(json_object_get(shift, "until")), "2027-01-31");
    cr_expect_null(json_object_get(shift, "from"));
    cr_expect_str_eq(json_string_value(json_array_get(json_object_get(shift, "weekdays"), 1)),
                     "sun");
    const json_t *leave = json_array_get(json_object_get(p.call.result, "exceptions"), 0);
    cr_expect_str_eq(json_string_value(json_object_get(leave, "note")), "轮休");
    cr_expect(json_is_false(json_object_get(leave, "onDuty")));
    cr_expect_str_eq(json_string_value(json_object_get(p.call.result, "utcOffset")), "+08:00");
    cr_assert_eq(set_roster(OPERATOR, 1, "[]", "[]"), 0, "a coordinator of the institution");
    cr_assert_eq(people_call(&p, EXPERT_3, "roster.get", panel_id()), 0);
    cr_expect_eq(json_array_size(json_object_get(p.call.result, "shifts")), 0);
}

/* A consultation centre keeps the rosters of those below it; those beside or below it do not. */
Test(roster_methods, coordinators_above_keep_it_too)
{
    cr_assert_eq(STORE_RUN(p.service.store, "INSERT INTO institution (id, name, level, kind) VALUES"
                                            " ('city', 'City hospital', 4, 'hospital')"),
                 1);
    cr_assert_eq(STORE_RUN(p.service.store, "UPDATE account SET institution = $1 WHERE id = $2",
                           sv_text("city"), sv_text(OPERATOR)),
                 1);
    cr_expect_eq(set_roster(OPERATOR, 0, DAILY, LEAVE), SQ_ERR_DENIED);
    cr_expect_not_null(strstr(p.call.message_en, "or of one above it"), "%s", p.call.message_en);
    cr_expect_not_null(strstr(p.call.message_zh, "上级机构"), "%s", p.call.message_zh);
    cr_assert_eq(STORE_RUN(p.service.store, "UPDATE institution SET parent = $1 WHERE id = $2",
                           sv_text("city"), sv_text("county")),
                 1);
    cr_expect_eq(set_roster(OPERATOR, 0, DAILY, LEAVE), 0, "%s", p.call.message_en);
    cr_expect_eq(people_call(&p, OPERATOR, "roster.get", panel_id()), 0);
}

Test(roster_methods, who_is_not_concerned_sees_and_changes_nothing)
{
    cr_expect_eq(people_call(&p, VILLAGER, "roster.get", panel_id()), SQ_ERR_DENIED);
    cr_expect_eq(people_call(&p, VILLAGER, "directory.presence", panel_id()), SQ_ERR_DENIED);
    cr_expect_eq(set_roster(EXPERT_2, 0, DAILY, "[]"), SQ_ERR_DENIED, "a member is no head");
    cr_expect_eq(set_roster(VILLAGER, 0, DAILY, "[]"), SQ_ERR_DENIED);
    cr_expect_eq(people_call(&p, EXPERT_1, "roster.get", json_pack("{s:s}", "panelId", "none")),
                 SQ_ERR_NOT_FOUND);
}

Test(roster_methods, a_second_writer_reads_again)
{
    cr_assert_eq(set_roster(EXPERT_1, 0, DAILY, "[]"), 0);
    cr_expect_eq(set_roster(EXPERT_1, 0, "[]", "[]"), SQ_ERR_CONFLICT);
    cr_assert_eq(people_call(&p, EXPERT_1, "roster.get", panel_id()), 0);
    cr_expect_eq(json_array_size(json_object_get(p.call.result, "shifts")), 1);
}

Test(roster_methods, bad_rosters_are_refused_with_their_place)
{
    static const struct {
        const char *shifts, *exceptions, *says;
    } cases[] = {
        {"[{\"account\":\"" VILLAGER
         "\",\"weekdays\":[\"mon\"],\"start\":\"08:00\",\"end\":\"09:00\"}]",
         "[]", "shifts[0].account: \"" VILLAGER "\" is no member"},
        {"[{\"account\":\"" EXPERT_2
         "\",\"weekdays\":[\"mon\"],\"start\":\"25:00\",\"end\":\"09:00\"}]",
         "[]", "shifts[0].start: wanted: a time of day"},
        {"[{\"account\":\"" EXPERT_2
         "\",\"weekdays\":[\"mon\"],\"start\":\"08:00\",\"end\":\"09:00\","
         "\"from\":\"2026-02-30\"}]",
         "[]", "shifts[0].from: wanted: a date"},
        {"[{\"account\":\"" EXPERT_2
         "\",\"weekdays\":[\"mon\"],\"start\":\"08:00\",\"end\":\"09:00\","
         "\"from\":\"2026-03-02\",\"until\":\"2026-03-01\"}]",
         "[]", "shifts[0].until: ends before it begins"},
        {"[]",
         "[{\"account\":\"" EXPERT_2
         "\",\"from\":\"2026-06-02 08:00\",\"until\":\"2026-06-01 08:00\"}]",
         "exceptions[0].until: ends before it begins"},
        {"[{\"account\":\"" EXPERT_2
         "\",\"weekdays\":[\"mon\"],\"start\":\"08:00\",\"end\":\"09:00\"},"
         "{\"account\":\"" EXPERT_2
         "\",\"weekdays\":[\"mon\"],\"start\":\"08:00\",\"end\":\"10:00\"}]",
         "[]", "is there twice"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        cr_expect_eq(set_roster(EXPERT_1, 0, cases[i].shifts, cases[i].exceptions), SQ_ERR_INVALID,
                     "case %zu", i);
        cr_expect_not_null(strstr(p.call.message_en, cases[i].says), "case %zu: %s", i,
                           p.call.message_en);
        cr_expect_neq(p.call.message_zh[0], '\0');
    }
    cr_assert_eq(people_call(&p, EXPERT_1, "roster.get", panel_id()), 0);
    cr_expect_eq(json_integer_value(json_object_get(p.call.result, "revision")), 0);
}

Test(roster_methods, presence_tells_why)
{
    cr_assert_eq(people_call(&p, EXPERT_2, "duty.set",
                             json_pack("{s:s, s:b}", "panelId", PANEL, "onDuty", 1)),
                 0);
    cr_assert_eq(people_call(&p, OPERATOR, "directory.presence", panel_id()), 0);
    const json_t *first = json_array_get(json_object_get(p.call.result, "members"), 0);
    cr_expect_str_eq(json_string_value(json_object_get(json_object_get(first, "account"), "id")),
                     EXPERT_2);
    cr_expect(json_is_true(json_object_get(first, "onDuty")));
    cr_expect_str_eq(json_string_value(json_object_get(first, "by")), "hand");
    cr_expect_eq(json_array_size(json_object_get(p.call.result, "members")), 3);
}

/* ---- paging ---- */

Test(roster_methods, pages_hold_every_institution_once)
{
    char id[ID_MAX], cursor[80] = "";
    int seen = 0, pages = 0;
    for (int i = 0; i < 25; i++) {
        snprintf(id, sizeof(id), "more_%02d", i);
        STORE_RUN(p.service.store,
                  "INSERT INTO institution (id, name, level, kind, parent)"
                  " VALUES ($1, '100% 卫生室', $2, 'hospital', 'county')",
                  sv_text(id), sv_int(1 + i % 5));
    }
    do {
        json_t *params = json_pack("{s:i}", "limit", 4);
        if (*cursor)
            json_object_set_new(params, "cursor", json_string(cursor));
        cr_assert_eq(people_call(&p, VILLAGER, "directory.institutions", params), 0);
        seen += (int)json_array_size(json_object_get(p.call.result, "institutions"));
        const char *next = json_string_value(json_object_get(p.call.result, "next"));
        snprintf(cursor, sizeof(cursor), "%s", next ? next : "");
        pages++;
    } while (*cursor && pages < 100);
    cr_expect_eq(seen, 27);
    cr_expect_eq(pages, 7);
}

static size_t found(const char *params)
{
    json_error_t error;
    cr_assert_eq(people_call(&p, VILLAGER, "directory.institutions", json_loads(params, 0, &error)),
                 0);
    return json_array_size(json_object_get(p.call.result, "institutions"));
}

Test(roster_methods, search_takes_signs_as_they_are)
{
    STORE_RUN(p.service.store,
              "INSERT INTO institution (id, name, level, kind, parent, until_day)"
              " VALUES ('a', '100% 好', 1, 'ambulance', $1, 2932896),"
              " ('b', '100_好', 1, 'hospital', 'a', 2932896), ('c', 'x', 1, 'hospital', 'a', 1)",
              sv_text("county"));
    cr_expect_eq(found("{\"q\": \"0%\"}"), 1);
    cr_expect_eq(found("{\"q\": \"0_\"}"), 1);
    cr_expect_eq(found("{\"q\": \"好\"}"), 2);
    cr_expect_eq(found("{\"q\": \"!\"}"), 0);
    cr_expect_eq(found("{\"parent\": \"a\"}"), 1, "closed ones are not listed");
    cr_expect_eq(found("{\"kind\": \"ambulance\", \"level\": 1}"), 1);
    cr_expect_eq(
        people_call(&p, VILLAGER, "directory.institutions", json_pack("{s:s}", "cursor", "zzz")),
        SQ_ERR_INVALID);
}

Test(roster_methods, agreements_of_ones_own_and_panels_around)
{
    cr_assert_eq(people_call(&p, VILLAGER, "directory.agreements", json_object()), 0);
    const json_t *one = json_array_get(json_object_get(p.call.result, "agreements"), 0);
    cr_expect_str_eq(json_string_value(json_object_get(one, "id")), "agr_all");
    cr_expect(json_is_true(json_object_get(one, "inForce")));
    cr_expect_eq(people_call(&p, VILLAGER, "directory.agreements",
                             json_pack("{s:s}", "institution", "county")),
                 SQ_ERR_NOT_FOUND, "not of others");
    cr_assert_eq(STORE_RUN(p.service.store,
                           "INSERT INTO help (helped, helper, specialty, position)"
                           " VALUES ('village', 'county', '', $1)",
                           sv_int(1)),
                 1);
    cr_assert_eq(people_call(&p, VILLAGER, "directory.panels", json_pack("{s:b}", "around", 1)), 0);
    const json_t *panel = json_array_get(json_object_get(p.call.result, "panels"), 0);
    cr_expect(json_is_true(json_object_get(panel, "agreed")));
    cr_expect_eq(json_integer_value(json_object_get(panel, "distance")), 1);
    cr_assert_eq(people_call(&p, VILLAGER, "directory.specialties", json_object()), 0);
    cr_expect_geq(json_array_size(json_object_get(p.call.result, "specialties")), 40);
}

Test(roster_methods, panels_of_ones_own)
{
    cr_assert_eq(people_call(&p, EXPERT_1, "directory.panels", json_pack("{s:b}", "mine", 1)), 0);
    const json_t *mine = json_object_get(p.call.result, "panels");
    cr_expect_geq(json_array_size(mine), 1);
    const char *id = json_string_value(json_object_get(json_array_get(mine, 0), "id"));
    cr_expect_eq(people_call(&p, EXPERT_1, "directory.presence", json_pack("{s:s}", "panelId", id)),
                 0, "of which one sees who is on duty");
    cr_assert_eq(people_call(&p, VILLAGER, "directory.panels", json_pack("{s:b}", "mine", 1)), 0);
    cr_expect_eq(json_array_size(json_object_get(p.call.result, "panels")), 0);
}
