/* SPDX-License-Identifier: Apache-2.0 */
/* A few threads for what would stall the signalling thread (password hashing, files). Refuses to
 * know what a job is; a job touches nothing but itself. */
#ifndef SIGNALING_WS_POOL_H
#define SIGNALING_WS_POOL_H

#include <stdbool.h>
#include <stdint.h>

#define POOL_THREADS_MAX 8

struct pool_size {
    unsigned threads; /* 1 .. POOL_THREADS_MAX */
    unsigned queue;   /* waiting jobs; more are refused at once */
};

struct pool;

/* `wake` is called on a pool thread after each finished job. 0 or SQ_ERR_NOMEM. */
int pool_new(struct pool **out, struct pool_size size, void (*wake)(void *user), void *user);
void pool_free(struct pool *p); /* waits for running jobs; waiting ones are dropped */

bool pool_submit(struct pool *p, uint64_t ticket, void (*run)(void *job), void *job);
bool pool_next_done(struct pool *p, uint64_t *ticket);

#endif
