/* SPDX-License-Identifier: Apache-2.0 */
/* A whole province: made up the same way each time, imported, asked. */
#include "people.h"
#include "shanqiao/error.h"
#include "signaling/directory/directory.h"
#include "signaling/duty/duty.h"
#include "signaling/exchange/generate.h"
#include "signaling/exchange/plan.h"
#include "signaling/exchange/read.h"
#include "signaling/exchange/shelf.h"
#include "signaling/store/store.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static const struct province small = {
    .counties = 12, .townships = 40, .villages = 200, .members = 3, .seed = 7};

static char *text_of(const struct province *p)
{
    char *text = NULL;
    size_t len = 0;
    struct book b;
    FILE *to = open_memstream(&text, &len);
    book_init(&b);
    cr_assert_eq(generate_province(&b, p), 0);
    cr_expect_eq(b.fault_count, 0, "%s", b.faults[0].en);
    cr_assert_eq(book_write_json(&b, to), 0);
    fclose(to);
    book_fini(&b);
    return text;
}

Test(province, the_same_seed_makes_the_same_province)
{
    struct province other = small;
    other.seed = 8;
    char *one = text_of(&small), *two = text_of(&small), *three = text_of(&other);
    cr_expect_str_eq(one, two);
    cr_expect_str_neq(one, three);
    free(one);
    free(two);
    free(three);
}

Test(province, numbers_that_do_not_go_together_are_refused)
{
    static const struct province bad[] = {
        {.counties = 0, .townships = 1, .villages = 1},
        {.counties = 892, .townships = 900, .villages = 900},
        {.counties = 2, .townships = 1, .villages = 1},
        {.counties = 1, .townships = 501, .villages = 501},
        {.counties = 1, .townships = 2, .villages = 1},
        {.counties = 1, .townships = 1, .villages = 501},
        {.counties = 1, .townships = 1, .villages = 1, .members = 21},
    };
    struct book b;
    book_init(&b);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        cr_expect_eq(generate_province(&b, &bad[i]), SQ_ERR_INVALID, "case %zu", i);
}

static void import(struct people *p, struct book *file)
{
    struct book now;
    struct plan plan;
    struct plan_options options = {.yesterday = "2026-05-31"};
    book_init(&now);
    cr_assert_eq(store_begin(p->service.store), 0);
    cr_assert_eq(book_load(&now, p->service.store), 0);
    cr_assert_eq(plan_make(&plan, &now, file, &options), 0);
    cr_assert_eq(file->fault_count, 0, "%s %s", file->faults[0].where, file->faults[0].en);
    cr_assert_eq(plan_apply(&plan, p->service.store, "!"), 0, "%s", store_error(p->service.store));
    cr_assert_eq(store_commit(p->service.store), 0);
    plan_fini(&plan);
    book_fini(&now);
}

/* Every township is under an agreement, every village reaches a panel, somebody is always on duty.
 */
static void ask(struct people *p, const struct book *b)
{
    const struct sheet *all = &b->sheets[TABLE_INSTITUTIONS];
    for (size_t i = 0; i < all->count; i += 1 + all->count / 500) {
        struct directory_ids ids;
        struct directory_panels near;
        struct directory_agreement agreement;
        const char *id = all->rows[i].cells[I_ID];
        if (strcmp(all->rows[i].cells[I_LEVEL], "village") != 0 || strncmp(id, "vil_", 4) != 0)
            continue;
        cr_assert_eq(directory_ancestors(&p->service, id, &ids), 0);
        cr_assert_eq(ids.count, 5, "%s", id);
        cr_assert_eq(directory_agreement(&p->service, id, ids.items[2], "live", "cardiology",
                                         p->utc_us, &agreement),
                     0, "%s %s", id, ids.items[2]);
        cr_assert_eq(directory_emergency(&p->service, id, "chest_pain", p->utc_us, &near), 0);
        cr_assert_geq(near.count, 6, "%s", id);
        cr_expect_eq(near.items[0].level, 3);
        cr_expect_eq(near.items[near.count - 1].level, 5);
    }
}

static void roster_holds(struct people *p, int hours)
{
    struct duty_roster roster;
    for (int i = 1; i <= 3; i++) {
        char account[ID_MAX], session[ID_MAX];
        snprintf(account, sizeof(account), "acc_x001_1_%d", i);
        store_new_id(session, "ses");
        cr_assert_eq(STORE_RUN(p->service.store,
                               "INSERT INTO session (id, token_hash, account, device, created_us,"
                               " expires_us) VALUES ($1, $2, $3, '', 0, $4)",
                               sv_text(session), sv_bytes(session, strlen(session)),
                               sv_text(account), sv_int(TIME_US_NEVER)),
                     1);
    }
    for (int hour = 0; hour < hours; hour++) {
        time_us at = p->utc_us + hour * INT64_C(3600) * TIME_US_PER_S;
        cr_assert_eq(duty_roster(&p->service, "pan_x001_1", "", at, &roster), 0);
        cr_expect_eq(roster.count, 1, "hour %d", hour);
    }
}

Test(province, a_small_one_answers)
{
    struct people p;
    struct book b;
    people_init(&p);
    book_init(&b);
    cr_assert_eq(generate_province(&b, &small), 0);
    import(&p, &b);
    ask(&p, &b);
    roster_holds(&p, 24 * 8);
    book_fini(&b);
    people_fini(&p);
}

Test(province, a_whole_one_is_imported_and_read_back)
{
    static const struct province whole = {
        .counties = 183, .townships = 4000, .villages = 30000, .members = 1, .seed = 1};
    struct people p;
    struct book b, now;
    people_init(&p);
    book_init(&b);
    book_init(&now);
    cr_assert_eq(generate_province(&b, &whole), 0);
    cr_expect_gt(b.sheets[TABLE_INSTITUTIONS].count, 34183);
    import(&p, &b);
    ask(&p, &b);
    cr_assert_eq(book_load(&now, p.service.store), 0);
    cr_expect_eq(now.sheets[TABLE_INSTITUTIONS].count, b.sheets[TABLE_INSTITUTIONS].count + 2);
    for (size_t i = 0; i < b.sheets[TABLE_INSTITUTIONS].count; i++) {
        const struct row *row = &b.sheets[TABLE_INSTITUTIONS].rows[i];
        const struct row *back =
            sheet_find_id(&now.sheets[TABLE_INSTITUTIONS], TABLE_INSTITUTIONS, row->cells[I_ID]);
        cr_assert_not_null(back);
        for (size_t f = 0; f < tables[TABLE_INSTITUTIONS].count; f++)
            cr_assert_str_eq(back->cells[f], row->cells[f]);
    }
    book_fini(&now);
    book_fini(&b);
    people_fini(&p);
}
