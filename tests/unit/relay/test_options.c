/* SPDX-License-Identifier: Apache-2.0 */
/* shanqiao-relay's configuration: every key reaches its place from the environment and stands in
 * --help, and each refusal is a whole sentence with its file and line. */
#include "relay/control/answer.h"
#include "relay/options.h"
#include "shanqiao/error.h"
#include "tests/support/temporary.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_LINE "7 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"

static struct relay_options options;
static struct relay_setup setup;
static char error[CONFIG_ERROR_MAX], key_file[64], yaml_file[64];

static void write_file(char path[64], const char *text, mode_t mode)
{
    int fd = temporary_file(path, 64, "options");
    cr_assert(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    cr_assert_eq(fchmod(fd, mode), 0);
    close(fd);
}

/* Loads the text as a file; "F" stands for its name in the error, "K" for the key file's. */
static int load(const char *text)
{
    write_file(yaml_file, text, 0600);
    int code = relay_options_load(&options, &setup, yaml_file, error);
    unlink(yaml_file);
    const char *const names[][2] = {{yaml_file, "F"}, {key_file, "K"}};
    for (size_t i = 0; i < 2; i++) {
        char *at;
        while (names[i][0][0] && (at = strstr(error, names[i][0]))) {
            memmove(at + 1, at + strlen(names[i][0]), strlen(at + strlen(names[i][0])) + 1);
            *at = names[i][1][0];
        }
    }
    return code;
}

static void with_keys(const char *text, mode_t mode)
{
    write_file(key_file, text, mode);
    setenv("SHANQIAO_CLUSTER_KEY_FILE", key_file, 1);
}

static void refuse(const char *text, const char *want)
{
    cr_expect_neq(load(text), 0, "%s", text);
    cr_expect_str_eq(error, want);
}

Test(options, bad_values_are_refused_with_file_line_and_remedy)
{
    with_keys(KEY_LINE, 0600);
    cr_assert_eq(load("relay:\n  id: county-1\n"), 0, "%s", error);
    refuse("relay:\n  id: a b\n",
           "F:2: relay.id: found \"a b\", want 1 to 39 letters, digits, _ or -; write a name like "
           "county-1, the same as in signalling's cluster.relays");
    refuse("relay:\n  id: x\n  listen: localhost\n",
           "F:3: relay.listen: found \"localhost\", want an IP address without a port; write "
           "0.0.0.0 for all of IPv4, :: for IPv4 and IPv6, or one address");
    refuse(
        "relay:\n  id: x\n\n  announce: [127.0.0.1, example.org]\n",
        "F:4: relay.announce: found \"example.org\", want 1 to 8 IP addresses that terminals can "
        "reach; write an address like 203.0.113.7, neither a name nor 0.0.0.0 or ::");
    refuse("relay:\n  id: x\n  announce: ['::']\n",
           "F:3: relay.announce: found \"::\", want 1 to 8 IP addresses that terminals can "
           "reach; write an address like 203.0.113.7, neither a name nor 0.0.0.0 or ::");
    refuse("relay:\n  id: x\n  announce: []\n",
           "F:3: relay.announce: found 0 entries, want 1 to 8 IP addresses that terminals can "
           "reach; write them as [203.0.113.7], best first");
    refuse("relay:\n  id: x\n  metrics_listen: '9464'\n",
           "F:3: relay.metrics_listen: found \"9464\", want an IP address with a port; write it "
           "like 127.0.0.1:9464 or [::1]:9464");
    refuse("relay:\n  id: x\n  workers: 64\n  base_port: 65000\ncluster:\n"
           "  commands: udp://x\n",
           "F:6: cluster.commands: found \"udp://x\", want tcp://ADDRESS:PORT of at most 95 bytes; "
           "write it like tcp://10.0.0.2:7400, on the private interface");
    refuse("relay:\n  id: x\ncluster:\n  commands: tcp://127.0.0.1:7401\n",
           "F:3: cluster.heartbeats: found \"tcp://127.0.0.1:7401\" (the default), want another "
           "port than cluster.commands; set one of them to a free port");
    refuse("relay:\n  id: x\ncluster:\n  program: /nonexistent/c\n",
           "F:4: cluster.program: found \"/nonexistent/c\", want a program that can be run; write "
           "the path of shanqiao-cluster, or leave it out where it is installed beside "
           "shanqiao-relay");
    setenv("SHANQIAO_RELAY_LISTEN", "x", 1);
    refuse("relay:\n  id: x\n",
           "environment variable SHANQIAO_RELAY_LISTEN: relay.listen: found \"x\", want an IP "
           "address without a port; write 0.0.0.0 for all of IPv4, :: for IPv4 and IPv6, or one "
           "address");
    unlink(key_file);
}

Test(options, ports_up_to_the_last_are_taken)
{
    with_keys(KEY_LINE, 0600);
    setenv("SHANQIAO_RELAY_WORKERS", "64", 1);
    setenv("SHANQIAO_RELAY_BASE_PORT", "65000", 1);
    cr_expect_eq(load("relay:\n  id: x\n"), 0, "65000 to 65063 exist: %s", error);
    unlink(key_file);
}

Test(options, without_tcp_nobody_is_sent_to_tcp)
{
    with_keys(KEY_LINE, 0600);
    static const char *const yaml[] = {"relay: {id: x}", "relay: {id: x, tcp: false}"};
    for (size_t i = 0; i < 2; i++) {
        cr_assert_eq(load(yaml[i]), 0, "%s", error);
        json_t *candidates = answer_ice_candidates(&setup.control, 0, true);
        cr_expect_eq(json_array_size(candidates), i ? 1 : 2, "%s", yaml[i]);
        json_decref(candidates);
    }
    unlink(key_file);
}

Test(options, a_key_file_is_refused_by_its_fault)
{
    with_keys(KEY_LINE, 0644);
    refuse(
        "relay:\n  id: x\n",
        "environment variable SHANQIAO_CLUSTER_KEY_FILE: cluster.key_file: found \"K\" with mode "
        "644, want a file that others can't read; run chmod 600 K, and make new keys if others "
        "read it");
    unlink(key_file);
    with_keys("# keys\n" KEY_LINE "secret\n", 0600);
    refuse("relay:\n  id: x\n",
           "environment variable SHANQIAO_CLUSTER_KEY_FILE: cluster.key_file: found \"K\" whose "
           "line 3 is no key, want one or two lines of a number and 64 hexadecimal digits; correct "
           "K:3, or copy the file from another node anew");
    unlink(key_file);
    unsetenv("SHANQIAO_CLUSTER_KEY_FILE");
    refuse("relay:\n  id: x\ncluster:\n  key_file: /nonexistent/k\n",
           "F:4: cluster.key_file: found \"/nonexistent/k\": No such file or directory, want the "
           "file with the keys of node messages, the same on every node; make it with "
           "\"shanqiaoctl cluster new-key FILE\" and copy it to all nodes, readable by the "
           "program's user");
    cr_expect_eq(load("relay:\n  id: x\ncluster:\n  key_file: /tmp\n"), SQ_ERR_IO);
    cr_expect_not_null(strstr(error, "found \"/tmp\": Is a directory, want"), "%s", error);
}

Test(options, every_key_is_set_by_its_environment_variable_and_helped)
{
    static const struct {
        const char *variable, *value;
    } set[] = {
        {"SHANQIAO_RELAY_ID", "r7"},
        {"SHANQIAO_RELAY_LEVEL", "city"},
        {"SHANQIAO_RELAY_ANNOUNCE", "192.0.2.7"},
        {"SHANQIAO_RELAY_LISTEN", "127.0.0.7"},
        {"SHANQIAO_RELAY_BASE_PORT", "41007"},
        {"SHANQIAO_RELAY_WORKERS", "7"},
        {"SHANQIAO_RELAY_PACKETS", "4097"},
        {"SHANQIAO_RELAY_TCP", "false"},
        {"SHANQIAO_RELAY_METRICS_LISTEN", "127.0.0.7:9467"},
        {"SHANQIAO_LOG_LEVEL", "warn"},
        {"SHANQIAO_CLUSTER_COMMANDS", "tcp://127.0.0.1:7407"},
        {"SHANQIAO_CLUSTER_HEARTBEATS", "tcp://127.0.0.1:7408"},
        {"SHANQIAO_CLUSTER_KEY_FILE", NULL}, /* the one made here */
        {"SHANQIAO_CLUSTER_PROGRAM", "/bin/true"},
    };
    size_t count = sizeof set / sizeof set[0], len = 0;
    char *help = NULL;
    FILE *f = open_memstream(&help, &len);
    config_help(f, relay_option_keys, relay_option_count);
    fclose(f);
    with_keys(KEY_LINE, 0600);
    cr_assert_eq(count, relay_option_count, "a key is missing in this table");
    for (size_t i = 0; i < count; i++) {
        char head[160], name[CONFIG_NAME_MAX];
        config_environment_name(&relay_option_keys[i], name);
        cr_assert_str_eq(name, set[i].variable);
        if (set[i].value)
            setenv(name, set[i].value, 1);
        snprintf(head, sizeof head, "  %s (%s)\n      %s\n      ", relay_option_keys[i].name, name,
                 relay_option_keys[i].says);
        cr_expect_not_null(strstr(help, head), "%s", head);
        cr_expect_gt(strlen(relay_option_keys[i].says), 10);
    }
    free(help);
    cr_assert_eq(relay_options_load(&options, &setup, NULL, error), 0, "%s", error);
    for (size_t i = 0; i < count; i++) {
        const struct config_key *key = &relay_option_keys[i];
        const char *value = set[i].value ? set[i].value : key_file;
        const void *at = (const char *)&options + key->offset;
        cr_expect_eq(setup.sources.lines[i], SIZE_MAX);
        if (key->type == CONFIG_INT)
            cr_expect_eq(*(const int64_t *)at, atoll(value), "%s", key->name);
        else if (key->type == CONFIG_BOOL)
            cr_expect_eq(*(const bool *)at, strcmp(value, "true") == 0, "%s", key->name);
        else if (key->type == CONFIG_LIST)
            cr_expect_str_eq(((const struct config_list *)at)->entries[0], value);
        else
            cr_expect_str_eq((const char *)at, value, "%s", key->name);
    }
    unlink(key_file);
}
