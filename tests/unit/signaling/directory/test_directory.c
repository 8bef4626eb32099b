/* SPDX-License-Identifier: Apache-2.0 */
/* Directory and duty: what is listed, who counts as on duty, who is rung. Results are checked
 * against the schemas. */
#include "people.h"
#include "shanqiao/error.h"
#include "signaling/directory/directory.h"
#include "signaling/duty/duty.h"
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

TestSuite(directory, .init = up, .fini = down);

static int set_duty(const char *account, const char *panel, bool on)
{
    return people_call(&p, account, "duty.set",
                       json_pack("{s:s, s:b}", "panelId", panel, "onDuty", (int)on));
}

static json_int_t on_duty(void)
{
    cr_assert_eq(people_call(&p, VILLAGER, "directory.panels", json_object()), 0);
    const json_t *panel = json_array_get(json_object_get(p.call.result, "panels"), 0);
    return json_integer_value(json_object_get(panel, "onDuty"));
}

Test(directory, institutions_and_panels)
{
    cr_assert_eq(people_call(&p, OPERATOR, "directory.institutions", json_object()), 0);
    const json_t *rows = json_object_get(p.call.result, "institutions");
    cr_assert_eq(json_array_size(rows), 2);
    cr_expect_str_eq(json_string_value(json_object_get(json_array_get(rows, 0), "id")), "county");
    cr_expect_eq(on_duty(), 0);
}

Test(directory, a_caller_without_roles_sees_nothing)
{
    STORE_RUN(p.service.store, "UPDATE account SET roles = 0 WHERE id = $1", sv_text(VILLAGER));
    cr_expect_eq(people_call(&p, VILLAGER, "directory.panels", json_object()), SQ_ERR_DENIED);
    cr_expect_eq(people_call(&p, VILLAGER, "directory.institutions", json_object()), SQ_ERR_DENIED);
}

Test(directory, unknown_people_and_places)
{
    json_t *out = NULL;
    cr_expect_eq(directory_person(&p.service, "acc_none", &out), SQ_ERR_NOT_FOUND);
    cr_expect_null(out);
    cr_expect_eq(directory_institution(&p.service, "none", &out), SQ_ERR_NOT_FOUND);
    cr_expect_null(out);
}

Test(directory, duty_counts_once_and_ends)
{
    cr_assert_eq(set_duty(EXPERT_1, PANEL, true), 0);
    cr_assert_eq(set_duty(EXPERT_1, PANEL, true), 0);
    cr_assert_eq(set_duty(EXPERT_2, PANEL, true), 0);
    cr_expect_eq(on_duty(), 2);
    cr_assert_eq(set_duty(EXPERT_1, PANEL, false), 0);
    cr_assert_eq(set_duty(EXPERT_1, PANEL, false), 0);
    cr_expect_eq(on_duty(), 1);
    cr_expect_eq(set_duty(EXPERT_1, "no_panel", true), SQ_ERR_DENIED);
}

Test(directory, the_roster_is_oldest_first_without_the_disabled)
{
    struct duty_roster roster;
    cr_assert_eq(set_duty(EXPERT_3, PANEL, true), 0);
    p.utc_us += TIME_US_PER_S;
    cr_assert_eq(set_duty(EXPERT_1, PANEL, true), 0);
    cr_assert_eq(set_duty(EXPERT_2, PANEL, true), 0);
    cr_assert_eq(duty_roster(&p.service, PANEL, VILLAGER, p.utc_us, &roster), 0);
    cr_assert_eq(roster.count, 3);
    cr_expect_str_eq(roster.accounts[0], EXPERT_3);
    STORE_RUN(p.service.store, "UPDATE account SET disabled = 1 WHERE id = $1", sv_text(EXPERT_3));
    STORE_RUN(p.service.store, "UPDATE account SET roles = 0 WHERE id = $1", sv_text(EXPERT_2));
    cr_assert_eq(duty_roster(&p.service, PANEL, VILLAGER, p.utc_us, &roster), 0);
    cr_assert_eq(roster.count, 1);
    cr_expect_str_eq(roster.accounts[0], EXPERT_1);
    cr_assert_eq(duty_roster(&p.service, PANEL, EXPERT_1, p.utc_us, &roster), 0);
    cr_expect_eq(roster.count, 0); /* nobody is rung by oneself */
}

static int rings(void)
{
    int count = 0;
    for (size_t i = 0; i < p.call.effects.count; i++) {
        const struct effect *e = &p.call.effects.items[i];
        count += e->type == EFFECT_NOTIFY && strcmp(e->method, "consultation.ring") == 0;
    }
    return count;
}

Test(directory, at_most_thirty_two_are_rung)
{
    struct duty_roster roster;
    char id[ID_MAX];
    for (int i = 0; i < DUTY_RUNG_MAX + 8; i++) {
        snprintf(id, sizeof(id), "acc_more_%02d", i);
        STORE_RUN(p.service.store,
                  "INSERT INTO account (id, login, name, password_hash, roles, institution,"
                  " language) SELECT $1, $1, $1, password_hash, roles, institution, language"
                  " FROM account WHERE id = $2",
                  sv_text(id), sv_text(EXPERT_1));
        STORE_RUN(p.service.store, "INSERT INTO panel_member (panel, account) VALUES ($1, $2)",
                  sv_text(PANEL), sv_text(id));
        cr_assert_eq(set_duty(id, PANEL, true), 0);
    }
    cr_assert_eq(duty_roster(&p.service, PANEL, VILLAGER, p.utc_us, &roster), 0);
    cr_expect_eq(roster.count, DUTY_RUNG_MAX);
    cr_assert_eq(people_submit(&p, NULL, id), 0);
    cr_expect_eq(rings(), DUTY_RUNG_MAX);
    cr_assert_eq(people_call(&p, "acc_more_05", "consultation.accept", people_id(id)), 0);
    cr_expect_leq(p.call.effects.count, EFFECTS_MAX);
    cr_expect_eq(people_effects(&p, EFFECT_ROOM_REMOVE), DUTY_RUNG_MAX - 1);
}
