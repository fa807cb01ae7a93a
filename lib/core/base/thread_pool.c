/* SPDX-License-Identifier: GPL-3.0-or-later
 * Threads over channels: workers that sleep on a condition until a job comes. */
#define _GNU_SOURCE /* processor affinity */
#include "base/thread_pool.h"

#include "base/memory.h"

#include <fenv.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>

struct worker {
    struct pool *pool;
    size_t index; /* from 1 on; 0 is the caller */
    pthread_t thread;
};

struct pool {
    size_t n_workers; /* the caller included */
    struct worker *workers;

    pthread_mutex_t lock; /* guards the rest; held for moments only */
    pthread_cond_t job_given, job_done;
    unsigned long n_jobs; /* given so far */
    size_t n_busy;
    bool ending;
    void (*job)(void *, size_t);
    void *context;

    /* What the workers have taken over from the caller. The caller's. */
    cpu_set_t cpus;
    int policy;
    struct sched_param priority;
    fenv_t modes; /* rounding, denormals, traps; under lock */
};

size_t oac_pool_cores(void)
{
    cpu_set_t cpus;
    if (pthread_getaffinity_np(pthread_self(), sizeof cpus, &cpus))
        return 1;
    const int n = CPU_COUNT(&cpus);
    return n > 0 ? (size_t)n : 1;
}

static void *work(void *argument)
{
    struct worker *worker = argument;
    struct pool *pool = worker->pool;
    unsigned long n_seen = 0;
    pthread_mutex_lock(&pool->lock);
    for (;;) {
        while (!pool->ending && pool->n_jobs == n_seen)
            pthread_cond_wait(&pool->job_given, &pool->lock);
        if (pool->ending)
            break;
        n_seen = pool->n_jobs;
        pthread_mutex_unlock(&pool->lock);
        fesetenv(&pool->modes);
        pool->job(pool->context, worker->index);
        pthread_mutex_lock(&pool->lock);
        if (--pool->n_busy == 0)
            pthread_cond_signal(&pool->job_done);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

/* Starts threads until there are n workers or the system gives no more. */
static void start_workers(struct pool *pool, size_t n_workers)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS};
    sigset_t others, before;
    sigfillset(&others); /* signals are for the program's own threads */
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        sigdelset(&others, faults[i]);
    pthread_sigmask(SIG_SETMASK, &others, &before);
    for (size_t i = 1; i < n_workers; i++) {
        struct worker *worker = &pool->workers[i];
        *worker = (struct worker){.pool = pool, .index = i};
        if (pthread_create(&worker->thread, NULL, work, worker))
            break;
        pthread_setname_np(worker->thread, "oaconv worker");
        pool->n_workers++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void init_locks(struct pool *pool)
{
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->job_given, NULL);
    pthread_cond_init(&pool->job_done, NULL);
}

struct pool *oac_pool_create(size_t n_workers)
{
    struct pool *pool = oac_alloc(1, sizeof *pool);
    if (!pool)
        return NULL;
    pool->workers = oac_alloc(n_workers, sizeof *pool->workers);
    if (!pool->workers) {
        oac_free(pool);
        return NULL;
    }
    pool->n_workers = 1;
    init_locks(pool);
    start_workers(pool, n_workers);
    return pool;
}

size_t oac_pool_workers(const struct pool *pool)
{
    return pool->n_workers;
}

/* Affinity and scheduling of the caller may change at any time, from outside. */
static void follow_caller(struct pool *pool)
{
    cpu_set_t cpus;
    if (!pthread_getaffinity_np(pthread_self(), sizeof cpus, &cpus) &&
        !CPU_EQUAL(&cpus, &pool->cpus)) {
        pool->cpus = cpus;
        for (size_t i = 1; i < pool->n_workers; i++)
            pthread_setaffinity_np(pool->workers[i].thread, sizeof cpus, &cpus);
    }
    int policy;
    struct sched_param priority;
    if (!pthread_getschedparam(pthread_self(), &policy, &priority) &&
        (policy != pool->policy || priority.sched_priority != pool->priority.sched_priority)) {
        pool->policy = policy;
        pool->priority = priority;
        for (size_t i = 1; i < pool->n_workers; i++)
            pthread_setschedparam(pool->workers[i].thread, policy, &priority);
    }
}

void oac_pool_run(struct pool *pool, void (*job)(void *, size_t), void *context)
{
    follow_caller(pool);
    pthread_mutex_lock(&pool->lock);
    fegetenv(&pool->modes);
    pool->job = job;
    pool->context = context;
    pool->n_busy = pool->n_workers - 1;
    pool->n_jobs++;
    pthread_cond_broadcast(&pool->job_given);
    pthread_mutex_unlock(&pool->lock);

    job(context, 0);

    pthread_mutex_lock(&pool->lock);
    while (pool->n_busy > 0)
        pthread_cond_wait(&pool->job_done, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
}

/* Nobody else holds or waits for them any more, though they may look so. */
void oac_pool_forget_workers(struct pool *pool)
{
    pool->n_workers = 1;
    pool->n_busy = 0;
    init_locks(pool);
}

void oac_pool_destroy(struct pool *pool)
{
    if (!pool)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->ending = true;
    pthread_cond_broadcast(&pool->job_given);
    pthread_mutex_unlock(&pool->lock);
    for (size_t i = 1; i < pool->n_workers; i++)
        pthread_join(pool->workers[i].thread, NULL);
    pthread_cond_destroy(&pool->job_given);
    pthread_cond_destroy(&pool->job_done);
    pthread_mutex_destroy(&pool->lock);
    oac_free(pool->workers);
    oac_free(pool);
}
