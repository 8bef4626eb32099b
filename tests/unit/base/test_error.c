/* SPDX-License-Identifier: Apache-2.0 */
/* Error names and sentences: all there, all different, in both languages. */
#include "shanqiao/error.h"
#include <criterion/criterion.h>
#include <string.h>

Test(error, every_code_has_its_name)
{
    cr_assert_str_eq(sq_error_name(SQ_OK), "SQ_OK");
    cr_assert_str_eq(sq_error_name(SQ_ERR_DENIED), "SQ_ERR_DENIED");
    cr_assert_str_eq(sq_error_name(SQ_ERR_INTERNAL), "SQ_ERR_INTERNAL");
    for (int a = SQ_ERR_INTERNAL; a <= 0; a++)
        for (int b = SQ_ERR_INTERNAL; b < a; b++)
            cr_assert_str_neq(sq_error_name(a), sq_error_name(b));
}

Test(error, every_code_has_a_sentence_in_both_languages)
{
    for (int e = SQ_ERR_INTERNAL; e <= 0; e++) {
        const char *zh = sq_error_text(e, "zh-CN");
        const char *en = sq_error_text(e, "en");
        cr_assert_str_neq(zh, en);
        cr_assert_eq(en[strlen(en) - 1], '.', "%s", en);
        cr_assert_str_eq(zh + strlen(zh) - 3, "。", "%s", zh);
        cr_assert_null(strstr(en, "SQ_ERR"), "for a person, not for us");
    }
}

Test(error, values_outside_the_enum_are_unknown)
{
    static const int bad[] = {1, 200, SQ_ERR_INTERNAL - 1, -2147483647 - 1};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        cr_assert_str_eq(sq_error_name(bad[i]), "SQ_ERR_UNKNOWN");
        cr_assert(strlen(sq_error_text(bad[i], "en")) > 0);
    }
}

Test(error, other_languages_get_chinese)
{
    const char *zh = sq_error_text(SQ_ERR_TIMEOUT, "zh-CN");
    cr_assert_str_eq(sq_error_text(SQ_ERR_TIMEOUT, "fr"), zh);
    cr_assert_str_eq(sq_error_text(SQ_ERR_TIMEOUT, NULL), zh);
}
