/* SPDX-License-Identifier: Apache-2.0 */
/* The pool: every job runs once and is told once; more than fit are refused at once. */
#include "signaling/ws/pool.h"
#include <criterion/criterion.h>
#include <semaphore.h>

#define POOL_THREADS   2
#define POOL_QUEUE_MAX 32
#define JOBS           (POOL_QUEUE_MAX + POOL_THREADS)

static sem_t started, go, woken;

static void wake(void *user)
{
    (void)user;
    sem_post(&woken);
}

static void run(void *job)
{
    sem_post(&started);
    sem_wait(&go);
    ++*(int *)job;
}

static struct pool *new_pool(void)
{
    struct pool *p;
    sem_init(&started, 0, 0);
    sem_init(&go, 0, 0);
    sem_init(&woken, 0, 0);
    cr_assert_eq(pool_new(&p, (struct pool_size){POOL_THREADS, POOL_QUEUE_MAX}, wake, NULL), 0);
    return p;
}

Test(pool, runs_each_job_once_and_refuses_what_does_not_fit)
{
    struct pool *p = new_pool();
    int ran[JOBS] = {0};
    bool told[JOBS + 1] = {0};
    uint64_t ticket;
    for (int i = 0; i < POOL_THREADS; i++)
        cr_assert(pool_submit(p, (uint64_t)i + 1, run, &ran[i]));
    for (int i = 0; i < POOL_THREADS; i++)
        sem_wait(&started); /* all threads are busy: what follows waits */
    for (int i = POOL_THREADS; i < JOBS; i++)
        cr_assert(pool_submit(p, (uint64_t)i + 1, run, &ran[i]));
    cr_expect_not(pool_submit(p, 1000, run, &ran[0]));
    for (int i = 0; i < JOBS; i++)
        sem_post(&go);
    for (int i = 0; i < JOBS; i++)
        sem_wait(&woken);
    cr_expect_not(pool_submit(p, 1000, run, &ran[0]), "results that nobody fetched count too");
    for (int i = 0; i < JOBS; i++) {
        cr_assert(pool_next_done(p, &ticket));
        cr_assert(ticket >= 1 && ticket <= JOBS && !told[ticket]);
        told[ticket] = true;
        cr_expect_eq(ran[ticket - 1], 1);
    }
    cr_expect_not(pool_next_done(p, &ticket));
    pool_free(p);
}

Test(pool, ending_waits_for_what_runs_and_drops_what_waits)
{
    struct pool *p = new_pool();
    int ran[POOL_THREADS + 1] = {0};
    for (int i = 0; i < POOL_THREADS; i++)
        cr_assert(pool_submit(p, (uint64_t)i + 1, run, &ran[i]));
    for (int i = 0; i < POOL_THREADS; i++) {
        sem_wait(&started);
        sem_post(&go);
    }
    pool_free(p);
    for (int i = 0; i < POOL_THREADS; i++)
        cr_expect_eq(ran[i], 1);
}
