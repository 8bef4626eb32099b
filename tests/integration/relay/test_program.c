/* SPDX-License-Identifier: Apache-2.0 */
/* shanqiao-relay's command line: what it tells, and that it refuses to start plainly. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char text[64 * 1024];

/* Runs the program with arguments and environment before it; its exit status, output in text. */
static int run(const char *environment, const char *arguments)
{
    char line[1024];
    snprintf(line, sizeof line, "env %s %s %s 2>&1", environment, RELAY_PROGRAM, arguments);
    FILE *f = popen(line, "r");
    cr_assert_not_null(f);
    size_t len = fread(text, 1, sizeof text - 1, f);
    text[len] = 0;
    int status = pclose(f);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

Test(relay_program, tells_its_keys_and_version)
{
    static const char *const keys[] = {
        "relay.id",         "relay.announce",     "relay.base_port",  "relay.metrics_listen",
        "cluster.commands", "cluster.heartbeats", "cluster.key_file", "SHANQIAO_RELAY_BASE_PORT"};
    cr_expect_eq(run("", "--version"), 0);
    cr_expect_eq(strncmp(text, "shanqiao-relay ", 15), 0);
    cr_expect_eq(run("", "--help"), 0);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        cr_expect_not_null(strstr(text, keys[i]), "%s", keys[i]);
    cr_expect_eq(run("", "--nonsense"), 2);
}

Test(relay_program, refuses_bad_options_with_the_key_and_a_remedy)
{
    static const struct {
        const char *environment, *says;
    } cases[] = {
        {"", "relay.id"},
        {"SHANQIAO_RELAY_ID='a b'", "relay.id"},
        {"SHANQIAO_RELAY_ID=x SHANQIAO_RELAY_BASE_PORT=80", "relay.base_port"},
        {"SHANQIAO_RELAY_ID=x SHANQIAO_RELAY_LEVEL=moon", "relay.level"},
        {"SHANQIAO_RELAY_ID=x SHANQIAO_RELAY_LISTEN=localhost", "relay.listen"},
        {"SHANQIAO_RELAY_ID=x SHANQIAO_RELAY_ANNOUNCE=example.org", "relay.announce"},
        {"SHANQIAO_RELAY_ID=x SHANQIAO_RELAY_METRICS_LISTEN=9464", "relay.metrics_listen"},
        {"SHANQIAO_RELAY_ID=x SHANQIAO_RELAY_METRICS_LISTEN=127.0.0.1:0", "cluster.key_file"},
        {"SHANQIAO_RELAY_ID=x SHANQIAO_CLUSTER_KEY_FILE=/nonexistent", "create it"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char environment[512];
        /* every case but the last ones names a key file that is never reached */
        bool named = strstr(cases[i].environment, "KEY_FILE") ||
                     strcmp(cases[i].says, "cluster.key_file") == 0;
        snprintf(environment, sizeof environment, "%s%s", cases[i].environment,
                 named ? "" : " SHANQIAO_CLUSTER_KEY_FILE=/nonexistent");
        cr_expect_eq(run(environment, ""), 2, "%s", environment);
        cr_expect_not_null(strstr(text, cases[i].says), "%s says: %s", environment, text);
    }
}

Test(relay_program, refuses_a_key_file_that_others_can_read)
{
    char file[] = "/tmp/shanqiao-key-XXXXXX", environment[256];
    int fd = mkstemp(file);
    cr_assert_geq(fd, 0);
    cr_assert_eq(fchmod(fd, 0644), 0);
    close(fd);
    snprintf(environment, sizeof environment, "SHANQIAO_RELAY_ID=x SHANQIAO_CLUSTER_KEY_FILE=%s",
             file);
    cr_expect_eq(run(environment, ""), 2);
    cr_expect_not_null(strstr(text, "chmod 600"), "%s", text);
    unlink(file);
}
