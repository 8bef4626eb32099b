/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold between rows. Looks at the rows of the file (their complete form is found by key
 * in `after`), so an old fault elsewhere stops nobody from adding a village. */
#include "shanqiao/error.h"
#include "signaling/auth/rights.h"
#include "signaling/directory/directory.h"
#include "signaling/exchange/plan.h"
#include <stdlib.h>
#include <string.h>

struct rules {
    struct book *file;
    const struct book *after;
    int table;
    const struct row *row;    /* in the file: where a fault stands */
    const char *const *cells; /* complete */
};

static const struct row *find(const struct rules *r, int table, const char *id)
{
    return sheet_find_id(&r->after->sheets[table], table, id);
}

static void refer(struct rules *r, int field, const char *id, size_t len, int element)
{
    const struct field *f = &tables[r->table].fields[field];
    char text[FIELD_MAX];
    snprintf(text, sizeof(text), "%.*s", (int)len, id);
    if (!find(r, f->refers, text))
        book_fault(r->file, r->table, r->row, field, element,
                   "there is no %s \"%.60s\"; add it to the file's %s",
                   "%s \"%.60s\" 不存在；请加入 %s", tables[f->refers].singular, text,
                   tables[f->refers].name);
}

static void check_references(struct rules *r)
{
    for (size_t i = 0; i < tables[r->table].count; i++) {
        const struct field *f = &tables[r->table].fields[i];
        const char *at = r->cells[i];
        if (f->refers < 0 || !*at)
            continue;
        for (int element = 0; *at; element++) {
            size_t len = strcspn(at, " ");
            refer(r, (int)i, at, len, f->type == FIELD_IDS ? element : -1);
            at += len;
            at += strspn(at, " ");
        }
    }
}

static void check_needed(struct rules *r)
{
    for (size_t i = 0; i < tables[r->table].count; i++)
        if ((tables[r->table].fields[i].flags & FIELD_NEEDED) && !*r->cells[i])
            book_wanted(r->file, r->table, r->row, (int)i, -1);
}

/* Dates and moments in canonical spelling compare as texts. */
static void check_order(struct rules *r, int from, int until)
{
    if (*r->cells[until] && strcmp(r->cells[from], r->cells[until]) > 0)
        book_fault(r->file, r->table, r->row, until, -1, "ends before it begins (%s)",
                   "结束早于开始（%s）", r->cells[from]);
}

static void check_distinct(struct rules *r, int one, int other)
{
    if (strcmp(r->cells[one], r->cells[other]) == 0)
        book_fault(r->file, r->table, r->row, other, -1,
                   "is the same as %s; wanted: two different institutions",
                   "与 %s 相同；应为两个不同的机构", tables[r->table].fields[one].name);
}

static int level_of(const struct row *institution)
{
    return (int)field_value(&tables[TABLE_INSTITUTIONS].fields[I_LEVEL],
                            institution->cells[I_LEVEL])
        .integer;
}

static void check_institution(struct rules *r)
{
    const struct row *at = find(r, TABLE_INSTITUTIONS, r->cells[I_ID]);
    int depth = 1;
    bool lower = false;
    for (; *at->cells[I_PARENT] && depth <= DIRECTORY_ANCESTORS_MAX; depth++) {
        const struct row *parent = find(r, TABLE_INSTITUTIONS, at->cells[I_PARENT]);
        if (!parent)
            return; /* told as a reference */
        lower |= depth == 1 && level_of(parent) < level_of(at);
        at = parent;
    }
    if (lower)
        book_fault(r->file, r->table, r->row, I_PARENT, -1,
                   "\"%.60s\" is of a lower level; wanted: an institution of the same or a higher "
                   "level",
                   "\"%.60s\" 级别更低；上级机构的级别应相同或更高", r->cells[I_PARENT]);
    if (depth > DIRECTORY_ANCESTORS_MAX)
        book_fault(r->file, r->table, r->row, I_PARENT, -1,
                   "leads in a circle, or over more than %d institutions",
                   "上级关系成环，或超过 %d 层", DIRECTORY_ANCESTORS_MAX);
    if (!*r->cells[I_LATITUDE] != !*r->cells[I_LONGITUDE])
        book_fault(r->file, r->table, r->row, I_LATITUDE, -1,
                   "wanted: both %s and longitude, or neither",
                   "%s 与 longitude 应同时填写或同时留空", "latitude");
}

static void check_account(struct rules *r)
{
    uint32_t roles =
        (uint32_t)field_value(&tables[TABLE_ACCOUNTS].fields[A_ROLES], r->cells[A_ROLES]).integer;
    if (roles && !rights_roles_fit(roles))
        book_fault(
            r->file, r->table, r->row, A_ROLES, -1,
            "\"%s\": one person may not hold these together; operator, quality and admin are "
            "kept apart, trainee and service stand alone",
            "“%s”：这些角色不可由同一人担任；运维、质控、管理员须分设，学员和接口账号须单独设立",
            r->cells[A_ROLES]);
}

static void check_roster(struct rules *r, int from, int until)
{
    check_order(r, from, until);
    if (find(r, TABLE_PANELS, r->cells[R_PANEL]) && find(r, TABLE_ACCOUNTS, r->cells[R_ACCOUNT]) &&
        !sheet_find(&r->after->sheets[TABLE_MEMBERS], TABLE_MEMBERS, r->cells))
        book_fault(r->file, r->table, r->row, R_ACCOUNT, -1,
                   "\"%.60s\" is no member of \"%.60s\"; add it to the file's members",
                   "“%.60s”不是“%.60s”的成员；请加入 members", r->cells[R_ACCOUNT],
                   r->cells[R_PANEL]);
}

static void check_row(struct rules *r)
{
    check_needed(r);
    check_references(r);
    switch (r->table) {
    case TABLE_INSTITUTIONS:
        check_institution(r);
        break;
    case TABLE_ACCOUNTS:
        check_account(r);
        break;
    case TABLE_AGREEMENTS:
        check_distinct(r, G_INVITING, G_INVITED);
        check_order(r, G_FROM, G_UNTIL);
        break;
    case TABLE_HELP:
        check_distinct(r, H_HELPED, H_HELPER);
        break;
    case TABLE_SHIFTS:
        check_roster(r, R_FROM, R_UNTIL);
        break;
    case TABLE_EXCEPTIONS:
        check_roster(r, X_FROM, X_UNTIL);
        break;
    default:
        break;
    }
}

/* ---- login names ---- */

static int by_login(const void *left, const void *right)
{
    const struct row *const *a = left, *const *b = right;
    return strcmp((*a)->cells[A_LOGIN], (*b)->cells[A_LOGIN]);
}

static void tell_twice(struct rules *r, const struct row *account)
{
    const struct sheet *given = &r->file->sheets[TABLE_ACCOUNTS];
    const struct row *row = sheet_find_id(given, TABLE_ACCOUNTS, account->cells[A_ID]);
    if (row)
        book_fault(r->file, TABLE_ACCOUNTS, row, A_LOGIN, -1,
                   "the login \"%.63s\" clashes with another account's",
                   "登录名 \"%.63s\" 与另一账号冲突", account->cells[A_LOGIN]);
}

static void check_logins(struct rules *r)
{
    const struct sheet *accounts = &r->after->sheets[TABLE_ACCOUNTS];
    const struct row **rows = calloc(accounts->count + 1, sizeof(*rows));
    if (!rows)
        return; /* the store's unique index refuses it then */
    for (size_t i = 0; i < accounts->count; i++)
        rows[i] = &accounts->rows[i];
    qsort(rows, accounts->count, sizeof(*rows), by_login);
    for (size_t i = 1; i < accounts->count; i++)
        if (strcmp(rows[i - 1]->cells[A_LOGIN], rows[i]->cells[A_LOGIN]) == 0) {
            tell_twice(r, rows[i - 1]);
            tell_twice(r, rows[i]);
        }
    free(rows);
}

void rules_check(struct book *file, const struct book *after)
{
    struct rules r = {.file = file, .after = after};
    for (r.table = 0; r.table < TABLE_COUNT; r.table++) {
        const struct sheet *given = &file->sheets[r.table];
        for (size_t i = 0; i < given->count; i++) {
            r.row = &given->rows[i];
            const struct row *whole =
                sheet_find(&after->sheets[r.table], r.table, (const char *const *)r.row->cells);
            r.cells = whole ? (const char *const *)whole->cells : NULL;
            if (whole)
                check_row(&r);
        }
    }
    if (file->sheets[TABLE_ACCOUNTS].count)
        check_logins(&r);
}

void rules_check_rosters(struct book *b)
{
    struct rules r = {.file = b, .after = b};
    for (r.table = TABLE_SHIFTS; r.table <= TABLE_EXCEPTIONS; r.table++)
        for (size_t i = 0; i < b->sheets[r.table].count; i++) {
            bool shift = r.table == TABLE_SHIFTS;
            r.row = &b->sheets[r.table].rows[i];
            r.cells = (const char *const *)r.row->cells;
            check_needed(&r);
            check_order(&r, shift ? (int)R_FROM : (int)X_FROM, shift ? (int)R_UNTIL : (int)X_UNTIL);
        }
}
