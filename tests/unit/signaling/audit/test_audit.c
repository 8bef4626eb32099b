/* SPDX-License-Identifier: Apache-2.0 */
/* Each chain finds a changed byte, a deleted, inserted or reordered row, a row of another chain, a
 * cut tail, a chain that vanished (TRUST DBS-02). */
#include "database.h"
#include "shanqiao/error.h"
#include "signaling/audit/audit.h"
#include "signaling/store/store.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define CHAIN "ins_a"

static struct store *s;
static char database[DATABASE_MAX];

static void append_to(const char *chain, int count)
{
    for (int i = 0; i < count; i++) {
        struct audit_act act = {.utc_us = 1000 + i,
                                .account = i % 2 ? "acc_a" : NULL,
                                .session = "ses",
                                .act = "consultation.accept",
                                .object = "con_x",
                                .detail = "",
                                .chain = chain};
        cr_assert_eq(audit_append(s, &act), 0);
    }
}

static void up(void)
{
    char error[STORE_ERROR_MAX];
    database_make(":memory:", database);
    cr_assert_eq(store_open(&s, database, error), 0, "%s", error);
    append_to(CHAIN, 5);
    append_to("ins_b", 10);
    append_to(CHAIN, 5);
}

static void down(void)
{
    store_close(s);
    if (database_is_postgres())
        database_remove(database);
}

TestSuite(audit, .init = up, .fini = down);

static void expect_of(const char *chain, int64_t first_bad, const char *reason)
{
    struct audit_verdict v;
    cr_assert_eq(audit_verify_chain(s, chain, NULL, &v), 0);
    cr_expect_eq(v.first_bad, first_bad, "first bad row of %s is %lld, %s", chain,
                 (long long)v.first_bad, v.reason);
    cr_expect_str_eq(v.reason, reason);
}

static void expect(int64_t first_bad, const char *reason)
{
    struct audit_verdict v;
    expect_of(CHAIN, first_bad, reason);
    cr_assert_eq(audit_verify(s, &v), 0);
    cr_expect_eq(v.first_bad, first_bad);
    cr_expect_str_eq(v.reason, reason);
    cr_expect_str_eq(v.chain, first_bad ? CHAIN : "ins_b", "the last, or the first bad one");
}

static void sql(const char *text)
{
    cr_assert_geq(store_run(s, text, NULL, 0), 1, "%s: %s", text, store_error(s));
}

Test(audit, a_whole_log_is_good)
{
    struct audit_verdict v;
    expect(0, "ok");
    expect_of("ins_b", 0, "ok");
    expect_of("", 0, "ok");
    cr_assert_eq(audit_verify(s, &v), 0);
    cr_expect_eq(v.rows, 22, "two chains of ten, and their two beginnings");
}

Test(audit, each_column_is_covered)
{
    static const char *const changes[] = {
        "at_us = at_us + 1",
        "account = 'acc_b'",
        "session = 'other'",
        "act = 'consultation.refuse'",
        "object = 'con_y'",
        "detail = 'x'",
        "hash = (SELECT b.hash FROM audit b WHERE b.chain = 'ins_b' AND b.number = 1)"};
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        char text[240];
        snprintf(text, sizeof(text), "UPDATE audit SET %s WHERE chain = 'ins_a' AND number = 4",
                 changes[i]);
        cr_assert_eq(store_begin(s), 0);
        sql(text);
        expect(4, "hash_mismatch");
        store_rollback(s);
    }
    sql("UPDATE audit SET previous = hash WHERE chain = 'ins_a' AND number = 4");
    expect(4, "chain_broken");
    expect_of("ins_b", 0, "ok");
}

Test(audit, text_may_not_move_between_columns)
{
    sql("UPDATE audit SET act = 'consultation.acceptcon', object = '_x'"
        " WHERE chain = 'ins_a' AND number = 4");
    expect(4, "hash_mismatch");
}

Test(audit, a_deleted_row_is_missed)
{
    sql("DELETE FROM audit WHERE chain = 'ins_a' AND number = 5");
    expect(5, "missing_row");
}

Test(audit, renumbering_does_not_hide_a_deleted_row)
{
    sql("DELETE FROM audit WHERE chain = 'ins_a' AND number = 5");
    sql("UPDATE audit SET number = number - 1 WHERE chain = 'ins_a' AND number > 5");
    expect(5, "chain_broken");
}

Test(audit, an_inserted_row_is_found)
{
    sql("UPDATE audit SET number = number + 100 WHERE chain = 'ins_a' AND number > 5");
    sql("UPDATE audit SET number = number - 99 WHERE chain = 'ins_a' AND number > 100");
    sql("INSERT INTO audit SELECT chain, 6, at_us, account, session, act, object, detail, previous,"
        " hash FROM audit WHERE chain = 'ins_a' AND number = 5");
    expect(6, "chain_broken");
}

Test(audit, swapped_rows_are_found)
{
    sql("UPDATE audit SET number = 100 WHERE chain = 'ins_a' AND number = 3");
    sql("UPDATE audit SET number = 3 WHERE chain = 'ins_a' AND number = 4");
    sql("UPDATE audit SET number = 4 WHERE chain = 'ins_a' AND number = 100");
    expect(3, "chain_broken");
}

Test(audit, a_row_of_another_chain_does_not_fit)
{
    sql("UPDATE audit SET chain = 'gone' WHERE chain = 'ins_a' AND number = 1");
    sql("UPDATE audit SET chain = 'ins_a' WHERE chain = 'ins_b' AND number = 1");
    expect_of(CHAIN, 1,
              "hash_mismatch"); /* the same act at the same time; the name of the chain differs */
    sql("UPDATE audit SET chain = 'ins_b' WHERE chain = 'ins_a' AND number = 1");
    sql("UPDATE audit SET chain = 'ins_a' WHERE chain = 'gone'");
    expect(0, "ok");
}

Test(audit, a_whole_chain_under_another_name_is_found)
{
    sql("UPDATE audit SET chain = 'ins_c' WHERE chain = 'ins_b'");
    sql("UPDATE audit_chain SET chain = 'ins_c' WHERE chain = 'ins_b'");
    expect_of("ins_c", 1, "hash_mismatch");
    expect_of("ins_b", 1, "tail_cut");
}

Test(audit, a_cut_tail_shows_against_the_chains_own_head)
{
    sql("DELETE FROM audit WHERE chain = 'ins_a' AND number > 8");
    expect(9, "tail_cut");
}

Test(audit, a_tail_cut_with_its_head_shows_against_a_noted_one)
{
    struct audit_head head;
    struct audit_verdict v;
    char text[AUDIT_HEAD_SIZE];
    struct audit_head back;
    cr_assert_eq(audit_get_head(s, CHAIN, &head), 0);
    cr_expect_eq(head.number, 10);
    cr_assert(audit_head_parse(audit_head_text(&head, text), &back));
    cr_expect_eq(back.number, 10);
    cr_expect_arr_eq(back.hash, head.hash, sizeof(head.hash));
    append_to(CHAIN, 3);
    cr_assert_eq(audit_verify_chain(s, CHAIN, &head, &v), 0);
    cr_expect_str_eq(v.reason, "ok");
    sql("DELETE FROM audit WHERE chain = 'ins_a' AND number > 8");
    sql("UPDATE audit_chain SET number = 8, hash = (SELECT hash FROM audit WHERE chain = 'ins_a'"
        " AND number = 8) WHERE chain = 'ins_a'");
    expect(0, "ok"); /* by itself it looks whole */
    cr_assert_eq(audit_verify_chain(s, CHAIN, &head, &v), 0);
    cr_expect_str_eq(v.reason, "tail_cut");
    cr_expect_eq(v.first_bad, 9);
    append_to(CHAIN, 4); /* grown again, with another past */
    cr_assert_eq(audit_verify_chain(s, CHAIN, &head, &v), 0);
    cr_expect_eq(v.first_bad, 10);
    cr_expect_str_eq(v.reason, "chain_broken");
}

Test(audit, a_chain_that_vanished_is_missed)
{
    sql("DELETE FROM audit WHERE chain = 'ins_a'");
    sql("DELETE FROM audit_chain WHERE chain = 'ins_a'");
    expect(1, "tail_cut");
}

Test(audit, rows_beyond_the_head_are_found)
{
    sql("UPDATE audit_chain SET number = 9, hash = (SELECT hash FROM audit WHERE chain = 'ins_a'"
        " AND number = 9) WHERE chain = 'ins_a'");
    expect(11, "chain_broken");
}

Test(audit, what_retention_took_is_vouched_for)
{
    struct audit_verdict v;
    cr_assert_eq(audit_prune(s, CHAIN, 1003, 100, 5000), 3, "older than the term");
    cr_assert_eq(audit_prune(s, CHAIN, 1003, 100, 5000), 0, "younger ones keep what follows");
    expect(0, "ok");
    cr_assert_eq(audit_verify_chain(s, CHAIN, NULL, &v), 0);
    cr_expect_eq(v.rows, 7);
    cr_assert_eq(store_begin(s), 0);
    sql("DELETE FROM audit WHERE chain = 'ins_a' AND number = 4");
    sql("UPDATE audit_chain SET base_number = 4, base_hash = (SELECT previous FROM audit"
        " WHERE chain = 'ins_a' AND number = 5) WHERE chain = 'ins_a'");
    expect(5, "missing_row"); /* nobody vouches for that beginning */
    store_rollback(s);
    cr_assert_eq(audit_prune(s, CHAIN, INT64_MAX, 2, 6000), 2, "no more than asked for");
    cr_assert_eq(audit_prune(s, CHAIN, INT64_MAX, 100, 6000), 4, "the head stays");
    expect(0, "ok");
}

Test(audit, pruning_the_installations_chain_keeps_its_word_for_the_others)
{
    cr_assert_eq(audit_prune(s, CHAIN, INT64_MAX, 3, 5000), 3);
    cr_assert_gt(audit_prune(s, "", INT64_MAX, 100, 6000), 0);
    cr_assert_gt(audit_prune(s, "", INT64_MAX, 100, 7000), 0);
    expect(0, "ok");
    expect_of("", 0, "ok");
    sql("DELETE FROM audit WHERE chain = 'ins_b'");
    sql("DELETE FROM audit_chain WHERE chain = 'ins_b'");
    expect_of("ins_b", 1, "tail_cut");
    struct audit_verdict v;
    cr_assert_eq(audit_verify(s, &v), 0);
    cr_expect_str_eq(v.chain, "ins_b", "its beginning is still told");
}

static void add_people(void)
{
    sql("INSERT INTO institution (id, name, level, kind) VALUES ('ins_v', 'V', 1, "
        "'village_clinic'),"
        " ('ins_h', 'H', 3, 'hospital')");
    sql("INSERT INTO account (id, login, name, password_hash, roles, institution, language) VALUES"
        " ('acc_v', 'v', 'v', 'x', 1, 'ins_v', 'en'), ('acc_s', 's', 's', 'x', 2, 'ins_h', 'en'),"
        " ('acc_o', 'o', 'o', 'x', 8, 'ins_h', 'en')");
}

static void expect_chain(const char *account, const char *object, const char *chain)
{
    char found[ID_MAX];
    cr_assert_eq(audit_chain_of(s, account, object, found), 0);
    cr_expect_str_eq(found, chain, "%s", account ? account : object);
}

Test(audit, a_row_goes_to_the_chain_of_who_acts)
{
    add_people();
    expect_chain("acc_v", "", "ins_v");
    expect_chain("acc_s", "con_x", "ins_h");
    expect_chain("acc_o", "", "");
    expect_chain("acc_unknown", "", "");
    expect_chain(NULL, "login hash", "");
}
