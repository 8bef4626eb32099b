/* SPDX-License-Identifier: Apache-2.0 */
/* Samples on their way from the sound card's thread to the coder's: a bounded queue with capture
 * times. A lock inside; the oldest samples go when the coder does not keep up. Refuses to know
 * codecs. */
#ifndef CLIENT_LIB_AUDIO_CAPTURE_H
#define CLIENT_LIB_AUDIO_CAPTURE_H

#include "base/time.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CAPTURE_MAX_SAMPLES 24000 /* 500 ms: older speech is worse than a gap */

struct capture;

/* SQ_ERR_NOMEM. */
int capture_new(struct capture **out);
void capture_free(struct capture *c);
/* count samples, the first of them captured at capture_us. Any thread. */
void capture_push(struct capture *c, const int16_t *samples, size_t count, time_us capture_us);
/* Exactly count samples and the capture time of the first; false (nothing taken) when fewer wait.
 * Owner. */
bool capture_take(struct capture *c, int16_t *out, size_t count, time_us *capture_us);
size_t capture_waiting(struct capture *c);

#endif
