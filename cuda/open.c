/* SPDX-License-Identifier: GPL-3.0-or-later
 * Takes and gives back what a filter needs on the device, as much as there is room for. */
#include "filter.h"

#include "check.h"
#include "device.h"
#include "in_flight.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const int most_halvings = 4;

/* Every D-th tap of a row from tap k on, at most n of them, scaled by 1/N. */
static void stage_branch(const struct gpu_filter *f,
                         const struct gpu_request *request,
                         const oaconv_row *row,
                         size_t k,
                         size_t n,
                         float *to)
{
    const size_t width = f->context.plan.width;
    const size_t tap_width = request->type == OAC_COMPLEX ? 2 : 1;
    const double scale = 1.0 / (double)f->context.plan.n_fft;
    const float *values = row->taps;
    for (size_t i = 0; i < n && k < row->n_taps; i++, k += request->decimation)
        for (size_t part = 0; part < tap_width; part++)
            to[i * width + part] = (float)(values[k * tap_width + part] * scale);
}

/* To pinned memory as [n_rows][B][n]: taps k .. k + n - 1 of every branch. */
static void
stage_taps(const struct gpu_filter *f, const struct gpu_request *request, size_t k, size_t n)
{
    const size_t B = f->context.plan.n_branches, D = request->decimation;
    float *to = f->slots[0].in;
    memset(to, 0, request->n_rows * B * n * f->context.plan.width * sizeof *to);
    for (size_t row = 0; row < request->n_rows; row++)
        for (size_t p = 0; p < B; p++, to += n * f->context.plan.width)
            stage_branch(f, request, request->rows[row], p + D * k, n, to);
}

/* All rows into the blocks of the first slot, as much at a time as its pinned memory holds. */
static const char *send_taps(struct gpu_filter *f, const struct gpu_request *request)
{
    struct slot *slot = &f->slots[0];
    const struct gpu_plan *plan = &f->context.plan;
    const size_t bytes = plan->width * sizeof(float);
    const size_t n_rows = request->n_rows * plan->n_branches; /* of branches */
    const size_t n_taps = plan->n_owed + 1;                   /* of the longest branch, or more */
    const size_t room = request->n_channels * oac_gpu_plan_input(plan, plan->n_segments) / n_rows;
    for (size_t k = 0; k < n_taps; k += room) {
        const size_t n = n_taps - k < room ? n_taps - k : room;
        stage_taps(f, request, k, n);
        TRY_CUDA(cudaMemcpy2DAsync(slot->blocks + k * plan->width,
                                   plan->n_fft * bytes,
                                   slot->in,
                                   n * bytes,
                                   n * bytes,
                                   n_rows,
                                   cudaMemcpyHostToDevice,
                                   slot->stream));
        TRY(oac_cuda_wait_for_all(f, slot));
    }
    return NULL;
}

/* The spectra of all rows, by the transform of the shortest unit; the blocks are zero again. */
static const char *transform_taps(struct gpu_filter *f, const struct gpu_request *request)
{
    struct slot *slot = &f->slots[0];
    const struct gpu_plan *plan = &f->context.plan;
    const size_t B = plan->n_branches;
    const size_t spectra = request->n_rows * B * plan->n_bins * sizeof *f->context.spectra;
    const size_t blocks = request->n_channels * B * plan->n_fft * plan->width * sizeof(float);
    TRY(send_taps(f, request));
    TRY(oac_slot_forward(slot, &f->context, 0));
    TRY_CUDA(cudaMemcpyAsync(
        f->context.spectra, slot->products, spectra, cudaMemcpyDeviceToDevice, slot->stream));
    TRY_CUDA(cudaMemsetAsync(slot->blocks, 0, blocks, slot->stream));
    return oac_cuda_wait_for_all(f, slot);
}

static const char *send_row_numbers(struct gpu_filter *f, const struct gpu_request *request)
{
    struct slot *slot = &f->slots[0];
    int *numbers = (int *)slot->in;
    for (size_t m = 0; m < request->n_channels; m++)
        numbers[m] = (int)request->row_of[m];
    TRY_CUDA(cudaMemcpyAsync(f->context.row_of,
                             numbers,
                             request->n_channels * sizeof *numbers,
                             cudaMemcpyHostToDevice,
                             slot->stream));
    return oac_cuda_wait_for_all(f, slot);
}

static const char *build(struct gpu_filter *f, const struct gpu_request *request)
{
    const struct gpu_plan *plan = &f->context.plan;
    const size_t spectra =
        request->n_rows * plan->n_branches * plan->n_bins * sizeof *f->context.spectra;
    const size_t numbers = request->n_channels * sizeof *f->context.row_of;
    TRY_CUDA(cudaMalloc((void **)&f->context.spectra, spectra));
    TRY_CUDA(cudaMalloc((void **)&f->context.row_of, numbers));
    f->device_bytes = oac_gpu_plan_device_bytes(plan, &f->shape);
    for (size_t i = 0; i < plan->n_slots; i++) {
        const char *failure = oac_slot_init(&f->slots[i], &f->context);
        f->device_bytes += f->slots[i].work_bytes;
        TRY(failure);
        TRY(oac_cuda_wait_for_all(f, &f->slots[i]));
    }
    TRY(send_row_numbers(f, request));
    TRY(transform_taps(f, request));
    return oac_cuda_check(f, request);
}

/* A call that fails once says nothing of what is on the way; on a device that is lost all fail. */
static void wait_for_sure(struct gpu_filter *f, struct slot *slot)
{
    if (oac_cuda_wait_for_all(f, slot) && !f->silent)
        (void)oac_cuda_wait_for_all(f, slot);
}

void oac_cuda_close(void *state)
{
    struct gpu_filter *f = state;
    if (!f)
        return;
    const bool too_late = cudaSetDevice(f->device) == cudaErrorCudartUnloading;
    for (size_t i = 0; i < f->context.plan.n_slots && !f->silent && !too_late; i++)
        if (f->slots[i].done)
            wait_for_sure(f, &f->slots[i]);
    /* What a silent GPU may still write to is not freed; at the end of the process CUDA has done
     * so. */
    if (!f->silent && !too_late && oac_cuda_begin_release()) {
        for (size_t i = 0; i < f->context.plan.n_slots; i++)
            oac_slot_free(&f->slots[i]);
        (void)cudaFree(f->context.spectra);
        (void)cudaFree(f->context.row_of);
        oac_cuda_end_work();
    }
    free(f);
}

static const char *open_with(struct gpu_filter **filter,
                             const struct gpu_request *request,
                             const struct gpu_shape *shape,
                             const struct gpu_plan *plan)
{
    struct gpu_filter *f = calloc(1, sizeof *f);
    *filter = f;
    if (!f)
        return oac_cuda_failure("out of memory");
    f->device = request->device;
    f->timeout = request->timeout;
    f->shape = *shape;
    f->context = (struct unit_context){.plan = *plan, .n_channels = request->n_channels};
    return build(f, request);
}

/* What is int to cuFFT, all points of a batch to be on the safe side, and to 2D copies a pitch in
 * bytes. */
static const char *check_sizes(const struct gpu_shape *shape, const struct gpu_plan *plan)
{
    const size_t pitch = plan->n_fft * plan->width * sizeof(float);
    const size_t n_blocks = shape->n_channels * plan->n_segments * plan->n_branches;
    if (n_blocks > INT_MAX / plan->n_fft || pitch > INT_MAX)
        return oac_cuda_failure("%zu channels in FFTs of %zu points are more than a GPU takes",
                                shape->n_channels,
                                plan->n_fft);
    return NULL;
}

/* Page-locked memory is taken from everybody else. */
static size_t most_pinned_bytes(void)
{
    const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    return pages > 0 && page > 0 ? (size_t)pages / 4 * (size_t)page : SIZE_MAX;
}

/* One try; *no_room says that shorter units may help. */
static const char *try_open(void **state,
                            const struct gpu_request *request,
                            const struct gpu_shape *shape,
                            const struct gpu_plan *plan,
                            bool *no_room)
{
    static const char out_of_memory[] =
        "out of memory on the GPU: %zu bytes are needed, %zu are free%s%s";
    struct gpu_filter *f;
    size_t free_bytes, total, needed = oac_gpu_plan_device_bytes(plan, shape);
    const size_t pinned = oac_gpu_plan_pinned_bytes(plan, shape);
    char kept[OAC_CUDA_MAX_FAILURE];
    TRY_CUDA(cudaMemGetInfo(&free_bytes, &total));
    *no_room = needed > free_bytes || pinned > most_pinned_bytes();
    if (needed > free_bytes)
        return oac_cuda_failure(out_of_memory, needed, free_bytes, "", "");
    if (*no_room)
        return oac_cuda_failure("%zu bytes of page-locked memory are needed, %zu may be taken",
                                pinned,
                                most_pinned_bytes());
    TRY(check_sizes(shape, plan));
    oac_cuda_begin_work();
    const char *failure = open_with(&f, request, shape, plan);
    oac_cuda_end_work();
    if (!failure) {
        *state = f;
        return NULL;
    }
    *no_room = oac_cuda_out_of_memory();
    snprintf(kept, sizeof kept, "%s", failure);
    if (f && f->device_bytes > needed)
        needed = f->device_bytes;
    oac_cuda_close(f);
    return *no_room ? oac_cuda_failure(out_of_memory, needed, free_bytes, "; ", kept)
                    : oac_cuda_failure("%s", kept);
}

const char *oac_cuda_open(void **state, const struct gpu_request *request)
{
    oaconv_gpu gpu;
    *state = NULL;
    TRY(oac_cuda_describe(request->device, &gpu));
    if (oac_cuda_any_abandoned(request->device))
        return oac_cuda_failure("the GPU has still not answered an earlier call");
    const struct gpu_shape shape = {.real = request->type == OAC_REAL,
                                    .n_channels = request->n_channels,
                                    .n_rows = request->n_rows,
                                    .n_taps = request->n_taps,
                                    .decimation = request->decimation,
                                    .batch = request->batch,
                                    .cache = gpu.cache};
    struct gpu_plan plan;
    oac_gpu_plan_init(&plan, &shape);
    for (int halvings = 0;; halvings++) {
        bool no_room = false;
        const char *failure = try_open(state, request, &shape, &plan, &no_room);
        if (!failure || !no_room || halvings == most_halvings || plan.n_segments == 1)
            return failure;
        oac_gpu_plan_limit(&plan, plan.n_segments / 2);
    }
}
