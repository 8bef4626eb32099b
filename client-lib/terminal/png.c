/* SPDX-License-Identifier: Apache-2.0 */
/* One frame as a PNG, for reports and for people who would rather look than read. */
#include "client-lib/terminal/record.h"
#include "shanqiao/error.h"
#include <png.h>
#include <stdlib.h>

static uint8_t clamp_u8(int v)
{
    return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

/* ITU-R BT.601, studio range, 8-bit fixed point. */
static void pixel_to_rgb(int y, int u, int v, uint8_t rgb[3])
{
    const int c = 298 * (y - 16), d = u - 128, e = v - 128;
    rgb[0] = clamp_u8((c + 409 * e + 128) >> 8);
    rgb[1] = clamp_u8((c - 100 * d - 208 * e + 128) >> 8);
    rgb[2] = clamp_u8((c + 516 * d + 128) >> 8);
}

static void frame_to_rgb(const struct recorded_frame *f, uint8_t *rgb)
{
    for (int y = 0; y < f->height; y++)
        for (int x = 0; x < f->width; x++)
            pixel_to_rgb(f->planes[0][y * f->strides[0] + x],
                         f->planes[1][y / 2 * f->strides[1] + x / 2],
                         f->planes[2][y / 2 * f->strides[2] + x / 2],
                         rgb + 3 * ((size_t)y * (size_t)f->width + (size_t)x));
}

int recording_png(const char *path, const struct recorded_frame *f)
{
    uint8_t *rgb = malloc((size_t)f->width * (size_t)f->height * 3);
    if (!rgb)
        return SQ_ERR_NOMEM;
    frame_to_rgb(f, rgb);
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .width = (png_uint_32)f->width,
                       .height = (png_uint_32)f->height,
                       .format = PNG_FORMAT_RGB};
    const int ok = png_image_write_to_file(&image, path, 0, rgb, 0, NULL);
    png_image_free(&image);
    free(rgb);
    return ok ? SQ_OK : SQ_ERR_IO;
}
