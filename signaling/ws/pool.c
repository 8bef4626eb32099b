/* SPDX-License-Identifier: Apache-2.0 */
/* Two rings under one lock: jobs to do, tickets done. */
#include "signaling/ws/pool.h"

#include "shanqiao/error.h"
#include <pthread.h>
#include <stdlib.h>

struct pool_job {
    uint64_t ticket;
    void (*run)(void *job);
    void *job;
};

#define DONE_MAX (POOL_QUEUE_MAX + POOL_THREADS) /* jobs known to the pool at a time */

struct pool {
    pthread_mutex_t lock;
    pthread_cond_t work;
    pthread_t threads[POOL_THREADS];
    unsigned thread_count;
    struct pool_job waiting[POOL_QUEUE_MAX];
    unsigned first, count;
    uint64_t done[DONE_MAX];
    unsigned done_first, done_count, busy;
    bool ending;
    void (*wake)(void *user);
    void *user;
};

static void *worker(void *arg)
{
    struct pool *p = arg;
    pthread_mutex_lock(&p->lock);
    while (!p->ending) {
        if (!p->count) {
            pthread_cond_wait(&p->work, &p->lock);
            continue;
        }
        struct pool_job job = p->waiting[p->first];
        p->first = (p->first + 1) % POOL_QUEUE_MAX;
        p->count--;
        p->busy++;
        pthread_mutex_unlock(&p->lock);
        job.run(job.job);
        pthread_mutex_lock(&p->lock);
        p->busy--;
        p->done[(p->done_first + p->done_count++) % DONE_MAX] = job.ticket;
        p->wake(p->user);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

int pool_new(struct pool **out, void (*wake)(void *user), void *user)
{
    struct pool *p = calloc(1, sizeof *p);
    if (!p)
        return SQ_ERR_NOMEM;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->work, NULL);
    p->wake = wake;
    p->user = user;
    while (p->thread_count < POOL_THREADS &&
           !pthread_create(&p->threads[p->thread_count], NULL, worker, p))
        p->thread_count++;
    if (p->thread_count == 0) {
        pool_free(p);
        return SQ_ERR_NOMEM;
    }
    *out = p;
    return 0;
}

void pool_free(struct pool *p)
{
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    p->ending = true;
    pthread_cond_broadcast(&p->work);
    pthread_mutex_unlock(&p->lock);
    for (unsigned i = 0; i < p->thread_count; i++)
        pthread_join(p->threads[i], NULL);
    pthread_cond_destroy(&p->work);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

bool pool_submit(struct pool *p, uint64_t ticket, void (*run)(void *job), void *job)
{
    pthread_mutex_lock(&p->lock);
    bool room = p->count + p->busy + p->done_count < DONE_MAX && p->count < POOL_QUEUE_MAX;
    if (room) {
        p->waiting[(p->first + p->count++) % POOL_QUEUE_MAX] = (struct pool_job){ticket, run, job};
        pthread_cond_signal(&p->work);
    }
    pthread_mutex_unlock(&p->lock);
    return room;
}

bool pool_next_done(struct pool *p, uint64_t *ticket)
{
    pthread_mutex_lock(&p->lock);
    bool some = p->done_count > 0;
    if (some) {
        *ticket = p->done[p->done_first];
        p->done_first = (p->done_first + 1) % DONE_MAX;
        p->done_count--;
    }
    pthread_mutex_unlock(&p->lock);
    return some;
}
