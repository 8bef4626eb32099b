/* SPDX-License-Identifier: Apache-2.0 */
/* Treatment of a microphone: echo of the loudspeaker taken out, noise lowered, level held
 * (speexdsp). Works in blocks of 10 ms at 48 kHz. An examination track (stethoscope, ultrasound)
 * never passes through here.
 *
 * treat_played may be called by another thread than treat_block: a lock inside orders the two. */
#ifndef CLIENT_LIB_AUDIO_TREAT_H
#define CLIENT_LIB_AUDIO_TREAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct treat;

struct treat_config {
    bool cancel_echo, suppress_noise, adjust_gain;
};

/* You own *out. SQ_ERR_NOMEM. */
int treat_new(struct treat **out, const struct treat_config *config);
void treat_free(struct treat *t);

/* What the loudspeaker is about to play: count samples, any number. Copied; the oldest go beyond
 * 200 ms. */
void treat_played(struct treat *t, const int16_t *samples, size_t count);

/* AUDIO_BLOCK_SAMPLES samples of the microphone, treated in place. */
void treat_block(struct treat *t, int16_t *block);

#endif
