/* SPDX-License-Identifier: Apache-2.0 */
/* Canonical JSON against the examples of RFC 8785 (for the values that we write). */
#include "signaling/opinion/opinion.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static void expect(const char *in, const char *wanted)
{
    json_t *value = json_loads(in, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    cr_assert_not_null(value, "%s", in);
    char *out = opinion_canonical(value);
    if (wanted) {
        cr_assert_not_null(out, "%s", in);
        cr_expect_str_eq(out, wanted);
    } else {
        cr_expect_null(out, "%s", in);
    }
    free(out);
    json_decref(value);
}

/* RFC 8785 section 3.2.3: sorting by UTF-16 code units. */
Test(canonical, members_sort_by_utf16)
{
    expect(
        "{\"\\u20ac\":\"Euro Sign\",\"\\r\":\"Carriage Return\",\"\\ufb33\":\"Hebrew Letter Dalet "
        "With Dagesh\",\"1\":\"One\",\"\\ud83d\\ude00\":\"Emoji: Grinning Face\",\"\\u0080\":"
        "\"Control\",\"\\u00f6\":\"Latin Small Letter O With Diaeresis\"}",
        "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\xc2\x80\":\"Control\",\"ö\":\"Latin Small "
        "Letter O With Diaeresis\",\"€\":\"Euro Sign\",\"😀\":\"Emoji: Grinning "
        "Face\",\"\xef\xac\xb3\":"
        "\"Hebrew Letter Dalet With Dagesh\"}");
}

/* RFC 8785 section 3.2.2: strings and literals of its example. */
Test(canonical, strings_have_the_shortest_escapes)
{
    expect("{\"string\":\"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/"
           "\",\"literals\":[null,"
           "true,false]}",
           "{\"literals\":[null,true,false],\"string\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}");
    expect("\"\\b\\t\\n\\f\\r\\u000b\\u007f\"", "\"\\b\\t\\n\\f\\r\\u000b\x7f\"");
}

Test(canonical, integers_only)
{
    expect("[0,-1,9007199254740991]", "[0,-1,9007199254740991]");
    expect("[9007199254740992]", NULL);
    expect("[1.5]", NULL);
    expect("{\"a\":{}, \"b\":[ ]}", "{\"a\":{},\"b\":[]}");
}

Test(canonical, nesting_is_bounded)
{
    expect("[[[[[[[[[[[[[[[[[0]]]]]]]]]]]]]]]]]", NULL);
    cr_expect_null(opinion_canonical(NULL));
}
