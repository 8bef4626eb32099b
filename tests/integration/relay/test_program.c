/* SPDX-License-Identifier: Apache-2.0 */
/* shanqiao-relay's command line: what it tells, and that it refuses to start plainly. */
#include "tests/support/temporary.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
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
        {"", "SHANQIAO_RELAY_ID: relay.id: found nothing"},
        {"SHANQIAO_RELAY_ID='a b'", "relay.id"},
        {"SHANQIAO_RELAY_ID=x SHANQIAO_RELAY_BASE_PORT=80", "relay.base_port"},
        {"SHANQIAO_RELAY_ID=x SHANQIAO_RELAY_LEVEL=moon", "relay.level"},
        {"SHANQIAO_RELAY_ID=x SHANQIAO_RELAY_LISTEN=localhost", "relay.listen"},
        {"SHANQIAO_RELAY_ID=x SHANQIAO_RELAY_ANNOUNCE=example.org", "relay.announce"},
        {"SHANQIAO_RELAY_ID=x SHANQIAO_RELAY_METRICS_LISTEN=9464", "relay.metrics_listen"},
        {"SHANQIAO_RELAY_ID=x SHANQIAO_RELAY_METRICS_LISTEN=127.0.0.1:0", "cluster.key_file"},
        {"SHANQIAO_RELAY_ID=x SHANQIAO_CLUSTER_KEY_FILE=/nonexistent", "cluster new-key"},
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
    char file[64], environment[256];
    int fd = temporary_file(file, sizeof file, "key");
    cr_assert_eq(fchmod(fd, 0644), 0);
    close(fd);
    snprintf(environment, sizeof environment, "SHANQIAO_RELAY_ID=x SHANQIAO_CLUSTER_KEY_FILE=%s",
             file);
    cr_expect_eq(run(environment, ""), 2);
    cr_expect_not_null(strstr(text, "chmod 600"), "%s", text);
    unlink(file);
}

Test(relay_program, refuses_operands)
{
    cr_expect_eq(run("SHANQIAO_RELAY_ID=x SHANQIAO_CLUSTER_KEY_FILE=/nonexistent", "relay.yaml"),
                 2);
    cr_expect_not_null(strstr(text, "found \"relay.yaml\", want options only"), "%s", text);
}

/* Each address in turn is taken by a listener of this test, and only that is found wrong. */
Test(relay_program, names_the_address_that_is_taken)
{
    static const struct {
        const char *taken, *key;
    } cases[] = {
        {"BASE_PORT=%d", "RELAY_BASE_PORT: relay.base_port: found 127.0.0.1:%d: "},
        {"METRICS_LISTEN=127.0.0.1:%d",
         "RELAY_METRICS_LISTEN: relay.metrics_listen: found 127.0.0.1:%d: "},
        {"COMMANDS=tcp://127.0.0.1:%d", "CLUSTER_COMMANDS: cluster.commands: found 127.0.0.1:%d: "},
        {"HEARTBEATS=tcp://127.0.0.1:%d",
         "CLUSTER_HEARTBEATS: cluster.heartbeats: found 127.0.0.1:%d: "}};
    char file[64], environment[700], taken[64], want[128];
    int fd = temporary_file(file, sizeof file, "key"), ports[8], listeners[8];
    dprintf(fd, "1 %064d\n", 7);
    close(fd);
    for (int i = 0; i < 8; i++) { /* the last four only tell free ports */
        struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t len = sizeof a;
        listeners[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        cr_assert_eq(bind(listeners[i], (struct sockaddr *)&a, len), 0);
        cr_assert_eq(listen(listeners[i], 1), 0);
        cr_assert_eq(getsockname(listeners[i], (struct sockaddr *)&a, &len), 0);
        ports[i] = ntohs(a.sin_port);
        if (i >= 4)
            close(listeners[i]);
    }
    for (int i = 0; i < 4; i++) {
        snprintf(taken, sizeof taken, cases[i].taken, ports[i]);
        snprintf(environment, sizeof environment,
                 "SHANQIAO_RELAY_ID=x SHANQIAO_RELAY_LISTEN=127.0.0.1 SHANQIAO_RELAY_WORKERS=1 "
                 "SHANQIAO_CLUSTER_KEY_FILE=%s SHANQIAO_RELAY_BASE_PORT=%d "
                 "SHANQIAO_RELAY_METRICS_LISTEN=127.0.0.1:%d "
                 "SHANQIAO_CLUSTER_COMMANDS=tcp://127.0.0.1:%d "
                 "SHANQIAO_CLUSTER_HEARTBEATS=tcp://127.0.0.1:%d SHANQIAO_%s%s",
                 file, ports[4], ports[5], ports[6], ports[7], i < 2 ? "RELAY_" : "CLUSTER_",
                 taken);
        cr_expect_eq(run(environment, ""), 1, "%s", environment);
        snprintf(want, sizeof want, cases[i].key, ports[i]);
        cr_expect_not_null(strstr(text, want), "%s says: %s", environment, text);
        cr_expect_not_null(strstr(text, "Address already in use, want a port that no other"), "%s",
                           text);
        close(listeners[i]);
    }
    snprintf(environment, sizeof environment,
             "SHANQIAO_RELAY_ID=x SHANQIAO_CLUSTER_KEY_FILE=%s SHANQIAO_RELAY_LISTEN=192.0.2.1 "
             "SHANQIAO_CLUSTER_COMMANDS=tcp://127.0.0.1:%d "
             "SHANQIAO_CLUSTER_HEARTBEATS=tcp://127.0.0.1:%d",
             file, ports[6], ports[7]);
    cr_expect_eq(run(environment, ""), 1);
    cr_expect_not_null(strstr(text, "relay.listen: found 192.0.2.1:40000: Cannot assign"), "%s",
                       text);
    unlink(file);
}

Test(cluster_program, run_by_hand_says_what_it_is)
{
    static const char *const lines[] = {CLUSTER_PROGRAM " 2>&1", CLUSTER_PROGRAM " --help 2>&1",
                                        CLUSTER_PROGRAM " --version 2>&1",
                                        CLUSTER_PROGRAM " file.yaml 2>&1"};
    static const int status[] = {2, 0, 0, 2};
    for (size_t i = 0; i < 4; i++) {
        FILE *f = popen(lines[i], "r");
        cr_assert_not_null(f);
        text[fread(text, 1, sizeof text - 1, f)] = 0;
        int ended = pclose(f);
        cr_expect(WIFEXITED(ended) && WEXITSTATUS(ended) == status[i], "%s: %s", lines[i], text);
        cr_expect_not_null(strstr(text, i == 2 ? "shanqiao-cluster 0."
                                               : "shanqiao-relay and shanqiao-signaling start it"),
                           "%s: %s", lines[i], text);
    }
}
