/* SPDX-License-Identifier: GPL-3.0-or-later
 * Makes filters fit for children of fork(), which copies memory while other threads go on: page by
 * page, so that what they change meanwhile may be copied by half. */
#include "forks.h"

#include "backends/gpu/gpu_loader.h"
#include "backends/volk/fftw_lock.h"
#include "base/error.h"
#include "base/process_lock.h"

static oaconv *filters;     /* under OAC_LOCK_FILTERS */
static atomic_bool forking; /* while that is held for a fork */

/* A number of this thread; its child has the same. */
static uintptr_t me(void)
{
    static _Thread_local char mark;
    return (uintptr_t)&mark;
}

void oac_forks_watch(oaconv *f)
{
    oac_process_lock(OAC_LOCK_FILTERS);
    f->next = filters;
    if (filters)
        filters->previous = f;
    filters = f;
    oac_process_unlock(OAC_LOCK_FILTERS);
}

void oac_forks_forget(oaconv *f)
{
    oac_process_lock(OAC_LOCK_FILTERS);
    if (f->next)
        f->next->previous = f->previous;
    if (f->previous)
        f->previous->next = f->next;
    else if (filters == f)
        filters = f->next;
    oac_process_unlock(OAC_LOCK_FILTERS);
}

static oaconv_status refuse(void)
{
    return oac_fail(OAC_ERR_BACKEND,
                    "another thread was using this filter when fork() was called: the child "
                    "cannot go on with it");
}

oaconv_status oac_begin_call(oaconv *f)
{
    /* One of both sees the other: this thread the fork, or the fork this call. */
    atomic_store(&f->worker, me());
    if (atomic_load(&forking)) {
        atomic_store(&f->worker, 0);
        oac_process_lock(OAC_LOCK_FILTERS);
        atomic_store(&f->worker, me());
        oac_process_unlock(OAC_LOCK_FILTERS);
    }
    if (!f->cut_off)
        return OAC_OK;
    oac_end_call(f);
    return refuse();
}

void oac_end_call(oaconv *f)
{
    atomic_store_explicit(&f->worker, 0, memory_order_release);
}

oaconv_status oac_begin_prepare(oaconv *f)
{
    if (f->cut_off)
        return refuse();
    pthread_mutex_lock(&f->prepare_lock);
    atomic_store(&f->preparer, me());
    return OAC_OK;
}

void oac_end_prepare(oaconv *f)
{
    atomic_store(&f->preparer, 0);
    pthread_mutex_unlock(&f->prepare_lock);
}

/* ---- around fork() ---- */

static void before(void)
{
    oac_process_lock_all();
    (void)oac_fftw_lock();
    atomic_store(&forking, true);
    for (oaconv *f = filters; f; f = f->next) {
        const uintptr_t worker = atomic_load(&f->worker);
        f->at_work = worker && worker != me();
    }
}

static void in_parent(void)
{
    atomic_store(&forking, false);
    oac_fftw_unlock();
    oac_process_unlock_all();
}

/* There is this thread only. */
static void in_child(void)
{
    oac_gpu_module_forked();
    for (oaconv *f = filters; f; f = f->next) {
        f->cut_off = f->cut_off || f->at_work;
        if (atomic_load(&f->preparer) != me())
            pthread_mutex_init(&f->prepare_lock, NULL);
        if (f->setup.pool)
            oac_pool_forget_workers(f->setup.pool);
    }
    in_parent();
}

/* When the library is loaded: then whatever a program or library does around fork() that could
 * wait for a call of ours comes before this and after it. */
static void __attribute__((constructor)) mind_forks(void)
{
    pthread_atfork(before, in_parent, in_child);
}
