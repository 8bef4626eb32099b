/* SPDX-License-Identifier: Apache-2.0 */
/* Synthetic media for tests: a voice-like signal and moving pictures, functions of a position. */
#ifndef TESTS_UNIT_CLIENT_LIB_MEDIA_H
#define TESTS_UNIT_CLIENT_LIB_MEDIA_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

/* Harmonics of a gliding pitch under a syllable envelope, at 48 kHz. */
static inline void media_voice(int16_t *out, size_t count, uint64_t position)
{
    for (size_t i = 0; i < count; i++) {
        double t = (double)(position + i) / 48000.0;
        double phase = 2 * M_PI * (140 * t + 8 * sin(2 * M_PI * 0.5 * t));
        double envelope = 0.55 + 0.45 * sin(2 * M_PI * 3.1 * t);
        double v = sin(phase) + 0.6 * sin(2 * phase) + 0.4 * sin(3 * phase) + 0.2 * sin(7 * phase);
        out[i] = (int16_t)(6000 * envelope * v / 2.2);
    }
}

/* A gradient with a disc that wanders; tightly packed I420. */
static inline void media_picture(uint8_t *out, uint32_t width, uint32_t height, uint32_t number)
{
    double cx = width * (0.5 + 0.3 * sin(number * 0.11)),
           cy = height * (0.5 + 0.3 * cos(number * 0.07));
    double r = height * 0.2;
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++) {
            double d = (x - cx) * (x - cx) + (y - cy) * (y - cy);
            double base = 60 + 100.0 * x / width + 30.0 * y / height;
            *out++ = (uint8_t)(d < r * r ? 220 - base / 4 : base);
        }
    for (uint32_t p = 0; p < 2; p++)
        for (uint32_t y = 0; y < height / 2; y++)
            for (uint32_t x = 0; x < width / 2; x++)
                *out++ = (uint8_t)(p ? 100 + 50 * x / width : 120 + 40 * y / height);
}

static inline double media_psnr(const uint8_t *a, size_t stride_a, const uint8_t *b,
                                size_t stride_b, uint32_t width, uint32_t height)
{
    double sum = 0;
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++) {
            double d = (double)a[y * stride_a + x] - b[y * stride_b + x];
            sum += d * d;
        }
    double mse = sum / ((double)width * height);
    return mse > 0 ? 10 * log10(255.0 * 255.0 / mse) : 99;
}

#endif
