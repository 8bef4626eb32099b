/* SPDX-License-Identifier: Apache-2.0 */
/* Paths to routes, and what text from outside is let in. */
#include "signaling/http/match.h"

#include "shanqiao/error.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static const struct http_route files[] = {
    {HTTP_PATCH | HTTP_HEAD, "/files/", HTTP_PREFIX, 10, NULL},
    {HTTP_POST, "/files", 0, 0, NULL},
    {HTTP_GET, "/files/", HTTP_PREFIX, 0, NULL},
    {HTTP_GET, "/files/list", 0, 0, NULL},
};
static const struct http_route others[] = {{HTTP_GET, "/f", HTTP_PREFIX, 0, NULL}};
static const struct http_table tables[] = {{files, 4, NULL, NULL}, {others, 1, NULL, NULL}};

static struct http_match match(const char *path, enum http_method method)
{
    return http_match(tables, 2, path, method);
}

Test(http, the_exact_path_wins_then_the_longest_prefix)
{
    cr_expect_eq(match("/files", HTTP_POST).route, &files[1]);
    cr_expect_eq(match("/files/x", HTTP_PATCH).route, &files[0]);
    cr_expect_eq(match("/files/x/y", HTTP_GET).route, &files[2]);
    cr_expect_eq(match("/files/list", HTTP_GET).route, &files[3]);
    cr_expect_eq(match("/fhir", HTTP_GET).route, &others[0]);
    cr_expect_eq(match("/fhir", HTTP_GET).table, &tables[1]);
    cr_expect_null(match("/nothing", HTTP_GET).table);
    cr_expect_null(match("", HTTP_GET).table);
}

Test(http, another_method_is_told_which_there_are)
{
    char text[HTTP_ALLOW_MAX];
    struct http_match m = match("/files/x", HTTP_DELETE);
    cr_expect_null(m.route);
    cr_expect_str_eq(http_allow_text(m.allowed, text), "GET, HEAD, PATCH");
    cr_expect_str_eq(http_allow_text(match("/files/list", HTTP_PATCH).allowed, text), "GET",
                     "a longer path's methods are its own");
    cr_expect_str_eq(http_allow_text(0x7f, text), "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
}

Test(http, paths_are_plain)
{
    static const char *const good[] = {"/", "/a", "/a/b-c_d.html", "/A0/"};
    static const char *const bad[] = {"",           "a",     "//",    "/a//b", "/..",
                                      "/a/../b",    "/.git", "/a./b", "/a%2f", "/a b",
                                      "/a\xc3\xa4", "/a?b",  "/a..b", "/a\nb", "/a\\b"};
    char longest[HTTP_PATH_MAX + 1];
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        cr_expect(http_path_is_plain(good[i]), "%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_expect_not(http_path_is_plain(bad[i]), "%s", bad[i]);
    memset(longest, 'a', sizeof longest);
    longest[0] = '/';
    longest[HTTP_PATH_MAX] = '\0';
    cr_expect_not(http_path_is_plain(longest));
    longest[HTTP_PATH_MAX - 1] = '\0';
    cr_expect(http_path_is_plain(longest));
}

Test(http, lengths_are_digits)
{
    static const char *const bad[] = {
        "", "+1", "-1", " 1", "1 ", "0x1", "1,1", "9007199254740993", "99999999999999999999999999"};
    uint64_t n = 7;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_expect_not(http_parse_length(bad[i], &n), "%s", bad[i]);
    cr_expect_eq(n, 7);
    cr_expect(http_parse_length("9007199254740992", &n) && n == UINT64_C(1) << 53);
    cr_expect(http_parse_length("007", &n) && n == 7);
}

Test(http, text_is_utf8_without_controls)
{
    static const char *const bad[] = {
        "\n",           "\x7f",     "\x80",         "\xc0\xaf",
        "\xc3",         "\xe4\xb8", "\xed\xa0\x80", "\xf4\x90\x80\x80",
        "\xf8\x88\x80", "\xc2\x85", "\xe0\x80\x80"};
    cr_expect(http_text_is_clean("山桥 \xf0\x9f\x8f\xa5 =&%"));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_expect_not(http_text_is_clean(bad[i]), "%zu", i);
}

Test(http, only_bearer_tokens)
{
    cr_expect_str_eq(http_bearer("Bearer abc"), "abc");
    cr_expect_str_eq(http_bearer("bearer   abc"), "abc");
    cr_expect_null(http_bearer("Basic abc"));
    cr_expect_null(http_bearer("Bearer"));
    cr_expect_null(http_bearer(NULL));
}

Test(http, errors_have_a_status_and_both_languages)
{
    size_t len = 0;
    char *text = http_error_body(SQ_ERR_LIMIT, NULL, "太大", &len);
    json_t *body = json_loadb(text, len, 0, NULL);
    const json_t *error = json_object_get(body, "error");
    cr_expect_eq(http_status_of(SQ_ERR_LIMIT), 413);
    cr_expect_eq(http_status_of(SQ_ERR_INTERNAL), 500);
    cr_expect_str_eq(json_string_value(json_object_get(error, "code")), "SQ_ERR_LIMIT");
    cr_expect_str_eq(json_string_value(json_object_get(error, "message")), "太大");
    cr_expect_str_eq(json_string_value(json_object_get(error, "messageEn")),
                     sq_error_text(SQ_ERR_LIMIT, "en"));
    json_decref(body);
    free(text);
}

Test(http, dates_are_of_rfc_9110)
{
    char text[HTTP_DATE_MAX];
    cr_expect_str_eq(http_date_text(INT64_C(784111777) * TIME_US_PER_S, text),
                     "Sun, 06 Nov 1994 08:49:37 GMT");
}

Test(http, cookies)
{
    static const char name[] = "__Host-shanqiao";
    static const struct {
        const char *header, *value; /* NULL: not there */
    } cases[] = {{NULL, NULL},
                 {"", NULL},
                 {"__Host-shanqiao=abc", "abc"},
                 {"a=1; __Host-shanqiao=abc; b=2", "abc"},
                 {"a=1;__Host-shanqiao=abc", "abc"},
                 {"__Host-shanqiao=", ""},
                 {"__Host-shanqiao", NULL},
                 {"x__Host-shanqiao=abc", NULL},
                 {"__Host-shanqiaox=abc", NULL},
                 {"__host-shanqiao=abc", NULL},
                 {"a=__Host-shanqiao=abc", NULL},
                 {"__Host-shanqiao=abc; __Host-shanqiao=abd", NULL},
                 {"__Host-shanqiao=12345678", NULL}, /* does not fit */
                 {"__Host-shanqiao=1234567", "1234567"},
                 {";;; ;", NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[8] = "";
        bool there = http_cookie(cases[i].header, name, out, sizeof out);
        cr_expect_eq(there, cases[i].value != NULL, "case %zu", i);
        if (there && cases[i].value)
            cr_expect_str_eq(out, cases[i].value);
    }
}
