/* SPDX-License-Identifier: Apache-2.0 */
/* The chain finds a changed byte, a deleted, inserted or reordered row, a cut tail (TRUST DBS-02).
 */
#include "shanqiao/error.h"
#include "signaling/audit/audit.h"
#include "signaling/store/store.h"
#include <criterion/criterion.h>
#include <string.h>

static struct store *s;

static void append(int count)
{
    for (int i = 0; i < count; i++) {
        struct audit_act act = {.utc_us = 1000 + i,
                                .account = i % 2 ? "acc_a" : NULL,
                                .session = "ses",
                                .act = "consultation.accept",
                                .object = "con_x",
                                .detail = ""};
        cr_assert_eq(audit_append(s, &act), 0);
    }
}

static void up(void)
{
    char error[STORE_ERROR_MAX];
    cr_assert_eq(store_open(&s, ":memory:", error), 0);
    append(10);
}

static void down(void)
{
    store_close(s);
}

TestSuite(audit, .init = up, .fini = down);

static void expect(int64_t first_bad, const char *reason)
{
    struct audit_verdict v;
    cr_assert_eq(audit_verify(s, NULL, &v), 0);
    cr_expect_eq(v.first_bad, first_bad, "first bad row is %lld", (long long)v.first_bad);
    cr_expect_str_eq(v.reason, reason);
}

static void sql(const char *text)
{
    cr_assert_geq(store_run(s, text, NULL, 0), 1);
}

Test(audit, a_whole_log_is_good)
{
    expect(0, "ok");
}

Test(audit, each_column_is_covered)
{
    static const char *const changes[] = {
        "UPDATE audit SET at_us = at_us + 1 WHERE number = 4",
        "UPDATE audit SET account = 'acc_b' WHERE number = 4",
        "UPDATE audit SET session = 'other' WHERE number = 4",
        "UPDATE audit SET act = 'consultation.refuse' WHERE number = 4",
        "UPDATE audit SET object = 'con_y' WHERE number = 4",
        "UPDATE audit SET detail = 'x' WHERE number = 4",
        "UPDATE audit SET hash = zeroblob(32) WHERE number = 4"};
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        cr_assert_eq(store_begin(s), 0);
        sql(changes[i]);
        expect(4, "hash_mismatch");
        store_rollback(s);
    }
    sql("UPDATE audit SET previous = zeroblob(32) WHERE number = 4");
    expect(4, "chain_broken");
}

Test(audit, text_may_not_move_between_columns)
{
    sql("UPDATE audit SET act = 'consultation.acceptcon', object = '_x' WHERE number = 4");
    expect(4, "hash_mismatch");
}

Test(audit, a_deleted_row_is_missed)
{
    sql("DELETE FROM audit WHERE number = 5");
    expect(5, "missing_row");
}

Test(audit, renumbering_does_not_hide_a_deleted_row)
{
    sql("DELETE FROM audit WHERE number = 5");
    sql("UPDATE audit SET number = number - 1 WHERE number > 5");
    expect(5, "chain_broken");
}

Test(audit, swapped_rows_are_found)
{
    sql("UPDATE audit SET number = 100 WHERE number = 3");
    sql("UPDATE audit SET number = 3 WHERE number = 4");
    sql("UPDATE audit SET number = 4 WHERE number = 100");
    expect(3, "chain_broken");
}

Test(audit, a_cut_tail_shows_against_a_noted_head)
{
    struct audit_head head;
    struct audit_verdict v;
    cr_assert_eq(audit_get_head(s, &head), 0);
    cr_expect_eq(head.number, 10);
    append(3);
    cr_assert_eq(audit_verify(s, &head, &v), 0);
    cr_expect_str_eq(v.reason, "ok");
    sql("DELETE FROM audit WHERE number > 8");
    expect(0, "ok"); /* by itself it looks whole */
    cr_assert_eq(audit_verify(s, &head, &v), 0);
    cr_expect_str_eq(v.reason, "tail_cut");
    cr_expect_eq(v.first_bad, 9);
    append(4); /* grown again, with another past */
    cr_assert_eq(audit_verify(s, &head, &v), 0);
    cr_expect_eq(v.first_bad, 10);
}
