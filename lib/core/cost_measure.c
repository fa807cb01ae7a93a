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

enum { ROUNDS = 5, HOPS_A_CALL = 4 };
static const double trial_seconds = 30e-6;

/* A backend at work on one channel. */
struct run {
    const struct backend *backend;
    struct plan plan;
    void *state;
    float *samples; /* input, output and taps */
    const void *in;
    void *out;
    size_t n_calls; /* in a trial; of HOPS_A_CALL hops */
    double best;    /* seconds for a call */
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
    const size_t n = HOPS_A_CALL * run->plan.hop, n_floats = (2 * n + P) * width;
    run->samples = oac_alloc(n_floats, sizeof *run->samples);
    if (!run->samples)
        return false;
    for (size_t i = 0; i < n_floats; i++)
        run->samples[i] = (float)((i * 2654435761u >> 16) % 1000) / 1000 - 0.5f;
    run->in = run->samples;
    run->out = run->samples + n * width;
    const oaconv_row row = {run->samples + 2 * n * width, P};
    struct taps taps;
    bool made = oac_taps_init(&taps, type, 1, &row, 1) == OAC_OK;
    made = made && backend->create(&run->state, &run->plan, &taps, 1) == OAC_OK;
    oac_taps_free(&taps);
    return made;
}

/* Seconds for one call; infinite when one fails. */
static double time_calls(struct run *run, size_t n)
{
    const struct share share = {.worker = 0, .first = 0, .end = 1};
    const size_t n_samples = HOPS_A_CALL * run->plan.hop;
    bool good = true;
    const double start = now();
    for (size_t i = 0; i < n; i++)
        good &= run->backend->run(run->state, &share, &run->in, &run->out, n_samples) == OAC_OK;
    return good ? (now() - start) / (double)n : INFINITY;
}

/* Runs take turns, so that whatever else the machine does meets all of them; the best time of each
 * is kept. */
static void race(struct run *runs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        time_calls(&runs[i], 1 + runs[i].plan.n_partitions / HOPS_A_CALL);
        runs[i].best = time_calls(&runs[i], 1);
        runs[i].n_calls = (size_t)fmax(1, trial_seconds / fmax(runs[i].best, 1e-8));
    }
    for (int round = 0; round < ROUNDS; round++)
        for (size_t i = 0; i < n; i++)
            runs[i].best = fmin(runs[i].best, time_calls(&runs[i], runs[i].n_calls));
}

/* Nanoseconds for one hop of every run, which end; false when memory is short. */
static bool race_to_the_end(struct run *runs, size_t n, bool made, double *nanoseconds)
{
    if (made)
        race(runs, n);
    for (size_t i = 0; i < n; i++) {
        nanoseconds[i] = runs[i].best * 1e9 / HOPS_A_CALL;
        made = made && isfinite(nanoseconds[i]);
        end(&runs[i]);
    }
    return made;
}

/* Every size, a size with a factor 3, and partitions: in the near cache, and so many that they are
 * not. */
static bool measure_folded(struct cost_table *table)
{
    enum { ODD = N_COST_SIZES, FEW, MANY, N_RUNS, N_FEW = 9 };
    const size_t odd_points = 3 * 256, points = 512, spectrum = points * 2 * sizeof(float);
    const size_t n_many = 4 * (size_t)table->near_bytes / spectrum;
    const struct backend *simd = &oac_backend_simd;
    for (int real = 0; real < 2; real++) {
        const oaconv_type type = real ? OAC_REAL : OAC_COMPLEX;
        struct run runs[N_RUNS] = {{0}};
        double cost[N_RUNS];
        bool made = true;
        for (int i = 0; i < N_COST_SIZES && made; i++)
            made = begin(&runs[i], simd, type, (size_t)64 << i, 1);
        made = made && begin(&runs[ODD], simd, type, odd_points, 1) &&
               begin(&runs[FEW], simd, type, points, N_FEW) &&
               begin(&runs[MANY], simd, type, points, n_many);
        if (!race_to_the_end(runs, N_RUNS, made, cost))
            return false;
        for (int i = 0; i < N_COST_SIZES; i++)
            table->block[COST_FOLDED][real][i] = cost[i];
        table->odd_penalty[COST_FOLDED] = 1;
        const double even = oac_cost_of_block(table, COST_FOLDED, real, odd_points);
        const double one = oac_cost_of_block(table, COST_FOLDED, real, points);
        table->odd_penalty[COST_FOLDED] = fmax(cost[ODD] / even, 1);
        table->product = fmax((cost[FEW] - one) / (double)(N_FEW * points), 0.01);
        const double far = (cost[MANY] - one) / (double)n_many - table->product * (double)points;
        table->far_byte = fmax(far / (double)(2 * spectrum), 0.001);
    }
    return true;
}

/* Two sizes, and the nominal table in between: FFTW takes its time to plan one. */
static bool measure_pairs(struct cost_table *table)
{
    enum { SMALL = 2, LARGE = 6 };
    for (int real = 0; real < 2; real++) {
        const oaconv_type type = real ? OAC_REAL : OAC_COMPLEX;
        const double *typical = oac_cost_nominal.block[COST_PAIRS][real];
        struct run runs[2] = {{0}};
        double cost[2];
        const bool made = begin(&runs[0], &oac_backend_volk, type, (size_t)64 << SMALL, 1) &&
                          begin(&runs[1], &oac_backend_volk, type, (size_t)64 << LARGE, 1);
        if (!race_to_the_end(runs, 2, made, cost))
            return false;
        const double small = cost[0] / typical[SMALL], large = cost[1] / typical[LARGE];
        for (int i = 0; i < N_COST_SIZES; i++) {
            const double place = fmin(fmax((double)(i - SMALL) / (LARGE - SMALL), 0), 1);
            table->block[COST_PAIRS][real][i] = typical[i] * (small + (large - small) * place);
        }
    }
    return true;
}

bool oac_cost_measure(struct cost_table *table)
{
    const char *why;
    *table = oac_cost_nominal;
    const long near = sysconf(_SC_LEVEL2_CACHE_SIZE);
    if (near >= 65536)
        table->near_bytes = (double)near;
    return measure_pairs(table) && (!oac_backend_simd.usable(&why) || measure_folded(table));
}
