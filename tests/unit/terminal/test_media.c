/* SPDX-License-Identifier: Apache-2.0 */
#include "client-lib/terminal/terminal.h"
#include "tests/support/temporary.h"
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

TestSuite(media, .timeout = 30);

#define NOW_US INT64_C(1000000)

Test(media, goes_on_without_a_camera_that_breaks)
{
    char folder[64], file[80];
    static const char header[] = "YUV4MPEG2 W16 H16 F25:1 C420jpeg\n"; /* and no frame follows */
    temporary_folder(folder, sizeof folder, "media");
    snprintf(file, sizeof file, "%s/broken.y4m", folder);
    const int fd = open(file, O_WRONLY | O_CREAT, 0600);
    cr_assert_eq(write(fd, header, sizeof header - 1), (ssize_t)sizeof header - 1);
    close(fd);
    const struct options options = {.video = file};
    struct terminal t = {.options = &options};
    char error[SOURCE_ERROR_MAX];
    cr_assert_eq(media_open(&t, error), 0);
    t.call =
        (struct sq_call *)(void *)&t; /* nothing to send or to play at this tick: not looked at */
    t.media.next_video_us = NOW_US;
    t.media.next_pull_us = NOW_US + 1;
    media_tick(&t, NOW_US);
    cr_assert_null(t.media.video);
    cr_assert_gt(t.media.next_video_us, NOW_US);
    media_tick(&t, NOW_US);
    cr_assert_eq(media_close(&t), 0);
    unlink(file);
    rmdir(folder);
}
