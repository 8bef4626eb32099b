/* SPDX-License-Identifier: Apache-2.0 */
/* Profiles and traces: the real ones are read, and each mistake is named with file, profile, field
 * and remedy. */
#include "loadtest/link/link.h"
#include "loadtest/profile/profile.h"
#include "shanqiao/error.h"
#include "tests/support/temporary.h"
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char error[LINK_ERROR_MAX];

Test(profile, all_profiles_are_read_and_run_but_the_two_that_are_not_emulated)
{
    struct link_profiles *set;
    cr_assert_eq(link_profiles_read(&set, "tests/data/links/profiles.json", NULL, error), 0, "%s",
                 error);
    cr_assert_eq(link_profiles_count(set), 15);
    for (size_t i = 0; i < link_profiles_count(set); i++) {
        const struct link_profile *p = link_profiles_at(set, i);
        bool refused =
            strcmp(p->name, "m8-geo-shared") == 0 || strcmp(p->name, "m12-dual-sim") == 0;
        for (int direction = 0; direction < 2; direction++) {
            struct link *l;
            const struct link_options o = {
                .profile = p, .direction = (enum link_direction)direction, .seed = 1};
            cr_assert_eq(link_new(&l, &o), refused ? SQ_ERR_UNSUPPORTED : 0, "%s", p->name);
            struct link_event e;
            struct link_statistics s = {0};
            for (time_us t = 0; l && t < 600 * TIME_US_PER_S; t += 60 * TIME_US_PER_MS) {
                cr_assert_eq(link_send(l, t, error, 60), 0);
                while (link_next(l, t, &e))
                    continue;
            }
            if (l)
                link_get_statistics(l, &s);
            cr_assert(refused || s.delivered > 5000, "%s delivered %llu", p->name,
                      (unsigned long long)s.delivered);
            link_free(l);
        }
    }
    cr_assert_null(link_profiles_at(set, 15));
    cr_assert_null(link_profiles_find(set, "m99"));
    link_profiles_free(set);
}

Test(profile, fields_arrive_in_their_units)
{
    struct link_profiles *set;
    cr_assert_eq(link_profiles_read(&set, "tests/data/links/profiles.json",
                                    "tests/data/links/traces", error),
                 0);
    const struct link_profile *p = link_profiles_find(set, "m1-edge-village");
    cr_assert(p->rate[LINK_DOWN].points[0].bps == 40000 && p->rate[LINK_UP].points[0].bps == 20000);
    cr_assert(p->delay_us == 250000 && p->jitter == LINK_JITTER_GAMMA && p->jitter_sd_us == 80000);
    cr_assert(p->loss.on && p->loss.good_to_bad == 0.005 && p->loss.bad_to_good == 0.25 &&
              p->loss.delivery_in_bad == 0.3 && p->loss.delivery_in_good == 0.998);
    cr_assert(p->queue_bytes == 120000 && p->mtu_bytes == 1400 && p->duplicate == 0.001);
    cr_assert(p->outages.every_us == 120 * TIME_US_PER_S &&
              p->outages.length_us == 3 * TIME_US_PER_S && p->outages.mode == LINK_OUTAGE_QUEUE);
    p = link_profiles_find(set, "m2-3g-forest-road");
    cr_assert(p->address_share == 0.33 && p->address_min_us == 5 * TIME_US_PER_S);
    cr_assert_float_eq(link_rate_mean_bps(&p->rate[LINK_DOWN]), 572000, 6000,
                       "what the trace says of itself");
    cr_assert_float_eq(link_rate_mean_bps(&p->rate[LINK_UP]), 0.35 * 572000, 2000);
    p = link_profiles_find(set, "m10-ridge-microwave");
    cr_assert(p->rate[LINK_UP].count == 4 && p->rate[LINK_UP].period_us == 180 * TIME_US_PER_S &&
              p->reorder == 0.005 && p->outages.mode == LINK_OUTAGE_DROP &&
              p->outages.length_us == TIME_US_PER_S / 2);
    p = link_profiles_find(set, "m12-dual-sim");
    cr_assert(p->bearer_count == 2 && strcmp(p->bearers[1], "m13-4g-train") == 0);
    cr_assert_eq(link_profiles_find(set, "m8-geo-shared")->cross_tcp, 4);
    link_profiles_free(set);
}

/* Reads a profile file with this text; the error text stays in `error`. */
static int read_text(const char *text)
{
    char path[64];
    int fd = temporary_file(path, sizeof path, "links");
    cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    struct link_profiles *set;
    int rc = link_profiles_read(&set, path, "tests/data/links/traces", error);
    cr_assert_eq(rc == 0, set != NULL);
    cr_assert(rc == 0 || strstr(error, path) != NULL || rc == SQ_ERR_IO, "%s", error);
    link_profiles_free(set);
    unlink(path);
    return rc;
}

static int read_profile(const char *fields)
{
    char text[2000];
    snprintf(text, sizeof text,
             "{\"format\":\"shanqiao-link-1\",\"profiles\":[{\"name\":\"p1\",%s}]}", fields);
    return read_text(text);
}

#define RATES "\"down\":{\"rate_kbps\":64},\"up\":{\"rate_kbps\":64}"

Test(profile, mistakes_are_named)
{
    static const struct {
        const char *fields, *says;
    } wrong[] = {
        {"\"down\":{\"rate_kbps\":64}", "field \"up\""},
        {"\"down\":{\"rate_kbps\":0},\"up\":{\"rate_kbps\":1}", "field \"down\""},
        {"\"down\":{\"rate_kbps\":-1},\"up\":{\"rate_kbps\":1}", "field \"down\""},
        {"\"down\":{\"rate_kbps\":\"64\"},\"up\":{\"rate_kbps\":1}", "a number"},
        {"\"down\":{\"rate_kbps\":64,\"scale\":2},\"up\":{\"rate_kbps\":1}", "one of rate_kbps"},
        {"\"down\":{\"rate_kbps\":64,\"trace\":\"x\"},\"up\":{\"rate_kbps\":1}",
         "one of rate_kbps"},
        {"\"down\":{\"trace\":\"../profiles.json\"},\"up\":{\"rate_kbps\":1}", "without a folder"},
        {"\"down\":{\"steps_kbps\":[[0,5],[0,6]]},\"up\":{\"rate_kbps\":1}", "start at 0 and grow"},
        {"\"down\":{\"steps_kbps\":[[0,0],[1,0]]},\"up\":{\"rate_kbps\":1}", "above 0"},
        {"\"down\":{\"steps_kbps\":[[0,5]]},\"up\":{\"rate_kbps\":1}", "pairs"},
        {"\"down\":{\"steps_kbps\":[[0,5],[1]]},\"up\":{\"rate_kbps\":1}", "pairs"},
        {RATES ",\"delay_msec\":5", "delay_msec"},
        {RATES ",\"delay_ms\":-5", "delay_ms"},
        {RATES ",\"delay_ms\":5,\"jitter\":{\"model\":\"pareto\",\"sd_ms\":1}", "jitter.model"},
        {RATES ",\"delay_ms\":5,\"jitter\":{\"model\":\"normal\"}", "jitter.sd_ms"},
        {RATES ",\"delay_ms\":5,\"jitter\":{\"model\":\"normal\",\"sd_ms\":1,\"mean\":2}",
         "no field \"mean\""},
        {RATES ",\"jitter\":{\"model\":\"normal\",\"sd_ms\":1}", "delay_ms"},
        {RATES ",\"ge\":[0.1,0.1,0.1]", "ge"},
        {RATES ",\"ge\":[0.1,0.1,0.1,1.1]", "ge"},
        {RATES ",\"ge\":[0,0,0.1,1]", "p or r"},
        {RATES ",\"queue_bytes\":0", "queue_bytes"},
        {RATES ",\"outages\":{\"every_s\":5,\"length_s\":5,\"mode\":\"drop\"}",
         "less than every_s"},
        {RATES ",\"outages\":{\"every_s\":5,\"length_s\":1,\"mode\":\"lose\"}", "queue or drop"},
        {RATES ",\"mtu\":100", "mtu"},
        {RATES ",\"dup\":2", "dup"},
        {RATES ",\"reorder\":null", "reorder"},
        {RATES ",\"address_change\":{\"share\":2,\"min_s\":5}", "address_change.share"},
        {RATES ",\"cross_tcp\":\"four\"", "cross_tcp"},
        {RATES ",\"bearers\":[]", "bearers"},
        {RATES ",\"bearers\":[7]", "bearers"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        cr_assert_eq(read_profile(wrong[i].fields), SQ_ERR_INVALID, "%s", wrong[i].fields);
        cr_assert(strstr(error, wrong[i].says) && strstr(error, "\"p1\"") &&
                      strstr(error, "; correct"),
                  "%s gave: %s", wrong[i].fields, error);
    }
    cr_assert_eq(read_profile(RATES), 0);
    cr_assert_eq(read_profile("\"bearers\":[\"a\",\"b\"]"), 0);
    cr_assert_eq(read_profile("\"down\":{\"trace\":\"nowhere.rate\"},\"up\":{\"rate_kbps\":1}"),
                 SQ_ERR_IO);
    cr_assert(strstr(error, "nowhere.rate"));
}

Test(profile, files_that_are_none_are_refused)
{
    struct link_profiles *set;
    cr_assert_eq(link_profiles_read(&set, "/nonexistent.json", NULL, error), SQ_ERR_IO);
    cr_assert_eq(read_text(""), SQ_ERR_INVALID);
    cr_assert_eq(read_text("{\"format\":\"shanqiao-link-1\",\n"), SQ_ERR_INVALID);
    cr_assert_eq(read_text("[]"), SQ_ERR_INVALID);
    cr_assert_eq(read_text("{\"format\":\"shanqiao-link-2\",\"profiles\":[]}"), SQ_ERR_INVALID);
    cr_assert_eq(read_text("{\"format\":\"shanqiao-link-1\",\"profiles\":[]}"), SQ_ERR_INVALID);
    cr_assert_eq(read_text("{\"format\":\"shanqiao-link-1\",\"profiles\":[7]}"), SQ_ERR_INVALID);
    cr_assert_eq(read_text("{\"format\":\"shanqiao-link-1\",\"profiles\":[{\"name\":\"a\"," RATES
                           "},{\"name\":\"a\"," RATES "}]}"),
                 SQ_ERR_INVALID);
    cr_assert(strstr(error, "no other profile"));
    cr_assert_eq(read_text("{\"format\":\"shanqiao-link-1\",\"profiles\":[{\"name\":\"a\"," RATES
                           "," RATES "}]}"),
                 SQ_ERR_INVALID, "a field twice");
}

static int read_trace(const char *text)
{
    char path[64];
    int fd = temporary_file(path, sizeof path, "trace");
    cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    struct link_rate r;
    int rc = link_trace_read(&r, path, 1, error);
    link_rate_fini(&r);
    unlink(path);
    return rc;
}

Test(trace, mistakes_are_named_with_their_line)
{
    static const struct {
        const char *text, *says;
    } wrong[] = {
        {"0 5\n10 6\n", "end"},
        {"# only: metadata\n", "end"},
        {"0 end\n", "line 1"},
        {"5 5\n10 end\n", "line 1"},
        {"0 5\n0 6\n10 end\n", "line 2"},
        {"0 5\n10 6\n5 end\n", "line 3"},
        {"0 5\n10 end\n20 6\n", "line 3"},
        {"0 -5\n10 end\n", "line 1"},
        {"0 nan\n10 end\n", "line 1"},
        {"0 1e300\n10 end\n", "line 1"},
        {"0 5x\n10 end\n", "line 1"},
        {"x 5\n10 end\n", "line 1"},
        {"0\n10 end\n", "line 1"},
        {"0 0\n10 end\n", "above 0"},
        {"99999999999999999999 5\n", "line 1"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        cr_assert_eq(read_trace(wrong[i].text), SQ_ERR_INVALID, "%s", wrong[i].text);
        cr_assert(strstr(error, wrong[i].says), "%s gave: %s", wrong[i].text, error);
    }
    cr_assert_eq(read_trace("# k: v\n0 5\n10 0\n20 end\n"), 0, "%s", error);
}
