/* SPDX-License-Identifier: Apache-2.0 */
/* shanqiaoctl by its command line: a first installation, imports, accounts, checks, errors with a
 * place. */
#include "people.h"
#include "signaling/auth/auth.h"
#include "signaling/ctl/ctl.h"
#include "signaling/store/store.h"
#include "tests/support/temporary.h"
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64], db[96], keys[96], file[96];
static char said[16384];

static const char directory[] =
    "{\"institutions\":[{\"id\":\"v1\",\"name\":\"村卫生室\",\"level\":\"village\",\"kind\":"
    "\"village_"
    "clinic\"},{\"id\":\"c1\",\"name\":\"County\",\"level\":3}],"
    "\"accounts\":[{\"id\":\"a1\",\"name\":\"One\",\"institution\":\"v1\",\"roles\":[\"village_"
    "doctor\"],"
    "\"password\":\"long enough "
    "1\"},{\"id\":\"a2\",\"login\":\"two\",\"name\":\"Two\",\"institution\":"
    "\"c1\",\"roles\":[\"specialist\",\"coordinator\"],\"password\":\"long enough 2\"}],"
    "\"panels\":[{\"id\":\"p1\",\"name\":\"Heart\",\"specialty\":\"cardiology\",\"institution\":"
    "\"c1\","
    "\"members\":[\"a2\"]}]}";

static void write_text(const char *text)
{
    FILE *f = fopen(file, "w");
    cr_assert_not_null(f);
    fputs(text, f);
    fclose(f);
}

/* Runs "shanqiaoctl <line>"; words are parted by single spaces. What it wrote is in `said`. */
static int run(const char *line, const char *input)
{
    char copy[512];
    char *argv[40] = {(char *)"shanqiaoctl"};
    int argc = 1;
    snprintf(copy, sizeof(copy), "%s", line);
    for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
        argv[argc++] = strcmp(word, "DB") == 0     ? db
                       : strcmp(word, "KEYS") == 0 ? keys
                       : strcmp(word, "FILE") == 0 ? file
                                                   : word;
    FILE *in = fmemopen((void *)(input ? input : "\n"), strlen(input ? input : "\n"), "r");
    memset(said, 0, sizeof(said));
    FILE *out = fmemopen(said, sizeof(said), "w");
    int status = ctl_run(argc, argv, in, out, out, PEOPLE_START_US);
    fclose(in);
    fclose(out);
    return status;
}

static void up(void)
{
    setenv("LC_ALL", "C", 1);
    temporary_folder(dir, sizeof dir, "ctl");
    snprintf(db, sizeof(db), "%s/a.db", dir);
    snprintf(keys, sizeof(keys), "%s/keys", dir);
    snprintf(file, sizeof(file), "%s/in.json", dir);
    cr_assert_eq(run("init --db DB --keys KEYS", NULL), CTL_OK, "%s", said);
    write_text(directory);
}

static void down(void)
{
    char command[128];
    snprintf(command, sizeof(command), "rm -rf '%s'", dir);
    cr_assert_eq(system(command), 0);
}

TestSuite(ctl, .init = up, .fini = down);

Test(ctl, init_is_private_and_repeats)
{
    char path[128];
    struct stat st;
    snprintf(path, sizeof(path), "%s/master.key", keys);
    cr_assert_eq(stat(path, &st), 0);
    cr_expect_eq(st.st_mode & 0777, 0600);
    cr_expect_eq(run("init --db DB --keys KEYS", NULL), CTL_OK);
    unlink(path);
    cr_expect_eq(run("init --db DB --keys KEYS", NULL), CTL_FAILED);
    cr_expect_neq(access(path, F_OK), 0, "a lost key was replaced by another");
}

Test(ctl, import_is_idempotent_and_dry_runs_write_nothing)
{
    cr_assert_eq(run("import --dry-run --db DB --keys KEYS FILE", NULL), CTL_OK, "%s", said);
    cr_expect_not_null(strstr(said, "+ account a1"));
    cr_assert_eq(run("account list --db DB --keys KEYS", NULL), CTL_OK);
    cr_expect_null(strstr(said, "a1"));
    cr_assert_eq(run("import --db DB --keys KEYS FILE", NULL), CTL_OK, "%s", said);
    cr_expect_not_null(strstr(said, "all: 6 added, 0 changed, 0 closed, 0 removed, 45 as before"),
                       "%s", said);
    cr_assert_eq(run("import --db DB --keys KEYS FILE", NULL), CTL_OK);
    cr_expect_not_null(strstr(said, "all: 0 added, 0 changed, 0 closed, 0 removed, 51 as before"),
                       "%s", said);
}

static void replace(const char *from, const char *to)
{
    char text[4096];
    const char *at = strstr(directory, from);
    cr_assert_not_null(at);
    snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - directory), directory, to,
             at + strlen(from));
    write_text(text);
}

Test(ctl, import_shows_what_changes)
{
    cr_assert_eq(run("import --db DB --keys KEYS FILE", NULL), CTL_OK);
    replace("\"members\":[\"a2\"]", "\"members\":[]");
    cr_assert_eq(run("import --db DB --keys KEYS FILE", NULL), CTL_OK, "%s", said);
    cr_expect_not_null(strstr(said, "all: 0 added, 0 changed, 0 closed, 0 removed"), "%s", said);
    cr_assert_eq(run("import --remove --db DB --keys KEYS FILE", NULL), CTL_OK, "%s", said);
    cr_expect_not_null(strstr(said, "- member p1 a2"), "%s", said);
    replace("long enough 2", "another one 2");
    cr_assert_eq(run("import --db DB --keys KEYS FILE", NULL), CTL_OK);
    cr_expect_not_null(strstr(said, "~ account a2"), "%s", said);
    cr_expect_not_null(strstr(said, "+ member p1 a2"), "%s", said);
}

Test(ctl, import_does_not_unlock_what_an_operator_locked)
{
    cr_assert_eq(run("import --db DB --keys KEYS FILE", NULL), CTL_OK);
    cr_assert_eq(run("account disable --db DB --keys KEYS two", NULL), CTL_OK);
    cr_assert_eq(run("import --db DB --keys KEYS FILE", NULL), CTL_OK);
    cr_expect_not_null(strstr(said, "all: 0 added, 0 changed"), "%s", said);
    run("account list --db DB --keys KEYS", NULL);
    cr_expect_not_null(strstr(said, "disabled"), "%s", said);
    replace("\"login\":\"two\"", "\"login\":\"two\",\"disabled\":false");
    cr_assert_eq(run("import --db DB --keys KEYS FILE", NULL), CTL_OK);
    cr_expect_not_null(strstr(said, "disabled \"yes\" -> \"no\""), "%s", said);
}

Test(ctl, import_errors_name_the_place_and_change_nothing)
{
    static const struct {
        const char *from, *to, *says;
    } cases[] = {
        {"\"village\"", "\"hamlet\"", "institutions[0].level: wanted: village, township"},
        {"\"coordinator\"", "\"king\"", "accounts[1].roles[1]: wanted:"},
        {"\"institution\":\"c1\",\"members\"", "\"institution\":\"zz\",\"members\"",
         "panels[0].institution: there is no institution \"zz\""},
        {"[\"a2\"]", "[\"a2\",\"a9\"]", "panels[0].members[1]: there is no account \"a9\""},
        {"\"login\":\"two\"", "\"logon\":\"two\"", "accounts[1]: unknown member \"logon\""},
        {"\"login\":\"two\"", "\"login\":\"a1\"", "accounts[1].login: the login \"a1\" clashes"},
        {"long enough 1", "short", "accounts[0].password: wanted: a password, bytes 8 to 256"},
        {"\"password\":\"long enough 1\"", "\"passwordHash\":\"md5\"",
         "accounts[0].passwordHash: wanted: an Argon2id"},
        {"\"id\":\"v1\"", "\"id\":\"v 1\"", "institutions[0].id: wanted: letters"},
        {"{\"institutions\"", "{\"institutionz\"",
         "institutionz: is no table; known: institutions"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        replace(cases[i].from, cases[i].to);
        cr_expect_eq(run("import --db DB --keys KEYS FILE", NULL), CTL_FAILED);
        cr_expect_not_null(strstr(said, cases[i].says), "wanted \"%s\" in \"%s\"", cases[i].says,
                           said);
        cr_expect_not_null(strstr(said, "Nothing was changed"));
        run("account list --db DB --keys KEYS", NULL);
        cr_expect_str_empty(said, "%s", said);
    }
    write_text("{\"institutions\":[,]}");
    cr_expect_eq(run("import --db DB --keys KEYS FILE", NULL), CTL_FAILED);
    cr_expect_not_null(strstr(said, ":1:18: file: "), "%s", said);
}

Test(ctl, import_tells_several_faults_with_line_and_column)
{
    write_text("{\"institutions\": [\n {\"id\": \"v1\", \"name\": \"村\", \"level\": \"hamlet\"},\n"
               " {\"id\": \"v2\", \"name\": \"x\", \"level\": \"village\", \"parent\": \"no\"}],\n"
               " \"help\": [{\"helped\": \"v2\", \"helper\": \"v2\"}]}\n");
    cr_expect_eq(run("directory import --db DB --keys KEYS FILE", NULL), CTL_FAILED);
    cr_expect_not_null(strstr(said, ":2:37: institutions[0].level: wanted: village"), "%s", said);
    cr_expect_not_null(strstr(said, "1 faults"), "%s", said);
    write_text("{\"institutions\": [\n {\"id\": \"v2\", \"name\": \"x\", \"level\": \"village\", "
               "\"parent\": \"no\"}],\n \"help\": [{\"helped\": \"v2\", \"helper\": \"v2\"}]}\n");
    cr_expect_eq(run("directory import --db DB --keys KEYS FILE", NULL), CTL_FAILED);
    cr_expect_not_null(strstr(said, ":2:58: institutions[0].parent: there is no institution"), "%s",
                       said);
    cr_expect_not_null(strstr(said, ":3:38: help[0].helper: is the same as helped"), "%s", said);
    cr_expect_not_null(strstr(said, "2 faults. Nothing was changed"), "%s", said);
}

Test(ctl, an_account_without_a_password_waits_for_one)
{
    replace("\"password\":\"long enough 1\"", "\"language\":\"en\"");
    cr_expect_eq(run("import --db DB --keys KEYS FILE", NULL), CTL_OK, "%s", said);
    cr_expect_not_null(strstr(said, "1 new accounts have no password yet"), "%s", said);
    cr_expect_eq(run("account passwd --db DB --keys KEYS a1", "another password\n"), CTL_OK);
    cr_expect_eq(run("import --db DB --keys KEYS FILE", NULL), CTL_OK, "%s", said);
    cr_expect_not_null(strstr(said, "all: 0 added, 0 changed"), "%s", said);
}

Test(ctl, accounts)
{
    cr_assert_eq(run("import --db DB --keys KEYS FILE", NULL), CTL_OK);
    cr_expect_eq(
        run("account add --db DB --keys KEYS --name Three --institution c1 --role specialist "
            "three",
            "some password\n"),
        CTL_OK, "%s", said);
    cr_expect_eq(
        run("account add --db DB --keys KEYS --name Three --institution c1 --role specialist "
            "three",
            "some password\n"),
        CTL_FAILED);
    cr_expect_not_null(strstr(said, "there already"));
    cr_expect_eq(run("account passwd --db DB --keys KEYS three", "short\n"), CTL_FAILED);
    cr_expect_eq(run("account passwd --db DB --keys KEYS three", "another password\n"), CTL_OK);
    cr_expect_eq(run("account disable --db DB --keys KEYS three", NULL), CTL_OK);
    run("account list --db DB --keys KEYS", NULL);
    cr_expect_not_null(strstr(said, "three\tc1\tspecialist \tdisabled"), "%s", said);
    cr_expect_eq(run("account disable --db DB --keys KEYS nobody", NULL), CTL_FAILED);
    cr_expect_eq(
        run("account add --db DB --keys KEYS --name X --institution c1 --role king x", "\n"),
        CTL_USAGE);
}

Test(ctl, audit_and_opinion_checks)
{
    char head[128], line[256];
    cr_assert_eq(run("import --db DB --keys KEYS FILE", NULL), CTL_OK);
    cr_assert_eq(run("audit verify --db DB --keys KEYS", NULL), CTL_OK);
    cr_expect_str_eq(said, "ok: 1 rows in 1 chains\n");
    cr_assert_eq(run("audit head --db DB --keys KEYS", NULL), CTL_OK);
    cr_assert_eq(strncmp(said, "- 1:", 4), 0, "%s", said);
    snprintf(head, sizeof(head), "%.*s", (int)strcspn(said, "\n") - 2, said + 2);
    snprintf(line, sizeof(line), "audit verify --db DB --keys KEYS --expect %s", head);
    cr_expect_eq(run(line, NULL), CTL_OK);
    line[strlen(line) - 1] = line[strlen(line) - 1] == '0' ? '1' : '0';
    cr_expect_eq(run(line, NULL), CTL_BAD);
    cr_expect_eq(run("audit verify --db DB --keys KEYS --expect nonsense", NULL), CTL_USAGE);
    cr_expect_eq(run("opinion verify --db DB --keys KEYS con_x", NULL), CTL_FAILED);
    cr_expect_eq(run("opinion ca --db DB --keys KEYS", NULL), CTL_OK);
    cr_expect_eq(strncmp(said, "-----BEGIN CERTIFICATE-----", 27), 0);
}

Test(ctl, noted_heads_of_all_chains_are_checked_from_a_file)
{
    char path[128], line[256];
    cr_assert_eq(run("import --db DB --keys KEYS FILE", NULL), CTL_OK);
    cr_assert_eq(run("audit head --db DB --keys KEYS", NULL), CTL_OK);
    snprintf(path, sizeof(path), "%s/heads", dir);
    FILE *heads = fopen(path, "we");
    cr_assert(heads);
    fprintf(heads, "# noted\n%s", said);
    fclose(heads);
    snprintf(line, sizeof(line), "audit verify --db DB --keys KEYS --expect %s", path);
    cr_expect_eq(run(line, NULL), CTL_OK, "%s", said);
    heads = fopen(path, "ae");
    cr_assert(heads);
    fprintf(heads, "ins_gone 3:%064d\n", 1);
    fclose(heads);
    cr_expect_eq(run(line, NULL), CTL_BAD, "a noted chain is not there at all");
    cr_expect(strstr(said, "ins_gone row 1 (tail_cut)"), "%s", said);
    unlink(path);
}

Test(ctl, the_audit_log_is_exported_as_rows_and_as_audit_events)
{
    json_error_t error;
    cr_assert_eq(run("import --db DB --keys KEYS FILE", NULL), CTL_OK);
    cr_assert_eq(run("audit export --db DB --keys KEYS", NULL), CTL_OK);
    json_t *row = json_loads(said, JSON_DISABLE_EOF_CHECK, &error);
    cr_expect_str_eq(json_string_value(json_object_get(row, "act")), "ctl.import");
    json_decref(row);
    cr_assert_eq(run("audit export --fhir --db DB --keys KEYS --from 2000-01-01", NULL), CTL_OK);
    json_t *event = json_loads(said, JSON_DISABLE_EOF_CHECK, &error);
    cr_expect_str_eq(json_string_value(json_object_get(event, "resourceType")), "AuditEvent");
    cr_expect_str_eq(json_string_value(json_object_get(event, "outcome")), "0");
    cr_expect_str_eq(json_string_value(json_object_get(event, "id")), "installation-1");
    json_decref(event);
    cr_assert_eq(run("audit export --db DB --keys KEYS --until 2000-01-01", NULL), CTL_OK);
    cr_expect_str_eq(said, "");
    cr_expect_eq(run("audit export --db DB --keys KEYS --from yesterday", NULL), CTL_USAGE);
}

Test(ctl, tls_and_cluster_keys_are_never_overwritten)
{
    char line[256], path[128];
    struct stat st;
    snprintf(line, sizeof(line), "tls-init %s/tls localhost 127.0.0.1", dir);
    cr_assert_eq(run(line, NULL), CTL_OK, "%s", said);
    snprintf(path, sizeof(path), "%s/tls/server.key", dir);
    cr_assert_eq(stat(path, &st), 0);
    cr_expect_eq(st.st_mode & 0777, 0600);
    cr_expect_eq(run(line, NULL), CTL_FAILED);
    snprintf(line, sizeof(line), "tls-init %s/tls2 evil,DNS:other", dir);
    cr_expect_eq(run(line, NULL), CTL_FAILED);
    snprintf(line, sizeof(line), "cluster new-key %s/c.keys", dir);
    for (int i = 0; i < 3; i++)
        cr_assert_eq(run(line, NULL), CTL_OK, "%s", said);
    snprintf(path, sizeof(path), "%s/c.keys", dir);
    FILE *f = fopen(path, "r");
    char first[200] = "", second[200] = "", third[200] = "";
    cr_assert(fgets(first, sizeof(first), f) && fgets(second, sizeof(second), f));
    cr_expect_null(fgets(third, sizeof(third), f));
    fclose(f);
    cr_expect_eq(first[0], '3');
    cr_expect_eq(second[0], '2');
}

Test(ctl, help_comes_in_two_languages_and_mistakes_show_usage)
{
    cr_expect_eq(run("--help", NULL), CTL_OK);
    cr_expect_not_null(strstr(said, "operator's tool"));
    setenv("LC_ALL", "zh_CN.UTF-8", 1);
    cr_expect_eq(run("--help", NULL), CTL_OK);
    cr_expect_not_null(strstr(said, "山桥运维工具"));
    cr_expect_eq(run("frobnicate", NULL), CTL_USAGE);
    cr_expect_eq(run("import", NULL), CTL_USAGE);
    cr_expect_eq(run("import --unknown x", NULL), CTL_USAGE);
    cr_expect_eq(run("account", NULL), CTL_USAGE);
}

Test(ctl, refusals_say_what_was_wanted)
{
    static const struct {
        const char *line, *words;
        int status;
    } wrong[] = {
        {"audit verify --db DB --keys KEYS --institution nobody", "there is no chain nobody",
         CTL_FAILED},
        {"audit export --db DB --keys KEYS --from 2026-02-30", "--from and --until want",
         CTL_USAGE},
        {"webhook add --db DB --keys KEYS v1 http://x.example/", "https://HOST", CTL_FAILED},
        {"account token --db DB --keys KEYS two 0", "1 to 400 days", CTL_FAILED},
    };
    write_text(directory);
    cr_assert_eq(run("import --db DB --keys KEYS FILE", NULL), CTL_OK, "%s", said);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        cr_expect_eq(run(wrong[i].line, NULL), wrong[i].status, "%s: %s", wrong[i].line, said);
        cr_expect_not_null(strstr(said, wrong[i].words), "%s: %s", wrong[i].line, said);
    }
    cr_expect_eq(run("audit verify --db DB --keys KEYS --institution -", NULL), CTL_OK, "%s", said);
}
