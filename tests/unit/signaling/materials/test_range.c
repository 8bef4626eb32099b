/* SPDX-License-Identifier: Apache-2.0 */
/* Byte ranges of RFC 9110 section 14. */
#include "signaling/materials/range.h"

#include <criterion/criterion.h>

Test(range, each_form_has_its_bytes)
{
    static const struct {
        const char *header;
        enum range_verdict verdict;
        uint64_t first, count;
    } rows[] = {
        {NULL, RANGE_WHOLE, 0, 1000},
        {"bytes=0-0", RANGE_PART, 0, 1},
        {"bytes=0-999", RANGE_PART, 0, 1000},
        {"bytes=10-", RANGE_PART, 10, 990},
        {"bytes=-10", RANGE_PART, 990, 10},
        {"bytes=-5000", RANGE_PART, 0, 1000},
        {"bytes=990-99999999999999999999999", RANGE_PART, 990, 10},
        {"bytes=1000-", RANGE_OUTSIDE, 0, 1000},
        {"bytes=18446744073709551616-", RANGE_OUTSIDE, 0, 1000},
        {"bytes=-0", RANGE_OUTSIDE, 0, 1000},
        {"bytes=0-1,5-6", RANGE_OUTSIDE, 0, 1000},
        {"bytes=5-4", RANGE_WHOLE, 0, 1000},
        {"bytes=", RANGE_WHOLE, 0, 1000},
        {"bytes=-", RANGE_WHOLE, 0, 1000},
        {"bytes=a-b", RANGE_WHOLE, 0, 1000},
        {"bytes=1-2x", RANGE_WHOLE, 0, 1000},
        {"lines=1-2", RANGE_WHOLE, 0, 1000},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct range r;
        enum range_verdict v = range_read(rows[i].header, NULL, "\"e\"", 1000, &r);
        cr_expect_eq(v, rows[i].verdict, "row %zu", i);
        if (v != RANGE_OUTSIDE) {
            cr_expect_eq(r.first, rows[i].first, "row %zu", i);
            cr_expect_eq(r.count, rows[i].count, "row %zu", i);
        }
    }
}

Test(range, a_changed_file_is_sent_whole)
{
    struct range r;
    cr_expect_eq(range_read("bytes=1-2", "\"e\"", "\"e\"", 10, &r), RANGE_PART);
    cr_expect_eq(range_read("bytes=1-2", "\"other\"", "\"e\"", 10, &r), RANGE_WHOLE);
}
