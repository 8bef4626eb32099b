/* SPDX-License-Identifier: Apache-2.0 */
#include "client-lib/terminal/y4m.h"
#include "shanqiao/error.h"
#include <criterion/criterion.h>
#include <string.h>

static FILE *stream_of(const char *text)
{
    FILE *f = tmpfile();
    cr_assert_not_null(f);
    fputs(text, f);
    rewind(f);
    return f;
}

Test(y4m, a_frame_comes_back_as_it_was_written)
{
    FILE *f = tmpfile();
    struct y4m_frame out, in;
    const struct y4m_format format = {6, 4, 30000, 1001};
    struct y4m_format read;
    cr_assert_eq(y4m_frame_init(&out, 6, 4), 0);
    cr_assert_eq(y4m_frame_init(&in, 6, 4), 0);
    for (int i = 0; i < 36; i++)
        out.planes[0][i] = (uint8_t)(i * 7);
    const uint8_t *const planes[3] = {out.planes[0], out.planes[1], out.planes[2]};
    cr_assert_eq(y4m_write_header(f, &format), 0);
    cr_assert_eq(y4m_write_frame(f, planes, out.strides, 6, 4), 0);
    rewind(f);
    cr_assert_eq(y4m_read_header(f, &read), 0);
    cr_assert_eq(read.width, 6);
    cr_assert_eq(read.height, 4);
    cr_assert_eq(read.rate_num, 30000);
    cr_assert_eq(read.rate_den, 1001);
    cr_assert_eq(y4m_read_frame(f, &in), 1);
    cr_assert_arr_eq(in.planes[0], out.planes[0], 36);
    cr_assert_eq(y4m_read_frame(f, &in), 0, "the end is not an error");
    y4m_frame_fini(&out);
    y4m_frame_fini(&in);
    fclose(f);
}

Test(y4m, odd_sizes_have_rounded_up_chroma)
{
    struct y4m_frame f;
    cr_assert_eq(y4m_frame_init(&f, 5, 3), 0);
    cr_assert_eq(f.planes[1] - f.planes[0], 15);
    cr_assert_eq(f.planes[2] - f.planes[1], 3 * 2);
    y4m_frame_fini(&f);
}

Test(y4m, bad_headers_are_refused)
{
    static const struct {
        const char *text;
        int error;
    } CASES[] = {
        {"", SQ_ERR_INVALID},
        {"RIFF....WAVE\n", SQ_ERR_INVALID},
        {"YUV4MPEG2 W0 H4 F25:1\n", SQ_ERR_INVALID},
        {"YUV4MPEG2 W-6 H4 F25:1\n", SQ_ERR_INVALID},
        {"YUV4MPEG2 W100000 H4 F25:1\n", SQ_ERR_INVALID},
        {"YUV4MPEG2 W6 H4 F25\n", SQ_ERR_INVALID},
        {"YUV4MPEG2 W6 H4 F0:1\n", SQ_ERR_INVALID},
        {"YUV4MPEG2 W6 H4 F2000000:1\n", SQ_ERR_INVALID},
        {"YUV4MPEG2 W6 H4 F25:1 C444\n", SQ_ERR_UNSUPPORTED},
        {"YUV4MPEG2 W6 H4 F25:1 C420p10\n", SQ_ERR_UNSUPPORTED},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        FILE *f = stream_of(CASES[i].text);
        struct y4m_format format;
        cr_expect_eq(y4m_read_header(f, &format), CASES[i].error, "%s", CASES[i].text);
        fclose(f);
    }
}

Test(y4m, a_line_without_end_is_refused)
{
    char text[2000];
    memset(text, 'W', sizeof text - 1);
    text[sizeof text - 1] = 0;
    FILE *f = stream_of(text);
    struct y4m_format format;
    cr_assert_eq(y4m_read_header(f, &format), SQ_ERR_INVALID);
    fclose(f);
}
