/* SPDX-License-Identifier: Apache-2.0 */
/* A hierarchical timer wheel (Varghese and Lauck, 1987): deadlines by a number that the caller
 * chose, put, moved, cancelled and taken in constant time. In memory only: the rows of the table
 * `deadline` are the truth, the wheel is filled from them at start. Knows no clock (time is handed
 * in) and not what a deadline means. One thread. */
#ifndef SIGNALING_CONSULT_WHEEL_H
#define SIGNALING_CONSULT_WHEEL_H

#include "base/time.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WHEEL_KEY_MAX 64 /* with the final zero; object identifier and kind fit */

struct wheel;

/* Time begins at utc_us (not negative). NULL: out of memory. */
struct wheel *wheel_new(time_us utc_us);
void wheel_free(struct wheel *w); /* NULL is allowed */

/* Puts or moves the deadline of `key` (copied; 1 to WHEEL_KEY_MAX - 1 bytes). TIME_US_NEVER
 * cancels. One in the past is due at once. 0, SQ_ERR_INVALID (key empty or too long), SQ_ERR_NOMEM
 * (nothing changed). */
int wheel_set(struct wheel *w, const char *key, time_us at_utc_us);
void wheel_cancel(struct wheel *w, const char *key); /* unknown: nothing happens */

/* Takes one deadline that is due (at <= utc_us), earliest first, equal ones in the order of their
 * keys. False: none is. Time never goes back: an earlier utc_us counts as the latest. Either output
 * may be NULL. */
bool wheel_take(struct wheel *w, time_us utc_us, char key[WHEEL_KEY_MAX], time_us *at_utc_us);

/* When to ask again: exactly the earliest deadline, TIME_US_NEVER when there is none. Finding it
 * may bring a remembered figure up to date. */
time_us wheel_next(struct wheel *w);
size_t wheel_count(const struct wheel *w);

#endif
