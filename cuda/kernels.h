/* SPDX-License-Identifier: GPL-3.0-or-later
 * The three kernels of the GPU path, as the host side launches them. */
#ifndef OAC_CUDA_KERNELS_H
#define OAC_CUDA_KERNELS_H

#include <cuda_runtime_api.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A unit on the device: `n_segments` segments of every channel. */
struct unit_shape {
    size_t n_channels, n_segments;
};

/* How samples are deinterleaved into polyphase branches. */
struct branch_shape {
    size_t decimation, n_branches; /* D, B */
    size_t width;                  /* floats of a sample: 1 or 2 */
    size_t n_block;                /* N */
    size_t length;                 /* samples of a branch that are written */
    size_t skip;                   /* the first sample of a segment that is kept, < D */
};

/* Deals out segments: branch p gets the samples skip + D i - p, i < length, zero where the segment
 * has none.
 *   in      [M][n_segments][n_in] samples
 *   blocks  [M][n_segments][B][N] samples, of which the first `length` are written */
cudaError_t oac_launch_split(cudaStream_t stream,
                             struct unit_shape unit,
                             struct branch_shape branches,
                             const float *in,
                             size_t n_in,
                             float *blocks);

/* Multiplies every spectrum by that of its channel's taps, and adds up the B branches in the place
 * of the first:
 *   spectra  [M][n_segments][B][n_bins]
 *   taps     [n_rows][B][n_bins]
 *   row_of   [M], the row that serves channel m */
cudaError_t oac_launch_multiply(cudaStream_t stream,
                                struct unit_shape unit,
                                float2 *spectra,
                                const float2 *taps,
                                const int *row_of,
                                size_t n_branches,
                                size_t n_bins);

/* Adds up the segments that cover each output sample; all counts in floats, so that complex
 * samples are two of them:
 *   blocks  [M][n_pitch][n_block]  responses, of which the first n_segments of a channel count
 *   out     [M][n_out]             n_out <= (n_segments - 1) hop + n_block */
cudaError_t oac_launch_overlap_add(cudaStream_t stream,
                                   struct unit_shape unit,
                                   size_t n_pitch,
                                   const float *blocks,
                                   size_t n_block,
                                   size_t hop,
                                   float *out,
                                   size_t n_out);

#ifdef __cplusplus
}
#endif

#endif
