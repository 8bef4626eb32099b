/* SPDX-License-Identifier: Apache-2.0 */
/* Sums of statistics, and their CSV. */
#include "signaling/statistics/group.h"
#include "signaling/statistics/statistics.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define S INT64_C(1000000)

static double number(const json_t *object, const char *name)
{
    return json_number_value(json_object_get(object, name));
}

Test(statistics, percentiles_are_nearest_ranks)
{
    struct spans spans = {0};
    for (int64_t i = 10; i >= 1; i--)
        cr_assert_eq(spans_add(&spans, i * S), 0);
    json_t *told = spans_json(&spans);
    cr_expect_float_eq(number(told, "count"), 10, 0);
    cr_expect_float_eq(number(told, "mean_s"), 5.5, 1e-9);
    cr_expect_float_eq(number(told, "p50_s"), 5, 1e-9);
    cr_expect_float_eq(number(told, "p90_s"), 9, 1e-9);
    json_decref(told);
    free(spans.items);
}

Test(statistics, one_span_is_every_percentile_and_none_is_none)
{
    struct spans spans = {0};
    json_t *told = spans_json(&spans);
    cr_expect_float_eq(number(told, "count"), 0, 0);
    cr_expect_null(json_object_get(told, "p50_s"));
    json_decref(told);
    cr_assert_eq(spans_add(&spans, 1500000), 0);
    told = spans_json(&spans);
    cr_expect_float_eq(number(told, "p50_s"), 1.5, 1e-9);
    cr_expect_float_eq(number(told, "p90_s"), 1.5, 1e-9);
    json_decref(told);
    free(spans.items);
}

static json_t *sample(void)
{
    struct group g = {.level = 3,
                      .institution = "=HYPERLINK(\"x\")",
                      .specialty = "cardiology",
                      .kind = "live",
                      .cases = 4,
                      .refusals = 1,
                      .calls = 4,
                      .sound_only = 1};
    g.states[CONSULT_ARCHIVED] = 4;
    cr_assert_eq(spans_add(&g.waits[CONSULT_ROUTED], 12 * S), 0);
    json_t *collected = json_pack("{s:[o]}", "groups", group_json(&g));
    group_clear(&g);
    return collected;
}

Test(statistics, a_share_of_nothing_is_left_out)
{
    struct group g = {.cases = 1};
    json_t *told = group_json(&g);
    json_t *calls = json_object_get(told, "calls");
    cr_expect_null(json_object_get(calls, "soundOnlyShare"));
    cr_expect_null(json_object_get(told, "level"));
    json_decref(told);
    told = sample();
    calls = json_object_get(json_array_get(json_object_get(told, "groups"), 0), "calls");
    cr_expect_float_eq(number(calls, "soundOnlyShare"), 0.25, 1e-9);
    json_decref(told);
}

static size_t commas(const char *line)
{
    size_t n = 0;
    for (; *line != '\r'; line++)
        n += *line == ',';
    return n;
}

Test(statistics, csv_has_as_many_columns_in_each_line_and_no_formula)
{
    json_t *collected = sample();
    char *text = statistics_csv(collected);
    cr_assert_not_null(text);
    const char *second = strstr(text, "\r\n");
    cr_assert_not_null(second);
    cr_expect_eq(commas(text), commas(second + 2));
    cr_expect_eq(strncmp(text, "level,institution,specialty,kind,week,cases,", 44), 0);
    cr_expect_eq(
        strncmp(second + 2, "3,\"'=HYPERLINK(\"\"x\"\")\",\"cardiology\",\"live\",,4,1,", 48), 0,
        "%s", second + 2);
    cr_expect_not_null(strstr(second, ",0.250,"));
    cr_expect_not_null(strstr(second, ",12.000,12.000"));
    free(text);
    json_decref(collected);
}

Test(statistics, dimensions_have_names)
{
    cr_expect_eq(statistics_by_parse("level") | statistics_by_parse("institution") |
                     statistics_by_parse("specialty") | statistics_by_parse("kind"),
                 STATISTICS_BY_ALL);
    cr_expect_eq(statistics_by_parse("week"), STATISTICS_BY_WEEK);
    cr_expect_eq(statistics_by_parse("patient"), 0);
}
