/* SPDX-License-Identifier: GPL-3.0-or-later
 * The way of a unit: copy in, deinterleave where it decimates, transform, multiply,
 * transform back, add up, copy out; all on the slot's own stream. */
#include "slot.h"

#include "backends/polyphase.h"
#include "base/clock.h"
#include "base/sizes.h"
#include "check.h"
#include "kernels.h"

#include <sched.h>
#include <string.h>
#include <time.h>

static size_t sample_bytes(const struct unit_context *context)
{
    return context->plan.width * sizeof(float);
}

static bool is_real(const struct unit_context *context)
{
    return context->plan.width == 1;
}

/* Transforms of n points, whose inputs begin n_apart elements from each other; 0: one follows the
 * other. */
struct batch {
    cufftType type;
    size_t n_fft, n_transforms, n_apart;
};

/* A plan without a work area of its own; *bytes becomes what it needs, if that is more. */
static const char *
make_plan(cufftHandle *handle, bool *made, const struct batch *batch, size_t *bytes)
{
    int length = (int)batch->n_fft;
    const int n_apart = (int)batch->n_apart;
    int *const embed = n_apart ? &length : NULL; /* in one dimension only whether there is one */
    size_t needed = 0;
    TRY_CUFFT(cufftCreate(handle));
    *made = true;
    TRY_CUFFT(cufftSetAutoAllocation(*handle, 0));
    TRY_CUFFT(cufftMakePlanMany(*handle,
                                1,
                                &length,
                                embed,
                                1,
                                n_apart,
                                embed,
                                1,
                                embed ? length : 0,
                                batch->type,
                                (int)batch->n_transforms,
                                &needed));
    if (needed > *bytes)
        *bytes = needed;
    return NULL;
}

/* Whether one plan serves both directions. */
static bool shares_plans(const struct unit_context *context)
{
    return !is_real(context) && context->plan.n_branches == 1;
}

/* Forward all branches, back only their sums. */
static const char *make_plans(struct slot *slot, const struct unit_context *context)
{
    const struct gpu_plan *plan = &context->plan;
    const size_t B = plan->n_branches;
    for (size_t i = 0; i < plan->n_units; i++) {
        const size_t n_sums = context->n_channels * plan->units[i];
        const struct batch forward = {.type = is_real(context) ? CUFFT_R2C : CUFFT_C2C,
                                      .n_fft = plan->n_fft,
                                      .n_transforms = n_sums * B};
        const struct batch inverse = {.type = is_real(context) ? CUFFT_C2R : CUFFT_C2C,
                                      .n_fft = plan->n_fft,
                                      .n_transforms = n_sums,
                                      .n_apart = B > 1 ? B * plan->n_bins : 0};
        TRY(make_plan(
            &slot->ffts[i].forward, &slot->ffts[i].made_forward, &forward, &slot->work_bytes));
        if (shares_plans(context))
            slot->ffts[i].inverse = slot->ffts[i].forward;
        else
            TRY(make_plan(
                &slot->ffts[i].inverse, &slot->ffts[i].made_inverse, &inverse, &slot->work_bytes));
    }
    return NULL;
}

/* One work area serves all plans of a slot: they run one after another. */
static const char *share_work_area(struct slot *slot, const struct unit_context *context)
{
    const size_t n_plans = shares_plans(context) ? 1 : 2;
    if (slot->work_bytes > 0)
        TRY_CUDA(cudaMalloc(&slot->work, slot->work_bytes));
    for (size_t i = 0; i < context->plan.n_units; i++) {
        const cufftHandle handles[] = {slot->ffts[i].forward, slot->ffts[i].inverse};
        for (size_t k = 0; k < n_plans; k++) {
            if (slot->work)
                TRY_CUFFT(cufftSetWorkArea(handles[k], slot->work));
            TRY_CUFFT(cufftSetStream(handles[k], slot->stream));
        }
    }
    return NULL;
}

const char *oac_slot_init(struct slot *slot, const struct unit_context *context)
{
    const struct gpu_plan *plan = &context->plan;
    const size_t per_sample = context->n_channels * sample_bytes(context);
    const size_t in = oac_gpu_plan_input(plan, plan->n_segments) * per_sample;
    const size_t out = oac_gpu_plan_output(plan) * per_sample;
    const size_t responses = plan->n_segments * plan->n_fft * per_sample;
    const size_t blocks = plan->n_branches * responses;
    const size_t n_products =
        context->n_channels * plan->n_segments * plan->n_branches * plan->n_bins;
    *slot = (struct slot){0};
    TRY_CUDA(cudaStreamCreateWithFlags(&slot->stream, cudaStreamNonBlocking));
    TRY_CUDA(cudaEventCreateWithFlags(&slot->done, cudaEventDisableTiming));
    TRY_CUDA(cudaMallocHost((void **)&slot->in, in));
    TRY_CUDA(cudaMallocHost((void **)&slot->out, out));
    if (plan->decimation > 1)
        TRY_CUDA(cudaMalloc((void **)&slot->unsplit, in));
    TRY_CUDA(cudaMalloc((void **)&slot->blocks, blocks));
    TRY_CUDA(cudaMalloc((void **)&slot->products, n_products * sizeof *slot->products));
    TRY_CUDA(cudaMalloc((void **)&slot->responses, responses));
    TRY_CUDA(cudaMalloc((void **)&slot->sums, out));
    TRY(make_plans(slot, context));
    TRY(share_work_area(slot, context));
    /* The padding of the blocks stays zero for ever: nothing reaches it. */
    TRY_CUDA(cudaMemsetAsync(slot->blocks, 0, blocks, slot->stream));
    return NULL;
}

void oac_slot_free(struct slot *slot)
{
    for (size_t i = 0; i < MOST_UNITS; i++) {
        if (slot->ffts[i].made_forward)
            (void)cufftDestroy(slot->ffts[i].forward);
        if (slot->ffts[i].made_inverse)
            (void)cufftDestroy(slot->ffts[i].inverse);
    }
    (void)cudaFree(slot->work);
    (void)cudaFree(slot->sums);
    (void)cudaFree(slot->responses);
    (void)cudaFree(slot->products);
    (void)cudaFree(slot->blocks);
    if (slot->unsplit)
        (void)cudaFree(slot->unsplit);
    (void)cudaFreeHost(slot->out);
    (void)cudaFreeHost(slot->in);
    if (slot->done)
        (void)cudaEventDestroy(slot->done);
    if (slot->stream)
        (void)cudaStreamDestroy(slot->stream);
    *slot = (struct slot){0};
}

/* ---- the way of a unit ---- */

/* The shortest unit that n samples fit in. */
static size_t unit_for(const struct gpu_plan *plan, size_t n)
{
    size_t unit = 0;
    while (oac_gpu_plan_input(plan, plan->units[unit]) < n)
        unit++;
    return unit;
}

/* Samples of every channel to pinned memory, zeros up to the end of the unit. */
static void
gather(struct slot *slot, const struct unit_context *context, const void *const *in, size_t n_unit)
{
    const struct load *load = &slot->load;
    const size_t bytes = sample_bytes(context);
    for (size_t m = 0; m < context->n_channels; m++) {
        char *to = (char *)slot->in + m * n_unit * bytes;
        memcpy(to, (const char *)in[m] + load->start * bytes, load->n * bytes);
        memset(to + load->n * bytes, 0, (n_unit - load->n) * bytes);
    }
}

/* As they come, to be split, or each segment to its block. */
const char *oac_slot_copy_in(struct slot *slot, const struct unit_context *context, size_t unit)
{
    const size_t in = oac_gpu_plan_input(&context->plan, context->plan.units[unit]);
    if (context->plan.decimation > 1) {
        TRY_CUDA(cudaMemcpyAsync(slot->unsplit,
                                 slot->in,
                                 context->n_channels * in * sample_bytes(context),
                                 cudaMemcpyHostToDevice,
                                 slot->stream));
        return NULL;
    }
    const size_t segment = context->plan.segment * sample_bytes(context);
    TRY_CUDA(cudaMemcpy2DAsync(slot->blocks,
                               context->plan.n_fft * sample_bytes(context),
                               slot->in,
                               segment,
                               segment,
                               context->n_channels * context->plan.units[unit],
                               cudaMemcpyHostToDevice,
                               slot->stream));
    return NULL;
}

static const char *
split(struct slot *slot, const struct unit_context *context, struct unit_shape unit, size_t skip)
{
    const struct gpu_plan *plan = &context->plan;
    const struct branch_shape branches = {.decimation = plan->decimation,
                                          .n_branches = plan->n_branches,
                                          .width = plan->width,
                                          .n_block = plan->n_fft,
                                          .length = plan->branch_length,
                                          .skip = skip};
    return oac_check_cuda(
        oac_launch_split(
            slot->stream, unit, branches, slot->unsplit, oac_gpu_plan_input(plan, 1), slot->blocks),
        "cudaLaunchKernel of oac_split");
}

const char *oac_slot_forward(struct slot *slot, const struct unit_context *context, size_t unit)
{
    const cufftHandle plan = slot->ffts[unit].forward;
    if (is_real(context))
        TRY_CUFFT(cufftExecR2C(plan, slot->blocks, slot->products));
    else
        TRY_CUFFT(cufftExecC2C(plan, (cufftComplex *)slot->blocks, slot->products, CUFFT_FORWARD));
    return NULL;
}

static const char *inverse(struct slot *slot, const struct unit_context *context, size_t unit)
{
    const cufftHandle plan = slot->ffts[unit].inverse;
    if (is_real(context))
        TRY_CUFFT(cufftExecC2R(plan, slot->products, slot->responses));
    else
        TRY_CUFFT(
            cufftExecC2C(plan, slot->products, (cufftComplex *)slot->responses, CUFFT_INVERSE));
    return NULL;
}

const char *oac_slot_compute(struct slot *slot,
                             const struct unit_context *context,
                             size_t unit,
                             const struct load *load)
{
    const struct gpu_plan *plan = &context->plan;
    const struct unit_shape all = {context->n_channels, plan->units[unit]};
    const struct unit_shape used = {context->n_channels,
                                    oac_divide_up(load->n, oac_gpu_plan_input(plan, 1))};
    if (plan->decimation > 1)
        TRY(split(slot, context, all, load->skip));
    TRY(oac_slot_forward(slot, context, unit));
    TRY(oac_check_cuda(oac_launch_multiply(slot->stream,
                                           all,
                                           slot->products,
                                           context->spectra,
                                           context->row_of,
                                           plan->n_branches,
                                           plan->n_bins),
                       "cudaLaunchKernel of oac_multiply"));
    TRY(inverse(slot, context, unit));
    TRY(oac_check_cuda(oac_launch_overlap_add(slot->stream,
                                              used,
                                              plan->units[unit],
                                              slot->responses,
                                              plan->n_fft * plan->width,
                                              plan->segment * plan->width,
                                              slot->sums,
                                              (load->n_out + plan->n_owed) * plan->width),
                       "cudaLaunchKernel of oac_overlap_add"));
    return NULL;
}

const char *
oac_slot_copy_out(struct slot *slot, const struct unit_context *context, const struct load *load)
{
    const size_t n_out = load->n_out + context->plan.n_owed;
    TRY_CUDA(cudaMemcpyAsync(slot->out,
                             slot->sums,
                             context->n_channels * n_out * sample_bytes(context),
                             cudaMemcpyDeviceToHost,
                             slot->stream));
    return NULL;
}

struct load oac_slot_full_load(const struct unit_context *context, size_t unit, size_t skip)
{
    const size_t n = oac_gpu_plan_input(&context->plan, context->plan.units[unit]);
    return (struct load){
        .n = n, .skip = skip, .n_out = oac_kept_from(skip, n, context->plan.decimation)};
}

const char *oac_slot_send(struct slot *slot,
                          const struct unit_context *context,
                          const void *const *in,
                          const struct load *load)
{
    const size_t unit = unit_for(&context->plan, load->n);
    slot->load = *load;
    gather(slot, context, in, oac_gpu_plan_input(&context->plan, context->plan.units[unit]));
    slot->busy = true;
    TRY(oac_slot_copy_in(slot, context, unit));
    TRY(oac_slot_compute(slot, context, unit, load));
    TRY(oac_slot_copy_out(slot, context, load));
    TRY_CUDA(cudaEventRecord(slot->done, slot->stream));
    return NULL;
}

/* ---- waiting ---- */

/* Less and less eagerly: a unit takes tens of microseconds, a sick GPU for ever. */
static void pause_after(double waited)
{
    const struct timespec moment = {.tv_nsec = 50000};
    if (waited > 2e-3)
        nanosleep(&moment, NULL);
    else if (waited > 100e-6)
        sched_yield();
}

const char *oac_slot_wait(struct slot *slot, double timeout, bool *silent)
{
    const double begin = oac_now();
    *silent = false;
    for (;;) {
        const cudaError_t state = cudaEventQuery(slot->done);
        const double waited = oac_now() - begin;
        if (state == cudaSuccess) {
            slot->busy = false;
            return NULL;
        }
        if (state != cudaErrorNotReady)
            return oac_check_cuda(state, "cudaEventQuery");
        (void)cudaGetLastError(); /* cuFFT would take "not ready" for a failure of its own */
        if (waited > timeout) {
            *silent = true;
            return oac_cuda_failure("no answer from the GPU within %g s", timeout);
        }
        pause_after(waited);
    }
}
