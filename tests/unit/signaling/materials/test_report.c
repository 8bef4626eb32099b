/* SPDX-License-Identifier: Apache-2.0 */
/* What is believed of shanqiao-inspect, and what it dies of is said. */
#include "signaling/materials/inspector.h"
#include "tests/support/temporary.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct inspect_job believe(const char *line)
{
    struct inspect_job j = {.reason = ""};
    inspect_believe(&j, line, strlen(line));
    return j;
}

Test(report, a_good_one_is_taken)
{
    struct inspect_job j = believe("{\"ok\":true,\"details\":{\"modality\":\"CT\",\"rows\":128,"
                                   "\"sampleRateHz\":500.5,\"leads\":[\"I\"]},"
                                   "\"identity\":{\"patientId\":\"1\"}}");
    cr_expect_str_eq(j.reason, "");
    cr_expect_eq(json_object_size(j.details), 4);
    cr_expect_not_null(j.identity);
    inspect_clear(&j);
    j = believe("{\"ok\":false,\"reason\":\"bad_value:NumberOfFrames\"}");
    cr_expect_str_eq(j.reason, "bad_value:NumberOfFrames");
    cr_expect_null(j.details);
}

Test(report, lies_are_no_reports)
{
    static const char *const bad[] = {
        "",
        "{}",
        "[]",
        "null",
        "{\"ok\":true}",
        "{\"ok\":true,\"details\":{}}",
        "{\"ok\":true,\"details\":{\"rows\":-1},\"identity\":{}}",
        "{\"ok\":true,\"details\":{\"rows\":1.5},\"identity\":{}}",
        "{\"ok\":true,\"details\":{\"rows\":\"1\"},\"identity\":{}}",
        "{\"ok\":true,\"details\":{\"html\":\"x\"},\"identity\":{}}",
        "{\"ok\":true,\"details\":{\"leads\":[1]},\"identity\":{}}",
        "{\"ok\":true,\"details\":{\"modality\":\"seventeen bytes!!\"},\"identity\":{}}",
        "{\"ok\":true,\"details\":{},\"identity\":{\"patientName\":5}}",
        "{\"ok\":true,\"details\":{},\"identity\":{}} trailing",
        "{\"ok\":true,\"ok\":true,\"details\":{},\"identity\":{}}",
        "{\"ok\":false}",
        "{\"ok\":false,\"reason\":\"<b>\"}",
        "{\"ok\":false,\"reason\":\"\"}",
        "{\"ok\":1,\"details\":{},\"identity\":{}}"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct inspect_job j = believe(bad[i]);
        cr_expect_str_eq(j.reason, "bad_report", "%s", bad[i]);
        cr_expect_null(j.details);
        cr_expect_null(j.identity);
    }
}

/* The file is not there, or the program is none, or it says nothing of use. */
Test(report, whatever_goes_wrong_is_a_reason)
{
    static const struct {
        const char *program, *reason;
    } rows[] = {{"/nowhere/shanqiao-inspect", "not_started"},
                {"/bin/false", "crashed"},
                {"/bin/true", "bad_report"},
                {"/bin/echo", "bad_report"}};
    char directory[64];
    struct box b;
    temporary_folder(directory, sizeof directory, "report");
    cr_assert_eq(box_create(&b, directory, "fil_1", (const uint8_t[BOX_KEY_BYTES]){1}), 0);
    cr_assert_eq(box_append(&b, "%PDF-1.4", 8, false), 0);
    box_close(&b);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct inspect_job j = {.file = {.id = "fil_1", .kind = KIND_PDF, .bytes = 8, .key = {1}}};
        snprintf(j.directory, sizeof j.directory, "%s", directory);
        snprintf(j.program, sizeof j.program, "%s", rows[i].program);
        inspect_run(&j);
        cr_expect_str_eq(j.reason, rows[i].reason, "%s", rows[i].program);
    }
    struct inspect_job j = {.file = {.id = "fil_2", .kind = KIND_PDF, .bytes = 8},
                            .program = "/bin/true"};
    snprintf(j.directory, sizeof j.directory, "%s", directory);
    inspect_run(&j);
    cr_expect_str_eq(j.reason, "not_stored");
    (void)box_remove(directory, "fil_1");
}
