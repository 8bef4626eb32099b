/* SPDX-License-Identifier: Apache-2.0 */
/* The sources over real files of tests/data/media; ctest runs in the project's root. */
#include "client-lib/terminal/source.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define SPEECH "tests/data/media/zh_aishell1_BAC009S0724W0121_16k.wav" /* 4.28 s, 16 kHz */
#define CLIP   "tests/data/media/grid_bbaf2n.mpg"                      /* 75 frames, 360x288 */

Test(source, speech_is_resampled_and_repeats)
{
    struct audio_source *s = NULL;
    char error[SOURCE_ERROR_MAX];
    int16_t block[SOURCE_BLOCK_SAMPLES];
    int64_t energy[2] = {0};
    cr_assert_eq(audio_source_open(&s, SPEECH, error), 0, "%s", error);
    for (int pass = 0; pass < 2; pass++)
        for (int b = 0; b < 428; b++) {
            cr_assert(audio_source_next(s, block));
            for (int i = 0; i < SOURCE_BLOCK_SAMPLES; i++)
                energy[pass] += block[i] * block[i];
        }
    cr_assert_gt(energy[0], 0);
    cr_assert_lt(llabs(energy[0] - energy[1]), energy[0] / 20,
                 "the second pass is the same speech");
    audio_source_close(s);
}

Test(source, a_clip_comes_through_ffmpeg_in_its_own_size)
{
    struct video_source *s = NULL;
    char error[SOURCE_ERROR_MAX];
    int64_t index = -1;
    cr_assert_eq(video_source_open(&s, CLIP, error), 0, "%s", error);
    cr_assert_eq(video_source_format(s)->width, 360);
    cr_assert_eq(video_source_format(s)->height, 288);
    for (int i = 0; i < 80; i++) {
        cr_assert_not_null(video_source_next(s, &index), "the clip repeats");
        cr_assert_eq(index, i);
    }
    video_source_close(s);
}

Test(source, what_is_missing_is_refused_in_words)
{
    struct video_source *v = NULL;
    struct audio_source *a = NULL;
    char error[SOURCE_ERROR_MAX] = "";
    cr_assert_lt(video_source_open(&v, "tests/data/media/none.y4m", error), 0);
    cr_assert(strstr(error, "none.y4m") && strstr(error, "Give a"), "%s", error);
    cr_assert_lt(audio_source_open(&a, "tests/data/media/README.md.wav", error), 0);
    cr_assert(strstr(error, "gives no sound"), "%s", error);
    cr_assert_null(v);
    cr_assert_null(a);
}
