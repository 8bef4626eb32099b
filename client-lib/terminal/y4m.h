/* SPDX-License-Identifier: Apache-2.0 */
/* YUV4MPEG2 (4:2:0, 8 bit) reading and writing over stdio streams. Knows frames and their rate;
 * nothing of where they come from or go. Format: the mjpegtools manual page yuv4mpeg(5). */
#ifndef TERMINAL_Y4M_H
#define TERMINAL_Y4M_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define Y4M_SIDE_MAX 4096 /* pixels a side; more is refused */
#define Y4M_RATE_MAX 1000 /* frames a second; more is no camera's */

struct y4m_format {
    int width, height;
    int rate_num, rate_den; /* frames a second */
};

/* An I420 frame of one allocation: planes Y, U, V without padding. */
struct y4m_frame {
    int width, height;
    uint8_t *planes[3]; /* planes[0] owns the allocation */
    int strides[3];
};

/* 0 or SQ_ERR_NOMEM. y4m_frame_fini may be called on a zeroed frame. */
int y4m_frame_init(struct y4m_frame *f, int width, int height);
void y4m_frame_fini(struct y4m_frame *f);

/* Reads the stream header. 0, SQ_ERR_INVALID (not Y4M, size), SQ_ERR_UNSUPPORTED (not 8-bit 4:2:0),
 * SQ_ERR_IO. */
int y4m_read_header(FILE *from, struct y4m_format *out);
/* The next frame into f (initialised with the header's size). 1, 0 at the end, SQ_ERR_INVALID,
 * SQ_ERR_IO. */
int y4m_read_frame(FILE *from, struct y4m_frame *f);

/* 0 or SQ_ERR_IO. */
int y4m_write_header(FILE *to, const struct y4m_format *format);
int y4m_write_frame(FILE *to, const uint8_t *const planes[3], const int strides[3], int width,
                    int height);

#endif
