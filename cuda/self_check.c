/* SPDX-License-Identifier: GPL-3.0-or-later
 * Whether this device, this driver and this cuFFT do what the filter is built on. */
#include "backends/polyphase.h"
#include "check.h"
#include "filter.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Of eps log2(N) times the sum of the taps' magnitudes: far above rounding, far below a mistake. */
static const double tolerance = 16;

/* Every segment has D impulses, side by side so that each tap meets one: where, and how high. Where
 * it decimates they begin one unit's first segment, and end another's. */
static size_t impulse_at(const struct gpu_plan *plan, size_t i, size_t skip)
{
    const size_t segment = i / plan->decimation;
    const size_t first = skip + 1 == plan->decimation ? 0 : plan->segment - 1;
    return oac_gpu_plan_input(plan, segment) +
           (first + 7 * segment) % plan->segment * plan->decimation + i % plan->decimation;
}
static float impulse_height(size_t i)
{
    return (float)(1 + i % 3);
}
static size_t n_impulses(const struct gpu_plan *plan, size_t unit)
{
    return plan->units[unit] * plan->decimation;
}

static void stage_impulses(struct slot *slot,
                           const struct unit_context *context,
                           size_t unit,
                           const struct load *load)
{
    const struct gpu_plan *plan = &context->plan;
    memset(slot->in, 0, context->n_channels * load->n * plan->width * sizeof(float));
    for (size_t m = 0; m < context->n_channels; m++)
        for (size_t i = 0; i < n_impulses(plan, unit); i++)
            slot->in[(m * load->n + impulse_at(plan, i, load->skip)) * plan->width] =
                impulse_height(i);
}

/* The answer of a row to the impulses of a unit.
 *   y  [n_out + n_owed] samples, set to zero before */
static void respond(const struct gpu_plan *plan,
                    size_t unit,
                    size_t skip,
                    const oaconv_row *row,
                    size_t tap_width,
                    double *y)
{
    const float *taps = row->taps;
    const size_t D = plan->decimation;
    for (size_t i = 0; i < n_impulses(plan, unit); i++) {
        const size_t at = impulse_at(plan, i, skip);
        /* The taps that bring it to a kept sample. */
        for (size_t k = oac_skip_at(at + D - skip, D); k < row->n_taps; k += D)
            for (size_t part = 0; part < tap_width; part++)
                y[(at + k - skip) / D * plan->width + part] +=
                    (double)impulse_height(i) * (double)taps[k * tap_width + part];
    }
}

/* How far off the answer of a row may be. */
static double allowed_error(const struct gpu_plan *plan, const oaconv_row *row, size_t tap_width)
{
    const double n_covering = 2 + (double)row->n_taps / (double)oac_gpu_plan_input(plan, 1);
    const float *taps = row->taps;
    double magnitude = 0;
    for (size_t k = 0; k < row->n_taps * tap_width; k++)
        magnitude += fabs((double)taps[k]);
    return tolerance * FLT_EPSILON * log2((double)plan->n_fft) * magnitude * n_covering;
}

static bool is_near(const float *y, const double *expected, size_t n, double allowed)
{
    for (size_t i = 0; i < n; i++)
        if (!(fabs((double)y[i] - expected[i]) <= allowed))
            return false;
    return true;
}

static const char *check_responses(const struct gpu_filter *f,
                                   const struct gpu_request *request,
                                   const struct slot *slot,
                                   size_t unit,
                                   const struct load *load)
{
    const struct gpu_plan *plan = &f->context.plan;
    const size_t tap_width = request->type == OAC_COMPLEX ? 2 : 1;
    const size_t n_out = (load->n_out + plan->n_owed) * plan->width;
    double *expected = malloc(n_out * sizeof *expected);
    if (!expected)
        return oac_cuda_failure("out of memory for the self-test of a GPU");
    size_t m = 0;
    for (bool right = true; right && m < request->n_channels; m += right) {
        const oaconv_row *row = request->rows[request->row_of[m]];
        memset(expected, 0, n_out * sizeof *expected);
        respond(plan, unit, load->skip, row, tap_width, expected);
        right =
            is_near(slot->out + m * n_out, expected, n_out, allowed_error(plan, row, tap_width));
    }
    free(expected);
    return m == request->n_channels
               ? NULL
               : oac_cuda_failure("self-test failed: channel %zu does not answer impulses with its "
                                  "taps (FFT of %zu points, %zu segments)",
                                  m,
                                  plan->n_fft,
                                  plan->units[unit]);
}

static const char *check_unit(struct gpu_filter *f,
                              const struct gpu_request *request,
                              struct slot *slot,
                              size_t unit,
                              size_t skip)
{
    const struct load load = oac_slot_full_load(&f->context, unit, skip);
    stage_impulses(slot, &f->context, unit, &load);
    TRY(oac_slot_copy_in(slot, &f->context, unit));
    TRY(oac_slot_compute(slot, &f->context, unit, &load));
    TRY(oac_slot_copy_out(slot, &f->context, &load));
    TRY(oac_cuda_wait_for_all(f, slot));
    return check_responses(f, request, slot, unit, &load);
}

/* Copies the padding of all blocks back, as much at a time as pinned memory holds. */
static const char *check_padding(struct gpu_filter *f, struct slot *slot)
{
    const struct gpu_plan *plan = &f->context.plan;
    const size_t bytes = plan->width * sizeof(float);
    const size_t n_padding = plan->n_fft - plan->branch_length;
    const size_t n_blocks = f->context.n_channels * plan->n_segments * plan->n_branches;
    const size_t room = f->context.n_channels * oac_gpu_plan_output(plan);
    const size_t together = n_padding ? room / n_padding : n_blocks;
    for (size_t first = 0; n_padding && first < n_blocks; first += together) {
        const size_t n = n_blocks - first < together ? n_blocks - first : together;
        TRY_CUDA(cudaMemcpy2DAsync(slot->out,
                                   n_padding * bytes,
                                   slot->blocks +
                                       (first * plan->n_fft + plan->branch_length) * plan->width,
                                   plan->n_fft * bytes,
                                   n_padding * bytes,
                                   n,
                                   cudaMemcpyDeviceToHost,
                                   slot->stream));
        TRY(oac_cuda_wait_for_all(f, slot));
        for (size_t i = 0; i < n * n_padding * plan->width; i++)
            if (slot->out[i] != 0)
                return oac_cuda_failure("self-test failed: cuFFT has written to its input");
    }
    return NULL;
}

const char *oac_cuda_check(struct gpu_filter *f, const struct gpu_request *request)
{
    for (size_t i = 0; i < f->context.plan.n_slots; i++) {
        for (size_t unit = 0; unit < f->context.plan.n_units; unit++) {
            TRY(check_unit(f, request, &f->slots[i], unit, 0));
            if (request->decimation > 1)
                TRY(check_unit(f, request, &f->slots[i], unit, request->decimation - 1));
            TRY(check_padding(f, &f->slots[i]));
        }
    }
    return NULL;
}
