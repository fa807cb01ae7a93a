/* SPDX-License-Identifier: GPL-3.0-or-later
 * The cost of an overlap-add plan, and the search for the cheapest. */
#include "plan/plan.h"
#include "base/sizes.h"

#include <stdio.h>

static const size_t largest_fft = (size_t)1 << 30;

/* Bytes that the whole filter may spend on spectra and on one hop of signal, beyond the least that
 * the taps need. */
static const double spectra_budget = 1024.0 * 1024 * 1024;
static const double hop_budget = 64.0 * 1024 * 1024;

/* Partitions that a plan takes without being forced to by its hop. */
static const size_t most_free_partitions = 8;

static bool is_for_real_samples(const struct plan_request *request)
{
    return request->type == OAC_REAL;
}

static size_t point_bytes(const struct plan_request *request)
{
    return 2 * oac_element_bytes(request->precision);
}

/* Costs are measured in single precision. A vector holds half as many doubles, and a point is twice
 * the bytes: an estimate. */
static double precision_cost(const struct plan_request *request)
{
    return request->precision == OAC_DOUBLE ? 2 : 1;
}

/* Segments that travel in one transform. */
static size_t segments_per_fft(const struct plan_request *request)
{
    return is_for_real_samples(request) && request->method == COST_PAIRS ? 2 : 1;
}

/* Samples of a block for every complex point of its transform. */
static size_t samples_per_point(const struct plan_request *request)
{
    return is_for_real_samples(request) && request->method == COST_FOLDED ? 2 : 1;
}

static size_t points(const struct plan_request *request, size_t n_fft)
{
    return n_fft / samples_per_point(request);
}

/* Rounded down to what every kernel takes without a detour, unless nothing would be left. */
static size_t whole_vectors(size_t segment)
{
    return segment >= 16 ? segment / 16 * 16 : segment;
}

static size_t branch_taps(const struct plan *plan)
{
    return oac_divide_up(plan->n_taps, plan->decimation);
}

struct plan oac_plan_of_taps(size_t n_taps, size_t decimation)
{
    return (struct plan){.n_taps = n_taps,
                         .decimation = decimation,
                         .n_branches = oac_least(n_taps, decimation),
                         .n_owed = oac_divide_up(n_taps - 1, decimation)};
}

/* A plan of N points that has all taps in one block. */
static struct plan plan_of_size(const struct plan_request *request, size_t n_fft)
{
    struct plan plan = oac_plan_of_taps(request->n_taps, request->decimation);
    plan.n_fft = n_fft;
    plan.n_partitions = 1;
    plan.partition = branch_taps(&plan);
    return plan;
}

/* Segments of which the partitions need the spectra. */
static size_t history(const struct plan *plan)
{
    return (plan->n_partitions - 1) * (plan->partition / plan->segment) + 1;
}

/* Nanoseconds for the transforms of all branches there and one back, and the products with all
 * partitions. */
static double block_cost(const struct plan_request *request,
                         const struct cost_table *costs,
                         const struct plan *plan)
{
    const size_t n = points(request, plan->n_fft), K = plan->n_partitions;
    const double B = (double)plan->n_branches, n_products = (double)K * B;
    const double spectrum = (double)(n * point_bytes(request));
    const double spectra = spectrum * n_products * (double)request->n_rows;
    const double inputs =
        K > 1 ? spectrum * B * (double)history(plan) * (double)request->n_channels : 0;
    double cost =
        oac_cost_of_block(costs, request->method, is_for_real_samples(request), n) * (B + 1) / 2;
    if (n_products > 1)
        cost += n_products * (double)n * costs->product;
    cost *= precision_cost(request);
    if (spectra + inputs > costs->near_bytes)
        cost += spectrum * n_products * (K > 1 ? 2 : 1) * costs->far_byte;
    return cost;
}

/* Blocks for n samples, where the last hop may be a shorter one. */
static double n_blocks(const struct plan_request *request, const struct plan *plan, size_t n)
{
    const size_t each = segments_per_fft(request) * plan->segment * plan->decimation;
    const size_t last = n % plan->hop;
    return (double)(n / plan->hop) * (double)oac_divide_up(plan->hop, each) +
           (double)oac_divide_up(last, each);
}

static void
set_cost(const struct plan_request *request, const struct cost_table *costs, struct plan *plan)
{
    const size_t n = request->row_length ? request->row_length : plan->hop;
    plan->cost = n_blocks(request, plan, n) * block_cost(request, costs, plan) / (double)n;
}

/* The longest hop a stream is to wait for. With decimation, short ones leave nothing to transform.
 */
static size_t patience(const struct plan_request *request)
{
    return oac_most(4 * request->n_taps, oac_most(512, oac_least(64 * request->decimation, 65536)));
}

/* The longest hop the plan may choose, in samples that come out. */
static size_t hop_bound(const struct plan_request *request)
{
    const double sample_bytes =
        (double)(oac_sample_bytes(request->type, request->precision) * request->n_channels);
    size_t bound = OAC_MAX_HOP;
    if (!request->row_length)
        bound = oac_least(bound, patience(request));
    bound = oac_least(bound, oac_most((size_t)(hop_budget / sample_bytes), 64));
    if (request->max_hop)
        bound = oac_least(bound, request->max_hop);
    return oac_most(bound / request->decimation, 1);
}

/* A segment of at most so many samples, and, times the segments of one transform, of the bound. */
static size_t free_segment(const struct plan_request *request, size_t segment, size_t bound)
{
    segment = oac_least(segment, oac_most(bound / segments_per_fft(request), 1));
    return whole_vectors(segment);
}

/* All taps in one block of N samples. */
static struct plan whole_plan(const struct plan_request *request, size_t n_fft)
{
    const size_t together = segments_per_fft(request), D = request->decimation;
    struct plan plan = plan_of_size(request, n_fft);
    const size_t fits = n_fft - plan.n_owed;
    if (request->hop) {
        const size_t n_segments = together * oac_divide_up(request->hop, together * fits * D);
        plan.hop = request->hop;
        plan.segment = oac_divide_up(request->hop / D, n_segments);
        const size_t up = oac_divide_up(plan.segment, 16) * 16;
        if (n_segments > together)
            plan.segment = up <= fits ? up : whole_vectors(plan.segment);
    } else {
        plan.segment = free_segment(request, fits, hop_bound(request));
        plan.hop = D * oac_least(together * plan.segment, hop_bound(request));
    }
    return plan;
}

/* The taps in parts, one segment a hop. */
static struct plan partitioned_plan(const struct plan_request *request, size_t n_fft)
{
    struct plan plan = plan_of_size(request, n_fft);
    const size_t bound = oac_least(n_fft / 2, hop_bound(request));
    plan.segment = request->hop ? request->hop / plan.decimation : whole_vectors(bound);
    plan.hop = plan.decimation * plan.segment;
    /* In all branches but the first, the L samples begin one later. */
    const size_t n_inputs = plan.segment + (plan.n_branches > 1);
    plan.partition = n_inputs <= n_fft ? (n_fft - n_inputs + 1) / plan.segment * plan.segment : 0;
    if (plan.partition > 0)
        plan.n_partitions = oac_divide_up(branch_taps(&plan), plan.partition);
    return plan;
}

/* Whether the plan is one, and a sensible one: long partitions need more memory than short ones,
 * and many are only for a hop that something other than the taps keeps short. */
static bool may_be_partitioned(const struct plan_request *request, const struct plan *plan)
{
    if (request->method != COST_FOLDED || plan->partition == 0 || plan->n_partitions < 2 ||
        request->row_length)
        return false;
    const double bytes = (double)(points(request, plan->n_fft) * point_bytes(request)) *
                         (double)plan->n_branches *
                         ((double)history(plan) * (double)request->n_channels +
                          (double)plan->n_partitions * (double)request->n_rows);
    const bool forced =
        request->hop || hop_bound(request) * request->decimation < 4 * request->n_taps;
    return (plan->partition == plan->segment || bytes <= spectra_budget) &&
           (plan->n_partitions <= most_free_partitions || forced);
}

/* Of two, in the points of a transform. */
static size_t smallest_power(const struct plan_request *request)
{
    return request->method == COST_FOLDED ? 64 : 16;
}

/* The smallest that hold the taps may be, whatever their spectra take. */
static bool may_be_whole(const struct plan_request *request, size_t n_fft)
{
    const struct plan plan = plan_of_size(request, n_fft);
    const double spectra = (double)(points(request, n_fft) * point_bytes(request)) *
                           (double)plan.n_branches * (double)request->n_rows;
    const size_t smallest = smallest_power(request) * samples_per_point(request);
    return n_fft > plan.n_owed &&
           (spectra <= spectra_budget || n_fft <= oac_most(4 * (plan.n_owed + 1), smallest));
}

enum { N_FACTORS = 3, N_POWERS = 27, MOST_CANDIDATES = 2 * N_FACTORS * N_POWERS };

/* Plans of every size worth a thought: transforms of 1, 3 and 5 times a power of two. */
static size_t list_candidates(const struct plan_request *request,
                              const struct cost_table *costs,
                              struct plan *list)
{
    static const size_t factors[N_FACTORS] = {1, 3, 5};
    size_t n = 0;
    for (size_t power = smallest_power(request); power <= largest_fft; power *= 2)
        for (size_t i = 0; i < N_FACTORS; i++) {
            const size_t n_fft = factors[i] * power * samples_per_point(request);
            if (n_fft > largest_fft)
                continue;
            if (may_be_whole(request, n_fft))
                list[n++] = whole_plan(request, n_fft);
            const struct plan partitioned = partitioned_plan(request, n_fft);
            if (may_be_partitioned(request, &partitioned))
                list[n++] = partitioned;
        }
    for (size_t i = 0; i < n; i++)
        set_cost(request, costs, &list[i]);
    return n;
}

static bool cheaper(const struct plan *a, const struct plan *b)
{
    return a->cost < b->cost;
}

/* How much dearer than the cheapest a plan with a shorter hop may be: less where only memory and
 * caches gain from it. */
static double near_best(const struct plan_request *request)
{
    return request->row_length ? 1.01 : 1.05;
}

static bool shorter(const struct plan *a, const struct plan *b)
{
    return a->hop != b->hop ? a->hop < b->hop : cheaper(a, b);
}

/* The plan that was made before. */
static struct plan pinned_plan(const struct plan_request *request)
{
    struct plan plan = plan_of_size(request, request->n_fft);
    plan.segment = request->segment;
    plan.hop = request->hop;
    return plan;
}

/* Whether list_candidates() would try it. */
static bool is_size(const struct plan_request *request, size_t n_fft)
{
    const size_t n = points(request, n_fft);
    size_t odd = n;
    while (odd > 0 && odd % 2 == 0)
        odd /= 2;
    return n * samples_per_point(request) == n_fft && n_fft <= largest_fft &&
           (odd == 1 || odd == 3 || odd == 5) && n / odd >= smallest_power(request);
}

bool oac_plan_exists(const struct plan_request *request)
{
    const struct plan plan = oac_plan_of_taps(request->n_taps, request->decimation);
    return is_size(request, request->n_fft) && request->segment > 0 &&
           plan.n_owed < request->n_fft && request->segment <= request->n_fft - plan.n_owed &&
           request->hop / request->decimation >= request->segment;
}

void oac_plan_init(struct plan *plan,
                   const struct plan_request *request,
                   const struct cost_table *costs)
{
    if (request->n_fft) {
        *plan = pinned_plan(request);
        set_cost(request, costs, plan);
        return;
    }
    struct plan list[MOST_CANDIDATES];
    const size_t n = list_candidates(request, costs, list);
    *plan = list[0];
    for (size_t i = 1; i < n; i++)
        if (cheaper(&list[i], plan))
            *plan = list[i];
    if (!request->hop) {
        const double limit = near_best(request) * plan->cost;
        for (size_t i = 0; i < n; i++)
            if (list[i].cost <= limit && shorter(&list[i], plan))
                *plan = list[i];
    }
}

void oac_plan_describe(const struct plan *plan,
                       const struct plan_request *request,
                       char *text,
                       size_t size)
{
    char hop[96], parts[64] = "", branches[64] = "";
    if (request->n_fft)
        snprintf(hop, sizeof hop, "the plan that was asked for");
    else if (request->hop)
        snprintf(hop, sizeof hop, "the hop that was asked for");
    else
        snprintf(hop,
                 sizeof hop,
                 "the shortest hop up to %zu within %.0f %% of the least cost",
                 hop_bound(request) * request->decimation,
                 100 * (near_best(request) - 1));
    if (plan->n_partitions > 1)
        snprintf(parts,
                 sizeof parts,
                 ", %zu partitions of %zu taps",
                 plan->n_partitions,
                 plan->partition);
    if (plan->decimation > 1)
        snprintf(branches, sizeof branches, " in each of %zu branches", plan->n_branches);
    snprintf(text,
             size,
             "%s: %zu new samples in blocks of %zu%s%s cost %.2f ns each",
             hop,
             plan->segment * plan->decimation,
             plan->n_fft,
             branches,
             parts,
             plan->cost);
}
