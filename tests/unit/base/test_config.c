/* SPDX-License-Identifier: Apache-2.0 */
/* Configuration: what is accepted, and the whole sentence of every refusal. */
#include "base/config.h"
#include "base/log.h"
#include "shanqiao/error.h"
#include "tests/support/temporary.h"
#include <criterion/criterion.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct sample {
    char name[CONFIG_TEXT_MAX];
    char mode[CONFIG_TEXT_MAX];
    int64_t workers;
    bool verbose;
    struct config_list peers;
};

#define AT(field) .offset = offsetof(struct sample, field)

static const struct config_key KEYS[] = {
    {.name = "node.name",
     .type = CONFIG_TEXT,
     AT(name),
     .fallback = "n1",
     .says = "name of this node"},
    {.name = "node.mode",
     .type = CONFIG_CHOICE,
     AT(mode),
     .fallback = "one",
     .choices = "one|two|three",
     .says = "mode"},
    {.name = "media.workers",
     .type = CONFIG_INT,
     AT(workers),
     .fallback = "2",
     .min = 1,
     .max = 64,
     .says = "threads"},
    {.name = "media.verbose",
     .type = CONFIG_BOOL,
     AT(verbose),
     .fallback = "false",
     .says = "more lines"},
    {.name = "media.peers",
     .type = CONFIG_LIST,
     AT(peers),
     .fallback = "a, b",
     .says = "other nodes"},
};
#define KEY_COUNT (sizeof KEYS / sizeof KEYS[0])

static const struct config_key REQUIRED[] = {
    {.name = "media.workers",
     .type = CONFIG_INT,
     AT(workers),
     .fallback = "2",
     .min = 1,
     .max = 64,
     .says = "threads"},
    {.name = "media.address",
     .type = CONFIG_TEXT,
     AT(name),
     .fallback = NULL,
     .says = "public address"},
};

static struct sample got;
static char error[CONFIG_ERROR_MAX];

/* Loads the text as a file; an error has the file's name replaced by "F". */
static int load_with(const struct config_key *keys, size_t count, const char *text, size_t len)
{
    char path[64];
    int fd = temporary_file(path, sizeof path, "config");
    cr_assert(fd >= 0 && write(fd, text, len) == (ssize_t)len);
    close(fd);
    int r = config_load(&got, keys, count, path, error);
    unlink(path);
    if (strncmp(error, path, strlen(path)) == 0) {
        memmove(error + 1, error + strlen(path), strlen(error) - strlen(path) + 1);
        error[0] = 'F';
    }
    return r;
}

static void accept(const char *text)
{
    cr_assert_eq(load_with(KEYS, KEY_COUNT, text, strlen(text)), 0, "%s", error);
    cr_assert_str_eq(error, "");
}

static void refuse(const char *text, const char *want)
{
    cr_assert_eq(load_with(KEYS, KEY_COUNT, text, strlen(text)), SQ_ERR_INVALID, "%s", text);
    cr_assert_str_eq(error, want);
}

Test(config, defaults_stand_without_a_file)
{
    cr_assert_eq(config_load(&got, KEYS, KEY_COUNT, NULL, error), 0);
    cr_assert_str_eq(got.name, "n1");
    cr_assert_str_eq(got.mode, "one");
    cr_assert_eq(got.workers, 2);
    cr_assert(!got.verbose);
    cr_assert_eq(got.peers.count, 2);
    cr_assert_str_eq(got.peers.entries[1], "b");
}

Test(config, a_file_sets_each_type)
{
    accept("# comment\nnode:\n  name: \"山 桥\"\n  mode: three\nmedia:\n  workers: 64\n  verbose: "
           "true\n"
           "  peers: [x, 'y, z']\n");
    cr_assert_str_eq(got.name, "山 桥");
    cr_assert_str_eq(got.mode, "three");
    cr_assert_eq(got.workers, 64);
    cr_assert(got.verbose);
    cr_assert_eq(got.peers.count, 2);
    cr_assert_str_eq(got.peers.entries[1], "y, z");
}

Test(config, empty_files_sections_and_lists_are_fine)
{
    accept("");
    accept("# nothing\n");
    accept("---\n");
    accept("node:\nmedia:\n  peers: []\n");
    cr_assert_eq(got.peers.count, 0);
    accept("node: {name: \"\"}\n");
    cr_assert_str_eq(got.name, "");
}

Test(config, unknown_names_are_refused)
{
    refuse("node:\n  name: a\n\nnodes:\n  name: b\n",
           "F:4: nodes: found an unknown section, want one of node, media; correct or remove it");
    refuse("media:\n  workers: 1\n  worker: 2\n",
           "F:3: media.worker: found an unknown key, want one of workers, verbose, peers; correct "
           "or remove the line");
    refuse("? [a]\n: b\n",
           "F:1: a list: found an unknown section, want one of node, media; correct or remove it");
    refuse("media: {? [a] : b}\n",
           "F:1: media.a list: found an unknown key, want one of workers, verbose, peers; "
           "correct or remove the line");
}

Test(config, duplicates_are_refused)
{
    refuse("media:\n  workers: 1\n  workers: 1\n",
           "F:3: media.workers: found a second time, want it once (first on line 2); remove one of "
           "the lines");
    refuse(
        "media: {workers: 1}\nnode: {}\nmedia: {}\n",
        "F:3: media: found a second time, want each section once (first on line 1); join the two");
}

Test(config, wrong_values_are_refused)
{
#define REMEDY "; correct the value, or remove the line for the default"
    refuse("media:\n  workers: many\n",
           "F:2: media.workers: found \"many\", want an integer from 1 to 64" REMEDY);
    refuse("media:\n  workers: 0\n",
           "F:2: media.workers: found \"0\", want an integer from 1 to 64" REMEDY);
    refuse("media:\n  workers: 65\n",
           "F:2: media.workers: found \"65\", want an integer from 1 to 64" REMEDY);
    refuse("media:\n  workers: 1.5\n",
           "F:2: media.workers: found \"1.5\", want an integer from 1 to 64" REMEDY);
    refuse(
        "media:\n  workers: 99999999999999999999\n",
        "F:2: media.workers: found \"99999999999999999999\", want an integer from 1 to 64" REMEDY);
    refuse("media:\n  workers:\n",
           "F:2: media.workers: found nothing, want an integer from 1 to 64" REMEDY);
    refuse("media:\n  workers: [1]\n",
           "F:2: media.workers: found a list, want an integer from 1 to 64" REMEDY);
    refuse("media:\n  workers: {a: 1}\n",
           "F:2: media.workers: found a mapping, want an integer from 1 to 64" REMEDY);
    refuse("media:\n  verbose: yes\n",
           "F:2: media.verbose: found \"yes\", want true or false" REMEDY);
    refuse("node:\n  mode: four\n",
           "F:2: node.mode: found \"four\", want one of one, two, three" REMEDY);
    refuse("node:\n  mode: one|two\n",
           "F:2: node.mode: found \"one|two\", want one of one, two, three" REMEDY);
    refuse("node:\n  name: \"a\\0b\"\n",
           "F:2: node.name: found a text with a NUL byte, want a text of at most 511 "
           "bytes" REMEDY);
    refuse("node:\n  mode: &a one\nmedia:\n  workers: *a\n",
           "F:4: media.workers: found an alias, want an integer from 1 to 64" REMEDY);
}

Test(config, wrong_lists_are_refused)
{
    refuse("media:\n  peers: a\n",
           "F:2: media.peers: found \"a\", want a list of at most 32 texts; "
           "write [one, two], or \"- one\" lines");
    refuse("media:\n  peers:\n    - a\n    - [b]\n",
           "F:4: media.peers: found a list, want a list of at most 32 texts; "
           "write [one, two], or \"- one\" lines");
    char many[256] = "media:\n  peers: [";
    for (int i = 0; i < CONFIG_LIST_MAX + 1; i++)
        strcat(many, "a,");
    strcat(many, "]\n");
    refuse(many, "F:2: media.peers: found more than 32 entries, want a list of at most 32 texts; "
                 "write [one, two], or \"- one\" lines");
}

Test(config, long_values_are_refused_without_showing_them)
{
    char text[1024] = "node:\n  name: ";
    memset(text + strlen(text), 'x', 600);
    strcat(text, "\n");
    refuse(text, "F:2: node.name: found 600 bytes, want a text of at most 511 bytes; correct the "
                 "value, or remove the "
                 "line for the default");
    text[14 + 511] = '\0';
    accept(text);
    cr_assert_eq(strlen(got.name), 511);
}

Test(config, shape_and_syntax_errors_name_the_line)
{
    refuse(
        "- a\n",
        "F:1: found a list, want sections; write \"section:\" and below it \"key: value\" lines");
    refuse(
        "text\n",
        "F:1: found \"text\", want sections; write \"section:\" and below it \"key: value\" lines");
    refuse(
        "node: text\n",
        "F:1: node: found \"text\", want keys with values; write \"key: value\" lines, indented");
    refuse("node: {}\n---\nnode: {}\n",
           "F:2: found a second document, want one; remove the \"---\" line");
    cr_assert_eq(load_with(KEYS, KEY_COUNT, "node:\n  name: a\n mode: one\n", 27), SQ_ERR_INVALID);
    cr_assert_eq(strncmp(error, "F:3: not YAML: ", 15), 0, "%s", error);
    cr_assert_eq(load_with(KEYS, KEY_COUNT, "node:\n  name: a\n \xff: b\n", 22), SQ_ERR_INVALID);
    cr_assert_eq(strncmp(error, "F:3: not YAML: ", 15), 0, "%s", error);
}

Test(config, any_bytes_end_in_an_answer)
{
    static const char text[] = "node: {name: \"x\", mode: one}\nmedia:\n  peers:\n  - a\n  - *b\n  "
                               "workers: !!int 3\n...\n";
    for (size_t len = 0; len < sizeof text; len++) {
        int r = load_with(KEYS, KEY_COUNT, text, len);
        cr_assert(r == 0 || (r == SQ_ERR_INVALID && error[0]), "%zu", len);
    }
}

Test(config, files_that_cannot_be_read_say_so)
{
    cr_assert_eq(config_load(&got, KEYS, KEY_COUNT, "/nonexistent/a.yaml", error), SQ_ERR_IO);
    cr_assert_str_eq(
        error,
        "/nonexistent/a.yaml: can't be read: No such file or directory; check the path and its "
        "permissions, or start without a file");
    cr_assert_eq(config_load(&got, KEYS, KEY_COUNT, "/", error), SQ_ERR_IO);
    size_t size = 300 * 1024;
    char *big = malloc(size);
    memset(big, '\n', size);
    cr_assert_eq(load_with(KEYS, KEY_COUNT, big, size), SQ_ERR_IO);
    cr_assert_str_eq(
        error,
        "F: can't be read: it is larger than 256 KiB; check the path and its permissions, or "
        "start without a file");
    free(big);
}

Test(config, the_environment_wins)
{
    setenv("SHANQIAO_MEDIA_WORKERS", "7", 1);
    setenv("SHANQIAO_MEDIA_PEERS", " x , ,y", 1);
    accept("media:\n  workers: 3\n  peers: [a]\n");
    cr_assert_eq(got.workers, 7);
    cr_assert_eq(got.peers.count, 2);
    cr_assert_str_eq(got.peers.entries[0], "x");
    cr_assert_str_eq(got.peers.entries[1], "y");
}

Test(config, environment_errors_name_the_variable)
{
    setenv("SHANQIAO_MEDIA_WORKERS", "x", 1);
    refuse("", "environment variable SHANQIAO_MEDIA_WORKERS: media.workers: found \"x\", want an "
               "integer from 1 to 64; "
               "correct or unset the variable");
}

static void count_warnings(const char *line, void *user)
{
    int *warnings = user;
    *warnings +=
        strstr(line, "\"config.unknown_variable\",\"variable\":\"SHANQIAO_MEDIA_WORKER\"") != NULL;
    cr_assert_null(strstr(line, "secret"), "values may be private");
}

Test(config, unknown_variables_of_our_sections_are_said)
{
    int warnings = 0;
    setenv("SHANQIAO_MEDIA_WORKER", "secret", 1);
    setenv("SHANQIAO_MEDIATION_X", "secret", 1);
    setenv("SHANQIAO_MEDIA_WORKERS", "5", 1);
    log_set_sink(count_warnings, &warnings);
    accept("");
    log_set_sink(NULL, NULL);
    cr_assert_eq(warnings, 1);
    cr_assert_eq(got.workers, 5);
}

static int load_required(const char *text)
{
    return load_with(REQUIRED, 2, text, strlen(text));
}

Test(config, required_keys_are_missed)
{
    cr_assert_eq(load_required("\n\nmedia:\n  workers: 3\n"), SQ_ERR_INVALID);
    cr_assert_str_eq(
        error,
        "F:3: media.address: found nothing, want a text of at most 511 bytes; add \"address: ...\" "
        "under \"media:\", or set SHANQIAO_MEDIA_ADDRESS");
    cr_assert_eq(load_required(""), SQ_ERR_INVALID);
    cr_assert_eq(strncmp(error, "F:1: media.address: ", 20), 0, "%s", error);
    cr_assert_eq(config_load(&got, REQUIRED, 2, NULL, error), SQ_ERR_INVALID);
    cr_assert_str_eq(
        error,
        "environment variable SHANQIAO_MEDIA_ADDRESS: media.address: found nothing, want a text of "
        "at most 511 bytes; set it, or name a configuration file");
    setenv("SHANQIAO_MEDIA_ADDRESS", "192.0.2.1", 1);
    cr_assert_eq(config_load(&got, REQUIRED, 2, NULL, error), 0);
    cr_assert_str_eq(got.name, "192.0.2.1");
}

/* What a program finds wrong after loading is said in the same words, with the value's own place.
 */
Test(config, a_later_refusal_names_the_place_of_the_value)
{
    static struct config_sources sources;
    char path[64], want[256], phrase[CONFIG_PHRASE_MAX];
    static const char text[] = "node:\n  name: a b\n\nmedia:\n  verbose: true\n";
    int fd = temporary_file(path, sizeof path, "config");
    cr_assert(fd >= 0 && write(fd, text, sizeof text - 1) == (ssize_t)sizeof text - 1);
    close(fd);
    setenv("SHANQIAO_MEDIA_PEERS", "x", 1);
    cr_assert_eq(config_load_traced(&got, KEYS, KEY_COUNT, path, &sources, error), 0);
    unlink(path);
    cr_expect_eq(config_refuse(&sources, "node.name", config_quote(got.name, phrase), "letters",
                               "take the space out", error),
                 SQ_ERR_INVALID);
    snprintf(want, sizeof want, "%s:2: node.name: found \"a b\", want letters; take the space out",
             path);
    cr_expect_str_eq(error, want);
    config_refuse(&sources, "media.workers", "\"2\"", "three", "write three", error);
    snprintf(want, sizeof want,
             "%s:4: media.workers: found \"2\" (the default), want three; write three", path);
    cr_expect_str_eq(error, want);
    config_refuse(&sources, "node.mode", "\"one\"", "two", "write two", error);
    cr_expect_eq(strncmp(error + strlen(path), ":1: node.mode", 13), 0, "%s", error);
    config_refuse(&sources, "media.peers", config_quote("", phrase), "a peer", "name one", error);
    cr_expect_str_eq(error,
                     "environment variable SHANQIAO_MEDIA_PEERS: media.peers: found nothing, "
                     "want a peer; name one");
    cr_assert_eq(config_load_traced(&got, KEYS, KEY_COUNT, NULL, &sources, error), 0);
    config_refuse(&sources, "node.mode", "\"one\"", "two", "write two", error);
    cr_expect_str_eq(error,
                     "environment variable SHANQIAO_NODE_MODE: node.mode: found \"one\" (the "
                     "default), want two; write two");
}

Test(config, help_lists_every_key_with_its_variable)
{
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);
    config_help(f, KEYS, KEY_COUNT);
    config_help(f, REQUIRED, 2);
    fclose(f);
    cr_assert_not_null(strstr(text, "  node.mode (SHANQIAO_NODE_MODE)\n      mode\n"
                                    "      one of one, two, three; default one\n"),
                       "%s", text);
    cr_assert_not_null(strstr(text, "an integer from 1 to 64; default 2\n"));
    cr_assert_not_null(strstr(text, "media.address (SHANQIAO_MEDIA_ADDRESS)"));
    cr_assert_not_null(strstr(text, "; required\n"));
    free(text);
}
