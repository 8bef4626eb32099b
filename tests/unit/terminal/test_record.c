/* SPDX-License-Identifier: Apache-2.0 */
#include "client-lib/terminal/record.h"
#include "client-lib/terminal/y4m.h"
#include "shanqiao/error.h"
#include "tests/support/temporary.h"
#include <criterion/criterion.h>
#include <png.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[64];

static void make_folder(void)
{
    temporary_folder(folder, sizeof folder, "record");
}

static void remove_folder(void)
{
    static const char *const NAMES[] = {"audio.wav", "video.y4m",  "video-2.y4m", "frames.csv",
                                        "sent.csv",  "timing.csv", "a.png"};
    char path[256];
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, NAMES[i]);
        unlink(path);
    }
    rmdir(folder);
}

static void read_file(const char *name, char *text, size_t size)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "re");
    cr_assert_not_null(f, "%s", name);
    text[fread(text, 1, size - 1, f)] = 0;
    fclose(f);
}

static struct recorded_frame frame_of(const struct y4m_frame *f, uint32_t rtp_time)
{
    return (struct recorded_frame){
        .planes = {f->planes[0], f->planes[1], f->planes[2]},
        .strides = {f->strides[0], f->strides[1], f->strides[2]},
        .width = f->width,
        .height = f->height,
        .rtp_time = rtp_time,
        .capture_us = 1000,
        .display_us = 2000,
    };
}

TestSuite(record, .init = make_folder, .fini = remove_folder);

Test(record, a_change_of_size_starts_a_new_file_and_the_table_says_so)
{
    struct recording *r = NULL;
    struct y4m_frame large, small;
    char text[512];
    cr_assert_eq(recording_open(&r, folder), 0);
    cr_assert_eq(y4m_frame_init(&large, 16, 8), 0);
    cr_assert_eq(y4m_frame_init(&small, 8, 4), 0);
    memset(large.planes[0], 128, 16 * 8 * 3 / 2);
    memset(small.planes[0], 128, 8 * 4 * 3 / 2);
    const struct recorded_frame a = frame_of(&large, 90), b = frame_of(&large, 180),
                                c = frame_of(&small, 270);
    recording_video(r, &a);
    recording_video(r, &b);
    recording_video(r, &c);
    cr_assert_eq(recording_close(r), 0);
    read_file("frames.csv", text, sizeof text);
    cr_assert_str_eq(text,
                     "file,frame,rtp_time,capture_us,display_us,width,height\n"
                     "1,0,90,1000,2000,16,8\n1,1,180,1000,2000,16,8\n2,0,270,1000,2000,8,4\n");
    y4m_frame_fini(&large);
    y4m_frame_fini(&small);
}

Test(record, a_folder_that_cannot_be_made_is_an_error)
{
    struct recording *r = NULL;
    cr_assert_eq(recording_open(&r, "/proc/nowhere"), SQ_ERR_IO);
    cr_assert_null(r);
}

Test(record, grey_becomes_grey_in_the_png)
{
    struct y4m_frame f;
    char path[256];
    uint8_t rgb[4 * 4 * 3];
    cr_assert_eq(y4m_frame_init(&f, 4, 4), 0);
    memset(f.planes[0], 126, 16); /* (126 - 16) * 298 / 256 = 128 */
    memset(f.planes[1], 128, 8);
    const struct recorded_frame r = frame_of(&f, 0);
    snprintf(path, sizeof path, "%s/a.png", folder);
    cr_assert_eq(recording_png(path, &r), 0);
    png_image image = {.version = PNG_IMAGE_VERSION};
    cr_assert(png_image_begin_read_from_file(&image, path));
    image.format = PNG_FORMAT_RGB;
    cr_assert(png_image_finish_read(&image, NULL, rgb, 0, NULL));
    for (size_t i = 0; i < sizeof rgb; i++)
        cr_assert_eq(rgb[i], 128);
    y4m_frame_fini(&f);
}
