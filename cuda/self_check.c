/* SPDX-License-Identifier: GPL-3.0-or-later
 * Whether this device, this driver and this cuFFT do what the filter is built on. */
#include "check.h"
#include "filter.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Of eps log2(N) times the sum of the taps' magnitudes: far above rounding, far below a mistake. */
static const double tolerance = 16;

/* Every segment has an impulse of its own: where, and how high. */
static size_t impulse_at(const struct gpu_plan *plan, size_t segment)
{
    return segment * plan->segment + 7 * segment % plan->segment;
}
static float impulse_height(size_t segment)
{
    return (float)(1 + segment % 3);
}

static void
stage_impulses(struct slot *slot, const struct unit_context *context, size_t unit, size_t n)
{
    const struct gpu_plan *plan = &context->plan;
    memset(slot->in, 0, context->n_channels * n * plan->width * sizeof(float));
    for (size_t m = 0; m < context->n_channels; m++)
        for (size_t i = 0; i < plan->units[unit]; i++)
            slot->in[(m * n + impulse_at(plan, i)) * plan->width] = impulse_height(i);
}

/* The answer of a row to the impulses of a unit.
 *   y  [n + P - 1] samples, set to zero before */
static void respond(
    const struct gpu_plan *plan, size_t unit, const oaconv_row *row, size_t tap_width, double *y)
{
    const float *taps = row->taps;
    for (size_t i = 0; i < plan->units[unit]; i++)
        for (size_t k = 0; k < row->n_taps; k++)
            for (size_t part = 0; part < tap_width; part++)
                y[(impulse_at(plan, i) + k) * plan->width + part] +=
                    (double)impulse_height(i) * (double)taps[k * tap_width + part];
}

/* How far off the answer of a row may be. */
static double allowed_error(const struct gpu_plan *plan, const oaconv_row *row, size_t tap_width)
{
    const double n_covering = 2 + (double)row->n_taps / (double)plan->segment;
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
                                   size_t n)
{
    const struct gpu_plan *plan = &f->context.plan;
    const size_t tap_width = request->type == OAC_COMPLEX ? 2 : 1;
    const size_t n_out = (n + request->n_taps - 1) * plan->width;
    double *expected = malloc(n_out * sizeof *expected);
    if (!expected)
        return oac_cuda_failure("out of memory for the self-test of a GPU");
    size_t m = 0;
    for (bool right = true; right && m < request->n_channels; m += right) {
        const oaconv_row *row = request->rows[request->row_of[m]];
        memset(expected, 0, n_out * sizeof *expected);
        respond(plan, unit, row, tap_width, expected);
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

static const char *
check_unit(struct gpu_filter *f, const struct gpu_request *request, struct slot *slot, size_t unit)
{
    const size_t n = f->context.plan.units[unit] * f->context.plan.segment;
    stage_impulses(slot, &f->context, unit, n);
    TRY(oac_slot_copy_in(slot, &f->context, unit));
    TRY(oac_slot_compute(slot, &f->context, unit, n));
    TRY(oac_slot_copy_out(slot, &f->context, n));
    TRY(oac_cuda_wait_for_all(f, slot));
    return check_responses(f, request, slot, unit, n);
}

/* Copies the padding of all blocks back, as much at a time as pinned memory holds. */
static const char *check_padding(struct gpu_filter *f, struct slot *slot)
{
    const struct gpu_plan *plan = &f->context.plan;
    const size_t bytes = plan->width * sizeof(float);
    const size_t n_padding = plan->n_fft - plan->segment;
    const size_t n_blocks = f->context.n_channels * plan->n_segments;
    const size_t room =
        f->context.n_channels * (plan->n_segments * plan->segment + f->context.n_taps - 1);
    const size_t together = n_padding ? room / n_padding : n_blocks;
    for (size_t first = 0; n_padding && first < n_blocks; first += together) {
        const size_t n = n_blocks - first < together ? n_blocks - first : together;
        TRY_CUDA(
            cudaMemcpy2DAsync(slot->out,
                              n_padding * bytes,
                              slot->blocks + (first * plan->n_fft + plan->segment) * plan->width,
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
            TRY(check_unit(f, request, &f->slots[i], unit));
            TRY(check_padding(f, &f->slots[i]));
        }
    }
    return NULL;
}
