/* SPDX-License-Identifier: GPL-3.0-or-later
 * GPU or CPU: both filter the same calls for a moment. */
#define _POSIX_C_SOURCE 200809L /* clock_gettime */
#include "gpu_or_cpu.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"

static const double compare_time = 10e-3; /* seconds for each of the two */
static const int fewest_calls = 3;
static const size_t most_bytes = (size_t)64 << 20;

/* Random samples in, and room for what comes out: M rows of n. In single precision: there are no
 * GPUs in double. */
struct track {
    size_t n;
    float *samples; /* [2][M][n] */
    void **rows;    /* [2][M] */
};

/* Whole hops, about as long as a usual call. */
static size_t call_length(const struct tap_state *s, const struct setup *setup)
{
    const size_t sample = oac_sample_width(setup->type) * sizeof(float);
    size_t n = most_bytes / (2 * sample * setup->n_channels);
    if (n > setup->means.batch)
        n = setup->means.batch;
    n -= n % s->plan.hop;
    return n > 0 ? n : s->plan.hop;
}

static void track_free(struct track *track)
{
    oac_free(track->samples);
    oac_free(track->rows);
}

static bool track_init(struct track *track, const struct tap_state *s, const struct setup *setup)
{
    const size_t M = setup->n_channels;
    const size_t n_floats = (track->n = call_length(s, setup)) * oac_sample_width(setup->type);
    track->samples = oac_alloc(2 * M, n_floats * sizeof *track->samples);
    track->rows = oac_alloc(2 * M, sizeof *track->rows);
    if (!track->samples || !track->rows)
        return false;
    uint32_t random = 1; /* Numerical Recipes' linear congruential generator */
    for (size_t i = 0; i < M * n_floats; i++) {
        random = random * 1664525u + 1013904223u;
        track->samples[i] = (float)random * 0x1p-31f - 1;
    }
    for (size_t m = 0; m < 2 * M; m++)
        track->rows[m] = track->samples + m * n_floats;
    return true;
}

typedef oaconv_status
run_function(const struct tap_state *, const struct setup *, const struct call *);

/* The best of several calls, the first of which only warms up. */
static oaconv_status measure_rate(run_function *run,
                                  const struct tap_state *s,
                                  const struct setup *setup,
                                  const struct track *track,
                                  double *rate)
{
    const struct call call = {.in = (const void *const *)track->rows,
                              .out = track->rows + setup->n_channels,
                              .n = track->n};
    double best = 0, begin = oac_now();
    for (int i = -1; i < fewest_calls || oac_now() - begin < compare_time; i++) {
        const double start = oac_now();
        oaconv_status status = run(s, setup, &call);
        if (status != OAC_OK)
            return status;
        const double speed = 1 / (oac_now() - start);
        if (i >= 0 && speed > best)
            best = speed;
        if (i < 0)
            begin = oac_now();
    }
    *rate = best * (double)track->n * (double)setup->n_channels;
    return OAC_OK;
}

oaconv_status oac_gpu_or_cpu(const struct tap_state *s,
                             const struct setup *setup,
                             double *gpu_rate,
                             double *cpu_rate)
{
    struct track track = {0};
    oaconv_status status = track_init(&track, s, setup) ? OAC_OK : OAC_ERR_NO_MEMORY;
    if (status != OAC_OK)
        (void)oac_fail(status, "out of memory to compare GPU and CPU");
    if (status == OAC_OK)
        status = measure_rate(oac_tap_state_run_gpu, s, setup, &track, gpu_rate);
    if (status == OAC_OK)
        status = measure_rate(oac_tap_state_run_cpu, s, setup, &track, cpu_rate);
    setup->gpu->drain(s->gpu_state, NULL, 0);
    setup->cpu->drain(s->cpu_state, NULL, 0);
    track_free(&track);
    return status;
}
