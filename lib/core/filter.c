/* SPDX-License-Identifier: GPL-3.0-or-later
 * The front: checks arguments, and owns what is owed to the future.
 *
 * A backend computes its zero-state response only and can be drained. Tap changes, the end of a
 * piece and the tail of the stream are all the same step: drain the backend into `pending`. */
#include "oaconv/oaconv.h"

#include "backends/gpu/gpu_loader.h"
#include "backends/polyphase.h"
#include "base/arguments.h"
#include "base/error.h"
#include "base/process_lock.h"
#include "forks.h"
#include "structs.h"
#include "version.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>

const char *oaconv_version(void)
{
    return OAC_VERSION;
}

size_t oaconv_backend_count(void)
{
    return oac_backend_count();
}

const char *oaconv_backend_name(size_t i)
{
    const struct backend *backend = oac_backend_get(i);
    return backend ? backend->name : NULL;
}

bool oaconv_backend_usable(size_t i, const char **reason)
{
    const struct backend *backend = oac_backend_get(i);
    const char *why = "no such backend";
    const bool usable = backend && backend->usable(&why);
    if (reason)
        *reason = why;
    return usable;
}

static size_t sample_bytes(const oaconv *f)
{
    return oac_sample_bytes(f->setup.type, f->setup.precision);
}

/* Adds n samples. */
static void add_samples(const oaconv *f, void *to, const void *from, size_t n)
{
    const size_t n_elements = n * oac_sample_width(f->setup.type);
    if (f->setup.precision == OAC_DOUBLE) {
        double *sums = to;
        for (size_t i = 0; i < n_elements; i++)
            sums[i] += ((const double *)from)[i];
    } else {
        float *sums = to;
        for (size_t i = 0; i < n_elements; i++)
            sums[i] += ((const float *)from)[i];
    }
}

/* ---- what is owed ---- */

/* Moves the pending samples of e to the start of `to`: e itself, or one that has none. */
static void move_pending(const oaconv *f, struct engine *e, struct engine *to)
{
    const size_t bytes = sample_bytes(f);
    for (size_t m = 0; m < f->setup.n_channels; m++) {
        char *moved = to->pending[m];
        memmove(moved, (char *)e->pending[m] + e->begin * bytes, e->n_pending * bytes);
        if (to == e)
            memset(moved + e->n_pending * bytes, 0, e->begin * bytes);
    }
    to->n_pending = e->n_pending;
    to->begin = 0;
}

/* Tells oaconv_taps_prepare() how much may be pending when its work is swapped in. */
static void publish_owed(oaconv *f)
{
    const size_t own = f->engine->plan.n_owed, pending = f->engine->n_pending;
    atomic_store(&f->owed, own > pending ? own : pending);
}

/* As drain() of the backend that filters with this engine; the other one is empty. */
static void drain_backend(const oaconv *f, const struct engine *e, void *const *tail, size_t n)
{
    if (oac_on_gpu(f, e))
        f->setup.gpu->drain(e->gpu_state, tail, n);
    else
        f->setup.cpu->drain(e->cpu_state, tail, n);
}

/* Samples kept before sample t. */
static uint64_t kept(const oaconv *f, uint64_t t)
{
    return oac_kept(t, f->setup.decimation);
}

/* What the samples so far owe by the taps of e. */
static size_t owed_by(const oaconv *f, const struct engine *e)
{
    return (size_t)(kept(f, f->n_samples + e->plan.n_taps - 1) - kept(f, f->n_samples));
}

/* Everything e still owes ends up in the pending samples of `to`. */
static void drain(const oaconv *f, struct engine *e, struct engine *to)
{
    const size_t owed = f->drained ? 0 : owed_by(f, e);
    if (to != e || owed > 0)
        move_pending(f, e, to);
    if (!f->drained)
        drain_backend(f, e, to->pending, owed);
    if (to->n_pending < owed)
        to->n_pending = owed;
}

/* Has all that is owed in the pending samples. */
static void settle(oaconv *f)
{
    drain(f, f->engine, f->engine);
    f->drained = true;
}

/* Takes the next n samples out of pending: adds them to out, or puts them there. */
static void take_pending(oaconv *f, void *const *out, size_t n, bool add)
{
    struct engine *e = f->engine;
    const size_t bytes = sample_bytes(f);
    const size_t taken = n < e->n_pending ? n : e->n_pending;
    for (size_t m = 0; m < f->setup.n_channels; m++) {
        if (!add)
            memset(out[m], 0, n * bytes);
        add_samples(f, out[m], (const char *)e->pending[m] + e->begin * bytes, taken);
    }
    e->begin += taken;
    e->n_pending -= taken;
    if (taken > 0)
        publish_owed(f);
}

/* ---- samples ---- */

/* From here on the CPU filters: what the GPU owes is pending, its failed call has not counted. */
static void lose_gpu(oaconv *f, const char *failure)
{
    settle(f);
    atomic_store(&f->gpu_lost, true);
    f->gpu_losses++;
    snprintf(f->cpu_reason, sizeof f->cpu_reason, "the GPU was lost: %s", failure);
    oac_log(&f->log,
            OAC_LOG_ERROR,
            "GPU lost at sample %llu, %s goes on: %s",
            (unsigned long long)f->n_samples,
            f->setup.cpu->name,
            failure);
}

static oaconv_status run_engine(oaconv *f, const struct call *call)
{
    if (oac_on_gpu(f, f->engine)) {
        if (oac_engine_run_gpu(f->engine, &f->setup, call) == OAC_OK) {
            f->gpu_calls++;
            return OAC_OK;
        }
        lose_gpu(f, oaconv_last_error());
    }
    return oac_engine_run_cpu(f->engine, &f->setup, call);
}

size_t oaconv_output_length(const oaconv *f, size_t n)
{
    if (!f)
        return 0;
    return oac_kept_from(oac_skip_at(f->n_samples, f->setup.decimation), n, f->setup.decimation);
}

static oaconv_status run(oaconv *f, const void *const *in, void *const *out, size_t n)
{
    if (f->tail_read > 0)
        return oac_fail(OAC_ERR_ARG, "the tail has been read: oaconv_reset must come first");
    if (f->finished)
        settle(f);
    const struct call call = {
        .in = in, .out = out, .n = n, .skip = oac_skip_at(f->n_samples, f->setup.decimation)};
    oaconv_status status = run_engine(f, &call);
    if (status != OAC_OK)
        return status;
    take_pending(f, out, oaconv_output_length(f, n), true);
    f->n_samples += n;
    f->finished = f->drained = false;
    return OAC_OK;
}

oaconv_status oaconv_process(oaconv *f, const void *const *in, void *const *out, size_t n)
{
    if (f && n == 0)
        return OAC_OK;
    if (!f)
        return oac_fail(OAC_ERR_ARG, "oaconv_process: null pointer");
    oaconv_status status = oac_check_pointers(f->setup.n_channels, in, out, "oaconv_process");
    if (status != OAC_OK)
        return status;
    if (n % f->engine->plan.hop)
        return oac_fail(OAC_ERR_ARG,
                        "oaconv_process: %zu samples are no multiple of the hop, %zu",
                        n,
                        f->engine->plan.hop);
    status = oac_check_length(n, sample_bytes(f), "oaconv_process");
    if (status == OAC_OK)
        status = oac_begin_call(f);
    if (status != OAC_OK)
        return status;
    status = run(f, in, out, n);
    oac_end_call(f);
    return status;
}

oaconv_status oaconv_finish(oaconv *f, const void *const *in, void *const *out, size_t n)
{
    if (!f)
        return oac_fail(OAC_ERR_ARG, "oaconv_finish: null pointer");
    if (n >= f->engine->plan.hop)
        return oac_fail(OAC_ERR_ARG,
                        "oaconv_finish: %zu samples are not less than the hop, %zu",
                        n,
                        f->engine->plan.hop);
    oaconv_status status =
        n ? oac_check_pointers(f->setup.n_channels, in, out, "oaconv_finish") : OAC_OK;
    if (status == OAC_OK)
        status = oac_begin_call(f);
    if (status != OAC_OK)
        return status;
    if (n)
        status = run(f, in, out, n);
    if (status == OAC_OK)
        f->finished = true;
    oac_end_call(f);
    return status;
}

/* One past the last sample that the samples so far reach. */
static uint64_t reach(const oaconv *f)
{
    const uint64_t own = f->n_samples + f->engine->plan.n_taps - 1;
    return own > f->owed_until ? own : f->owed_until;
}

size_t oaconv_tail_length(const oaconv *f)
{
    if (!f)
        return 0;
    const uint64_t end = kept(f, reach(f)), done = kept(f, f->n_samples) + f->tail_read;
    return end > done ? (size_t)(end - done) : 0;
}

oaconv_status oaconv_read_tail(oaconv *f, void *const *out, size_t n)
{
    if (!f || (n && !out))
        return oac_fail(OAC_ERR_ARG, "oaconv_read_tail: null pointer");
    if (!f->finished)
        return oac_fail(OAC_ERR_ARG, "oaconv_read_tail: oaconv_finish must come first");
    if (n > oaconv_tail_length(f))
        return oac_fail(OAC_ERR_ARG,
                        "oaconv_read_tail: %zu samples asked for, %zu are left",
                        n,
                        oaconv_tail_length(f));
    for (size_t m = 0; n && m < f->setup.n_channels; m++)
        if (!out[m])
            return oac_fail(OAC_ERR_ARG, "oaconv_read_tail: channel %zu is a null pointer", m);
    oaconv_status status = oac_begin_call(f);
    if (status != OAC_OK)
        return status;
    if (n > 0) {
        settle(f);
        take_pending(f, out, n, false);
    }
    f->tail_read += n;
    oac_end_call(f);
    return OAC_OK;
}

void oaconv_reset(oaconv *f)
{
    if (!f || oac_begin_call(f) != OAC_OK)
        return;
    struct engine *e = f->engine;
    drain_backend(f, e, NULL, 0);
    for (size_t m = 0; m < f->setup.n_channels; m++)
        memset(e->pending[m], 0, (e->begin + e->n_pending) * sample_bytes(f));
    e->begin = e->n_pending = 0;
    publish_owed(f);
    f->n_samples = f->engine_since = f->owed_until = f->tail_read = f->n_changes = 0;
    f->finished = f->drained = true;
    oac_end_call(f);
}

/* ---- taps while running ---- */

void oac_free_retired(oaconv *f)
{
    struct engine *e = atomic_exchange(&f->retired, NULL);
    while (e) {
        struct engine *next = e->next;
        oac_engine_destroy(e, &f->setup);
        e = next;
    }
}

/* The most that can be pending when what is prepared next is swapped in: by then the engine in
 * force is the one of now or what was prepared last. Under prepare_lock. */
static size_t read_owed(oaconv *f)
{
    while (atomic_load(&f->swapping)) /* a moment of the working thread */
        sched_yield();
    const size_t owed = atomic_load(&f->owed);
    return owed > f->last_owed ? owed : f->last_owed;
}

static void tell_refusal(const oaconv *f, const char *taps, const char *why)
{
    oac_log(&f->log,
            OAC_LOG_ERROR,
            "the GPU refuses the %s taps, %s takes over with them: %s",
            taps,
            f->setup.cpu->name,
            why);
}

/* No fork() comes in between. */
static void offer(oaconv *f, struct engine *e)
{
    oac_process_lock(OAC_LOCK_FILTERS);
    f->last_owed = e->plan.n_owed;
    struct engine *older = atomic_exchange(&f->prepared, e);
    oac_process_unlock(OAC_LOCK_FILTERS);
    oac_engine_destroy(older, &f->setup);
}

static oaconv_status prepare(oaconv *f, const struct taps *taps)
{
    struct engine *e = NULL;
    const bool no_gpu = atomic_load(&f->gpu_lost) || oac_gpu_module_lost();
    const struct demand demand = {.max_hop = atomic_load(&f->max_hop),
                                  .owed = read_owed(f),
                                  .gpu = no_gpu ? NO_GPU : TRY_GPU};
    oaconv_status status = oac_engine_create(&e, &f->setup, taps, &demand);
    if (status != OAC_OK)
        return status;
    if (*e->gpu_refusal)
        tell_refusal(f, "new", e->gpu_refusal);
    offer(f, e);
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

static void retire(oaconv *f, struct engine *e)
{
    e->next = atomic_load(&f->retired);
    while (!atomic_compare_exchange_weak(&f->retired, &e->next, e)) {
    }
}

/* The taps that come have no state on the GPU: it refused them, and the log knows, or they were
 * prepared while it was lost. */
static void leave_gpu(oaconv *f, const struct engine *next)
{
    const bool refused = *next->gpu_refusal;
    f->gpu_losses++;
    snprintf(f->cpu_reason,
             sizeof f->cpu_reason,
             "the taps in force %s%.160s",
             refused ? "were refused by the GPU: " : "were prepared while the GPU was lost",
             next->gpu_refusal);
    if (!refused)
        oac_log(&f->log,
                OAC_LOG_ERROR,
                "%s takes over at sample %llu: %s",
                f->setup.cpu->name,
                (unsigned long long)f->n_samples,
                f->cpu_reason);
}

/* The working thread's half of a swap: `next` takes over what the engine in force owes. */
static void replace_engine(oaconv *f, struct engine *next)
{
    struct engine *old = f->engine;
    if (f->n_samples > f->engine_since)
        f->owed_until = reach(f);
    drain(f, old, next);
    f->drained = true;
    if (oac_on_gpu(f, old) && !next->gpu_state)
        leave_gpu(f, next);
    f->engine = next;
    f->engine_since = f->n_samples;
    f->n_changes++;
    publish_owed(f);
    retire(f, old);
}

bool oaconv_taps_swap(oaconv *f)
{
    if (!f || !atomic_load_explicit(&f->prepared, memory_order_relaxed) ||
        oac_begin_call(f) != OAC_OK)
        return false;
    atomic_store(&f->swapping, true);
    struct engine *next = atomic_exchange(&f->prepared, NULL);
    if (next)
        replace_engine(f, next);
    atomic_store(&f->swapping, false);
    oac_end_call(f);
    return next != NULL;
}

/* Taps that were prepared while the GPU was lost, and are not in force yet, get it back, too. */
static void reopen_prepared(oaconv *f)
{
    struct engine *e = atomic_exchange(&f->prepared, NULL), *none = NULL;
    if (!e)
        return;
    if (!e->gpu_state && oac_engine_open_gpu(e, &f->setup) != OAC_OK) {
        snprintf(e->gpu_refusal, sizeof e->gpu_refusal, "%s", oaconv_last_error());
        tell_refusal(f, "prepared", e->gpu_refusal);
    }
    if (!atomic_compare_exchange_strong(&f->prepared, &none, e))
        retire(f, e); /* newer ones have been prepared meanwhile */
}

static oaconv_status reopen_gpu(oaconv *f)
{
    struct engine *e = f->engine;
    if (!f->setup.gpu || oac_on_gpu(f, e))
        return OAC_OK;
    settle(f);
    oac_engine_close_gpu(e, &f->setup);
    oaconv_status status = oac_engine_open_gpu(e, &f->setup);
    if (status == OAC_OK) {
        atomic_store(&f->gpu_lost, false);
        reopen_prepared(f);
        return OAC_OK;
    }
    snprintf(f->cpu_reason, sizeof f->cpu_reason, "the GPU is lost: %s", oaconv_last_error());
    oac_log(&f->log,
            OAC_LOG_ERROR,
            "the GPU is still lost, %s goes on: %s",
            f->setup.cpu->name,
            oaconv_last_error());
    return status;
}

oaconv_status oaconv_gpu_reopen(oaconv *f)
{
    if (!f)
        return oac_fail(OAC_ERR_ARG, "oaconv_gpu_reopen: null pointer");
    oaconv_status status = oac_begin_call(f);
    if (status != OAC_OK)
        return status;
    status = reopen_gpu(f);
    oac_end_call(f);
    return status;
}

oaconv_status oaconv_gpu_measure(oaconv *f, double seconds, oaconv_gpu_rates *rates)
{
    if (!f || !rates)
        return oac_fail(OAC_ERR_ARG, "oaconv_gpu_measure: null pointer");
    if (!(seconds >= 0 && seconds <= 3600))
        return oac_fail(OAC_ERR_ARG,
                        "oaconv_gpu_measure: %g seconds; they must be between 0 and 3600",
                        seconds);
    if (!oac_on_gpu(f, f->engine))
        return oac_fail(OAC_ERR_BACKEND, "oaconv_gpu_measure: no GPU is in use");
    oaconv_status status = oac_begin_call(f);
    if (status != OAC_OK)
        return status;
    status = f->setup.gpu->measure(f->engine->gpu_state, seconds, rates);
    if (status == OAC_ERR_BACKEND)
        lose_gpu(f, oaconv_last_error());
    oac_end_call(f);
    return status;
}

void oac_describe(const oaconv *f, oaconv_info *info)
{
    const struct plan *plan = &f->engine->plan;
    const bool gpu = oac_on_gpu(f, f->engine);
    *info = (oaconv_info){.n_channels = f->setup.n_channels,
                          .n_taps = plan->n_taps,
                          .decimation = plan->decimation,
                          .n_partitions = plan->n_partitions,
                          .n_fft = plan->n_fft,
                          .segment = plan->segment,
                          .hop = plan->hop,
                          .threads = f->setup.pool ? oac_pool_workers(f->setup.pool) : 1,
                          .latency = plan->hop - 1,
                          .cost = f->setup.cpu->uses_fft ? plan->cost : 0,
                          .n_samples = f->n_samples,
                          .n_changes = f->n_changes,
                          .last_change = f->engine_since,
                          .gpu_calls = f->gpu_calls,
                          .gpu_losses = f->gpu_losses,
                          .backend = (gpu ? f->setup.gpu : f->setup.cpu)->name,
                          .reason = f->setup.gpu && !gpu ? f->cpu_reason : f->reason,
                          .plan_reason = f->engine->plan_reason};
    if (gpu)
        f->setup.gpu->describe(f->engine->gpu_state, info);
}
