/* SPDX-License-Identifier: Apache-2.0 */
/* shanqiaoctl retention ... and account ..., in virtual time, beside a store that is in use. */
#include "people.h"
#include "signaling/ctl/ctl.h"
#include "signaling/store/store.h"
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define YEAR_US (INT64_C(36525) * 24 * 36 * TIME_US_PER_S)

static struct people p;
static char said[65536];

static int run_at(time_us utc_us, const char *line)
{
    char copy[512];
    char *argv[40] = {(char *)"shanqiaoctl"};
    int argc = 1;
    snprintf(copy, sizeof(copy), "%s --db %s --keys %s", line, p.database, p.dir);
    for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
        argv[argc++] = word;
    FILE *in = fmemopen((void *)"\n", 1, "r");
    memset(said, 0, sizeof(said));
    FILE *out = fmemopen(said, sizeof(said), "w");
    int status = ctl_run(argc, argv, in, out, out, utc_us);
    fclose(in);
    fclose(out);
    return status;
}

static int64_t count(const char *sql)
{
    struct store_query q;
    store_query(p.service.store, &q, sql, NULL, 0);
    int64_t n = store_next(&q) ? store_int(&q, 0) : -1;
    cr_assert_eq(store_query_end(&q), 0);
    return n;
}

static void add_case(const char *id)
{
    cr_assert_eq(
        STORE_RUN(
            p.service.store,
            "INSERT INTO consultation (id, kind, urgency, panel, applicant, state, reason,"
            " room_open, room_live, submitted_us, accepted_us, started_us, ended_us, revision,"
            " sealed_request, institution) VALUES ($1, 'live', 'routine', 'heart', $2,"
            " 'archived', '', 0, 0, 1, 0, 0, 0, 1, $3, 'village')",
            sv_text(id), sv_text(VILLAGER), sv_bytes("sealed", 6)),
        1);
    cr_assert_eq(STORE_RUN(p.service.store,
                           "INSERT INTO consultation_state (consultation, number, state, event,"
                           " at_us) VALUES ($1, 0, 'archived', 'archive', $2)",
                           sv_text(id), sv_int(p.utc_us)),
                 1);
}

static void up(void)
{
    setenv("LC_ALL", "C", 1);
    people_init(&p);
    add_case("con_1");
    add_case("con_2");
}

static void down(void)
{
    people_fini(&p);
}

TestSuite(ctl_retention, .init = up, .fini = down);

Test(ctl_retention, what_is_due_is_listed_deleted_and_proved)
{
    time_us late_us = p.utc_us + 16 * YEAR_US;
    cr_assert_eq(run_at(p.utc_us, "retention list"), CTL_OK, "%s", said);
    cr_expect(strstr(said, "con_1\toutpatient\tvillage\t2026-"), "%s", said);
    cr_assert_eq(run_at(p.utc_us, "retention due"), CTL_OK);
    cr_expect_str_eq(said, "");
    cr_assert_eq(run_at(p.utc_us, "retention class con_2 inpatient"), CTL_OK, "%s", said);
    cr_assert_eq(run_at(late_us, "retention due"), CTL_OK);
    cr_expect(strstr(said, "con_1") && !strstr(said, "con_2"), "%s", said);
    cr_assert_eq(run_at(late_us, "retention run --dry-run"), CTL_OK);
    cr_expect(strstr(said, "would delete 1, held 0"), "%s", said);
    cr_expect_eq(count("SELECT COUNT(*) FROM consultation"), 2);
    cr_assert_eq(run_at(late_us, "retention run"), CTL_OK, "%s", said);
    cr_expect_eq(count("SELECT COUNT(*) FROM consultation"), 1);
    cr_assert_eq(run_at(late_us, "retention proof con_1"), CTL_OK, "%s", said);
    json_t *proof = json_loads(said, 0, NULL);
    cr_expect_str_eq(json_string_value(json_object_get(proof, "verdict")), "ok");
    cr_expect_str_eq(json_string_value(json_object_get(json_object_get(proof, "manifest"), "by")),
                     "shanqiaoctl");
    json_decref(proof);
    cr_expect_eq(run_at(late_us, "retention proof con_2"), CTL_FAILED);
    cr_assert_eq(run_at(late_us, "audit verify"), CTL_OK, "%s", said);
    cr_assert_eq(store_run(p.service.store, "UPDATE deletion SET account = 'nobody'", NULL, 0), 1);
    cr_expect_eq(run_at(late_us, "retention proof con_1"), CTL_BAD);
}

Test(ctl_retention, what_is_held_stays_until_released)
{
    char hold[ID_MAX], line[128];
    time_us late_us = p.utc_us + 40 * YEAR_US;
    cr_expect_eq(run_at(p.utc_us, "retention hold con_1"), CTL_USAGE, "a reason is needed");
    cr_expect_eq(run_at(p.utc_us, "retention hold --reason x con_none"), CTL_FAILED);
    cr_assert_eq(run_at(p.utc_us, "retention hold --reason court con_1"), CTL_OK, "%s", said);
    snprintf(hold, sizeof(hold), "%.*s", (int)strcspn(said, "\n"), said);
    cr_assert_eq(run_at(p.utc_us, "retention holds"), CTL_OK);
    cr_expect(strstr(said, "court"), "%s", said);
    cr_assert_eq(run_at(late_us, "retention run"), CTL_OK);
    cr_expect(strstr(said, "held 1"), "%s", said);
    cr_expect_eq(count("SELECT COUNT(*) FROM consultation WHERE id = 'con_1'"), 1);
    snprintf(line, sizeof(line), "retention release %s", hold);
    cr_assert_eq(run_at(late_us, line), CTL_OK, "%s", said);
    cr_expect_eq(run_at(late_us, line), CTL_FAILED, "twice");
    cr_assert_eq(run_at(late_us, "retention run"), CTL_OK);
    cr_expect_eq(count("SELECT COUNT(*) FROM consultation"), 0);
}

Test(ctl_retention, roles_and_sessions_are_changed_for_the_running_server)
{
    cr_assert_eq(store_run(p.service.store,
                           "INSERT INTO session (id, token_hash, account, device, created_us,"
                           " expires_us) VALUES ('ses_x', 'h', '" EXPERT_1 "', '', 0,"
                           " 9000000000000000)",
                           NULL, 0),
                 1);
    cr_assert_eq(run_at(p.utc_us, "account roles --role coordinator " EXPERT_1), CTL_OK, "%s",
                 said);
    cr_expect_eq(count("SELECT roles FROM account WHERE id = '" EXPERT_1 "'"), 4);
    cr_expect_eq(count("SELECT COUNT(*) FROM account_change"), 1);
    cr_expect_eq(run_at(p.utc_us, "account roles --role admin --role quality " EXPERT_1),
                 CTL_USAGE);
    cr_expect_eq(run_at(p.utc_us, "account roles --role coordinator nobody"), CTL_FAILED);
    cr_assert_eq(run_at(p.utc_us, "account logout " EXPERT_1), CTL_OK);
    cr_expect_eq(count("SELECT expires_us FROM session"), 0);
}
