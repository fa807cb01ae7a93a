/* SPDX-License-Identifier: GPL-3.0-or-later
 * New taps: their state is built beside the one at work, in any thread, and the working thread
 * swaps the two. */
#include "filter.h"

#include "backends/gpu/gpu_loader.h"
#include "base/error.h"
#include "base/process_lock.h"
#include "forks.h"
#include "gpu_failover.h"
#include "pending.h"
#include "retired.h"

#include <sched.h>

/* The most that can be pending when what is prepared next is swapped in: by then the state in
 * force is the one of now or what was prepared last. Under prepare_lock. */
static size_t read_owed(oaconv *f)
{
    while (atomic_load(&f->swapping)) /* a moment of the working thread */
        sched_yield();
    const size_t owed = atomic_load(&f->owed);
    return owed > f->last_owed ? owed : f->last_owed;
}

/* No fork() comes in between. */
static void offer(oaconv *f, struct tap_state *s)
{
    oac_process_lock(OAC_LOCK_FILTERS);
    f->last_owed = s->plan.n_owed;
    struct tap_state *older = atomic_exchange(&f->prepared, s);
    oac_process_unlock(OAC_LOCK_FILTERS);
    oac_tap_state_destroy(older, &f->setup);
}

static oaconv_status prepare(oaconv *f, const struct taps *taps)
{
    struct tap_state *s = NULL;
    const bool no_gpu = atomic_load(&f->gpu_lost) || oac_gpu_module_lost();
    const struct demand demand = {.max_hop = atomic_load(&f->max_hop),
                                  .owed = read_owed(f),
                                  .gpu = no_gpu ? NO_GPU : TRY_GPU};
    oaconv_status status = oac_tap_state_create(&s, &f->setup, taps, &demand);
    if (status != OAC_OK)
        return status;
    if (*s->gpu_refusal)
        oac_tell_refusal(f, "new", s->gpu_refusal);
    offer(f, s);
    return OAC_OK;
}

oaconv_status oaconv_taps_prepare(oaconv *f, const oaconv_row *rows, size_t n_rows)
{
    if (!f)
        return oac_fail(OAC_ERR_ARG, "oaconv_taps_prepare: null pointer");
    struct taps taps;
    oaconv_status status =
        oac_taps_init(&taps, f->setup.type, f->setup.precision, f->setup.n_channels, rows, n_rows);
    if (status != OAC_OK)
        return status;
    status = oac_begin_prepare(f);
    if (status == OAC_OK) {
        oac_free_retired(f);
        status = prepare(f, &taps);
        oac_end_prepare(f);
    }
    oac_taps_free(&taps);
    return status;
}

void oaconv_set_max_hop(oaconv *f, size_t max_hop)
{
    if (f)
        atomic_store(&f->max_hop, max_hop);
}

/* The working thread's half of a swap: `next` takes over what the state in force owes. */
static void put_in_force(oaconv *f, struct tap_state *next)
{
    struct tap_state *old = f->tap_state;
    if (f->n_samples > f->taps_since)
        f->owed_until = oac_reach(f);
    oac_drain(f, old, next);
    f->drained = true;
    if (oac_on_gpu(f, old) && !next->gpu_state)
        oac_leave_gpu(f, next);
    f->tap_state = next;
    f->taps_since = f->n_samples;
    f->n_changes++;
    oac_publish_owed(f);
    oac_retire(f, old);
}

bool oaconv_taps_swap(oaconv *f)
{
    if (!f || !atomic_load_explicit(&f->prepared, memory_order_relaxed) ||
        oac_begin_call(f) != OAC_OK)
        return false;
    atomic_store(&f->swapping, true);
    struct tap_state *next = atomic_exchange(&f->prepared, NULL);
    if (next)
        put_in_force(f, next);
    atomic_store(&f->swapping, false);
    oac_end_call(f);
    return next != NULL;
}
