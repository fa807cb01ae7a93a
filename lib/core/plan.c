/* SPDX-License-Identifier: GPL-3.0-or-later
 * The cost of an overlap-add plan, and the search for the cheapest. */
#include "plan.h"

#include <math.h>

enum { SMALLEST_FFT = 16 };
static const size_t largest_fft = (size_t)1 << 30;

/* Bytes that the whole filter may spend on spectra and on one hop of signal, beyond the least that
 * the taps need. */
static const double spectra_budget = 1024.0 * 1024 * 1024;
static const double hop_budget = 64.0 * 1024 * 1024;

/* Speed of FFTW's complex transforms by the memory that one channel's work touches: two buffers
 * and a spectrum. Nominal caches and rates of a current x86-64 core with AVX. */
static const struct level {
    double bytes, gflops;
} levels[] = {{32 * 1024.0, 55}, {1024 * 1024.0, 30}, {16 * 1024 * 1024.0, 13}};
enum { N_LEVELS = sizeof levels / sizeof *levels };
static const double gflops_beyond = 7;
static const double spectrum_gbytes_per_s = 20; /* from L3, when L2 cannot hold all channels' */
static const double per_point = 0.6;            /* ns: product, load, overlap-add, store */
static const double per_segment = 60;           /* ns: calls and loops */

/* Nanoseconds for one segment: two transforms of N points and all that goes with them. */
static double segment_cost(const struct plan_request *request, size_t n_fft)
{
    const double n = (double)n_fft, complex_bytes = 2 * sizeof(float);
    double gflops = gflops_beyond;
    for (int i = N_LEVELS - 1; i >= 0; i--)
        if (3 * complex_bytes * n <= levels[i].bytes)
            gflops = levels[i].gflops;
    double cost = per_segment + n * per_point + 2 * 5 * n * log2(n) / gflops;
    if ((double)request->n_rows * complex_bytes * n > levels[1].bytes)
        cost += complex_bytes * n / spectrum_gbytes_per_s;
    return cost;
}

/* Segments that travel in one transform. */
static size_t segments_per_fft(oaconv_type type)
{
    return type == OAC_REAL ? 2 : 1;
}

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

/* The longest hop the plan may choose. */
static size_t hop_bound(const struct plan_request *request)
{
    const double sample_bytes =
        (request->type == OAC_REAL ? 1 : 2) * sizeof(float) * (double)request->n_channels;
    size_t bound = most(4 * request->n_taps, 512);
    bound = least(bound, OAC_MAX_HOP);
    bound = least(bound, most((size_t)(hop_budget / sample_bytes), 64));
    if (request->max_hop)
        bound = least(bound, request->max_hop);
    return bound;
}

/* A segment that fits N points and, times the segments of one transform, the bound. */
static size_t free_segment(const struct plan_request *request, size_t n_fft, size_t bound)
{
    size_t segment = n_fft - request->n_taps + 1;
    segment = least(segment, most(bound / segments_per_fft(request->type), 1));
    return segment >= 64 ? segment / 16 * 16 : segment; /* whole vectors */
}

static struct plan plan_of_size(const struct plan_request *request, size_t n_fft)
{
    const size_t together = segments_per_fft(request->type);
    struct plan plan = {.n_taps = request->n_taps, .n_fft = n_fft};
    if (request->hop) {
        const size_t fits = together * (n_fft - request->n_taps + 1);
        const size_t n_segments = together * divide_up(request->hop, fits);
        plan.hop = request->hop;
        plan.segment = divide_up(request->hop, n_segments);
    } else {
        plan.segment = free_segment(request, n_fft, hop_bound(request));
        plan.hop = least(together * plan.segment, hop_bound(request));
    }
    const size_t n_ffts = divide_up(plan.hop, together * plan.segment);
    plan.cost = (double)n_ffts * segment_cost(request, n_fft) / (double)plan.hop;
    return plan;
}

enum { N_FACTORS = 3, N_POWERS = 27, MOST_CANDIDATES = N_FACTORS * N_POWERS };

/* One plan for every FFT size worth a thought, 1, 3 and 5 times a power of two, from P on. */
static size_t list_candidates(const struct plan_request *request, struct plan *list)
{
    static const size_t factors[N_FACTORS] = {1, 3, 5};
    size_t n = 0;
    for (size_t power = SMALLEST_FFT; power <= largest_fft; power *= 2)
        for (size_t i = 0; i < N_FACTORS; i++) {
            const size_t n_fft = factors[i] * power;
            if (n_fft < request->n_taps || n_fft > largest_fft)
                continue;
            const double spectra = (double)n_fft * (double)request->n_rows * 2 * sizeof(float);
            if (spectra > spectra_budget && n_fft > 4 * request->n_taps)
                continue;
            list[n++] = plan_of_size(request, n_fft);
        }
    return n;
}

static bool cheaper(const struct plan *a, const struct plan *b)
{
    return a->cost < b->cost;
}

static bool shorter(const struct plan *a, const struct plan *b)
{
    return a->hop != b->hop ? a->hop < b->hop : a->n_fft < b->n_fft;
}

void oac_plan_init(struct plan *plan, const struct plan_request *request)
{
    struct plan list[MOST_CANDIDATES];
    const size_t n = list_candidates(request, list);
    *plan = list[0];
    for (size_t i = 1; i < n; i++)
        if (cheaper(&list[i], plan))
            *plan = list[i];
    if (!request->hop) {
        const double limit = 1.1 * plan->cost;
        for (size_t i = 0; i < n; i++)
            if (list[i].cost <= limit && shorter(&list[i], plan))
                *plan = list[i];
    }
}
