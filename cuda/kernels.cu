/* SPDX-License-Identifier: GPL-3.0-or-later
 * The three kernels of the GPU path and their launches.
 *
 * No shared memory, barriers, atomics or warp intrinsics: every thread stands alone, so that a host
 * can run them one after another and get the same result. Launched through cudaLaunchKernel(),
 * which is the same source for every compiler and answers at once. */
#include "kernels.h"

static __device__ float2 product(float2 v, float2 h)
{
    return {v.x * h.x - v.y * h.y, v.x * h.y + v.y * h.x};
}

/* Thread = (float of a branch, segment of a channel, branch). As a sample has one float or two,
 * width - 1 is also the shift and the mask that tell sample and part. Before the first sample of a
 * segment the difference wraps round to far beyond the last. */
extern "C" __global__ void oac_split(const float *in,
                                     float *blocks,
                                     size_t n_segments,
                                     size_t n_in,
                                     size_t decimation,
                                     size_t n_branches,
                                     size_t width,
                                     size_t n_block,
                                     size_t length,
                                     size_t skip)
{
    const size_t t = size_t(blockIdx.x) * blockDim.x + threadIdx.x;
    const size_t odd = width - 1, i = t >> odd, part = t & odd;
    if (i >= length)
        return;
    for (size_t segment = blockIdx.y; segment < n_segments; segment += gridDim.y) {
        const float *x = in + segment * n_in * width + part;
        float *block = blocks + segment * n_branches * n_block * width + t;
        for (size_t p = blockIdx.z; p < n_branches; p += gridDim.z) {
            const size_t u = skip + decimation * i - p;
            block[p * n_block * width] = u < n_in ? x[u * width] : 0;
        }
    }
}

/* Thread = (bin, channel, share of the segments): it reads the taps of the first branch, or of all
 * where there is no decimation, once for all its segments. */
extern "C" __global__ void oac_multiply(float2 *spectra,
                                        const float2 *taps,
                                        const int *row_of,
                                        size_t n_channels,
                                        size_t n_segments,
                                        size_t n_branches,
                                        size_t n_bins)
{
    const size_t bin = size_t(blockIdx.x) * blockDim.x + threadIdx.x;
    if (bin >= n_bins)
        return;
    for (size_t m = blockIdx.y; m < n_channels; m += gridDim.y) {
        const float2 *row = taps + size_t(row_of[m]) * n_branches * n_bins + bin;
        const float2 first = *row;
        for (size_t segment = blockIdx.z; segment < n_segments; segment += gridDim.z) {
            float2 *x = spectra + (m * n_segments + segment) * n_branches * n_bins + bin;
            float2 sum = product(*x, first);
            for (size_t p = 1; p < n_branches; p++) {
                const float2 more = product(x[p * n_bins], row[p * n_bins]);
                sum.x += more.x;
                sum.y += more.y;
            }
            *x = sum;
        }
    }
}

/* Thread = (output, channel): it gathers from the last segment that covers the output backwards, in
 * an order that never changes. */
extern "C" __global__ void oac_overlap_add(const float *blocks,
                                           float *out,
                                           size_t n_channels,
                                           size_t n_segments,
                                           size_t n_pitch,
                                           size_t n_block,
                                           size_t hop,
                                           size_t n_out)
{
    const size_t t = size_t(blockIdx.x) * blockDim.x + threadIdx.x;
    if (t >= n_out)
        return;
    const size_t covering = t / hop;
    const size_t last = covering < n_segments ? covering : n_segments - 1;
    for (size_t m = blockIdx.y; m < n_channels; m += gridDim.y) {
        const float *y = blocks + m * n_pitch * n_block;
        float sum = 0;
        for (size_t i = 0; i <= last && t - (last - i) * hop < n_block; i++)
            sum += y[(last - i) * n_block + t - (last - i) * hop];
        out[m * n_out + t] = sum;
    }
}

namespace
{

constexpr unsigned threads_per_block = 256, most_blocks_y = 65535;

unsigned blocks_for(size_t n_threads)
{
    return unsigned((n_threads + threads_per_block - 1) / threads_per_block);
}

unsigned blocks_y(size_t n)
{
    return unsigned(n < most_blocks_y ? n : most_blocks_y);
}

template <class... PARAMETER>
cudaError_t
launch(void (*kernel)(PARAMETER...), dim3 grid, cudaStream_t stream, PARAMETER... argument)
{
    void *arguments[] = {&argument...};
    return cudaLaunchKernel(reinterpret_cast<const void *>(kernel),
                            grid,
                            dim3(threads_per_block),
                            arguments,
                            0,
                            stream);
}

} // namespace

extern "C" cudaError_t oac_launch_split(cudaStream_t stream,
                                        struct unit_shape unit,
                                        struct branch_shape branches,
                                        const float *in,
                                        size_t n_in,
                                        float *blocks)
{
    const size_t n_segments = unit.n_channels * unit.n_segments, B = branches.n_branches;
    const dim3 grid(blocks_for(branches.length * branches.width),
                    blocks_y(n_segments),
                    unsigned(B < 64 ? B : 64));
    return launch(oac_split,
                  grid,
                  stream,
                  in,
                  blocks,
                  n_segments,
                  n_in,
                  branches.decimation,
                  B,
                  branches.width,
                  branches.n_block,
                  branches.length,
                  branches.skip);
}

extern "C" cudaError_t oac_launch_multiply(cudaStream_t stream,
                                           struct unit_shape unit,
                                           float2 *spectra,
                                           const float2 *taps,
                                           const int *row_of,
                                           size_t n_branches,
                                           size_t n_bins)
{
    const size_t shares = (unit.n_segments + 7) / 8; /* of about 8 segments */
    const dim3 grid(
        blocks_for(n_bins), blocks_y(unit.n_channels), unsigned(shares < 64 ? shares : 64));
    return launch(oac_multiply,
                  grid,
                  stream,
                  spectra,
                  taps,
                  row_of,
                  unit.n_channels,
                  unit.n_segments,
                  n_branches,
                  n_bins);
}

extern "C" cudaError_t oac_launch_overlap_add(cudaStream_t stream,
                                              struct unit_shape unit,
                                              size_t n_pitch,
                                              const float *blocks,
                                              size_t n_block,
                                              size_t hop,
                                              float *out,
                                              size_t n_out)
{
    const dim3 grid(blocks_for(n_out), blocks_y(unit.n_channels));
    return launch(oac_overlap_add,
                  grid,
                  stream,
                  blocks,
                  out,
                  unit.n_channels,
                  unit.n_segments,
                  n_pitch,
                  n_block,
                  hop,
                  n_out);
}
