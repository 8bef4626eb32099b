/* SPDX-License-Identifier: Apache-2.0 */
/* shanqiao-signaling's configuration: every key reaches its place from the environment and stands
 * in --help, and each refusal is a whole sentence with its file and line. */
#include "shanqiao/error.h"
#include "signaling/consult/step.h"
#include "signaling/settings.h"
#include "tests/support/temporary.h"
#include <criterion/criterion.h>
#include <ftw.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_LINE "7 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"

static struct settings settings;
static struct settings_setup setup;
static char error[CONFIG_ERROR_MAX], folder[64];

static const char *path_of(const char *name)
{
    static char paths[4][128];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static void write_file(const char *name, const char *text)
{
    FILE *f = fopen(path_of(name), "w");
    cr_assert_not_null(f);
    fputs(text, f);
    fclose(f);
    cr_assert_eq(chmod(path_of(name), 0600), 0);
}

/* NAME.crt and NAME.key, a pair. */
static void write_pair(const char *name)
{
    char file[32];
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    cr_assert_gt(X509_sign(certificate, key, EVP_sha256()), 0);
    snprintf(file, sizeof file, "%s.crt", name);
    FILE *f = fopen(path_of(file), "w");
    PEM_write_X509(f, certificate);
    fclose(f);
    snprintf(file, sizeof file, "%s.key", name);
    f = fopen(path_of(file), "w");
    PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL);
    fclose(f);
    snprintf(file, sizeof file, "%s.locked", name);
    f = fopen(path_of(file), "w");
    PEM_write_PrivateKey(f, key, EVP_aes_128_cbc(), (unsigned char *)"pass", 4, NULL, NULL);
    fclose(f);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

static void make_folder(void)
{
    temporary_folder(folder, sizeof folder, "settings");
    write_file("cluster.keys", KEY_LINE);
    write_pair("a");
    write_pair("b");
    setenv("SHANQIAO_TLS_CERTIFICATE", path_of("a.crt"), 1);
    setenv("SHANQIAO_TLS_KEY", path_of("a.key"), 1);
    write_file("turn.secret", "0123456789abcdef\n");
    setenv("SHANQIAO_CLUSTER_KEY_FILE", path_of("cluster.keys"), 1);
    setenv("SHANQIAO_TURN_SECRET_FILE", path_of("turn.secret"), 1);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static void remove_folder(void)
{
    nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

TestSuite(settings, .init = make_folder, .fini = remove_folder);

/* "D" stands for the folder in the error. */
static void shorten(void)
{
    char *at;
    while ((at = strstr(error, folder))) {
        memmove(at + 1, at + strlen(folder), strlen(at + strlen(folder)) + 1);
        *at = 'D';
    }
}

static int load(const char *text)
{
    write_file("s.yaml", text);
    int code = settings_load(&settings, &setup, path_of("s.yaml"), error);
    shorten();
    return code;
}

static void refuse(const char *text, const char *want)
{
    cr_expect_neq(load(text), 0, "%s", text);
    cr_expect_str_eq(error, want);
}

Test(settings, the_least_is_enough)
{
    cr_assert_eq(load(""), 0, "%s", error);
    cr_expect_eq(setup.listen.port, 8443);
    cr_expect_eq(setup.cluster.key_count, 1);
    cr_assert_eq(settings.origins.count, 2);
    cr_expect_str_eq(settings.origins.entries[0], "https://localhost:8443");
    cr_expect_str_eq(settings.origins.entries[1], "https://127.0.0.1:8443");
    cr_assert_eq(load("signaling: {listen: '', port: 443}"), 0, "%s", error);
    cr_expect_str_eq(settings.origins.entries[0], "https://localhost", "browsers leave 443 out");
}

Test(settings, addresses_and_directories_are_refused_with_their_place)
{
    refuse("signaling:\n  listen: localhost\n",
           "D/s.yaml:2: signaling.listen: found \"localhost\", want an IP address without a port; "
           "write one like 10.0.0.2, or \"\" for all; the port is signaling.port");
    refuse("web: {directory: /nonexistent}\n",
           "D/s.yaml:1: web.directory: found \"/nonexistent\", want a directory that this user can "
           "read; write the path of the built web pages, or leave it out for none");
    refuse("\ncluster:\n  node: a b\n",
           "D/s.yaml:3: cluster.node: found \"a b\", want 1 to 39 letters, digits, _ or -; write a "
           "name like signaling-1");
    refuse("cluster:\n  program: /nonexistent\n",
           "D/s.yaml:2: cluster.program: found \"/nonexistent\", want a program that can be run; "
           "write the path of shanqiao-cluster, or leave it out where it is installed beside "
           "shanqiao-signaling");
    cr_assert_eq(chmod(path_of("cluster.keys"), 0644), 0);
    refuse("", "environment variable SHANQIAO_CLUSTER_KEY_FILE: cluster.key_file: found "
               "\"D/cluster.keys\" with mode 644, want a file that others can't read; run chmod "
               "600 D/cluster.keys, and make new keys if others read it");
}

Test(settings, waiting_times_are_those_of_the_life_cycle)
{
    struct consult_times times = consult_times_default();
    cr_assert_eq(load(""), 0, "%s", error);
    cr_expect_eq(settings.start_s * TIME_US_PER_S, times.start_us);
    cr_expect_eq(settings.abandoned_s * TIME_US_PER_S, times.abandoned_us);
}

Test(settings, origins_that_no_browser_sends_are_refused)
{
    static const char *const bad[] = {
        "https://host/",     "https://host/path", "host",        "https://Host",
        "https://host:443",  "http://host:80",    "*",           "null",
        "wss://host",        "https://",          "https://:81", "https://host:",
        "https://host:8443 "};
    static const char *const good[] = {"https://host", "https://host:8443", "http://host:443",
                                       "https://[2001:db8::1]:8443", "https://host:8080"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char text[128], want[128];
        snprintf(text, sizeof text, "signaling:\n  origins:\n    - https://good\n    - '%s'\n",
                 bad[i]);
        snprintf(want, sizeof want, "D/s.yaml:2: signaling.origins: found \"%s\", want origins as",
                 bad[i]);
        cr_expect_eq(load(text), SQ_ERR_INVALID, "%s", bad[i]);
        cr_expect_eq(strncmp(error, want, strlen(want)), 0, "%s: %s", bad[i], error);
    }
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        char text[128];
        snprintf(text, sizeof text, "signaling: {origins: ['%s']}\n", good[i]);
        cr_expect_eq(load(text), 0, "%s: %s", good[i], error);
        cr_expect_eq(settings.origins.count, 1);
    }
}

Test(settings, relays_are_taken_whole_or_refused)
{
    static const char *const bad[] = {
        "tcp://h:1",
        "a=tcp://h:1",
        "a=tcp://h,tcp://h:2",
        "a=udp://h:1,tcp://h:2",
        "a b=tcp://h:1,tcp://h:2",
        "=tcp://h:1,tcp://h:2",
        "a=tcp://h:1,tcp://h:2,tcp://h:3",
        "a=tcp://h:1,b=tcp://h:2",
        "a=tcp://h:1,tcp://h:2,a=tcp://h:3,tcp://h:4",
        "signaling-1=tcp://h:1,tcp://h:2",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char text[160], want[160];
        snprintf(text, sizeof text, "cluster:\n  relays: ['%s']\n", bad[i]);
        snprintf(want, sizeof want, "D/s.yaml:2: cluster.relays: found \"%s\", want id=", bad[i]);
        cr_expect_eq(load(text), SQ_ERR_INVALID, "%s", bad[i]);
        cr_expect_eq(strncmp(error, want, strlen(want)), 0, "%s: %s", bad[i], error);
    }
    cr_assert_eq(load("cluster: {relays: ['a=tcp://h:1,tcp://h:2', 'b=tcp://h:3, tcp://h:4']}"), 0,
                 "%s", error);
    cr_assert_eq(setup.cluster.peer_count, 2);
    cr_expect_str_eq(setup.cluster.peers[1].node, "b");
    cr_expect_str_eq(setup.cluster.peers[1].heartbeats, "tcp://h:4");
}

Test(settings, certificate_and_key_are_refused_by_their_fault)
{
    char text[256];
    unsetenv("SHANQIAO_TLS_CERTIFICATE");
    unsetenv("SHANQIAO_TLS_KEY");
    const char *const cases[][3] = {
        {"none", "a.key",
         "D/s.yaml:2: tls.certificate: found \"D/none\": No such file or directory, want a PEM "
         "file "
         "that this user can read; "},
        {"cluster.keys", "a.key",
         "D/s.yaml:2: tls.certificate: found \"D/cluster.keys\": no start line, want a PEM "
         "certificate with its chain; "},
        {"a.crt", "empty", "D/s.yaml:3: tls.key: found \"D/empty\": it is empty, want a PEM file "},
        {"a.crt", "a.crt", "D/s.yaml:3: tls.key: found \"D/a.crt\": "},
        {"a.crt", "a.locked", "D/s.yaml:3: tls.key: found \"D/a.locked\": "},
        {"a.crt", "b.key",
         "D/s.yaml:3: tls.key: found \"D/b.key\": it does not belong to tls.certificate, want "},
        {"b.crt", "b.key", NULL},
    };
    write_file("empty", "");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        snprintf(text, sizeof text, "tls:\n  certificate: %s\n  key: %s\n", path_of(cases[i][0]),
                 path_of(cases[i][1]));
        int code = load(text);
        cr_expect_eq(code, cases[i][2] ? SQ_ERR_INVALID : 0, "%s", text);
        cr_expect_eq(
            strncmp(error, cases[i][2] ? cases[i][2] : "", cases[i][2] ? strlen(cases[i][2]) : 1),
            0, "%s", error);
    }
}

Test(settings, the_store_is_refused_by_its_key)
{
    cr_assert_eq(load("store:\n  keys: /k\n  database: /d/x.db\n"), 0, "%s", error);
    settings_refuse_store(&settings, &setup.sources, "/k/master.key: can't read it; make one",
                          error);
    shorten();
    cr_expect_str_eq(error, "D/s.yaml:2: store.keys: found \"/k\", want the directory with this "
                            "installation's master.key; /k/master.key: can't read it; make one");
    settings_refuse_store(&settings, &setup.sources, "/d/x.db: disk full; make room", error);
    shorten();
    cr_expect_str_eq(error, "D/s.yaml:3: store.database: found \"/d/x.db\", want this "
                            "installation's database; disk full; make room");
}

Test(settings, a_password_in_a_uri_is_never_shown)
{
    cr_assert_eq(
        load("store:\n  database: postgresql://shanqiao:pa@ss@db:5432/s?password=secret\n"), 0,
        "%s", error);
    settings_refuse_store(&settings, &setup.sources, "postgresql://db:5432/s: no route; start it",
                          error);
    shorten();
    cr_expect_str_eq(error, "D/s.yaml:2: store.database: found \"postgresql://db:5432/s\", want "
                            "this installation's database; no route; start it");
}

Test(settings, every_key_is_set_by_its_environment_variable_and_helped)
{
    static const struct {
        const char *variable, *value;
    } set[] = {
        {"SHANQIAO_SIGNALING_LISTEN", "127.0.0.7"},
        {"SHANQIAO_SIGNALING_PORT", "8447"},
        {"SHANQIAO_SIGNALING_CONNECTIONS_MAX", "77"},
        {"SHANQIAO_SIGNALING_ORIGINS", "https://seven"},
        {"SHANQIAO_WEB_DIRECTORY", "/tmp"},
        {"SHANQIAO_TLS_CERTIFICATE", NULL}, /* those made here */
        {"SHANQIAO_TLS_KEY", NULL},
        {"SHANQIAO_STORE_DATABASE", "/nonexistent/7.db"},
        {"SHANQIAO_STORE_KEYS", "/nonexistent/7"},
        {"SHANQIAO_SIGNALING_MATERIALS", "/tmp/7"},
        {"SHANQIAO_SIGNALING_MATERIALS_RESERVE_MB", "78"},
        {"SHANQIAO_SIGNALING_INSPECT", "/bin/true"},
        {"SHANQIAO_CLUSTER_RELAYS", "r7=tcp://h:7,tcp://h:8"},
        {"SHANQIAO_CLUSTER_KEY_FILE", NULL},
        {"SHANQIAO_CLUSTER_NODE", "s7"},
        {"SHANQIAO_CLUSTER_PROGRAM", "/bin/true"},
        {"SHANQIAO_CONSULTATION_RING_S", "71"},
        {"SHANQIAO_CONSULTATION_START_S", "72"},
        {"SHANQIAO_CONSULTATION_ABANDONED_S", "73"},
        {"SHANQIAO_CONSULTATION_GRACE_S", "74"},
        {"SHANQIAO_SESSION_LIFETIME_H", "75"},
        {"SHANQIAO_TURN_URLS", "turn:seven"},
        {"SHANQIAO_TURN_SECRET_FILE", NULL},
        {"SHANQIAO_WEBHOOKS_CA_FILE", "/tmp/7.crt"},
        {"SHANQIAO_LOG_LEVEL", "warn"},
    };
    size_t count = sizeof set / sizeof set[0], len = 0;
    char *help = NULL;
    FILE *f = open_memstream(&help, &len);
    config_help(f, settings_keys, settings_key_count);
    fclose(f);
    cr_assert_eq(count, settings_key_count, "a key is missing in this table");
    for (size_t i = 0; i < count; i++) {
        const struct config_key *key = &settings_keys[i];
        char head[256], name[CONFIG_NAME_MAX];
        config_environment_name(key, name);
        cr_assert_str_eq(name, set[i].variable);
        if (set[i].value)
            setenv(name, set[i].value, 1);
        snprintf(head, sizeof head, "  %s (%s)\n      %s\n      ", key->name, name, key->says);
        cr_expect_not_null(strstr(help, head), "%s", head);
    }
    free(help);
    cr_assert_eq(settings_load(&settings, &setup, NULL, error), 0, "%s", error);
    for (size_t i = 0; i < count; i++) {
        const struct config_key *key = &settings_keys[i];
        const char *value = getenv(set[i].variable);
        const void *at = (const char *)&settings + key->offset;
        cr_expect_eq(setup.sources.lines[i], SIZE_MAX);
        if (key->type == CONFIG_INT)
            cr_expect_eq(*(const int64_t *)at, atoll(value), "%s", key->name);
        else if (key->type == CONFIG_LIST)
            cr_expect_eq(
                strncmp(((const struct config_list *)at)->entries[0], value, strcspn(value, ",")),
                0, "%s", key->name);
        else
            cr_expect_str_eq((const char *)at, value, "%s", key->name);
    }
    cr_expect_eq(setup.cluster.peer_count, 1);
}

Test(settings, turn_servers_and_their_secret)
{
    cr_assert_eq(load("turn: {urls: ['turns:h:443?transport=tcp', 'turn:h']}\n"), 0, "%s", error);
    cr_expect_eq(setup.turn.urls->count, 2);
    cr_expect_str_eq(setup.turn.secret, "0123456789abcdef", "without the end of its line");
    cr_expect_eq(setup.turn.life_us, 12 * 3600 * TIME_US_PER_S);
    refuse("turn:\n  urls: ['stun:h']\n",
           "D/s.yaml:2: turn.urls: found \"stun:h\", want at most 8 addresses like "
           "turn:host:3478?transport=udp or turns:host:443?transport=tcp; write them as coturn "
           "listens; name and password are made by this program");
    write_file("turn.secret", "short\n");
    refuse("turn: {urls: ['turn:h']}\n",
           "environment variable SHANQIAO_TURN_SECRET_FILE: turn.secret_file: found "
           "\"D/turn.secret\": it holds no line of 16 to 255 characters, or more than one, want a "
           "file of mode 0600 with coturn's static-auth-secret in one line; make one with "
           "\"openssl rand -hex 32\", and name the same text in turnserver.conf (use-auth-secret, "
           "static-auth-secret)");
    static const char *const bad[] = {"0123456789abcdef\n0123456789abcdef\n", "", "\n"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        write_file("turn.secret", bad[i]);
        cr_expect_eq(load("turn: {urls: ['turn:h']}\n"), SQ_ERR_INVALID, "%zu", i);
    }
    write_file("turn.secret", "0123456789abcdef");
    cr_assert_eq(chmod(path_of("turn.secret"), 0644), 0);
    cr_expect_eq(load("turn: {urls: ['turn:h']}\n"), SQ_ERR_INVALID);
    cr_expect_not_null(strstr(error, "others may read or change it"), "%s", error);
    unsetenv("SHANQIAO_TURN_SECRET_FILE");
    cr_expect_eq(load("turn: {urls: ['turn:h']}\n"), SQ_ERR_INVALID);
    cr_expect_eq(load("turn: {secret_file: /nonexistent}\n"), 0, "without servers none is needed");
}
