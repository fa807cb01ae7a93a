/* SPDX-License-Identifier: GPL-3.0-or-later
 * The way of a unit: copy in, transform, multiply, transform back, add up, copy out; all on the
 * slot's own stream. */
#include "slot.h"

#include "check.h"
#include "clock.h"
#include "kernels.h"

#include <sched.h>
#include <string.h>
#include <time.h>

static size_t sample_bytes(const struct unit_context *context)
{
    return context->plan.width * sizeof(float);
}

static size_t n_blocks(const struct unit_context *context)
{
    return context->n_channels * context->plan.n_segments;
}

static size_t out_length(const struct unit_context *context)
{
    return context->plan.n_segments * context->plan.segment + context->n_taps - 1;
}

static bool is_real(const struct unit_context *context)
{
    return context->plan.width == 1;
}

/* A plan of `batch` transforms without a work area of its own; *bytes becomes what it needs, if
 * that is more. */
static const char *make_plan(
    cufftHandle *handle, bool *made, size_t n_fft, cufftType type, size_t batch, size_t *bytes)
{
    int length = (int)n_fft;
    size_t needed = 0;
    TRY_CUFFT(cufftCreate(handle));
    *made = true;
    TRY_CUFFT(cufftSetAutoAllocation(*handle, 0));
    TRY_CUFFT(
        cufftMakePlanMany(*handle, 1, &length, NULL, 1, 0, NULL, 1, 0, type, (int)batch, &needed));
    if (needed > *bytes)
        *bytes = needed;
    return NULL;
}

static const char *make_plans(struct slot *slot, const struct unit_context *context)
{
    const struct gpu_plan *plan = &context->plan;
    for (size_t i = 0; i < plan->n_units; i++) {
        const size_t batch = context->n_channels * plan->units[i];
        TRY(make_plan(&slot->ffts[i].forward,
                      &slot->ffts[i].made_forward,
                      plan->n_fft,
                      is_real(context) ? CUFFT_R2C : CUFFT_C2C,
                      batch,
                      &slot->work_bytes));
        if (is_real(context))
            TRY(make_plan(&slot->ffts[i].inverse,
                          &slot->ffts[i].made_inverse,
                          plan->n_fft,
                          CUFFT_C2R,
                          batch,
                          &slot->work_bytes));
        else
            slot->ffts[i].inverse = slot->ffts[i].forward;
    }
    return NULL;
}

/* One work area serves all plans of a slot: they run one after another. */
static const char *share_work_area(struct slot *slot, const struct unit_context *context)
{
    const size_t n_plans = is_real(context) ? 2 : 1;
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
    const size_t block = context->plan.n_fft * sample_bytes(context);
    const size_t spectrum = context->plan.n_bins * sizeof *slot->products;
    const size_t segment = context->plan.segment * sample_bytes(context);
    const size_t out = context->n_channels * out_length(context) * sample_bytes(context);
    *slot = (struct slot){0};
    TRY_CUDA(cudaStreamCreateWithFlags(&slot->stream, cudaStreamNonBlocking));
    TRY_CUDA(cudaEventCreateWithFlags(&slot->done, cudaEventDisableTiming));
    TRY_CUDA(cudaMallocHost((void **)&slot->in, n_blocks(context) * segment));
    TRY_CUDA(cudaMallocHost((void **)&slot->out, out));
    TRY_CUDA(cudaMalloc((void **)&slot->blocks, n_blocks(context) * block));
    TRY_CUDA(cudaMalloc((void **)&slot->products, n_blocks(context) * spectrum));
    TRY_CUDA(cudaMalloc((void **)&slot->responses, n_blocks(context) * block));
    TRY_CUDA(cudaMalloc((void **)&slot->sums, out));
    TRY(make_plans(slot, context));
    TRY(share_work_area(slot, context));
    /* The padding of the blocks stays zero for ever: copies never reach it. */
    TRY_CUDA(cudaMemsetAsync(slot->blocks, 0, n_blocks(context) * block, slot->stream));
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
    (void)cudaFreeHost(slot->out);
    (void)cudaFreeHost(slot->in);
    if (slot->done)
        (void)cudaEventDestroy(slot->done);
    if (slot->stream)
        (void)cudaStreamDestroy(slot->stream);
    *slot = (struct slot){0};
}

/* ---- the way of a unit ---- */

static size_t divide_up(size_t a, size_t b)
{
    return (a + b - 1) / b;
}

/* The shortest unit that n samples fit in. */
static size_t unit_for(const struct gpu_plan *plan, size_t n)
{
    size_t unit = 0;
    while (plan->units[unit] * plan->segment < n)
        unit++;
    return unit;
}

/* Samples of every channel to pinned memory, zeros up to the end of the unit. */
static void
gather(struct slot *slot, const struct unit_context *context, const void *const *in, size_t n_unit)
{
    const size_t bytes = sample_bytes(context);
    for (size_t m = 0; m < context->n_channels; m++) {
        char *to = (char *)slot->in + m * n_unit * bytes;
        memcpy(to, (const char *)in[m] + slot->start * bytes, slot->n * bytes);
        memset(to + slot->n * bytes, 0, (n_unit - slot->n) * bytes);
    }
}

const char *oac_slot_copy_in(struct slot *slot, const struct unit_context *context, size_t unit)
{
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

const char *
oac_slot_compute(struct slot *slot, const struct unit_context *context, size_t unit, size_t n)
{
    const struct gpu_plan *plan = &context->plan;
    const struct unit_shape all = {context->n_channels, plan->units[unit]};
    const struct unit_shape used = {context->n_channels, divide_up(n, plan->segment)};
    TRY(oac_slot_forward(slot, context, unit));
    TRY(oac_check_cuda(
        oac_launch_multiply(
            slot->stream, all, slot->products, context->spectra, context->row_of, plan->n_bins),
        "cudaLaunchKernel of oac_multiply"));
    TRY(inverse(slot, context, unit));
    TRY(oac_check_cuda(oac_launch_overlap_add(slot->stream,
                                              used,
                                              plan->units[unit],
                                              slot->responses,
                                              plan->n_fft * plan->width,
                                              plan->segment * plan->width,
                                              slot->sums,
                                              (n + context->n_taps - 1) * plan->width),
                       "cudaLaunchKernel of oac_overlap_add"));
    return NULL;
}

const char *oac_slot_copy_out(struct slot *slot, const struct unit_context *context, size_t n)
{
    TRY_CUDA(
        cudaMemcpyAsync(slot->out,
                        slot->sums,
                        context->n_channels * (n + context->n_taps - 1) * sample_bytes(context),
                        cudaMemcpyDeviceToHost,
                        slot->stream));
    return NULL;
}

const char *oac_slot_send(struct slot *slot,
                          const struct unit_context *context,
                          const void *const *in,
                          size_t start,
                          size_t n)
{
    const size_t unit = unit_for(&context->plan, n);
    slot->start = start;
    slot->n = n;
    gather(slot, context, in, context->plan.units[unit] * context->plan.segment);
    slot->busy = true;
    TRY(oac_slot_copy_in(slot, context, unit));
    TRY(oac_slot_compute(slot, context, unit, n));
    TRY(oac_slot_copy_out(slot, context, n));
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
    const double begin = oac_cuda_now();
    *silent = false;
    for (;;) {
        const cudaError_t state = cudaEventQuery(slot->done);
        const double waited = oac_cuda_now() - begin;
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
