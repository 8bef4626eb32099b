/* SPDX-License-Identifier: Apache-2.0 */
#include "client-lib/terminal/pipe.h"
#include "client-lib/terminal/source.h"
#include "shanqiao/error.h"
#include <stdlib.h>
#include <string.h>

struct video_source {
    FILE *in; /* a Y4M file of ours, or child.out */
    struct child_pipe child;
    bool repeats; /* a Y4M file: starts again at its end */
    long first_frame_at;
    struct y4m_format format;
    struct y4m_frame frame;
    int64_t next_index;
};

static bool ends_with(const char *text, const char *ending)
{
    const size_t n = strlen(text), m = strlen(ending);
    return n >= m && strcmp(text + n - m, ending) == 0;
}

static int open_stream(struct video_source *s, const char *from)
{
    if (ends_with(from, ".y4m")) {
        s->in = fopen(from, "re");
        s->repeats = true;
        return s->in ? SQ_OK : SQ_ERR_IO;
    }
    const bool camera = strncmp(from, "/dev/", 5) == 0;
    const char *const camera_argv[] = {"ffmpeg",       "-v", "fatal",    "-f",      "v4l2",
                                       "-i",           from, "-pix_fmt", "yuv420p", "-f",
                                       "yuv4mpegpipe", "-",  NULL};
    const char *const file_argv[] = {
        "ffmpeg", "-v",       "fatal",   "-stream_loop", "-1",           "-i", from,
        "-an",    "-pix_fmt", "yuv420p", "-f",           "yuv4mpegpipe", "-",  NULL};
    const int err = child_pipe_open(&s->child, camera ? camera_argv : file_argv);
    s->in = s->child.out;
    return err;
}

int video_source_open(struct video_source **out, const char *from, char error[SOURCE_ERROR_MAX])
{
    struct video_source *s = calloc(1, sizeof *s);
    int err = s ? open_stream(s, from) : SQ_ERR_NOMEM;
    if (!err)
        err = y4m_read_header(s->in, &s->format);
    if (!err)
        err = y4m_frame_init(&s->frame, s->format.width, s->format.height);
    if (err) {
        snprintf(error, SOURCE_ERROR_MAX,
                 "%.120s gives no picture (%s). Give a 4:2:0 .y4m file, a file that ffmpeg reads, "
                 "or a camera device.",
                 from, sq_error_name(err));
        video_source_close(s);
        return err;
    }
    if (s->repeats)
        s->first_frame_at = ftell(s->in);
    *out = s;
    return SQ_OK;
}

void video_source_close(struct video_source *s)
{
    if (!s)
        return;
    if (s->in && s->in != s->child.out)
        fclose(s->in);
    child_pipe_close(&s->child);
    y4m_frame_fini(&s->frame);
    free(s);
}

const struct y4m_format *video_source_format(const struct video_source *s)
{
    return &s->format;
}

const struct y4m_frame *video_source_next(struct video_source *s, int64_t *index)
{
    int got = y4m_read_frame(s->in, &s->frame);
    if (got == 0 && s->repeats && s->next_index > 0 &&
        fseek(s->in, s->first_frame_at, SEEK_SET) == 0) {
        s->next_index = 0;
        got = y4m_read_frame(s->in, &s->frame);
    }
    if (got != 1)
        return NULL;
    *index = s->next_index++;
    return &s->frame;
}
