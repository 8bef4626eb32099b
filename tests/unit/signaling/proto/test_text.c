/* SPDX-License-Identifier: Apache-2.0 */
/* Characters that no text of a peer may hold, wherever it stands. */
#include "signaling/proto/text.h"

#include "shanqiao/error.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static int check(const char *json, struct schema_reason *reason)
{
    json_t *params = json_loads(json, 0, NULL);
    cr_assert(params, "%s", json);
    int error = text_check(params, reason);
    json_decref(params);
    return error;
}

Test(text, control_characters_are_refused_wherever_they_stand)
{
    static const char *const bad[] = {"\\u0001", "\\u001b[2J", "\\r",     "\\b",        "\\u007f",
                                      "\\u0085", "\\u009b2J",  "\\u2028", "\\u2029",    "\\u202a",
                                      "\\u202e", "\\u2066",    "\\u2069", "病\\u202e人"};
    struct schema_reason reason;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char text[200];
        snprintf(text, sizeof text, "{\"a\":{\"list\":[\"good\",{\"b\":\"x%sy\"}]}}", bad[i]);
        cr_expect_eq(check(text, &reason), SQ_ERR_INVALID, "%s", bad[i]);
        cr_expect_str_eq(reason.path, "/a/list/1/b", "%s", bad[i]);
        cr_expect_str_eq(reason.text, "holds a control character");
    }
    cr_expect_eq(check("{\"a\\u001b\":1}", &reason), SQ_ERR_INVALID);
    cr_expect_str_eq(reason.path, "", "a bad name is not repeated");
}

/* They would be signed, and then stand on no paper. */
Test(text, what_no_two_programs_show_alike_is_refused)
{
    static const char *const bad[] = {"\\ufdd0",        "\\ufdef",        "\\ufffe",
                                      "\\uffff",        "\\ue000",        "\\uf8ff",
                                      "\\ud83f\\udffe", "\\udb80\\udc00", "\\udbff\\udffd"};
    struct schema_reason reason;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char text[200];
        snprintf(text, sizeof text, "{\"opinion\":{\"advice\":\"x%sy\"}}", bad[i]);
        cr_expect_eq(check(text, &reason), SQ_ERR_INVALID, "%s", bad[i]);
        cr_expect_str_eq(reason.path, "/opinion/advice");
        cr_expect_not_null(strstr(reason.text, "private use"));
        cr_expect_not_null(strstr(reason.zh, "私用区"));
    }
}

Test(text, what_people_write_is_let_through)
{
    static const char *const good[] = {"胸闷三天，\\n伴\\t气短",
                                       "ཚེ་རིང",
                                       "ئەخمەت",
                                       "é ñ — “…”",
                                       "👩\\u200d⚕️",
                                       "",
                                       "   ",
                                       "\\u2027\\u202f\\u2065\\u00a0",
                                       "𬯩𠀀㐂",
                                       "ꀀꐮ",
                                       "\\ufdcf\\ufdf0\\ufffd\\uf900",
                                       "\\u0378"};
    struct schema_reason reason;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        char text[200];
        snprintf(text, sizeof text, "{\"history\":\"%s\",\"n\":1,\"t\":true,\"z\":null}", good[i]);
        cr_expect_eq(check(text, &reason), 0, "%s: %s %s", good[i], reason.path, reason.text);
        cr_expect_str_eq(reason.path, "");
    }
}

Test(text, one_line_is_one_line)
{
    static const char *const names[] = {"name",     "idNumber", "department", "wantedTitle",
                                        "location", "signer",   "relation",   "witness"};
    struct schema_reason reason;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        for (const char *const *bad = (const char *const[]){"\\n", "\\t", NULL}; *bad; bad++) {
            char text[200];
            snprintf(text, sizeof text, "{\"patient\":{\"%s\":\"张%s三\"}}", names[i], *bad);
            cr_expect_eq(check(text, &reason), SQ_ERR_INVALID, "%s", names[i]);
            cr_expect_not_null(strstr(reason.path, names[i]));
            cr_expect_not_null(strstr(reason.text, "one line"));
            cr_expect_not_null(strstr(reason.zh, "单行"));
        }
    }
}

Test(text, who_and_why_must_say_something)
{
    static const char *const names[] = {"name",      "signer",  "relation",
                                        "complaint", "purpose", "reason"};
    static const char *const blanks[] = {"", " ", "\\n\\t", "\\u3000\\u3000", "\\u00a0\\u200b"};
    struct schema_reason reason;
    for (size_t n = 0; n < 6; n++) {
        for (size_t i = 0; i < 5; i++) {
            char text[200];
            snprintf(text, sizeof text, "{\"patient\":{\"%s\":\"%s\"}}", names[n], blanks[i]);
            cr_expect_eq(check(text, &reason), SQ_ERR_INVALID, "%s %s", names[n], blanks[i]);
            cr_expect_str_eq(reason.text, "holds only blanks");
        }
    }
}
