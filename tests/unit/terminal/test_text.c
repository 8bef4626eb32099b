/* SPDX-License-Identifier: Apache-2.0 */
#include "client-lib/terminal/terminal.h"
#include <criterion/criterion.h>
#include <string.h>

Test(text, what_others_wrote_cannot_steer_the_console)
{
    static const struct {
        const char *in, *out;
    } CASES[] = {
        {"胸闷两小时", "胸闷两小时"},
        {"\x1b[31mred\x07", " [31mred "},
        {"one\r\ntwo", "one  two"},
        {"\xc2\x9b"
         "31m",
         " 31m"},
        {"a\xe2\x80\xae"
         "b\xe2\x81\xa6"
         "c",
         "a b c"},
        {"caf\xc3\xa9 \xe2\x80\x9cquoted\xe2\x80\x9d",
         "caf\xc3\xa9 \xe2\x80\x9cquoted\xe2\x80\x9d"},
        {"", ""},
    };
    char out[TEXT_CLEAN_MAX];
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++)
        cr_expect_str_eq(text_clean(out, CASES[i].in), CASES[i].out);
}

Test(text, a_long_text_is_cut)
{
    static char in[2 * TEXT_CLEAN_MAX], out[TEXT_CLEAN_MAX];
    memset(in, 'x', sizeof in - 1);
    cr_assert_eq(strlen(text_clean(out, in)), TEXT_CLEAN_MAX - 1);
}

Test(text, every_text_exists_in_both_languages)
{
    struct options zh = {.language = "zh-CN"}, en = {.language = "en"};
    const struct terminal a = {.options = &zh}, b = {.options = &en};
    for (int id = 0; id < TEXT_COUNT; id++) {
        cr_assert(text_of(&a, (enum text_id)id) && text_of(&b, (enum text_id)id), "text %d", id);
        cr_assert_str_neq(text_of(&a, (enum text_id)id), text_of(&b, (enum text_id)id));
    }
    cr_assert_str_eq(text_sex(&a, "female"), "女");
    cr_assert_str_eq(text_state(&b, "in_progress"), "in progress");
}
