/* SPDX-License-Identifier: Apache-2.0 */
/* Allocation failure on demand. A test that links `test_oom` has malloc, calloc, realloc, strdup,
 * strndup and aligned_alloc of our code wrapped (not those inside shared libraries); only the
 * thread that asked is affected.
 *
 *     OOM_FOR_EACH (n) {
 *         int r = thing_new(&thing);          // its n-th allocation fails
 *         cr_assert(r == 0 || r == SQ_ERR_NOMEM);
 *         thing_free(thing);
 *     }
 *
 * The loop ends after the first round that needs fewer than n allocations: that round ran without
 * failure. */
#ifndef TESTS_SUPPORT_OOM_H
#define TESTS_SUPPORT_OOM_H

#include <stdbool.h>
#include <stddef.h>

#define OOM_FOR_EACH(n) for (size_t n = 1; oom_round(n); n++)

/* Arms the n-th allocation from now (1 is the next). False, and disarmed, when the round before met
 * no failure. */
bool oom_round(size_t n);

/* Fails the n-th allocation from now once; 0 disarms. */
void oom_fail_at(size_t n);

/* Whether the failure that was armed last has happened. */
bool oom_happened(void);

/* Allocations of this thread since the last oom_fail_at or oom_round. */
size_t oom_count(void);

#endif
