/* SPDX-License-Identifier: Apache-2.0 */
/* Slips are caught, illness is not. */
#include "signaling/materials/vitals.h"

#include <criterion/criterion.h>

static const struct vital *check(const char *text, bool *twice)
{
    json_t *values = json_loads(text, 0, NULL);
    cr_assert(values);
    const struct vital *bad = vitals_check(values, twice);
    json_decref(values);
    return bad;
}

Test(vitals, borders_belong_to_the_range)
{
    bool twice = false;
    cr_expect_null(check("[{\"code\":\"spo2\",\"value\":100,\"unit\":\"%\"},"
                         "{\"code\":\"temperature\",\"value\":27.5,\"unit\":\"Cel\"},"
                         "{\"code\":\"coma_scale\",\"value\":3,\"unit\":\"{score}\"}]",
                         &twice));
    cr_expect_str_eq(check("[{\"code\":\"spo2\",\"value\":100.1,\"unit\":\"%\"}]", &twice)->code,
                     "spo2");
    cr_expect_str_eq(
        check("[{\"code\":\"coma_scale\",\"value\":2,\"unit\":\"{score}\"}]", &twice)->code,
        "coma_scale");
    cr_expect_not(twice);
}

Test(vitals, units_and_repeats)
{
    bool twice = false;
    cr_expect_not_null(check("[{\"code\":\"systolic\",\"value\":120,\"unit\":\"kPa\"}]", &twice));
    cr_expect_not(twice);
    cr_expect_not_null(check("[{\"code\":\"spo2\",\"value\":98,\"unit\":\"%\"},"
                             "{\"code\":\"spo2\",\"value\":97,\"unit\":\"%\"}]",
                             &twice));
    cr_expect(twice);
}
