/* SPDX-License-Identifier: Apache-2.0 */
/* Terms in virtual time, holds, deletion that leaves nothing but its proof. */
#include "people.h"
#include "shanqiao/error.h"
#include "signaling/audit/audit.h"
#include "signaling/retention/parts.h"
#include "signaling/rooms.h"
#include "signaling/store/store.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY_US  (24 * 3600 * TIME_US_PER_S)
#define YEAR_US (INT64_C(36525) * DAY_US / 100)

static struct people p;
static char id[ID_MAX];

static void sql(const char *text)
{
    cr_assert_geq(store_run(p.service.store, text, NULL, 0), 0, "%s: %s", text,
                  store_error(p.service.store));
}

/* A case that ended, with rows in tables of other rooms. */
static void add_case(void)
{
    uint8_t sealed[400];
    for (size_t i = 0; i < sizeof(sealed); i++)
        sealed[i] = (uint8_t)(i * 7 + i / 11);
    cr_assert_eq(
        STORE_RUN(
            p.service.store,
            "INSERT INTO consultation (id, kind, urgency, panel, applicant, state, reason,"
            " room_open, room_live, submitted_us, accepted_us, started_us, ended_us, revision,"
            " sealed_request, institution) VALUES ($1, 'live', 'routine', 'heart', $2,"
            " 'archived', '', 0, 0, $3, 0, 0, 0, 1, $4, 'village')",
            sv_text(id), sv_text(VILLAGER), sv_int(p.utc_us), sv_bytes(sealed, sizeof(sealed))),
        1, "%s", store_error(p.service.store));
    cr_assert_eq(STORE_RUN(p.service.store,
                           "INSERT INTO consultation_state (consultation, number, state, event,"
                           " at_us) VALUES ($1, 0, 'archived', 'archive', $2)",
                           sv_text(id), sv_int(p.utc_us)),
                 1);
    cr_assert_eq(STORE_RUN(p.service.store,
                           "INSERT INTO ring (consultation, position, account, state)"
                           " VALUES ($1, 0, 'acc_expert_1', 3)",
                           sv_text(id)),
                 1);
    cr_assert_eq(STORE_RUN(p.service.store,
                           "INSERT INTO consultation_entry (id, consultation, kind, author, at_us,"
                           " sealed_body) VALUES ('ent_1', $1, 'note', 'acc_villager', 1, $2)",
                           sv_text(id), sv_bytes(sealed, 100)),
                 1);
    cr_assert_eq(STORE_RUN(p.service.store,
                           "INSERT INTO consultation_message (id, consultation, author, at_us,"
                           " sealed_text) VALUES ('msg_1', $1, 'acc_villager', 1, $2)",
                           sv_text(id), sv_bytes(sealed + 100, 100)),
                 1);
}

static void up(void)
{
    people_init(&p);
    snprintf(id, sizeof(id), "con_ended");
    add_case();
    cr_assert_eq(retention_classify(&p.service), 1);
}

static void down(void)
{
    people_fini(&p);
}

TestSuite(retention, .init = up, .fini = down);

static int delete_at(const char *object, time_us utc_us)
{
    cr_assert_eq(store_begin(p.service.store), 0);
    int status = retention_delete(&p.service, object, "", utc_us);
    if (status == 0)
        cr_assert_eq(store_commit(p.service.store), 0);
    store_rollback(p.service.store);
    return status;
}

static int64_t count(const char *text)
{
    struct store_query q;
    store_query(p.service.store, &q, text, NULL, 0);
    int64_t n = store_next(&q) ? store_int(&q, 0) : -1;
    cr_assert_eq(store_query_end(&q), 0);
    return n;
}

static void expect_proof(const char *object, const char *verdict)
{
    struct retention_proof proof;
    cr_assert_eq(retention_proof(&p.service, object, &proof), 0);
    cr_expect_str_eq(proof.verdict, verdict);
    retention_proof_clear(&proof);
}

Test(retention, terms_are_calendar_years_and_days)
{
    static const struct {
        enum retention_class class;
        time_us from_s, due_s;
    } cases[] = {
        {RETENTION_OUTPATIENT, 1709164800, 2182550400},     /* 2024-02-29 to 2039-03-01 */
        {RETENTION_INPATIENT, 1709164800, 2655936000},      /* to 2054-03-01 */
        {RETENTION_PROCESS_RECORD, 1767225600, 1861920000}, /* 2026-01-01 to 2029-01-01 */
        {RETENTION_DRAFT, 1767225600, 1767225600 + 90 * 86400},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        cr_expect_eq(retention_due_at(cases[i].class, cases[i].from_s * TIME_US_PER_S + 7),
                     cases[i].due_s * TIME_US_PER_S + 7, "%s",
                     retention_rule(cases[i].class)->name);
}

Test(retention, a_record_is_kept_for_its_term_to_the_microsecond)
{
    time_us due_us = retention_due_at(RETENTION_OUTPATIENT, p.utc_us);
    cr_expect_eq(delete_at(id, due_us - 1), SQ_ERR_STATE);
    cr_expect_eq(count("SELECT COUNT(*) FROM consultation"), 1);
    cr_expect_eq(delete_at(id, due_us), 0);
    cr_expect_eq(count("SELECT COUNT(*) FROM consultation"), 0);
    cr_expect_eq(count("SELECT COUNT(*) FROM retention"), 0);
    cr_expect_eq(delete_at(id, due_us), SQ_ERR_NOT_FOUND);
}

Test(retention, an_in_patients_record_is_kept_twice_as_long)
{
    cr_assert_eq(retention_reclassify(&p.service, id, RETENTION_INPATIENT), 0);
    cr_expect_eq(retention_classify(&p.service), 0, "the class that somebody gave stays");
    cr_expect_eq(delete_at(id, retention_due_at(RETENTION_OUTPATIENT, p.utc_us)), SQ_ERR_STATE);
    cr_expect_eq(delete_at(id, retention_due_at(RETENTION_INPATIENT, p.utc_us)), 0);
    cr_expect_eq(retention_reclassify(&p.service, id, RETENTION_INPATIENT), SQ_ERR_NOT_FOUND);
}

Test(retention, what_is_held_stays)
{
    char hold[ID_MAX], other[ID_MAX];
    time_us late_us = p.utc_us + 100 * YEAR_US;
    json_t *holds = NULL;
    cr_assert_eq(
        retention_hold(&p.service, id, "court of the county, case 7", "acc_admin", p.utc_us, hold),
        0);
    cr_expect_eq(retention_hold(&p.service, "con_none", "x", "", p.utc_us, other),
                 SQ_ERR_NOT_FOUND);
    cr_assert_eq(retention_hold(&p.service, "village", "inspection", "acc_admin", p.utc_us, other),
                 0);
    cr_expect_eq(delete_at(id, late_us), SQ_ERR_STATE);
    cr_assert_eq(retention_release(&p.service, hold, "acc_admin", p.utc_us + 1), 0);
    cr_expect_eq(retention_release(&p.service, hold, "acc_admin", p.utc_us + 1), SQ_ERR_STATE);
    cr_expect_eq(retention_release(&p.service, "hld_none", "", p.utc_us), SQ_ERR_NOT_FOUND);
    cr_expect_eq(delete_at(id, late_us), SQ_ERR_STATE, "its institution is held");
    cr_assert_eq(retention_holds(&p.service, &holds), 0);
    cr_assert_eq(json_array_size(holds), 1);
    cr_expect_str_eq(json_string_value(json_object_get(json_array_get(holds, 0), "reason")),
                     "inspection");
    const char *last = json_string_value(json_object_get(json_array_get(holds, 0), "id"));
    cr_assert_eq(retention_release(&p.service, last, "acc_admin", p.utc_us + 1), 0);
    json_decref(holds);
    cr_expect_eq(delete_at(id, late_us), 0);
}

static void add_file(const char *material, const char *file)
{
    cr_assert_eq(STORE_RUN(p.service.store,
                           "INSERT INTO material_file (id, institution, sha256, stored_sha256,"
                           " bytes, stripped, format, sealed_key)"
                           " VALUES ($1, 'village', $2, $2, 9, 0, 'jpeg', $2)",
                           sv_text(file), sv_bytes(file, strlen(file))),
                 1, "%s", store_error(p.service.store));
    cr_assert_eq(
        STORE_RUN(p.service.store,
                  "INSERT INTO material (id, consultation, account, type, preview, file,"
                  " header, status, reason, added_us, sealed_name)"
                  " VALUES ($1, $2, 'acc_villager', 'audio', 0, $3, '', 'ready', '', 1, $4)",
                  sv_text(material), sv_text(id), sv_text(file), sv_bytes("name", 4)),
        1, "%s", store_error(p.service.store));
    cr_assert_eq(STORE_RUN(p.service.store,
                           "INSERT INTO material_mark (material, author, revision, marks, at_us,"
                           " sealed_marks) VALUES ($1, 'acc_expert_1', 1, 1, 1, $2)",
                           sv_text(material), sv_bytes(material, strlen(material))),
                 1, "%s", store_error(p.service.store));
}

Test(retention, files_lose_their_keys_and_are_to_leave_the_disk)
{
    add_file("mat_1", "fil_1");
    add_file("mat_2", "fil_2");
    cr_assert_eq(STORE_RUN(p.service.store,
                           "INSERT INTO material_upload (id, consultation, account, institution,"
                           " type, bytes, material, expires_us, sealed_about, sealed_key) VALUES"
                           " ('upl_1', $1, 'acc_villager', 'village', 'photo', 9, '', 1, $2, $2)",
                           sv_text(id), sv_bytes("about", 5)),
                 1);
    cr_assert_eq(retention_put(&p.service, "mat_2", RETENTION_PROCESS_RECORD, "village", p.utc_us),
                 0);
    cr_expect_eq(delete_at("mat_2", retention_due_at(RETENTION_PROCESS_RECORD, p.utc_us)), 0);
    expect_proof("mat_2", "ok");
    cr_expect_eq(count("SELECT COUNT(*) FROM material"), 1);
    cr_expect_eq(count("SELECT COUNT(*) FROM material_mark"), 1);
    cr_expect_eq(count("SELECT COUNT(*) FROM material_file"), 1, "the key went with the row");
    cr_expect_eq(count("SELECT COUNT(*) FROM material_gone"), 1);
    cr_expect_eq(delete_at(id, p.utc_us + 16 * YEAR_US), 0);
    cr_expect_eq(count("SELECT COUNT(*) FROM material_file"), 0);
    cr_expect_eq(count("SELECT COUNT(*) FROM material_upload"), 0);
    cr_expect_eq(count("SELECT COUNT(*) FROM material_mark"), 0);
    cr_expect_eq(count("SELECT COUNT(*) FROM consultation_message"), 0);
    cr_expect_eq(count("SELECT COUNT(*) FROM material_gone WHERE file = 'fil_1'"), 1);
    expect_proof(id, "ok");
    struct retention_proof proof;
    cr_assert_eq(retention_proof(&p.service, id, &proof), 0);
    char *manifest = json_dumps(proof.manifest, 0);
    cr_expect(strstr(manifest, "\"material\"") && strstr(manifest, "\"material_upload\"") &&
                  strstr(manifest, "\"material_mark\"") &&
                  strstr(manifest, "\"consultation_message\""),
              "%s", manifest);
    free(manifest);
    retention_proof_clear(&proof);
}

Test(retention, a_case_that_goes_on_again_is_not_deleted)
{
    char text[120];
    snprintf(text, sizeof(text), "UPDATE consultation SET state = 'approved' WHERE id = '%s'", id);
    sql(text);
    cr_expect_eq(delete_at(id, p.utc_us + 100 * YEAR_US), SQ_ERR_STATE);
    cr_expect_eq(count("SELECT COUNT(*) FROM consultation"), 1);
}

/* How many of the database's files hold these bytes. */
static int files_with(const uint8_t *bytes, size_t len)
{
    static uint8_t file[8 << 20];
    int found = 0;
    for (int wal = 0; wal < 2; wal++) {
        char path[DATABASE_MAX + 8];
        snprintf(path, sizeof(path), "%s%s", p.database, wal ? "-wal" : "");
        FILE *f = fopen(path, "re");
        size_t size = f ? fread(file, 1, sizeof(file), f) : 0;
        if (f)
            fclose(f);
        cr_assert_lt(size, sizeof(file));
        found += memmem(file, size, bytes, len) != NULL;
    }
    return found;
}

/* None of its sealed bytes is left in the database's files. */
Test(retention, deletion_deletes)
{
    uint8_t sealed[64];
    struct store_query q;
    size_t len = 0;
    if (store_is_uri(p.database))
        return; /* the files are PostgreSQL's: what it overwrites when is its own affair */
    store_query(p.service.store, &q, "SELECT sealed_request FROM consultation", NULL, 0);
    cr_assert(store_next(&q));
    const void *bytes = store_bytes(&q, 0, &len);
    cr_assert_gt(len, sizeof(sealed) + 10);
    memcpy(sealed, (const uint8_t *)bytes + 10, sizeof(sealed));
    cr_assert_eq(store_query_end(&q), 0);
    cr_assert_eq(store_scrub(p.service.store), 0);
    cr_assert_eq(files_with(sealed, sizeof(sealed)), 1, "where else should it be?");
    cr_expect_eq(delete_at(id, p.utc_us + 16 * YEAR_US), 0);
    cr_assert_eq(store_scrub(p.service.store), 0);
    cr_expect_eq(files_with(sealed, sizeof(sealed)), 0);
}

static bool in_parts(const char *table)
{
    size_t n = 0;
    const struct retention_part *parts = retention_parts(RETENTION_OUTPATIENT, &n);
    for (size_t i = 0; i < n; i++)
        if (strcmp(parts[i].table, table) == 0)
            return true;
    return false;
}

Test(retention, no_table_of_a_case_is_forgotten)
{
    struct store_query q;
    int tables = 0;
    store_query(p.service.store, &q, p.service.store->ops->columns_sql, NULL, 0);
    while (store_next(&q)) {
        const char *table = store_text(&q, 0), *column = store_text(&q, 1);
        if (strcmp(column, "consultation") != 0)
            continue;
        cr_expect(in_parts(table), "signaling/retention/parts.c lacks %s", table);
        tables++;
    }
    cr_assert_eq(store_query_end(&q), 0);
    cr_expect_geq(tables, 8);
}

Test(retention, the_proof_holds_and_shows_each_change)
{
    struct retention_proof proof;
    cr_expect_eq(retention_proof(&p.service, id, &proof), SQ_ERR_NOT_FOUND);
    cr_assert_eq(delete_at(id, p.utc_us + 16 * YEAR_US), 0);
    cr_assert_eq(retention_proof(&p.service, id, &proof), 0);
    cr_expect_str_eq(proof.verdict, "ok");
    cr_expect_str_eq(json_string_value(json_object_get(proof.manifest, "class")), "outpatient");
    cr_expect_str_eq(json_string_value(json_object_get(proof.row, "chain")), "village");
    cr_expect_geq(json_array_size(json_object_get(proof.manifest, "parts")), 3);
    retention_proof_clear(&proof);
    static const struct {
        const char *change, *verdict;
    } changes[] = {
        {"UPDATE deletion SET manifest = REPLACE(manifest, 'outpatient', 'inpatient')", "manifest"},
        {"UPDATE deletion SET account = 'somebody'", "manifest"},
        {"UPDATE deletion SET at_us = at_us + 1", "manifest"},
        {"UPDATE deletion SET class = 'draft'", "manifest"},
        {"DELETE FROM audit WHERE act = 'retention.delete'", "not_in_log"},
    };
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        cr_assert_eq(store_begin(p.service.store), 0);
        sql(changes[i].change);
        expect_proof(id, changes[i].verdict);
        store_rollback(p.service.store);
    }
    char text[200];
    snprintf(text, sizeof(text),
             "INSERT INTO deadline (object, kind, at_us) VALUES ('%s', 'state', 1)", id);
    sql(text);
    expect_proof(id, "remains");
}

Test(retention, drafts_go_by_themselves_after_ninety_days)
{
    sql("INSERT INTO consultation_draft (id, applicant, saved_us, sealed_request) VALUES"
        " ('dra_old', 'acc_villager', 1780000000000000, 'x'),"
        " ('dra_new', 'acc_villager', 1780086400000000, 'x')");
    p.utc_us = PEOPLE_START_US + 90 * DAY_US - 1;
    cr_assert_eq(store_begin(p.service.store), 0);
    cr_assert_eq(retention_sweep(&p.service, p.utc_us), 0);
    cr_expect_eq(count("SELECT COUNT(*) FROM consultation_draft"), 2);
    cr_assert_eq(retention_sweep(&p.service, p.utc_us + 1), 0);
    cr_assert_eq(store_commit(p.service.store), 0);
    cr_expect_eq(count("SELECT COUNT(*) FROM consultation_draft"), 1);
    expect_proof("dra_old", "ok");
    cr_expect_eq(count("SELECT COUNT(*) FROM consultation"), 1,
                 "records of patients wait for a person");
}

Test(retention, the_servers_timer_looks_once_a_minute)
{
    static const char old[] =
        "INSERT INTO consultation_draft (id, applicant, saved_us, sealed_request) VALUES"
        " ('dra_%d', 'acc_villager', 1, 'x')";
    struct effects effects = {0};
    for (int i = 0; i < 3; i++) {
        char text[160];
        snprintf(text, sizeof(text), old, i);
        sql(text);
        cr_assert_eq(store_begin(p.service.store), 0);
        cr_assert_eq(rooms_sweep(&p.service, p.utc_us, &effects), 0);
        cr_assert_eq(store_commit(p.service.store), 0);
        cr_expect_eq(count("SELECT COUNT(*) FROM consultation_draft"), i == 1 ? 1 : 0);
        p.utc_us += i == 0 ? 59 * TIME_US_PER_S : TIME_US_PER_S;
    }
    cr_expect_eq(effects.count, 0);
}

Test(retention, many_drafts_go_a_few_at_a_time)
{
    for (int i = 0; i < 40; i++) {
        char text[200];
        snprintf(text, sizeof(text),
                 "INSERT INTO consultation_draft (id, applicant, saved_us, sealed_request) VALUES"
                 " ('dra_%02d', 'acc_villager', %d, 'x')",
                 i, 1000 + i);
        sql(text);
    }
    static const int left[] = {24, 8, 0, 0};
    for (size_t i = 0; i < sizeof(left) / sizeof(left[0]); i++) {
        cr_assert_eq(store_begin(p.service.store), 0);
        cr_assert_eq(retention_sweep(&p.service, p.utc_us), 0);
        cr_assert_eq(store_commit(p.service.store), 0);
        cr_expect_eq(count("SELECT COUNT(*) FROM consultation_draft"), left[i]);
    }
    expect_proof("dra_00", "ok");
    expect_proof("dra_39", "ok");
}

Test(retention, sessions_and_old_rows_of_the_log_go)
{
    struct audit_verdict v;
    sql("INSERT INTO session (id, token_hash, account, device, created_us, expires_us, ended_us)"
        " VALUES ('ses_old', 'a', 'acc_villager', '', 0, 0, 5),"
        " ('ses_open', 'b', 'acc_villager', '', 0, 0, NULL)");
    struct audit_act act = {.utc_us = p.utc_us, .account = VILLAGER, .act = "x", .object = "y"};
    for (int i = 0; i < 10; i++)
        cr_assert_eq(audit_append(p.service.store, &act), 0);
    int64_t rows = count("SELECT COUNT(*) FROM audit WHERE chain = 'village'");
    cr_assert_geq(rows, 10);
    cr_assert_gt(retention_trim(&p.service, p.utc_us + YEAR_US, 100), 0);
    cr_expect_eq(count("SELECT COUNT(*) FROM session WHERE id = 'ses_old'"), 0);
    cr_expect_eq(count("SELECT COUNT(*) FROM session WHERE id = 'ses_open'"), 1);
    cr_expect_eq(count("SELECT COUNT(*) FROM audit WHERE chain = 'village'"), rows);
    cr_assert_gt(retention_trim(&p.service, p.utc_us + 16 * YEAR_US, 100), 0);
    cr_expect_eq(count("SELECT COUNT(*) FROM audit WHERE chain = 'village'"), 1);
    cr_assert_eq(audit_verify(p.service.store, &v), 0);
    cr_expect_str_eq(v.reason, "ok");
}

static void add_admin(const char *account, const char *institution)
{
    char text[300];
    snprintf(text, sizeof(text),
             "INSERT INTO account (id, login, name, password_hash, roles, institution, language)"
             " VALUES ('%s', '%s', 'A', 'x', 32, '%s', 'en')",
             account, account, institution);
    sql(text);
}

Test(retention, an_administrator_of_the_case_holds_and_releases)
{
    char hold[ID_MAX];
    add_admin("acc_admin", "village");
    add_admin("acc_other", "county");
    json_t *params = json_pack("{s:s, s:s}", "objectId", id, "reason", "complaint 12");
    cr_expect_eq(people_call(&p, VILLAGER, "retention.placeHold", json_incref(params)),
                 SQ_ERR_DENIED);
    cr_expect_eq(people_call(&p, "acc_other", "retention.placeHold", json_incref(params)),
                 SQ_ERR_NOT_FOUND);
    cr_assert_eq(people_call(&p, "acc_admin", "retention.placeHold", params), 0);
    snprintf(hold, sizeof(hold), "%s", json_string_value(json_object_get(p.call.result, "holdId")));
    cr_expect_eq(delete_at(id, p.utc_us + 100 * YEAR_US), SQ_ERR_STATE);
    cr_expect_eq(
        people_call(&p, "acc_other", "retention.releaseHold", json_pack("{s:s}", "holdId", hold)),
        SQ_ERR_NOT_FOUND);
    cr_expect_eq(
        people_call(&p, "acc_admin", "retention.releaseHold", json_pack("{s:s}", "holdId", hold)),
        0);
    cr_expect_eq(
        people_call(&p, "acc_admin", "retention.releaseHold", json_pack("{s:s}", "holdId", hold)),
        SQ_ERR_STATE);
    cr_expect_eq(delete_at(id, p.utc_us + 100 * YEAR_US), 0);
}
