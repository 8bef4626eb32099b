/* SPDX-License-Identifier: Apache-2.0 */
#include "client-lib/terminal/options.h"
#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 16

/* Splits on spaces; the words point into `line`. */
static int parse(struct options *o, char *line)
{
    char *words[WORDS_MAX] = {(char[]){"shanqiao-terminal"}};
    char *rest = NULL;
    int count = 1;
    for (char *w = strtok_r(line, " ", &rest); w && count < WORDS_MAX - 1;
         w = strtok_r(NULL, " ", &rest))
        words[count++] = w;
    optind = 0;
    return options_parse(o, count, words);
}

static void quiet(void)
{
    cr_redirect_stderr();
    cr_redirect_stdout();
    unsetenv("SHANQIAO_PASSWORD");
}

TestSuite(options, .init = quiet);

Test(options, what_is_given_arrives)
{
    struct options o;
    char line[] = "--as doctor --server wss://h:1/v1 --account a --headless --codec vp9 --seconds "
                  "7 --max-kbps 24";
    setenv("SHANQIAO_PASSWORD", "secret", 1);
    cr_assert_eq(parse(&o, line), 0);
    cr_assert_eq(o.role, ROLE_DOCTOR);
    cr_assert_str_eq(o.server, "wss://h:1/v1");
    cr_assert_str_eq(o.password, "secret");
    cr_assert(o.headless && !o.narrow);
    cr_assert_eq(o.codec, SQ_CODEC_VP9);
    cr_assert_eq(o.seconds, 7);
    cr_assert_eq(o.max_bps, 24000);
    options_fini(&o);
}

Test(options, bad_words_are_refused)
{
    static const char *const LINES[] = {
        "--server wss://h/v1 --account a",
        "--as nurse --server wss://h/v1 --account a",
        "--as doctor --account a",
        "--as doctor --server wss://h/v1 --account a", /* no password */
        "--as doctor --server wss://h/v1 --account a --session f --seconds 0",
        "--as doctor --server wss://h/v1 --account a --session f --seconds 7x",
        "--as doctor --server wss://h/v1 --account a --session f --codec h265",
        "--as doctor --server wss://h/v1 --account a --session f --language fr",
        "--as doctor --server wss://h/v1 --account a --session f --automatic",
        "--as doctor --server wss://h/v1 --account a --session f --consultation "
        "tests/data/media/README.md",
        "--as doctor --server wss://h/v1 --account a --session f --password-file tests/data/none",
        "--as doctor --server wss://h/v1 --account a --session f --consultation "
        "scripts/lib/demo-opinion.json",
        "--as doctor --server wss://h/v1 --account a --session f word",
        "--as doctor --unknown",
    };
    for (size_t i = 0; i < sizeof LINES / sizeof LINES[0]; i++) {
        struct options o;
        char line[256];
        snprintf(line, sizeof line, "%s", LINES[i]);
        cr_expect_lt(parse(&o, line), 0, "%s", LINES[i]);
        options_fini(&o);
    }
}

Test(options, help_ends_without_running)
{
    struct options o;
    char line[] = "--help";
    cr_assert_eq(parse(&o, line), 1);
    options_fini(&o);
}
