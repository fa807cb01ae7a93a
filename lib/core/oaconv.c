/* SPDX-License-Identifier: GPL-3.0-or-later
 * The front: checks arguments, picks the backend, and owns what is owed to the future.
 *
 * A backend computes its zero-state response only and can be drained. Tap changes, the end of a
 * piece and the tail of the stream are all the same step: drain the backend into `pending`. */
#include "oaconv/oaconv.h"

#include "engine.h"
#include "environment.h"
#include "error.h"
#include "log.h"
#include "memory.h"
#include "pointers.h"
#include "version.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

static const size_t default_batch = 16384;

/* What a GPU must be worth to be taken by "auto". */
static const double worth_a_gpu = 1.2;

struct oaconv {
    struct setup setup;
    _Atomic(size_t) max_hop;
    struct log log;
    char reason[OAC_MAX_REASON];     /* for the backends of the setup */
    char cpu_reason[OAC_MAX_REASON]; /* why a GPU of the setup is not in use */
    struct engine *engine;           /* in force; the working thread's */

    pthread_mutex_t prepare_lock; /* never taken by the working thread */
    size_t last_owed;             /* P - 1 of what was prepared last; under prepare_lock */
    _Atomic(struct engine *) prepared, retired;
    atomic_size_t owed; /* samples that may be pending by the next swap; the working thread tells */
    atomic_bool swapping; /* `owed` is about to change */

    atomic_bool gpu_lost; /* the working thread tells */
    uint64_t gpu_calls, gpu_losses;

    uint64_t n_samples;    /* since creation or reset */
    uint64_t engine_since; /* the sample from which the taps are in force */
    uint64_t owed_until;   /* the end of all ring-out of earlier taps */
    uint64_t tail_read;    /* samples of the tail handed out */
    uint64_t n_changes;
    bool finished; /* a piece has ended since the last sample, or none has begun */
    bool drained;  /* nothing is in the backend */
};

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

void oaconv_config_init(oaconv_config *config)
{
    *config = (oaconv_config){.type = OAC_REAL, .backend = "auto", .device = -1};
}

static size_t sample_width(const oaconv *f)
{
    return oac_sample_width(f->setup.type);
}

static size_t sample_bytes(const oaconv *f)
{
    return sample_width(f) * sizeof(float);
}

/* Whether a GPU filters with this engine. */
static bool on_gpu(const oaconv *f, const struct engine *e)
{
    return e->gpu_state && !atomic_load_explicit(&f->gpu_lost, memory_order_relaxed);
}

/* ---- what is owed ---- */

/* Moves the pending samples of e to the start of `to`: e itself, or one that has none. */
static void move_pending(const oaconv *f, struct engine *e, struct engine *to)
{
    const size_t bytes = sample_bytes(f), width = sample_width(f);
    for (size_t m = 0; m < f->setup.n_channels; m++) {
        memmove(to->pending[m], e->pending[m] + e->begin * width, e->n_pending * bytes);
        if (to == e)
            memset(to->pending[m] + e->n_pending * width, 0, e->begin * bytes);
    }
    to->n_pending = e->n_pending;
    to->begin = 0;
}

/* Tells oaconv_taps_prepare() how much may be pending when its work is swapped in. */
static void publish_owed(oaconv *f)
{
    const size_t own = f->engine->plan.n_taps - 1, pending = f->engine->n_pending;
    atomic_store(&f->owed, own > pending ? own : pending);
}

/* As drain() of the backend that filters with this engine; the other one is empty. */
static void drain_backend(const oaconv *f, const struct engine *e, float *const *tail)
{
    if (on_gpu(f, e))
        f->setup.gpu->drain(e->gpu_state, tail);
    else
        f->setup.cpu->drain(e->cpu_state, tail);
}

/* Everything e still owes ends up in the pending samples of `to`. */
static void drain(const oaconv *f, struct engine *e, struct engine *to)
{
    const size_t owed = f->drained ? 0 : e->plan.n_taps - 1;
    if (to != e || owed > 0)
        move_pending(f, e, to);
    if (owed > 0)
        drain_backend(f, e, to->pending);
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
    const size_t width = sample_width(f);
    const size_t taken = n < e->n_pending ? n : e->n_pending;
    for (size_t m = 0; m < f->setup.n_channels; m++) {
        const float *owed = e->pending[m] + e->begin * width;
        float *to = out[m];
        if (!add)
            memset(to, 0, n * width * sizeof *to);
        for (size_t i = 0; i < taken * width; i++)
            to[i] += owed[i];
    }
    e->begin += taken;
    e->n_pending -= taken;
    if (taken > 0)
        publish_owed(f);
}

/* ---- life ---- */

static oaconv_status check_config(const oaconv_config *config, oaconv *f)
{
    if (config->type != OAC_REAL && config->type != OAC_COMPLEX_REAL_TAPS &&
        config->type != OAC_COMPLEX)
        return oac_fail(OAC_ERR_ARG, "unknown type %d", (int)config->type);
    if (config->hop > OAC_MAX_HOP || config->max_hop > OAC_MAX_HOP)
        return oac_fail(OAC_ERR_TOO_LARGE,
                        "a hop of %zu samples; at most %zu are possible",
                        config->hop > config->max_hop ? config->hop : config->max_hop,
                        OAC_MAX_HOP);
    f->setup.type = config->type;
    f->setup.n_channels = config->n_channels ? config->n_channels : config->n_rows;
    f->setup.hop = config->hop;
    f->setup.means.batch = config->batch ? config->batch : default_batch;
    f->log = (struct log){config->log, config->log_context};
    atomic_init(&f->max_hop, config->max_hop);
    if (config->device < -1)
        return oac_fail(OAC_ERR_ARG,
                        "device is %d; it must be the number of a GPU, or -1 for any",
                        config->device);
    return OAC_OK;
}

/* Workers for M channels: never more than cores or channels. */
static oaconv_status make_pool(struct setup *setup, size_t n_threads)
{
    size_t n = oac_pool_cores();
    if (n_threads > 0 && n_threads < n)
        n = n_threads;
    if (n > setup->n_channels)
        n = setup->n_channels;
    setup->means.n_workers = 1;
    if (n <= 1)
        return OAC_OK;
    setup->pool = oac_pool_create(n);
    if (!setup->pool)
        return oac_fail(OAC_ERR_NO_MEMORY, "out of memory for %zu threads", n);
    setup->means.n_workers = oac_pool_workers(setup->pool);
    return OAC_OK;
}

static void tell_absence(const oaconv *f, const char *why)
{
    oac_log(&f->log, OAC_LOG_INFO, "auto: no GPU, %s filters: %s", f->setup.cpu->name, why);
}

/* Where there is none at all every filter would say so: once per process. */
static void tell_absence_once(const oaconv *f, const char *why)
{
    static atomic_flag told = ATOMIC_FLAG_INIT;
    if (f->log.function && !atomic_flag_test_and_set(&told))
        tell_absence(f, why);
}

static void choose_cpu(oaconv *f)
{
    oac_engine_close_gpu(f->engine, &f->setup);
    f->setup.gpu = NULL;
}

/* Takes the faster of both, where a GPU need not be. */
static void race(oaconv *f)
{
    double gpu_rate, cpu_rate;
    const char *cpu = f->setup.cpu->name;
    if (oac_engine_race(f->engine, &f->setup, &gpu_rate, &cpu_rate) != OAC_OK) {
        tell_absence(f, oaconv_last_error());
        choose_cpu(f);
        return;
    }
    const bool worth_it = gpu_rate >= worth_a_gpu * cpu_rate;
    snprintf(f->reason,
             sizeof f->reason,
             "auto: the GPU filters %.0f MS/s, %s %.0f MS/s: %s is taken",
             1e-6 * gpu_rate,
             cpu,
             1e-6 * cpu_rate,
             worth_it ? f->setup.gpu->name : cpu);
    oac_log(&f->log, OAC_LOG_INFO, "%s", f->reason);
    if (!worth_it)
        choose_cpu(f);
}

/* What a GPU needs to know besides the taps. */
static oaconv_status set_up_gpu(oaconv *f, const oaconv_config *config)
{
    struct means *means = &f->setup.means;
    oaconv_status status = oac_wanted_device(config->device, &means->device);
    return status == OAC_OK ? oac_gpu_timeout(&means->timeout) : status;
}

/* The engine for the first taps, and whether a GPU filters with it. */
static oaconv_status make_first_engine(oaconv *f, const struct taps *taps, bool gpu_required)
{
    const struct demand demand = {.max_hop = atomic_load(&f->max_hop),
                                  .gpu = gpu_required ? NEED_GPU : TRY_GPU};
    oaconv_status status = oac_engine_create(&f->engine, &f->setup, taps, &demand);
    if (status != OAC_OK || !f->setup.gpu || gpu_required)
        return status;
    if (f->engine->gpu_state) {
        race(f);
    } else {
        tell_absence(f, f->engine->gpu_refusal);
        choose_cpu(f);
    }
    return OAC_OK;
}

/* The backends that are asked for. */
static oaconv_status
choose_backends(oaconv *f, const oaconv_config *config, const struct taps *taps, bool *gpu_required)
{
    struct choice choice;
    const struct plan_request request =
        oac_engine_request(&f->setup, taps, atomic_load(&f->max_hop));
    oaconv_status status =
        oac_backend_choose(&choice, oac_wanted_backend(config->backend), &request);
    if (status != OAC_OK)
        return status;
    f->setup.cpu = choice.cpu;
    f->setup.gpu = choice.gpu;
    *gpu_required = choice.gpu_required;
    memcpy(f->reason, choice.reason, sizeof f->reason);
    if (*choice.gpu_refusal)
        tell_absence_once(f, choice.gpu_refusal);
    return choice.gpu ? set_up_gpu(f, config) : OAC_OK;
}

static oaconv_status build(oaconv *f, const oaconv_config *config)
{
    oaconv_status status = check_config(config, f);
    if (status != OAC_OK)
        return status;
    struct taps taps;
    bool gpu_required = false;
    status = oac_taps_init(&taps, f->setup.type, f->setup.n_channels, config->rows, config->n_rows);
    if (status != OAC_OK)
        return status;
    status = choose_backends(f, config, &taps, &gpu_required);
    if (status == OAC_OK)
        status = make_pool(&f->setup, config->threads);
    if (status == OAC_OK)
        status = make_first_engine(f, &taps, gpu_required);
    if (status == OAC_OK)
        publish_owed(f);
    oac_taps_free(&taps);
    return status;
}

oaconv_status oaconv_create(oaconv **filter, const oaconv_config *config)
{
    if (!filter || !config)
        return oac_fail(OAC_ERR_ARG, "oaconv_create: null pointer");
    *filter = NULL;
    oaconv *f = oac_alloc(1, sizeof *f);
    if (!f)
        return oac_fail(OAC_ERR_NO_MEMORY, "out of memory");
    pthread_mutex_init(&f->prepare_lock, NULL);
    atomic_init(&f->prepared, NULL);
    atomic_init(&f->retired, NULL);
    atomic_init(&f->gpu_lost, false);
    f->finished = f->drained = true;
    oaconv_status status = build(f, config);
    if (status != OAC_OK) {
        oaconv_destroy(f);
        return status;
    }
    *filter = f;
    return OAC_OK;
}

static void free_retired(oaconv *f)
{
    struct engine *e = atomic_exchange(&f->retired, NULL);
    while (e) {
        struct engine *next = e->next;
        oac_engine_destroy(e, &f->setup);
        e = next;
    }
}

void oaconv_destroy(oaconv *f)
{
    if (!f)
        return;
    free_retired(f);
    oac_engine_destroy(atomic_exchange(&f->prepared, NULL), &f->setup);
    oac_engine_destroy(f->engine, &f->setup);
    oac_pool_destroy(f->setup.pool);
    pthread_mutex_destroy(&f->prepare_lock);
    oac_free(f);
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

static oaconv_status run_engine(oaconv *f, const void *const *in, void *const *out, size_t n)
{
    if (on_gpu(f, f->engine)) {
        if (oac_engine_run_gpu(f->engine, &f->setup, in, out, n) == OAC_OK) {
            f->gpu_calls++;
            return OAC_OK;
        }
        lose_gpu(f, oaconv_last_error());
    }
    return oac_engine_run_cpu(f->engine, &f->setup, in, out, n);
}

static oaconv_status run(oaconv *f, const void *const *in, void *const *out, size_t n)
{
    if (f->tail_read > 0)
        return oac_fail(OAC_ERR_ARG, "the tail has been read: oaconv_reset must come first");
    if (f->finished)
        settle(f);
    oaconv_status status = run_engine(f, in, out, n);
    if (status != OAC_OK)
        return status;
    take_pending(f, out, n, true);
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
    return run(f, in, out, n);
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
    if (status == OAC_OK && n)
        status = run(f, in, out, n);
    if (status == OAC_OK)
        f->finished = true;
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
    const uint64_t end = reach(f), done = f->n_samples + f->tail_read;
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
    if (n > 0) {
        settle(f);
        take_pending(f, out, n, false);
    }
    f->tail_read += n;
    return OAC_OK;
}

void oaconv_reset(oaconv *f)
{
    struct engine *e = f->engine;
    drain_backend(f, e, NULL);
    for (size_t m = 0; m < f->setup.n_channels; m++)
        memset(e->pending[m], 0, (e->begin + e->n_pending) * sample_bytes(f));
    e->begin = e->n_pending = 0;
    publish_owed(f);
    f->n_samples = f->engine_since = f->owed_until = f->tail_read = f->n_changes = 0;
    f->finished = f->drained = true;
}

/* ---- taps while running ---- */

/* The most that can be pending when what is prepared next is swapped in: by then the engine in
 * force is the one of now or what was prepared last. Under prepare_lock. */
static size_t read_owed(oaconv *f)
{
    while (atomic_load(&f->swapping)) /* a moment of the working thread */
        sched_yield();
    const size_t owed = atomic_load(&f->owed);
    return owed > f->last_owed ? owed : f->last_owed;
}

oaconv_status oaconv_taps_prepare(oaconv *f, const oaconv_row *rows, size_t n_rows)
{
    if (!f)
        return oac_fail(OAC_ERR_ARG, "oaconv_taps_prepare: null pointer");
    struct taps taps;
    oaconv_status status = oac_taps_init(&taps, f->setup.type, f->setup.n_channels, rows, n_rows);
    if (status != OAC_OK)
        return status;
    pthread_mutex_lock(&f->prepare_lock);
    free_retired(f);
    struct engine *e = NULL;
    const struct demand demand = {.max_hop = atomic_load(&f->max_hop),
                                  .owed = read_owed(f),
                                  .gpu = atomic_load(&f->gpu_lost) ? NO_GPU : TRY_GPU};
    status = oac_engine_create(&e, &f->setup, &taps, &demand);
    if (status == OAC_OK && *e->gpu_refusal)
        oac_log(&f->log,
                OAC_LOG_ERROR,
                "the GPU refuses the new taps, %s takes over with them: %s",
                f->setup.cpu->name,
                e->gpu_refusal);
    if (status == OAC_OK) {
        f->last_owed = taps.longest - 1;
        oac_engine_destroy(atomic_exchange(&f->prepared, e), &f->setup);
    }
    pthread_mutex_unlock(&f->prepare_lock);
    oac_taps_free(&taps);
    return status;
}

void oaconv_set_max_hop(oaconv *f, size_t max_hop)
{
    atomic_store(&f->max_hop, max_hop);
}

static void retire(oaconv *f, struct engine *e)
{
    e->next = atomic_load(&f->retired);
    while (!atomic_compare_exchange_weak(&f->retired, &e->next, e)) {
    }
}

/* The taps that come have no room on the GPU. */
static void leave_gpu(oaconv *f)
{
    f->gpu_losses++;
    snprintf(f->cpu_reason, sizeof f->cpu_reason, "the GPU refused the taps in force");
}

/* The working thread's half of a swap: `next` takes over what the engine in force owes. */
static void replace_engine(oaconv *f, struct engine *next)
{
    struct engine *old = f->engine;
    if (f->n_samples > f->engine_since)
        f->owed_until = reach(f);
    drain(f, old, next);
    f->drained = true;
    if (on_gpu(f, old) && !next->gpu_state)
        leave_gpu(f);
    f->engine = next;
    f->engine_since = f->n_samples;
    f->n_changes++;
    publish_owed(f);
    retire(f, old);
}

bool oaconv_taps_swap(oaconv *f)
{
    if (!atomic_load_explicit(&f->prepared, memory_order_relaxed))
        return false;
    atomic_store(&f->swapping, true);
    struct engine *next = atomic_exchange(&f->prepared, NULL);
    if (next)
        replace_engine(f, next);
    atomic_store(&f->swapping, false);
    return next != NULL;
}

oaconv_status oaconv_gpu_reopen(oaconv *f)
{
    if (!f)
        return oac_fail(OAC_ERR_ARG, "oaconv_gpu_reopen: null pointer");
    struct engine *e = f->engine;
    if (!f->setup.gpu || on_gpu(f, e))
        return OAC_OK;
    settle(f);
    oac_engine_close_gpu(e, &f->setup);
    oaconv_status status = oac_engine_open_gpu(e, &f->setup);
    atomic_store(&f->gpu_lost, status != OAC_OK);
    if (status == OAC_OK)
        return OAC_OK;
    snprintf(f->cpu_reason, sizeof f->cpu_reason, "the GPU is lost: %s", oaconv_last_error());
    oac_log(&f->log,
            OAC_LOG_ERROR,
            "the GPU is still lost, %s goes on: %s",
            f->setup.cpu->name,
            oaconv_last_error());
    return status;
}

oaconv_status oaconv_gpu_measure(oaconv *f, double seconds, oaconv_gpu_rates *rates)
{
    if (!f || !rates)
        return oac_fail(OAC_ERR_ARG, "oaconv_gpu_measure: null pointer");
    if (!on_gpu(f, f->engine))
        return oac_fail(OAC_ERR_BACKEND, "oaconv_gpu_measure: no GPU is in use");
    return f->setup.gpu->measure(f->engine->gpu_state, seconds, rates);
}

void oaconv_get_info(const oaconv *f, oaconv_info *info)
{
    const struct plan *plan = &f->engine->plan;
    const bool gpu = on_gpu(f, f->engine);
    *info = (oaconv_info){.n_channels = f->setup.n_channels,
                          .n_taps = plan->n_taps,
                          .n_partitions = plan->n_partitions,
                          .n_fft = plan->n_fft,
                          .segment = plan->segment,
                          .hop = plan->hop,
                          .threads = f->setup.means.n_workers,
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
