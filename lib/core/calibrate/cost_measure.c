/* SPDX-License-Identifier: GPL-3.0-or-later
 * Measures what the backends cost, by running them. */
#define _POSIX_C_SOURCE 200809L
#include "backends/backend.h"
#include "backends/simd/twiddles.h"
#include "base/clock.h"
#include "base/memory.h"
#include "calibrate/cost_table.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

enum { ROUNDS = 5, HOPS_A_CALL = 4, LONG_HOP = 8192 };
static const double trial_seconds = 30e-6;

/* A backend at work on one channel. */
struct run {
    const struct backend *backend;
    struct plan plan;
    void *state;
    float *samples; /* input, output and taps */
    const void *in;
    void *out;
    size_t n_hops;  /* in a call */
    size_t n_calls; /* in a trial */
    double best;    /* seconds for a call */
};

/* Blocks of N samples of which a quarter is tail, or half of it and K partitions. */
static struct plan block_plan(size_t n_fft, size_t n_partitions, size_t together)
{
    const size_t segment = n_partitions > 1 ? n_fft / 2 : n_fft * 3 / 4;
    const size_t partition = n_fft - segment;
    struct plan plan = oac_plan_of_taps(partition * n_partitions, 1);
    plan.n_fft = n_fft;
    plan.segment = segment;
    plan.hop = segment * together;
    plan.n_partitions = n_partitions;
    plan.partition = partition;
    return plan;
}

static void end(struct run *run)
{
    if (run->backend)
        run->backend->destroy(run->state);
    oac_free(run->samples);
}

/* Transforms of n complex points; false when memory is short. To be ended in any case. */
static bool begin(struct run *run,
                  const struct backend *backend,
                  oaconv_type type,
                  size_t n_points,
                  size_t n_partitions)
{
    const bool folded = type == OAC_REAL && backend->method == COST_FOLDED;
    const bool paired = type == OAC_REAL && backend->method == COST_PAIRS;
    *run = (struct run){
        .backend = backend,
        .plan = block_plan(folded ? 2 * n_points : n_points, n_partitions, paired ? 2 : 1)};
    const size_t width = oac_sample_width(type), P = run->plan.n_taps;
    run->n_hops = run->plan.hop < LONG_HOP ? HOPS_A_CALL : 1;
    const size_t n = run->n_hops * run->plan.hop, n_floats = (2 * n + P) * width;
    run->samples = oac_alloc(n_floats, sizeof *run->samples);
    if (!run->samples)
        return false;
    for (size_t i = 0; i < n_floats; i++)
        run->samples[i] = (float)((i * 2654435761u >> 16) % 1000) / 1000 - 0.5f;
    run->in = run->samples;
    run->out = run->samples + n * width;
    const oaconv_row row = {run->samples + 2 * n * width, P};
    struct taps taps;
    bool made = oac_taps_init(&taps, type, OAC_SINGLE, 1, &row, 1) == OAC_OK;
    const struct means means = {.n_workers = 1};
    made = made && backend->create(&run->state, &run->plan, &taps, &means) == OAC_OK;
    oac_taps_free(&taps);
    return made;
}

/* Seconds for one call; infinite when one fails. */
static double time_calls(struct run *run, size_t n)
{
    const struct share share = {.worker = 0, .first = 0, .end = 1};
    const size_t n_samples = run->n_hops * run->plan.hop;
    bool good = true;
    const double start = oac_now();
    for (size_t i = 0; i < n; i++)
        good &= run->backend->run(run->state, &share, &run->in, &run->out, n_samples) == OAC_OK;
    return good ? (oac_now() - start) / (double)n : INFINITY;
}

/* Those that were begun take turns, so that whatever else the machine does meets all of them; the
 * best time of each is kept. */
static void time_runs(struct run *runs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!runs[i].backend)
            continue;
        time_calls(&runs[i], 1 + runs[i].plan.n_partitions / runs[i].n_hops);
        runs[i].best = time_calls(&runs[i], 1);
        runs[i].n_calls = (size_t)fmax(1, trial_seconds / fmax(runs[i].best, 1e-8));
    }
    for (int round = 0; round < ROUNDS; round++)
        for (size_t i = 0; i < n; i++)
            if (runs[i].backend)
                runs[i].best = fmin(runs[i].best, time_calls(&runs[i], runs[i].n_calls));
}

/* Nanoseconds for one hop of every run, which end; false when memory is short. */
static bool measure_runs(struct run *runs, size_t n, bool made, double *nanoseconds)
{
    if (made)
        time_runs(runs, n);
    for (size_t i = 0; i < n; i++) {
        nanoseconds[i] = runs[i].backend ? runs[i].best * 1e9 / (double)runs[i].n_hops : 0;
        made = made && isfinite(nanoseconds[i]);
        end(&runs[i]);
    }
    return made;
}

/* Sizes that have no transform, all of them small, cost what lies between their neighbours. */
static void fill_gaps(double *block)
{
    for (int i = 1; i < N_COST_SIZES - 1; i++)
        if (!oac_simd_fft_exists(oac_cost_size(i))) {
            int next = i + 1;
            while (!oac_simd_fft_exists(oac_cost_size(next)))
                next++;
            const double low = (double)oac_cost_size(i - 1);
            const double share =
                ((double)oac_cost_size(i) - low) / ((double)oac_cost_size(next) - low);
            block[i] = block[i - 1] + share * (block[next] - block[i - 1]);
        }
}

/* Every size; with real signals also partitions, in the near cache and so many that they are not.
 */
static bool measure_folded(struct cost_table *table, bool is_real)
{
    enum { FEW = N_COST_SIZES, MORE, MANY, N_RUNS };
    enum { N_FEW = 9, N_MORE = 33, LEAST = 64, MOST = 2048 }; /* partitions */
    const size_t n = 512, spectrum = n * 2 * sizeof(float);
    const size_t beyond_near = (size_t)(2 * table->near_bytes) / spectrum;
    const size_t n_many = beyond_near < LEAST ? LEAST : beyond_near > MOST ? MOST : beyond_near;
    const struct backend *simd = &oac_backend_simd;
    const oaconv_type type = is_real ? OAC_REAL : OAC_COMPLEX;
    struct run runs[N_RUNS] = {{0}};
    double cost[N_RUNS], *block = table->block[COST_FOLDED][is_real];
    bool made = !is_real || (begin(&runs[FEW], simd, type, n, N_FEW) &&
                             begin(&runs[MORE], simd, type, n, N_MORE) &&
                             begin(&runs[MANY], simd, type, n, n_many));
    for (int i = 0; i < N_COST_SIZES && made; i++)
        if (oac_simd_fft_exists(oac_cost_size(i)))
            made = begin(&runs[i], simd, type, oac_cost_size(i), 1);
    if (!measure_runs(runs, N_RUNS, made, cost))
        return false;
    memcpy(block, cost, N_COST_SIZES * sizeof *block);
    fill_gaps(block);
    if (is_real) {
        table->product = fmax((cost[MORE] - cost[FEW]) / (double)((N_MORE - N_FEW) * n), 0.01);
        const double near = cost[MORE] + (double)((n_many - N_MORE) * n) * table->product;
        const double far_bytes = (double)(2 * spectrum * n_many);
        table->far_byte = fmax((cost[MANY] - near) / far_bytes, 0.001);
    }
    return true;
}

/* Two sizes, to which the nominal costs that the table still holds are fitted: FFTW takes its time
 * to plan one. */
static bool measure_pairs(struct cost_table *table, bool is_real)
{
    enum { SMALL = 256, LARGE = 4096 };
    const struct backend *volk = &oac_backend_volk_single;
    const oaconv_type type = is_real ? OAC_REAL : OAC_COMPLEX;
    double *block = table->block[COST_PAIRS][is_real];
    struct run runs[2] = {{0}};
    double cost[2];
    const bool made =
        begin(&runs[0], volk, type, SMALL, 1) && begin(&runs[1], volk, type, LARGE, 1);
    if (!measure_runs(runs, 2, made, cost))
        return false;
    const double small = cost[0] / oac_cost_of_block(table, COST_PAIRS, is_real, SMALL);
    const double large = cost[1] / oac_cost_of_block(table, COST_PAIRS, is_real, LARGE);
    for (int i = 0; i < N_COST_SIZES; i++) {
        const double octaves = log2((double)oac_cost_size(i) / SMALL);
        const double place = fmin(fmax(octaves / log2(LARGE / SMALL), 0), 1);
        block[i] *= small + (large - small) * place;
    }
    return true;
}

bool oac_cost_measure(struct cost_table *table)
{
    const char *why;
    oac_cost_set_nominal(table);
    const long near = sysconf(_SC_LEVEL2_CACHE_SIZE);
    if (near >= 65536)
        table->near_bytes = (double)near;
    bool good = measure_pairs(table, false) && measure_pairs(table, true);
    if (oac_backend_simd.usable(&why))
        good = good && measure_folded(table, false) && measure_folded(table, true);
    return good;
}
