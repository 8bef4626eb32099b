/* SPDX-License-Identifier: Apache-2.0 */
/* Files against the store: CSV and JSON and back, dry comparison, removal, and each kind of bad
 * file with its place. */
#include "people.h"
#include "shanqiao/error.h"
#include "signaling/exchange/plan.h"
#include "signaling/exchange/read.h"
#include "signaling/exchange/review.h"
#include "signaling/exchange/shelf.h"
#include "signaling/store/store.h"
#include "tests/support/temporary.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct people p;
static struct book file, now;
static struct plan plan;
static bool planned;

static void up(void)
{
    people_init(&p);
}

static void forget(void)
{
    if (planned)
        plan_fini(&plan);
    planned = false;
    book_fini(&now);
    book_fini(&file);
}

static void down(void)
{
    forget();
    people_fini(&p);
}

TestSuite(exchange, .init = up, .fini = down);

/* Compares what `file` holds with the store. */
static void compare(bool remove)
{
    struct plan_options options = {.remove = remove, .yesterday = "2026-05-31"};
    book_sort(&file);
    cr_assert_eq(book_load(&now, p.service.store), 0);
    cr_assert_eq(plan_make(&plan, &now, &file, &options), 0);
    planned = true;
}

static void read_csv(int table, const char *text)
{
    cr_assert_eq(book_read_csv(&file, table, "t.csv", text, strlen(text)), 0);
}

static void read_json(const char *text)
{
    cr_assert_eq(book_read_json(&file, "t.json", text, strlen(text)), 0);
}

static void apply(void)
{
    cr_assert_eq(file.fault_count, 0, "%s %s", file.faults[0].where, file.faults[0].en);
    cr_assert_eq(store_begin(p.service.store), 0);
    cr_assert_eq(plan_apply(&plan, p.service.store, "!"), 0, "%s", store_error(p.service.store));
    cr_assert_eq(store_commit(p.service.store), 0);
    forget();
}

static char *shown(void)
{
    char *text = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&text, &len);
    plan_print(&plan, to, 0, false);
    fclose(to);
    return text;
}

static char *exported(void)
{
    char *text = NULL;
    size_t len = 0;
    struct book b;
    FILE *to = open_memstream(&text, &len);
    book_init(&b);
    cr_assert_eq(book_load(&b, p.service.store), 0);
    cr_assert_eq(book_write_json(&b, to), 0);
    fclose(to);
    book_fini(&b);
    return text;
}

static void expect_fault(uint32_t line, uint32_t column, const char *where, const char *says)
{
    bool found = false;
    for (size_t i = 0; i < file.fault_count && i < FAULTS_SHOWN; i++) {
        const struct fault *f = &file.faults[i];
        found |= f->place.line == line && f->place.column == column && strstr(f->where, where) &&
                 strstr(f->en, says) && f->zh[0];
    }
    const struct fault *f = &file.faults[0];
    cr_expect(found, "wanted %u:%u %s \"%s\", got %zu: %u:%u %s \"%s\"", line, column, where, says,
              file.fault_count, f->place.line, f->place.column, f->where, f->en);
}

/* ---- good files ---- */

Test(exchange, csv_brings_rows_and_says_what_changes)
{
    read_csv(TABLE_INSTITUTIONS, "\xEF\xBB\xBF"
                                 "id,name,level,parent\r\n"
                                 "town,\"乡镇 \"\"一\"\", 卫生院\",2,county\r\n"
                                 "county,County hospital,county,\r\n");
    compare(false);
    cr_expect_eq(plan_changes(&plan), 1);
    char *text = shown();
    cr_expect_not_null(strstr(text, "+ institution town"), "%s", text);
    cr_expect_not_null(strstr(text, "1 added, 0 changed, 0 closed, 0 removed"), "%s", text);
    free(text);
    apply();
    read_csv(TABLE_INSTITUTIONS, "id,name\ntown,\"two\"\n");
    compare(false);
    text = shown();
    cr_expect_not_null(
        strstr(text, "~ institution town: name \"乡镇 \"一\", 卫生院\" -> \"two\"\n"), "%s", text);
    free(text);
    apply();
    char *all = exported();
    cr_expect_not_null(strstr(all, "{\"id\": \"town\", \"name\": \"two\", \"level\": \"township\","
                                   " \"kind\": \"hospital\", \"parent\": \"county\","),
                       "what the file does not say stays");
    free(all);
}

static const char whole[] =
    "{\"institutions\": [{\"id\": \"town\", \"name\": \"T, \\\"x\\\"\", \"level\": 2, \"parent\": "
    "\"county\","
    " \"latitude\": -29.5, \"longitude\": 91, \"address\": \"路 1\", \"adminCode\": \"510101\","
    " \"utcOffset\": \"+06:00\"}],"
    "\"specialties\": [{\"id\": \"altitude\", \"zh\": \"高原病\", \"en\": \"Altitude\"}],"
    "\"panels\": [{\"id\": \"pt\", \"name\": \"pt\", \"specialty\": \"altitude\", \"institution\": "
    "\"town\"}],"
    "\"members\": [{\"panel\": \"pt\", \"account\": \"" EXPERT_1 "\", \"head\": true}],"
    "\"agreements\": [{\"id\": \"g\", \"inviting\": \"village\", \"invited\": \"town\", \"from\": "
    "\"2026-01-01\","
    " \"until\": \"2026-12-31\", \"kinds\": [\"reading\", \"live\"], \"specialties\": "
    "[\"altitude\", \"stroke\"]}],"
    "\"help\": [{\"helped\": \"town\", \"helper\": \"county\", \"specialty\": \"stroke\", "
    "\"order\": 3}],"
    "\"shifts\": [{\"panel\": \"pt\", \"account\": \"" EXPERT_1
    "\", \"weekdays\": [\"sat\", \"sun\"],"
    " \"start\": \"20:00\", \"end\": \"08:00\", \"from\": \"2026-03-01\"}],"
    "\"exceptions\": [{\"panel\": \"pt\", \"account\": \"" EXPERT_1
    "\", \"from\": \"2026-05-01 00:00\","
    " \"until\": \"2026-05-04 00:00\", \"onDuty\": false, \"note\": \"五一\"}]}";

Test(exchange, what_is_exported_imports_as_the_same)
{
    char folder[64], path[256];
    read_json(whole);
    compare(false);
    apply();
    char *text = exported();
    read_json(text);
    compare(true);
    cr_expect_eq(plan_changes(&plan), 0, "JSON");
    forget();
    temporary_folder(folder, sizeof folder, "csv");
    cr_assert_eq(book_load(&now, p.service.store), 0);
    cr_assert_eq(book_write_csv(&now, folder), 0);
    forget();
    cr_assert_eq(book_read(&file, folder), 0);
    compare(true);
    cr_expect_eq(file.fault_count, 0, "%s %s", file.faults[0].where, file.faults[0].en);
    cr_expect_eq(plan_changes(&plan), 0, "CSV");
    for (int t = 0; t < TABLE_COUNT; t++) {
        cr_expect(file.sheets[t].given);
        snprintf(path, sizeof(path), "%s/%s.csv", folder, tables[t].name);
        unlink(path);
    }
    rmdir(folder);
    forget();
    people_fini(&p); /* the same into a new directory */
    people_init(&p);
    read_json(text);
    compare(false);
    apply();
    char *again = exported();
    cr_expect_str_eq(again, text);
    free(again);
    free(text);
}

Test(exchange, no_secret_is_exported_or_shown)
{
    char *text = exported();
    cr_expect_null(strstr(text, "argon2"));
    cr_expect_null(strstr(text, "password"));
    free(text);
    read_json("{\"accounts\": [{\"id\": \"" EXPERT_1 "\", \"passwordHash\":"
              " \"$argon2id$v=19$m=8,t=1,p=1$AAAA$BBBB\"}]}");
    compare(false);
    text = shown();
    cr_expect_not_null(strstr(text, "passwordHash *** -> ***"), "%s", text);
    free(text);
}

Test(exchange, removal_closes_what_history_needs_and_deletes_the_rest)
{
    read_json(whole);
    compare(false);
    apply();
    read_json("{\"institutions\": [{\"id\": \"county\"}, {\"id\": \"village\"}], \"panels\": "
              "[{\"id\": \"" PANEL "\"}], \"members\": [{\"panel\": \"" PANEL
              "\", \"account\": \"" EXPERT_1 "\"}],"
              " \"agreements\": [], \"help\": []}");
    compare(true);
    char *text = shown();
    static const char *const lines[] = {
        "x institution town: until \"\" -> \"2026-05-31\"\n",
        "x panel pt: until",
        "x agreement g: until \"2026-12-31\" -> \"2026-05-31\"\n",
        "- member " PANEL " " EXPERT_2 "\n",
        "- member pt " EXPERT_1 "\n",
        "- help town county stroke\n",
        "- shift pt " EXPERT_1 " sat sun 20:00 2026-03-01\n",
        "- exception pt " EXPERT_1 " 2026-05-01 00:00\n",
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        cr_expect_not_null(strstr(text, lines[i]), "%s in %s", lines[i], text);
    cr_expect_null(strstr(text, "account acc"), "accounts are never removed");
    free(text);
    apply();
    read_json("{\"institutions\": [{\"id\": \"county\"}, {\"id\": \"village\"}]}");
    compare(true);
    cr_expect_eq(plan_changes(&plan), 0, "what is closed stays closed");
}

Test(exchange, without_remove_the_unnamed_stays)
{
    read_json("{\"institutions\": [], \"members\": [], \"agreements\": []}");
    compare(false);
    cr_expect_eq(plan_changes(&plan), 0);
}

/* ---- bad files ---- */

Test(exchange, bad_csv_names_line_column_and_remedy)
{
    static const struct {
        const char *text;
        uint32_t line, column;
        const char *where, *says;
    } cases[] = {
        {"id,name,level\nx,\"y,village\n", 2, 3, "institutions", "never closed"},
        {"id,name,level\nx,y\"z,village\n", 2, 4, "institutions", "quote within a bare field"},
        {"id,name,level\nx,\"y\" z,village\n", 2, 6, "institutions", "behind a closing quote"},
        {"id,name,level\nx,村,hamlet\n", 2, 5, "institutions[0].level", "wanted: village"},
        {"id,name,level\nx,y\n", 2, 1, "institutions[0]", "2 fields, the first line 3"},
        {"id,name,level\nx,y,village,z\n", 2, 1, "institutions[0]", "4 fields, the first line 3"},
        {"id,nom,level\nx,y,village\n", 1, 4, "institutions",
         "unknown column \"nom\"; known: id, name"},
        {"id,name,name\nx,y,z\n", 1, 9, "institutions", "is there twice"},
        {"name,level\ny,village\n", 1, 1, "institutions", "the column \"id\" is missing"},
        {"", 1, 1, "institutions", "the first line must name the columns"},
        {"\xFF\xFEi\0", 1, 1, "institutions", "UTF-16"},
        {"id,name,level\nx,\xB4\xE5,village\n", 2, 3, "institutions", "GB18030"},
        {"id,name,level\nx,y,village\nx,z,village\n", 3, 1, "institutions[1].id", "there twice"},
        {"id,name,level\nx y,z,village\n", 2, 1, "institutions[0].id", "wanted: letters"},
        {"id,name,level,parent\nx,y,county,village\n", 2, 12, "institutions[0].parent",
         "lower level"},
        {"id,name,level,parent\nx,y,county,z\nz,y,county,x\n", 2, 12, "institutions[0].parent",
         "circle"},
        {"id,name,level,parent\nx,y,county,zz\n", 2, 12, "institutions[0].parent",
         "there is no institution \"zz\""},
        {"id,name,level,latitude\nx,y,county,1.5\n", 2, 12, "institutions[0].latitude",
         "both latitude and longitude"},
        {"id,level\nx,county\n", 2, 1, "institutions[0].name", "wanted: one line of UTF-8"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        read_csv(TABLE_INSTITUTIONS, cases[i].text);
        compare(false);
        expect_fault(cases[i].line, cases[i].column, cases[i].where, cases[i].says);
        forget();
    }
}

Test(exchange, bad_json_names_line_column_and_remedy)
{
    static const struct {
        const char *text;
        uint32_t line, column;
        const char *where, *says;
    } cases[] = {
        {"[]", 1, 1, "file", "wanted: an object"},
        {"{\"x\": []}", 1, 1, "x", "is no table"},
        {"{\"panels\": {}}", 1, 1, "panels", "wanted: a list"},
        {"{\"help\": [\n 7]}", 2, 2, "help[0]", "wanted: an object"},
        {"{\"members\": [\n {\"panel\": \"" PANEL "\", \"account\": \"no\"}]}", 2, 32,
         "members[0].account", "there is no account"},
        {"{\"panels\": [\n {\"id\": \"" PANEL "\", \"members\": [\"" EXPERT_1 "\",\n \"no\"]}]}", 3,
         2, "panels[0].members[1]", "there is no account"},
        {"{\"accounts\": [{\"id\": \"" EXPERT_1 "\", \"roles\":\n [\"specialist\", \"king\"]}]}", 2,
         17, "accounts[0].roles[1]", "wanted: some of"},
        {"{\"accounts\": [{\"id\": \"" EXPERT_1 "\", \"roles\":\n [\"operator\", \"admin\"]}]}", 2,
         2, "accounts[0].roles", "may not hold these together"},
        {"{\"accounts\": [{\"id\": \"" EXPERT_1 "\",\n \"login\": \"" EXPERT_2 "\"}]}", 2, 11,
         "accounts[0].login", "clashes"},
        {"{\"agreements\": [{\"id\": \"g\", \"inviting\": \"village\", \"invited\": \"village\", "
         "\"from\": \"2026-01-01\"}]}",
         1, 63, "agreements[0].invited", "two different"},
        {"{\"agreements\": [{\"id\": \"g\", \"inviting\": \"village\", \"invited\": \"county\", "
         "\"from\": \"2026-02-01\",\n \"until\": \"2026-01-31\"}]}",
         2, 11, "agreements[0].until", "ends before it begins"},
        {"{\"agreements\": [{\"id\": \"g\", \"inviting\": \"village\", \"invited\": \"county\", "
         "\"from\": \"2026-02-01\",\n \"specialties\": [\"stroke\", \"zz\"]}]}",
         2, 28, "agreements[0].specialties[1]", "there is no specialty"},
        {"{\"shifts\": [{\"panel\": \"" PANEL "\", \"account\": \"" VILLAGER
         "\", \"weekdays\": [\"mon\"], \"start\": \"08:00\", \"end\": \"09:00\"}]}",
         1, 43, "shifts[0].account", "is no member of"},
        {"{\"institutions\": [{\"id\": \"x\", \"name\": \"a\\u0007\", \"level\": 3}]}", 1, 39,
         "institutions[0].name", "wanted: one line"},
        {"{\"institutions\": [{\"id\": \"x\", \"name\": [], \"level\": 3}]}", 1, 39,
         "institutions[0].name", "wanted: one line"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        read_json(cases[i].text);
        compare(false);
        expect_fault(cases[i].line, cases[i].column, cases[i].where, cases[i].says);
        forget();
    }
}

Test(exchange, many_faults_are_counted_and_the_first_are_shown)
{
    char text[4096] = "id,name,level\n";
    for (int i = 0; i < 30; i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "x%d,y,hamlet\n", i);
    read_csv(TABLE_INSTITUTIONS, text);
    cr_expect_eq(file.fault_count, 30);
    cr_expect_eq(file.faults[FAULTS_SHOWN - 1].place.line, 21);
}

Test(exchange, a_review_finds_what_will_let_somebody_down)
{
    read_json("{\"institutions\": [{\"id\": \"b\", \"name\": \"b\", \"level\": 3, \"until\": "
              "\"2026-05-01\"}],"
              "\"panels\": [{\"id\": \"p1\", \"name\": \"p\", \"specialty\": \"stroke\", "
              "\"institution\": \"b\"}],"
              "\"help\": [{\"helped\": \"county\", \"helper\": \"b\"}, {\"helped\": \"b\", "
              "\"helper\": \"village\"},"
              " {\"helped\": \"village\", \"helper\": \"county\"}],"
              "\"agreements\": [{\"id\": \"old\", \"inviting\": \"village\", \"invited\": \"b\","
              " \"from\": \"2026-01-01\", \"until\": \"2026-05-31\"}, {\"id\": \"soon\", "
              "\"inviting\": \"b\","
              " \"invited\": \"county\", \"from\": \"2026-01-01\", \"until\": \"2026-06-20\"}]}");
    compare(false);
    apply();
    cr_assert_eq(book_load(&file, p.service.store), 0);
    rules_check(&file, &file);
    cr_expect_eq(file.fault_count, 0, "%s", file.faults[0].en);
    review_directory(&file, "2026-06-01");
    expect_fault(0, 0, "help", "in a circle");
    expect_fault(0, 0, "agreements", "\"old\" ended on 2026-05-31");
    expect_fault(0, 0, "agreements", "\"soon\" ends on 2026-06-20; renew it");
    expect_fault(0, 0, "panels", "\"p1\" has no members");
    expect_fault(0, 0, "panels", "institution that is closed");
    cr_expect_eq(file.fault_count, 5);
}
