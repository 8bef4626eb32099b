/* SPDX-License-Identifier: Apache-2.0 */
/* A few threads for what would stall the signalling thread (password hashing: 0.1 s and 64 MiB
 * each, so two at a time). Refuses to know what a job is; a job touches nothing but itself. */
#ifndef SIGNALING_WS_POOL_H
#define SIGNALING_WS_POOL_H

#include <stdbool.h>
#include <stdint.h>

#define POOL_THREADS   2
#define POOL_QUEUE_MAX 32 /* waiting jobs: 2 s of hashing; more are refused at once */

struct pool;

/* `wake` is called on a pool thread after each finished job. 0 or SQ_ERR_NOMEM. */
int pool_new(struct pool **out, void (*wake)(void *user), void *user);
void pool_free(struct pool *p); /* waits for running jobs; waiting ones are dropped */

bool pool_submit(struct pool *p, uint64_t ticket, void (*run)(void *job), void *job);
bool pool_next_done(struct pool *p, uint64_t *ticket);

#endif
