/* SPDX-License-Identifier: Apache-2.0 */
/* Two rings under one lock: jobs to do, tickets done. */
#include "signaling/ws/pool.h"

#include "base/check.h"
#include "shanqiao/error.h"
#include <pthread.h>
#include <stdlib.h>

struct pool_job {
    uint64_t ticket;
    void (*run)(void *job);
    void *job;
};

struct pool {
    pthread_mutex_t lock;
    pthread_cond_t work;
    pthread_t threads[POOL_THREADS_MAX];
    unsigned thread_count;
    struct pool_size size;
    unsigned known_max; /* jobs known to the pool at a time */
    struct pool_job *waiting;
    unsigned first, count;
    uint64_t *done;
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
        p->first = (p->first + 1) % p->size.queue;
        p->count--;
        p->busy++;
        pthread_mutex_unlock(&p->lock);
        job.run(job.job);
        pthread_mutex_lock(&p->lock);
        p->busy--;
        p->done[(p->done_first + p->done_count++) % p->known_max] = job.ticket;
        p->wake(p->user);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

int pool_new(struct pool **out, struct pool_size size, void (*wake)(void *user), void *user)
{
    CHECK(size.threads >= 1 && size.threads <= POOL_THREADS_MAX && size.queue >= 1);
    struct pool *p = calloc(1, sizeof *p);
    if (!p)
        return SQ_ERR_NOMEM;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->work, NULL);
    p->wake = wake;
    p->user = user;
    p->size = size;
    p->known_max = size.queue + size.threads;
    p->waiting = calloc(size.queue, sizeof *p->waiting);
    p->done = calloc(p->known_max, sizeof *p->done);
    while (p->waiting && p->done && p->thread_count < size.threads &&
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
    free(p->waiting);
    free(p->done);
    free(p);
}

bool pool_submit(struct pool *p, uint64_t ticket, void (*run)(void *job), void *job)
{
    pthread_mutex_lock(&p->lock);
    bool room = p->count + p->busy + p->done_count < p->known_max && p->count < p->size.queue;
    if (room) {
        p->waiting[(p->first + p->count++) % p->size.queue] = (struct pool_job){ticket, run, job};
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
        p->done_first = (p->done_first + 1) % p->known_max;
        p->done_count--;
    }
    pthread_mutex_unlock(&p->lock);
    return some;
}
