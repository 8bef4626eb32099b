/* SPDX-License-Identifier: Apache-2.0 */
/* Randomness from the kernel (getrandom). Aborts the process when the kernel has none: nothing of ours may run
 * with guessable keys. Simulations seed their own generator instead (tests/support). */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

void random_bytes(void *out, size_t len_bytes);
uint32_t random_u32(void);
/* len characters of [A-Za-z0-9] (5.95 bits each) and a final zero; out has len + 1 bytes. */
void random_text(char *out, size_t len);

#endif
