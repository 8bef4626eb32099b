/* SPDX-License-Identifier: Apache-2.0 */
/* Counts the writes of a store, and kills the process (SIGKILL, no handler runs) at one of them.
 * On SQLite a write is what reaches the operating system: each write, sync and truncation of a
 * file, and a write may be torn in the middle. On PostgreSQL it is what is sent: each statement
 * that changes something and each commit, which may be killed on its way or after its answer came.
 */
#ifndef TESTS_INTEGRATION_CRASH_WRITES_H
#define TESTS_INTEGRATION_CRASH_WRITES_H

#include "signaling/store/store.h"
#include <stdint.h>

/* Before any store is opened in this process. */
void writes_prepare(void);
/* From now on: the process is killed at write `fatal` (counted from 1; 0: never). */
void writes_arm(struct store *s, int64_t fatal);
int64_t writes_count(void); /* since writes_arm */

#endif
