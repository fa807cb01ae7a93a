/* SPDX-License-Identifier: GPL-3.0-or-later
 * Makes a filter: checks the configuration, picks the backends, and compares GPU and CPU. */
#include "filter.h"

#include "base/environment.h"
#include "base/error.h"
#include "base/memory.h"
#include "forks.h"
#include "gpu_or_cpu.h"
#include "retired.h"
#include "structs.h"

#include <stdio.h>
#include <string.h>

static const size_t default_batch = 16384;

/* What a GPU must be worth to be taken by "auto". */
static const double worth_a_gpu = 1.2;

static oaconv_status check_config(const oaconv_config *config, oaconv *f)
{
    if (config->type != OAC_REAL && config->type != OAC_COMPLEX_REAL_TAPS &&
        config->type != OAC_COMPLEX)
        return oac_fail(OAC_ERR_ARG, "unknown type %d", (int)config->type);
    if (config->precision != OAC_SINGLE && config->precision != OAC_DOUBLE)
        return oac_fail(OAC_ERR_ARG, "unknown precision %d", (int)config->precision);
    if (config->decimation == 0)
        return oac_fail(OAC_ERR_ARG, "decimation is 0; it must be at least 1");
    if (config->decimation > OAC_MAX_DECIMATION)
        return oac_fail(OAC_ERR_TOO_LARGE,
                        "decimation is %zu; at most %zu is possible",
                        config->decimation,
                        OAC_MAX_DECIMATION);
    if (config->hop > OAC_MAX_HOP || config->max_hop > OAC_MAX_HOP)
        return oac_fail(OAC_ERR_TOO_LARGE,
                        "a hop of %zu samples; at most %zu are possible",
                        config->hop > config->max_hop ? config->hop : config->max_hop,
                        OAC_MAX_HOP);
    if (config->hop % config->decimation)
        return oac_fail(OAC_ERR_ARG,
                        "a hop of %zu samples is no multiple of the decimation, %zu",
                        config->hop,
                        config->decimation);
    if (!config->n_fft != !config->segment || (config->n_fft && !config->hop))
        return oac_fail(OAC_ERR_ARG, "a plan is an n_fft, a segment and a hop, or none of them");
    f->setup.type = config->type;
    f->setup.precision = config->precision;
    f->setup.n_channels = config->n_channels ? config->n_channels : config->n_rows;
    f->setup.decimation = config->decimation;
    f->setup.hop = config->hop;
    f->setup.row_length = config->row_length;
    f->setup.n_fft = config->n_fft;
    f->setup.segment = config->segment;
    f->setup.means.batch = config->batch ? config->batch : default_batch;
    if (f->setup.means.batch > OAC_MAX_HOP) /* no longer call needs another plan */
        f->setup.means.batch = OAC_MAX_HOP;
    f->log = (struct log){config->log, config->log_context};
    atomic_init(&f->max_hop, config->max_hop);
    if (config->device < -1)
        return oac_fail(OAC_ERR_ARG,
                        "device is %d; it must be the number of a GPU, or -1 for any",
                        config->device);
    return OAC_OK;
}

/* Where threads are limited every filter would say so: once per process. */
static void tell_lack_of_threads_once(const oaconv *f, size_t n, size_t n_wanted)
{
    static atomic_flag told = ATOMIC_FLAG_INIT;
    if (f->log.function && !atomic_flag_test_and_set(&told))
        oac_log(&f->log,
                OAC_LOG_INFO,
                "the system gives no more threads (a limit of processes or memory): %zu of %zu "
                "share the channels, to the same samples",
                n,
                n_wanted);
}

/* Workers for M channels: never more than cores or channels. */
static oaconv_status make_pool(oaconv *f, size_t n_threads)
{
    struct setup *setup = &f->setup;
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
    if (setup->means.n_workers < n)
        tell_lack_of_threads_once(f, setup->means.n_workers, n);
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
    oac_tap_state_close_gpu(f->tap_state, &f->setup);
    f->setup.gpu = NULL;
}

/* Takes the faster of both, where a GPU need not be. */
static void compare_with_gpu(oaconv *f)
{
    double gpu_rate, cpu_rate;
    const char *cpu = f->setup.cpu->name;
    if (oac_gpu_or_cpu(f->tap_state, &f->setup, &gpu_rate, &cpu_rate) != OAC_OK) {
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

/* The state for the first taps, and whether a GPU filters with it. */
static oaconv_status make_first_state(oaconv *f, const struct taps *taps, bool gpu_required)
{
    const struct demand demand = {.max_hop = atomic_load(&f->max_hop),
                                  .gpu = gpu_required ? NEED_GPU : TRY_GPU};
    oaconv_status status = oac_tap_state_create(&f->tap_state, &f->setup, taps, &demand);
    if (status != OAC_OK || !f->setup.gpu || gpu_required)
        return status;
    if (f->tap_state->gpu_state) {
        compare_with_gpu(f);
    } else {
        tell_absence(f, f->tap_state->gpu_refusal);
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
        oac_tap_state_request(&f->setup, taps, atomic_load(&f->max_hop));
    oaconv_status status = oac_backend_choose(
        &choice, oac_wanted_backend(config->backend), &request, oac_tap_state_costs(&f->setup));
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

static oaconv_status build_filter(oaconv *f, const oaconv_config *config)
{
    oaconv_status status = check_config(config, f);
    if (status != OAC_OK)
        return status;
    struct taps taps;
    bool gpu_required = false;
    status = oac_taps_init(&taps,
                           f->setup.type,
                           f->setup.precision,
                           f->setup.n_channels,
                           config->rows,
                           config->n_rows);
    if (status != OAC_OK)
        return status;
    status = choose_backends(f, config, &taps, &gpu_required);
    if (status == OAC_OK)
        status = make_pool(f, config->threads);
    if (status == OAC_OK)
        status = make_first_state(f, &taps, gpu_required);
    if (status == OAC_OK)
        atomic_store(&f->owed, f->tap_state->plan.n_owed);
    oac_taps_free(&taps);
    return status;
}

oaconv_status oaconv_create(oaconv **filter, const oaconv_config *config)
{
    if (!filter || !config)
        return oac_fail(OAC_ERR_ARG, "oaconv_create: null pointer");
    *filter = NULL;
    oaconv_config known;
    oaconv_status status = oac_read_config(&known, config);
    if (status != OAC_OK)
        return status;
    oaconv *f = oac_alloc(1, sizeof *f);
    if (!f)
        return oac_fail(OAC_ERR_NO_MEMORY, "out of memory");
    pthread_mutex_init(&f->prepare_lock, NULL);
    atomic_init(&f->worker, 0);
    atomic_init(&f->preparer, 0);
    atomic_init(&f->prepared, NULL);
    atomic_init(&f->retired, NULL);
    atomic_init(&f->gpu_lost, false);
    f->finished = f->drained = true;
    status = build_filter(f, &known);
    if (status != OAC_OK) {
        oaconv_destroy(f);
        return status;
    }
    oac_forks_watch(f);
    *filter = f;
    return OAC_OK;
}

void oaconv_destroy(oaconv *f)
{
    if (!f)
        return;
    oac_forks_forget(f);
    if (f->cut_off)
        return; /* its memory may be half of one state and half of another: it is left alone */
    oac_free_retired(f);
    oac_tap_state_destroy(atomic_exchange(&f->prepared, NULL), &f->setup);
    oac_tap_state_destroy(f->tap_state, &f->setup);
    oac_pool_destroy(f->setup.pool);
    pthread_mutex_destroy(&f->prepare_lock);
    oac_free(f);
}
