/* SPDX-License-Identifier: Apache-2.0 */
/* Headers of WFDB records. */
#include "inspect/wfdb.h"
#include "tests/unit/inspect/files.h"
#include <string.h>

static bool parse(const char *text, struct wfdb_header *h)
{
    return wfdb_parse((const uint8_t *)text, strlen(text), h);
}

Test(wfdb, a_real_header_promises_the_length_of_its_signal)
{
    struct wfdb_header h;
    size_t len = 0, signal_len = 0;
    uint8_t *bytes = file_read("100s.hea", &len), *signal = file_read("100s.dat", &signal_len);
    cr_assert(wfdb_parse(bytes, len, &h));
    cr_expect_eq(h.signals, 2);
    cr_expect_eq(h.format, 212);
    cr_expect_str_eq(h.labels[0], "MLII");
    cr_expect_str_eq(h.labels[1], "V5");
    cr_expect_eq(wfdb_signal_bytes(&h), signal_len);
    free(bytes);
    free(signal);
}

Test(wfdb, rate_time_and_names_are_optional)
{
    struct wfdb_header h;
    cr_assert(parse("# x\r\na 1\r\na.dat 16\r\n", &h));
    cr_expect_eq(h.rate_hz, 250);
    cr_expect_eq(wfdb_signal_bytes(&h), 0);
    cr_expect_str_eq(h.labels[0], "1");
    cr_assert(parse("a 1 500/1 10 08:15:00 31/01/2026\na.dat 80 200(0)/mV 12 0 0 0 0 II\n", &h));
    cr_expect_str_eq(h.started, "2026-01-31T08:15:00");
    cr_expect_str_eq(h.labels[0], "II");
    cr_expect_eq(wfdb_signal_bytes(&h), 10);
}

Test(wfdb, what_does_not_travel_as_a_pair_is_refused)
{
    static const char *const bad[] = {"",
                                      "a\n",
                                      "a 0\n",
                                      "a 65\n",
                                      "a/2 1 360 10\na.dat 16\n",
                                      "a 2 360 10\na.dat 16\nb.dat 16\n",
                                      "a 2 360 10\na.dat 16\na.dat 212\n",
                                      "a 1 360 10\na.dat 8\n",
                                      "a 1 360 10\na.dat 16x4\n",
                                      "a 1 -5 10\na.dat 16\n",
                                      "a 1 nan 10\na.dat 16\n",
                                      "a 1 360 99999999999999\na.dat 16\n",
                                      "a 1 360 10\n",
                                      "a 1 360 10\na.dat 16 \x01\n"};
    struct wfdb_header h;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_expect_not(parse(bad[i], &h), "%zu", i);
}
