/* SPDX-License-Identifier: Apache-2.0 */
/* Kernel randomness: lengths are kept, letters are the right ones, and draws differ. */
#include "base/random.h"
#include <criterion/criterion.h>
#include <ctype.h>
#include <string.h>

Test(random, bytes_stay_inside_and_differ)
{
    uint8_t a[34] = {0};
    uint8_t b[34] = {0};
    random_bytes(a + 1, 32);
    random_bytes(b + 1, 32);
    cr_assert(a[0] == 0 && a[33] == 0);
    cr_assert_neq(memcmp(a, b, sizeof a), 0);
    random_bytes(a, 0);
    random_bytes(NULL, 0);
}

Test(random, draws_longer_than_one_kernel_answer)
{
    static uint8_t big[1 << 16];
    random_bytes(big, sizeof big);
    size_t zeros = 0;
    for (size_t i = 0; i < sizeof big; i++)
        zeros += big[i] == 0;
    cr_assert(zeros > 128 && zeros < 400, "%zu zeros, 256 expected",
              zeros); /* 8 standard deviations */
}

Test(random, text_is_letters_and_digits)
{
    char text[200 + 2];
    memset(text, '#', sizeof text);
    random_text(text, 200);
    cr_assert_eq(strlen(text), 200);
    cr_assert_eq(text[201], '#');
    for (size_t i = 0; i < 200; i++)
        cr_assert(isalnum((unsigned char)text[i]));
    random_text(text, 0);
    cr_assert_str_eq(text, "");
}

Test(random, text_uses_all_letters_evenly)
{
    static char text[62 * 1000 + 1];
    static unsigned seen[256];
    random_text(text, sizeof text - 1);
    for (const char *c = text; *c; c++)
        seen[(unsigned char)*c]++;
    for (int c = 0; c < 256; c++) /* mean 1000, standard deviation 31; eight of them */
        cr_assert(isalnum(c) ? seen[c] > 750 && seen[c] < 1250 : seen[c] == 0, "%d: %u", c,
                  seen[c]);
}

Test(random, numbers_differ)
{
    uint32_t all_and = UINT32_MAX;
    uint32_t all_or = 0;
    for (int i = 0; i < 100; i++) {
        uint32_t v = random_u32();
        all_and &= v;
        all_or |= v;
    }
    cr_assert_eq(all_and, 0);
    cr_assert_eq(all_or, UINT32_MAX);
}
