/* SPDX-License-Identifier: Apache-2.0 */
/* What a file is, by its bytes. */
#include "inspect/kind.h"
#include "tests/unit/inspect/files.h"
#include <string.h>

static const struct {
    const char *name;
    enum kind kind;
} files[] = {
    {"chest_dx_nih_512.dcm", KIND_DICOM},     {"bad_vr.dcm", KIND_DICOM},
    {"bad_no_meta.dcm", KIND_UNKNOWN},        {"example.scp", KIND_SCP},
    {"aecg_example_2s.xml", KIND_AECG},       {"100_first_minute.edf", KIND_EDF},
    {"100s.hea", KIND_WFDB_HEADER},           {"100s.dat", KIND_UNKNOWN},
    {"medical_fundus_retina.jpg", KIND_JPEG},
};

Test(kind, real_files_are_known_by_their_first_bytes)
{
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        size_t len = 0;
        uint8_t *bytes = file_read(files[i].name, &len);
        size_t look = len < KIND_LOOK_BYTES ? len : KIND_LOOK_BYTES;
        cr_expect_eq(kind_of(bytes, look, len), files[i].kind, "%s", files[i].name);
        for (size_t n = 0; n < 64; n++)
            (void)kind_of(bytes, n, len); /* any beginning will do */
        free(bytes);
    }
}

static enum kind of(const char *text, size_t len)
{
    return kind_of((const uint8_t *)text, len, len);
}
#define OF(literal) of(literal, sizeof(literal) - 1)

Test(kind, marks_count_at_their_place_only)
{
    cr_expect_eq(OF("\x89PNG\r\n\x1a\n----"), KIND_PNG);
    cr_expect_eq(OF("----ftypheic"), KIND_HEIC);
    cr_expect_eq(OF("----ftypqt  "), KIND_UNKNOWN);
    cr_expect_eq(OF("%PDF-1.7"), KIND_PDF);
    cr_expect_eq(OF(" %PDF-1.7"), KIND_UNKNOWN);
    cr_expect_eq(OF("<html>%PDF-1.7"), KIND_UNKNOWN);
    cr_expect_eq(OF("RIFF----WAVE"), KIND_WAV);
    cr_expect_eq(OF("RIFF----AVI "), KIND_UNKNOWN);
    cr_expect_eq(OF("<svg xmlns=\"http://www.w3.org/2000/svg\"/>"), KIND_UNKNOWN);
    cr_expect_eq(OF(""), KIND_UNKNOWN);
}

Test(kind, names_go_both_ways)
{
    for (unsigned k = 1; k < KIND_COUNT; k++)
        cr_expect_eq(kind_parse(kind_name((enum kind)k)), k);
    cr_expect_eq(kind_parse("html"), KIND_UNKNOWN);
    cr_expect_null(kind_name(KIND_UNKNOWN));
}
