/* SPDX-License-Identifier: GPL-3.0-or-later
 * What each part of the way can take, alone. */
#include "base/clock.h"
#include "check.h"
#include "filter.h"
#include "in_flight.h"

enum { AT_ONCE = 8 }; /* units between two looks at the clock */

static const char *copy_in(struct gpu_filter *f)
{
    return oac_slot_copy_in(&f->slots[0], &f->context, f->context.plan.n_units - 1);
}

static size_t unit_length(const struct gpu_filter *f)
{
    return oac_gpu_plan_input(&f->context.plan, f->context.plan.n_segments);
}

static struct load full_load(const struct gpu_filter *f)
{
    return oac_slot_full_load(&f->context, f->context.plan.n_units - 1, 0);
}

static const char *copy_out(struct gpu_filter *f)
{
    const struct load load = full_load(f);
    return oac_slot_copy_out(&f->slots[1], &f->context, &load);
}

static const char *copy_both_ways(struct gpu_filter *f)
{
    TRY(copy_in(f));
    return copy_out(f);
}

static const char *compute(struct gpu_filter *f)
{
    const struct load load = full_load(f);
    return oac_slot_compute(&f->slots[0], &f->context, f->context.plan.n_units - 1, &load);
}

/* Samples of all channels per second. */
static const char *measure(struct gpu_filter *f,
                           const char *(*part)(struct gpu_filter *),
                           double seconds,
                           double *rate)
{
    const double begin = oac_now();
    double elapsed, n_units = 0;
    do {
        for (int i = 0; i < AT_ONCE; i++)
            TRY(part(f));
        for (size_t i = 0; i < f->context.plan.n_slots; i++)
            TRY(oac_cuda_wait_for_all(f, &f->slots[i]));
        n_units += AT_ONCE;
        elapsed = oac_now() - begin;
    } while (elapsed < seconds);
    *rate = n_units * (double)unit_length(f) * (double)f->context.n_channels / elapsed;
    return NULL;
}

static const char *measure_parts(struct gpu_filter *f, double seconds, oaconv_gpu_rates *rates)
{
    TRY(oac_cuda_enter(f->device));
    TRY(measure(f, compute, seconds, &rates->compute));
    TRY(measure(f, copy_in, seconds, &rates->to_device));
    TRY(measure(f, copy_out, seconds, &rates->to_host));
    return measure(f, copy_both_ways, seconds, &rates->both_ways);
}

const char *oac_cuda_measure(void *state, double seconds, oaconv_gpu_rates *rates)
{
    struct gpu_filter *f = state;
    oac_cuda_begin_work();
    const char *failure = measure_parts(f, seconds, rates);
    if (failure)
        failure = oac_cuda_settle(f, failure);
    oac_cuda_end_work();
    return failure;
}
