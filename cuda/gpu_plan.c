/* SPDX-License-Identifier: GPL-3.0-or-later
 * Sizes by the bytes they move: a GPU does more arithmetic than its memory can feed. */
#include "gpu_plan.h"

#include "base/sizes.h"

static const size_t largest_fft = (size_t)1 << 29;

/* Where it decimates by much, even a short block takes a long piece of the signal. */
static const size_t smallest_fft = 64, smallest_fft_of_branches = 8;

/* How much more than the least a plan with a shorter transform may move. */
static const double near_best = 1.02;

/* Points that cuFFT is taken to transform in one kernel. */
static const size_t longest_single_pass = 8192;

/* Points below which the rows of a copy and the blocks of a kernel are short, where calls are
 * longer. */
static const size_t shortest_worth_it = 1024;

/* Bytes below which a copy is mostly the call itself. */
static const size_t worth_a_copy = 256 * 1024;

static size_t width(const struct gpu_shape *shape)
{
    return shape->real ? 1 : 2;
}

static size_t owed(const struct gpu_shape *shape)
{
    return oac_divide_up(shape->n_taps - 1, shape->decimation);
}

/* The longest segment, whole lines of memory where that costs little. */
static size_t segment_of(const struct gpu_shape *shape, size_t n_fft)
{
    const size_t segment = n_fft - owed(shape);
    return segment >= 512 ? segment / 32 * 32 : segment;
}

double oac_gpu_bytes_per_sample(const struct gpu_shape *shape, size_t n_fft, size_t n)
{
    const size_t D = shape->decimation, n_segments = oac_divide_up(n, D * segment_of(shape, n_fft));
    const double B = (double)oac_least(D, shape->n_taps), split = D > 1 ? 4 : 0;
    const double transformed = (double)n_fft * (double)n_segments / (double)n;
    const double twice = n_fft > longest_single_pass ? 8 * (B + 1) : 0;
    const double per_point = (12 + split) * B + 16 + twice;
    return (double)width(shape) * (4 + split + 8 / (double)D + per_point * transformed);
}

/* Whether a segment is not a sliver beside the taps. */
static bool is_worth_it(const struct gpu_shape *shape, size_t n_fft)
{
    const size_t n_taps = oac_divide_up(shape->n_taps, shape->decimation); /* of a branch */
    const size_t batch = oac_divide_up(shape->batch, shape->decimation);   /* out of a usual call */
    return n_fft >= n_taps + n_taps / 4 &&
           (n_fft >= shortest_worth_it || n_fft >= batch + owed(shape) ||
            batch < shortest_worth_it);
}

static size_t choose_fft(const struct gpu_shape *shape)
{
    static const size_t factors[] = {1, 3, 5};
    enum { N_FACTORS = sizeof factors / sizeof *factors };
    const size_t smallest = shape->decimation > 1 ? smallest_fft_of_branches : smallest_fft;
    size_t chosen = 0;
    double fewest = 0;
    for (int pass = 0; pass < 2; pass++) /* the fewest bytes, then the shortest near them */
        for (size_t power = smallest; power <= largest_fft; power *= 2)
            for (size_t i = 0; i < N_FACTORS; i++) {
                const size_t n_fft = factors[i] * power;
                if (!is_worth_it(shape, n_fft))
                    continue;
                const double bytes = oac_gpu_bytes_per_sample(shape, n_fft, shape->batch);
                const bool better =
                    !chosen ||
                    (pass == 0 ? bytes < fewest : n_fft < chosen && bytes <= near_best * fewest);
                if (better)
                    chosen = n_fft;
                if (better && pass == 0)
                    fewest = bytes;
            }
    return chosen;
}

static size_t block_bytes(const struct gpu_plan *plan)
{
    return plan->n_fft * plan->width * sizeof(float);
}

static size_t spectrum_bytes(const struct gpu_plan *plan)
{
    return plan->n_bins * 2 * sizeof(float);
}

/* What one segment of a channel takes on the device: the samples that are split into branches, if
 * there are any to split, the branches, their spectra, and the response. */
static size_t segment_bytes(const struct gpu_plan *plan)
{
    const size_t split = plan->decimation > 1 ? oac_gpu_plan_input(plan, 1) : 0;
    return split * plan->width * sizeof(float) +
           plan->n_branches * (block_bytes(plan) + spectrum_bytes(plan)) + block_bytes(plan);
}

size_t oac_gpu_plan_input(const struct gpu_plan *plan, size_t n_segments)
{
    return n_segments * plan->decimation * plan->segment;
}

/* Segments of a unit: as many as stay in half the cache on their way through the device, but units
 * short enough that a usual call fills all slots, and long enough to be worth a copy. */
static size_t choose_segments(const struct gpu_plan *plan, const struct gpu_shape *shape)
{
    const size_t in_call = oac_divide_up(shape->batch, oac_gpu_plan_input(plan, 1));
    const size_t cached = shape->cache / 2 / (shape->n_channels * segment_bytes(plan));
    const size_t copied =
        shape->n_channels * oac_gpu_plan_input(plan, 1) * plan->width * sizeof(float);
    const size_t overlapped =
        oac_most(oac_divide_up(in_call, MOST_SLOTS), oac_divide_up(worth_a_copy, copied));
    return oac_most(oac_least(oac_least(cached, overlapped), in_call), 1);
}

void oac_gpu_plan_limit(struct gpu_plan *plan, size_t n_segments)
{
    const size_t units[MOST_UNITS] = {1, n_segments / 4, n_segments};
    plan->n_segments = n_segments;
    plan->n_units = 0;
    for (size_t i = 0; i < MOST_UNITS; i++)
        if (units[i] > (plan->n_units ? plan->units[plan->n_units - 1] : 0))
            plan->units[plan->n_units++] = units[i];
}

void oac_gpu_plan_init(struct gpu_plan *plan, const struct gpu_shape *shape)
{
    const size_t n_fft = choose_fft(shape), segment = segment_of(shape, n_fft);
    const size_t n_branches = oac_least(shape->decimation, shape->n_taps);
    *plan = (struct gpu_plan){.width = width(shape),
                              .decimation = shape->decimation,
                              .n_branches = n_branches,
                              .n_owed = owed(shape),
                              .n_fft = n_fft,
                              .segment = segment,
                              .branch_length = segment + (n_branches > 1),
                              .n_bins = shape->real ? n_fft / 2 + 1 : n_fft};
    oac_gpu_plan_limit(plan, choose_segments(plan, shape));
    const size_t in_call = oac_divide_up(shape->batch, oac_gpu_plan_input(plan, 1));
    plan->n_slots = in_call > 2 * plan->n_segments ? MOST_SLOTS : 2;
}

size_t oac_gpu_plan_output(const struct gpu_plan *plan)
{
    return plan->n_segments * plan->segment + plan->n_owed;
}

size_t oac_gpu_plan_device_bytes(const struct gpu_plan *plan, const struct gpu_shape *shape)
{
    const size_t blocks = plan->n_segments * segment_bytes(plan);
    const size_t out = oac_gpu_plan_output(plan) * plan->width * sizeof(float);
    return plan->n_slots * shape->n_channels * (blocks + out) +
           shape->n_rows * plan->n_branches * spectrum_bytes(plan) +
           shape->n_channels * sizeof(int);
}

size_t oac_gpu_plan_pinned_bytes(const struct gpu_plan *plan, const struct gpu_shape *shape)
{
    const size_t samples = oac_gpu_plan_input(plan, plan->n_segments) + oac_gpu_plan_output(plan);
    return plan->n_slots * shape->n_channels * samples * plan->width * sizeof(float);
}
