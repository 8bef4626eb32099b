/* SPDX-License-Identifier: Apache-2.0 */
/* Search parameters of the read API, and ids there and back. */
#include "shanqiao/error.h"
#include "signaling/fhir/api.h"
#include "signaling/fhir/query.h"
#include <criterion/criterion.h>
#include <string.h>

#define DAY  (86400 * TIME_US_PER_S)
#define FROM (20484 * DAY) /* 2026-01-31 */

static struct fhir_query q;

static int set(const char *name, const char *value)
{
    fhir_query_init(&q);
    return fhir_query_set(&q, name, value);
}

Test(fhir_query, a_day_and_a_second_are_spans)
{
    cr_expect_eq(set("_lastUpdated", "2026-01-31"), 0);
    cr_expect_eq(q.from_us, FROM);
    cr_expect_eq(q.until_us, FROM + DAY);
    cr_expect_eq(set("_lastUpdated", "2026-01-31T08:00:00+08:00"), 0);
    cr_expect_eq(q.from_us, FROM);
    cr_expect_eq(q.until_us, FROM + TIME_US_PER_S);
    cr_expect_eq(set("_lastUpdated", "2026-01-30T20:30:00.5-03:30"), 0);
    cr_expect_eq(q.from_us, FROM);
}

Test(fhir_query, prefixes_leave_one_side_open)
{
    cr_expect_eq(set("_lastUpdated", "ge2026-01-31"), 0);
    cr_expect(q.from_us == FROM && q.until_us == TIME_US_NEVER);
    cr_expect_eq(set("_lastUpdated", "gt2026-01-31"), 0);
    cr_expect(q.from_us == FROM + DAY && q.until_us == TIME_US_NEVER);
    cr_expect_eq(set("_lastUpdated", "lt2026-01-31"), 0);
    cr_expect(q.from_us == 0 && q.until_us == FROM);
    cr_expect_eq(set("_lastUpdated", "le2026-01-31"), 0);
    cr_expect(q.from_us == 0 && q.until_us == FROM + DAY);
}

Test(fhir_query, bad_values_and_unknown_names_are_refused)
{
    static const struct {
        const char *name, *value;
    } bad[] = {{"_lastUpdated", "yesterday"},
               {"_lastUpdated", "2026-1-31"},
               {"_lastUpdated", "2026-01-31T08:00:00"},
               {"_lastUpdated", "2026-01-31T08:00:00+8"},
               {"_lastUpdated", "2026-01-31 "},
               {"_id", ""},
               {"_id", "a/b"},
               {"_id", "x' OR 1=1"},
               {"based-on", "ServiceRequest/"},
               {"_count", "-1"},
               {"_count", "0"},
               {"_count", "many"},
               {"_page", "17"},
               {"_page", "x.con-1"},
               {"status", "active,DROP"},
               {"_format", "xml"}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_expect_eq(set(bad[i].name, bad[i].value), SQ_ERR_INVALID, "%s=%s", bad[i].name,
                     bad[i].value);
    cr_expect_eq(set("patient", "x"), SQ_ERR_UNSUPPORTED);
}

Test(fhir_query, count_stays_within_bounds)
{
    cr_expect_eq(set("_count", "1"), 0);
    cr_expect_eq(q.count, 1);
    cr_expect_eq(set("_count", "51"), 0);
    cr_expect_eq(q.count, 50);
    cr_expect_eq(set("_count", "9999"), 0);
    cr_expect_eq(q.count, FHIR_COUNT_MAX);
}

Test(fhir_query, status_is_one_of_several)
{
    cr_expect_eq(set("status", "active,on-hold"), 0);
    cr_expect(fhir_query_status(&q, "active"));
    cr_expect(fhir_query_status(&q, "on-hold"));
    cr_expect_not(fhir_query_status(&q, "on"));
    cr_expect_not(fhir_query_status(&q, "completed"));
    cr_expect_not(fhir_query_status(&q, NULL));
    fhir_query_init(&q);
    cr_expect(fhir_query_status(&q, NULL));
}

Test(fhir_query, a_page_goes_on_where_the_last_ended)
{
    char page[FHIR_PAGE_MAX];
    fhir_query_page(1234567890123456, "con-AbC", page);
    cr_assert_eq(set("_page", page), 0, "%s", page);
    cr_expect_eq(q.after_us, 1234567890123456);
    cr_expect_str_eq(q.after_id, "con-AbC");
}

Test(fhir_id, goes_there_and_back)
{
    char there[FHIR_ID_MAX], back[FHIR_ID_MAX];
    fhir_id_of("con_AbC123", there);
    cr_expect_str_eq(there, "con-AbC123");
    fhir_id_back(there, back);
    cr_expect_str_eq(back, "con_AbC123");
}
