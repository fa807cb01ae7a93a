/* SPDX-License-Identifier: GPL-3.0-or-later
 * Measures what the backends cost, by running them. */
#define _POSIX_C_SOURCE 200809L
#include "backend.h"
#include "cost_table.h"
#include "memory.h"

#include <math.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { TRIALS = 5 };
static const double trial_seconds = 40e-6;

/* A backend at work on one channel. */
struct run {
    const struct backend *backend;
    struct plan plan;
    void *state;
    float *samples; /* input, output and taps */
    const void *in;
    void *out;
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Blocks of N samples of which a quarter is tail, or half of it and K partitions. */
static struct plan block_plan(size_t n_fft, size_t n_partitions, size_t together)
{
    const size_t segment = n_partitions > 1 ? n_fft / 2 : n_fft * 3 / 4;
    const size_t partition = n_fft - segment;
    return (struct plan){.n_taps = partition * n_partitions,
                         .n_fft = n_fft,
                         .segment = segment,
                         .hop = segment * together,
                         .n_partitions = n_partitions,
                         .partition = partition};
}

static void end(struct run *run)
{
    run->backend->destroy(run->state);
    oac_free(run->samples);
}

/* Transforms of n complex points; false when memory is short. */
static bool begin(
    struct run *run, const struct backend *backend, oaconv_type type, size_t n, size_t n_partitions)
{
    const bool folded = type == OAC_REAL && backend->method == COST_FOLDED;
    const bool paired = type == OAC_REAL && backend->method == COST_PAIRS;
    *run = (struct run){.backend = backend,
                        .plan = block_plan(folded ? 2 * n : n, n_partitions, paired ? 2 : 1)};
    const size_t width = oac_sample_width(type), P = run->plan.n_taps;
    const size_t n_floats = (2 * run->plan.hop + P) * width;
    run->samples = oac_alloc(n_floats, sizeof *run->samples);
    if (!run->samples)
        return false;
    for (size_t i = 0; i < n_floats; i++)
        run->samples[i] = (float)((i * 2654435761u >> 16) % 1000) / 1000 - 0.5f;
    run->in = run->samples;
    run->out = run->samples + run->plan.hop * width;
    const oaconv_row row = {run->samples + 2 * run->plan.hop * width, P};
    struct taps taps;
    bool made = oac_taps_init(&taps, type, 1, &row, 1) == OAC_OK;
    made = made && backend->create(&run->state, &run->plan, &taps, 1) == OAC_OK;
    oac_taps_free(&taps);
    if (!made)
        end(run);
    return made;
}

static bool run_hops(struct run *run, size_t n)
{
    const struct share share = {.worker = 0, .first = 0, .end = 1};
    bool good = true;
    for (size_t i = 0; i < n; i++)
        good &= run->backend->run(run->state, &share, &run->in, &run->out, run->plan.hop) == OAC_OK;
    return good;
}

/* Nanoseconds for one hop, the least of several trials; infinite when it fails. */
static double
hop_time(const struct backend *backend, oaconv_type type, size_t n, size_t n_partitions)
{
    struct run run;
    if (!begin(&run, backend, type, n, n_partitions))
        return INFINITY;
    double start = now();
    bool good = run_hops(&run, 2 + n_partitions);
    const double first = (now() - start) / (double)(2 + n_partitions);
    const size_t n_hops = (size_t)fmax(1, trial_seconds / fmax(first, 1e-8));
    double best = INFINITY;
    for (int trial = 0; trial < TRIALS && good; trial++) {
        start = now();
        good = run_hops(&run, n_hops);
        best = fmin(best, (now() - start) / (double)n_hops);
    }
    end(&run);
    return good ? best * 1e9 : INFINITY;
}

/* Every size. */
static bool measure_blocks(const struct backend *backend, struct cost_table *table)
{
    bool good = true;
    for (int real = 0; real < 2; real++)
        for (int i = 0; i < N_COST_SIZES; i++) {
            double *block = &table->block[backend->method][real][i];
            *block = hop_time(backend, real ? OAC_REAL : OAC_COMPLEX, (size_t)64 << i, 1);
            good = good && isfinite(*block);
        }
    return good;
}

/* Two sizes, and the nominal table in between: FFTW takes its time to plan one. */
static bool measure_few_blocks(const struct backend *backend, struct cost_table *table)
{
    enum { SMALL = 2, LARGE = 6 };
    const struct cost_table *nominal = &oac_cost_nominal;
    bool good = true;
    for (int real = 0; real < 2; real++) {
        const oaconv_type type = real ? OAC_REAL : OAC_COMPLEX;
        const double *typical = nominal->block[backend->method][real];
        const double small = hop_time(backend, type, (size_t)64 << SMALL, 1) / typical[SMALL];
        const double large = hop_time(backend, type, (size_t)64 << LARGE, 1) / typical[LARGE];
        for (int i = 0; i < N_COST_SIZES; i++) {
            const double place = fmin(fmax((double)(i - SMALL) / (LARGE - SMALL), 0), 1);
            table->block[backend->method][real][i] = typical[i] * (small + (large - small) * place);
        }
        good = good && isfinite(small) && isfinite(large);
    }
    return good;
}

/* What a factor 3 or 5 costs more. */
static bool measure_penalty(const struct backend *backend, struct cost_table *table)
{
    double *penalty = &table->odd_penalty[backend->method];
    *penalty = 1;
    const size_t n = 3 * 256;
    const double expected = oac_cost_of_block(table, backend->method, false, n);
    *penalty = hop_time(backend, OAC_COMPLEX, n, 1) / expected;
    return isfinite(*penalty);
}

/* Partitions in the near cache, and so many that they are not. */
static bool measure_partitions(const struct backend *backend, struct cost_table *table)
{
    enum { FEW = 9 };
    const size_t n = 512, spectrum = n * 2 * sizeof(float);
    const size_t many = 4 * (size_t)table->near_bytes / spectrum;
    const double one = oac_cost_of_block(table, backend->method, true, n);
    const double few = hop_time(backend, OAC_REAL, n, FEW);
    const double all = hop_time(backend, OAC_REAL, n, many);
    table->product = fmax((few - one) / (double)(FEW * n), 0.01);
    const double far = (all - one) / (double)many - table->product * (double)n;
    table->far_byte = fmax(far / (double)(2 * spectrum), 0.001);
    return isfinite(few) && isfinite(all);
}

bool oac_cost_measure(struct cost_table *table)
{
    const char *why;
    *table = oac_cost_nominal;
    const long near = sysconf(_SC_LEVEL2_CACHE_SIZE);
    if (near >= 65536)
        table->near_bytes = (double)near;
    bool good = measure_few_blocks(&oac_backend_volk, table);
    if (good && oac_backend_simd.usable(&why))
        good = measure_blocks(&oac_backend_simd, table) &&
               measure_penalty(&oac_backend_simd, table) &&
               measure_partitions(&oac_backend_simd, table);
    return good;
}
