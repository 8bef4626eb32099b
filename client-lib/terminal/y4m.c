/* SPDX-License-Identifier: Apache-2.0 */
#include "client-lib/terminal/y4m.h"
#include "shanqiao/error.h"
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES 256

int y4m_frame_init(struct y4m_frame *f, int width, int height)
{
    const size_t luma = (size_t)width * (size_t)height;
    const size_t chroma = (size_t)((width + 1) / 2) * (size_t)((height + 1) / 2);
    uint8_t *bytes = malloc(luma + 2 * chroma);
    if (!bytes)
        return SQ_ERR_NOMEM;
    *f = (struct y4m_frame){
        .width = width,
        .height = height,
        .planes = {bytes, bytes + luma, bytes + luma + chroma},
        .strides = {width, (width + 1) / 2, (width + 1) / 2},
    };
    return SQ_OK;
}

void y4m_frame_fini(struct y4m_frame *f)
{
    free(f->planes[0]);
    *f = (struct y4m_frame){0};
}

/* One line without its newline. 1, 0 at the end of the stream, SQ_ERR_INVALID when it is too long.
 */
static int read_line(FILE *from, char line[LINE_MAX_BYTES])
{
    if (!fgets(line, LINE_MAX_BYTES, from))
        return ferror(from) ? SQ_ERR_IO : 0;
    char *end = strchr(line, '\n');
    if (!end)
        return SQ_ERR_INVALID;
    *end = 0;
    return 1;
}

static int parse_field(const char *field, struct y4m_format *out)
{
    switch (field[0]) {
    case 'W':
        out->width = atoi(field + 1);
        return SQ_OK;
    case 'H':
        out->height = atoi(field + 1);
        return SQ_OK;
    case 'F':
        return sscanf(field + 1, "%d:%d", &out->rate_num, &out->rate_den) == 2 ? SQ_OK
                                                                               : SQ_ERR_INVALID;
    case 'C':
        return strncmp(field, "C420", 4) == 0 && !strstr(field, "p1") ? SQ_OK : SQ_ERR_UNSUPPORTED;
    default:
        return SQ_OK; /* interlacing, aspect, comments do not change the layout */
    }
}

int y4m_read_header(FILE *from, struct y4m_format *out)
{
    char line[LINE_MAX_BYTES];
    const int got = read_line(from, line);
    if (got < 0)
        return got;
    if (got == 0 || strncmp(line, "YUV4MPEG2 ", 10) != 0)
        return SQ_ERR_INVALID;
    *out = (struct y4m_format){.rate_num = 25, .rate_den = 1};
    char *rest = NULL;
    for (char *field = strtok_r(line + 10, " ", &rest); field; field = strtok_r(NULL, " ", &rest)) {
        const int err = parse_field(field, out);
        if (err)
            return err;
    }
    if (out->width < 2 || out->height < 2 || out->width > Y4M_SIDE_MAX ||
        out->height > Y4M_SIDE_MAX || out->rate_num <= 0 || out->rate_den <= 0 ||
        out->rate_num / out->rate_den > Y4M_RATE_MAX)
        return SQ_ERR_INVALID;
    return SQ_OK;
}

static int plane_width(const struct y4m_frame *f, int plane)
{
    return plane ? (f->width + 1) / 2 : f->width;
}

static int plane_height(const struct y4m_frame *f, int plane)
{
    return plane ? (f->height + 1) / 2 : f->height;
}

int y4m_read_frame(FILE *from, struct y4m_frame *f)
{
    char line[LINE_MAX_BYTES];
    const int got = read_line(from, line);
    if (got <= 0)
        return got;
    if (strncmp(line, "FRAME", 5) != 0)
        return SQ_ERR_INVALID;
    for (int p = 0; p < 3; p++) {
        const size_t len = (size_t)plane_width(f, p) * (size_t)plane_height(f, p);
        if (fread(f->planes[p], 1, len, from) != len)
            return ferror(from) ? SQ_ERR_IO : 0; /* a cut last frame counts as the end */
    }
    return 1;
}

int y4m_write_header(FILE *to, const struct y4m_format *format)
{
    const int n = fprintf(to, "YUV4MPEG2 W%d H%d F%d:%d Ip A1:1 C420jpeg\n", format->width,
                          format->height, format->rate_num, format->rate_den);
    return n > 0 ? SQ_OK : SQ_ERR_IO;
}

int y4m_write_frame(FILE *to, const uint8_t *const planes[3], const int strides[3], int width,
                    int height)
{
    const struct y4m_frame shape = {.width = width, .height = height};
    if (fputs("FRAME\n", to) < 0)
        return SQ_ERR_IO;
    for (int p = 0; p < 3; p++) {
        const size_t row = (size_t)plane_width(&shape, p);
        for (int y = 0; y < plane_height(&shape, p); y++)
            if (fwrite(planes[p] + (ptrdiff_t)y * strides[p], 1, row, to) != row)
                return SQ_ERR_IO;
    }
    return SQ_OK;
}
