/* SPDX-License-Identifier: Apache-2.0 */
/* Plays speech a little faster or slower without changing its pitch: one pitch period is taken out
 * or put in, with a cross-fade where the wave matches itself best (WSOLA: Verhelst and Roelands,
 * ICASSP 1993). Pure functions over samples at 48 kHz. Refuses to know when to stretch; play-out
 * decides. */
#ifndef CLIENT_LIB_AUDIO_STRETCH_H
#define CLIENT_LIB_AUDIO_STRETCH_H

#include <stddef.h>
#include <stdint.h>

#define STRETCH_LAG_MIN 120 /* 2.5 ms: a voice of 400 Hz */
#define STRETCH_LAG_MAX                                                                            \
    720                    /* 15 ms: a voice of 67 Hz; half of the samples when there are fewer    \
                            */
#define STRETCH_IN_MIN 960 /* one frame of 20 ms: periods up to 10 ms */

/* Shortens count samples (at least STRETCH_IN_MIN) in place by one period. New count; the same
 * count when no two stretches are alike enough (then nothing was changed). Silence always is. */
size_t stretch_faster(int16_t *samples, size_t count);

/* Lengthens count samples by one period; room for count + STRETCH_LAG_MAX. New count, or the same
 * as above. */
size_t stretch_slower(int16_t *samples, size_t count);

#endif
