/* SPDX-License-Identifier: Apache-2.0 */
/* What surrounds a load run of signalling: where it may go, who signs in, what is asked, what is
 * told. */
#include "loadtest/report/signaling_report.h"
#include "loadtest/signaling/accounts.h"
#include "loadtest/signaling/flow.h"
#include "loadtest/signaling/target.h"
#include "shanqiao/error.h"
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* ---- target ---- */

Test(loadtest_target, only_this_machine_unless_told)
{
    static const struct {
        const char *url;
        int error;
    } cases[] = {
        {"wss://127.0.0.1:8443/v1", 0},
        {"wss://127.255.0.9/v1", 0},
        {"wss://[::1]:8443/v1", 0},
        {"wss://10.0.0.1:8443/v1", SQ_ERR_DENIED},
        {"wss://128.0.0.1/v1", SQ_ERR_DENIED},
        {"wss://[::2]/v1", SQ_ERR_DENIED},
        {"wss://localhost/v1", SQ_ERR_DENIED},
        {"wss://127.0.0.1.example/v1", SQ_ERR_DENIED},
        {"wss://0.0.0.0/v1", SQ_ERR_DENIED},
        {"ws://127.0.0.1/v1", SQ_ERR_INVALID},
        {"wss://", SQ_ERR_INVALID},
        {"wss:///v1", SQ_ERR_INVALID},
        {"wss://127.0.0.1:0/v1", SQ_ERR_INVALID},
        {"wss://127.0.0.1:65536/v1", SQ_ERR_INVALID},
        {"wss://127.0.0.1:84x/v1", SQ_ERR_INVALID},
        {"wss://127.0.0.1:/v1", SQ_ERR_INVALID},
        {"wss://127.0.0.1/v1\r\nX: y", SQ_ERR_INVALID},
        {"wss://[::1", SQ_ERR_INVALID},
        {"wss://[]/v1", SQ_ERR_INVALID},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct target t;
        int error = target_parse(&t, cases[i].url, false);
        cr_expect_eq(error, cases[i].error, "%s: %d", cases[i].url, error);
    }
}

Test(loadtest_target, parts)
{
    struct target t;
    cr_assert_eq(target_parse(&t, "wss://[::1]:9443/v1?a=b", false), 0);
    cr_expect_str_eq(t.host, "::1");
    cr_expect_str_eq(t.host_port, "[::1]:9443");
    cr_expect_str_eq(t.path, "/v1?a=b");
    cr_assert_eq(target_parse(&t, "wss://192.0.2.1", true), 0, "told to go anywhere");
    cr_expect_str_eq(t.host_port, "192.0.2.1:443");
    cr_expect_str_eq(t.path, "/");
}

/* ---- accounts ---- */

static int parse(struct accounts *a, const char *text)
{
    char why[ACCOUNTS_ERROR_MAX] = "";
    int error = accounts_parse(a, text, strlen(text), why);
    cr_expect((error != 0) == (a->items == NULL), "nothing is kept of a wrong file");
    cr_expect(error == 0 || why[0], "an error says what is wrong");
    return error;
}

Test(loadtest_accounts, roles_and_secrets)
{
    struct accounts a;
    cr_assert_eq(
        parse(&a, "{\"accounts\":[{\"account\":\"a\",\"password\":\"p\",\"role\":\"applicant\"},"
                  "{\"account\":\"s\",\"token\":\"t\",\"role\":\"specialist\",\"panel\":\"x\"},"
                  "{\"account\":\"i\",\"token\":\"t\",\"role\":\"idle\"}]}"),
        0);
    cr_expect_eq(accounts_count(&a, ACCOUNT_APPLICANT), 1);
    cr_expect_eq(accounts_count(&a, ACCOUNT_SPECIALIST), 1);
    cr_expect_eq(accounts_count(&a, ACCOUNT_IDLE), 1);
    cr_expect_str_eq(a.items[1].panel, "x");
    cr_expect_null(a.items[0].token);
    accounts_clear(&a);
}

Test(loadtest_accounts, wrong_files)
{
    static const char *const wrong[] = {
        "",
        "[]",
        "{\"accounts\":[]}",
        "{\"accounts\":[{\"account\":\"a\",\"role\":\"idle\"}]}",
        "{\"accounts\":[{\"account\":\"a\",\"token\":\"t\"}]}",
        "{\"accounts\":[{\"account\":\"a\",\"token\":\"t\",\"role\":\"chief\"}]}",
        "{\"accounts\":[{\"account\":\"a\",\"token\":\"t\",\"role\":\"specialist\"}]}",
        "{\"accounts\":[{\"account\":7,\"token\":\"t\",\"role\":\"idle\"}]}",
        "{\"accounts\":[{\"account\":\"a\",\"token\":\"t\",\"role\":\"idle\"},null]}",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct accounts a;
        cr_expect_lt(parse(&a, wrong[i]), 0, "%s", wrong[i]);
    }
}

/* ---- requests ---- */

Test(loadtest_flow, the_tag_comes_back)
{
    size_t count;
    const struct flow_step *steps = flow_steps(FLOW_CONSULTATION, &count);
    struct flow_request r = {.step = &steps[0],
                             .request_id = "load-12345678-1",
                             .panel = "pan_1",
                             .consultation = "",
                             .tag = UINT64_C(0x123456789abc)};
    char *text = flow_text(&r);
    json_t *root = json_loads(text, 0, NULL);
    const json_t *params = json_object_get(root, "params");
    uint64_t tag = 0;
    cr_assert(flow_tag(json_string_value(json_object_get(params, "complaint")), &tag));
    cr_expect_eq(tag, r.tag);
    cr_expect_str_eq(json_string_value(json_object_get(params, "panelId")), "pan_1");
    json_decref(root);
    free(text);
    cr_expect_not(flow_tag("胸闷两小时，活动后加重 #", &tag));
    cr_expect_not(flow_tag("胸闷两小时，活动后加重 #-1", &tag));
    cr_expect_not(flow_tag("胸闷两小时，活动后加重 #7a", &tag));
    cr_expect_not(flow_tag("胸闷", &tag));
}

/* Each request of each flow against the params of its own schema: the members are known, none is
 * missing. */
Test(loadtest_flow, requests_fit_their_schemas)
{
    for (int kind = FLOW_CONSULTATION; kind <= FLOW_RING; kind++) {
        size_t count;
        const struct flow_step *steps = flow_steps((enum flow_kind)kind, &count);
        for (size_t i = 0; i < count; i++) {
            char path[120];
            const char *name;
            json_t *value;
            size_t at;
            struct flow_request r = {&steps[i], "load-12345678-1", "pan_1", "con_1", 1};
            char *text = flow_text(&r);
            json_t *root = json_loads(text, 0, NULL), *params = json_object_get(root, "params");
            snprintf(path, sizeof path, "docs/protocol/methods/%s.json", steps[i].method);
            json_t *schema = json_load_file(path, 0, NULL), *of = json_object_get(schema, "params");
            cr_assert(of, "%s", path);
            json_object_foreach(params, name, value) cr_expect(
                json_object_get(json_object_get(of, "properties"), name), "%s: %s", path, name);
            json_array_foreach(json_object_get(of, "required"), at, value)
                cr_expect(json_object_get(params, json_string_value(value)), "%s: %s", path,
                          json_string_value(value));
            json_decref(schema);
            json_decref(root);
            free(text);
        }
    }
}

/* ---- measures ---- */

Test(loadtest_measure, percentiles)
{
    static struct latency l;
    cr_expect_eq(latency_percentile_ms(&l, 0.99), 0);
    for (int ms = 100; ms >= 1; ms--)
        latency_add(&l, ms * TIME_US_PER_MS);
    cr_expect_float_eq(latency_percentile_ms(&l, 0.5), 50, 50 * 0.016);
    cr_expect_float_eq(latency_percentile_ms(&l, 0.99), 99, 99 * 0.016);
    cr_expect_eq(latency_percentile_ms(&l, 1), 100, "never above the largest");
    cr_expect_eq(latency_max_ms(&l), 100);
    cr_expect_float_eq(latency_mean_ms(&l), 50.5, 1e-9);
    latency_add(&l, -5);
    cr_expect_eq(latency_percentile_ms(&l, 0), 0);
}

Test(loadtest_measure, process_texts)
{
    struct process_use use;
    static const char status[] = "Name:\tx\nVmHWM:\t  300 kB\nVmRSS:\t  200 kB\n";
    static const char stat[] = "42 (a) b (c) R 1 2 3 4 5 6 7 8 9 10 150 50 0 0";
    cr_assert_eq(process_use_parse(status, stat, 100, &use), 0);
    cr_expect_eq(use.rss_bytes, 200 * 1024);
    cr_expect_eq(use.rss_peak_bytes, 300 * 1024);
    cr_expect_eq(use.cpu_us, 2 * TIME_US_PER_S);
    cr_expect_eq(process_use_parse("Name:\tx\n", stat, 100, &use), SQ_ERR_INVALID);
    cr_expect_eq(process_use_parse(status, "42 (a) R 1", 100, &use), SQ_ERR_INVALID);
    cr_assert_eq(process_use_read(0, &use), 0);
    cr_expect_gt(use.rss_bytes, 0);
    cr_expect_eq(process_use_read(INT32_MAX, &use), SQ_ERR_NOT_FOUND);
}

/* ---- report ---- */

static struct signaling_report report; /* histograms are large */

static void fill(void)
{
    report = (struct signaling_report){.store = "sqlite",
                                       .flow = "ring",
                                       .idle_wanted = 10,
                                       .idle_opened = 10,
                                       .idle_connections = 9,
                                       .load_s = 2,
                                       .rate_wanted = 100,
                                       .sent = 200,
                                       .replied = 200,
                                       .replied_in_load = 198,
                                       .server = {.known = true}};
    report.server.before_idle.rss_bytes = 1000;
    report.server.after_idle.rss_bytes = 3000;
    report.server.load_end.rss_bytes = report.server.load_end.rss_peak_bytes = 4 << 20;
    report.methods[0].name = "consultation.submit";
    for (int i = 0; i < 100; i++)
        latency_add(&report.ring, 40 * TIME_US_PER_MS);
}

TestSuite(loadtest_report, .init = fill);

Test(loadtest_report, json_holds_what_is_promised)
{
    char *text = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&text, &len);
    report_error_add(&report.errors, "SQ_ERR_LIMIT");
    report_error_add(&report.errors, "SQ_ERR_LIMIT");
    cr_assert_eq(report_write_json(&report, to), 0);
    fclose(to);
    json_t *root = json_loads(text, 0, NULL), *ring = json_object_get(root, "ring_ms");
    cr_expect_str_eq(json_string_value(json_object_get(root, "store")), "sqlite");
    cr_expect_eq(json_integer_value(json_object_get(root, "idle_connections")), 9);
    cr_expect_eq(json_integer_value(json_object_get(root, "rss_bytes")), 4 << 20);
    cr_expect_float_eq(json_real_value(json_object_get(root, "requests_per_s")), 99, 1e-9);
    cr_expect_float_eq(json_real_value(json_object_get(ring, "p50")), 40, 1e-9);
    cr_expect_float_eq(json_real_value(json_object_get(ring, "p99")), 40, 1e-9);
    cr_expect_eq(
        json_integer_value(json_object_get(json_object_get(root, "errors"), "SQ_ERR_LIMIT")), 2);
    json_decref(root);
    free(text);
    cr_expect_float_eq(report_bytes_per_idle(&report), 200, 1e-9);
}

Test(loadtest_report, marks)
{
    FILE *to = fopen("/dev/null", "w");
    struct report_marks pass = {.ring_p99_ms = 41, .rss_mib = 4, .idle = 9, .rate_share = 0.99};
    struct report_marks fail = {
        .ring_p99_ms = 39, .reply_p99_ms = 1, .rss_mib = 3, .idle = 10, .rate_share = 1};
    cr_expect_eq(report_check(&report, &pass, to), 0);
    cr_expect_eq(report_check(&report, &fail, to), 5, "a delay never measured misses its mark too");
    report_error_add(&report.errors, "closed_1008");
    cr_expect_eq(report_check(&report, &pass, to), 1, "errors are missed marks unless allowed");
    pass.error_share = 0.01;
    cr_expect_eq(report_check(&report, &pass, to), 0);
    report.server.known = false;
    cr_expect_eq(report_check(&report, &pass, to), 1, "memory that was not watched is no pass");
    fclose(to);
}

Test(loadtest_report, error_names_from_outside_are_bounded)
{
    char code[64];
    for (int i = 0; i < 200; i++) {
        snprintf(code, sizeof code, "code%d", i);
        report_error_add(&report.errors, code);
    }
    cr_expect_eq(report.errors.count, REPORT_CODES_MAX);
    cr_expect_eq(report.errors.total, 200);
    cr_expect_str_eq(report.errors.items[REPORT_CODES_MAX - 1].code, "other");
    cr_expect_eq(report.errors.items[REPORT_CODES_MAX - 1].count, 200 - REPORT_CODES_MAX + 1);
    memset(&report.errors, 0, sizeof report.errors);
    memset(code, 'A', sizeof code - 1);
    code[sizeof code - 1] = '\0';
    report_error_add(&report.errors, code);
    report_error_add(&report.errors, "\x1b[31m");
    cr_expect_eq(strlen(report.errors.items[0].code), REPORT_CODE_SIZE - 1);
    cr_expect_str_eq(report.errors.items[1].code, "other");
}
