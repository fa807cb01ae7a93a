/* SPDX-License-Identifier: GPL-3.0-or-later
 * Sizes by the bytes they move: a GPU does more arithmetic than its memory can feed. */
#include "gpu_plan.h"

static const size_t largest_fft = (size_t)1 << 29;

/* How much more than the least a plan with a shorter transform may move. */
static const double near_best = 1.02;

/* Points that cuFFT is taken to transform in one kernel. */
static const size_t longest_single_pass = 8192;

/* Points below which the rows of a copy and the blocks of a kernel are short, where calls are
 * longer. */
static const size_t shortest_worth_it = 1024;

/* Bytes below which a copy is mostly the call itself. */
static const size_t worth_a_copy = 256 * 1024;

static size_t divide_up(size_t a, size_t b)
{
    return (a + b - 1) / b;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t most(size_t a, size_t b)
{
    return a > b ? a : b;
}

static size_t width(const struct gpu_shape *shape)
{
    return shape->real ? 1 : 2;
}

/* The longest segment, whole lines of memory where that costs little. */
static size_t segment_of(const struct gpu_shape *shape, size_t n_fft)
{
    const size_t segment = n_fft - shape->n_taps + 1;
    return segment >= 512 ? segment / 32 * 32 : segment;
}

double oac_gpu_bytes_per_sample(const struct gpu_shape *shape, size_t n_fft, size_t n)
{
    const size_t n_segments = divide_up(n, segment_of(shape, n_fft));
    const double transformed = (double)n_fft * (double)n_segments / (double)n;
    const double passes = n_fft > longest_single_pass ? 28 + 16 : 28;
    return (double)width(shape) * (12 + passes * transformed);
}

/* Whether a segment is not a sliver beside the taps. */
static bool is_worth_it(const struct gpu_shape *shape, size_t n_fft)
{
    return n_fft >= shape->n_taps + shape->n_taps / 4 &&
           (n_fft >= shortest_worth_it || n_fft >= shape->batch + shape->n_taps - 1 ||
            shape->batch < shortest_worth_it);
}

static size_t choose_fft(const struct gpu_shape *shape)
{
    static const size_t factors[] = {1, 3, 5};
    enum { N_FACTORS = sizeof factors / sizeof *factors };
    size_t chosen = 0;
    double fewest = 0;
    for (int pass = 0; pass < 2; pass++) /* the fewest bytes, then the shortest near them */
        for (size_t power = 64; power <= largest_fft; power *= 2)
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

/* Segments of a unit: as many as stay in half the cache on their way through the device, but units
 * short enough that a usual call fills all slots, and long enough to be worth a copy. */
static size_t choose_segments(const struct gpu_plan *plan, const struct gpu_shape *shape)
{
    const size_t in_call = divide_up(shape->batch, plan->segment);
    const size_t cached =
        shape->cache / 2 / (shape->n_channels * (2 * block_bytes(plan) + spectrum_bytes(plan)));
    const size_t copied = shape->n_channels * plan->segment * plan->width * sizeof(float);
    const size_t overlapped = most(divide_up(in_call, MOST_SLOTS), divide_up(worth_a_copy, copied));
    return most(least(least(cached, overlapped), in_call), 1);
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
    const size_t n_fft = choose_fft(shape);
    *plan = (struct gpu_plan){.width = width(shape),
                              .n_fft = n_fft,
                              .segment = segment_of(shape, n_fft),
                              .n_bins = shape->real ? n_fft / 2 + 1 : n_fft};
    oac_gpu_plan_limit(plan, choose_segments(plan, shape));
    const size_t in_call = divide_up(shape->batch, plan->segment);
    plan->n_slots = in_call > 2 * plan->n_segments ? MOST_SLOTS : 2;
}

/* Samples that come out of the longest unit. */
static size_t out_length(const struct gpu_plan *plan, const struct gpu_shape *shape)
{
    return plan->n_segments * plan->segment + shape->n_taps - 1;
}

size_t oac_gpu_plan_device_bytes(const struct gpu_plan *plan, const struct gpu_shape *shape)
{
    const size_t blocks = plan->n_segments * (2 * block_bytes(plan) + spectrum_bytes(plan));
    const size_t out = out_length(plan, shape) * plan->width * sizeof(float);
    return plan->n_slots * shape->n_channels * (blocks + out) +
           shape->n_rows * spectrum_bytes(plan) + shape->n_channels * sizeof(int);
}

size_t oac_gpu_plan_pinned_bytes(const struct gpu_plan *plan, const struct gpu_shape *shape)
{
    const size_t samples = plan->n_segments * plan->segment + out_length(plan, shape);
    return plan->n_slots * shape->n_channels * samples * plan->width * sizeof(float);
}
