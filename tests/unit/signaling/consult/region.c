/* SPDX-License-Identifier: Apache-2.0 */
/* See region.h. */
#include "region.h"
#include "shanqiao/error.h"
#include "signaling/auth/rights.h"
#include "signaling/store/store.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static void run(struct people *p, const char *sql)
{
    int status = store_run(p->service.store, sql, NULL, 0);
    cr_assert_geq(status, 1, "%s: %s", sql, store_error(p->service.store));
}

static void add_account(struct people *p, const char *id, uint32_t roles, const char *institution)
{
    cr_assert_eq(STORE_RUN(p->service.store,
                           "INSERT INTO account (id, login, name, password_hash, roles,"
                           " institution, language) VALUES ($1, $1, $1, 'none', $2, $3, 'en')",
                           sv_text(id), sv_int(roles), sv_text(institution)),
                 1);
}

static void add_panel(struct people *p, const char *panel, int level, const char *institution,
                      const char *expert)
{
    cr_assert_eq(STORE_RUN(p->service.store,
                           "INSERT INTO panel (id, name, specialty, level, institution)"
                           " VALUES ($1, $1, 'cardiology', $2, $3)",
                           sv_text(panel), sv_int(level), sv_text(institution)),
                 1);
    cr_assert_eq(STORE_RUN(p->service.store,
                           "INSERT INTO panel_member (panel, account) VALUES ($1, $2)",
                           sv_text(panel), sv_text(expert)),
                 1);
}

static void add_agreement(struct people *p, const char *id, const char *invited)
{
    cr_assert_eq(STORE_RUN(p->service.store,
                           "INSERT INTO agreement (id, inviting, invited, from_day, until_day,"
                           " kinds, specialties, approve_inviting, approve_invited, triage,"
                           " schedule, strategy, ring_s, reference) VALUES"
                           " ($1, 'township', $2, 0, 2932896, '', '', 0, 0, 0, 0, 0, 60, '')",
                           sv_text(id), sv_text(invited)),
                 1);
}

void region_init(struct people *p)
{
    people_init(p);
    cr_assert_eq(store_begin(p->service.store), 0);
    run(p, "INSERT INTO institution (id, name, level, kind) VALUES"
           " ('township', 'Township hospital', 2, 'township_hospital'),"
           " ('city', 'City hospital', 4, 'hospital'),"
           " ('province', 'Province hospital', 5, 'hospital'),"
           " ('far', 'Hospital elsewhere', 3, 'hospital')");
    run(p, "UPDATE institution SET parent = 'township' WHERE id = 'village'");
    add_account(p, BASE_DESK, ROLE_COORDINATOR, "township");
    add_account(p, COUNTY_DESK, ROLE_COORDINATOR, "county");
    add_account(p, CITY_DESK, ROLE_COORDINATOR, "city");
    add_account(p, CITY_EXPERT, ROLE_SPECIALIST, "city");
    add_account(p, PROVINCE_EXPERT, ROLE_SPECIALIST, "province");
    add_account(p, STRANGER, ROLE_SPECIALIST, "far");
    add_account(p, TRAINEE, ROLE_TRAINEE, "county");
    add_panel(p, CITY_PANEL, 4, "city", CITY_EXPERT);
    add_panel(p, PROVINCE_PANEL, 5, "province", PROVINCE_EXPERT);
    add_panel(p, STRANGE_PANEL, 3, "far", STRANGER);
    run(p,
        "INSERT INTO help (helped, helper, specialty, position) VALUES"
        " ('township', 'county', '', 0), ('county', 'city', '', 0), ('city', 'province', '', 0)");
    add_agreement(p, "agr_city", "city");
    add_agreement(p, "agr_province", "province");
    cr_assert_eq(store_commit(p->service.store), 0);
}

void region_agreement(struct people *p, int approve_inviting, int approve_invited, int triage,
                      int strategy)
{
    cr_assert_eq(STORE_RUN(p->service.store,
                           "UPDATE agreement SET approve_inviting = $1, approve_invited = $2,"
                           " triage = $3, strategy = $4 WHERE id = 'agr_all'",
                           sv_int(approve_inviting), sv_int(approve_invited), sv_int(triage),
                           sv_int(strategy)),
                 1);
}

void region_on_duty(struct people *p, const char *account, const char *panel)
{
    region_ok(p, account, "duty.set", json_pack("{s:s, s:b}", "panelId", panel, "onDuty", 1));
}

void region_ok(struct people *p, const char *account, const char *method, json_t *params)
{
    int status = people_call(p, account, method, params);
    cr_assert_eq(status, 0, "%s by %s: %s %s %s", method, account, sq_error_name(status),
                 p->call.message_en, store_error(p->service.store));
}

void region_act(struct people *p, const char *account, const char *method, const char *id)
{
    region_ok(p, account, method, people_id(id));
}

json_t *region_request(const char *kind)
{
    static const char *const more[] = {"history", "results",    "diagnosis",  "treatment",
                                       "allergy", "department", "wantedTitle"};
    json_t *request = people_request();
    json_object_set_new(request, "kind", json_string(kind));
    for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++)
        json_object_set_new(request, more[i], json_string("as the record says"));
    return request;
}

void region_submit(struct people *p, json_t *request, char *id)
{
    region_ok(p, VILLAGER, "consultation.submit", request);
    snprintf(id, ID_MAX, "%s", people_result(p, "id"));
}

void region_material(struct people *p, const char *id)
{
    region_ok(p, VILLAGER, "material.vitals",
              json_pack("{s:s, s:s, s:[{s:s, s:f, s:s}]}", "consultationId", id, "takenAt",
                        region_time(p, 0), "values", "code", "heart_rate", "value", 71.0, "unit",
                        "/min"));
}

const char *region_state(struct people *p, const char *id)
{
    region_act(p, VILLAGER, "consultation.get", id);
    return people_result(p, "state");
}

void region_due(struct people *p)
{
    bool more = true;
    json_decref(p->call.params);
    json_decref(p->call.result);
    effects_clear(&p->call.effects);
    memset(&p->call, 0, sizeof(p->call));
    while (more) {
        cr_assert_eq(store_begin(p->service.store), 0);
        int status = service_deadlines_due(&p->service, p->utc_us, &p->call.effects, &more);
        cr_assert_eq(status, 0, "%s %s", sq_error_name(status), store_error(p->service.store));
        cr_assert_eq(store_commit(p->service.store), 0);
    }
}

const char *region_time(const struct people *p, time_us after_us)
{
    static char texts[4][SERVICE_TIME_MAX];
    static unsigned next;
    return service_time_text(p->utc_us + after_us, texts[next++ % 4]);
}
