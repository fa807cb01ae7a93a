/* SPDX-License-Identifier: GPL-3.0-or-later
 * Takes and gives back what a filter needs on the device, as much as there is room for. */
#include "filter.h"

#include "abandoned.h"
#include "check.h"
#include "device.h"

#include <stdlib.h>
#include <string.h>

static const int most_halvings = 4;

/* Samples per channel to pinned memory as [n_rows][n]: taps k .. k + n - 1, scaled by 1/N. */
static void
stage_taps(const struct gpu_filter *f, const struct gpu_request *request, size_t k, size_t n)
{
    const size_t width = f->context.plan.width;
    const size_t tap_width = request->type == OAC_COMPLEX ? 2 : 1;
    const double scale = 1.0 / (double)f->context.plan.n_fft;
    memset(f->slots[0].in, 0, request->n_rows * n * width * sizeof(float));
    for (size_t row = 0; row < request->n_rows; row++) {
        const oaconv_row *taps = request->rows[row];
        float *to = f->slots[0].in + row * n * width;
        for (size_t i = 0; i < n && k + i < taps->n_taps; i++)
            for (size_t part = 0; part < tap_width; part++)
                to[i * width + part] = (float)(taps->taps[(k + i) * tap_width + part] * scale);
    }
}

/* All rows into the blocks of the first slot, as much at a time as its pinned memory holds. */
static const char *send_taps(struct gpu_filter *f, const struct gpu_request *request)
{
    struct slot *slot = &f->slots[0];
    const struct gpu_plan *plan = &f->context.plan;
    const size_t bytes = plan->width * sizeof(float);
    const size_t room = request->n_channels * plan->n_segments * plan->segment / request->n_rows;
    for (size_t k = 0; k < request->n_taps; k += room) {
        const size_t n = request->n_taps - k < room ? request->n_taps - k : room;
        stage_taps(f, request, k, n);
        TRY_CUDA(cudaMemcpy2DAsync(slot->blocks + k * plan->width,
                                   plan->n_fft * bytes,
                                   slot->in,
                                   n * bytes,
                                   n * bytes,
                                   request->n_rows,
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
    const size_t spectra = request->n_rows * plan->n_bins * sizeof *f->context.spectra;
    const size_t blocks = request->n_channels * plan->n_fft * plan->width * sizeof(float);
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
    const size_t spectra = request->n_rows * plan->n_bins * sizeof *f->context.spectra;
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

void oac_cuda_close(void *state)
{
    struct gpu_filter *f = state;
    if (!f)
        return;
    (void)cudaSetDevice(f->device);
    for (size_t i = 0; i < f->context.plan.n_slots && !f->silent; i++)
        if (f->slots[i].done)
            (void)oac_cuda_wait_for_all(f, &f->slots[i]);
    /* Or it may still write to what would be freed, and to free would wait for it. */
    if (!f->silent && !oac_cuda_any_abandoned()) {
        for (size_t i = 0; i < f->context.plan.n_slots; i++)
            oac_slot_free(&f->slots[i]);
        (void)cudaFree(f->context.spectra);
        (void)cudaFree(f->context.row_of);
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
    f->context = (struct unit_context){
        .plan = *plan, .n_channels = request->n_channels, .n_taps = request->n_taps};
    return build(f, request);
}

/* Whether there is room for the plan; what the driver has free may still be in pieces. */
static const char *ask_for_room(const struct gpu_plan *plan,
                                const struct gpu_shape *shape,
                                size_t *needed,
                                size_t *free_bytes)
{
    size_t total;
    *needed = oac_gpu_plan_device_bytes(plan, shape);
    TRY_CUDA(cudaMemGetInfo(free_bytes, &total));
    return NULL;
}

static const char *check_sizes(const struct gpu_shape *shape, const struct gpu_plan *plan)
{
    const size_t most = 0x7fffffff;
    if (shape->n_channels * plan->n_segments > most || plan->n_fft > most)
        return oac_cuda_failure("%zu channels in FFTs of %zu points are more than cuFFT takes",
                                shape->n_channels,
                                plan->n_fft);
    return NULL;
}

const char *oac_cuda_open(void **state, const struct gpu_request *request)
{
    oaconv_gpu gpu;
    *state = NULL;
    TRY(oac_cuda_describe(request->device, &gpu));
    if (oac_cuda_any_abandoned())
        return oac_cuda_failure("the GPU has still not answered an earlier call");
    const struct gpu_shape shape = {.real = request->type == OAC_REAL,
                                    .n_channels = request->n_channels,
                                    .n_rows = request->n_rows,
                                    .n_taps = request->n_taps,
                                    .batch = request->batch,
                                    .cache = gpu.cache};
    struct gpu_plan plan;
    oac_gpu_plan_init(&plan, &shape);
    TRY(check_sizes(&shape, &plan));
    size_t needed = 0, free_bytes = 0;
    for (int halvings = 0; halvings <= most_halvings; halvings++) {
        TRY(ask_for_room(&plan, &shape, &needed, &free_bytes));
        if (needed <= free_bytes) {
            struct gpu_filter *f;
            const char *failure = open_with(&f, request, &shape, &plan);
            const bool no_room = failure && oac_cuda_out_of_memory();
            if (f)
                needed = f->device_bytes;
            if (!failure) {
                *state = f;
                return NULL;
            }
            oac_cuda_close(f);
            if (!no_room)
                return failure;
        }
        if (plan.n_segments == 1)
            break;
        oac_gpu_plan_limit(&plan, plan.n_segments / 2);
    }
    return oac_cuda_failure("out of memory on the GPU: %zu bytes are needed, %zu are free%s",
                            needed,
                            free_bytes,
                            needed > free_bytes ? "" : ", but not in pieces that are long enough");
}
