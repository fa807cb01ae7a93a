/* SPDX-License-Identifier: GPL-3.0-or-later
 * A slot: everything that one unit needs on its way through the GPU and back. */
#ifndef OAC_CUDA_SLOT_H
#define OAC_CUDA_SLOT_H

#include "gpu_plan.h"

#include <cuda_runtime_api.h>
#include <cufft.h>

/* What all slots share, and only read. */
struct unit_context {
    struct gpu_plan plan;
    size_t n_channels;
    float2 *spectra; /* device, [n_rows][B][n_bins]: of the taps, scaled by 1/N */
    int *row_of;     /* device, [M] */
};

/* Samples of a call: start .. start + n - 1, of which decimation keeps n_out, from number `skip`
 * < D on. */
struct load {
    size_t start, n, skip, n_out;
};

struct slot {
    cudaStream_t stream;
    cudaEvent_t done;
    float *in;        /* pinned, [M][n_segments][D L] samples */
    float *out;       /* pinned, [M][n_segments L + n_owed] samples */
    float *unsplit;   /* device, as in; only where D > 1 */
    float *blocks;    /* device, [M][n_segments][B][N] samples, zero from branch_length on */
    float2 *products; /* device, [M][n_segments][B][n_bins]; the sum of the branches in the first */
    float *responses; /* device, [M][n_segments][N] */
    float *sums;      /* device, as out */
    void *work;       /* device, of whichever plan is running */
    size_t work_bytes;
    struct {
        cufftHandle forward, inverse; /* the same number where complex, of one branch */
        bool made_forward, made_inverse;
    } ffts[MOST_UNITS]; /* for the units of the plan */
    bool busy;
    struct load load; /* what is on the way */
};

/* Calls answer NULL, or what failed. */

/* Allocates and plans; what it leaves half-built slot_free() takes. */
const char *oac_slot_init(struct slot *slot, const struct unit_context *context);

/* With nothing on the way. */
void oac_slot_free(struct slot *slot);

/* Sends samples of a call on their way, n <= n_segments D L; start is a multiple of D, and there is
 * something to come out: n_out + n_owed > 0. */
const char *oac_slot_send(struct slot *slot,
                          const struct unit_context *context,
                          const void *const *in,
                          const struct load *load);

/* Waits at most `timeout` seconds for what is on the way; *silent says that they went by. */
const char *oac_slot_wait(struct slot *slot, double timeout, bool *silent);

/* Parts of oac_slot_send(), for `unit` < n_units, of which the load counts. */
const char *oac_slot_copy_in(struct slot *slot, const struct unit_context *context, size_t unit);
const char *oac_slot_compute(struct slot *slot,
                             const struct unit_context *context,
                             size_t unit,
                             const struct load *load);
const char *
oac_slot_copy_out(struct slot *slot, const struct unit_context *context, const struct load *load);

/* The load that fills a unit. */
struct load oac_slot_full_load(const struct unit_context *context, size_t unit, size_t skip);

/* Transforms blocks into products with the plan of `unit`. */
const char *oac_slot_forward(struct slot *slot, const struct unit_context *context, size_t unit);

#endif
