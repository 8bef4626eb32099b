/* SPDX-License-Identifier: Apache-2.0 */
/* Links: what was signed comes back, what was changed anywhere does not, and time is minded. */
#include "shanqiao/error.h"
#include "signaling/link/link.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define NOW_S 1790000000
#define S     TIME_US_PER_S

static const uint8_t secret[LINK_SECRET_BYTES] = {7, 7, 7};
static const struct link sample = {.key = "lnk_AbC123",
                                   .consultation = "con_1234567890123456789012",
                                   .account = "acc_1234567890123456789012",
                                   .nonce = "n-o_nce",
                                   .end_s = NOW_S + 300};

static void make(char out[LINK_TEXT_MAX])
{
    cr_assert_eq(link_make(&sample, secret, out), 0);
}

Test(link, comes_back_as_it_was_made)
{
    char text[LINK_TEXT_MAX];
    struct link l;
    make(text);
    cr_assert_eq(link_parse(text, &l), 0, "%s", text);
    cr_expect_str_eq(l.key, sample.key);
    cr_expect_str_eq(l.consultation, sample.consultation);
    cr_expect_str_eq(l.account, sample.account);
    cr_expect_str_eq(l.nonce, sample.nonce);
    cr_expect_eq(l.end_s, sample.end_s);
    cr_expect_eq(link_check(text, &l, secret, NOW_S * S), 0);
    cr_expect_lt(strlen(text) + strlen("/open/"), 256, "fits the path of a request");
}

/* Ids may hold any character that docs/protocol/defs.json allows. */
Test(link, ids_with_dots_come_back)
{
    struct link made = sample, l;
    char text[LINK_TEXT_MAX];
    snprintf(made.account, sizeof made.account, "%s", ".li.ming_-2.");
    snprintf(made.consultation, sizeof made.consultation, "%s", "con.2026.1");
    cr_assert_eq(link_make(&made, secret, text), 0);
    cr_assert_eq(link_parse(text, &l), 0, "%s", text);
    cr_expect_str_eq(l.account, made.account);
    cr_expect_str_eq(l.consultation, made.consultation);
    cr_expect_eq(link_check(text, &l, secret, NOW_S * S), 0);
    snprintf(made.key, sizeof made.key, "%s", "lnk.a");
    cr_expect_eq(link_make(&made, secret, text), SQ_ERR_INVALID, "it would end too early");
}

Test(link, any_other_character_is_refused)
{
    char text[LINK_TEXT_MAX], changed[LINK_TEXT_MAX];
    make(text);
    for (size_t i = 0; text[i]; i++) {
        struct link l;
        snprintf(changed, sizeof changed, "%s", text);
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        if (link_parse(changed, &l) == 0)
            cr_expect_eq(link_check(changed, &l, secret, NOW_S * S), SQ_ERR_FORGED, "at %zu", i);
    }
}

Test(link, cut_or_prolonged_is_refused)
{
    char text[LINK_TEXT_MAX];
    struct link l;
    make(text);
    for (size_t len = 0; len < strlen(text); len++) {
        char cut[LINK_TEXT_MAX] = "";
        memcpy(cut, text, len);
        cr_expect(link_parse(cut, &l) < 0 || link_check(cut, &l, secret, NOW_S * S) < 0, "%zu",
                  len);
    }
    size_t whole = strlen(text);
    text[whole] = 'A';
    text[whole + 1] = '\0';
    cr_expect(link_parse(text, &l) < 0 || link_check(text, &l, secret, NOW_S * S) < 0);
}

Test(link, another_key_does_not_open_it)
{
    static const uint8_t other[LINK_SECRET_BYTES] = {7, 7, 8};
    char text[LINK_TEXT_MAX];
    struct link l;
    make(text);
    cr_assert_eq(link_parse(text, &l), 0);
    cr_expect_eq(link_check(text, &l, other, NOW_S * S), SQ_ERR_FORGED);
}

Test(link, lives_until_its_end_and_not_too_long)
{
    char text[LINK_TEXT_MAX];
    struct link l;
    make(text);
    cr_assert_eq(link_parse(text, &l), 0);
    cr_expect_eq(link_check(text, &l, secret, (l.end_s + 60) * S), 0, "clocks differ by a minute");
    cr_expect_eq(link_check(text, &l, secret, (l.end_s + 60) * S + 1), SQ_ERR_TIMEOUT);
    cr_expect_eq(link_check(text, &l, secret, (l.end_s - 660) * S), 0);
    cr_expect_eq(link_check(text, &l, secret, (l.end_s - 660) * S - 1), SQ_ERR_TIMEOUT,
                 "it claims to live longer than a link may");
}

Test(link, what_is_no_link_is_invalid)
{
    static const char *const bad[] = {
        "", ".", "a.b", "a.b.c.d", "..", "k.e30.AAAA", /* {} */ "k.bm90anNvbg.AAAA", "k.!!!.x"};
    struct link l;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_expect_eq(link_parse(bad[i], &l), SQ_ERR_INVALID, "%s", bad[i]);
}
