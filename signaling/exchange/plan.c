/* SPDX-License-Identifier: Apache-2.0 */
/* See plan.h: a merge of two sorted lists, table by table. What the file does not say stays as it
 * is, or takes its default in a new row. */
#include "signaling/exchange/plan.h"
#include "base/check.h"
#include "shanqiao/error.h"
#include <stdlib.h>
#include <string.h>

#define CHANGES_FIRST 64

static int until_field(int table)
{
    return table_field(&tables[table], "until", 5);
}

static int add_change(struct plan_table *t, const struct change *change)
{
    if (t->count == t->room) {
        size_t room = t->room ? 2 * t->room : CHANGES_FIRST;
        struct change *changes = realloc(t->changes, room * sizeof(*changes));
        if (!changes)
            return SQ_ERR_NOMEM;
        t->changes = changes;
        t->room = room;
    }
    t->of[change->op]++;
    t->changes[t->count++] = *change;
    return 0;
}

/* A complete row of `after` from what the file says and what was before. */
static struct row *complete(struct plan *plan, int table, const struct row *given,
                            const struct row *before)
{
    struct row *row = book_add_row(&plan->after, table);
    for (size_t i = 0; row && i < tables[table].count; i++) {
        const char *said = given->cells[i];
        if (said && !*said && !before)
            said = NULL; /* an empty cell of a new row asks for the default */
        row->cells[i] = said ? said : before ? before->cells[i] : book_fallback(table, i, given);
    }
    return row;
}

/* An empty cell takes the default again; a panel without a level has its institution's. */
static void refill(struct plan *plan, int table, struct row *row, const struct row *given)
{
    for (size_t i = 0; i < tables[table].count; i++)
        if (!*row->cells[i] && given->cells[i])
            row->cells[i] = book_fallback(table, i, row);
    if (table != TABLE_PANELS || *row->cells[P_LEVEL])
        return;
    const struct row *of = sheet_find_id(&plan->after.sheets[TABLE_INSTITUTIONS],
                                         TABLE_INSTITUTIONS, row->cells[P_INSTITUTION]);
    if (of)
        row->cells[P_LEVEL] = of->cells[I_LEVEL];
}

static bool same_cells(int table, const struct row *a, const struct row *b)
{
    for (size_t i = 0; i < tables[table].count; i++)
        if (strcmp(a->cells[i], b->cells[i]) != 0)
            return false;
    return true;
}

/* The rows of plan->after move while they are added, so changes name them by number until the end.
 */
static const struct row *numbered(size_t number)
{
    return (const struct row *)(uintptr_t)(number + 1);
}

static int take_given(struct plan *plan, int table, const struct row *given,
                      const struct row *before)
{
    struct plan_table *t = &plan->tables[table];
    struct row *row = complete(plan, table, given, before);
    if (!row)
        return SQ_ERR_NOMEM;
    refill(plan, table, row, given);
    row->number = given->number;
    row->places = given->places;
    if (before && same_cells(table, row, before)) {
        t->same++;
        return 0;
    }
    struct change change = {before ? CHANGE_UPDATE : CHANGE_ADD, before,
                            numbered(plan->after.sheets[table].count - 1), given};
    return add_change(t, &change);
}

static int keep(struct plan *plan, int table, const struct row *before)
{
    struct row *row = book_add_row(&plan->after, table);
    if (!row)
        return SQ_ERR_NOMEM;
    memcpy(row->cells, before->cells, tables[table].count * sizeof(*row->cells));
    return 0;
}

static bool closed_already(int table, const struct row *row, const char *yesterday)
{
    const char *until = row->cells[until_field(table)];
    return *until && strcmp(until, yesterday) <= 0;
}

/* A roster line of somebody who is no member any more goes with the membership. */
static bool lost_its_member(const struct plan *plan, int table, const struct row *row)
{
    return (table == TABLE_SHIFTS || table == TABLE_EXCEPTIONS) &&
           !sheet_find(&plan->after.sheets[TABLE_MEMBERS], TABLE_MEMBERS,
                       (const char *const *)row->cells);
}

static int take_unnamed(struct plan *plan, int table, const struct row *before,
                        const struct plan_options *options)
{
    struct plan_table *t = &plan->tables[table];
    enum table_removal removal = tables[table].removal;
    bool remove = options->remove && plan->file->sheets[table].given;
    if (lost_its_member(plan, table, before) || (remove && removal == REMOVAL_DELETE))
        return add_change(t, &(struct change){CHANGE_DELETE, before, NULL, NULL});
    int status = keep(plan, table, before);
    struct sheet *after = &plan->after.sheets[table];
    if (status < 0 || !remove || removal != REMOVAL_CLOSE ||
        closed_already(table, before, options->yesterday)) {
        t->same++;
        return status;
    }
    const char *day = book_text(&plan->after, options->yesterday, strlen(options->yesterday));
    if (!day)
        return SQ_ERR_NOMEM;
    after->rows[after->count - 1].cells[until_field(table)] = day;
    struct change change = {CHANGE_CLOSE, before, numbered(after->count - 1), NULL};
    return add_change(t, &change);
}

static int merge(struct plan *plan, int table, const struct book *now,
                 const struct plan_options *options)
{
    const struct sheet *old = &now->sheets[table], *new = &plan->file->sheets[table];
    size_t o = 0, n = 0;
    int status = 0;
    while (status == 0 && (o < old->count || n < new->count)) {
        int order = o == old->count   ? 1
                    : n == new->count ? -1
                                      : row_compare(&tables[table], &old->rows[o], &new->rows[n]);
        if (order < 0)
            status = take_unnamed(plan, table, &old->rows[o++], options);
        else if (order > 0)
            status = take_given(plan, table, &new->rows[n++], NULL);
        else
            status = take_given(plan, table, &new->rows[n++], &old->rows[o++]);
    }
    for (size_t i = 0; i < plan->tables[table].count; i++) {
        struct change *c = &plan->tables[table].changes[i];
        if (c->after)
            c->after = &plan->after.sheets[table].rows[(uintptr_t)c->after - 1];
    }
    return status;
}

int plan_make(struct plan *plan, const struct book *now, struct book *file,
              const struct plan_options *options)
{
    int status = 0;
    memset(plan, 0, sizeof(*plan));
    book_init(&plan->after);
    plan->file = file;
    for (int t = 0; t < TABLE_COUNT && status == 0; t++)
        status = merge(plan, t, now, options);
    if (status == 0)
        rules_check(file, &plan->after);
    return status;
}

void plan_fini(struct plan *plan)
{
    for (int t = 0; t < TABLE_COUNT; t++)
        free(plan->tables[t].changes);
    book_fini(&plan->after);
}

size_t plan_changes(const struct plan *plan)
{
    size_t count = 0;
    for (int t = 0; t < TABLE_COUNT; t++)
        count += plan->tables[t].count;
    return count;
}

/* ---- showing ---- */

static const char signs[CHANGE_OPS] = {'+', '~', 'x', '-'};

static void print_cell(FILE *to, const struct field *f, const char *cell)
{
    if (f->flags & FIELD_SECRET)
        fputs("***", to);
    else
        fprintf(to, "\"%s\"", cell);
}

static void print_change(FILE *to, int table, const struct change *c)
{
    const struct table *t = &tables[table];
    const struct row *named = c->after ? c->after : c->before;
    const char *comma = ": ";
    fprintf(to, "%c %s", signs[c->op], t->singular);
    for (size_t i = 0; i < t->keys; i++)
        fprintf(to, " %s", *named->cells[i] ? named->cells[i] : "-");
    for (size_t i = t->keys; c->before && c->after && i < t->count; i++) {
        if (strcmp(c->before->cells[i], c->after->cells[i]) == 0)
            continue;
        fprintf(to, "%s%s ", comma, t->fields[i].name);
        print_cell(to, &t->fields[i], c->before->cells[i]);
        fputs(" -> ", to);
        print_cell(to, &t->fields[i], c->after->cells[i]);
        comma = ", ";
    }
    fputc('\n', to);
}

static void print_counts(FILE *to, const char *name, const struct plan_table *t, bool chinese)
{
    fprintf(to,
            chinese ? "%s：新增 %zu，更改 %zu，关闭 %zu，删除 %zu，未变 %zu\n"
                    : "%s: %zu added, %zu changed, %zu closed, %zu removed, %zu as before\n",
            name, t->of[CHANGE_ADD], t->of[CHANGE_UPDATE], t->of[CHANGE_CLOSE],
            t->of[CHANGE_DELETE], t->same);
}

void plan_print(const struct plan *plan, FILE *to, size_t most, bool chinese)
{
    struct plan_table sum = {0};
    for (int t = 0; t < TABLE_COUNT; t++) {
        const struct plan_table *p = &plan->tables[t];
        size_t shown = most && p->count > most ? most : p->count;
        for (size_t i = 0; i < shown; i++)
            print_change(to, t, &p->changes[i]);
        if (shown < p->count)
            fprintf(to, chinese ? "……另有 %zu 项%s\n" : "... and %zu more of %s\n",
                    p->count - shown, tables[t].name);
    }
    for (int t = 0; t < TABLE_COUNT; t++) {
        const struct plan_table *p = &plan->tables[t];
        for (int op = 0; op < CHANGE_OPS; op++)
            sum.of[op] += p->of[op];
        sum.same += p->same;
        if (p->count)
            print_counts(to, tables[t].name, p, chinese);
    }
    print_counts(to, chinese ? "合计" : "all", &sum, chinese);
}
