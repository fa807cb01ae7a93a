/* SPDX-License-Identifier: GPL-3.0-or-later
 * The filter behind the handle, for the files that make up the front. */
#ifndef OAC_FILTER_H
#define OAC_FILTER_H

#include "base/log.h"
#include "tap_state.h"

#include <pthread.h>
#include <stdatomic.h>

struct oaconv {
    struct setup setup;
    _Atomic(size_t) max_hop;
    struct log log;
    char reason[OAC_MAX_REASON];     /* for the backends of the setup */
    char cpu_reason[OAC_MAX_REASON]; /* why a GPU of the setup is not in use */
    struct tap_state *tap_state;     /* in force; the working thread's */

    /* For forks.c: */
    struct oaconv *next, *previous; /* in the list of all filters */
    atomic_uintptr_t worker;        /* the thread in a call that changes samples' state, or 0 */
    atomic_uintptr_t preparer;      /* the thread that prepares, or 0 */
    bool at_work;                   /* another thread was, at the last fork() */
    bool cut_off;                   /* a child that cannot go on; never changes in it */

    pthread_mutex_t prepare_lock; /* never taken by the working thread */
    size_t last_owed;             /* n_owed of what was prepared last; under prepare_lock, and
                                     changed together with `prepared` */
    _Atomic(struct tap_state *) prepared, retired;
    atomic_size_t owed; /* samples that may be pending by the next swap; the working thread tells */
    atomic_bool swapping; /* `owed` is about to change */

    atomic_bool gpu_lost; /* the working thread tells */
    uint64_t gpu_calls, gpu_losses;

    /* Samples in, since creation or reset: */
    uint64_t n_samples;
    uint64_t taps_since; /* the sample from which the taps are in force */
    uint64_t owed_until; /* the end of all ring-out of earlier taps */
    uint64_t tail_read;  /* samples of the tail handed out, of those kept by decimation */
    uint64_t n_changes;
    bool finished; /* a piece has ended since the last sample, or none has begun */
    bool drained;  /* nothing is in the backend */
};

/* Whether a GPU filters with these taps. */
static inline bool oac_on_gpu(const oaconv *f, const struct tap_state *s)
{
    return s->gpu_state && !atomic_load_explicit(&f->gpu_lost, memory_order_relaxed);
}

#endif
