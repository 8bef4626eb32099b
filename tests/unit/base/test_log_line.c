/* SPDX-License-Identifier: Apache-2.0 */
/* Log lines as bytes, and the rate limit in virtual time. */
#include "base/log_line.h"
#include "base/log_rate.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UTC INT64_C(1700000000123456) /* 2023-11-14T22:13:20.123456Z */

static struct log_line line;

static const char *formatted(const struct log_field *fields)
{
    log_line_format(&line, UTC, LOG_WARN, "prog", "a.b", fields, 0, false);
    cr_assert_eq(strlen(line.text), line.len);
    return line.text;
}

#define FORMATTED(...) formatted((const struct log_field[]){__VA_ARGS__, {0}})
#define HEAD                                                                                       \
    "{\"ts\":\"2023-11-14T22:13:20.123Z\",\"level\":\"warn\",\"program\":\"prog\",\"key\":\"a.b\""

Test(log_line, has_time_level_program_and_key)
{
    cr_assert_str_eq(formatted((const struct log_field[]){{0}}), HEAD "}\n");
}

Test(log_line, prints_each_type)
{
    cr_assert_str_eq(FORMATTED(LOG_TEXT("t", "山桥"), LOG_INT("i", INT64_MIN), LOG_REAL("r", 0.25),
                               LOG_BOOL("b", true), LOG_PRIVATE("p", "Li Lei"),
                               LOG_TEXT("n", NULL)),
                     HEAD ",\"t\":\"山桥\",\"i\":-9223372036854775808,\"r\":0.25,\"b\":true,"
                          "\"p\":\"[private]\",\"n\":null}\n");
}

Test(log_line, reals_that_json_lacks_are_null)
{
    cr_assert_str_eq(FORMATTED(LOG_REAL("x", 0.0 / 0.0), LOG_REAL("y", 1e300 * 1e300)),
                     HEAD ",\"x\":null,\"y\":null}\n");
}

Test(log_line, private_text_shows_only_when_asked)
{
    const struct log_field fields[] = {LOG_PRIVATE("p", "Li Lei"), {0}};
    log_line_format(&line, UTC, LOG_WARN, "prog", "a.b", fields, 0, true);
    cr_assert_not_null(strstr(line.text, "Li Lei"));
}

Test(log_line, controls_and_line_ends_are_escaped)
{
    cr_assert_str_eq(
        FORMATTED(LOG_TEXT("t", "a\r\n\t\x1b[31m\x7f\xc2\x9b\xe2\x80\xa8\"\\")),
        HEAD ",\"t\":\"a\\u000d\\u000a\\u0009\\u001b[31m\\u007f\\u009b\\u2028\\\"\\\\\"}\n");
}

Test(log_line, broken_utf8_is_replaced)
{
    /* a lone continuation, an overlong slash, a surrogate, above U+10FFFF, a cut sequence */
    cr_assert_str_eq(
        FORMATTED(LOG_TEXT("t", "\x80|\xc0\xaf|\xed\xa0\x80|\xf4\x90\x80\x80|\xe5\xb1")),
        HEAD ",\"t\":\"\xef\xbf\xbd|\xef\xbf\xbd\xef\xbf\xbd|"
             "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd|"
             "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd|\xef\xbf\xbd\xef\xbf\xbd\"}\n");
}

Test(log_line, long_text_is_cut_between_characters)
{
    char text[3 * LOG_TEXT_MAX + 1];
    for (size_t i = 0; i + 3 < sizeof text; i += 3)
        memcpy(text + i, "山", 4);
    const char *out = FORMATTED(LOG_TEXT("t", text));
    cr_assert_not_null(strstr(out, "山…\"}\n"));
    cr_assert_null(strstr(out, "\xef\xbf\xbd"));
}

Test(log_line, what_does_not_fit_is_left_out_and_said)
{
    static char text[LOG_TEXT_MAX + 1];
    memset(text, 1, LOG_TEXT_MAX); /* six bytes each */
    const char *out = FORMATTED(LOG_TEXT("big", text), LOG_INT("small", 7));
    cr_assert_str_eq(out, HEAD ",\"small\":7,\"truncated\":true}\n");
    memset(text, 'x', LOG_TEXT_MAX);
    out = FORMATTED(LOG_TEXT("a", text), LOG_TEXT("b", text), LOG_TEXT("c", text),
                    LOG_TEXT("d", text), LOG_TEXT("e", text));
    cr_assert_lt(strlen(out), LOG_LINE_MAX);
    cr_assert_not_null(strstr(out, "\"c\":"));
    cr_assert_null(strstr(out, "\"d\":"));
    cr_assert_str_eq(out + strlen(out) - strlen(",\"truncated\":true}\n"),
                     ",\"truncated\":true}\n");
}

Test(log_line, suppressed_is_counted)
{
    log_line_format(&line, UTC, LOG_ERROR, "prog", "a.b", (const struct log_field[]){{0}}, 12,
                    false);
    cr_assert_not_null(strstr(line.text, "\"level\":\"error\""));
    cr_assert_not_null(strstr(line.text, ",\"suppressed\":12}\n"));
}

Test(log_rate, a_burst_passes_then_the_rate)
{
    struct log_rate *rate = calloc(1, sizeof *rate);
    uint64_t suppressed = 99;
    for (int i = 0; i < LOG_RATE_PER_S; i++)
        cr_assert(log_rate_allow(rate, "k", 1000, &suppressed));
    cr_assert_eq(suppressed, 0);
    for (int i = 0; i < 7; i++)
        cr_assert(!log_rate_allow(rate, "k", 1000, &suppressed));
    cr_assert(log_rate_allow(rate, "other", 1000, &suppressed), "each key has its own");
    cr_assert(!log_rate_allow(rate, "k", 1000 + TIME_US_PER_S / LOG_RATE_PER_S - 1, &suppressed));
    cr_assert(log_rate_allow(rate, "k", 1000 + TIME_US_PER_S / LOG_RATE_PER_S, &suppressed));
    cr_assert_eq(suppressed, 8);
    free(rate);
}

Test(log_rate, credit_stops_at_the_burst)
{
    struct log_rate *rate = calloc(1, sizeof *rate);
    uint64_t suppressed;
    int passed = 0;
    cr_assert(log_rate_allow(rate, "k", 0, &suppressed));
    for (int i = 0; i < 1000; i++)
        passed += log_rate_allow(rate, "k", TIME_US_NEVER, &suppressed);
    cr_assert_eq(passed, LOG_RATE_PER_S);
    cr_assert(!log_rate_allow(rate, "k", 0, &suppressed), "a clock that goes back earns nothing");
    free(rate);
}

Test(log_rate, keys_past_the_table_share_one_bucket)
{
    struct log_rate *rate = calloc(1, sizeof *rate);
    uint64_t suppressed;
    int passed = 0;
    for (int i = 0; i < LOG_RATE_KEYS + 1000; i++) {
        char key[32];
        snprintf(key, sizeof key, "key.%d", i);
        passed += log_rate_allow(rate, key, 0, &suppressed);
    }
    cr_assert_eq(passed, LOG_RATE_KEYS + LOG_RATE_PER_S);
    free(rate);
}

Test(log_rate, keys_longer_than_the_slot_are_still_limited)
{
    struct log_rate *rate = calloc(1, sizeof *rate);
    uint64_t suppressed;
    int passed = 0;
    char key[2 * LOG_RATE_KEY_MAX];
    memset(key, 'k', sizeof key);
    key[sizeof key - 1] = '\0';
    for (int i = 0; i < 1000; i++)
        passed += log_rate_allow(rate, key, 0, &suppressed);
    cr_assert_eq(passed, LOG_RATE_PER_S);
    free(rate);
}
